/* The I/O pins in a meter: inputs by configuration DD, pulse outputs beside the registers, records
 * and cuts of them. */
#include "legal_puppet.h"

#include "app/meter/meter_events.h"
#include "app/meter/meter_pins.h"
#include "app/meter/meter_settings.h"
#include "app/optical/optical_write.h"
#include "proto/kmp/kmp.h"

#define MS INT64_C(1000)

static int64_t now_us;
static struct meter *meter;
static uint64_t a_second_uwh; /* of A+ */

static void until(int64_t end_us)
{
    while (now_us < end_us) {
        const int64_t window_us = now_us / (SECOND / 5) * (SECOND / 5) + SECOND / 5;
        int64_t next_us = meter_step(meter, now_us);
        next_us = next_us > now_us ? next_us : now_us + 1;
        next_us = next_us < window_us ? next_us : window_us;
        next_us = next_us < end_us ? next_us : end_us;
        now_us = next_us;
        if (now_us == window_us && puppet.supply == LEGAL_SUPPLY_ON) {
            puppet.energy_uwh[LEGAL_A_PLUS] += a_second_uwh / 5u;
            meter_bus_receive(meter, NULL, 0, now_us);
        }
    }
    (void)meter_step(meter, now_us);
}

static void run(int64_t for_us)
{
    until(now_us + for_us);
}

static void set(const char *name, uint32_t number)
{
    const struct setting_value value = {number, ""};
    struct kmp_settings_reply reply = {0};
    assert_int_equal(meter_setting_stage(meter, setting_by_name(name), &value), KMP_SETTINGS_OK);
    meter_settings_commit(meter, 1, &reply);
    assert_int_equal(reply.reason, KMP_SETTINGS_OK);
}

static void begin(const char *name, unsigned dd)
{
    toys_reset();
    now_us = 0;
    a_second_uwh = 0;
    meter = toy_meter(name, 0);
    set("module-ports", dd);
    run(SECOND);
}

static void restart(const char *name, bool orderly)
{
    if (orderly) {
        puppet.supply = LEGAL_SUPPLY_OFF;
        meter_bus_receive(meter, NULL, 0, now_us);
        run(SECOND);
        (void)meter_store(meter);
    }
    toy.dead = false;
    toy.cut_after = UINT32_MAX;
    toy.pin[0] = toy.pin[1] = false;
    toy.pin_edges[0] = toy.pin_edges[1] = 0;
    puppet.supply = LEGAL_SUPPLY_OFF;
    now_us = 0;
    meter = toy_meter(name, 0);
}

static void pin(unsigned number, bool on)
{
    meter_input(meter, (enum meter_input)(METER_INPUT_PIN_1 + number), on, now_us);
}

static void pulses(unsigned n, unsigned per_second)
{
    const int64_t half_us = SECOND / per_second / 2;
    for (unsigned i = 0; i < n; i++) {
        pin(0, true);
        run(half_us);
        pin(0, false);
        run(half_us);
    }
}

static bool put(uint16_t id, uint32_t number, int exponent)
{
    struct kmp_value value;
    const struct register_def *def = register_by_kmp_id(id);
    assert_int_equal(kmp_value_set(&value, id, def->kmp_unit, def->width, number, exponent),
                     KMP_OK);
    return optical_write(meter, 0, &value);
}

static int64_t get(uint16_t id)
{
    struct register_value value;
    assert_true(register_read(meter, register_by_kmp_id(id), &value));
    return value.number;
}

/* REQ(LCO-08, LCO-09, X-LCO-2, TOO-06, REG-08, REG-11): pulses of another meter at 25 a second,
 * scaled, with the unit of NN, in the debiting record; orderly losses of supply cost nothing */
