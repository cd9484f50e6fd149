/* metertool clock over DLMS. */
#include "dlms_clock.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "../../app/clock/clock.h"
#include "../lib/dlms_text.h"
#include "clock_meter.h"

#define CLASS_CLOCK 8u
#define SAFE_S      900.0 /* nearer than this it is the zone that was meant */
#define GOOD_S      1.0
#define DST_MINUTES 60
#define NAP_NS      50000000L
#define LOOK_US     INT64_C(1500000)
#define MIN_S       INT64_C(60)

struct meter_time {
    struct meter_object *object;
    struct dlms_time told; /* of the last look */
    int64_t local_s;       /* what it shows, as seconds */
    int64_t host_us;       /* when that was */
    bool has_zone;
    int16_t zone_min;   /* attribute 3, as the meter has it */
    int32_t offset_min; /* local minus UTC now */
    bool offset_known;
};

static void got(void *context, const struct meter_want *want, uint16_t result, struct reader data)
{
    struct meter_time *clock = context;
    if (result != 0) {
        return;
    }
    switch (want->attribute) {
    case 2: (void)dlms_read_time(&data, &clock->told); break;
    case 3: clock->has_zone = dlms_read_i16(&data, &clock->zone_min); break;
    default: break;
    }
}

/** Local minus UTC: from the time's own deviation, else from the zone and the summer-time bit. */
static void find_offset(const struct tool *tool, struct meter_time *clock)
{
    const bool reversed = tool->line.url.dlms.zone_reversed;
    const bool summer =
        clock->told.status != DLMS_CLOCK_STATUS_NONE && (clock->told.status & DLMS_CLOCK_DST) != 0;
    int32_t deviation = clock->told.deviation_min;
    clock->offset_known = true;
    if (deviation == DLMS_DEVIATION_NONE && clock->has_zone) {
        deviation = clock->zone_min;
        clock->offset_min = (reversed ? deviation : -deviation) + (summer ? DST_MINUTES : 0);
    } else if (deviation == DLMS_DEVIATION_NONE) {
        const time_t now = (time_t)(clock->host_us / 1000000);
        struct tm here; /* as good as any: most meters stand in the zone of their readers */
        localtime_r(&now, &here);
        clock->offset_known = false;
        clock->offset_min = (int32_t)(here.tm_gmtoff / MIN_S);
    } else {
        clock->offset_min = reversed ? deviation : -deviation;
    }
}

static enum tool_exit look(struct tool *tool, struct meter_time *clock)
{
    const struct meter_want want = {clock->object, 2};
    const int64_t begin_us = clock_host_us();
    clock->told.year = DLMS_YEAR_ANY;
    const int result = dlms_meter_get(tool, &want, 1, got, clock);
    clock->host_us = (begin_us + clock_host_us()) / 2;
    if (result != EXIT_GOOD) {
        return (enum tool_exit)result;
    }
    if (!dlms_time_to_s(&clock->told, &clock->local_s)) {
        tool_complain("the meter does not tell its time (%s)", "8/0-0:1.0.0.255:2");
        return EXIT_UNKNOWN;
    }
    find_offset(tool, clock);
    return EXIT_GOOD;
}

/** Ask until a second turns over: the time comes in whole seconds. */
static enum tool_exit look_sharp(struct tool *tool, struct meter_time *clock)
{
    enum tool_exit result = look(tool, clock);
    const int64_t first_us = clock->host_us, first_s = clock->local_s;
    int64_t before_us = clock->host_us;
    while (result == EXIT_GOOD && clock->local_s == first_s &&
           clock->host_us - first_us < LOOK_US) {
        before_us = clock->host_us;
        (void)nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
        result = look(tool, clock);
    }
    clock->host_us = (before_us + clock->host_us) / 2;
    return result;
}

static double ahead_s(const struct meter_time *clock)
{
    const int64_t utc_s = clock->local_s - clock->offset_min * MIN_S;
    return (double)(utc_s * 1000000 - clock->host_us) / 1e6;
}

static enum tool_exit find_clock(struct tool *tool, struct meter_time *clock)
{
    static const uint8_t code[6] = {0, 0, 1, 0, 0, 255};
    size_t at = 0;
    memset(clock, 0, sizeof *clock);
    const int result = dlms_meter_list(tool);
    if (result != EXIT_GOOD) {
        return (enum tool_exit)result;
    }
    clock->object = dlms_meter_find(&tool->dlms, CLASS_CLOCK, code, OBIS_NAMED_A, &at);
    if (clock->object == NULL) {
        tool_complain("the meter shows this client no clock");
        return EXIT_UNKNOWN;
    }
    const struct meter_want zone = {clock->object, 3};
    return (enum tool_exit)dlms_meter_get(tool, &zone, 1, got, clock);
}

/* ---- showing ---- */

