#include "panel_api.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instant.h"
#include "module_ports.h"
#include "prepay_json.h"
#include "run.h"

#define HTTP_OK          200u
#define HTTP_BAD_REQUEST 400u
#define HTTP_NOT_FOUND   404u
#define SPEED_LIMIT      1e9

static unsigned refuse(char *reply, const char *text)
{
    json_t *error = json_pack("{s:s}", "error", text);
    char *dumped = error != NULL ? json_dumps(error, JSON_COMPACT) : NULL;
    const bool fits = dumped != NULL && strlen(dumped) < PANEL_REPLY_MAX;
    (void)snprintf(reply, PANEL_REPLY_MAX, "%s", fits ? dumped : "{\"error\":\"refused\"}");
    free(dumped);
    json_decref(error);
    return HTTP_BAD_REQUEST;
}

static unsigned accept_it(char *reply)
{
    (void)snprintf(reply, PANEL_REPLY_MAX, "{\"ok\":true}");
    return HTTP_OK;
}

static unsigned post_control(struct run *run, const json_t *request, char *reply)
{
    struct lab_error error = {""};
    const char *name = json_string_value(json_object_get(request, "name"));
    const json_t *value = json_object_get(request, "value");
    if (name == NULL || (value != NULL && !json_is_number(value))) {
        return refuse(reply, "expected {\"name\":\"u1\",\"value\":230}");
    }
    run_catch_up(run);
    if (site_control(&run->site, name, json_number_value(value), &error) != 0) {
        return refuse(reply, error.text);
    }
    return accept_it(reply);
}

struct input_name {
    const char *name;
    enum meter_input input;
};

static unsigned set_input(struct run *run, const struct input_name *names, size_t n,
                          const char *name, const json_t *on, char *reply)
{
    for (size_t i = 0; i < n; i++) {
        if (name != NULL && strcmp(name, names[i].name) == 0 && json_is_boolean(on)) {
            run_catch_up(run);
            site_input(&run->site, names[i].input, json_is_true(on));
            return accept_it(reply);
        }
    }
    return HTTP_BAD_REQUEST;
}

/* A person's second is a second of the display: when simulated time runs faster, a press is handed
 * on as a whole when the button comes up. */
static unsigned post_button(struct run *run, const json_t *request, char *reply)
{
    static const struct input_name names[] = {{"left", METER_INPUT_BUTTON_LEFT},
                                              {"right", METER_INPUT_BUTTON_RIGHT}};
    const char *name = json_string_value(json_object_get(request, "button"));
    const json_t *pressed = json_object_get(request, "pressed");
    (void)refuse(reply, "expected {\"button\":\"left\"|\"right\",\"pressed\":true|false}");
    for (size_t i = 0; i < 2; i++) {
        int64_t *since_us = &run->pressed_wall_us[i];
        if (name == NULL || strcmp(name, names[i].name) != 0 || !json_is_boolean(pressed)) {
            continue;
        }
        run_catch_up(run);
        if (json_is_true(pressed) && run_is_fast(run)) {
            *since_us = instant_wall_us();
        } else if (!json_is_true(pressed) && *since_us != 0) {
            site_press(&run->site, names[i].input, instant_wall_us() - *since_us);
            *since_us = 0;
        } else {
            site_input(&run->site, names[i].input, json_is_true(pressed));
        }
        return accept_it(reply);
    }
    return HTTP_BAD_REQUEST;
}

static unsigned post_input(struct run *run, const json_t *request, char *reply)
{
    static const struct input_name names[] = {{"magnet", METER_INPUT_MAGNET},
                                              {"cover", METER_INPUT_COVER},
                                              {"terminal_cover", METER_INPUT_TERMINAL_COVER},
                                              {"seal", METER_INPUT_SEAL},
                                              {"module", METER_INPUT_MODULE},
                                              {"tariff_1", METER_INPUT_TARIFF_1},
                                              {"tariff_2", METER_INPUT_TARIFF_2},
                                              {"pin_1", METER_INPUT_PIN_1},
                                              {"pin_2", METER_INPUT_PIN_2}};
    (void)refuse(
        reply,
        "expected {\"name\":\"magnet\"|\"cover\"|\"terminal_cover\""
        "|\"seal\"|\"module\"|\"tariff_1\"|\"tariff_2\"|\"pin_1\"|\"pin_2\",\"on\":true|false}");
    return set_input(run, names, sizeof names / sizeof names[0],
                     json_string_value(json_object_get(request, "name")),
                     json_object_get(request, "on"), reply);
}

