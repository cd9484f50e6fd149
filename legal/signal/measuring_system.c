#include "measuring_system.h"

#include <string.h>

#include "signal/signal_state.h"

#define FIR_ONE     (INT32_C(1) << 28)
#define NEUTRAL_TAP 3u
/** what a window of the phasor path may hold at most: 2^46 per sample, 2^14 samples */
#define SUM_MAX (INT64_C(1) << 60)

_Static_assert(sizeof(struct signal_state) <= sizeof(struct measuring_system), "opaque too small");
_Static_assert(_Alignof(struct signal_state) <= _Alignof(struct measuring_system), "alignment");
_Static_assert(BUS_FRAME_BYTES <= MEASURING_FRAME_BYTES_MAX, "frame too long");

static struct signal_state *state_of(struct measuring_system *system)
{
    return (struct signal_state *)(void *)system->opaque;
}

static const struct signal_state *state_of_const(const struct measuring_system *system)
{
    return (const struct signal_state *)(const void *)system->opaque;
}

void measuring_setup_neutral(struct measuring_setup *setup, uint8_t system)
{
    *setup = (struct measuring_setup){.system = system, .current_delay_samples = NEUTRAL_TAP};
    setup->voltage_fir_q28[NEUTRAL_TAP] = FIR_ONE;
}

static bool setup_in_range(const struct measuring_setup *setup)
{
    int64_t size = 0;
    for (unsigned k = 0; k < MEASURING_FIR_TAPS; k++) {
        const int64_t tap = setup->voltage_fir_q28[k];
        size += tap < 0 ? -tap : tap;
    }
    return setup->current_delay_samples <= SIGNAL_HISTORY && size <= MEASURING_FIR_SIZE_MAX_Q28;
}

void measuring_system_start(struct measuring_system *system, const struct measuring_setup *setup,
                            uint16_t epoch)
{
    struct measuring_setup used = *setup;
    const bool refused = !setup_in_range(setup);
    if (refused) {
        measuring_setup_neutral(&used, setup->system);
    }
    struct signal_state *state = state_of(system);
    memset(system, 0, sizeof *system);
    memcpy(state->fir_q28, used.voltage_fir_q28, sizeof state->fir_q28);
    state->delay = used.current_delay_samples;
    state->system = used.system;
    state->refused = refused;
    state->frame.system = used.system;
    state->frame.epoch = epoch;
    state->frame.sequence = UINT16_MAX; /* the first frame is number 0 */
    signal_window_first(state);
}

/** Adds sum / 2^16 to a counter and keeps what is left over: nothing is rounded away. */
static uint64_t count(uint64_t counter, uint16_t *rest, uint64_t sum)
{
    const uint64_t low = (sum & UINT16_MAX) + *rest;
    *rest = (uint16_t)low;
    return counter + (sum >> BUS_COUNTER_SHIFT) + (low >> BUS_COUNTER_SHIFT);
}

static int64_t count_signed(int64_t counter, uint16_t *rest, int64_t sum)
{
    const int64_t low = (sum & UINT16_MAX) + *rest;
    *rest = (uint16_t)low;
    const int64_t whole = (sum >> BUS_COUNTER_SHIFT) + (low >> BUS_COUNTER_SHIFT);
    return (int64_t)((uint64_t)counter + (uint64_t)whole);
}

/** Where both ways in meet. */
static void window_book(struct signal_state *state, const struct measuring_window *window,
                        uint8_t flags)
{
    struct bus_frame *frame = &state->frame;
    frame->flags = (uint8_t)(flags | (state->refused ? BUS_FLAG_REFUSED : 0u));
    frame->sequence++;
    frame->temperature_cc = window->temperature_cc;
    frame->samples += window->samples;
    frame->active = count_signed(frame->active, &state->rest[0], window->active_lsb2);
    frame->reactive = count_signed(frame->reactive, &state->rest[1], window->reactive_lsb2);
    frame->voltage = count(frame->voltage, &state->rest[2], window->voltage_lsb2);
    frame->current = count(frame->current, &state->rest[3], window->current_lsb2);
    frame->window_samples = window->samples;
    frame->v1_re = window->v1_re;
    frame->v1_im = window->v1_im;
    frame->i1_re = window->i1_re;
    frame->i1_im = window->i1_im;
    frame->frequency_uhz = window->frequency_uhz;
}

size_t measuring_system_samples(struct measuring_system *system, const int32_t *v_lsb,
                                const int32_t *i_lsb, size_t n, bool *closed)
{
    struct signal_state *state = state_of(system);
    size_t taken = 0;
    *closed = false;
    while (taken < n && !*closed) {
        size_t run = state->cycle_end - state->n_taken;
        run = run < SIGNAL_CHUNK ? run : SIGNAL_CHUNK;
        run = run < n - taken ? run : n - taken;
        signal_kernel(state, v_lsb + taken, i_lsb + taken, run);
        taken += run;
        state->n_taken += (uint32_t)run;
        if (state->n_taken == state->cycle_end) {
            signal_cycle_close(state);
        }
        *closed = state->n_taken == state->window_samples;
    }
    if (*closed) {
        struct measuring_window window;
        uint8_t flags;
        signal_window_close(state, &window, &flags);
        window_book(state, &window, flags);
    }
    return taken;
}

bool measuring_system_sample(struct measuring_system *system, int32_t v_lsb, int32_t i_lsb)
{
    bool closed;
    (void)measuring_system_samples(system, &v_lsb, &i_lsb, 1, &closed);
    return closed;
}

void measuring_system_window(struct measuring_system *system, const struct measuring_window *window)
{
    struct signal_state *state = state_of(system);
    struct measuring_window held = *window;
    const uint64_t sum_max = (uint64_t)SUM_MAX;
    held.samples = (uint32_t)arithmetic_clamp(held.samples, 1, MEASURING_WINDOW_SAMPLES_MAX);
    held.active_lsb2 = arithmetic_clamp(held.active_lsb2, -SUM_MAX, SUM_MAX);
    held.reactive_lsb2 = arithmetic_clamp(held.reactive_lsb2, -SUM_MAX, SUM_MAX);
    held.voltage_lsb2 = held.voltage_lsb2 < sum_max ? held.voltage_lsb2 : sum_max;
    held.current_lsb2 = held.current_lsb2 < sum_max ? held.current_lsb2 : sum_max;
    uint8_t flags = 0;
    if (held.frequency_uhz != 0) {
        flags = BUS_FLAG_VOLTAGE | BUS_FLAG_LOCKED;
    }
    state->tracking.last_valid = false; /* samples after this have a gap before them */
    window_book(state, &held, flags);
}

void measuring_system_temperature(struct measuring_system *system, int16_t temperature_cc)
{
    state_of(system)->temperature_cc = temperature_cc;
}

void measuring_system_oscillator(const struct measuring_system *system, uint32_t *phase,
                                 uint32_t *step)
{
    const struct signal_state *state = state_of_const(system);
    *step = state->oscillator.step;
    *phase = state->oscillator.phase + state->oscillator.step * state->n_taken;
}

uint32_t measuring_system_frequency_uhz(const struct measuring_system *system)
{
    return state_of_const(system)->frame.frequency_uhz;
}

size_t measuring_system_frame(const struct measuring_system *system, uint8_t *frame)
{
    return bus_frame_encode(&state_of_const(system)->frame, frame);
}
