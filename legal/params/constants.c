#include "params/constants.h"

#include <string.h>

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

/* Offsets of the record. */
enum {
    CONSTANT_BLOCKS = 12,
    CONSTANT_BLOCK_BYTES = 60,
    BLOCK_FIR = 24,
    BLOCK_DELAY = 56,
    BLOCK_USED = 57,
};

void legal_constants_nominal(struct legal_constants *constants)
{
    memset(constants, 0, sizeof *constants);
    constants->power_gain = POWER_GAIN_NOMINAL;
    constants->voltage_gain = UNITY_Q30;
    constants->current_gain = UNITY_Q30;
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

static bool crosstalk_valid(int32_t crosstalk_q40)
{
    return crosstalk_q40 >= -CROSSTALK_MAX_Q40 && crosstalk_q40 <= CROSSTALK_MAX_Q40;
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
    return measuring->current_delay_samples < MEASURING_FIR_TAPS && sum >= FIR_UNITY - span &&
           sum <= FIR_UNITY + span && size <= 2 * FIR_UNITY;
}

bool constants_valid(const struct legal_calibration *calibration)
{
    const struct legal_constants *c = &calibration->correction;
    return gain_valid(c->power_gain, POWER_GAIN_NOMINAL) &&
           gain_valid(c->voltage_gain, UNITY_Q30) && gain_valid(c->current_gain, UNITY_Q30) &&
           crosstalk_valid(c->crosstalk_g_q40) && crosstalk_valid(c->crosstalk_b_q40) &&
           c->current_noise_lsb2 <= NOISE_MAX_LSB2 && fir_valid(&calibration->measuring);
}

static void put_block(struct page *page, uint32_t at, const struct legal_calibration *calibration,
                      bool used)
{
    const struct legal_constants *c = &calibration->correction;
    const uint32_t words[] = {c->power_gain,
                              c->voltage_gain,
                              c->current_gain,
                              (uint32_t)c->crosstalk_g_q40,
                              (uint32_t)c->crosstalk_b_q40,
                              c->current_noise_lsb2};
    for (uint32_t w = 0; w < sizeof words / sizeof words[0]; w++) {
        page_put(page, at + 4u * w, 4, words[w]);
    }
    for (uint32_t t = 0; t < MEASURING_FIR_TAPS; t++) {
        page_put(page, at + BLOCK_FIR + 4u * t, 4,
                 (uint32_t)calibration->measuring.voltage_fir_q28[t]);
    }
    page_put(page, at + BLOCK_DELAY, 1, calibration->measuring.current_delay_samples);
    page_put(page, at + BLOCK_USED, 1, used ? 1u : 0u);
}

static int32_t get_signed(const struct page *page, uint32_t at)
{
    uint32_t value = (uint32_t)page_get(page, at, 4);
    return value <= INT32_MAX ? (int32_t)value : -(int32_t)(UINT32_MAX - value) - 1;
}

static bool get_block(const struct page *page, uint32_t at, struct legal_calibration *calibration)
{
    struct legal_constants *c = &calibration->correction;
    c->power_gain = (uint32_t)page_get(page, at, 4);
    c->voltage_gain = (uint32_t)page_get(page, at + 4u, 4);
    c->current_gain = (uint32_t)page_get(page, at + 8u, 4);
    c->crosstalk_g_q40 = get_signed(page, at + 12u);
    c->crosstalk_b_q40 = get_signed(page, at + 16u);
    c->current_noise_lsb2 = (uint32_t)page_get(page, at + 20u, 4);
    for (uint32_t t = 0; t < MEASURING_FIR_TAPS; t++) {
        calibration->measuring.voltage_fir_q28[t] = get_signed(page, at + BLOCK_FIR + 4u * t);
    }
    calibration->measuring.current_delay_samples = (uint8_t)page_get(page, at + BLOCK_DELAY, 1);
    return page_get(page, at + BLOCK_USED, 1) == 1u;
}

static bool get_constants(const struct page *page, struct constants *out)
{
    bool valid = true;
    out->writes = page_number(page);
    for (uint32_t s = 0; s < LEGAL_SYSTEMS; s++) {
        out->calibrated[s] =
            get_block(page, CONSTANT_BLOCKS + CONSTANT_BLOCK_BYTES * s, &out->system[s]);
        valid = valid && constants_valid(&out->system[s]);
    }
    return valid;
}

static void put_constants(struct page *page, const struct constants *constants)
{
    page_begin(page, PAGE_CONSTANTS, constants->writes);
    for (uint32_t s = 0; s < LEGAL_SYSTEMS; s++) {
        put_block(page, CONSTANT_BLOCKS + CONSTANT_BLOCK_BYTES * s, &constants->system[s],
                  constants->calibrated[s]);
    }
}

bool constants_load(struct page_memory *memory, struct constants *out)
{
    struct page copy[2];
    enum page_state state[2];
    for (uint32_t c = 0; c < 2u; c++) {
        state[c] = page_read(memory, STORE_CONSTANT_PAGE + c, PAGE_CONSTANTS, &copy[c]);
    }
    constants_nominal(out);
    if (state[0] != PAGE_GOOD && state[1] != PAGE_GOOD) {
        /* a cut in the very first write leaves copy 1 torn and copy 2 blank: still never written */
        bool never_first = state[0] == PAGE_BLANK || state[0] == PAGE_DAMAGED;
        return never_first && state[1] == PAGE_BLANK;
    }
    uint32_t best = state[0] == PAGE_GOOD ? 0u : 1u;
    if (state[0] == PAGE_GOOD && state[1] == PAGE_GOOD &&
        page_number(&copy[1]) > page_number(&copy[0])) {
        best = 1;
    }
    if (!get_constants(&copy[best], out)) {
        constants_nominal(out);
        return false;
    }
    uint32_t other = 1u - best;
    if (state[other] == PAGE_UNREADABLE) {
        return true; /* it may be the newer one */
    }
    if (state[other] != PAGE_GOOD || page_number(&copy[other]) != page_number(&copy[best])) {
        memory->errors++;
        (void)page_write(memory, STORE_CONSTANT_PAGE + other, &copy[best]);
    }
    return true;
}

bool constants_save(struct page_memory *memory, const struct constants *constants)
{
    struct page page;
    put_constants(&page, constants);
    /* one whole copy is enough: the other is renewed at the next start */
    bool first = page_write(memory, STORE_CONSTANT_PAGE, &page);
    bool second = page_write(memory, STORE_CONSTANT_PAGE + 1u, &page);
    return first || second;
}
