/* Requests at random and mutated, for every object, attribute and method, in every association: no
 * value is touched before its right was granted, whole Data come back, and clients that may only
 * read leave the memory as it was. */
#include "../app/legal_puppet.h"
#include "app/cosem/cosem_inside.h"
#include "cosem_client.h"
#include "proto/dlms/dlms_server.h"

#define MESSAGES      300000u
#define MESSAGES_LONG 10000000u
#define PER_SESSION   50u

/* The meter's model, watched. */
static struct {
    struct dlms_model meter;
    const struct dlms_object *granted;
    enum dlms_member member;
    int8_t index;
    uint8_t mode;
    unsigned values, changes;
} watch;

static uint64_t random_state;

static uint32_t draw(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_state >> 33) % limit);
}

static const struct dlms_object *find(void *context, const struct dlms_session *session,
                                      const uint8_t obis[6], uint16_t class_id, bool *other_class)
{
    return watch.meter.find(context, session, obis, class_id, other_class);
}

static const struct dlms_object *at(void *context, const struct dlms_session *session, size_t n)
{
    return watch.meter.at(context, session, n);
}

static uint8_t access(void *context, const struct dlms_session *session,
                      const struct dlms_object *object, enum dlms_member member, int8_t index)
{
    watch.granted = object;
    watch.member = member;
    watch.index = index;
    watch.mode = watch.meter.access(context, session, object, member, index);
    return watch.mode;
}

static void expect_granted(const struct dlms_object *object, enum dlms_member member, int8_t index,
                           uint8_t mode)
{
    assert_ptr_equal(watch.granted, object);
    assert_int_equal(watch.member, member);
    assert_int_equal(watch.index, index);
    assert_int_equal(watch.mode & mode, mode);
}

static enum dlms_result get(void *context, const struct dlms_session *session, struct dlms_get *get,
                            struct writer *out)
{
    expect_granted(get->object, DLMS_ATTRIBUTE, get->attribute, DLMS_MODE_READ);
    watch.values++;
    return watch.meter.get(context, session, get, out);
}

static enum dlms_result set(void *context, const struct dlms_session *session,
                            const struct dlms_object *object, int8_t attribute, struct reader data)
{
    expect_granted(object, DLMS_ATTRIBUTE, attribute, DLMS_MODE_WRITE);
    watch.changes++;
    return watch.meter.set(context, session, object, attribute, data);
}

static enum dlms_result action(void *context, const struct dlms_session *session,
                               const struct dlms_object *object, int8_t method, struct reader data,
                               struct writer *out)
{
    expect_granted(object, DLMS_METHOD, method, DLMS_MODE_CALL);
    watch.changes++;
    return watch.meter.action(context, session, object, method, data, out);
}

/* Some Data: simple values, times, short structures, or what is none. */
static void data_put(struct writer *w, unsigned depth)
{
    static const uint8_t simple[] = {DLMS_BOOLEAN, DLMS_INT8,   DLMS_INT16, DLMS_INT32, DLMS_UINT8,
                                     DLMS_UINT16,  DLMS_UINT32, DLMS_ENUM,  DLMS_NULL};
    const uint32_t kind = draw(10);
    if (kind < 5) {
        const uint8_t type = simple[draw(sizeof simple)];
        if (type == DLMS_NULL || type == DLMS_BOOLEAN || type == DLMS_ENUM) {
            writer_u8(w, type);
            if (type != DLMS_NULL) {
                writer_u8(w, (uint8_t)draw(4));
            }
        } else {
            dlms_write_int(w, (enum dlms_type)type,
                           draw(3) == 0 ? (int64_t)draw(UINT32_MAX) : draw(300));
        }
    } else if (kind < 7) {
        struct dlms_time time;
        dlms_time_from_s(INT64_C(1700000000) + draw(100000000), &time);
        dlms_write_time(w, &time);
    } else if (kind < 8 || depth == 0) {
        uint8_t bytes[20];
        const uint32_t n = draw(sizeof bytes);
        for (uint32_t i = 0; i < n; i++) {
            bytes[i] = (uint8_t)draw(256);
        }
        dlms_write_octets(w, bytes, n);
    } else {
        const uint32_t n = draw(5);
        if (draw(2) == 0) {
            dlms_write_array(w, n);
        } else {
            dlms_write_structure(w, n);
        }
        for (uint32_t i = 0; i < n; i++) {
            data_put(w, depth - 1u);
        }
    }
}

static void selection_put(struct writer *w, const struct dlms_object *object)
{
    if (draw(2) == 0) { /* by rows */
        writer_u8(w, 2);
        dlms_write_structure(w, 4);
        dlms_write_u32(w, draw(8));
        dlms_write_u32(w, draw(8));
        dlms_write_u16(w, (uint16_t)draw(8));
        dlms_write_u16(w, (uint16_t)draw(8));
        return;
    }
    const uint8_t clock[6] = {0, object->obis[1], 1, 0, 0, 255};
    writer_u8(w, 1);
    dlms_write_structure(w, 4);
    dlms_write_capture_object(w, 8, clock, 2, 0);
    data_put(w, 0);
    data_put(w, 0);
    dlms_write_array(w, 0);
}

