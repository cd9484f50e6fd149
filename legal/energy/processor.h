/** The inside of struct legal.  Private to legal/. */
#ifndef OPEN382_LEGAL_PROCESSOR_H
#define OPEN382_LEGAL_PROCESSOR_H

#include "audit/audit.h"
#include "bus/bus_frame.h"
#include "energy/pulses.h"
#include "energy/registers.h"
#include "energy/supply.h"
#include "energy/system.h"
#include "ident/ident.h"
#include "legal_api.h"
#include "params/constants.h"
#include "profile/profile.h"
#include "store/store.h"

/** Without any frame for so long a measuring system is dead (windows last 2 s at most). */
#define PROCESSOR_SILENCE_US INT64_C(3000000)

struct processor {
    struct legal_port port;
    struct legal_setup setup;
    struct system system[LEGAL_SYSTEMS];
    struct registers registers;
    struct pulses pulses;
    struct supply supply;
    struct store store;
    struct page_memory log; /**< memory of the profile */
    struct profile profile;
    struct constants constants;
    struct audit audit;
    struct ident ident;
    struct bus_receiver receiver;

    int64_t now_us;     /**< latest instant seen: time never goes back in here */
    int64_t frame_us;   /**< of the last frame: end of the windows that wait to be booked */
    int64_t counted_us; /**< operating time is counted up to here */
    uint64_t operating_us;
    uint64_t stored_operating_us; /**< in the last record */
    uint32_t starts;
    uint32_t changes; /**< of the constants since this start: the measuring systems begin anew */
    uint32_t frames_taken;
    uint32_t frames_lost;
    uint32_t frames_refused; /**< whole, but of an absent system or with impossible counters */
    uint8_t reported;        /**< systems in the group that waits */
    bool running;            /**< supply on */
    bool changed;            /**< since the last record */
    bool suspect;            /**< a memory fault was seen at some time */
    bool restored;           /**< registers came from memory */
    bool constants_fault;
    bool sum_loaded[2];     /**< active, reactive: vector summation is judged by the sum */
    uint8_t pulse_energy;   /**< shown by LED and S0 now */
    uint64_t parked_pulses; /**< verification mode: pending pulses of the normal energy */
};

_Static_assert(sizeof(struct processor) <= sizeof(struct legal), "struct legal is too small");
_Static_assert(_Alignof(struct processor) <= _Alignof(struct legal), "alignment");

/** The cells of one energy of all systems, 0 active, 1 reactive, as vector summation judges them.
 */
struct no_load_sum processor_sum(struct processor *p, unsigned which);

static inline struct processor *processor_of(struct legal *legal)
{
    return (struct processor *)(void *)legal->opaque;
}

static inline const struct processor *processor_of_const(const struct legal *legal)
{
    return (const struct processor *)(const void *)legal->opaque;
}

/** The processor, at now_us or later: time never goes back.  The port moves with the struct. */
static inline struct processor *processor_enter(struct legal *legal, int64_t now_us)
{
    struct processor *p = processor_of(legal);
    p->store.memory.port = &p->port;
    p->log.port = &p->port;
    p->profile.memory = &p->log;
    p->now_us = now_us > p->now_us ? now_us : p->now_us;
    return p;
}

/** A register as it is shown: whole uWh. */
static inline uint64_t processor_shown_uwh(const struct processor *p, uint8_t energy)
{
    return (uint64_t)registers_read(&p->registers, (enum legal_energy)energy).whole;
}

/** Has this system sent nothing for three seconds?  What it measured before says nothing now. */
static inline bool processor_silent(const struct processor *p, unsigned s)
{
    return p->now_us - p->system[s].frame_us >= PROCESSOR_SILENCE_US;
}

/** ---- processor.c: what several commands do ---------------------------------------------- */

/** Pulses of the normal energy that are still to come, and that have begun. */
uint64_t processor_pending_pulses(const struct processor *p);
uint64_t processor_emitted_pulses(const struct processor *p);

/** Let LED and S0 show this energy from now on; so many of its pulses have begun already. */
void processor_start_pulses(struct processor *p, uint8_t energy, uint64_t emitted);

/** Change over to another energy: pulses of the normal one that are still to come wait for it. */
void processor_select_pulses(struct processor *p, uint8_t energy);

/** Store the state. */
enum legal_err processor_save(struct processor *p, bool orderly);

/** What the no-load rule still holds back is booked if it is load so far. */
void processor_settle(struct processor *p);

/** Any phase above 160 V?  A system that has fallen silent has no say. */
bool processor_supplied(const struct processor *p);

/** The meter begins to run with the window that ends now. */
void processor_run(struct processor *p, uint64_t window_us);

/** Settle, store, stop. */
void processor_stop(struct processor *p);

/** ---- booking.c -------------------------------------------------------------------------- */

/** Book the windows that wait: all phases at once, so that vector sums hold at every instant. */
void processor_book(struct processor *p);

#endif
