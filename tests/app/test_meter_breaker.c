/* The breaker in a meter: who may move it and over what, its log, the button, cuts of its memory.
 */
#include "legal_puppet.h"

#include <stdio.h>

#include "app/breaker/breaker_store.h"
#include "app/meter/meter_breaker.h"
#include "app/meter/meter_events.h"
#include "app/meter/meter_log.h"
#include "app/meter/meter_settings.h"
#include "proto/kmp/kmp.h"

static int64_t now_us;
static struct meter *meter;

static void run(unsigned seconds)
{
    for (unsigned n = 0; n < seconds * 5u; n++) {
        now_us += SECOND / 5;
        meter_bus_receive(meter, NULL, 0, now_us);
        (void)meter_step(meter, now_us);
    }
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
    meter = toy_meter(name, 0);
    run(15);
}

/* A command over a line of that channel. */
static enum breaker_answer over(enum rights_channel channel, uint8_t command)
{
    meter->rights.line[0].channel = (uint8_t)channel;
    meter->rights.speaker = 1;
    const enum breaker_answer answer = meter_breaker_command(meter, command);
    meter->rights.speaker = 0;
    return answer;
}

static bool set_over(enum rights_channel channel, const char *name, uint32_t number)
{
    const struct setting_value value = {number, ""};
    struct kmp_settings_reply reply = {0};
    meter->rights.line[0].channel = (uint8_t)channel;
    meter->rights.speaker = 1;
    const bool staged =
        meter_setting_stage(meter, setting_by_name(name), &value) == KMP_SETTINGS_OK;
    if (staged) {
        meter_settings_commit(meter, 1, &reply);
    }
    (void)meter_settings_abandon(meter);
    meter->rights.speaker = 0;
    return staged && reply.reason == KMP_SETTINGS_OK;
}

