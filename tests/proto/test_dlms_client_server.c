/* Client and server in one process: what one says the other understands, at every PDU size, in
 * service blocks and general blocks; and answers that are bent on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/dlms/dlms_client.h"
#include "proto/dlms/dlms_rows.h"
#include "proto/dlms_link.h"
#include "proto/hex.h"

#define OWN 4096u

/* The server as a transport; answers can be bent. */
struct wire {
    struct dlms_link link;
    uint8_t answer[OWN];
    size_t n_answer;
    uint64_t bend; /* seed; 0: as they are */
    unsigned lose; /* one general block in so many is lost; 0: none */
    uint64_t dice;
    unsigned n_exchanges;
};

static struct wire wire;
static uint8_t out_buffer[OWN], in_buffer[OWN], row_buffer[OWN];

static int send(void *context, const uint8_t *apdu, size_t n_apdu)
{
    struct wire *w = context;
    uint8_t *copy = malloc(n_apdu);
    memcpy(copy, apdu, n_apdu);
    w->n_answer = dlms_server_apdu(&w->link.server, copy, n_apdu, w->answer, w->link.capacity);
    free(copy);
    w->n_exchanges++;
    return DLMS_CLIENT_OK;
}

static void bend(struct wire *w)
{
    const uint64_t dice = test_random(&w->bend);
    const size_t at = w->n_answer > 0 ? (size_t)(dice >> 8) % w->n_answer : 0;
    if (w->n_answer == 0 || dice % 8 != 0) {
        return;
    }
    switch (dice >> 3 & 3) {
    case 0: w->answer[at] = (uint8_t)(dice >> 40); break;
    case 1: w->n_answer = at; break;
    case 2: w->answer[at] ^= (uint8_t)(1u << (dice >> 50 & 7)); break;
    default:
        if (w->n_answer + 4 < sizeof w->answer) {
            w->answer[w->n_answer++] = (uint8_t)(dice >> 30);
        }
    }
}

static int receive(void *context, uint8_t *apdu, size_t capacity)
{
    struct wire *w = context;
    for (;;) {
        if (w->n_answer == 0) {
            w->n_answer = dlms_server_more(&w->link.server, w->answer, w->link.capacity);
        }
        if (w->n_answer == 0) {
            return DLMS_CLIENT_ERR_SILENT;
        }
        if (w->lose == 0 || w->answer[0] != DLMS_TAG_GBT || test_random(&w->dice) % w->lose != 0) {
            break;
        }
        w->n_answer = 0; /* lost */
    }
    if (w->bend != 0) {
        bend(w);
    }
    const size_t n = w->n_answer;
    w->n_answer = 0;
    if (n > capacity) {
        return DLMS_CLIENT_ERR_SPACE;
    }
    memcpy(apdu, w->answer, n);
    return n > 0 ? (int)n : DLMS_CLIENT_ERR_MALFORMED;
}

static void begin(struct dlms_client *client, uint16_t sap, uint16_t max_pdu, uint32_t conformance)
{
    memset(&wire, 0, sizeof wire);
    link_begin(&wire.link, sap, NULL);
    const struct dlms_client_settings settings = {.transport = {send, receive, &wire},
                                                  .conformance = conformance,
                                                  .max_pdu = max_pdu,
                                                  .gbt_window = 5,
                                                  .out = out_buffer,
                                                  .n_out = sizeof out_buffer,
                                                  .in = in_buffer,
                                                  .n_in = sizeof in_buffer};
    dlms_client_init(client, &settings);
}

static const struct dlms_octets nothing = {NULL, 0};

/* ---- what was read ---- */

struct rows_seen {
    uint32_t n, sum;
};

static int take_row(void *context, uint32_t index, uint16_t result, struct reader data)
{
    struct rows_seen *seen = context;
    uint32_t energy = 0;
    struct dlms_time time;
    if (result != 0 || !dlms_read_structure(&data, 2) || !dlms_read_time(&data, &time) ||
        !dlms_read_u32(&data, &energy) || energy != (index + 1) * 7) {
        return 1;
    }
    seen->n++;
    seen->sum += energy;
    return 0;
}

