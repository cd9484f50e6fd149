/* metertool decode wmbus: a radio telegram, deciphered with the meter's key from the key file. */
#include <string.h>

#include "../../ports/crypto/openssl/crypto_openssl.h"
#include "../../proto/mbus/mbus_text.h"
#include "../../proto/wmbus/wmbus_telegram.h"
#include "../lib/key_file.h"
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

static const char *security_text(uint8_t security)
{
    static const char *const texts[] = {"not encrypted", "AES-CTR", "mode 5", "mode 7"};
    return texts[security & 3u];
}

static void print_head(const struct wmbus_telegram *telegram)
{
    char maker[4];
    const struct mbus_identity *sender =
        telegram->header.has_identity ? &telegram->header.identity : &telegram->sender;
    mbus_manufacturer_text(sender->manufacturer, maker);
    printf("%s %08lX version %u, %s, access number %u, %s%s\n", maker,
           (unsigned long)sender->id_raw, sender->version, mbus_medium_text(sender->medium),
           telegram->has_ell ? telegram->ell_access : telegram->header.access_number,
           security_text(telegram->security), telegram->is_compact ? ", compact" : "");
}

static enum tool_exit print_json(const struct wmbus_telegram *telegram, struct reader *r)
{
    static char text[MBUS_JSON_MAX];
    const struct mbus_identity *sender =
        telegram->header.has_identity ? &telegram->header.identity : &telegram->sender;
    struct writer w = writer_over(text, sizeof text - 1);
    writer_text(&w, "{");
    mbus_json_identity(&w, sender);
    writer_text(&w, "\"access_number\":");
    writer_decimal(&w, telegram->has_ell ? telegram->ell_access : telegram->header.access_number,
                   1);
    writer_text(&w, ",\"status\":");
    writer_decimal(&w, telegram->header.status, 1);
    writer_text(&w, ",\"security\":\"");
    writer_text(&w, security_text(telegram->security));
    writer_text(&w, "\",\"records\":");
    int result = mbus_json_records(&w, r);
    writer_text(&w, "}");
    *w.at = '\0';
    puts(text);
    return result == MBUS_OK ? EXIT_GOOD : EXIT_METER;
}

static enum tool_exit print_telegram(const struct tool *tool, const struct wmbus_telegram *telegram)
{
    uint8_t whole[WMBUS_TELEGRAM_MAX];
    struct reader r = reader_over(telegram->records, telegram->n_records);
    if (telegram->is_compact) {
        int n = wmbus_compact_expand(telegram, &wmbus_format_omnipower, whole, sizeof whole);
        if (n < 0) {
            tool_complain("compact frame of the format %04X: its full frame would be needed",
                          telegram->format_signature);
            return EXIT_METER;
        }
        r = reader_over(whole, (size_t)n);
    }
    if (tool->options.format == FORMAT_JSON) {
        return print_json(telegram, &r);
    }
    if (tool->options.format == FORMAT_CSV) {
        puts(mbus_csv_heading);
    } else {
        print_head(telegram);
    }
    return decode_records(tool, &r);
}

/* Its number says whose key it is; a number inside the transport layer comes first. */
static const uint8_t *key_of(const struct key_file *keys, const struct wmbus_telegram *telegram)
{
    const uint8_t *key = NULL;
    if (telegram->header.has_identity) {
        key = key_file_radio(keys, telegram->header.identity.id_raw);
    }
    return key != NULL ? key : key_file_radio(keys, telegram->sender.id_raw);
}

static enum tool_exit open_and_print(const struct tool *tool, const struct key_file *keys,
                                     uint8_t *octets, size_t n_octets)
{
    struct crypto_port port;
    struct wmbus_telegram telegram;
    struct wmbus_key key = {0};
    int result = crypto_openssl(&port) == 0
                     ? wmbus_telegram_open(&port, NULL, octets, n_octets, &telegram)
                     : MBUS_ERR_CIPHERED;
    const uint8_t *bytes = result == MBUS_ERR_CIPHERED ? key_of(keys, &telegram) : NULL;
    if (result == MBUS_ERR_CIPHERED && bytes == NULL) {
        tool_complain("encrypted telegram of meter %08lX: expected its key in --keys FILE, "
                      "\"wmbus\": {\"%08lX\": \"HEX\"}",
                      (unsigned long)telegram.sender.id_raw, (unsigned long)telegram.sender.id_raw);
        return EXIT_METER;
    }
    if (bytes != NULL) {
        result = wmbus_key_set(&port, &key, bytes) == 0
                     ? wmbus_telegram_open(&port, &key, octets, n_octets, &telegram)
                     : WMBUS_ERR_KEY;
    }
    if (result != MBUS_OK) {
        tool_complain("telegram of meter %08lX: %s", (unsigned long)telegram.sender.id_raw,
                      wmbus_err_text(result));
    }
    enum tool_exit done = result == MBUS_OK ? print_telegram(tool, &telegram) : EXIT_METER;
    wmbus_key_drop(&port, &key);
    return done;
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
