/* The DLMS server's services: captured dialogues, results, blocks both ways, lists, ACCESS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/dlms_dialogue.h"

/** The captured log-in of client 17. */
static void open_17(struct dlms_link *link)
{
    link_begin(link, 17, NULL);
    assert_dialogue(link,
                    "6033A1090607608574050801018A0207808B0760857405080201AC0780054775727578"
                    "BE10040E01000000065F1F0400401E1DFFFF",
                    "6129A109060760857405080101A203020100A305A103020100"
                    "BE10040E0800065F1F0400001E1D02000007");
    assert_int_equal(link->meter.n_granted, 1);
}

static void captured_dialogues(void **state)
{
    (void)state;
    struct dlms_link link;
    open_17(&link);
    assert_dialogue(&link, "C001C100010000 2A0000FF0200",
                    "C401C10009105453543030303030303030303030 3031");
    assert_dialogue(&link, "C003C10200030101151900FF02000008000001 0000FF0200",
                    "C403C10200120000 00090C07EA0B14050D322D00000000");
    assert_dialogue(&link, "C101C100080000010000FF0200090C07EA0B15060E000000800000", "C501C100");
    assert_int_equal(link.meter.clock.day, 21);
    assert_dialogue(&link, "C301C10046000060030AFF01010F00", "C701C10000");
    assert_int_equal(link.meter.n_calls, 1);
    assert_dialogue(&link, "6203800100", "6303800100");
    assert_int_equal(link.meter.n_closed, 1);
    assert_dialogue(&link, "C001C10001000 02A0000FF0200", "D80101");
}

static void each_error_has_its_code(void **state)
{
    (void)state;
    static const struct {
        const char *request, *answer;
    } rows[] = {
        {"C001C1 0003 01010100FFFF 02 00", "C401C10104"},          /* no such object */
        {"C001C1 0004 0101151900FF 02 00", "C401C10109"},          /* another class */
        {"C001C1 0001 0000600100FF 02 00", "C401C10103"},          /* no right */
        {"C001C1 0001 00002A0000FF 03 00", "C401C10104"},          /* no such attribute */
        {"C001C1 0001 00002A0000FF 00 00", "C401C10103"},          /* all of them: not negotiated */
        {"C101C1 0001 00002A0000FF 02 00 1105", "C501C10C"},       /* another type */
        {"C101C1 0001 00002A0000FF 02 00 FE", "C501C10C"},         /* no Data at all */
        {"C101C1 0003 0101151900FF 02 00 1105", "C501C103"},       /* not to be written */
        {"C101C1 0001 00002A0000FF 02 01 01 00 0900", "C501C1FA"}, /* not in part */
        {"C003C1 02 0001 0000600100FF 02 00 0003 0101151900FF 02 00", "C403C1 02 0103 00120000"},
        {"C101C1 0003 0101151901FF 02 00 1105", "C501C104"},
        {"C101C1 0001 0101151900FF 02 00 1105", "C501C109"},
        {"C301C1 0046 000060030AFF 09 00", "C701C10400"}, /* no such method */
        {"C301C1 0046 0000600309FF 01 00", "C701C10400"},
        {"C301C1 0008 000001000 0FF 01 00", "C701C10300"},
        {"C002C1 00000001", "C402C101000000010110"},      /* no long get under way */
        {"C103C1 01 00000002 01 00", "C503C11200000002"}, /* no long set */
        {"C306C1 01 00000002 01 00", "C701C11000"},       /* no long action */
        {"C302C1 00000001", "C701C11000"},
        {"C001C1 0007 0100630100FF 02 01 03 00", "C401C101FA"}, /* no such selector */
        {"C001C1 0007 0100630100FF 02 01 02 00", "C401C1010C"}, /* not its parameter */
        {"C001C1 0001 00002A0000FF 02", "D80103"},              /* cut off */
        {"C001C1 0001 00002A0000FF 02 00 00", "D80103"},        /* too long */
        {"C004C1", "D80102"},
        {"C0", "D80103"},
        {"D9 40000000 00 01 01 0001 00002A0000FF 02 01 00", "D80102"}, /* not negotiated */
        {"E0 81 0001 0000 01 C0", "D80102"},
        {"05 01 02 0001", "D80202"},     /* short names */
        {"C8 1E 30 01234567", "D80105"}, /* no ciphering here */
        {"DB 08 4D4D4D0000BC614E 00", "D80105"},
        {"C003C1 00", "D80103"},
        {"FF", "D80202"},
        {"6201", "D80103"},
    };
    struct dlms_link link;
    open_17(&link);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_dialogue(&link, rows[i].request, rows[i].answer);
        assert_true(dlms_server_associated(&link.server));
    }
}

