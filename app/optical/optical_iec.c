#include "optical_iec.h"

#include <string.h>

#include "../meter/meter_audit.h"
#include "../registers/register_read.h"
#include "../settings/setting_table.h"
#include "optical_iec_inside.h"
#include "optical_lines.h"
#include "optical_records.h"
#include "optical_settings.h"

/* B to L send their data at once: a 382L's readers give up after a second. */
#define REACTION_MS 200u
#define TA_MS       1500u
#define D0_UNIT_MS  5000u

#define PROFILE_CODE    "99.1.0"
#define CLOCK_CODE      "1.0.0"
#define TARIFF_CODE     "129.0.0"
#define OPERATION_CODE  "96.5.1"
#define STAMP_DIGITS    13u /* NYYMMDDhhmmss */
#define BLOCK_RECORDS   6u
#define BLOCK_MOST      12u /* of four channels: what fits an answer */
#define PASSWORD_DIGITS 8u

/* ---- settings ---- */

static uint32_t set(const struct meter *meter, enum setting_id id)
{
    return settings_number(&meter->settings, id);
}

/* Of three in a row the one of the port that the line is. */
static uint32_t set_of(const struct meter *meter, const struct optical *optical,
                       enum setting_id first)
{
    static const uint8_t place[CHANNELS] = {
        [CHANNEL_OPTICAL] = 2, [CHANNEL_MODULE] = 0, [CHANNEL_CONSUMER] = 1, [CHANNEL_BOARD] = 2};
    const uint8_t channel = meter->rights.line[optical - meter->optical].channel;
    return set(meter, (enum setting_id)(first + place[channel]));
}

struct iec_settings optical_iec_settings(const struct meter *meter, const struct optical *optical)
{
    if (meter->variant.iec != IEC_MODE_A_C) {
        return (struct iec_settings){.reaction_ms = REACTION_MS,
                                     .char_timeout_ms = TA_MS,
                                     .initial_baud = meter->variant.iec_baud};
    }
    const uint32_t modes = set_of(meter, optical, SETTING_IEC_MODE);
    const uint32_t period = set_of(meter, optical, SETTING_IEC_D0_PERIOD);
    return (struct iec_settings){
        .mode_c = modes != 0,
        .wait_ms = (uint16_t)set(meter, SETTING_IEC_TT),
        .char_timeout_ms = (uint16_t)set(meter, SETTING_IEC_TA),
        .initial_baud = meter->variant.iec_baud,
        .reaction_ms = REACTION_MS,
        .inactivity_ms = set(meter, SETTING_IEC_TI) * 1000u,
        .push_ms = modes == 2u ? period * D0_UNIT_MS : 0,
        .push_speed = (uint8_t)set_of(meter, optical, SETTING_IEC_D0_SPEED),
    };
}

bool optical_iec_line(const struct optical_iec *served, unsigned line, struct writer *out)
{
    const struct meter *meter = served->meter;
    const bool first = meter->variant.iec == IEC_MODE_A_C &&
                       set_of(meter, served->optical, SETTING_IEC_USER_DATA) == 0;
    return optical_data_line(meter, first, line, out);
}

/* ---- text ---- */

bool optical_iec_field(const char **at, char *out, size_t capacity)
{
    if (**at != '(' && **at != ';') {
        return false;
    }
    (*at)++;
    const size_t n = strcspn(*at, ";)(");
    if (n >= capacity || (*at)[n] == '\0' || (*at)[n] == '(') {
        return false;
    }
    memcpy(out, *at, n);
    out[n] = '\0';
    *at += n;
    return true;
}

bool optical_iec_end(const char *at)
{
    return at[0] == ')' && at[1] == '\0';
}

bool optical_iec_number(const char *text, uint32_t *out)
{
    uint64_t number = 0;
    if (text[0] == '\0' || strlen(text) > 10u) {
        return false;
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9') {
            return false;
        }
        number = number * 10u + (uint64_t)(*c - '0');
    }
    *out = (uint32_t)number;
    return number <= UINT32_MAX;
}

