#include "dlms_words.h"

#include <inttypes.h>
#include <stdio.h>

static const char *diagnostic_text(uint8_t diagnostic)
{
    switch (diagnostic) {
    case DLMS_DIAGNOSTIC_CONTEXT: return "application context not supported; try protect=";
    case DLMS_DIAGNOSTIC_MECHANISM_UNKNOWN: return "authentication mechanism not known; try auth=";
    case DLMS_DIAGNOSTIC_MECHANISM_REQUIRED: return "authentication required; give auth=";
    case DLMS_DIAGNOSTIC_AUTHENTICATION_FAILED:
        return "authentication failed; check the password or the keys";
    case DLMS_DIAGNOSTIC_AUTHENTICATION_REQUIRED:
        return "high level authentication required; give auth=";
    default: return "no reason given; check client= and server=";
    }
}

static const char *initiate_text(uint16_t error)
{
    switch (error) {
    case DLMS_INITIATE_VERSION: return "DLMS version";
    case DLMS_INITIATE_CONFORMANCE: return "none of the services proposed is offered";
    case DLMS_INITIATE_PDU: return "PDU size too short; give pdu=";
    case DLMS_INITIATE_REFUSED: return "refused by the meter";
    default: return "other reason";
    }
}

static const char *service_text(uint8_t service)
{
    switch (service) {
    case DLMS_SERVICE_NOT_POSSIBLE:
        return "operation not possible (is the association still open?)";
    case DLMS_SERVICE_NOT_SUPPORTED: return "service not supported";
    case DLMS_SERVICE_TOO_LONG: return "request too long";
    case DLMS_SERVICE_DECIPHERING: return "cannot be deciphered; check the keys, suite= and title=";
    case DLMS_SERVICE_COUNTER: return "invocation counter too low";
    default: return "other reason";
    }
}

void dlms_explain(const struct dlms_client *client, int err, char *text, size_t n_text)
{
    const struct dlms_failure *f = &client->failure;
    switch (err) {
    case DLMS_CLIENT_ERR_RESULT:
        snprintf(text, n_text, "refused: %s (%u)", dlms_result_name(f->result), f->result);
        break;
    case DLMS_CLIENT_ERR_REJECTED:
        snprintf(text, n_text, "association rejected: %s (result %u, diagnostic %u)",
                 diagnostic_text(f->diagnostic), f->result, f->diagnostic);
        break;
    case DLMS_CLIENT_ERR_INITIATE:
        snprintf(text, n_text, "association refused: %s (initiate error %u)%s",
                 initiate_text(f->result), f->result,
                 client->settings.ciphered ? "; check the keys, and whether another computer has "
                                             "counted further under them (ic=)"
                                           : "");
        break;
    case DLMS_CLIENT_ERR_EXCEPTION:
        if (f->service == DLMS_SERVICE_COUNTER) {
            snprintf(text, n_text,
                     "exception response: %s, at least %" PRIu32 " is expected; give ic=",
                     service_text(f->service), f->counter);
        } else {
            snprintf(text, n_text, "exception response: %s (%u, %u)", service_text(f->service),
                     f->state, f->service);
        }
        break;
    case DLMS_CLIENT_ERR_MALFORMED:
        snprintf(text, n_text, "%s (its first octet is %02X)", dlms_client_err_name(err), f->tag);
        break;
    case DLMS_CLIENT_ERR_SECURITY:
        snprintf(text, n_text,
                 "%s; check the keys, suite=, protect= and general=", dlms_client_err_name(err));
        break;
    default: snprintf(text, n_text, "%s", dlms_client_err_name(err)); break;
    }
}

void dlms_class_name(uint16_t class_id, char *text, size_t n_text)
{
    static const struct {
        uint16_t id;
        const char *name;
    } classes[] = {
        {1, "Data"},
        {3, "Register"},
        {4, "Extended register"},
        {5, "Demand register"},
        {6, "Register activation"},
        {7, "Profile"},
        {8, "Clock"},
        {9, "Script table"},
        {10, "Schedule"},
        {11, "Special days"},
        {12, "Association SN"},
        {15, "Association LN"},
        {17, "SAP assignment"},
        {18, "Image transfer"},
        {19, "Local port"},
        {20, "Activity calendar"},
        {21, "Register monitor"},
        {22, "Action schedule"},
        {23, "HDLC set-up"},
        {25, "M-Bus slave port"},
        {26, "Utility table"},
        {27, "Modem"},
        {28, "Auto answer"},
        {29, "Auto connect"},
        {30, "Data protection"},
        {40, "Push set-up"},
        {41, "TCP-UDP set-up"},
        {42, "IPv4 set-up"},
        {43, "MAC address"},
        {44, "PPP set-up"},
        {45, "GPRS set-up"},
        {47, "GSM diagnostic"},
        {48, "IPv6 set-up"},
        {62, "Compact data"},
        {63, "Status mapping"},
        {64, "Security set-up"},
        {65, "Parameter monitor"},
        {68, "Arbitrator"},
        {70, "Disconnect control"},
        {71, "Limiter"},
        {72, "M-Bus client"},
        {74, "M-Bus master port"},
        {77, "M-Bus diagnostic"},
        {111, "Account"},
        {112, "Credit"},
        {113, "Charge"},
        {115, "Token gateway"},
        {122, "Function control"},
        {123, "Array manager"},
        {124, "Port protection"},
    };
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (classes[i].id == class_id) {
            snprintf(text, n_text, "%s", classes[i].name);
            return;
        }
    }
    snprintf(text, n_text, "class %u", class_id);
}
