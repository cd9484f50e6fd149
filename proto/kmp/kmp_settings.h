/**
 * Settings over KMP: private commands EC to EF, the codec of meter and tool.
 *
 * EC reads, ED stages, EE commits what is staged, EF tells the state or abandons.  Bytes:
 * docs/protocols.md, "Settings".  Integers are big-endian.  A number has four bytes, a text one for
 * each character.  Knows no setting: what an id means is the caller's.
 */
#ifndef OPEN382_KMP_SETTINGS_H
#define OPEN382_KMP_SETTINGS_H

#include "kmp.h"

enum kmp_settings_command {
    KMP_SETTINGS_READ = 0xEC,   /**< nothing: the table; or ids: their values */
    KMP_SETTINGS_STAGE = 0xED,  /**< password, values */
    KMP_SETTINGS_COMMIT = 0xEE, /**< password, number of values staged */
    KMP_SETTINGS_STATUS = 0xEF, /**< enum kmp_settings_ask */
};

enum kmp_settings_ask { KMP_SETTINGS_ASK_STATUS = 0, KMP_SETTINGS_ASK_ABANDON = 1 };

/** Why something was refused.  The numbers stand on the wire. */
enum kmp_settings_reason {
    KMP_SETTINGS_OK = 0,
    KMP_SETTINGS_UNKNOWN = 1,       /**< no setting has that id */
    KMP_SETTINGS_FORM = 2,          /**< a number of other than four bytes, a text too long */
    KMP_SETTINGS_RANGE = 3,         /**< not a value of that setting */
    KMP_SETTINGS_VARIANT = 4,       /**< this type of meter does not have it */
    KMP_SETTINGS_LOCKED = 5,        /**< set at the factory, under the verification seal */
    KMP_SETTINGS_CONTRADICTION = 6, /**< the values together contradict the order number */
    KMP_SETTINGS_PASSWORD = 7,      /**< wrong password */
    KMP_SETTINGS_CHANNEL = 8,       /**< this connection may not */
    KMP_SETTINGS_COUNT = 9,         /**< nothing is staged, or not as many as the client counts */
    KMP_SETTINGS_STORAGE = 10,      /**< permanent memory failed: all is as it was */
    KMP_SETTINGS_WAIT = 11,         /**< too many wrong passwords: wait and ask again */
    KMP_SETTINGS_REASONS
};

/** How the change that was under way at the last start ended. */
enum kmp_settings_outcome {
    KMP_SETTINGS_NOTHING = 0,   /**< none was under way */
    KMP_SETTINGS_COMPLETED = 1, /**< it was committed, and has been carried out to its end */
    KMP_SETTINGS_UNDONE = 2,    /**< it was not: nothing of it holds */
};

#define KMP_SETTING_BYTES_MAX 16u

struct kmp_setting {
    uint16_t id;
    uint8_t n_bytes;
    uint8_t bytes[KMP_SETTING_BYTES_MAX];
};

/** Answer to EC without ids. */
struct kmp_settings_info {
    uint8_t version; /**< of the meter's table */
    uint16_t hash;
    uint8_t rows;
};

/** Answer to ED and EE. */
struct kmp_settings_reply {
    uint8_t reason;  /**< enum kmp_settings_reason */
    uint16_t id;     /**< what was refused; 0: nothing, or no single one */
    uint8_t count;   /**< ED: staged now; EE: settings that have changed */
    uint32_t commit; /**< number of the newest commit */
};

/** Answer to EF. */
struct kmp_settings_status {
    uint8_t staged;
    uint8_t outcome; /**< enum kmp_settings_outcome */
    uint32_t commit; /**< number of the newest commit */
    uint16_t wrong;  /**< wrong passwords since the last right one, at most 65535 */
};

void kmp_setting_write(struct writer *out, const struct kmp_setting *setting);
/** @return KMP_OK or KMP_ERR_FORMAT: *setting is untouched */
int kmp_setting_read(struct reader *in, struct kmp_setting *setting);
/** A number as a setting, and back.  @return KMP_ERR_FORMAT: not four bytes */
struct kmp_setting kmp_setting_of_number(uint16_t id, uint32_t number);
int kmp_setting_number(const struct kmp_setting *setting, uint32_t *number);

void kmp_settings_info_write(struct writer *out, const struct kmp_settings_info *info);
int kmp_settings_info_read(struct reader *in, struct kmp_settings_info *info);
void kmp_settings_reply_write(struct writer *out, const struct kmp_settings_reply *reply);
int kmp_settings_reply_read(struct reader *in, struct kmp_settings_reply *reply);
void kmp_settings_status_write(struct writer *out, const struct kmp_settings_status *status);
int kmp_settings_status_read(struct reader *in, struct kmp_settings_status *status);

/** "wrong password"; NULL: no such reason. */
const char *kmp_settings_reason_text(unsigned reason);

#endif
