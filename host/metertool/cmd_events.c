/* metertool events: the event status, and the event logs of the meter, oldest record first. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../../proto/kmp/kmp_log.h"
#include "../lib/event_words.h"
#include "commands.h"
#include "dlms_profile.h"
#include "export_file.h"
#include "export_records.h"
#include "iec_records.h"

#define GET_EVENT_STATUS   0x9Bu
#define CLEAR_EVENT_STATUS 0x9Cu
#define EVENT_STATUS_B     1237u
#define RTC_REGISTER       1047u
#define HOURS_REGISTER     1004u
#define PAYLOAD_REGISTER   0xFF00u
#define RTC_VALID          0x02u
#define PAGES_MAX          256u /* a log has 200 records, an answer one or more of them */
#define WORD_BITS          32u

/* ---- one record ---- */

static const struct kmp_value *value_of(const struct kmp_log_page *page, uint16_t id)
{
    for (unsigned i = 0; i < page->n_values; i++) {
        if (page->values[i].id == id) {
            return &page->values[i];
        }
    }
    return NULL;
}

/* status, weekday, ss, mm, hh, DD, MM, YY */
static void take_stamp(const struct kmp_value *rtc, struct event *event)
{
    const uint8_t *b = rtc->bytes;
    event->valid = (b[0] & RTC_VALID) != 0;
    snprintf(event->stamp, sizeof event->stamp, "20%02u-%02u-%02u %02u:%02u:%02u", b[7] % 100u,
             b[6] % 100u, b[5] % 100u, b[4] % 100u, b[3] % 100u, b[2] % 100u);
}

/* The record's own bytes are this project's; a meter that has none is read without. */
static bool take_event(const struct kmp_log_page *page, const struct event_kind *kind, uint16_t id,
                       struct event *event)
{
    const struct kmp_value *rtc = value_of(page, RTC_REGISTER);
    const struct kmp_value *code = value_of(page, kind->event_register);
    const struct kmp_value *hours = value_of(page, HOURS_REGISTER);
    const struct kmp_value *payload = value_of(page, PAYLOAD_REGISTER);
    int exponent = 0;
    memset(event, 0, sizeof *event);
    if (rtc == NULL || rtc->n_bytes != 8 || code == NULL || hours == NULL ||
        kmp_value_number(code, &event->code, &exponent) != KMP_OK ||
        kmp_value_number(hours, &event->hours, &exponent) != KMP_OK) {
        return false;
    }
    event->id = id;
    if (payload != NULL) {
        event->payload = *payload;
    }
    take_stamp(rtc, event);
    return true;
}

static json_t *event_json(const struct event_kind *kind, const struct event *event,
                          const char *text)
{
    json_t *one =
        json_pack("{s:i, s:s, s:b, s:I, s:I, s:s}", "id", (int)event->id, "time", event->stamp,
                  "clock_valid", event->valid, "hours", (json_int_t)event->hours, "event",
                  (json_int_t)event->code, "text", text);
    json_t *detail = kind->detail(event);
    if (detail != NULL) {
        json_object_set_new(one, kind->detail_name, detail);
    }
    return one;
}

static void event_line(const struct export_file *file, const struct event_kind *kind,
                       const struct event *event, char line[EXPORT_LINE_MAX])
{
    char text[EVENT_TEXT];
    event_words(kind, event, text);
    if (file->format == FORMAT_JSON) {
        json_t *one = event_json(kind, event, text);
        char *dumped = json_dumps(one, JSON_COMPACT);
        snprintf(line, EXPORT_LINE_MAX, "%s", dumped != NULL ? dumped : "{}");
        free(dumped);
        json_decref(one);
    } else if (file->format == FORMAT_CSV) {
        snprintf(line, EXPORT_LINE_MAX, "%u,%s,%d,%" PRId64 ",%" PRId64 ",\"%s\"",
                 (unsigned)event->id, event->stamp, event->valid, event->hours, event->code, text);
    } else {
        snprintf(line, EXPORT_LINE_MAX, "%5u  %s%s  %7" PRId64 " h  %s", (unsigned)event->id,
                 event->stamp, event->valid ? " " : "?", event->hours, text);
    }
}

