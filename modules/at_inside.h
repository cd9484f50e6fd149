/**
 * Inside of at_modem: its commands, one row each.
 */
#ifndef OPEN382_AT_INSIDE_H
#define OPEN382_AT_INSIDE_H

#include "at_modem.h"

enum at_job {
    AT_IDLE,
    AT_RESYNC, /**< is it still there? */
    AT_SYNC,   /**< bringing up begins */
    AT_ECHO,
    AT_ERRORS,
    AT_PIN_ASK,
    AT_PIN_GIVE,
    AT_FORMAT,
    AT_STORE,
    AT_NOTICE,
    AT_REPORTS,
    AT_GPRS_REPORTS,
    AT_LIST, /**< the last of bringing up, and from time to time */
    AT_REGISTRATION,
    AT_GPRS,
    AT_SIGNAL,
    AT_SMS_READ,
    AT_SMS_DELETE,
    AT_SMS_SEND,
    AT_STEP,
    AT_SEND,
    AT_READ,
    AT_CLOSE,
    AT_JOBS
};

enum at_result { AT_DONE, AT_REFUSED, AT_SILENT };

struct at_row {
    const char *command; /**< NULL: of the dialect */
    int32_t timeout_ms;
    /** A line that is no end. */
    void (*line)(struct at_modem *modem, const char *line);
    /** It has ended; code: of +CME ERROR or +CMS ERROR, 0: none.  @return what is next */
    enum at_job (*end)(struct at_modem *modem, enum at_result result, int32_t code);
    /** When it is refused, also ten times: go on without it. */
    bool optional;
};

extern const struct at_row at_rows[AT_JOBS];

/** Step of the dialect behind the job; NULL: none. */
const struct at_step *at_step_of(const struct at_modem *modem);
/** What an idle modem is asked next; AT_IDLE: nothing, and *wake_ms. */
enum at_job at_choose(struct at_modem *modem, int64_t *wake_ms);
/** A line that may come at any time.  @return false: it is none */
bool at_unasked(struct at_modem *modem, const char *line);
/** From the beginning; pull: with the reset line. */
void at_restart(struct at_modem *modem, bool pull);
/** The connection is gone. */
void at_link_lost(struct at_modem *modem);

static inline bool at_slot(const struct at_modem *modem, unsigned slot)
{
    return (modem->slots[slot / 32u] >> slot % 32u & 1u) != 0;
}

static inline void at_slot_set(struct at_modem *modem, unsigned slot, bool on)
{
    const uint32_t bit = (uint32_t)1 << slot % 32u;
    if (slot < AT_SLOTS) {
        modem->slots[slot / 32u] =
            on ? modem->slots[slot / 32u] | bit : modem->slots[slot / 32u] & ~bit;
    }
}

#endif
