#include "module_serial.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const struct {
    uint32_t baud;
    speed_t code;
} speeds[] = {{300, B300},   {600, B600},     {1200, B1200},   {2400, B2400},   {4800, B4800},
              {9600, B9600}, {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200}};

int module_serial_speed(int fd, const struct module_speed *speed)
{
    struct termios line;
    size_t i = 0;
    while (i < sizeof speeds / sizeof speeds[0] && speeds[i].baud != speed->baud) {
        i++;
    }
    if (i == sizeof speeds / sizeof speeds[0] || tcgetattr(fd, &line) != 0) {
        return -1;
    }
    cfmakeraw(&line);
    line.c_cflag &= ~(tcflag_t)(CSIZE | PARENB | PARODD | CSTOPB | CRTSCTS);
    line.c_cflag |= (tcflag_t)(CLOCAL | CREAD) | (tcflag_t)(speed->data_bits == 7 ? CS7 : CS8);
    line.c_cflag |= speed->parity == 'N' ? 0u : (tcflag_t)PARENB;
    line.c_cflag |= speed->parity == 'O' ? (tcflag_t)PARODD : 0u;
    line.c_cflag |= speed->stop_bits == 2 ? (tcflag_t)CSTOPB : 0u;
    return cfsetspeed(&line, speeds[i].code) == 0 ? tcsetattr(fd, TCSANOW, &line) : -1;
}

int module_serial_open(const char *option, const char *path, struct problem *problem)
{
    static const struct module_speed first = {9600, 8, 'N', 1};
    const int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && module_serial_speed(fd, &first) == 0) {
        return fd;
    }
    const int error = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    return problem_set(problem, EXIT_NOT_ABLE, "--%s: serial:%s: %s", option, path,
                       strerror(error));
}
