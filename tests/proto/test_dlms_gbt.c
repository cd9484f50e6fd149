/* General block transfer of the DLMS server: the same answers as without it, also with losses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/dlms_dialogue.h"
#include "proto/dlms_false_guard.h"
#include "proto/hex.h"

/** One block to the server, protected or not. */
static void send_block(struct dlms_link *link, const struct writer *w, uint8_t kind)
{
    uint8_t apdu[600];
    size_t n = writer_length(w);
    memcpy(apdu, w->begin, n);
    if (kind != DLMS_PLAIN) {
        struct false_guard *guard = link->server.config.guard->context;
        guard->last = 0;
        n = false_seal(apdu, n, sizeof apdu, kind, 0x30, 1);
    }
    link_send(link, apdu, n);
}

/** A block from the server, which has to be protected as ours was. */
static void open_block(struct dlms_link *link, uint8_t kind, struct dlms_gbt_block *block)
{
    uint8_t found_kind, control;
    uint8_t *apdu = link->out;
    size_t n = link->n_out;
    if (kind != DLMS_PLAIN) {
        assert_int_equal(false_open(apdu, n, &found_kind, &control), DLMS_UNPROTECTED);
        assert_int_equal(found_kind, kind);
        assert_int_equal(control, 0x30);
        apdu += 3;
        n -= FALSE_OVERHEAD;
    }
    assert_int_equal(dlms_gbt_read(apdu, n, block), DLMS_OK);
}

/** Send a message by GBT over a line that loses blocks in both directions; collect the answer. */
static size_t exchange(struct dlms_link *link, const struct writer *request, size_t n_block,
                       uint8_t window, unsigned loss, uint8_t kind, uint64_t *seed, uint8_t *answer)
{
    struct dlms_gbt gbt;
    size_t at[64] = {0}, n_answer = 0; /* where each own block begins */
    const size_t n_request = writer_length(request);
    bool all_sent = false;
    dlms_gbt_begin(&gbt);
    for (unsigned turn = 0; turn < 5000; turn++) {
        uint8_t apdu[512];
        struct writer w = writer_over(apdu, sizeof apdu);
        struct dlms_gbt_block block = {.window = window};
        if (gbt.confirmed < gbt.sent && !gbt.received) { /* not confirmed: send it once more */
            gbt.sent = gbt.confirmed;
            all_sent = false;
        }
        size_t from = at[gbt.sent % 64];
        if (!all_sent) {
            block.n_data = (uint32_t)(n_request - from < n_block ? n_request - from : n_block);
            block.data = request->begin + from;
            block.last = from + block.n_data == n_request;
            all_sent = block.last;
        } else {
            block.last = true; /* an acknowledgement */
        }
        block.number = ++gbt.sent;
        at[gbt.sent % 64] = from + block.n_data;
        block.acked = gbt.received;
        dlms_gbt_write(&w, &block);
        if (test_random(seed) % 100 < loss && block.number > 1) {
            gbt.sent--; /* lost on the way: time-out, once more */
            at[gbt.sent % 64] = from;
            all_sent = all_sent && block.n_data == 0;
            continue;
        }
        const unsigned acked = gbt.received;
        send_block(link, &w, kind);
        while (link->n_out > 0) {
            open_block(link, kind, &block);
            assert_true(block.number <= acked + window); /* never more in a row than we take */
            assert_true(link->server.config.streams || !block.streaming);
            bool lost = test_random(seed) % 100 < loss && (block.number > 1 || gbt.received > 0);
            bool own_turn = !block.streaming;
            if (!lost && dlms_gbt_received(&gbt, &block) == DLMS_GBT_TAKE) {
                memcpy(answer + n_answer, block.data, block.n_data);
                n_answer += block.n_data;
            }
            if (own_turn) {
                break;
            }
            link->n_out = dlms_server_more(&link->server, link->out, link->capacity);
        }
        if (gbt.received_last) {
            return n_answer;
        }
    }
    return 0;
}

static size_t gbt_exchange(struct dlms_link *link, const struct writer *request, size_t n_block,
                           uint8_t window, unsigned loss, uint64_t *seed, uint8_t *answer)
{
    return exchange(link, request, n_block, window, loss, DLMS_PLAIN, seed, answer);
}

static void gbt_makes_the_same_answer_on_a_line_with_losses(void **state)
{
    (void)state;
    static uint8_t whole[8192], answer[8192];
    uint64_t seed = 382;
    struct dlms_link link;
    for (unsigned n = 0; n < 5; n++) {
        uint8_t request[128];
        struct writer w = writer_over(request, sizeof request);
        long_request(n, &w);
        open_18(&link, 0);
        link.capacity = 4000;
        link.meter.n_text = 300;
        link_writer(&link, &w);
        size_t n_whole = link.n_out;
        memcpy(whole, link.out, n_whole);
        for (unsigned trial = 0; trial < 90; trial++) {
            unsigned loss = trial < 10 ? 0 : trial % 30;
            uint8_t window = (uint8_t)(1 + trial % 7);
            open_18(&link, (uint16_t)(40 + trial * 5));
            link.meter.n_text = 300;
            link.server.config.streams = trial % 4 != 3;
            size_t n_answer = gbt_exchange(&link, &w, 5 + trial % 30, window, loss, &seed, answer);
            assert_int_equal(n_answer, n_whole);
            assert_memory_equal(answer, whole, n_whole);
        }
    }
}

