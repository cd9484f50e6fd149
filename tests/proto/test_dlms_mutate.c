/* 10^6 mutated messages inside associations, 10^7 with OPEN382_LONG: no answer is longer than it
 * may be, no value is touched before its right was granted (the test meter aborts), nothing leaks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/dlms_mutate.h"

#define MESSAGES      1000000u
#define MESSAGES_LONG 10000000u

static void mutated_messages_break_nothing(void **state)
{
    (void)state;
    const char *text = getenv("OPEN382_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : 382;
    unsigned n_messages = getenv("OPEN382_LONG") != NULL ? MESSAGES_LONG : MESSAGES;
    struct dlms_link link;
    struct false_guard secrets = {0};
    const struct dlms_guard guard = false_guard_of(&secrets);
    unsigned n_values = 0;
    print_message("seed %llu, %u messages\n", (unsigned long long)seed, n_messages);
    seed = seed * 2 + 1;
    for (unsigned i = 0; i < n_messages; i++) {
        if (i % 40 == 0) {
            n_values += i == 0 ? 0 : link.meter.n_values;
            mutate_open(&link, &guard, &seed);
        }
        mutate_step(&link, &seed);
        assert_true(link.n_out <= link.capacity);
    }
    assert_true(n_values > n_messages / 10); /* it does come past the gate */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mutated_messages_break_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
