/**
 * IEC 62056-21 as a meter answers it: mode A (data follow by themselves), mode C with read-out and
 * programming, and the timed read-out that Kamstrup calls D0.
 *
 * No I/O and no clock: bytes and wall milliseconds come in, bytes go out, speeds are reported.
 * Source: IEC 62056-21; Kamstrup 5512-1458 (382M, OMNIPOWER); read-outs of real 382C and 382L
 * meters (docs/protocols.md).
 */
#ifndef OPEN382_IEC_SERVER_H
#define OPEN382_IEC_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/writer.h"
#include "iec_program.h"

/** What the server asks the meter. */
struct iec_meter {
    void *context;
    /** Identification after the slash, without CR LF: "KAM 68438BC450000". */
    const char *(*ident)(void *context);
    /** Device address for "/?address!"; leading zeroes are ignored in the comparison. */
    const char *(*address)(void *context);
    /** Data line number line (0, 1, ...) without CR LF, e.g. "1.8.0(0036886*kWh)".
     *  @return false: no such line, the block ends. */
    bool (*data_line)(void *context, unsigned line, struct writer *out);
    /** Programming (Y = 1 and 6); NULL: not offered. */
    const struct iec_programmer *programmer;
};

struct iec_settings {
    bool mode_c; /**< an ACK option select is understood (382M) */
    /** Mode E: "ACK 2 Z 2" hands the line over to HDLC (with mode_c). */
    bool mode_e;
    /** Mode A: data follow this long after the ident when no ACK came (Tt 1700; 0: at once). */
    uint16_t wait_ms;
    uint16_t char_timeout_ms; /**< Ta 1500: an unfinished request is forgotten */
    uint16_t initial_baud;    /**< 300 or 9600 */
    /** Mode C: pause between a good ACK and the data, for the reader to change its speed
     *  (the standard wants 200 ms on a real line; 0: at once). */
    uint16_t reaction_ms;
    /** Send no faster than baud allows: one line at a time, ten bits a character, and count Tt
     *  from the end of the ident.  Off: everything at once. */
    bool paced;
    uint32_t inactivity_ms; /**< Ti 90 s: a programming session in which nothing comes is over */
    uint32_t push_ms;       /**< D0: a read-out by itself each so often; 0: none */
    uint8_t push_speed;     /**< and its speed as the Z of an option select, 0 .. 5 */
};

/** Room that iec_server_byte and iec_server_step need in out to make progress. */
#define IEC_SERVER_ROOM 100u

enum iec_state {
    IEC_IDLE,     /**< waits for '/' */
    IEC_REQUEST,  /**< inside "/?...!CR LF", until Ta */
    IEC_IDENT,    /**< ident sent: waits for ACK or for wait_ms to pass */
    IEC_OPTION,   /**< inside "ACK 0 Z Y CR LF", until wait_ms has passed */
    IEC_DATA,     /**< sending lines of the data block; deaf meanwhile, the line is half duplex */
    IEC_SENT,     /**< last characters leave the line (paced only), then the speed falls back */
    IEC_OPENING,  /**< option select for programming taken: P0 comes after the reaction time */
    IEC_PROGRAM,  /**< programming, until B0 or Ti */
    IEC_HANDOVER, /**< mode E was confirmed: the new speed comes after the reaction time */
    IEC_BINARY,   /**< mode E: the line belongs to another protocol, until iec_server_init or '/' */
};

struct iec_server {
    struct iec_settings settings;
    enum iec_state state;
    int64_t deadline_ms; /**< INT64_MAX: none */
    char request[40];
    uint8_t length;
    unsigned line;        /**< next data line */
    int64_t data_from_ms; /**< mode A: when the data follow by themselves */
    uint8_t bcc;
    uint32_t baud;      /**< speed that now holds */
    int64_t push_at_ms; /**< D0: when the next one is due; INT64_MIN: not begun */
    bool manufacturer;  /**< the session to come is in the manufacturer's mode */
    struct iec_program program;
};

void iec_server_init(struct iec_server *server, const struct iec_settings *settings);
/**
 * One byte from the line (7 bits; bit 7 is ignored).
 *
 * A request for another address, an option that is not offered (Y other than 0, or than 0, 1 and 6
 * with a programmer), or an unfinished message brings the server back to IEC_IDLE in silence.  A
 * damaged option select leaves the server in IEC_IDENT: the data then follow at the first speed
 * (mode A).
 */
void iec_server_byte(struct iec_server *server, const struct iec_meter *meter, uint8_t byte,
                     int64_t wall_ms, struct writer *out);
/** Other settings from now on; what is under way goes on. */
void iec_server_configure(struct iec_server *server, const struct iec_settings *settings);
/**
 * Send what is due; call after every byte, at the deadline, and while it returns 0 = more now.
 * With less than IEC_SERVER_ROOM left in out it may write nothing and return 0: call again when
 * there is room.
 * @return wall_ms of the next deadline, INT64_MAX: idle.
 */
int64_t iec_server_step(struct iec_server *server, const struct iec_meter *meter, int64_t wall_ms,
                        struct writer *out);
/** True while the server is in the middle of something; mode E counts as that. */
bool iec_server_busy(const struct iec_server *server);
/** True when mode E has handed the line over: 8N1 at server->baud. */
bool iec_server_binary(const struct iec_server *server);

#endif