static void show(const struct tool *tool, const struct meter_time *clock)
{
    char local[48];
    const double ahead = ahead_s(clock);
    dlms_time_text(&clock->told, local, sizeof local);
    if (tool->options.format == FORMAT_JSON) {
        json_t *all =
            json_pack("{s:s, s:i, s:b, s:f}", "local", local, "offset_min", (int)clock->offset_min,
                      "offset_known", clock->offset_known, "ahead_s", ahead);
        json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        putchar('\n');
        json_decref(all);
    } else if (tool->options.format == FORMAT_CSV) {
        printf("local,offset_min,ahead_s\n%s,%d,%.2f\n", local, (int)clock->offset_min, ahead);
    } else {
        printf("Meter       %s\n", local);
        printf("Zone        UTC%+d min%s\n", (int)clock->offset_min,
               clock->offset_known ? "" : " (not told; this computer's)");
        printf("Difference  meter %.2f s %s\n", fabs(ahead), ahead < 0 ? "late" : "early");
    }
}

/* ---- setting ---- */

static enum tool_exit put_time(struct tool *tool, const struct meter_time *clock, int64_t local_s)
{
    struct dlms_time time;
    uint8_t data[16];
    struct writer w = writer_over(data, sizeof data);
    const struct dlms_descriptor d = meter_attribute(clock->object, 2);
    dlms_time_from_s(local_s, &time);
    time.deviation_min = clock->told.deviation_min; /* as the meter itself has it, or 8000h */
    time.status = (uint8_t)(clock->told.status == DLMS_CLOCK_STATUS_NONE
                                ? DLMS_CLOCK_STATUS_NONE
                                : clock->told.status & DLMS_CLOCK_DST);
    dlms_write_time(&w, &time);
    const int err =
        dlms_client_set(&tool->dlms.client, &d, (struct dlms_octets){data, writer_length(&w)});
    return err == DLMS_CLIENT_OK ? EXIT_GOOD
                                 : (enum tool_exit)dlms_meter_fail(tool, err, "setting the clock");
}

/** The second that begins when the request is there. */
static enum tool_exit sync_clock(struct tool *tool, struct meter_time *clock)
{
    const int64_t round_us = 20000;
    int64_t target_s = (clock_host_us() + round_us) / 1000000 + 1;
    const int64_t wait_us = target_s * 1000000 - round_us - clock_host_us();
    if (wait_us > 0) {
        (void)nanosleep(
            &(struct timespec){.tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000},
            NULL);
    }
    return put_time(tool, clock, target_s + clock->offset_min * MIN_S);
}

/** "2026-11-29T12:00:00": the meter's local time. */
static bool parse_time(const char *text, int64_t *local_s)
{
    unsigned y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
    int n = 0;
    const bool form =
        sscanf(text, "%4u-%2u-%2u%*1[T ]%2u:%2u:%2u%n", &y, &mo, &d, &h, &mi, &s, &n) == 6 &&
        text[n] == '\0';
    const struct calendar c = {.year = (uint16_t)y,
                               .month = (uint8_t)mo,
                               .day = (uint8_t)d,
                               .hour = (uint8_t)h,
                               .minute = (uint8_t)mi,
                               .second = (uint8_t)s};
    *local_s = form ? calendar_seconds(&c) : INT64_MIN;
    return *local_s != INT64_MIN;
}

enum tool_exit dlms_clock(struct tool *tool, int n_arguments, char **arguments)
{
    const char *word = n_arguments > 0 ? arguments[0] : "get";
    struct meter_time clock;
    int64_t local_s = 0;
    const bool sets = strcmp(word, "set") == 0, syncs = strcmp(word, "sync") == 0;
    if ((!sets && !syncs && strcmp(word, "get") != 0) || n_arguments > (sets ? 2 : 1)) {
        tool_complain("clock %s: over DLMS expected get, set TIME or sync", word);
        return EXIT_USAGE;
    }
    if (sets && (n_arguments < 2 || !parse_time(arguments[1], &local_s))) {
        tool_complain("expected a time like 2026-11-29T12:00:00 (the meter's)");
        return EXIT_USAGE;
    }
    enum tool_exit result = find_clock(tool, &clock);
    result = result == EXIT_GOOD ? look_sharp(tool, &clock) : result;
    if (result != EXIT_GOOD) {
        return result;
    }
    if (syncs && !clock.offset_known && fabs(ahead_s(&clock)) > SAFE_S && !tool->options.yes) {
        tool_complain(
            "the meter does not tell its time zone, and its clock is %.0f s off the time in "
            "this computer's: expected --yes, another TZ, or clock set TIME",
            fabs(ahead_s(&clock)));
        return EXIT_USAGE;
    }
    if (sets || syncs) {
        result = sets ? put_time(tool, &clock, local_s) : sync_clock(tool, &clock);
        result = result == EXIT_GOOD ? look_sharp(tool, &clock) : result;
    }
    if (result == EXIT_GOOD) {
        show(tool, &clock);
    }
    if (result == EXIT_GOOD && syncs && fabs(ahead_s(&clock)) > GOOD_S) {
        tool_complain("the meter took the time, but its clock is still %.1f s off",
                      fabs(ahead_s(&clock)));
        return EXIT_METER;
    }
    return result;
}
