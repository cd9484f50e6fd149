/**
 * The modules that are built: a new one is a file of its own and a line in module_types.c.
 */
#ifndef OPEN382_MODULE_TYPES_H
#define OPEN382_MODULE_TYPES_H

#include "module.h"
#include "module_table.h"

extern const struct module_type *const module_types[];
extern const size_t module_types_length;

/** By name, "mbus".  NULL: none. */
const struct module_type *module_type_by_name(const char *name, size_t n_name);

/**
 * Its article for a generation: the first of its codes whose row lists it.
 * @param generation  one of enum module_generation
 * @return CCC code; 0: no article of the type fits into that generation
 */
uint16_t module_type_code(const struct module_type *type, uint8_t generation);
/** The type has an article with that code. */
bool module_type_has_code(const struct module_type *type, uint16_t code);

#endif
