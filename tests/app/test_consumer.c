/* The customer port: pushes of real meters made again byte for byte, and when a meter pushes. */
#include <stdio.h>

#include "legal_puppet.h"

#include "app/consumer/consumer.h"
#include "app/meter/meter_security.h"
#include "consumer_vectors.h"
#include "ports/crypto/portable/crypto_portable.h"
#include "proto/common/crc.h"
#include "proto/common/crypto_modes.h"
#include "proto/dlms/dlms_apdu.h"
#include "proto/dlms/hdlc_frame.h"

#define DAY_S INT64_C(86400)

static size_t unhex(const char *text, uint8_t *out)
{
    size_t n = 0;
    for (; text[0] != '\0' && text[0] != '\n'; text += 2) {
        unsigned byte = 0;
        assert_int_equal(sscanf(text, "%2x", &byte), 1);
        out[n++] = (uint8_t)byte;
    }
    return n;
}

static bool read_vector(const void *context, const uint8_t obis[6], int exponent,
                        struct consumer_value *out)
{
    const struct consumer_vector *vector = context;
    (void)exponent;
    assert_int_equal(obis[0], 1);
    assert_int_equal(obis[1], 1);
    assert_int_equal(obis[5], 255);
    memset(out, 0, sizeof *out);
    for (const struct vector_value *v = vector->values; v->c != 0 || v->e != 0; v++) {
        if (v->c == obis[2] && v->d == obis[3] && v->e == obis[4]) {
            out->number = v->number;
            if (v->text != NULL) {
                (void)snprintf(out->text, sizeof out->text, "%s", v->text);
            }
            return true;
        }
    }
    return false;
}

/* The message of a vector, at CONSUMER_ROOM of a buffer. */
static size_t message_of(const struct consumer_vector *vector, const struct consumer_form *form,
                         uint8_t *buffer)
{
    const struct consumer_moment moment = {vector->local, true};
    const struct consumer_source source = {vector, read_vector};
    struct writer w = writer_over(buffer + CONSUMER_ROOM, CONSUMER_APDU_MAX);
    consumer_list_write(vector->list, form, &moment, &source, &w);
    assert_false(w.failed);
    return writer_length(&w);
}

static const struct consumer_form norway = {.energy_exponent = 1, .current_exponent = -2};

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

/* REQ(CCC-01, X-CCC-1, X-CCC-2): the published captures in clear, three phases and one. */
static void captures_in_clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof consumer_vectors / sizeof consumer_vectors[0]; i++) {
        const struct consumer_vector *vector = &consumer_vectors[i];
        uint8_t buffer[CONSUMER_BUFFER], out[CONSUMER_FRAME_MAX], wanted[CONSUMER_FRAME_MAX];
        const size_t n_wanted = unhex(vector->frame, wanted);
        const size_t n_apdu = message_of(vector, &norway, buffer);
        assert_int_equal(consumer_frame_write(NULL, buffer, n_apdu, out, sizeof out), n_wanted);
        assert_memory_equal(out, wanted, n_wanted);
        for (size_t space = 0; space < n_wanted; space++) {
            assert_int_equal(consumer_frame_write(NULL, buffer, n_apdu, out, space), 0);
        }
    }
}

/* Firmware up to S1 put a tag before the date-time: one octet more, and so another HCS. */
static void older_time_has_a_tag(void **state)
{
    (void)state;
    static const uint8_t head[] = {0x7E, 0xA0, 0xE3, 0x2B, 0x21, 0x13, 0x98, 0x86, 0xE6, 0xE7,
                                   0x00, 0x0F, 0,    0,    0,    0,    0x09, 0x0C, 0x07, 0xE6};
    const struct consumer_form older = {1, -2, true, false};
    uint8_t buffer[CONSUMER_BUFFER], out[CONSUMER_FRAME_MAX];
    const size_t n = message_of(&consumer_vectors[0], &older, buffer);
    assert_int_equal(consumer_frame_write(NULL, buffer, n, out, sizeof out), 229);
    assert_memory_equal(out, head, sizeof head);
}

/* The documents count 0x25 elements for one phase. */
static void push_1_of_one_phase(void **state)
{
    (void)state;
    const struct consumer_form one = {1, -2, false, true};
    uint8_t buffer[CONSUMER_BUFFER];
    const size_t n = message_of(&denmark, &one, buffer);
    const uint8_t *structure = buffer + CONSUMER_ROOM + 18;
    assert_int_equal(structure[0], DLMS_STRUCTURE);
    assert_int_equal(structure[1], 0x25);
    struct reader r = reader_over(structure, n - 18u);
    assert_int_equal(dlms_data_skip(&r), DLMS_OK);
    assert_int_equal(reader_left(&r), 0);
    /* ciphered it is 82 01 22 long: security byte, counter and tag beside the message */
    assert_int_equal(n + 17u, 0x122);
}

