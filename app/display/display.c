/* The display's states and times.  What stands in the fields is in display_render.c. */
#include "display.h"

#include "../meter/meter.h"
#include "../registers/register_table.h"
#include "display_lists.h"

#define US_PER_S  INT64_C(1000000)
#define US_PER_MS INT64_C(1000)

static const struct display blank;

void display_init(struct display *display, const struct meter *meter)
{
    *display = blank;
    display->state = DISPLAY_OFF;
    display_lists_default(display, meter);
}

/* The credit stands in the lists and is shown while prepayment is on (X-PRE-2). */
static bool hidden(const struct display *display, uint16_t reading)
{
    return !display->prepayment && reading < register_table_length &&
           register_table[reading].source == SOURCE_PREPAY &&
           register_table[reading].index == PREPAY_REGISTER_CREDIT;
}

/* The first position from there on that is shown; a list of nothing else shows it all the same. */
static uint8_t shown_from(const struct display *display, enum display_list list, unsigned position)
{
    const uint8_t length = display->length[list];
    for (unsigned n = 0; n < length; n++) {
        const unsigned at = (position + n) % length;
        if (!hidden(display, display->list[list][at])) {
            return (uint8_t)at;
        }
    }
    return (uint8_t)(length != 0 ? position % length : 0);
}

static void display_enter(struct display *display, enum display_state state, int64_t since_us)
{
    display->state = (uint8_t)state;
    const enum display_list list = display_list_shown(display);
    display->position = list < LISTS ? shown_from(display, list, 0) : 0;
    display->state_since_us = since_us;
    display->position_since_us = since_us;
    display->browse = (struct display_browse){0};
}

void display_supply(struct display *display, bool on, int64_t now_us)
{
    display->press_used = display->pressed; /* a press from before belongs to the state before */
    display_enter(display, on ? DISPLAY_CHECKSUM : DISPLAY_OFF, now_us);
}

/* The list that a button steps in this state; LISTS: none. */
static enum display_list list_stepped(const struct display *display)
{
    switch (display->state) {
    case DISPLAY_OFF:
    case DISPLAY_BACKUP: return LIST_BACKUP;
    case DISPLAY_TEST: return LIST_TEST;
    default: return LIST_MANUAL;
    }
}

static void display_next(struct display *display, int64_t now_us)
{
    enum display_list list = list_stepped(display);
    if (display->length[list] == 0) {
        return;
    }
    if (list != display_list_shown(display)) { /* automatic list, power-up sequence */
        display_enter(display, DISPLAY_MANUAL, now_us);
        return;
    }
    display->position = shown_from(display, list, display->position + 1u);
    display->position_since_us = now_us;
    display->browse = (struct display_browse){0};
}

/* The log that the manual list's reading opens; 0: it is an ordinary reading. */
static uint16_t log_shown(const struct display *display)
{
    const uint16_t reading = display->list[LIST_MANUAL][display->position];
    const bool log = reading == DISPLAY_READING_HISTORY || reading == DISPLAY_READING_PROFILE;
    return display->state == DISPLAY_MANUAL && log ? reading : 0;
}

/* A press of that length of a log's reading or in the log.  @return it was one. */
static bool browse_press(struct display *display, const struct meter *meter, int64_t held_us,
                         int64_t now_us)
{
    const bool long_enough = held_us >= DISPLAY_BROWSE_PRESS_MS * US_PER_MS;
    const bool open = display->browse.level != BROWSE_CLOSED;
    const uint16_t reading = log_shown(display);
    if (reading == 0 || (!open && !long_enough)) {
        return false;
    }
    if (!open) {
        display_browse_open(&display->browse, meter, reading, now_us);
    } else if (long_enough) {
        display_browse_deeper(&display->browse, now_us);
    } else {
        display_browse_next(&display->browse, meter, now_us);
    }
    return true;
}

static void button_down(struct display *display, int64_t now_us)
{
    display->pressed = true;
    display->press_used = false;
    display->pressed_since_us = now_us;
    if (display->state == DISPLAY_OFF) {
        display->press_used = true; /* the first press only wakes */
        if (display->length[LIST_BACKUP] != 0) {
            display_enter(display, DISPLAY_BACKUP, now_us);
        }
    }
}

static void button_up(struct display *display, const struct meter *meter, int64_t now_us)
{
    const int64_t held_us = now_us - display->pressed_since_us;
    const bool is_short = held_us < DISPLAY_LONG_PRESS_MS * US_PER_MS;
    display->pressed = false;
    display->long_press = false;
    if (is_short && !display->press_used && !browse_press(display, meter, held_us, now_us)) {
        display_next(display, now_us);
    }
}

void display_button(struct display *display, const struct meter *meter, bool pressed,
                    int64_t now_us)
{
    if (pressed == display->pressed) {
        return;
    }
    (void)display_step(display, now_us); /* what was due before the press comes first */
    display->last_button_us = now_us;
    if (pressed) {
        button_down(display, now_us);
    } else {
        button_up(display, meter, now_us);
    }
}

void display_button_right(struct display *display, int64_t now_us)
{
    (void)display_step(display, now_us);
    display->last_button_us = now_us;
}

