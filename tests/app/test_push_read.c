/* What meters of the family push is read back to what they metered then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/consumer_vectors.h"
#include "proto/dlms/dlms_apdu.h"
#include "proto/dlms/hdlc_frame.h"
#include "proto/push/p1_reader.h"
#include "proto/push/push_reader.h"

#define LLC 3u

static size_t unhex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
        const char pair[3] = {hex[0], hex[1], '\0'};
        out[n++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return n;
}

static const struct vector_value *value_of(const struct consumer_vector *vector,
                                           const uint8_t obis[6])
{
    for (size_t i = 0; i < sizeof vector->values / sizeof vector->values[0]; i++) {
        const struct vector_value *v = &vector->values[i];
        if (v->c == obis[2] && v->d == obis[3] && v->e == obis[4]) {
            return v;
        }
    }
    return NULL;
}

static void compare(const struct consumer_vector *vector, const uint8_t *apdu, size_t n_apdu,
                    unsigned n_values)
{
    struct dlms_notification notification;
    struct push_reader reader;
    struct push_value value;
    unsigned n = 0;
    assert_int_equal(dlms_notification_read(apdu, n_apdu, &notification), DLMS_OK);
    push_reader_init(&reader, notification.data, PUSH_ENERGY_10WH);
    assert_string_equal(reader.name, "Kamstrup_V0001");
    while (push_reader_next(&reader, &value) == 1) {
        const struct vector_value *v = value_of(vector, value.obis);
        n++;
        if (value.obis[0] == 0) {
            continue; /* the clock */
        }
        assert_non_null(v);
        if (v->text != NULL) {
            assert_memory_equal(value.value.bytes, v->text, value.value.n_bytes);
        } else {
            assert_int_equal(value.value.number, v->number);
        }
        const bool energy = value.obis[3] == 8, current = value.obis[2] % 20u == 11;
        const bool factor = value.obis[3] == 7 && value.obis[2] % 20u == 13;
        if (v->text == NULL && value.obis[3] != 0) {
            assert_int_equal(value.exponent, energy ? 1 : current || factor ? -2 : 0);
            assert_int_equal(value.unit == PUSH_NO_UNIT, factor);
        }
    }
    assert_false(reader.failed);
    assert_int_equal(n, n_values);
}

/* REQ(X-CCC-2): three countries, one and three phases; nulls stand for what a meter does not have
 */
static void lists(void **state)
{
    static const unsigned n_values[] = {12, 17, 8, 13};
    uint8_t octets[512], memory[512];
    (void)state;
    for (size_t i = 0; i < sizeof consumer_vectors / sizeof consumer_vectors[0]; i++) {
        struct hdlc_receiver receiver;
        struct hdlc_frame frame;
        struct reader in = reader_over(octets, unhex(consumer_vectors[i].frame, octets));
        hdlc_receiver_init(&receiver, memory, sizeof memory);
        assert_true(hdlc_receiver_take(&receiver, &in, &frame));
        compare(&consumer_vectors[i], frame.info + LLC, frame.n_info - LLC, n_values[i]);
    }
}

static void push_1(void **state)
{
    char line[2048];
    uint8_t octets[1024];
    size_t n = 0;
    FILE *file = fopen(SOURCE_DIR "/tests/vectors/radius_push.txt", "r");
    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (n > 0 || strncmp(line, "0f000000000c07e4", 16) == 0) {
            n += unhex(line, octets + n);
        }
    }
    (void)fclose(file);
    assert_true(n > 0);
    compare(&denmark, octets, n, 32);
}

/* REQ(CCC-03): so is the text */
static void p1(void **state)
{
    static struct p1_collector collector;
    enum p1_found found = P1_NOTHING;
    struct p1_line line;
    unsigned n = 0;
    (void)state;
    for (size_t i = 0; i + 1u < sizeof p1_telegram && found == P1_NOTHING; i++) {
        found = p1_collector_take(&collector, (uint8_t)p1_telegram[i]);
    }
    assert_int_equal(found, P1_GOOD);
    struct reader lines = reader_over(collector.bytes, collector.n_bytes);
    while (p1_line_next(&lines, &line)) {
        const struct vector_value *v = value_of(&p1_values, line.obis);
        n++;
        if (line.obis[0] == 1) {
            assert_non_null(v);
            assert_true(line.is_number && line.mantissa == v->number && line.n_unit > 0);
        }
    }
    assert_int_equal(n, 27);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),
        cmocka_unit_test(push_1),
        cmocka_unit_test(p1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
