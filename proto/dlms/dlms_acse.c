#include "dlms_acse.h"

#include <string.h>

/* Tags of the elements. */
enum element {
    TAG_AARQ = 0x60,
    TAG_AARE = 0x61,
    TAG_RLRQ = 0x62,
    TAG_RLRE = 0x63,
    TAG_CONTEXT_NAME = 0xA1,
    TAG_AARE_RESULT = 0xA2,
    TAG_AARE_DIAGNOSTIC = 0xA3,
    TAG_AARE_TITLE = 0xA4,
    TAG_AARE_QUALIFIER = 0xA5,
    TAG_AARE_REQUIREMENTS = 0x88,
    TAG_AARE_MECHANISM = 0x89,
    TAG_AARE_SECRET = 0xAA,
    TAG_AARQ_TITLE = 0xA6,
    TAG_AARQ_QUALIFIER = 0xA7,
    TAG_AARQ_USER = 0xA9,
    TAG_AARQ_REQUIREMENTS = 0x8A,
    TAG_AARQ_MECHANISM = 0x8B,
    TAG_AARQ_SECRET = 0xAC,
    TAG_REASON = 0x80,
    TAG_CHARSTRING = 0x80,
    TAG_USER_INFORMATION = 0xBE,
    BER_INTEGER = 0x02,
    BER_OCTETS = 0x04,
    BER_NAME = 0x06,
    DIAGNOSTIC_USER = 0xA1,
    DIAGNOSTIC_PROVIDER = 0xA2
};

/* 2.16.756.5.8.1.x application context, 2.16.756.5.8.2.x mechanism. */
static const uint8_t context_name[6] = {0x60, 0x85, 0x74, 0x05, 0x08, 0x01};
static const uint8_t mechanism_name[6] = {0x60, 0x85, 0x74, 0x05, 0x08, 0x02};
#define NAME_OCTETS 7u

/** One BER element: tag, length, and a cursor over its content. */
static uint8_t element_read(struct reader *r, struct reader *content)
{
    uint8_t tag = reader_u8(r);
    uint32_t length = dlms_read_length(r);
    const uint8_t *bytes = reader_bytes(r, length);
    *content = dlms_no_data();
    content->failed = bytes == NULL;
    if (bytes != NULL) {
        *content = reader_over(bytes, length);
    }
    return tag;
}

/** The content is one element of this tag and nothing else. */
static struct dlms_octets inner_read(struct reader content, uint8_t tag, bool *well)
{
    struct reader inner;
    struct dlms_octets octets = {NULL, 0};
    uint8_t found = element_read(&content, &inner);
    if (found != tag || !reader_complete(&content)) {
        *well = false;
        return octets;
    }
    octets.bytes = inner.at;
    octets.n_bytes = reader_left(&inner);
    return octets;
}

/** Last arc of a name with these first arcs; otherwise 255. */
static uint8_t name_arc(struct dlms_octets name, const uint8_t first[6])
{
    bool ours = name.n_bytes == NAME_OCTETS && memcmp(name.bytes, first, 6) == 0;
    return ours ? name.bytes[6] : 255;
}

static struct dlms_octets all_of(struct reader content)
{
    struct dlms_octets octets = {content.at, reader_left(&content)};
    return octets;
}

static uint8_t context_arc(struct reader content, bool *well)
{
    uint8_t arc = name_arc(inner_read(content, BER_NAME, well), context_name);
    return arc > DLMS_CONTEXT_SN_CIPHERED ? (uint8_t)DLMS_CONTEXT_NONE : arc;
}

