/* Load control in a meter: over KMP, by tariff inputs, its record and cuts of it, the audit log. */
#include "legal_puppet.h"

#include "app/load_control/load_store.h"
#include "app/meter/meter_load.h"
#include "app/optical/optical_load.h"
#include "app/optical/optical_write.h"

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

static void begin(const char *name, uint8_t relays)
{
    toys_reset();
    now_us = 0;
    toy_board.load_relays = relays;
    meter = toy_meter(name, 0);
    run(2);
}

static bool put(uint16_t id, uint32_t number)
{
    struct kmp_value value;
    const struct register_def *def = register_by_kmp_id(id);
    assert_int_equal(kmp_value_set(&value, id, def->kmp_unit, def->width, number, 0), KMP_OK);
    return optical_write(meter, 0, &value);
}

static int64_t get(uint16_t id)
{
    struct register_value value;
    assert_true(register_read(meter, register_by_kmp_id(id), &value));
    return value.number;
}

/* One command of the private block; n_answer octets come back.  @return result of the server */
static int command(uint8_t cid, const uint8_t *data, size_t n_data, uint8_t *answer,
                   size_t *n_answer)
{
    struct reader r = reader_over(data, n_data);
    struct writer w = writer_over(answer, 100);
    const int result = optical_load(meter, cid, &r, &w);
    *n_answer = writer_length(&w);
    return result;
}

/* REQ(LCO-01, LCO-02, AMI-10): by command over KMP registers and commands; the two are apart */
static void by_command(void **state)
{
    (void)state;
    uint8_t answer[100];
    size_t n = 0;
    begin("382M", 2);
    assert_int_equal(get(0xF802), 2);
    assert_int_equal(get(1232), LOAD_DELAY_S);
    assert_false(put(1226, 1)); /* it does not go by commands */
    assert_true(put(1227, LOAD_COMMAND));
    assert_true(put(1226, 1));
    run(1);
    assert_int_equal(toy.loads, 1);
    assert_int_equal(get(1226), 1);
    assert_int_equal(get(1229), 0);
    struct event_log_entry entry;
    assert_int_equal(
        event_log_seek(&meter->logs, meter->board, EVENT_LOG_LOAD, UINT32_MAX, false, &entry),
        EVENT_LOG_OK);
    assert_int_equal(entry.code, 0x105); /* relay 1, by command, active */
    assert_int_equal(entry.n_payload, METER_LOAD_RECORD_BYTES);
    assert_int_equal(entry.payload[2], 1);
    assert_int_equal(get(0xF803), 0x105);
    assert_false(put(1226, 2));
    assert_false(put(1227, LOAD_MODES));
    assert_false(put(1232, LOAD_DELAY_MAX_S + 1u));
    assert_false(put(1244, 0)); /* read only */
    assert_true(put(1230, LOAD_COMMAND));
    const uint8_t second[] = {0, 0, 1, 1}, wrong[] = {0, 1, 1, 0}, none[] = {0, 0, 2, 1};
    assert_int_equal(command(KMP_LOAD_COMMAND, second, 4, answer, &n), 1);
    assert_int_equal(n, 1);
    assert_int_equal(answer[0], LOAD_DONE);
    assert_int_equal(toy.loads, 3); /* at once */
    assert_int_equal(command(KMP_LOAD_COMMAND, wrong, 4, answer, &n), 0);
    assert_int_equal(command(KMP_LOAD_COMMAND, second, 3, answer, &n), 0);
    assert_int_equal(command(KMP_LOAD_COMMAND, none, 4, answer, &n), 1);
    assert_int_equal((int8_t)answer[0], LOAD_ERR_RELAY);
    assert_int_equal(command(KMP_LOAD_STATUS, NULL, 0, answer, &n), 1);
    static const uint8_t expected[] = {2, 0x0E, 0x10, 2, 0, 1, 0, 0, 0, 0, 0,
                                       1, 2,    0,    1, 0, 0, 0, 0, 0, 1};
    assert_int_equal(n, sizeof expected);
    assert_memory_equal(answer, expected, sizeof expected);
    /* a relay that is not there takes nothing */
    begin("382LxG", 1);
    assert_true(put(1230, LOAD_COMMAND));
    assert_false(put(1229, 1));
    assert_int_equal(get(1229), 0);
}

/* REQ(SEC-06, CCC-04): not over the consumer port; types without load control do not know it */
static void rights_and_types(void **state)
{
    (void)state;
    uint8_t answer[100];
    size_t n = 0;
    const uint8_t first[] = {0, 0, 0, 1};
    begin("382M", 1);
    assert_true(put(1227, LOAD_COMMAND));
    meter->rights.line[0].channel = CHANNEL_CONSUMER;
    meter->rights.speaker = 1;
    assert_false(put(1226, 1));
    assert_false(put(1227, 0));
    assert_int_equal(command(KMP_LOAD_COMMAND, first, 4, answer, &n), 0);
    meter->rights.line[0].channel = CHANNEL_MODULE;
    assert_true(put(1226, 1));
    meter->rights.speaker = 0;
    begin("382D", 2);
    assert_int_equal(command(KMP_LOAD_STATUS, NULL, 0, answer, &n), 0);
    assert_false(register_exists(meter, register_by_kmp_id(1226)));
    assert_false(put(1227, LOAD_COMMAND));
    assert_int_equal(meter->load.fitted, 0);
}

/* REQ(LCO-02, X-LCO-1): the relay follows the tariff; the map and the delay are registers, what
 * changes them is in the audit log */
