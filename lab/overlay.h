/**
 * What the panel's controls lay over a source: fixed values, a dip, a lost neutral, supply off.
 */
#ifndef OPEN382_LAB_OVERLAY_H
#define OPEN382_LAB_OVERLAY_H

#include "source.h"

#define OVERLAY_PENDING 32u

enum overlay_name {
    OVERLAY_U1,
    OVERLAY_U2,
    OVERLAY_U3,
    OVERLAY_I1,
    OVERLAY_I2,
    OVERLAY_I3,
    OVERLAY_PHI1,
    OVERLAY_PHI2,
    OVERLAY_PHI3,
    OVERLAY_FREQUENCY,
    OVERLAY_THD_U,
    OVERLAY_THD_I,
    OVERLAY_DIP_MS,
    OVERLAY_DIP,
    OVERLAY_NEUTRAL,
    OVERLAY_SUPPLY,
    OVERLAY_SEQUENCE, /**< 1: L2 and L3 are swapped, with their loads */
    OVERLAY_TEMPERATURE,
    OVERLAY_RESET,
    OVERLAY_NAMES,
    OVERLAY_RELAYS = OVERLAY_NAMES /**< no control of a person: the meter's own relays */
};

struct overlay_change {
    int64_t at_us;
    enum overlay_name name;
    double value;
};

struct lab_overlay {
    bool active; /**< anything at all */
    bool set[OVERLAY_NAMES];
    double value[OVERLAY_NAMES];
    int64_t dip_end_us;
    unsigned open; /**< a bit for each phase whose relay is open; a reset leaves it */
    struct lab_spectrum spectrum;
    struct overlay_change pending[OVERLAY_PENDING]; /**< sorted by time */
    size_t n_pending;
};

void lab_overlay_reset(struct lab_overlay *overlay);

/** Take a control; @return 0, or -1 with the reason. */
int lab_overlay_control(struct lab_overlay *overlay, int64_t at_us, const char *name, double value,
                        struct lab_error *error);

/** The meter's relays: these phases are open from at_us on. */
void lab_overlay_relays(struct lab_overlay *overlay, int64_t at_us, unsigned open);

/** Phases that are open at that time. */
unsigned lab_overlay_open(struct lab_overlay *overlay, int64_t at_us);

/** Lay the controls in force at from_us over a state; shortens *until_us to the next change. */
void lab_overlay_apply(struct lab_overlay *overlay, int64_t from_us, struct lab_electric *state,
                       int64_t *until_us);

/** What a recording can be told; its current and phase are what they are. */
bool lab_overlay_fits_recording(const char *name);

/** The next time after from_us at which a control begins or a dip ends; LAB_FOREVER_US: none. */
int64_t lab_overlay_until(const struct lab_overlay *overlay, int64_t from_us);

/** Factors on a recording's voltage and current at that time. */
void lab_overlay_gain(struct lab_overlay *overlay, int64_t at_us, double *voltage, double *current);

/** What is behind an open relay draws nothing. */
void lab_electric_relays(struct lab_electric *state);

/**
 * The neutral breaks: a star of the loads that the phases carried (y = i/u) floats, the star point
 * takes U_N = sum(u*y) / sum(y), every phase sees u - U_N and its load follows (spec
 * metrology 3.7).
 */
void lab_electric_lose_neutral(struct lab_electric *state);

#endif
