/* The DLMS client against dialogues byte for byte: captured ones, and answers that are wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/dlms/dlms_client.h"
#include "proto/dlms/dlms_rows.h"
#include "proto/hex.h"

#define OWN 4096u

/* A dialogue: what has to be sent, and what comes back for it; "" sends nothing back. */
struct step {
    const char *sent, *came;
};

struct script {
    const struct step *steps;
    size_t n_steps, at;
    const char *pending; /* further answers, by '|' */
};

/** Octets of text with or without blanks, up to '|'.  @return behind it. */
static const char *octets(const char *text, uint8_t *out, size_t *n)
{
    char pair[3] = {0};
    *n = 0;
    while (*text != '\0' && *text != '|') {
        if (*text == ' ') {
            text++;
            continue;
        }
        memcpy(pair, text, 2);
        out[(*n)++] = (uint8_t)strtoul(pair, NULL, 16);
        text += 2;
    }
    return *text == '|' ? text + 1 : text;
}

static int send(void *context, const uint8_t *apdu, size_t n_apdu)
{
    struct script *script = context;
    uint8_t expected[OWN];
    size_t n = 0;
    assert_true(script->at < script->n_steps);
    const struct step *step = &script->steps[script->at++];
    (void)octets(step->sent, expected, &n);
    if (n != n_apdu || memcmp(expected, apdu, n) != 0) {
        printf("step %zu: sent", script->at);
        for (size_t i = 0; i < n_apdu; i++) {
            printf(" %02X", apdu[i]);
        }
        printf("\n");
    }
    assert_int_equal(n_apdu, n);
    assert_memory_equal(apdu, expected, n);
    script->pending = step->came;
    return DLMS_CLIENT_OK;
}

static int receive(void *context, uint8_t *apdu, size_t capacity)
{
    struct script *script = context;
    uint8_t bytes[OWN];
    size_t n = 0;
    if (script->pending == NULL || *script->pending == '\0') {
        return DLMS_CLIENT_ERR_SILENT;
    }
    script->pending = octets(script->pending, bytes, &n);
    if (n > capacity) {
        return DLMS_CLIENT_ERR_SPACE;
    }
    memcpy(apdu, bytes, n);
    return (int)n;
}

static unsigned told;

static void notified(void *context, const struct dlms_notification *notification)
{
    (void)context;
    (void)notification;
    told++;
}

static uint8_t out_buffer[OWN], in_buffer[OWN];

static void begin(struct dlms_client *client, struct script *script, const struct step *steps,
                  size_t n_steps)
{
    *script = (struct script){steps, n_steps, 0, NULL};
    const struct dlms_client_settings settings = {.transport = {send, receive, script},
                                                  .conformance = 0x00001E1D,
                                                  .max_pdu = 0xFFFF,
                                                  .out = out_buffer,
                                                  .n_out = sizeof out_buffer,
                                                  .in = in_buffer,
                                                  .n_in = sizeof in_buffer,
                                                  .notified = notified};
    told = 0;
    dlms_client_init(client, &settings);
}

/* The public association of a capture (dlms.md 6.4). */
#define AARQ "601DA109060760857405080101BE10040E01000000065F1F0400001E1DFFFF"
#define AARE                                                                                       \
    "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F0400001E1D02000007"

static const struct dlms_descriptor energy = {
    .class_id = 3, .obis = {1, 0, 1, 8, 0, 255}, .member = 2};
static const struct dlms_descriptor clock_time = {
    .class_id = 8, .obis = {0, 0, 1, 0, 0, 255}, .member = 2};
static const struct dlms_descriptor open_breaker = {
    .class_id = 70, .obis = {0, 0, 96, 3, 10, 255}, .member = 1};

/* ---- associations ---- */

