/**
 * The display's logic: three reading lists, timing, buttons, what stands in each field.
 * Pure: it asks the meter for values and fills a frame; it draws nothing.
 * Fields, lists and their defaults are described in docs/display.md.  Source: DIS-01..24, X-MET-3.
 *
 * All times are the meter's own (now_us).  Who runs a meter faster than the wall clock must hand a
 * human's short press on as a short press of that time.
 */
#ifndef OPEN382_DISPLAY_H
#define OPEN382_DISPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "display_browse.h"
#include "display_frame.h"
#include "legal_api.h"

struct meter; /* app/meter/meter.h */

#define DISPLAY_AUTOMATIC_MAX      16u
#define DISPLAY_MANUAL_MAX         40u /**< 30 on L and M: variant.manual_list_max */
#define DISPLAY_BACKUP_MAX         8u
#define DISPLAY_AUTOMATIC_PERIOD_S 10
#define DISPLAY_RETURN_S           120
#define DISPLAY_TEST_RETURN_S      57600 /**< 16 h */
#define DISPLAY_LONG_PRESS_MS      6000
#define DISPLAY_POWER_UP_STEP_S    5

/** The test list is the meter's own: the verification registers of its energy type. */
enum display_list { LIST_AUTOMATIC, LIST_MANUAL, LIST_BACKUP, LIST_TEST, LISTS };

enum display_state {
    DISPLAY_OFF,       /**< no supply and no button pressed on the back-up */
    DISPLAY_CHECKSUM,  /**< first 5 s after power-up: 96.54.1, CSUM */
    DISPLAY_SOFTWARE,  /**< next 5 s: 0.2.0 */
    DISPLAY_AUTOMATIC, /**< list 1, 10 s each */
    DISPLAY_MANUAL,    /**< list 2, until 120 s after the last button */
    DISPLAY_BACKUP,    /**< list 3 without mains, until 120 s after the last button */
    DISPLAY_TEST,      /**< test mode: verification registers, until 16 h after the last button */
    DISPLAY_STATES
};

enum display_err {
    DISPLAY_OK = 0,
    DISPLAY_ERR_LENGTH = -1,  /**< more readings than the list may hold */
    DISPLAY_ERR_UNKNOWN = -2, /**< a reading this variant does not have */
    DISPLAY_ERR_BARRED =
        -3,                 /**< a reading that may not stand in this list (see display_set_list) */
    DISPLAY_ERR_LEGAL = -4, /**< a legal reading is missing from the manual list */
};

/** Readings are rows of the register table, by index; these and the logs (display_browse.h) are
 * not. */
#define DISPLAY_READING_TEST KMP_DISPLAY_TEST

/** Where the left button was held for 6 s, for the breaker. */
enum display_breaker_press {
    DISPLAY_BREAKER_NO_PRESS,
    DISPLAY_BREAKER_VIEW,    /**< in the disconnect view */
    DISPLAY_BREAKER_PRIMARY, /**< in the automatic list */
};

struct display {
    uint16_t list[LISTS][DISPLAY_MANUAL_MAX];
    uint8_t length[LISTS];
    uint8_t state;                /**< enum display_state */
    uint8_t position;             /**< in the list shown */
    bool pressed;                 /**< left button is down */
    bool press_used;              /**< this press has had its effect; its release steps nothing */
    bool long_press;              /**< the left button has been down for 6 s and still is */
    bool prepayment;              /**< it is on: the credit may be shown (X-PRE-2) */
    uint8_t breaker_press;        /**< enum display_breaker_press, until it is taken */
    struct display_browse browse; /**< of the manual list: a log that was opened */
    int64_t state_since_us, position_since_us, last_button_us, pressed_since_us;
};

/** Default lists of the variant (what the variant does not have is left out); state off. */
void display_init(struct display *display, const struct meter *meter);
/** Supply came (true): power-up sequence.  Or went: dark, until a button wakes the back-up list. */
void display_supply(struct display *display, bool on, int64_t now_us);
/**
 * Left button went down or up.  Short: next reading when released (DIS-07).  Held for 6 s: a long
 * press, which belongs to the reading shown and steps nothing: on a verification register it begins
 * the test mode with that energy, in the test mode it ends it, in the disconnect view it moves the
 * breaker, and it leaves a log.  Held for 2 s
 * on a log's reading: opens it (display_browse.h).  Without supply the first press wakes the
 * display (variants with back-up only).
 */
void display_button(struct display *display, const struct meter *meter, bool pressed,
                    int64_t now_us);
/** The right button has no reading; it only renews the time of the lists that a button holds. */
void display_button_right(struct display *display, int64_t now_us);
/**
 * Begin the test mode with the verification register of that energy, or go to it (X-MET-3).
 * @return false: no such register in this meter, or no supply; nothing changed.
 */
bool display_test_begin(struct display *display, enum legal_energy energy, int64_t now_us);
/** End it, if it is on: the automatic list begins. */
void display_test_end(struct display *display, int64_t now_us);
/** Energy under test, one of the first four; LEGAL_ENERGIES: no test mode. */
enum legal_energy display_test_energy(const struct display *display);
/** The long press that the breaker has not been told of yet; it is taken by asking. */
enum display_breaker_press display_breaker_press(struct display *display);
/** @return when it wants to be called next. */
int64_t display_step(struct display *display, int64_t now_us);
/**
 * Replace one list.  Refused lists change nothing; a list shown now starts over at its first
 * reading, which stands its full time.  A list that is not shown changes nothing on the glass.
 *
 * Barred from the automatic list: historical data (DIS-04) and the logs.  Allowed in the back-up
 * list: energy totals only; and on variants without back-up nothing.  The manual list must hold
 * every legal reading of the variant (DIS-06).  The test list can't be replaced.
 *
 * @param readings  rows of register_table by index, DISPLAY_READING_TEST or a log; n of them.  An
 * empty automatic list is refused (DISPLAY_ERR_LENGTH).
 */
enum display_err display_set_list(struct display *display, const struct meter *meter,
                                  enum display_list which, const uint16_t *readings, size_t n,
                                  int64_t now_us);
/** What is lit now. */
void display_render(const struct display *display, const struct meter *meter, int64_t now_us,
                    struct display_frame *frame);
/**
 * The frame as a line of text, e.g. "1.8.0  0000123 kWh  A+  T1 L1 L2 L3"; cut off at capacity - 1
 * characters, always ended by a NUL.  @return length.
 */
size_t display_text(const struct display_frame *frame, char *out, size_t capacity);

#endif
