#include "consumer_list.h"

#include <string.h>

#include "../../proto/dlms/dlms_apdu.h"
#include "../../proto/dlms/dlms_time.h"

#define LIST_VERSION "Kamstrup_V0001"

enum quantity { TEXT, NUMBER, CLOCK, ENERGY, POWER, CURRENT, VOLTAGE, FACTOR };

struct item {
    uint8_t obis[6];
    uint8_t quantity; /* enum quantity */
    uint8_t phase;    /* 1 .. 3; 0: of the whole meter */
};

#define ITEM(c, d, e, quantity, phase)                                                             \
    {                                                                                              \
        {1, 1, c, d, e, 255}, quantity, phase                                                      \
    }
#define PHASES(c1, c2, c3, d, quantity)                                                            \
    ITEM(c1, d, 0, quantity, 1), ITEM(c2, d, 0, quantity, 2), ITEM(c3, d, 0, quantity, 3)
#define POWERS                                                                                     \
    ITEM(1, 7, 0, POWER, 0), ITEM(2, 7, 0, POWER, 0), ITEM(3, 7, 0, POWER, 0),                     \
        ITEM(4, 7, 0, POWER, 0)
#define ENERGIES                                                                                   \
    ITEM(1, 8, 0, ENERGY, 0), ITEM(2, 8, 0, ENERGY, 0), ITEM(3, 8, 0, ENERGY, 0),                  \
        ITEM(4, 8, 0, ENERGY, 0)
#define CLOCK_ITEM                                                                                 \
    {                                                                                              \
        {0, 1, 1, 0, 0, 255}, CLOCK, 0                                                             \
    }

/* List 1 ends before the clock. */
static const struct item han[] = {ITEM(0, 0, 5, TEXT, 0),
                                  ITEM(96, 1, 1, TEXT, 0),
                                  POWERS,
                                  PHASES(31, 51, 71, 7, CURRENT),
                                  PHASES(32, 52, 72, 7, VOLTAGE),
                                  CLOCK_ITEM,
                                  ENERGIES};
#define HAN_1_ITEMS 12u

static const struct item push_1[] = {ENERGIES,
                                     ITEM(0, 0, 1, NUMBER, 0),
                                     POWERS,
                                     CLOCK_ITEM,
                                     PHASES(32, 52, 72, 7, VOLTAGE),
                                     PHASES(31, 51, 71, 7, CURRENT),
                                     PHASES(21, 41, 61, 7, POWER),
                                     PHASES(33, 53, 73, 7, FACTOR),
                                     ITEM(13, 7, 0, FACTOR, 0),
                                     PHASES(22, 42, 62, 7, POWER),
                                     PHASES(22, 42, 62, 8, ENERGY),
                                     PHASES(21, 41, 61, 8, ENERGY)};

static const struct {
    const struct item *items;
    size_t n;
} lists[CONSUMER_LISTS] = {
    [CONSUMER_HAN_1] = {han, HAN_1_ITEMS},
    [CONSUMER_HAN_2] = {han, sizeof han / sizeof han[0]},
    [CONSUMER_PUSH_1] = {push_1, sizeof push_1 / sizeof push_1[0]},
};

static struct dlms_time time_of(const struct consumer_moment *moment)
{
    const struct calendar *c = &moment->local;
    return (struct dlms_time){.year = c->year,
                              .month = c->month,
                              .day = c->day,
                              .weekday = c->weekday,
                              .hour = c->hour,
                              .minute = c->minute,
                              .second = c->second,
                              .hundredth = DLMS_ANY,
                              .deviation_min = DLMS_DEVIATION_NONE,
                              .status = (uint8_t)((moment->valid ? 0u : DLMS_CLOCK_INVALID) |
                                                  (c->summer ? DLMS_CLOCK_DST : 0u))};
}

static int exponent_of(const struct item *item, const struct consumer_form *form)
{
    switch (item->quantity) {
    case ENERGY: return form->energy_exponent;
    case CURRENT: return form->current_exponent;
    case FACTOR: return -2;
    default: return 0;
    }
}

static uint64_t within(int64_t number, uint64_t highest)
{
    return number < 0 ? 0 : (uint64_t)number > highest ? highest : (uint64_t)number;
}

static void value_write(const struct item *item, const struct consumer_value *value,
                        struct writer *w)
{
    switch (item->quantity) {
    case TEXT: dlms_write_string(w, DLMS_VISIBLE, value->text, strlen(value->text)); break;
    /* A counter runs over, a power can't. */
    case ENERGY: dlms_write_u32(w, (uint32_t)value->number); break;
    case VOLTAGE:
    case FACTOR: dlms_write_u16(w, (uint16_t)within(value->number, UINT16_MAX)); break;
    default: dlms_write_u32(w, (uint32_t)within(value->number, UINT32_MAX)); break;
    }
}

static bool left_out(const struct item *item, enum consumer_list list,
                     const struct consumer_form *form)
{
    return list == CONSUMER_PUSH_1 && form->single_phase && item->phase > 1u;
}

static void head_write(const struct consumer_form *form, const struct dlms_time *time,
                       struct writer *w)
{
    uint8_t octets[DLMS_TIME_OCTETS];
    if (form->tagged_time) { /* against the standard, which has a length alone */
        writer_u8(w, DLMS_TAG_DATA_NOTIFICATION);
        writer_uint_be(w, 0, 4);
        dlms_write_time(w, time);
        return;
    }
    dlms_time_to_octets(time, octets);
    dlms_data_notification_write(w, 0, octets);
}

void consumer_list_write(enum consumer_list list, const struct consumer_form *form,
                         const struct consumer_moment *moment, const struct consumer_source *source,
                         struct writer *w)
{
    const struct dlms_time time = time_of(moment);
    size_t n = 0;
    for (size_t i = 0; i < lists[list].n; i++) {
        n += left_out(&lists[list].items[i], list, form) ? 0u : 1u;
    }
    head_write(form, &time, w);
    dlms_write_structure(w, 1u + 2u * n);
    dlms_write_string(w, DLMS_VISIBLE, LIST_VERSION, sizeof LIST_VERSION - 1u);
    for (size_t i = 0; i < lists[list].n; i++) {
        const struct item *item = &lists[list].items[i];
        struct consumer_value value;
        if (left_out(item, list, form)) {
            continue;
        }
        if (item->quantity == CLOCK) {
            dlms_write_octets(w, item->obis, sizeof item->obis);
            dlms_write_time(w, &time);
        } else if (source->read(source->context, item->obis, exponent_of(item, form), &value)) {
            dlms_write_octets(w, item->obis, sizeof item->obis);
            value_write(item, &value, w);
        } else {
            dlms_write_null(w);
            dlms_write_null(w);
        }
    }
}