static void aarq_element(uint8_t tag, struct reader content, struct dlms_aarq *out, bool *well)
{
    struct dlms_octets octets;
    switch (tag) {
    case TAG_CONTEXT_NAME: out->context = context_arc(content, well); break;
    case TAG_AARQ_TITLE: out->title = inner_read(content, BER_OCTETS, well); break;
    case TAG_AARQ_QUALIFIER: out->certificate = inner_read(content, BER_OCTETS, well); break;
    case TAG_AARQ_USER:
        octets = inner_read(content, BER_INTEGER, well);
        out->user_id = octets.n_bytes == 1 ? octets.bytes[0] : -1;
        break;
    case TAG_AARQ_MECHANISM:
        out->has_mechanism = true;
        out->mechanism = name_arc(all_of(content), mechanism_name);
        break;
    case TAG_AARQ_SECRET: out->secret = inner_read(content, TAG_CHARSTRING, well); break;
    case TAG_USER_INFORMATION: out->user_information = inner_read(content, BER_OCTETS, well); break;
    default: break; /* passed over */
    }
}

static uint8_t small_integer(struct dlms_octets octets, bool *well)
{
    *well = *well && octets.n_bytes == 1;
    return octets.n_bytes == 1 ? octets.bytes[0] : 0;
}

static void diagnostic_read(struct reader content, struct dlms_aare *out, bool *well)
{
    struct reader source;
    uint8_t tag = element_read(&content, &source);
    out->provider = tag == DIAGNOSTIC_PROVIDER;
    *well = *well && (tag == DIAGNOSTIC_USER || tag == DIAGNOSTIC_PROVIDER) && !content.failed;
    if (*well) {
        out->diagnostic = small_integer(inner_read(source, BER_INTEGER, well), well);
    }
}

static void aare_element(uint8_t tag, struct reader content, struct dlms_aare *out, bool *well)
{
    switch (tag) {
    case TAG_CONTEXT_NAME: out->context = context_arc(content, well); break;
    case TAG_AARE_RESULT:
        out->result = small_integer(inner_read(content, BER_INTEGER, well), well);
        break;
    case TAG_AARE_DIAGNOSTIC: diagnostic_read(content, out, well); break;
    case TAG_AARE_TITLE: out->title = inner_read(content, BER_OCTETS, well); break;
    case TAG_AARE_QUALIFIER: out->certificate = inner_read(content, BER_OCTETS, well); break;
    case TAG_AARE_MECHANISM:
        out->has_mechanism = true;
        out->mechanism = name_arc(all_of(content), mechanism_name);
        break;
    case TAG_AARE_SECRET: out->secret = inner_read(content, TAG_CHARSTRING, well); break;
    case TAG_USER_INFORMATION: out->user_information = inner_read(content, BER_OCTETS, well); break;
    default: break; /* passed over */
    }
}

static void release_element(uint8_t tag, struct reader content, struct dlms_release *out,
                            bool *well)
{
    if (tag == TAG_REASON) {
        out->has_reason = true;
        out->reason = small_integer(all_of(content), well);
    } else if (tag == TAG_USER_INFORMATION) {
        out->user_information = inner_read(content, BER_OCTETS, well);
    }
}

/** Head of a message: its tag, and a cursor over its elements. */
static bool message_open(const uint8_t *apdu, size_t n, uint8_t tag, struct reader *content)
{
    struct reader r = reader_over(apdu, n);
    return element_read(&r, content) == tag && reader_complete(&r);
}

enum dlms_status dlms_aarq_read(const uint8_t *apdu, size_t n, struct dlms_aarq *out)
{
    struct reader elements, content;
    bool well = message_open(apdu, n, TAG_AARQ, &elements);
    memset(out, 0, sizeof *out);
    out->user_id = -1;
    while (well && reader_left(&elements) > 0) {
        uint8_t tag = element_read(&elements, &content);
        well = !elements.failed;
        if (well) {
            aarq_element(tag, content, out, &well);
        }
    }
    return well ? DLMS_OK : DLMS_ERR_BAD;
}

