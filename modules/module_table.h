/**
 * Every module of the accessory lists of 382 and 162, one row each: plain data.
 *
 * docs/modules.md says of each what it does and how to plug it.  Source: requirements, table MOD-A;
 * MOD-15 (the code is the last three digits of the article number 68 50 CCC).
 */
#ifndef OPEN382_MODULE_TABLE_H
#define OPEN382_MODULE_TABLE_H

#include <stdint.h>

#define MODULE_ROWS 27u

/** Generations whose lists have it. */
enum module_generation { MODULE_BCDE = 1 << 0, MODULE_L = 1 << 1, MODULE_M = 1 << 2 };

enum module_state {
    MODULE_BUILT,        /**< can be plugged */
    MODULE_PLANNED,      /**< could be built, is not */
    MODULE_NOT_POSSIBLE, /**< what it says on its side is not public */
};

struct module_row {
    const char *requirement; /**< "MOD-A03" */
    const char *article;     /**< "6850005" */
    uint16_t code;           /**< CCC of the configuration; 0: has none */
    char letters[3];         /**< of the order list, e.g. "MK"; "": has none */
    uint8_t generations;     /**< set of enum module_generation */
    uint8_t state;           /**< enum module_state */
    const char *name;
};

extern const struct module_row module_table[MODULE_ROWS];

/** By configuration CCC.  NULL: none (0 is no module). */
const struct module_row *module_by_code(uint16_t code);
/** By article number, 6850005.  NULL: none. */
const struct module_row *module_by_article(uint32_t article);

#endif