static void pulse_input(void **state)
{
    (void)state;
    begin("382M", 3);
    set("pulse-input-unit", 2);
    assert_true(put(0xF822, 40000, -3));
    assert_false(put(0xF822, 99, -3));
    pulses(1000, 25);
    assert_int_equal(get(58), 25);
    assert_int_equal(get(0xF823), 1000);
    struct kmp_value value;
    assert_true(register_read_kmp(meter, register_by_kmp_id(58), &value));
    assert_string_equal(kmp_unit_name(value.unit), "m\xC2\xB3");
    char text[16];
    const char *unit = "";
    assert_true(register_read_text(meter, register_by_kmp_id(58), text, sizeof text, &unit));
    assert_string_equal(text, "0000025");
    assert_string_equal(unit, "m\xC2\xB3");
    pin(0, true);
    assert_int_equal(get(1234), 1);
    run(20 * MS);
    pin(0, false);
    assert_int_equal(get(1234), 0);
    run(20 * MS);
    assert_int_equal(meter_debiting_stop(meter), METER_OK);
    struct event_log_entry entry;
    assert_int_equal(
        event_log_seek(&meter->logs, meter->board, EVENT_LOG_DEBITING, UINT32_MAX, false, &entry),
        EVENT_LOG_OK);
    assert_int_equal(entry.payload[entry.n_payload - 4], 25);
    restart("382M", true);
    run(SECOND);
    assert_int_equal(get(0xF823), 1001);
    pulses(39, 10);
    assert_int_equal(get(58), 26);
    assert_true(put(58, 7000, 0)); /* set to what the other meter shows */
    restart("382M", true);
    run(SECOND);
    assert_int_equal(get(58), 7000);
    /* an inverted one counts the falling edges */
    begin("382M", 19);
    pin(0, true);
    run(SECOND);
    pin(0, false);
    run(SECOND);
    pin(0, true);
    run(SECOND);
    assert_int_equal(get(0xF823), 1);
    /* other configurations do not count */
    begin("382M", 1);
    pulses(10, 10);
    assert_int_equal(get(0xF823), 0);
}

/* REQ(LCO-08): without warning a kill costs what came since the last record, at most a minute, and
 * a pulse is never counted twice; records come at most once a minute */
static void kills_of_the_input(void **state)
{
    (void)state;
    begin("382LxG", 5);
    toy.writes = 0;
    pulses(10 * 60 * 10, 10);
    assert_in_range(toy.writes, 9, 40); /* ten of these, and the others' */
    const unsigned before = meter->pins.kept.sequence;
    pulses(10 * 60 * 10, 10);
    assert_in_range(meter->pins.kept.sequence - before, 9, 11);
    const int64_t counted = get(0xF823);
    restart("382LxG", false);
    run(SECOND);
    assert_in_range(counted - get(0xF823), 0, 10 * 60 + 10);
}

/* REQ(X-LCO-2, X-REG-3, X-EVT-4): the alarm input shows in the status, its log and the event words;
 * generation M wants I = 2 or 4; inverted, an open loop is an alarm */
static void alarm_input(void **state)
{
    (void)state;
    begin("382M", 3);
    pin(1, true);
    run(SECOND);
    assert_int_equal(meter_status(meter) & STATUS_ALARM_INPUT, 0); /* I = 1: off */
    set("pulses", 2);
    run(SECOND);
    assert_int_equal(meter_status(meter) & STATUS_ALARM_INPUT, STATUS_ALARM_INPUT);
    assert_int_equal(get(50) & STATUS_ALARM_INPUT, STATUS_ALARM_INPUT);
    assert_true((meter_event_word_b(meter) >> EVENT_B_ALARM_INPUT & 1u) != 0);
    struct event_log_entry entry;
    assert_int_equal(
        event_log_seek(&meter->logs, meter->board, EVENT_LOG_STATUS, UINT32_MAX, false, &entry),
        EVENT_LOG_OK);
    assert_int_equal(entry.code, STATUS_ALARM_INPUT);
    const uint32_t newest = entry.id;
    for (unsigned i = 0; i < 50; i++) { /* contacts bounce */
        pin(1, false);
        run(3 * MS);
        pin(1, true);
        run(3 * MS);
    }
    assert_int_equal(event_log_newest(&meter->logs, EVENT_LOG_STATUS), newest);
    pin(1, false);
    run(99 * MS);
    assert_int_not_equal(meter_status(meter) & STATUS_ALARM_INPUT, 0);
    run(2 * MS);
    assert_int_equal(meter_status(meter) & STATUS_ALARM_INPUT, 0);
    assert_int_not_equal(meter_events(meter) & STATUS_ALARM_INPUT, 0); /* noted until cleared */
    meter_events_clear(meter, STATUS_ALARM_INPUT);
    assert_int_equal(meter_events(meter) & STATUS_ALARM_INPUT, 0);
    begin("382LxG", 4);
    run(SECOND);
    assert_int_not_equal(meter_status(meter) & STATUS_ALARM_INPUT, 0);
    pin(1, true);
    run(SECOND);
    assert_int_equal(meter_status(meter) & STATUS_ALARM_INPUT, 0);
}

/* REQ(TAR-05, X-LCO-2): a pin that is a tariff input changes the tariff within a second; the others
 * do not */
static void tariff_input(void **state)
{
    (void)state;
    begin("382M", 1);
    static const struct {
        bool pin[2];
        uint8_t tariff;
    } rows[] = {{{false, false}, 1}, {{true, false}, 2}, {{false, true}, 3}, {{true, true}, 4}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pin(0, rows[i].pin[0]);
        pin(1, rows[i].pin[1]);
        run(SECOND);
        assert_int_equal(puppet.tariff, rows[i].tariff);
    }
    begin("382M", 3);
    pin(0, true);
    pin(1, true);
    run(SECOND);
    assert_int_equal(puppet.tariff, 1);
}