enum dlms_status dlms_aare_read(const uint8_t *apdu, size_t n, struct dlms_aare *out)
{
    struct reader elements, content;
    bool well = message_open(apdu, n, TAG_AARE, &elements);
    memset(out, 0, sizeof *out);
    out->result = DLMS_REJECTED_PERMANENT;
    while (well && reader_left(&elements) > 0) {
        uint8_t tag = element_read(&elements, &content);
        well = !elements.failed;
        if (well) {
            aare_element(tag, content, out, &well);
        }
    }
    return well ? DLMS_OK : DLMS_ERR_BAD;
}

static enum dlms_status release_read(const uint8_t *apdu, size_t n, uint8_t tag,
                                     struct dlms_release *out)
{
    struct reader elements, content;
    bool well = message_open(apdu, n, tag, &elements);
    memset(out, 0, sizeof *out);
    while (well && reader_left(&elements) > 0) {
        uint8_t element = element_read(&elements, &content);
        well = !elements.failed;
        if (well) {
            release_element(element, content, out, &well);
        }
    }
    return well ? DLMS_OK : DLMS_ERR_BAD;
}

enum dlms_status dlms_rlrq_read(const uint8_t *apdu, size_t n, struct dlms_release *out)
{
    return release_read(apdu, n, TAG_RLRQ, out);
}

enum dlms_status dlms_rlre_read(const uint8_t *apdu, size_t n, struct dlms_release *out)
{
    return release_read(apdu, n, TAG_RLRE, out);
}

/* --- Writing.  Lengths stand before what they count, so each part is measured first. --- */

static size_t element_size(size_t content)
{
    return 1u + dlms_length_size(content) + content;
}

static void head_write(struct writer *w, uint8_t tag, size_t length)
{
    writer_u8(w, tag);
    dlms_write_length(w, length);
}

/** Tag { inner tag { octets } }. */
static void nested_write(struct writer *w, uint8_t tag, uint8_t inner, struct dlms_octets octets)
{
    head_write(w, tag, element_size(octets.n_bytes));
    head_write(w, inner, octets.n_bytes);
    writer_bytes(w, octets.bytes, octets.n_bytes);
}

/** The same, left out when there are no octets. */
static void optional_write(struct writer *w, uint8_t tag, uint8_t inner, struct dlms_octets octets)
{
    if (octets.bytes != NULL) {
        nested_write(w, tag, inner, octets);
    }
}

static size_t optional_size(struct dlms_octets octets)
{
    return octets.bytes == NULL ? 0 : element_size(element_size(octets.n_bytes));
}

static void context_write(struct writer *w, uint8_t context)
{
    head_write(w, TAG_CONTEXT_NAME, NAME_OCTETS + 2u);
    head_write(w, BER_NAME, NAME_OCTETS);
    writer_bytes(w, context_name, sizeof context_name);
    writer_u8(w, context);
}

/** Requirements (authentication) and mechanism name. */
static void mechanism_write(struct writer *w, uint8_t requirements_tag, uint8_t mechanism_tag,
                            uint8_t mechanism)
{
    head_write(w, requirements_tag, 2);
    writer_uint_be(w, 0x0780, 2); /* bit string, 7 bits unused, bit 0 set */
    head_write(w, mechanism_tag, NAME_OCTETS);
    writer_bytes(w, mechanism_name, sizeof mechanism_name);
    writer_u8(w, mechanism);
}

#define CONTEXT_SIZE   (NAME_OCTETS + 4u)
#define MECHANISM_SIZE (4u + 2u + NAME_OCTETS)

