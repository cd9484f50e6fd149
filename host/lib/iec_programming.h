/**
 * Programming mode of IEC 62056-21 over a line: identification, password, commands, break.
 *
 * For meters of generation M and their kin (an identification with a speed digit); others are told
 * by their identification.  The echo of an optical head is passed over.  Damaged answers are asked
 * for again; a write is sent once more only when the meter says that it came damaged.
 */
#ifndef OPEN382_IEC_PROGRAMMING_H
#define OPEN382_IEC_PROGRAMMING_H

#include "../../proto/iec62056_21/iec_dialog.h"
#include "iec_link.h"

#define IEC_PROGRAMMING_MESSAGE_MAX 600u

struct iec_programming {
    struct iec_link *link;
    bool open;           /**< the password has been taken */
    uint32_t first_baud; /**< the line goes back to it */
    char sent[IEC_PROGRAMMING_MESSAGE_MAX];
    size_t n_sent, n_echoed; /**< of the message under way: an echo of it so far */
    struct iec_dialog dialog;
};

/**
 * Sign on.
 * @param mode      '1' programming, '6' the maker's
 * @param password  text between the brackets of P1
 * @return HOST_OK, or an error that link->line->error tells; HOST_ERR_PROTOCOL: no programming
 *         mode, or the password is refused
 */
enum host_err iec_programming_open(struct iec_programming *programming, struct iec_link *link,
                                   char mode, const char *password);

/**
 * A command, and what comes back; its text stands in dialog.text.
 * @return enum iec_answer: ACK, DATA, PART or REFUSED; or a negative host_err: line->error tells,
 *         and the dialogue is over
 */
int iec_programming_ask(struct iec_programming *programming, const char *command, const char *data);
/** The part behind the one that came.  @return likewise */
int iec_programming_more(struct iec_programming *programming);

/** Break, which no meter answers.  Does nothing when the dialogue is over. */
void iec_programming_close(struct iec_programming *programming);

#endif
