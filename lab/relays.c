#include "relays.h"

#include <string.h>

#define STILL INT64_MAX

void relays_start(struct relays *relays, uint8_t fitted, uint8_t closed)
{
    memset(relays, 0, sizeof *relays);
    relays->fitted = fitted;
    relays->closed = closed & fitted;
    for (unsigned k = 0; k < RELAYS_PHASES; k++) {
        relays->travel_us[k] = RELAYS_TRAVEL_US;
    }
    relays_stop(relays);
}

int relays_drive(struct relays *relays, bool close, int64_t now_us)
{
    if (relays->silent) {
        return -1;
    }
    relays->pulses++;
    for (unsigned k = 0; k < RELAYS_PHASES; k++) {
        const uint8_t bit = (uint8_t)(1u << k);
        const bool there = ((relays->closed & bit) != 0) == close;
        const bool on_its_way = relays->arrive_us[k] != STILL;
        const bool same = on_its_way && ((relays->target & bit) != 0) == close;
        if ((relays->fitted & bit) == 0 || same) {
            continue;
        }
        relays->target = (uint8_t)(close ? relays->target | bit : relays->target & ~bit);
        relays->arrive_us[k] = there ? STILL : now_us + relays->travel_us[k];
    }
    return 0;
}

bool relays_run(struct relays *relays, int64_t now_us)
{
    const uint8_t before = relays->closed;
    for (unsigned k = 0; k < RELAYS_PHASES; k++) {
        const uint8_t bit = (uint8_t)(1u << k);
        if (relays->arrive_us[k] > now_us) {
            continue;
        }
        relays->arrive_us[k] = STILL;
        if ((relays->stuck & bit) == 0) {
            relays->closed = (uint8_t)((relays->closed & ~bit) | (relays->target & bit));
        }
    }
    return relays->closed != before;
}

int64_t relays_next_us(const struct relays *relays)
{
    int64_t next_us = STILL;
    for (unsigned k = 0; k < RELAYS_PHASES; k++) {
        next_us = relays->arrive_us[k] < next_us ? relays->arrive_us[k] : next_us;
    }
    return next_us;
}

void relays_stop(struct relays *relays)
{
    for (unsigned k = 0; k < RELAYS_PHASES; k++) {
        relays->arrive_us[k] = STILL;
    }
}
