/**
 * What stands behind the '?' of a DLMS meter's address: who asks, how the association is secured,
 * and what real meters disagree about.  docs/metertool.md lists the options.
 */
#ifndef OPEN382_DLMS_URL_H
#define OPEN382_DLMS_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Mechanism of the association; the numbers are the mechanism ids of COSEM (Green Book 9). */
enum dlms_auth {
    DLMS_AUTH_NONE = 0,
    DLMS_AUTH_LLS = 1,
    DLMS_AUTH_HLS = 2, /**< the manufacturer's own */
    DLMS_AUTH_MD5 = 3,
    DLMS_AUTH_SHA1 = 4,
    DLMS_AUTH_GMAC = 5,
    DLMS_AUTH_SHA256 = 6,
    DLMS_AUTH_ECDSA = 7,
    DLMS_AUTH_BY_KEYS = 255, /**< not said: what the keys allow */
};

/** How the APDUs are protected. */
enum dlms_protect {
    DLMS_PROTECT_NONE = 0,
    DLMS_PROTECT_AUTH = 0x10,
    DLMS_PROTECT_ENCRYPT = 0x20,
    DLMS_PROTECT_BOTH = 0x30,
    DLMS_PROTECT_BY_AUTH = 0xFF, /**< not said: both with HLS 5 to 7, else none */
};

struct dlms_url {
    uint16_t client, server; /**< SAPs */
    uint16_t address;        /**< HDLC: lower (physical) address; 0: none is sent */
    uint8_t address_bytes;   /**< HDLC: length of the server's address, 1, 2 or 4; 0: as it needs */
    uint8_t auth;            /**< enum dlms_auth */
    uint8_t protect;         /**< enum dlms_protect */
    uint8_t suite;           /**< 0, 1 or 2 */
    bool has_suite;          /**< else it is the keys' */
    bool general;            /**< general-glo instead of glo- */
    bool dedicated;          /**< with a key for this association only */
    bool has_title, has_counter;
    uint8_t title[8];    /**< the client's system title */
    uint32_t counter;    /**< first invocation counter */
    uint16_t max_pdu;    /**< longest APDU that is taken, 0: any */
    bool mode_e;         /**< serial: open with IEC 62056-21 mode E */
    bool real_deviation; /**< in ranges: the time's own deviation instead of 8000h */
    bool zone_reversed;  /**< the meter's time_zone and deviation are local - UTC */
    bool has_order;
    bool newest_first; /**< entries of a profile are counted from the newest (0), as a 382M does,
                            not from the oldest (1) */
    bool no_lists;     /**< ask one by one, whatever the meter says that it can do */
    bool blocks;       /**< propose general block transfer */
};

/** What holds when nothing is said. */
struct dlms_url dlms_url_default(void);

/** Take one option.  @return NULL, or what was expected. */
const char *dlms_url_option(struct dlms_url *url, const char *name, const char *value);

/** After all options: server SAP and numbering of entries that were not named follow the client. */
void dlms_url_complete(struct dlms_url *url);

#endif
