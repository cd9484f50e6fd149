#include "push_reader.h"

#include <string.h>

#include "../dlms/dlms_apdu.h"
#include "../dlms/dlms_time.h"

#define UNIT_W    27u
#define UNIT_VAR  29u
#define UNIT_WH   30u
#define UNIT_VARH 32u
#define UNIT_A    33u
#define UNIT_V    35u

/* ---- what a message does not say ---- */

#define CODE(c, d)                                                                                 \
    {                                                                                              \
        1, 0, c, d, 0, 255                                                                         \
    }
#define LIST_ID                                                                                    \
    {                                                                                              \
        1, 1, 0, 2, 129, 255                                                                       \
    }
#define METER_ID                                                                                   \
    {                                                                                              \
        0, 0, 96, 1, 0, 255                                                                        \
    }
#define METER_TYPE                                                                                 \
    {                                                                                              \
        0, 0, 96, 1, 7, 255                                                                        \
    }
#define METER_CLOCK                                                                                \
    {                                                                                              \
        0, 0, 1, 0, 0, 255                                                                         \
    }

/* Kaifa in Norway: powers, currents, voltages; hourly with clock and energies; 1 or 3 phases. */
static const uint8_t kaifa_power[][6] = {CODE(1, 7)};
static const uint8_t kaifa_one[][6] = {
    LIST_ID,     METER_ID,    METER_TYPE,  CODE(1, 7), CODE(2, 7), CODE(3, 7), CODE(4, 7),
    CODE(31, 7), CODE(32, 7), METER_CLOCK, CODE(1, 8), CODE(2, 8), CODE(3, 8), CODE(4, 8)};
static const uint8_t kaifa_three[][6] = {
    LIST_ID,     METER_ID,    METER_TYPE,  CODE(1, 7),  CODE(2, 7),  CODE(3, 7),
    CODE(4, 7),  CODE(31, 7), CODE(51, 7), CODE(71, 7), CODE(32, 7), CODE(52, 7),
    CODE(72, 7), METER_CLOCK, CODE(1, 8),  CODE(2, 8),  CODE(3, 8),  CODE(4, 8)};

static const struct {
    unsigned n; /* elements of the list */
    const uint8_t (*codes)[6];
} kaifa_lists[] = {
    {1, kaifa_power}, {9, kaifa_one}, {13, kaifa_three}, {14, kaifa_one}, {18, kaifa_three}};

static const struct {
    const char *begins;
    enum push_make make;
} makes[] = {{"Kamstrup_V", PUSH_KAMSTRUP}, {"AIDON_V", PUSH_AIDON}, {"KFM_", PUSH_KAIFA}};

/* Steps of 10^..., by make. */
static const struct {
    int8_t power, energy, current, voltage, factor;
} steps[] = {
    [PUSH_KAMSTRUP] = {0, PUSH_ENERGY_10WH, -2, 0, -2},
    [PUSH_AIDON] = {0, 0, -1, -1, -3}, /* says it itself */
    [PUSH_KAIFA] = {0, 0, -3, -1, -3},
};

/* The quantity of a code: 1 to 20 and the same for the phases, 20, 40 and 60 higher. */
static void unit_of(const struct push_reader *reader, struct push_value *value)
{
    const uint8_t *obis = value->obis;
    const unsigned quantity = obis[2] > 20u && obis[2] <= 80u ? (obis[2] - 1u) % 20u + 1u : obis[2];
    value->unit = PUSH_NO_UNIT;
    value->exponent = 0;
    if (obis[0] != 1 || reader->make == PUSH_UNKNOWN || (obis[3] != 7 && obis[3] != 8)) {
        return;
    }
    if (quantity >= 1 && quantity <= 4) {
        const bool energy = obis[3] == 8, active = quantity <= 2;
        value->unit = energy ? (active ? UNIT_WH : UNIT_VARH) : active ? UNIT_W : UNIT_VAR;
        value->exponent = energy ? steps[reader->make].energy : steps[reader->make].power;
        if (energy && reader->make == PUSH_KAMSTRUP) {
            value->exponent = reader->kamstrup_energy;
        }
    } else if (obis[3] == 7 && quantity == 11) {
        value->unit = UNIT_A;
        value->exponent = steps[reader->make].current;
    } else if (obis[3] == 7 && quantity == 12) {
        value->unit = UNIT_V;
        value->exponent = steps[reader->make].voltage;
    } else if (obis[3] == 7 && quantity == 13) {
        value->exponent = steps[reader->make].factor;
    }
}

/* ---- items ---- */

static bool take(struct push_reader *reader, struct dlms_value *out)
{
    if (reader->has_ahead) {
        reader->has_ahead = false;
        *out = reader->ahead;
        return true;
    }
    const enum dlms_status status = reader->ended ? DLMS_END : dlms_data_next(&reader->walker, out);
    reader->ended = status != DLMS_OK;
    reader->failed = reader->failed || (status != DLMS_OK && status != DLMS_END);
    return status == DLMS_OK;
}

