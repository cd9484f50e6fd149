/* DLMS in one process: client encodes, server serves, client decodes; no line, no ciphers. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/dlms/dlms_class.h"
#include "proto/dlms/dlms_server.h"
#include "proto/dlms/dlms_time.h"

#define ROUNDS         2000000u
#define ROWS           100000u
#define OBJECTS        150u
#define ROW_OF_PROFILE (OBJECTS - 1u)

static struct dlms_object objects[OBJECTS]; /* const tables in a meter; made here */

static double now_s(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static const struct dlms_object *find(void *context, const struct dlms_session *session,
                                      const uint8_t obis[6], uint16_t class_id, bool *other_class)
{
    (void)session;
    return dlms_table_find(context, obis, class_id, other_class);
}

static uint8_t access_of(void *context, const struct dlms_session *session,
                         const struct dlms_object *object, enum dlms_member member, int8_t index)
{
    (void)context;
    (void)session;
    (void)object;
    (void)index;
    return member == DLMS_ATTRIBUTE ? DLMS_MODE_READ : DLMS_MODE_NONE;
}

static enum dlms_result profile(struct dlms_get *get, struct writer *out)
{
    uint32_t row = get->cursor[0]++;
    if (row == 0) {
        dlms_write_array(out, ROWS);
        return DLMS_RESULT_MORE;
    }
    const struct dlms_time time = {2026,
                                   11,
                                   20,
                                   5,
                                   (uint8_t)(row / 3600 % 24),
                                   (uint8_t)(row / 60 % 60),
                                   (uint8_t)(row % 60),
                                   0,
                                   DLMS_DEVIATION_NONE,
                                   0};
    dlms_write_structure(out, 2);
    dlms_write_time(out, &time);
    dlms_write_u32(out, row);
    return row < ROWS ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
}

static enum dlms_result get_value(void *context, const struct dlms_session *session,
                                  struct dlms_get *get, struct writer *out)
{
    (void)context;
    (void)session;
    const struct dlms_register energy = {DLMS_UINT32, 123456, 0, 30};
    return get->object->index == ROW_OF_PROFILE ? profile(get, out)
                                                : dlms_class_register_get(&energy, get, out);
}

static bool password(void *context, const struct dlms_session *session, const uint8_t *bytes,
                     size_t n_bytes)
{
    (void)context;
    (void)session;
    return dlms_same(bytes, n_bytes, (const uint8_t *)"12345", 5);
}

static const struct dlms_association associations[] = {
    {16, 1, DLMS_MECHANISM_LLS, DLMS_ALLOW_LN, 0, 0, DLMS_CAN_GET | DLMS_CAN_BLOCK_GET, 512}};

static void associate(struct dlms_server *server, uint16_t max_pdu)
{
    uint8_t apdu[128], answer[128], information[32];
    struct dlms_initiate initiate = {.response_allowed = true,
                                     .version = DLMS_VERSION,
                                     .conformance = 0x00FFFF,
                                     .max_pdu = max_pdu};
    struct writer w = writer_over(information, sizeof information);
    dlms_initiate_request_write(&w, &initiate);
    const struct dlms_aarq aarq = {.context = DLMS_CONTEXT_LN,
                                   .has_mechanism = true,
                                   .mechanism = DLMS_MECHANISM_LLS,
                                   .user_id = -1,
                                   .secret = {(const uint8_t *)"12345", 5},
                                   .user_information = {information, writer_length(&w)}};
    w = writer_over(apdu, sizeof apdu);
    dlms_aarq_write(&w, &aarq);
    dlms_server_connect(server, 16, 1);
    dlms_server_apdu(server, apdu, writer_length(&w), answer, sizeof answer);
}

static void registers(struct dlms_server *server)
{
    uint8_t apdu[64], answer[512];
    uint64_t sum = 0;
    associate(server, 512);
    double start_s = now_s();
    for (unsigned round = 0; round < ROUNDS; round++) {
        const struct dlms_object *object = &objects[round % ROW_OF_PROFILE];
        struct dlms_descriptor wanted = {object->class_id, {0}, 2, 0, dlms_no_data()};
        struct dlms_response response;
        uint32_t value = 0;
        memcpy(wanted.obis, object->obis, sizeof wanted.obis);
        struct writer w = writer_over(apdu, sizeof apdu);
        dlms_get_write(&w, 0xC1, &wanted);
        size_t n = dlms_server_apdu(server, apdu, writer_length(&w), answer, sizeof answer);
        if (dlms_response_read(answer, n, &response) == DLMS_OK && response.has_data) {
            dlms_read_u32(&response.data, &value);
        }
        sum += value;
    }
    double each_ns = (now_s() - start_s) * 1e9 / ROUNDS;
    printf("DLMS GET of a register in process, no ciphers     %8.0f ns%s\n", each_ns,
           sum == UINT64_C(123456) * ROUNDS ? "" : "  WRONG VALUES");
}

static void rows(struct dlms_server *server, uint16_t max_pdu)
{
    static uint8_t answer[65535];
    uint8_t apdu[64];
    struct dlms_descriptor wanted = {7, {0}, 2, 0, dlms_no_data()};
    struct dlms_walker walker;
    struct dlms_response response;
    uint64_t n_values = 0;
    memcpy(wanted.obis, objects[ROW_OF_PROFILE].obis, sizeof wanted.obis);
    associate(server, max_pdu);
    dlms_walker_init(&walker, NULL, 0);
    double start_s = now_s();
    struct writer w = writer_over(apdu, sizeof apdu);
    dlms_get_write(&w, 0xC1, &wanted);
    do {
        size_t n = dlms_server_apdu(server, apdu, writer_length(&w), answer, max_pdu);
        struct dlms_value value;
        if (dlms_response_read(answer, n, &response) != DLMS_OK || response.block.raw == NULL) {
            break;
        }
        dlms_walker_feed(&walker, response.block.raw, response.block.n_raw); /* rows are whole */
        while (dlms_data_next(&walker, &value) == DLMS_OK) {
            n_values++;
        }
        w = writer_over(apdu, sizeof apdu);
        dlms_get_next_write(&w, 0xC1, response.block.number);
    } while (!response.block.last);
    double elapsed_s = now_s() - start_s;
    printf("DLMS profile, 2 columns, blocks of %5u octets    %8.2f million rows/s%s\n", max_pdu,
           ROWS / elapsed_s * 1e-6, n_values == 1 + 3 * (uint64_t)ROWS ? "" : "  WRONG VALUES");
}

int main(void)
{
    static uint8_t kept[256];
    struct dlms_table table = {objects, OBJECTS};
    for (unsigned i = 0; i < OBJECTS; i++) {
        const struct dlms_object row = {
            {1, 0, (uint8_t)(1 + i), 8, 0, 255}, i == ROW_OF_PROFILE ? 7 : 3, 0, 0, (uint16_t)i};
        objects[i] = row;
    }
    const struct dlms_model model = {.context = &table,
                                     .find = find,
                                     .access = access_of,
                                     .get = get_value,
                                     .password = password};
    const struct dlms_server_config config = {.model = &model,
                                              .associations = associations,
                                              .n_associations = 1,
                                              .kept = kept,
                                              .kept_capacity = sizeof kept};
    struct dlms_server server;
    dlms_server_init(&server, &config);
    registers(&server);
    rows(&server, 512);
    rows(&server, 65535);
    printf("DLMS association: server %zu octets, kept %zu, message 512, HDLC 128, in all %zu; "
           "0 an object\n",
           sizeof server, sizeof kept, sizeof server + sizeof kept + 512 + 128);
    return 0;
}