/* "(number)". */
static bool number_in(const char *data, uint32_t *out)
{
    char text[12];
    return optical_iec_field(&data, text, sizeof text) && optical_iec_end(data) &&
           optical_iec_number(text, out);
}

/* NYYMMDDhhmmss, N: summer time. */
static bool time_of(const struct clock *clock, const char *text, int64_t *utc_s)
{
    unsigned part[6];
    if (strlen(text) != STAMP_DIGITS || strspn(text, "0123456789") != STAMP_DIGITS ||
        text[0] > '1') {
        return false;
    }
    for (size_t k = 0; k < sizeof part / sizeof part[0]; k++) {
        part[k] = (unsigned)(text[1u + 2u * k] - '0') * 10u + (unsigned)(text[2u + 2u * k] - '0');
    }
    const struct calendar local = {.year = (uint16_t)(2000u + part[0]),
                                   .month = (uint8_t)part[1],
                                   .day = (uint8_t)part[2],
                                   .hour = (uint8_t)part[3],
                                   .minute = (uint8_t)part[4],
                                   .second = (uint8_t)part[5],
                                   .summer = text[0] == '1'};
    *utc_s = clock_utc_from_local(clock, &local);
    return *utc_s != INT64_MIN;
}

enum iec_reply optical_iec_refuse(struct writer *out, const char *why)
{
    writer_text(out, "ER ");
    writer_text(out, why);
    return IEC_REPLY_ERROR;
}

/* ---- registers ---- */

static enum iec_reply read_register(const struct meter *meter, const char *name, struct writer *out)
{
    const struct register_def *def = register_by_code(name);
    if (strcmp(name, OPTICAL_IEC_LIST_CODE) == 0) {
        return optical_iec_list_read(meter, out);
    }
    if (def == NULL || !register_exists(meter, def)) {
        return optical_iec_refuse(out, "unknown object");
    }
    optical_register_line(meter, def, out);
    return IEC_REPLY_DATA;
}

bool optical_iec_may(struct optical_iec *served, enum rights_action action)
{
    return meter_may_with(served->meter, action, served->optical->iec_password) == RIGHTS_OK;
}

static enum iec_reply done(bool ok, struct writer *out)
{
    return ok ? IEC_REPLY_ACK : optical_iec_refuse(out, "value");
}

static bool set_tariff(struct meter *meter, uint32_t number)
{
    return number <= LEGAL_TARIFFS && meter_tariff_force(meter, (uint8_t)number, 0) == TARIFF_OK;
}

static bool set_operation(struct meter *meter, uint32_t number)
{
    return number <= UINT8_MAX && meter_operation_set(meter, (uint8_t)number) == METER_OK;
}

static enum iec_reply write_setting(struct optical_iec *served, const char *name, bool good,
                                    uint32_t number, struct writer *out)
{
    const struct register_def *def = register_by_code(name);
    if (def == NULL || !register_exists(served->meter, def) ||
        setting_by_kmp_id(def->kmp_id) == NULL) {
        return optical_iec_refuse(out, "unknown object");
    }
    if (!optical_iec_may(served, ACTION_SETTINGS)) {
        return optical_iec_refuse(out, "denied");
    }
    return done(good && optical_settings_put(served->meter, def->kmp_id, (int64_t)number, 0), out);
}

static enum iec_reply write_register(struct optical_iec *served, const struct iec_command *command,
                                     struct writer *out)
{
    uint32_t number = 0;
    const bool good = number_in(command->data, &number);
    const bool tariff = strcmp(command->name, TARIFF_CODE) == 0;
    if (!tariff && strcmp(command->name, OPERATION_CODE) != 0) {
        return write_setting(served, command->name, good, number, out);
    }
    if (!optical_iec_may(served, tariff ? ACTION_TARIFF : ACTION_TEST_MODE)) {
        return optical_iec_refuse(out, "denied");
    }
    return done(
        good && (tariff ? set_tariff(served->meter, number) : set_operation(served->meter, number)),
        out);
}

