#include "consumer_mqtt.h"

#include <errno.h>
#include <mosquitto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/meter/meter.h"
#include "instant.h"

#define KEEP_ALIVE_S  20
#define TURN_MS       100               /* the thread looks at what is new so often */
#define STATE_US      INT64_C(1000000)  /* between two states */
#define CONNECT_US    INT64_C(15000000) /* until the broker has accepted */
#define GOODBYE_US    INT64_C(1000000)
#define WAIT_FIRST_S  1
#define WAIT_LAST_S   60
#define GIVE_UP_S     3 /* at the end: the thread hangs in a name server */
#define CONDITION_MAX 200

enum { ANSWER_NONE = -1 };

struct mqtt {
    struct mqtt_option option;
    char text[HOME_TOPIC_MAX + MQTT_WORD_MAX], client_id[48];
    char password[MQTT_SECRET_MAX];
    struct home_topics topics;
    struct home_config configs[HOME_QUANTITIES];
    size_t n_configs;
    pthread_t thread;
    bool started;
    /* ---- both threads, under the lock ---- */
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool stop, available;
    char state[HOME_STATE_MAX];
    unsigned long long newest; /* counts states; 0: none yet */
    char condition[CONDITION_MAX];
    /* ---- the thread alone ---- */
    struct mosquitto *client;
    int answer; /* of the broker to the connection; ANSWER_NONE */
    bool said_available;
    unsigned long long sent;
    int64_t sent_us;
    int on_its_way; /* messages that have not left */
    char complaint[CONDITION_MAX];
};

/* ---- what is wrong ---- */

static void set_condition(struct mqtt *m, const char *text)
{
    (void)pthread_mutex_lock(&m->lock);
    (void)snprintf(m->condition, sizeof m->condition, "%s", text);
    (void)pthread_mutex_unlock(&m->lock);
}

/* The same thing is said once, until it has worked in between. */
static void complain(struct mqtt *m, const char *text)
{
    set_condition(m, text);
    if (strcmp(m->complaint, text) != 0) {
        (void)snprintf(m->complaint, sizeof m->complaint, "%s", text);
        (void)fprintf(stderr, "meter382: %s: %s; trying again\n", m->text, text);
    }
}

static const char *refusal_text(int answer)
{
    static const char *const texts[] = {
        [1] = "the broker refuses this version of MQTT",
        [2] = "the broker refuses the client identifier",
        [3] = "the broker is not ready",
        [4] = "the broker refuses user or password; expected user=NAME,password=FILE",
        [5] = "the broker refuses user or password; expected user=NAME,password=FILE"};
    return answer > 0 && (size_t)answer < sizeof texts / sizeof texts[0] ? texts[answer]
                                                                         : "the broker refuses";
}

static const char *failure_text(const struct mqtt *m, int result, int error)
{
    switch (result) {
    case MOSQ_ERR_EAI:
    case MOSQ_ERR_LOOKUP: return "no such host";
    case MOSQ_ERR_TLS:
        return m->option.ca[0] != '\0' ? "TLS fails: expected a certificate signed by that of ca="
                                       : "TLS fails: expected a certificate that this computer "
                                         "trusts, or ca=FILE";
    case MOSQ_ERR_ERRNO: return strerror(error);
    default: return m->answer == 0 ? "the connection is lost" : "no connection";
    }
}

/* ---- one connection ---- */

static void on_connect(struct mosquitto *client, void *context, int answer)
{
    struct mqtt *m = context;
    (void)client;
    m->answer = answer;
}

static void on_publish(struct mosquitto *client, void *context, int id)
{
    struct mqtt *m = context;
    (void)client;
    (void)id;
    m->on_its_way--;
}

static void publish(struct mqtt *m, const char *topic, const char *text, bool kept)
{
    if (mosquitto_publish(m->client, NULL, topic, (int)strlen(text), text, 0, kept) ==
        MOSQ_ERR_SUCCESS) {
        m->on_its_way++;
    }
}

static const char *availability_text(bool available)
{
    return available ? "online" : "offline";
}

static int client_open(struct mqtt *m)
{
    const struct mqtt_option *o = &m->option;
    const char *gone = availability_text(false);
    m->client = mosquitto_new(m->client_id, true, m);
    m->answer = ANSWER_NONE;
    m->on_its_way = 0;
    if (m->client == NULL) {
        return MOSQ_ERR_NOMEM;
    }
    mosquitto_connect_callback_set(m->client, on_connect);
    mosquitto_publish_callback_set(m->client, on_publish);
    int result =
        mosquitto_will_set(m->client, m->topics.available, (int)strlen(gone), gone, 0, true);
    if (result == MOSQ_ERR_SUCCESS && o->user[0] != '\0') {
        result = mosquitto_username_pw_set(m->client, o->user,
                                           m->password[0] != '\0' ? m->password : NULL);
    }
    if (result == MOSQ_ERR_SUCCESS && o->tls) {
        const bool own = o->ca[0] != '\0';
        result = mosquitto_tls_set(m->client, own ? o->ca : NULL, own ? NULL : MQTT_CA_FOLDER, NULL,
                                   NULL, NULL);
    }
    return result == MOSQ_ERR_SUCCESS
               ? mosquitto_connect_async(m->client, o->host, o->port, KEEP_ALIVE_S)
               : result;
}

