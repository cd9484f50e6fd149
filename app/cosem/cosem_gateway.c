/* Token gateway (class 115): the token that was entered last, by whatever way, and what became of
 * it. */
#include "../meter/meter_prepay.h"
#include "cosem_inside.h"
#include "cosem_prepay.h"

enum { TOKEN = 2, TOKEN_TIME, DESCRIPTION, DELIVERY, TOKEN_STATUS };
enum { DELIVERED_REMOTE, DELIVERED_LOCAL, DELIVERED_MANUAL };
enum {
    STATUS_FORMAT_OK,
    STATUS_EXECUTED = 3,
    STATUS_FORMAT_FAILED,
    STATUS_AUTHENTICATION_FAILED,
    STATUS_VALIDATION_FAILED,
    STATUS_EXECUTION_FAILED
};

#define REASON_BITS  8u
#define NUMBER_BYTES 4u

static uint8_t status_of(const struct meter_token *seen)
{
    switch (seen->err) {
    case PREPAY_OK: return seen->way == PREPAY_NOT_YET ? STATUS_FORMAT_OK : STATUS_EXECUTED;
    case PREPAY_ERR_FORM: return STATUS_FORMAT_FAILED;
    case PREPAY_ERR_TOKEN:
    case PREPAY_ERR_KEY: return STATUS_AUTHENTICATION_FAILED;
    case PREPAY_ERR_USED:
    case PREPAY_ERR_OLD:
    case PREPAY_ERR_CLASS: return STATUS_VALIDATION_FAILED;
    default: return STATUS_EXECUTION_FAILED;
    }
}

/* The reason is the number of enum prepay_err without its sign. */
static void status_write(const struct meter_token *seen, struct writer *out)
{
    const uint8_t reason = (uint8_t)-seen->err;
    dlms_write_structure(out, 2);
    dlms_write_enum(out, status_of(seen));
    dlms_write_bits(out, &reason, REASON_BITS);
}

static uint8_t delivery_of(const struct meter_token *seen)
{
    return seen->channel == CHANNEL_BOARD     ? DELIVERED_MANUAL
           : seen->channel == CHANNEL_OPTICAL ? DELIVERED_LOCAL
                                              : DELIVERED_REMOTE;
}

static void number_write(struct writer *out, uint32_t number)
{
    uint8_t bytes[NUMBER_BYTES];
    struct writer w = writer_over(bytes, sizeof bytes);
    writer_uint_be(&w, number, NUMBER_BYTES);
    dlms_write_octets(out, bytes, sizeof bytes);
}

/* Id and amount in 0.1 kWh of a genuine token; else nothing. */
static void description_write(const struct meter_token *seen, struct writer *out)
{
    const bool genuine = seen->token.amount != 0;
    dlms_write_array(out, genuine ? 2 : 0);
    if (genuine) {
        number_write(out, seen->token.id);
        number_write(out, seen->token.amount);
    }
}

static enum dlms_result gateway_get(const struct cosem *cosem, const struct cosem_row *row,
                                    struct dlms_get *get, struct writer *out)
{
    const struct meter_token *seen = &cosem->meter->token;
    (void)row;
    switch (get->attribute) {
    case TOKEN: dlms_write_octets(out, seen->digits, seen->n_digits); break;
    case TOKEN_TIME: cosem_moment_write(cosem, seen->utc_s, cosem->meter->clock.valid, out); break;
    case DESCRIPTION: description_write(seen, out); break;
    case DELIVERY: dlms_write_enum(out, delivery_of(seen)); break;
    default: status_write(seen, out); break;
    }
    return DLMS_RESULT_SUCCESS;
}

/* A token that is refused has been entered none the less: its status is the return value.  One that
 * could not be looked at now fails for the time being. */
static enum dlms_result gateway_call(const struct cosem *cosem, const struct cosem_row *row,
                                     int8_t method, struct reader data, struct writer *out)
{
    const uint8_t *text = NULL;
    uint32_t n_text = 0;
    (void)row;
    (void)method;
    if (!dlms_read_octets(&data, &text, &n_text)) {
        return DLMS_RESULT_TYPE;
    }
    const enum prepay_err err = meter_prepay_token(cosem->meter, (const char *)text, n_text, NULL);
    const enum dlms_result result = cosem_prepay_result(err);
    if (result == DLMS_RESULT_TEMPORARY_FAILURE || result == DLMS_RESULT_HARDWARE_FAULT) {
        return result;
    }
    status_write(&cosem->meter->token, out);
    return DLMS_RESULT_SUCCESS;
}

const struct cosem_part cosem_gateway_part = {gateway_get, NULL, gateway_call};
