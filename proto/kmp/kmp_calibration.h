/**
 * Calibration over KMP: a private block of commands, E8 to EB, the meter's side and the tool's.
 *
 * E8 looks: a snapshot of all systems at one instant, or an entry of the audit trail.  E9 reads the
 * constants of one system.  EA stages the constants of one system; EB commits all that are staged,
 * all or none.  Whoever calibrates takes two snapshots and works with their differences: these are
 * exact whatever the line and the speed of the clock between them.
 *
 * Pure codec: integers big-endian, in the order of the members.  Each _read takes the data after
 * the CID, all of them, and leaves *out untouched unless it returns KMP_OK.
 * Bytes: docs/protocols.md, "Calibration".  Source: MET-06; spec metrology 3.5.
 */
#ifndef OPEN382_KMP_CALIBRATION_H
#define OPEN382_KMP_CALIBRATION_H

#include "kmp.h"

#define KMP_CALIBRATION_SYSTEMS    3u
#define KMP_CALIBRATION_TAPS       8u
#define KMP_CALIBRATION_NEIGHBOURS 2u
#define KMP_CALIBRATION_FORMAT     1u

enum kmp_calibration_command {
    KMP_CALIBRATION_LOOK = 0xE8,  /**< ask -> snapshot or entry */
    KMP_CALIBRATION_READ = 0xE9,  /**< system (1 byte) -> constants */
    KMP_CALIBRATION_STAGE = 0xEA, /**< stage -> result */
    KMP_CALIBRATION_ORDER = 0xEB, /**< order -> result */
};

/** ---- E8 ---------------------------------------------------------------------------------- */

enum kmp_calibration_look {
    KMP_CALIBRATION_SNAPSHOT = 0,
    KMP_CALIBRATION_ENTRY = 1,
};

struct kmp_calibration_ask {
    uint8_t what;    /**< enum kmp_calibration_look */
    uint32_t number; /**< of the entry, 1 up; 0 with a snapshot */
};

enum kmp_calibration_flag {
    KMP_CALIBRATION_VOLTAGE = 1 << 0, /**< above 160 V */
    KMP_CALIBRATION_LOCKED = 1 << 1,  /**< last window held whole cycles */
    KMP_CALIBRATION_CLIPPED = 1 << 2, /**< last window touched the end of the ADC's range */
    KMP_CALIBRATION_NEUTRAL = 1 << 3, /**< it refused its constants and works with neutral ones */
    KMP_CALIBRATION_SILENT = 1 << 4,  /**< nothing received for three seconds */
    KMP_CALIBRATION_CALIBRATED = 1 << 5, /**< has constants of its own */
    KMP_CALIBRATION_STAGED = 1 << 6,     /**< constants wait for EB */
};

/**
 * One system.  Sums run since the meter's start, modulo 2^64, over all windows booked; they go on
 * through a restart of the measuring system.  Over any time
 *   mean power = d_active_nwh * 3.6e-6 Ws / (d_samples / 8000 Hz): by the system's own clock;
 *   rms voltage = sqrt(d_voltage_squares * 65536 / d_samples) * 700 V / 2^23 * voltage_gain / 2^30;
 *   rms current likewise with 250 A, less noise: mean square - current_noise_lsb2 before the root.
 */
struct kmp_calibration_system {
    uint16_t epoch; /**< of the measuring system's run: another one after each of its starts */
    uint8_t flags;  /**< enum kmp_calibration_flag */
    int16_t temperature_cc;
    uint16_t n_unlocked, n_clipped; /**< windows that were not locked, or clipped, modulo 2^16 */
    uint64_t samples;               /**< 8000 a second of its own clock */
    int64_t active_nwh, reactive_nvarh; /**< corrected; what the no-load rule forgets is in it */
    uint64_t voltage_squares, current_squares; /**< 2^16 squared ADC steps, as sampled */
    int32_t active_mw, reactive_mvar;          /**< mean of the last second, as all that follows */
    uint32_t voltage_mv, current_ua;
    int32_t voltage_mdeg;                /**< angle against system 1, -180000 .. 180000 */
    uint32_t frequency_uhz;              /**< 0: unknown */
    uint32_t voltage_gain, current_gain; /**< in force at this temperature, 2^-30 */
};

