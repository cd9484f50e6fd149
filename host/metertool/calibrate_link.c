#include "calibrate_link.h"

#include <string.h>

/** Send a command; the answer's data are put under the reader. */
static enum calibrate_err ask(struct tool *tool, uint8_t cid, const struct writer *data,
                              struct reader *answer)
{
    const bool answered_before = tool->kmp.answered;
    const int length = kmp_link_command(&tool->kmp, cid, data->begin, writer_length(data));
    if (length == HOST_ERR_SILENT && answered_before) {
        return CALIBRATE_ERR_UNKNOWN;
    }
    if (length < 0) {
        return CALIBRATE_ERR_LINE;
    }
    return kmp_calibration_answer(tool->kmp.receiver.body, (size_t)length, cid, answer) == KMP_OK
               ? CALIBRATE_OK
               : CALIBRATE_ERR_ANSWER;
}

static enum calibrate_err look(struct tool *tool, enum kmp_calibration_look what, uint32_t number,
                               struct reader *answer)
{
    uint8_t data[8];
    struct writer w = writer_over(data, sizeof data);
    const struct kmp_calibration_ask question = {(uint8_t)what, number};
    kmp_calibration_ask_write(&w, &question);
    return ask(tool, KMP_CALIBRATION_LOOK, &w, answer);
}

static enum calibrate_err good(int result)
{
    return result == KMP_OK ? CALIBRATE_OK : CALIBRATE_ERR_ANSWER;
}

enum calibrate_err calibrate_look(struct tool *tool, struct kmp_calibration_snapshot *out)
{
    struct reader answer;
    const enum calibrate_err err = look(tool, KMP_CALIBRATION_SNAPSHOT, 0, &answer);
    return err == CALIBRATE_OK ? good(kmp_calibration_snapshot_read(&answer, out)) : err;
}

enum calibrate_err calibrate_entry(struct tool *tool, uint32_t number,
                                   struct kmp_calibration_entry *out)
{
    struct reader answer;
    const enum calibrate_err err = look(tool, KMP_CALIBRATION_ENTRY, number, &answer);
    return err == CALIBRATE_OK ? good(kmp_calibration_entry_read(&answer, out)) : err;
}

enum calibrate_err calibrate_read(struct tool *tool, uint8_t system,
                                  struct kmp_calibration_constants *out)
{
    uint8_t data[1];
    struct reader answer;
    struct writer w = writer_over(data, sizeof data);
    writer_u8(&w, system);
    enum calibrate_err err = ask(tool, KMP_CALIBRATION_READ, &w, &answer);
    if (err == CALIBRATE_OK) {
        err = good(kmp_calibration_constants_read(&answer, out));
    }
    return err == CALIBRATE_OK && out->system != system ? CALIBRATE_ERR_ANSWER : err;
}

static enum calibrate_err result_of(enum calibrate_err err, struct reader *answer,
                                    struct kmp_calibration_result *result)
{
    if (err == CALIBRATE_OK) {
        err = good(kmp_calibration_result_read(answer, result));
    }
    return err == CALIBRATE_OK && result->code != KMP_CALIBRATION_DONE ? CALIBRATE_ERR_REFUSED
                                                                       : err;
}

static struct kmp_calibration_drift drift_of(const struct calibration_drift_terms *in)
{
    return (struct kmp_calibration_drift){in->linear_q40, in->quadratic_q54, in->cubic_q68};
}

static struct calibration_drift_terms drift_to(const struct kmp_calibration_drift *in)
{
    return (struct calibration_drift_terms){in->linear_q40, in->quadratic_q54, in->cubic_q68};
}

void calibrate_constants(const struct kmp_calibration_constants *in,
                         struct calibration_constants *out)
{
    *out = (struct calibration_constants){
        .power_gain = in->power_gain,
        .voltage_gain = in->voltage_gain,
        .current_gain = in->current_gain,
        .crosstalk_g_q40 = in->crosstalk_g_q40,
        .crosstalk_b_q40 = in->crosstalk_b_q40,
        .current_noise_lsb2 = in->current_noise_lsb2,
        .current_delay_samples = in->current_delay_samples,
        .reference_cc = in->reference_cc,
        .power_drift = drift_to(&in->power_drift),
        .voltage_drift = drift_to(&in->voltage_drift),
        .heating_s = in->heating_s,
        .heating_q64 = in->heating_q64,
        .clock_ppb = in->clock_ppb,
    };
    memcpy(out->voltage_fir_q28, in->voltage_fir_q28, sizeof out->voltage_fir_q28);
    memcpy(out->neighbour_re_q40, in->neighbour_re_q40, sizeof out->neighbour_re_q40);
    memcpy(out->neighbour_im_q40, in->neighbour_im_q40, sizeof out->neighbour_im_q40);
}

