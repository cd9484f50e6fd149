/**
 * The breaker: bi-stable relays in the phases, what may move them, and what watches over the load.
 *
 * One table of states and events decides (breaker_table.c).  The state says what was decided, the
 * position what the relays do: it is measured through the board, never assumed.  A decision stands
 * in permanent memory before a relay is driven, so that a cut at any instant leaves a movement that
 * the next start brings to its end, once.  Times run on the meter's own microseconds; no clock is
 * read, and setting one changes nothing here.
 *
 * The breaker is no safety device: behind it, too, everything counts as live (BRK-02, ENV-12).
 * Source: BRK-01..13, NEU-02, X-BRK-1..5, C-23, Q-01, Q-09, spec answers B12, cosem-objects 4.7
 * and 4.8; docs/breaker.md.
 */
#ifndef OPEN382_BREAKER_H
#define OPEN382_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "../meter/board.h"

#define BREAKER_PHASES   3u
#define BREAKER_FACTORS  3u
#define BREAKER_NO_LIMIT 255u /**< of automatic reconnections */

/** From the order to close until the relays are driven, and from opening to closing (B12.1). */
#define BREAKER_CLOSE_US INT64_C(5000000)
/** A relay that has not moved by then is driven again. */
#define BREAKER_MOVE_US INT64_C(2000000)
#define BREAKER_TRIES   3u
/** A relay that would not open is tried again and again; one that would not close is left alone. */
#define BREAKER_AGAIN_US INT64_C(60000000)

/** The meter's own states; the numbers stand on the wire and in permanent memory. */
enum breaker_state {
    BREAKER_NO_RELAY = 0,
    BREAKER_OPEN_COMMAND = 1,
    BREAKER_CLOSED = 4,
    BREAKER_WARNING = 5, /**< closed; the load is too high, a time is running */
    BREAKER_CUT_OFF = 6, /**< opened by Smart Disconnect */
    BREAKER_CUT_OFF_PREPAYMENT = 7,
    BREAKER_RELEASED = 8,           /**< open; button or command may close */
    BREAKER_PREPAYMENT_EXPIRED = 9, /**< open; the time of the low limit is used up */
    BREAKER_OPEN_BUTTON = 11,
    BREAKER_OPEN_NEUTRAL = 12,
    BREAKER_LOG_ONLY = 13, /**< closed; would have been cut off */
    BREAKER_STATES = 14
};

/** What can happen.  The numbers stand in the log as the cause of a record. */
enum breaker_event {
    BREAKER_EVENT_NONE = 0,
    BREAKER_EVENT_DISCONNECT = 1, /**< command 1 */
    BREAKER_EVENT_RELEASE = 2,    /**< command 2 */
    BREAKER_EVENT_RECONNECT = 3,  /**< command 3 */
    BREAKER_EVENT_BUTTON = 4,     /**< held for 6 s in the disconnect view */
    BREAKER_EVENT_OVER = 5,       /**< the load is above the lowest limit */
    BREAKER_EVENT_NORMAL = 6,     /**< it is below all of them again */
    BREAKER_EVENT_TRIP = 7,       /**< it has been too high for too long */
    BREAKER_EVENT_WAITED = 8,     /**< the wait after an automatic opening is over */
    BREAKER_EVENT_NEUTRAL = 9,    /**< loss of the neutral */
    BREAKER_EVENT_CREDIT_OUT = 10,
    BREAKER_EVENT_CREDIT_IN = 11,
    BREAKER_EVENT_LOW_EXPIRED = 12, /**< the time of the low limit is used up */
    BREAKER_EVENT_LOW_TRIP = 13,    /**< the load was above the low limit for too long */
    BREAKER_EVENTS,
    /* causes of records that change no state */
    BREAKER_NOTE_FAILED = 32,    /**< a relay has not moved, whatever was tried */
    BREAKER_NOTE_SLOW = 33,      /**< it has moved, later than it should */
    BREAKER_NOTE_RECOVERED = 34, /**< the position is right again */
    BREAKER_NOTE_ASTRAY = 35,    /**< the relays are not where they were left */
};

