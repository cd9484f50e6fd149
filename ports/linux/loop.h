/**
 * The one thread's event loop: epoll and one timer.
 */
#ifndef OPEN382_LINUX_LOOP_H
#define OPEN382_LINUX_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/** Something to wait for.  Stays at its address while it is watched. */
struct watch {
    int fd; /**< -1: not watched */
    void (*ready)(void *context, uint32_t events);
    void *context;
    uint32_t events; /**< EPOLLIN, EPOLLOUT */
};

struct loop {
    int epoll_fd;
    struct watch timer, signals;
    bool stopped;     /**< SIGTERM or SIGINT came: the program is to end */
    int64_t armed_us; /**< the timer rings then; INT64_MAX: never */
};

/** One that is closed: loop_close does nothing to it. */
#define LOOP_CLOSED                                                                                \
    {                                                                                              \
        .epoll_fd = -1, .timer = {.fd = -1}, .signals = {.fd = -1 }                                \
    }

/** From then on SIGTERM and SIGINT set loop->stopped; SIGPIPE does nothing: a peer that has left is
 *  seen at write.  @return 0, or -1 (errno). */
int loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/** Begin to watch watch->fd.  @return 0, or -1 (errno). */
int loop_add(struct loop *loop, struct watch *watch, uint32_t events);
/** Wait for other events from now on; costs nothing when they are the same. */
void loop_change(struct loop *loop, struct watch *watch, uint32_t events);
/** Forget it and close its file descriptor. */
void loop_drop(struct loop *loop, struct watch *watch);

/** Wait until deadline_us (instant_wall_us scale), at most, and call what is ready. */
void loop_wait(struct loop *loop, int64_t deadline_us);

#endif