static void invoke_id_comes_back_and_unconfirmed_is_not_answered(void **state)
{
    (void)state;
    struct dlms_link link;
    open_17(&link);
    assert_dialogue(&link, "C00145 0003 0101151900FF 02 00", "C4014500120000");
    assert_dialogue(&link, "C0018F 0003 0101151900FF 02 00", "");
    assert_dialogue(&link, "C10102 0001 00002A0000FF 02 00 0901FF", "");
    assert_int_equal(link.meter.n_text, 1);
    assert_dialogue(&link, "C30102 0046 000060030AFF 01 00", "");
    assert_int_equal(link.meter.n_calls, 1);
}

static void what_was_not_negotiated_is_refused(void **state)
{
    (void)state;
    struct dlms_link link;
    link_begin(&link, 16, NULL);
    assert_true(link_open(&link, 0xFFFFFF, 0));
    assert_int_equal(link.server.session.conformance, DLMS_CAN_GET | DLMS_CAN_BLOCK_GET);
    assert_dialogue(&link, "C001C1 0003 0101151900FF 02 00", "C401C100120000");
    assert_dialogue(&link, "C003C1 01 0003 0101151900FF 02 00", "D80102");
    assert_dialogue(&link, "C101C1 0001 00002A0000FF 02 00 0901FF", "D80102");
    assert_dialogue(&link, "C301C1 0046 000060030AFF 01 00", "D80102");
    assert_dialogue(&link,
                    "C001C1 0007 0100630100FF 02 01 02 0204060000000106000000021200011 20000",
                    "C401C1010D");
    assert_int_equal(link.meter.n_values, 1);
    link_begin(&link, 18, NULL); /* a long answer without block transfer */
    assert_true(link_open(&link, DLMS_CAN_GET, 100));
    assert_dialogue(&link, "C001C1 0007 0100630100FF 02 00", "C401C101FA");
}

/* --- Long answers --- */

/** A GET with all its blocks: the raw data in raw.  @return their octets, 0: refused. */
static size_t get_long(struct dlms_link *link, const struct writer *request, size_t max_pdu,
                       uint8_t *raw)
{
    struct dlms_response response;
    uint8_t next[16];
    size_t n_raw = 0;
    link_writer(link, request);
    for (uint32_t number = 1;; number++) {
        assert_true(link->n_out > 0 && (max_pdu == 0 || link->n_out <= max_pdu));
        assert_int_equal(dlms_response_read(link->out, link->n_out, &response), DLMS_OK);
        assert_int_equal(response.tag, DLMS_TAG_GET_RESPONSE);
        if (response.choice != DLMS_GET_NEXT) {
            assert_int_equal(number, 1);
            size_t n_head = response.choice == DLMS_GET_LIST ? 3 : 4;
            memcpy(raw, link->out + n_head, link->n_out - n_head);
            return response.choice == DLMS_GET_LIST || response.has_data ? link->n_out - n_head : 0;
        }
        if (response.block.raw == NULL) {
            return 0;
        }
        assert_int_equal(response.block.number, number);
        assert_true(response.block.n_raw > 0 || response.block.last);
        memcpy(raw + n_raw, response.block.raw, response.block.n_raw);
        n_raw += response.block.n_raw;
        if (response.block.last) {
            return n_raw;
        }
        struct writer w = writer_over(next, sizeof next);
        dlms_get_next_write(&w, 0xC1, number);
        link_writer(link, &w);
    }
}