static int read_profile(struct dlms_client *client, struct rows_seen *seen)
{
    const struct dlms_descriptor d = link_row(ROW_PROFILE, 2);
    struct dlms_rows rows;
    *seen = (struct rows_seen){0, 0};
    dlms_rows_init(&rows, DLMS_ROWS_ARRAY, row_buffer, sizeof row_buffer, take_row, seen);
    const struct dlms_sink sink = dlms_rows_sink(&rows);
    return dlms_rows_end(&rows, dlms_client_get(client, &d, &sink));
}

/* ---- tests ---- */

static void a_log_in_with_a_password(void **state)
{
    (void)state;
    struct dlms_client client;
    begin(&client, 17, 0, DLMS_CLIENT_CONFORMANCE);
    client.settings.mechanism = DLMS_MECHANISM_LLS;
    client.settings.password = (struct dlms_octets){(const uint8_t *)"Gurux", 5};
    assert_int_equal(dlms_client_associate(&client), DLMS_CLIENT_OK);
    assert_int_equal(client.server_pdu, 512);
    assert_int_equal(dlms_client_release(&client), DLMS_CLIENT_OK);
    client.settings.password = (struct dlms_octets){(const uint8_t *)"gurux", 5};
    assert_int_equal(dlms_client_associate(&client), DLMS_CLIENT_ERR_REJECTED);
    assert_int_equal(client.failure.diagnostic, DLMS_DIAGNOSTIC_AUTHENTICATION_FAILED);
    client.settings.mechanism = DLMS_MECHANISM_NONE;
    client.settings.password = nothing;
    assert_int_equal(dlms_client_associate(&client), DLMS_CLIENT_ERR_REJECTED);
}

/** Everything there is, at this size. */
static void do_everything(struct dlms_client *client)
{
    const struct dlms_descriptor name = link_row(ROW_NAME, 2), energy = link_row(ROW_ENERGY, 2);
    const struct dlms_descriptor secret = link_row(ROW_SECRET, 2);
    struct dlms_descriptor method = link_row(ROW_BREAKER, 1);
    uint8_t data[1024], value[252];
    struct rows_seen seen;
    assert_int_equal(dlms_client_associate(client), DLMS_CLIENT_OK);
    assert_int_equal(dlms_client_get_into(client, &energy, data, sizeof data), 3);
    assert_int_equal(dlms_client_get_into(client, &secret, data, sizeof data),
                     DLMS_CLIENT_ERR_RESULT);
    assert_int_equal(client->failure.result, DLMS_RESULT_DENIED);
    assert_int_equal(read_profile(client, &seen), DLMS_CLIENT_OK);
    assert_int_equal(seen.n, 100);
    assert_int_equal(seen.sum, 7 * 5050);
    struct writer w = writer_over(value, sizeof value);
    uint8_t text[200];
    for (unsigned i = 0; i < sizeof text; i++) {
        text[i] = (uint8_t)(i + 7);
    }
    dlms_write_octets(&w, text, sizeof text);
    const struct dlms_octets long_value = {value, writer_length(&w)};
    assert_int_equal(dlms_client_set(client, &name, long_value), DLMS_CLIENT_OK);
    assert_int_equal(dlms_client_get_into(client, &name, data, sizeof data),
                     (int)long_value.n_bytes);
    assert_memory_equal(data, value, long_value.n_bytes);
    assert_int_equal(dlms_client_action(client, &method, nothing, NULL), DLMS_CLIENT_OK);
    method.member = 2; /* gives back what it was given */
    assert_int_equal(dlms_client_action(client, &method, long_value, NULL), DLMS_CLIENT_OK);
    assert_int_equal(dlms_client_release(client), DLMS_CLIENT_OK);
}

static void every_size_of_message(void **state)
{
    (void)state;
    for (uint16_t pdu = 64; pdu <= 600; pdu = (uint16_t)(pdu + 1)) {
        struct dlms_client client;
        begin(&client, 18, pdu, DLMS_CLIENT_CONFORMANCE);
        do_everything(&client);
    }
}

static void every_size_of_general_blocks(void **state)
{
    (void)state;
    const uint32_t services =
        DLMS_CAN_GET | DLMS_CAN_SET | DLMS_CAN_ACTION | DLMS_CAN_GBT | DLMS_CAN_SELECT;
    for (uint16_t pdu = 64; pdu <= 600; pdu = (uint16_t)(pdu + 3)) {
        struct dlms_client client;
        begin(&client, 18, pdu, services);
        do_everything(&client);
    }
}

