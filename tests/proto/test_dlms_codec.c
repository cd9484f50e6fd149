/* The DLMS codec: captured messages byte for byte, Data of every type, bounds, dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/dlms/dlms_gbt.h"
#include "proto/dlms/dlms_model.h"
#include "proto/dlms/dlms_time.h"
#include "proto/hex.h"

/** Octets of text without spaces. */
static size_t octets(const char *text, uint8_t *out)
{
    size_t n = 0;
    char pair[3] = {0};
    for (size_t i = 0; text[i] != '\0';) {
        if (text[i] == ' ') {
            i++;
            continue;
        }
        memcpy(pair, text + i, 2);
        out[n++] = (uint8_t)strtoul(pair, NULL, 16);
        i += 2;
    }
    return n;
}

static void assert_written(const struct writer *w, const char *expected)
{
    uint8_t bytes[512];
    size_t n = octets(expected, bytes);
    assert_false(w->failed);
    assert_int_equal(writer_length(w), n);
    assert_memory_equal(w->begin, bytes, n);
}

/* --- Association messages --- */

static const char *const aarqs[] = {
    "601DA109060760857405080101BE10040E01000000065F1F0400401E1DFFFF",
    "6033A1090607608574050801018A0207808B0760857405080201AC0780054775727578"
    "BE10040E01000000065F1F0400401E1DFFFF",
    "605DA109060760857405080103A60A040847525800000000018A0207808B0760857405080205"
    "AC12801070389CCE67B359AC56AB552A158A4522"
    "BE230421211F30004C4B40000102030405060708090A0B0C0D000102030405060708090A0B",
};

static const char *const aares[] = {
    "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F0400001E1D02000007",
    "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000001802000007",
    "6169A109060760857405080103A203020100A305A10302010EA40A04084142434445464748"
    "88020780890760857405080205AA12801068349ACDE6F3F9FCFE7F3F9FCF673399"
    "BE230421281F3000003BDC000102030405060708090A0B0C0D000102030405060708090A0B",
};

static void aarq_comes_back_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof aarqs / sizeof aarqs[0]; i++) {
        uint8_t apdu[256], again[256];
        size_t n = octets(aarqs[i], apdu);
        struct dlms_aarq aarq;
        assert_int_equal(dlms_aarq_read(apdu, n, &aarq), DLMS_OK);
        struct writer w = writer_over(again, sizeof again);
        dlms_aarq_write(&w, &aarq);
        assert_written(&w, aarqs[i]);
        for (size_t cut = 0; cut < n; cut++) {
            assert_int_not_equal(dlms_aarq_read(apdu, cut, &aarq), DLMS_OK);
        }
    }
}

static void aare_comes_back_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof aares / sizeof aares[0]; i++) {
        uint8_t apdu[256], again[256];
        size_t n = octets(aares[i], apdu);
        struct dlms_aare aare;
        assert_int_equal(dlms_aare_read(apdu, n, &aare), DLMS_OK);
        struct writer w = writer_over(again, sizeof again);
        dlms_aare_write(&w, &aare);
        assert_written(&w, aares[i]);
        for (size_t cut = 0; cut < n; cut++) {
            assert_int_not_equal(dlms_aare_read(apdu, cut, &aare), DLMS_OK);
        }
    }
}

static void a_result_has_one_octet(void **state)
{
    (void)state;
    uint8_t apdu[128];
    struct dlms_aare aare;
    size_t n = octets("610E A109060760857405080101 A200", apdu);
    apdu[1] = (uint8_t)(n - 2);
    assert_int_not_equal(dlms_aare_read(apdu, n, &aare), DLMS_OK);
    n = octets("6100 A109060760857405080101 A20402020000", apdu);
    apdu[1] = (uint8_t)(n - 2);
    assert_int_not_equal(dlms_aare_read(apdu, n, &aare), DLMS_OK);
    n = octets("6100 A109060760857405080101", apdu); /* without a result nobody is let in */
    apdu[1] = (uint8_t)(n - 2);
    assert_int_equal(dlms_aare_read(apdu, n, &aare), DLMS_OK);
    assert_int_equal(aare.result, DLMS_REJECTED_PERMANENT);
}

