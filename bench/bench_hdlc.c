/* DLMS over HDLC and over the wrapper, in one process: the client makes a GET and its frame, the
 * server takes it apart and answers, the client takes the answer apart.  No line, no ciphers. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/dlms/dlms_server.h"
#include "proto/dlms/dlms_wrapper.h"
#include "proto/dlms/hdlc_client.h"
#include "proto/dlms/hdlc_server.h"

#define ROUNDS   1000000u
#define INFO_MAX 512u

static const struct dlms_object energy = {{1, 1, 1, 8, 0, 255}, 3, 0, 0, 0};

static double now_s(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static const struct dlms_object *find(void *context, const struct dlms_session *session,
                                      const uint8_t obis[6], uint16_t class_id, bool *other_class)
{
    static const struct dlms_table table = {&energy, 1};
    (void)context;
    (void)session;
    return dlms_table_find(&table, obis, class_id, other_class);
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

static enum dlms_result get_value(void *context, const struct dlms_session *session,
                                  struct dlms_get *get, struct writer *out)
{
    (void)context;
    (void)session;
    (void)get;
    dlms_write_u32(out, 123456);
    return DLMS_RESULT_SUCCESS;
}

static const struct dlms_model model = {.find = find, .access = access_of, .get = get_value};
static const struct dlms_association associations[] = {
    {16, 1, DLMS_MECHANISM_NONE, DLMS_ALLOW_LN, 0, 0, DLMS_CAN_GET | DLMS_CAN_BLOCK_GET, 512}};

/* ---- the engine below a link ---- */

static bool link_connect(void *context, uint16_t client, uint16_t server)
{
    dlms_server_connect(context, client, server);
    return true;
}

static void link_release(void *context)
{
    dlms_server_disconnect(context);
}

static size_t link_request(void *context, uint8_t *apdu, size_t n_apdu, uint8_t *answer,
                           size_t capacity)
{
    return dlms_server_apdu(context, apdu, n_apdu, answer, capacity);
}

static size_t wrapper_request(void *context, uint16_t client, uint16_t server, uint8_t *apdu,
                              size_t n_apdu, uint8_t *answer, size_t capacity)
{
    (void)client;
    (void)server;
    return dlms_server_apdu(context, apdu, n_apdu, answer, capacity);
}

static size_t aarq_make(uint8_t *apdu, size_t capacity)
{
    uint8_t information[32];
    const struct dlms_initiate initiate = {
        .response_allowed = true, .version = DLMS_VERSION, .conformance = 0x00FFFF, .max_pdu = 512};
    struct writer w = writer_over(information, sizeof information);
    dlms_initiate_request_write(&w, &initiate);
    const struct dlms_aarq aarq = {.context = DLMS_CONTEXT_LN,
                                   .user_id = -1,
                                   .user_information = {information, writer_length(&w)}};
    w = writer_over(apdu, capacity);
    dlms_aarq_write(&w, &aarq);
    return writer_length(&w);
}

static size_t get_make(uint8_t *apdu, size_t capacity)
{
    struct dlms_descriptor wanted = {energy.class_id, {0}, 2, 0, dlms_no_data()};
    memcpy(wanted.obis, energy.obis, sizeof wanted.obis);
    struct writer w = writer_over(apdu, capacity);
    dlms_get_write(&w, 0xC1, &wanted);
    return writer_length(&w);
}

static uint32_t value_of(const uint8_t *apdu, size_t n_apdu)
{
    struct dlms_response response;
    uint32_t value = 0;
    if (dlms_response_read(apdu, n_apdu, &response) == DLMS_OK && response.has_data) {
        dlms_read_u32(&response.data, &value);
    }
    return value;
}

/* ---- HDLC ---- */

struct ends {
    struct dlms_server engine;
    struct hdlc_server server;
    struct hdlc_client client;
    uint8_t server_frame[INFO_MAX + HDLC_OVERHEAD], answer[INFO_MAX - HDLC_LLC_BYTES];
    uint8_t client_frame[INFO_MAX + HDLC_OVERHEAD], heard[INFO_MAX], kept[256];
};

