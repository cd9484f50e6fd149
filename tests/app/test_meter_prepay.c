/* Prepayment in a meter: who may load over what, cut-off and return, display, tokens, tariffs, cuts
 * of its memory. */
#include "legal_puppet.h"

#include <stdio.h>

#include "app/breaker/breaker_store.h"
#include "app/display/display_lists.h"
#include "app/meter/meter_audit.h"
#include "app/meter/meter_breaker.h"
#include "app/meter/meter_events.h"
#include "app/meter/meter_prepay.h"
#include "app/meter/meter_settings.h"
#include "app/optical/optical_prepay.h"
#include "app/optical/optical_write.h"
#include "ports/crypto/portable/crypto_portable.h"
#include "proto/kmp/kmp.h"

#define UWH ((int64_t)KWH)

static int64_t now_us;
static struct meter *meter;
static struct crypto_port crypto;
static struct board board;

static void run(unsigned seconds)
{
    for (unsigned n = 0; n < seconds * 5u; n++) {
        now_us += SECOND / 5;
        puppet.operating_s += n % 5u == 0 ? 1u : 0u;
        meter_bus_receive(meter, NULL, 0, now_us);
        (void)meter_step(meter, now_us);
    }
}

/* As toy_meter, with a cipher. */
static void start(const char *name)
{
    static struct meter the_meter;
    struct variant variant;
    crypto_portable(&crypto, NULL, NULL);
    board = toy_board;
    board.crypto = &crypto;
    meter = &the_meter;
    assert_int_equal(variant_by_name(name, &variant), 0);
    assert_int_equal(meter_start(meter, &board, &variant, 0, now_us), METER_OK);
    puppet.supply = LEGAL_SUPPLY_ON;
    (void)meter_step(meter, now_us);
}

static void begin(const char *name)
{
    toys_reset();
    now_us = 0;
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        puppet.instant.phase[s].voltage_present = true;
        puppet.instant.phase[s].voltage_mv = 230000;
        puppet.instant.phase[s].voltage_angle_mdeg = s == 0 ? 0 : s == 1 ? -120000 : 120000;
    }
    puppet.energy_uwh[LEGAL_A_PLUS] = 1234 * KWH + 567;
    start(name);
    run(15);
}

static void speak(enum rights_channel channel)
{
    meter->rights.line[0].channel = (uint8_t)channel;
    meter->rights.speaker = 1;
}

static bool set_over(enum rights_channel channel, const char *name, uint32_t number)
{
    const struct setting_value value = {number, ""};
    struct kmp_settings_reply reply = {0};
    speak(channel);
    const bool staged =
        meter_setting_stage(meter, setting_by_name(name), &value) == KMP_SETTINGS_OK;
    if (staged) {
        meter_settings_commit(meter, 1, &reply);
    }
    (void)meter_settings_abandon(meter);
    meter->rights.speaker = 0;
    return staged && reply.reason == KMP_SETTINGS_OK;
}

/* A command over KMP on that channel; what comes back. */
static struct reader command(enum rights_channel channel, uint8_t cid, const void *bytes, size_t n)
{
    static uint8_t answer[300];
    struct reader data = reader_over(bytes, n);
    struct writer out = writer_over(answer, sizeof answer);
    speak(channel);
    const int said = optical_prepay(meter, cid, &data, &out);
    meter->rights.speaker = 0;
    return reader_over(answer, said == 1 ? writer_length(&out) : 0);
}

static int result_of(struct reader r)
{
    struct kmp_prepay_reply reply = {.result = 99};
    (void)kmp_prepay_reply_read(&r, &reply);
    return reply.result;
}

static int load_over(enum rights_channel channel, uint16_t password, uint32_t number,
                     int64_t amount_uwh)
{
    uint8_t bytes[14];
    struct writer w = writer_over(bytes, sizeof bytes);
    writer_uint_be(&w, password, 2);
    writer_uint_be(&w, number, 4);
    writer_uint_be(&w, (uint64_t)amount_uwh, 8);
    return result_of(command(channel, KMP_PREPAY_LOAD, bytes, sizeof bytes));
}