static void aarq_members_are_found(void **state)
{
    (void)state;
    uint8_t apdu[256];
    struct dlms_aarq aarq;
    size_t n = octets(aarqs[1], apdu);
    assert_int_equal(dlms_aarq_read(apdu, n, &aarq), DLMS_OK);
    assert_int_equal(aarq.context, DLMS_CONTEXT_LN);
    assert_int_equal(aarq.mechanism, DLMS_MECHANISM_LLS);
    assert_int_equal(aarq.secret.n_bytes, 5);
    assert_memory_equal(aarq.secret.bytes, "Gurux", 5);
    assert_int_equal(aarq.user_id, -1);
    struct dlms_initiate initiate;
    assert_int_equal(dlms_initiate_request_read(aarq.user_information.bytes,
                                                aarq.user_information.n_bytes, &initiate),
                     DLMS_OK);
    assert_int_equal(initiate.conformance, 0x401E1D);
    assert_int_equal(initiate.max_pdu, 0xFFFF);
    assert_true(initiate.response_allowed);
    n = octets(aarqs[2], apdu);
    assert_int_equal(dlms_aarq_read(apdu, n, &aarq), DLMS_OK);
    assert_int_equal(aarq.context, DLMS_CONTEXT_LN_CIPHERED);
    assert_int_equal(aarq.mechanism, DLMS_MECHANISM_HLS_GMAC);
    assert_memory_equal(aarq.title.bytes, "GRX\0\0\0\0\1", 8);
    assert_int_equal(aarq.secret.n_bytes, 16);
}

static void elements_in_another_order_and_unknown_ones_do(void **state)
{
    (void)state;
    uint8_t apdu[128];
    struct dlms_aarq aarq;
    size_t n = octets("6026 BE10040E01000000065F1F0400401E1DFFFF 9F01 0411223344"
                      " A109060760857405080101",
                      apdu);
    apdu[1] = (uint8_t)(n - 2);
    /* 9F 01 04.. : an element of one octet, then what follows is 11 22.. with its length */
    assert_int_not_equal(dlms_aarq_read(apdu, n, &aarq), DLMS_OK);
    n = octets("6025 BE10040E01000000065F1F0400401E1DFFFF 9F 04 11223344 A109060760857405080101",
               apdu);
    apdu[1] = (uint8_t)(n - 2);
    assert_int_equal(dlms_aarq_read(apdu, n, &aarq), DLMS_OK);
    assert_int_equal(aarq.context, DLMS_CONTEXT_LN);
    assert_int_equal(aarq.user_information.n_bytes, 14);
}

static void release_and_initiate(void **state)
{
    (void)state;
    uint8_t apdu[64], out[64];
    struct dlms_release release;
    size_t n = octets("6203800100", apdu);
    assert_int_equal(dlms_rlrq_read(apdu, n, &release), DLMS_OK);
    assert_true(release.has_reason);
    assert_int_equal(release.reason, 0);
    struct writer w = writer_over(out, sizeof out);
    dlms_rlre_write(&w, &release);
    assert_written(&w, "6303800100");
    n = octets("6200", apdu);
    assert_int_equal(dlms_rlrq_read(apdu, n, &release), DLMS_OK);
    assert_false(release.has_reason);

    static const char request[] = "01011000112233445566778899AABBCCDDEEFF0000065F1F0400007E1F04B0";
    struct dlms_initiate initiate;
    n = octets(request, apdu);
    assert_int_equal(dlms_initiate_request_read(apdu, n, &initiate), DLMS_OK);
    assert_int_equal(initiate.dedicated_key.n_bytes, 16);
    assert_int_equal(initiate.conformance, 0x007E1F);
    assert_int_equal(initiate.max_pdu, 0x04B0);
    w = writer_over(out, sizeof out);
    dlms_initiate_request_write(&w, &initiate);
    assert_written(&w, request);
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_not_equal(dlms_initiate_request_read(apdu, cut, &initiate), DLMS_OK);
    }

    static const char response[] = "0800065F1F0400007C1F04000007";
    n = octets(response, apdu);
    assert_int_equal(dlms_initiate_response_read(apdu, n, &initiate), DLMS_OK);
    assert_int_equal(initiate.vaa, DLMS_VAA_LN);
    w = writer_over(out, sizeof out);
    dlms_initiate_response_write(&w, &initiate);
    assert_written(&w, response);
    w = writer_over(out, sizeof out);
    dlms_initiate_error_write(&w, DLMS_INITIATE_PDU);
    assert_written(&w, "0E010603");
    assert_int_equal(dlms_initiate_error_read(out, 4), DLMS_INITIATE_PDU);
    assert_int_equal(dlms_initiate_error_read(apdu, 4), -1);
}

/* --- Data --- */