static void lost_general_blocks_come_again(void **state)
{
    (void)state;
    for (unsigned lose = 4; lose < 20; lose++) {
        struct dlms_client client;
        struct rows_seen seen;
        begin(&client, 18, 128, DLMS_CAN_GET | DLMS_CAN_GBT);
        assert_int_equal(dlms_client_associate(&client), DLMS_CLIENT_OK);
        wire.lose = lose;
        wire.dice = 0x382 + lose;
        assert_int_equal(read_profile(&client, &seen), DLMS_CLIENT_OK);
        assert_int_equal(seen.n, 100);
    }
}

struct into {
    uint8_t *data;
    size_t n;
};

static int take_into(void *context, const uint8_t *bytes, size_t n_bytes)
{
    struct into *into = context;
    memcpy(into->data + into->n, bytes, n_bytes);
    into->n += n_bytes;
    return 0;
}

/** Method 2 gives back what it was given. */
static void one_value(struct dlms_client *client, struct dlms_octets given, uint8_t *data,
                      size_t *n_data)
{
    const struct dlms_descriptor method = link_row(ROW_BREAKER, 2);
    struct into into = {data, 0};
    const struct dlms_sink sink = {take_into, &into};
    assert_int_equal(dlms_client_action(client, &method, given, &sink), DLMS_CLIENT_OK);
    *n_data = into.n;
}

static void long_return_values_come_whole(void **state)
{
    (void)state;
    uint8_t value[240], data[1024];
    for (size_t n = 0; n < 220; n += 13) {
        for (unsigned general = 0; general < 2; general++) {
            struct dlms_client client;
            struct writer w = writer_over(value, sizeof value);
            uint8_t text[220];
            size_t n_data = 0;
            begin(&client, 18, 70,
                  general != 0 ? (uint32_t)(DLMS_CAN_ACTION | DLMS_CAN_GBT)
                               : DLMS_CLIENT_CONFORMANCE);
            assert_int_equal(dlms_client_associate(&client), DLMS_CLIENT_OK);
            memset(text, (int)n, sizeof text);
            dlms_write_octets(&w, text, n);
            one_value(&client, (struct dlms_octets){value, writer_length(&w)}, data, &n_data);
            assert_int_equal(n_data, writer_length(&w));
            assert_memory_equal(data, value, n_data);
        }
    }
}

/* ---- lists ---- */

struct list_seen {
    unsigned n, n_denied;
};

static int take_element(void *context, uint32_t index, uint16_t result, struct reader data)
{
    struct list_seen *seen = context;
    (void)index;
    seen->n++;
    seen->n_denied += result == DLMS_RESULT_DENIED;
    return result == 0 && reader_left(&data) == 0;
}

static void lists_at_every_size(void **state)
{
    (void)state;
    const struct dlms_descriptor list[] = {link_row(ROW_CLOCK, 2),  link_row(ROW_SECRET, 2),
                                           link_row(ROW_ENERGY, 2), link_row(ROW_NAME, 2),
                                           link_row(ROW_SAP, 2),    link_row(ROW_ENERGY, 3)};
    for (uint16_t pdu = 64; pdu < 300; pdu = (uint16_t)(pdu + 1)) {
        struct dlms_client client;
        struct list_seen seen = {0, 0};
        struct dlms_rows rows;
        begin(&client, 18, pdu, DLMS_CLIENT_CONFORMANCE);
        assert_int_equal(dlms_client_associate(&client), DLMS_CLIENT_OK);
        dlms_rows_init(&rows, DLMS_ROWS_LIST, row_buffer, sizeof row_buffer, take_element, &seen);
        const struct dlms_sink sink = dlms_rows_sink(&rows);
        assert_int_equal(dlms_rows_end(&rows, dlms_client_get_list(&client, list, 6, &sink)),
                         DLMS_CLIENT_OK);
        assert_int_equal(seen.n, 6);
        assert_int_equal(seen.n_denied, 1);
    }
}

static int take_item(void *context, size_t item, uint16_t result, struct reader data)
{
    struct list_seen *seen = context;
    (void)item;
    (void)data;
    seen->n++;
    seen->n_denied += result == DLMS_RESULT_DENIED;
    return 0;
}

