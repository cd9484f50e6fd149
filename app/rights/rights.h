/**
 * Who may do what: rights per channel, and the password.
 *
 * One constant matrix of channels and actions; every telegram that changes something in the meter
 * passes rights_check.  A wrong password is counted; from the third in a row on the same connection
 * is closed to passwords for a while, which doubles up to RIGHTS_CLOSED_MAX_MS.  Reading, and all
 * other connections, go on: a stranger can lock nobody out but himself.
 * Source: SEC-02, SEC-04..06, SEC-08, CCC-04, MOD-06, OPT-06, C-22.
 */
#ifndef OPEN382_RIGHTS_H
#define OPEN382_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#define RIGHTS_LINES 8u /**< connections that may talk at once */

/** Wrong passwords in a row that cost nothing: people mistype. */
#define RIGHTS_FREE_TRIES    2u
#define RIGHTS_CLOSED_MS     1600  /**< after the first that costs; doubled with each further one */
#define RIGHTS_CLOSED_MAX_MS 51200 /**< 65,536 passwords at this pace take 38 days */
/** Wrong passwords are forgotten when none came for so long. */
#define RIGHTS_FORGET_MS 600000

/** Where a telegram comes from.  The numbers stand in the audit log. */
enum rights_channel {
    CHANNEL_OPTICAL = 0,  /**< the eye on the front */
    CHANNEL_MODULE = 1,   /**< module port: the utility's system */
    CHANNEL_CONSUMER = 2, /**< consumer (CCC) port, outside every seal */
    CHANNEL_BOARD = 3,    /**< the program around the meter: factory and simulation */
    CHANNELS
};

enum rights_action {
    ACTION_READ,     /**< registers, read-outs, settings, status */
    ACTION_READ_LOG, /**< load profile, debiting, event logs */
    ACTION_CONFIRM,  /**< event flags cleared, records marked as read, alarms cleared */
    ACTION_CLOCK,
    ACTION_DEBITING,  /**< end of the debiting period */
    ACTION_TEST_MODE, /**< operation state */
    ACTION_TARIFF,    /**< tariff plans and the on-demand tariff */
    ACTION_SETTINGS,  /**< what the table of settings holds; limits and set-ups of other parts */
    ACTION_BREAKER,   /**< moving the breaker: a telegram without a password */
    ACTION_SEALED,    /**< legally relevant constants; the open seal is the legal part's matter */
    ACTIONS
};

enum right { RIGHT_NO, RIGHT_WITH_PASSWORD, RIGHT_YES };

enum rights_answer {
    RIGHTS_OK = 0,
    RIGHTS_ERR_CHANNEL = -1,  /**< not over this channel, or not without a password */
    RIGHTS_ERR_PASSWORD = -2, /**< wrong */
    RIGHTS_ERR_WAIT = -3,     /**< this connection is closed to passwords for a while */
};

struct rights_line {
    uint8_t channel;                    /**< enum rights_channel */
    uint8_t wrong;                      /**< passwords in a row, at most 255 */
    int64_t closed_until_ms, forget_ms; /**< wall time */
};

struct rights {
    uint8_t speaker; /**< line that is being served, counted from 1; 0: the board itself */
    int64_t wall_ms; /**< of what it has said */
    uint32_t wrong;  /**< wrong passwords since the last right one, over all lines */
    /** enum rights_channel + 1 of a DLMS association that speaks, 0: none does.  Its rights count
     *  in place of the line's, and it has shown its secret when it was opened. */
    uint8_t association;
    struct rights_line line[RIGHTS_LINES];
};

enum right rights_of(enum rights_channel channel, enum rights_action action);
/** Channel of whoever is being served. */
enum rights_channel rights_channel(const struct rights *rights);

/** May whoever is being served do that without a password?  An association has given its own. */
enum rights_answer rights_check(const struct rights *rights, enum rights_action action);

/**
 * The same with a password.
 * @param expected  the meter's password
 */
enum rights_answer rights_check_password(struct rights *rights, enum rights_action action,
                                         uint16_t given, uint16_t expected);

/**
 * A secret other than the meter's password was compared: of an association.  Counted on the line,
 * and a closed line is told nothing, as with passwords.
 */
enum rights_answer rights_check_secret(struct rights *rights, bool right);

/** The wrong passwords so far are a number worth a record: 3, 6, 12, 24, ...  A mistake is none,
 * and a stranger must not be able to push everything else out of a log of 200 records. */
bool rights_worth_noting(const struct rights *rights);

#endif