static void blocks_of_any_size_make_the_same_answer(void **state)
{
    (void)state;
    static uint8_t whole[8192], raw[8192];
    struct dlms_link link;
    for (unsigned n = 0; n < 6; n++) {
        uint8_t request[128];
        struct writer w = writer_over(request, sizeof request);
        long_request(n, &w);
        open_18(&link, 0);
        link.capacity = 4000;
        link.meter.n_text = 300;
        size_t n_whole = get_long(&link, &w, 0, whole);
        assert_true(n_whole > 100);
        for (uint16_t max_pdu = 12; max_pdu < 700;
             max_pdu = (uint16_t)(max_pdu + (max_pdu < 150 ? 1 : 37))) {
            open_18(&link, max_pdu);
            link.meter.n_text = 300;
            size_t n_raw = get_long(&link, &w, max_pdu, raw);
            assert_int_equal(n_raw, n_whole);
            bool is_context = n == 5; /* shows the size itself */
            if (!is_context) {
                assert_memory_equal(raw, whole, n_whole);
            }
            assert_int_equal(link.server.transfer, DLMS_TRANSFER_NONE);
        }
    }
}

static void rows_stay_whole_in_a_block(void **state)
{
    (void)state;
    struct dlms_link link;
    struct dlms_response response;
    open_18(&link, 497 + 12);
    link_hex(&link, "C001C1 0007 0100630100FF 02 00");
    assert_int_equal(dlms_response_read(link.out, link.n_out, &response), DLMS_OK);
    assert_int_equal(response.choice, DLMS_GET_NEXT);
    /* rows of 21 octets, after the head of two */
    assert_int_equal((response.block.n_raw - 2) % 21, 0);
    assert_int_equal(response.block.n_raw, 2 + 21 * ((497 - 2) / 21));
}

static void a_wrong_block_number_ends_a_long_get(void **state)
{
    (void)state;
    struct dlms_link link;
    open_18(&link, 60);
    link_hex(&link, "C001C1 0007 0100630100FF 02 00");
    assert_int_equal(link.out[1], 2);
    assert_dialogue(&link, "C002C1 00000002", "C402C101000000020113");
    assert_dialogue(&link, "C002C1 00000001", "C402C101000000010110");
    link_hex(&link, "C001C1 0007 0100630100FF 02 00");
    link_hex(&link, "C002C5 00000001");
    assert_int_equal(link.out[2], 0xC5);
    assert_dialogue(&link, "C001C1 0003 0101151900FF 02 00", "C401C100120000"); /* breaks it off */
    assert_dialogue(&link, "C002C1 00000002", "C402C101000000020110");
}

static void a_value_that_changes_between_blocks_breaks_off(void **state)
{
    (void)state;
    struct dlms_link link;
    open_18(&link, 30);
    link_hex(&link, "C001C1 0001 0000603200FF 02 00");
    assert_int_equal(link.out[1], 2);
    assert_dialogue(&link, "C002C1 00000001", "C402C10100000002010F");
    open_18(&link, 60); /* in one piece it is no matter */
    link_hex(&link, "C001C1 0001 0000603200FF 02 00");
    assert_int_equal(link.out[1], 1);
}

static void an_answer_that_breaks_off_says_why(void **state)
{
    (void)state;
    struct dlms_link link;
    open_18(&link, 0);
    assert_dialogue(&link, "C001C1 0001 0000603300FF 02 00", "C401C10101");
    /* in a list the item is lost, the others are not, unless part of it went out */
    assert_dialogue(&link, "C003C1 02 0001 0000603300FF 02 00 0003 0101151900FF 02 00",
                    "C401C1010F");
}

static void all_attributes_at_once(void **state)
{
    (void)state;
    struct dlms_link link;
    open_18(&link, 0);
    assert_dialogue(&link, "C001C1 0003 0101151900FF 00 00",
                    "C401C100 0203 09060101151900FF 120000 02020F00161E");
    assert_dialogue(&link, "C001C1 0046 000060030AFF 00 00",
                    "C401C100 0204 09060000 60030AFF 00 00 00");
    assert_dialogue(&link, "C101C1 0001 00002A0000FF 00 00 0202 00 0903414243", "C501C100");
    assert_int_equal(link.meter.n_text, 3);
    assert_dialogue(&link, "C101C1 0001 00002A0000FF 00 00 0202 0900 0903414243", "C501C103");
    assert_dialogue(&link, "C101C1 0001 00002A0000FF 00 00 1100", "C501C10C");
}

