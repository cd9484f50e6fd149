/**
 * The place where the meter hangs: the meter, its board, its measuring systems and the mains before
 * it.
 *
 * A site lives on simulated time: microseconds since this run's start, which is also the meter's
 * now_us.  It moves only in site_advance, from one due thing to the next: the end of a measuring
 * window, an event of the scenario, or the instant at which the meter wants to be called.
 */
#ifndef OPEN382_LINUX_SITE_H
#define OPEN382_LINUX_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "app/meter/meter.h"
#include "app/quality/quality_sampler.h"
#include "eeprom_file.h"
#include "host/lib/key_file.h"
#include "lab/mains.h"
#include "lab/relays.h"
#include "options.h"
#include "problem.h"
#include "rtc.h"
#include "sensors.h"

#define SITE_SAMPLE_US      INT64_C(125) /**< one period of the 8 kHz sample clock */
#define SITE_SHORT_WINDOW   1600u        /**< samples: 200 ms, for speeds that a person follows */
#define SITE_LONG_WINDOW    8000u        /**< samples: 1 s */
#define SITE_UNREST_SAMPLES 24000        /**< 3 s of short windows after a change inside a second */
#define SITE_FIRST_WINDOW   160u         /**< samples: one cycle, so that the meter is up at once */
#define SITE_POWER_UP_US    INT64_C(500000) /**< simulated time in which supply must be seen */
#define SITE_CHUNK_SAMPLES  400u            /**< waveform level: samples asked for at once */
/** Of a system whose own clock is fast: up to 100 ppm, and one that was left over. */
#define SITE_CHUNK_MAX (SITE_CHUNK_SAMPLES + 8u)

#define SITE_BESIDE_MAX 8u

struct site {
    struct meter meter;
    struct board board;
    struct crypto_port crypto; /**< of the board */
    struct key_file keys;      /**< as delivered; wiped once the meter has them */
    struct board_firmware firmware;
    uint8_t firmware_key[64]; /**< of whom may sign programs */
    struct eeprom *eeprom;
    struct mains *mains;
    struct measuring_system system[LAB_PHASES];
    struct quality_sampler sampler[LAB_PHASES]; /**< waveform level: beside each system */
    struct quality_report report[LAB_PHASES];   /**< phasor level: the steady ones are repeated */
    unsigned spectrum_kind;                     /**< phasor level: what was told last */
    uint32_t open_samples[LAB_PHASES]; /**< waveform level: fed since the last closed window */
    uint16_t epoch;                    /**< of the measuring systems' last start */
    uint32_t calibrations;             /**< changes of constants when they started */
    unsigned systems;
    bool waveform;
    int64_t start_utc_s;
    struct rtc rtc;
    struct relays relays; /**< of the breaker: site_breaker.h */
    uint8_t load_relays;  /**< for load control: site_pins.h */
    uint8_t loads;        /**< bit per relay: the meter wants it active */
    uint8_t pins;         /**< bit per I/O pin: the meter drives it to its active level */
    /** The meter drives its pins otherwise; goes into a step of the meter, so it only notes it. */
    void (*pins_tell)(void *context, uint8_t levels, int64_t at_us);
    void *pins_context;
    bool pins_wait;          /**< enough to tell: the run rests until it is told */
    bool pins_supply;        /**< the supply as the module knows it */
    int64_t sample;          /**< end of what is metered, samples since the start */
    int64_t until_sample;    /**< the run ends there; INT64_MAX: never */
    uint32_t window_samples; /**< SITE_SHORT_WINDOW, or SITE_LONG_WINDOW in quiet seconds */
    int64_t end_sample;      /**< where the window under way ends */
    int64_t quiet_sample;    /**< until there short windows whatever the speed */
    int64_t tariff_us;       /**< the window under way was planned for this change of tariff */
    unsigned supplied;       /**< systems with voltage, see mains_outlook */
    int64_t now_us;          /**< everything due up to here is done */
    int64_t wake_us;         /**< the meter wants to be called then */
    struct lab_event event;  /**< next one of the scenario; at_us INT64_MAX: none */
    int64_t horizon_us;      /**< events are known up to here */
    struct site_beside {
        int64_t (*step)(void *context);
        void *context;
        int64_t due_us;
    } beside[SITE_BESIDE_MAX]; /**< site_beside_add */
    size_t n_beside;
    bool input[METER_INPUTS];
    int64_t
        release_us[METER_INPUTS];  /**< a button handed on by site_press comes up then; 0: none */
    unsigned n_releases;           /**< how many of them */
    bool reversed;                 /**< by hand: L2 and L3 are swapped */
    bool neutral_lost, supply_cut; /**< by the panel's controls */
    bool led;                      /**< LED and S0 output */
    uint64_t flashes;              /**< of the LED since the start, whichever energy it shows */
    uint32_t changes; /**< counts what a person would see at once: LED, buttons, controls */
    int32_t v_lsb[LAB_PHASES][SITE_CHUNK_MAX], i_lsb[LAB_PHASES][SITE_CHUNK_MAX];
    struct sensors sensors; /**< fitted: the mains goes through them; always waveform level */
};

/** Open the mains that the options name.  Touches nothing else.  @return 0, or -1 and *problem. */
int site_open_mains(struct site *site, const struct options *options, struct problem *problem);

/** Read the keys that the meter is delivered with.  @return 0, or -1 with *problem. */
int site_read_keys(struct site *site, const struct options *options, struct problem *problem);

/** Hang the meter up and power it: loads everything from the memory.  @return 0, or -1 and
 * *problem. */
int site_start(struct site *site, const struct options *options, struct eeprom *eeprom,
               struct problem *problem);

/** Meter the first windows until the meter has seen its supply and answers; without supply it stays
 * dark. */
void site_power_up(struct site *site);

/**
 * Do everything that is due up to target_us, in order.
 * @param budget_end_us  wall microseconds: give up for now when this has passed.
 * @return true: the target (or the end of the run) is reached; false: more to do.
 */
bool site_advance(struct site *site, int64_t target_us, int64_t budget_end_us);

/** True when the last window of the run is metered. */
bool site_finished(const struct site *site);

/** Simulated instant of the next due thing. */
int64_t site_next_us(const struct site *site);

/**
 * Something goes beside the meter on simulated time: step is called after each due thing and says
 * when it wants to be called next.
 */
void site_beside_add(struct site *site, int64_t (*step)(void *context), void *context);
void site_beside_remove(struct site *site, const void *context);

/** Somebody talks to the meter: it does what is due up to now. */
void site_hear(struct site *site);

/** Longest window: SITE_SHORT_WINDOW or SITE_LONG_WINDOW; and whether the LED may be late by one,
 * since nobody can follow it.  The registers depend on neither. */
void site_set_window(struct site *site, uint32_t window_samples, bool led_late);

/** A person touches a button or an input, now. */
void site_input(struct site *site, enum meter_input input, bool on);

/** A person has pressed a button for so long: it goes down now and comes up that much later,
 * whatever the speed. */
void site_press(struct site *site, enum meter_input button, int64_t held_us);

/** A person turns a control of the mains, now.  @return 0, or -1 and *error. */
int site_control(struct site *site, const char *name, double value, struct lab_error *error);

/** A reference source stands at the terminals, now; NULL: the mains again.  Not for recordings. */
void site_feed(struct site *site, const struct lab_state *state);

/** Simulated UTC, seconds since 1970, of the computer that simulates (not the meter's clock). */
int64_t site_utc_s(const struct site *site);

/** Orderly end: the exact state is in the memory.  @return 0, or -1: it could not be stored. */
int site_store(struct site *site);

void site_close(struct site *site);

#endif
