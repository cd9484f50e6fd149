/**
 * What a user asks for: names, short codes, full OBIS, labels and KMP ids, turned into registers.
 */
#ifndef OPEN382_SELECTION_H
#define OPEN382_SELECTION_H

#include "../../app/registers/register_table.h"
#include "../lib/obis_text.h"

#define SELECTION_MAX 512u

struct selected {
    const struct register_def *def; /**< NULL: not in our table */
    int32_t kmp_id;                 /**< -1: none known */
    uint8_t obis[6];                /**< DLMS: the code asked for */
    unsigned named;                 /**< groups of it that count, as obis_parse() tells; 0: none */
    char code[24];                  /**< short code, as IEC 62056-21 prints it; "" = none */
};

struct selection {
    struct selected items[SELECTION_MAX + 1]; /**< the last one is spare */
    size_t length;
};

/**
 * Add what one argument means, tried in this order:
 * 0xID or decimal ID (KMP, known to our table or not); short code (1.8.0) or full OBIS
 * (1-1:1.8.0.255); register name; display label (U: all phases); beginning of a name ("voltage").
 * A code of good form that is not in our table is kept: an IEC read-out may have it.
 *
 * @return number of registers added, 0: means nothing.
 */
size_t selection_add(struct selection *selection, const char *argument);

/** One row of our table. */
void selection_add_register(struct selection *selection, const struct register_def *def);

/** Any KMP id, known to our table or not. */
void selection_add_id(struct selection *selection, uint16_t kmp_id);

/** True when the reading with this id or code is what was asked for. */
bool selected_matches(const struct selected *selected, int32_t kmp_id, const char *code);

#endif