static bool write_register(enum rights_channel channel, uint32_t tenths_kwh)
{
    struct kmp_value value;
    assert_int_equal(kmp_value_set(&value, 1121, 2, 4, tenths_kwh, -1), KMP_OK);
    speak(channel);
    const bool done = optical_write(meter, 0, &value);
    meter->rights.speaker = 0;
    return done;
}

static struct kmp_prepay look(void)
{
    struct kmp_prepay p = {0};
    struct reader r = command(CHANNEL_CONSUMER, KMP_PREPAY_LOOK, NULL, 0);
    assert_int_equal(kmp_prepay_read(&r, &p), KMP_OK);
    return p;
}

static void use(uint64_t uwh)
{
    puppet.energy_uwh[LEGAL_A_PLUS] += uwh;
}

static int64_t left(void)
{
    return meter_prepay_left_uwh(meter);
}

/* REQ(PRE-01): L and M with breaker alone */
static void who_has_it(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool has;
    } rows[] = {{"382LxB", true}, {"382MB", true}, {"162MB", true},  {"382D", false},
                {"382E", false},  {"382M", false}, {"382Lx7", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(rows[i].name);
        assert_int_equal(meter_prepay_fitted(meter), rows[i].has);
        assert_int_equal(register_exists(meter, register_by_kmp_id(1121)), rows[i].has);
        assert_int_equal(set_over(CHANNEL_MODULE, "breaker-basis", 2), rows[i].has);
        assert_int_equal(meter_prepay_on(meter), rows[i].has);
        assert_int_equal(load_over(CHANNEL_MODULE, 0, 1, UWH), rows[i].has ? 0 : 99);
        assert_int_equal(write_register(CHANNEL_MODULE, 10), rows[i].has);
    }
}

/* REQ(X-BRK-2): loaded over the module port, not over the optical eye or the consumer port */
static void who_may_load(void **state)
{
    (void)state;
    begin("382MB");
    assert_false(set_over(CHANNEL_OPTICAL, "breaker-basis", 2));
    assert_true(set_over(CHANNEL_MODULE, "password", 1234));
    assert_int_equal(load_over(CHANNEL_OPTICAL, 1234, 1, UWH), PREPAY_ERR_RIGHTS);
    assert_int_equal(load_over(CHANNEL_CONSUMER, 1234, 1, UWH), PREPAY_ERR_RIGHTS);
    assert_int_equal(load_over(CHANNEL_MODULE, 1, 1, UWH), PREPAY_ERR_RIGHTS);
    assert_int_equal(load_over(CHANNEL_MODULE, 1234, 1, UWH), PREPAY_OK);
    assert_int_equal(left(), UWH);
    assert_true(set_over(CHANNEL_MODULE, "password", 0));
    assert_false(write_register(CHANNEL_OPTICAL, 55));
    assert_false(write_register(CHANNEL_CONSUMER, 55));
    assert_true(write_register(CHANNEL_MODULE, 55));
    assert_int_equal(left(), 55 * UWH / 10);
    const struct kmp_prepay p = look(); /* reading is free */
    assert_int_equal(p.left_uwh, 55 * UWH / 10);
    assert_int_equal(p.number, 1);
    assert_int_equal(p.way, PREPAY_SET);
    assert_int_equal(p.channel, CHANNEL_MODULE);
    struct event_log_entry entry = {0};
    assert_int_equal(
        event_log_seek(&meter->logs, meter->board, EVENT_LOG_AUDIT, UINT32_MAX, false, &entry),
        EVENT_LOG_OK);
    assert_int_equal(entry.code, METER_AUDIT_CREDIT);
    assert_int_equal(entry.n_payload, METER_PREPAY_RECORD_BYTES);
    assert_int_equal(entry.payload[0], PREPAY_SET);
    char text[40];
    const char *unit = "";
    assert_true(register_read_text(meter, register_by_kmp_id(1412), text, sizeof text, &unit));
    assert_string_equal(text, "2024-06-20 14:30:20"); /* local time */
}