static void ends_init(struct ends *ends)
{
    const struct dlms_server_config config = {.model = &model,
                                              .associations = associations,
                                              .n_associations = 1,
                                              .kept = ends->kept,
                                              .kept_capacity = sizeof ends->kept};
    const struct hdlc_server_settings settings = {{INFO_MAX, INFO_MAX, 1, 1}, 32, 120, 500};
    const struct hdlc_server_memory server = {.frame = ends->server_frame,
                                              .n_frame = sizeof ends->server_frame,
                                              .answer = ends->answer,
                                              .n_answer = sizeof ends->answer};
    const struct hdlc_client_memory client = {.frame = ends->client_frame,
                                              .n_frame = sizeof ends->client_frame,
                                              .answer = ends->heard,
                                              .n_answer = sizeof ends->heard};
    const struct hdlc_client_settings calling =
        hdlc_client_defaults(16, (struct hdlc_address){1, 0, 1});
    dlms_server_init(&ends->engine, &config);
    hdlc_server_init(&ends->server, &settings, &server);
    hdlc_client_init(&ends->client, &calling, &client);
}

/* What the client has to say goes to the server, and the answer back. */
static enum hdlc_event exchange(struct ends *ends)
{
    const struct hdlc_upper upper = {.context = &ends->engine,
                                     .connect = link_connect,
                                     .release = link_release,
                                     .request = link_request};
    uint8_t said[INFO_MAX + HDLC_OVERHEAD], answered[INFO_MAX + HDLC_OVERHEAD];
    struct writer out = writer_over(said, sizeof said),
                  back = writer_over(answered, sizeof answered);
    int64_t next_ms;
    (void)hdlc_client_step(&ends->client, 0, &out, &next_ms);
    struct reader in = reader_over(said, writer_length(&out));
    hdlc_server_receive(&ends->server, &upper, &in, 0, &back);
    in = reader_over(answered, writer_length(&back));
    return hdlc_client_receive(&ends->client, &in, 0);
}

static void over_hdlc(void)
{
    static struct ends ends;
    uint8_t apdu[128];
    uint64_t sum = 0;
    ends_init(&ends);
    hdlc_client_connect(&ends.client);
    (void)exchange(&ends);
    (void)hdlc_client_request(&ends.client, apdu, aarq_make(apdu, sizeof apdu), true);
    (void)exchange(&ends);
    const double start_s = now_s();
    for (unsigned round = 0; round < ROUNDS; round++) {
        (void)hdlc_client_request(&ends.client, apdu, get_make(apdu, sizeof apdu), true);
        if (exchange(&ends) == HDLC_ANSWER) {
            sum += value_of(ends.client.apdu, ends.client.n_apdu);
        }
    }
    printf("DLMS GET of a register in process, over HDLC      %8.0f ns%s\n",
           (now_s() - start_s) * 1e9 / ROUNDS,
           sum == UINT64_C(123456) * ROUNDS ? "" : "  WRONG VALUES");
}

/* ---- wrapper ---- */

static void over_wrapper(void)
{
    static struct ends ends;
    uint8_t apdu[128], said[256], answered[INFO_MAX + 8], taken[256], heard[INFO_MAX + 8];
    struct dlms_wrapper_server server;
    struct dlms_wrapper_receiver client;
    struct dlms_wpdu wpdu;
    uint64_t sum = 0;
    ends_init(&ends);
    const struct dlms_wrapper_upper upper = {&ends.engine, wrapper_request, NULL};
    dlms_wrapper_server_init(&server, taken, sizeof taken, INFO_MAX);
    dlms_wrapper_receiver_init(&client, heard, sizeof heard);
    dlms_server_connect(&ends.engine, 16, 1);
    (void)dlms_server_apdu(&ends.engine, apdu, aarq_make(apdu, sizeof apdu), answered,
                           sizeof answered);
    const double start_s = now_s();
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct writer out = writer_over(said, sizeof said);
        struct writer back = writer_over(answered, sizeof answered);
        (void)dlms_wrapper_write(&out, 16, 1, apdu, get_make(apdu, sizeof apdu));
        struct reader in = reader_over(said, writer_length(&out));
        (void)dlms_wrapper_serve(&server, &upper, &in, &back);
        in = reader_over(answered, writer_length(&back));
        if (dlms_wrapper_take(&client, &in, &wpdu) == 1) {
            sum += value_of(wpdu.apdu, wpdu.n_apdu);
        }
    }
    printf("DLMS GET of a register in process, over wrapper   %8.0f ns%s\n",
           (now_s() - start_s) * 1e9 / ROUNDS,
           sum == UINT64_C(123456) * ROUNDS ? "" : "  WRONG VALUES");
}

int main(void)
{
    over_wrapper();
    over_hdlc();
    return 0;
}