static void a_protected_get_by_gbt_is_not_longer_than_its_buffer(void **state)
{
    (void)state;
    struct dlms_link link;
    struct false_guard secrets = {0};
    const struct dlms_guard guard = false_guard_of(&secrets);
    uint8_t inner[64], apdu[64], kind, control, answer[512];
    uint64_t seed = 1;
    for (size_t n_text = 200; n_text <= 300; n_text += 100) {
        link_begin(&link, 2, &guard);
        assert_true(link_open(&link, 0xFFFFFF, 100));
        link.server.session.context = DLMS_CONTEXT_LN_CIPHERED;
        link.meter.n_text = n_text;
        secrets.last = 0;
        size_t n = link_octets("C001C1 0001 00002A0000FF 02 00", inner);
        n = false_seal(inner, n, sizeof inner, DLMS_GLO, 0x30, 1);
        memcpy(apdu, inner, n);
        struct writer w = writer_over(apdu, sizeof apdu);
        w.at = apdu + n;
        size_t n_answer = gbt_exchange(&link, &w, 60, 3, 0, &seed, answer);
        assert_int_equal(false_open(answer, n_answer, &kind, &control), DLMS_UNPROTECTED);
        assert_int_equal(n_answer, 4 + (n_text == 200 ? 4 + 3 + 200 : 5));
        assert_int_equal(answer[3 + 3], n_text == 200 ? 0 : 1);
    }
}

static void protected_blocks_carry_answers_of_any_length(void **state)
{
    (void)state;
    static uint8_t whole[8192], answer[8192];
    uint64_t seed = 7;
    for (unsigned trial = 0; trial < 40; trial++) {
        struct dlms_link link;
        struct false_guard secrets = {0};
        const struct dlms_guard guard = false_guard_of(&secrets);
        uint8_t request[128];
        struct writer w = writer_over(request, sizeof request);
        long_request(trial % 4, &w);
        link_begin(&link, 2, &guard);
        assert_true(link_open(&link, 0xFFFFFF, 0));
        link.capacity = 4000;
        link.meter.n_text = 300;
        link_writer(&link, &w);
        size_t n_whole = link.n_out;
        memcpy(whole, link.out, n_whole);
        link.server.session.context = DLMS_CONTEXT_LN_CIPHERED;
        link.server.session.client_max_pdu = (uint16_t)(60 + trial);
        link.capacity = LINK_OUT;
        size_t n_answer = exchange(&link, &w, 20, (uint8_t)(1 + trial % 5), trial % 20,
                                   DLMS_GENERAL_GLO, &seed, answer);
        assert_int_equal(n_answer, n_whole);
        assert_memory_equal(answer, whole, n_whole);
    }
}