/* REQ(PRE-02, PRE-03, PRE-04, AMI-09): a kilowatt-hour is bought, used, and bought again */
static void it_opens_at_nothing_and_closes_with_more(void **state)
{
    (void)state;
    static const bool by_itself[] = {true, false};
    for (size_t i = 0; i < 2; i++) {
        begin(i == 0 ? "382MB" : "382LxB");
        assert_true(set_over(CHANNEL_OPTICAL, "breaker-coupling", by_itself[i]));
        assert_int_equal(load_over(CHANNEL_MODULE, 0, 1, UWH), PREPAY_OK);
        assert_true(set_over(CHANNEL_MODULE, "breaker-basis", 2));
        use(KWH - 1);
        run(5);
        assert_int_equal(meter_breaker_state(meter), BREAKER_CLOSED);
        use(1);
        run(3);
        assert_int_equal(meter_breaker_state(meter), BREAKER_CUT_OFF_PREPAYMENT);
        assert_int_equal(toy.relays_open, 7);
        assert_int_equal(meter_event_word_b(meter) >> EVENT_B_PREPAYMENT & 5u, 5u);
        struct event_log_entry entry = {0};
        assert_int_equal(event_log_seek(&meter->logs, meter->board, EVENT_LOG_DISCONNECT,
                                        UINT32_MAX, false, &entry),
                         EVENT_LOG_OK);
        assert_int_equal(entry.code, BREAKER_EVENT_CREDIT_OUT << 8 | BREAKER_CUT_OFF_PREPAYMENT);
        assert_int_equal(meter_breaker_command(meter, 3), BREAKER_ERR_STATE);
        run(100);
        assert_int_equal(toy.relays_open, 7);
        start(i == 0 ? "382MB" : "382LxB"); /* and stays over a restart */
        run(30);
        assert_int_equal(toy.relays_open, 7);
        assert_int_equal(load_over(CHANNEL_MODULE, 0, 2, 5 * UWH), PREPAY_OK);
        run(10);
        assert_int_equal(meter_breaker_state(meter),
                         by_itself[i] ? BREAKER_CLOSED : BREAKER_RELEASED);
        assert_int_equal(toy.relays_open, by_itself[i] ? 0 : 7);
        assert_int_equal(left(), 5 * UWH);
    }
}

/* REQ(X-PRE-1): on a Saturday nothing is cut off, and not on a day of the list; on Monday it is */
static void days_without_cut_off(void **state)
{
    (void)state;
    begin("382MB");
    assert_true(set_over(CHANNEL_MODULE, "breaker-basis", 2 + 0)); /* Thursday: cut at once */
    run(2);
    assert_int_equal(meter_breaker_state(meter), BREAKER_CUT_OFF_PREPAYMENT);
    begin("382MB");
    assert_int_equal(meter_clock_set(meter, toy.rtc_utc_s + 2 * 86400), METER_OK); /* Saturday */
    assert_true(set_over(CHANNEL_MODULE, "breaker-basis", 2));
    use(2 * KWH);
    run(10);
    assert_int_equal(meter_breaker_state(meter), BREAKER_CLOSED);
    assert_int_equal(left(), -2 * UWH);
    /* Monday 2024-06-24 is made a holiday, over the module port only */
    const uint8_t holiday[] = {KMP_PREPAY_WRITE_DAYS, 0, 0, 1, (uint8_t)(24u << 1), 6u << 5 | 24u};
    assert_int_equal(result_of(command(CHANNEL_OPTICAL, KMP_PREPAY_SETUP, holiday, 6)),
                     PREPAY_ERR_RIGHTS);
    assert_int_equal(result_of(command(CHANNEL_MODULE, KMP_PREPAY_SETUP, holiday, 6)), PREPAY_OK);
    assert_int_equal(meter_clock_set(meter, toy.rtc_utc_s + 2 * 86400), METER_OK);
    run(10);
    assert_int_equal(meter_breaker_state(meter), BREAKER_CLOSED);
    assert_int_equal(meter_clock_set(meter, toy.rtc_utc_s + 86400), METER_OK); /* Tuesday */
    run(3);
    assert_int_equal(meter_breaker_state(meter), BREAKER_CUT_OFF_PREPAYMENT);
    /* what is no date is refused */
    const uint8_t wrong[] = {KMP_PREPAY_WRITE_DAYS, 0, 0, 1, (uint8_t)(24u << 1), 6u << 5 | 31u};
    assert_int_equal(result_of(command(CHANNEL_MODULE, KMP_PREPAY_SETUP, wrong, 6)),
                     PREPAY_ERR_RANGE);
    /* bit 5: every day */
    begin("382MB");
    assert_int_equal(meter_clock_set(meter, toy.rtc_utc_s + 2 * 86400), METER_OK);
    assert_true(set_over(CHANNEL_MODULE, "breaker-basis", 2 + 32));
    run(3);
    assert_int_equal(meter_breaker_state(meter), BREAKER_CUT_OFF_PREPAYMENT);
}