static void a_captured_association_and_its_end(void **state)
{
    (void)state;
    static const struct step steps[] = {{AARQ, AARE}, {"6203800100", "6303800100"}};
    struct script script;
    struct dlms_client client;
    begin(&client, &script, steps, 2);
    assert_int_equal(dlms_client_associate(&client), DLMS_CLIENT_OK);
    assert_int_equal(client.server_pdu, 0x0200);
    assert_int_equal(client.conformance, 0x1E1D);
    assert_int_equal(dlms_client_release(&client), DLMS_CLIENT_OK);
    assert_int_equal(dlms_client_release(&client), DLMS_CLIENT_ERR_CLOSED);
    assert_int_equal(script.at, 2);
}

static void a_captured_log_in_with_a_password(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"6033A109060760857405080101 8A020780 8B0760857405080201 AC0780054775727578"
         "BE10040E01000000065F1F0400001E1DFFFF",
         AARE}};
    struct script script;
    struct dlms_client client;
    begin(&client, &script, steps, 1);
    client.settings.mechanism = DLMS_MECHANISM_LLS;
    client.settings.password = (struct dlms_octets){(const uint8_t *)"Gurux", 5};
    assert_int_equal(dlms_client_associate(&client), DLMS_CLIENT_OK);
}

static int associate_to(const char *aare, struct dlms_client *client)
{
    struct step steps[] = {{AARQ, aare}};
    struct script script;
    begin(client, &script, steps, 1);
    return dlms_client_associate(client);
}

static void refused_associations_say_why(void **state)
{
    (void)state;
    struct dlms_client client;
    assert_int_equal(associate_to("6129A109060760857405080101A203020101A305A10302010D"
                                  "BE10040E0800065F1F0400001E1D02000007",
                                  &client),
                     DLMS_CLIENT_ERR_REJECTED);
    assert_int_equal(client.failure.result, 1);
    assert_int_equal(client.failure.diagnostic, 13);
    assert_int_equal(
        associate_to("611FA109060760857405080101A203020101A305A103020101BE0604040E010603", &client),
        DLMS_CLIENT_ERR_INITIATE);
    assert_int_equal(client.failure.result, DLMS_INITIATE_PDU);
    /* high level security that nobody asked for */
    assert_int_equal(associate_to("6129A109060760857405080101A203020100A305A10302010E"
                                  "BE10040E0800065F1F0400001E1D02000007",
                                  &client),
                     DLMS_CLIENT_ERR_REJECTED);
    /* short names */
    assert_int_equal(associate_to("6129A109060760857405080101A203020100A305A103020100"
                                  "BE10040E0800065F1F0400001E1D0200FA00",
                                  &client),
                     DLMS_CLIENT_ERR_MALFORMED);
    assert_int_equal(associate_to("", &client), DLMS_CLIENT_ERR_SILENT);
    assert_int_equal(associate_to("D80101", &client), DLMS_CLIENT_ERR_EXCEPTION);
    assert_false(client.associated);
}

static void hls_needs_something_to_prove_it_with(void **state)
{
    (void)state;
    struct script script;
    struct dlms_client client;
    begin(&client, &script, NULL, 0);
    client.settings.mechanism = DLMS_MECHANISM_HLS_GMAC;
    assert_int_equal(dlms_client_associate(&client), DLMS_CLIENT_ERR_SECURITY);
    client.settings.mechanism = DLMS_MECHANISM_NONE;
    client.settings.ciphered = true;
    assert_int_equal(dlms_client_associate(&client), DLMS_CLIENT_ERR_SECURITY);
}

/* A guard that protects nothing and proves with the other's challenge. */
static int as_it_is(void *context, struct dlms_bytes *apdu)
{
    (void)context;
    (void)apdu;
    return 0;
}
static void no_title(void *context, const uint8_t *title, size_t n)
{
    (void)context;
    (void)title;
    (void)n;
}
static int draw(void *context, uint8_t *out, size_t capacity)
{
    (void)context;
    (void)capacity;
    memcpy(out, "K56iVagY", 8);
    return 8;
}
static int give_back(void *context, struct dlms_octets stoc, uint8_t *out, size_t capacity)
{
    (void)context;
    (void)capacity;
    memcpy(out, stoc.bytes, stoc.n_bytes);
    return (int)stoc.n_bytes;
}
static bool is_right(void *context, struct dlms_octets proof)
{
    (void)context;
    return proof.n_bytes == 8 && memcmp(proof.bytes, "K56iVagY", 8) == 0;
}
static const struct dlms_client_guard mirror = {as_it_is, as_it_is, no_title, draw, give_back,
                                                is_right, NULL,     0,        0};

