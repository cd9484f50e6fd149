#include "country.h"

#include <stddef.h>

static const struct country_profile everywhere = {
    0, 7,
    "EN 50470-1, EN 50470-3 (MID, active positive energy); IEC 62052-11, IEC 62053-21, IEC "
    "62053-23"};

static const struct country_profile profiles[] = {
    {25, 4,
     "IEC 62052-11 (GOST R 52320-2005), IEC 62053-21 (GOST R 52322-2005), "
     "IEC 62053-23 (GOST R 52425-2005)"},
};

const struct country_profile *country_profile_find(unsigned code)
{
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        if (profiles[i].code == code) {
            return &profiles[i];
        }
    }
    return &everywhere;
}
