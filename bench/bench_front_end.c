/** Cost of the virtual front end: how many three-phase meters a core makes samples for. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <time.h>

#include "lab/front_end.h"

#define BLOCK 1600u

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void bench(const char *what, unsigned effects, const struct stimulus *stimulus, int blocks)
{
    static struct front_end meter;
    static int32_t v[BLOCK], i[BLOCK];
    const struct front_end_options options = {.effects = effects, .systems = 3};
    front_end_start(&meter, 1, &options);
    front_end_connect(&meter, stimulus);
    const double start_s = now_s();
    for (int k = 0; k < blocks; k++) {
        for (unsigned s = 0; s < 3; s++) {
            front_end_samples(&meter, s, BLOCK, v, i);
        }
    }
    printf("%-52s %8.1f three-phase meters in real time\n", what,
           (double)blocks * 0.2 / (now_s() - start_s));
}

int main(void)
{
    struct stimulus sines, harmonics, burst;
    stimulus_balanced(&sines, 230.0, 5.0, 30.0, 50.0);
    harmonics = burst = sines;
    for (unsigned h = 2; h <= LAB_HARMONICS_MAX; h++) {
        stimulus_harmonic_u(&harmonics, h, 0.01, 0.0);
        stimulus_harmonic_i(&harmonics, h, 0.05, 0.0);
    }
    stimulus_burst(&burst, 2, 2);
    bench("front end, all effects, sines", FRONT_END_PHYSICAL, &sines, 1000);
    bench("front end, no effects, sines", 0, &sines, 1000);
    bench("front end, all effects, harmonics to the 40th", FRONT_END_PHYSICAL, &harmonics, 200);
    bench("front end, all effects, burst 2/2 (160 lines)", FRONT_END_PHYSICAL, &burst, 100);
    bench("front end, 128 kHz modulator, sines", FRONT_END_PHYSICAL | FRONT_END_OVERSAMPLING,
          &sines, 100);
    return 0;
}