static void press(unsigned milliseconds)
{
    meter_input(meter, METER_INPUT_BUTTON_LEFT, true, now_us);
    for (unsigned n = 0; n < milliseconds; n += 100) {
        now_us += 100000;
        (void)meter_step(meter, now_us);
    }
    meter_input(meter, METER_INPUT_BUTTON_LEFT, false, now_us);
    (void)meter_step(meter, now_us);
}

/* After a cut-off the button closes it under the low limit; above it, it opens again. */
static void the_low_limit_in_a_meter(void **state)
{
    (void)state;
    begin("382MB");
    assert_true(set_over(CHANNEL_OPTICAL, "breaker-low-limit", 6));
    assert_true(set_over(CHANNEL_OPTICAL, "prepay-low-days", 1));
    assert_true(set_over(CHANNEL_MODULE, "breaker-basis", 2));
    run(3);
    assert_int_equal(meter_breaker_state(meter), BREAKER_CUT_OFF_PREPAYMENT);
    assert_int_equal(meter_breaker_lamp(meter), 2);
    press(200);
    press(6500);
    run(6);
    assert_int_equal(toy.relays_open, 0);
    assert_int_equal(meter_breaker_feedback(meter), 0x1F); /* the low limit is in force */
    puppet.instant.phase[1].current_ma = 6001;
    run(33);
    assert_int_equal(meter_breaker_state(meter), BREAKER_CUT_OFF_PREPAYMENT);
    puppet.instant.phase[1].current_ma = 5000;
    press(6500);
    run(6);
    assert_int_equal(toy.relays_open, 0);
    assert_true((look().flags & KMP_PREPAY_LOW) != 0);
    puppet.operating_s += 86400 - 100;
    run(30);
    assert_int_equal(toy.relays_open, 0);
    run(80);
    assert_int_equal(meter_breaker_state(meter), BREAKER_PREPAYMENT_EXPIRED);
    assert_int_equal(toy.relays_open, 7);
    assert_int_equal(meter_breaker_lamp(meter), 1);
    press(6500);
    run(10);
    assert_int_equal(toy.relays_open, 7);
}

/* ---- display ---- */

static bool shows(const char *what)
{
    struct display_frame frame;
    char text[120];
    display_render(&meter->display, meter, now_us, &frame);
    display_text(&frame, text, sizeof text);
    return strstr(text, what) != NULL;
}

/* REQ(PRE-05, X-PRE-2, DIS-18): the symbol while it is on; the credit where it is put in a list, in
 * kWh under PAY, and only while it is on */
static void on_the_display(void **state)
{
    (void)state;
    begin("382MB");
    uint16_t list[2] = {0, 0};
    list[0] = (uint16_t)(register_by_kmp_id(1121) - register_table);
    list[1] = (uint16_t)(register_by_kmp_id(1002) - register_table);
    assert_int_equal(display_set_list(&meter->display, meter, LIST_AUTOMATIC, list, 2, now_us),
                     DISPLAY_OK);
    assert_int_equal(load_over(CHANNEL_MODULE, 0, 1, 67 * UWH + UWH / 2), PREPAY_OK);
    for (unsigned n = 0; n < 40; n++) {
        run(1);
        assert_true(n < 20 || !shows("130.0.0"));
        assert_false(shows("PP"));
    }
    assert_true(set_over(CHANNEL_MODULE, "breaker-basis", 2));
    unsigned seen = 0;
    for (unsigned n = 0; n < 40; n++) {
        run(1);
        assert_true(shows("PP"));
        if (shows("130.0.0")) {
            assert_true(shows("0000067") && shows("kWh") && shows("PAY"));
            seen++;
        }
    }
    assert_in_range(seen, 15, 25);
    /* low: the symbol blinks, and the credit stands between other readings */
    list[0] = list[1];
    assert_int_equal(display_set_list(&meter->display, meter, LIST_AUTOMATIC, list, 1, now_us),
                     DISPLAY_OK);
    assert_true(set_over(CHANNEL_OPTICAL, "prepay-alarm", 68));
    unsigned lit = 0;
    seen = 0;
    for (unsigned n = 0; n < 80; n++) {
        now_us += 500000;
        (void)meter_step(meter, now_us);
        lit += shows("PP") ? 1u : 0u;
        seen += shows("130.0.0") ? 1u : 0u;
    }
    assert_in_range(lit, 30, 50);
    assert_in_range(seen, 15, 25);
    assert_int_equal(meter_event_word_b(meter) >> EVENT_B_PREPAYMENT & 1u, 1);
}

