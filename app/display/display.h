/**
 * The display's logic: three reading lists, timing, buttons, what stands in each field.
 * Pure: it asks the meter for values and fills a frame; it draws nothing.
 * Source: DIS-01..24, spec answers B3, B4.
 */
#ifndef OPEN382_DISPLAY_H
#define OPEN382_DISPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "display_frame.h"

struct meter; /* app/meter/meter.h */

#define DISPLAY_AUTOMATIC_MAX      16u
#define DISPLAY_MANUAL_MAX         40u /**< 30 on L and M: variant.manual_list_max */
#define DISPLAY_BACKUP_MAX         8u
#define DISPLAY_AUTOMATIC_PERIOD_S 10
#define DISPLAY_RETURN_S           120
#define DISPLAY_LONG_PRESS_MS      6000
#define DISPLAY_POWER_UP_STEP_S    5

enum display_list { LIST_AUTOMATIC, LIST_MANUAL, LIST_BACKUP, LISTS };

enum display_state {
    DISPLAY_OFF,       /**< no supply and no button pressed on the back-up */
    DISPLAY_CHECKSUM,  /**< first 5 s after power-up: 96.54.1, CSUM */
    DISPLAY_SOFTWARE,  /**< next 5 s: 0.2.0 */
    DISPLAY_AUTOMATIC, /**< list 1, 10 s each */
    DISPLAY_MANUAL,    /**< list 2, until 120 s after the last button */
    DISPLAY_BACKUP,    /**< list 3 without mains, until 120 s after the last button */
};

enum display_err {
    DISPLAY_OK = 0,
    DISPLAY_ERR_LENGTH = -1,  /**< more readings than the list may hold */
    DISPLAY_ERR_UNKNOWN = -2, /**< a reading this variant does not have */
    DISPLAY_ERR_BARRED = -3,  /**< a reading that may not stand in this list */
    DISPLAY_ERR_LEGAL = -4,   /**< a legal reading is missing from the manual list */
};

/** Readings are rows of the register table, by index; DISPLAY_TEST is the display test. */
#define DISPLAY_READING_TEST 0xFFFEu

struct display {
    uint16_t list[LISTS][DISPLAY_MANUAL_MAX];
    uint8_t length[LISTS];
    uint8_t state;    /**< enum display_state */
    uint8_t position; /**< in the list shown */
    bool pressed;     /**< left button is down */
    bool long_done;   /**< the 6 s action of this press has happened */
    int64_t state_since_us, position_since_us, last_button_us, pressed_since_us;
};

/** Default lists of the variant; state off. */
void display_init(struct display *display, const struct meter *meter);
/** Supply came (true) or went. */
void display_supply(struct display *display, bool on, int64_t now_us);
/** Left button went down or up.  Short: next reading when released (DIS-07). */
void display_button(struct display *display, struct meter *meter, bool pressed, int64_t now_us);
/** @return when it wants to be called next. */
int64_t display_step(struct display *display, struct meter *meter, int64_t now_us);
/** Replace one list.  Refused lists change nothing. */
enum display_err display_set_list(struct display *display, const struct meter *meter,
                                  enum display_list which, const uint16_t *readings, size_t n);
/** What is lit now. */
void display_render(const struct display *display, const struct meter *meter, int64_t now_us,
                    struct display_frame *frame);
/** The frame as a line of text, e.g. "1.8.0  0000123 kWh  A+  T1 L1 L2 L3".  @return length. */
size_t display_text(const struct display_frame *frame, char *out, size_t capacity);

#endif
