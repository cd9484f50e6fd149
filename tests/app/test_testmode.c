/* The test mode of a whole meter: who may set it, what LED and S0 show, what a loss of supply
 * leaves. */
#include <stdio.h>

#include "legal_puppet.h"
#include "proto/kmp/kmp.h"

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

/* PutRegister of the operation state over the optical port.  @return the meter acknowledged it. */
static bool put(struct meter *meter, unsigned password, unsigned id, unsigned number, int exponent)
{
    uint8_t body[32], frame[64], answer[64];
    struct kmp_value value;
    struct writer w = writer_over(body, sizeof body);
    assert_int_equal(kmp_value_set(&value, (uint16_t)id, 51, 1, number, exponent), KMP_OK);
    writer_u8(&w, KMP_ADDRESS_METER);
    writer_u8(&w, 0x11);
    writer_uint_be(&w, password, 2);
    kmp_value_write(&w, &value);
    int n = kmp_frame_encode(KMP_TO_METER, body, writer_length(&w), frame, sizeof frame);
    assert_true(n > 0);
    optical_receive(&meter->optical[0], meter, frame, (size_t)n, 0);
    size_t got = optical_transmit(&meter->optical[0], answer, sizeof answer);
    assert_true(got == 0 || (got == 1 && answer[0] == KMP_ACK));
    return got == 1;
}

static int64_t state_read(const struct meter *meter)
{
    struct register_value value;
    assert_true(register_read(meter, register_by_kmp_id(1032), &value));
    return value.number;
}

static void press(struct meter *meter, int64_t from_us, int64_t for_us)
{
    meter_input(meter, METER_INPUT_BUTTON_LEFT, true, from_us);
    (void)meter_step(meter, from_us);
    meter_input(meter, METER_INPUT_BUTTON_LEFT, false, from_us + for_us);
    (void)meter_step(meter, from_us + for_us);
}

/* REQ(X-MET-3, C-13): a tool chooses the energy of LED and S0, the left button changes it; normally
 * they show active energy, reactive in the test mode alone */
static void tool_and_button_choose(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    assert_int_equal(state_read(meter), 1);
    assert_int_equal(puppet.pulse_energy, LEGAL_A_PLUS);
    for (unsigned number = 2; number <= 5; number++) {
        assert_true(put(meter, 0, 1032, number, 0));
        assert_int_equal(state_read(meter), number);
        assert_int_equal(puppet.pulse_energy, number - 2);
        assert_int_equal(meter_operation_state(meter), number);
    }
    press(meter, 20 * SECOND, SECOND);
    assert_int_equal(state_read(meter), 2);
    assert_int_equal(puppet.pulse_energy, LEGAL_A_PLUS);
    press(meter, 22 * SECOND, SECOND);
    press(meter, 24 * SECOND, SECOND);
    assert_int_equal(puppet.pulse_energy, LEGAL_R_PLUS);
    assert_true(put(meter, 0, 1032, 1, 0));
    assert_int_equal(state_read(meter), 1);
    assert_int_equal(puppet.pulse_energy, LEGAL_A_PLUS);
}

/* REQ(X-MET-3): held for 6 s, and 16 h after the last button */
static void it_ends_by_itself(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    assert_true(put(meter, 0, 1032, 4, 0));
    press(meter, 20 * SECOND, 6 * SECOND);
    assert_int_equal(state_read(meter), 1);
    assert_int_equal(puppet.pulse_energy, LEGAL_A_PLUS);
    assert_true(put(meter, 0, 1032, 4, 0));
    int64_t end_us = meter->now_us + INT64_C(57600) * SECOND;
    meter->next_display_us = end_us; /* whoever waits as long as it asks for */
    (void)meter_step(meter, end_us - 1);
    assert_int_equal(puppet.pulse_energy, LEGAL_R_PLUS);
    (void)meter_step(meter, end_us);
    assert_int_equal(puppet.pulse_energy, LEGAL_A_PLUS);
    assert_int_equal(state_read(meter), 1);
}

/* REQ(X-MET-3): a wrong password, an unknown state, another register: silence, and nothing changed
 */
static void refusals(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    assert_true(put(meter, 0, 1032, 3, 0));
    assert_false(put(meter, 1, 1032, 4, 0));
    assert_false(put(meter, 0, 1032, 0, 0));
    assert_false(put(meter, 0, 1032, 6, 0));
    assert_false(put(meter, 0, 1032, 255, 0));
    assert_false(put(meter, 0, 1032, 4, 1));
    assert_false(put(meter, 0, 1, 0, 0)); /* energy: no client writes it (REG-13) */
    assert_false(put(meter, 0, 13, 0, 0));
    assert_int_equal(state_read(meter), 3);
    meter->variant.energy_type = ENERGY_A_BOTH;
    display_init(&meter->display, meter);
    display_supply(&meter->display, true, meter->now_us);
    assert_false(put(meter, 0, 1032, 4, 0));
    assert_true(put(meter, 0, 1032, 3, 0));
}

/* REQ(X-MET-3, X-MET-7): a loss of supply, or a restart after a cut, is a meter in normal operation
 */
static void it_does_not_outlive_the_supply(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    assert_true(put(meter, 0, 1032, 4, 0));
    puppet.supply = LEGAL_SUPPLY_OFF;
    meter->next_legal_us = 0;
    (void)meter_step(meter, SECOND);
    assert_int_equal(state_read(meter), 1);
    assert_int_equal(puppet.pulse_energy, LEGAL_A_PLUS);
    assert_int_equal(meter_operation_set(meter, 4), METER_ERR_RANGE);
    puppet.supply = LEGAL_SUPPLY_ON;
    meter->next_legal_us = 0;
    (void)meter_step(meter, 2 * SECOND);
    assert_int_equal(state_read(meter), 1);
    assert_true(put(meter, 0, 1032, 4, 0));
    meter = toy_meter("382M", 0); /* cut without a word */
    assert_int_equal(state_read(meter), 1);
}

/* REQ(X-MET-3): a test head sees pulses alone, also where configuration B lights the idle LED */
static void no_idle_light_under_test(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    meter->variant.led_on_idle = true;
    assert_true(meter_led_idle(meter));
    assert_true(put(meter, 0, 1032, 2, 0));
    assert_false(meter_led_idle(meter));
    assert_true(put(meter, 0, 1032, 1, 0));
    assert_true(meter_led_idle(meter));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tool_and_button_choose, setup),
        cmocka_unit_test_setup(it_ends_by_itself, setup),
        cmocka_unit_test_setup(refusals, setup),
        cmocka_unit_test_setup(it_does_not_outlive_the_supply, setup),
        cmocka_unit_test_setup(no_idle_light_under_test, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
