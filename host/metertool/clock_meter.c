#include "clock_meter.h"

#include <string.h>
#include <time.h>

#include "../lib/iec_stamp.h"

#define ID_RTC          1047u
#define ID_CONFIG_1     54u
#define ID_CONFIG_3     56u
#define ID_CONFIG_4     1029u
#define ID_TRIM         0xF400u
#define ID_LEFT         0xF401u
#define ID_HOLD         0xF403u
#define ID_SUMMER_KIND  0xF410u
#define ID_SUMMER_BEGIN 0xF411u
#define ID_SUMMER_END   0xF412u
#define ID_SUMMER_TABLE 0xF420u

#define CID_SET_CLOCK 0x09u
#define NUMBER_UNIT   51u
#define RTC_BYTES     8u
#define RTC_SUMMER    0x01u
#define RTC_VALID     0x02u
#define LOOK_US       INT64_C(1500000)
#define NAP_NS        4000000L
#define MILLION       1e6

int64_t clock_host_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- over IEC 62056-21 ---- */

#define CLOCK_CODE "1.0.0"
#define HOUR_S     INT64_C(3600)
#define YEAR_S     (365 * 24 * HOUR_S)

/* The zone of this computer in normal time, in whole hours; whether it has summer time. */
static void zone_here(struct clock *rules)
{
    const time_t now = time(NULL);
    rules->summer_time_eu = false;
    rules->time_zone_h = INT8_MAX;
    for (int64_t month = 0; month < 12; month++) {
        const time_t then = now - (time_t)(month * YEAR_S / 12);
        struct tm local;
        if (localtime_r(&then, &local) != NULL) {
            const int8_t hours = (int8_t)(local.tm_gmtoff / HOUR_S - (local.tm_isdst > 0));
            rules->summer_time_eu = rules->summer_time_eu || local.tm_isdst > 0;
            rules->time_zone_h = hours < rules->time_zone_h ? hours : rules->time_zone_h;
        }
    }
}

