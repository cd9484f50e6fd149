/**
 * Display lists over KMP: private commands E4 and E5, the codec of meter and tool.
 *
 * E4 reads a list, E5 replaces one.  A reading goes by its KMP register id; the display test and
 * the two logs, which are no registers, by ids of their own.  Integers are big-endian.  Bytes:
 * docs/protocols.md, "Display lists".
 */
#ifndef OPEN382_KMP_DISPLAY_H
#define OPEN382_KMP_DISPLAY_H

#include "kmp.h"

enum kmp_display_command {
    KMP_DISPLAY_READ = 0xE4,  /**< list -> list as it is */
    KMP_DISPLAY_WRITE = 0xE5, /**< password, list as it shall be -> reply */
};

enum kmp_display_which {
    KMP_DISPLAY_AUTOMATIC = 0,
    KMP_DISPLAY_MANUAL = 1,
    KMP_DISPLAY_BACKUP = 2,
    KMP_DISPLAY_LISTS
};

#define KMP_DISPLAY_READINGS_MAX 40u
#define KMP_DISPLAY_TEST         0xFFFEu
#define KMP_DISPLAY_HISTORY      0xFFFDu /**< 98.1.0, opens the debiting log */
#define KMP_DISPLAY_PROFILE      0xFFFCu /**< 99.1.0, opens the load profile (P.01 on the glass) */

/** Why a list was refused.  The numbers stand on the wire. */
enum kmp_display_reason {
    KMP_DISPLAY_OK = 0,
    KMP_DISPLAY_LENGTH = 1,  /**< more readings than the list holds, or an empty automatic one */
    KMP_DISPLAY_UNKNOWN = 2, /**< a reading that this meter does not have */
    KMP_DISPLAY_BARRED = 3,  /**< a reading that may not stand in this list (DIS-04, DIS-08) */
    KMP_DISPLAY_LEGAL = 4,   /**< a legal reading is missing from the manual list (DIS-06) */
    KMP_DISPLAY_CONFIGURATION = 5, /**< no such display configuration (DIS-22) */
    KMP_DISPLAY_PASSWORD = 6,
    KMP_DISPLAY_CHANNEL = 7, /**< this connection may not (DIS-21) */
    KMP_DISPLAY_WAIT = 8,    /**< too many wrong passwords: wait and ask again */
    KMP_DISPLAY_STORAGE = 9, /**< permanent memory failed: all is as it was */
    KMP_DISPLAY_REASONS
};

struct kmp_display_list {
    uint16_t configuration; /**< FFF that the list belongs to */
    uint8_t which;          /**< enum kmp_display_which */
    bool delivered;         /**< as FFF says.  To write: the readings are left out */
    uint8_t n;
    uint16_t reading[KMP_DISPLAY_READINGS_MAX]; /**< KMP ids, in the order shown */
};

struct kmp_display_reply {
    uint8_t reason;   /**< enum kmp_display_reason */
    uint16_t reading; /**< the one that is wrong or missing; 0: none */
};

void kmp_display_list_write(struct writer *out, const struct kmp_display_list *list);
/** All of the bytes must be the list.  @return KMP_OK or KMP_ERR_FORMAT: *list is untouched */
int kmp_display_list_read(struct reader *in, struct kmp_display_list *list);

void kmp_display_reply_write(struct writer *out, const struct kmp_display_reply *reply);
int kmp_display_reply_read(struct reader *in, struct kmp_display_reply *reply);

/** "a reading that this meter does not have"; NULL: no such reason. */
const char *kmp_display_reason_text(unsigned reason);

#endif