static void a_profile_is_read_by_range_and_by_entry(void **state)
{
    (void)state;
#define PROFILE          "C001C1 0007 0100630100FF"
#define CLOCK            "0204 120008 09060000010000FF 0F02 120000"
#define ENERGY           "0204 120003 09060101151900FF 0F02 120000"
#define STAMP(day, time) "090C 07EA0B" day "FF" time "00 8000 FF"
    static const struct {
        const char *request, *answer;
    } rows[] = {
        {PROFILE "01 00", "C401C100 09060100630100FF"},
        {PROFILE "03 00", "C401C100 0102" CLOCK ENERGY},
        {PROFILE "04 00", "C401C100 0600000384"},
        {PROFILE "05 00", "C401C100 1601"},
        {PROFILE "06 00", "C401C100" CLOCK},
        {PROFILE "07 00", "C401C100 0600000064"},
        {PROFILE "08 00", "C401C100 06000003E8"},
        {PROFILE "09 00", "C401C10103"},
        /* rows 2 to 3, column 2; the last row; beyond the last; none */
        {PROFILE "02 01 02 0204 0600000002 0600000003 120002 120002",
         "C401C100 0102 0201 060000000E 0201 0600000015"},
        {PROFILE "02 01 02 0204 0600000064 0600000000 120002 120000",
         "C401C100 0101 0201 06000002BC"},
        {PROFILE "02 01 02 0204 0600000064 06FFFFFFFF 120002 120009",
         "C401C100 0101 0201 06000002BC"},
        {PROFILE "02 01 02 0204 0600000065 0600000000 120001 120000", "C401C100 0100"},
        {PROFILE "02 01 02 0204 0600000003 0600000002 120001 120000", "C401C100 0100"},
        {PROFILE "02 01 02 0204 0600000001 0600000001 120003 120000", "C401C100 0101 0200"},
        /* 00:15 to 00:30, both included; a moment between two rows; a day that has none */
        {PROFILE "02 01 01 0204" CLOCK STAMP("1B", "000F00") STAMP("1B", "001E00") "0101" ENERGY,
         "C401C100 0102 0201 060000000E 0201 0600000015"},
        {PROFILE "02 01 01 0204" CLOCK STAMP("1B", "000001") STAMP("1B", "001D3B") "0101" ENERGY,
         "C401C100 0101 0201 060000000E"},
        {PROFILE "02 01 01 0204" CLOCK STAMP("1A", "000000") STAMP("1B", "000000") "0100",
         "C401C100 0101 0202 090C07EA0B1B050000000080000 0 0600000007"},
        {PROFILE "02 01 01 0204" CLOCK STAMP("1A", "000000") STAMP("1A", "173B3B") "0100",
         "C401C100 0100"},
        /* any time of the 28th: its first four rows are the last four */
        {PROFILE "02 01 01 0204" CLOCK STAMP("1C", "FFFFFF") STAMP("1C", "FFFFFF") "0101" ENERGY,
         "C401C100 0104 0201 06000002A7 0201 06000002AE 0201 06000002B5 0201 06000002BC"},
        /* by another column; for a column that is not there; with numbers for ends */
        {PROFILE "02 01 01 0204" ENERGY STAMP("1B", "000000") STAMP("1B", "000000") "0100",
         "C401C101FA"},
        {PROFILE "02 01 01 0204" CLOCK STAMP("1B", "000000")
             STAMP("1B", "000000") "0101 0204 120003 09060101151900FF 0F03 120000",
         "C401C101FA"},
        {PROFILE "02 01 01 0204" CLOCK "0600000000 0600000001 0100", "C401C1010C"},
        {PROFILE "02 01 07 00", "C401C101FA"},
    };
    struct dlms_link link;
    open_18(&link, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_dialogue(&link, rows[i].request, rows[i].answer);
    }
    open_18(&link, 60); /* rows go away while they are read */
    link_hex(&link, PROFILE "02 00");
    link.meter.n_rows = 2;
    assert_dialogue(&link, "C002C1 00000001", "C402C101000000020 10F");
}

/* --- Long requests --- */