/* REQ(LCO-01, LCO-09): a pin that commands a relay, one that shows where it is; one that ends the
 * debiting period; the number of relays comes with DD */
static void other_uses(void **state)
{
    (void)state;
    begin("382M", 17);
    assert_int_equal(get(0xF802), 1);
    assert_true(put(1227, LOAD_COMMAND, 0));
    pin(0, true);
    run(SECOND);
    assert_true(toy.pin[1]);
    assert_int_equal(get(1226), 1);
    pin(0, false);
    run(SECOND);
    assert_false(toy.pin[1]);
    begin("382M", 26);
    assert_int_equal(get(0xF802), 2);
    assert_true(put(1230, LOAD_COMMAND, 0));
    assert_true(put(1229, 1, 0));
    run(SECOND);
    assert_true(toy.pin[1] && !toy.pin[0]);
    puppet.supply = LEGAL_SUPPLY_OFF;
    meter_bus_receive(meter, NULL, 0, now_us);
    (void)meter_step(meter, now_us);
    assert_false(toy.pin[1]); /* relays fall with the supply */
    begin("382M", 15);
    const uint32_t periods = event_log_newest(&meter->logs, EVENT_LOG_DEBITING);
    pin(0, true);
    run(SECOND);
    pin(0, false);
    run(SECOND);
    assert_int_equal(event_log_newest(&meter->logs, EVENT_LOG_DEBITING), periods + 1u);
    begin("382M", 18); /* the puppet counts in tariff 2 */
    assert_true(toy.pin[1]);
    begin("382M", 20);
    assert_false(toy.pin[1]);
    /* register 1102 sets DD, and keeps an inversion that is there */
    assert_int_equal(get(1102), 12);
    assert_true(put(1102, 12, 0));
    assert_int_equal(meter->variant.configuration[0] / 10u % 100u, 20);
    assert_true(put(1102, 5, 0));
    assert_int_equal(meter->variant.configuration[0] / 10u % 100u, 3);
    assert_false(put(1102, 14, 0));
    assert_false(put(1102, 200, 0));
}

/* REQ(LCO-06, LCO-07, X-LCO-3): outputs follow their registers, A+ and R+; value and division are
 * registers; lengths follow I at the start */
static void pulse_outputs(void **state)
{
    (void)state;
    begin("382M", 6);
    toy.shortest_on_us = toy.shortest_off_us = 0;
    a_second_uwh = 10000000; /* 36 kW: ten pulses a second */
    run(100 * SECOND);
    assert_in_range(toy.pin_edges[1] / 2u, 990, 1000);
    assert_int_equal(toy.pin_edges[0], 0);
    assert_int_equal(toy.shortest_on_us, 30000);
    assert_true(toy.shortest_off_us >= 30000);
    puppet.energy_uwh[LEGAL_R_PLUS] += 5 * KWH / 1000u;
    a_second_uwh = 0;
    run(5 * SECOND);
    assert_int_equal(toy.pin_edges[0], 10);
    assert_int_equal(get(0xF826), 5);
    assert_int_equal(get(0xF827), 1000);
    assert_int_equal(get(0xF825), 0);
    assert_int_equal(get(0xF828), 860);
    assert_int_equal(get(0xF829), 0x80); /* 100 A */
    assert_true(put(0xF821, 100, 0));    /* each hundredth */
    assert_false(put(0xF821, 0, 0));
    assert_false(put(0xF820, 7, 0));
    assert_int_equal(get(0xF828), 1000);
    assert_int_equal(get(0xF829), 0);
    puppet.energy_uwh[LEGAL_A_PLUS] += KWH;
    run(5 * SECOND);
    assert_int_equal(get(0xF827), 1010);
    set("pulses", 3);
    restart("382M", true);
    run(SECOND);
    toy.shortest_on_us = 0;
    puppet.energy_uwh[LEGAL_A_PLUS] += KWH;
    run(5 * SECOND);
    assert_int_equal(toy.shortest_on_us, 80000);
    assert_int_equal(get(0xF827), 1020);
    assert_int_equal(get(0xF828), 1000);
}

/* REQ(LCO-06): above the table's load pulses wait, over losses of supply too; whenever the supply
 * goes in good order, sent and waiting are what the register is worth */
