/** Requests and the answers to them, for tests of the DLMS server; after cmocka.h. */
#ifndef OPEN382_TEST_DLMS_DIALOGUE_H
#define OPEN382_TEST_DLMS_DIALOGUE_H

#include "proto/dlms_link.h"

static inline void assert_answer(const struct dlms_link *link, const char *expected)
{
    uint8_t bytes[1024];
    size_t n = link_octets(expected, bytes);
    assert_int_equal(link->n_out, n);
    assert_memory_equal(link->out, bytes, n);
}

static inline void assert_dialogue(struct dlms_link *link, const char *request, const char *answer)
{
    link_hex(link, request);
    assert_answer(link, answer);
}

/** Client 18 with everything, and a size. */
static inline void open_18(struct dlms_link *link, uint16_t max_pdu)
{
    link_begin(link, 18, NULL);
    assert_true(link_open(link, 0xFFFFFF, max_pdu));
}

/** The requests whose answers are compared in every size. */
static inline void long_request(unsigned n, struct writer *w)
{
    static const uint8_t entries[] = {2, 4, 6, 0, 0, 0, 5, 6, 0, 0, 0, 60, 0x12, 0, 2, 0x12, 0, 2};
    struct dlms_descriptor list[4] = {link_row(ROW_CLOCK, 2), link_row(ROW_PROFILE, 2),
                                      link_row(ROW_SECRET, 2), link_row(ROW_NAME, 2)};
    struct dlms_descriptor one = link_row(ROW_PROFILE, 2);
    switch (n) {
    case 0: dlms_get_write(w, 0xC1, &one); break;
    case 1:
        one.selector = 2;
        one.parameter = reader_over(entries, sizeof entries);
        dlms_get_write(w, 0xC1, &one);
        break;
    case 2: dlms_get_list_write(w, 0xC1, list, 4); break;
    case 3:
        one = link_row(ROW_ASSOCIATION, 2);
        dlms_get_write(w, 0xC1, &one);
        break;
    case 4:
        one = link_row(ROW_NAME, 2);
        dlms_get_write(w, 0xC1, &one);
        break;
    default:
        one = link_row(ROW_ASSOCIATION, 0);
        dlms_get_write(w, 0xC1, &one);
        break;
    }
}

#endif
