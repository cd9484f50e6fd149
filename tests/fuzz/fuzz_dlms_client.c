/* Whatever a meter answers: associations, services, blocks, rows, notifications, texts. */
#include <string.h>

#include "host/lib/dlms_text.h"
#include "host/lib/dlms_trace.h"
#include "host/lib/dlms_words.h"
#include "proto/dlms/dlms_client.h"
#include "proto/dlms/dlms_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is a row of answers, each with its length in two octets before it. */
static int send(void *context, const uint8_t *apdu, size_t n_apdu)
{
    char text[300];
    (void)context;
    dlms_apdu_text(apdu, n_apdu, text, sizeof text);
    return DLMS_CLIENT_OK;
}

static int receive(void *context, uint8_t *apdu, size_t capacity)
{
    struct reader *answers = context;
    const size_t n = (size_t)reader_uint_be(answers, 2) % 600u;
    const size_t left = reader_left(answers), take = n < left ? n : left;
    if (answers->failed || take == 0) {
        return DLMS_CLIENT_ERR_SILENT;
    }
    if (take > capacity) {
        return DLMS_CLIENT_ERR_SPACE;
    }
    memcpy(apdu, reader_bytes(answers, take), take);
    return (int)take;
}

static void traced(void *context, bool sent, const uint8_t *apdu, size_t n_apdu)
{
    char text[300];
    (void)context;
    (void)sent;
    dlms_apdu_text(apdu, n_apdu, text, sizeof text);
}

static void show(struct reader data)
{
    char text[200];
    (void)dlms_data_text(data, text, sizeof text);
    json_decref(dlms_data_json(data));
}

static void notified(void *context, const struct dlms_notification *notification)
{
    (void)context;
    show(notification->data);
}

static int row(void *context, uint32_t index, uint16_t result, struct reader data)
{
    (void)context;
    (void)index;
    (void)result;
    show(data);
    return 0;
}

static int item(void *context, size_t index, uint16_t result, struct reader data)
{
    (void)context;
    (void)index;
    (void)result;
    show(data);
    return 0;
}

static void ask(struct dlms_client *client, uint8_t what)
{
    static uint8_t buffer[512];
    const struct dlms_descriptor d = {.class_id = 7, .obis = {1, 0, 99, 1, 0, 255}, .member = 2};
    const struct dlms_descriptor list[] = {d, d};
    const struct dlms_access_item items[] = {{DLMS_ACCESS_GET, d, {NULL, 0}}};
    const struct dlms_octets value = {buffer, sizeof buffer};
    struct dlms_rows rows;
    dlms_rows_init(&rows, what % 8 == 1 ? DLMS_ROWS_LIST : DLMS_ROWS_ARRAY, buffer, 300, row, NULL);
    const struct dlms_sink sink = dlms_rows_sink(&rows);
    int err = DLMS_CLIENT_OK;
    switch (what % 8) {
    case 0: err = dlms_client_get(client, &d, &sink); break;
    case 1: err = dlms_client_get_list(client, list, 2, &sink); break;
    case 2: err = dlms_client_set(client, &d, value); break;
    case 3: err = dlms_client_action(client, &d, value, &sink); break;
    case 4: err = dlms_client_access(client, items, 1, item, NULL); break;
    case 5: err = dlms_client_listen(client); break;
    case 6: err = dlms_client_release(client); break;
    default: err = dlms_client_associate(client); break;
    }
    char text[200];
    dlms_explain(client, dlms_rows_end(&rows, err), text, sizeof text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[1024], in[1024];
    struct reader answers = reader_over(data, size);
    struct dlms_client client;
    const uint8_t what = reader_u8(&answers);
    const struct dlms_client_settings settings = {.transport = {send, receive, &answers},
                                                  .conformance =
                                                      DLMS_CLIENT_CONFORMANCE | DLMS_CAN_GBT,
                                                  .gbt_window = 3,
                                                  .out = out,
                                                  .n_out = sizeof out,
                                                  .in = in,
                                                  .n_in = sizeof in,
                                                  .notified = notified,
                                                  .traced = traced};
    dlms_client_init(&client, &settings);
    if ((what & 0x80) == 0) { /* as if a good AARE had come */
        client.associated = true;
        client.conformance = settings.conformance;
        client.server_pdu = 128;
    } else if (dlms_client_associate(&client) != DLMS_CLIENT_OK) {
        return 0;
    }
    for (unsigned i = 0; i < 4 && reader_left(&answers) > 0; i++) {
        ask(&client, (uint8_t)(what >> i));
    }
    return 0;
}