/* The next value of the file: hex over some lines up to a blank one. */
static size_t captured_read(FILE *file, uint8_t *bytes)
{
    char line[256];
    size_t n = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '\n' && n > 0) {
            break;
        }
        n += line[0] == '#' || line[0] == '\n' ? 0 : unhex(line, bytes + n);
    }
    return n;
}

/* REQ(CCC-03, X-CCC-2): the encrypted push that a utility published with its keys. */
static void capture_encrypted(void **state)
{
    (void)state;
    static const uint8_t title[8] = {'K', 'A', 'M', 0x45, 0x01, 0xA4, 0xDC, 0x52};
    static const uint8_t head[] = {0x7E, 0xA1, 0xE9, 0x41, 0x03, 0x13, 0xC6, 0x37, 0xE6, 0xE7, 0};
    uint8_t bytes[600], buffer[CONSUMER_BUFFER], out[CONSUMER_FRAME_MAX];
    struct dlms_own_counter own = {.step = 1};
    struct crypto_port port;
    struct dlms_keys keys;
    struct dlms_cipher cipher;
    FILE *file = fopen(SOURCE_DIR "/tests/vectors/radius_push.txt", "r");
    assert_non_null(file);
    crypto_portable(&port, NULL, NULL);
    assert_int_equal(dlms_keys_init(&keys, &port, 0), DLMS_CIPHER_OK);
    assert_int_equal(captured_read(file, bytes), 16);
    assert_int_equal(dlms_keys_set(&keys, DLMS_KEY_UNICAST, bytes, 16), DLMS_CIPHER_OK);
    assert_int_equal(captured_read(file, bytes), 16);
    assert_int_equal(dlms_keys_set(&keys, DLMS_KEY_AUTHENTICATION, bytes, 16), DLMS_CIPHER_OK);
    dlms_own_counter_begin(&own, 0x000788E1);
    dlms_cipher_init(&cipher, &keys, &own, NULL, NULL, title);

    const size_t n_apdu = message_of(&denmark, &norway, buffer);
    const size_t n_wanted = captured_read(file, bytes);
    const size_t n = consumer_frame_write(&cipher, buffer, n_apdu, out, sizeof out);
    assert_int_equal(n, 491);
    assert_memory_equal(out, head, sizeof head);
    assert_int_equal(n_wanted, n - sizeof head - 3u);
    assert_memory_equal(out + sizeof head, bytes, n_wanted);
    assert_int_equal(out[n - 3u], 0x36);
    assert_int_equal(out[n - 2u], 0x24);
    assert_int_equal(own.next, 0x000788E2);

    assert_int_equal(captured_read(file, bytes), n_apdu);
    (void)message_of(&denmark, &norway, buffer);
    assert_memory_equal(buffer + CONSUMER_ROOM, bytes, n_apdu);
    (void)fclose(file);
    own.next = (uint64_t)UINT32_MAX + 1u;
    assert_int_equal(consumer_frame_write(&cipher, buffer, n_apdu, out, sizeof out), 0);
    dlms_keys_drop(&keys);
}

/* REQ(CCC-03): the text form, with the CRC that the meter gave it. */
static void capture_p1(void **state)
{
    (void)state;
    const struct consumer_moment moment = {p1_values.local, true};
    const struct consumer_source source = {&p1_values, read_vector};
    char text[CONSUMER_P1_MAX];
    struct writer w = writer_over(text, sizeof text);
    assert_int_equal(crc16_arc((const uint8_t *)"123456789", 9), 0xBB3D);
    consumer_p1_write(&moment, &source, &w);
    assert_false(w.failed);
    assert_int_equal(writer_length(&w), sizeof p1_telegram - 1u);
    assert_memory_equal(text, p1_telegram, sizeof p1_telegram - 1u);
    w = writer_over(text, 300);
    consumer_p1_write(&moment, &source, &w);
    assert_true(w.failed);
}

/* A running meter, one that pushes. */
static struct meter *pushing_meter(const char *name)
{
    struct meter *meter = toy_meter(name, 27153320);
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        puppet.instant.phase[s].voltage_present = true;
        puppet.instant.phase[s].voltage_mv = 230400u + s * 1000u;
    }
    puppet.energy_uwh[LEGAL_A_PLUS] = 12 * KWH + KWH / 100 * 34 + KWH / 1000 * 9;
    return meter;
}

/* What stands behind some bytes in a message; NULL: they are not in it. */
static const uint8_t *behind(const uint8_t *bytes, size_t n, const void *wanted, size_t n_wanted)
{
    for (size_t i = 0; i + n_wanted <= n; i++) {
        if (memcmp(bytes + i, wanted, n_wanted) == 0) {
            return bytes + i + n_wanted;
        }
    }
    return NULL;
}

