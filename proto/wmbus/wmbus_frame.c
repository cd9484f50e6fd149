#include "wmbus_frame.h"

#include <string.h>

#define CRC_OCTETS    2u
#define FIRST_BLOCK_A 10u
#define BLOCK_A       16u
#define PART_B        126u /* octets before the first checksum of format B */
#define SYNC_HIGH     0x54u
#define SYNC_LOW      0x3Du
#define SYNC_C1_A     0xCDu

uint16_t wmbus_crc(const uint8_t *octets, size_t n_octets)
{
    /* Four bits at a time: remainders of 3D65h. */
    static const uint16_t table[16] = {0x0000, 0x3D65, 0x7ACA, 0x47AF, 0xF594, 0xC8F1,
                                       0x8F5E, 0xB23B, 0xD64D, 0xEB28, 0xAC87, 0x91E2,
                                       0x23D9, 0x1EBC, 0x5913, 0x6476};
    unsigned crc = 0;
    for (size_t i = 0; i < n_octets; i++) {
        crc = (crc << 4 & 0xFFFFu) ^ table[(crc >> 12 ^ octets[i] >> 4) & 15u];
        crc = (crc << 4 & 0xFFFFu) ^ table[(crc >> 12 ^ (octets[i] & 15u)) & 15u];
    }
    return (uint16_t)~crc;
}

static void put_block(struct writer *w, const uint8_t *octets, size_t n_octets)
{
    writer_bytes(w, octets, n_octets);
    writer_uint_be(w, wmbus_crc(octets, n_octets), CRC_OCTETS);
}

static void encode_a(struct writer *w, const uint8_t *telegram, size_t n_telegram)
{
    put_block(w, telegram, FIRST_BLOCK_A);
    for (size_t at = FIRST_BLOCK_A; at < n_telegram; at += BLOCK_A) {
        size_t left = n_telegram - at;
        put_block(w, telegram + at, left < BLOCK_A ? left : BLOCK_A);
    }
}

static void encode_b(struct writer *w, const uint8_t *telegram, size_t n_telegram)
{
    uint8_t first[PART_B];
    size_t n_first = n_telegram < PART_B ? n_telegram : PART_B;
    memcpy(first, telegram, n_first);
    first[0] = (uint8_t)(telegram[0] + (n_telegram > PART_B ? 2u * CRC_OCTETS : CRC_OCTETS));
    put_block(w, first, n_first);
    if (n_telegram > PART_B) {
        put_block(w, telegram + PART_B, n_telegram - PART_B);
    }
}

int wmbus_air_encode(enum wmbus_format format, const uint8_t *telegram, size_t n_telegram,
                     uint8_t *air, size_t capacity)
{
    struct writer w = writer_over(air, capacity);
    if (n_telegram < WMBUS_TELEGRAM_MIN || n_telegram > WMBUS_TELEGRAM_MAX ||
        telegram[0] != n_telegram - 1u) {
        return MBUS_ERR_LENGTH;
    }
    if (format == WMBUS_FORMAT_A) {
        encode_a(&w, telegram, n_telegram);
    } else if (n_telegram > 2u * PART_B) {
        return MBUS_ERR_LENGTH;
    } else {
        encode_b(&w, telegram, n_telegram);
    }
    return w.failed ? MBUS_ERR_SPACE : (int)writer_length(&w);
}

/* One block of n_octets and its checksum into the telegram. */
static int take_block(struct reader *r, size_t n_octets, struct writer *telegram)
{
    const uint8_t *octets = reader_bytes(r, n_octets);
    uint16_t crc = (uint16_t)reader_uint_be(r, CRC_OCTETS);
    if (r->failed) {
        return MBUS_ERR_LENGTH;
    }
    if (wmbus_crc(octets, n_octets) != crc) {
        return MBUS_ERR_CHECKSUM;
    }
    writer_bytes(telegram, octets, n_octets);
    return MBUS_OK;
}

static int decode_a(struct reader *r, size_t n_telegram, struct writer *telegram)
{
    int result = take_block(r, FIRST_BLOCK_A, telegram);
    while (result == MBUS_OK && writer_length(telegram) < n_telegram) {
        size_t left = n_telegram - writer_length(telegram);
        result = take_block(r, left < BLOCK_A ? left : BLOCK_A, telegram);
    }
    return result;
}

static int decode_b(struct reader *r, size_t n_air, struct writer *telegram)
{
    bool two = n_air > PART_B + CRC_OCTETS;
    int result = take_block(r, two ? PART_B : n_air - CRC_OCTETS, telegram);
    if (result == MBUS_OK && two) {
        size_t rest = n_air - PART_B - CRC_OCTETS;
        result = rest <= CRC_OCTETS ? MBUS_ERR_LENGTH : take_block(r, rest - CRC_OCTETS, telegram);
    }
    return result;
}