static struct event_log_entry newest(void)
{
    struct event_log_entry entry = {0};
    assert_int_equal(
        event_log_seek(&meter->logs, meter->board, EVENT_LOG_DISCONNECT, UINT32_MAX, false, &entry),
        EVENT_LOG_OK);
    return entry;
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

/* REQ(BRK-03, BRK-04, BRK-05, BRK-06, BRK-12, C-23, AMI-07, TOO-10): command over the eye
 * (METERTOOL) and over the module port (the utility's system), not over the consumer port */
static void commands_by_channel(void **state)
{
    (void)state;
    static const char *const names[] = {"382D", "382E", "382LxB", "382LxG", "382MB", "162MB"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        begin(names[i]);
        assert_int_equal(over(CHANNEL_CONSUMER, 1), BREAKER_ERR_RIGHTS);
        assert_int_equal(over(CHANNEL_OPTICAL, 1), BREAKER_DONE);
        run(2);
        assert_int_equal(toy.relays_open, 7);
        assert_int_equal(over(CHANNEL_MODULE, 2), BREAKER_DONE);
        assert_int_equal(over(CHANNEL_CONSUMER, 3), BREAKER_ERR_RIGHTS);
        assert_int_equal(over(CHANNEL_MODULE, 3), BREAKER_DONE);
        run(7);
        assert_int_equal(toy.relays_open, 0);
        assert_int_equal(meter_breaker_state(meter), BREAKER_CLOSED);
        assert_int_equal(over(CHANNEL_OPTICAL, 0), BREAKER_ERR_STATE);
        assert_int_equal(over(CHANNEL_OPTICAL, 4), BREAKER_ERR_STATE);
        /* the eye can be told off, over the module port only */
        assert_false(set_over(CHANNEL_OPTICAL, "breaker-tool", 0));
        assert_true(set_over(CHANNEL_MODULE, "breaker-tool", 0));
        assert_int_equal(over(CHANNEL_OPTICAL, 1), BREAKER_ERR_RIGHTS);
        assert_int_equal(over(CHANNEL_MODULE, 1), BREAKER_DONE);
    }
}

/* REQ(BRK-01, VAR-08): without a breaker nothing of it is there */
static void none_fitted(void **state)
{
    (void)state;
    static const char *const names[] = {"382B", "382C", "382Lx7", "382M", "162M"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        begin(names[i]);
        assert_int_equal(over(CHANNEL_MODULE, 1), BREAKER_ERR_NONE);
        assert_int_equal(meter_breaker_state(meter), BREAKER_NO_RELAY);
        assert_false(register_exists(meter, register_by_kmp_id(1252)));
        assert_false(set_over(CHANNEL_MODULE, "breaker-basis", 1));
        press(200);
        press(7000);
        run(10);
        assert_int_equal(toy.relay_pulses, 0);
        assert_false(meter_log_exists(meter, EVENT_LOG_DISCONNECT));
    }
}

/* REQ(X-BRK-2, BRK-10, Q-01): what opens the breaker, and JJ, over the module port only */
static void the_basis_is_the_module_ports(void **state)
{
    (void)state;
    begin("382MB");
    assert_false(set_over(CHANNEL_OPTICAL, "breaker-basis", 1));
    assert_true(set_over(CHANNEL_MODULE, "breaker-basis", 1));
    assert_true(set_over(CHANNEL_OPTICAL, "breaker-basis", 1));  /* it is: no change */
    assert_false(set_over(CHANNEL_MODULE, "breaker-basis", 64)); /* overvoltage: the successor's */
    assert_false(set_over(CHANNEL_OPTICAL, "disconnect", 1));
    assert_true(set_over(CHANNEL_MODULE, "disconnect", 1));
    assert_false(set_over(CHANNEL_MODULE, "disconnect", 2)); /* no such set-up is published */
    /* k1 >= k2 >= k3, t1 <= t2 <= t3 */
    assert_false(set_over(CHANNEL_OPTICAL, "breaker-k2", 11));
    assert_true(set_over(CHANNEL_OPTICAL, "breaker-k1", 15));
    assert_true(set_over(CHANNEL_OPTICAL, "breaker-k2", 11));
    assert_false(set_over(CHANNEL_OPTICAL, "breaker-t2", 29));
    assert_true(set_over(CHANNEL_OPTICAL, "breaker-t1", 5));
    begin("382D"); /* B to E: commands and the button, nothing by itself */
    assert_false(set_over(CHANNEL_MODULE, "breaker-basis", 1));
    assert_true(set_over(CHANNEL_MODULE, "breaker-button", 1));
}

/* REQ(BRK-13, X-BRK-3): stamp, state, cause, feedback of all phases; flag and words A and B */
static void every_operation_is_logged(void **state)
{
    (void)state;
    begin("382MB");
    puppet.instant.phase[1].current_ma = 12345;
    assert_int_equal(over(CHANNEL_MODULE, 1), BREAKER_DONE);
    struct event_log_entry entry = newest();
    assert_int_equal(entry.code, 1u << 8 | BREAKER_OPEN_COMMAND);
    assert_int_equal(entry.n_payload, METER_BREAKER_RECORD_BYTES);
    assert_int_equal(entry.payload[0], BREAKER_CLOSED);
    assert_int_equal(entry.payload[1], 0x7F); /* it has not moved yet */
    assert_int_equal(entry.payload[2], CHANNEL_MODULE);
    assert_true(entry.clock_valid);
    run(2);
    assert_int_equal(meter_breaker_feedback(meter), 0x38);
    const uint32_t a = meter_event_word_a(meter);
    assert_true((a >> EVENT_A_DISCONNECT & 1u) != 0 && (a >> EVENT_A_DISCONNECTED & 1u) != 0);
    assert_int_equal(meter_event_word_b(meter) >> 29, 4);
    assert_int_equal(over(CHANNEL_MODULE, 2), BREAKER_DONE);
    assert_int_equal(newest().code, 2u << 8 | BREAKER_RELEASED);
    assert_int_equal(meter_event_word_b(meter) >> 29, 0);
    assert_int_equal(newest().id, 2);
}

/* REQ(X-BRK-5, BRK-07, DIS-17): one short press to the view, six seconds to act; after a release in
 * the automatic list too */
static void the_button(void **state)
{
    (void)state;
    struct display_frame frame;
    begin("382MB");
    press(7000); /* not in the view: nothing */
    run(10);
    assert_int_equal(meter_breaker_state(meter), BREAKER_CLOSED);
    press(200);
    display_render(&meter->display, meter, now_us, &frame);
    assert_memory_equal(frame.text, "DCON", 4);
    assert_int_equal(frame.icons & (ICON_BREAKER_OPEN | ICON_BREAKER_CLOSED), ICON_BREAKER_CLOSED);
    press(5500);
    assert_int_equal(meter_breaker_state(meter), BREAKER_CLOSED);
    run(125);
    press(200);
    press(6500);
    run(1);
    assert_int_equal(meter_breaker_state(meter), BREAKER_OPEN_BUTTON);
    assert_int_equal(toy.relays_open, 7);
    assert_int_equal(meter_event_word_b(meter) >> 29, 1);
    assert_int_equal(newest().payload[2], 0xFE);
    display_render(&meter->display, meter, now_us, &frame);
    assert_int_equal(frame.icons & (ICON_BREAKER_OPEN | ICON_BREAKER_CLOSED), ICON_BREAKER_OPEN);
    assert_int_equal(meter_breaker_lamp(meter), 2);
    press(6500); /* still in the view */
    run(6);
    assert_int_equal(toy.relays_open, 0);
    assert_int_equal(toy.relay_pulses, 2);
    /* with a release before it */
    assert_true(set_over(CHANNEL_OPTICAL, "breaker-button", 1));
    press(6500);
    run(6);
    assert_int_equal(meter_breaker_state(meter), BREAKER_OPEN_BUTTON);
    assert_int_equal(meter_breaker_lamp(meter), 1);
    press(6500);
    run(6);
    assert_int_equal(toy.relays_open, 7);
    assert_int_equal(over(CHANNEL_MODULE, 2), BREAKER_ERR_STATE); /* from state 1 only */
    assert_int_equal(over(CHANNEL_MODULE, 1), BREAKER_DONE);
    assert_int_equal(over(CHANNEL_MODULE, 2), BREAKER_DONE);
    run(125); /* the automatic list has come back; the lamp flashes */
    assert_int_equal(meter->display.state, DISPLAY_AUTOMATIC);
    assert_int_equal(meter_breaker_lamp(meter), 2);
    press(6500);
    run(6);
    assert_int_equal(toy.relays_open, 0);
    press(6500); /* closed, the automatic list opens nothing */
    run(6);
    assert_int_equal(toy.relays_open, 0);
}

/* REQ(BRK-09): a limit set over the module port, a load above it: warning on the display, then
 * open. REQ(BRK-02, BRK-11): it goes on metering and answering */
static void smart_disconnect_in_a_meter(void **state)
{
    (void)state;
    static const char *const names[] = {"382LxB", "382MB"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct display_frame frame;
        char text[80];
        begin(names[i]);
        assert_true(set_over(CHANNEL_MODULE, "breaker-basis", 1));
        assert_true(set_over(CHANNEL_MODULE, "breaker-limit", 25));
        puppet.instant.phase[2].current_ma = 25001;
        run(20);
        assert_int_equal(meter_breaker_state(meter), BREAKER_WARNING);
        bool warned = false;
        for (unsigned n = 0; n < 5 && !warned; n++, run(1)) {
            display_render(&meter->display, meter, now_us, &frame);
            display_text(&frame, text, sizeof text);
            warned = strncmp(text, "128.0.0", 7) == 0;
        }
        assert_true(warned);
        run(13);
        assert_int_equal(meter_breaker_state(meter), BREAKER_CUT_OFF);
        assert_int_equal(toy.relays_open, 7);
        assert_true(meter->supply_on);
        const unsigned steps = puppet.steps;
        run(2);
        assert_true(puppet.steps > steps);
        assert_int_equal(newest().code, 7u << 8 | BREAKER_CUT_OFF);
    }
}

/* A stuck relay: feedback, event, alarm through mask A, error symbol */
static void a_stuck_relay_shows(void **state)
{
    (void)state;
    struct display_frame frame;
    begin("382MB");
    assert_true(set_over(CHANNEL_OPTICAL, "alarm-mask-a", 1u << EVENT_A_DISCONNECTED));
    toy.relays_stuck = 1;
    assert_int_equal(over(CHANNEL_OPTICAL, 1), BREAKER_DONE);
    run(10);
    assert_int_equal(meter_breaker_feedback(meter), 0xF9);
    assert_int_equal(newest().code, 32u << 8 | BREAKER_OPEN_COMMAND);
    display_render(&meter->display, meter, now_us, &frame);
    assert_true((frame.icons & ICON_ERROR) != 0);
    assert_int_equal(frame.icons & (ICON_BREAKER_OPEN | ICON_BREAKER_CLOSED),
                     ICON_BREAKER_OPEN | ICON_BREAKER_CLOSED);
    assert_true((meter->alarms.bits[ALARM_A] >> EVENT_A_DISCONNECTED & 1u) != 0);
}

/* REQ(NEU-02, NEU-04, BRK-08): a lost neutral opens where it is configured, and holds over a
 * restart */
static void a_lost_neutral(void **state)
{
    (void)state;
    begin("382MB");
    assert_true(set_over(CHANNEL_MODULE, "breaker-basis", 8));
    puppet.instant.phase[0].voltage_mv = 270000;
    puppet.instant.phase[1].voltage_mv = 270000;
    puppet.instant.phase[2].voltage_mv = 150000;
    run(75);
    assert_true(meter->neutral.fault);
    assert_int_equal(meter_breaker_state(meter), BREAKER_OPEN_NEUTRAL);
    assert_int_equal(toy.relays_open, 7);
    assert_int_equal(meter_store(meter), METER_OK);
    meter = toy_meter("382MB", 0);
    run(120);
    assert_int_equal(meter_breaker_state(meter), BREAKER_OPEN_NEUTRAL);
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        puppet.instant.phase[s].voltage_mv = 230000;
    }
    run(100);
    assert_int_equal(meter_breaker_state(meter), BREAKER_RELEASED);
    assert_int_equal(toy.relays_open, 7);
}

