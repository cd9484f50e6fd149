/**
 * The clock chip on the simulated board: a crystal, a counter, a trim register, and what keeps it
 * going without supply.
 *
 * It lives beside the meter, on the world's time.  What it knows stands in a part of the permanent
 * memory of its own (clock.chip), so it also runs while the process does not: whoever starts a
 * meter a week later finds the clock a week further, late or fast by what its crystal makes of a
 * week, or stopped when its back-up did not last.  docs/clock.md.  Source: TAR-10, TAR-11, C-02.
 */
#ifndef OPEN382_LINUX_RTC_H
#define OPEN382_LINUX_RTC_H

#include <stdbool.h>
#include <stdint.h>

#include "eeprom_file.h"
#include "lab/crystal.h"

enum rtc_backup {
    RTC_BACKUP_NONE,
    RTC_BACKUP_BATTERY,  /**< is used up */
    RTC_BACKUP_SUPERCAP, /**< charged again by the supply */
};

/** Supply charges an empty supercap in that time. */
#define RTC_CHARGE_S 3600.0

struct rtc_option {
    struct crystal crystal;
    enum rtc_backup backup;
    double hold_s; /**< without supply, from full */
};

struct rtc {
    struct eeprom *eeprom;
    struct rtc_option option;
    double temperature_c; /**< of the board; of the last call */
    bool supplied;        /**< from now on; call rtc_advance before it changes */
    /* what the chip keeps */
    uint32_t sequence;
    int64_t world_us;   /**< all is reckoned up to here */
    int64_t new_us;     /**< when the crystal was new */
    int64_t ahead_us;   /**< of the world, whole part */
    double ahead_rest;  /**< and the rest of a microsecond */
    double backup_left; /**< 0 .. 1 */
    int32_t trim_ppb;
    bool lost; /**< it has stopped, and was not set since */
};

/**
 * Text of --crystal: "5", "-12.5ppm", "seed=N" or "ideal".
 * @return false: *expected says what should have stood there
 */
bool rtc_parse_crystal(const char *text, struct crystal *out, const char **expected);

/** The chip as it is at that time, without supply.  A new one is right. */
void rtc_start(struct rtc *rtc, struct eeprom *eeprom, const struct rtc_option *option,
               int64_t world_us);

/** Reckon up to that time at the temperature that was; from then on this one. */
void rtc_advance(struct rtc *rtc, int64_t world_us, double temperature_c);

/** What it says.  @return false: it has lost its time. */
bool rtc_us(const struct rtc *rtc, int64_t *utc_us);
/** What it would gain on the world now, in 1e-6. */
double rtc_error_ppm(const struct rtc *rtc);

void rtc_set(struct rtc *rtc, int64_t utc_us);
void rtc_trim(struct rtc *rtc, int32_t faster_ppb);

/** Somebody takes the back-up out: empty at once, and the time is lost if there is no supply. */
void rtc_backup_remove(struct rtc *rtc);

#endif
