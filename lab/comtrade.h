/**
 * COMTRADE configuration (IEC 60255-24 / IEEE C37.111: 1991, 1999 and 2013).
 */
#ifndef OPEN382_LAB_COMTRADE_H
#define OPEN382_LAB_COMTRADE_H

#include "wave.h"

#define COMTRADE_ANALOG_MAX  999u
#define COMTRADE_DIGITAL_MAX 999u
#define COMTRADE_RATES_MAX   100u

enum comtrade_format { COMTRADE_ASCII, COMTRADE_BINARY, COMTRADE_BINARY32, COMTRADE_FLOAT32 };

struct comtrade_analog {
    char id[33], phase[9];
    bool voltage, current; /**< by its unit */
    double a, b;           /**< value = a x + b, in V or A */
    double ratio;          /**< primary over secondary, 1 when not given */
    bool is_secondary;     /**< what a and b give */
};

struct comtrade_configuration {
    unsigned revision; /**< 1991, 1999, 2013 */
    size_t n_analog, n_digital, n_rates, n_samples;
    struct comtrade_analog *analog;
    struct wave_section rate[COMTRADE_RATES_MAX];
    bool timed; /**< no rates: the time stamps say when */
    double line_hz, time_multiplier;
    enum comtrade_format format;
};

/** @return 0, or -1 with "name:line:column: ..."; free the configuration always. */
int comtrade_configuration_parse(struct comtrade_configuration *configuration,
                                 struct lab_bytes text, struct lab_error *error);
void comtrade_configuration_free(struct comtrade_configuration *configuration);

/** Which analogue channel is what; by phase, name and unit, or by the option.  -1 = dead. */
int comtrade_map(const struct comtrade_configuration *configuration, const char *option,
                 const char *name, int analog_of[WAVE_CHANNELS], struct lab_error *error);

#endif
