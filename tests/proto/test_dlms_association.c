/* How clients get in, and what stays shut: passwords, contexts, HLS in four passes, protection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/dlms_dialogue.h"
#include "proto/dlms_false_guard.h"

#define INITIATE            "BE10040E01000000065F1F0400401E1DFFFF"
#define REFUSED(diagnostic) "6117A109060760857405080101A203020101A305A1030201" diagnostic
#define NOT_INITIATED(error)                                                                       \
    "611FA109060760857405080101A203020101A305A103020101BE0604040E0106" error

static void refusals_say_why(void **state)
{
    (void)state;
    static const struct {
        uint16_t client;
        const char *aarq, *aare;
    } rows[] = {
        /* wrong password, none, the mechanism left out, another one, one that nobody knows */
        {17, "6033A1090607608574050801018A0207808B0760857405080201AC078005477572757A" INITIATE,
         REFUSED("0D")},
        {17, "602AA1090607608574050801018A0207808B0760857405080201" INITIATE, REFUSED("0D")},
        {17, "601DA109060760857405080101" INITIATE, REFUSED("0C")},
        {17, "6033A1090607608574050801018A0207808B0760857405080203AC0780054775727578" INITIATE,
         REFUSED("0B")},
        {17, "6033A1090607608574050801018A0207808B0760857405080901AC0780054775727578" INITIATE,
         REFUSED("0B")},
        /* nobody at that SAP; short names; ciphering that nobody offers; no context at all */
        {99, "601DA109060760857405080101" INITIATE, REFUSED("01")},
        {18, "601DA109060760857405080102" INITIATE, REFUSED("02")},
        {18, "601DA109060760857405080103" INITIATE, REFUSED("02")},
        {18, "6012" INITIATE, REFUSED("02")},
        /* malformed */
        {18, "60FF", REFUSED("01")},
        /* Initiate: none, another version, a size that nothing fits, nothing in common, cut off */
        {18, "600BA109060760857405080101", NOT_INITIATED("00")},
        {18, "601DA109060760857405080101BE10040E01000000055F1F0400401E1DFFFF", NOT_INITIATED("01")},
        {18, "601DA109060760857405080101BE10040E01000000065F1F0400401E1D000B", NOT_INITIATED("03")},
        {18, "601DA109060760857405080101BE10040E01000000065F1F0400000000FFFF", NOT_INITIATED("02")},
        {18, "601CA109060760857405080101BE0F040D01000000065F1F0400401E1DFF", NOT_INITIATED("00")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dlms_link link;
        link_begin(&link, rows[i].client, NULL);
        link_hex(&link, rows[i].aarq);
        assert_answer(&link, rows[i].aare);
        assert_int_equal(link.server.session.state, DLMS_NOT_ASSOCIATED);
        assert_null(link.server.session.association);
        assert_int_equal(link.meter.n_refused, i < 2 ? 1 : 0);
        link_hex(&link, "C001C1 0001 00002A0000FF 02 00");
        assert_answer(&link, "D80101");
        assert_int_equal(link.meter.n_values, 0);
    }
}

static void public_client_gets_in_without(void **state)
{
    (void)state;
    struct dlms_link link;
    link_begin(&link, 16, NULL);
    link_hex(&link, "601DA109060760857405080101" INITIATE);
    assert_answer(&link, "6129A109060760857405080101A203020100A305A103020100"
                         "BE10040E0800065F1F0400001010007D0007");
    assert_int_equal(link.meter.n_granted, 0); /* there was no secret */
    assert_true(dlms_server_offers(&link.server.config, 16, 1));
    assert_false(dlms_server_offers(&link.server.config, 16, 2));
    link_hex(&link, "601DA109060760857405080101" INITIATE); /* opens anew */
    assert_int_equal(link.out[0], 0x61);
    assert_int_equal(link.meter.n_closed, 1);
    assert_true(dlms_server_associated(&link.server));
    dlms_server_disconnect(&link.server);
    assert_int_equal(link.meter.n_closed, 2);
    assert_int_equal(link.server.session.client_sap, 16);
    assert_int_equal(link_hex(&link, "6200") > 0, 1);
    assert_answer(&link, "6303800100");
}

