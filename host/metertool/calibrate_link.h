/**
 * The meter's side of a calibration over KMP: snapshots, constants, the audit trail.
 * Source: docs/protocols.md, "Calibration"; proto/kmp/kmp_calibration.h.
 */
#ifndef OPEN382_CALIBRATE_LINK_H
#define OPEN382_CALIBRATE_LINK_H

#include "../../proto/kmp/kmp_calibration.h"
#include "../calibration/calibration.h"
#include "tool.h"

enum calibrate_err {
    CALIBRATE_OK = 0,
    CALIBRATE_ERR_LINE = -1,    /**< tool->line.error says */
    CALIBRATE_ERR_UNKNOWN = -2, /**< it answers other questions but not these: not our kind */
    CALIBRATE_ERR_ANSWER = -3,  /**< an answer that is not as it should be */
    CALIBRATE_ERR_REFUSED = -4, /**< *result says why */
};

/** Everything at one instant. */
enum calibrate_err calibrate_look(struct tool *tool, struct kmp_calibration_snapshot *out);

/** An entry of the audit trail, 1 up; out->number is 0 when there is none. */
enum calibrate_err calibrate_entry(struct tool *tool, uint32_t number,
                                   struct kmp_calibration_entry *out);

/** Constants of a system, 1 up, as in use. */
enum calibrate_err calibrate_read(struct tool *tool, uint8_t system,
                                  struct kmp_calibration_constants *out);

/** Stage the constants of a system; may be repeated. */
enum calibrate_err calibrate_stage(struct tool *tool, uint16_t password, uint8_t system,
                                   const struct calibration_constants *constants,
                                   struct kmp_calibration_result *result);

/** Commit or forget.  Sent once: whether a commit whose answer is lost was heard, only the number
 *  of writes tells. */
enum calibrate_err calibrate_order(struct tool *tool, const struct kmp_calibration_order *order,
                                   struct kmp_calibration_result *result);

/** From the wire's form to that of the calculation. */
void calibrate_constants(const struct kmp_calibration_constants *in,
                         struct calibration_constants *out);

/** "system 2: gain of power: out of range" */
void calibrate_refusal(const struct kmp_calibration_result *result, char *text, size_t n_text);

/** Says what err means, into one line. */
void calibrate_err_text(const struct tool *tool, enum calibrate_err err,
                        const struct kmp_calibration_result *result, char *text, size_t n_text);

#endif