/* A cut at every write of a command, in three ways, and the start after it: it has moved completely
 * or not at all, the state says which, and a movement has one record. */
static void a_cut_at_every_write(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (unsigned at = 0; at < 8; at++) {
            begin("382MB");
            toy.writes = 0;
            toy.cut_after = at;
            toy.cut_kind = kind;
            (void)over(CHANNEL_OPTICAL, 1);
            if (toy.dead) {
                toy.relays_open = 0; /* whatever was driven after the cut was driven by nobody */
            } else {
                run(1);
            }
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            meter = toy_meter("382MB", 0);
            run(20);
            const bool moved = meter_breaker_state(meter) == BREAKER_OPEN_COMMAND;
            assert_true(moved || meter_breaker_state(meter) == BREAKER_CLOSED);
            assert_int_equal(toy.relays_open, moved ? 7 : 0);
            assert_int_equal(event_log_newest(&meter->logs, EVENT_LOG_DISCONNECT), moved ? 1 : 0);
            assert_true(moved || at == 0); /* after the first write it is decided */
        }
    }
}

/* The same of a closing: the order, the wait of five seconds, the movement, its confirmation. */
static void a_cut_at_every_write_of_a_closing(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (unsigned at = 0; at < 8; at++) {
            begin("382MB");
            assert_int_equal(over(CHANNEL_OPTICAL, 1), BREAKER_DONE);
            run(2);
            assert_int_equal(over(CHANNEL_OPTICAL, 2), BREAKER_DONE);
            toy.writes = 0;
            toy.cut_after = at;
            toy.cut_kind = kind;
            (void)over(CHANNEL_OPTICAL, 3);
            for (unsigned n = 0; n < 10 && !toy.dead; n++) {
                run(1);
            }
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            meter = toy_meter("382MB", 0);
            run(20);
            const bool moved = meter_breaker_state(meter) == BREAKER_CLOSED;
            assert_true(moved || meter_breaker_state(meter) == BREAKER_RELEASED);
            assert_true(moved || at == 0);
            assert_int_equal(toy.relays_open, moved ? 0 : 7);
            assert_int_equal(event_log_newest(&meter->logs, EVENT_LOG_DISCONNECT), moved ? 3 : 2);
            assert_int_equal(meter_breaker_feedback(meter), moved ? 0x3F : 0x38);
        }
    }
}