static void current_association_tells_of_itself(void **state)
{
    (void)state;
    static const struct {
        const char *attribute, *value;
    } rows[] = {
        {"01", "0906 0000280000FF"},   {"03", "0202 0F12 120001"},
        {"04", "0907 60857405080101"}, {"05", "0206 0418 60BE5D 120200 12FFFF 1106 0F00 0900"},
        {"06", "0907 60857405080200"}, {"08", "1602"},
    };
    struct dlms_link link;
    link_begin(&link, 18, NULL);
    assert_true(link_open(&link, 0xFFFFFF, 0xFFFF));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char request[64], answer[128];
        snprintf(request, sizeof request, "C001C1 000F 0000280000FF %s 00", rows[i].attribute);
        snprintf(answer, sizeof answer, "C401C100 %s", rows[i].value);
        link_hex(&link, request);
        assert_answer(&link, answer);
    }
    link_hex(&link, "C001C1 000F 0000280000FF 07 00"); /* the secret */
    assert_answer(&link, "C401C10103");
    link_hex(&link, "C001C1 000F 0000280000FF 09 00"); /* no security setup */
    assert_answer(&link, "C401C10103");
    link_hex(&link, "C001C1 0011 0000290000FF 02 00");
    assert_answer(&link, "C401C100 0102 0202 120001 0910 54535430303030303030303030303031"
                         "0202 120010 090A 4B414D45000001151739");
}