/** Bits of CutoffBasis (spec cosem-objects 4.8). */
enum breaker_basis {
    BREAKER_BASIS_LOAD = 1 << 0,
    BREAKER_BASIS_PREPAYMENT = 1 << 1,
    BREAKER_BASIS_POWER = 1 << 2, /**< else current */
    BREAKER_BASIS_NEUTRAL = 1 << 3,
    BREAKER_BASIS_LOG_ONLY = 1 << 4,
    BREAKER_BASIS_UNRESTRICTED = 1 << 5, /**< prepayment opens every day, at every hour */
};

/** Bits of CouplingFeedback (spec cosem-objects 4.7); bits 0 to 2: voltage behind L1 to L3. */
enum breaker_feedback {
    BREAKER_FEEDBACK_VALID = 1 << 3,
    BREAKER_FEEDBACK_ANSWERS = 1 << 4, /**< the breaker can be spoken to */
    BREAKER_FEEDBACK_HIGH = 1 << 5,    /**< ThresholdHigh is the limit in force */
    BREAKER_FEEDBACK_PENDING = 1 << 6,
    BREAKER_FEEDBACK_ERROR = 1 << 7,
};

struct breaker_config {
    uint8_t basis;                     /**< enum breaker_basis bits; 0 where nothing is automatic */
    uint8_t short_circuit_a;           /**< above it no time runs; 0: no such limit */
    uint8_t k_tenths[BREAKER_FACTORS]; /**< k1 >= k2 >= k3, in tenths */
    uint16_t t_s[BREAKER_FACTORS];     /**< t1 <= t2 <= t3; they add up */
    uint8_t limit;                     /**< ThresholdHigh, A or kW; 0: the load is not watched */
    uint8_t low_limit;                 /**< ThresholdLow, while credit is used up; 0: none */
    uint16_t wait_s;                   /**< T_ConnectWait, never less than 5 s */
    bool automatic;                    /**< Coupling: closes by itself, 0: by hand */
    bool needs_release;                /**< the button closes after a release only (BRK-07) */
    uint8_t retries;                   /**< automatic reconnections in a row; BREAKER_NO_LIMIT */
};

enum breaker_position {
    BREAKER_POSITION_UNKNOWN, /**< no phase can be told: no voltage, or no answer */
    BREAKER_POSITION_OPEN,    /**< all that can be told */
    BREAKER_POSITION_CLOSED,
    BREAKER_POSITION_MIXED,
};

/** What is kept over a loss of supply; breaker_store.h. */
struct breaker_kept {
    uint32_t sequence; /**< of the record written last; 0: none */
    uint8_t state;     /**< enum breaker_state */
    bool pending;      /**< a movement was ordered and is not confirmed */
    bool fault;        /**< the relays are not where they should be, and that is in the log */
    uint8_t retries;   /**< automatic reconnections in a row */
    uint32_t over_s[BREAKER_FACTORS]; /**< seconds above each limit; in memory when supply goes */
    uint32_t wait_left_s;             /**< until a reconnection may be thought of */
    uint32_t log_id;                  /**< number of the newest change's record in the log */
    uint8_t log_before, log_cause, log_channel; /**< and what stands in it */
};

/** What the breaker goes by besides orders. */
struct breaker_facts {
    bool neutral_fault;
    bool credit_exhausted; /**< it opens, and nobody closes it */
    bool credit_low;       /**< used up, and yet it may be closed: the low limit is in force */
    bool credit_expired;   /**< exhausted because the low limit's time is over */
    bool load_known;
    uint32_t current_ma; /**< of the phase that carries most, mean of a second */
    uint32_t power_w;    /**< sum of the phases, import */
};

