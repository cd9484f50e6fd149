#include "panel_http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "analysis_json.h"
#include "billing_json.h"
#include "events_json.h"
#include "instant.h"
#include "panel_api.h"
#include "panel_files.h"
#include "panel_stream.h"
#include "profile_json.h"
#include "quality_json.h"
#include "registers_json.h"
#include "run.h"
#include "state_json.h"
#include "tariff_json.h"

#define CONNECTIONS_MAX   256u
#define CONNECTION_IDLE_S 60u
#define NO_DEADLINE       INT64_MAX
#define PROFILE_POINTS    1500                /* unless a request says otherwise */
#define UTC_MAX_S         INT64_C(4102444800) /* 2100 */

struct panel {
    struct run *run;
    struct MHD_Daemon *daemon;
    struct watch watch;   /* the server's epoll descriptor */
    struct stream stream; /* GET /events */
    const char *token;    /* NULL: none asked for */
    bool loopback;
    int listener;
    int64_t deadline_us; /* the server wants to be run then */
    char text[96], cookie[32];
};

/* One POST while its body arrives. */
struct request {
    size_t length;
    bool too_long;
    char body[PANEL_BODY_MAX];
};

/* ---- answers ---- */

static void add_headers(struct MHD_Response *response, const char *type)
{
    static const char *const headers[][2] = {
        {"Cache-Control", "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Content-Security-Policy",
         "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
         "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        (void)MHD_add_response_header(response, headers[i][0], headers[i][1]);
    }
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
}

/* The page came with the token in its address: what it loads next shows it as a cookie. */
static void add_cookie(const struct panel *panel, struct MHD_Connection *connection,
                       struct MHD_Response *response)
{
    char cookie[192];
    if (panel->token != NULL &&
        MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token") != NULL) {
        (void)snprintf(cookie, sizeof cookie, "%s=%s; Path=/; HttpOnly; SameSite=Strict",
                       panel->cookie, panel->token);
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
    }
}

static enum MHD_Result send_response(struct MHD_Connection *connection, unsigned status,
                                     struct MHD_Response *response, const char *type)
{
    if (response == NULL) {
        return MHD_NO;
    }
    add_headers(response, type);
    const enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_json(struct MHD_Connection *connection, unsigned status,
                                 const char *text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    return send_response(connection, status, response, "application/json");
}

static enum MHD_Result send_heap(struct MHD_Connection *connection, char *text, size_t length,
                                 const char *type)
{
    if (text == NULL) {
        return MHD_NO;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(text);
    }
    return send_response(connection, MHD_HTTP_OK, response, type);
}

static enum MHD_Result send_file(const struct panel *panel, struct MHD_Connection *connection,
                                 const struct panel_file *file)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        (size_t)(file->end - file->begin), (void *)(uintptr_t)file->begin, MHD_RESPMEM_PERSISTENT);
    if (response != NULL) {
        add_cookie(panel, connection, response);
    }
    return send_response(connection, MHD_HTTP_OK, response, panel_file_type(file));
}

/* ---- who may come in ---- */

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Host names that only this computer can mean by itself. */
static bool host_is_loopback(const char *host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const size_t length = strlen(names[i]);
        if (strncasecmp(host, names[i], length) == 0 &&
            (host[length] == '\0' || host[length] == ':')) {
            return true;
        }
    }
    return false;
}

/* Takes the same time wherever the first difference is. */
static bool token_matches(const char *token, const char *given)
{
    if (given == NULL || strlen(given) != strlen(token)) {
        return false;
    }
    unsigned difference = 0;
    for (size_t i = 0; token[i] != '\0'; i++) {
        difference |= (unsigned)(token[i] ^ given[i]);
    }
    return difference == 0;
}

static bool token_is_shown(const struct panel *panel, struct MHD_Connection *connection)
{
    static const char bearer[] = "Bearer ";
    const char *authorization = header(connection, MHD_HTTP_HEADER_AUTHORIZATION);
    if (authorization != NULL && strncasecmp(authorization, bearer, sizeof bearer - 1) == 0 &&
        token_matches(panel->token, authorization + sizeof bearer - 1)) {
        return true;
    }
    return token_matches(panel->token,
                         MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token")) ||
           token_matches(panel->token,
                         MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, panel->cookie));
}