static void object_list_has_rights_as_the_version_writes_them(void **state)
{
    (void)state;
    /* attributes 1 to 4 of a disconnect control, 2 without any right; two methods */
#define BREAKER     "0204 120046 1100 09060000 60030AFF 0202 0104"
#define RIGHT(mode) "16" mode "00"
#define RIGHTS(mode)                                                                               \
    "02030F01" RIGHT(mode) "02030F02160000 02030F03" RIGHT(mode) "02030F04" RIGHT(mode)
#define METHODS(mode) "0102 02020F01" mode "02020F02" mode
    static const struct {
        uint8_t version, extra_mode;
        const char *element;
    } rows[] = {
        {0, 0, BREAKER RIGHTS("01") METHODS("0301")},
        {0, DLMS_MODE_REQUEST_AUTHENTICATED, BREAKER RIGHTS("01") METHODS("0301")},
        {1, 0, BREAKER RIGHTS("01") METHODS("1601")},
        {1, DLMS_MODE_REQUEST_AUTHENTICATED, BREAKER RIGHTS("04") METHODS("1602")},
        {2, DLMS_MODE_REQUEST_AUTHENTICATED, BREAKER RIGHTS("04") METHODS("1602")},
        {3, 0, BREAKER RIGHTS("01") METHODS("1601")},
        {3, DLMS_MODE_REQUEST_AUTHENTICATED, BREAKER RIGHTS("05") METHODS("1605")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dlms_meter meter;
        dlms_meter_init(&meter);
        const struct dlms_object self = {{0, 0, 40, 0, 0, 255}, 15, rows[i].version, 0, 0};
        const struct dlms_object breaker[] = {{{0, 0, 96, 3, 10, 255}, 70, 0, 0, ROW_BREAKER}};
        const struct dlms_association_style style = {true, NULL};
        meter.extra_mode = rows[i].extra_mode;
        struct dlms_session session = {.association = &dlms_meter_associations[1]};
        struct dlms_get get = {.object = &self, .attribute = 2};
        uint8_t out[256], expected[256];
        meter.table.objects = breaker;
        meter.table.n_objects = 1;
        struct dlms_model model = dlms_meter_model(&meter);
        struct writer w = writer_over(out, sizeof out);
        assert_int_equal(dlms_class_association_get(&model, &session, &style, &get, &w),
                         DLMS_RESULT_MORE);
        assert_memory_equal(out, "\1\1", 2);
        w = writer_over(out, sizeof out);
        assert_int_equal(dlms_class_association_get(&model, &session, &style, &get, &w),
                         DLMS_RESULT_SUCCESS);
        size_t n = link_octets(rows[i].element, expected);
        assert_int_equal(writer_length(&w), n);
        assert_memory_equal(out, expected, n);
        get.attribute = 6; /* as a structure of numbers */
        w = writer_over(out, sizeof out);
        dlms_class_association_get(&model, &session, &style, &get, &w);
        n = link_octets("0207 1102 1110 1202F4 1105 1108 1102 1101", expected);
        assert_int_equal(writer_length(&w), n);
        assert_memory_equal(out, expected, n);
    }
}

/* --- HLS and protection --- */

/** Send a message protected by the false guard. */
static void send_sealed(struct dlms_link *link, const char *text, uint8_t kind, uint8_t control,
                        uint8_t counter)
{
    uint8_t apdu[256] = {0};
    size_t n = link_octets(text, apdu);
    n = false_seal(apdu, n, sizeof apdu, kind, control, counter);
    assert_true(n > 0);
    link_send(link, apdu, n);
}

/** The answer is protected alike; what is in it. */
static void assert_sealed(struct dlms_link *link, const char *expected, uint8_t kind,
                          uint8_t control)
{
    uint8_t found_kind = 0, found_control = 0, bytes[256];
    assert_int_equal(false_open(link->out, link->n_out, &found_kind, &found_control),
                     DLMS_UNPROTECTED);
    assert_int_equal(found_kind, kind);
    assert_int_equal(found_control, control);
    size_t n = link_octets(expected, bytes);
    assert_int_equal(link->n_out - FALSE_OVERHEAD, n);
    assert_memory_equal(link->out + 3, bytes, n);
}

/** AARQ of client 1: ciphered context, GMAC, a challenge, protected Initiate. */
static void send_aarq_of(struct dlms_link *link, uint8_t control, uint8_t counter,
                         const char *challenge, const char *initiate)
{
    uint8_t apdu[256], information[128] = {0};
    size_t n = link_octets(initiate, information);
    if (control != 0) {
        n = false_seal(information, n, sizeof information, DLMS_GLO, control, counter);
    }
    struct dlms_aarq aarq = {.context = DLMS_CONTEXT_LN_CIPHERED,
                             .has_mechanism = true,
                             .mechanism = DLMS_MECHANISM_HLS_GMAC,
                             .title = {(const uint8_t *)"MMM\0\0\0\0\1", 8},
                             .user_id = -1,
                             .secret = {(const uint8_t *)challenge, strlen(challenge)},
                             .user_information = {information, n}};
    struct writer w = writer_over(apdu, sizeof apdu);
    dlms_aarq_write(&w, &aarq);
    link_writer(link, &w);
}

#define PLAIN_INITIATE "01000000065F1F0400FFFFFF0200"
#define KEY_8          "A1A2A3A4A5A6A7A8"

static void send_aarq(struct dlms_link *link, uint8_t control, uint8_t counter)
{
    send_aarq_of(link, control, counter, "K56iVagY", PLAIN_INITIATE);
}

#define REPLY "C301C1 000F 0000280000FF 01 01 0908 5036 7752 4A32 3146"

static void high_level_security_takes_four_passes(void **state)
{
    (void)state;
    struct dlms_link link;
    struct false_guard secrets = {0};
    const struct dlms_guard guard = false_guard_of(&secrets);
    struct dlms_aare aare;
    link_begin(&link, 1, &guard);
    send_aarq(&link, 0x30, 1);
    assert_int_equal(dlms_aare_read(link.out, link.n_out, &aare), DLMS_OK);
    assert_int_equal(aare.result, DLMS_ACCEPTED);
    assert_int_equal(aare.diagnostic, DLMS_DIAGNOSTIC_AUTHENTICATION_REQUIRED);
    assert_memory_equal(aare.title.bytes, "ABCDEFGH", 8);
    assert_memory_equal(aare.secret.bytes, "P6wRJ21F", 8);
    assert_int_equal(aare.mechanism, DLMS_MECHANISM_HLS_GMAC);
    assert_int_equal(aare.user_information.bytes[0], 0x28);
    assert_int_equal(link.server.session.state, DLMS_PENDING);
    assert_int_equal(link.meter.n_granted, 0);

    /* until then nothing else is served, protected or not */
    static const char *const others[] = {
        "C001C1 0001 00002A0000FF 02 00",      "C101C1 0001 00002A0000FF 02 00 0900",
        "C301C1 0046 000060030AFF 01 00",      "C301C1 000F 0000280000FF 02 01 0900",
        "C301C1 000F 0000280001FF 01 01 0900", "C301C1 0001 0000280000FF 01 01 0900",
    };
    uint8_t counter = 2;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        send_sealed(&link, others[i], DLMS_GLO, 0x30, counter++);
        assert_answer(&link, "D80101");
    }
    link_hex(&link, REPLY); /* not protected, as the association demands */
    assert_answer(&link, "D80101");
    assert_int_equal(link.meter.n_values, 0);
    send_sealed(&link, REPLY, DLMS_GLO, 0x30, counter++);
    assert_sealed(&link, "C701C100 0100 0908 4B35 3669 5661 6759", DLMS_GLO, 0x30);
    assert_true(dlms_server_associated(&link.server));
    assert_int_equal(link.meter.n_granted, 1);

    /* answered in the kind it came in */
    send_sealed(&link, "C001C1 0003 0101151900FF 02 00", DLMS_GLO, 0x30, counter++);
    assert_sealed(&link, "C401C100120000", DLMS_GLO, 0x30);
    send_sealed(&link, "C001C1 0003 0101151900FF 02 00", DLMS_GENERAL_GLO, 0x30, counter++);
    assert_sealed(&link, "C401C100120000", DLMS_GENERAL_GLO, 0x30);
    send_sealed(&link, "C001C1 0003 0101151900FF 02 00", DLMS_DED, 0x30, counter++);
    assert_sealed(&link, "C401C100120000", DLMS_DED, 0x30);
    /* not as the association demands: authenticated alone, encrypted alone, in clear */
    unsigned n_values = link.meter.n_values;
    send_sealed(&link, "C001C1 0003 0101151900FF 02 00", DLMS_GLO, 0x10, counter++);
    assert_answer(&link, "D80101");
    send_sealed(&link, "C001C1 0003 0101151900FF 02 00", DLMS_GLO, 0x20, counter++);
    assert_answer(&link, "D80101");
    link_hex(&link, "C001C1 0003 0101151900FF 02 00");
    assert_answer(&link, "D80101");
    /* seen before; damaged */
    send_sealed(&link, "C001C1 0003 0101151900FF 02 00", DLMS_GLO, 0x30, 3);
    char expected[32];
    snprintf(expected, sizeof expected, "D80106000000%02X", counter);
    assert_answer(&link, expected);
    link_hex(&link, "C8 30 FF 9A 9A 9A 00");
    assert_answer(&link, "D80105");
    assert_int_equal(link.meter.n_values, n_values);
    /* a release has to be protected where it has anything to protect */
    link_hex(&link, "6214 800100 BE0F040D21 30FF 000000000000000000 0000");
    assert_true(dlms_server_associated(&link.server));
    link_hex(&link, "6203800100");
    assert_false(dlms_server_associated(&link.server));
}