/* A request for a random object and member, right or nearly right. */
static size_t request_make(uint8_t *bytes, size_t capacity)
{
    const struct dlms_object *object = &cosem_table[draw((uint32_t)cosem_table_length)].object;
    const uint8_t service = (uint8_t[]){DLMS_TAG_GET_REQUEST, DLMS_TAG_GET_REQUEST,
                                        DLMS_TAG_SET_REQUEST, DLMS_TAG_ACTION_REQUEST}[draw(4)];
    struct writer w = writer_over(bytes, capacity);
    writer_u8(&w, service);
    writer_u8(&w, 1);
    writer_u8(&w, 0xC1);
    writer_uint_be(&w, object->class_id, 2);
    writer_bytes(&w, object->obis, 6);
    writer_u8(&w, draw(3) == 0 ? (object->class_id == 7 ? 4u : 2u) : (uint8_t)(draw(14) - 2u));
    if (service != DLMS_TAG_GET_REQUEST || (object->class_id == 7 && draw(2) == 0)) {
        writer_u8(&w, service == DLMS_TAG_SET_REQUEST ? 0 : 1);
        if (service == DLMS_TAG_GET_REQUEST) {
            selection_put(&w, object);
        } else {
            data_put(&w, 3);
        }
    } else {
        writer_u8(&w, 0);
    }
    size_t n = writer_length(&w);
    for (uint32_t i = draw(4) == 0 ? draw(4) : 0; i > 0; i--) {
        bytes[draw((uint32_t)n)] ^= (uint8_t)(1u << draw(8));
    }
    return draw(16) == 0 ? draw((uint32_t)n) + 1u : n;
}

static struct dlms_association offers[COSEM_ASSOCIATIONS];

/* @return its role */
static enum cosem_role session_open(struct dlms_server *server,
                                    const struct dlms_server_config *config)
{
    const struct dlms_association *association = &offers[draw((uint32_t)config->n_associations)];
    dlms_server_init(server, config);
    dlms_server_connect(server, association->client_sap, association->server_sap);
    server->session.association = association;
    server->session.state = DLMS_ASSOCIATED;
    server->session.context = DLMS_CONTEXT_LN;
    server->session.conformance = association->conformance;
    server->session.client_max_pdu = (uint16_t)(draw(2) == 0 ? 0 : 40 + draw(500));
    return (enum cosem_role)association->role;
}

/* The answer to one request, and the rest of a long one. */
static void serve(struct dlms_server *server, uint8_t *in, size_t n)
{
    uint8_t out[509];
    size_t n_out = dlms_server_apdu(server, in, n, out, sizeof out);
    assert_true(n_out <= sizeof out);
    for (unsigned i = 0;
         i < 40 && n_out > 8 && out[0] == DLMS_TAG_GET_RESPONSE && out[1] == 2 && out[3] == 0;
         i++) {
        uint8_t next[7] = {DLMS_TAG_GET_REQUEST, 2, out[2], out[4], out[5], out[6], out[7]};
        n_out = dlms_server_apdu(server, next, sizeof next, out, sizeof out);
        assert_true(n_out <= sizeof out);
    }
}

static void fill(struct meter *meter)
{
    for (unsigned i = 0; i < 20; i++) {
        puppet_profile.record[puppet_profile.n_records++] = (struct legal_profile_record){
            .id = i + 1u, .utc_s = INT64_C(1718880300) + i * 900, .energy_wh = {i * 1000}};
    }
    for (unsigned log = 0; log < EVENT_LOGS; log++) {
        meter_log(meter, (enum event_log_name)log, 1, "\1\2\3\4\5\6\7\10\11\12", 10);
    }
}

/* REQ(SEC-06, CCC-04): rights before values, whatever comes; readers change nothing */
static void test_mutated_requests(void **state)
{
    (void)state;
    const char *text = getenv("OPEN382_SEED");
    const unsigned n = getenv("OPEN382_LONG") != NULL ? MESSAGES_LONG : MESSAGES;
    random_state = text != NULL ? strtoull(text, NULL, 0) : 382u;
    printf("OPEN382_SEED=%llu, %u messages\n", (unsigned long long)random_state, n);
    toys_reset();
    struct meter *meter = toy_meter("382MB", 0);
    fill(meter);
    cosem_model(meter, &watch.meter);
    const struct dlms_model watched = {.context = meter,
                                       .find = find,
                                       .at = at,
                                       .access = access,
                                       .get = get,
                                       .set = set,
                                       .action = action};
    uint8_t kept[512];
    struct dlms_server server;
    struct dlms_server_config config = {
        .model = &watched, .associations = offers, .kept = kept, .kept_capacity = sizeof kept};
    config.n_associations = cosem_associations(meter, COSEM_PORT_NETWORK, true, offers);
    for (size_t i = 0; i < config.n_associations; i++) {
        offers[i].policy = 0; /* ciphers are not the matter here */
        offers[i].conformance = 0xFFFFFF;
    }
    unsigned writes = 0;
    enum cosem_role role = COSEM_PUBLIC;
    for (unsigned i = 0; i < n; i++) {
        uint8_t in[512];
        if (i % PER_SESSION == 0) {
            role = session_open(&server, &config);
        }
        writes = toy.writes;
        serve(&server, in, request_make(in, sizeof in));
        assert_true(role > COSEM_CONSUMER || toy.writes == writes);
        assert_int_equal(meter->rights.association, 0);
    }
    printf("%u values, %u changes asked\n", watch.values, watch.changes);
    assert_true(watch.values > n / 20);
    assert_true(watch.changes > n / 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mutated_requests)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
