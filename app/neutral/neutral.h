/**
 * Loss of the neutral conductor, seen from the phase voltages of a three-phase four-wire meter.
 *
 * Two rules; either is evidence, and evidence that lasts for the set time is a fault:
 * (a) two phases above the high limit and one below 230 V less the neutral threshold (X-NEU-1);
 * (b) |U1 + U2 + U3| / 3 above the neutral threshold while every voltage between two phases is
 *     within 10 % of 398.4 V: the star point has moved and the network has not.  It also sees the
 *     star point that moves towards two phases, which (a) does not.  It needs angles, and so all
 *     three phases above 160 V.
 * Both are blind where the load is balanced: then a lost neutral moves nothing.
 * Source: NEU-01, X-NEU-1, spec metrology 3.7; docs/neutral-fault.md.
 */
#ifndef OPEN382_NEUTRAL_H
#define OPEN382_NEUTRAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../variant/variant.h"
#include "legal_api.h"

#define NEUTRAL_PHASES       3u
#define NEUTRAL_RECORD_BYTES 19u

/** A healthy network is looked at this often; one with evidence each time there are new values. */
#define NEUTRAL_LOOK_US INT64_C(5000000)

/** What the rules compare with. */
struct neutral_config {
    uint32_t displaced_mv; /**< V_NTh: displacement of the star point, and 230 V less it (40 V) */
    uint32_t high_mv;      /**< V_LHiTh (253 V) */
    uint16_t time_s;       /**< how long evidence must last, more than (60 s) */
    uint16_t gone_s;       /**< how long it must be missing before the fault is over (10 s, ours) */
};

enum neutral_evidence { NEUTRAL_BY_LEVELS = 1 << 0, NEUTRAL_BY_PHASORS = 1 << 1 };

/** Code of a record in the event log: 1.1.132.0.6. */
enum neutral_change { NEUTRAL_GONE = 0, NEUTRAL_DETECTED = 1, NEUTRAL_NO_CHANGE = -1 };

struct neutral {
    struct neutral_config config;
    bool fitted;             /**< three-phase four-wire, generation L or M */
    bool fault;              /**< now; what a breaker may go by */
    bool watching;           /**< evidence is there and has not lasted yet, or a fault is on */
    int64_t look_us;         /**< not looked at before, unless watching */
    int64_t since_us;        /**< the evidence's first second, while watching */
    int64_t last_us;         /**< the last second with evidence */
    uint8_t evidence;        /**< enum neutral_evidence bits seen since since_us */
    uint32_t neutral_mv;     /**< displacement of the star point now; 0: none, or not known */
    uint32_t neutral_max_mv; /**< highest since since_us */
    uint32_t min_mv[NEUTRAL_PHASES], max_mv[NEUTRAL_PHASES]; /**< phases since since_us */
};

/** @param fault  a fault was on when the meter stopped and has not ended in the log */
void neutral_init(struct neutral *neutral, const struct variant *variant, bool fault,
                  int64_t now_us);

/** No supply: nothing is seen, evidence begins anew, a fault that was on stays on. */
void neutral_supply_lost(struct neutral *neutral);

/**
 * Is there anything to look at now?  Working out voltages costs as much as a good part
 * of a window, and evidence has to last a minute: a healthy network is looked at every
 * NEUTRAL_LOOK_US, so that a fault is found up to that much later.
 */
static inline bool neutral_wants(const struct neutral *neutral, int64_t now_us)
{
    return neutral->fitted && (neutral->watching || now_us >= neutral->look_us);
}

/** From when on neutral_wants; INT64_MIN: now. */
static inline int64_t neutral_next_us(const struct neutral *neutral)
{
    return !neutral->fitted ? INT64_MAX : neutral->watching ? INT64_MIN : neutral->look_us;
}

/** Look at the voltages; call whenever neutral_wants, with supply only. */
enum neutral_change neutral_step(struct neutral *neutral, const struct legal_voltages *voltages,
                                 int64_t now_us);

/** Payload of the event's record: evidence, phase voltages and displacement since it began.
 *  @return its length, NEUTRAL_RECORD_BYTES */
uint8_t neutral_record(const struct neutral *neutral, int64_t now_us,
                       uint8_t payload[NEUTRAL_RECORD_BYTES]);

#endif
