/**
 * Inside of lab/: what a source of electricity is, and the one error for all parsers.
 */
#ifndef OPEN382_LAB_SOURCE_H
#define OPEN382_LAB_SOURCE_H

#include "mains.h"
#include "phasor.h"

#define LAB_FOREVER_US    INT64_MAX
#define LAB_VOLTAGE_MAX_V 1000.0
#define LAB_CURRENT_MAX_A 1000.0
#define LAB_POWER_MAX_W   1e6
#define LAB_FREQUENCY_MIN 40.0
#define LAB_FREQUENCY_MAX 70.0
#define LAB_TEMPERATURE_C 23.0
#define LAB_NOMINAL_V     230.0
#define LAB_NOMINAL_HZ    50.0

/** Harmonics of the three phases; a source keeps one and points to it only while any is not zero.
 */
struct lab_spectrum {
    double u_pct[LAB_PHASES][LAB_HARMONICS_MAX + 1], u_deg[LAB_PHASES][LAB_HARMONICS_MAX + 1];
    double i_pct[LAB_PHASES][LAB_HARMONICS_MAX + 1], i_deg[LAB_PHASES][LAB_HARMONICS_MAX + 1];
};

/** The electrical state in the form that is cheap to compute with: rms phasors. */
struct lab_electric {
    struct lab_vector u[LAB_PHASES], i[LAB_PHASES];
    double frequency_hz, temperature_c;
    const struct lab_spectrum *spectrum; /**< NULL: pure sines */
    unsigned open; /**< a bit for each phase whose relay in the meter is open */
};

struct lab_source {
    void *self;
    /** The state for from_us <= t < *until_us, which is set. */
    void (*piece)(void *self, int64_t from_us, struct lab_electric *out, int64_t *until_us);
    /** NULL unless the source is samples by nature: volts and amperes at the ADC rate. */
    void (*samples)(void *self, int64_t first, size_t n, unsigned phase, float *u_v, float *i_a);
    /** NULL when the source has no events; see mains_next_event. */
    bool (*next_event)(void *self, int64_t until_us, struct lab_event *event);
    void (*free)(void *self);
    char description[192];
};

/** exp(j*theta) of U1, U2, U3: 0, -120, +120 degrees. */
extern const struct lab_vector lab_phase_direction[LAB_PHASES];

/** Nominal, dead: no voltage, no current, 50 Hz, 23 degrees; relays stay as they are. */
void lab_electric_dead(struct lab_electric *out);

/** Fill error->text by a printf format.  @return -1 always. */
__attribute__((format(printf, 2, 3))) int lab_error_set(struct lab_error *error, const char *format,
                                                        ...);

/** Wrap a source as a mains; takes the source over, also on failure. */
int lab_mains_create(struct mains **mains, const struct lab_source *source,
                     const struct mains_options *options, struct lab_error *error);

/** Whole file into memory (heap, NUL after the end).  NULL and error when it cannot be read. */
char *lab_file_read(const char *path, size_t *n_bytes, struct lab_error *error);

int lab_constant_open(struct lab_source *source, const char *spec, struct lab_error *error);

/** What stands after the file name in a SPEC; unset texts are empty. */
struct lab_file_options {
    bool linear; /**< CSV: interpolate=linear */
    bool repeat; /**< CSV: repeat=yes; recordings: loop */
    bool loop_off;
    int64_t from_us; /**< CSV: from=14d, the run begins that far into the profile */
    char channels[128];
    double u_fs_v, i_fs_a; /**< recordings: 0 = not given */
    bool secondary;        /**< COMTRADE: side=secondary */
};

int lab_csv_open(struct lab_source *source, const char *name, const char *text, size_t n_bytes,
                 const struct lab_file_options *file_options, int64_t start_utc_s,
                 struct lab_error *error);

/** The built-in house (lab/house.S). */
extern const char lab_house_csv[];
extern const char lab_house_csv_end[];

#endif