static void the_queue_over_losses(void **state)
{
    (void)state;
    uint64_t sent = 0, base = 0;
    begin("382LxG", 5);
    base = puppet.energy_uwh[LEGAL_A_PLUS] / (KWH / 1000u);
    for (unsigned n = 0; n < 12; n++) {
        a_second_uwh = n % 3u == 2u ? 0 : 25000000; /* 25 a second where 16.7 can be sent */
        run((int64_t)(7 + 3 * n) * SECOND + (int64_t)n * 77777);
        const bool late = get(0xF825) > 33;
        assert_int_equal(get(0xF829) & 3, late ? 2 : 0);
        const uint64_t edges = toy.pin_edges[1];
        puppet.supply = LEGAL_SUPPLY_OFF;
        meter_bus_receive(meter, NULL, 0, now_us);
        run(SECOND);
        assert_false(toy.pin[1]);
        assert_true(toy.pin_edges[1] - edges <= 2u);
        sent += toy.pin_edges[1] / 2u;
        const uint64_t worth = puppet.energy_uwh[LEGAL_A_PLUS] / (KWH / 1000u) - base;
        assert_int_equal(sent + (uint64_t)get(0xF825), worth);
        assert_int_equal(get(0xF827), sent);
        restart("382LxG", n % 2u != 0);
    }
}

/* A record that is cut, at any write and in any way: nothing is forgotten that a record held, and
 * nothing sent twice but what had changed in the queue since. */
static void cut_at_every_write(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (unsigned at = 0; at < 8; at++) {
            begin("382LxG", 5);
            a_second_uwh = 25000000;
            run(130 * SECOND);
            pulses(10, 10);
            const int64_t waiting = get(0xF825), kept = meter->pins.kept.queue[1].waiting;
            const uint64_t counted = meter->pins.kept.input.pulses;
            assert_true(waiting > 900 && kept > 0);
            toy.writes = 0;
            toy.cut_kind = kind;
            toy.cut_after = at;
            a_second_uwh = 0;
            puppet.supply = LEGAL_SUPPLY_OFF; /* it stores, and the memory dies on the way */
            meter_bus_receive(meter, NULL, 0, now_us);
            (void)meter_step(meter, now_us);
            /* what the register is worth is sent or waits, whatever was lost */
            const uint64_t worth = puppet.energy_uwh[LEGAL_A_PLUS] / (KWH / 1000u);
            const bool stored = !toy.dead || meter->pins.kept.queue[1].waiting == waiting;
            restart("382LxG", false);
            (void)meter_step(meter, now_us);
            /* the first one goes out at once */
            const int64_t found = meter->pins.output[1].waiting + (toy.pin[1] ? 1 : 0);
            assert_int_equal((uint64_t)get(0xF825) + (uint64_t)get(0xF827), worth);
            if (stored) {
                assert_int_equal(found, waiting);
                assert_int_equal(meter->pins.kept.input.pulses, counted);
            } else {
                assert_int_equal(found, kept);
                assert_true(meter->pins.kept.input.pulses <= counted);
            }
        }
    }
}

/* Another use of a pin while the meter runs: what is on goes off, the queue of the other energy is
 * not sent as this one's; a memory that fails is tried again and shows. */
static void changes_on_the_way(void **state)
{
    (void)state;
    begin("382M", 6);
    a_second_uwh = 25000000;
    run(20 * SECOND + 10 * MS);
    assert_true(get(0xF825) > 100);
    set("module-ports", 0);
    assert_false(toy.pin[1]);
    const uint64_t edges = toy.pin_edges[1];
    run(5 * SECOND);
    assert_int_equal(toy.pin_edges[1], edges);
    set("module-ports", 16);
    run(200 * MS);
    assert_true(get(0xF825) <= 5);
    begin("382M", 3);
    run(61 * SECOND);
    toy.fail_write = true;
    pulses(10, 10);
    assert_true(meter->memory_fault);
    assert_int_equal(get(0xF823), 10);
    assert_false(put(58, 5, 0));
    assert_int_equal(get(58), 10);
    toy.fail_write = false;
    run(61 * SECOND);
    restart("382M", false);
    run(SECOND);
    assert_int_equal(get(0xF823), 10);
    toy.fail_read = true;
    struct pins_kept kept;
    assert_false(pins_store_load(&kept, meter->board));
    assert_int_equal(kept.value.per_kwh, PULSE_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pulse_input),
        cmocka_unit_test(kills_of_the_input),
        cmocka_unit_test(alarm_input),
        cmocka_unit_test(tariff_input),
        cmocka_unit_test(other_uses),
        cmocka_unit_test(pulse_outputs),
        cmocka_unit_test(the_queue_over_losses),
        cmocka_unit_test(cut_at_every_write),
        cmocka_unit_test(changes_on_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