#define HLS_AARQ                                                                                   \
    "6036A1090607608574050801018A0207808B0760857405080203AC0A80084B35366956616759"                 \
    "BE10040E01000000065F1F0400001E1DFFFF"
#define HLS_AARE(diagnostic)                                                                       \
    "6142A109060760857405080101A203020100A305A1030201" diagnostic                                  \
    "88020780890760857405080203AA0A8008503677524A323146BE10040E0800065F1F0400001E1D02000007"
#define REPLY "C301C1000F0000280000FF01010908503677524A323146"

static int log_in(const char *aare, const char *answer)
{
    const struct step steps[] = {{HLS_AARQ, aare}, {REPLY, answer}};
    struct script script;
    struct dlms_client client;
    begin(&client, &script, steps, 2);
    client.settings.mechanism = DLMS_MECHANISM_HLS_MD5;
    client.settings.guard = &mirror;
    return dlms_client_associate(&client);
}

static void the_meter_has_to_prove_itself_too(void **state)
{
    (void)state;
    const char *good = "C701C10001000908 4B35366956616759";
    assert_int_equal(log_in(HLS_AARE("0E"), good), DLMS_CLIENT_OK);
    assert_int_equal(log_in(HLS_AARE("0E"), "C701C10001000908 4B35366956616758"),
                     DLMS_CLIENT_ERR_PROOF);
    assert_int_equal(log_in(HLS_AARE("0E"), "C701C10000"), DLMS_CLIENT_ERR_PROOF);
    assert_int_equal(log_in(HLS_AARE("0E"), "C701C10300"), DLMS_CLIENT_ERR_RESULT);
    /* one that lets us in without asking for the proof does not give its own either */
    assert_int_equal(log_in(HLS_AARE("00"), good), DLMS_CLIENT_ERR_PROOF);
}

/* ---- reading ---- */

static int get(const struct step *steps, size_t n_steps, uint8_t *data, struct dlms_client *client)
{
    struct script script;
    begin(client, &script, steps, n_steps);
    client->associated = true;
    client->conformance = 0x1E1D;
    client->server_pdu = 0x0200;
    const int n = dlms_client_get_into(client, &energy, data, 64);
    assert_int_equal(script.at, n_steps);
    return n;
}

#define GET "C001C100030100010800FF0200"

static void one_value_is_read(void **state)
{
    (void)state;
    const struct step steps[] = {{GET, "C401C1000600000BB8"}};
    struct dlms_client client;
    uint8_t data[64];
    assert_int_equal(get(steps, 1, data, &client), 5);
    assert_int_equal(data[4], 0xB8);
}

static void a_notification_before_the_answer_is_handed_on(void **state)
{
    (void)state;
    const struct step steps[] = {{GET, "0F00000001001107|C200000001000060"
                                       "0B00FF02"
                                       "1105"
                                       "|C401C1000600000BB8"}};
    struct dlms_client client;
    uint8_t data[64];
    assert_int_equal(get(steps, 1, data, &client), 5);
    assert_int_equal(told, 2);
}