/* The value of an object: type octet first. */
static const uint8_t *value_of(const uint8_t *bytes, size_t n, const char *obis_hex)
{
    uint8_t obis[6];
    assert_int_equal(unhex(obis_hex, obis), 6);
    return behind(bytes, n, obis, sizeof obis);
}

static size_t push_at(struct consumer *consumer, struct meter *meter, int64_t utc_s, uint8_t *out)
{
    meter->now_us = clock_now_of_utc(&meter->clock, utc_s * SECOND);
    return consumer_step(consumer, meter, out, CONSUMER_MESSAGE_MAX);
}

/* REQ(CCC-03): what a meter pushes is what its registers say; absent phases are null-data. */
static void registers_of_a_meter(void **state)
{
    (void)state;
    struct meter *meter = pushing_meter("382M");
    struct consumer consumer = {.setup = {.kind = CONSUMER_HAN, .form = norway}};
    uint8_t out[CONSUMER_MESSAGE_MAX];
    const int64_t hour_s = (clock_utc_s(&meter->clock, meter->now_us) / 3600 + 1) * 3600;
    static const uint8_t gs1[] = "\x0A\x10"
                                 "5706567271533207";
    size_t n = push_at(&consumer, meter, hour_s, out);
    assert_true(n > 0 && value_of(out, n, "0101010800ff") == NULL);
    assert_memory_equal(value_of(out, n, "0101000005ff"), gs1, sizeof gs1 - 1u);
    assert_memory_equal(value_of(out, n, "0101200700ff"), "\x12\x00\xE6", 3);
    assert_memory_equal(value_of(out, n, "0101480700ff"), "\x12\x00\xE8", 3);
    n = push_at(&consumer, meter, hour_s + 5, out);
    assert_memory_equal(value_of(out, n, "0101010800ff"), "\x06\x00\x00\x04\xD2", 5);
    consumer = (struct consumer){.setup = {.kind = CONSUMER_HAN}};
    (void)push_at(&consumer, meter, hour_s + 3600, out);
    n = push_at(&consumer, meter, hour_s + 3605, out);
    assert_memory_equal(value_of(out, n, "0101010800ff"), "\x06\x00\x00\x30\x3D", 5);

    meter = pushing_meter("162M");
    consumer = (struct consumer){.setup = {.kind = CONSUMER_HAN, .form = norway}};
    n = push_at(&consumer, meter, hour_s, out);
    assert_non_null(value_of(out, n, "0101200700ff"));
    assert_null(value_of(out, n, "0101340700ff"));
    assert_non_null(behind(out, n, "\x00\x00\x00\x00", 4));
    consumer.setup.kind = CONSUMER_P1;
    consumer.free_us = 0;
    n = push_at(&consumer, meter, hour_s + 10, out);
    assert_non_null(behind(out, n, "1-0:32.7.0(230.4*V)\r\n", 21));
    assert_null(behind(out, n, "1-0:52.7.0", 10));
}

/* Every ten seconds, hourly at :05, later while the line is taken. */
static void schedule_of_a_day(void **state)
{
    (void)state;
    struct consumer_schedule schedule = {.begun = false};
    unsigned n_short = 0, n_hour = 0;
    const int64_t begin_s = Y2000 + 3;
    for (int64_t s = begin_s; s < begin_s + DAY_S; s++) {
        const enum consumer_turn turn = consumer_schedule_step(&schedule, s, true);
        assert_int_equal(turn == CONSUMER_TURN_SHORT, s % 10 == 0);
        assert_int_equal(turn == CONSUMER_TURN_HOUR, s % 3600 == 5);
        n_short += turn == CONSUMER_TURN_SHORT ? 1u : 0u;
        n_hour += turn == CONSUMER_TURN_HOUR ? 1u : 0u;
        assert_int_equal(consumer_schedule_next_s(&schedule, false), s / 10 * 10 + 10);
    }
    assert_int_equal(n_short, 8640);
    assert_int_equal(n_hour, 24);
    const int64_t hour_s = Y2000 + 2 * DAY_S;
    schedule = (struct consumer_schedule){.begun = false};
    for (int64_t s = hour_s; s < hour_s + 26; s++) {
        const enum consumer_turn turn = consumer_schedule_step(&schedule, s, s >= hour_s + 20);
        assert_int_equal(turn, s == hour_s + 20   ? CONSUMER_TURN_SHORT
                               : s == hour_s + 25 ? CONSUMER_TURN_HOUR
                                                  : CONSUMER_TURN_NONE);
    }
}

