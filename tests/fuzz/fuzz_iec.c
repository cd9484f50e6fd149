/* Line bytes through the IEC 62056-21 server, receivers and parsers: no crash, whatever comes. */
#include "proto/iec62056_21/iec_client.h"
#include "proto/iec62056_21/iec_dialog.h"
#include "proto/iec62056_21/iec_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *text(void *context)
{
    (void)context;
    return "12345";
}

static bool data_line(void *context, unsigned line, struct writer *out)
{
    (void)context;
    writer_text(out, "1.8.0(0036886*kWh)");
    return line < 3;
}

static bool password(void *context, const char *given)
{
    (void)context;
    return given[0] == '1';
}

/* Looks at all that it is given, and answers in every way. */
static enum iec_reply command(void *context, const struct iec_command *command, struct writer *out)
{
    (void)context;
    writer_text(out, command->name);
    writer_text(out, command->data);
    return (enum iec_reply)((unsigned)command->digit % 4u);
}

static void serve(const uint8_t *data, size_t size)
{
    static const struct iec_settings settings = {.mode_c = true,
                                                 .wait_ms = 1700,
                                                 .char_timeout_ms = 1500,
                                                 .initial_baud = 300,
                                                 .inactivity_ms = 90000,
                                                 .push_ms = 60000};
    static const struct iec_programmer programmer = {NULL, password, command};
    static const struct iec_meter meter = {NULL, text, text, data_line, &programmer};
    struct iec_server server;
    uint8_t sent[IEC_PROGRAM_ROOM];
    iec_server_init(&server, &settings);
    for (size_t i = 0; i < size; i++) {
        int64_t now_ms = (int64_t)i * 200;
        struct writer w = writer_over(sent, sizeof sent);
        iec_server_byte(&server, &meter, data[i], now_ms, &w);
        w = writer_over(sent, sizeof sent);
        iec_server_step(&server, &meter, now_ms, &w);
    }
}

static void receive(const uint8_t *data, size_t size)
{
    struct iec_receiver receiver;
    struct iec_item item;
    const char *at = (const char *)data;
    iec_receiver_init(&receiver);
    for (size_t i = 0; i < size; i++) {
        iec_receiver_byte(&receiver, data[i]);
    }
    while (iec_item_next(&at, (const char *)data + size, &item) == 1) {
    }
}

static void converse(const uint8_t *data, size_t size)
{
    struct iec_dialog dialog;
    const char *text = NULL;
    size_t length = 0;
    iec_dialog_init(&dialog);
    for (size_t i = 0; i < size; i++) {
        if (iec_dialog_byte(&dialog, data[i]) == IEC_ANSWER_DATA) {
            const char *at = dialog.text;
            while (iec_bracket_next(&at, dialog.text + dialog.length, &text, &length)) {
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    serve(data, size);
    receive(data, size);
    converse(data, size);
    return 0;
}
