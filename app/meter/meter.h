/**
 * A meter is a value: all its state is in this struct, and a hundred thousand of them are an array.
 *
 * The board feeds measuring-bus frames, buttons, inputs and optical bytes, calls meter_step with
 * the simulated or real time, and sends what comes out.  Two time scales: now_us (metering and
 * calendar; any origin, never decreases) and wall_ms (protocol time-outs).
 */
#ifndef OPEN382_METER_H
#define OPEN382_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../alarm/alarms.h"
#include "../analysis/analysis.h"
#include "../billing/billing.h"
#include "../breaker/breaker.h"
#include "../bundle/bundle_store.h"
#include "../clock/clock.h"
#include "../cosem/cosem_calendar.h"
#include "../cosem/cosem_image.h"
#include "../cosem/cosem_push.h"
#include "../cosem/cosem_secrets.h"
#include "../demand/demand.h"
#include "../demand/demand_day.h"
#include "../display/display.h"
#include "../display/display_store.h"
#include "../load_control/load_control.h"
#include "../load_profile/load_profile.h"
#include "../log/event_log.h"
#include "../log/event_marks.h"
#include "../modules/meter_modules.h"
#include "../neutral/neutral.h"
#include "../optical/optical.h"
#include "../optical/optical_calibration.h"
#include "../optical/readout_list.h"
#include "../pins/pins.h"
#include "../prepay/prepay.h"
#include "../quality/quality.h"
#include "../quality/quality_store.h"
#include "../quality/quality_totals.h"
#include "../rights/rights.h"
#include "../security/security.h"
#include "../settings/settings.h"
#include "../store/app_store.h"
#include "../store/clock_store.h"
#include "../tamper/tamper.h"
#include "../tariff/tariff.h"
#include "../variant/variant.h"
#include "board.h"
#include "legal_api.h"

#define METER_SERIAL_DEFAULT UINT32_C(12345678)
#define METER_OPTICAL_PORTS                                                                        \
    RIGHTS_LINES /**< connections that may talk at once (one on a real meter) */

enum meter_err {
    METER_OK = 0,
    METER_ERR_VARIANT = -1, /**< variant contradicts itself, or the memory is of another type */
    METER_ERR_FORMAT = -2,  /**< memory of a newer format */
    METER_ERR_STORAGE = -3,
    METER_ERR_RANGE = -4,
};

enum meter_input {
    METER_INPUT_MAGNET,         /**< magnetic field at the meter */
    METER_INPUT_COVER,          /**< meter cover open */
    METER_INPUT_TERMINAL_COVER, /**< terminal cover open */
    METER_INPUT_BUTTON_LEFT,
    METER_INPUT_BUTTON_RIGHT,
    METER_INPUT_TARIFF_1, /**< voltage at tariff input 1 (module port or tariff module) */
    METER_INPUT_TARIFF_2,
    METER_INPUT_SEAL,   /**< verification seal open; the legal part asks the board itself */
    METER_INPUT_MODULE, /**< a plug-in module is in its place */
    METER_INPUT_PIN_1,  /**< I/O pin 1 of the module connector: active level; with exact instants */
    METER_INPUT_PIN_2,
    METER_INPUTS
};

/** Meter status register 97.97.0, bit numbers (spec answers B11). */
enum meter_status_bit {
    STATUS_RESET = 1 << 0,
    STATUS_EEPROM = 1 << 1,
    STATUS_MAGNET = 1 << 2,
    STATUS_RAM = 1 << 3,
    STATUS_ROM = 1 << 4,
    STATUS_ALARM_INPUT = 1 << 5,
    STATUS_COVER = 1 << 6,
    STATUS_AUX = 1 << 7,
};