/* A browser names the page that sends a POST; ours is the only one that may. */
static bool origin_is_ours(struct MHD_Connection *connection)
{
    static const char scheme[] = "http://";
    const char *origin = header(connection, MHD_HTTP_HEADER_ORIGIN);
    const char *host = header(connection, MHD_HTTP_HEADER_HOST);
    const char *site = header(connection, "Sec-Fetch-Site");
    if (site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0) {
        return false;
    }
    return origin == NULL || (host != NULL && strncmp(origin, scheme, sizeof scheme - 1) == 0 &&
                              strcasecmp(origin + sizeof scheme - 1, host) == 0);
}

/* @return NULL: welcome, or why not. */
static const char *refusal(const struct panel *panel, struct MHD_Connection *connection, bool post,
                           unsigned *status)
{
    const char *host = header(connection, MHD_HTTP_HEADER_HOST);
    *status = MHD_HTTP_FORBIDDEN;
    if (panel->loopback && host != NULL && !host_is_loopback(host)) {
        return "{\"error\":\"this panel answers to localhost only\"}";
    }
    if (panel->token != NULL && !token_is_shown(panel, connection)) {
        *status = MHD_HTTP_UNAUTHORIZED;
        return "{\"error\":\"expected the panel's token: ?token=... or Authorization: Bearer\"}";
    }
    if (post && !origin_is_ours(connection)) {
        return "{\"error\":\"refused: the request comes from another site\"}";
    }
    return NULL;
}

/* ---- requests ---- */

/* A whole number among a request's arguments; *value is untouched when it is not there.
 * @return false: it is there and no such number. */
static bool take_number(struct MHD_Connection *connection, const char *name, int64_t low,
                        int64_t high, int64_t *value)
{
    const char *text = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
    char *end = NULL;
    if (text == NULL) {
        return true;
    }
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < low || number > high) {
        return false;
    }
    *value = number;
    return true;
}

static bool take_query(struct MHD_Connection *connection, struct profile_query *query)
{
    int64_t points = PROFILE_POINTS;
    *query = (struct profile_query){.from_s = 0, .to_s = UTC_MAX_S};
    const bool good = take_number(connection, "from", 0, UTC_MAX_S, &query->from_s) &&
                      take_number(connection, "to", 0, UTC_MAX_S, &query->to_s) &&
                      take_number(connection, "points", 1, PROFILE_POINTS_MAX, &points);
    query->points = (uint32_t)points;
    return good;
}

static char *page_state(struct run *run, const struct profile_query *query, size_t *length)
{
    (void)query;
    return state_json(run, length);
}

static char *page_registers(struct run *run, const struct profile_query *query, size_t *length)
{
    (void)query;
    return registers_json(&run->site.meter, true, length);
}

static char *page_tariff(struct run *run, const struct profile_query *query, size_t *length)
{
    (void)query;
    return tariff_json(&run->site.meter, length);
}

static char *page_quality(struct run *run, const struct profile_query *query, size_t *length)
{
    (void)query;
    return quality_json(&run->site.meter, length);
}

static char *page_events(struct run *run, const struct profile_query *query, size_t *length)
{
    (void)query;
    return events_json(&run->site.meter, length);
}

static char *page_billing(struct run *run, const struct profile_query *query, size_t *length)
{
    (void)query;
    return billing_json(&run->site.meter, length);
}

static char *page_profile(struct run *run, const struct profile_query *query, size_t *length)
{
    return profile_json(&run->site.meter, query, length);
}

static char *page_profile_csv(struct run *run, const struct profile_query *query, size_t *length)
{
    return profile_csv(&run->site.meter, query, length);
}

static char *page_analysis(struct run *run, const struct profile_query *query, size_t *length)
{
    return analysis_json(&run->site.meter, query, length);
}

