/* metertool decode wmbus: a radio telegram, deciphered with the meter's key from the key file. */
#include <string.h>

#include "../../proto/mbus/mbus_text.h"
#include "decode.h"

/* As a receiver logs it; behind a sync word; with the checksums of format A or B. */
static int take_telegram(const uint8_t *octets, size_t n_octets,
                         uint8_t telegram[WMBUS_TELEGRAM_MAX])
{
    enum wmbus_mode mode;
    enum wmbus_format format;
    if (n_octets >= WMBUS_TELEGRAM_MIN && n_octets <= WMBUS_TELEGRAM_MAX &&
        octets[0] == n_octets - 1u) {
        memcpy(telegram, octets, n_octets);
        /* The length of format B counts its checksum: then it is one that fits. */
        int n = wmbus_air_decode(WMBUS_FORMAT_B, octets, n_octets, telegram);
        if (n > 0) {
            return n;
        }
        memcpy(telegram, octets, n_octets);
        return (int)n_octets;
    }
    int n = wmbus_receive(octets, n_octets, &mode, &format, telegram);
    for (int f = WMBUS_FORMAT_A; n < 0 && f <= WMBUS_FORMAT_B; f++) {
        n = wmbus_air_decode((enum wmbus_format)f, octets, n_octets, telegram);
    }
    return n;
}

static unsigned access_number(const struct wmbus_telegram *head)
{
    return head->has_ell ? head->ell_access : head->header.access_number;
}

void radio_print_head(const struct radio_telegram *telegram)
{
    char maker[4];
    const struct wmbus_telegram *head = &telegram->head;
    mbus_manufacturer_text(telegram->sender->manufacturer, maker);
    printf("%s %08lX version %u, %s, access number %u, %s%s", maker,
           (unsigned long)telegram->sender->id_raw, telegram->sender->version,
           mbus_medium_text(telegram->sender->medium), access_number(head),
           radio_security_text(head->security), head->is_compact ? ", compact" : "");
}

int radio_json(struct writer *w, struct radio_telegram *telegram)
{
    mbus_json_identity(w, telegram->sender);
    writer_text(w, "\"access_number\":");
    writer_decimal(w, access_number(&telegram->head), 1);
    writer_text(w, ",\"status\":");
    writer_decimal(w, telegram->head.header.status, 1);
    writer_text(w, ",\"security\":\"");
    writer_text(w, radio_security_text(telegram->head.security));
    writer_text(w, "\",\"records\":");
    return mbus_json_records(w, &telegram->records);
}

static enum tool_exit print_json(struct radio_telegram *telegram)
{
    static char text[MBUS_JSON_MAX];
    struct writer w = writer_over(text, sizeof text - 1);
    writer_text(&w, "{");
    const int result = radio_json(&w, telegram);
    writer_text(&w, "}");
    *w.at = '\0';
    puts(text);
    return result == MBUS_OK ? EXIT_GOOD : EXIT_METER;
}

static enum tool_exit print_telegram(const struct tool *tool, struct radio_telegram *telegram)
{
    if (tool->options.format == FORMAT_JSON) {
        return print_json(telegram);
    }
    if (tool->options.format == FORMAT_CSV) {
        puts(mbus_csv_heading);
    } else {
        radio_print_head(telegram);
        putchar('\n');
    }
    return decode_records(tool, &telegram->records);
}

void radio_error_text(const struct radio_telegram *telegram, int result, char *text, size_t n_text)
{
    const unsigned long number = telegram->head.sender.id_raw;
    if (telegram->wants_key) {
        (void)snprintf(text, n_text,
                       "encrypted telegram of meter %08lX: expected its key in --keys FILE, "
                       "\"wmbus\": {\"%08lX\": \"HEX\"}",
                       number, number);
    } else if (result == WMBUS_ERR_COMPACT) {
        (void)snprintf(text, n_text,
                       "compact frame of the format %04X: its full frame would be needed",
                       telegram->head.format_signature);
    } else {
        (void)snprintf(text, n_text, "telegram of meter %08lX: %s", number, wmbus_err_text(result));
    }
}

static enum tool_exit open_and_print(const struct tool *tool, const struct key_file *keys,
                                     uint8_t *octets, size_t n_octets)
{
    struct radio_decoder decoder;
    struct radio_telegram telegram;
    radio_decoder_init(&decoder, keys);
    const int result = radio_decoder_open(&decoder, octets, n_octets, &telegram);
    if (result != MBUS_OK) {
        char text[RADIO_ERROR_MAX];
        radio_error_text(&telegram, result, text, sizeof text);
        tool_complain("%s", text);
        return EXIT_METER;
    }
    return print_telegram(tool, &telegram);
}

enum tool_exit decode_wmbus(struct tool *tool, const uint8_t *octets, size_t n_octets)
{
    uint8_t telegram[WMBUS_TELEGRAM_MAX];
    char error[KEY_FILE_ERROR_MAX];
    struct key_file keys;
    int n = take_telegram(octets, n_octets, telegram);
    if (n < 0) {
        tool_complain("no radio telegram: neither as logged (length in front, no checksums) nor as "
                      "on the air: %s",
                      mbus_err_text(n));
        return EXIT_METER;
    }
    if (key_file_read(&keys, tool->options.keys, error) != HOST_OK) {
        tool_complain("%s", error);
        return EXIT_USAGE;
    }
    enum tool_exit done = open_and_print(tool, &keys, telegram, (size_t)n);
    key_file_wipe(&keys);
    return done;
}