static enum iec_reply write_time(struct optical_iec *served, const struct iec_command *command,
                                 struct writer *out)
{
    const char *at = command->data;
    char text[STAMP_DIGITS + 1u];
    int64_t utc_s = 0;
    if (strcmp(command->name, OPTICAL_IEC_LIST_CODE) == 0) {
        return optical_iec_list_write(served, command, out);
    }
    if (strcmp(command->name, CLOCK_CODE) != 0) {
        return optical_iec_refuse(out, "unknown object");
    }
    if (!optical_iec_may(served, ACTION_CLOCK)) {
        return optical_iec_refuse(out, "denied");
    }
    return done(optical_iec_field(&at, text, sizeof text) && optical_iec_end(at) &&
                    time_of(&served->meter->clock, text, &utc_s) &&
                    meter_clock_set(served->meter, utc_s) == METER_OK,
                out);
}

/* ---- the load profile ---- */

/** What a reader wants of it: seconds of UTC, both ends included. */
struct extract {
    int64_t from_s, to_s;
    uint32_t block;
};

static bool extract_of(const struct clock *clock, const char *data, struct extract *out)
{
    char text[STAMP_DIGITS + 1u];
    *out = (struct extract){INT64_MIN, INT64_MAX, BLOCK_RECORDS};
    if (!optical_iec_field(&data, text, sizeof text) ||
        (text[0] != '\0' && !time_of(clock, text, &out->from_s))) {
        return false;
    }
    if (*data == ';' && (!optical_iec_field(&data, text, sizeof text) ||
                         (text[0] != '\0' && !time_of(clock, text, &out->to_s)))) {
        return false;
    }
    if (*data == ';' && (!optical_iec_field(&data, text, sizeof text) ||
                         (text[0] != '\0' && !optical_iec_number(text, &out->block)))) {
        return false;
    }
    return optical_iec_end(data) && out->block > 0;
}

static void stamp_write(const struct meter *meter, const struct legal_profile_record *record,
                        struct writer *out)
{
    struct calendar c;
    clock_calendar(&meter->clock, record->utc_s, true, &c);
    const unsigned parts[6] = {c.year % 100u, c.month, c.day, c.hour, c.minute, c.second};
    writer_u8(out, c.summer ? '1' : '0');
    writer_u8(out, (record->clock_status & LOAD_PROFILE_CLOCK_INVALID) != 0 ? '0' : '1');
    for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
        writer_decimal(out, parts[k], 2);
    }
}

static void header_write(const struct legal_profile_layout *layout, struct writer *out)
{
    static const char *const codes[LEGAL_TARIFF_ENERGIES] = {"(1.8.0)(kWh)", "(2.8.0)(kWh)",
                                                             "(3.8.0)(kvarh)", "(4.8.0)(kvarh)"};
    writer_text(out, PROFILE_CODE "(");
    writer_decimal(out, 3u + layout->channels, 1);
    writer_text(out, ")(1.0.0)()(96.56.2)()(96.56.3)()");
    for (unsigned k = 0; k < layout->channels && k < LEGAL_PROFILE_CHANNELS; k++) {
        if (layout->energy[k] < LEGAL_TARIFF_ENERGIES) {
            writer_text(out, codes[layout->energy[k]]);
        }
    }
    writer_text(out, "\r\n");
}

/* As the display has energies: kWh 7.0, or 6.1; never rounded up. */
static void energy_write(const struct meter *meter, uint64_t wh, struct writer *out)
{
    writer_u8(out, '(');
    if (meter->variant.energy_format == FORMAT_7_0) {
        writer_decimal(out, wh / 1000u % 10000000u, 7);
    } else {
        writer_fixed(out, (int64_t)(wh / 100u % 10000000u), 1, 6);
    }
    writer_u8(out, ')');
}

