/**
 * Pushes of customer ports, found in octets, deciphered and shown: what listen consumer and decode
 * han and p1 have in common.
 *
 * HDLC frames, M-Bus frames and P1 telegrams are told apart by themselves: they begin with 7E, 68
 * and
 * "/", and only what has a good checksum counts.
 */
#ifndef OPEN382_PUSH_SHOW_H
#define OPEN382_PUSH_SHOW_H

#include "../../proto/dlms/hdlc_link.h"
#include "../../proto/push/p1_reader.h"
#include "../../proto/push/push_mbus.h"
#include "../lib/dlms_guard.h"
#include "tool.h"

/** Large; there is one. */
struct push_show {
    struct tool *tool;
    bool has_keys;
    struct key_file keys;
    struct dlms_protector protector;
    struct hdlc_receiver frames;
    struct hdlc_collector apdu; /**< of frames in several segments */
    uint8_t frame_bytes[HDLC_INFO_MAX + HDLC_OVERHEAD], apdu_bytes[16384];
    struct push_mbus mbus;
    uint8_t mbus_bytes[4096];
    struct p1_collector p1;
    int kamstrup_energy; /**< PUSH_ENERGY_... */
    bool dated;          /**< with the time of this computer */
    bool headed;         /**< the heading of CSV stands there */
    unsigned long n_shown, n_refused;
};

/** Read keys, when there are any.  Complains itself. */
enum tool_exit push_show_begin(struct push_show *show, struct tool *tool);
/** "energy=wh", "energy=10wh".  @return false: no such word */
bool push_show_word(struct push_show *show, const char *word);
/** The line was silent: what has begun does not go on. */
void push_show_silence(struct push_show *show);
/** Octets off the line; complains about what cannot be shown. */
void push_show_octets(struct push_show *show, const uint8_t *octets, size_t n_octets);
/** One APDU without a frame. */
void push_show_apdu(struct push_show *show, uint8_t *apdu, size_t n_octets);
void push_show_end(struct push_show *show);

/** metertool listen consumer [URL] */
enum tool_exit listen_consumer(struct tool *tool, int n_arguments, char **arguments);
/** metertool decode han|p1 [energy=wh] HEX|FILE */
enum tool_exit decode_push(struct tool *tool, int n_arguments, char **arguments);

#endif
