/**
 * What the DLMS server asks of the application: objects, their values, rights and secrets.
 *
 * Objects are rows of const tables; the server keeps nothing per object.  No function but find()
 * and access() is called for an object before access() has granted it (IEC 62056-5-3; spec lesson:
 * rights come before values).
 */
#ifndef OPEN382_DLMS_MODEL_H
#define OPEN382_DLMS_MODEL_H

#include "dlms_apdu.h"

/** One COSEM object: 12 octets of flash, none of RAM. */
struct dlms_object {
    uint8_t obis[6];
    uint16_t class_id;
    uint8_t version;
    uint8_t access_set; /**< the application's: which of its rights apply */
    uint16_t index;     /**< the application's: row of its table of values */
};

/** Rows sorted by dlms_object_compare (obis, then class): the search halves them. */
struct dlms_table {
    const struct dlms_object *objects;
    size_t n_objects;
};

enum dlms_member { DLMS_ATTRIBUTE, DLMS_METHOD };

/** Access rights, the bits of association LN version 3. */
enum dlms_access_mode {
    DLMS_MODE_NONE = 0,
    DLMS_MODE_READ = 0x01, /**< attribute */
    DLMS_MODE_CALL = 0x01, /**< method */
    DLMS_MODE_WRITE = 0x02,
    DLMS_MODE_RW = 0x03,
    DLMS_MODE_REQUEST_AUTHENTICATED = 0x04,
    DLMS_MODE_REQUEST_ENCRYPTED = 0x08,
    DLMS_MODE_REQUEST_SIGNED = 0x10,
    DLMS_MODE_RESPONSE_AUTHENTICATED = 0x20,
    DLMS_MODE_RESPONSE_ENCRYPTED = 0x40,
    DLMS_MODE_RESPONSE_SIGNED = 0x80
};

/* Application contexts of an association, for a mask. */
#define DLMS_ALLOW_LN          0x02u /**< 1 << DLMS_CONTEXT_LN */
#define DLMS_ALLOW_LN_CIPHERED 0x08u /**< 1 << DLMS_CONTEXT_LN_CIPHERED */
/** In the same mask: the length of a GET block that could take 256 octets or more is written in two
 *  octets whatever it is, as the 382M does (spec cosem-objects chapter 8). */
#define DLMS_WIDE_BLOCKS 0x80u

/** One association that a server offers; a const table of them is found by client and server SAP.
 */
struct dlms_association {
    uint16_t client_sap, server_sap;
    uint8_t mechanism;    /**< enum dlms_mechanism */
    uint8_t contexts;     /**< mask DLMS_ALLOW_... */
    uint8_t policy;       /**< DLMS_MODE_REQUEST/RESPONSE_... demanded of every message */
    uint8_t role;         /**< the application's: whose rights apply */
    uint32_t conformance; /**< what it grants at most, enum dlms_conformance */
    uint16_t max_pdu;     /**< octets that the server takes in one message (in the AARE) */
};

enum dlms_association_state {
    DLMS_NOT_ASSOCIATED, /**< waits for an AARQ */
    DLMS_PENDING,        /**< waits for reply_to_HLS_authentication; serves nothing else */
    DLMS_ASSOCIATED
};

/** How a message is protected. */
enum dlms_protection_kind {
    DLMS_PLAIN = 0,
    DLMS_GLO,             /**< service-specific, global key */
    DLMS_DED,             /**< service-specific, dedicated key */
    DLMS_GENERAL_GLO,     /**< DB */
    DLMS_GENERAL_DED,     /**< DC */
    DLMS_GENERAL_CIPHERED /**< DD */
};

struct dlms_security {
    uint8_t kind; /**< enum dlms_protection_kind */
    uint8_t
        control; /**< security control octet: 0x10 authenticated, 0x20 encrypted, 0x40 broadcast */
    bool is_signed; /**< carried in a checked signature */
};

#define DLMS_TITLE_OCTETS      8u
#define DLMS_CHALLENGE_MAX     64u
#define DLMS_DEDICATED_KEY_MAX 32u

/** One client's association while it lives.  The application and the guard read it. */
struct dlms_session {
    const struct dlms_association *association; /**< NULL: none */
    uint8_t state;                              /**< enum dlms_association_state */
    uint8_t context;                            /**< enum dlms_context */
    uint16_t client_sap, server_sap;
    int16_t user_id;               /**< -1: none */
    uint32_t conformance;          /**< negotiated */
    uint16_t client_max_pdu;       /**< octets that the client takes; 0: no limit */
    struct dlms_security security; /**< of the request being served */
    bool has_title;
    uint8_t title[DLMS_TITLE_OCTETS]; /**< the client's */
    uint8_t n_dedicated_key;          /**< 0: none */
    uint8_t dedicated_key[DLMS_DEDICATED_KEY_MAX];
    uint8_t n_ctos, n_stoc;
    uint8_t ctos[DLMS_CHALLENGE_MAX], stoc[DLMS_CHALLENGE_MAX];
};

/** A GET under way: one attribute, given piece by piece. */
struct dlms_get {
    const struct dlms_object *object;
    int8_t attribute;
    uint8_t selector;        /**< 0: no selection */
    struct reader parameter; /**< its Data; see dlms_range_read, dlms_entries_read */
    uint32_t cursor[8];      /**< all 0 for the first piece; the application's own, kept for it */
};

/** A piece that get() writes should not be longer; strings go out with dlms_write_part(). */
#define DLMS_PIECE_MAX 240u

/** The application.  context is handed to every function. */
struct dlms_model {
    void *context;