/* Instant at which the state ends by itself; INT64_MAX: not by time. */
static int64_t state_end_us(const struct display *display)
{
    switch (display->state) {
    case DISPLAY_CHECKSUM:
    case DISPLAY_SOFTWARE: return display->state_since_us + DISPLAY_POWER_UP_STEP_S * US_PER_S;
    case DISPLAY_MANUAL:
    case DISPLAY_BACKUP:
        return display->pressed ? INT64_MAX : display->last_button_us + DISPLAY_RETURN_S * US_PER_S;
    case DISPLAY_TEST:
        return display->pressed ? INT64_MAX
                                : display->last_button_us + DISPLAY_TEST_RETURN_S * US_PER_S;
    default: return INT64_MAX;
    }
}

static const uint8_t state_after[DISPLAY_STATES] = {
    [DISPLAY_OFF] = DISPLAY_OFF,
    [DISPLAY_CHECKSUM] = DISPLAY_SOFTWARE,
    [DISPLAY_SOFTWARE] = DISPLAY_AUTOMATIC,
    [DISPLAY_AUTOMATIC] = DISPLAY_AUTOMATIC,
    [DISPLAY_MANUAL] = DISPLAY_AUTOMATIC,
    [DISPLAY_BACKUP] = DISPLAY_OFF,
    [DISPLAY_TEST] = DISPLAY_AUTOMATIC,
};

/* Readings change on a grid of ten seconds from the state's beginning, however seldom we are
 * called. */
static int64_t automatic_step(struct display *display, int64_t now_us)
{
    const int64_t period_us = DISPLAY_AUTOMATIC_PERIOD_S * US_PER_S;
    uint8_t length = display->length[LIST_AUTOMATIC];
    int64_t periods = (now_us - display->position_since_us) / period_us;
    if (length <= 1) {
        return INT64_MAX; /* one reading: a fixed value (DIS-10) */
    }
    if (periods > 0) {
        for (int64_t n = periods % length; n > 0; n--) {
            display->position = shown_from(display, LIST_AUTOMATIC, display->position + 1u);
        }
        display->position_since_us += periods * period_us;
    }
    return display->position_since_us + period_us;
}

enum legal_energy display_test_energy(const struct display *display)
{
    if (display->state != DISPLAY_TEST) {
        return LEGAL_ENERGIES;
    }
    uint16_t reading = display->list[LIST_TEST][display->position];
    return (enum legal_energy)register_table[reading].index;
}

bool display_test_begin(struct display *display, enum legal_energy energy, int64_t now_us)
{
    uint8_t position = display_test_position(display, energy);
    if (display->state == DISPLAY_OFF || display->state == DISPLAY_BACKUP ||
        position == display->length[LIST_TEST]) {
        return false;
    }
    display_enter(display, DISPLAY_TEST, now_us);
    display->position = position;
    display->last_button_us = now_us; /* the tool's command counts like a button */
    return true;
}

void display_test_end(struct display *display, int64_t now_us)
{
    if (display->state == DISPLAY_TEST) {
        display_enter(display, DISPLAY_AUTOMATIC, now_us);
    }
}

/* The left button has been down for six seconds: what the reading shown makes of it. */
static void long_press(struct display *display, int64_t at_us)
{
    uint16_t reading = display->list[LIST_MANUAL][display->position];
    if (display->state == DISPLAY_TEST) {
        display_test_end(display, at_us);
    } else if (display->state == DISPLAY_AUTOMATIC) {
        display->breaker_press = DISPLAY_BREAKER_PRIMARY;
    } else if (display->state == DISPLAY_MANUAL && reading < register_table_length &&
               register_table[reading].source == SOURCE_BREAKER &&
               register_table[reading].index == BREAKER_REGISTER_STATE) {
        display->breaker_press = DISPLAY_BREAKER_VIEW;
    } else if (display->browse.level != BROWSE_CLOSED) {
        display->browse = (struct display_browse){0};
        display->position_since_us = at_us;
    } else if (display->state == DISPLAY_MANUAL && reading < register_table_length &&
               display_reading_allowed(LIST_TEST, &register_table[reading])) {
        (void)display_test_begin(display, (enum legal_energy)register_table[reading].index, at_us);
    }
}

/* @return when the press becomes a long one; INT64_MAX: it is none, or was one already. */
static int64_t press_step(struct display *display, int64_t now_us)
{
    int64_t long_us = display->pressed_since_us + DISPLAY_LONG_PRESS_MS * US_PER_MS;
    if (!display->pressed || display->long_press) {
        return INT64_MAX;
    }
    if (now_us < long_us) {
        return long_us;
    }
    display->long_press = true;
    long_press(display, long_us);
    return INT64_MAX;
}

enum display_breaker_press display_breaker_press(struct display *display)
{
    const enum display_breaker_press press = (enum display_breaker_press)display->breaker_press;
    display->breaker_press = DISPLAY_BREAKER_NO_PRESS;
    return press;
}

int64_t display_step(struct display *display, int64_t now_us)
{
    int64_t long_us = press_step(display, now_us);
    for (int64_t end_us = state_end_us(display); now_us >= end_us; end_us = state_end_us(display)) {
        display_enter(display, (enum display_state)state_after[display->state], end_us);
    }
    int64_t next_us = state_end_us(display);
    if (display->state == DISPLAY_AUTOMATIC) {
        next_us = automatic_step(display, now_us);
    }
    return long_us < next_us ? long_us : next_us;
}
