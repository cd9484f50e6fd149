#include "module_links.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "instant.h"
#include "module_ports.h"
#include "modules/module_table.h"
#include "proto/kmp/kmp.h"
#include "proto/modulebus/module_frame.h"
#include "run.h"

#define OUT_BYTES  65536u
#define READ_BYTES 4096u
#define TEXT_MAX   160
#define SECOND_US  INT64_C(1000000)

enum link_state {
    LINK_FREE,
    LINK_GREETING, /* connected; its HELLO is awaited for MODULE_GREETING_S */
    LINK_PLUGGED,
    LINK_REFUSED, /* ends when it has read why, or with the greeting's time */
};

struct link {
    struct module_links *links;
    struct watch watch;
    enum link_state state;
    enum meter_slot slot; /* plugged */
    int64_t end_us;       /* greeting or refused: hung up then */
    struct module_frame_receiver receiver;
    uint8_t out[OUT_BYTES];
    size_t n_out;
    bool broken; /* to be hung up with the next step */
};

struct listener {
    struct module_links *links;
    struct watch watch;
    char text[TEXT_MAX];
};

struct module_links {
    struct module_ports *ports;
    struct run *run;
    struct listener listener[OPTIONS_MODULE_BUS_MAX];
    size_t n_listeners;
    struct link link[MODULE_LINKS_MAX];
};

/* ---- out ---- */

static void link_write(struct link *link)
{
    while (link->n_out > 0 && !link->broken) {
        const ssize_t n = send(link->watch.fd, link->out, link->n_out, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            link->broken = errno != EAGAIN;
            break;
        }
        link->n_out -= (size_t)n;
        memmove(link->out, link->out + n, link->n_out);
    }
    if (!link->broken) {
        loop_change(&link->links->run->loop, &link->watch,
                    EPOLLIN | (link->n_out > 0 ? (uint32_t)EPOLLOUT : 0u));
    }
}

/* @return false: no room */
static bool put(struct link *link, const uint8_t *frame, size_t n)
{
    if (n == 0 || n > sizeof link->out - link->n_out) {
        return false;
    }
    memcpy(link->out + link->n_out, frame, n);
    link->n_out += n;
    link_write(link);
    return true;
}

/* What must not be lost: a module that has not read 64 kB is stuck. */
static void put_or_pull(struct link *link, const uint8_t *frame, size_t n)
{
    if (!put(link, frame, n)) {
        link->broken = true;
    }
}

/* ---- what the slot tells ---- */

static bool said(void *context, unsigned channel, const uint8_t *octets, size_t n_octets)
{
    uint8_t frame[MODULE_FRAME_MAX];
    return put(context, frame,
               module_frame_write_led(MODULE_FRAME_DATA, (uint8_t)channel, octets, n_octets, frame,
                                      sizeof frame));
}

static void channel_closed(void *context, unsigned channel)
{
    uint8_t frame[MODULE_FRAME_OVERHEAD + 2u];
    const uint8_t closed = 0;
    put_or_pull(context, frame,
                module_frame_write_led(MODULE_FRAME_CHANNEL, (uint8_t)channel, &closed, 1, frame,
                                       sizeof frame));
}

static void pins(void *context, uint8_t levels, int64_t at_us)
{
    uint8_t frame[MODULE_FRAME_MAX];
    const struct module_pins_frame body = {levels, at_us};
    put_or_pull(context, frame, module_pins_write(&body, frame, sizeof frame));
}

static void supply(void *context, bool on)
{
    uint8_t frame[MODULE_FRAME_OVERHEAD + 1u];
    const uint8_t body = on ? 1 : 0;
    put_or_pull(context, frame,
                module_frame_write(MODULE_FRAME_SUPPLY, &body, 1, frame, sizeof frame));
}

/* ---- what the module says ---- */

static enum module_welcome_result fits(const struct link *link, const struct module_hello *hello)
{
    const struct module_row *row = module_by_article(hello->article);
    if (hello->version != MODULE_FRAME_VERSION) {
        return MODULE_REFUSED_VERSION;
    }
    if (hello->slot == METER_SLOT_CCC + 1u && hello->article == 0) {
        return MODULE_WELCOME; /* what the consumer plugs has no article */
    }
    const uint8_t generation = module_ports_generation(link->links->run);
    const bool good = row != NULL && row->code == hello->code && (row->generations & generation);
    return good ? MODULE_WELCOME : MODULE_REFUSED_ARTICLE;
}

