/* metertool events: an event log of the meter, oldest record first. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "../../proto/kmp/kmp_log.h"
#include "commands.h"

#define PAYLOAD_REGISTER 0xFF00u
#define RTC_VALID        0x02u
#define PAGES_MAX        256u /* a log has 200 records, an answer one or more of them */

enum { RTC, EVENT, HOURS, PAYLOAD, REGISTERS };

static const struct log_kind {
    const char *name;
    uint8_t log;
    uint16_t event_register;
    const char *words[2]; /* of events 0 and 1; NULL: the number */
} kinds[] = {
    {"neutral", 12, 1242, {"neutral is back", "neutral lost"}},
    {"voltage", 4, 1085, {NULL, NULL}},
};
#define N_KINDS (sizeof kinds / sizeof kinds[0])

struct event {
    uint16_t id;
    bool valid;
    char stamp[20]; /* the meter's normal time */
    int64_t code, hours;
    struct kmp_value payload;
};

/* status, weekday, ss, mm, hh, DD, MM, YY */
static void take_stamp(const struct kmp_value *rtc, struct event *event)
{
    const uint8_t *b = rtc->bytes;
    event->valid = (b[0] & RTC_VALID) != 0;
    snprintf(event->stamp, sizeof event->stamp, "20%02u-%02u-%02u %02u:%02u:%02u", b[7] % 100u,
             b[6] % 100u, b[5] % 100u, b[4] % 100u, b[3] % 100u, b[2] % 100u);
}

static bool take_event(const struct kmp_log_page *page, const struct log_kind *kind, uint16_t id,
                       struct event *event)
{
    int exponent = 0;
    const struct kmp_value *value = page->values;
    if (page->n_values != REGISTERS || value[RTC].n_bytes != 8 ||
        value[EVENT].id != kind->event_register ||
        kmp_value_number(&value[EVENT], &event->code, &exponent) != KMP_OK ||
        kmp_value_number(&value[HOURS], &event->hours, &exponent) != KMP_OK) {
        return false;
    }
    event->id = id;
    event->payload = value[PAYLOAD];
    take_stamp(&value[RTC], event);
    return true;
}

/* ---- what a neutral fault saw (docs/neutral-fault.md) ---- */

static unsigned tenths(const struct kmp_value *payload, unsigned at)
{
    return (unsigned)payload->bytes[at] | (unsigned)payload->bytes[at + 1] << 8;
}

static json_t *neutral_json(const struct kmp_value *payload)
{
    json_t *phases = json_array();
    for (unsigned i = 0; i < 3; i++) {
        json_array_append_new(phases,
                              json_pack("{s:f, s:f}", "lowest_v", tenths(payload, 1 + 4 * i) / 10.0,
                                        "highest_v", tenths(payload, 3 + 4 * i) / 10.0));
    }
    return json_pack("{s:o, s:f}", "phases", phases, "displacement_v", tenths(payload, 13) / 10.0);
}

static void neutral_print(const struct kmp_value *payload)
{
    for (unsigned i = 0; i < 3; i++) {
        printf("  L%u %.1f..%.1f V", i + 1, tenths(payload, 1 + 4 * i) / 10.0,
               tenths(payload, 3 + 4 * i) / 10.0);
    }
    printf("  star point %.1f V", tenths(payload, 13) / 10.0);
}

static bool has_voltages(const struct log_kind *kind, const struct event *event)
{
    return kind == &kinds[0] && event->payload.n_bytes >= 15;
}

/* ---- output ---- */

static const char *word_of(const struct log_kind *kind, int64_t code, char text[24])
{
    if (code >= 0 && code <= 1 && kind->words[code] != NULL) {
        return kind->words[code];
    }
    snprintf(text, 24, "event %" PRId64, code);
    return text;
}