/* Clock set, either way: the next moment of the grid is the first, nothing comes twice in it. */
static void clock_set_and_supply_off(void **state)
{
    (void)state;
    struct consumer_schedule schedule = {.begun = false};
    const int64_t s = Y2000 + DAY_S;
    assert_int_equal(consumer_schedule_step(&schedule, s, true), CONSUMER_TURN_SHORT);
    assert_int_equal(consumer_schedule_step(&schedule, s + 7207, true), CONSUMER_TURN_NONE);
    assert_int_equal(consumer_schedule_step(&schedule, s + 7210, true), CONSUMER_TURN_SHORT);
    assert_int_equal(consumer_schedule_step(&schedule, s + 7206, true), CONSUMER_TURN_NONE);
    assert_int_equal(consumer_schedule_step(&schedule, s + 7213, true), CONSUMER_TURN_NONE);
    assert_int_equal(consumer_schedule_step(&schedule, s + 7206, true), CONSUMER_TURN_NONE);
    assert_int_equal(consumer_schedule_next_s(&schedule, true), s + 7210);
    assert_int_equal(consumer_schedule_step(&schedule, s + 3, true), CONSUMER_TURN_NONE);
    assert_int_equal(consumer_schedule_next_s(&schedule, true), s + 5);

    struct meter *meter = pushing_meter("382M");
    struct consumer consumer = {.setup = {.kind = CONSUMER_PUSH, .form = norway}};
    uint8_t out[CONSUMER_MESSAGE_MAX];
    const int64_t grid_s = (clock_utc_s(&meter->clock, meter->now_us) / 10 + 1) * 10;
    assert_int_equal(push_at(&consumer, meter, grid_s - 1, out), 0);
    assert_true(push_at(&consumer, meter, grid_s, out) > 0);
    assert_int_equal(push_at(&consumer, meter, grid_s, out), 0);
    assert_int_equal(consumer_next_us(&consumer, meter),
                     clock_now_of_utc(&meter->clock, (grid_s + 10) * SECOND));
    meter->supply_on = false;
    assert_int_equal(push_at(&consumer, meter, grid_s + 10, out), 0);
    meter->supply_on = true;
    assert_int_equal(push_at(&consumer, meter, grid_s + 13, out), 0);
    assert_true(push_at(&consumer, meter, grid_s + 20, out) > 0);
}

static int no_chance(void *context, uint8_t *bytes, size_t n_bytes)
{
    (void)context;
    memset(bytes, 0x5A, n_bytes);
    return 0;
}

/* REQ(SEC-01): never in clear what shall be ciphered, and never a counter twice, over cuts too. */
static void counters_over_cuts(void **state)
{
    (void)state;
    struct security_delivered given = {.suite = 0};
    struct crypto_port port;
    struct board board = toy_board;
    struct variant variant;
    static struct meter meter;
    struct consumer consumer = {.setup = {CONSUMER_PUSH, true, norway}};
    uint8_t out[CONSUMER_MESSAGE_MAX];
    uint32_t last = 0;
    crypto_portable(&port, no_chance, NULL);
    board.crypto = &port;
    assert_int_equal(variant_by_name("382M", &variant), 0);
    for (unsigned i = 0; i < DLMS_KEY_IDS; i++) {
        given.has[i] = true;
        memset(given.key[i], (int)(0x10 * (i + 1u)), 16);
    }
    for (unsigned life = 0; life < 3; life++) {
        assert_int_equal(meter_start(&meter, &board, &variant, 0, 0), METER_OK);
        puppet.supply = LEGAL_SUPPLY_ON;
        (void)meter_step(&meter, 0);
        int64_t s = (clock_utc_s(&meter.clock, meter.now_us) / 10 + 1) * 10;
        consumer.schedule.begun = false;
        consumer.free_us = 0;
        assert_int_equal(push_at(&consumer, &meter, s, out), 0); /* no keys: nothing */
        assert_int_equal(meter_security_begin(&meter, &given), METER_OK);
        for (unsigned i = 0; i < 300; i++) {
            s += 10;
            assert_int_equal(push_at(&consumer, &meter, s, out), 491);
            const uint8_t *sealed = out + 11 + 13; /* DB 08 title 82 01 D0 */
            assert_int_equal(sealed[0], 0x30);
            const uint32_t counter = (uint32_t)sealed[1] << 24 | (uint32_t)sealed[2] << 16 |
                                     (uint32_t)sealed[3] << 8 | sealed[4];
            assert_true(counter > last);
            last = counter;
        }
        /* and the supply is gone without a word */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(captures_in_clear, setup),
        cmocka_unit_test_setup(older_time_has_a_tag, setup),
        cmocka_unit_test_setup(push_1_of_one_phase, setup),
        cmocka_unit_test_setup(capture_encrypted, setup),
        cmocka_unit_test_setup(capture_p1, setup),
        cmocka_unit_test_setup(registers_of_a_meter, setup),
        cmocka_unit_test_setup(schedule_of_a_day, setup),
        cmocka_unit_test_setup(clock_set_and_supply_off, setup),
        cmocka_unit_test_setup(counters_over_cuts, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