static void wrong_answers_have_one_error_each(void **state)
{
    (void)state;
    static const struct {
        const char *came;
        int err;
    } cases[] = {
        {"C401C10104", DLMS_CLIENT_ERR_RESULT},          /* object undefined */
        {"C401C2000600000BB8", DLMS_CLIENT_ERR_INVOKE},  /* of another request */
        {"C401C1000600000B", DLMS_CLIENT_ERR_MALFORMED}, /* cut */
        {"C401C100", DLMS_CLIENT_ERR_MALFORMED},
        {"C4", DLMS_CLIENT_ERR_MALFORMED},
        {"C401C1000600000BB800", DLMS_CLIENT_ERR_MALFORMED}, /* something behind it */
        {"C501C100", DLMS_CLIENT_ERR_MALFORMED},             /* of another service */
        {"C403C1010006 00000BB8", DLMS_CLIENT_ERR_MALFORMED},
        {"D80101", DLMS_CLIENT_ERR_EXCEPTION},
        {"D8", DLMS_CLIENT_ERR_MALFORMED},
        {"0E010603", DLMS_CLIENT_ERR_INITIATE},
        {"CC08300000000100112233", DLMS_CLIENT_ERR_SECURITY}, /* nobody can open it */
        {"", DLMS_CLIENT_ERR_SILENT},
        {"C402C100000000020004 00112233", DLMS_CLIENT_ERR_BLOCK},
        {"C402C100000000010000", DLMS_CLIENT_ERR_MALFORMED}, /* an empty block: without an end */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct step steps[] = {{GET, cases[i].came}};
        struct dlms_client client;
        uint8_t data[64];
        const int err = get(steps, 1, data, &client);
        if (err != cases[i].err) {
            printf("case %zu: %s\n", i, cases[i].came);
        }
        assert_int_equal(err, cases[i].err);
    }
}

static void exception_counters_are_kept(void **state)
{
    (void)state;
    const struct step steps[] = {{GET, "D8020600000123"}};
    struct dlms_client client;
    uint8_t data[64];
    assert_int_equal(get(steps, 1, data, &client), DLMS_CLIENT_ERR_EXCEPTION);
    assert_int_equal(client.failure.service, DLMS_SERVICE_COUNTER);
    assert_int_equal(client.failure.counter, 0x123);
}

static void blocks_are_put_together(void **state)
{
    (void)state;
    const struct step steps[] = {{GET, "C402C100000000010003 090601"},
                                 {"C002C100000001", "C402C100000000020003 020304"},
                                 {"C002C100000002", "C402C101000000030002 0506"}};
    struct dlms_client client;
    uint8_t data[64];
    assert_int_equal(get(steps, 3, data, &client), 8);
    assert_memory_equal(data, "\x09\x06\x01\x02\x03\x04\x05\x06", 8);
    const struct step skipped[] = {{GET, "C402C100000000010003 090601"},
                                   {"C002C100000001", "C402C100000000030003 020304"}};
    assert_int_equal(get(skipped, 2, data, &client), DLMS_CLIENT_ERR_BLOCK);
    const struct step broken[] = {{GET, "C402C100000000010003 090601"},
                                  {"C002C100000001", "C402C1010000000101 0F"}};
    assert_int_equal(get(broken, 2, data, &client), DLMS_CLIENT_ERR_RESULT);
    assert_int_equal(client.failure.result, 15);
    const struct step other[] = {{GET, "C402C100000000010003 090601"},
                                 {"C002C100000001", "C401C1000600000BB8"}};
    assert_int_equal(get(other, 2, data, &client), DLMS_CLIENT_ERR_MALFORMED);
}

static void answers_longer_than_the_room_are_refused(void **state)
{
    (void)state;
    const struct step steps[] = {{GET, "C402C100000000010040 09"
                                       "8200000000000000000000000000000000000000000000000000000000"
                                       "0000000000000000000000000000000000000000000000000000000000"
                                       "0000000000"},
                                 {"C002C100000001", "C402C101000000020002 0506"}};
    struct dlms_client client;
    uint8_t data[64];
    assert_int_equal(get(steps, 2, data, &client), DLMS_CLIENT_ERR_SPACE);
}