static enum tool_exit look_iec(struct tool *tool, struct meter_clock *clock, int64_t *utc_s)
{
    struct iec_stamp stamp;
    struct iec_item item;
    struct iec_programming *p = &tool->programming;
    const int answer = iec_programming_ask(p, "R5", CLOCK_CODE "()");
    const char *at = p->dialog.text;
    if (answer < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    if (answer == IEC_ANSWER_REFUSED) {
        tool_complain("the meter has no clock (" CLOCK_CODE ": %.40s)", at);
        return EXIT_UNKNOWN;
    }
    if (answer != IEC_ANSWER_DATA || iec_item_next(&at, at + p->dialog.length, &item) != 1 ||
        !iec_stamp_read(item.value, item.n_value, &stamp)) {
        tool_complain(CLOCK_CODE ": expected a time, found '%.60s'", p->dialog.text);
        return EXIT_METER;
    }
    clock->valid = stamp.valid;
    clock->summer = stamp.summer;
    *utc_s = stamp.normal_s - clock->rules.time_zone_h * HOUR_S;
    return EXIT_GOOD;
}

static enum tool_exit set_iec(struct tool *tool, const struct calendar *local)
{
    char stamp[14], brackets[20];
    iec_stamp_write(calendar_seconds(local), local->summer, stamp);
    snprintf(brackets, sizeof brackets, "(%s)", stamp);
    return tool_iec_write(tool, "W5", CLOCK_CODE, brackets);
}

/* ---- set-up ---- */

static bool number_of(const struct kmp_value *values, int n, uint16_t id, int64_t *number)
{
    int exponent = 0;
    for (int i = 0; i < n; i++) {
        if (values[i].id == id) {
            return kmp_value_number(&values[i], number, &exponent) == KMP_OK;
        }
    }
    return false;
}

static int ask(struct tool *tool, const uint16_t *ids, size_t n_ids, struct kmp_value *values)
{
    const int n = kmp_link_registers(&tool->kmp, ids, n_ids, values);
    if (n < 0) {
        tool_complain("%s", tool->line.error);
    }
    return n;
}

static void take_configuration(const struct kmp_value *values, int n, struct meter_clock *clock)
{
    static const uint8_t minutes[] = {0, 5, 15, 30, 60};
    int64_t number = 0;
    if (number_of(values, n, ID_CONFIG_3, &number)) {
        const int64_t zone = number / 1000 % 100;
        clock->rules.time_zone_h = (int8_t)(zone <= 12 ? zone : zone - 24);
        clock->zone_known = true;
    }
    if (number_of(values, n, ID_CONFIG_4, &number)) {
        clock->rules.summer_time_eu = number / 100 % 1000 == 1;
    }
    if (number_of(values, n, ID_CONFIG_1, &number) && number % 10 < 5) {
        clock->interval_min = minutes[number % 10];
    }
}

static enum tool_exit take_summer(struct tool *tool, int64_t kind, struct meter_clock *clock)
{
    uint16_t ids[2 + CLOCK_SUMMERS_MAX] = {ID_SUMMER_BEGIN, ID_SUMMER_END};
    struct kmp_value values[2 + CLOCK_SUMMERS_MAX];
    struct clock_summer_time *own = &clock->rules.own;
    int64_t number = 0;
    for (unsigned i = 0; i < CLOCK_SUMMERS_MAX; i++) {
        ids[2 + i] = (uint16_t)(ID_SUMMER_TABLE + i);
    }
    const int n = ask(tool, ids, sizeof ids / sizeof ids[0], values);
    if (n < 0) {
        return EXIT_METER;
    }
    own->kind = (uint8_t)kind;
    if (number_of(values, n, ID_SUMMER_BEGIN, &number)) {
        (void)clock_rule_day_of(number, &own->rule.begin);
    }
    if (number_of(values, n, ID_SUMMER_END, &number)) {
        (void)clock_rule_day_of(number, &own->rule.end);
    }
    while (own->table.n < CLOCK_SUMMERS_MAX &&
           number_of(values, n, ids[2 + own->table.n], &number) && number != 0 &&
           clock_summer_of(number, &own->table.row[own->table.n])) {
        own->table.n++;
    }
    return EXIT_GOOD;
}

enum tool_exit clock_meter_open(struct tool *tool, struct meter_clock *clock)
{
    static const uint16_t ids[] = {ID_CONFIG_1, ID_CONFIG_3, ID_CONFIG_4,
                                   ID_TRIM,     ID_HOLD,     ID_SUMMER_KIND};
    struct kmp_value values[sizeof ids / sizeof ids[0]];
    int64_t kind = 0;
    memset(clock, 0, sizeof *clock);
    clock->rules.fitted = true;
    if (tool->line.url.protocol == METER_IEC) {
        zone_here(&clock->rules);
        clock->zone_here = true;
        return tool_iec_open(tool, '1');
    }
    const int n = ask(tool, ids, sizeof ids / sizeof ids[0], values);
    if (n < 0) {
        return EXIT_METER;
    }
    take_configuration(values, n, clock);
    clock->ours = number_of(values, n, ID_TRIM, &clock->trim_ppb) &&
                  number_of(values, n, ID_HOLD, &clock->hold_days);
    if (number_of(values, n, ID_SUMMER_KIND, &kind) && kind > 0 && kind < CLOCK_SUMMER_KINDS &&
        take_summer(tool, kind, clock) != EXIT_GOOD) {
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

/* ---- looking ---- */

struct look {
    int64_t mid_us, round_us; /* middle and length of the conversation */
    int64_t utc_s;
};

static enum tool_exit look_once(struct tool *tool, struct meter_clock *clock, struct look *look)
{
    static const uint16_t ids[] = {ID_RTC, ID_LEFT};
    struct kmp_value values[2];
    const int64_t begin_us = clock_host_us();
    if (tool->line.url.protocol == METER_IEC) {
        const enum tool_exit result = look_iec(tool, clock, &look->utc_s);
        look->round_us = clock_host_us() - begin_us;
        look->mid_us = begin_us + look->round_us / 2;
        return result;
    }
    const int n = ask(tool, ids, clock->ours ? 2 : 1, values);
    const int64_t end_us = clock_host_us();
    if (n < 0) {
        return EXIT_METER;
    }
    if (n == 0 || values[0].id != ID_RTC || values[0].n_bytes != RTC_BYTES) {
        tool_complain("the meter has no clock (register 1047)");
        return EXIT_UNKNOWN;
    }
    const uint8_t *b = values[0].bytes;
    const struct calendar normal = {.year = (uint16_t)(2000u + b[7]),
                                    .month = b[6],
                                    .day = b[5],
                                    .hour = b[4],
                                    .minute = b[3],
                                    .second = b[2]};
    int64_t left_ms = 0;
    const int64_t seconds = calendar_seconds(&normal);
    clock->valid = (b[0] & RTC_VALID) != 0 && seconds != INT64_MIN;
    clock->summer = (b[0] & RTC_SUMMER) != 0;
    clock->left_s = number_of(values, n, ID_LEFT, &left_ms) ? (double)left_ms * 1e-3 : 0.0;
    look->utc_s = seconds == INT64_MIN ? 0 : seconds - clock->rules.time_zone_h * INT64_C(3600);
    look->mid_us = (begin_us + end_us) / 2;
    look->round_us = end_us - begin_us;
    return EXIT_GOOD;
}

enum tool_exit clock_meter_look(struct tool *tool, struct meter_clock *clock)
{
    struct look first, look;
    enum tool_exit result = look_once(tool, clock, &first);
    int64_t tick_us = first.mid_us - 500000, accuracy_us = 500000; /* somewhere in its second */
    look = first;
    while (result == EXIT_GOOD && clock->valid && look.mid_us - first.mid_us < LOOK_US) {
        const struct look before = look;
        (void)nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
        result = look_once(tool, clock, &look);
        if (look.utc_s != before.utc_s) {
            tick_us = (before.mid_us + look.mid_us) / 2;
            accuracy_us = (look.mid_us - before.mid_us + look.round_us) / 2;
            break;
        }
    }
    clock->utc_s = look.utc_s;
    clock->host_us = tick_us;
    clock->ahead_s = (double)(look.utc_s * 1000000 - tick_us) / MILLION;
    clock->accuracy_s = (double)accuracy_us / MILLION;
    clock->one_way_s = (double)look.round_us / 2.0 / MILLION;
    return result;
}

/* ---- setting ---- */

enum tool_exit clock_meter_set(struct tool *tool, const struct meter_clock *clock, int64_t utc_s)
{
    uint8_t data[8];
    struct calendar local;
    struct writer w = writer_over(data, sizeof data);
    clock_calendar(&clock->rules, utc_s, true, &local);
    if (tool->line.url.protocol == METER_IEC) {
        return set_iec(tool, &local);
    }
    writer_uint_be(&w, (local.year - 2000u) * 10000u + local.month * 100u + local.day, 4);
    writer_uint_be(&w, local.hour * 10000u + local.minute * 100u + local.second, 4);
    const int result = kmp_link_act(&tool->kmp, CID_SET_CLOCK, data, sizeof data);
    if (result == HOST_ERR_SILENT) {
        tool_complain("the meter does not take the time: it has no clock, or refuses it");
    } else if (result != HOST_OK) {
        tool_complain("%s", tool->line.error);
    }
    return result == HOST_OK ? EXIT_GOOD : EXIT_METER;
}

enum tool_exit clock_meter_put(struct tool *tool, uint16_t kmp_id, unsigned width, int64_t number)
{
    struct kmp_value value;
    if (kmp_value_set(&value, kmp_id, NUMBER_UNIT, (uint8_t)width, number, 0) != KMP_OK) {
        return EXIT_USAGE;
    }
    const int result = kmp_link_put(&tool->kmp, tool->options.password, &value);
    if (result == HOST_ERR_SILENT) {
        tool_complain("the meter refuses register 0x%04X: it has none, or not that value, or wants "
                      "another password",
                      (unsigned)kmp_id);
    } else if (result != HOST_OK) {
        tool_complain("%s", tool->line.error);
    }
    return result == HOST_OK ? EXIT_GOOD : EXIT_METER;
}
