#include "quality_sampler.h"

#include <string.h>

#include "quality_number.h"

#define HALF_TURN      UINT32_C(0x80000000)
#define STEP_12_CYCLES UINT32_C(29527900) /* 55 Hz: from here on 12 cycles instead of 10 */
#define SIXTEENTH      65536u
#define CAPTURE_WAIT                                                                               \
    8u /* half cycles between two captures, so that each channel has one a second */
#define FUNDAMENTAL_MIN 256 /* ADC steps peak: 21 mV, 8 mA; below it no share is told */
#define SHARE_MAX       65535u

void quality_sampler_start(struct quality_sampler *sampler, uint8_t system,
                           const struct quality_front_end *front_end)
{
    memset(sampler, 0, sizeof *sampler);
    sampler->system = system;
    if (front_end != NULL) {
        sampler->front_end = *front_end;
    }
    sampler->wait = CAPTURE_WAIT;
}

/* ---- half cycles ---- */

/* Root of the mean of squares over a length in 2^-16 samples; 2^8 = one.  Squares are below 2^46,
 * so that the mean takes 62 bits with its fraction. */
static uint32_t rms_q8(uint64_t sum, uint32_t length_q16)
{
    if (length_q16 == 0) {
        return 0;
    }
    return quality_root((sum / length_q16 << 32) + ((sum % length_q16) << 32) / length_q16);
}

static void half_note(struct quality_sampler *s, uint32_t at)
{
    if (s->n_known >= 2u && s->n_halves < QUALITY_HALVES_MAX) {
        s->half[s->n_halves].rms_q8 =
            rms_q8(s->half_sum + s->before_sum, s->half_q16 + s->before_q16);
        s->half[s->n_halves].at = at;
        s->n_halves++;
    }
}

static void capture_begin(struct quality_sampler *s, uint32_t share_q16)
{
    s->capturing = true;
    s->channel ^= 1u;
    s->n_cycles = s->step < STEP_12_CYCLES ? 10u : 12u;
    s->halves_left = (uint8_t)(2u * s->n_cycles);
    s->start_q16 = share_q16;
    s->n_captured = 0;
}

/* The boundary lies in the sample that the codes before belong to: share_q16 of it is behind. */
static void capture_boundary(struct quality_sampler *s, uint32_t share_q16)
{
    if (s->capturing) {
        s->halves_left--;
        if (s->halves_left == 0) {
            s->capturing = false;
            s->captured = true;
            s->end_q16 = SIXTEENTH - share_q16;
            s->wait = CAPTURE_WAIT;
        }
    } else if (s->wait > 0) {
        s->wait--;
    }
}

static void boundary(struct quality_sampler *s, uint64_t square, int32_t v, int32_t i,
                     uint32_t share_q16)
{
    /* square < 2^46, share < 2^17: the part of this sample that lies behind the boundary */
    const uint64_t behind = (square >> 2) * share_q16 >> 14;
    s->half_sum -= behind;
    s->half_q16 -= share_q16;
    if (s->n_known < 3u) {
        s->n_known++;
    }
    half_note(s, s->taken);
    s->before_sum = s->half_sum;
    s->before_q16 = s->half_q16;
    s->half_sum = behind;
    s->half_q16 = share_q16;
    capture_boundary(s, share_q16);
    if (!s->capturing && !s->captured && s->wait == 0 && s->n_known >= 2u) {
        capture_begin(s, share_q16);
        s->capture[0] = s->channel == QUALITY_VOLTAGE ? v : i;
        s->n_captured = 1;
    }
}

static void sample(struct quality_sampler *s, int32_t v, int32_t i)
{
    const uint64_t square = (uint64_t)((int64_t)v * v);
    s->taken++;
    s->half_sum += square;
    s->half_q16 += SIXTEENTH;
    s->window_sum += square >> 8;
    if (s->capturing) {
        s->capture[s->n_captured] = s->channel == QUALITY_VOLTAGE ? v : i;
        s->n_captured++;
        s->capturing = s->n_captured < QUALITY_CAPTURE_MAX;
    }
    s->phase += s->step;
    const uint32_t over = s->phase - s->target;
    if (over < HALF_TURN) {
        const uint64_t share_q16 = ((uint64_t)over << 16) / s->step;
        s->target += HALF_TURN;
        boundary(s, square, v, i, share_q16 < SIXTEENTH ? (uint32_t)share_q16 : SIXTEENTH);
    }
}

void quality_sampler_run(struct quality_sampler *sampler, uint32_t phase, uint32_t step,
                         const int32_t *v_lsb, const int32_t *i_lsb, size_t n)
{
    if (step == 0) {
        return;
    }
    /* A sample stands for the time half a period around it. */
    sampler->phase = phase - step / 2u;
    if (sampler->n_known == 0 && sampler->half_q16 == 0) {
        sampler->target = sampler->phase + HALF_TURN - sampler->phase % HALF_TURN;
    }
    sampler->step = step;
    for (size_t k = 0; k < n; k++) {
        sample(sampler, v_lsb[k], i_lsb[k]);
    }
}

void quality_sampler_report(struct quality_sampler *sampler, uint32_t frequency_uhz,
                            struct quality_report *out)
{
    const uint32_t n = sampler->taken > 0 ? sampler->taken : 1u;
    out->system = sampler->system;
    out->steady = false;
    out->samples = n;
    out->frequency_uhz = frequency_uhz;
    out->rms_q8 =
        quality_root((sampler->window_sum / n << 24) + ((sampler->window_sum % n) << 24) / n);
    out->n_halves = sampler->n_halves;
    for (unsigned k = 0; k < sampler->n_halves; k++) {
        out->half[k].rms_q8 = sampler->half[k].rms_q8;
        out->half[k].age_samples = n - sampler->half[k].at;
    }
    sampler->n_halves = 0;
    sampler->taken = 0;
    sampler->window_sum = 0;
}

