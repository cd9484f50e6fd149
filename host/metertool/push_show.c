#include "push_show.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "../../proto/push/push_reader.h"
#include "../lib/dlms_text.h"
#include "../lib/dlms_unit.h"
#include "../lib/obis_text.h"

#define TEXT_MAX 200u

/* One value as people and programs want it. */
struct shown {
    char code[OBIS_TEXT_MAX], name[80], text[TEXT_MAX], unit[16];
    bool is_number;
    int64_t mantissa;
    int exponent;
};

/* ---- the three forms ---- */

/* A push under way. */
struct output {
    struct push_show *show;
    json_t *json; /* values; NULL: table or CSV */
    const char *time;
};

static void csv_text(const char *text)
{
    if (strpbrk(text, ",\"\n") == NULL) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (; *text != '\0'; text++) {
        fputs(*text == '"' ? "\"\"" : (const char[]){*text, '\0'}, stdout);
    }
    putchar('"');
}

static json_t *number_json(const struct shown *shown)
{
    return shown->exponent == 0
               ? json_integer((json_int_t)shown->mantissa)
               : json_real((double)shown->mantissa * pow(10.0, (double)shown->exponent));
}

static void put_value(struct output *output, const struct shown *shown)
{
    if (output->json != NULL) {
        json_t *one = json_object();
        json_object_set_new(one, "name", json_string(shown->name));
        json_object_set_new(one, "value",
                            shown->is_number ? number_json(shown) : json_string(shown->text));
        if (shown->unit[0] != '\0') {
            json_object_set_new(one, "unit", json_string(shown->unit));
        }
        json_object_set_new(output->json, shown->code, one);
    } else if (output->show->tool->options.format == FORMAT_CSV) {
        const char *const columns[] = {output->time, shown->code, shown->name, shown->text,
                                       shown->unit};
        for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
            fputs(i > 0 ? "," : "", stdout);
            csv_text(columns[i]);
        }
        putchar('\n');
    } else {
        printf("  %-18s %-32s %s %s\n", shown->code, shown->name, shown->text, shown->unit);
    }
}

static void begin(struct output *output, struct push_show *show, const char *time, const char *name)
{
    *output = (struct output){.show = show, .time = time};
    show->n_shown++;
    if (show->tool->options.format == FORMAT_JSON) {
        output->json = json_object();
    } else if (show->tool->options.format == FORMAT_TABLE) {
        printf("%s%s%s\n", time, name[0] != '\0' ? "  " : "", name);
    } else if (!show->headed) {
        puts("time,code,name,value,unit");
        show->headed = true;
    }
}

static void now_text(char text[32])
{
    const time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(text, 32, "%Y-%m-%d %H:%M:%S", &local);
}