/** Send a SET or ACTION in blocks of n_block octets. */
static void send_blocks(struct dlms_link *link, bool is_set, bool is_list,
                        const struct dlms_descriptor *members, size_t n_members, const uint8_t *raw,
                        size_t n_raw, size_t n_block)
{
    uint32_t number = 0;
    size_t at = 0;
    do {
        uint8_t request[512];
        struct writer w = writer_over(request, sizeof request);
        struct dlms_block block = {.number = ++number, .raw = raw + at};
        block.n_raw = (uint32_t)(n_raw - at < n_block ? n_raw - at : n_block);
        at += block.n_raw;
        block.last = at == n_raw;
        uint8_t tag = is_set ? DLMS_TAG_SET_REQUEST : DLMS_TAG_ACTION_REQUEST;
        uint8_t first = is_set ? (is_list ? DLMS_SET_LIST_FIRST_BLOCK : DLMS_SET_FIRST_BLOCK)
                               : (is_list ? DLMS_ACTION_LIST_FIRST_BLOCK : DLMS_ACTION_FIRST_BLOCK);
        uint8_t later = is_set ? DLMS_SET_BLOCK : DLMS_ACTION_BLOCK;
        writer_u8(&w, tag);
        writer_u8(&w, number == 1 ? first : later);
        writer_u8(&w, 0xC1);
        if (number == 1 && is_list) {
            dlms_write_length(&w, n_members);
        }
        for (size_t i = 0; number == 1 && i < n_members; i++) {
            if (is_set) {
                dlms_write_attribute(&w, &members[i]);
            } else {
                dlms_write_method(&w, &members[i]);
            }
        }
        dlms_write_block(&w, &block);
        link_writer(link, &w);
        if (!block.last) {
            struct dlms_response response;
            assert_int_equal(dlms_response_read(link->out, link->n_out, &response), DLMS_OK);
            assert_int_equal(response.choice, is_set ? 2 : 4);
            assert_int_equal(response.block.number, number);
        }
    } while (at < n_raw);
}

static void a_long_set_is_carried_out_once_it_is_whole(void **state)
{
    (void)state;
    struct dlms_link link;
    uint8_t raw[210] = {DLMS_OCTETS, 0x81, 200};
    for (size_t i = 3; i < 203; i++) {
        raw[i] = (uint8_t)i;
    }
    struct dlms_descriptor name = link_row(ROW_NAME, 2);
    for (size_t n_block = 1; n_block <= 203; n_block += n_block < 20 ? 1 : 13) {
        open_18(&link, 0);
        send_blocks(&link, true, false, &name, 1, raw, 203, n_block);
        assert_int_equal(link.out[1], 3);
        assert_int_equal(link.out[3], 0);
        assert_int_equal(link.meter.n_text, 200);
        assert_memory_equal(link.meter.text, raw + 3, 200);
        assert_int_equal(link.meter.n_values, 1);
    }
    struct dlms_descriptor secret = link_row(ROW_SECRET, 2); /* refused with the first block */
    uint8_t request[64];
    struct writer w = writer_over(request, sizeof request);
    struct dlms_block block = {false, 1, raw, 3};
    dlms_set_first_block_write(&w, 0xC1, &secret, &block);
    link_writer(&link, &w);
    assert_answer(&link, "C503C10300000001");
}

static void a_set_too_long_for_the_buffer_is_aborted(void **state)
{
    (void)state;
    struct dlms_link link;
    uint8_t request[64], octets[40] = {DLMS_OCTETS, 0x82, 1, 0};
    struct dlms_descriptor name = link_row(ROW_NAME, 2);
    struct dlms_block block = {false, 1, octets, 40};
    open_18(&link, 0);
    struct writer w = writer_over(request, sizeof request);
    dlms_set_first_block_write(&w, 0xC1, &name, &block);
    link_writer(&link, &w);
    while (link.out[1] == 2) {
        block.number++;
        w = writer_over(request, sizeof request);
        dlms_set_block_write(&w, 0xC1, &block);
        link_writer(&link, &w);
        assert_true(block.number < 10);
    }
    assert_int_equal(link.out[1], 3);
    assert_int_equal(link.out[3], DLMS_RESULT_LONG_SET_ABORTED);
    assert_int_equal(link.meter.n_text, 16);
    assert_dialogue(&link, "C103C1 01 00000008 00", "C503C11200000008");
    /* a number left out */
    w = writer_over(request, sizeof request);
    block.number = 1;
    dlms_set_first_block_write(&w, 0xC1, &name, &block);
    link_writer(&link, &w);
    assert_dialogue(&link, "C103C1 01 00000003 00", "C503C11300000003");
}

