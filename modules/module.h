/**
 * A plug-in module as a value: what its type is, what it is plugged into, what its pins say.
 *
 * The type is a row of constant data (module_types.h lists those that are built); the state is
 * memory that the carrier gives; everything that the module does goes through struct module_host.
 * Who carries it (a program of its own, the meter's program, a test) makes no difference to it.
 *
 * The connector has a data line in both directions, two I/O pins and supply (X-MOD-1).  Over the
 * data line the module is a client of the meter: KMP with module_bus, or any octets that the
 * meter's port understands (KMP, IEC 62056-21, HDLC) passed on as they are.  Beside it the bus
 * carries MODULE_CHANNELS - 1 channels of DLMS with the wrapper, for modules with a network on
 * their side. What a module may do follows from its slot, never from itself: nothing it says can
 * touch legal data.
 *
 * Times: now_ms is wall time (protocols on the module's side), at_us the meter's time (pulses).
 * Both have any origin and do not go back.
 * Source: MOD-01..03, MOD-06, X-MOD-1.
 */
#ifndef OPEN382_MODULE_H
#define OPEN382_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../proto/common/crypto_port.h"
#include "module_bus.h"

#define MODULE_PINS         2u    /**< I/O pins; bit 0: port 1, bit 1: port 2 */
#define MODULE_MEMORY_BYTES 1024u /**< of the module's own permanent memory */
#define MODULE_OPTIONS_MAX  640u  /**< characters of its options, with the end mark */
#define MODULE_LINES        12u   /**< lines on the module's side that may be open at once */
#define MODULE_NEVER        INT64_MAX

/** Channels over the bus: MODULE_DATA_LINE, and behind it DLMS with the wrapper. */
#define MODULE_CHANNELS  5u
#define MODULE_DATA_LINE 0u

/** Character format of a serial line. */
struct module_speed {
    uint32_t baud;
    uint8_t data_bits; /**< 7 or 8 */
    char parity;       /**< 'N', 'E' or 'O' */
    uint8_t stop_bits; /**< 1 or 2 */
};

/** What a module's transmitter keys, from preamble to end. */
struct module_burst {
    uint64_t sender;      /**< stays the same as long as it is in its place */
    uint8_t mode;         /**< modulation: enum wmbus_mode */
    int8_t power_dbm;     /**< radiated */
    const uint8_t *chips; /**< the first one in the highest bit of the first octet */
    size_t n_chips;
};

/**
 * What the carrier does for the module.  Functions marked "may be NULL" are missing where the
 * carrier has nothing of the kind.
 */
struct module_host {
    void *context;
    /** One KMP frame to the meter over the data line, and its answer: struct module_bus. */
    size_t (*exchange)(void *context, const uint8_t *request, size_t n_request, uint8_t *answer,
                       size_t capacity);
    /** Octets to the meter; what it says comes by struct module_type, heard.
     *  @return false: not taken, not one of them; try again later */
    bool (*to_meter)(void *context, unsigned channel, const uint8_t *octets, size_t n_octets);
    /** Open or close a DLMS channel (1 .. MODULE_CHANNELS - 1): what was said on it before is
     *  forgotten.  @return false: there is none; may be NULL */
    bool (*channel)(void *context, unsigned channel, bool open);
    /** The module drives its pins; bits as MODULE_PINS says. */
    void (*pins)(void *context, uint8_t levels);
    /** Own permanent memory, MODULE_MEMORY_BYTES.  @return 0, or negative: nothing happened */
    int (*memory_read)(void *context, uint32_t address, void *bytes, uint32_t n_bytes);
    int (*memory_write)(void *context, uint32_t address, const void *bytes, uint32_t n_bytes);
    /** Octets to a line of the module's side.  @return how many were taken */
    size_t (*to_line)(void *context, unsigned line, const uint8_t *octets, size_t n_octets);
    /** Hang up: the module has done with that line (it gets no line_open for it).  May be NULL. */
    void (*line_close)(void *context, unsigned line);
    /** Speed of serial lines; sockets have none and forget it.  May be NULL. */
    void (*line_speed)(void *context, unsigned line, const struct module_speed *speed);
    /**
     * Call somebody, "tcp:HOST:PORT", or send datagrams to "udp:HOST:PORT", one for each to_line.
     * line_open says when the line is there, with datagrams within this call; a call that fails is
     * told as its end.
     * @return the line, negative: not possible; may be NULL
     */
    int (*line_connect)(void *context, const char *to);
    /** For types that are on the air (all three may be NULL): ciphers; the key of the meter with
     *  this number, eight digits as BCD, false: there is none; a burst. */
    const struct crypto_port *crypto;
    bool (*key)(void *context, uint32_t id_raw, uint8_t key[16]);
    void (*air)(void *context, const struct module_burst *burst);
};

