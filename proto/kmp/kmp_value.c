#include <string.h>

#include "kmp.h"

#define SIGN_OF_VALUE    0x80u
#define SIGN_OF_EXPONENT 0x40u
#define EXPONENT_MASK    0x3Fu
#define EXPONENT_MAX     63

int kmp_value_set(struct kmp_value *value, uint16_t id, uint8_t unit, uint8_t n_bytes,
                  int64_t mantissa, int exponent)
{
    if (exponent < -EXPONENT_MAX || exponent > EXPONENT_MAX || n_bytes < 1 ||
        n_bytes > sizeof value->bytes) {
        return KMP_ERR_FORMAT;
    }
    uint64_t magnitude = mantissa < 0 ? (uint64_t)0 - (uint64_t)mantissa : (uint64_t)mantissa;
    if (n_bytes < 8 && magnitude >> (8u * n_bytes) != 0) {
        return KMP_ERR_SPACE;
    }
    value->id = id;
    value->unit = unit;
    value->n_bytes = n_bytes;
    value->sign_exp = (uint8_t)(exponent < 0 ? -exponent : exponent);
    value->sign_exp |= (uint8_t)(exponent < 0 ? SIGN_OF_EXPONENT : 0u);
    value->sign_exp |= (uint8_t)(mantissa < 0 ? SIGN_OF_VALUE : 0u);
    for (unsigned i = n_bytes; i-- > 0;) {
        value->bytes[i] = (uint8_t)magnitude;
        magnitude >>= 8;
    }
    return KMP_OK;
}

int kmp_value_number(const struct kmp_value *value, int64_t *mantissa, int *exponent)
{
    if (value->n_bytes == 0) {
        return KMP_ERR_FORMAT;
    }
    if (value->n_bytes > 8) {
        return KMP_ERR_SPACE;
    }
    uint64_t magnitude = 0;
    for (unsigned i = 0; i < value->n_bytes; i++) {
        magnitude = magnitude << 8 | value->bytes[i];
    }
    if (magnitude > INT64_MAX) {
        return KMP_ERR_SPACE;
    }
    int size = (int)(value->sign_exp & EXPONENT_MASK);
    *mantissa = (value->sign_exp & SIGN_OF_VALUE) != 0 ? -(int64_t)magnitude : (int64_t)magnitude;
    *exponent = (value->sign_exp & SIGN_OF_EXPONENT) != 0 ? -size : size;
    return KMP_OK;
}

void kmp_value_write(struct writer *out, const struct kmp_value *value)
{
    const uint8_t head[5] = {(uint8_t)(value->id >> 8), (uint8_t)value->id, value->unit,
                             value->n_bytes, value->sign_exp};
    if (writer_left(out) < sizeof head + value->n_bytes) { /* whole or not at all */
        out->failed = true;
        return;
    }
    writer_bytes(out, head, sizeof head);
    writer_bytes(out, value->bytes, value->n_bytes);
}

int kmp_value_read(struct reader *in, struct kmp_value *value)
{
    struct kmp_value taken = {0};
    taken.id = (uint16_t)reader_uint_be(in, 2);
    taken.unit = reader_u8(in);
    taken.n_bytes = reader_u8(in);
    taken.sign_exp = reader_u8(in);
    const uint8_t *bytes = reader_bytes(in, taken.n_bytes);
    if (bytes == NULL || taken.n_bytes > sizeof taken.bytes) {
        in->failed = true;
        return KMP_ERR_FORMAT;
    }
    memcpy(taken.bytes, bytes, taken.n_bytes);
    *value = taken;
    return KMP_OK;
}

/* Unit codes of 5512-447 and what kWh meters add; 21 is W and 25 var (some clients print kW). */
static const char *const unit_names[] = {
    [1] = "Wh",
    [2] = "kWh",
    [3] = "MWh",
    [4] = "GWh",
    [5] = "J",
    [6] = "kJ",
    [7] = "MJ",
    [8] = "GJ",
    [9] = "cal",
    [10] = "kcal",
    [11] = "Mcal",
    [12] = "Gcal",
    [13] = "varh",
    [14] = "kvarh",
    [15] = "Mvarh",
    [16] = "Gvarh",
    [17] = "VAh",
    [18] = "kVAh",
    [19] = "MVAh",
    [20] = "GVAh",
    [21] = "W",
    [22] = "kW",
    [23] = "MW",
    [24] = "GW",
    [25] = "var",
    [26] = "kvar",
    [27] = "Mvar",
    [28] = "Gvar",
    [29] = "VA",
    [30] = "kVA",
    [31] = "MVA",
    [32] = "GVA",
    [33] = "V",
    [34] = "A",
    [35] = "kV",
    [36] = "kA",
    [37] = "\xC2\xB0"
           "C",
    [38] = "K",
    [39] = "l",
    [40] = "m\xC2\xB3",
    [41] = "l/h",
    [42] = "m\xC2\xB3/h",
    [43] = "m\xC2\xB3*\xC2\xB0"
           "C",
    [44] = "t",
    [45] = "t/h",
    [46] = "h",
    [47] = "",
    [48] = "",
    [49] = "",
    [50] = "",
    [51] = "",
    [52] = "bar",
    [53] = "",
    [54] = "",
    [55] = "10 m\xC2\xB3",
    [56] = "10 t",
    [57] = "10 GJ",
    [58] = "min",
    [59] = "",
    [60] = "s",
    [61] = "ms",
    [62] = "d",
    [63] = "",
    [64] = "",
    [67] = "Hz",
    [68] = "\xC2\xB0",
    [69] = "%",
    [72] = "",
};

const char *kmp_unit_name(uint8_t unit)
{
    return unit < sizeof unit_names / sizeof unit_names[0] ? unit_names[unit] : NULL;
}