static void every_type_is_written_and_read(void **state)
{
    (void)state;
    static const char expected[] =
        "00 0301 05FFFFFFFE 06FFFFFFFF 0903010203 0A026F6B 0C02C3A9 0F80 10FFFF 11FF 12FFFF"
        "14FFFFFFFFFFFFFFFF 158000000000000000 1605 040AA080 02020FFE161B"
        "0204120008090600000100 00FF0F02120000";
    uint8_t out[256];
    struct writer w = writer_over(out, sizeof out);
    dlms_write_null(&w);
    dlms_write_bool(&w, true);
    dlms_write_i32(&w, -2);
    dlms_write_u32(&w, UINT32_MAX);
    dlms_write_octets(&w, "\1\2\3", 3);
    dlms_write_string(&w, DLMS_VISIBLE, "ok", 2);
    dlms_write_string(&w, DLMS_UTF8, "\xC3\xA9", 2);
    dlms_write_i8(&w, -128);
    dlms_write_i16(&w, -1);
    dlms_write_u8(&w, 255);
    dlms_write_u16(&w, 65535);
    dlms_write_i64(&w, -1);
    dlms_write_u64(&w, UINT64_C(0x8000000000000000));
    dlms_write_enum(&w, 5);
    dlms_write_bits(&w, (const uint8_t *)"\xA0\x80", 10);
    dlms_write_scaler_unit(&w, -2, 27);
    dlms_write_capture_object(&w, 8, (const uint8_t *)"\0\0\1\0\0\xFF", 2, 0);
    assert_written(&w, expected);

    static const int64_t numbers[] = {0, 1, -2, UINT32_MAX, 0, 0, 0, -128, -1, 255, 65535, -1};
    struct reader r = reader_over(out, writer_length(&w));
    struct dlms_value value;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_int_equal(dlms_data_read(&r, &value), DLMS_OK);
        int64_t number = 0;
        dlms_value_integer(&value, &number);
        assert_true(number == numbers[i]);
    }
    int64_t number;
    assert_int_equal(dlms_data_read(&r, &value), DLMS_OK);
    assert_false(dlms_value_integer(&value, &number)); /* beyond int64_t */
    assert_int_equal(dlms_data_read(&r, &value), DLMS_OK);
    assert_int_equal(dlms_data_read(&r, &value), DLMS_OK);
    assert_int_equal(value.count, 10);
    assert_int_equal(value.n_bytes, 2);
    assert_int_equal(dlms_data_skip(&r), DLMS_OK);
    struct dlms_column column;
    assert_true(dlms_column_read(&r, &column));
    assert_int_equal(column.class_id, 8);
    assert_true(reader_complete(&r));
    w = writer_over(out, sizeof out);
    dlms_write_int(&w, DLMS_OCTETS, 1);
    assert_true(w.failed);
}

static void lengths_have_one_to_five_octets(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {0, 1, 127, 128, 255, 256, 65535, 65536, UINT32_MAX};
    static const uint8_t sizes[] = {1, 1, 1, 2, 2, 3, 3, 5, 5};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t out[8];
        struct writer w = writer_over(out, sizeof out);
        dlms_write_length(&w, lengths[i]);
        assert_int_equal(writer_length(&w), sizes[i]);
        struct reader r = reader_over(out, sizes[i]);
        assert_true(dlms_read_length(&r) == lengths[i]);
        assert_true(reader_complete(&r));
    }
    struct reader r = reader_over("\x85\1\1\1\1\1", 6);
    dlms_read_length(&r);
    assert_true(r.failed);
    r = reader_over("\x80", 1);
    dlms_read_length(&r);
    assert_true(r.failed);
}

static void typed_readers_take_their_type_only(void **state)
{
    (void)state;
    uint8_t u8 = 7;
    uint16_t u16 = 7;
    struct reader r = reader_over("\x12\0\5", 3);
    assert_false(dlms_read_u8(&r, &u8));
    assert_int_equal(u8, 7);
    assert_true(r.failed);
    r = reader_over("\x12\0\5", 3);
    assert_true(dlms_read_u16(&r, &u16));
    assert_int_equal(u16, 5);
    r = reader_over("\x09\3\1\2\3", 5);
    assert_null(dlms_read_octets_of(&r, 4));
    assert_true(r.failed);
    r = reader_over("\2\3", 2);
    assert_false(dlms_read_structure(&r, 2));
}