struct meter {
    const struct board *board;
    struct variant variant;
    uint32_t serial_number;
    char meter_number[3][9]; /**< eight digits each */
    uint32_t special_data[2];
    int64_t now_us; /**< of the last call */
    bool supply_on;
    bool stirred;     /**< something came from outside since the last step that did all */
    int64_t whole_us; /**< when that step was */
    int64_t late_us;  /**< see meter_pulses_late */
    bool input[METER_INPUTS];
    bool was_reset;        /**< it did not stop in good order the last time (status bit 0) */
    uint8_t events;        /**< noted and not cleared, see meter_events */
    bool real_sensors;     /**< of the board: it counts as wrong until it is calibrated */
    bool ram_fault;        /**< of the board: its test at the start has found some (status bit 3) */
    bool memory_fault;     /**< application memory could not be read or written (status bit 1) */
    uint8_t status_logged; /**< meter_status as the status log knows it */
    bool log_fault;        /**< the last record of an event log could not be written (likewise) */
    bool logs_unread;      /**< a page of an event log did not answer: tried again with each save */
    struct legal legal;
    struct clock clock;
    struct clock_settings clock_settings;
    struct clock_summer_time clock_staged; /**< on its way from a client; kind counts for nothing */
    int32_t rtc_trim_ppb;  /**< what the RTC was told last; INT32_MIN: nothing since supply came */
    int64_t next_clock_us; /**< the RTC is looked at then; INT64_MAX: not while it runs */
    struct demand demand;
    struct demand_day demand_day;
    struct load_profile load_profile;
    struct analysis analysis;
    struct billing billing;
    struct quality quality;
    struct quality_store quality_store;
    struct quality_totals quality_totals;
    bool quality_totals_unread; /**< memory did not answer: tried again with the next record */
    int64_t supply_lost_utc_s;  /**< INT64_MIN: not known, or supply is there */
    struct tariff tariff;
    struct display display;
    struct display_store display_store; /**< lists that a client has set */
    struct readout_list readout;        /**< user data 2 of IEC 62056-21, as a client has set it */
    struct bundle bundle;               /**< changes that a client commits together */
    struct optical optical[METER_OPTICAL_PORTS];
    struct optical_staged staged; /**< constants that a tool has sent, not in force yet */
    struct app_store store;
    struct event_logs logs;
    struct event_marks marks; /**< what clients have read of them: meter_events.h */
    struct alarms alarms;     /**< meter_alarms.h */
    uint32_t alarm_mask[ALARM_KINDS];
    int64_t next_alarms_us, alarms_from_us; /**< not before this */
    uint32_t alarms_missing; /**< phases that were missing at the last step: bits of word B */
    struct tamper tamper;    /**< meter_tamper.h */
    uint16_t tamper_mask, tamper_phases; /**< bits of its word: alarms; phases as looked at last */
    bool tamper_latched;                 /**< the hand stays until the alarm is cleared */
    int64_t next_tamper_us, tamper_look_us, tamper_store_us;
    struct settings settings;   /**< meter_settings.h */
    struct rights rights;       /**< who is being served: meter_audit.h */
    struct cosem_secrets cosem; /**< of the DLMS associations */
    struct security security;   /**< keys of DLMS: meter_security.h */
    struct clock_preset clock_preset;
    struct breaker breaker; /**< meter_breaker.h */
    int64_t next_breaker_us;
    struct prepay prepay; /**< meter_prepay.h */
    struct meter_token {  /**< the token that was entered last */
        uint8_t n_digits; /**< 0: it was no token, or it came before the last start */
        uint8_t way;      /**< PREPAY_TOKEN: there was one; else PREPAY_NOT_YET */
        uint8_t channel;  /**< enum rights_channel */
        int8_t err;       /**< enum prepay_err */
        char digits[TOKEN_DIGITS + 1u];
        struct token token; /**< amount 0: not genuine */
        int64_t utc_s;
    } token;
    int32_t prepay_day; /**< local day since 1970 that the next is about */
    bool prepay_exception;
    struct load_control load; /**< meter_load.h */
    int64_t next_load_us;
    struct pins pins;             /**< meter_pins.h */
    int64_t next_pins_us;         /**< their inputs and records */
    int64_t next_edge_us;         /**< of their pulses: may be late as those of the LED */
    struct cosem_push push;       /**< values that the meter sends by itself */
    struct cosem_image image;     /**< firmware on its way */
    struct cosem_passive passive; /**< a calendar that is not in force */
    struct meter_modules modules; /**< what is plugged: meter_modules.h */
    struct neutral neutral;       /**< loss of neutral: neutral.fault while it lasts */
    int64_t next_legal_us, next_demand_us, next_display_us, next_gain_us, next_analysis_us;
    uint8_t pulse_energy;                 /**< enum legal_energy that LED and S0 show */
    int64_t next_tariff_us;               /**< see meter_step */
    int64_t next_demand_s, next_tariff_s; /**< the same instants on the clock */
};

/**
 * Power the meter up the first time in this process: load everything from the board's memory.
 * board is kept by reference and must outlive the meter; variant is copied.
 *
 * The first start stores the variant's order number and configurations in the memory (MET-06); from
 * then on it is the memory of that meter: order number and locked fields must be the variant's
 * (variant_is_type), and for all other fields the stored configurations count.
 *
 * @param serial_number  factory number; 0: the stored one, METER_SERIAL_DEFAULT in a blank memory.
 * @retval METER_ERR_VARIANT  the variant's fields contradict each other (CFG-09), or the memory is
 *                            that of a meter of another type: nothing started, nothing written.
 * @retval METER_ERR_FORMAT   memory of a newer format: nothing started, nothing written.
 * @retval METER_ERR_STORAGE  memory can't be read: the meter runs, status shows STATUS_EEPROM.
 */
enum meter_err meter_start(struct meter *meter, const struct board *board,
                           const struct variant *variant, uint32_t serial_number, int64_t now_us);

/** Bytes from the measuring bus (frames of all systems, any order); now_us: when the frame began to
 *  come, alike on all lines (docs/spec/measuring-bus.md, "Receiving"). */
void meter_bus_receive(struct meter *meter, const uint8_t *bytes, size_t n_bytes, int64_t now_us);

/**
 * What the quality part of a measuring system reports: the stretch ends at now_us.  It reaches the
 * meter beside the measuring bus and is no legal data.
 */
void meter_quality_receive(struct meter *meter, const struct quality_report *report,
                           int64_t now_us);
/** Harmonics of one channel of a measuring system. */
void meter_quality_spectrum(struct meter *meter, const struct quality_spectrum *spectrum);

