/** Cost of the virtual mains: what is left to the meter of a second per metered year. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <time.h>

#include "lab/mains.h"

#define BLOCK 1600u

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static struct mains *open_spec(const char *spec)
{
    struct mains_options options = {3, false, 0};
    struct lab_error error;
    struct mains *mains = NULL;
    if (mains_open(&mains, spec, &options, &error) != 0) {
        (void)fprintf(stderr, "%s\n", error.text);
    }
    return mains;
}

static void bench_windows(const char *what, const char *spec)
{
    struct mains *mains = open_spec(spec);
    const int64_t n = INT64_C(4) * 28 * 86400;
    struct measuring_window window[LAB_PHASES];
    if (mains == NULL) {
        return;
    }
    double start_s = now_s();
    for (int64_t k = 0; k < n; k++) {
        mains_window(mains, k * 1000000, 8000, window);
    }
    double ns = (now_s() - start_s) / (double)n * 1e9;
    printf("%-52s %8.0f ns/window %6.2f s/year\n", what, ns, ns * 31.536e-3);
    mains_close(mains);
}

static void bench_samples(void)
{
    static int32_t v[LAB_PHASES][BLOCK], i[LAB_PHASES][BLOCK];
    int32_t *v_at[LAB_PHASES] = {v[0], v[1], v[2]}, *i_at[LAB_PHASES] = {i[0], i[1], i[2]};
    struct mains *mains = open_spec("u=230,i=5,pf=0.8i");
    const int64_t blocks = 5000;
    if (mains == NULL) {
        return;
    }
    double start_s = now_s();
    for (int64_t k = 0; k < blocks; k++) {
        mains_samples(mains, k * BLOCK, BLOCK, v_at, i_at);
    }
    double seconds = now_s() - start_s;
    printf("%-52s %8.0f three-phase meters in real time\n", "samples at 8 kHz, sines",
           (double)blocks * 0.2 / seconds);
    mains_close(mains);
}

int main(void)
{
    bench_windows("windows of 1 s, three phases, constant", "u=230,i=5,pf=0.8i");
    bench_windows("windows of 1 s, three phases, the house", "house");
    bench_windows("windows of 1 s, three phases, new load every window",
                  "house,interpolate=linear");
    bench_samples();
    return 0;
}
