#include "tariff_meter.h"

#include <string.h>

#include "../../app/calendar/tariff_plan_image.h"
#include "../lib/tariff_text.h"

/* The meter's private block of commands. */
enum command { STAGE = 0xE0, COMMIT = 0xE1, READ_BACK = 0xE2, FORCE = 0xE3 };

#define PART        200u
#define BODY_HEADER 2u /* DEST CID */
#define UTC_2000    INT64_C(946684800)
#define FRAME_MAX   (PART + 8u)

/** Send a command.  @return a reader over the answer's data; failed: complained. */
static struct reader ask(struct tool *tool, uint8_t cid, const struct writer *data)
{
    struct reader answer = {NULL, NULL, true};
    if (tool->line.url.protocol != METER_KMP) {
        tool_complain(
            "tariff plans are read and written over KMP: expected -m kmp:... or kmp+tcp:");
        return answer;
    }
    int length = kmp_link_command(&tool->kmp, cid, data->begin, writer_length(data));
    if (length < (int)BODY_HEADER) {
        tool_complain("%s; only meters of this project take tariff plans over KMP, and only those "
                      "with tariffs",
                      tool->line.error);
        return answer;
    }
    return reader_over(tool->kmp.receiver.body + BODY_HEADER, (size_t)length - BODY_HEADER);
}

static enum tool_exit damaged(const char *what)
{
    tool_complain("%s: the meter's answer is not as it should be", what);
    return EXIT_METER;
}

enum tool_exit tariff_meter_read(struct tool *tool, bool waiting, struct meter_plan *out)
{
    struct plan_place place;
    size_t total = 0;
    memset(out, 0, sizeof *out);
    do {
        uint8_t request[3];
        struct writer w = writer_over(request, sizeof request);
        writer_u8(&w, waiting ? 1 : 0);
        writer_uint_be(&w, out->n_image, 2);
        struct reader r = ask(tool, READ_BACK, &w);
        if (r.failed) {
            return EXIT_METER;
        }
        total = (size_t)reader_uint_be(&r, 2);
        int64_t activation = (int64_t)reader_uint_be(&r, 4);
        size_t n = reader_left(&r);
        if (r.failed || total > sizeof out->image || n > total - out->n_image ||
            (n == 0 && total > out->n_image)) {
            return damaged("reading the plan");
        }
        memcpy(out->image + out->n_image, reader_bytes(&r, n), n);
        out->n_image += n;
        out->activation_s = activation != 0 ? activation + UTC_2000 : 0;
    } while (out->n_image < total);
    out->present = total > 0;
    if (out->present && tariff_plan_read(out->image, out->n_image, &out->plan, &place) != PLAN_OK) {
        return damaged("reading the plan");
    }
    return EXIT_GOOD;
}

/** Why the meter refuses, in words. */
static const char *refusal(int code)
{
    static const char *const texts[] = {
        "it is ordered without tariffs",
        "it has no clock, or its clock has lost the time: set it first",
        "the plan has more tariffs than the meter",
        "its memory could not be written",
        "expected an instant after the meter's time and before 2100",
        "the plan has a table of summers, but the meter no summer time (PPP = 000)",
        "the plan has more than the two seasons that the meter knows, A and B",
        "prepayment is on: not together with tariffs",
    };
    int index = -32 - code;
    return index >= 0 && index < (int)(sizeof texts / sizeof texts[0])
               ? texts[index]
               : tariff_fault_text((enum plan_err)code);
}

static enum tool_exit told(struct reader *r)
{
    int code = (int8_t)reader_u8(r);
    struct plan_place place = {0, 0, 0};
    char where[80] = "";
    if (r->failed) {
        return damaged("the command");
    }
    if (code == 0) {
        return EXIT_GOOD;
    }
    if (reader_left(r) == 3) {
        place.season = reader_u8(r);
        place.type = reader_u8(r);
        place.index = reader_u8(r);
        tariff_place_text((enum plan_err)code, &place, where, sizeof where);
    }
    tool_complain("the meter refuses: %s%s%s%s", refusal(code), where[0] != '\0' ? " (" : "", where,
                  where[0] != '\0' ? ")" : "");
    return EXIT_METER;
}

static enum tool_exit send(struct tool *tool, const uint8_t *image, size_t n_image)
{
    for (size_t at = 0; at < n_image; at += PART) {
        uint8_t request[FRAME_MAX];
        size_t n = n_image - at < PART ? n_image - at : PART;
        struct writer w = writer_over(request, sizeof request);
        writer_uint_be(&w, tool->options.password, 2);
        writer_uint_be(&w, at, 2);
        writer_bytes(&w, image + at, n);
        struct reader r = ask(tool, STAGE, &w);
        if (r.failed) {
            return EXIT_METER;
        }
        if (reader_uint_be(&r, 2) != at + n || !reader_complete(&r)) {
            return damaged("sending the plan");
        }
    }
    return EXIT_GOOD;
}

/** What stands in the meter now must be what was sent. */
static enum tool_exit compare(struct tool *tool, bool waiting, const uint8_t *image, size_t n_image)
{
    struct meter_plan found;
    enum tool_exit result = tariff_meter_read(tool, waiting, &found);
    if (result == EXIT_GOOD &&
        (found.n_image != n_image || memcmp(found.image, image, n_image) != 0)) {
        tool_complain("the meter has taken the plan, but another one is read back");
        return EXIT_METER;
    }
    return result;
}

enum tool_exit tariff_meter_write(struct tool *tool, const struct tariff_plan *plan,
                                  int64_t activation_s)
{
    uint8_t image[TARIFF_PLAN_IMAGE_MAX], request[FRAME_MAX];
    struct writer w = writer_over(image, sizeof image);
    tariff_plan_write(&w, plan);
    size_t n_image = writer_length(&w);
    enum tool_exit result = send(tool, image, n_image);
    if (result != EXIT_GOOD) {
        return result;
    }
    w = writer_over(request, sizeof request);
    writer_uint_be(&w, tool->options.password, 2);
    writer_uint_be(&w, n_image, 2);
    writer_uint_be(&w, (uint64_t)(activation_s != 0 ? activation_s - UTC_2000 : 0), 4);
    struct reader r = ask(tool, COMMIT, &w);
    result = r.failed ? EXIT_METER : told(&r);
    return result == EXIT_GOOD ? compare(tool, activation_s != 0, image, n_image) : result;
}

enum tool_exit tariff_meter_force(struct tool *tool, unsigned tariff, unsigned minutes)
{
    uint8_t request[FRAME_MAX];
    char brackets[8];
    if (tool->line.url.protocol == METER_IEC && minutes != 0) {
        tool_complain("tariff force over IEC holds until tariff release: expected no minutes, or "
                      "-m kmp:...");
        return EXIT_USAGE;
    }
    if (tool->line.url.protocol == METER_IEC) {
        snprintf(brackets, sizeof brackets, "(%u)", tariff);
        return tool_iec_write(tool, "W1", "129.0.0", brackets);
    }
    struct writer w = writer_over(request, sizeof request);
    writer_uint_be(&w, tool->options.password, 2);
    writer_u8(&w, (uint8_t)tariff);
    writer_uint_be(&w, minutes, 2);
    struct reader r = ask(tool, FORCE, &w);
    return r.failed ? EXIT_METER : told(&r);
}