static enum module_welcome_result plug(struct link *link, const struct module_hello *hello)
{
    const struct module_slot_user user = {.context = link,
                                          .said = said,
                                          .channel_closed = channel_closed,
                                          .pins = pins,
                                          .supply = supply};
    const enum module_welcome_result result = fits(link, hello);
    if (result != MODULE_WELCOME) {
        return result;
    }
    switch (module_ports_take(link->links->ports, hello->slot, &user, hello->code, hello->serial,
                              &link->slot)) {
    case METER_MODULE_OK: return MODULE_WELCOME;
    case METER_MODULE_ERR_OCCUPIED: return MODULE_REFUSED_OCCUPIED;
    default: return MODULE_REFUSED_SLOT;
    }
}

/* @return false: not what a stranger may say */
static bool greet(struct link *link, const struct module_frame *frame)
{
    struct module_hello hello;
    uint8_t answer[MODULE_FRAME_OVERHEAD + 8u];
    if (module_hello_read(frame, &hello) != MODULE_FRAME_OK) {
        return false;
    }
    const enum module_welcome_result result = plug(link, &hello);
    const struct module_welcome welcome = {
        .version = MODULE_FRAME_VERSION,
        .result = (uint8_t)result,
        .slot = (uint8_t)(result == MODULE_WELCOME ? (unsigned)link->slot + 1u : 0u),
        .supply = result == MODULE_WELCOME &&
                  module_slot_supply(module_ports_slot(link->links->ports, link->slot)),
        .meter = link->links->run->site.meter.serial_number};
    link->state = result == MODULE_WELCOME ? LINK_PLUGGED : LINK_REFUSED;
    put_or_pull(link, answer, module_welcome_write(&welcome, answer, sizeof answer));
    return true;
}

static bool ask(struct link *link, struct module_slot *slot, const struct module_frame *frame)
{
    const uint8_t *request;
    size_t n_request;
    uint8_t number, answer[KMP_FRAME_MAX], out[MODULE_FRAME_MAX];
    if (module_led_read(frame, &number, &request, &n_request) != MODULE_FRAME_OK) {
        return false;
    }
    const size_t n = module_slot_ask(slot, request, n_request, answer, sizeof answer);
    put_or_pull(link, out,
                module_frame_write_led(MODULE_FRAME_ANSWER, number, answer, n, out, sizeof out));
    return true;
}

static bool data(struct module_slot *slot, const struct module_frame *frame)
{
    const uint8_t *octets;
    size_t n_octets;
    uint8_t channel;
    return module_led_read(frame, &channel, &octets, &n_octets) == MODULE_FRAME_OK &&
           module_slot_data(slot, channel, octets, n_octets);
}

static bool channel_frame(struct link *link, struct module_slot *slot,
                          const struct module_frame *frame)
{
    uint8_t channel;
    bool open;
    if (module_channel_read(frame, &channel, &open) != MODULE_FRAME_OK) {
        return false;
    }
    if (!module_slot_channel(slot, channel, open)) {
        channel_closed(link, channel);
    }
    return true;
}

static bool pins_frame(struct module_slot *slot, const struct module_frame *frame)
{
    struct module_pins_frame body;
    if (module_pins_read(frame, &body) != MODULE_FRAME_OK) {
        return false;
    }
    module_slot_pins(slot, body.levels);
    return true;
}

/* @return false: it is to be pulled */
static bool obey(struct link *link, const struct module_frame *frame)
{
    if (link->state != LINK_PLUGGED) {
        return link->state == LINK_GREETING && greet(link, frame);
    }
    struct module_slot *slot = module_ports_slot(link->links->ports, link->slot);
    switch (frame->kind) {
    case MODULE_FRAME_DATA: return data(slot, frame);
    case MODULE_FRAME_ASK: return ask(link, slot, frame);
    case MODULE_FRAME_PINS: return pins_frame(slot, frame);
    case MODULE_FRAME_CHANNEL: return channel_frame(link, slot, frame);
    case MODULE_FRAME_HELLO:
    case MODULE_FRAME_WELCOME:
    case MODULE_FRAME_ANSWER:
    case MODULE_FRAME_SUPPLY: return false; /* the meter's to say, or said already */
    default: return true;                   /* of a later version */
    }
}

static void hear(struct link *link, const uint8_t *octets, size_t n_octets)
{
    struct module_frame frame;
    for (size_t i = 0; i < n_octets && !link->broken && link->state != LINK_FREE; i++) {
        const int whole = module_frame_octet(&link->receiver, octets[i], &frame);
        link->broken = whole < 0 || (whole == 1 && !obey(link, &frame)) || link->broken;
    }
}

/* ---- links ---- */

