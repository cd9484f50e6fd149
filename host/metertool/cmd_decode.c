/* metertool decode: what a telegram says, from its octets in hex. */
#include <stdlib.h>
#include <string.h>

#include "../../proto/mbus/mbus_text.h"
#include "commands.h"
#include "decode.h"
#include "push_show.h"

#define OCTETS_MAX 1024u

struct octets {
    uint8_t bytes[OCTETS_MAX];
    size_t n_bytes;
    int half; /**< first digit of an octet, or -1 */
};

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Octets may be joined or apart, by blanks, commas, colons, underscores or "0x". */
static bool take_text(struct octets *octets, const char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (text[i] == '0' && (text[i + 1] | 0x20) == 'x') {
            i++;
            continue;
        }
        if (strchr(" \t\r\n,:_", text[i]) != NULL) {
            continue;
        }
        int digit = digit_of(text[i]);
        if (digit < 0) {
            tool_complain("'%c' behind octet %zu is no hex digit", text[i], octets->n_bytes);
            return false;
        }
        if (octets->half < 0) {
            octets->half = digit;
            continue;
        }
        if (octets->n_bytes == OCTETS_MAX) {
            tool_complain("more than %u octets: no telegram is that long", OCTETS_MAX);
            return false;
        }
        octets->bytes[octets->n_bytes++] = (uint8_t)(octets->half << 4 | digit);
        octets->half = -1;
    }
    return true;
}

static enum tool_exit take_all(struct octets *octets, int n_arguments, char **arguments)
{
    *octets = (struct octets){.half = -1};
    if (n_arguments == 0) {
        char line[4096];
        while (fgets(line, sizeof line, stdin) != NULL) {
            if (!take_text(octets, line)) {
                return EXIT_USAGE;
            }
        }
    }
    for (int i = 0; i < n_arguments; i++) {
        if (!take_text(octets, arguments[i])) {
            return EXIT_USAGE;
        }
    }
    if (octets->half >= 0) {
        tool_complain("half an octet at the end: an even number of hex digits was expected");
        return EXIT_USAGE;
    }
    if (octets->n_bytes == 0) {
        tool_complain("no octets: metertool decode mbus 68 46 46 68 ..., or wmbus");
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

static void print_where(const struct mbus_record *record)
{
    if (record->storage != 0) {
        printf(" storage %llu", (unsigned long long)record->storage);
    }
    if (record->tariff != 0) {
        printf(" tariff %lu", (unsigned long)record->tariff);
    }
    if (record->subunit != 0) {
        printf(" subunit %u", record->subunit);
    }
    const char *const words[] = {
        record->function != MBUS_INSTANT ? mbus_function_text(record->function) : "",
        mbus_direction_text(record->direction), mbus_place_text(record->place)};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i][0] != '\0') {
            printf(" %s", words[i]);
        }
    }
}

static void print_record(const struct mbus_record *record)
{
    char text[1024], unit[300] = "";
    struct writer w = writer_over(text, sizeof text - 1);
    mbus_value_text(&w, record);
    *w.at = '\0';
    for (size_t i = 0; i < record->n_unit_text; i++) {
        unit[i] = (char)mbus_text_at(record->unit_text, record->n_unit_text, i);
    }
    bool own = record->kind == MBUS_VALUE_MANUFACTURER || record->kind == MBUS_VALUE_MORE;
    printf(
        "  %-28s %s %s",
        mbus_quantity_text(own ? (uint8_t)MBUS_QUANTITY_MANUFACTURER_SPECIFIC : record->quantity),
        text, record->n_unit_text > 0 ? unit : mbus_unit_text(record->unit));
    print_where(record);
    puts(record->kind == MBUS_VALUE_MORE ? " (another telegram follows)" : "");
}

static void print_header(const struct mbus_frame *frame, const struct mbus_header *header)
{
    char maker[4];
    printf("address %u", frame->address);
    if (header->has_identity) {
        mbus_manufacturer_text(header->identity.manufacturer, maker);
        printf(", %s %08lX version %u, %s", maker, (unsigned long)header->identity.id_raw,
               header->identity.version, mbus_medium_text(header->identity.medium));
    }
    if (header->has_status) {
        printf(", access number %u, status %02X", header->access_number, header->status);
    }
    putchar('\n');
}