static void nobody_goes_on_in_clear(void **state)
{
    (void)state;
    static const struct {
        const char *request, *next, *refusal;
    } rows[] = {
        {"C001C1 0007 0100630100FF 02 00", "C002C1 00000001", "C402C101000000010110"},
        {"C301C1 0046 000060030AFF 03 00", "C302C1 00000001", "C701C11000"},
        {"C304C1 0046 000060030AFF 02 00 00000001 04 090AAABB", "C306C1 01 00000002 01 00",
         "C701C11000"},
        {"C102C1 0001 00002A0000FF 02 00 00 00000001 04 090A4142", "C103C1 01 00000002 01 00",
         "C503C11200000002"},
        {"E0 83 0001 0000 0D C001C1 0007 0100630100FF 02 00", "E0 83 0002 0003 00", "D80103"},
        {"E0 03 0001 0000 02 C001", "E0 83 0002 0001 02 C100", "D80103"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dlms_link link;
        struct false_guard secrets = {0};
        const struct dlms_guard guard = false_guard_of(&secrets);
        uint8_t apdu[128];
        struct writer w = writer_over(apdu, sizeof apdu);
        link_begin(&link, 2, &guard);
        assert_true(link_open(&link, 0xFFFFFF, 100));
        link.server.session.context = DLMS_CONTEXT_LN_CIPHERED;
        link.server.config.streams = false;
        link.meter.n_text = 200;
        w.at += link_octets(rows[i].request, apdu);
        send_block(&link, &w, DLMS_GENERAL_GLO);
        assert_int_not_equal(link.server.transfer, DLMS_TRANSFER_NONE);
        assert_dialogue(&link, rows[i].next, rows[i].refusal);
        assert_int_equal(link.server.transfer, DLMS_TRANSFER_NONE);
    }
    struct dlms_link link; /* neither does somebody with less protection */
    struct false_guard secrets = {0};
    const struct dlms_guard guard = false_guard_of(&secrets);
    uint8_t apdu[64], kind, control;
    link_begin(&link, 2, &guard);
    assert_true(link_open(&link, 0xFFFFFF, 100));
    link.server.session.context = DLMS_CONTEXT_LN_CIPHERED;
    size_t n = link_octets("C001C1 0007 0100630100FF 02 00", apdu);
    link_send(&link, apdu, false_seal(apdu, n, sizeof apdu, DLMS_GLO, 0x30, 1));
    n = link_octets("C002C1 00000001", apdu);
    link_send(&link, apdu, false_seal(apdu, n, sizeof apdu, DLMS_GLO, 0x10, 2));
    assert_int_equal(false_open(link.out, link.n_out, &kind, &control), DLMS_UNPROTECTED);
    assert_memory_equal(link.out + 3, "\xC4\2\xC1\1\0\0\0\1\1\x10", 10);
    /* a plain request breaks off what GBT was in the midst of */
    open_18(&link, 0);
    assert_dialogue(&link, "E0 01 0001 0000 02 C001", "E0080001000100");
    assert_dialogue(&link, "C001C1 0003 0101151900FF 02 00", "C401C100120000");
    assert_dialogue(&link, "E0 81 0002 0001 02 C100", "D80103");
}

static void gbt_carries_other_services(void **state)
{
    (void)state;
    uint8_t request[64], answer[512];
    uint64_t seed = 1;
    struct dlms_link link;
    open_18(&link, 50);
    size_t n = link_octets("C101C1 0001 00002A0000FF 02 00 0903414243", request);
    struct writer w = writer_over(request, sizeof request);
    w.at += n;
    assert_int_equal(gbt_exchange(&link, &w, 6, 3, 0, &seed, answer), 4);
    assert_memory_equal(answer, "\xC5\1\xC1\0", 4);
    assert_int_equal(link.meter.n_text, 3);
    n = link_octets("C001C1 0001 0000600100FF 02 00", request);
    w.at = request + n;
    assert_int_equal(gbt_exchange(&link, &w, 60, 3, 0, &seed, answer), 5);
    assert_memory_equal(answer, "\xC4\1\xC1\1\3", 5);
    /* a method with a value longer than a message, in blocks of GBT */
    link.meter.n_text = 120;
    n = link_octets("C301C1 0046 000060030AFF 03 00", request);
    w.at = request + n;
    assert_int_equal(gbt_exchange(&link, &w, 60, 1, 0, &seed, answer), 6 + 2 + 120);
    assert_memory_equal(answer, "\xC7\1\xC1\0\1\0\x09\x78", 8);
    assert_int_equal(link.meter.n_calls, 1);
    /* one that kept cannot hold is lost, and the answer says so */
    link.meter.n_text = 300;
    assert_int_equal(gbt_exchange(&link, &w, 60, 1, 0, &seed, answer), 7);
    assert_memory_equal(answer, "\xC7\1\xC1\0\1\1\xFA", 7);
    /* service blocks have no place in it, neither has a GET that nobody wants answered */
    n = link_octets("C102C1 0001 00002A0000FF 02 00 00 00000001 04 090A4142", request);
    w.at = request + n;
    assert_int_equal(gbt_exchange(&link, &w, 60, 1, 0, &seed, answer), 3);
    assert_memory_equal(answer, "\xD8\1\2", 3);
    n = link_octets("C304C1 0046 000060030AFF 02 00 00000001 04 090AAABB", request);
    w.at = request + n;
    assert_int_equal(gbt_exchange(&link, &w, 60, 1, 0, &seed, answer), 3);
    assert_memory_equal(answer, "\xD8\1\2", 3);
    assert_dialogue(&link, "E0 81 0001 0000 0D C00101 0001 00002A0000FF 02 00", "");
    /* the client's last acknowledgement ends it without a word */
    assert_dialogue(&link, "E0 81 0001 0000 0D C001C1 0003 0101151900FF 02 00",
                    "E0 88 0001 0001 07 C401C100120000");
    assert_int_equal(link.server.transfer, DLMS_TRANSFER_GBT_STREAM);
    assert_dialogue(&link, "E0 81 0002 0001 00", "");
    assert_int_equal(link.server.transfer, DLMS_TRANSFER_NONE);
    link_hex(&link, "E0 81 0001 0000 03 C0 01 C1");
    assert_int_equal(link.n_out > 0, 1);
    assert_dialogue(&link, "E0 81 0002 0007 00", "D80103"); /* blocks that were never sent */
    assert_dialogue(&link, "E0 81 0005 0000 00", "D80103"); /* out of nothing */
    assert_dialogue(&link, "E0 01 0001 0000 01 C0", "E0080001000100");
    assert_dialogue(&link, "E0 81 0001", "D80103");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gbt_makes_the_same_answer_on_a_line_with_losses),
        cmocka_unit_test(a_protected_get_by_gbt_is_not_longer_than_its_buffer),
        cmocka_unit_test(protected_blocks_carry_answers_of_any_length),
        cmocka_unit_test(nobody_goes_on_in_clear),
        cmocka_unit_test(gbt_carries_other_services),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
