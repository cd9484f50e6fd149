/**
 * Reading logs over KMP: commands A0 to A3, the meter's side and the reader's.
 *
 * GetLogTimePresent (A0) begins at the oldest record not before a time and goes up by id,
 * GetLogLastPresent (A1) behind the record that was read last and goes up, GetLogIDPresent (A2) at
 * an id and goes up, GetLogTimePast (A3) at the newest record not after a time, less an offset, and
 * goes down.  No command moves the mark of what was read last: ClrEventStatus does (app/meter).
 * Source: Kamstrup 5512-447 section 6.3; spec kmp 1.8.
 */
#ifndef OPEN382_KMP_LOG_H
#define OPEN382_KMP_LOG_H

#include "kmp.h"

enum kmp_log_command {
    KMP_LOG_TIME_PRESENT = 0xA0,
    KMP_LOG_LAST_PRESENT = 0xA1,
    KMP_LOG_ID_PRESENT = 0xA2,
    KMP_LOG_TIME_PAST = 0xA3,
};

enum kmp_log_info {
    KMP_LOG_EMPTY = 1 << 0,
    KMP_LOG_OUT_OF_RANGE = 1 << 2, /**< no record fits the time or the id */
    KMP_LOG_CUT_OFF = 1 << 3,      /**< more would have been longer than asked for */
    KMP_LOG_END = 1 << 4,          /**< the last record in this direction is in the answer */
};

/** A time on the wire, in the meter's normal time. */
struct kmp_log_time {
    uint8_t year, month, day, hour, minute, second; /**< year since 2000 */
};

/** Where the records come from.  Ids are whole here; on the wire stand their low 16 bits. */
struct kmp_log_source {
    void *context;
    /** @return false: there is no such log.  *id 0: it is empty. */
    bool (*newest)(void *context, uint8_t log, uint32_t *id);
    /** Oldest not before (up) or newest not after a time.  @return false: none. */
    bool (*at_time)(void *context, uint8_t log, const struct kmp_log_time *time, bool up,
                    uint32_t *id);
    /** The record with this id on the wire, or the next one above.  @return false: none. */
    bool (*at_id)(void *context, uint8_t log, uint16_t wire_id, uint32_t *id);
    /** The record after *id, up or down.  @return false: none. */
    bool (*next)(void *context, uint8_t log, bool up, uint32_t *id);
    /** One register of a record; of the same length in every record of a log.
     *  @return false: the log does not have it. */
    bool (*value)(void *context, uint8_t log, uint32_t id, uint16_t register_id,
                  struct kmp_value *out);
    /** The oldest record that a client has not marked as read.  @return false: none. */
    bool (*unread)(void *context, uint8_t log, uint32_t *id);
    /** Records up to this id are in an answer, or there is nothing more to answer up to it. */
    void (*sent)(void *context, uint8_t log, uint32_t id);
};

/**
 * Answer a request: data after the CID.  Registers that the log does not have are left out; records
 * that do not fit the length asked for are, too.
 * @return false: no such log, or the data do not have the form of the command: silence.
 */
bool kmp_log_answer(const struct kmp_log_source *source, uint8_t cid, struct reader *data,
                    struct writer *out);

/** What a reader finds in an answer. */
struct kmp_log_page {
    uint8_t log, n_values; /**< registers in each record */
    uint16_t newest;       /**< id of the newest record of the log */
    uint8_t info;          /**< enum kmp_log_info bits */
    unsigned n_records;
    bool begun;
    struct reader records;                      /**< for kmp_log_page_next */
    struct kmp_value values[KMP_REGISTERS_MAX]; /**< of the record read last */
};

/** Room for the data of a request. */
#define KMP_LOG_ASK_BYTES 32u
/** Records from an id up (A2), as many as an answer takes.  @return length of the data after the
 * CID
 */
size_t kmp_log_ask_id(uint8_t log, const uint16_t *registers, size_t n_registers, uint16_t wire_id,
                      uint8_t data[KMP_LOG_ASK_BYTES]);
/** Records that no client has marked as read (A1). */
size_t kmp_log_ask_unread(uint8_t log, const uint16_t *registers, size_t n_registers,
                          uint8_t data[KMP_LOG_ASK_BYTES]);
/** Records from the oldest not before a time up (A0). */
size_t kmp_log_ask_time(uint8_t log, const uint16_t *registers, size_t n_registers,
                        const struct kmp_log_time *time, uint8_t data[KMP_LOG_ASK_BYTES]);
/** Records from the oldest since the year 2000 up (A0): ids on the wire may have begun again. */
size_t kmp_log_ask_all(uint8_t log, const uint16_t *registers, size_t n_registers,
                       uint8_t data[KMP_LOG_ASK_BYTES]);

/** Take an answer body (DEST CID data) apart.  @return KMP_OK or KMP_ERR_FORMAT. */
int kmp_log_page_open(struct kmp_log_page *page, const uint8_t *body, size_t n_body);
/** The next record into page->values.  @return false: that was the last. */
bool kmp_log_page_next(struct kmp_log_page *page, uint16_t *wire_id);

#endif
