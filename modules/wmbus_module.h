/**
 * The wireless M-Bus module, 68 50 064, and the radio on the main board of C, E, Lr and Mr: a
 * client of its meter that tells the air what the meter counts.
 *
 * It is a sender only.  Who plugs it gives the bus to the meter, memory of its own, the meter's key
 * and a transmitter.  Numbers that a cipher needs are written down ahead, before they are used, so
 * that none comes twice under one key, wherever the supply is cut.  A memory that cannot be read,
 * or that holds nothing readable any more, silences the module: what had been used is not known.
 * The status octet of the transport layer has WMBUS_MODULE_ALARM while an alarm stands in the meter
 * (RAD-06); kinds without that octet, OMNIPOWER, cannot tell.
 * Source: MOD-A20, RAD-01, X-RAD-2, spec mbus.md 2 (R1, R2) and 6.
 */
#ifndef OPEN382_MODULES_WMBUS_MODULE_H
#define OPEN382_MODULES_WMBUS_MODULE_H

#include "../proto/wmbus/wmbus_sender.h"
#include "module_bus.h"

/** Octets of the module's own memory: two records, written in turn. */
#define WMBUS_MODULE_MEMORY 64u
/** Access numbers and message counters written down ahead. */
#define WMBUS_MODULE_AHEAD 64u
/** In the status octet: one of the three bits that are the maker's own. */
#define WMBUS_MODULE_ALARM 0x20u
/** Minutes of session numbers count from the beginning of that year by the meter's clock: they last
 *  63 years.  A meter without a clock: each minute is used for sixteen telegrams. */
#define WMBUS_MODULE_EPOCH 2010u

enum wmbus_module_kind {
    WMBUS_MODULE_382,       /**< the 382's own: A+; mode 5 when there is a key */
    WMBUS_MODULE_OPEN,      /**< A+, A-, P+, P-, without a cipher */
    WMBUS_MODULE_OMNIPOWER, /**< the same, full and compact frames, AES-CTR */
    WMBUS_MODULE_MODE_5,    /**< the same, OMS security profile A */
    WMBUS_MODULE_MODE_7,    /**< the same, OMS security profile B */
    WMBUS_MODULE_KINDS
};

struct wmbus_module_setup {
    enum wmbus_module_kind kind;
    enum wmbus_mode mode;
    enum wmbus_format format;
    uint32_t interval_ms; /**< nominal; each one is up to 3.1 % longer or shorter */
};

/** What a kind sends as, and how often, when nothing else is said. */
struct wmbus_module_setup wmbus_module_usual(enum wmbus_module_kind kind);
/** It is ciphered whatever comes, and silent without a key. */
bool wmbus_module_needs_key(enum wmbus_module_kind kind);
/** "382", "open", "omnipower", "mode5", "mode7".  NULL: no such kind */
const char *wmbus_module_kind_name(unsigned kind);

/** What its board gives it; members stay in force while it runs. */
struct wmbus_module_board {
    void *context;
    const struct crypto_port *crypto;
    /** @return 0, or negative: no answer; nothing happened */
    int (*read)(void *context, uint32_t address, void *bytes, uint32_t n_bytes);
    int (*write)(void *context, uint32_t address, const void *bytes, uint32_t n_bytes);
    /** Key of the meter with this number.  @return false: there is none */
    bool (*key)(void *context, uint32_t id_raw, uint8_t key[WMBUS_KEY_OCTETS]);
    void (*send)(void *context, const struct wmbus_module_setup *setup, const uint8_t *telegram,
                 size_t n_octets);
};

enum wmbus_module_state {
    WMBUS_MODULE_WAITS,     /**< for the meter's first answer */
    WMBUS_MODULE_SENDS,     /**< every interval */
    WMBUS_MODULE_NO_KEY,    /**< the kind needs one: nothing is sent */
    WMBUS_MODULE_NO_MEMORY, /**< it cannot be read (for good) or written: nothing is sent */
    WMBUS_MODULE_SPENT,     /**< every number has been used: a new key is needed */
};

/** Never moved while it runs (crypto_port.h). */
struct wmbus_module {
    struct module_bus bus;
    struct wmbus_module_board board;
    struct wmbus_module_setup setup;
    enum wmbus_module_state state;
    int64_t due_ms;  /**< of the next telegram; INT64_MIN: at once */
    uint32_t number; /**< serial number of the meter, eight digits; 0: not known yet */
    bool loaded;     /**< what its memory holds is known */
    bool has_key;
    struct wmbus_key key;
    struct wmbus_sender sender;
    uint32_t counter; /**< of the message sent last, mode 7 */
    uint32_t n_sent;
    /* in memory */
    uint32_t sequence; /**< of the record written last; 0: none */
    uint8_t access_ahead;
    uint32_t minute_ahead, counter_ahead;
};

/** Supply comes. */
void wmbus_module_start(struct wmbus_module *module, const struct module_bus *bus,
                        const struct wmbus_module_board *board,
                        const struct wmbus_module_setup *setup);

/**
 * Do what is due.
 * @param now_ms of any origin
 * @return when it wants to be called next
 */
int64_t wmbus_module_step(struct wmbus_module *module, int64_t now_ms);

/** Supply goes, or the module is pulled: nothing of the key stays. */
void wmbus_module_stop(struct wmbus_module *module);

#endif
