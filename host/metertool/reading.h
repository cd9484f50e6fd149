/**
 * One value as a meter told it, ready to be printed, whichever protocol it came over.
 */
#ifndef OPEN382_READING_H
#define OPEN382_READING_H

#include "../../app/registers/register_table.h"
#include "../../proto/iec62056_21/iec_client.h"
#include "../../proto/kmp/kmp.h"

#define READINGS_MAX 700u

struct reading {
    const struct register_def *def; /**< NULL: not in our table */
    int32_t kmp_id;                 /**< -1: came over IEC or DLMS */
    char code[24]; /**< "1.8.0", over DLMS "1-0:1.8.0.255"; "" when there is none */
    char text[72]; /**< the value as people read it */
    char unit[16];
    char extra[40]; /**< IEC: second bracket (a time stamp) */
    bool is_number; /**< then mantissa * 10^exponent is exact */
    int64_t mantissa;
    int exponent;
};

struct readings {
    struct reading items[READINGS_MAX];
    size_t length;
};

/** Both are false, with nothing added, when the list is full. */
bool readings_add_kmp(struct readings *readings, const struct kmp_value *value);
bool readings_add_iec(struct readings *readings, const struct iec_item *item);
/** Value of a COSEM object; unit 255: none. */
bool readings_add_dlms(struct readings *readings, const uint8_t obis[6], uint16_t class_id,
                       struct reader data, int8_t scaler, uint8_t unit);

/** Name of a COSEM object: that of a register of ours, or what OBIS says; "" : neither. */
void object_name(const uint8_t obis[6], char *name, size_t n_name);

/** A number as text, every digit: (1078, -3) is "1.078". */
void number_text(int64_t mantissa, int exponent, char *text, size_t n_text);

/** Name for people: "Active energy A+", or "register 0x0415" / "" when it is not in our table. */
void reading_name(const struct reading *reading, char *name, size_t n_name);

/** A KMP value as text, without its unit: "6753.3242", "2024-06-20 14:30:05", "0x08". */
void kmp_value_text(const struct kmp_value *value, char *text, size_t n_text);

#endif
