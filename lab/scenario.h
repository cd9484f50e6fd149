/**
 * Scenario: a timeline of what happens to a meter.  Grammar: docs/spec/scenario.md.
 */
#ifndef OPEN382_LAB_SCENARIO_H
#define OPEN382_LAB_SCENARIO_H

#include "source.h"

#define SCENARIO_ENTRIES_MAX   200000u
#define SCENARIO_EVERY_MAX     1000u
#define SCENARIO_TIME_MAX_US   INT64_C(3155760000000000) /* a hundred years */
#define SCENARIO_PERIOD_MIN_US INT64_C(1000)
#define SCENARIO_NEUTRAL       8u /* in a set of phases: bits 0..2 are L1..L3 */

enum scenario_kind {
    SCENARIO_SET,
    SCENARIO_SCALE, /**< dip or swell */
    SCENARIO_LOSE,
    SCENARIO_RESTORE,
    SCENARIO_HARMONIC,
    SCENARIO_POWER,
    SCENARIO_EVENT,
};

enum scenario_name {
    SCENARIO_U,
    SCENARIO_I,
    SCENARIO_PF, /**< capacitive is negative */
    SCENARIO_PHI,
    SCENARIO_P,
    SCENARIO_F,
    SCENARIO_TEMPERATURE,
    SCENARIO_LOAD,     /**< 0 constant current, 1 impedance */
    SCENARIO_SEQUENCE, /**< 0 L1 L2 L3, 1 reversed */
    SCENARIO_NAMES
};

struct scenario_action {
    enum scenario_kind kind;
    enum scenario_name name; /**< of a set */
    unsigned phases;         /**< set of bits */
    unsigned order;          /**< of a harmonic; 0 = none any more */
    bool of_voltage;         /**< the harmonic is the voltage's */
    double value, angle_deg;
    int64_t for_us; /**< 0: until something else happens */
    enum lab_event_kind event;
    bool on;
};

/** One thing at one time, or again and again. */
struct scenario_entry {
    int64_t at_us, period_us, last_us; /**< period 0: once */
    size_t order;                      /**< of the file, for things at the same time */
    struct scenario_action action;
};

struct scenario {
    struct scenario_entry *entry; /**< sorted by time, then order */
    size_t n_entries, capacity;
};

/** @return 0, or -1 with "name:line:column: expected ..., found ..."; free the scenario always. */
int scenario_parse(struct scenario *scenario, const char *name, const char *text, size_t n_bytes,
                   struct lab_error *error);
void scenario_free(struct scenario *scenario);

/** True when the text begins like a scenario (after comments): at, every, or an action. */
bool scenario_recognise(const char *text, size_t n_bytes);

/** Parse and make a source of it. */
int lab_scenario_open(struct lab_source *source, const char *name, const char *text, size_t n_bytes,
                      struct lab_error *error);

#endif