/* Bi-stable: the position is the board's, whatever the memory says (blank, here). */
static void a_blank_memory_meets_open_relays(void **state)
{
    (void)state;
    begin("382MB");
    assert_int_equal(over(CHANNEL_OPTICAL, 1), BREAKER_DONE);
    run(2);
    memset(toy.memory + BREAKER_STORE_FIRST_PAGE * 256u, 0xFF, 512);
    meter = toy_meter("382MB", 0);
    run(10);
    assert_int_equal(toy.relays_open, 7); /* not closed unasked */
    assert_int_equal(meter_breaker_feedback(meter) & 0x87, 0x80);
    assert_int_equal(over(CHANNEL_OPTICAL, 1), BREAKER_DONE);
    assert_int_equal(over(CHANNEL_OPTICAL, 2), BREAKER_DONE);
    assert_int_equal(over(CHANNEL_OPTICAL, 3), BREAKER_DONE);
    run(8);
    assert_int_equal(toy.relays_open, 0);
    assert_int_equal(meter_breaker_feedback(meter), 0x3F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_by_channel),
        cmocka_unit_test(none_fitted),
        cmocka_unit_test(the_basis_is_the_module_ports),
        cmocka_unit_test(every_operation_is_logged),
        cmocka_unit_test(the_button),
        cmocka_unit_test(smart_disconnect_in_a_meter),
        cmocka_unit_test(a_stuck_relay_shows),
        cmocka_unit_test(a_lost_neutral),
        cmocka_unit_test(a_cut_at_every_write),
        cmocka_unit_test(a_cut_at_every_write_of_a_closing),
        cmocka_unit_test(a_blank_memory_meets_open_relays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
