/* The object list against the 382M's, which tests/vectors/cosem_382m.csv tells in this project's
 * own table: each object is there for whom it should be, or has a reason why not. */
#include "../app/legal_puppet.h"
#include "app/cosem/cosem_inside.h"
#include "cosem_client.h"

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

struct line {
    char obis[32], type[32], rights[3][4], on_382m[4], on_162m[4], reason[100];
    unsigned class_id;
};

static bool line_read(FILE *file, struct line *line)
{
    char text[256];
    char *field[9];
    if (fgets(text, sizeof text, file) == NULL) {
        return false;
    }
    text[strcspn(text, "\n")] = '\0';
    char *at = text;
    for (unsigned i = 0; i < 9; i++) {
        field[i] = at;
        char *comma = strchr(at, ',');
        if (i < 8) {
            assert_non_null(comma);
            *comma = '\0';
            at = comma + 1;
        }
    }
    memset(line, 0, sizeof *line);
    (void)snprintf(line->obis, sizeof line->obis, "%s", field[0]);
    line->class_id = (unsigned)strtoul(field[1], NULL, 10);
    (void)snprintf(line->type, sizeof line->type, "%s", field[2]);
    for (unsigned i = 0; i < 3; i++) {
        (void)snprintf(line->rights[i], sizeof line->rights[i], "%s", field[3 + i]);
    }
    (void)snprintf(line->on_382m, sizeof line->on_382m, "%s", field[6]);
    (void)snprintf(line->on_162m, sizeof line->on_162m, "%s", field[7]);
    (void)snprintf(line->reason, sizeof line->reason, "%s", field[8]);
    return true;
}

static FILE *list_open(void)
{
    struct line head;
    FILE *file = fopen(SOURCE_DIR "/tests/vectors/cosem_382m.csv", "r");
    assert_non_null(file);
    assert_true(line_read(file, &head));
    return file;
}

static uint8_t mode_of(const char *text)
{
    return (uint8_t)((strchr(text, 'R') != NULL ? DLMS_MODE_READ : 0) |
                     (strchr(text, 'W') != NULL ? DLMS_MODE_WRITE : 0));
}

static uint8_t type_of(const char *text)
{
    static const struct {
        const char *name;
        uint8_t type;
    } names[] = {{"unsigned", DLMS_UINT8},
                 {"long-unsigned", DLMS_UINT16},
                 {"double-long-unsigned", DLMS_UINT32},
                 {"long", DLMS_INT16},
                 {"visible-string", DLMS_VISIBLE},
                 {"octet-string", DLMS_OCTETS},
                 {"array", DLMS_NULL},
                 {"", DLMS_NULL}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, text) == 0) {
            return names[i].type;
        }
    }
    fail_msg("type %s", text);
    return 0;
}

static void expect_line(struct cosem_client *clients, const struct line *line, bool there)
{
    static const uint16_t saps[3] = {COSEM_CLIENT_PUBLIC, COSEM_CLIENT_OPTICAL,
                                     COSEM_CLIENT_MODULE};
    for (unsigned i = 0; i < 3; i++) {
        struct cosem_client *client = &clients[i];
        const uint8_t mode = mode_of(line->rights[i]);
        const struct dlms_object *object =
            client_find(client, (uint16_t)line->class_id, line->obis);
        if ((object != NULL) != (there && mode != 0)) {
            fail_msg("%s of client %u: %s", line->obis, (unsigned)saps[i],
                     object != NULL ? "is there" : "is not there");
        }
        if (object != NULL && line->class_id < 7) {
            const uint8_t got = client->model.access(client->model.context, &client->session,
                                                     object, DLMS_ATTRIBUTE, 2);
            assert_int_equal(got, mode);
            assert_int_equal(cosem_row_of(object)->type, type_of(line->type));
        }
    }
}

