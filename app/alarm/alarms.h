/**
 * Alarms: events that somebody wants to be told of, kept until they are cleared.
 *
 * Three registers of 32 bits: bits of event word A that have come, bits of word B that have come,
 * and bits of word B that have gone; each through a mask (settings 70 to 72).  What holds when the
 * meter starts counts as come: whatever was done to it without supply is an alarm.
 * In permanent memory: docs/spec/app-storage.md, "Alarms".
 * Source: SEC-07, EVT-01, EVT-02, X-EVT-5, spec cosem-objects 2.10, 4.4, 4.5.
 */
#ifndef OPEN382_ALARMS_H
#define OPEN382_ALARMS_H

#include "../meter/board.h"

#define ALARMS_FIRST_PAGE 26u /**< two pages, written in turn */
#define ALARMS_FORMAT     1u

/**
 * Which register; also index of the mask.  Alarms of tampering are kept with the acts themselves
 * (app/tamper) and only counted among the registers.
 */
enum alarm_kind {
    ALARM_A,
    ALARM_B_COME,
    ALARM_B_GONE,
    ALARM_KINDS,
    ALARM_TAMPER = ALARM_KINDS,
    ALARM_REGISTERS
};

/** What is looked at; of each only the bits of its masks matter. */
struct alarm_words {
    uint32_t a;       /**< word A, its status bits as they are now */
    uint32_t noted_a; /**< status bits that were noted and not cleared: what was short, too */
    uint32_t b;
};

struct alarms {
    uint32_t bits[ALARM_KINDS]; /**< raised and not cleared */
    struct alarm_words seen;    /**< when they were looked at last */
    uint32_t sequence;          /**< of the record written last; 0: none */
    bool unsaved;               /**< memory did not take the newest bits yet */
    bool unread; /**< memory did not answer at the start: it is read before it is written */
};

/** Take the newest good record; without one no alarm is raised.  @return false: can't be read. */
bool alarms_load(struct alarms *alarms, const struct board *board);
/** @return false: not stored; alarms->unsaved says so too. */
bool alarms_save(struct alarms *alarms, const struct board *board);

/** Look at the words.  @return bits were raised. */
bool alarms_look(struct alarms *alarms, const uint32_t mask[ALARM_KINDS],
                 const struct alarm_words *words);
/** @return bits were cleared. */
bool alarms_clear(struct alarms *alarms, enum alarm_kind kind, uint32_t bits);

#endif