/* ---- tokens ---- */

static int enter(enum rights_channel channel, const char *digits)
{
    return result_of(command(channel, KMP_PREPAY_TOKEN, digits, strlen(digits)));
}

static void give_key(void)
{
    static const uint8_t key[] = {0x60, 0x22, 0x2b, 0x40, 0x57, 0xc3, 0xe5, 0x09,
                                  0x25, 0xf8, 0x50, 0x94, 0x9b, 0x1a, 0x21, 0x0d};
    uint8_t order[3 + TOKEN_KEY_BYTES] = {KMP_PREPAY_WRITE_KEY};
    memcpy(order + 3, key, sizeof key);
    assert_int_equal(result_of(command(CHANNEL_MODULE, KMP_PREPAY_SETUP, order, sizeof order)),
                     PREPAY_OK);
}

static void tokens_in_a_meter(void **state)
{
    (void)state;
    const uint8_t order[3 + TOKEN_KEY_BYTES] = {KMP_PREPAY_WRITE_KEY};
    begin("382MB");
    assert_int_equal(enter(CHANNEL_CONSUMER, "00000001101192506557"), PREPAY_ERR_OFF);
    assert_int_equal(load_over(CHANNEL_MODULE, 0, 1, UWH), PREPAY_OK);
    assert_true(set_over(CHANNEL_MODULE, "breaker-basis", 2));
    assert_int_equal(enter(CHANNEL_CONSUMER, "00000001101192506557"), PREPAY_ERR_KEY);
    assert_int_equal(result_of(command(CHANNEL_OPTICAL, KMP_PREPAY_SETUP, order, sizeof order)),
                     PREPAY_ERR_RIGHTS);
    give_key();
    assert_true((look().flags & KMP_PREPAY_KEY) != 0);
    assert_int_equal(enter(CHANNEL_CONSUMER, "0000000110119250655"), PREPAY_ERR_FORM);
    assert_int_equal(enter(CHANNEL_CONSUMER, "00000001101192506558"), PREPAY_ERR_TOKEN);
    assert_int_equal(enter(CHANNEL_CONSUMER, "0000 0001 1011 9250 6557"), PREPAY_OK);
    assert_int_equal(left(), 11 * UWH);
    assert_int_equal(enter(CHANNEL_OPTICAL, "00000001101192506557"), PREPAY_ERR_USED);
    start("382MB");
    run(5);
    assert_int_equal(enter(CHANNEL_CONSUMER, "00000001101192506557"), PREPAY_ERR_USED);
    assert_int_equal(enter(CHANNEL_CONSUMER, "73786976294825469783"), PREPAY_ERR_CLASS);
    assert_int_equal(left(), 11 * UWH);
    for (unsigned n = 0; n < 3; n++) {
        assert_int_equal(enter(CHANNEL_CONSUMER, "00000001101192506558"), PREPAY_ERR_TOKEN);
    }
    assert_int_equal(enter(CHANNEL_CONSUMER, "05497559555227611717"), PREPAY_ERR_WAIT);
    assert_in_range(look().token_wait_s, 59, 60);
    run(61);
    assert_int_equal(enter(CHANNEL_CONSUMER, "05497559555227611717"), PREPAY_OK);
    assert_int_equal(left(), 2511 * UWH);
}

/* ---- tariffs ---- */