static void nothing_is_asked_that_was_not_granted(void **state)
{
    (void)state;
    struct script script;
    struct dlms_client client;
    uint8_t data[8];
    const struct dlms_descriptor selected = {
        .class_id = 7, .member = 2, .selector = 1, .parameter = {data, data + 1, false}};
    begin(&client, &script, NULL, 0);
    assert_int_equal(dlms_client_get_into(&client, &energy, data, 8), DLMS_CLIENT_ERR_CLOSED);
    client.associated = true;
    client.conformance = DLMS_CAN_GET;
    assert_int_equal(dlms_client_get_into(&client, &selected, data, 8), DLMS_CLIENT_ERR_SERVICE);
    assert_int_equal(dlms_client_set(&client, &energy, (struct dlms_octets){data, 2}),
                     DLMS_CLIENT_ERR_SERVICE);
    assert_int_equal(
        dlms_client_action(&client, &open_breaker, (struct dlms_octets){NULL, 0}, NULL),
        DLMS_CLIENT_ERR_SERVICE);
    assert_int_equal(dlms_client_get_list(&client, &energy, 1, NULL), DLMS_CLIENT_ERR_SERVICE);
}

/* ---- lists and rows ---- */

struct seen {
    unsigned n, n_refused;
    size_t octets;
    unsigned stop_at;
};

static int take_row(void *context, uint32_t index, uint16_t result, struct reader data)
{
    struct seen *seen = context;
    assert_int_equal(index, seen->n);
    seen->n++;
    seen->n_refused += result != 0;
    seen->octets += reader_left(&data);
    return seen->stop_at != 0 && seen->n == seen->stop_at;
}

static void a_captured_list_is_taken_apart(void **state)
{
    (void)state;
    /* dlms.md 6.6: a register and the clock */
    const struct step steps[] = {
        {"C003C10200030101151900FF0200000800000100 00FF0200",
         "C403C10200 120012 00 090C07EA0B14050D322D00000000"},
        {"C003C20200030101151900FF0200000800000100 00FF0200", "C403C202 0104 0012 0012"},
        {"C003C30200030101151900FF0200000800000100 00FF0200", "C403C302 0100 0012 0012"}};
    const struct dlms_descriptor attributes[] = {
        {.class_id = 3, .obis = {1, 1, 21, 25, 0, 255}, .member = 2}, clock_time};
    struct script script;
    struct dlms_client client;
    struct seen seen = {0};
    struct dlms_rows rows;
    uint8_t buffer[64];
    begin(&client, &script, steps, 3);
    client.associated = true;
    client.conformance = 0x1E1D;
    dlms_rows_init(&rows, DLMS_ROWS_LIST, buffer, sizeof buffer, take_row, &seen);
    const struct dlms_sink sink = dlms_rows_sink(&rows);
    assert_int_equal(dlms_rows_end(&rows, dlms_client_get_list(&client, attributes, 2, &sink)),
                     DLMS_CLIENT_OK);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.octets, 3 + 14);
    seen = (struct seen){0};
    dlms_rows_init(&rows, DLMS_ROWS_LIST, buffer, sizeof buffer, take_row, &seen);
    assert_int_equal(dlms_rows_end(&rows, dlms_client_get_list(&client, attributes, 2, &sink)),
                     DLMS_CLIENT_OK);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.n_refused, 1);
    seen = (struct seen){0}; /* "success", but no value: refused all the same */
    dlms_rows_init(&rows, DLMS_ROWS_LIST, buffer, sizeof buffer, take_row, &seen);
    assert_int_equal(dlms_rows_end(&rows, dlms_client_get_list(&client, attributes, 2, &sink)),
                     DLMS_CLIENT_OK);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.n_refused, 1);
}

/* An array of four structures, cut everywhere, in pieces of every size. */
static const uint8_t array[] = {1,    4, 2, 2, 0x11, 1, 0x09, 3, 7, 7,    7, 2,    2, 0x11, 2,
                                0x09, 0, 2, 2, 0x11, 3, 0x00, 2, 2, 0x11, 4, 0x09, 1, 9};

