/**
 * Prepayment: the credit, what is loaded into it, and when it may cut off.
 *
 * There is no second meter.  What is kept is the legal total A+ at the time when it was switched on
 * and all that was loaded since; what is left is worked out of the two and the total of now:
 *
 *     left = loaded - (total - begin)
 *
 * so that nothing has to be written while it counts down, no remainder gets lost, and a cut at any
 * instant neither loses nor doubles credit.  When a cut without warning costs the legal total its
 * last step, the credit has it back: it follows the total, which is what is billed.  A negative
 * rest was used while disconnecting was not allowed, or under the low limit, and is owed: the next
 * load pays it first.
 *
 * Energies are microwatt-hours, signed where they may be owed.  No clock is read: time is an
 * argument.  Source: PRE-01..05, X-PRE-1, X-PRE-2, X-BRK-2, spec answers B13, cosem-objects 2.9 and
 * 4.9; docs/prepayment.md.
 */
#ifndef OPEN382_PREPAY_H
#define OPEN382_PREPAY_H

#include <stdbool.h>
#include <stdint.h>

#include "../../proto/token/token.h"

#define PREPAY_UWH_PER_KWH INT64_C(1000000000)
#define PREPAY_TOKENS      32u /**< newest ids that are remembered one by one */
#define PREPAY_DAYS        7u  /**< days of operation that the estimate rests on */
#define PREPAY_NO_DAYS     UINT16_MAX

/** The numbers stand on the wire; never give one a new meaning. */
enum prepay_err {
    PREPAY_OK = 0,
    PREPAY_ERR_NONE = -1,    /**< not in this variant: no breaker, or not L or M */
    PREPAY_ERR_OFF = -2,     /**< switched off: tokens are taken only while it is on */
    PREPAY_ERR_RANGE = -3,   /**< nothing, less than nothing */
    PREPAY_ERR_FULL = -4,    /**< there would be more than the register can show */
    PREPAY_ERR_NUMBER = -5,  /**< not the number that comes next, nor a repetition of the last */
    PREPAY_ERR_STORAGE = -6, /**< permanent memory failed: as it was */
    PREPAY_ERR_RIGHTS = -7,  /**< not over this connection, or not with that password */
    PREPAY_ERR_FORM = -8,    /**< token: not 20 digits */
    PREPAY_ERR_TOKEN = -9,   /**< token: mistyped, or not of this meter */
    PREPAY_ERR_USED = -10,   /**< token: taken before */
    PREPAY_ERR_OLD = -11,    /**< token: older than all that are remembered */
    PREPAY_ERR_CLASS = -12,  /**< token: genuine, and nothing that this meter does */
    PREPAY_ERR_WAIT = -13,   /**< token: too many wrong ones, wait */
    PREPAY_ERR_KEY = -14,    /**< token: this meter has no key, or no cipher */
    PREPAY_ERR_SUPPLY = -15, /**< no supply */
};

/** How credit came; the numbers stand in permanent memory and in the log. */
enum prepay_way {
    PREPAY_NOT_YET = 0,
    PREPAY_SET = 1,    /**< the register was written */
    PREPAY_LOADED = 2, /**< an amount was added remotely */
    PREPAY_TOKEN = 3,
    PREPAY_ENDED = 4, /**< switched off: the register is reset */
};

struct prepay_config {
    bool on;
    int64_t max_uwh;      /**< most that may be left: 9 999 999 or 999 999.9 kWh */
    int64_t alarm_uwh;    /**< at or below it the alarm is up; 0: only when all is used */
    bool unrestricted;    /**< CutoffBasis bit 5: every day, every hour */
    uint8_t working_days; /**< bit 0 Monday .. bit 6 Sunday */
    uint16_t free_from_min, free_to_min; /**< of the local day: no cut-off; alike: none */
    bool low_limit;                      /**< a low limit is set: use beyond zero is possible */
    uint32_t low_s;                      /**< for so long */
};

/** The newest booking: a record in the log, and what clients see as the last payment. */
struct prepay_booking {
    uint8_t way;                  /**< enum prepay_way */
    uint8_t channel;              /**< enum rights_channel */
    uint32_t number;              /**< of the load, or id of the token */
    int64_t amount_uwh, left_uwh; /**< what came; what there was then */
    int64_t utc_s;
    uint32_t log_id; /**< of its record in the audit log */
};

/** What is kept over a loss of supply; prepay_store.h. */
struct prepay_kept {
    uint32_t sequence; /**< of the record written last; 0: none */
    bool on;
    bool cut;                   /**< credit was used up and the breaker opened for it */
    bool low;                   /**< the low limit is being used */
    uint64_t begin_uwh;         /**< total A+ when it was switched on */
    int64_t loaded_uwh;         /**< since then */
    int64_t paid_uwh;           /**< what came as payments, ever: never decreases */
    uint32_t number;            /**< of the last remote load */
    int64_t number_uwh;         /**< and how much it was */
    struct prepay_booking last; /**< of any way */
    uint32_t low_used_s;        /**< of the low limit's time */
    uint64_t low_since_s;       /**< hours of operation, in s, since when it is being used */
    uint8_t wrong;              /**< tokens in a row, at most 255 */
    uint8_t n_tokens;           /**< ids that follow, rising */
    uint32_t token[PREPAY_TOKENS];
    uint8_t n_days;                /**< that follow, newest first */
    uint32_t day_mwh[PREPAY_DAYS]; /**< used in a day of operation */
    uint64_t day_total_uwh, day_s; /**< total and operating time when the running one began */
};

