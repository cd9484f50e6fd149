/**
 * What a radio is told to send: "kind=omnipower,interval=20,power=14".
 */
#ifndef OPEN382_MODULES_WMBUS_OPTIONS_H
#define OPEN382_MODULES_WMBUS_OPTIONS_H

#include "wmbus_module.h"

#define WMBUS_OPTIONS_POWER_DBM 10 /**< radiated, when nothing else is said */
#define WMBUS_OPTIONS_HELP                                                                         \
    "kind=382|open|omnipower|mode5|mode7 mode=t1|c1 format=a|b interval=SECONDS (2 to 86400) "     \
    "power=DBM (-30 to 30)"

struct wmbus_options {
    struct wmbus_module_setup setup;
    int8_t power_dbm;
};

/**
 * Members joined by commas, in any order; "": as delivered, kind=382.
 * @return NULL, or what was expected in place of a member
 */
const char *wmbus_options_read(const char *text, struct wmbus_options *out);

/** Options that were read without an error: what they ask for is ciphered, and takes a key. */
bool wmbus_options_need_key(const char *text);

#endif
