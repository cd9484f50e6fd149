/**
 * Programming mode of IEC 62056-21 (6.3, 6.4), the meter's side: password, commands, break.
 *
 *   reader  SOH letter digit [STX data] ETX BCC      P1 R1 R5 R6 W1 W5 B0
 *   meter   SOH P0 STX () ETX BCC                    on entering
 *           ACK, NAK (bad check), STX data ETX BCC, STX data EOT BCC (more follows after ACK)
 *   reader  NAK (bad check): the answer again, the same part of it
 *
 * No I/O and no clock.  A wrong password ends the session with a break; before a right one every
 * command does.  Source: IEC 62056-21, Kamstrup 5512-1458 ch. 7, spec answers B21.
 */
#ifndef OPEN382_IEC_PROGRAM_H
#define OPEN382_IEC_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/writer.h"

/** Longest message of a reader, from letter to ETX: a list of forty objects fits. */
#define IEC_PROGRAM_BYTES 480u
/** Room in out for any answer. */
#define IEC_PROGRAM_ROOM 1024u
/** An error text: "ER" and what it is, at most. */
#define IEC_ERROR_MAX 32u

/** One command: "W5 1.0.0(0050321073800)". */
struct iec_command {
    char letter;       /**< 'R' or 'W' */
    char digit;        /**< '1' value, '5' formatted, '6' logger */
    bool manufacturer; /**< in the manufacturer's mode (Y = 6) */
    const char *name;  /**< up to the first bracket, ends with NUL */
    const char *data;  /**< from the first bracket on: "(..)(..)", ends with NUL */
    unsigned part;     /**< 0; of an answer in parts the one that is wanted: the next, or again */
};

enum iec_reply {
    IEC_REPLY_DATA,  /**< out holds the answer, without STX, ETX and check */
    IEC_REPLY_PART,  /**< likewise, and more follows */
    IEC_REPLY_ACK,   /**< done, nothing to say */
    IEC_REPLY_ERROR, /**< out holds "ER...": nothing changed */
};

/** What the session asks of the meter. */
struct iec_programmer {
    void *context;
    /** The text between the brackets of P1. */
    bool (*password)(void *context, const char *text);
    enum iec_reply (*command)(void *context, const struct iec_command *command, struct writer *out);
};

struct iec_program {
    bool manufacturer, known; /**< known: the password was right */
    bool inside;              /**< a message has begun */
    bool more;                /**< an answer in parts: ACK asks for part `part` */
    bool again;               /**< what was read can be asked for again by NAK */
    uint8_t check;            /**< ETX came: the next character is the check */
    uint16_t length;
    unsigned part;
    char message[IEC_PROGRAM_BYTES]; /**< letter, digit, STX ...; kept while parts follow */
};

/** No message is under way. */
bool iec_program_between(const struct iec_program *program);

/** A session begins: the answer P0. */
void iec_program_begin(struct iec_program *program, bool manufacturer, struct writer *out);

/**
 * One character from the reader, and what it makes the meter answer.
 * @param out  has IEC_PROGRAM_ROOM
 * @return false: the session is over
 */
bool iec_program_byte(struct iec_program *program, const struct iec_programmer *programmer,
                      uint8_t byte, struct writer *out);

#endif
