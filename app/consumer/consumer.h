/**
 * The customer port that pushes: which list, in which form, and when.
 *
 * The 382M itself cannot push; its port is only asked (docs/consumer.md).  This is its successor's
 * behaviour.  The port sends and never listens: nothing can be changed through it (CCC-04).
 */
#ifndef OPEN382_CONSUMER_H
#define OPEN382_CONSUMER_H

#include "consumer_frame.h"
#include "consumer_p1.h"
#include "consumer_schedule.h"

struct meter;

enum consumer_kind {
    CONSUMER_HAN,  /**< HAN-NVE: list 1, every hour list 2 */
    CONSUMER_PUSH, /**< "DLMS push 1" */
    CONSUMER_P1,   /**< text */
    CONSUMER_KINDS
};

struct consumer_setup {
    enum consumer_kind kind;
    bool ciphered; /**< HAN and PUSH: with the meter's keys; without keys nothing is sent */
    struct consumer_form form; /**< single_phase is found out */
};

/** Zero-filled but for its set-up. */
struct consumer {
    struct consumer_setup setup;
    struct consumer_schedule schedule;
    int64_t free_us;         /**< the line is free from then on (now_us of the meter) */
    enum consumer_turn last; /**< what was sent last */
};

#define CONSUMER_MESSAGE_MAX CONSUMER_P1_MAX /**< more than CONSUMER_FRAME_MAX */
#define CONSUMER_BAUD        2400u           /**< 8N1; P1: CONSUMER_P1_BAUD */
#define CONSUMER_P1_BAUD     115200u

/** The registers of a running meter as a source; the GS1 number is made of its serial number. */
struct consumer_source consumer_source_of(const struct meter *meter);

/**
 * What is due now.
 * @param out  CONSUMER_MESSAGE_MAX bytes
 * @return bytes to send; 0: nothing (no supply, not its time, no keys)
 */
size_t consumer_step(struct consumer *consumer, struct meter *meter, uint8_t *out, size_t capacity);

/** When to call again at the latest (now_us of the meter), while there is supply. */
int64_t consumer_next_us(const struct consumer *consumer, const struct meter *meter);

#endif
