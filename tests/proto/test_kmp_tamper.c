/* Acts of tampering over KMP: there and back, cut at every byte, and what makes no sense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/kmp/kmp_tamper.h"

static const uint8_t known[] = {
    0x01, 0x40, 0xFF, 0x44, 0x00, 0x40, 0x02,                      /* head */
    6,    0,    0,    0,    9,    0x66, 0,    0, 1, 0x67, 0, 0, 2, /* cover */
    15,   0,    0,    0,    0,    0,    0,    0, 0, 0,    0, 0, 0, 0x68, 0, 0, 3, 1};

static void there_and_back(void **state)
{
    (void)state;
    struct kmp_tamper tamper;
    struct reader in = reader_over(known, sizeof known);
    assert_int_equal(kmp_tamper_read(&in, &tamper), KMP_OK);
    assert_int_equal(tamper.holds, 0x0140);
    assert_int_equal(tamper.raised, 0xFF44);
    assert_int_equal(tamper.mask, 0x0040);
    assert_int_equal(tamper.n_kinds, 2);
    assert_int_equal(tamper.kind[0].bit, 6);
    assert_int_equal(tamper.kind[0].count, 9);
    assert_int_equal(tamper.kind[0].first_s, 0x66000001);
    assert_int_equal(tamper.kind[0].last_s, 0x67000002);
    assert_int_equal(tamper.cleared_s, 0x68000003);
    assert_int_equal(tamper.cleared_by, 1);
    uint8_t bytes[64];
    struct writer out = writer_over(bytes, sizeof bytes);
    kmp_tamper_write(&out, &tamper);
    assert_int_equal(writer_length(&out), sizeof known);
    assert_memory_equal(bytes, known, sizeof known);
}

static void what_makes_no_sense(void **state)
{
    (void)state;
    struct kmp_tamper tamper;
    uint8_t bytes[sizeof known + 1];
    memset(&tamper, 0x5A, sizeof tamper);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        if (n == sizeof known) {
            continue;
        }
        memset(bytes, 0, sizeof bytes);
        memcpy(bytes, known, sizeof known);
        struct reader in = reader_over(bytes, n);
        assert_int_equal(kmp_tamper_read(&in, &tamper), KMP_ERR_FORMAT);
    }
    memcpy(bytes, known, sizeof known);
    bytes[7] = 16; /* no such bit */
    struct reader in = reader_over(bytes, sizeof known);
    assert_int_equal(kmp_tamper_read(&in, &tamper), KMP_ERR_FORMAT);
    bytes[6] = 17; /* more than there can be */
    in = reader_over(bytes, sizeof known);
    assert_int_equal(kmp_tamper_read(&in, &tamper), KMP_ERR_FORMAT);
    assert_int_equal(tamper.holds, 0x5A5A);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(what_makes_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
