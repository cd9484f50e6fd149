#include "wire.h"

static bool anybody(const struct wire *wire)
{
    for (unsigned i = 0; i < WIRE_ENDS; i++) {
        if (wire->end[i].n > 0) {
            return true;
        }
    }
    return false;
}

void wire_say(struct wire *wire, unsigned end, const uint8_t *octets, size_t n_octets,
              int64_t now_us)
{
    struct wire_end *e = &wire->end[end];
    if (n_octets > 0 && wire->next_us == INT64_MAX) {
        wire->next_us = now_us + wire->delay_us + wire->octet_us;
    }
    for (size_t i = 0; i < n_octets && e->n < WIRE_QUEUE; i++) {
        e->queue[(e->first + e->n++) % WIRE_QUEUE] = octets[i];
    }
}

void wire_forget(struct wire *wire, unsigned end)
{
    wire->end[end].n = 0;
}

static void slot(struct wire *wire)
{
    bool talks[WIRE_ENDS];
    unsigned n_talking = 0;
    uint8_t octet = UINT8_MAX;
    for (unsigned i = 0; i < WIRE_ENDS; i++) {
        struct wire_end *e = &wire->end[i];
        talks[i] = e->n > 0;
        if (talks[i]) {
            octet &= e->queue[e->first];
            e->first = (e->first + 1u) % WIRE_QUEUE;
            e->n--;
            n_talking++;
        }
    }
    wire->octets += n_talking > 0;
    wire->collisions += n_talking > 1;
    for (unsigned i = 0; n_talking > 0 && i < WIRE_ENDS; i++) {
        if (!talks[i] || wire->echo) {
            wire->out(wire->context, i, octet);
        }
    }
}

int64_t wire_step(struct wire *wire, int64_t now_us)
{
    while (wire->next_us <= now_us) {
        slot(wire);
        wire->next_us = anybody(wire) ? wire->next_us + wire->octet_us : INT64_MAX;
    }
    return wire->next_us;
}
