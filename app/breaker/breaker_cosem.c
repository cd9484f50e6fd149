#include "breaker_cosem.h"

#define MODE_BY_HAND   1u
#define MODE_BY_ITSELF 5u

static enum breaker_control_state state_of(const struct breaker *b)
{
    switch (b->kept.state) {
    case BREAKER_CLOSED:
    case BREAKER_WARNING:
    case BREAKER_LOG_ONLY: return BREAKER_CONTROL_CONNECTED;
    case BREAKER_RELEASED: return BREAKER_CONTROL_READY;
    case BREAKER_OPEN_BUTTON:
        return b->config.needs_release ? BREAKER_CONTROL_DISCONNECTED : BREAKER_CONTROL_READY;
    case BREAKER_CUT_OFF:
    case BREAKER_OPEN_NEUTRAL:
        return b->config.automatic ? BREAKER_CONTROL_READY : BREAKER_CONTROL_DISCONNECTED;
    default: return BREAKER_CONTROL_DISCONNECTED;
    }
}

struct breaker_control breaker_control_of(const struct breaker *breaker)
{
    return (struct breaker_control){
        breaker->position == BREAKER_POSITION_CLOSED || breaker->position == BREAKER_POSITION_MIXED,
        (uint8_t)state_of(breaker), breaker->config.automatic ? MODE_BY_ITSELF : MODE_BY_HAND};
}

enum breaker_event breaker_control_disconnect(void)
{
    return BREAKER_EVENT_DISCONNECT;
}

enum breaker_event breaker_control_reconnect(const struct breaker *breaker)
{
    switch (state_of(breaker)) {
    case BREAKER_CONTROL_CONNECTED: return BREAKER_EVENT_NONE;
    case BREAKER_CONTROL_READY: return BREAKER_EVENT_RECONNECT;
    default: return BREAKER_EVENT_RELEASE;
    }
}
