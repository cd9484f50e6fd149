#include "consumer.h"

#include "../meter/meter.h"

#define SECOND_US INT64_C(1000000)
#define BYTE_BITS 10u /* 8N1 */

static const uint8_t voltage_l2[6] = {1, 1, 52, 7, 0, 255}, voltage_l3[6] = {1, 1, 72, 7, 0, 255};

static bool single_phase(const struct consumer_source *source)
{
    struct consumer_value value;
    return !source->read(source->context, voltage_l2, 0, &value) &&
           !source->read(source->context, voltage_l3, 0, &value);
}

static enum consumer_list list_of(enum consumer_kind kind, enum consumer_turn turn)
{
    return kind == CONSUMER_PUSH        ? CONSUMER_PUSH_1
           : turn == CONSUMER_TURN_HOUR ? CONSUMER_HAN_2
                                        : CONSUMER_HAN_1;
}

static size_t list_make(const struct consumer_setup *setup, struct meter *meter,
                        enum consumer_list list, const struct consumer_moment *moment, uint8_t *out,
                        size_t capacity)
{
    const struct consumer_source source = consumer_source_of(meter);
    struct security *security = &meter->security;
    struct consumer_form form = setup->form;
    struct dlms_cipher cipher;
    uint8_t buffer[CONSUMER_BUFFER];
    struct writer w = writer_over(buffer + CONSUMER_ROOM, CONSUMER_APDU_MAX);
    if (setup->ciphered && !security->open) {
        return 0;
    }
    form.single_phase = single_phase(&source);
    consumer_list_write(list, &form, moment, &source, &w);
    if (w.failed) {
        return 0;
    }
    /* The associations' own counter: same key and same title, so no number may come twice. */
    dlms_cipher_init(&cipher, &security->keys, &security->own, NULL, NULL, security->title);
    return consumer_frame_write(setup->ciphered ? &cipher : NULL, buffer, writer_length(&w), out,
                                capacity);
}

static size_t message_make(const struct consumer_setup *setup, struct meter *meter,
                           enum consumer_turn turn, uint8_t *out, size_t capacity)
{
    struct consumer_moment moment = {.valid = meter->clock.valid};
    clock_local(&meter->clock, meter->now_us, &moment.local);
    if (setup->kind != CONSUMER_P1) {
        return list_make(setup, meter, list_of(setup->kind, turn), &moment, out, capacity);
    }
    const struct consumer_source source = consumer_source_of(meter);
    struct writer w = writer_over(out, capacity);
    consumer_p1_write(&moment, &source, &w);
    return w.failed ? 0 : writer_length(&w);
}

size_t consumer_step(struct consumer *consumer, struct meter *meter, uint8_t *out, size_t capacity)
{
    const struct consumer_setup *setup = &consumer->setup;
    const bool hourly = setup->kind == CONSUMER_HAN;
    if (!meter->supply_on) {
        consumer->schedule.begun = false;
        return 0;
    }
    const enum consumer_turn turn =
        consumer_schedule_step(&consumer->schedule, clock_utc_s(&meter->clock, meter->now_us),
                               meter->now_us >= consumer->free_us);
    if (turn == CONSUMER_TURN_NONE || (turn == CONSUMER_TURN_HOUR && !hourly)) {
        return 0;
    }
    const size_t n = message_make(setup, meter, turn, out, capacity);
    consumer->last = turn;
    const unsigned baud = setup->kind == CONSUMER_P1 ? CONSUMER_P1_BAUD : CONSUMER_BAUD;
    consumer->free_us = meter->now_us + (int64_t)(n * BYTE_BITS) * SECOND_US / (int64_t)baud;
    return n;
}

int64_t consumer_next_us(const struct consumer *consumer, const struct meter *meter)
{
    const int64_t next_s =
        consumer_schedule_next_s(&consumer->schedule, consumer->setup.kind == CONSUMER_HAN);
    return consumer->schedule.begun ? clock_now_of_utc(&meter->clock, next_s * SECOND_US)
                                    : meter->now_us;
}
