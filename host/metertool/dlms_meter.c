#include "dlms_meter.h"

#include <string.h>

#include "../lib/dlms_text.h"
#include "../lib/dlms_trace.h"
#include "../lib/dlms_words.h"
#include "tool.h"

#define CLASS_EXTENDED    4u
#define CLASS_DEMAND      5u
#define CLASS_REGISTER    3u
#define CLASS_ASSOCIATION 15u
#define LIST_MAX          16u
#define MANAGEMENT_CLIENT 1u
/* A descriptor and its selector octet; tag, choice, invoke id and count. */
#define LIST_ITEM_BYTES 10u
#define LIST_HEAD_BYTES 5u

static const uint8_t current_association[6] = {0, 0, 40, 0, 0, 255};

int dlms_meter_fail(struct tool *tool, int err, const char *what)
{
    char where[256], why[300];
    if (err == DLMS_CLIENT_ERR_LINE) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    line_describe(&tool->line, where, sizeof where);
    dlms_explain(&tool->dlms.client, err, why, sizeof why);
    tool_complain("%s: %s: %s", where, what, why);
    return err == DLMS_CLIENT_ERR_RESULT ? EXIT_UNKNOWN : EXIT_METER;
}

/* ---- opening and closing ---- */

static void traced(void *context, bool sent, const uint8_t *apdu, size_t n_apdu)
{
    (void)context;
    char text[1000];
    dlms_apdu_text(apdu, n_apdu, text, sizeof text);
    fprintf(stderr, "%10.3f %c %s\n", (double)line_now_ms() / 1000.0, sent ? '>' : '<', text);
}

static void notified(void *context, const struct dlms_notification *notification)
{
    (void)context;
    char text[600];
    (void)dlms_data_text(notification->data, text, sizeof text);
    fprintf(stderr, "metertool: the meter tells: %s\n", text);
}

/** What the address leaves to the keys: mechanism, protection, suite. */
static void decide(const struct key_file *keys, struct dlms_url *url)
{
    const bool can_cipher = keys->has[DLMS_KEY_UNICAST] && keys->has[DLMS_KEY_AUTHENTICATION];
    if (url->auth == DLMS_AUTH_BY_KEYS) {
        const bool management = url->client == MANAGEMENT_CLIENT && can_cipher;
        const bool password = key_file_lls(keys, url->client) != NULL;
        url->auth = management ? DLMS_AUTH_GMAC : password ? DLMS_AUTH_LLS : DLMS_AUTH_NONE;
    }
    if (url->protect == DLMS_PROTECT_BY_AUTH) {
        url->protect =
            url->auth >= DLMS_AUTH_GMAC && can_cipher ? DLMS_PROTECT_BOTH : DLMS_PROTECT_NONE;
    }
    url->suite = url->has_suite ? url->suite : keys->suite;
}

