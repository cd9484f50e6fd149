/**
 * The virtual mains: what the meter on the desk is fed with.  Host code (doubles, heap allowed);
 * the phasor core (lab/phasor.h) is heap-free and also runs on the Cortex-M image.
 *
 * A source answers in two fidelities that agree: whole windows (phasor level) or ADC samples at 8
 * kHz (waveform level).  Both are integrals of the same definition, so energy does not depend on
 * which. Grammar of SPEC and of scenario files: docs/mains.md, docs/spec/scenario.md.
 */
#ifndef OPEN382_LAB_MAINS_H
#define OPEN382_LAB_MAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measuring_system.h"

#define LAB_PHASES        3u
#define LAB_HARMONICS_MAX 40u
#define MAINS_SUPPLY_V    160.0 /**< below it in every system a meter has no supply */

struct mains; /* private to lab/ */

/**
 * Electrical state of one phase at an instant; rms volts and amperes of the fundamental, degrees.
 * Harmonics come on top, in percent of the fundamental; their angles are defined in lab/phasor.h.
 */
struct lab_phase {
    double voltage_v;
    double voltage_deg; /**< of U1 against the common reference: 0, -120, +120 */
    double current_a;   /**< >= 0; export is an angle beyond 90 degrees */
    double phi_deg;     /**< current lags its voltage by this (inductive positive) */
    double u_harmonic_pct[LAB_HARMONICS_MAX + 1],
        u_harmonic_deg[LAB_HARMONICS_MAX + 1]; /**< 2..40 */
    double i_harmonic_pct[LAB_HARMONICS_MAX + 1], i_harmonic_deg[LAB_HARMONICS_MAX + 1];
};

struct lab_state {
    struct lab_phase phase[LAB_PHASES];
    double frequency_hz;
    double temperature_c;
    bool aron; /**< feed two systems with U12, I1 and U32, I3 */
};

/** Things of a scenario that are not electrical. */
enum lab_event_kind {
    LAB_EVENT_MAGNET,
    LAB_EVENT_COVER,          /**< on = open */
    LAB_EVENT_TERMINAL_COVER, /**< on = open */
    LAB_EVENT_SEAL,           /**< on = open */
    LAB_EVENT_MODULE,         /**< on = in its place */
    LAB_EVENT_BUTTON_LEFT,
    LAB_EVENT_BUTTON_RIGHT, /**< on = pressed */
    LAB_EVENT_TARIFF_1,     /**< on = voltage at the tariff input */
    LAB_EVENT_TARIFF_2,
    LAB_EVENT_PIN_1, /**< on = I/O pin of the module connector at its active level */
    LAB_EVENT_PIN_2,
    LAB_EVENT_BACKUP,       /**< what keeps the clock without supply is taken out */
    LAB_EVENT_RELAY_STUCK,  /**< relays of these phases stay where they are; off: move again */
    LAB_EVENT_RELAY_SLOW,   /**< all relays take value_us to move */
    LAB_EVENT_RELAY_SILENT, /**< the breaker does not answer */
    LAB_EVENT_KILL,         /**< end the process without storing (tests) */
};
struct lab_event {
    int64_t at_us;
    enum lab_event_kind kind;
    bool on;
    unsigned phases;  /**< of relays: a bit each, bit 0 = L1 */
    int64_t value_us; /**< of LAB_EVENT_RELAY_SLOW */
};

/** One clear line: "house.csv:17:4: expected a number, found 'abc'". */
struct lab_error {
    char text[256];
};

struct mains_options {
    unsigned systems; /**< 1, 2 (Aron) or 3 */
    bool aron;
    int64_t start_utc_s; /**< simulated start, for time stamps in files */
};

/**
 * Open a mains by its SPEC (docs/mains.md): constant, CSV, WAV/FLAC/W64, COMTRADE, scenario,
 * "house".
 * @return 0, or -1 with one line in *error; *mains is then NULL.
 */
int mains_open(struct mains **mains, const char *spec, const struct mains_options *options,
               struct lab_error *error);
void mains_close(struct mains *mains);

/** One line for a person: "constant 230 V, 5 A, pf 1, 50 Hz" / "profile house.csv, 40320 rows". */
const char *mains_description(const struct mains *mains);

/** True when any window or sample so far was beyond full scale and is less than the source was. */
bool mains_clipped(const struct mains *mains);

/** True when the source is samples by nature (recordings): use mains_samples. */
bool mains_is_waveform(const struct mains *mains);

/**
 * Phasor level: the window of n_samples that begins at start_us (relative to the run's start).
 * Load steps inside are integrated piecewise.  Fills one measuring_window per system.
 */
void mains_window(struct mains *mains, int64_t start_us, uint32_t n_samples,
                  struct measuring_window out[LAB_PHASES]);

