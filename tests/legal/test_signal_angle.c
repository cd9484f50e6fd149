/* Integer sine, cosine and arc tangent against the C library's. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <math.h>
#include <setjmp.h>

#include <cmocka.h>

#include "legal/signal/angle.h"

#define SEED UINT64_C(0xa9e1e)

static const double turn_rad = 6.28318530717958647692;

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static void check_vector(uint32_t turns)
{
    const struct angle_vector vector = angle_vector_of(turns);
    const double angle = turns / 4294967296.0 * turn_rad;
    assert_true(fabs(vector.cos_q30 - ldexp(cos(angle), 30)) <= 1.0);
    assert_true(fabs(vector.sin_q30 - ldexp(sin(angle), 30)) <= 1.0);
}

static void test_vectors(void **unused)
{
    (void)unused;
    uint64_t state = SEED;
    print_message("seed %#llx\n", (unsigned long long)SEED);
    for (unsigned k = 0; k < 100000; k++) {
        check_vector((uint32_t)(random_next(&state) >> 32));
    }
    for (uint32_t eighth = 0; eighth < 8; eighth++) {
        for (uint32_t near = 0; near < 20; near++) {
            check_vector((eighth << 29) + near - 10);
        }
    }
}

static void check_angle(int64_t re, int64_t im)
{
    const double angle = atan2((double)im, (double)re) / turn_rad * 4294967296.0;
    const double got = (double)(int32_t)angle_of(re, im);
    const double apart = remainder(got - angle, 4294967296.0);
    assert_true(fabs(apart) <= 4.0);
}

static void test_angles(void **unused)
{
    (void)unused;
    uint64_t state = SEED;
    for (unsigned k = 0; k < 100000; k++) {
        const unsigned shift = (unsigned)(random_next(&state) % 30);
        const int64_t re = (int64_t)random_next(&state) >> shift;
        const int64_t im = (int64_t)random_next(&state) >> shift;
        if (re != INT64_MIN && im != INT64_MIN) {
            check_angle(re, im);
        }
    }
    static const int64_t ends[] = {0, INT64_MAX, -INT64_MAX, INT64_C(1) << 40};
    for (unsigned a = 0; a < 4; a++) {
        for (unsigned b = 0; b < 4; b++) {
            check_angle(ends[a], ends[b]);
        }
    }
    assert_int_equal(angle_of(0, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_angles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