/**
 * Do what is due.  Call it after every meter_bus_receive and meter_input, and when the time
 * returned has come.
 *
 * When supply goes the state is stored, the display goes dark and the protocols fall silent; when
 * it comes back the meter starts again as it does when it is switched on.
 * The tariff may change at next_tariff_us: a board that can choose lets a measuring window end
 * there, so that the energy before it is booked to the old tariff to the sample.
 * @return when it wants to be called next, at the latest.
 */
int64_t meter_step(struct meter *meter, int64_t now_us);

/**
 * The edges of pulses may be told so much later, with the instants at which they were due: for a
 * board that simulates faster than anyone sees, so that meter_step need not be called for each.
 * Nothing else depends on it.  0: as they come.
 */
void meter_pulses_late(struct meter *meter, int64_t late_us);

/**
 * A button or a contact changed; the board hands on what has lasted 20 ms.  Covers and seals are
 * told without supply, too, where the board can.
 */
void meter_input(struct meter *meter, enum meter_input input, bool on, int64_t now_us);

/** Store the exact state (orderly end of the process). */
enum meter_err meter_store(struct meter *meter);

/** Store the application's record as the meter runs. */
enum meter_err meter_save(struct meter *meter);

/**
 * The LED is lit because nothing is consumed (configuration B = 2, LCO-11).  The board lights its
 * LED while a pulse lasts or this holds; the S0 output follows the pulses alone.
 */
bool meter_led_idle(const struct meter *meter);

/**
 * Operation state, register 96.5.1 (X-MET-3): 1 normal, LED and S0 show A+; 2 .. 5 test mode, they
 * show A+, A-, R+ or R-.  The left button changes it too, and with the supply it ends.
 */
uint8_t meter_operation_state(const struct meter *meter);

/** The sensors are real and at least one system has no constants of its own (MET-06). */
bool meter_uncalibrated(const struct meter *meter);
/** A peak of the register table (its index): of the debiting period, or of the day. */
const struct demand_peak *meter_peak(const struct meter *meter, uint8_t index);
/**
 * A tool sets the operation state.
 * @retval METER_ERR_RANGE  no such state, an energy that was not ordered, or no supply: nothing
 *                          changed.
 */
enum meter_err meter_operation_set(struct meter *meter, uint8_t state);

/** Meter status register (enum meter_status_bit). */
uint8_t meter_status(const struct meter *meter);

/**
 * Event status: whatever meter_status has shown since it was cleared, over losses of supply too.
 * What still holds is always in it.  Bits as in the status register.
 */
uint8_t meter_events(const struct meter *meter);
/** Forget the events of mask, in permanent memory too.  A cause that still holds stays. */
void meter_events_clear(struct meter *meter, uint8_t mask);

/**
 * Put an event into a log, with the stamps of now: at most the payload bytes of the log's row.
 * A record that can't be stored is lost and shows as STATUS_EEPROM until the memory answers.
 */
void meter_log(struct meter *meter, enum event_log_name log, uint16_t code, const void *payload,
               uint8_t n_payload);

/**
 * Calendar clock set by a client: UTC seconds, 2000 .. 2099.  A difference of less than seven
 * seconds is worked off (where the board lets the clock follow its RTC); more is a step, which the
 * logs tell.
 * @retval METER_ERR_RANGE  no clock fitted, or outside its years: nothing changed.
 */
enum meter_err meter_clock_set(struct meter *meter, int64_t utc_s);
/**
 * Make the crystal faster by so many 1e-9 (at 23 degrees; the meter allows for other temperatures).
 * @retval METER_ERR_RANGE    beyond CLOCK_TRIM_MAX_PPB, or nothing that can be trimmed is fitted
 * @retval METER_ERR_STORAGE  not stored: as before
 */
enum meter_err meter_clock_trim(struct meter *meter, int32_t trim_ppb);
/**
 * A client replaces the EU rule of summer time (X-TAR-2), or puts it back.
 * @retval METER_ERR_RANGE    not good, no clock, or a meter without summer time (PPP = 000)
 * @retval METER_ERR_STORAGE  not stored: as before
 */
enum meter_err meter_clock_summer(struct meter *meter, const struct clock_summer_time *summer);

/** Commit the staged tariff plan, see tariff_commit; the right tariff holds when it returns. */
int meter_tariff_commit(struct meter *meter, uint16_t n_image, int64_t activation_s,
                        struct plan_place *place);
/** On-demand tariff for some minutes (0: until it is released); tariff 0 releases it. */
enum tariff_err meter_tariff_force(struct meter *meter, uint8_t tariff, uint16_t minutes);

/**
 * Put another set-up of the analysis logger in force (ANA-04).  While it is on, the load profile of
 * an M shows only the records of its share.
 */
enum analysis_refusal meter_analysis_take(struct meter *meter, const struct analysis_setup *wanted);

/**
 * End the debiting period now (BIL-05).
 * @retval METER_ERR_STORAGE  its record could not be stored: the period goes on
 */
enum meter_err meter_debiting_stop(struct meter *meter);

#endif
