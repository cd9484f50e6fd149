/* What records of the audit log say in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/lib/event_words.h"

static const char *says(int64_t code, const uint8_t *payload, size_t n)
{
    static char text[EVENT_TEXT];
    struct event event = {.code = code};
    memset(text, 0, sizeof text);
    memcpy(event.payload.bytes, payload, n);
    event.payload.n_bytes = n > 0 ? sizeof event.payload.bytes : 0; /* as it comes over the line */
    event_kind_by_name("audit")->words(&event, text);
    return text;
}

/* REQ(SEC-08): name of the setting, old and new value with their words, connection */
static void changes_in_words(void **state)
{
    (void)state;
    static const uint8_t zone[] = {0, 1, 0, 0, 0, 0, 4, 1, 0, 0, 0, 4, 2, 0, 0, 0};
    static const uint8_t number[] = {1, 2, 0, 0, 0, 0, 4, 42, 0, 0, 0, 4, 1, 0, 0, 0};
    static const uint8_t volts[] = {3, 2, 0, 0, 0, 0, 4, 253, 0, 0, 0, 4, 4, 1, 0, 0};
    static const uint8_t flags[] = {0, 2, 0, 0, 0, 0, 4, 64, 0, 0, 0, 4, 0, 0, 0, 128};
    static const uint8_t secret[] = {0, 3, 0, 0, 0, 0, 0, 0};
    static const uint8_t plate[] = {0, 4, 0, 0, 0, 0, 0, 3, 'O', 'W', 'N'};
    static const uint8_t list[] = {1, 0xFF, 1, 2, 12, 3, 4};
    static const uint8_t wrong[] = {2, 6, 0, 0, 0};
    assert_string_equal(says(0xFE0C, zone, sizeof zone),
                        "time-zone: 01 (UTC+1) -> 02 (UTC+2); optical eye");
    assert_string_equal(says(0xFE1F, number, sizeof number),
                        "meter-number-1: 00000042 -> 00000001; module port");
    assert_string_equal(says(0xFE33, volts, sizeof volts), "neutral-high: 253 V -> 260 V; board");
    assert_string_equal(says(0xFE46, flags, sizeof flags),
                        "alarm-mask-a: 0x00000040 -> 0x80000000; optical eye");
    assert_string_equal(says(0xFE3D, secret, sizeof secret), "password: changed; optical eye");
    assert_string_equal(says(0xFE24, plate, sizeof plate),
                        "plate-text: \"\" -> \"OWN\"; optical eye");
    assert_string_equal(says(0xF501, list, sizeof list),
                        "manual list: as delivered -> 12 readings; module port");
    static const uint8_t keys[] = {1, 0x05}, forged[] = {0, 5, 0, 0, 0, 1, 0, 0, 0};
    assert_string_equal(says(0xFEFC, keys, sizeof keys),
                        "changed: global unicast key, authentication key; module port");
    assert_string_equal(says(0xFEFB, forged, sizeof forged),
                        "ciphered messages refused: 5 with a wrong key or changed, 1 repeated; "
                        "optical eye");
    assert_string_equal(says(0xFEFE, wrong, sizeof wrong), "6 wrong passwords; consumer port");
    assert_string_equal(says(0xFEFF, wrong, 1),
                        "a change was undone: supply went before its commit");
}

/* A register of another part; ids and lengths that nobody knows do no harm. */
static void other_records(void **state)
{
    (void)state;
    uint8_t limit[18] = {0}, strange[32];
    limit[0] = 0x98; /* 207 000 */
    limit[1] = 0x28;
    limit[2] = 0x03;
    limit[8] = 0xE0; /* 205 536 */
    limit[9] = 0x22;
    limit[10] = 0x03;
    limit[16] = 0xFD;
    limit[17] = 1;
    const char *text = says(0xF020, limit, sizeof limit);
    assert_non_null(strstr(text, "207.000 -> 205.536; module port"));
    memset(strange, 0xFF, sizeof strange);
    for (int64_t code = 0; code <= 0xFFFF; code++) {
        assert_true(strlen(says(code, strange, sizeof strange)) > 0);
        assert_true(strlen(says(code, strange, 0)) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_in_words),
        cmocka_unit_test(other_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
