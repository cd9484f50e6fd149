/**
 * Programming mode of IEC 62056-21 (6.3, 6.4), the reader's side: makes messages, takes answers
 * apart.  No I/O and no clock.
 *
 *   reader  SOH letter digit [STX data] ETX BCC      P1 R1 R5 R6 W1 W5 B0; ACK: the next part; NAK
 *   meter   SOH P0 STX () ETX BCC, ACK, NAK, STX data ETX BCC, STX data EOT BCC (more follows)
 */
#ifndef OPEN382_IEC_DIALOG_H
#define OPEN382_IEC_DIALOG_H

#include "iec_client.h"

/** Longest answer in one piece: a block of a logger. */
#define IEC_DIALOG_BYTES 4096u

#define IEC_ACK 0x06u
#define IEC_NAK 0x15u

/** What a meter has answered. */
enum iec_answer {
    IEC_ANSWER_NONE,    /**< nothing whole yet */
    IEC_ANSWER_OPENED,  /**< P0: it asks for the password */
    IEC_ANSWER_BREAK,   /**< B0: it has ended the dialogue */
    IEC_ANSWER_ACK,     /**< done */
    IEC_ANSWER_NAK,     /**< the message came damaged: again */
    IEC_ANSWER_DATA,    /**< text holds the answer, all of it or the last part */
    IEC_ANSWER_PART,    /**< text holds a part; ACK asks for the next one */
    IEC_ANSWER_REFUSED, /**< text says "ER..." */
};

/** Option select "ACK 0 Z Y CR LF" with Y = mode: '0' read-out, '1' programming, '6' the maker's.
 *  @return length, IEC_ERR_FORMAT (no such speed) or IEC_ERR_SPACE. */
int iec_dialog_option(uint32_t baud, char mode, char *out, size_t capacity);

/**
 * A message with its check.
 * @param command  "R1", "P1", "B0"
 * @param data     behind STX: "1.8.0()"; NULL: none
 * @return length, IEC_ERR_FORMAT (a character that would end it) or IEC_ERR_SPACE
 */
int iec_dialog_message(const char *command, const char *data, char *out, size_t capacity);

struct iec_dialog {
    uint8_t state;
    uint8_t bcc;
    uint8_t opened_by; /**< SOH or STX */
    bool more;         /**< the block ended in EOT */
    uint16_t length;
    char text[IEC_DIALOG_BYTES + 1u]; /**< of the answer, between STX and ETX, ends in 0 */
};
void iec_dialog_init(struct iec_dialog *dialog);
/**
 * One byte from the line (bit 7 is ignored).  What is no answer is passed over.
 * @return enum iec_answer, or negative iec_err: an answer came damaged; it then waits for the next
 */
int iec_dialog_byte(struct iec_dialog *dialog, uint8_t byte);

/** An answer has begun and not ended: a silence now means damage. */
bool iec_dialog_inside(const struct iec_dialog *dialog);

/**
 * Next "(text)" from *at on, on the same line; advances *at.
 * @return false: no further one on this line
 */
bool iec_bracket_next(const char **at, const char *end, const char **text, size_t *length);

#endif
