#include "display_configurations.h"

#define READINGS(codes)                                                                            \
    {                                                                                              \
        codes, sizeof(codes) / sizeof(codes)[0]                                                    \
    }

/* 423: bills first, then what an installer looks for, and the logs.  The software number is seen
 * when the meter is switched on. */
static const char *const automatic_423[] = {"1.8.0", "2.8.0", "3.8.0", "4.8.0", "1.7.0", "1.0.0"};
static const char *const manual_423[] = {
    "1.8.0",  "2.8.0",  "3.8.0",  "4.8.0",   "1.8.1",   "1.8.2",  "15.8.0", "1.7.0",
    "2.7.0",  "3.7.0",  "4.7.0",  "1.6.0",   "32.7.0",  "52.7.0", "72.7.0", "31.7.0",
    "51.7.0", "71.7.0", "21.7.0", "41.7.0",  "61.7.0",  "98.1.0", "99.1.0", "96.8.0",
    "1.0.0",  "0.0.1",  "96.1.0", "97.97.0", "96.54.1",
};

/* 222: one fixed value, and a short manual list. */
static const char *const automatic_222[] = {"1.8.0"};
static const char *const manual_222[] = {"1.8.1", "1.8.2", "1.7.0",  "1.6.0",
                                         "1.0.0", "0.0.1", "96.1.0", "97.97.0"};

/* 801: a meter whose owner wants to see each phase (MET-10). */
static const char *const automatic_801[] = {"1.8.0",  "2.8.0",  "21.8.0", "41.8.0",
                                            "61.8.0", "22.8.0", "42.8.0", "62.8.0"};
static const char *const manual_801[] = {"21.8.0", "41.8.0", "61.8.0", "22.8.0", "42.8.0", "62.8.0",
                                         "21.7.0", "41.7.0", "61.7.0", "22.7.0", "42.7.0", "62.7.0",
                                         "32.7.0", "52.7.0", "72.7.0", "31.7.0", "51.7.0", "71.7.0",
                                         "1.0.0",  "96.1.0", "97.97.0"};

/* 802: a meter on a test bench: four decimals of each energy (MET-19). */
static const char *const automatic_802[] = {"1.8.0*128", "2.8.0*128", "3.8.0*128", "4.8.0*128"};
static const char *const manual_802[] = {
    "1.8.0*128", "2.8.0*128", "3.8.0*128", "4.8.0*128", "1.7.0",  "2.7.0",
    "3.7.0",     "4.7.0",     "32.7.0",    "52.7.0",    "72.7.0", "31.7.0",
    "51.7.0",    "71.7.0",    "96.1.0",    "0.2.0",     "96.54.1"};

static const char *const backup_totals[] = {"1.8.0", "2.8.0", "3.8.0", "4.8.0",
                                            "5.8.0", "6.8.0", "7.8.0", "8.8.0"};

static const struct display_configuration configurations[] = {
    {222, READINGS(automatic_222), READINGS(backup_totals), READINGS(manual_222)},
    {423, READINGS(automatic_423), READINGS(backup_totals), READINGS(manual_423)},
    {801, READINGS(automatic_801), READINGS(backup_totals), READINGS(manual_801)},
    {802, READINGS(automatic_802), READINGS(backup_totals), READINGS(manual_802)},
};

const struct display_configuration *display_configuration_find(unsigned number)
{
    for (size_t i = 0; i < sizeof configurations / sizeof configurations[0]; i++) {
        if (configurations[i].number == number) {
            return &configurations[i];
        }
    }
    return NULL;
}