struct module;

/** A kind of module that is built.  Functions may be NULL where nothing is to be done. */
struct module_type {
    const char *name;      /**< "mbus", as options name it */
    const char *title;     /**< "M-Bus, wired" */
    const char *help;      /**< its options, one line: "NAME=VALUE ..."; "": none */
    const uint16_t *codes; /**< CCC codes of its articles, 0 ends the list (module_table.h) */
    uint8_t lines_min;     /**< places on its side (a port, a bus) that it needs, at least */
    uint8_t lines_max;     /**< and can use; each place may have several lines */
    bool on_air;           /**< its place is a radio medium, and it has no lines */
    bool terminals;        /**< the last of its lines_max places is terminals: rows of text */
    size_t state_bytes;    /**< memory for its state, at most */
    /**
     * Check the options before anything is opened; module->options is set, nothing else may be
     * used.
     * @return NULL: good, else what is expected: "baud=300|1200"
     */
    const char *(*check)(const struct module *module);
    /** Supply has come; the state is all zero. */
    void (*start)(struct module *module, int64_t now_ms);
    /** Supply goes, or the module is pulled. */
    void (*stop)(struct module *module, int64_t now_ms);
    /** A line is there or has ended.  place: which of its places, MODULE_CALLED: line_connect.
     *  who: "127.0.0.1:50123", the path of a pty; "" when it ends */
    void (*line_open)(struct module *module, unsigned line, unsigned place, bool open,
                      const char *who, int64_t now_ms);
    /** Octets of a line. */
    void (*line)(struct module *module, unsigned line, const uint8_t *octets, size_t n_octets,
                 int64_t now_ms);
    /** Octets of the meter that no exchange waits for. */
    void (*heard)(struct module *module, unsigned channel, const uint8_t *octets, size_t n_octets,
                  int64_t now_ms);
    /** The meter has closed a DLMS channel. */
    void (*channel_closed)(struct module *module, unsigned channel, int64_t now_ms);
    /** The meter drives its pins otherwise: levels as module->pins_in now. */
    void (*pins)(struct module *module, uint8_t levels, int64_t at_us);
    /** What is due.  @return now_ms of the next call, at the latest; MODULE_NEVER */
    int64_t (*step)(struct module *module, int64_t now_ms);
};

#define MODULE_CALLED 0xFFu /**< place of a line that the module has called itself */

struct module {
    const struct module_type *type;
    struct module_host host;
    struct module_bus bus; /**< the host's exchange, as protocol code takes it */
    void *state;           /**< type->state_bytes, aligned for anything */
    char options[MODULE_OPTIONS_MAX];
    bool supplied;    /**< by the meter; without it the module is dead */
    uint8_t pins_out; /**< levels that the module drives */
    uint8_t pins_in;  /**< levels that the meter drives */
};

/**
 * A module that is not plugged into anything yet.
 * @param state    type->state_bytes of memory that lives as long as the module
 * @param options  "" : as delivered; at most MODULE_OPTIONS_MAX - 1 characters
 * @return NULL: good, else what is expected in place of the options
 */
const char *module_init(struct module *module, const struct module_type *type,
                        const struct module_host *host, void *state, const char *options);

/** Supply comes or goes; the pins fall when it goes. */
void module_supply(struct module *module, bool on, int64_t now_ms);

/** What the carrier hands on.  Nothing arrives at a module without supply. */
void module_line_open(struct module *module, unsigned line, unsigned place, bool open,
                      const char *who, int64_t now_ms);
void module_line(struct module *module, unsigned line, const uint8_t *octets, size_t n_octets,
                 int64_t now_ms);
void module_heard(struct module *module, unsigned channel, const uint8_t *octets, size_t n_octets,
                  int64_t now_ms);
void module_channel_closed(struct module *module, unsigned channel, int64_t now_ms);
void module_pins(struct module *module, uint8_t levels, int64_t at_us);
/** @return now_ms of the next call, at the latest; MODULE_NEVER: when something comes */
int64_t module_step(struct module *module, int64_t now_ms);

/** For the types: drive the pins. */
void module_drive(struct module *module, uint8_t levels);

/**
 * Value of an option "NAME=VALUE" in a list with commas.
 * @return characters of the value, *value points to it; negative: not there
 */
int module_option(const char *options, const char *name, const char **value);

#endif