/**
 * The last samples of a waveform run, too few for a measuring system to close a window of whole
 * cycles: energy and rms values are theirs, fundamentals those of the cycles that they end.
 * @param n_samples 1 .. MEASURING_WINDOW_SAMPLES_MAX, fed before and not beyond end_us
 */
void mains_last_window(struct mains *mains, int64_t end_us, uint32_t n_samples,
                       struct measuring_window out[LAB_PHASES]);

#define MAINS_HALVES_MAX 48u

/** U rms(1/2) of one system over a stretch of phasor time, in closed form; in ADC steps. */
struct mains_stretch {
    double rms_lsb;      /**< over the whole stretch */
    double frequency_hz; /**< 0: no voltage */
    bool steady;         /**< after the half cycles listed, all others are of settled_lsb */
    double settled_lsb;
    unsigned n_halves;
    struct {
        double rms_lsb, at_us; /**< of the cycle that ended at that instant */
    } half[MAINS_HALVES_MAX];
};

/**
 * Half-cycle voltages since the call before, up to end_us (phasor level; ask after the window that
 * ends there).  Half cycles are those of the common reference, a third of a turn apart.
 * @return false: all is steady and as in the call before; *out is untouched.
 */
bool mains_halves(struct mains *mains, int64_t end_us, struct mains_stretch out[LAB_PHASES]);

/** Harmonics at a system's terminals: shares of the fundamental, orders 2..40. */
struct mains_spectrum {
    bool voltage, current; /**< there is a fundamental */
    double u[LAB_HARMONICS_MAX + 1], i[LAB_HARMONICS_MAX + 1];
};

#define MAINS_DISTORTED 0x80u
/** Which systems have voltage (bits 0..2) and current (3..5), and MAINS_DISTORTED: as long as it is
 *  the same without that last bit, so are all spectra. */
unsigned mains_spectrum_kind(const struct mains *mains);

/** Of the state in force; all zero while the mains is pure sines. */
void mains_spectrum(const struct mains *mains, unsigned system, struct mains_spectrum *out);

/** How long the mains stays as it is. */
struct mains_outlook {
    int64_t until_us;  /**< nothing changes before; INT64_MAX: nor later */
    unsigned supplied; /**< a bit for each system whose terminals have MAINS_SUPPLY_V or more */
};

/**
 * What holds from from_us on.  Ask at the end of the last window: sources are read forwards.  A
 * control that comes later shortens it: ask again.  Of a recording only what the panel's controls
 * do to it is known.
 */
void mains_outlook(struct mains *mains, int64_t from_us, struct mains_outlook *out);

/** Waveform level: n ADC codes per system from sample index first (8000 a second from the start).
 */
void mains_samples(struct mains *mains, int64_t first, size_t n, int32_t *v_lsb[LAB_PHASES],
                   int32_t *i_lsb[LAB_PHASES]);

/**
 * The electrical state in force at that instant (for the panel).  Ask at or after the end of the
 * last window: sources are read forwards, and looking back may cost a walk from the start. Of a
 * recording: the fundamentals of the 200 ms from there, U1 at 0 degrees.
 */
void mains_state(struct mains *mains, int64_t at_us, struct lab_state *out);

/** Next event after the ones already taken, at or before until_us.  @return false: none. */
bool mains_next_event(struct mains *mains, int64_t until_us, struct lab_event *event);

/**
 * Another source stands at the terminals from at_us on (sines; *state's aron does not count); NULL:
 * the mains' own again.  What the panel's controls lay over the mains does not lie over the other
 * source.  Events of a scenario go on.
 * @return 0, or -1 with the reason: a recording cannot be replaced
 */
int mains_replace(struct mains *mains, int64_t at_us, const struct lab_state *state,
                  struct lab_error *error);

/**
 * The relays of the meter between this mains and the house: from at_us on the phases of these bits
 * are open (bit 0 = L1), and what is behind them draws nothing.
 */
void mains_relays(struct mains *mains, int64_t at_us, unsigned open);

/**
 * Live control from the panel: name=value on top of the source, from at_us on (which may lie in a
 * window to come: it counts from that microsecond).
 * Names: u1..u3 (V), i1..i3 (A, negative exports), phi1..phi3 (degrees), f (Hz), thd_u, thd_i (5th
 * harmonic, %), dip_ms, dip (rest voltage in % for dip_ms from at_us), neutral (1 = lost), supply
 * (0 = off), temperature, and "reset" to return to the source.  A recording takes only dip, dip_ms,
 * supply, temperature and reset.
 * @return 0, or -1 with the reason (unknown name, value out of range).
 */
int mains_control(struct mains *mains, int64_t at_us, const char *name, double value,
                  struct lab_error *error);

#endif