static void a_wrong_proof_ends_the_association(void **state)
{
    (void)state;
    struct dlms_link link;
    struct false_guard secrets = {0};
    const struct dlms_guard guard = false_guard_of(&secrets);
    link_begin(&link, 1, &guard);
    send_aarq(&link, 0x30, 1);
    send_sealed(&link, "C301C1 000F 0000280000FF 01 01 0908 5036 7752 4A32 3147", DLMS_GLO, 0x30,
                2);
    assert_int_equal(link.meter.n_refused, 1);
    assert_int_equal(link.server.session.state, DLMS_NOT_ASSOCIATED);
    send_sealed(&link, REPLY, DLMS_GLO, 0x30, 3);
    assert_answer(&link, "D80105");
    assert_int_equal(link.meter.n_granted, 0);
}

static void nobody_gets_in_without_protection_or_randomness(void **state)
{
    (void)state;
    struct dlms_link link;
    struct false_guard secrets = {0};
    const struct dlms_guard guard = false_guard_of(&secrets);
    struct dlms_aare aare;
    link_begin(&link, 1, &guard);
    send_aarq(&link, 0, 0); /* Initiate in clear */
    assert_int_equal(dlms_aare_read(link.out, link.n_out, &aare), DLMS_OK);
    assert_int_equal(aare.result, DLMS_REJECTED_PERMANENT);
    send_aarq(&link, 0x10, 1);
    assert_int_equal(dlms_aare_read(link.out, link.n_out, &aare), DLMS_OK);
    assert_int_equal(aare.result, DLMS_REJECTED_PERMANENT);
    secrets.no_random = true;
    send_aarq(&link, 0x30, 2);
    assert_int_equal(dlms_aare_read(link.out, link.n_out, &aare), DLMS_OK);
    assert_int_equal(aare.result, DLMS_REJECTED_TRANSIENT);
    assert_int_equal(link.server.session.state, DLMS_NOT_ASSOCIATED);
    link_begin(&link, 1, NULL); /* a server without ciphering */
    send_aarq(&link, 0x30, 3);
    assert_int_equal(dlms_aare_read(link.out, link.n_out, &aare), DLMS_OK);
    assert_int_equal(aare.diagnostic, DLMS_DIAGNOSTIC_CONTEXT);
}

