/* Constants as bytes: a page of what every meter has, a page of compensations. */
#include "params/constants_record.h"

#include <string.h>

#include "bus/legal_crc.h"

/* Offsets of both records. */
enum {
    CONSTANT_BLOCKS = 12,
    CONSTANT_BLOCK_BYTES = 60,
    BLOCK_FIR = 24,
    BLOCK_DELAY = 56,
    BLOCK_USED = 57,
    COMPENSATION_BLOCK_BYTES = 76,
    COMPENSATION_REFERENCE = 48,
    COMPENSATION_HEATING = 50,
};
#define COMPENSATION_WORDS 12u

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

void constants_record_get(const struct page *page, struct constants *out)
{
    out->writes = page_number(page);
    for (uint32_t s = 0; s < LEGAL_SYSTEMS; s++) {
        out->calibrated[s] =
            get_block(page, CONSTANT_BLOCKS + CONSTANT_BLOCK_BYTES * s, &out->system[s]);
    }
}

void constants_record_put(struct page *page, const struct constants *constants)
{
    page_begin(page, PAGE_CONSTANTS, constants->writes);
    for (uint32_t s = 0; s < LEGAL_SYSTEMS; s++) {
        put_block(page, CONSTANT_BLOCKS + CONSTANT_BLOCK_BYTES * s, &constants->system[s],
                  constants->calibrated[s]);
    }
}

/* The 32-bit fields of a block in their order. */
static void compensation_words(const struct legal_constants *c, int32_t word[COMPENSATION_WORDS])
{
    const int32_t words[COMPENSATION_WORDS] = {
        c->power_drift.linear_q40,
        c->power_drift.quadratic_q54,
        c->power_drift.cubic_q68,
        c->voltage_drift.linear_q40,
        c->voltage_drift.quadratic_q54,
        c->voltage_drift.cubic_q68,
        c->heating_q64,
        c->clock_ppb,
        c->neighbour_re_q40[0],
        c->neighbour_im_q40[0],
        c->neighbour_re_q40[1],
        c->neighbour_im_q40[1],
    };
    memcpy(word, words, sizeof words);
}

void constants_record_put_compensation(struct page *page, const struct constants *constants)
{
    page_begin(page, PAGE_COMPENSATION, constants->writes);
    for (uint32_t s = 0; s < LEGAL_SYSTEMS; s++) {
        const struct legal_constants *c = &constants->system[s].correction;
        uint32_t at = CONSTANT_BLOCKS + COMPENSATION_BLOCK_BYTES * s;
        int32_t word[COMPENSATION_WORDS];
        compensation_words(c, word);
        for (uint32_t w = 0; w < COMPENSATION_WORDS; w++) {
            page_put(page, at + 4u * w, 4, (uint32_t)word[w]);
        }
        page_put(page, at + COMPENSATION_REFERENCE, 2, (uint16_t)c->reference_cc);
        page_put(page, at + COMPENSATION_HEATING, 2, c->heating_s);
    }
}

/* The contents of page C, then those of page D, which begin with the checksum of the former. */
uint32_t constants_crc(const struct constants *constants)
{
    struct page page;
    constants_record_put(&page, constants);
    const uint32_t first = legal_crc32(page.bytes + PAGE_HEAD_BYTES, PAGE_CRC_AT - PAGE_HEAD_BYTES);
    constants_record_put_compensation(&page, constants);
    page_put(&page, PAGE_HEAD_BYTES, 4, first);
    return legal_crc32(page.bytes + PAGE_HEAD_BYTES, PAGE_CRC_AT - PAGE_HEAD_BYTES);
}

static void get_drift(const struct page *page, uint32_t at, struct legal_drift *out)
{
    out->linear_q40 = get_signed(page, at);
    out->quadratic_q54 = get_signed(page, at + 4u);
    out->cubic_q68 = get_signed(page, at + 8u);
}

void constants_record_get_compensation(const struct page *page, struct constants *out)
{
    for (uint32_t s = 0; s < LEGAL_SYSTEMS; s++) {
        struct legal_constants *c = &out->system[s].correction;
        uint32_t at = CONSTANT_BLOCKS + COMPENSATION_BLOCK_BYTES * s;
        get_drift(page, at, &c->power_drift);
        get_drift(page, at + 12u, &c->voltage_drift);
        c->heating_q64 = get_signed(page, at + 24u);
        c->clock_ppb = get_signed(page, at + 28u);
        for (uint32_t n = 0; n < LEGAL_NEIGHBOURS; n++) {
            c->neighbour_re_q40[n] = get_signed(page, at + 32u + 8u * n);
            c->neighbour_im_q40[n] = get_signed(page, at + 36u + 8u * n);
        }
        uint32_t reference = (uint32_t)page_get(page, at + COMPENSATION_REFERENCE, 2);
        c->reference_cc = (int16_t)((int32_t)reference - (reference > INT16_MAX ? 65536 : 0));
        c->heating_s = (uint16_t)page_get(page, at + COMPENSATION_HEATING, 2);
    }
}
