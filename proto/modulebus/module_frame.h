/**
 * The envelope in which a module that is a program of its own talks to its meter: frames on a byte
 * stream (TCP or a Unix socket).  Octets: docs/spec/module-bus.md.
 *
 * Bounded and allocation-free.  A frame that is not good says that the other side is not what it
 * claims to be, or broken: the receiver stays dead, and whoever owns the stream ends it.
 * Source: MOD-02, X-MOD-1.
 */
#ifndef OPEN382_MODULE_FRAME_H
#define OPEN382_MODULE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODULE_FRAME_VERSION 1u
#define MODULE_FRAME_MARK    0xB5u
/** Octets of a frame's body, at most. */
#define MODULE_FRAME_BODY_MAX 1536u
/** Mark, kind, length (2) before the body, check (2) behind it. */
#define MODULE_FRAME_OVERHEAD 6u
#define MODULE_FRAME_MAX      (MODULE_FRAME_BODY_MAX + MODULE_FRAME_OVERHEAD)

/** What a frame is.  The numbers stand on the wire. */
enum module_frame_kind {
    MODULE_FRAME_HELLO = 1,   /**< module: what it is */
    MODULE_FRAME_WELCOME = 2, /**< meter: in which slot it is, or why in none */
    MODULE_FRAME_DATA = 3,    /**< both: channel, octets */
    MODULE_FRAME_ASK = 4,     /**< module: number, one KMP frame for the data line */
    MODULE_FRAME_ANSWER = 5,  /**< meter: the same number, what it answers; none: silence */
    MODULE_FRAME_PINS = 6,    /**< both: levels that the sender drives, instant */
    MODULE_FRAME_SUPPLY = 7,  /**< meter: 1 comes, 0 goes */
    MODULE_FRAME_CHANNEL = 8, /**< both: a DLMS channel opens (module) or closes */
};

/** Body of HELLO. */
struct module_hello {
    uint8_t version;  /**< of the envelope */
    uint8_t slot;     /**< wanted: 0 the first that is free, 1 primary, 2 secondary, 3 CCC port */
    uint16_t code;    /**< CCC of its article; 0: it has none */
    uint32_t article; /**< 6850005 */
    uint32_t serial;  /**< number of the module; 0: none */
};

/** Result in WELCOME. */
enum module_welcome_result {
    MODULE_WELCOME = 0,
    MODULE_REFUSED_VERSION = 1,  /**< another version of the envelope */
    MODULE_REFUSED_SLOT = 2,     /**< the meter has no such slot (now) */
    MODULE_REFUSED_OCCUPIED = 3, /**< another module is in it */
    MODULE_REFUSED_ARTICLE = 4,  /**< such a module is not for this generation */
};

/** Body of WELCOME. */
struct module_welcome {
    uint8_t version;
    uint8_t result; /**< enum module_welcome_result */
    uint8_t slot;   /**< 1 .. 3; 0: none */
    bool supply;
    uint32_t meter; /**< serial number of the meter */
};

/** Body of PINS. */
struct module_pins_frame {
    uint8_t levels; /**< bit 0: port 1, bit 1: port 2 */
    int64_t at_us;  /**< instant in the meter's time; from a module 0: now */
};

enum module_frame_err {
    MODULE_FRAME_OK = 0,
    MODULE_FRAME_ERR = -1, /**< not a frame, or a body that its kind does not have */
};

/** A whole frame; the body points into the receiver, until its next octet. */
struct module_frame {
    uint8_t kind; /**< enum module_frame_kind; others are to be passed over */
    const uint8_t *body;
    size_t n_body;
};

struct module_frame_receiver {
    uint8_t octets[MODULE_FRAME_MAX];
    size_t n;
    bool broken; /**< what came is not this envelope */
};

void module_frame_receiver_init(struct module_frame_receiver *receiver);
/** @return 1: *frame is whole; 0: more is needed; MODULE_FRAME_ERR: broken, for good */
int module_frame_octet(struct module_frame_receiver *receiver, uint8_t octet,
                       struct module_frame *frame);

/** Write a frame.  @return its octets; 0: the body is too long, or there is no room */
size_t module_frame_write(uint8_t kind, const uint8_t *body, size_t n_body, uint8_t *out,
                          size_t capacity);
/** The same with one octet (a channel, a number) before the rest of the body. */
size_t module_frame_write_led(uint8_t kind, uint8_t first, const uint8_t *rest, size_t n_rest,
                              uint8_t *out, size_t capacity);

/** Bodies.  The writers return a frame's octets as above, the readers MODULE_FRAME_OK or _ERR. */
size_t module_hello_write(const struct module_hello *hello, uint8_t *out, size_t capacity);
int module_hello_read(const struct module_frame *frame, struct module_hello *hello);
size_t module_welcome_write(const struct module_welcome *welcome, uint8_t *out, size_t capacity);
int module_welcome_read(const struct module_frame *frame, struct module_welcome *welcome);
size_t module_pins_write(const struct module_pins_frame *pins, uint8_t *out, size_t capacity);
int module_pins_read(const struct module_frame *frame, struct module_pins_frame *pins);
/** SUPPLY and CHANNEL: fixed small bodies. */
int module_supply_read(const struct module_frame *frame, bool *on);
int module_channel_read(const struct module_frame *frame, uint8_t *channel, bool *open);
/** DATA, ASK, ANSWER: first octet, and the rest. */
int module_led_read(const struct module_frame *frame, uint8_t *first, const uint8_t **rest,
                    size_t *n_rest);

/** Why a module was not taken, half a sentence; "" for MODULE_WELCOME. */
const char *module_welcome_text(uint8_t result);

#endif