/* REQ(X-PRE-1): not together with tariffs, whichever comes second */
static void not_with_tariffs(void **state)
{
    (void)state;
    struct plan_place place;
    begin("382MB");
    assert_int_equal(meter_tariff_force(meter, 2, 0), TARIFF_OK);
    assert_false(set_over(CHANNEL_MODULE, "breaker-basis", 2));
    assert_int_equal(meter_tariff_force(meter, 0, 0), TARIFF_OK);
    assert_true(set_over(CHANNEL_OPTICAL, "module-ports", 1)); /* tariff inputs */
    assert_false(set_over(CHANNEL_MODULE, "breaker-basis", 2));
    assert_true(set_over(CHANNEL_OPTICAL, "module-ports", 0));
    assert_true(set_over(CHANNEL_MODULE, "breaker-basis", 2));
    assert_int_equal(meter_tariff_force(meter, 2, 0), TARIFF_ERR_PREPAYMENT);
    assert_int_equal(meter_tariff_commit(meter, 100, 0, &place), TARIFF_ERR_PREPAYMENT);
    assert_false(set_over(CHANNEL_OPTICAL, "module-ports", 1));
    assert_false(set_over(CHANNEL_OPTICAL, "tariff-control", 1));
    assert_true(set_over(CHANNEL_MODULE, "breaker-basis", 0));
    assert_int_equal(meter_tariff_force(meter, 2, 0), TARIFF_OK);
}

/* ---- cuts ---- */

/* Each write of switching on, of a load and of a token is cut, in three ways: after the next start
 * all of it is there or nothing, and asked again it is booked once. */
static void a_cut_at_every_write(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (unsigned at = 0; at < 6; at++) {
            begin("382MB");
            assert_true(set_over(CHANNEL_MODULE, "breaker-basis", 2));
            assert_int_equal(load_over(CHANNEL_MODULE, 0, 1, 7 * UWH), PREPAY_OK);
            run(10);
            toy.writes = 0;
            toy.cut_after = at;
            toy.cut_kind = kind;
            (void)load_over(CHANNEL_MODULE, 0, 2, 5 * UWH);
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            start("382MB");
            run(10);
            assert_true(left() == 7 * UWH || left() == 12 * UWH);
            assert_int_equal(left(), at == 0 ? 7 * UWH : 12 * UWH);
            assert_int_equal(load_over(CHANNEL_MODULE, 0, 2, 5 * UWH), PREPAY_OK);
            assert_int_equal(left(), 12 * UWH);
            assert_int_equal(load_over(CHANNEL_MODULE, 0, 2, 5 * UWH), PREPAY_OK);
            assert_int_equal(left(), 12 * UWH);
            unsigned booked = 0; /* each once in the log */
            for (uint32_t id = 1; id <= event_log_newest(&meter->logs, EVENT_LOG_AUDIT); id++) {
                struct event_log_entry entry;
                booked += event_log_read(&meter->logs, meter->board, EVENT_LOG_AUDIT, id, &entry) ==
                                      EVENT_LOG_OK &&
                                  entry.code == METER_AUDIT_CREDIT
                              ? 1u
                              : 0u;
            }
            assert_int_equal(booked, 2);
        }
    }
}

static unsigned records_of_credit(void)
{
    unsigned n = 0;
    for (uint32_t id = 1; id <= event_log_newest(&meter->logs, EVENT_LOG_AUDIT); id++) {
        struct event_log_entry entry = {0};
        assert_int_equal(event_log_read(&meter->logs, &board, EVENT_LOG_AUDIT, id, &entry),
                         EVENT_LOG_OK);
        n += entry.code == METER_AUDIT_CREDIT ? 1u : 0u;
    }
    return n;
}

/* A cut between a load and its record: the record is there before any other takes its number. */
static void the_record_of_a_load_comes_first(void **state)
{
    (void)state;
    begin("382MB");
    toy.writes = 0;
    toy.cut_after = 1; /* the load is kept, its record is not */
    (void)load_over(CHANNEL_MODULE, 0, 1, UWH);
    assert_true(toy.dead);
    toy.dead = false;
    toy.cut_after = UINT32_MAX;
    start("382MB");
    assert_int_equal(left(), UWH);
    assert_true(set_over(CHANNEL_MODULE, "breaker-wait", 17)); /* in the first second */
    run(5);
    assert_int_equal(records_of_credit(), 1);
}