static void expect_list(const char *variant, bool three_phases)
{
    static struct cosem_client clients[3];
    struct meter *meter = toy_meter(variant, 17882969);
    client_open(&clients[0], meter, COSEM_CLIENT_PUBLIC);
    client_open(&clients[1], meter, COSEM_CLIENT_OPTICAL);
    client_open(&clients[2], meter, COSEM_CLIENT_MODULE);
    FILE *file = list_open();
    struct line line;
    unsigned present = 0, reasons = 0;
    while (line_read(file, &line)) {
        const bool has = strcmp(three_phases ? line.on_382m : line.on_162m, "yes") == 0;
        const bool neutral = strcmp(line.obis, "1.1.99.98.12.255") == 0; /* of three phases */
        const bool breaker = strncmp(line.obis, "1.1.128.0.", 10) == 0 ||
                             strcmp(line.obis, "1.1.130.0.0.255") == 0 ||
                             strcmp(line.obis, "1.1.99.98.5.255") == 0;
        const bool there = has && line.reason[0] == '\0' && (three_phases || !neutral) &&
                           (meter->variant.breaker || !breaker);
        expect_line(clients, &line, there);
        present += there ? 1u : 0u;
        reasons += line.reason[0] != '\0' ? 1u : 0u;
    }
    (void)fclose(file);
    size_t n = 0;
    while (clients[2].model.at(meter, &clients[2].session, n) != NULL) {
        n++;
    }
    assert_int_equal(n, present); /* and nothing else */
    printf("%s: %u objects, %u not yet\n", variant, present, reasons);
}

/* REQ(OPT-03, AMI-02): the object list of the 382M and of the 162M */
static void test_list_of_382m(void **state)
{
    (void)state;
    expect_list("382M", true);
    toys_reset();
    expect_list("382MB", true);
    toys_reset();
    expect_list("162M", false);
}

/* REQ(SEC-06, CCC-04): each role may do what the one before it may; the consumer's only reads */
static void test_roles_are_ordered(void **state)
{
    (void)state;
    for (size_t i = 0; i < cosem_table_length; i++) {
        const struct cosem_row *row = &cosem_table[i];
        for (int8_t a = COSEM_DATA_QUALITY; a <= cosem_attributes(row->object.class_id); a++) {
            uint8_t before = 0;
            for (unsigned role = COSEM_PUBLIC; role <= COSEM_MODULE; role++) {
                const uint8_t mode = cosem_access((enum cosem_role)role, row, DLMS_ATTRIBUTE, a);
                assert_int_equal(before & ~mode, 0);
                assert_true(role > COSEM_CONSUMER || (mode & DLMS_MODE_WRITE) == 0);
                before = mode;
            }
        }
        for (int8_t m = 1; m <= cosem_methods(row->object.class_id); m++) {
            assert_int_equal(cosem_access(COSEM_CONSUMER, row, DLMS_METHOD, m), 0);
            assert_int_equal(cosem_access(COSEM_PUBLIC, row, DLMS_METHOD, m), 0);
        }
    }
}

static void test_table_is_sorted(void **state)
{
    (void)state;
    for (size_t i = 1; i < cosem_table_length; i++) {
        assert_true(memcmp(cosem_table[i - 1].object.obis, cosem_table[i].object.obis, 6) < 0);
    }
    for (size_t i = 0; i < cosem_table_length; i++) {
        assert_ptr_equal(cosem_row_find(cosem_table[i].object.obis), &cosem_table[i]);
        if (cosem_table[i].source == COSEM_REGISTER) {
            assert_non_null(register_by_kmp_id(cosem_table[i].object.index));
        }
    }
}

/* Every object and attribute in every association: what may be read answers with one whole Data,
 * all else is refused; what may not be seen is undefined. */
static void read_all(struct cosem_client *client, size_t *n_values)
{
    for (size_t i = 0; i < cosem_table_length; i++) {
        const struct dlms_object *object = &cosem_table[i].object;
        char obis[32];
        (void)snprintf(obis, sizeof obis, "%u.%u.%u.%u.%u.%u", object->obis[0], object->obis[1],
                       object->obis[2], object->obis[3], object->obis[4], object->obis[5]);
        const bool seen = client_find(client, object->class_id, obis) != NULL;
        for (int8_t a = -3; a <= 12; a++) {
            const enum dlms_result result = client_get(client, object->class_id, obis, a);
            const uint8_t mode = cosem_access((enum cosem_role)client->session.association->role,
                                              &cosem_table[i], DLMS_ATTRIBUTE, a);
            if (!seen) {
                assert_int_equal(result, DLMS_RESULT_UNDEFINED);
                continue;
            }
            assert_int_equal(result, (mode & DLMS_MODE_READ) != 0 ? DLMS_RESULT_SUCCESS
                                                                  : DLMS_RESULT_DENIED);
            if (result == DLMS_RESULT_SUCCESS) {
                struct reader r = reader_over(client->bytes, client->n_bytes);
                assert_int_equal(dlms_data_skip(&r), DLMS_OK);
                assert_true(reader_complete(&r));
                (*n_values)++;
            }
        }
        bool other = false;
        assert_null(client->model.find(client->model.context, &client->session, object->obis,
                                       (uint16_t)(object->class_id + 1u), &other));
        assert_int_equal(other, seen);
    }
}