static void nesting_has_an_end(void **state)
{
    (void)state;
    uint8_t deep[64];
    for (unsigned depth = 1; depth <= 20; depth++) {
        for (unsigned i = 0; i < depth; i++) {
            deep[2 * i] = 2;
            deep[2 * i + 1] = 1;
        }
        deep[2 * depth] = 0;
        struct reader r = reader_over(deep, 2 * depth + 1);
        enum dlms_status expected = depth <= DLMS_DEPTH_MAX ? DLMS_OK : DLMS_ERR_DEPTH;
        assert_int_equal(dlms_data_skip(&r), expected);
        struct dlms_walker walker;
        struct dlms_value value;
        enum dlms_status status;
        dlms_walker_init(&walker, deep, 2 * depth + 1);
        do {
            status = dlms_data_next(&walker, &value);
        } while (status == DLMS_OK);
        assert_int_equal(status, expected == DLMS_OK ? DLMS_END : DLMS_ERR_DEPTH);
    }
}

/** Walk over a Data; a letter for each item, its depth before it. */
static enum dlms_status walk(struct dlms_walker *walker, char *text)
{
    struct dlms_value value;
    enum dlms_status status;
    while ((status = dlms_data_next(walker, &value)) == DLMS_OK) {
        text += sprintf(text, "%u:%u", (unsigned)value.depth, (unsigned)value.type);
        int64_t number;
        if (dlms_value_integer(&value, &number)) {
            text += sprintf(text, "=%lld", (long long)number);
        }
        *text++ = ' ';
        *text = '\0';
    }
    return status;
}

static void walker_shows_items_in_order(void **state)
{
    (void)state;
    uint8_t data[64];
    char text[256] = "";
    struct dlms_walker walker;
    size_t n = octets("0102 0203 1101 0100 1102 0203 1103 01020F010FFE 1104", data);
    dlms_walker_init(&walker, data, n);
    assert_int_equal(walk(&walker, text), DLMS_END);
    assert_string_equal(text, "0:1 1:2 2:17=1 2:1 2:17=2 1:2 2:17=3 2:1 3:15=1 3:15=-2 2:17=4 ");
    assert_int_equal(dlms_walker_left(&walker), 0);
}

static void walker_goes_on_where_the_octets_ended(void **state)
{
    (void)state;
    uint8_t data[64], part[64];
    size_t n = octets("0102 0203 1101 0903414243 1102 0203 1103 01020F010FFE 1104", data);
    char whole[256] = "", text[256];
    struct dlms_walker walker;
    dlms_walker_init(&walker, data, n);
    assert_int_equal(walk(&walker, whole), DLMS_END);
    for (size_t cut = 0; cut < n; cut++) {
        text[0] = '\0';
        dlms_walker_init(&walker, data, cut);
        assert_int_equal(walk(&walker, text), DLMS_ERR_CUT);
        size_t unread = dlms_walker_left(&walker);
        memcpy(part, data + cut - unread, n - cut + unread);
        dlms_walker_feed(&walker, part, n - cut + unread);
        assert_int_equal(walk(&walker, text + strlen(text)), DLMS_END);
        assert_string_equal(text, whole);
    }
}

static void compact_array_reads_as_an_array(void **state)
{
    (void)state;
    static const struct {
        const char *data, *text;
    } rows[] = {
        /* two rows of {long-unsigned, octet-string} */
        {"13 02 02 12 09 0A 0001 0141 0002 03424344", "0:1 1:2 2:18=1 2:9 1:2 2:18=2 2:9 "},
        /* array of two integers in each of two structures, then something after it */
        {"0202 13 02 01 01 0002 0F 04 01FE 03FC 1107",
         "0:2 1:1 2:2 3:1 4:15=1 4:15=-2 2:2 3:1 4:15=3 4:15=-4 1:17=7 "},
        {"13 11 03 010203", "0:1 1:17=1 1:17=2 1:17=3 "},
        {"0202 13 11 00 1107", "0:2 1:1 1:17=7 "},
        {"13 04 03 05A8 01", NULL}, /* the second bit-string lacks its octets */
        {"13 00 02 0000", NULL},    /* elements without octets never use the contents up */
        {"13 01 FFFF 01 FFFF 00 01 00", NULL},
        {"13 13 11 01 01", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t data[64];
        char text[256] = "";
        struct dlms_walker walker;
        size_t n = octets(rows[i].data, data);
        dlms_walker_init(&walker, data, n);
        enum dlms_status status = walk(&walker, text);
        if (rows[i].text == NULL) {
            assert_true(status < 0);
            continue;
        }
        assert_int_equal(status, DLMS_END);
        assert_string_equal(text, rows[i].text);
        struct reader r = reader_over(data, n);
        assert_int_equal(dlms_data_skip(&r), DLMS_OK);
        assert_true(reader_complete(&r));
        for (size_t cut = 0; cut < n; cut++) {
            r = reader_over(data, cut);
            assert_true(dlms_data_skip(&r) < 0);
        }
    }
}

static void any_octets_come_to_an_end(void **state)
{
    (void)state;
    uint64_t seed = 382;
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t data[40];
        size_t n = (size_t)(test_random(&seed) % sizeof data);
        for (size_t k = 0; k < n; k++) {
            uint64_t random = test_random(&seed);
            data[k] = (uint8_t)(random % 3 == 0 ? random >> 8 : (random >> 8) % 35);
        }
        struct dlms_walker walker;
        struct dlms_value value;
        unsigned n_items = 0;
        dlms_walker_init(&walker, data, n);
        while (dlms_data_next(&walker, &value) == DLMS_OK) {
            assert_true(++n_items < 100000);
            assert_true(value.depth <= DLMS_DEPTH_MAX);
        }
    }
}