struct kmp_calibration_snapshot {
    uint8_t systems;         /**< 1 .. 3 */
    bool seal_open;          /**< constants may be written */
    uint32_t starts;         /**< of the meter: sums began anew when it differs */
    uint32_t writes;         /**< how often constants were written */
    uint32_t n_entries;      /**< in the audit trail */
    uint32_t n_changes_left; /**< changes of constants that the trail still takes */
    int64_t now_us;          /**< the meter's own instant, any origin */
    struct kmp_calibration_system system[KMP_CALIBRATION_SYSTEMS];
};

/** What an entry of the audit trail says happened. */
enum kmp_calibration_event {
    KMP_CALIBRATION_EVENT_REPLACED = 1,    /**< constants replaced */
    KMP_CALIBRATION_EVENT_SEAL_OPENED = 2, /**< the seal was seen open */
    KMP_CALIBRATION_EVENT_SEAL_CLOSED = 3,
    KMP_CALIBRATION_EVENT_REFUSED = 4,  /**< attempts with the seal closed, counted */
    KMP_CALIBRATION_EVENT_SOFTWARE = 5, /**< another program runs than in the entry before */
    KMP_CALIBRATION_EVENT_FOUND = 6, /**< constants in force are not those of the entries before */
};

struct kmp_calibration_entry {
    uint32_t number; /**< 1 up; 0 in an answer: there is no such entry, all else is zero */
    uint8_t what;    /**< enum kmp_calibration_event */
    uint8_t systems; /**< bit 0: system 1, and so on; those whose constants changed */
    bool applied;    /**< false: a change that never was in force: cut off, or not stored */
    bool lost;       /**< found: no copy of the constants was good, nominal ones are in force */
    bool seal_open;
    bool time_valid;
    int64_t utc_s;                  /**< seconds since 1970, as the meter's clock had it */
    uint32_t old_crc, new_crc;      /**< CRC-32 of all constants before and after */
    uint32_t writes;                /**< how often constants were written, this change included */
    uint32_t refused;               /**< attempts refused since the memory was blank */
    uint32_t software, program_crc; /**< what program wrote the entry */
    uint32_t starts, operating_s;   /**< of the meter then: starts, and seconds with supply */
};

void kmp_calibration_ask_write(struct writer *out, const struct kmp_calibration_ask *ask);
int kmp_calibration_ask_read(struct reader *in, struct kmp_calibration_ask *out);
/** 270 bytes with three systems. */
void kmp_calibration_snapshot_write(struct writer *out,
                                    const struct kmp_calibration_snapshot *snapshot);
int kmp_calibration_snapshot_read(struct reader *in, struct kmp_calibration_snapshot *out);
void kmp_calibration_entry_write(struct writer *out, const struct kmp_calibration_entry *entry);
int kmp_calibration_entry_read(struct reader *in, struct kmp_calibration_entry *out);

/** ---- E9 and EA --------------------------------------------------------------------------- */

struct kmp_calibration_drift {
    int32_t linear_q40, quadratic_q54, cubic_q68;
};

/** Constants of one system; units and ranges as in docs/legal/parameters.md. */
struct kmp_calibration_constants {
    uint8_t system;  /**< 1 .. 3 */
    bool calibrated; /**< its own, not nominal; ignored in EA */
    uint32_t power_gain, voltage_gain, current_gain;
    int32_t crosstalk_g_q40, crosstalk_b_q40;
    uint32_t current_noise_lsb2;
    int32_t voltage_fir_q28[KMP_CALIBRATION_TAPS];
    uint8_t current_delay_samples;
    struct kmp_calibration_drift power_drift, voltage_drift;
    int32_t heating_q64;
    int32_t clock_ppb;
    int32_t neighbour_re_q40[KMP_CALIBRATION_NEIGHBOURS];
    int32_t neighbour_im_q40[KMP_CALIBRATION_NEIGHBOURS];
    int16_t reference_cc;
    uint16_t heating_s;
};

struct kmp_calibration_stage {
    uint16_t password;
    struct kmp_calibration_constants constants;
};