static void rows_come_whole_whatever_the_blocks_are(void **state)
{
    (void)state;
    for (size_t piece = 1; piece <= sizeof array; piece++) {
        struct seen seen = {0};
        struct dlms_rows rows;
        uint8_t buffer[16];
        int err = 0;
        dlms_rows_init(&rows, DLMS_ROWS_ARRAY, buffer, sizeof buffer, take_row, &seen);
        const struct dlms_sink sink = dlms_rows_sink(&rows);
        for (size_t at = 0; at < sizeof array && err == 0; at += piece) {
            const size_t left = sizeof array - at;
            err = sink.take(sink.context, array + at, left < piece ? left : piece);
        }
        assert_int_equal(dlms_rows_end(&rows, err), DLMS_CLIENT_OK);
        assert_int_equal(seen.n, 4);
        assert_int_equal(seen.octets, sizeof array - 2);
    }
}

static int rows_of(const uint8_t *bytes, size_t n, size_t room, struct seen *seen)
{
    struct dlms_rows rows;
    static uint8_t buffer[64];
    dlms_rows_init(&rows, DLMS_ROWS_ARRAY, buffer, room, take_row, seen);
    const struct dlms_sink sink = dlms_rows_sink(&rows);
    int err = 0;
    for (size_t i = 0; i < n && err == 0; i++) {
        err = sink.take(sink.context, bytes + i, 1);
    }
    return dlms_rows_end(&rows, DLMS_CLIENT_OK);
}

static void rows_that_do_not_end_well(void **state)
{
    (void)state;
    struct seen seen = {0};
    static const uint8_t more[] = {1, 1, 0x11, 1, 0x11};
    static const uint8_t bad[] = {1, 1, 0xEE, 1};
    static const uint8_t one[] = {0x11, 7};
    static const uint8_t endless[] = {1, 0x85, 1, 1, 1, 1, 1, 1};
    for (size_t cut = 0; cut < sizeof array; cut++) {
        seen = (struct seen){0};
        assert_int_equal(rows_of(array, cut, 16, &seen), DLMS_CLIENT_ERR_MALFORMED);
    }
    seen = (struct seen){.stop_at = 2};
    assert_int_equal(rows_of(array, sizeof array, 16, &seen), DLMS_CLIENT_ERR_STOPPED);
    assert_int_equal(seen.n, 2);
    seen = (struct seen){0};
    assert_int_equal(rows_of(array, sizeof array, 6, &seen), DLMS_CLIENT_ERR_SPACE);
    seen = (struct seen){0};
    assert_int_equal(rows_of(more, sizeof more, 16, &seen), DLMS_CLIENT_ERR_MALFORMED);
    seen = (struct seen){0};
    assert_int_equal(rows_of(bad, sizeof bad, 16, &seen), DLMS_CLIENT_ERR_MALFORMED);
    seen = (struct seen){0};
    assert_int_equal(rows_of(endless, sizeof endless, 16, &seen), DLMS_CLIENT_ERR_MALFORMED);
    seen = (struct seen){0};
    assert_int_equal(rows_of(one, sizeof one, 16, &seen), DLMS_CLIENT_OK);
    assert_int_equal(seen.n, 1);
}

/* ---- writing ---- */

static void open_client(struct dlms_client *client, struct script *script, const struct step *steps,
                        size_t n_steps, uint16_t server_pdu)
{
    begin(client, script, steps, n_steps);
    client->associated = true;
    client->conformance = 0x1E1D;
    client->server_pdu = server_pdu;
}

static void a_captured_setting_of_the_clock(void **state)
{
    (void)state;
    static const uint8_t time[] = {0x09, 0x0C, 7, 0xEA, 11, 20, 5, 13, 50, 45, 0, 0x80, 0, 0};
    const struct step steps[] = {
        {"C101C100080000010000FF0200 090C07EA0B14050D322D00800000", "C501C100"},
        {"C101C200080000010000FF0200 090C07EA0B14050D322D00800000", "C501C203"}};
    struct script script;
    struct dlms_client client;
    open_client(&client, &script, steps, 2, 512);
    assert_int_equal(dlms_client_set(&client, &clock_time, (struct dlms_octets){time, sizeof time}),
                     DLMS_CLIENT_OK);
    assert_int_equal(dlms_client_set(&client, &clock_time, (struct dlms_octets){time, sizeof time}),
                     DLMS_CLIENT_ERR_RESULT);
    assert_int_equal(client.failure.result, 3);
}