struct breaker {
    struct breaker_config config;
    struct breaker_kept kept;
    bool fitted, supply;
    bool unsaved, unlogged;       /**< memory has not taken the newest yet: tried again */
    bool answers;                 /**< the board's breaker has answered the last time */
    struct board_breaker relays;  /**< what it said */
    uint8_t position;             /**< enum breaker_position */
    uint8_t tries;                /**< of the movement under way */
    int64_t drive_us, due_us;     /**< relays are driven then; must have moved by then */
    int64_t opened_us;            /**< INT64_MIN: not since the start */
    int64_t second_us, astray_us; /**< the next second is looked at then; astray since */
    uint32_t calm_s;              /**< closed and below all limits for so long */
    struct breaker_facts facts;   /**< of the last step */
};

/** What the breaker needs from the meter around it. */
struct breaker_port {
    void *context;
    /** Keep it; when this returns true it survives a loss of supply. */
    bool (*save)(void *context, struct breaker_kept *kept);
    /** Put a record into the log.  @return false: the log did not take it */
    bool (*log)(void *context, const struct breaker *breaker, uint8_t before, uint8_t cause,
                uint8_t channel);
    uint32_t (*log_newest)(void *context); /**< id of the newest record; 0: none */
    int (*drive)(void *context, bool close);
    int (*read)(void *context, struct board_breaker *out);
};

enum breaker_answer {
    BREAKER_DONE = 0,
    BREAKER_ERR_NONE = -1,    /**< none fitted */
    BREAKER_ERR_STATE = -2,   /**< not in this state: nothing happens */
    BREAKER_ERR_HELD = -3,    /**< not while the neutral is lost or the credit used up */
    BREAKER_ERR_SUPPLY = -4,  /**< no supply */
    BREAKER_ERR_STORAGE = -5, /**< memory failed: as it was */
    BREAKER_ERR_RIGHTS = -6,  /**< whoever asks may not */
};

/* ---- the table ---- */

/** Relays closed, in that state. */
bool breaker_state_closed(uint8_t state);
bool breaker_state_known(uint8_t state);

/**
 * State after an event.  Pure.
 * @param retries_left  there may be another automatic reconnection
 * @return BREAKER_NO_RELAY: not in this state
 */
uint8_t breaker_next(uint8_t state, enum breaker_event event, const struct breaker_config *config,
                     bool retries_left);

/* ---- a breaker ---- */

/** Power up with what was kept; nothing moves before breaker_supply. */
void breaker_start(struct breaker *breaker, const struct breaker_kept *kept, bool fitted,
                   int64_t now_us);

/** Supply came or went.  Timers stand still meanwhile and go on where they stood. */
void breaker_supply(struct breaker *breaker, const struct breaker_port *port, bool on,
                    int64_t now_us);

/** Keep it with the times that run (orderly end). */
void breaker_store(struct breaker *breaker, const struct breaker_port *port);

/** A command or the button: the first four events.  @return enum breaker_answer */
enum breaker_answer breaker_order(struct breaker *breaker, const struct breaker_port *port,
                                  enum breaker_event event, uint8_t channel, int64_t now_us);

/** The load is needed for the second that is due. */
bool breaker_wants_load(const struct breaker *breaker, int64_t now_us);

/**
 * Do what is due.
 * @param facts  load only where it is wanted
 * @return when it wants to be called next; INT64_MAX: with the next window
 */
int64_t breaker_step(struct breaker *breaker, const struct breaker_port *port,
                     const struct breaker_facts *facts, int64_t now_us);

/** CouplingFeedback: enum breaker_feedback. */
uint8_t breaker_feedback(const struct breaker *breaker);

/** The limit in force, A or kW: the high one, or the low one while credit is used up; 0: none. */
uint8_t breaker_limit(const struct breaker *breaker);

/** Load that is too high, in which second does it open?  Seconds left in state 5, else 0. */
uint32_t breaker_trip_left_s(const struct breaker *breaker);

#endif
