#include "golden.h"

#include "console.h"
#include "tests/legal/signal_golden.h"

void golden_run(void)
{
    struct measuring_system system;
    uint32_t n_frames;
    uint32_t crc = signal_golden_run(&system, &n_frames);
    console_print("golden frames", n_frames, "");
    console_print("golden crc", crc, "");
}