static void selections_are_parsed(void **state)
{
    (void)state;
    uint8_t data[128];
    size_t n = octets("0204 0600000001 0600000002 120001 120000", data);
    struct dlms_entries entries;
    assert_true(dlms_entries_read(reader_over(data, n), &entries));
    assert_int_equal(entries.from_row, 1);
    assert_int_equal(entries.to_row, 2);
    assert_int_equal(entries.from_column, 1);
    assert_int_equal(entries.to_column, 0);
    for (size_t cut = 0; cut < n; cut++) {
        assert_false(dlms_entries_read(reader_over(data, cut), &entries));
    }
    n = octets("0204 0204 120008 09060000010000FF 0F02 120000 090C07EA0B14FF000000008000FF"
               "090C07EA0B15FF000000008000FF 0101 0204 120003 09060100010800FF 0F02 120000",
               data);
    struct dlms_range range;
    struct dlms_column column;
    struct dlms_time from;
    assert_true(dlms_range_read(reader_over(data, n), &range));
    assert_int_equal(range.restricting.class_id, 8);
    assert_int_equal(range.restricting.attribute, 2);
    assert_true(dlms_value_time(&range.from, &from));
    assert_int_equal(from.year, 2026);
    assert_int_equal(from.deviation_min, DLMS_DEVIATION_NONE);
    assert_int_equal(range.n_columns, 1);
    assert_true(dlms_range_column(&range, &column));
    assert_int_equal(column.class_id, 3);
    assert_false(dlms_range_column(&range, &column));
    for (size_t cut = 0; cut < n; cut++) {
        assert_false(dlms_range_read(reader_over(data, cut), &range));
    }
    data[n] = 0;
    assert_false(dlms_range_read(reader_over(data, n + 1), &range));
}

/* --- Messages --- */

static const uint8_t clock_name[6] = {0, 0, 1, 0, 0, 255};

static struct dlms_descriptor descriptor(uint16_t class_id, const uint8_t obis[6], int8_t member)
{
    struct dlms_descriptor d = {class_id, {0}, member, 0, dlms_no_data()};
    memcpy(d.obis, obis, 6);
    return d;
}

static void requests_as_captured(void **state)
{
    (void)state;
    uint8_t out[128], parameter[32];
    static const uint8_t energy[6] = {1, 1, 21, 25, 0, 255}, breaker[6] = {0, 0, 96, 3, 10, 255};
    struct dlms_descriptor list[2] = {descriptor(3, energy, 2), descriptor(8, clock_name, 2)};
    struct writer w = writer_over(out, sizeof out);
    dlms_get_list_write(&w, 0xC1, list, 2);
    assert_written(&w, "C003C10200030101151900FF02000008000001 0000FF0200");
    w = writer_over(out, sizeof out);
    struct dlms_descriptor one = descriptor(70, breaker, 1);
    struct dlms_octets data = {(const uint8_t *)"\x0F\0", 2};
    dlms_action_write(&w, 0xC1, &one, data);
    assert_written(&w, "C301C10046000060030AFF01010F00");
    w = writer_over(out, sizeof out);
    one = descriptor(1, (const uint8_t *)"\0\0\x2B\1\0\xFF", 2);
    dlms_get_write(&w, 0xC1, &one);
    assert_written(&w, "C001C1000100002B0100FF0200");
    w = writer_over(out, sizeof out);
    dlms_get_next_write(&w, 0xC1, 1);
    assert_written(&w, "C002C100000001");
    one = descriptor(7, (const uint8_t *)"\1\0\x63\1\0\xFF", 2);
    one.selector = 2;
    size_t n = octets("0204 0600000001 0600000002 120001 120000", parameter);
    one.parameter = reader_over(parameter, n);
    w = writer_over(out, sizeof out);
    dlms_get_write(&w, 0xC1, &one);
    assert_written(&w,
                   "C001C1 0007 0100630100FF 02 01 02 0204 0600000001 0600000002 120001 120000");
    struct dlms_request request;
    assert_int_equal(dlms_request_read(out, writer_length(&w), &request), DLMS_OK);
    struct dlms_descriptor read;
    dlms_read_attribute(&request.body, &read);
    assert_true(reader_complete(&request.body));
    assert_int_equal(read.class_id, 7);
    assert_int_equal(read.selector, 2);
    assert_int_equal(reader_left(&read.parameter), n);
}