static void print_event(const struct tool *tool, const struct log_kind *kind,
                        const struct event *event, json_t *all)
{
    char text[24];
    const char *word = word_of(kind, event->code, text);
    if (tool->options.format == FORMAT_JSON) {
        json_t *one =
            json_pack("{s:i, s:s, s:b, s:I, s:I, s:s}", "id", (int)event->id, "time", event->stamp,
                      "clock_valid", event->valid, "hours", (json_int_t)event->hours, "event",
                      (json_int_t)event->code, "text", word);
        if (has_voltages(kind, event)) {
            json_object_set_new(one, "seen", neutral_json(&event->payload));
        }
        json_array_append_new(all, one);
    } else if (tool->options.format == FORMAT_CSV) {
        printf("%u,%s,%d,%" PRId64 ",%" PRId64 ",%s\n", (unsigned)event->id, event->stamp,
               event->valid, event->hours, event->code, word);
    } else {
        printf("%5u  %s%s  %7" PRId64 " h  %s", (unsigned)event->id, event->stamp,
               event->valid ? " " : "?", event->hours, word);
        if (has_voltages(kind, event)) {
            neutral_print(&event->payload);
        }
        putchar('\n');
    }
}

/* ---- reading ---- */

/* One answer after another, each from the id after the last one. */
static enum tool_exit read_log(struct tool *tool, const struct log_kind *kind, json_t *all)
{
    const uint16_t registers[REGISTERS] = {1047, kind->event_register, 1004, PAYLOAD_REGISTER};
    uint16_t from = 0;
    for (unsigned n = 0; n < PAGES_MAX; n++) {
        uint8_t data[KMP_LOG_ASK_BYTES];
        struct kmp_log_page page;
        size_t n_data = n == 0 ? kmp_log_ask_all(kind->log, registers, REGISTERS, data)
                               : kmp_log_ask_id(kind->log, registers, REGISTERS, from, data);
        int length = kmp_link_command(
            &tool->kmp, n == 0 ? KMP_LOG_TIME_PRESENT : KMP_LOG_ID_PRESENT, data, n_data);
        if (length == HOST_ERR_SILENT && tool->kmp.answered) {
            tool_complain("the meter does not have the log '%s'", kind->name);
            return EXIT_UNKNOWN;
        }
        if (length < 0) {
            tool_complain("%s", tool->line.error);
            return EXIT_METER;
        }
        bool good = kmp_log_page_open(&page, tool->kmp.receiver.body, (size_t)length) == KMP_OK &&
                    page.log == kind->log;
        struct event event;
        uint16_t id = 0;
        while (good && kmp_log_page_next(&page, &id)) {
            good = take_event(&page, kind, id, &event);
            if (good) {
                print_event(tool, kind, &event, all);
            }
            from = (uint16_t)(id + 1u);
        }
        if (!good) {
            tool_complain("log '%s': the answer is not a log of events", kind->name);
            return EXIT_METER;
        }
        if (page.n_records == 0 || (page.info & KMP_LOG_END) != 0) {
            return EXIT_GOOD;
        }
    }
    return EXIT_GOOD;
}

enum tool_exit command_events(struct tool *tool, int n_arguments, char **arguments)
{
    const char *name = n_arguments == 1 ? arguments[0] : "";
    size_t i = 0;
    while (i < N_KINDS && strcmp(kinds[i].name, name) != 0) {
        i++;
    }
    if (i == N_KINDS) {
        tool_complain("events '%s': expected neutral or voltage", name);
        return EXIT_USAGE;
    }
    if (tool->line.url.protocol != METER_KMP) {
        tool_complain("events are read over KMP");
        return EXIT_USAGE;
    }
    uint16_t serial = 1001;
    struct kmp_value value;
    if (kmp_link_registers(&tool->kmp, &serial, 1, &value) < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    json_t *all = json_array();
    if (tool->options.format == FORMAT_CSV) {
        puts("id,time,clock_valid,hours,event,text");
    }
    enum tool_exit result = read_log(tool, &kinds[i], all);
    if (tool->options.format == FORMAT_JSON && result == EXIT_GOOD) {
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(all);
    return result;
}
