/**
 * Prepayment over KMP: private commands C0 to C3, the codec of meter and tool.
 *
 * C0 looks, C1 adds credit, C2 hands in a token, C3 sets the key of tokens and the days on which
 * nothing is cut off.  Bytes: docs/protocols.md, "Prepayment".  Integers are big-endian, energies
 * microwatt-hours, signed.
 */
#ifndef OPEN382_KMP_PREPAY_H
#define OPEN382_KMP_PREPAY_H

#include "kmp.h"

enum kmp_prepay_command {
    KMP_PREPAY_LOOK = 0xC0,  /**< nothing */
    KMP_PREPAY_LOAD = 0xC1,  /**< password (2), number (4), amount (8) */
    KMP_PREPAY_TOKEN = 0xC2, /**< 20 digits, ASCII */
    KMP_PREPAY_SETUP = 0xC3, /**< enum kmp_prepay_setup, password (2) but to read, what it is */
};

enum kmp_prepay_setup {
    KMP_PREPAY_READ_DAYS = 0,
    KMP_PREPAY_WRITE_DAYS = 1, /**< n, n days */
    KMP_PREPAY_WRITE_KEY = 2,  /**< 16 bytes */
};

#define KMP_PREPAY_VERSION   1u
#define KMP_PREPAY_DAYS_MAX  100u
#define KMP_PREPAY_KEY_BYTES 16u

enum kmp_prepay_flag {
    KMP_PREPAY_ON = 1 << 0,
    KMP_PREPAY_CUT = 1 << 1,   /**< used up, and cut off for it */
    KMP_PREPAY_LOW = 1 << 2,   /**< the low limit is being used */
    KMP_PREPAY_WARNS = 1 << 3, /**< at the alarm limit or below */
    KMP_PREPAY_KEY = 1 << 4,   /**< it can read tokens */
};

/** Answer to C0. */
struct kmp_prepay {
    uint8_t version, flags;
    int64_t left_uwh; /**< less than 0: owed */
    int64_t max_uwh;  /**< most that may be left */
    int64_t paid_uwh; /**< all loads and tokens ever */
    uint32_t number;  /**< of the last load: the next has one more */
    uint16_t days;    /**< that it lasts; 65535: not known */
    uint32_t low_left_s, token_wait_s;
    uint8_t way; /**< of the last booking: 1 set, 2 loaded, 3 token, 4 switched off; 0: none */
    uint8_t channel;
    uint32_t last_number; /**< of that load, or id of the token */
    int64_t amount_uwh, then_left_uwh, utc_s;
};

/** Answer to C1 and C2. */
struct kmp_prepay_reply {
    int8_t result; /**< 0, or enum prepay_err of the meter */
    uint32_t number;
    int64_t amount_uwh, left_uwh;
    uint32_t wait_s; /**< until the next token is looked at */
};

/** A day of C3: year 0 for every year. */
struct kmp_prepay_day {
    uint16_t year;
    uint8_t month, day;
};

struct kmp_prepay_days {
    uint8_t n;
    struct kmp_prepay_day day[KMP_PREPAY_DAYS_MAX];
};

void kmp_prepay_write(struct writer *out, const struct kmp_prepay *prepay);
/** @return KMP_OK or KMP_ERR_FORMAT: *prepay is untouched */
int kmp_prepay_read(struct reader *in, struct kmp_prepay *prepay);
void kmp_prepay_reply_write(struct writer *out, const struct kmp_prepay_reply *reply);
int kmp_prepay_reply_read(struct reader *in, struct kmp_prepay_reply *reply);
/** Two bytes each: year since 2000 (127 every year), month, day in 7, 4 and 5 bits. */
void kmp_prepay_days_write(struct writer *out, const struct kmp_prepay_days *days);
int kmp_prepay_days_read(struct reader *in, struct kmp_prepay_days *days);

/** "taken before"; NULL: no such result. */
const char *kmp_prepay_result_text(int result);

#endif