static void responses_as_captured(void **state)
{
    (void)state;
    uint8_t apdu[128];
    struct dlms_response response;
    size_t n = octets("C401C10012007B", apdu);
    assert_int_equal(dlms_response_read(apdu, n, &response), DLMS_OK);
    assert_true(response.has_data);
    uint16_t value;
    assert_true(dlms_read_u16(&response.data, &value));
    assert_int_equal(value, 0x7B);

    n = octets("C403C102 00120000 00090C07EA0B14050D322D00000000", apdu);
    assert_int_equal(dlms_response_read(apdu, n, &response), DLMS_OK);
    assert_int_equal(response.count, 2);
    uint16_t result;
    struct reader data;
    struct dlms_time time;
    assert_true(dlms_list_get_read(&response.data, &result, &data));
    assert_int_equal(reader_left(&data), 3);
    assert_true(dlms_list_get_read(&response.data, &result, &data));
    assert_true(dlms_read_time(&data, &time));
    assert_int_equal(time.second, 45);
    assert_true(reader_complete(&response.data));

    n = octets("C501C100", apdu);
    assert_int_equal(dlms_response_read(apdu, n, &response), DLMS_OK);
    assert_int_equal(response.result, 0);
    n = octets("C701C10300", apdu);
    assert_int_equal(dlms_response_read(apdu, n, &response), DLMS_OK);
    assert_int_equal(response.result, DLMS_RESULT_DENIED);
    assert_false(response.has_data);
    n = octets("C402C100 00000001 00 04 0182 0BB8", apdu);
    assert_int_equal(dlms_response_read(apdu, n, &response), DLMS_OK);
    assert_false(response.block.last);
    assert_int_equal(response.block.number, 1);
    assert_int_equal(response.block.n_raw, 4);
    n = octets("C402C101 00000002 01 13", apdu);
    assert_int_equal(dlms_response_read(apdu, n, &response), DLMS_OK);
    assert_int_equal(response.result, DLMS_RESULT_BLOCK_NUMBER);
    for (size_t cut = 0; cut < n; cut++) {
        assert_true(dlms_response_read(apdu, cut, &response) < 0);
    }
}

static void exceptions_notifications_and_access(void **state)
{
    (void)state;
    uint8_t apdu[128], out[128];
    struct dlms_exception exception = {1, 6, 0x01020304};
    struct writer w = writer_over(out, sizeof out);
    dlms_exception_write(&w, &exception);
    assert_written(&w, "D8010601020304");
    assert_int_equal(dlms_exception_read(out, 7, &exception), DLMS_OK);
    assert_int_equal(exception.counter, 0x01020304);
    assert_true(dlms_exception_read(out, 6, &exception) < 0);

    static const uint8_t stamp[12] = {0x07, 0xEA, 11, 20, 5, 13, 50, 45, 0, 0, 0, 0};
    struct dlms_notification notification;
    w = writer_over(out, sizeof out);
    dlms_data_notification_write(&w, 0x40000001, stamp);
    dlms_write_u8(&w, 9);
    assert_written(&w, "0F400000010C07EA0B14050D322D000000001109");
    assert_int_equal(dlms_notification_read(out, writer_length(&w), &notification), DLMS_OK);
    assert_int_equal(notification.time.n_bytes, 12);
    assert_int_equal(reader_left(&notification.data), 2);
    struct dlms_descriptor attribute = descriptor(1, (const uint8_t *)"\0\0\x61\x62\0\xFF", 2);
    w = writer_over(out, sizeof out);
    dlms_event_notification_write(&w, NULL, &attribute);
    dlms_write_u32(&w, 1);
    assert_written(&w, "C20000010000616200FF020600000001");
    assert_int_equal(dlms_notification_read(out, writer_length(&w), &notification), DLMS_OK);
    assert_int_equal(notification.attribute.class_id, 1);
    assert_null(notification.time.bytes);

    struct dlms_access access;
    struct dlms_descriptor spec = descriptor(8, clock_name, 2);
    w = writer_over(out, sizeof out);
    dlms_access_request_write(&w, 0x40000002, 1);
    dlms_access_spec_write(&w, DLMS_ACCESS_GET, &spec);
    dlms_write_length(&w, 1);
    dlms_write_null(&w);
    assert_written(&w, "D9400000020001010008 0000010000FF02 0100");
    assert_int_equal(dlms_access_request_read(out, writer_length(&w), &access), DLMS_OK);
    assert_int_equal(dlms_access_spec_read(&access.specs, &spec), DLMS_ACCESS_GET);
    size_t n = octets("DA40000002 00 00 01 1105 01 0100", apdu);
    uint16_t result;
    assert_int_equal(dlms_access_response_read(apdu, n, &access), DLMS_OK);
    assert_int_equal(access.n_data, 1);
    assert_int_equal(dlms_access_result_read(&access.specs, &result), DLMS_ACCESS_GET);
    assert_int_equal(result, 0);
}

