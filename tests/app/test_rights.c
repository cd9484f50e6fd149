/* Rights per channel, and what wrong passwords cost. */
#include "legal_puppet.h"

#include "app/meter/meter_audit.h"
#include "proto/kmp/kmp_settings.h"

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

/* ---- the matrix ---- */

/* REQ(SEC-05, SEC-06): consumer port < optical eye < module port < factory: what a channel may, all
 * above it may as easily */
static void channels_are_ordered(void **state)
{
    (void)state;
    static const enum rights_channel order[] = {CHANNEL_CONSUMER, CHANNEL_OPTICAL, CHANNEL_MODULE,
                                                CHANNEL_BOARD};
    for (unsigned action = 0; action < ACTIONS; action++) {
        for (unsigned i = 0; i + 1 < CHANNELS; i++) {
            assert_true(rights_of(order[i], (enum rights_action)action) <=
                        rights_of(order[i + 1], (enum rights_action)action));
        }
        assert_int_equal(rights_of(CHANNEL_BOARD, (enum rights_action)action), RIGHT_YES);
    }
    assert_int_equal(rights_of(CHANNELS, ACTION_READ), RIGHT_NO);
    assert_int_equal(rights_of(CHANNEL_OPTICAL, ACTIONS), RIGHT_NO);
}

/* REQ(CCC-04): the consumer port reads and does nothing else */
static void consumer_port_only_reads(void **state)
{
    (void)state;
    for (unsigned action = 0; action < ACTIONS; action++) {
        const bool reads = action == ACTION_READ || action == ACTION_READ_LOG;
        assert_int_equal(rights_of(CHANNEL_CONSUMER, (enum rights_action)action),
                         reads ? RIGHT_YES : RIGHT_NO);
    }
}

/* ---- over the line ---- */

/* A body over a connection.  @return length of the answer's body; 1: acknowledged; 0: silence */
static size_t ask(struct meter *meter, unsigned line, int64_t wall_ms, const uint8_t *body,
                  size_t n_body, uint8_t *answer)
{
    uint8_t frame[KMP_FRAME_MAX], got[KMP_FRAME_MAX];
    const int n = kmp_frame_encode(KMP_TO_METER, body, n_body, frame, sizeof frame);
    assert_true(n > 0);
    optical_receive(&meter->optical[line], meter, frame, (size_t)n, wall_ms);
    const size_t n_got = optical_transmit(&meter->optical[line], got, sizeof got);
    struct kmp_receiver receiver;
    kmp_receiver_init(&receiver, KMP_FROM_METER);
    int result = 0;
    for (size_t i = 0; i < n_got; i++) {
        result = kmp_receiver_byte(&receiver, got[i]);
    }
    if (result == 1) {
        memcpy(answer, receiver.body, receiver.length);
        return receiver.length;
    }
    return n_got == 1 && got[0] == KMP_ACK ? 1 : 0;
}

static size_t put(struct meter *meter, unsigned line, int64_t wall_ms, uint16_t password,
                  uint16_t id, uint32_t number)
{
    uint8_t body[32], answer[KMP_BODY_MAX];
    struct kmp_value value;
    struct writer w = writer_over(body, sizeof body);
    assert_int_equal(kmp_value_set(&value, id, 51, 4, number, 0), KMP_OK);
    writer_u8(&w, KMP_ADDRESS_METER);
    writer_u8(&w, 0x11);
    writer_uint_be(&w, password, 2);
    kmp_value_write(&w, &value);
    return ask(meter, line, wall_ms, body, writer_length(&w), answer);
}

static bool reads(struct meter *meter, unsigned line)
{
    static const uint8_t body[] = {0x3F, 0x10, 1, 0, 1};
    uint8_t answer[KMP_BODY_MAX];
    return ask(meter, line, 0, body, sizeof body, answer) == 11;
}

/* REQ(CCC-04, SEC-06): every telegram that changes something is met with silence on the consumer
 * port and taken on the others */