void dlms_aarq_write(struct writer *w, const struct dlms_aarq *aarq)
{
    const uint8_t user = (uint8_t)aarq->user_id;
    struct dlms_octets user_id = {aarq->user_id < 0 ? NULL : &user, aarq->user_id < 0 ? 0 : 1u};
    size_t size = CONTEXT_SIZE + optional_size(aarq->title) + optional_size(aarq->certificate) +
                  optional_size(user_id) + (aarq->has_mechanism ? MECHANISM_SIZE : 0u) +
                  optional_size(aarq->secret) + optional_size(aarq->user_information);
    head_write(w, TAG_AARQ, size);
    context_write(w, aarq->context);
    optional_write(w, TAG_AARQ_TITLE, BER_OCTETS, aarq->title);
    optional_write(w, TAG_AARQ_QUALIFIER, BER_OCTETS, aarq->certificate);
    optional_write(w, TAG_AARQ_USER, BER_INTEGER, user_id);
    if (aarq->has_mechanism) {
        mechanism_write(w, TAG_AARQ_REQUIREMENTS, TAG_AARQ_MECHANISM, aarq->mechanism);
    }
    optional_write(w, TAG_AARQ_SECRET, TAG_CHARSTRING, aarq->secret);
    optional_write(w, TAG_USER_INFORMATION, BER_OCTETS, aarq->user_information);
}

#define RESULT_SIZE     5u
#define DIAGNOSTIC_SIZE 7u

void dlms_aare_write(struct writer *w, const struct dlms_aare *aare)
{
    size_t size = CONTEXT_SIZE + RESULT_SIZE + DIAGNOSTIC_SIZE + optional_size(aare->title) +
                  optional_size(aare->certificate) + (aare->has_mechanism ? MECHANISM_SIZE : 0u) +
                  optional_size(aare->secret) + optional_size(aare->user_information);
    struct dlms_octets result = {&aare->result, 1};
    struct dlms_octets diagnostic = {&aare->diagnostic, 1};
    head_write(w, TAG_AARE, size);
    context_write(w, aare->context);
    nested_write(w, TAG_AARE_RESULT, BER_INTEGER, result);
    head_write(w, TAG_AARE_DIAGNOSTIC, DIAGNOSTIC_SIZE - 2u);
    nested_write(w, aare->provider ? DIAGNOSTIC_PROVIDER : DIAGNOSTIC_USER, BER_INTEGER,
                 diagnostic);
    optional_write(w, TAG_AARE_TITLE, BER_OCTETS, aare->title);
    optional_write(w, TAG_AARE_QUALIFIER, BER_OCTETS, aare->certificate);
    if (aare->has_mechanism) {
        mechanism_write(w, TAG_AARE_REQUIREMENTS, TAG_AARE_MECHANISM, aare->mechanism);
    }
    optional_write(w, TAG_AARE_SECRET, TAG_CHARSTRING, aare->secret);
    optional_write(w, TAG_USER_INFORMATION, BER_OCTETS, aare->user_information);
}

static void release_write(struct writer *w, uint8_t tag, const struct dlms_release *release)
{
    head_write(w, tag, (release->has_reason ? 3u : 0u) + optional_size(release->user_information));
    if (release->has_reason) {
        head_write(w, TAG_REASON, 1);
        writer_u8(w, release->reason);
    }
    optional_write(w, TAG_USER_INFORMATION, BER_OCTETS, release->user_information);
}

void dlms_rlrq_write(struct writer *w, const struct dlms_release *release)
{
    release_write(w, TAG_RLRQ, release);
}

void dlms_rlre_write(struct writer *w, const struct dlms_release *release)
{
    release_write(w, TAG_RLRE, release);
}

/* --- Initiate services --- */

enum initiate_octet { INITIATE_REQUEST = 0x01, INITIATE_RESPONSE = 0x08, SERVICE_ERROR = 0x0E };

/** [APPLICATION 31] conformance: 5F 1F 04 00 and three octets. */
static void conformance_write(struct writer *w, uint32_t conformance)
{
    writer_uint_be(w, 0x5F1F04, 3);
    writer_uint_be(w, conformance & 0xFFFFFFu, 4);
}

/** 5F 1F 04 00 cccccc; old implementations leave the 1F out. */
static uint32_t conformance_read(struct reader *r)
{
    uint8_t tag = reader_u8(r);
    uint8_t next = reader_u8(r);
    if (next == 0x1F) {
        next = reader_u8(r);
    }
    if (tag != 0x5F || next != 4 || reader_u8(r) != 0) {
        r->failed = true;
    }
    return (uint32_t)reader_uint_be(r, 3);
}