static void block_transfer_bookkeeping(void **state)
{
    (void)state;
    uint8_t out[32];
    struct dlms_gbt_block block = {true, false, 5, 2, 1, (const uint8_t *)"ab", 2};
    struct writer w = writer_over(out, sizeof out);
    dlms_gbt_write(&w, &block);
    assert_written(&w, "E08500020001026162");
    assert_int_equal(dlms_gbt_read(out, writer_length(&w), &block), DLMS_OK);
    assert_true(block.last);
    assert_int_equal(block.window, 5);
    assert_int_equal(block.acked, 1);
    for (size_t cut = 0; cut < writer_length(&w); cut++) {
        assert_true(dlms_gbt_read(out, cut, &block) < 0);
    }
    struct dlms_gbt gbt;
    dlms_gbt_begin(&gbt);
    block.number = 2;
    block.acked = 0;
    assert_int_equal(dlms_gbt_received(&gbt, &block), DLMS_GBT_IGNORE); /* block 1 is missing */
    block.number = 1;
    block.last = false;
    assert_int_equal(dlms_gbt_received(&gbt, &block), DLMS_GBT_TAKE);
    assert_int_equal(dlms_gbt_received(&gbt, &block), DLMS_GBT_IGNORE); /* twice */
    assert_int_equal(dlms_gbt_room(&gbt), 5);
    gbt.sent = 4;
    assert_int_equal(dlms_gbt_room(&gbt), 1);
    block.acked = 5;
    assert_int_equal(dlms_gbt_received(&gbt, &block), DLMS_GBT_ABORT);
    block.acked = 3;
    block.number = 2;
    assert_int_equal(dlms_gbt_received(&gbt, &block), DLMS_GBT_TAKE);
    assert_int_equal(dlms_gbt_room(&gbt), 4);
}

/* --- Dates, tables --- */

static void dates_there_and_back(void **state)
{
    (void)state;
    static const struct {
        int64_t second;
        const char *octets;
    } known[] = {
        {0, "07B2010104000000008000 00"},
        {951782400, "07D0021D02000000008000 00"},     /* 2000-02-29, a Tuesday */
        {1795902245, "07EA0B1C06 152C0500 8000 00"},  /* 2026-11-28 21:44:05 */
        {4107542399, "0834021C 07 173B3B00 8000 00"}, /* 2100-02-28 23:59:59 */
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint8_t expected[12], out[12];
        struct dlms_time time;
        int64_t second;
        assert_int_equal(octets(known[i].octets, expected), 12);
        dlms_time_from_s(known[i].second, &time);
        dlms_time_to_octets(&time, out);
        assert_memory_equal(out, expected, 12);
        assert_true(dlms_time_from_octets(out, &time));
        assert_true(dlms_time_to_s(&time, &second));
        assert_true(second == known[i].second);
    }
    struct dlms_time time;
    for (int64_t second = 3; second < INT64_C(250000000000); second += INT64_C(8640013)) {
        int64_t again = 0;
        dlms_time_from_s(second, &time);
        assert_true(dlms_time_to_s(&time, &again) && again == second);
    }
    uint8_t bad[12];
    static const char *const out_of_range[] = {
        "07EA0D01FF000000008000FF", "07EA0100FF000000008000FF", "07EA010108000000008000FF",
        "07EA0101FF180000008000FF", "07EA0101FF003C00008000FF", "07EA0101FF00003C008000FF",
        "07EA0101FF000000648000FF", "07EA0101FF000000000400FF",
    };
    for (size_t i = 0; i < sizeof out_of_range / sizeof out_of_range[0]; i++) {
        octets(out_of_range[i], bad);
        assert_false(dlms_time_from_octets(bad, &time));
    }
    octets("07EA021DFF000000008000FF", bad);
    int64_t second;
    assert_true(dlms_time_from_octets(bad, &time));
    assert_false(dlms_time_to_s(&time, &second)); /* no 29 February 2026 */
}