    /** The object that this client can see.  *other_class: the name exists with another class.
     *  dlms_table_find() does it for one table.  @return NULL: undefined. */
    const struct dlms_object *(*find)(void *context, const struct dlms_session *session,
                                      const uint8_t obis[6], uint16_t class_id, bool *other_class);
    /** The n-th object that this client can see, for lists.  @return NULL: no more. */
    const struct dlms_object *(*at)(void *context, const struct dlms_session *session, size_t n);
    /** Rights of this client to a member: enum dlms_access_mode. */
    uint8_t (*access)(void *context, const struct dlms_session *session,
                      const struct dlms_object *object, enum dlms_member member, int8_t index);
    /** Write the next piece of the attribute's Data: the value at once, or for an array its head,
     *  then one row or some.  get->cursor says where it stands; what a piece holds may depend on
     *  nothing but that, for the server may ask for it once more (with the cursor of that piece).
     *  Pieces are kept whole where a block can hold them.
     *  @return DLMS_RESULT_SUCCESS: that was the last piece; DLMS_RESULT_MORE; or why not. */
    enum dlms_result (*get)(void *context, const struct dlms_session *session, struct dlms_get *get,
                            struct writer *out);
    /** Set the attribute.  data holds exactly one well-formed Data.  NULL: nothing can be set. */
    enum dlms_result (*set)(void *context, const struct dlms_session *session,
                            const struct dlms_object *object, int8_t attribute, struct reader data);
    /** Carry a method out.  data: one well-formed Data or nothing.  What is written to out (one
     * Data) is the return value.  NULL: there are no methods. */
    enum dlms_result (*action)(void *context, const struct dlms_session *session,
                               const struct dlms_object *object, int8_t method, struct reader data,
                               struct writer *out);
    /** Is this the password (LLS) of the session's association?  Compare with dlms_same().
     *  NULL: no client with a password gets in. */
    bool (*password)(void *context, const struct dlms_session *session, const uint8_t *bytes,
                     size_t n_bytes);
    /** A log-in came to an end: granted, or refused for a wrong secret.  May be NULL. */
    void (*login)(void *context, const struct dlms_session *session, bool granted);
    /** The association ended: released, broken off or replaced.  May be NULL. */
    void (*closed)(void *context, const struct dlms_session *session);
};

/** What unprotect() found. */
enum dlms_unprotect_result {
    DLMS_UNPROTECTED = 0,
    DLMS_UNPROTECT_FAILED = 1,  /**< malformed, wrong tag, no key: exception "deciphering error" */
    DLMS_UNPROTECT_COUNTER = 2, /**< counter not above the last: exception with *counter */
    DLMS_UNPROTECT_REFUSED = 3  /**< no answer at all */
};

/** Ciphering and high level security, as hooks; see dlms_cipher.h.  A server without them (NULL)
 *  offers plain associations only.  Hooks that are NULL are not available. */
struct dlms_guard {
    void *context;
    /** Check and decipher a protected message in place.  The plain message is then at
     *  apdu[*offset], *n_plain octets; *how says how it was protected.  Nothing is released before
     *  the tag is checked.  Called for AARQ user information (21, DB, DD) as well: the session then
     *  holds title and association, and state is DLMS_NOT_ASSOCIATED. */
    enum dlms_unprotect_result (*unprotect)(void *context, struct dlms_session *session,
                                            uint8_t *apdu, size_t n_apdu, struct dlms_security *how,
                                            size_t *offset, size_t *n_plain, uint32_t *counter);
    /** Protect the plain message at buffer[0 .. n_plain) in place.
     *  @return its new length, 0: not possible (no key, counter used up, no room). */
    size_t (*protect)(void *context, struct dlms_session *session, const struct dlms_security *how,
                      uint8_t *buffer, size_t n_plain, size_t capacity);
    /** Octets that protect() adds at most to a message of that kind. */
    size_t (*overhead)(void *context, const struct dlms_session *session,
                       const struct dlms_security *how);
    /** The server's system title, for the AARE. */
    void (*title)(void *context, uint8_t out[DLMS_TITLE_OCTETS]);
    /** A new challenge StoC of 8..64 octets.  @return its length, 0: no randomness, refuse. */
    size_t (*challenge)(void *context, struct dlms_session *session,
                        uint8_t out[DLMS_CHALLENGE_MAX]);
    /** Is this f(StoC) for the session's mechanism, challenges and titles? */
    bool (*verify)(void *context, struct dlms_session *session, const uint8_t *reply, size_t n);
    /** Write f(CtoS).  @return its length, 0: not possible. */
    size_t (*respond)(void *context, struct dlms_session *session, uint8_t *out, size_t capacity);
    /** The association ended, or the link: its keys are forgotten.  May be NULL. */
    void (*ended)(void *context);
};

/* --- Help for applications --- */

/** Order of a table: obis first, then class. */
int dlms_object_compare(const struct dlms_object *a, const struct dlms_object *b);
/** @return true: sorted, no object twice (for a test of the application's table). */
bool dlms_table_is_sorted(const struct dlms_table *table);
/** @return the object, or NULL; *other_class is set when the name has another class. */
const struct dlms_object *dlms_table_find(const struct dlms_table *table, const uint8_t obis[6],
                                          uint16_t class_id, bool *other_class);
/** The association of a pair of SAPs.  @return NULL: none. */
const struct dlms_association *dlms_association_find(const struct dlms_association *associations,
                                                     size_t n, uint16_t client_sap,
                                                     uint16_t server_sap);
/** Compare secrets: the time does not tell where they differ. */
bool dlms_same(const uint8_t *a, size_t n_a, const uint8_t *b, size_t n_b);
/** An octet-string of any length as pieces: *at is a word of get->cursor of its own (0 at the
 *  start).  @return DLMS_RESULT_MORE or DLMS_RESULT_SUCCESS. */
enum dlms_result dlms_write_part(struct writer *w, uint32_t *at, const void *bytes, size_t n_bytes);

#endif
