/** The inside of struct legal.  Private to legal/. */
#ifndef OPEN382_LEGAL_PROCESSOR_H
#define OPEN382_LEGAL_PROCESSOR_H

#include "bus/bus_frame.h"
#include "energy/pulses.h"
#include "energy/registers.h"
#include "energy/system.h"
#include "ident/ident.h"
#include "legal_api.h"
#include "params/constants.h"
#include "store/store.h"

struct processor {
    struct legal_port port;
    struct legal_setup setup;
    struct system system[LEGAL_SYSTEMS];
    struct registers registers;
    struct pulses pulses;
    struct store store;
    struct constants constants;
    struct ident ident;
    struct bus_receiver receiver;

    int64_t now_us;      /**< latest instant seen: time never goes back in here */
    int64_t frame_us;    /**< of the last frame: end of the windows that wait to be booked */
    int64_t supplied_us; /**< last instant at which a phase was above 160 V */
    int64_t counted_us;  /**< operating time is counted up to here */
    uint64_t operating_us;
    uint64_t stored_operating_us; /**< in the last record */
    uint32_t starts;
    uint32_t frames_taken;
    uint32_t frames_lost;
    uint32_t frames_refused; /**< whole, but of an absent system or with impossible counters */
    uint8_t reported;        /**< systems in the group that waits */
    bool running;            /**< supply on */
    bool changed;            /**< since the last record */
    bool suspect;            /**< a memory fault was seen at some time */
    bool restored;           /**< registers came from memory */
    bool constants_fault;
    uint8_t pulse_energy;   /**< shown by LED and S0 now */
    uint64_t parked_pulses; /**< verification mode: pending pulses of the normal energy */
};

_Static_assert(sizeof(struct processor) <= sizeof(struct legal), "struct legal is too small");
_Static_assert(_Alignof(struct processor) <= _Alignof(struct legal), "alignment");

static inline struct processor *processor_of(struct legal *legal)
{
    return (struct processor *)(void *)legal->opaque;
}

static inline const struct processor *processor_of_const(const struct legal *legal)
{
    return (const struct processor *)(const void *)legal->opaque;
}

#endif
