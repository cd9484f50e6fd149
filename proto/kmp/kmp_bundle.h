/**
 * A bundle of changes over KMP: private commands E6 and E7, the codec of meter and tool.
 *
 * A bundle is a list of commands that the meter carries out together: all of them, or none.  E6
 * stages one, E7 commits them, asks for the state, or throws them away.  Each command to be done
 * may have others that undo it.  Integers are big-endian.  Bytes: docs/protocols.md, "Bundles".
 */
#ifndef OPEN382_KMP_BUNDLE_H
#define OPEN382_KMP_BUNDLE_H

#include "kmp.h"

enum kmp_bundle_command {
    KMP_BUNDLE_STAGE = 0xE6, /**< password, entry -> reply */
    KMP_BUNDLE_ORDER = 0xE7, /**< order -> reply */
};

enum kmp_bundle_what {
    KMP_BUNDLE_STATUS = 0,
    KMP_BUNDLE_COMMIT = 1,
    KMP_BUNDLE_DISCARD = 2,
    KMP_BUNDLE_WHATS
};

#define KMP_BUNDLE_ENTRIES_MAX 52u  /**< to do; and as many to undo */
#define KMP_BUNDLE_DATA_MAX    210u /**< of one command, without password */
#define KMP_BUNDLE_DETAIL_MAX  8u

/** The numbers stand on the wire. */
enum kmp_bundle_reason {
    KMP_BUNDLE_OK = 0,
    KMP_BUNDLE_FORM = 1, /**< no such entry, or a command that may not stand in a bundle */
    KMP_BUNDLE_PASSWORD = 2,
    KMP_BUNDLE_CHANNEL = 3,
    KMP_BUNDLE_WAIT = 4,       /**< too many wrong passwords */
    KMP_BUNDLE_INCOMPLETE = 5, /**< an entry is missing; nothing was done */
    KMP_BUNDLE_STORAGE = 6,    /**< permanent memory failed; nothing was done */
    KMP_BUNDLE_REFUSED = 7,    /**< a command was refused, and everything has been undone */
    KMP_BUNDLE_STUCK = 8,      /**< a command was refused, and not everything could be undone */
    KMP_BUNDLE_REASONS
};

/** How the last start found a bundle. */
enum kmp_bundle_outcome {
    KMP_BUNDLE_NOTHING = 0,
    KMP_BUNDLE_FINISHED = 1, /**< it was committed, and was carried out to its end */
    KMP_BUNDLE_UNDONE = 2,   /**< it was not committed, or refused: nothing of it holds */
    KMP_BUNDLE_OUTCOMES
};

#define KMP_BUNDLE_UNDO      0x01u /* bits of an entry, on the wire and in memory */
#define KMP_BUNDLE_ANY_ORDER 0x02u

struct kmp_bundle_entry {
    uint8_t index;  /**< 0 .. KMP_BUNDLE_ENTRIES_MAX - 1; carried out in this order */
    bool undo;      /**< one of those that undo */
    bool any_order; /**< when it is refused, try it again behind its neighbours of this kind */
    uint8_t cid;    /**< the command */
    uint8_t n_data; /**< its data without the password that they begin with */
    uint8_t data[KMP_BUNDLE_DATA_MAX];
};

struct kmp_bundle_order {
    uint8_t what;         /**< enum kmp_bundle_what */
    uint16_t password;    /**< COMMIT, DISCARD */
    uint8_t n_do, n_undo; /**< COMMIT: entries staged */
};

struct kmp_bundle_reply {
    uint8_t reason;  /**< enum kmp_bundle_reason */
    uint8_t index;   /**< REFUSED, STUCK: of the command */
    uint8_t outcome; /**< enum kmp_bundle_outcome, of the last start */
    uint32_t number; /**< of the newest bundle, from 1; 0: none yet */
    uint8_t n_detail;
    uint8_t detail[KMP_BUNDLE_DETAIL_MAX]; /**< what the refused command answered */
};

/** KMP_BUNDLE_UNDO, KMP_BUNDLE_ANY_ORDER. */
uint8_t kmp_bundle_bits(const struct kmp_bundle_entry *entry);
/* Each _read takes all bytes that are left.  @return KMP_OK or KMP_ERR_FORMAT: *out is untouched */
void kmp_bundle_entry_write(struct writer *out, const struct kmp_bundle_entry *entry);
int kmp_bundle_entry_read(struct reader *in, struct kmp_bundle_entry *out);
void kmp_bundle_order_write(struct writer *out, const struct kmp_bundle_order *order);
int kmp_bundle_order_read(struct reader *in, struct kmp_bundle_order *out);
void kmp_bundle_reply_write(struct writer *out, const struct kmp_bundle_reply *reply);
int kmp_bundle_reply_read(struct reader *in, struct kmp_bundle_reply *out);

/** "wrong password"; NULL: no such reason. */
const char *kmp_bundle_reason_text(unsigned reason);

#endif