static void telegrams_pass_the_gate(void **state)
{
    (void)state;
    static const struct {
        uint8_t n;
        uint8_t body[24];
    } writes[] = {
        {10, {0x3F, 0x09, 0x00, 0x03, 0xD2, 0xFC, 0x00, 0x01, 0xD4, 0xC0}}, /* SetClock */
        {2, {0x3F, 0x88}},                                                  /* DebStop */
        {10, {0x3F, 0x9C, 0, 0, 0, 0, 0xFF, 0, 0, 0}},                      /* ClrEventStatus */
        {9, {0x3F, 0x11, 0, 0, 0x04, 0x08, 51, 1, 0}},                      /* half a register */
        {10, {0x3F, 0x11, 0, 0, 0x04, 0x08, 51, 1, 0, 2}},                  /* test mode */
        {7, {0x3F, 0xE3, 0, 0, 2, 0, 5}},                                   /* tariff 2 */
        {12, {0x3F, 0x11, 0, 0, 0x00, 52, 51, 3, 0, 0x12, 0x34, 0x56}},     /* meter number */
    };
    struct meter *meter = toy_meter("382M", 0);
    uint8_t answer[KMP_BODY_MAX];
    optical_connect(&meter->optical[1], meter, CHANNEL_CONSUMER);
    optical_connect(&meter->optical[2], meter, CHANNEL_MODULE);
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        const bool whole = i != 3;
        assert_int_equal(ask(meter, 1, 0, writes[i].body, writes[i].n, answer), 0);
        assert_int_equal(ask(meter, 0, 0, writes[i].body, writes[i].n, answer) > 0, whole);
        assert_int_equal(ask(meter, 2, 0, writes[i].body, writes[i].n, answer) > 0, whole);
        assert_true(reads(meter, 1));
    }
}

/* A channel holds over a loss of supply: the wiring does not change. */
static void channel_outlasts_the_supply(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    optical_connect(&meter->optical[1], meter, CHANNEL_CONSUMER);
    puppet.supply = LEGAL_SUPPLY_OFF;
    (void)meter_step(meter, 10 * SECOND);
    puppet.supply = LEGAL_SUPPLY_ON;
    (void)meter_step(meter, 20 * SECOND);
    assert_true(meter->supply_on);
    assert_int_equal(put(meter, 1, 0, 0, 1032, 2), 0);
    assert_int_equal(put(meter, 0, 0, 0, 1032, 2), 1);
}

/* ---- passwords ---- */

/* REQ(OPT-01): PutRegister wants the password; as delivered 0; it is a setting that nobody reads */
static void password_is_a_setting(void **state)
{
    (void)state;
    static const uint8_t read_it[] = {0x3F, 0x10, 1, 0x04, 0x9C};
    uint8_t answer[KMP_BODY_MAX];
    struct meter *meter = toy_meter("382M", 0);
    assert_int_equal(put(meter, 0, 0, 0, 1180, 4711), 1);
    assert_int_equal(put(meter, 0, 0, 0, 1032, 2), 0);
    assert_int_equal(put(meter, 0, 0, 4711, 1032, 2), 1);
    assert_int_equal(ask(meter, 0, 0, read_it, sizeof read_it, answer), 2);

    meter = toy_meter("382M", 0); /* starts again */
    assert_int_equal(put(meter, 0, 0, 0, 1032, 3), 0);
    assert_int_equal(put(meter, 0, 0, 4711, 1032, 3), 1);

    struct event_log_entry entry; /* noted, without the password itself */
    assert_int_equal(event_log_read(&meter->logs, meter->board, EVENT_LOG_AUDIT, 1, &entry),
                     EVENT_LOG_OK);
    assert_int_equal(entry.code, METER_AUDIT_SETTING + SETTING_PASSWORD);
    assert_int_equal(entry.n_payload, 8);
}

/* REQ(SEC-08): two mistakes are free; then the connection is closed to passwords, longer each time,
 * and to nothing else; nobody else notices */
