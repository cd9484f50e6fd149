/** The alarm registers of a meter, over KMP or DLMS. */
#ifndef OPEN382_ALARM_METER_H
#define OPEN382_ALARM_METER_H

#include "tool.h"

#define ALARM_WORDS     4u
#define ALARM_WORD_BITS 32u

/** A register of alarms, its mask, and what its bits mean. */
struct alarm_word {
    const char *key, *gone; /**< "b_gone"; " is over" behind each name */
    char letter;
    uint16_t alarms_id, mask_id; /**< KMP */
    int8_t alarms_e, mask_e;     /**< 0-0:97.98.E; negative: DLMS has none */
    const char *(*name)(unsigned bit);
};

extern const struct alarm_word alarm_words[ALARM_WORDS];

/** What has been read of one. */
struct alarm_state {
    bool has, has_mask;
    uint32_t raised, mask;
};

/** Name of a bit with what stands behind it, or "bit N". */
void alarm_text(const struct alarm_word *word, unsigned bit, char *text, size_t capacity);

/** Complains itself.  @return EXIT_UNKNOWN: the meter has none of them */
enum tool_exit alarm_read(struct tool *tool, struct alarm_state state[ALARM_WORDS]);
/** Clear these bits and no others.  Complains itself. */
enum tool_exit alarm_clear(struct tool *tool, unsigned word, uint32_t bits);
/** Complains itself. */
enum tool_exit alarm_mask_set(struct tool *tool, unsigned word, uint32_t mask);

#endif