static void long_values_go_in_blocks(void **state)
{
    (void)state;
    static const uint8_t value[] = {0x09, 20, 1,  2,  3,  4,  5,  6,  7,  8,  9,
                                    10,   11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
    const struct step steps[] = {
        {"C102C100080000010000FF0200 00 00000001 08 0914010203040506", "C502C100000001"},
        {"C103C101 00000002 0E 0708090A0B0C0D0E0F1011121314", "C503C10000000002"}};
    struct script script;
    struct dlms_client client;
    open_client(&client, &script, steps, 2, 32);
    assert_int_equal(
        dlms_client_set(&client, &clock_time, (struct dlms_octets){value, sizeof value}),
        DLMS_CLIENT_OK);
    assert_int_equal(script.at, 2);
    const struct step wrong[] = {{steps[0].sent, "C502C100000002"}};
    open_client(&client, &script, wrong, 1, 32);
    assert_int_equal(
        dlms_client_set(&client, &clock_time, (struct dlms_octets){value, sizeof value}),
        DLMS_CLIENT_ERR_BLOCK);
    open_client(&client, &script, NULL, 0, 32);
    client.conformance = DLMS_CAN_SET;
    assert_int_equal(
        dlms_client_set(&client, &clock_time, (struct dlms_octets){value, sizeof value}),
        DLMS_CLIENT_ERR_LONG);
}

static void a_captured_action_that_is_denied(void **state)
{
    (void)state;
    static const uint8_t zero[] = {0x0F, 0};
    const struct step steps[] = {{"C301C1004600 0060030AFF01 01 0F00", "C701C10300"},
                                 {"C301C2004600 0060030AFF01 00", "C701C20001000F05"}};
    struct script script;
    struct dlms_client client;
    struct seen seen = {0};
    struct dlms_rows rows;
    uint8_t buffer[16];
    open_client(&client, &script, steps, 2, 512);
    assert_int_equal(
        dlms_client_action(&client, &open_breaker, (struct dlms_octets){zero, sizeof zero}, NULL),
        DLMS_CLIENT_ERR_RESULT);
    assert_int_equal(client.failure.result, 3);
    dlms_rows_init(&rows, DLMS_ROWS_ARRAY, buffer, sizeof buffer, take_row, &seen);
    const struct dlms_sink sink = dlms_rows_sink(&rows);
    assert_int_equal(
        dlms_client_action(&client, &open_breaker, (struct dlms_octets){NULL, 0}, &sink),
        DLMS_CLIENT_OK);
    assert_int_equal(seen.octets, 2);
}

static int take_item(void *context, size_t item, uint16_t result, struct reader data)
{
    struct seen *seen = context;
    assert_int_equal(item, seen->n++);
    seen->n_refused += result != 0;
    seen->octets += reader_left(&data);
    return 0;
}

static void access_asks_for_several_things_at_once(void **state)
{
    (void)state;
    static const uint8_t value[] = {0x11, 5};
    const struct step steps[] = {
        {"D9C0000001 00 02 01 00030100010800FF02 02 00010000600100FF02 02 00 1105",
         "DA00000001 00 00 02 0600000BB8 00 02 0100 0203"}};
    const struct dlms_access_item items[] = {
        {DLMS_ACCESS_GET, energy, {NULL, 0}},
        {DLMS_ACCESS_SET, {.class_id = 1, .obis = {0, 0, 96, 1, 0, 255}, .member = 2}, {value, 2}}};
    struct script script;
    struct dlms_client client;
    struct seen seen = {0};
    open_client(&client, &script, steps, 1, 512);
    client.conformance |= DLMS_CAN_ACCESS;
    assert_int_equal(dlms_client_access(&client, items, 2, take_item, &seen), DLMS_CLIENT_OK);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.n_refused, 1);
    assert_int_equal(seen.octets, 6);
}