static void wildcards_compare_equal(void **state)
{
    (void)state;
    struct dlms_time day, moment;
    uint8_t bytes[12];
    octets("07EA0B14FFFFFFFFFF8000FF", bytes);
    assert_true(dlms_time_from_octets(bytes, &day));
    octets("07EA0B14050D322D00FFC400", bytes);
    assert_true(dlms_time_from_octets(bytes, &moment));
    assert_int_equal(dlms_time_compare(&day, &moment), 0);
    moment.day++;
    assert_true(dlms_time_compare(&day, &moment) < 0);
    assert_true(dlms_time_compare(&moment, &day) > 0);
    assert_false(dlms_time_is_full(&day));
}

static void tables_are_searched(void **state)
{
    (void)state;
    static const struct dlms_object rows[] = {
        {{0, 0, 1, 0, 0, 255}, 8, 0, 0, 0},
        {{1, 0, 1, 8, 0, 255}, 3, 0, 0, 1},
        {{1, 0, 1, 8, 0, 255}, 4, 0, 0, 2},
        {{1, 0, 2, 8, 0, 255}, 3, 0, 0, 3},
    };
    const struct dlms_table table = {rows, 4}, empty = {NULL, 0};
    const struct dlms_table reversed = {rows + 1, 1};
    bool other = false;
    assert_true(dlms_table_is_sorted(&table) && dlms_table_is_sorted(&reversed));
    for (size_t i = 0; i < 4; i++) {
        assert_ptr_equal(dlms_table_find(&table, rows[i].obis, rows[i].class_id, &other), &rows[i]);
        assert_false(other);
    }
    assert_null(dlms_table_find(&table, rows[1].obis, 5, &other));
    assert_true(other);
    other = false;
    assert_null(dlms_table_find(&table, rows[1].obis, 1, &other));
    assert_true(other);
    other = false;
    assert_null(dlms_table_find(&table, (const uint8_t *)"\1\0\1\7\0\xFF", 3, &other));
    assert_null(dlms_table_find(&table, (const uint8_t *)"\2\0\1\7\0\xFF", 3, &other));
    assert_null(dlms_table_find(&empty, rows[0].obis, 8, &other));
    assert_false(other);
    assert_true(dlms_same((const uint8_t *)"12345", 5, (const uint8_t *)"12345", 5));
    assert_false(dlms_same((const uint8_t *)"12345", 5, (const uint8_t *)"12346", 5));
    assert_false(dlms_same((const uint8_t *)"1234", 4, (const uint8_t *)"12345", 5));
    assert_false(dlms_same((const uint8_t *)"12345", 5, (const uint8_t *)"1234", 4));
    assert_string_equal(dlms_result_name(19), "data-block-number-invalid");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aarq_comes_back_as_it_was),
        cmocka_unit_test(aare_comes_back_as_it_was),
        cmocka_unit_test(a_result_has_one_octet),
        cmocka_unit_test(aarq_members_are_found),
        cmocka_unit_test(elements_in_another_order_and_unknown_ones_do),
        cmocka_unit_test(release_and_initiate),
        cmocka_unit_test(every_type_is_written_and_read),
        cmocka_unit_test(lengths_have_one_to_five_octets),
        cmocka_unit_test(typed_readers_take_their_type_only),
        cmocka_unit_test(nesting_has_an_end),
        cmocka_unit_test(walker_shows_items_in_order),
        cmocka_unit_test(walker_goes_on_where_the_octets_ended),
        cmocka_unit_test(compact_array_reads_as_an_array),
        cmocka_unit_test(any_octets_come_to_an_end),
        cmocka_unit_test(selections_are_parsed),
        cmocka_unit_test(requests_as_captured),
        cmocka_unit_test(responses_as_captured),
        cmocka_unit_test(exceptions_notifications_and_access),
        cmocka_unit_test(block_transfer_bookkeeping),
        cmocka_unit_test(dates_there_and_back),
        cmocka_unit_test(wildcards_compare_equal),
        cmocka_unit_test(tables_are_searched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