static void test_everything_answers(void **state)
{
    (void)state;
    static const char *const variants[] = {"382M", "382MB", "162M", "382LxF", "382M-aron"};
    static const uint16_t saps[] = {COSEM_CLIENT_PUBLIC, COSEM_CLIENT_MODULE, COSEM_CLIENT_OPTICAL,
                                    COSEM_CLIENT_CONSUMER, COSEM_CLIENT_MANAGEMENT};
    static struct cosem_client client;
    for (size_t v = 0; v < sizeof variants / sizeof variants[0]; v++) {
        toys_reset();
        struct meter *meter = toy_meter(variants[v], 17882969);
        for (size_t s = 0; s < sizeof saps / sizeof saps[0]; s++) {
            size_t n_values = 0;
            client_open(&client, meter, saps[s]);
            read_all(&client, &n_values);
            printf("%s, client %u: %zu attributes\n", variants[v], (unsigned)saps[s], n_values);
            assert_true(n_values > 30);
        }
    }
}

/* B to E have no such server. */
static void test_basic_meters_have_none(void **state)
{
    (void)state;
    struct dlms_association associations[COSEM_ASSOCIATIONS];
    struct meter *meter = toy_meter("382B", 0);
    for (unsigned port = 0; port < COSEM_PORTS; port++) {
        assert_int_equal(cosem_associations(meter, (enum cosem_port)port, true, associations), 0);
    }
}

static bool offered(const struct meter *meter, enum cosem_port port, bool management, uint16_t sap)
{
    struct dlms_association associations[COSEM_ASSOCIATIONS];
    const size_t n = cosem_associations(meter, port, management, associations);
    for (size_t i = 0; i < n; i++) {
        if (associations[i].client_sap == sap) {
            return true;
        }
    }
    return false;
}

/* REQ(SEC-06): a port answers its own client and the public one; management only with keys */
static void test_ports(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    static const struct {
        enum cosem_port port;
        uint16_t sap;
        bool offered, with_keys;
    } rows[] = {
        {COSEM_PORT_OPTICAL, 16, true, true},    {COSEM_PORT_OPTICAL, 18, false, false},
        {COSEM_PORT_OPTICAL, 19, true, true},    {COSEM_PORT_OPTICAL, 20, false, false},
        {COSEM_PORT_OPTICAL, 1, false, true},    {COSEM_PORT_MODULE, 16, true, true},
        {COSEM_PORT_MODULE, 18, true, true},     {COSEM_PORT_MODULE, 19, false, false},
        {COSEM_PORT_MODULE, 20, false, false},   {COSEM_PORT_MODULE, 1, false, true},
        {COSEM_PORT_CONSUMER, 16, true, true},   {COSEM_PORT_CONSUMER, 18, false, false},
        {COSEM_PORT_CONSUMER, 19, false, false}, {COSEM_PORT_CONSUMER, 20, true, true},
        {COSEM_PORT_CONSUMER, 1, false, false},  {COSEM_PORT_NETWORK, 16, true, true},
        {COSEM_PORT_NETWORK, 18, true, true},    {COSEM_PORT_NETWORK, 19, true, true},
        {COSEM_PORT_NETWORK, 20, true, true},    {COSEM_PORT_NETWORK, 1, false, true},
        {COSEM_PORT_NETWORK, 2, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(offered(meter, rows[i].port, false, rows[i].sap), rows[i].offered);
        assert_int_equal(offered(meter, rows[i].port, true, rows[i].sap), rows[i].with_keys);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_list_of_382m, setup),
        cmocka_unit_test_setup(test_roles_are_ordered, setup),
        cmocka_unit_test_setup(test_table_is_sorted, setup),
        cmocka_unit_test_setup(test_everything_answers, setup),
        cmocka_unit_test_setup(test_basic_meters_have_none, setup),
        cmocka_unit_test_setup(test_ports, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