/* ---- harmonics ---- */

struct line {
    int64_t re, im;
};

/* An order and the lines on both sides of it: its subgroup (IEC 61000-4-7).  Worked out together,
 * for each waits for its own last product. */
#define GROUP 3u

/* The captured cycles against those lines; the part samples at both ends make them whole. */
static void capture_lines(const struct quality_sampler *s, const uint32_t turns[GROUP],
                          struct line sum[GROUP])
{
    struct quality_vector turn[GROUP];
    int32_t cos[GROUP], sin[GROUP];
    for (unsigned g = 0; g < GROUP; g++) {
        turn[g] = quality_vector_of(turns[g]);
        sum[g] = (struct line){0, 0};
        cos[g] = INT32_C(1) << 30;
        sin[g] = 0;
    }
    for (uint32_t k = 0; k < s->n_captured; k++) {
        int64_t x = s->capture[k];
        if (k == 0) {
            x = x * s->start_q16 / (int64_t)SIXTEENTH;
        } else if (k + 1u == s->n_captured) {
            x = x * s->end_q16 / (int64_t)SIXTEENTH;
        }
        for (unsigned g = 0; g < GROUP; g++) {
            const int64_t c = cos[g], n = sin[g];
            sum[g].re += x * (c >> 10);
            sum[g].im += x * (n >> 10);
            cos[g] = (int32_t)((c * turn[g].cos_q30 - n * turn[g].sin_q30) >> 30);
            sin[g] = (int32_t)((n * turn[g].cos_q30 + c * turn[g].sin_q30) >> 30);
        }
    }
}

/* Peak of a line, ADC steps * 2^4.  A sum is below 2^24 * 2^20 * 2^11. */
static uint32_t line_peak_q4(struct line line, uint32_t n)
{
    const int64_t re = line.re / (int64_t)n >> 15, im = line.im / (int64_t)n >> 15;
    return quality_root((uint64_t)(re * re + im * im));
}

/* What the decimator, a sinc of the third order, has left of a line: its inverse, 2^12 = one. */
static uint32_t undroop_q12(const struct quality_sampler *s, uint32_t turns)
{
    const uint32_t n = s->front_end.decimation;
    if (n == 0) {
        return 4096;
    }
    const int64_t fine = quality_vector_of(turns / (2u * n)).sin_q30;
    const int64_t coarse = quality_vector_of(turns / 2u).sin_q30;
    const uint64_t one_q16 = coarse > 0 ? (uint64_t)((fine * (int64_t)n << 16) / coarse) : 65536u;
    return (uint32_t)((one_q16 * one_q16 * one_q16) >> 36);
}

/* The same for an anti-alias filter: sqrt(1 + x^2), x = 2 * pi * f * RC.  A turn a sample is 8 kHz,
 * so that x is the turns times 2 * pi * 8 kHz * RC: 3.2942 * 2^-16 for each nanosecond. */
static uint32_t unfilter_q12(const struct quality_sampler *s, uint32_t turns)
{
    const uint64_t full_q16 = (uint64_t)s->front_end.rc_ns[s->channel] * 215889u >> 16;
    const uint64_t x_q16 = (turns >> 16) * full_q16 >> 16;
    return quality_root((UINT64_C(1) << 32) + x_q16 * x_q16) >> 4;
}

/* Peak of a sine that has what an order's subgroup has, at the terminals, ADC steps * 2^4. */
static uint64_t order_peak_q4(const struct quality_sampler *s, uint32_t step, unsigned order)
{
    const uint32_t turns = step * order, apart = step / s->n_cycles;
    const uint32_t lines[GROUP] = {turns, turns - apart, turns + apart};
    struct line sum[GROUP];
    uint64_t square = 0;
    capture_lines(s, lines, sum);
    for (unsigned g = 0; g < GROUP; g++) {
        const uint64_t peak = line_peak_q4(sum[g], s->n_captured - 1u);
        square += peak * peak;
    }
    const uint64_t peak = quality_root(square);
    return (peak * undroop_q12(s, turns) >> 12) * unfilter_q12(s, turns) >> 12;
}

bool quality_sampler_spectrum(struct quality_sampler *sampler, struct quality_spectrum *out)
{
    if (!sampler->captured) {
        return false;
    }
    sampler->captured = false;
    memset(out, 0, sizeof *out);
    out->system = sampler->system;
    out->channel = sampler->channel;
    const uint64_t length_q16 =
        (uint64_t)(sampler->n_captured - 2u) * SIXTEENTH + sampler->start_q16 + sampler->end_q16;
    const uint32_t step = (uint32_t)(((uint64_t)sampler->n_cycles << 48) / length_q16);
    const uint64_t first = order_peak_q4(sampler, step, 1);
    out->valid = first >= FUNDAMENTAL_MIN * 16u;
    uint64_t squares = 0;
    for (unsigned order = 2; out->valid && order <= QUALITY_ORDERS; order++) {
        const uint64_t share = order_peak_q4(sampler, step, order) * 10000u / first;
        out->part[order] = (uint16_t)(share < SHARE_MAX ? share : SHARE_MAX);
        squares += (uint64_t)out->part[order] * out->part[order];
    }
    const uint32_t thd = quality_root(squares);
    out->thd = (uint16_t)(thd < SHARE_MAX ? thd : SHARE_MAX);
    return true;
}
