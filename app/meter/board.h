/**
 * The platform: one small struct of functions.  Linux is a board like any other; ports/template is
 * the place to start a new one.  Nothing below ports/ reads a clock: time is an argument.
 */
#ifndef OPEN382_BOARD_H
#define OPEN382_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../proto/common/crypto_port.h"
#include "legal_port.h"

/** Permanent memory of the application (not legal data), bytes; map: docs/spec/app-storage.md. */
#define BOARD_APP_MEMORY_BYTES UINT32_C(4194304)

/** What the breaker's relays say; a bit for each phase, bit 0 = L1. */
struct board_breaker {
    uint8_t phases;  /**< that have a relay */
    uint8_t known;   /**< whose relay's position can be told now */
    uint8_t closed;  /**< of these: current can flow */
    uint8_t voltage; /**< there is voltage behind the relay */
};

/** Memory for a program on its way, beside the one that runs. */
struct board_firmware {
    const uint8_t *memory; /**< read where it stands */
    uint32_t n_bytes;
    const uint8_t *key; /**< of whom may sign programs: public key of P-256, 64 bytes */
    /** @return 0, negative: it can't be written */
    int (*write)(void *context, uint32_t address, const uint8_t *bytes, uint32_t n_bytes);
    /** Run the image of the first n_bytes from the next start on; a loss of supply at any instant
     *  leaves the old program or the new one.  @return 0, negative: the old one stays */
    int (*activate)(void *context, uint32_t n_bytes);
};

struct board {
    struct legal_port legal; /**< permanent memory and pulse output of the legal part */
    void *context;           /**< handed back as the first argument of the calls below */

    /** Application memory; same promises as legal_port.memory_read / memory_write (256-byte
     * pages). */
    int (*app_memory_read)(void *context, uint32_t address, void *bytes, uint32_t n_bytes);
    int (*app_memory_write)(void *context, uint32_t address, const void *bytes, uint32_t n_bytes);

    /** Battery-backed clock: UTC seconds since 1970.  @return false: it has lost its time. */
    bool (*rtc_read)(void *context, int64_t *utc_s);
    void (*rtc_write)(void *context, int64_t utc_s);
    /** The same clock to the microsecond (a count of its crystal's waves), so that the meter can
     * follow it while it runs.  NULL: it is asked only when supply comes, and between the calendar
     * runs at the pace of now_us. */
    bool (*rtc_time)(void *context, int64_t *utc_us);
    /** Make the clock faster by so many 1e-9, from now on.  NULL: it has no register for that. */
    void (*rtc_trim)(void *context, int32_t faster_ppb);

    /** Fill with random bytes.  @return 0, or negative: none to be had (callers fail closed). */
    int (*random)(void *context, uint8_t *bytes, size_t n_bytes);

    /** Ciphers for DLMS; its context is its own.  NULL: none, and nothing is ciphered. */
    const struct crypto_port *crypto;

    /** NULL: no program can be loaded. */
    const struct board_firmware *firmware;

    /** Breaker: bi-stable relays, one a phase, none in the neutral.  NULL, both: none fitted.
     * Begin to move them all; that takes its time, and nothing may be assumed until breaker_read
     * tells of it.  @return 0, negative: they can't be driven */
    int (*breaker_drive)(void *context, bool close);
    /** @return 0, negative: no answer */
    int (*breaker_read)(void *context, struct board_breaker *out);

    /** Relays for load control that the module in the slot carries: 0, 1 or 2 (LCO-01).  May change
     * when a module is plugged or pulled; meter_input of a pin, or the next step, finds it out. */
    uint8_t load_relays;
    /** Put a relay (0 or 1) of the board, or of the module that is plugged, into the active
     * position; it stays there until the next call and falls with the supply.  NULL: none fitted.
     */
    void (*load_relay)(void *context, uint8_t relay, bool active);
    /** The two I/O pins of the module connector (0 and 1), where configuration DD makes them
     * outputs: on is the active level.  at_us: exact instant of the edge, never decreases for a
     * pin.  As inputs they come in by meter_input, METER_INPUT_PIN_1 and _2.  NULL: not wired. */
    void (*module_pin)(void *context, uint8_t pin, bool on, int64_t at_us);

    /** The inputs come from sensors, which every meter must be calibrated for: until it is, it
     * shows an error.  False: simulated inputs that are exact. */
    bool real_sensors;

    /** The test of RAM at the start (ram_march.h) has found a bad word. */
    bool ram_fault;
};

#endif
