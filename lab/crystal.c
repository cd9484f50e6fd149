#include "crystal.h"

#include <math.h>

#define YEAR_S         31557600.0
#define TURNOVER_C     25.0
#define CURVE_PPM_K2   (-0.034)
#define OFFSET_MAX_PPM 5.0
#define TWO_53         9007199254740992.0

/* splitmix64: each draw of a seed has a stream of its own. */
static double uniform(uint64_t seed, uint64_t which, double low, double high)
{
    uint64_t z = seed * UINT64_C(0x9E3779B97F4A7C15) + (which + 1) * UINT64_C(0xD1B54A32D192ED03);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    z ^= z >> 31;
    return low + (high - low) * ((double)(z >> 11) / TWO_53);
}

void crystal_make(struct crystal *crystal, double offset_ppm)
{
    *crystal = (struct crystal){.fitted = true,
                                .offset_ppm = offset_ppm,
                                .turnover_c = TURNOVER_C,
                                .curve_ppm_k2 = CURVE_PPM_K2};
}

void crystal_draw(struct crystal *crystal, uint64_t seed)
{
    crystal_make(crystal, uniform(seed, 0, -OFFSET_MAX_PPM, OFFSET_MAX_PPM));
    crystal->turnover_c = uniform(seed, 1, 20.0, 30.0);
    crystal->curve_ppm_k2 = uniform(seed, 2, -0.040, -0.028);
    crystal->ageing_ppm = uniform(seed, 3, -3.0, 3.0);
}

static double curve_ppm(const struct crystal *crystal, double temperature_c)
{
    const double away_k = temperature_c - crystal->turnover_c;
    return crystal->curve_ppm_k2 * away_k * away_k;
}

double crystal_ppm(const struct crystal *crystal, double temperature_c, double age_s)
{
    if (!crystal->fitted) {
        return 0.0;
    }
    const double aged_ppm = crystal->ageing_ppm * log2(1.0 + fmax(age_s, 0.0) / YEAR_S);
    return crystal->offset_ppm + aged_ppm + curve_ppm(crystal, temperature_c) -
           curve_ppm(crystal, CRYSTAL_FACTORY_C);
}