static void wrong_passwords_close_their_own_line(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    int64_t t = 1000;
    for (unsigned i = 0; i < RIGHTS_FREE_TRIES; i++) {
        assert_int_equal(put(meter, 0, t, 9, 1032, 2), 0);
    }
    assert_int_equal(put(meter, 0, t, 0, 1032, 2), 1); /* forgiven */
    for (unsigned i = 0; i <= RIGHTS_FREE_TRIES; i++) {
        assert_int_equal(put(meter, 0, t, 9, 1032, 3), 0);
    }
    assert_int_equal(put(meter, 0, t, 0, 1032, 3), 0);
    assert_int_equal(put(meter, 0, t + RIGHTS_CLOSED_MS - 1, 0, 1032, 3), 0);
    assert_true(reads(meter, 0));
    assert_int_equal(put(meter, 1, t, 0, 1032, 4), 1);
    assert_int_equal(put(meter, 0, t + RIGHTS_CLOSED_MS, 0, 1032, 3), 1);

    /* whoever goes on guessing waits longer and longer, up to a limit */
    int64_t wait_ms = RIGHTS_CLOSED_MS;
    for (unsigned i = 0; i < RIGHTS_FREE_TRIES; i++) {
        assert_int_equal(put(meter, 0, t, 9, 1032, 2), 0);
    }
    for (unsigned i = 0; i < 8; i++) {
        t += 100000;
        assert_int_equal(put(meter, 0, t, 9, 1032, 2), 0);
        assert_int_equal(put(meter, 0, t + wait_ms - 1, 0, 1032, 2), 0);
        wait_ms = wait_ms < RIGHTS_CLOSED_MAX_MS ? 2 * wait_ms : wait_ms;
    }
    assert_int_equal(wait_ms, RIGHTS_CLOSED_MAX_MS);
    assert_int_equal(put(meter, 0, t + wait_ms, 0, 1032, 2), 1);
}

static void old_mistakes_are_forgotten(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    int64_t t = 0;
    for (unsigned i = 0; i < 10; i++, t += RIGHTS_FORGET_MS + 1) {
        assert_int_equal(put(meter, 0, t, 9, 1032, 2), 0);
        assert_int_equal(put(meter, 0, t + 1, 9, 1032, 2), 0);
    }
    assert_int_equal(put(meter, 0, t - RIGHTS_FORGET_MS + 1, 0, 1032, 2), 1);
}

/* REQ(SEC-07, SEC-08): wrong passwords are noted, and a thousand of them leave nine records */
static void wrong_passwords_are_noted(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    int64_t t = 0;
    for (unsigned i = 0; i < 1000; i++, t += RIGHTS_CLOSED_MAX_MS) {
        assert_int_equal(put(meter, 3, t, 9, 1032, 2), 0);
    }
    assert_int_equal(event_log_newest(&meter->logs, EVENT_LOG_AUDIT), 9);
    struct event_log_entry entry;
    assert_int_equal(event_log_read(&meter->logs, meter->board, EVENT_LOG_AUDIT, 9, &entry),
                     EVENT_LOG_OK);
    assert_int_equal(entry.code, METER_AUDIT_PASSWORD);
    assert_int_equal(entry.payload[0], CHANNEL_OPTICAL);
    assert_int_equal(entry.payload[1] + 256 * entry.payload[2], 768);
    assert_int_equal(meter->rights.wrong, 1000);
    assert_int_equal(put(meter, 3, t, 0, 1032, 2), 1);
    assert_int_equal(meter->rights.wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels_are_ordered),
        cmocka_unit_test(consumer_port_only_reads),
        cmocka_unit_test_setup(telegrams_pass_the_gate, setup),
        cmocka_unit_test_setup(channel_outlasts_the_supply, setup),
        cmocka_unit_test_setup(password_is_a_setting, setup),
        cmocka_unit_test_setup(wrong_passwords_close_their_own_line, setup),
        cmocka_unit_test_setup(old_mistakes_are_forgotten, setup),
        cmocka_unit_test_setup(wrong_passwords_are_noted, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