static void challenges_and_keys_have_their_lengths(void **state)
{
    (void)state;
    static const struct {
        const char *challenge, *initiate;
        uint8_t result, diagnostic;
    } rows[] = {
        {"K56iVag", PLAIN_INITIATE, DLMS_REJECTED_PERMANENT, DLMS_DIAGNOSTIC_AUTHENTICATION_FAILED},
        {"0123456789012345678901234567890123456789012345678901234567890123", PLAIN_INITIATE,
         DLMS_ACCEPTED, DLMS_DIAGNOSTIC_AUTHENTICATION_REQUIRED},
        {"01234567890123456789012345678901234567890123456789012345678901234", PLAIN_INITIATE,
         DLMS_REJECTED_PERMANENT, DLMS_DIAGNOSTIC_AUTHENTICATION_FAILED},
        {"P6wRJ21F", PLAIN_INITIATE, DLMS_REJECTED_TRANSIENT, DLMS_DIAGNOSTIC_NO_REASON}, /* ours */
        {"K56iVagY", "0101 20" KEY_8 KEY_8 KEY_8 KEY_8 "0000065F1F0400FFFFFF0200", DLMS_ACCEPTED,
         DLMS_DIAGNOSTIC_AUTHENTICATION_REQUIRED},
        {"K56iVagY", "0101 21" KEY_8 KEY_8 KEY_8 KEY_8 "FF 0000065F1F0400FFFFFF0200",
         DLMS_REJECTED_PERMANENT, DLMS_DIAGNOSTIC_NO_REASON},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dlms_link link;
        struct false_guard secrets = {0};
        const struct dlms_guard guard = false_guard_of(&secrets);
        struct dlms_aare aare;
        link_begin(&link, 1, &guard);
        send_aarq_of(&link, 0x30, 1, rows[i].challenge, rows[i].initiate);
        assert_int_equal(dlms_aare_read(link.out, link.n_out, &aare), DLMS_OK);
        assert_int_equal(aare.result, rows[i].result);
        assert_int_equal(aare.diagnostic, rows[i].diagnostic);
        assert_int_equal(link.server.session.n_dedicated_key, i == 4 ? 32 : 0);
        assert_int_equal(link.server.session.n_ctos, i == 1 ? 64 : i == 4 ? 8 : 0);
    }
}

