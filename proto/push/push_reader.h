/**
 * What a meter of any make pushes on its customer port (HAN), value by value.
 *
 * The Data of a DATA-NOTIFICATION is a flat or nested list; makes differ in what stands in it:
 *   Kamstrup          name of the list, then code, value, code, value ...; no scalers
 *   Aidon             structures {code, value, {scaler, unit}}
 *   Kaifa             Norway: values alone, known by their place; Sweden: code, value; Austria:
 *                     code, value, {scaler, unit}
 * Where the message names no unit, the make's documents do: what is not known stays a bare number.
 * Nothing is copied: values stand in the message.
 * Source: spec customer-port 3.3 and 3.4; captures in tests/proto/push_vectors.h.
 */
#ifndef OPEN382_PUSH_READER_H
#define OPEN382_PUSH_READER_H

#include "../dlms/dlms_data.h"

enum push_make { PUSH_UNKNOWN, PUSH_KAMSTRUP, PUSH_AIDON, PUSH_KAIFA };

#define PUSH_NAME_MAX    32u
#define PUSH_NO_UNIT     255u /**< a bare number, text or time */
#define PUSH_ENERGY_10WH 1    /**< Kamstrup in Norway and Denmark */
#define PUSH_ENERGY_WH   0    /**< Kamstrup in Sweden: the message does not tell */

struct push_reader {
    struct dlms_walker walker;
    struct dlms_value ahead; /**< read and not used yet */
    bool has_ahead, ended, failed;
    enum push_make make;
    char name[PUSH_NAME_MAX + 1u]; /**< of the list: "Kamstrup_V0001"; "" when it has none */
    int kamstrup_energy;           /**< PUSH_ENERGY_... */
    const uint8_t (*places)[6];    /**< codes by place; NULL: the message has codes */
    unsigned n_places, place;
};

/** One value. */
struct push_value {
    uint8_t obis[6];
    struct dlms_value value;
    int exponent; /**< a number is in steps of 10^exponent of its unit */
    uint8_t unit; /**< as DLMS numbers them (27 W, 30 Wh ...), PUSH_NO_UNIT */
};

/**
 * Some makes and old firmware send the time of a DATA-NOTIFICATION with its tag, 09 0C, where a
 * length alone belongs: takes the tag out.
 * @return octets of the APDU from now on
 */
size_t push_mend(uint8_t *apdu, size_t n_apdu);
/** @param data  of dlms_notification_read */
void push_reader_init(struct push_reader *reader, struct reader data, int kamstrup_energy);
/** The next value that has a code.  @return 1, 0: no more, or a negative dlms_status: what came
 *  before is good, the rest is malformed. */
int push_reader_next(struct push_reader *reader, struct push_value *out);

#endif