enum tool_exit decode_records(const struct tool *tool, struct reader *r)
{
    struct mbus_record record;
    int result;
    while ((result = mbus_record_next(r, &record)) == 1) {
        if (tool->options.format == FORMAT_CSV) {
            char line[2048];
            struct writer w = writer_over(line, sizeof line - 1);
            mbus_csv_record(&w, &record);
            *w.at = '\0';
            puts(line);
        } else {
            print_record(&record);
        }
    }
    if (result != MBUS_OK) {
        tool_complain("a record is longer than its telegram");
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

/* Records as a table or as CSV. */
static enum tool_exit print_records(const struct tool *tool, const struct mbus_frame *frame,
                                    bool heading)
{
    struct reader r = reader_over(frame->data, frame->n_data);
    struct mbus_header header;
    int result = mbus_header_read(frame->ci, &r, &header);
    if (result == MBUS_OK && (header.signature & 0x1F00u) != 0) {
        result = MBUS_ERR_CIPHERED;
    }
    if (result != MBUS_OK) {
        tool_complain("telegram with CI %02X: %s", frame->ci, mbus_err_text(result));
        return EXIT_METER;
    }
    if (tool->options.format == FORMAT_CSV) {
        if (heading) {
            puts(mbus_csv_heading);
        }
    } else {
        print_header(frame, &header);
    }
    return decode_records(tool, &r);
}

enum tool_exit decode_print(const struct tool *tool, const struct mbus_frame *frame, bool heading)
{
    static char text[MBUS_JSON_MAX];
    if (frame->kind != MBUS_LONG) {
        tool_complain("%s: it carries no data",
                      frame->kind == MBUS_SINGLE ? "an acknowledgement (E5)" : "a short frame");
        return EXIT_METER;
    }
    if (tool->options.format != FORMAT_JSON) {
        return print_records(tool, frame, heading);
    }
    struct writer w = writer_over(text, sizeof text - 1);
    int result = mbus_json_frame(&w, frame);
    if (result != MBUS_OK) {
        tool_complain("telegram with CI %02X: %s", frame->ci, mbus_err_text(result));
        return EXIT_METER;
    }
    *w.at = '\0';
    puts(text);
    return EXIT_GOOD;
}

static enum tool_exit decode_mbus(const struct tool *tool, const struct octets *octets)
{
    for (size_t at = 0; at < octets->n_bytes;) {
        struct mbus_frame frame;
        int used = mbus_frame_decode(octets->bytes + at, octets->n_bytes - at, &frame);
        if (used < 0) {
            tool_complain("octet %zu: %s", at, mbus_err_text(used));
            return EXIT_METER;
        }
        enum tool_exit result = decode_print(tool, &frame, true);
        if (result != EXIT_GOOD) {
            return result;
        }
        at += (size_t)used;
    }
    return EXIT_GOOD;
}

enum tool_exit command_decode(struct tool *tool, int n_arguments, char **arguments)
{
    struct octets octets;
    if (n_arguments > 0 && (strcmp(arguments[0], "han") == 0 || strcmp(arguments[0], "p1") == 0)) {
        return decode_push(tool, n_arguments - 1, arguments + 1);
    }
    bool radio = n_arguments > 0 && strcmp(arguments[0], "wmbus") == 0;
    if (!radio && (n_arguments < 1 || strcmp(arguments[0], "mbus") != 0)) {
        tool_complain("decode what? mbus, wmbus, han or p1, then the telegram in hex");
        return EXIT_USAGE;
    }
    enum tool_exit result = take_all(&octets, n_arguments - 1, arguments + 1);
    if (result != EXIT_GOOD) {
        return result;
    }
    return radio ? decode_wmbus(tool, octets.bytes, octets.n_bytes) : decode_mbus(tool, &octets);
}
