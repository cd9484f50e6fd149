#include "loop.h"

#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "instant.h"

#define LOOP_EVENTS 32

static void timer_ready(void *context, uint32_t events)
{
    struct loop *loop = context;
    uint64_t times;
    (void)events;
    if (read(loop->timer.fd, &times, sizeof times) == (ssize_t)sizeof times) {
        loop->armed_us = INT64_MAX;
    }
}

static void signal_ready(void *context, uint32_t events)
{
    struct loop *loop = context;
    struct signalfd_siginfo signal;
    (void)events;
    if (read(loop->signals.fd, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        loop->stopped = true;
    }
}

static int signals_open(struct loop *loop)
{
    sigset_t caught;
    (void)sigemptyset(&caught);
    (void)sigaddset(&caught, SIGTERM);
    (void)sigaddset(&caught, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &caught, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    loop->signals = (struct watch){.ready = signal_ready, .context = loop};
    loop->signals.fd = signalfd(-1, &caught, SFD_NONBLOCK | SFD_CLOEXEC);
    return loop->signals.fd < 0 ? -1 : loop_add(loop, &loop->signals, EPOLLIN);
}

int loop_open(struct loop *loop)
{
    *loop = (struct loop)LOOP_CLOSED;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        return -1;
    }
    loop->armed_us = INT64_MAX;
    loop->timer = (struct watch){.ready = timer_ready, .context = loop};
    loop->timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (loop->timer.fd < 0 || loop_add(loop, &loop->timer, EPOLLIN) != 0) {
        return -1;
    }
    return signals_open(loop);
}

void loop_close(struct loop *loop)
{
    loop_drop(loop, &loop->signals);
    loop_drop(loop, &loop->timer);
    if (loop->epoll_fd >= 0) {
        (void)close(loop->epoll_fd);
        loop->epoll_fd = -1;
    }
}

int loop_add(struct loop *loop, struct watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data = {.ptr = watch}};
    watch->events = events;
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event);
}

void loop_change(struct loop *loop, struct watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data = {.ptr = watch}};
    if (watch->events != events) {
        watch->events = events;
        (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);
    }
}

void loop_drop(struct loop *loop, struct watch *watch)
{
    if (watch->fd >= 0) {
        (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
        (void)close(watch->fd);
        watch->fd = -1;
    }
}

/* An alarm that rings too early costs one turn; setting it anew costs a system call each turn. */
static void timer_arm(struct loop *loop, int64_t deadline_us)
{
    if (deadline_us >= loop->armed_us) {
        return;
    }
    const struct itimerspec when = {.it_value = {.tv_sec = (time_t)(deadline_us / 1000000),
                                                 .tv_nsec = (long)(deadline_us % 1000000) * 1000}};
    (void)timerfd_settime(loop->timer.fd, TFD_TIMER_ABSTIME, &when, NULL);
    loop->armed_us = deadline_us;
}

void loop_wait(struct loop *loop, int64_t deadline_us)
{
    struct epoll_event events[LOOP_EVENTS];
    int timeout_ms = -1;
    if (deadline_us <= instant_wall_us()) {
        timeout_ms = 0;
    } else if (deadline_us != INT64_MAX) {
        timer_arm(loop, deadline_us);
    }
    const int n = epoll_wait(loop->epoll_fd, events, LOOP_EVENTS, timeout_ms);
    for (int i = 0; i < n; i++) {
        struct watch *watch = events[i].data.ptr;
        if (watch->fd >= 0) {
            watch->ready(watch->context, events[i].events);
        }
    }
}
