#include "bench.h"

#include "board.h"
#include "console.h"
#include "machine.h"
#include "mains.h"

#define INSTRUCTIONS_PER_TICK (UINT32_C(1000000000) / MACHINE_CLOCK_HZ)
#define BENCH_S               10
#define CYCLE_SAMPLES         160u /* of 50 Hz at 8000 samples a second */
/** Well away from the meter's own memory. */
#define BENCH_MEMORY (MACHINE_PSRAM + MACHINE_PSRAM_BYTES / 2u)

/** A meter beside the meter: static because it is too large for the stack. */
static struct {
    struct meter meter;
    struct qemu_board board;
    struct qemu_mains mains;
    int32_t v_lsb[CYCLE_SAMPLES], i_lsb[CYCLE_SAMPLES];
} bench;

static void report(const char *name, uint64_t ticks)
{
    console_print(name, ticks * INSTRUCTIONS_PER_TICK / BENCH_S, " instructions/s");
}

/** A sine without a sine: two coupled multiplications, exact enough for a load. */
static void make_cycle(void)
{
    double re = 1.0, im = 0.0;
    const double step_re = 0.99922903624072288, step_im = 0.039259815759068617; /* 2 pi / 160 */
    for (unsigned n = 0; n < CYCLE_SAMPLES; n++) {
        bench.v_lsb[n] = (int32_t)(3898000.0 * re); /* 230 V */
        bench.i_lsb[n] = (int32_t)(949000.0 * (re * 0.9 + im * 0.4));
        double next = re * step_re - im * step_im;
        im = re * step_im + im * step_re;
        re = next;
    }
}

static void run_samples(struct timer *timer)
{
    make_cycle();
    uint64_t began = timer_ticks(timer);
    for (unsigned cycle = 0; cycle < BENCH_S * 50u; cycle++) {
        for (unsigned i = 0; i < LAB_PHASES; i++) {
            struct measuring_system *system = &bench.mains.phase[i].system;
            for (unsigned n = 0; n < CYCLE_SAMPLES; n++) {
                (void)measuring_system_sample(system, bench.v_lsb[n], bench.i_lsb[n]);
            }
        }
    }
    report("bench three sample kernels", timer_ticks(timer) - began);
}

static void run_meter(struct timer *timer)
{
    uint64_t began = timer_ticks(timer);
    int64_t end_us = bench.mains.next_us + (int64_t)BENCH_S * 1000000;
    for (int64_t now_us = bench.mains.next_us; now_us < end_us; now_us += MAINS_WINDOW_US) {
        qemu_mains_step(&bench.mains, &bench.meter, now_us);
    }
    report("bench frames to registers and display", timer_ticks(timer) - began);
}

void bench_run(struct timer *timer)
{
    struct variant variant;
    eeprom_erase(&bench.board.eeprom, BENCH_MEMORY);
    qemu_board_init(&bench.board, timer);
    if (variant_by_name("382M", &variant) != 0 ||
        meter_start(&bench.meter, &bench.board.board, &variant, 1, 0) != METER_OK) {
        console_print("bench failed", 1, "");
        return;
    }
    qemu_mains_start(&bench.mains, &bench.meter, 0);
    run_meter(timer);
    run_samples(timer);
    console_print("bench done", BENCH_S, " s each");
}
