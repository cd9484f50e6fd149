/**
 * Who decides the tariff in force, and when it changes next.
 *
 * In this order: a command (on-demand tariff, for a time or until it is released); the external
 * inputs, where the meter is configured for them; the plan, where a clock is fitted and knows its
 * time; else tariff 1.  A meter without tariffs counts in tariff 1 and refuses the rest.
 * Source: TAR-01..06, TAR-15, X-TAR-1, MOD-A04..A06, MOD-A25, MOD-A26, spec answers B1.4 and B8.
 */
#ifndef OPEN382_TARIFF_H
#define OPEN382_TARIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "../clock/clock.h"
#include "../variant/variant.h"
#include "tariff_store.h"

/** Register 2011; numbers as the successor's mode selector 1.1.96.52.21. */
enum tariff_source {
    TARIFF_BY_DEFAULT,
    TARIFF_BY_INPUT,
    TARIFF_BY_COMMAND,
    TARIFF_BY_PLAN,
};

/** Results of commands; those of plans (enum plan_err) go on up to -31. */
enum tariff_err {
    TARIFF_OK = 0,
    TARIFF_ERR_NONE = -32,       /**< ordered without tariffs (X7 = 1) */
    TARIFF_ERR_CLOCK = -33,      /**< no clock, or it does not know its time: plans and times */
    TARIFF_ERR_TARIFFS = -34,    /**< more tariffs than the meter has */
    TARIFF_ERR_STORAGE = -35,    /**< not stored: all is as it was */
    TARIFF_ERR_RANGE = -36,      /**< instant before now, or beyond 2099 */
    TARIFF_ERR_SEASONS = -38,    /**< more seasons than periods A and B (X-TAR-1, K-19) */
    TARIFF_ERR_PREPAYMENT = -39, /**< not together with prepayment (X-PRE-1) */
    TARIFF_ERR_SUMMERS = -37, /**< a table of summers for a meter without summer time (PPP 000) */
};

struct tariff {
    struct tariff_store store;
    struct tariff_command command;
    int slot;                /**< of the plan below; TARIFF_STORE_NO_SLOT: none */
    struct tariff_plan plan; /**< in force */
    uint8_t source;          /**< enum tariff_source */
    bool loaded;             /**< the store was read; until then it is tried again and again */
    bool memory_fault;       /**< memory could not be read or written; the meter takes it over */
    uint8_t staged[TARIFF_PLAN_IMAGE_MAX]; /**< a plan on its way from a client */
};

/** What the decision rests on. */
struct tariff_facts {
    const struct variant *variant;
    bool input[2]; /**< voltage at the tariff inputs 1 and 2 */
};

/** Seasons that a plan may have in these meters: periods A and B. */
#define TARIFF_SEASONS_MAX 2u

/** Which tariff inputs decide by configuration 1: bit 0 input 1, bit 1 input 2; 0: none. */
uint8_t tariff_inputs(const struct variant *variant);

/** Nothing known yet: the first decision reads the store. */
void tariff_init(struct tariff *tariff);

/**
 * The tariff at the clock's time, 1 .. 8; tariff->source says who decided.  Brings a plan into
 * force whose time has come, and with it the clock's table of summers.
 * @param next_s  UTC second at which to ask again: never later than the next change
 */
uint8_t tariff_decide(struct tariff *tariff, const struct board *board,
                      const struct tariff_facts *facts, struct clock *clock, int64_t utc_s,
                      int64_t *next_s);

/** Put bytes of an image where they belong.  @return false: beyond its end, nothing put. */
bool tariff_stage(struct tariff *tariff, uint16_t offset, const uint8_t *bytes, uint16_t n_bytes);

/**
 * Check the staged image of n_image bytes and store it, to come into force at activation_s (0: at
 * once).  n_image 0: no plan from then on.  A plan that was waiting is replaced.
 * @return TARIFF_OK, enum plan_err with its place, or enum tariff_err: all is as it was.
 */
int tariff_commit(struct tariff *tariff, const struct board *board, const struct variant *variant,
                  const struct clock *clock, int64_t utc_s, uint16_t n_image, int64_t activation_s,
                  struct plan_place *place);

/** Force a tariff, 0: release it.  @param until_s  UTC, 0: until it is released */
enum tariff_err tariff_force(struct tariff *tariff, const struct board *board,
                             const struct variant *variant, const struct clock *clock,
                             int64_t utc_s, uint8_t forced, int64_t until_s);

/** The plan's season, 1 = A; 0: no plan. */
uint8_t tariff_season_number(const struct tariff *tariff, const struct clock *clock, int64_t utc_s);

#endif