static unsigned post_speed(struct run *run, const json_t *request, char *reply)
{
    const json_t *speed = json_object_get(request, "speed");
    const char *word = json_string_value(speed);
    const double number = json_number_value(speed);
    if (word != NULL && strcmp(word, "max") == 0) {
        run_set_speed(run, 0.0, true);
        return accept_it(reply);
    }
    if (!json_is_number(speed) || !(number >= 0.0 && number <= SPEED_LIMIT)) {
        return refuse(reply, "expected {\"speed\":60}, 0 to pause, or \"max\"");
    }
    run_set_speed(run, number, false);
    return accept_it(reply);
}

static unsigned post_token(struct run *run, const json_t *request, char *reply)
{
    const char *digits = json_string_value(json_object_get(request, "digits"));
    if (digits == NULL) {
        return refuse(reply, "expected {\"digits\":\"0000 0001 1011 9250 6557\"}");
    }
    run_catch_up(run);
    const char *refused = prepay_token_enter(&run->site, digits);
    if (refused != NULL) { /* the request was good: the meter has said no */
        (void)snprintf(reply, PANEL_REPLY_MAX, "{\"ok\":false,\"refused\":\"%s\"}", refused);
        return HTTP_OK;
    }
    return accept_it(reply);
}

/* A module is plugged into a slot, or pulled out of it; or its input gets voltage. */
static unsigned post_module(struct run *run, const json_t *request, char *reply)
{
    struct problem problem = {0, ""};
    const char *type = json_string_value(json_object_get(request, "plug"));
    const char *input = json_string_value(json_object_get(request, "set"));
    const json_t *slot = json_object_get(request, "slot"), *on = json_object_get(request, "on");
    const bool pulls = json_is_true(json_object_get(request, "pull"));
    if (!json_is_integer(slot) || json_integer_value(slot) < 1 || json_integer_value(slot) > 3 ||
        pulls + (type != NULL) + (input != NULL) != 1 || json_is_boolean(on) != (input != NULL)) {
        return refuse(reply, "expected {\"slot\":1|2|3,\"plug\":\"mbus\"}, "
                             "{\"slot\":1|2|3,\"pull\":true} or "
                             "{\"slot\":1|2|3,\"set\":\"in1\",\"on\":true|false}");
    }
    const unsigned which = (unsigned)json_integer_value(slot);
    int done;
    if (pulls) {
        done = module_ports_pull(run->modules, which, &problem);
    } else if (input != NULL) {
        done = module_ports_set(run->modules, which, input, json_is_true(on), &problem);
    } else {
        done = module_ports_plug(run->modules, type, which, &problem);
    }
    run->site.changes++;
    return done == 0 ? accept_it(reply) : refuse(reply, problem.text);
}

static const struct {
    const char *path;
    unsigned (*post)(struct run *run, const json_t *request, char *reply);
} posts[] = {
    {"/api/control", post_control}, {"/api/button", post_button}, {"/api/input", post_input},
    {"/api/speed", post_speed},     {"/api/token", post_token},   {"/api/module", post_module},
};
#define N_POSTS (sizeof posts / sizeof posts[0])

bool panel_api_knows(const char *path)
{
    for (size_t i = 0; i < N_POSTS; i++) {
        if (strcmp(path, posts[i].path) == 0) {
            return true;
        }
    }
    return false;
}

unsigned panel_api_post(struct run *run, const char *path, const char *body, size_t n_body,
                        char *reply)
{
    json_error_t where;
    json_t *request = json_loadb(body, n_body, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(request)) {
        char text[64] = "body:1:1: expected a JSON object";
        if (request == NULL) {
            (void)snprintf(text, sizeof text, "body:%d:%d: expected a JSON object", where.line,
                           where.column);
        }
        json_decref(request);
        return refuse(reply, text);
    }
    unsigned status = HTTP_NOT_FOUND;
    for (size_t i = 0; i < N_POSTS; i++) {
        if (strcmp(path, posts[i].path) == 0) {
            status = posts[i].post(run, request, reply);
        }
    }
    json_decref(request);
    return status;
}