int wmbus_air_decode(enum wmbus_format format, const uint8_t *air, size_t n_air,
                     uint8_t telegram[WMBUS_TELEGRAM_MAX])
{
    struct reader r = reader_over(air, n_air);
    struct writer w = writer_over(telegram, WMBUS_TELEGRAM_MAX);
    size_t extra = format == WMBUS_FORMAT_A ? 0 : CRC_OCTETS;
    if (n_air == 0 || air[0] + 1u < WMBUS_TELEGRAM_MIN + extra) {
        return MBUS_ERR_LENGTH;
    }
    int result =
        format == WMBUS_FORMAT_A ? decode_a(&r, air[0] + 1u, &w) : decode_b(&r, air[0] + 1u, &w);
    if (result != MBUS_OK) {
        return result;
    }
    telegram[0] = (uint8_t)(writer_length(&w) - 1u);
    return (int)writer_length(&w);
}

/* --- 3 of 6 --- */

static const uint8_t codes[16] = {0x16, 0x0D, 0x0E, 0x0B, 0x1C, 0x19, 0x1A, 0x13,
                                  0x2C, 0x25, 0x26, 0x23, 0x34, 0x31, 0x32, 0x29};

int wmbus_three_of_six_encode(const uint8_t *octets, size_t n_octets, uint8_t *coded,
                              size_t capacity)
{
    struct writer w = writer_over(coded, capacity);
    for (size_t i = 0; i < n_octets; i += 2) {
        bool pair = i + 1 < n_octets;
        uint32_t bits = (uint32_t)(codes[octets[i] >> 4] << 6 | codes[octets[i] & 15u]) << 12;
        if (pair) {
            bits |= (uint32_t)(codes[octets[i + 1] >> 4] << 6 | codes[octets[i + 1] & 15u]);
        }
        writer_uint_be(&w, pair ? bits : bits >> 8, pair ? 3 : 2);
    }
    return w.failed ? MBUS_ERR_SPACE : (int)writer_length(&w);
}

/* The four bits of a code, or -1. */
static int four_of(uint32_t six)
{
    for (int four = 0; four < 16; four++) {
        if (codes[four] == six) {
            return four;
        }
    }
    return -1;
}

size_t wmbus_three_of_six_decode(const uint8_t *coded, size_t n_coded, uint8_t *octets,
                                 size_t capacity)
{
    struct writer w = writer_over(octets, capacity);
    uint32_t bits = 0;
    unsigned n_bits = 0;
    for (size_t i = 0; i < n_coded && writer_left(&w) > 0; i++) {
        bits = bits << 8 | coded[i];
        n_bits += 8;
        if (n_bits >= 12u) {
            n_bits -= 12u;
            int high = four_of(bits >> (n_bits + 6u) & 63u), low = four_of(bits >> n_bits & 63u);
            if (high < 0 || low < 0) {
                break;
            }
            writer_u8(&w, (uint8_t)(high << 4 | low));
        }
    }
    return writer_length(&w);
}

/* --- what a radio sends --- */

static int transmit_t1(const uint8_t *telegram, size_t n_telegram, uint8_t *sent, size_t capacity)
{
    uint8_t air[WMBUS_AIR_MAX];
    int n_air = wmbus_air_encode(WMBUS_FORMAT_A, telegram, n_telegram, air, sizeof air);
    if (n_air < 0) {
        return n_air;
    }
    int n_coded = wmbus_three_of_six_encode(air, (size_t)n_air, sent + 2, capacity - 2u);
    return n_coded < 0 ? n_coded : n_coded + 2;
}

int wmbus_transmit(enum wmbus_mode mode, enum wmbus_format format, const uint8_t *telegram,
                   size_t n_telegram, uint8_t *sent, size_t capacity)
{
    if (capacity < 4u) {
        return MBUS_ERR_SPACE;
    }
    sent[0] = SYNC_HIGH;
    sent[1] = SYNC_LOW;
    if (mode == WMBUS_T1) {
        return format == WMBUS_FORMAT_A ? transmit_t1(telegram, n_telegram, sent, capacity)
                                        : MBUS_ERR_FORMAT;
    }
    sent[2] = SYNC_HIGH;
    sent[3] = format == WMBUS_FORMAT_A ? SYNC_C1_A : SYNC_LOW;
    int n_air = wmbus_air_encode(format, telegram, n_telegram, sent + 4, capacity - 4u);
    return n_air < 0 ? n_air : n_air + 4;
}

int wmbus_receive(const uint8_t *sent, size_t n_sent, enum wmbus_mode *mode,
                  enum wmbus_format *format, uint8_t telegram[WMBUS_TELEGRAM_MAX])
{
    if (n_sent < 4u || sent[0] != SYNC_HIGH || sent[1] != SYNC_LOW) {
        return MBUS_ERR_START;
    }
    *format = WMBUS_FORMAT_A;
    *mode = WMBUS_C1;
    /* 54h is no beginning in 3-of-6 code: its first six bits are 010101. */
    if (sent[2] == SYNC_HIGH && (sent[3] == SYNC_C1_A || sent[3] == SYNC_LOW)) {
        *format = sent[3] == SYNC_LOW ? WMBUS_FORMAT_B : WMBUS_FORMAT_A;
        return wmbus_air_decode(*format, sent + 4, n_sent - 4u, telegram);
    }
    uint8_t air[WMBUS_AIR_MAX];
    *mode = WMBUS_T1;
    size_t n_air = wmbus_three_of_six_decode(sent + 2, n_sent - 2u, air, sizeof air);
    return wmbus_air_decode(WMBUS_FORMAT_A, air, n_air, telegram);
}