void dlms_initiate_request_write(struct writer *w, const struct dlms_initiate *initiate)
{
    writer_u8(w, INITIATE_REQUEST);
    writer_u8(w, initiate->dedicated_key.bytes != NULL ? 1 : 0);
    if (initiate->dedicated_key.bytes != NULL) {
        dlms_write_length(w, initiate->dedicated_key.n_bytes);
        writer_bytes(w, initiate->dedicated_key.bytes, initiate->dedicated_key.n_bytes);
    }
    if (initiate->response_allowed) {
        writer_u8(w, 0); /* the default */
    } else {
        writer_uint_be(w, 0x0100, 2);
    }
    writer_u8(w, 0); /* no quality of service */
    writer_u8(w, initiate->version);
    conformance_write(w, initiate->conformance);
    writer_uint_be(w, initiate->max_pdu, 2);
}

void dlms_initiate_response_write(struct writer *w, const struct dlms_initiate *initiate)
{
    writer_u8(w, INITIATE_RESPONSE);
    writer_u8(w, 0);
    writer_u8(w, initiate->version);
    conformance_write(w, initiate->conformance);
    writer_uint_be(w, initiate->max_pdu, 2);
    writer_uint_be(w, initiate->vaa, 2);
}

void dlms_initiate_error_write(struct writer *w, enum dlms_initiate_error error)
{
    writer_uint_be(w, 0x0E0106, 3);
    writer_u8(w, (uint8_t)error);
}

/** OPTIONAL of A-XDR: 00 absent, 01 there. */
static bool optional_read(struct reader *r)
{
    uint8_t present = reader_u8(r);
    if (present > 1) {
        r->failed = true;
    }
    return present == 1;
}

enum dlms_status dlms_initiate_request_read(const uint8_t *bytes, size_t n,
                                            struct dlms_initiate *out)
{
    struct reader r = reader_over(bytes, n);
    memset(out, 0, sizeof *out);
    if (reader_u8(&r) != INITIATE_REQUEST) {
        return DLMS_ERR_BAD;
    }
    if (optional_read(&r)) {
        out->dedicated_key.n_bytes = dlms_read_length(&r);
        out->dedicated_key.bytes = reader_bytes(&r, out->dedicated_key.n_bytes);
    }
    out->response_allowed = optional_read(&r) ? reader_u8(&r) != 0 : true;
    if (optional_read(&r)) {
        reader_u8(&r); /* proposed quality of service */
    }
    out->version = reader_u8(&r);
    out->conformance = conformance_read(&r);
    out->max_pdu = (uint16_t)reader_uint_be(&r, 2);
    return reader_complete(&r) ? DLMS_OK : DLMS_ERR_BAD;
}

enum dlms_status dlms_initiate_response_read(const uint8_t *bytes, size_t n,
                                             struct dlms_initiate *out)
{
    struct reader r = reader_over(bytes, n);
    memset(out, 0, sizeof *out);
    if (reader_u8(&r) != INITIATE_RESPONSE) {
        return DLMS_ERR_BAD;
    }
    if (optional_read(&r)) {
        reader_u8(&r); /* negotiated quality of service */
    }
    out->version = reader_u8(&r);
    out->conformance = conformance_read(&r);
    out->max_pdu = (uint16_t)reader_uint_be(&r, 2);
    out->vaa = (uint16_t)reader_uint_be(&r, 2);
    return reader_complete(&r) ? DLMS_OK : DLMS_ERR_BAD;
}

int dlms_initiate_error_read(const uint8_t *bytes, size_t n)
{
    bool is_error = n == 4 && bytes[0] == SERVICE_ERROR && bytes[1] == 0x01 && bytes[2] == 0x06;
    return is_error ? bytes[3] : -1;
}