static void link_end(struct link *link)
{
    if (link->state == LINK_PLUGGED) {
        module_ports_leave(link->links->ports, link->slot);
    }
    link->state = LINK_FREE;
    loop_drop(&link->links->run->loop, &link->watch);
}

static void link_ready(void *context, uint32_t events)
{
    struct link *link = context;
    uint8_t octets[READ_BYTES];
    if ((events & EPOLLOUT) != 0) {
        link_write(link);
    }
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        const ssize_t n = read(link->watch.fd, octets, sizeof octets);
        if (n > 0) {
            hear(link, octets, (size_t)n);
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            link->broken = true;
        }
    }
    if (link->broken || (link->state == LINK_REFUSED && link->n_out == 0)) {
        link_end(link);
    }
}

static void listener_ready(void *context, uint32_t events)
{
    struct listener *listener = context;
    struct module_links *links = listener->links;
    const int on = 1;
    (void)events;
    const int fd = accept4(listener->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    for (size_t i = 0; i < MODULE_LINKS_MAX; i++) {
        struct link *link = &links->link[i];
        if (link->state != LINK_FREE) {
            continue;
        }
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        link->watch = (struct watch){.fd = fd, .ready = link_ready, .context = link};
        link->broken = false;
        link->n_out = 0;
        link->end_us = instant_wall_us() + MODULE_GREETING_S * SECOND_US;
        module_frame_receiver_init(&link->receiver);
        if (loop_add(&links->run->loop, &link->watch, EPOLLIN) != 0) {
            loop_drop(&links->run->loop, &link->watch);
            return;
        }
        link->state = LINK_GREETING;
        return;
    }
    (void)close(fd);
}

int module_links_bind(struct module_links **out, struct module_ports *ports, struct run *run,
                      struct problem *problem)
{
    const struct options *options = run->options;
    char taken[TEXT_MAX - 16];
    *out = NULL;
    if (options->n_module_bus == 0) {
        return 0;
    }
    struct module_links *links = calloc(1, sizeof *links);
    if (links == NULL) {
        return problem_set(problem, EXIT_NOT_ABLE, "no memory");
    }
    *out = links;
    links->ports = ports;
    links->run = run;
    for (size_t i = 0; i < MODULE_LINKS_MAX; i++) {
        links->link[i].links = links;
        links->link[i].watch.fd = -1;
    }
    for (size_t i = 0; i < options->n_module_bus; i++) {
        struct listener *listener = &links->listener[i];
        listener->links = links;
        listener->watch = (struct watch){.ready = listener_ready, .context = listener};
        listener->watch.fd =
            bus_address_listen(&options->module_bus[i], taken, sizeof taken, problem);
        (void)snprintf(listener->text, sizeof listener->text, "module-bus %s", taken);
        if (listener->watch.fd < 0) {
            return -1;
        }
        links->n_listeners++;
    }
    return 0;
}

int module_links_open(struct module_links *links, struct problem *problem)
{
    for (size_t i = 0; i < links->n_listeners; i++) {
        if (loop_add(&links->run->loop, &links->listener[i].watch, EPOLLIN) != 0) {
            return problem_set(problem, EXIT_NOT_ABLE, "%s: %s", links->listener[i].text,
                               strerror(errno));
        }
    }
    return 0;
}

const char *module_links_text(const struct module_links *links, size_t index)
{
    return links->listener[index].text;
}

int64_t module_links_step(struct module_links *links, int64_t wall_us)
{
    int64_t next_us = INT64_MAX;
    for (size_t i = 0; i < MODULE_LINKS_MAX; i++) {
        struct link *link = &links->link[i];
        const bool waits = link->state == LINK_GREETING || link->state == LINK_REFUSED;
        if (link->state != LINK_FREE && (link->broken || (waits && link->end_us <= wall_us))) {
            link_end(link);
        } else if (waits && link->end_us < next_us) {
            next_us = link->end_us;
        }
    }
    return next_us;
}

void module_links_pull(struct module_links *links, enum meter_slot slot)
{
    for (size_t i = 0; i < MODULE_LINKS_MAX; i++) {
        if (links->link[i].state == LINK_PLUGGED && links->link[i].slot == slot) {
            link_end(&links->link[i]);
        }
    }
}

void module_links_close(struct module_links *links)
{
    if (links == NULL) {
        return;
    }
    for (size_t i = 0; i < MODULE_LINKS_MAX; i++) {
        loop_drop(&links->run->loop, &links->link[i].watch);
    }
    for (size_t i = 0; i < links->n_listeners; i++) {
        loop_drop(&links->run->loop, &links->listener[i].watch);
        bus_address_forget(&links->run->options->module_bus[i]);
    }
    free(links);
}
