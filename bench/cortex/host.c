/* The frames of signal_random.h on this machine: signal_random SEED SAMPLES */
#include <stdio.h>
#include <stdlib.h>

#include "tests/legal/signal_random.h"

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: signal_random SEED SAMPLES\n");
        return EXIT_FAILURE;
    }
    struct measuring_system system;
    uint32_t n_frames;
    const uint32_t crc = signal_random_run(&system, strtoull(argv[1], NULL, 10),
                                           strtoull(argv[2], NULL, 10), &n_frames);
    printf("frames %u\ncrc %u\n", (unsigned)n_frames, (unsigned)crc);
    return EXIT_SUCCESS;
}