/** 111 bytes. */
void kmp_calibration_constants_write(struct writer *out,
                                     const struct kmp_calibration_constants *constants);
int kmp_calibration_constants_read(struct reader *in, struct kmp_calibration_constants *out);
void kmp_calibration_stage_write(struct writer *out, const struct kmp_calibration_stage *stage);
int kmp_calibration_stage_read(struct reader *in, struct kmp_calibration_stage *out);

/** ---- EB ---------------------------------------------------------------------------------- */

enum kmp_calibration_action {
    /** Store and use the constants of all systems.  The measuring systems start anew with their
     *  part of them by themselves, before the next window: their epochs change. */
    KMP_CALIBRATION_COMMIT = 0,
    KMP_CALIBRATION_FORGET = 1, /**< drop what is staged */
};

struct kmp_calibration_order {
    uint16_t password;
    uint8_t action;  /**< enum kmp_calibration_action */
    uint32_t writes; /**< of the snapshot that the constants were worked out from */
};

enum kmp_calibration_code {
    KMP_CALIBRATION_DONE = 0,
    KMP_CALIBRATION_SEALED = 1,     /**< the seal is closed */
    KMP_CALIBRATION_RANGE = 2,      /**< system and field say which constant */
    KMP_CALIBRATION_NOT_STAGED = 3, /**< system says which one is missing */
    KMP_CALIBRATION_PASSWORD = 4,
    KMP_CALIBRATION_STORAGE = 5, /**< could not be stored: the old constants are in force */
    KMP_CALIBRATION_FULL = 6,    /**< the audit trail has no room for the change */
    KMP_CALIBRATION_STALE = 7,   /**< somebody has written constants since that snapshot */
    KMP_CALIBRATION_CODES
};

/** Constants by name; 0: none. */
enum kmp_calibration_field {
    KMP_CALIBRATION_FIELD_NONE,
    KMP_CALIBRATION_FIELD_SYSTEM,
    KMP_CALIBRATION_FIELD_POWER_GAIN,
    KMP_CALIBRATION_FIELD_VOLTAGE_GAIN,
    KMP_CALIBRATION_FIELD_CURRENT_GAIN,
    KMP_CALIBRATION_FIELD_CROSSTALK_G,
    KMP_CALIBRATION_FIELD_CROSSTALK_B,
    KMP_CALIBRATION_FIELD_NOISE,
    KMP_CALIBRATION_FIELD_FILTER,
    KMP_CALIBRATION_FIELD_DELAY,
    KMP_CALIBRATION_FIELD_POWER_DRIFT,
    KMP_CALIBRATION_FIELD_VOLTAGE_DRIFT,
    KMP_CALIBRATION_FIELD_HEATING,
    KMP_CALIBRATION_FIELD_CLOCK,
    KMP_CALIBRATION_FIELD_NEIGHBOURS,
    KMP_CALIBRATION_FIELD_REFERENCE,
    KMP_CALIBRATION_FIELDS
};

/** Answer to EA and EB. */
struct kmp_calibration_result {
    uint8_t code;    /**< enum kmp_calibration_code */
    uint8_t system;  /**< 1 .. 3; 0: none in particular */
    uint8_t field;   /**< enum kmp_calibration_field */
    uint32_t writes; /**< how often constants were written by now */
};

void kmp_calibration_order_write(struct writer *out, const struct kmp_calibration_order *order);
int kmp_calibration_order_read(struct reader *in, struct kmp_calibration_order *out);
void kmp_calibration_result_write(struct writer *out, const struct kmp_calibration_result *result);
int kmp_calibration_result_read(struct reader *in, struct kmp_calibration_result *out);

/** Line for people: why it was refused; "" for KMP_CALIBRATION_DONE, "unknown reason" outside. */
const char *kmp_calibration_code_text(uint8_t code);
/** "power gain" and so on; "" for none or outside. */
const char *kmp_calibration_field_text(uint8_t field);

/** The data of an answer body (DEST CID data) to that command.  @return KMP_OK or KMP_ERR_FORMAT */
int kmp_calibration_answer(const uint8_t *body, size_t n_body, uint8_t cid, struct reader *data);

#endif
