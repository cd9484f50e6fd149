#include "optical_clock.h"

#include "../meter/meter.h"

#define ID_TRIM   0xF400u
#define ID_KIND   0xF410u
#define ID_BEGIN  0xF411u
#define ID_END    0xF412u
#define ID_SUMMER 0xF420u

static bool write_trim(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    (void)kmp_id;
    return number >= INT32_MIN && number <= INT32_MAX &&
           meter_clock_trim(meter, (int32_t)number) == METER_OK;
}

/* Days and summers are staged, one by one; the kind puts them in force, all or none. */
static bool write_day(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    struct clock_rule *rule = &meter->clock_staged.rule;
    return clock_rule_day_of(number, kmp_id == ID_BEGIN ? &rule->begin : &rule->end);
}

static bool write_summer(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    const unsigned index = kmp_id - ID_SUMMER;
    return clock_summer_of(number, &meter->clock_staged.table.row[index]);
}

static bool write_kind(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    struct clock_summer_time summer = {.kind = CLOCK_SUMMER_KINDS};
    (void)kmp_id;
    if (number >= 0 && number < CLOCK_SUMMER_KINDS) {
        summer.kind = (uint8_t)number;
    }
    if (number == CLOCK_SUMMER_RULE) {
        summer.rule = meter->clock_staged.rule;
    } else if (number == CLOCK_SUMMER_TABLE) {
        const struct clock_summer *staged = meter->clock_staged.table.row;
        for (unsigned i = 0; i < CLOCK_SUMMERS_MAX && staged[i].end_s != 0; i++) {
            summer.table.row[summer.table.n++] = staged[i];
        }
    }
    return meter_clock_summer(meter, &summer) == METER_OK;
}

bool optical_clock_write(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    static const struct {
        uint16_t first, last;
        bool (*write)(struct meter *meter, uint16_t kmp_id, int64_t number);
    } rows[] = {
        {ID_TRIM, ID_TRIM, write_trim},
        {ID_KIND, ID_KIND, write_kind},
        {ID_BEGIN, ID_END, write_day},
        {ID_SUMMER, ID_SUMMER + CLOCK_SUMMERS_MAX - 1u, write_summer},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (kmp_id >= rows[i].first && kmp_id <= rows[i].last) {
            return rows[i].write(meter, kmp_id, number);
        }
    }
    return false;
}
