/*
 * A measuring system alone on a Cortex-M under QEMU, told by the command line what to do:
 *     random SEED SAMPLES   frames of signal_random.h and the CRC-32 over them
 *     count SAMPLES         SysTick ticks that SAMPLES pairs take, in blocks of 10 ms
 * Talks by semihosting.  `-icount shift=0` makes an instruction a nanosecond.
 */
#include "tests/legal/signal_random.h"

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010u)
#define SYSTICK_RELOAD  (*(volatile uint32_t *)0xE000E014u)
#define SYSTICK_VALUE   (*(volatile uint32_t *)0xE000E018u)
#define SYSTICK_MAX     UINT32_C(0xFFFFFF)

#define SYS_WRITE0      0x04u
#define SYS_GET_CMDLINE 0x15u
#define SYS_EXIT        0x18u
#define EXIT_WELL       0x20026u

#define COMMAND_BYTES 64u
#define BLOCK_SAMPLES 80u /* 10 ms, as a DMA would hand them over */

extern uint64_t bss_begin[], bss_end[], stack_end[];

void reset_handler(void);

/** Static: the stack of the smaller machine is better left to the kernel. */
static struct {
    struct measuring_system system;
    int32_t v_lsb[2 * BLOCK_SAMPLES], i_lsb[2 * BLOCK_SAMPLES];
    char command[COMMAND_BYTES];
} bench;

static uint32_t semihosting(uint32_t what, const void *argument)
{
    register uint32_t r0 __asm__("r0") = what;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void print(const char *name, uint32_t number)
{
    char text[32];
    char *at = text + sizeof text;
    *--at = '\0';
    *--at = '\n';
    do {
        *--at = (char)('0' + number % 10u);
        number /= 10u;
    } while (number != 0);
    (void)semihosting(SYS_WRITE0, name);
    (void)semihosting(SYS_WRITE0, at);
}

static uint64_t next_number(const char **text)
{
    uint64_t number = 0;
    while (**text != '\0' && (**text < '0' || **text > '9')) {
        ++*text;
    }
    for (; **text >= '0' && **text <= '9'; ++*text) {
        number = number * 10u + (uint64_t)(**text - '0');
    }
    return number;
}

static void run_random(const char *text)
{
    const uint64_t seed = next_number(&text);
    uint32_t n_frames;
    const uint32_t crc = signal_random_run(&bench.system, seed, next_number(&text), &n_frames);
    print("frames ", n_frames);
    print("crc ", crc);
}

/** 230 V and 5 A at 50 Hz: two cycles that join. */
static void make_cycles(void)
{
    struct signal_golden_wave v = signal_random_wave(3898000, 50000);
    struct signal_golden_wave i = signal_random_wave(237000, 50000);
    for (unsigned k = 0; k < 2u * BLOCK_SAMPLES; k++) {
        bench.v_lsb[k] = signal_golden_next(&v);
        bench.i_lsb[k] = signal_golden_next(&i);
    }
}

static void feed(uint32_t n_samples)
{
    for (uint32_t done = 0; done < n_samples; done += BLOCK_SAMPLES) {
        const uint32_t from = done % (2u * BLOCK_SAMPLES);
        for (size_t at = 0; at < BLOCK_SAMPLES;) {
            bool closed;
            at += measuring_system_samples(&bench.system, bench.v_lsb + from + at,
                                           bench.i_lsb + from + at, BLOCK_SAMPLES - at, &closed);
        }
    }
}

static void run_count(const char *text)
{
    struct measuring_setup setup;
    const uint32_t n_samples = (uint32_t)next_number(&text);
    measuring_setup_neutral(&setup, 1);
    measuring_system_start(&bench.system, &setup, 1);
    make_cycles();
    feed(4800); /* the frequency is found */
    SYSTICK_RELOAD = SYSTICK_MAX;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 5u; /* processor clock, no interrupt, on */
    const uint32_t began = SYSTICK_VALUE;
    feed(n_samples);
    print("ticks ", (began - SYSTICK_VALUE) & SYSTICK_MAX);
}

void reset_handler(void)
{
    for (uint64_t *at = bss_begin; at < bss_end; at++) {
        *(volatile uint64_t *)at = 0;
    }
    uint32_t command[2] = {(uint32_t)(uintptr_t)bench.command, COMMAND_BYTES};
    (void)semihosting(SYS_GET_CMDLINE, command);
    for (const char *at = bench.command; *at != '\0'; at++) {
        if (*at == 'r') {
            run_random(at);
            break;
        }
        if (*at == 'c') {
            run_count(at);
            break;
        }
    }
    (void)semihosting(SYS_EXIT, (const void *)EXIT_WELL);
}

static void fault(void)
{
    (void)semihosting(SYS_WRITE0, "fault\n");
    (void)semihosting(SYS_EXIT, (const void *)0);
}

typedef void (*vector)(void);
__attribute__((section(".vectors"), used)) static const vector vectors[4] = {
    (vector)(uintptr_t)stack_end, reset_handler, fault, fault};