static void record_write(const struct meter *meter, const struct legal_profile_layout *layout,
                         const struct legal_profile_record *record, struct writer *out)
{
    writer_u8(out, '(');
    stamp_write(meter, record, out);
    writer_text(out, ")(");
    writer_decimal(out, record->status, 1);
    writer_text(out, ")(");
    writer_decimal(out, record->quality, 1);
    writer_u8(out, ')');
    for (unsigned k = 0; k < layout->channels && k < LEGAL_PROFILE_CHANNELS; k++) {
        energy_write(meter, record->energy_wh[k], out);
    }
    writer_text(out, "\r\n");
}

/* First record not before a time; 0: none.  Stamps rise, but for clocks that were set back. */
static uint32_t first_of(struct meter *meter, const struct legal_profile_range *range,
                         int64_t from_s)
{
    const struct kmp_log_source source = optical_profile_source(meter);
    struct calendar c;
    uint32_t id = 0;
    if (range->n_records == 0) {
        return 0;
    }
    if (from_s == INT64_MIN) {
        return range->oldest_id;
    }
    clock_calendar(&meter->clock, from_s, false, &c);
    const struct kmp_log_time time = {
        (uint8_t)(c.year % 100u), c.month, c.day, c.hour, c.minute, c.second};
    return source.at_time(source.context, OPTICAL_LOG_PROFILE, &time, true, &id) ? id : 0;
}

static enum iec_reply read_profile(struct optical_iec *served, const struct iec_command *command,
                                   struct writer *out)
{
    struct meter *meter = served->meter;
    struct legal_profile_range range;
    struct extract want;
    if (!meter->load_profile.fitted || strcmp(command->name, PROFILE_CODE) != 0) {
        return optical_iec_refuse(out, "unknown object");
    }
    if (!extract_of(&meter->clock, command->data, &want)) {
        return optical_iec_refuse(out, "value");
    }
    legal_profile_range(&meter->legal, &range);
    const uint32_t block = want.block < BLOCK_MOST ? want.block : BLOCK_MOST;
    if (command->part == 0) { /* further parts go on from there, whatever is recorded meanwhile */
        served->optical->iec_first = first_of(meter, &range, want.from_s);
        header_write(&range.layout, out);
    }
    const uint32_t first = served->optical->iec_first;
    uint64_t id = first + (uint64_t)command->part * block;
    for (uint32_t n = 0; first != 0 && n < block && id <= range.newest_id; n++, id++) {
        struct legal_profile_record record;
        if (legal_profile_read(&meter->legal, (uint32_t)id, &record) != LEGAL_OK) {
            continue; /* lost: the next record's status tells */
        }
        if (record.utc_s > want.to_s) {
            return IEC_REPLY_DATA;
        }
        record_write(meter, &range.layout, &record, out);
    }
    return first != 0 && id <= range.newest_id ? IEC_REPLY_PART : IEC_REPLY_DATA;
}

/* ---- the session ---- */

static bool password(void *context, const char *text)
{
    struct optical_iec *served = context;
    uint32_t number = 0;
    if (strlen(text) > PASSWORD_DIGITS || !optical_iec_number(text, &number) ||
        number > UINT16_MAX ||
        meter_may_with(served->meter, ACTION_CLOCK, (uint16_t)number) != RIGHTS_OK) {
        return false;
    }
    served->optical->iec_password = (uint16_t)number;
    return true;
}

static enum iec_reply command(void *context, const struct iec_command *command, struct writer *out)
{
    struct optical_iec *served = context;
    if (command->letter == 'W') {
        return command->digit == '1' ? write_register(served, command, out)
                                     : write_time(served, command, out);
    }
    if (command->digit == '6') {
        return meter_may(served->meter, ACTION_READ_LOG) == RIGHTS_OK
                   ? read_profile(served, command, out)
                   : optical_iec_refuse(out, "denied");
    }
    return read_register(served->meter, command->name, out);
}

struct iec_programmer optical_iec_programmer(struct optical_iec *served)
{
    return (struct iec_programmer){served, password, command};
}
