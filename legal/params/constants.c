#include "params/constants.h"

#include <string.h>

#include "params/constants_record.h"
#include "store/store.h"

/* One counter step is 2^16 squared ADC steps for one sample time:
 *   700 V / 2^23 * 250 A / 2^23 / 8000 Hz * 2^16 = 2.0372681e-8 J = 5.6590781e-6 uWh (3600 J = 1e6
 * uWh * 1 Wh) and in units of 2^-48 uWh 175000 / 2^46 / 8000 / 3600 * 1e6 * 2^16 * 2^48 = 175000 *
 * 2^18 * 1e6 / 28.8e6 = 1592888888.89, of which the nearest integer is 7.0e-11 off (relative). */
#define POWER_GAIN_NOMINAL UINT32_C(1592888889)
#define UNITY_Q30          (UINT32_C(1) << 30)

/* Gains: sensors and dividers are within 5 %; beyond 25 % the constants are of another meter. */
#define GAIN_SPAN_DIVISOR 4u
#define FIR_UNITY         (INT64_C(1) << 28)
#define CROSSTALK_MAX_Q40 (INT32_C(1) << 30)  /* 1/1024 of U^2: far beyond -60 dB */
#define NOISE_MAX_LSB2    UINT32_C(100000000) /* 0.3 A of noise */
/* Compensations: their arithmetic (energy/drift.c, energy/neighbours.c) stays in 64 bits within. */
#define DRIFT_TERM_MAX    (INT32_C(1) << 27)
#define REFERENCE_LOW_CC  (-5000)
#define REFERENCE_HIGH_CC 10000
#define HEATING_MAX_Q64   (INT32_C(1) << 29)
#define HEATING_LOW_S     10u
#define HEATING_HIGH_S    4000u
#define CLOCK_MAX_PPB     500000
#define NEIGHBOUR_MAX_Q40 (INT32_C(1) << 30)

void legal_constants_nominal(struct legal_constants *constants)
{
    memset(constants, 0, sizeof *constants);
    constants->power_gain = POWER_GAIN_NOMINAL;
    constants->voltage_gain = UNITY_Q30;
    constants->current_gain = UNITY_Q30;
    constants->reference_cc = 2300;
}

void constants_nominal(struct constants *constants)
{
    memset(constants, 0, sizeof *constants);
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        legal_constants_nominal(&constants->system[s].correction);
        measuring_setup_neutral(&constants->system[s].measuring, (uint8_t)(s + 1u));
    }
}

static bool gain_valid(uint32_t gain, uint32_t nominal)
{
    uint32_t span = nominal / GAIN_SPAN_DIVISOR;
    return gain >= nominal - span && gain <= nominal + span;
}

static bool within(int32_t value, int32_t limit)
{
    return value >= -limit && value <= limit;
}

static bool drift_valid(const struct legal_drift *drift)
{
    return within(drift->linear_q40, DRIFT_TERM_MAX) &&
           within(drift->quadratic_q54, DRIFT_TERM_MAX) && within(drift->cubic_q68, DRIFT_TERM_MAX);
}

static bool heating_valid(const struct legal_constants *c)
{
    if (c->heating_s == 0) {
        return c->heating_q64 == 0;
    }
    return c->heating_s >= HEATING_LOW_S && c->heating_s <= HEATING_HIGH_S &&
           within(c->heating_q64, HEATING_MAX_Q64);
}

static bool neighbours_valid(const struct legal_constants *c)
{
    bool valid = true;
    for (unsigned n = 0; n < LEGAL_NEIGHBOURS; n++) {
        valid = valid && within(c->neighbour_re_q40[n], NEIGHBOUR_MAX_Q40) &&
                within(c->neighbour_im_q40[n], NEIGHBOUR_MAX_Q40);
    }
    return valid;
}

static bool fir_valid(const struct measuring_setup *measuring)
{
    int64_t sum = 0, size = 0;
    for (unsigned t = 0; t < MEASURING_FIR_TAPS; t++) {
        int64_t tap = measuring->voltage_fir_q28[t];
        sum += tap;
        size += tap < 0 ? -tap : tap;
    }
    int64_t span = FIR_UNITY / GAIN_SPAN_DIVISOR;
    return sum >= FIR_UNITY - span && sum <= FIR_UNITY + span && size <= MEASURING_FIR_SIZE_MAX_Q28;
}

