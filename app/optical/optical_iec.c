#include "optical_iec.h"

#include <string.h>

#include "../meter/meter_audit.h"
#include "../registers/register_read.h"
#include "../settings/setting_table.h"
#include "optical_iec_inside.h"
#include "optical_lines.h"
#include "optical_settings.h"

/* B to L send their data at once: a 382L's readers give up after a second. */
#define REACTION_MS 200u
#define TA_MS       1500u
#define D0_UNIT_MS  5000u

#define CLOCK_CODE      "1.0.0"
#define TARIFF_CODE     "129.0.0"
#define OPERATION_CODE  "96.5.1"
#define STAMP_DIGITS    13u /* NYYMMDDhhmmss */
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
        .mode_e = modes != 0,
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
bool optical_iec_time(const struct clock *clock, const char *text, int64_t *utc_s)
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
                    optical_iec_time(&served->meter->clock, text, &utc_s) &&
                    meter_clock_set(served->meter, utc_s) == METER_OK,
                out);
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
                   ? optical_iec_log_read(served, command, out)
                   : optical_iec_refuse(out, "denied");
    }
    return read_register(served->meter, command->name, out);
}

struct iec_programmer optical_iec_programmer(struct optical_iec *served)
{
    return (struct iec_programmer){served, password, command};
}