static void access_and_set_lists(void **state)
{
    (void)state;
    static const uint8_t text[] = {0x09, 2, 'h', 'i'}, both[] = {0x09, 2, 'h', 'o', 0x11, 1};
    const struct dlms_access_item items[] = {
        {DLMS_ACCESS_GET, link_row(ROW_CLOCK, 2), {NULL, 0}},
        {DLMS_ACCESS_SET, link_row(ROW_NAME, 2), {text, sizeof text}},
        {DLMS_ACCESS_ACTION, link_row(ROW_BREAKER, 1), {NULL, 0}},
        {DLMS_ACCESS_GET, link_row(ROW_SECRET, 2), {NULL, 0}},
    };
    const struct dlms_descriptor list[] = {link_row(ROW_NAME, 2), link_row(ROW_ENERGY, 2)};
    uint16_t results[2] = {99, 99};
    struct dlms_client client;
    struct list_seen seen = {0, 0};
    begin(&client, 18, 0, DLMS_CLIENT_CONFORMANCE);
    assert_int_equal(dlms_client_associate(&client), DLMS_CLIENT_OK);
    assert_int_equal(dlms_client_access(&client, items, 4, take_item, &seen), DLMS_CLIENT_OK);
    assert_int_equal(seen.n, 4);
    assert_int_equal(seen.n_denied, 1);
    assert_int_equal(wire.link.meter.n_calls, 1);
    assert_memory_equal(wire.link.meter.text, "hi", 2);
    assert_int_equal(
        dlms_client_set_list(&client, list, 2, (struct dlms_octets){both, sizeof both}, results),
        DLMS_CLIENT_OK);
    assert_int_equal(results[0], 0);
    assert_int_equal(results[1], DLMS_RESULT_DENIED);
    assert_memory_equal(wire.link.meter.text, "ho", 2);
}

/** Bent answers end a call with an error, or with what they say; never otherwise, never late. */
static void bent_answers_are_survived(void **state)
{
    (void)state;
    const char *wanted = getenv("OPEN382_DLMS_MUTANTS");
    const unsigned long n_wanted = wanted != NULL ? strtoul(wanted, NULL, 10) : 60000;
    uint64_t seed = 0x5EED382;
    unsigned long n_exchanges = 0;
    for (unsigned long round = 0; n_exchanges < n_wanted; round++) {
        struct dlms_client client;
        struct rows_seen seen;
        uint8_t data[300];
        const struct dlms_descriptor name = link_row(ROW_NAME, 2);
        const struct dlms_descriptor list[] = {link_row(ROW_CLOCK, 2), link_row(ROW_SAP, 2)};
        struct list_seen elements = {0, 0};
        struct dlms_rows rows;
        begin(&client, 18, (uint16_t)(64 + test_random(&seed) % 400),
              round % 3 == 0 ? (uint32_t)(DLMS_CAN_GET | DLMS_CAN_SET | DLMS_CAN_GBT)
                             : DLMS_CLIENT_CONFORMANCE);
        wire.bend = test_random(&seed) | 1;
        if (dlms_client_associate(&client) != DLMS_CLIENT_OK) {
            wire.bend = 0;
            client.associated = false;
            if (dlms_client_associate(&client) != DLMS_CLIENT_OK) {
                fail();
            }
            wire.bend = test_random(&seed) | 1;
        }
        (void)read_profile(&client, &seen);
        (void)dlms_client_get_into(&client, &name, data, sizeof data);
        dlms_rows_init(&rows, DLMS_ROWS_LIST, row_buffer, 100, take_element, &elements);
        const struct dlms_sink sink = dlms_rows_sink(&rows);
        (void)dlms_client_get_list(&client, list, 2, &sink);
        (void)dlms_client_set(&client, &name,
                              (struct dlms_octets){(const uint8_t *)"\x09\x01x", 3});
        (void)dlms_client_release(&client);
        n_exchanges += wire.n_exchanges;
        assert_true(wire.n_exchanges < 2000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_in_with_a_password),
        cmocka_unit_test(every_size_of_message),
        cmocka_unit_test(every_size_of_general_blocks),
        cmocka_unit_test(lost_general_blocks_come_again),
        cmocka_unit_test(long_return_values_come_whole),
        cmocka_unit_test(lists_at_every_size),
        cmocka_unit_test(access_and_set_lists),
        cmocka_unit_test(bent_answers_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