static char *page_analysis_csv(struct run *run, const struct profile_query *query, size_t *length)
{
    return analysis_csv(&run->site.meter, query, length);
}

/* What a GET makes anew each time. */
static const struct json_page {
    const char *path;
    char *(*make)(struct run *run, const struct profile_query *query, size_t *length);
    bool csv;
} pages[] = {
    {"/api/state", page_state, false},       {"/api/registers", page_registers, false},
    {"/api/tariff", page_tariff, false},     {"/api/quality", page_quality, false},
    {"/api/profile", page_profile, false},   {"/api/profile.csv", page_profile_csv, true},
    {"/api/analysis", page_analysis, false}, {"/api/analysis.csv", page_analysis_csv, true},
    {"/api/events", page_events, false},     {"/api/billing", page_billing, false},
};

static const struct json_page *page_find(const char *path)
{
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(path, pages[i].path) == 0) {
            return &pages[i];
        }
    }
    return NULL;
}

static enum MHD_Result answer_page(struct panel *panel, struct MHD_Connection *connection,
                                   const struct json_page *page)
{
    struct profile_query query;
    size_t length = 0;
    if (!take_query(connection, &query)) {
        return send_json(connection, MHD_HTTP_BAD_REQUEST,
                         "{\"error\":\"expected from and to in seconds since 1970, points 1 to "
                         "4000\"}");
    }
    run_catch_up(panel->run);
    char *text = page->make(panel->run, &query, &length);
    return send_heap(connection, text, length,
                     page->csv ? "text/csv; charset=utf-8" : "application/json");
}

static enum MHD_Result answer_get(struct panel *panel, struct MHD_Connection *connection,
                                  const char *path)
{
    if (strcmp(path, "/events") == 0) {
        struct MHD_Response *response = stream_response(&panel->stream, connection);
        return send_response(connection, MHD_HTTP_OK, response, "text/event-stream");
    }
    const struct json_page *page = page_find(path);
    if (page != NULL) {
        return answer_page(panel, connection, page);
    }
    const struct panel_file *file = panel_file_find(path);
    if (file != NULL) {
        return send_file(panel, connection, file);
    }
    if (panel_api_knows(path)) {
        return send_json(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "{\"error\":\"expected POST\"}");
    }
    return send_json(connection, MHD_HTTP_NOT_FOUND, "{\"error\":\"no such page\"}");
}

static enum MHD_Result answer_post(struct panel *panel, struct MHD_Connection *connection,
                                   const char *path, const struct request *request)
{
    char reply[PANEL_REPLY_MAX] = "";
    if (!panel_api_knows(path)) {
        return send_json(connection, MHD_HTTP_NOT_FOUND, "{\"error\":\"no such command\"}");
    }
    if (request->too_long) {
        return send_json(connection, MHD_HTTP_CONTENT_TOO_LARGE,
                         "{\"error\":\"expected at most 4096 bytes\"}");
    }
    const unsigned status = panel_api_post(panel->run, path, request->body, request->length, reply);
    return send_json(connection, status, reply);
}

static void take_body(struct request *request, const char *bytes, size_t n_bytes)
{
    if (n_bytes > sizeof request->body - request->length) {
        request->too_long = true;
        return;
    }
    memcpy(request->body + request->length, bytes, n_bytes);
    request->length += n_bytes;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *n_upload, void **state)
{
    struct panel *panel = context;
    struct request *request = *state;
    (void)version;
    if (request == NULL) { /* headers are here, a body may follow */
        *state = calloc(1, sizeof *request);
        return *state != NULL ? MHD_YES : MHD_NO;
    }
    if (*n_upload > 0) {
        take_body(request, upload, *n_upload);
        *n_upload = 0;
        return MHD_YES;
    }
    unsigned status;
    const bool post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
    const bool get =
        strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    const char *reason = refusal(panel, connection, post, &status);
    if (reason != NULL) {
        return send_json(connection, status, reason);
    }
    if (post) {
        return answer_post(panel, connection, path, request);
    }
    return get ? answer_get(panel, connection, path)
               : send_json(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                           "{\"error\":\"expected GET or POST\"}");
}