static void put_back(struct push_reader *reader, const struct dlms_value *value)
{
    reader->ahead = *value;
    reader->has_ahead = true;
}

static bool is_list(const struct dlms_value *value)
{
    return value->type == DLMS_ARRAY || value->type == DLMS_STRUCTURE;
}

/* Six octets that are a code, and not a text that merely has six. */
static bool is_code(const struct dlms_value *value)
{
    return value->type == DLMS_OCTETS && value->n_bytes == 6 && value->bytes[5] == 255 &&
           value->bytes[0] <= 9;
}

/* {scaler, unit} behind a value.  What is something else stays there, all but its head. */
static void take_scaler(struct push_reader *reader, struct push_value *out)
{
    struct dlms_value head, scaler, unit;
    if (!take(reader, &head)) {
        return;
    }
    if (head.type != DLMS_STRUCTURE || head.count != 2) {
        put_back(reader, &head);
        return;
    }
    if (!take(reader, &scaler)) {
        return;
    }
    if (scaler.type != DLMS_INT8) {
        put_back(reader, &scaler);
        return;
    }
    if (take(reader, &unit) && unit.type == DLMS_ENUM) {
        out->exponent = (int8_t)scaler.number;
        out->unit = (uint8_t)unit.number;
    }
}

/* ---- the list as a whole ---- */

/* Name of the list: the first text.  Looks on a copy of the walker. */
static void look(struct push_reader *reader)
{
    struct dlms_walker ahead = reader->walker;
    struct dlms_value value;
    unsigned n_list = 0;
    bool codes = false;
    while (dlms_data_next(&ahead, &value) == DLMS_OK) {
        const bool text = value.type == DLMS_VISIBLE || value.type == DLMS_OCTETS;
        n_list = value.depth == 0 && is_list(&value) ? value.count : n_list;
        codes = codes || is_code(&value);
        for (size_t i = 0; text && i < sizeof makes / sizeof makes[0]; i++) {
            const size_t n = strlen(makes[i].begins);
            if (reader->name[0] == '\0' && value.n_bytes >= n && value.n_bytes <= PUSH_NAME_MAX &&
                memcmp(value.bytes, makes[i].begins, n) == 0) {
                memcpy(reader->name, value.bytes, value.n_bytes);
                reader->make = makes[i].make;
            }
        }
    }
    for (size_t i = 0; !codes && i < sizeof kaifa_lists / sizeof kaifa_lists[0]; i++) {
        if (n_list == kaifa_lists[i].n && (n_list == 1 || reader->make == PUSH_KAIFA)) {
            reader->make = PUSH_KAIFA;
            reader->places = kaifa_lists[i].codes;
            reader->n_places = n_list;
        }
    }
}

size_t push_mend(uint8_t *apdu, size_t n_apdu)
{
    const size_t time = 5; /* behind tag and long invoke id */
    if (n_apdu <= time + 2u || apdu[0] != DLMS_TAG_DATA_NOTIFICATION || apdu[time] != DLMS_OCTETS ||
        apdu[time + 1u] != DLMS_TIME_OCTETS) {
        return n_apdu;
    }
    memmove(apdu + time, apdu + time + 1u, n_apdu - time - 1u);
    return n_apdu - 1u;
}

void push_reader_init(struct push_reader *reader, struct reader data, int kamstrup_energy)
{
    memset(reader, 0, sizeof *reader);
    reader->kamstrup_energy = kamstrup_energy;
    dlms_walker_init(&reader->walker, data.at, reader_left(&data));
    look(reader);
}

static int next_by_place(struct push_reader *reader, struct push_value *out)
{
    while (reader->place < reader->n_places && take(reader, &out->value)) {
        if (!is_list(&out->value)) {
            memcpy(out->obis, reader->places[reader->place++], sizeof out->obis);
            unit_of(reader, out);
            return 1;
        }
    }
    return reader->failed ? DLMS_ERR_BAD : 0;
}

int push_reader_next(struct push_reader *reader, struct push_value *out)
{
    struct dlms_value item;
    bool has_code = false;
    if (reader->places != NULL) {
        return next_by_place(reader, out);
    }
    while (take(reader, &item)) {
        if (is_code(&item)) {
            memcpy(out->obis, item.bytes, sizeof out->obis);
            has_code = true;
        } else if (has_code && !is_list(&item)) {
            out->value = item;
            unit_of(reader, out);
            take_scaler(reader, out);
            return 1;
        } else {
            has_code = false;
        }
    }
    return reader->failed ? DLMS_ERR_BAD : 0;
}