static bool stopping(struct mqtt *m)
{
    (void)pthread_mutex_lock(&m->lock);
    const bool stop = m->stop;
    (void)pthread_mutex_unlock(&m->lock);
    return stop;
}

static void introduce(struct mqtt *m)
{
    m->complaint[0] = '\0';
    set_condition(m, "connected");
    for (size_t i = 0; i < m->n_configs; i++) {
        publish(m, m->configs[i].topic, m->configs[i].text, true);
    }
    (void)pthread_mutex_lock(&m->lock);
    m->said_available = m->available;
    (void)pthread_mutex_unlock(&m->lock);
    publish(m, m->topics.available, availability_text(m->said_available), true);
}

/* What is new since the last look. */
static void bring_up_to_date(struct mqtt *m)
{
    char state[HOME_STATE_MAX];
    const int64_t now_us = instant_wall_us();
    (void)pthread_mutex_lock(&m->lock);
    const bool available = m->available;
    const bool due =
        available && m->newest != m->sent && now_us >= m->sent_us + STATE_US && m->on_its_way == 0;
    if (due) {
        memcpy(state, m->state, sizeof state);
        m->sent = m->newest;
    }
    (void)pthread_mutex_unlock(&m->lock);
    if (available != m->said_available) {
        m->said_available = available;
        publish(m, m->topics.available, availability_text(available), true);
    }
    if (due) {
        m->sent_us = now_us;
        publish(m, m->topics.state, state, false);
    }
}

static void say_goodbye(struct mqtt *m)
{
    const int64_t until_us = instant_wall_us() + GOODBYE_US;
    publish(m, m->topics.available, availability_text(false), true);
    (void)mosquitto_disconnect(m->client);
    while (instant_wall_us() < until_us &&
           mosquitto_loop(m->client, TURN_MS, 1) == MOSQ_ERR_SUCCESS) {
    }
}

/* @return the broker had accepted */
static bool connection(struct mqtt *m)
{
    const int64_t until_us = instant_wall_us() + CONNECT_US;
    bool introduced = false;
    errno = 0;
    int result = client_open(m);
    while (result == MOSQ_ERR_SUCCESS && !stopping(m)) {
        result = mosquitto_loop(m->client, TURN_MS, 1);
        if (m->answer == 0 && !introduced) {
            introduced = true;
            m->sent = 0; /* the state that it may have missed */
            introduce(m);
        }
        if (introduced) {
            bring_up_to_date(m);
        } else if (m->answer > 0 || instant_wall_us() > until_us) {
            break;
        }
    }
    const int error = errno;
    if (introduced && result == MOSQ_ERR_SUCCESS) {
        say_goodbye(m);
    } else if (!stopping(m)) {
        complain(m, m->answer > 0                ? refusal_text(m->answer)
                    : result == MOSQ_ERR_SUCCESS ? "the broker does not answer"
                                                 : failure_text(m, result, error));
    }
    mosquitto_destroy(m->client);
    m->client = NULL;
    return introduced;
}

static void *mqtt_main(void *context)
{
    struct mqtt *m = context;
    int wait_s = WAIT_FIRST_S;
    while (!stopping(m)) {
        struct timespec until;
        wait_s = connection(m) ? WAIT_FIRST_S : wait_s;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += wait_s;
        (void)pthread_mutex_lock(&m->lock);
        while (!m->stop && pthread_cond_timedwait(&m->ended, &m->lock, &until) == 0) {
        }
        (void)pthread_mutex_unlock(&m->lock);
        wait_s = wait_s * 2 < WAIT_LAST_S ? wait_s * 2 : WAIT_LAST_S;
    }
    return NULL;
}

/* ---- what the meter calls ---- */

