/**
 * The relays of a breaker: bi-stable, one a phase, each with its own time to move, and faults that
 * a test or a scenario gives them.  Position and faults only; what flows through them is the
 * mains'. Source: BRK-08, X-BRK-3.
 */
#ifndef OPEN382_LAB_RELAYS_H
#define OPEN382_LAB_RELAYS_H

#include <stdbool.h>
#include <stdint.h>

#define RELAYS_PHASES    3u
#define RELAYS_TRAVEL_US INT64_C(30000) /**< from the pulse to the contacts' end position */

struct relays {
    uint8_t fitted;                   /**< a bit per phase */
    uint8_t closed;                   /**< where the contacts are */
    uint8_t stuck;                    /**< they take the pulse and stay where they are */
    bool silent;                      /**< neither drivers nor contacts answer */
    int64_t travel_us[RELAYS_PHASES]; /**< of each */
    int64_t arrive_us[RELAYS_PHASES]; /**< of a movement under way; INT64_MAX: none */
    uint8_t target;                   /**< of the movements under way */
    uint32_t pulses;                  /**< drives so far */
};

void relays_start(struct relays *relays, uint8_t fitted, uint8_t closed);
/** All of them get a pulse.  @return 0, -1: silent */
int relays_drive(struct relays *relays, bool close, int64_t now_us);
/** What should have arrived has.  @return a contact has moved */
bool relays_run(struct relays *relays, int64_t now_us);
/** When the next contact arrives; INT64_MAX: none moves. */
int64_t relays_next_us(const struct relays *relays);
/** The supply is gone: what was on its way stays where it was. */
void relays_stop(struct relays *relays);

#endif
