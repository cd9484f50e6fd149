/**
 * Fetch a register row's value from a running meter, in the resolution a reader wants.
 */
#ifndef OPEN382_REGISTER_READ_H
#define OPEN382_REGISTER_READ_H

#include "../../proto/kmp/kmp.h"
#include "register_table.h"

struct meter;
struct clock;
struct variant;

/** A value at full internal resolution: number * 10^exponent of the row's base unit, or text. */
struct register_value {
    bool is_text; /**< clocks, dates, stamps, type numbers, revisions: text holds */
    int64_t number;
    int exponent;  /**< power of ten over the base unit (Wh, W, V, A, Hz, h, s, degree Celsius) */
    char text[33]; /**< "14:30:05", "24:06:20", "2024-06-20 14:30:05" (local time), type numbers */
};

#define REGISTER_RTC_BYTES 8u
/** RTC, unit 53: status, weekday, ss, mm, hh, DD, MM, YY; normal time (X-KMP-5, X-EVT-2). */
void register_rtc_bytes(const struct clock *clock, int64_t utc_s, bool valid,
                        uint8_t out[REGISTER_RTC_BYTES]);

/** Does a meter of this variant have the register (MET-08, VAR-08)? */
bool register_fits(const struct variant *variant, const struct register_def *def);

/** The same of this meter. */
bool register_exists(const struct meter *meter, const struct register_def *def);

/** Full resolution.  @return false: does not exist. */
bool register_read(const struct meter *meter, const struct register_def *def,
                   struct register_value *out);

/** As it stands on the KMP wire (unit, width, exponent, roll-over of the display format). */
bool register_read_kmp(const struct meter *meter, const struct register_def *def,
                       struct kmp_value *out);

/**
 * A value of this register that is not that of now (out of a log), as it stands on the KMP wire.
 * Numbers only.
 */
bool register_value_kmp(const struct meter *meter, const struct register_def *def,
                        const struct register_value *value, struct kmp_value *out);

/**
 * A value of this register, of now or out of a log, in steps of 10^*scaler of its base unit (Wh, W,
 * V, A, Hz, h, s, degree Celsius), rolled over as on the KMP wire.  Numbers only.
 */
int64_t register_value_scaled(const struct meter *meter, const struct register_def *def,
                              const struct register_value *value, int *scaler);
/** A value in steps of 10^exponent of its base unit, not rolled over: energies are cut, the rest is
 * rounded.  Numbers only. */
int64_t register_value_at(const struct register_def *def, const struct register_value *value,
                          int exponent);
/** The scaler of register_value_scaled() alone. */
int register_scaler(const struct meter *meter, const struct register_def *def);

/**
 * As the display shows it and IEC 62056-21 prints it: energies in the display format (7.0
 * "0036886", 6.1 "036886.1"), powers "1.078", verification registers 3.4 "768.3242"; *unit "kWh"
 * or "".
 * Meter status: eight digits 0 or 1, bit 0 on the right (X-REG-3).  Program checksum: low 16 bits.
 * @return false: does not exist, or does not fit capacity (12 for numbers, 33 for all).
 */
bool register_read_text(const struct meter *meter, const struct register_def *def, char *out,
                        size_t capacity, const char **unit);

/**
 * A value of this register that is not that of now (out of a log), likewise.  Numbers only.
 */
bool register_value_text(const struct meter *meter, const struct register_def *def,
                         const struct register_value *value, char *out, size_t capacity,
                         const char **unit);

/**
 * The same of a value as it stands on the KMP wire.  Numbers only.
 * @return false: no number, or does not fit
 */
bool register_kmp_text(const struct meter *meter, const struct register_def *def,
                       const struct kmp_value *value, char *out, size_t capacity,
                       const char **unit);

/**
 * The stamp of a peak or of the clock as 14 digits NVYYMMDDhhmmss (Kamstrup 5512-1458 ch. 5):
 * N 1 = summer time, V 1 = valid.  No peak yet: 00000101000000.
 * @param out  15 bytes
 */
bool register_read_stamp(const struct meter *meter, const struct register_def *def, char out[15]);

#endif