static void lists_are_set_and_called(void **state)
{
    (void)state;
    struct dlms_link link;
    open_18(&link, 0);
    assert_dialogue(&link,
                    "C104C1 02 0001 00002A0000FF 02 00 0001 0000600100FF 02 00 02 090141 0901 42",
                    "C505C1 02 00 03");
    assert_int_equal(link.meter.n_text, 1);
    /* nothing is set when the second value is cut off */
    assert_dialogue(&link,
                    "C104C1 02 0001 00002A0000FF 02 00 0001 0000600100FF 02 00 02 090141 0902 42",
                    "D80103");
    assert_dialogue(&link, "C303C1 02 0046 000060030AFF 01 0046 000060030AFF 02 02 00 0901AA",
                    "C703C1 02 00 00 00 01 00 0901AA");
    struct dlms_descriptor names[2] = {link_row(ROW_NAME, 2), link_row(ROW_CLOCK, 2)};
    static const uint8_t values[] = {2, 9,   2, 'x', 'y', 9, 12,   7, 0xEA, 1,
                                     2, 255, 3, 4,   5,   0, 0x80, 0, 0};
    for (size_t n_block = 1; n_block <= sizeof values; n_block++) {
        send_blocks(&link, true, true, names, 2, values, sizeof values, n_block);
        assert_int_equal(link.out[1], 4);
        assert_memory_equal(link.out + 3, "\2\0\0", 3);
        assert_int_equal(link.meter.n_text, 2);
    }
    assert_int_equal(link.meter.clock.month, 1);
}

/* As many values as members, or nothing is carried out. */
static void a_list_with_another_number_of_values_is_refused(void **state)
{
    (void)state;
    struct dlms_link link;
    open_18(&link, 0);
    assert_dialogue(&link, "C104C1 02 0001 00002A0000FF 02 00 0001 0000600100FF 02 00 01 090141",
                    "D80103");
    assert_dialogue(&link, "C104C1 01 0001 0000600100FF 02 00 02 090141 090142", "D80103");
    assert_dialogue(&link, "C303C1 02 0046 000060030AFF 01 0046 000060030AFF 02 01 00", "D80103");
    assert_int_equal(link.meter.n_values, 0);
}

/* What is kept of a first block: all attributes are no attribute that could be looked for, and a
 * list may be longer than the room. */
static void first_blocks_of_all_attributes_and_of_long_lists(void **state)
{
    (void)state;
    struct dlms_link link;
    open_18(&link, 0);
    assert_dialogue(&link, "C102C1 0001 0000600100FF 00 00 00 00000001 02 0202", "C502C100000001");
    for (unsigned is_set = 0; is_set < 2; is_set++) {
        uint8_t request[512];
        struct writer w = writer_over(request, sizeof request);
        const struct dlms_descriptor one =
            is_set ? link_row(ROW_NAME, 2) : link_row(ROW_BREAKER, 1);
        static const uint8_t raw[] = {0};
        const struct dlms_block block = {false, 1, raw, 1};
        writer_u8(&w, is_set ? DLMS_TAG_SET_REQUEST : DLMS_TAG_ACTION_REQUEST);
        writer_u8(&w, is_set ? DLMS_SET_LIST_FIRST_BLOCK : DLMS_ACTION_LIST_FIRST_BLOCK);
        writer_u8(&w, 0xC1);
        dlms_write_length(&w, 40);
        for (unsigned i = 0; i < 40; i++) {
            if (is_set) {
                dlms_write_attribute(&w, &one);
            } else {
                dlms_write_method(&w, &one);
            }
        }
        dlms_write_block(&w, &block);
        open_18(&link, 0);
        link_writer(&link, &w);
        assert_int_equal(link.out[3],
                         is_set ? DLMS_RESULT_LONG_SET_ABORTED : DLMS_RESULT_LONG_ACTION_ABORTED);
    }
}