static void completed(void *context, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode why)
{
    (void)context;
    (void)connection;
    (void)why;
    free(*state);
    *state = NULL;
}

/* ---- life ---- */

int panel_bind(struct panel **out, const struct options *options, struct problem *problem)
{
    char taken[ADDRESS_TEXT_MAX];
    *out = NULL;
    if (!options->panel) {
        return 0;
    }
    struct panel *panel = calloc(1, sizeof *panel);
    if (panel == NULL) {
        return problem_set(problem, EXIT_NOT_ABLE, "panel: no memory");
    }
    panel->listener =
        address_listen(&options->panel_address, !options->panel_named, taken, problem);
    if (panel->listener < 0) {
        free(panel);
        return -1;
    }
    panel->watch.fd = -1;
    panel->token = options->panel_token;
    panel->loopback = address_is_loopback(&options->panel_address);
    (void)snprintf(panel->text, sizeof panel->text, "panel http://%s/", taken);
    (void)snprintf(panel->cookie, sizeof panel->cookie, "panel_token_%.6s",
                   strrchr(taken, ':') + 1);
    if (!options->panel_named && strstr(taken, ":8382") == NULL) {
        (void)fprintf(stderr, "meter382: panel port 8382 is busy, taking %s\n", taken);
    }
    *out = panel;
    return 0;
}

const char *panel_text(const struct panel *panel)
{
    return panel->text;
}

/* Let the server do its part and ask when it wants to be called again. */
static void serve(struct panel *panel)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    (void)MHD_run(panel->daemon);
    panel->deadline_us = NO_DEADLINE;
    if (MHD_get_timeout(panel->daemon, &wait_ms) == MHD_YES && wait_ms < UINT32_MAX) {
        panel->deadline_us = instant_wall_us() + (int64_t)wait_ms * 1000;
    }
}

static void server_ready(void *context, uint32_t events)
{
    (void)events;
    serve(context);
}

int panel_open(struct panel *panel, struct run *run, struct problem *problem)
{
    panel->run = run;
    stream_init(&panel->stream, run);
    panel->daemon =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, panel,
                         MHD_OPTION_LISTEN_SOCKET, panel->listener, MHD_OPTION_NOTIFY_COMPLETED,
                         completed, panel, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
                         MHD_OPTION_CONNECTION_TIMEOUT, CONNECTION_IDLE_S, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        panel->daemon != NULL ? MHD_get_daemon_info(panel->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (info == NULL) {
        return problem_set(problem, EXIT_NOT_ABLE, "%s: the web server does not start",
                           panel->text);
    }
    panel->watch = (struct watch){.ready = server_ready, .context = panel};
    panel->watch.fd = dup(info->epoll_fd);
    if (panel->watch.fd < 0 || loop_add(&run->loop, &panel->watch, EPOLLIN) != 0) {
        return problem_set(problem, EXIT_NOT_ABLE, "%s: the web server can't be watched",
                           panel->text);
    }
    panel->deadline_us = 0;
    return 0;
}

int64_t panel_step(struct panel *panel, int64_t wall_us)
{
    if (stream_publish(&panel->stream, wall_us) || panel->deadline_us <= wall_us) {
        serve(panel);
    }
    const int64_t next_us = stream_next_us(&panel->stream);
    return next_us < panel->deadline_us ? next_us : panel->deadline_us;
}

void panel_close(struct panel *panel)
{
    if (panel == NULL) {
        return;
    }
    if (panel->daemon != NULL) {
        stream_end(&panel->stream);
        (void)MHD_run(panel->daemon);
        loop_drop(&panel->run->loop, &panel->watch);
        MHD_stop_daemon(panel->daemon); /* closes the listener, too */
        stream_close(&panel->stream);
    } else {
        (void)close(panel->listener);
    }
    free(panel);
}