/* ---- a log ---- */

static enum tool_exit ask_page(struct tool *tool, const struct event_kind *kind, uint8_t cid,
                               uint16_t from, bool under_way, struct kmp_log_page *page)
{
    const uint16_t registers[] = {RTC_REGISTER, kind->event_register, HOURS_REGISTER,
                                  PAYLOAD_REGISTER};
    const size_t n = sizeof registers / sizeof registers[0];
    uint8_t data[KMP_LOG_ASK_BYTES];
    const size_t n_data =
        cid == KMP_LOG_TIME_PRESENT   ? kmp_log_ask_all(kind->log, registers, n, data)
        : cid == KMP_LOG_LAST_PRESENT ? kmp_log_ask_unread(kind->log, registers, n, data)
                                      : kmp_log_ask_id(kind->log, registers, n, from, data);
    int length = kmp_link_command(&tool->kmp, cid, data, n_data);
    if (length < 0 && under_way && export_reconnect(tool)) {
        length = kmp_link_command(&tool->kmp, cid, data, n_data);
    }
    if (length == HOST_ERR_SILENT && tool->kmp.answered && !under_way) {
        tool_complain("the meter does not have the log '%s'", kind->name);
        return EXIT_UNKNOWN;
    }
    if (length < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    if (kmp_log_page_open(page, tool->kmp.receiver.body, (size_t)length) != KMP_OK ||
        page->log != kind->log) {
        tool_complain("log '%s': the answer is not a log of events", kind->name);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

/* An export of a log, and where its file ends. */
struct log_export {
    struct export_file file;
    struct export_progress progress;
    bool resumes; /* the file's last record is still to come, and must be the meter's */
    uint16_t last_id;
    char last_stamp[20];
    unsigned long n_seen;
};

static enum tool_exit take_record(struct log_export *x, const struct event_kind *kind,
                                  const struct event *event)
{
    char line[EXPORT_LINE_MAX];
    x->n_seen++;
    event_line(&x->file, kind, event, line);
    if (x->resumes) {
        x->resumes = false;
        if (event->id == x->last_id && strcmp(line, x->file.last) == 0) {
            return EXIT_GOOD;
        }
        if (event->id == x->last_id || strcmp(event->stamp, x->last_stamp) <= 0) {
            tool_complain("%s: its last record (number %u, %s) is not the meter's; name another "
                          "file",
                          x->file.path, (unsigned)x->last_id, x->last_stamp);
            return EXIT_USAGE;
        }
    }
    export_record(&x->file, line);
    return EXIT_GOOD;
}

/* One answer after another, each from the id after the last one. */
static enum tool_exit read_log(struct tool *tool, const struct event_kind *kind, bool unread,
                               struct log_export *x)
{
    uint8_t cid = unread       ? KMP_LOG_LAST_PRESENT
                  : x->resumes ? KMP_LOG_ID_PRESENT
                               : KMP_LOG_TIME_PRESENT;
    uint16_t from = x->last_id;
    for (unsigned n = 0; n < PAGES_MAX; n++) {
        struct kmp_log_page page;
        struct event event;
        uint16_t id = 0;
        enum tool_exit result = ask_page(tool, kind, cid, from, x->n_seen > 0, &page);
        while (result == EXIT_GOOD && kmp_log_page_next(&page, &id)) {
            if (!take_event(&page, kind, id, &event)) {
                tool_complain("log '%s': a record without stamp, event or hours", kind->name);
                return EXIT_METER;
            }
            result = take_record(x, kind, &event);
            from = (uint16_t)(id + 1u);
        }
        if (result != EXIT_GOOD) {
            return result;
        }
        const bool last = page.n_records == 0 || (page.info & KMP_LOG_END) != 0;
        const unsigned left = last ? 0 : (uint16_t)(page.newest - (uint16_t)(from - 1u));
        export_progress(&x->progress, tool, x->n_seen, x->n_seen + left, last);
        if (last) {
            return EXIT_GOOD;
        }
        cid = KMP_LOG_ID_PRESENT;
    }
    return EXIT_GOOD;
}

static enum tool_exit show_log(struct tool *tool, const struct event_kind *kind, bool unread)
{
    struct log_export x = {.progress = {.name = kind->name}};
    enum tool_exit result = export_open(&x.file, &tool->options);
    if (result != EXIT_GOOD) {
        return result;
    }
    x.resumes = !unread && export_last(&x.file, &x.last_id, x.last_stamp);
    if (x.file.format == FORMAT_CSV) {
        result = export_heading(&x.file, "id,time,clock_valid,hours,event,text");
    }
    result = result == EXIT_GOOD ? read_log(tool, kind, unread, &x) : result;
    if (result == EXIT_GOOD && x.resumes) {
        tool_complain("%s: the meter has no record number %u: another meter; name another file",
                      x.file.path, (unsigned)x.last_id);
        result = EXIT_USAGE;
    }
    return export_close(&x.file, result);
}

/* ---- event status ---- */

/* Both commands are answered by the four bytes of word A. */
static enum tool_exit event_status(struct tool *tool, uint8_t cid, const uint8_t *masks,
                                   size_t n_masks, uint32_t *word_a)
{
    const int length = kmp_link_command(&tool->kmp, cid, masks, n_masks);
    if (length < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    const uint8_t *body = tool->kmp.receiver.body;
    if (length != 6) {
        tool_complain("event status: %d bytes came, expected 4", length - 2);
        return EXIT_METER;
    }
    *word_a = (uint32_t)body[2] | (uint32_t)body[3] << 8 | (uint32_t)body[4] << 16 |
              (uint32_t)body[5] << 24;
    return EXIT_GOOD;
}

/* A meter that does not have the register has no word B. */
static enum tool_exit status_b(struct tool *tool, bool *has, uint32_t *word_b)
{
    const uint16_t id = EVENT_STATUS_B;
    struct kmp_value value;
    int64_t number = 0;
    int exponent = 0;
    const int n = kmp_link_registers(&tool->kmp, &id, 1, &value);
    if (n < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    *has = n == 1 && kmp_value_number(&value, &number, &exponent) == KMP_OK;
    *word_b = (uint32_t)number;
    return EXIT_GOOD;
}

static void print_bit(const struct tool *tool, char word, unsigned bit, const char *name,
                      json_t *list)
{
    char number[16];
    snprintf(number, sizeof number, "bit %u", bit);
    const char *text = name != NULL ? name : number;
    switch (tool->options.format) {
    case FORMAT_JSON: json_array_append_new(list, json_string(text)); break;
    case FORMAT_CSV: printf("%c,%u,%s\n", word, bit, text); break;
    default: printf("%c %2u  %s\n", word, bit, text); break;
    }
}

static json_t *print_word(const struct tool *tool, char letter, uint32_t word,
                          const char *(*name)(unsigned))
{
    json_t *list = json_array();
    for (unsigned bit = 0; bit < WORD_BITS; bit++) {
        if ((word >> bit & 1u) != 0) {
            print_bit(tool, letter, bit, name(bit), list);
        }
    }
    return json_pack("{s:I, s:o}", "word", (json_int_t)word, "set", list);
}

static enum tool_exit show_status(struct tool *tool)
{
    uint32_t word_a = 0, word_b = 0;
    bool has_b = false;
    enum tool_exit result = event_status(tool, GET_EVENT_STATUS, NULL, 0, &word_a);
    result = result == EXIT_GOOD ? status_b(tool, &has_b, &word_b) : result;
    if (result != EXIT_GOOD) {
        return result;
    }
    if (tool->options.format == FORMAT_CSV) {
        puts("word,bit,text");
    }
    json_t *all = json_object();
    json_object_set_new(all, "a", print_word(tool, 'A', word_a, event_word_a_name));
    json_object_set_new(all, "b",
                        has_b ? print_word(tool, 'B', word_b, event_word_b_name) : json_null());
    if (tool->options.format == FORMAT_JSON) {
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (tool->options.format == FORMAT_TABLE && word_a == 0 && word_b == 0) {
        puts("nothing");
    }
    json_decref(all);
    return EXIT_GOOD;
}

/* What has been read of this log is confirmed; the flag falls when that is all of it. */
static enum tool_exit confirm(struct tool *tool, const struct event_kind *kind)
{
    uint8_t masks[8] = {0};
    uint32_t word_a = 0;
    if (kind->bit == EVENT_NO_BIT) {
        tool_complain("log '%s': the meter has no flag for it, so there is nothing to confirm",
                      kind->name);
        return EXIT_USAGE;
    }
    masks[kind->bit / 8u] = (uint8_t)(1u << kind->bit % 8u);
    const enum tool_exit result =
        event_status(tool, CLEAR_EVENT_STATUS, masks, sizeof masks, &word_a);
    if (result == EXIT_GOOD && (word_a >> kind->bit & 1u) != 0) {
        tool_complain("log '%s' has records that were not read: metertool events %s new",
                      kind->name, kind->name);
        return EXIT_METER;
    }
    return result;
}

static enum tool_exit clear_all(struct tool *tool)
{
    static const uint8_t masks[8] = {0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF};
    uint32_t word_a = 0;
    return event_status(tool, CLEAR_EVENT_STATUS, masks, sizeof masks, &word_a);
}

/* ---- the command ---- */

/* A meter that answers nothing at all must not pass for one that lacks a log. */
static enum tool_exit find_meter(struct tool *tool)
{
    const uint16_t serial = 1001;
    struct kmp_value value;
    if (kmp_link_registers(&tool->kmp, &serial, 1, &value) < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

enum tool_exit command_events(struct tool *tool, int n_arguments, char **arguments)
{
    const char *name = n_arguments > 0 ? arguments[0] : "";
    const char *what = n_arguments > 1 ? arguments[1] : "";
    const struct event_kind *kind = event_kind_by_name(name);
    if (strcmp(name, "alarms") == 0) {
        return events_alarms(tool, n_arguments - 1, arguments + 1);
    }
    const bool clear = n_arguments == 1 && strcmp(name, "clear") == 0;
    const bool unread = strcmp(what, "new") == 0, done = strcmp(what, "done") == 0;
    const bool export = strcmp(what, "export") == 0;
    if (tool->line.url.protocol == METER_DLMS && n_arguments <= 1) {
        static const struct profile_choice logs = {"events", 99, 97, 98};
        return dlms_profile_export(tool, &logs, n_arguments > 0 ? arguments[0] : NULL);
    }
    if (n_arguments > 0 && kind == NULL && !clear) {
        tool_complain("events '%s': expected status, clock, voltage, disconnect, neutral, "
                      "load-profile, audit, alarms or "
                      "clear",
                      name);
        return EXIT_USAGE;
    }
    if (n_arguments > 2 || (n_arguments == 2 && !unread && !done && !export)) {
        tool_complain("events %s '%s': expected new, done, export or nothing", name, what);
        return EXIT_USAGE;
    }
    if (tool->line.url.protocol == METER_IEC) {
        if (kind != NULL && !unread && !done) {
            return iec_events_export(tool, kind);
        }
        tool_complain(
            "events over IEC: expected a log and no more (events status); what is new, and "
            "confirming it, goes over KMP (-m kmp:...)");
        return EXIT_USAGE;
    }
    if (find_meter(tool) != EXIT_GOOD) {
        return EXIT_METER;
    }
    if (kind == NULL) {
        return clear ? clear_all(tool) : show_status(tool);
    }
    return done ? confirm(tool, kind) : show_log(tool, kind, unread);
}
