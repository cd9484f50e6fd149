/**
 * The slave's side of wired M-Bus (EN 13757-2, -3): link rules, selection, read-out in one or
 * several telegrams.  Knows no meter: what is sent comes from a table of functions.
 *
 * Frame count bit: a request with the bit of the one before is answered with the same telegram
 * unchanged when it comes soon (a repetition), and afresh when it comes late: masters in the field
 * begin each session with the same bit.  A read-out of several telegrams begins anew after
 * SND_NKE to the own address, 253 or 255, after a selection, an application reset, or a pause.
 * What is faulty or meant for others is not answered.
 * Source: EN 13757-2/-3; answers of 253 and 254 carry the own address, baud telegrams are
 * acknowledged and change nothing, as the maker's slaves do (5512-1944).
 */
#ifndef OPEN382_MBUS_SLAVE_H
#define OPEN382_MBUS_SLAVE_H

#include "mbus_record.h"

/** Octets of records in one telegram: 255 less C, A, CI, header and the DIF 1F. */
#define MBUS_RECORDS_MAX 239u
/** Silence after an answer that ends a read-out of several telegrams. */
#define MBUS_PAUSE_MS 3000

/** High half of the sub-code of an application reset: what is asked for. */
enum mbus_application {
    MBUS_APPLICATION_ALL = 0x0,
    MBUS_APPLICATION_USER = 0x1,
    MBUS_APPLICATION_SIMPLE_BILLING = 0x2,
    MBUS_APPLICATION_ENHANCED_BILLING = 0x3,
    MBUS_APPLICATION_TARIFF_BILLING = 0x4,
    MBUS_APPLICATION_INSTANT = 0x5,
    MBUS_APPLICATION_LOAD = 0x6,
    MBUS_APPLICATION_INSTALLATION = 0x8,
    MBUS_APPLICATION_TEST = 0x9,
    MBUS_APPLICATION_CALIBRATION = 0xA,
    MBUS_APPLICATION_MANUFACTURER = 0xB,
    MBUS_APPLICATION_DEVELOPMENT = 0xC,
    MBUS_APPLICATION_SELF_TEST = 0xD,
    MBUS_APPLICATION_DEFAULT = 0xFF /**< none asked for since the start or a plain reset */
};

/** What the slave asks its device. */
struct mbus_device {
    void *context;
    /** Secondary address; also the header of each telegram. */
    void (*identity)(void *context, struct mbus_identity *identity);
    /** Status octet of the header.  NULL: 0. */
    uint8_t (*status)(void *context);
    /** Records of telegram n (0 ..) of a read-out: at most MBUS_RECORDS_MAX octets.
     *  @return true: another telegram follows. */
    bool (*records)(void *context, uint8_t application, unsigned n, struct writer *out);
    /** Fabrication number as BCD, for enhanced selection.  NULL: only the secondary address. */
    uint32_t (*fabrication)(void *context);
    /** Keep a new primary address, 0 .. 250.  @return false: not allowed.  NULL: never. */
    bool (*set_address)(void *context, uint8_t address);
    /** Other data sent to the device (CI 51).  @return false: not understood (error telegram).
     *  NULL: nothing is understood. */
    bool (*data)(void *context, struct reader records);
    /** Alarm octet for REQ_UD1; 0: none.  NULL: none. */
    uint8_t (*alarm)(void *context);
};

struct mbus_slave {
    uint8_t address;       /**< primary */
    uint8_t access_number; /**< of the telegram sent last */
    uint8_t application;   /**< enum mbus_application */
    uint8_t error;         /**< to be told by the next telegram; 0: none */
    bool selected;
    bool counts[2], count_bit[2]; /**< own address and 253: a bit is known; the bit */
    unsigned telegram;            /**< number of the one sent last */
    bool more;                    /**< another one follows it */
    int64_t answered_ms;          /**< when the last telegram was sent */
    struct mbus_receiver receiver;
    uint16_t n_last; /**< 0: none */
    uint8_t last[MBUS_FRAME_MAX];
};

/** @param access_number that of the last telegram ever sent, so that numbers go on. */
void mbus_slave_init(struct mbus_slave *slave, uint8_t address, uint8_t access_number);
/**
 * One frame.  now_ms must not go back.
 * @return octets of the answer in answer (MBUS_FRAME_MAX of room); 0: silence.
 */
size_t mbus_slave_frame(struct mbus_slave *slave, const struct mbus_device *device,
                        const struct mbus_frame *frame, int64_t now_ms,
                        uint8_t answer[MBUS_FRAME_MAX]);
/** One octet of the line; a pause within a frame is told by mbus_receiver_idle(). */
size_t mbus_slave_octet(struct mbus_slave *slave, const struct mbus_device *device, uint8_t octet,
                        int64_t now_ms, uint8_t answer[MBUS_FRAME_MAX]);

#endif