/** Keys and password for the association.  Complains itself. */
static int take_secrets(struct tool *tool, struct dlms_octets *password)
{
    struct dlms_meter *meter = &tool->dlms;
    struct dlms_url *url = &tool->line.url.dlms;
    char error[KEY_FILE_ERROR_MAX];
    if (key_file_read(&meter->keys, tool->options.keys, error) != HOST_OK) {
        tool_complain("%s", error);
        return EXIT_USAGE;
    }
    decide(&meter->keys, url);
    const struct key_file_secret *secret = key_file_lls(&meter->keys, url->client);
    if (url->auth == DLMS_AUTH_LLS && secret == NULL) {
        tool_complain("the password of client %u is needed: expected \"lls\": {\"%u\": ...} in "
                      "--keys FILE or OPEN382_KEYS",
                      url->client, url->client);
        return EXIT_USAGE;
    }
    if (url->auth == DLMS_AUTH_LLS) {
        *password = (struct dlms_octets){secret->bytes, secret->n_bytes};
    }
    if (url->auth < DLMS_AUTH_HLS && url->protect == DLMS_PROTECT_NONE) {
        return EXIT_GOOD;
    }
    meter->protected = true;
    if (dlms_guard_begin(&meter->protector, url, &meter->keys) != HOST_OK) {
        tool_complain("%s", meter->protector.error);
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

static void forget_secrets(struct dlms_meter *meter)
{
    if (meter->protected) {
        dlms_guard_end(&meter->protector);
    }
    meter->protected = false;
    key_file_wipe(&meter->keys);
}

static int settings_of(struct tool *tool, struct dlms_client_settings *settings)
{
    struct dlms_meter *meter = &tool->dlms;
    const struct dlms_url *url = &tool->line.url.dlms;
    struct dlms_octets password = {NULL, 0};
    const int result = take_secrets(tool, &password);
    if (result != EXIT_GOOD) {
        return result;
    }
    *settings = (struct dlms_client_settings){
        .transport = dlms_link_transport(&meter->link),
        .guard = meter->protected ? &meter->protector.guard : NULL,
        .ciphered = url->protect != DLMS_PROTECT_NONE,
        .mechanism = url->auth,
        .password = password,
        .conformance = DLMS_CLIENT_CONFORMANCE | (url->blocks ? (uint32_t)DLMS_CAN_GBT : 0) |
                       (url->general ? (uint32_t)DLMS_CAN_PROTECT_GENERAL : 0),
        .max_pdu = url->max_pdu,
        .gbt_window = 7,
        .prefer_gbt = url->blocks,
        .out = meter->out,
        .n_out = sizeof meter->out,
        .in = meter->in,
        .n_in = sizeof meter->in,
        .notified = notified,
        .traced = tool->options.verbose ? traced : NULL,
        .context = tool,
    };
    if (meter->protected) {
        settings->title = (struct dlms_octets){meter->protector.title, DLMS_TITLE_BYTES};
    }
    if (meter->protected && url->dedicated) {
        settings->dedicated_key =
            (struct dlms_octets){meter->protector.dedicated_key, dlms_suite_key_bytes(url->suite)};
    }
    return EXIT_GOOD;
}

int dlms_meter_open(struct tool *tool)
{
    struct dlms_meter *meter = &tool->dlms;
    struct dlms_client_settings settings;
    meter->open = false;
    meter->listed = false;
    const long timeout_ms = tool->options.timeout_ms;
    if (dlms_link_open(&meter->link, &tool->line,
                       timeout_ms >= 0 ? (unsigned)timeout_ms : DLMS_TIMEOUT_MS,
                       (unsigned)tool->options.retries) != HOST_OK) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    const int result = settings_of(tool, &settings);
    if (result != EXIT_GOOD) {
        dlms_link_close(&meter->link);
        forget_secrets(meter);
        return result;
    }
    dlms_client_init(&meter->client, &settings);
    const int err = dlms_client_associate(&meter->client);
    if (err != DLMS_CLIENT_OK) {
        dlms_link_close(&meter->link);
        const int failed = dlms_meter_fail(tool, err, "association");
        if (err == DLMS_CLIENT_ERR_SECURITY && meter->protected &&
            meter->protector.error[0] != '\0') {
            tool_complain("%s", meter->protector.error);
        }
        forget_secrets(meter);
        return failed == EXIT_UNKNOWN ? EXIT_METER : failed;
    }
    meter->open = true;
    return EXIT_GOOD;
}

void dlms_meter_close(struct tool *tool)
{
    struct dlms_meter *meter = &tool->dlms;
    if (tool->line.fd < 0 || tool->line.url.protocol != METER_DLMS || !meter->open) {
        return;
    }
    meter->open = false;
    (void)dlms_client_release(&meter->client); /* a meter that says nothing to it is as good */
    dlms_link_close(&meter->link);
    forget_secrets(meter);
}

/* ---- objects ---- */

static uint64_t right_bit(int8_t attribute)
{
    const bool kept = attribute >= -METER_OWN_MAX && attribute <= METER_ATTRIBUTE_MAX;
    return kept ? UINT64_C(1) << (attribute + METER_OWN_MAX) : 0;
}

bool dlms_meter_may_read(const struct meter_object *object, int8_t attribute)
{
    return (object->rights & right_bit(attribute)) != 0;
}

/** {[{attribute, mode, selectors}], [methods]}; what cannot be read grants nothing. */
static uint64_t take_rights(struct reader *data)
{
    uint32_t n = 0;
    uint64_t rights = 0;
    if (!dlms_read_structure(data, 2) || !dlms_read_array(data, &n)) {
        return 0;
    }
    for (uint32_t i = 0; i < n; i++) {
        int8_t attribute = 0;
        uint8_t mode = 0;
        if (!dlms_read_structure(data, 3) || !dlms_read_i8(data, &attribute) ||
            !dlms_read_enum(data, &mode) || dlms_data_skip(data) != DLMS_OK) {
            break;
        }
        rights |= mode != 0 ? right_bit(attribute) : 0;
    }
    return rights;
}

/** {class, version, logical name, access rights}. */
static int take_object(void *context, uint32_t index, uint16_t result, struct reader data)
{
    struct dlms_meter *meter = context;
    struct meter_object object = {0};
    (void)index;
    (void)result;
    if (!dlms_read_structure(&data, 4) || !dlms_read_u16(&data, &object.class_id) ||
        !dlms_read_u8(&data, &object.version)) {
        return 1;
    }
    const uint8_t *obis = dlms_read_octets_of(&data, 6);
    if (obis == NULL || meter->n_objects >= METER_OBJECTS_MAX) {
        return 1;
    }
    memcpy(object.obis, obis, sizeof object.obis);
    object.rights = take_rights(&data);
    meter->objects[meter->n_objects++] = object;
    return 0;
}

int dlms_meter_list(struct tool *tool)
{
    struct dlms_meter *meter = &tool->dlms;
    struct dlms_descriptor list = {.class_id = CLASS_ASSOCIATION, .member = 2};
    struct dlms_rows rows;
    if (meter->listed) {
        return EXIT_GOOD;
    }
    memcpy(list.obis, current_association, sizeof list.obis);
    meter->n_objects = 0;
    dlms_rows_init(&rows, DLMS_ROWS_ARRAY, meter->row, sizeof meter->row, take_object, meter);
    const struct dlms_sink sink = dlms_rows_sink(&rows);
    const int err = dlms_rows_end(&rows, dlms_client_get(&meter->client, &list, &sink));
    if (err == DLMS_CLIENT_ERR_STOPPED) {
        char where[256];
        line_describe(&tool->line, where, sizeof where);
        tool_complain("%s: list of objects: element %lu makes no sense", where,
                      (unsigned long)rows.index + 1);
        return EXIT_METER;
    }
    if (err != DLMS_CLIENT_OK) {
        return dlms_meter_fail(tool, err, "list of objects (15/0-0:40.0.0.255:2)");
    }
    meter->listed = true;
    return EXIT_GOOD;
}

struct meter_object *dlms_meter_find(struct dlms_meter *meter, uint16_t class_id,
                                     const uint8_t obis[6], unsigned named, size_t *at)
{
    for (; *at < meter->n_objects; (*at)++) {
        struct meter_object *object = &meter->objects[*at];
        if ((class_id == 0 || object->class_id == class_id) &&
            obis_matches(object->obis, obis, named)) {
            (*at)++;
            return object;
        }
    }
    return NULL;
}

/* ---- many values ---- */

struct batch {
    const struct meter_want *wants;
    void (*got)(void *context, const struct meter_want *want, uint16_t result, struct reader data);
    void *context;
};

static int take_row(void *context, uint32_t index, uint16_t result, struct reader data)
{
    const struct batch *batch = context;
    batch->got(batch->context, &batch->wants[index], result, data);
    return 0;
}

static int get_list(struct dlms_meter *meter, const struct batch *batch, size_t n)
{
    struct dlms_descriptor list[LIST_MAX];
    struct dlms_rows rows;
    for (size_t i = 0; i < n; i++) {
        list[i] = meter_attribute(batch->wants[i].object, batch->wants[i].attribute);
    }
    dlms_rows_init(&rows, DLMS_ROWS_LIST, meter->row, sizeof meter->row, take_row,
                   (void *)(uintptr_t)batch);
    const struct dlms_sink sink = dlms_rows_sink(&rows);
    const int err = dlms_rows_end(&rows, dlms_client_get_list(&meter->client, list, n, &sink));
    return err == DLMS_CLIENT_OK && rows.count != n ? DLMS_CLIENT_ERR_MALFORMED : err;
}

static int get_one(struct dlms_meter *meter, const struct batch *batch)
{
    const struct dlms_descriptor d =
        meter_attribute(batch->wants[0].object, batch->wants[0].attribute);
    const int n = dlms_client_get_into(&meter->client, &d, meter->row, sizeof meter->row);
    if (n < 0 && n != DLMS_CLIENT_ERR_RESULT) {
        return n;
    }
    batch->got(batch->context, batch->wants, n < 0 ? meter->client.failure.result : 0,
               reader_over(meter->row, n > 0 ? (size_t)n : 0));
    return DLMS_CLIENT_OK;
}

/** How many attributes one request can hold. */
static size_t list_room(const struct tool *tool)
{
    const struct dlms_client *client = &tool->dlms.client;
    const bool can = (client->conformance & (uint32_t)DLMS_CAN_LIST) != 0;
    size_t n = LIST_MAX;
    if (!can || tool->line.url.dlms.no_lists) {
        return 1;
    }
    if (client->server_pdu != 0 && client->server_pdu < 64 + LIST_MAX * LIST_ITEM_BYTES) {
        const size_t around = 48u + LIST_HEAD_BYTES; /* protection, when there is some */
        n = client->server_pdu > around ? (client->server_pdu - around) / LIST_ITEM_BYTES : 1;
    }
    return n > 0 ? n : 1;
}

int dlms_meter_get(struct tool *tool, const struct meter_want *wants, size_t n_wants,
                   void (*got)(void *context, const struct meter_want *want, uint16_t result,
                               struct reader data),
                   void *context)
{
    struct dlms_meter *meter = &tool->dlms;
    const size_t room = list_room(tool);
    for (size_t at = 0; at < n_wants;) {
        const struct batch batch = {wants + at, got, context};
        const size_t left = n_wants - at, n = left < room ? left : room;
        const int err = n > 1 ? get_list(meter, &batch, n) : get_one(meter, &batch);
        if (err != DLMS_CLIENT_OK) {
            char code[OBIS_TEXT_MAX], what[100];
            obis_text(wants[at].object->obis, code);
            snprintf(what, sizeof what, "%s:%d%s", code, wants[at].attribute,
                     n > 1 ? " and what follows it in a list (ask=one asks one by one)" : "");
            return dlms_meter_fail(tool, err, what);
        }
        at += n;
    }
    return EXIT_GOOD;
}

/* ---- units ---- */

static int8_t unit_attribute(uint16_t class_id)
{
    switch (class_id) {
    case CLASS_REGISTER:
    case CLASS_EXTENDED: return 3;
    case CLASS_DEMAND: return 4;
    default: return 0;
    }
}

static void got_unit(void *context, const struct meter_want *want, uint16_t result,
                     struct reader data)
{
    (void)context;
    struct meter_object *object = want->object;
    object->unit_state = SCALE_ABSENT;
    if (result == 0 && dlms_read_structure(&data, 2) && dlms_read_i8(&data, &object->scaler) &&
        dlms_read_enum(&data, &object->unit)) {
        object->unit_state = SCALE_KNOWN;
    }
}

int dlms_meter_units(struct tool *tool, const struct meter_want *wants, size_t n_wants)
{
    struct meter_want units[READINGS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < n_wants && n < READINGS_MAX; i++) {
        struct meter_object *object = wants[i].object;
        const int8_t attribute = unit_attribute(object->class_id);
        if (object->unit_state == SCALE_NOT_ASKED && attribute != 0) {
            object->unit_state = SCALE_ABSENT; /* asked once even if it stands there twice */
            units[n++] = (struct meter_want){object, attribute};
        }
    }
    return dlms_meter_get(tool, units, n, got_unit, NULL);
}

/* ---- readings ---- */

int8_t dlms_main_attribute(uint16_t class_id)
{
    switch (class_id) {
    case 7: return 7;                 /* profile: entries in use */
    case CLASS_ASSOCIATION: return 8; /* its state */
    case 18: return 6;                /* image transfer: its state */
    case 22: return 4;                /* schedule: when */
    case 23: return 9;                /* HDLC: device address */
    case 70: return 3;                /* disconnector: its state */
    case 71: return 4;                /* limiter: normal threshold */
    default: return 2;
    }
}

static void got_reading(void *context, const struct meter_want *want, uint16_t result,
                        struct reader data)
{
    struct tool *tool = context;
    const struct meter_object *object = want->object;
    if (result != 0) {
        return; /* not for this client, or not there: missing like any other */
    }
    const bool scaled = object->unit_state == SCALE_KNOWN;
    readings_add_dlms(&tool->readings, object->obis, object->class_id, data,
                      scaled ? object->scaler : 0, scaled ? object->unit : 255);
}

/** Capture time of the extended register that was read last under this name. */
static void got_time(void *context, const struct meter_want *want, uint16_t result,
                     struct reader data)
{
    struct tool *tool = context;
    char code[OBIS_TEXT_MAX];
    obis_text(want->object->obis, code);
    for (size_t i = 0; result == 0 && i < tool->readings.length; i++) {
        struct reading *reading = &tool->readings.items[i];
        if (strcmp(reading->code, code) == 0) {
            (void)dlms_data_text(data, reading->extra, sizeof reading->extra);
        }
    }
}

static size_t choose(struct tool *tool, struct meter_want *wants)
{
    struct dlms_meter *meter = &tool->dlms;
    const struct selection *selection = &tool->selection;
    size_t n = 0;
    for (size_t i = 0; i < meter->n_objects && selection->length == 0 && n < READINGS_MAX; i++) {
        wants[n++] = (struct meter_want){&meter->objects[i],
                                         dlms_main_attribute(meter->objects[i].class_id)};
    }
    for (size_t i = 0; i < selection->length; i++) {
        const struct selected *selected = &selection->items[i];
        struct meter_object *object;
        size_t at = 0;
        while (selected->named != 0 && n < READINGS_MAX &&
               (object = dlms_meter_find(meter, 0, selected->obis, selected->named, &at)) != NULL) {
            wants[n++] = (struct meter_want){object, dlms_main_attribute(object->class_id)};
        }
    }
    return n;
}

int dlms_meter_read(struct tool *tool)
{
    struct meter_want wants[READINGS_MAX], times[READINGS_MAX];
    size_t n_times = 0;
    int result = dlms_meter_list(tool);
    if (result != EXIT_GOOD) {
        return result;
    }
    const size_t n = choose(tool, wants);
    for (size_t i = 0; i < n; i++) {
        if (wants[i].object->class_id == CLASS_EXTENDED) {
            times[n_times++] = (struct meter_want){wants[i].object, 5};
        }
    }
    result = dlms_meter_units(tool, wants, n);
    if (result == EXIT_GOOD) {
        result = dlms_meter_get(tool, wants, n, got_reading, tool);
    }
    return result == EXIT_GOOD ? dlms_meter_get(tool, times, n_times, got_time, tool) : result;
}
