/**
 * KMP as a meter answers it.  The meter behind it is a table of functions.
 *
 * Bad CRC, unknown command, wrong address, bad data, 0 or more than 8 registers: silence, as the
 * real meter does.  Registers come back in the order asked; those that the meter does not know are
 * left out, and if none remains the answer is the empty list 40 3F 10 07 9A 0D.
 */
#ifndef OPEN382_KMP_SERVER_H
#define OPEN382_KMP_SERVER_H

#include "kmp.h"

/** What the server asks the meter; every function may be NULL: the command then is unknown. */
struct kmp_meter {
    void *context;
    /** GetType 01: four bytes type hi, lo, revision letter (1 = A), revision number. */
    void (*get_type)(void *context, uint8_t out[4]);
    /** GetRegister 10: fill *out (out->id is set).  @return false: unknown, is left out. */
    bool (*get_register)(void *context, uint16_t id, struct kmp_value *out);
    /** PutRegister 11.  @return true: done, ACK; false: silence. */
    bool (*put_register)(void *context, uint16_t password, const struct kmp_value *value);
    /** SetClock 09, numbers YYMMDD and HHMMSS already checked. */
    bool (*set_clock)(void *context, uint32_t yymmdd, uint32_t hhmmss);
    /** Any other command: data after the CID.  Write the answer's data (after DEST CID) to out.
     *  @return 1: answer frame; 2: ACK; 0: silence.  ClrEventStatus 9C is answered as 9B
     * (5512-447). */
    int (*other)(void *context, uint8_t cid, struct reader *data, struct writer *out);
};

struct kmp_server {
    struct kmp_receiver receiver;
    uint8_t address; /**< answered besides KMP_ADDRESS_METER */
};

void kmp_server_init(struct kmp_server *server, uint8_t address);

/** One request body -> answer bytes for the line.  @return their number, 0: silence. */
size_t kmp_server_answer(const struct kmp_server *server, const struct kmp_meter *meter,
                         const uint8_t *body, size_t n_body, uint8_t *frame, size_t capacity);

/** Feed one byte of the line.  @return bytes of the answer put to frame, 0: none (yet). */
size_t kmp_server_byte(struct kmp_server *server, const struct kmp_meter *meter, uint8_t byte,
                       uint8_t *frame, size_t capacity);

#endif