static void notifications_are_waited_for(void **state)
{
    (void)state;
    struct script script;
    struct dlms_client client;
    open_client(&client, &script, NULL, 0, 512);
    script.pending = "0F00000001001107|C401C1000600000BB8|0F000000";
    assert_int_equal(dlms_client_listen(&client), DLMS_CLIENT_OK);
    assert_int_equal(told, 1);
    assert_int_equal(dlms_client_listen(&client), DLMS_CLIENT_ERR_MALFORMED); /* an answer */
    assert_int_equal(dlms_client_listen(&client), DLMS_CLIENT_ERR_MALFORMED); /* cut */
    assert_int_equal(dlms_client_listen(&client), DLMS_CLIENT_ERR_SILENT);
    assert_int_equal(told, 1);
}

/* ---- general block transfer ---- */

static void answers_in_general_blocks(void **state)
{
    (void)state;
    /* two blocks in a row, one more after they are confirmed */
    const struct step steps[] = {{GET, "E042 0001 0000 04 C401C100|E002 0002 0000 03 090601"},
                                 {"E081 0001 0002 00", "E082 0003 0001 05 0203040506"}};
    struct dlms_client client;
    uint8_t data[64];
    assert_int_equal(get(steps, 2, data, &client), 8);
    assert_memory_equal(data, "\x09\x06\x01\x02\x03\x04\x05\x06", 8);
    /* the second one is lost: it is asked for again */
    const struct step lost[] = {
        {GET, "E043 0001 0000 04 C401C100|E003 0003 0000 05 0203040506"},
        {"E081 0001 0001 00", "E042 0002 0001 03 090601|E082 0003 0001 05 0203040506"}};
    assert_int_equal(get(lost, 2, data, &client), 8);
    assert_memory_equal(data, "\x09\x06\x01\x02\x03\x04\x05\x06", 8);
}

static void long_requests_in_general_blocks(void **state)
{
    (void)state;
    static const uint8_t value[] = {0x09, 20, 1,  2,  3,  4,  5,  6,  7,  8,  9,
                                    10,   11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
    const struct step steps[] = {
        {"E001 0001 0000 17 C101C100080000010000FF0200 0914010203040506 0708", "E081 0001 0001 00"},
        {"E081 0002 0000 0C 090A0B0C0D0E0F1011121314", "E081 0001 0002 04 C501C100"}};
    struct script script;
    struct dlms_client client;
    open_client(&client, &script, steps, 2, 32);
    client.conformance = DLMS_CAN_SET | DLMS_CAN_GBT;
    assert_int_equal(
        dlms_client_set(&client, &clock_time, (struct dlms_octets){value, sizeof value}),
        DLMS_CLIENT_OK);
    assert_int_equal(script.at, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_captured_association_and_its_end),
        cmocka_unit_test(a_captured_log_in_with_a_password),
        cmocka_unit_test(refused_associations_say_why),
        cmocka_unit_test(hls_needs_something_to_prove_it_with),
        cmocka_unit_test(the_meter_has_to_prove_itself_too),
        cmocka_unit_test(one_value_is_read),
        cmocka_unit_test(a_notification_before_the_answer_is_handed_on),
        cmocka_unit_test(wrong_answers_have_one_error_each),
        cmocka_unit_test(exception_counters_are_kept),
        cmocka_unit_test(blocks_are_put_together),
        cmocka_unit_test(answers_longer_than_the_room_are_refused),
        cmocka_unit_test(nothing_is_asked_that_was_not_granted),
        cmocka_unit_test(a_captured_list_is_taken_apart),
        cmocka_unit_test(rows_come_whole_whatever_the_blocks_are),
        cmocka_unit_test(rows_that_do_not_end_well),
        cmocka_unit_test(a_captured_setting_of_the_clock),
        cmocka_unit_test(long_values_go_in_blocks),
        cmocka_unit_test(a_captured_action_that_is_denied),
        cmocka_unit_test(access_asks_for_several_things_at_once),
        cmocka_unit_test(notifications_are_waited_for),
        cmocka_unit_test(answers_in_general_blocks),
        cmocka_unit_test(long_requests_in_general_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