static void blocks_of(uint16_t max_pdu)
{
    struct dlms_link link;
    struct false_guard secrets = {0};
    const struct dlms_guard guard = false_guard_of(&secrets);
    link_begin(&link, 1, &guard);
    send_aarq(&link, 0x30, 1);
    send_sealed(&link, REPLY, DLMS_GLO, 0x30, 2);
    link.server.session.client_max_pdu = max_pdu;
    send_sealed(&link, "C001C1 0007 0100630100FF 02 00", DLMS_GLO, 0x30, 3);
    uint8_t counter = 4, kind, control;
    uint32_t n_raw = 0;
    for (uint32_t number = 1;; number++) {
        struct dlms_response response;
        char next[32];
        assert_true(link.n_out <= max_pdu);
        assert_int_equal(false_open(link.out, link.n_out, &kind, &control), DLMS_UNPROTECTED);
        assert_int_equal(dlms_response_read(link.out + 3, link.n_out - 4, &response), DLMS_OK);
        assert_int_equal(response.block.number, number);
        n_raw += response.block.n_raw;
        if (response.block.last) {
            break;
        }
        snprintf(next, sizeof next, "C002C1 %08X", (unsigned)number);
        send_sealed(&link, next, DLMS_GLO, 0x30, counter++);
    }
    assert_int_equal(n_raw, 2 + 100 * 21);
}

static void ciphered_blocks_keep_to_the_size(void **state)
{
    (void)state;
    for (uint16_t max_pdu = 60; max_pdu < 140; max_pdu++) {
        blocks_of(max_pdu);
    }
}
static void rights_ask_for_protected_answers(void **state)
{
    (void)state;
    struct dlms_link link;
    struct false_guard secrets = {0};
    const struct dlms_guard guard = false_guard_of(&secrets);
    link_begin(&link, 2, &guard);
    assert_true(link_open(&link, 0xFFFFFF, 0));
    link.server.session.context = DLMS_CONTEXT_LN_CIPHERED;
    send_sealed(&link, "C001C1 0003 0101151900FF 02 00", DLMS_GLO, 0x20, 1);
    assert_sealed(&link, "C401C100120000", DLMS_GLO, 0x20);
    link.meter.extra_mode = DLMS_MODE_RESPONSE_AUTHENTICATED;
    send_sealed(&link, "C001C1 0003 0101151900FF 02 00", DLMS_GLO, 0x20, 2);
    assert_sealed(&link, "C401C100120000", DLMS_GLO, 0x30);
    link.meter.extra_mode = DLMS_MODE_RESPONSE_ENCRYPTED;
    send_sealed(&link, "C001C1 0003 0101151900FF 02 00", DLMS_GLO, 0x10, 3);
    assert_sealed(&link, "C401C100120000", DLMS_GLO, 0x30);
    link_hex(&link, "C001C1 0003 0101151900FF 02 00");
    assert_answer(&link, "C401C10103");
    link.meter.extra_mode = DLMS_MODE_RESPONSE_SIGNED;
    send_sealed(&link, "C001C1 0003 0101151900FF 02 00", DLMS_GLO, 0x30, 4);
    assert_sealed(&link, "C401C10103", DLMS_GLO, 0x30);
    link.meter.extra_mode = DLMS_MODE_REQUEST_SIGNED;
    send_sealed(&link, "C001C1 0003 0101151900FF 02 00", DLMS_GLO, 0x30, 5);
    assert_sealed(&link, "C401C10103", DLMS_GLO, 0x30);
}