static void by_tariff(void **state)
{
    (void)state;
    begin("382M", 2);
    assert_true(put(1232, 0));
    assert_true(put(1227, LOAD_TARIFF));
    assert_true(put(1230, LOAD_TARIFF));
    assert_true(put(1228, 0x02)); /* the puppet says tariff 2 */
    assert_true(put(1231, 0xFD));
    run(1);
    assert_int_equal(toy.loads, 1);
    struct event_log_entry entry;
    assert_int_equal(
        event_log_seek(&meter->logs, meter->board, EVENT_LOG_AUDIT, UINT32_MAX, false, &entry),
        EVENT_LOG_OK);
    assert_int_equal(entry.code, 1231);
    assert_int_equal(entry.payload[0], 0);
    assert_int_equal(entry.payload[8], 0xFD);
    const uint32_t newest = entry.id;
    assert_true(put(1231, 0xFD)); /* no change, no record */
    assert_int_equal(event_log_newest(&meter->logs, EVENT_LOG_AUDIT), newest);
}

/* REQ(LCO-02, AMI-10): tables over KMP, read back as they were written */
static void by_table(void **state)
{
    (void)state;
    uint8_t answer[100];
    size_t n = 0;
    /* Thursday 2024-06-20, 12:30:05 UTC; the 382M as delivered is an hour ahead, and in summer */
    static const uint8_t plan[] = {0, 0, 0, 3, 0x80 | 0x7F, 0, 0, 0x08, 14, 14, 0xFF, 14, 15};
    uint8_t write[sizeof plan];
    memcpy(write, plan, sizeof plan);
    begin("382M", 1);
    struct calendar local;
    clock_local(&meter->clock, meter->now_us, &local);
    const unsigned minute = local.hour * 60u + local.minute;
    write[8] = (uint8_t)((minute + 1u) >> 8);
    write[9] = (uint8_t)(minute + 1u);
    write[11] = (uint8_t)((minute + 2u) >> 8);
    write[12] = (uint8_t)(minute + 2u);
    assert_true(put(1232, 0));
    assert_int_equal(command(KMP_LOAD_PLAN_WRITE, write, sizeof write, answer, &n), 1);
    assert_int_equal(answer[0], LOAD_DONE);
    assert_true(put(1227, LOAD_PLAN));
    const uint8_t relay = 0;
    assert_int_equal(command(KMP_LOAD_PLAN_READ, &relay, 1, answer, &n), 1);
    assert_int_equal(n, sizeof write - 3u);
    assert_memory_equal(answer, write + 3, n);
    run(1);
    assert_int_equal(toy.loads, 1);
    run(59);
    assert_int_equal(toy.loads, 0);
    run(60);
    assert_int_equal(toy.loads, 1);
    /* the clock set back: the right position at once */
    assert_int_equal(meter_clock_set(meter, clock_utc_s(&meter->clock, now_us) - 60), METER_OK);
    run(1);
    assert_int_equal(toy.loads, 0);
    write[4] = 0; /* a row of no day */
    assert_int_equal(command(KMP_LOAD_PLAN_WRITE, write, sizeof write, answer, &n), 1);
    assert_int_equal((int8_t)answer[0], LOAD_ERR_RANGE);
    write[3] = 200;
    assert_int_equal(command(KMP_LOAD_PLAN_WRITE, write, sizeof write, answer, &n), 0);
}

static void restart(void)
{
    toy.dead = false;
    toy.cut_after = UINT32_MAX;
    puppet.supply = LEGAL_SUPPLY_OFF;
    toy.loads = 0;
    meter = toy_meter("382M", 0);
    now_us = 0;
    run(2);
}

/* REQ(X-LCO-1): whatever write is cut, and however: after the restart the set-up is the old one or
 * the new one, and the relay stands where set-up and command say */
static void cut_at_every_write(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (unsigned at = 0; at < 12; at++) {
            begin("382M", 2);
            assert_true(put(1227, LOAD_COMMAND));
            assert_true(put(1232, 77));
            toy.writes = 0;
            toy.cut_kind = kind;
            toy.cut_after = at;
            const bool took = put(1226, 1);
            run(1);
            const bool moved = (toy.loads & 1u) != 0;
            const bool delay = put(1232, 99);
            restart();
            assert_int_equal(get(1227), LOAD_COMMAND);
            if (took) {
                assert_true(moved);
                assert_int_equal(toy.loads & 1u, 1);
            } else {
                assert_false(moved);
            }
            if (delay) {
                assert_int_equal(get(1232), 99);
            } else {
                assert_true(get(1232) == 77 || get(1232) == 99);
            }
            assert_int_equal(get(1226), toy.loads & 1);
        }
    }
}

/* Damaged slots: the other one counts; both: as delivered, and nothing is active. */
static void damaged_slots(void **state)
{
    (void)state;
    begin("382M", 1);
    assert_true(put(1227, LOAD_COMMAND));
    assert_true(put(1226, 1));
    run(1);
    assert_int_equal(toy.loads, 1);
    const uint32_t sequence = meter->load.kept.sequence;
    toy.memory[(LOAD_STORE_FIRST_PAGE + sequence % 2u) * 256u + 20u] ^= 1u;
    restart();
    assert_int_equal(toy.loads, 1); /* the command was stored before the movement */
    toy.memory[LOAD_STORE_FIRST_PAGE * 256u + 20u] ^= 1u;
    toy.memory[(LOAD_STORE_FIRST_PAGE + 1u) * 256u + 20u] ^= 1u;
    restart();
    assert_int_equal(toy.loads, 0);
    assert_int_equal(get(1227), LOAD_OFF);
    toy.fail_read = true;
    struct load_kept kept;
    assert_false(load_store_load(&kept, meter->board));
    toy.fail_read = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_command),         cmocka_unit_test(rights_and_types),
        cmocka_unit_test(by_tariff),          cmocka_unit_test(by_table),
        cmocka_unit_test(cut_at_every_write), cmocka_unit_test(damaged_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