static void an_action_with_long_parameter_and_value(void **state)
{
    (void)state;
    struct dlms_link link;
    uint8_t raw[160] = {DLMS_OCTETS, 0x81, 150};
    memset(raw + 3, 0x5A, 150);
    struct dlms_descriptor echo = link_row(ROW_BREAKER, 2);
    for (size_t n_block = 1; n_block <= 153; n_block += n_block < 20 ? 1 : 19) {
        open_18(&link, 0);
        send_blocks(&link, false, false, &echo, 1, raw, 153, n_block);
        assert_int_equal(link.meter.n_calls, 1);
        assert_int_equal(link.n_out, 6 + 153);
        assert_memory_equal(link.out, "\xC7\1\xC1\0\1\0", 6);
        assert_memory_equal(link.out + 6, raw, 153);
    }
    open_18(&link, 50); /* the value goes out in blocks, the method is carried out once */
    uint8_t whole[256];
    size_t n_whole = 0;
    send_blocks(&link, false, false, &echo, 1, raw, 153, 30);
    for (uint32_t number = 1;; number++) {
        struct dlms_response response;
        uint8_t next[16];
        assert_true(link.n_out <= 50);
        assert_int_equal(dlms_response_read(link.out, link.n_out, &response), DLMS_OK);
        assert_int_equal(response.choice, DLMS_ACTION_NEXT);
        memcpy(whole + n_whole, response.block.raw, response.block.n_raw);
        n_whole += response.block.n_raw;
        if (response.block.last) {
            break;
        }
        struct writer w = writer_over(next, sizeof next);
        dlms_action_next_write(&w, 0xC1, number);
        link_writer(&link, &w);
    }
    assert_int_equal(link.meter.n_calls, 1);
    assert_int_equal(n_whole, 3 + 153);
    assert_memory_equal(whole, "\0\1\0", 3);
    assert_memory_equal(whole + 3, raw, 153);
    /* where it has no room at all the result says that the method was carried out */
    link.meter.n_text = 300;
    assert_dialogue(&link, "C301C1 0046 000060030AFF 03 00", "C701C1000101FA");
}

static void an_action_in_blocks_that_goes_wrong_is_not_carried_out(void **state)
{
    (void)state;
    struct dlms_link link;
    open_18(&link, 0);
    assert_dialogue(&link, "C304C1 0046 000060030AFF 02 00 00000001 04 090AAABB",
                    "C704C1 00000001");
    assert_dialogue(&link, "C306C1 01 00000003 08 CCDDEEFF00112233", "C701C1 13 00");
    assert_dialogue(&link, "C306C1 01 00000002 08 CCDDEEFF00112233", "C701C1 10 00");
    assert_dialogue(&link, "C304C1 0046 000060030AFF 02 00 00000002 04 090AAABB", "C701C1 13 00");
    assert_dialogue(&link, "C304C1 0008 0000010000FF 02 00 00000001 04 090AAABB", "C701C1 03 00");
    assert_int_equal(link.meter.n_calls, 0);
    /* the number that the client has is asked back for in a long return value too */
    open_18(&link, 50);
    link.meter.n_text = 100;
    link_hex(&link, "C301C1 0046 000060030AFF 03 00");
    assert_int_equal(link.out[1], DLMS_ACTION_NEXT);
    assert_dialogue(&link, "C302C1 00000002", "C701C1 13 00");
    assert_dialogue(&link, "C302C1 00000001", "C701C1 10 00");
}

static void every_method_of_a_list_answers_whatever_the_room(void **state)
{
    (void)state;
    for (uint16_t max_pdu = 40; max_pdu < 200; max_pdu++) {
        struct dlms_link link;
        struct dlms_response response;
        open_18(&link, max_pdu);
        link.server.session.conformance &= ~(uint32_t)DLMS_CAN_BLOCK_ACTION;
        link.meter.n_text = 20;
        link_hex(&link, "C303C1 04 0046 000060030AFF 03 0046 000060030AFF 03 0046 000060030AFF 03"
                        "0046 000060030AFF 03 04 00 00 00 00");
        assert_true(link.n_out <= max_pdu);
        assert_int_equal(dlms_response_read(link.out, link.n_out, &response), DLMS_OK);
        assert_int_equal(response.count, 4);
        assert_int_equal(link.meter.n_calls, 4);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(reader_u8(&response.data), DLMS_RESULT_SUCCESS);
            assert_int_equal(reader_u8(&response.data), 1);
            if (reader_u8(&response.data) == 0) {
                assert_int_equal(dlms_data_skip(&response.data), DLMS_OK);
            } else {
                assert_int_equal(reader_u8(&response.data), DLMS_RESULT_OTHER);
            }
        }
        assert_true(reader_complete(&response.data));
    }
}

/* --- ACCESS --- */