/* The same of a token: after the start it was taken, or it is now. */
static void a_token_cut_at_every_write(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (unsigned at = 0; at < 6; at++) {
            begin("382MB");
            assert_true(set_over(CHANNEL_MODULE, "breaker-basis", 2));
            assert_int_equal(load_over(CHANNEL_MODULE, 0, 1, 7 * UWH), PREPAY_OK);
            give_key();
            run(10);
            toy.writes = 0;
            toy.cut_after = at;
            toy.cut_kind = kind;
            (void)enter(CHANNEL_CONSUMER, "00000001101192506557");
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            start("382MB");
            run(10);
            assert_int_equal(left(), at == 0 ? 7 * UWH : 17 * UWH);
            assert_int_equal(enter(CHANNEL_CONSUMER, "00000001101192506557"),
                             at == 0 ? PREPAY_OK : PREPAY_ERR_USED);
            assert_int_equal(left(), 17 * UWH);
        }
    }
}

/* Switched to that basis, cut at that write, started again. */
static void switched_and_cut(uint32_t basis, unsigned at, int kind)
{
    begin("382MB");
    assert_int_equal(load_over(CHANNEL_MODULE, 0, 1, 7 * UWH), PREPAY_OK);
    assert_true(basis != 0 || set_over(CHANNEL_MODULE, "breaker-basis", 2));
    run(3);
    toy.writes = 0;
    toy.cut_after = at;
    toy.cut_kind = kind;
    (void)set_over(CHANNEL_MODULE, "breaker-basis", basis);
    toy.dead = false;
    toy.cut_after = UINT32_MAX;
    start("382MB");
    run(10);
    const bool on = settings_number(&meter->settings, SETTING_BREAKER_BASIS) == 2;
    assert_int_equal(meter_prepay_on(meter), on);
    assert_int_equal(left(), on || basis == 2 ? 7 * UWH : 0);
    use(KWH);
    assert_int_equal(left(), on ? 6 * UWH : basis == 2 ? 7 * UWH : 0);
}

/* The settings' commit switches it; cut anywhere, both agree at the next start. */
static void a_cut_while_it_is_switched(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (unsigned at = 0; at < 10; at++) {
            switched_and_cut(0, at, kind);
            switched_and_cut(2, at, kind);
        }
    }
}

/* Memory that does not answer when the meter starts: nothing is cut off, nothing is written over
 * what stands there, and when it answers all is as it was. */
static void memory_that_is_silent(void **state)
{
    (void)state;
    static struct meter the_meter;
    struct variant variant;
    begin("382MB");
    assert_true(set_over(CHANNEL_MODULE, "breaker-basis", 2));
    assert_int_equal(load_over(CHANNEL_MODULE, 0, 1, 7 * UWH), PREPAY_OK);
    run(3);
    assert_int_equal(variant_by_name("382MB", &variant), 0);
    meter = &the_meter;
    assert_int_equal(meter_start(meter, &board, &variant, 0, now_us), METER_OK);
    toy.fail_read = true;
    meter_prepay_begin(meter);
    assert_true(meter->prepay.unread);
    use(20 * KWH);
    run(5);
    assert_int_equal(load_over(CHANNEL_MODULE, 0, 2, UWH), PREPAY_ERR_STORAGE);
    assert_int_equal(meter_breaker_state(meter), BREAKER_CLOSED);
    assert_true((meter_status(meter) & STATUS_EEPROM) != 0);
    toy.fail_read = false;
    run(3);
    assert_false(meter->prepay.unread);
    assert_int_equal(left(), -13 * UWH);
    assert_int_equal(meter_breaker_state(meter), BREAKER_CUT_OFF_PREPAYMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_it),
        cmocka_unit_test(who_may_load),
        cmocka_unit_test(it_opens_at_nothing_and_closes_with_more),
        cmocka_unit_test(days_without_cut_off),
        cmocka_unit_test(the_low_limit_in_a_meter),
        cmocka_unit_test(on_the_display),
        cmocka_unit_test(tokens_in_a_meter),
        cmocka_unit_test(not_with_tariffs),
        cmocka_unit_test(a_cut_at_every_write),
        cmocka_unit_test(the_record_of_a_load_comes_first),
        cmocka_unit_test(a_token_cut_at_every_write),
        cmocka_unit_test(a_cut_while_it_is_switched),
        cmocka_unit_test(memory_that_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