struct prepay {
    struct prepay_config config;
    struct prepay_kept kept;
    bool fitted;
    bool unread; /**< memory did not answer at the start: nothing counts, nothing is booked */
    bool unsaved, unlogged; /**< memory has not taken the newest yet: tried again */
    int64_t wait_until_us;  /**< no token is looked at before; INT64_MIN: at once */
};

/** The situation that a verdict rests on. */
struct prepay_now {
    uint64_t total_uwh;   /**< legal total A+ */
    uint64_t operating_s; /**< legal operating time */
    bool time_known;      /**< the clock can be trusted; else no day is a working day */
    uint16_t minute;      /**< of the local day */
    uint8_t weekday;      /**< 1 Monday .. 7 */
    bool exception;       /**< the local day is an exception day */
    bool closed, cut_off; /**< the breaker's state: closed; cut off for prepayment (7, 9) */
};

/** What the breaker is told; see breaker.h. */
struct prepay_verdict {
    bool exhausted; /**< it opens, and nobody closes it */
    bool low;       /**< used up, but it may be closed: the low limit is in force */
    bool expired;   /**< exhausted because the time of the low limit is over */
};

/** What it does to the world around it. */
struct prepay_port {
    void *context;
    /** Keep it; when this returns true it survives a loss of supply. */
    bool (*save)(void *context, struct prepay_kept *kept);
    /** Put the booking into the log.  @return false: not taken */
    bool (*log)(void *context, const struct prepay_booking *booking);
    uint32_t (*log_newest)(void *context); /**< id of the log's newest record; 0: none */
};

/** Whoever loads, and when. */
struct prepay_payer {
    uint8_t channel; /**< enum rights_channel */
    int64_t utc_s;
};

/** Take up what was kept. */
void prepay_start(struct prepay *prepay, const struct prepay_kept *kept, bool fitted,
                  int64_t now_us);

/**
 * Another configuration.  Switching on begins to count down what was loaded before; switching off
 * resets the register (X-PRE-1).  Both are one write.  What memory does not take is tried again
 * with each step, and holds in the meantime.
 */
void prepay_configure(struct prepay *prepay, const struct prepay_port *port,
                      const struct prepay_config *config, const struct prepay_now *now,
                      const struct prepay_payer *payer);

/**
 * Supply is there: the newest booking gets its record where a cut has left it without, before
 * another record takes its number.
 */
void prepay_supply(struct prepay *prepay, const struct prepay_port *port);

/** Once a second: what the breaker has to know.  Pure but for what has to be kept. */
struct prepay_verdict prepay_step(struct prepay *prepay, const struct prepay_port *port,
                                  const struct prepay_now *now);

/** What is left, less than 0: owed.  Off: what was loaded and is not counted down yet. */
int64_t prepay_left_uwh(const struct prepay *prepay, uint64_t total_uwh);
/** The register A14_Prepayment: never less than 0. */
int64_t prepay_credit_uwh(const struct prepay *prepay, uint64_t total_uwh);
/** A14_PrepaymentCredit: used beyond zero; the next load pays it first. */
int64_t prepay_owed_uwh(const struct prepay *prepay, uint64_t total_uwh);
/** On, and at or below the alarm limit. */
bool prepay_warns(const struct prepay *prepay, uint64_t total_uwh);
/** Days that the credit lasts as the last days went; PREPAY_NO_DAYS: not known, or for ever. */
uint16_t prepay_days_left(const struct prepay *prepay, uint64_t total_uwh, uint64_t operating_s);
/** Seconds of the low limit that are left. */
uint32_t prepay_low_left_s(const struct prepay *prepay, uint64_t operating_s);

/**
 * The register is written: so much is left from now on, less what is owed.
 * @retval PREPAY_ERR_RANGE, PREPAY_ERR_FULL, PREPAY_ERR_STORAGE  nothing changed
 */
enum prepay_err prepay_set(struct prepay *prepay, const struct prepay_port *port,
                           const struct prepay_payer *payer, uint64_t total_uwh,
                           int64_t credit_uwh);

/**
 * Add an amount.  `number` is one more than that of the load before; a repetition of the last
 * number and amount is answered PREPAY_OK and loads nothing, so that a client that got no answer
 * asks again without doubling anything.
 */
enum prepay_err prepay_load(struct prepay *prepay, const struct prepay_port *port,
                            const struct prepay_payer *payer, uint64_t total_uwh, uint32_t number,
                            int64_t amount_uwh);

/** Why a token with that id is not taken, PREPAY_OK: it would be. */
enum prepay_err prepay_token_known(const struct prepay *prepay, uint32_t id);

/** A genuine token: its amount and its id are kept with one write. */
enum prepay_err prepay_token(struct prepay *prepay, const struct prepay_port *port,
                             const struct prepay_payer *payer, uint64_t total_uwh,
                             const struct token *token);

/** A wrong token was entered: from the third in a row on none is looked at for a while. */
void prepay_token_wrong(struct prepay *prepay, const struct prepay_port *port, int64_t now_us);
/** Seconds until the next token is looked at; 0: now. */
uint32_t prepay_token_wait_s(const struct prepay *prepay, int64_t now_us);

#endif