static void access_answers_every_item_whatever_the_room(void **state)
{
    (void)state;
    for (uint16_t max_pdu = 30; max_pdu < 160; max_pdu++) {
        struct dlms_link link;
        struct dlms_access access;
        uint16_t result;
        open_18(&link, max_pdu);
        link.meter.n_text = 20;
        link_hex(&link, "D9 40000001 00 04 01 0001 00002A0000FF 02 01 0001 00002A0000FF 02"
                        "03 0046 000060030AFF 03 01 0003 0101151900FF 02 04 00 00 00 00");
        assert_true(link.n_out > 0 && link.n_out <= max_pdu);
        assert_int_equal(dlms_access_response_read(link.out, link.n_out, &access), DLMS_OK);
        assert_int_equal(access.n_data, 4);
        assert_int_equal(access.n_specs, 4);
        for (unsigned i = 0; i < 4; i++) {
            assert_true(dlms_access_result_read(&access.specs, &result) > 0);
        }
        assert_true(reader_complete(&access.specs));
    }
    struct dlms_link link; /* an item that the association does not grant otherwise */
    link_begin(&link, 19, NULL);
    assert_true(link_open(&link, 0xFFFFFF, 0));
    assert_dialogue(
        &link, "D9 40000001 00 02 02 0001 00002A0000FF 02 01 0003 0101151900FF 02 02 0901AA 00",
        "DA 40000001 00 00 02 00 120000 02 020D 0100");
    assert_int_equal(link.meter.n_text, 16);
}

static void access_does_gets_sets_and_actions(void **state)
{
    (void)state;
    struct dlms_link link;
    open_18(&link, 0);
    assert_dialogue(&link,
                    "D9 40000001 00 04 01 0003 0101151900FF 02 02 0001 00002A0000FF 02"
                    "03 0046 000060030AFF 02 01 0001 0000600100FF 02 04 00 0901AA 0901BB 00",
                    "DA 40000001 00 00 04 120000 00 0901BB 00 04 0100 0200 0300 0103");
    assert_int_equal(link.meter.n_text, 1);
    /* with the break bit nothing is done after the first failure */
    assert_dialogue(
        &link, "D9 60000001 00 02 01 0001 0000600100FF 02 02 0001 00002A0000FF 02 02 00 0902CCDD",
        "DA 60000001 00 00 02 00 00 02 0103 02FA");
    assert_int_equal(link.meter.n_text, 1);
    assert_dialogue(&link, "D9 00000001 00 01 02 0001 00002A0000FF 02 01 0902CCDD", "");
    assert_int_equal(link.meter.n_text, 2);
    assert_dialogue(&link, "D9 40000001 00 01 01 0003 0101151900FF 02 02 00 00", "D80103");
    assert_dialogue(&link, "D9 40000001 00 01 09 0003 0101151900FF 02 01 00", "D80103");
    open_18(&link, 60); /* what has no room is left out, the rest is there */
    assert_dialogue(&link,
                    "D9 40000001 00 02 01 0007 0100630100FF 02 01 0003 0101151900FF 02 02 00 00",
                    "DA 40000001 00 00 02 00 120000 02 01FA 0100");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(captured_dialogues),
        cmocka_unit_test(each_error_has_its_code),
        cmocka_unit_test(invoke_id_comes_back_and_unconfirmed_is_not_answered),
        cmocka_unit_test(what_was_not_negotiated_is_refused),
        cmocka_unit_test(blocks_of_any_size_make_the_same_answer),
        cmocka_unit_test(a_profile_is_read_by_range_and_by_entry),
        cmocka_unit_test(rows_stay_whole_in_a_block),
        cmocka_unit_test(a_wrong_block_number_ends_a_long_get),
        cmocka_unit_test(a_value_that_changes_between_blocks_breaks_off),
        cmocka_unit_test(an_answer_that_breaks_off_says_why),
        cmocka_unit_test(all_attributes_at_once),
        cmocka_unit_test(a_long_set_is_carried_out_once_it_is_whole),
        cmocka_unit_test(a_set_too_long_for_the_buffer_is_aborted),
        cmocka_unit_test(lists_are_set_and_called),
        cmocka_unit_test(a_list_with_another_number_of_values_is_refused),
        cmocka_unit_test(first_blocks_of_all_attributes_and_of_long_lists),
        cmocka_unit_test(an_action_with_long_parameter_and_value),
        cmocka_unit_test(an_action_in_blocks_that_goes_wrong_is_not_carried_out),
        cmocka_unit_test(every_method_of_a_list_answers_whatever_the_room),
        cmocka_unit_test(access_answers_every_item_whatever_the_room),
        cmocka_unit_test(access_does_gets_sets_and_actions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
