/**
 * Short messages as a GSM modem takes and gives them in PDU mode: SMS-DELIVER (received) and
 * SMS-SUBMIT (to be sent), both ways.  Allocation-free.
 *
 * Texts are ASCII.  A received character that ASCII lacks becomes '?'; a text to be sent may have
 * what both ASCII and the GSM alphabet have (all but '`' and control characters other than CR and
 * LF), up to 160 septets: one message, never several parts.
 * Source: 3GPP 23.040 (9.1.2.5 addresses, 9.2.2.1 SMS-DELIVER, 9.2.2.2 SMS-SUBMIT, 9.2.3.24 user
 * data header), 3GPP 23.038 (alphabets, data coding scheme), 3GPP 27.005 3.1 (service centre
 * address before the TPDU).
 */
#ifndef OPEN382_SMS_PDU_H
#define OPEN382_SMS_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMS_SEPTETS_MAX 160u
#define SMS_DIGITS_MAX  20u /**< of an address */
#define SMS_NUMBER_SIZE (SMS_DIGITS_MAX + 2u)
#define SMS_TEXT_SIZE   (SMS_SEPTETS_MAX + 1u)
/** Octets of the longest PDU: both addresses, header, 140 octets of user data. */
#define SMS_PDU_MAX 180u

enum sms_err {
    SMS_OK = 0,
    SMS_ERR_FORMAT = -1, /**< cut, contradicts itself, or octets are left */
    SMS_ERR_KIND = -2,   /**< a good beginning, but of another kind (a status report, ...) */
    SMS_ERR_TEXT = -3,   /**< a character that cannot be sent, or too many */
    SMS_ERR_NUMBER = -4, /**< not '+' and digits, or too many */
    SMS_ERR_SPACE = -5,
};

struct sms {
    /** "+4512345678" international, "12345678" otherwise, "" when it is a name and no number. */
    char number[SMS_NUMBER_SIZE];
    char text[SMS_TEXT_SIZE];
    bool part;     /**< one of several parts of a message */
    bool readable; /**< false: binary or compressed, text is "" */
};

/** Received message, from the service centre's address on.  *out is untouched after an error. */
enum sms_err sms_deliver_decode(const uint8_t *pdu, size_t n_pdu, struct sms *out);

/**
 * Message to be sent, by the service centre that the SIM names; valid for a day.
 * @param n_tpdu  octets behind the service centre's address, as +CMGS wants them
 * @return octets of the PDU, or a negative sms_err
 */
int sms_submit_encode(const char *number, const char *text, uint8_t *pdu, size_t capacity,
                      size_t *n_tpdu);

/** The other end of both: what a service centre takes and gives.  when: of the centre, BCD with
 *  swapped digits, as it travels. */
enum sms_err sms_submit_decode(const uint8_t *pdu, size_t n_pdu, struct sms *out);
int sms_deliver_encode(const char *number, const char *text, const uint8_t when[7], uint8_t *pdu,
                       size_t capacity, size_t *n_tpdu);

/** Septets of a text, or SMS_ERR_TEXT; more than SMS_SEPTETS_MAX do not fit a message. */
int sms_septets(const char *text);

#endif
