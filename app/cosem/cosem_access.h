/**
 * Rights of the clients to the members of the objects (SEC-06).
 *
 * One table of rights sets and roles, and the attributes that a class has here.  It knows no value
 * and no meter: the server asks it before anything else.
 * Source: spec cosem-objects 2.1, 2.2, 2.15; consumer clients only read (CCC-04).
 */
#ifndef OPEN382_COSEM_ACCESS_H
#define OPEN382_COSEM_ACCESS_H

#include "cosem.h"
#include "cosem_table.h"

/** Does the role see the object at all, whatever the meter has? */
bool cosem_sees(enum cosem_role role, const struct cosem_row *row);

/** enum dlms_access_mode of an attribute or method; DLMS_MODE_NONE: no right, or no such member. */
uint8_t cosem_access(enum cosem_role role, const struct cosem_row *row, enum dlms_member member,
                     int8_t index);

/** Highest attribute and method of a class here. */
int8_t cosem_attributes(uint16_t class_id);
int8_t cosem_methods(uint16_t class_id);

/** Attributes below 0, of data loggers. */
#define COSEM_LOGGER_STATUS (-1)
#define COSEM_DATA_QUALITY  (-2)

#endif
