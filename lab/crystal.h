/**
 * The 32 kHz crystal of a meter's clock: a tuning fork, which runs late when it is colder or warmer
 * than its turnover temperature, and ages.
 *
 * One seed is one crystal.  What is drawn: the error at 23 degrees within the data sheets' 5 ppm,
 * turnover 25 +- 5 degrees, curve -0.034 +- 0.006 ppm/K^2, ageing of up to 3 ppm in the first year
 * and less in each year after.  Source: TAR-10, spec metrology 1.3; makers' data sheets of tuning
 * forks for curve and ageing.
 */
#ifndef OPEN382_LAB_CRYSTAL_H
#define OPEN382_LAB_CRYSTAL_H

#include <stdbool.h>
#include <stdint.h>

#define CRYSTAL_FACTORY_C 23.0
#define CRYSTAL_PPM_MAX   200.0

struct crystal {
    bool fitted;       /**< false: an ideal one */
    double offset_ppm; /**< at 23 degrees, new; positive is fast */
    double turnover_c;
    double curve_ppm_k2; /**< negative */
    double ageing_ppm;   /**< in the first year */
};

/** The crystal of that seed. */
void crystal_draw(struct crystal *crystal, uint64_t seed);

/** A crystal with that error at 23 degrees, a typical curve and no ageing. */
void crystal_make(struct crystal *crystal, double offset_ppm);

/** What it gains, in 1e-6.  @param age_s  since it was new */
double crystal_ppm(const struct crystal *crystal, double temperature_c, double age_s);

#endif