/** @param rest  more members, taken over; NULL: none */
static void end(struct output *output, const char *name, json_t *rest)
{
    if (output->json != NULL) {
        char now[32];
        json_t *one = json_object();
        if (output->show->dated) {
            now_text(now);
            json_object_set_new(one, "received", json_string(now));
        }
        json_object_set_new(one, "time",
                            output->time[0] != '\0' ? json_string(output->time) : json_null());
        json_object_set_new(one, "list", json_string(name));
        json_object_set_new(one, "values", output->json);
        json_object_update(one, rest);
        json_dumpf(one, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
        putchar('\n');
        json_decref(one);
    }
    json_decref(rest);
    (void)fflush(stdout);
}

static void name_code(const uint8_t obis[6], struct shown *shown)
{
    obis_text(obis, shown->code);
    object_name(obis, shown->name, sizeof shown->name);
}

/* A number with its unit as people say it: W becomes kW. */
static void take_number(struct shown *shown, int64_t mantissa, int exponent, uint8_t unit)
{
    const char *name = dlms_unit_shown(unit, exponent, &shown->exponent);
    shown->is_number = true;
    shown->mantissa = mantissa;
    number_text(mantissa, shown->exponent, shown->text, sizeof shown->text);
    (void)snprintf(shown->unit, sizeof shown->unit, "%s", name != NULL ? name : "?");
}

/* ---- DLMS ---- */

/* Some meters say no day of the week: 0, where FF was meant. */
static bool read_time(const uint8_t *octets, size_t n_octets, char text[48])
{
    uint8_t mended[DLMS_TIME_OCTETS];
    struct dlms_time time;
    if (n_octets != sizeof mended) {
        return false;
    }
    memcpy(mended, octets, sizeof mended);
    mended[4] = mended[4] == 0 ? DLMS_ANY : mended[4];
    if (!dlms_time_from_octets(mended, &time)) {
        return false;
    }
    dlms_time_text(&time, text, 48);
    return true;
}

static bool is_clock(const uint8_t obis[6])
{
    return obis[0] == 0 && obis[2] == 1 && obis[3] == 0 && obis[4] == 0;
}

/* Of the message, or of the clock in its list; "": it has neither. */
static void message_time(const struct dlms_notification *n, struct push_reader reader,
                         char text[48])
{
    struct push_value value;
    text[0] = '\0';
    bool found = read_time(n->time.bytes, n->time.n_bytes, text);
    while (!found && push_reader_next(&reader, &value) == 1) {
        found = is_clock(value.obis) && value.value.type == DLMS_OCTETS &&
                read_time(value.value.bytes, value.value.n_bytes, text);
    }
}

static void put_item(struct output *output, const struct push_value *value)
{
    struct shown shown = {.is_number = false};
    int64_t number = 0;
    int exponent = 0;
    name_code(value->obis, &shown);
    if (dlms_value_number(&value->value, &number, &exponent)) {
        take_number(&shown, number, exponent + value->exponent, value->unit);
    } else if (!is_clock(value->obis) ||
               !read_time(value->value.bytes, value->value.n_bytes, shown.text)) {
        dlms_value_text(&value->value, shown.text, sizeof shown.text);
    }
    put_value(output, &shown);
}

static void show_notification(struct push_show *show, const struct dlms_notification *n)
{
    struct output output;
    struct push_reader reader;
    struct push_value value;
    char at[48];
    int result;
    unsigned n_values = 0;
    push_reader_init(&reader, n->data, show->kamstrup_energy);
    message_time(n, reader, at);
    begin(&output, show, at, reader.name);
    while ((result = push_reader_next(&reader, &value)) == 1) {
        put_item(&output, &value);
        n_values++;
    }
    const bool json = show->tool->options.format == FORMAT_JSON;
    if (n_values == 0 && show->tool->options.format == FORMAT_TABLE) {
        static char text[16384];
        (void)dlms_data_text(n->data, text, sizeof text);
        printf("  %s\n", text); /* no codes: as it is */
    }
    end(&output, reader.name,
        json && n_values == 0 ? json_pack("{s:o?}", "data", dlms_data_json(n->data)) : NULL);
    if (result < 0) {
        tool_complain("the push ends inside a value");
        show->n_refused++;
    }
}

void push_show_apdu(struct push_show *show, uint8_t *octets, size_t n_octets)
{
    struct dlms_bytes apdu = {octets, n_octets};
    struct dlms_notification n;
    const uint8_t tag = n_octets > 0 ? octets[0] : 0;
    const bool ciphered = tag >= DLMS_TAG_GENERAL_GLO && tag <= DLMS_TAG_GENERAL_CIPHERING;
    if (ciphered && (!show->has_keys || !dlms_guard_open(&show->protector, &apdu))) {
        tool_complain("a push cannot be deciphered: %s",
                      show->has_keys ? "check the keys"
                                     : "expected guek and gak in --keys FILE or OPEN382_KEYS");
        show->n_refused++;
        return;
    }
    apdu.n_bytes = push_mend(apdu.bytes, apdu.n_bytes);
    if (dlms_notification_read(apdu.bytes, apdu.n_bytes, &n) != DLMS_OK) {
        tool_complain("a push is malformed (its first octet is %02X, expected 0F)", tag);
        show->n_refused++;
        return;
    }
    show_notification(show, &n);
}

/* ---- P1 ---- */

static void put_line(struct output *output, const struct p1_line *line)
{
    struct shown shown = {
        .is_number = line->is_number, .mantissa = line->mantissa, .exponent = line->exponent};
    name_code(line->obis, &shown);
    (void)snprintf(shown.unit, sizeof shown.unit, "%.*s", (int)line->n_unit,
                   line->n_unit > 0 ? line->unit : "");
    if (line->is_number) {
        number_text(line->mantissa, line->exponent, shown.text, sizeof shown.text);
    } else {
        (void)snprintf(shown.text, sizeof shown.text, "%.*s", (int)line->n_value, line->value);
    }
    put_value(output, &shown);
}

/* "240407122854S" as "2024-04-07 12:28:54 (summer)"; "" when the telegram has no clock. */
static void clock_text(struct reader lines, char text[48])
{
    static const uint8_t clock[5] = {0, 0, 1, 0, 0};
    struct p1_line line;
    text[0] = '\0';
    while (p1_line_next(&lines, &line)) {
        if (memcmp(line.obis, clock, sizeof clock) == 0 && line.n_value == 13) {
            const char *v = line.value;
            (void)snprintf(text, 48, "20%.2s-%.2s-%.2s %.2s:%.2s:%.2s", v, v + 2, v + 4, v + 6,
                           v + 8, v + 10);
            return;
        }
    }
}

static void show_telegram(struct push_show *show, const uint8_t *bytes, size_t n_bytes)
{
    struct reader lines = reader_over(bytes, n_bytes);
    struct output output;
    struct p1_line line;
    const char *identification;
    char at[48], name[64];
    const size_t n = p1_identification(bytes, n_bytes, &identification);
    (void)snprintf(name, sizeof name, "%.*s", (int)n, identification);
    clock_text(lines, at);
    begin(&output, show, at, name);
    while (p1_line_next(&lines, &line)) {
        put_line(&output, &line);
    }
    end(&output, name, NULL);
}

static void take_p1(struct push_show *show, uint8_t octet)
{
    const enum p1_found found = p1_collector_take(&show->p1, octet);
    if (found == P1_GOOD || found == P1_NO_CRC) {
        show_telegram(show, show->p1.bytes, show->p1.n_bytes);
    } else if (found != P1_NOTHING) {
        tool_complain("a P1 telegram is %s", found == P1_BAD_CRC ? "damaged: its CRC is wrong"
                                                                 : "longer than any that is known");
        show->n_refused++;
    }
}

/* ---- octets ---- */

/* Some makes push UI frames, some I frames that nobody asked for. */
static void take_frame(struct push_show *show, const struct hdlc_frame *frame)
{
    static const uint8_t llc[] = {0xE6, 0xE7, 0x00};
    const enum hdlc_kind kind = hdlc_kind_of(frame->control);
    struct hdlc_collector *apdu = &show->apdu;
    const uint8_t *info = frame->info;
    size_t n_info = frame->n_info;
    if (kind != HDLC_UI && kind != HDLC_I) {
        return;
    }
    if (n_info > sizeof llc && memcmp(info, llc, sizeof llc) == 0) {
        apdu->length = 0; /* a new one */
        info += sizeof llc;
        n_info -= sizeof llc;
    }
    const bool fits = hdlc_collector_add(apdu, info, n_info);
    if (fits && frame->segmented) {
        return;
    }
    if (fits) {
        push_show_apdu(show, apdu->bytes, apdu->length);
    }
    apdu->length = 0;
}

static void take_frames(struct push_show *show, const uint8_t *octets, size_t n_octets)
{
    struct reader in = reader_over(octets, n_octets);
    struct hdlc_frame frame;
    while (hdlc_receiver_take(&show->frames, &in, &frame)) {
        take_frame(show, &frame);
    }
}

void push_show_silence(struct push_show *show)
{
    struct hdlc_frame frame;
    push_mbus_idle(&show->mbus);
    while (hdlc_receiver_expire(&show->frames, &frame)) {
        take_frame(show, &frame);
    }
}

void push_show_octets(struct push_show *show, const uint8_t *octets, size_t n_octets)
{
    take_frames(show, octets, n_octets);
    for (size_t i = 0; i < n_octets; i++) {
        take_p1(show, octets[i]);
        if (push_mbus_take(&show->mbus, octets[i])) {
            push_show_apdu(show, show->mbus.bytes, show->mbus.length);
        }
    }
}

enum tool_exit push_show_begin(struct push_show *show, struct tool *tool)
{
    char error[KEY_FILE_ERROR_MAX];
    show->tool = tool;
    show->kamstrup_energy = PUSH_ENERGY_10WH;
    hdlc_receiver_init(&show->frames, show->frame_bytes, sizeof show->frame_bytes);
    push_mbus_init(&show->mbus, show->mbus_bytes, sizeof show->mbus_bytes);
    show->apdu = (struct hdlc_collector){show->apdu_bytes, sizeof show->apdu_bytes, 0};
    if (key_file_read(&show->keys, tool->options.keys, error) != HOST_OK) {
        tool_complain("%s", error);
        return EXIT_USAGE;
    }
    show->has_keys = show->keys.has[DLMS_KEY_UNICAST] || show->keys.has[DLMS_KEY_BROADCAST];
    if (show->has_keys &&
        dlms_guard_listen(&show->protector, show->keys.suite, &show->keys) != HOST_OK) {
        tool_complain("%s", show->protector.error);
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

bool push_show_word(struct push_show *show, const char *word)
{
    if (strcmp(word, "energy=wh") != 0 && strcmp(word, "energy=10wh") != 0) {
        return false;
    }
    show->kamstrup_energy = word[7] == 'w' ? PUSH_ENERGY_WH : PUSH_ENERGY_10WH;
    return true;
}

void push_show_end(struct push_show *show)
{
    if (show->has_keys) {
        dlms_guard_end(&show->protector);
    }
    key_file_wipe(&show->keys);
}
