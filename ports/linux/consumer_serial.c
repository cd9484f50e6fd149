#include "consumer_serial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "app/consumer/consumer.h"

/* @return what is wrong, or NULL */
static const char *open_port(struct consumer_serial *serial)
{
    struct termios form;
    const int fd = open(serial->path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return strerror(errno);
    }
    const char *why = NULL;
    const speed_t speed = serial->baud == CONSUMER_P1_BAUD ? B115200 : B2400;
    if (tcgetattr(fd, &form) != 0) {
        why = "not a serial port";
    } else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        why = "another program uses it";
    } else {
        cfmakeraw(&form);
        form.c_cflag &= ~(tcflag_t)(CSIZE | PARENB | CSTOPB | CRTSCTS | HUPCL);
        form.c_cflag |= CS8 | CLOCAL;
        (void)cfsetispeed(&form, speed);
        (void)cfsetospeed(&form, speed);
        why = tcsetattr(fd, TCSANOW, &form) != 0 ? strerror(errno) : NULL;
    }
    if (why != NULL) {
        (void)close(fd);
        return why;
    }
    serial->fd = fd;
    return NULL;
}

int consumer_serial_open(struct consumer_serial *serial, const char *path, unsigned baud,
                         struct problem *problem)
{
    *serial = (struct consumer_serial){.fd = -1, .path = path, .baud = baud};
    const char *why = open_port(serial);
    return why == NULL
               ? 0
               : problem_set(problem, EXIT_NOT_ABLE, "--consumer: serial:%.200s: %s", path, why);
}

bool consumer_serial_send(struct consumer_serial *serial, const uint8_t *bytes, size_t n_bytes)
{
    int unsent = 0;
    if (serial->fd < 0 && open_port(serial) != NULL) {
        return false;
    }
    if (ioctl(serial->fd, TIOCOUTQ, &unsent) == 0 && unsent > 0) {
        return false;
    }
    const ssize_t n = write(serial->fd, bytes, n_bytes);
    if (n == (ssize_t)n_bytes) {
        return true;
    }
    if (n < 0 && errno == EAGAIN) {
        return false; /* nobody drains it */
    }
    if (n >= 0) {
        (void)tcflush(serial->fd, TCOFLUSH); /* a piece is worth nothing */
        return false;
    }
    (void)fprintf(stderr, "meter382: consumer serial %s: %s; looking for it again\n", serial->path,
                  strerror(errno));
    consumer_serial_close(serial);
    return false;
}

void consumer_serial_close(struct consumer_serial *serial)
{
    if (serial->fd >= 0) {
        (void)close(serial->fd);
    }
    serial->fd = -1;
}
