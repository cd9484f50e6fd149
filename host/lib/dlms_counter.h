/**
 * The client's invocation counter, kept between runs.
 *
 * Under one key and system title no counter may be used twice (it is half of the GCM nonce), so a
 * run reserves numbers in a file before it uses any, under a lock: two runs at the same time, a
 * kill, a crash cost numbers but never repeat one.  The file holds no secret:
 *
 *   open382-dlms-counters 1
 *   4D54C0FFEE000001 5120          system title, first number that was never reserved
 */
#ifndef OPEN382_DLMS_COUNTER_H
#define OPEN382_DLMS_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host_err.h"

struct dlms_counter {
    char path[300];
    uint8_t title[8];
    uint32_t next, reserved; /**< [next, reserved) may be used */
    char error[400];         /**< one line of what went wrong */
};

/** "$XDG_STATE_HOME/open382/dlms-counters", "~/.local/state/..." as a rule.  @return false:
 * nowhere. */
bool dlms_counter_default_path(char *path, size_t n_path);

/**
 * A client's own system title, drawn at random once and kept beside the counters, so that no two
 * computers share one.  path: that of the counters.
 */
enum host_err dlms_counter_title(const char *path, uint8_t title[8], char *error, size_t n_error);

/** Find this title's counter; reserves nothing yet.  at_least: what a meter has seen already. */
enum host_err dlms_counter_open(struct dlms_counter *counter, const char *path,
                                const uint8_t title[8], uint32_t at_least);

/** Reserve numbers: [next, reserved) is new then.  @return HOST_OK, or the error of the file (then
 *  nothing may be sent). */
enum host_err dlms_counter_reserve(struct dlms_counter *counter);

#endif
