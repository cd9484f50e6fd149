/**
 * The measuring bus: frames from a measuring system to the legal processor.
 *
 * 80 bytes, little endian, CRC-32 at the end; byte by byte in docs/spec/measuring-bus.md.
 * Counters are cumulative modulo 2^64 since the system's power-up: the receiver takes differences
 * (of the same epoch), so that a lost or damaged frame costs no energy.
 * Source: MET-01..05, DESIGN.md ("the way of a watt-hour").
 */
#ifndef OPEN382_LEGAL_BUS_FRAME_H
#define OPEN382_LEGAL_BUS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUS_FRAME_BYTES   80u
#define BUS_FRAME_SYNC_0  0xB3u
#define BUS_FRAME_SYNC_1  0x82u
#define BUS_FRAME_FORMAT  1u
#define BUS_FRAME_SYSTEMS 3u
/** active, reactive, voltage and current counters count 2^16 squared ADC steps */
#define BUS_COUNTER_SHIFT 16u

/** Bits of bus_frame.flags; the others are sent as 0 and ignored. */
#define BUS_FLAG_VOLTAGE 0x01u /**< voltage present in the window */
#define BUS_FLAG_LOCKED  0x02u /**< window held whole cycles: phasors and frequency are exact */
#define BUS_FLAG_CLIPPED 0x04u /**< at least one ADC code stood at the end of its range */
#define BUS_FLAG_REFUSED 0x08u /**< constants out of range at start: neutral ones are used */

/**
 * One frame: the counters at the end of a window, and the window's own phasors.
 *
 * Not in the order of the bytes: neighbours on the line are none here.  Compilers join what is
 * copied from neighbour to neighbour to one wide access, and one that reads at once what was
 * written in two parts waits for both to reach the cache: on a PC that was a tenth of a window.
 */
struct bus_frame {
    uint8_t system;         /**< 1 .. 3 */
    uint8_t flags;          /**< BUS_FLAG_... */
    int16_t temperature_cc; /**< 1/100 degree Celsius */
    uint16_t sequence;      /**< counts frames modulo 2^16, 0 = first after power-up */
    uint16_t epoch;         /**< differs after each power-up: counters began again at zero */
    uint64_t samples;       /**< cumulative; one sample = 125 us */
    int64_t active;         /**< cumulative sum of v*i >> 16, wraps; positive = import */
    int64_t reactive;       /**< cumulative, likewise; positive = current lags (Q1, Q2) */
    uint64_t voltage;       /**< cumulative sum of v*v >> 16 */
    uint64_t current;       /**< cumulative sum of i*i >> 16 */
    uint32_t frequency_uhz; /**< 0: no voltage to measure it on */
    /** Fundamental peak phasors, 1/64 ADC step; argument = phase reached at the window's end, which
     *  is the instant samples / 8000 s after the system's sample 0 (sample k is taken at
     *  k / 8000 s).  Two systems that sample together are compared by turning one of them through
     *  2*pi*f*(samples_a - samples_b) / 8000. */
    int32_t i1_im, i1_re, v1_im, v1_re;
    uint32_t window_samples; /**< samples of the window that ends with this frame */
};

/**
 * Write the frame.
 * @param bytes  at least BUS_FRAME_BYTES
 * @return BUS_FRAME_BYTES.
 */
size_t bus_frame_encode(const struct bus_frame *frame, uint8_t *bytes);

/**
 * Read one frame that begins at bytes[0].
 * @return true when sync, length, system and CRC are right; otherwise *frame is untouched.
 */
bool bus_frame_decode(const uint8_t *bytes, size_t n_bytes, struct bus_frame *frame);

/** Collects bytes until they make a frame; finds the next frame again after garbage. A value. */
struct bus_receiver {
    uint8_t bytes[BUS_FRAME_BYTES]; /**< what may yet become a frame; begins like one */
    uint8_t n_bytes;
    bool lost_sync;     /**< inside a run of garbage that was counted already */
    uint32_t n_good;    /**< frames delivered */
    uint32_t n_damaged; /**< runs of bytes that were no good frame (wrong CRC, form, garbage) */
};

/** Nothing received yet, counts at zero. */
void bus_receiver_start(struct bus_receiver *receiver);

/**
 * Take one byte.
 * @return true when it completed a good frame: *frame holds it.  Otherwise *frame is untouched.
 */
bool bus_receiver_byte(struct bus_receiver *receiver, uint8_t byte, struct bus_frame *frame);

/**
 * Take bytes up to the end of the first good frame.
 * @param got  set to whether *frame was filled
 * @return number of bytes consumed: call again with the rest until all are consumed.
 */
size_t bus_receiver_bytes(struct bus_receiver *receiver, const uint8_t *bytes, size_t n_bytes,
                          struct bus_frame *frame, bool *got);

#endif