static void a_ciphered_context_needs_a_title(void **state)
{
    (void)state;
    struct dlms_link link;
    struct false_guard secrets = {0};
    const struct dlms_guard guard = false_guard_of(&secrets);
    link_begin(&link, 2, &guard);
    link_hex(&link, "601DA109060760857405080103" INITIATE);
    assert_int_equal(link.server.session.state, DLMS_NOT_ASSOCIATED);
    link_hex(&link, "6029A109060760857405080103 A60A0408 4D4D4D0000000001" INITIATE);
    assert_int_equal(link.server.session.state, DLMS_ASSOCIATED);
    assert_memory_equal(link.server.session.title, "MMM\0\0\0\0\1", 8);
}

static void classes_have_their_members(void **state)
{
    (void)state;
    assert_int_equal(dlms_class_members(15, 0).n_attributes, 8);
    assert_int_equal(dlms_class_members(15, 1).n_attributes, 9);
    assert_int_equal(dlms_class_members(15, 3).n_attributes, 11);
    assert_int_equal(dlms_class_members(15, 3).n_methods, 6);
    assert_int_equal(dlms_class_members(7, 1).n_attributes, 8);
    assert_int_equal(dlms_class_members(9999, 0).n_attributes, 1);
    struct dlms_link link; /* only a buffer can be read in part, and the list says so */
    uint8_t selectors[16];
    size_t n = link_octets("02030F021601 01020F010F02", selectors), n_found = 0;
    link_begin(&link, 18, NULL);
    assert_true(link_open(&link, 0xFFFFFF, 0));
    link.capacity = sizeof link.out;
    link_hex(&link, "C001C1 000F 0000280000FF 02 00");
    for (size_t i = 0; i + n <= link.n_out; i++) {
        n_found += memcmp(link.out + i, selectors, n) == 0 ? 1u : 0u;
    }
    assert_int_equal(n_found, 1);
}

static void notifications_are_protected_on_demand(void **state)
{
    (void)state;
    struct dlms_link link;
    struct false_guard secrets = {0};
    const struct dlms_guard guard = false_guard_of(&secrets);
    uint8_t buffer[64] = {DLMS_TAG_DATA_NOTIFICATION, 0, 0, 0, 1, 0, 0};
    const struct dlms_security plain = {DLMS_PLAIN, 0, false},
                               sealed = {DLMS_GENERAL_GLO, 0x30, false};
    link_begin(&link, 1, &guard);
    assert_int_equal(dlms_server_notify(&link.server, &plain, buffer, 7, sizeof buffer), 7);
    assert_int_equal(dlms_server_notify(&link.server, &sealed, buffer, 7, sizeof buffer), 11);
    assert_int_equal(buffer[0], DLMS_TAG_GENERAL_GLO);
    link_begin(&link, 1, NULL);
    assert_int_equal(dlms_server_notify(&link.server, &sealed, buffer, 7, sizeof buffer), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_say_why),
        cmocka_unit_test(public_client_gets_in_without),
        cmocka_unit_test(current_association_tells_of_itself),
        cmocka_unit_test(object_list_has_rights_as_the_version_writes_them),
        cmocka_unit_test(high_level_security_takes_four_passes),
        cmocka_unit_test(a_wrong_proof_ends_the_association),
        cmocka_unit_test(nobody_gets_in_without_protection_or_randomness),
        cmocka_unit_test(challenges_and_keys_have_their_lengths),
        cmocka_unit_test(ciphered_blocks_keep_to_the_size),
        cmocka_unit_test(rights_ask_for_protected_answers),
        cmocka_unit_test(a_ciphered_context_needs_a_title),
        cmocka_unit_test(classes_have_their_members),
        cmocka_unit_test(notifications_are_protected_on_demand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
