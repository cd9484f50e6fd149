/**
 * A reference source as a calibration bench has one: three phases of sines, a reference meter that
 * knows what it delivers, and a climatic chamber, told by lines of text in the manner of SCPI.
 *
 * Pure: bytes in, answers out.  It owns no connection and no clock; whoever does applies the output
 * to the mains whenever `changes` has moved.  The language is docs/spec/reference-source.md.
 * Bounded: a line, an answer and the list of errors have fixed sizes; any bytes are harmless.
 */
#ifndef OPEN382_LAB_REFERENCE_SOURCE_H
#define OPEN382_LAB_REFERENCE_SOURCE_H

#include "mains.h"

#define REFERENCE_LINE_MAX   120u /**< bytes of a line without its end */
#define REFERENCE_ANSWER_MAX 400u /**< bytes of an answer with its end */
#define REFERENCE_ERRORS_MAX 8u
#define REFERENCE_TEXT_MAX   200u

/** What a source is to deliver; index 0..2 is L1..L3. */
struct reference_settings {
    double voltage_v[LAB_PHASES];   /**< rms, phase to neutral */
    double voltage_deg[LAB_PHASES]; /**< 0, -120, +120 */
    double current_a[LAB_PHASES];   /**< rms */
    double phi_deg[LAB_PHASES];     /**< the current lags its own voltage by this */
    double frequency_hz, chamber_c;
};

struct reference_error {
    int number;
    char text[REFERENCE_TEXT_MAX];
};

struct reference_source {
    struct reference_settings set;    /**< what has been told; holds from OUTPut ON on */
    struct reference_settings output; /**< what is delivered while on */
    bool on;
    uint32_t changes; /**< counts whenever the output has become another */
    /* inside */
    char line[REFERENCE_LINE_MAX + 1u];
    size_t n_line;
    bool overlong; /**< the rest of the line is thrown away */
    struct reference_error error[REFERENCE_ERRORS_MAX];
    unsigned n_errors;
};

/** What the reference meter of the bench knows besides the settings. */
struct reference_present {
    int64_t at_us;    /**< the signal's own time */
    unsigned systems; /**< 1, 2 (Aron when aron) or 3 */
    bool aron;
};

/** Output off, 230 V, no current, 50 Hz, 23 degrees, no errors. */
void reference_source_init(struct reference_source *source);

/**
 * Take one byte.
 * @param answer  room for REFERENCE_ANSWER_MAX bytes; filled when a line ends that is answered
 * @return length of the answer, its newline included; 0: none
 */
size_t reference_source_byte(struct reference_source *source, uint8_t byte,
                             const struct reference_present *present, char *answer);

/** What it delivers, as a state of the mains (everything but `aron`). */
void reference_source_state(const struct reference_source *source, struct lab_state *out);

/** What a system gets: Aron has U12 with I1 and U32 with I3.  Angle against the source's zero. */
struct reference_truth {
    double voltage_v, voltage_deg, active_w, reactive_var;
};
void reference_source_truth(const struct reference_settings *settings, bool aron, unsigned system,
                            struct reference_truth *out);

#endif
