/**
 * Prepayment of a meter: its memory, its log, its tokens, and what the breaker is told.
 *
 * It is on while bit 1 of CutoffBasis is (setting 111, over the module port only).  Everything that
 * clients of any protocol want goes through here.  Source: PRE-01..05, X-PRE-1, X-PRE-2, X-BRK-2,
 * docs/prepayment.md.
 */
#ifndef OPEN382_METER_PREPAY_H
#define OPEN382_METER_PREPAY_H

#include "../prepay/prepay_store.h"
#include "meter.h"

#define METER_PREPAY_RECORD_BYTES 22u /**< payload of a booking in the audit log */

/** Take up what memory holds; after the breaker, the logs and the clock. */
void meter_prepay_begin(struct meter *meter);
/** Supply came: the log gets what a cut has left out; before anything else writes to it. */
void meter_prepay_supply(struct meter *meter);
/** Take limits and switches from the settings. */
void meter_prepay_configure(struct meter *meter);
/** Do what is due, and tell the breaker; call before each step of the breaker. */
void meter_prepay_step(struct meter *meter, struct breaker_facts *facts);

/** Could this meter ever: an L or M with a breaker. */
bool meter_prepay_fitted(const struct meter *meter);
/** It is on. */
bool meter_prepay_on(const struct meter *meter);

/** What there is, in one. */
struct meter_prepay {
    bool on, cut, low; /**< as in struct prepay_kept */
    bool warns;
    bool key;         /**< it has a key for tokens */
    int64_t left_uwh; /**< less than 0: owed */
    int64_t max_uwh;
    int64_t paid_uwh;   /**< all payments ever */
    uint32_t number;    /**< of the last remote load */
    uint16_t days_left; /**< PREPAY_NO_DAYS: not known */
    uint32_t low_left_s, token_wait_s;
    struct prepay_booking last;
};
void meter_prepay_look(const struct meter *meter, struct meter_prepay *out);

/** The alarm is up: at or below the limit. */
bool meter_prepay_warns(const struct meter *meter);
/** See prepay_days_left. */
uint16_t meter_prepay_days_left(const struct meter *meter);
/** What is left, uWh; less than 0: owed. */
int64_t meter_prepay_left_uwh(const struct meter *meter);

/**
 * Whoever is being served loads: the module port (or the board) alone, and with ACTION_SETTINGS
 * checked by the caller where a password came along.  See prepay_set and prepay_load.
 */
enum prepay_err meter_prepay_set(struct meter *meter, int64_t credit_uwh);
enum prepay_err meter_prepay_load(struct meter *meter, uint32_t number, int64_t amount_uwh);

/**
 * A token, over any connection or by the buttons: it proves itself.
 * @param token  what it was, where it was genuine (PREPAY_OK, _USED, _OLD, _CLASS, _FULL); may be
 *               NULL
 */
enum prepay_err meter_prepay_token(struct meter *meter, const char *text, size_t n_text,
                                   struct token *token);

/** The key of tokens, over the module port; never read back.  Old tokens stay taken. */
enum prepay_err meter_prepay_key(struct meter *meter, const uint8_t key[TOKEN_KEY_BYTES]);

/** The days on which nothing is cut off, all of them anew, over the module port.
 *  @retval PREPAY_ERR_RANGE  a date that is none: nothing changed */
enum prepay_err meter_prepay_exceptions(struct meter *meter,
                                        const struct prepay_exceptions *exceptions);

/** Tariffs are configured: prepayment can't be switched on (X-PRE-1). */
bool meter_prepay_tariffs(const struct meter *meter, const struct variant *variant);

#endif