enum legal_constant constants_check(const struct legal_calibration *calibration)
{
    const struct legal_constants *c = &calibration->correction;
    const struct {
        enum legal_constant constant;
        bool valid;
    } rows[] = {
        {LEGAL_CONSTANT_POWER_GAIN, gain_valid(c->power_gain, POWER_GAIN_NOMINAL)},
        {LEGAL_CONSTANT_VOLTAGE_GAIN, gain_valid(c->voltage_gain, UNITY_Q30)},
        {LEGAL_CONSTANT_CURRENT_GAIN, gain_valid(c->current_gain, UNITY_Q30)},
        {LEGAL_CONSTANT_CROSSTALK_G, within(c->crosstalk_g_q40, CROSSTALK_MAX_Q40)},
        {LEGAL_CONSTANT_CROSSTALK_B, within(c->crosstalk_b_q40, CROSSTALK_MAX_Q40)},
        {LEGAL_CONSTANT_NOISE, c->current_noise_lsb2 <= NOISE_MAX_LSB2},
        {LEGAL_CONSTANT_FILTER, fir_valid(&calibration->measuring)},
        {LEGAL_CONSTANT_DELAY, calibration->measuring.current_delay_samples < MEASURING_FIR_TAPS},
        {LEGAL_CONSTANT_POWER_DRIFT, drift_valid(&c->power_drift)},
        {LEGAL_CONSTANT_VOLTAGE_DRIFT, drift_valid(&c->voltage_drift)},
        {LEGAL_CONSTANT_HEATING, heating_valid(c)},
        {LEGAL_CONSTANT_CLOCK, within(c->clock_ppb, CLOCK_MAX_PPB)},
        {LEGAL_CONSTANT_NEIGHBOURS, neighbours_valid(c)},
        {LEGAL_CONSTANT_REFERENCE,
         c->reference_cc >= REFERENCE_LOW_CC && c->reference_cc <= REFERENCE_HIGH_CC},
    };
    for (unsigned r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        if (!rows[r].valid) {
            return rows[r].constant;
        }
    }
    return LEGAL_CONSTANT_NONE;
}

bool constants_valid(const struct legal_calibration *calibration)
{
    return constants_check(calibration) == LEGAL_CONSTANT_NONE;
}

/* A copy as it was found: one page in format 1, two of the same number in format 2. */
struct copy {
    enum page_state state;
    uint32_t number;
    struct constants constants;
};

static void copy_read(struct page_memory *memory, uint32_t index, struct copy *copy)
{
    struct page page;
    constants_nominal(&copy->constants);
    copy->number = 0;
    copy->state = page_read(memory, STORE_CONSTANT_PAGE + index, PAGE_CONSTANTS, &page);
    if (copy->state != PAGE_GOOD) {
        return;
    }
    copy->number = page_number(&page);
    constants_record_get(&page, &copy->constants);
    if (page_format(&page) < PAGE_CONSTANTS_FORMAT) {
        return; /* format 1 compensates nothing: what is nominal */
    }
    enum page_state state =
        page_read(memory, STORE_COMPENSATION_PAGE + index, PAGE_COMPENSATION, &page);
    if (state == PAGE_GOOD && page_number(&page) == copy->number) {
        constants_record_get_compensation(&page, &copy->constants);
    } else {
        copy->state = state == PAGE_UNREADABLE ? PAGE_UNREADABLE : PAGE_DAMAGED;
    }
}

/* The compensations first: until the page of kind C stands, the copy is the old one or none. */
static bool copy_write(struct page_memory *memory, uint32_t index,
                       const struct constants *constants)
{
    struct page page;
    constants_record_put_compensation(&page, constants);
    if (!page_write(memory, STORE_COMPENSATION_PAGE + index, &page)) {
        return false;
    }
    constants_record_put(&page, constants);
    return page_write(memory, STORE_CONSTANT_PAGE + index, &page);
}

/* Was the memory never written, or cut in the very first write?  That goes to copy 1, compensations
 * first; whatever it left there, copy 2 is blank. */
static bool never_written(struct page_memory *memory, const struct copy copy[2])
{
    struct page page;
    bool never_first = copy[0].state == PAGE_BLANK || copy[0].state == PAGE_DAMAGED;
    return never_first && copy[1].state == PAGE_BLANK &&
           page_read(memory, STORE_COMPENSATION_PAGE + 1u, PAGE_COMPENSATION, &page) == PAGE_BLANK;
}

static bool all_valid(const struct constants *constants)
{
    bool valid = true;
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        valid = valid && constants_valid(&constants->system[s]);
    }
    return valid;
}

bool constants_load(struct page_memory *memory, struct constants *out)
{
    struct copy copy[2];
    copy_read(memory, 0, &copy[0]);
    copy_read(memory, 1, &copy[1]);
    constants_nominal(out);
    if (copy[0].state != PAGE_GOOD && copy[1].state != PAGE_GOOD) {
        return never_written(memory, copy);
    }
    uint32_t best = copy[0].state == PAGE_GOOD ? 0u : 1u;
    if (copy[0].state == PAGE_GOOD && copy[1].state == PAGE_GOOD &&
        copy[1].number > copy[0].number) {
        best = 1;
    }
    if (!all_valid(&copy[best].constants)) {
        return false;
    }
    *out = copy[best].constants;
    const struct copy *other = &copy[1u - best];
    if (other->state == PAGE_UNREADABLE) {
        return true; /* it may be the newer one */
    }
    if (other->state != PAGE_GOOD || other->number != out->writes) {
        memory->errors++;
        (void)copy_write(memory, 1u - best, out);
    }
    return true;
}

bool constants_save(struct page_memory *memory, const struct constants *constants)
{
    /* one whole copy is enough: the other is renewed at the next start */
    bool first = copy_write(memory, 0, constants);
    bool second = copy_write(memory, 1, constants);
    return first || second;
}
