#include "at_dialect.h"

#include <string.h>

#define SHORT_MS   5000
#define SEND_MS    60000
#define ATTACH_MS  85000
#define CONNECT_MS 75000
#define CONTEXT_MS 150000

static const struct at_step simcom_attach[] = {
    {.command = "AT+CIPSHUT", .done = "SHUT OK", .timeout_ms = 65000, .optional = true},
    {.command = "AT+CGATT=1", .timeout_ms = ATTACH_MS},
    {.command = "AT+CIPRXGET=1", .timeout_ms = SHORT_MS},
    {.command = "AT+CSTT=\"%A\",\"%U\",\"%W\"", .timeout_ms = SHORT_MS},
    {.command = "AT+CIICR", .timeout_ms = ATTACH_MS},
    {.command = "AT+CIFSR", .timeout_ms = SHORT_MS, .kind = AT_STEP_ADDRESS},
};
static const struct at_step simcom_open[] = {
    {.command = "AT+CIPSTART=\"TCP\",\"%H\",\"%O\"",
     .done = "CONNECT OK",
     .failed = "CONNECT FAIL",
     .timeout_ms = CONNECT_MS},
};

static const struct at_step ublox_attach[] = {
    {.command = "AT+CGATT=1", .timeout_ms = ATTACH_MS},
    {.command = "AT+UDCONF=1,1", .timeout_ms = SHORT_MS},
    {.command = "AT+UPSDA=0,4", .timeout_ms = 40000, .optional = true},
    {.command = "AT+UPSD=0,1,\"%A\"", .timeout_ms = SHORT_MS},
    {.command = "AT+UPSD=0,2,\"%U\"", .timeout_ms = SHORT_MS, .if_user = true},
    {.command = "AT+UPSD=0,3,\"%W\"", .timeout_ms = SHORT_MS, .if_user = true},
    {.command = "AT+UPSDA=0,3", .timeout_ms = CONTEXT_MS},
};
static const struct at_step ublox_open[] = {
    {.command = "AT+USOCL=%S", .timeout_ms = 40000, .optional = true}, /* of a try that failed */
    {.command = "AT+USOCR=6", .timeout_ms = SHORT_MS, .kind = AT_STEP_SOCKET},
    {.command = "AT+USOCO=%S,\"%H\",%O", .timeout_ms = CONNECT_MS},
};

const struct at_dialect at_dialects[AT_DIALECTS] = {
    {.name = "simcom",
     .attach = simcom_attach,
     .n_attach = sizeof simcom_attach / sizeof simcom_attach[0],
     .open = simcom_open,
     .n_open = sizeof simcom_open / sizeof simcom_open[0],
     .close = {.command = "AT+CIPCLOSE=1", .done = "CLOSE OK", .timeout_ms = SHORT_MS},
     .send = {.command = "AT+CIPSEND=%N",
              .done = "SEND OK",
              .failed = "SEND FAIL",
              .timeout_ms = SEND_MS},
     .read = {.command = "AT+CIPRXGET=3,%N", .timeout_ms = SHORT_MS},
     .told = "+CIPRXGET: 3,",
     .told_before = true,
     .arrived = "+CIPRXGET: 1",
     .lost = {"CLOSED", "+PDP: DEACT"},
     .detached = "+PDP: DEACT"},
    {.name = "ublox",
     .attach = ublox_attach,
     .n_attach = sizeof ublox_attach / sizeof ublox_attach[0],
     .open = ublox_open,
     .n_open = sizeof ublox_open / sizeof ublox_open[0],
     .close = {.command = "AT+USOCL=%S", .timeout_ms = 40000},
     .send = {.command = "AT+USOWR=%S,%N,\"%X\"", .timeout_ms = SEND_MS},
     .read = {.command = "AT+USORD=%S,%N", .timeout_ms = SHORT_MS},
     .told = "+USORD: ",
     .arrived = "+UUSORD:",
     .lost = {"+UUSOCL:", "+UUPSDD:"},
     .detached = "+UUPSDD:"},
};

uint8_t at_dialect_index(const char *name, size_t n_name)
{
    uint8_t i = 0;
    while (i < AT_DIALECTS && (strlen(at_dialects[i].name) != n_name ||
                               memcmp(at_dialects[i].name, name, n_name) != 0)) {
        i++;
    }
    return i;
}
