/* The named defaults: name, order number, configurations 1 .. 5.  Shown in docs/variants.md. */
#include <string.h>

#include "variant.h"

struct variant_default {
    const char *name;
    const char *order_number;
    uint32_t configuration[5];
};

/* Configurations 1 .. 5.  A-B-CCC-DD-E, FFF-GG-HH-I, JJ-K-LL-M-NN, OOO-PPP-QQ, RRR. */
#define FORMAT_70 11000002, 42301011, 1000
#define FORMAT_61 21000002, 42301011, 1000
#define SUMMER    100
#define SUMMER_AC 101 /* QQ 01: IEC 62056-21 modes A and C */
#define NO_SUMMER 0   /* no clock fitted, no summer time table */

/* A three-phase build (3x230/400 V) and its Aron twin (3x230 V, X1 = 2). */
#define THREE_PHASE(name, rest, ...)                                                               \
    {name, "6843" rest, {__VA_ARGS__}},                                                            \
    {                                                                                              \
        name "-aron", "6842" rest,                                                                 \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static const struct variant_default defaults[] = {
    THREE_PHASE("382B", "8BB423010", FORMAT_70, SUMMER, 0),
    THREE_PHASE("382C", "8BC450000", FORMAT_70, SUMMER, 349), /* number of a real 382C */
    THREE_PHASE("382D", "4BD423010", FORMAT_70, SUMMER, 0),
    THREE_PHASE("382E", "4BE453010", FORMAT_61, SUMMER, 349),
    THREE_PHASE("382Lx1", "8BL413010", FORMAT_70, NO_SUMMER, 0),
    THREE_PHASE("382Lx2", "8BL423010", FORMAT_70, SUMMER, 0),
    THREE_PHASE("382Lx3", "8BL433010", FORMAT_70, SUMMER, 0),
    THREE_PHASE("382Lx4", "8BL443010", FORMAT_70, SUMMER, 340),
    THREE_PHASE("382Lx5", "8BL453010", FORMAT_70, SUMMER, 349),
    THREE_PHASE("382Lx6", "8BL463010", FORMAT_70, SUMMER, 340),
    THREE_PHASE("382Lx7", "8BL473010", FORMAT_70, SUMMER, 349),
    THREE_PHASE("382LxB", "8BL4B3010", FORMAT_70, SUMMER, 0),
    THREE_PHASE("382LxC", "8BL4C3010", FORMAT_70, SUMMER, 0),
    THREE_PHASE("382LxD", "8BL4D3010", FORMAT_70, SUMMER, 340),
    THREE_PHASE("382LxE", "8BL4E3010", FORMAT_70, SUMMER, 349),
    THREE_PHASE("382LxF", "8BL4F3010", FORMAT_70, SUMMER, 340),
    THREE_PHASE("382LxG", "8BL4G3010", FORMAT_70, SUMMER, 349),
    THREE_PHASE("382M", "1BM423010", FORMAT_70, SUMMER_AC, 0),
    THREE_PHASE("382MB", "8BM4B3010", FORMAT_70, SUMMER_AC, 0),
    {"162M", "68611BM433010", {FORMAT_70, SUMMER_AC, 0}},
    {"162MB", "68618BM4C3010", {FORMAT_70, SUMMER_AC, 0}},
};

size_t variant_count(void)
{
    return sizeof defaults / sizeof defaults[0];
}

const char *variant_name(size_t index)
{
    return index < variant_count() ? defaults[index].name : NULL;
}

const char *variant_name_of_order(const char *order_number)
{
    for (size_t i = 0; i < variant_count(); i++) {
        if (strcmp(defaults[i].order_number, order_number) == 0) {
            return defaults[i].name;
        }
    }
    return "";
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool same_name(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

int variant_by_name(const char *name, struct variant *out)
{
    for (size_t i = 0; i < variant_count(); i++) {
        if (same_name(name, defaults[i].name)) {
            return variant_from_order(defaults[i].name, defaults[i].order_number,
                                      defaults[i].configuration, out);
        }
    }
    return VARIANT_ERR_UNKNOWN;
}