static void constants_to(const struct calibration_constants *in, uint8_t system,
                         struct kmp_calibration_constants *out)
{
    *out = (struct kmp_calibration_constants){
        .system = system,
        .calibrated = true,
        .power_gain = in->power_gain,
        .voltage_gain = in->voltage_gain,
        .current_gain = in->current_gain,
        .crosstalk_g_q40 = in->crosstalk_g_q40,
        .crosstalk_b_q40 = in->crosstalk_b_q40,
        .current_noise_lsb2 = in->current_noise_lsb2,
        .current_delay_samples = in->current_delay_samples,
        .reference_cc = in->reference_cc,
        .power_drift = drift_of(&in->power_drift),
        .voltage_drift = drift_of(&in->voltage_drift),
        .heating_s = in->heating_s,
        .heating_q64 = in->heating_q64,
        .clock_ppb = in->clock_ppb,
    };
    memcpy(out->voltage_fir_q28, in->voltage_fir_q28, sizeof out->voltage_fir_q28);
    memcpy(out->neighbour_re_q40, in->neighbour_re_q40, sizeof out->neighbour_re_q40);
    memcpy(out->neighbour_im_q40, in->neighbour_im_q40, sizeof out->neighbour_im_q40);
}

enum calibrate_err calibrate_stage(struct tool *tool, uint16_t password, uint8_t system,
                                   const struct calibration_constants *constants,
                                   struct kmp_calibration_result *result)
{
    uint8_t data[160];
    struct reader answer;
    struct writer w = writer_over(data, sizeof data);
    struct kmp_calibration_stage stage = {.password = password};
    constants_to(constants, system, &stage.constants);
    kmp_calibration_stage_write(&w, &stage);
    const enum calibrate_err err = ask(tool, KMP_CALIBRATION_STAGE, &w, &answer);
    return result_of(err, &answer, result);
}

enum calibrate_err calibrate_order(struct tool *tool, const struct kmp_calibration_order *order,
                                   struct kmp_calibration_result *result)
{
    uint8_t data[16];
    struct reader answer;
    struct writer w = writer_over(data, sizeof data);
    const unsigned retries = tool->kmp.retries;
    kmp_calibration_order_write(&w, order);
    tool->kmp.retries = 0;
    enum calibrate_err err = ask(tool, KMP_CALIBRATION_ORDER, &w, &answer);
    tool->kmp.retries = retries;
    if (err == CALIBRATE_ERR_UNKNOWN) { /* it has answered such questions: this answer got lost */
        err = CALIBRATE_ERR_LINE;
    }
    return result_of(err, &answer, result);
}

void calibrate_refusal(const struct kmp_calibration_result *result, char *text, size_t n_text)
{
    const char *field = kmp_calibration_field_text(result->field);
    char system[20] = "";
    if (result->system > 0) {
        (void)snprintf(system, sizeof system, "system %u: ", result->system);
    }
    (void)snprintf(text, n_text, "%s%s%s%s", system, field, *field != '\0' ? ": " : "",
                   kmp_calibration_code_text(result->code));
}

void calibrate_err_text(const struct tool *tool, enum calibrate_err err,
                        const struct kmp_calibration_result *result, char *text, size_t n_text)
{
    char why[200] = "";
    switch (err) {
    case CALIBRATE_OK: (void)snprintf(text, n_text, "%s", ""); break;
    case CALIBRATE_ERR_LINE: (void)snprintf(text, n_text, "%s", tool->line.error); break;
    case CALIBRATE_ERR_UNKNOWN:
        (void)snprintf(text, n_text,
                       "this meter does not know calibration over KMP: expected an "
                       "open382 meter");
        break;
    case CALIBRATE_ERR_ANSWER:
        (void)snprintf(text, n_text,
                       "the meter's answer about its calibration is not as it "
                       "should be");
        break;
    case CALIBRATE_ERR_REFUSED:
        calibrate_refusal(result, why, sizeof why);
        (void)snprintf(text, n_text, "the meter refuses: %s", why);
        break;
    }
}