/* First line of a file that is its owner's alone. */
static int read_password(struct mqtt *m, struct problem *problem)
{
    const char *path = m->option.password_file, *secret = getenv(MQTT_SECRET);
    struct stat status;
    if (path[0] == '\0') {
        (void)snprintf(m->password, sizeof m->password, "%s", secret != NULL ? secret : "");
        return 0;
    }
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return problem_set(problem, EXIT_BAD_INPUT, "--consumer: password=%s: %s", path,
                           strerror(errno));
    }
    const bool others = fstat(fileno(file), &status) != 0 || (status.st_mode & 077) != 0;
    const bool read = !others && fgets(m->password, sizeof m->password, file) != NULL;
    (void)fclose(file);
    m->password[strcspn(m->password, "\r\n")] = '\0';
    if (others) {
        return problem_set(problem, EXIT_BAD_INPUT,
                           "--consumer: password=%s: expected a file that only its owner may read "
                           "(chmod 600)",
                           path);
    }
    if (!read || m->password[0] == '\0') {
        return problem_set(problem, EXIT_BAD_INPUT,
                           "--consumer: password=%s: expected a password in its first line", path);
    }
    return 0;
}

static int check_authority(const struct mqtt_option *option, struct problem *problem)
{
    if (option->ca[0] == '\0' || access(option->ca, R_OK) == 0) {
        return 0;
    }
    return problem_set(problem, EXIT_BAD_INPUT, "--consumer: ca=%s: %s", option->ca,
                       strerror(errno));
}

struct mqtt *mqtt_new(const struct mqtt_option *option, unsigned index, struct problem *problem)
{
    struct mqtt *m = calloc(1, sizeof *m);
    if (m == NULL) {
        (void)problem_set(problem, EXIT_NOT_ABLE, "no memory");
        return NULL;
    }
    m->option = *option;
    (void)pthread_mutex_init(&m->lock, NULL);
    (void)pthread_cond_init(&m->ended, NULL);
    (void)mosquitto_lib_init();
    (void)snprintf(m->client_id, sizeof m->client_id, "open382-%u-", index);
    (void)snprintf(m->text, sizeof m->text, "mqtt %s:%u %s", option->host, (unsigned)option->port,
                   option->topic);
    (void)snprintf(m->condition, sizeof m->condition, "connecting");
    if (read_password(m, problem) != 0 || check_authority(option, problem) != 0) {
        mqtt_free(m);
        return NULL;
    }
    return m;
}

int mqtt_start(struct mqtt *m, enum consumer_kind kind, const struct meter *meter,
               struct problem *problem)
{
    const size_t n = strlen(m->client_id), n_text = strlen(m->text);
    (void)snprintf(m->client_id + n, sizeof m->client_id - n, "%08lu",
                   (unsigned long)meter->serial_number);
    (void)snprintf(m->text + n_text, sizeof m->text - n_text, "/%08lu",
                   (unsigned long)meter->serial_number);
    home_topics(&m->option, meter, &m->topics);
    if (m->option.discovery[0] != '\0') {
        const int n_configs = home_configs(&m->option, kind, meter, m->configs);
        if (n_configs < 0) {
            return problem_set(problem, EXIT_NOT_ABLE, "no memory");
        }
        m->n_configs = (size_t)n_configs;
    }
    m->available = true; /* until something else is known */
    m->started = pthread_create(&m->thread, NULL, mqtt_main, m) == 0;
    return m->started ? 0 : problem_set(problem, EXIT_NOT_ABLE, "%s: no thread", m->text);
}

void mqtt_set_available(struct mqtt *m, bool available)
{
    (void)pthread_mutex_lock(&m->lock);
    m->available = available;
    (void)pthread_mutex_unlock(&m->lock);
}

void mqtt_offer(struct mqtt *m, const char *state)
{
    (void)pthread_mutex_lock(&m->lock);
    (void)snprintf(m->state, sizeof m->state, "%s", state);
    m->newest++;
    (void)pthread_mutex_unlock(&m->lock);
}

const char *mqtt_text(const struct mqtt *m)
{
    return m->text;
}

void mqtt_condition(struct mqtt *m, char *out, size_t capacity)
{
    (void)pthread_mutex_lock(&m->lock);
    (void)snprintf(out, capacity, "%s", m->condition);
    (void)pthread_mutex_unlock(&m->lock);
}

void mqtt_free(struct mqtt *m)
{
    if (m == NULL) {
        return;
    }
    if (m->started) {
        struct timespec until;
        (void)pthread_mutex_lock(&m->lock);
        m->stop = true;
        (void)pthread_cond_signal(&m->ended);
        (void)pthread_mutex_unlock(&m->lock);
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += GIVE_UP_S;
        if (pthread_timedjoin_np(m->thread, NULL, &until) != 0) {
            return; /* it hangs, and what it uses stays; the program ends */
        }
    }
    home_configs_free(m->configs, m->n_configs);
    (void)pthread_cond_destroy(&m->ended);
    (void)pthread_mutex_destroy(&m->lock);
    (void)mosquitto_lib_cleanup();
    free(m);
}
