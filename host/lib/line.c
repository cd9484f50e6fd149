#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "line_tls.h"

#define CONNECT_TIMEOUT_MS 5000
#define WRITE_TIMEOUT_MS   5000
/* A module that was refused often calls again within 19 minutes. */
#define CALL_TIMEOUT_MS (20 * 60 * 1000)

static const struct {
    uint32_t baud;
    speed_t speed;
} speeds[] = {{300, B300},   {600, B600},     {1200, B1200},   {2400, B2400},   {4800, B4800},
              {9600, B9600}, {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200}};

int64_t line_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void line_describe(const struct line *line, char *text, size_t n_text)
{
    if (line->url.tcp) {
        snprintf(text, n_text, "%s:%s", line->url.path, line->url.port);
    } else {
        static const char *const forms[] = {
            [METER_KMP] = "8N2", [METER_IEC] = "7E1", [METER_DLMS] = "8N1", [METER_MBUS] = "8E1"};
        snprintf(text, n_text, "%s (%u %s)", line->url.path, (unsigned)line->url.baud,
                 forms[line->opening ? METER_IEC : line->url.protocol]);
    }
}

/** Keep "WHERE: what: reason; check". */
static enum host_err fail(struct line *line, enum host_err err, const char *what,
                          const char *reason, const char *check)
{
    char where[256];
    line_describe(line, where, sizeof where);
    snprintf(line->error, sizeof line->error, "%s: %s: %s; %s", where, what, reason, check);
    return err;
}

static void trace_bytes(const struct line *line, char direction, const uint8_t *bytes,
                        size_t n_bytes)
{
    if (line->trace == NULL || n_bytes == 0) {
        return;
    }
    fprintf(line->trace, "%10.3f %c", (double)line_now_ms() / 1000.0, direction);
    for (size_t i = 0; i < n_bytes; i++) {
        fprintf(line->trace, " %02X", bytes[i]);
    }
    fputc('\n', line->trace);
}

/* ---- serial port ---- */

static speed_t speed_of(uint32_t baud)
{
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        if (speeds[i].baud == baud) {
            return speeds[i].speed;
        }
    }
    return B9600;
}

/* Unix98 pseudo terminals: Linux admin-guide/devices.txt. */
#define PTY_MAJOR_FIRST 136u
#define PTY_MAJOR_LAST  143u

static bool is_pseudo_terminal(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && major(status.st_rdev) >= PTY_MAJOR_FIRST &&
           major(status.st_rdev) <= PTY_MAJOR_LAST;
}

/** 8N2 for KMP, 8N1 for HDLC, 8E1 for M-Bus, 7E1 for IEC.  A pseudo terminal knows eight bits only;
 * receivers mask the eighth. */
static tcflag_t character_form(const struct line *line)
{
    if (line->url.protocol == METER_DLMS && !line->opening) {
        return CS8;
    }
    if (line->url.protocol == METER_KMP) {
        return CS8 | CSTOPB;
    }
    if (line->url.protocol == METER_MBUS) {
        return is_pseudo_terminal(line->fd) ? CS8 : CS8 | PARENB;
    }
    return is_pseudo_terminal(line->fd) ? CS8 : CS7 | PARENB;
}

/** Raw bytes in the form of the protocol. */
static int set_up_port(const struct line *line)
{
    struct termios settings;
    if (tcgetattr(line->fd, &settings) != 0) {
        return -1;
    }
    cfmakeraw(&settings);
    settings.c_cflag &= ~(tcflag_t)(CSIZE | PARENB | PARODD | CSTOPB | CRTSCTS | HUPCL);
    settings.c_cflag |= CREAD | CLOCAL | character_form(line);
    settings.c_cc[VMIN] = 0;
    settings.c_cc[VTIME] = 0;
    cfsetispeed(&settings, speed_of(line->url.baud));
    cfsetospeed(&settings, speed_of(line->url.baud));
    return tcsetattr(line->fd, TCSANOW, &settings);
}

static enum host_err open_port(struct line *line)
{
    line->fd = open(line->url.path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (line->fd < 0) {
        return fail(line, HOST_ERR_OPEN, "cannot open the port", strerror(errno),
                    errno == EACCES ? "check that you are in the group of the port (dialout)"
                                    : "check the cable and the name of the port");
    }
    if (!isatty(line->fd)) {
        return fail(line, HOST_ERR_OPEN, "cannot use it", "not a serial port",
                    "check the name of the port");
    }
    if (flock(line->fd, LOCK_EX | LOCK_NB) != 0) {
        return fail(line, HOST_ERR_OPEN, "cannot use the port", "another program uses it",
                    "end that program first");
    }
    if (set_up_port(line) != 0) {
        return fail(line, HOST_ERR_OPEN, "cannot set its speed", strerror(errno),
                    "check that it is a serial port");
    }
    return HOST_OK;
}

enum host_err line_set_baud(struct line *line, uint32_t baud)
{
    if (line->url.tcp) {
        return HOST_OK;
    }
    tcdrain(line->fd);
    line->url.baud = baud;
    if (set_up_port(line) != 0) {
        return fail(line, HOST_ERR_IO, "cannot change its speed", strerror(errno),
                    "check the cable");
    }
    return HOST_OK;
}

enum host_err line_set_opening(struct line *line, bool opening, uint32_t baud)
{
    line->opening = opening;
    return line_set_baud(line, baud);
}

/* ---- TCP ---- */

/** @return 0 when connected, else errno. */
static int connect_to(struct line *line, const struct addrinfo *address)
{
    const int on = 1;
    line->fd = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                      address->ai_protocol);
    if (line->fd < 0) {
        return errno;
    }
    setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(line->fd, address->ai_addr, address->ai_addrlen) == 0) {
        return 0;
    }
    int error = errno;
    socklen_t length = sizeof error;
    struct pollfd wait = {line->fd, POLLOUT, 0};
    if (error == EINPROGRESS) {
        error = poll(&wait, 1, CONNECT_TIMEOUT_MS) == 1 ? 0 : ETIMEDOUT;
    }
    if (error == 0 && getsockopt(line->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) {
        error = errno;
    }
    if (error != 0) {
        line_close(line);
    }
    return error;
}

static enum host_err open_tcp(struct line *line)
{
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC,
                                    .ai_socktype = line->url.udp ? SOCK_DGRAM : SOCK_STREAM};
    struct addrinfo *found = NULL;
    int result = getaddrinfo(line->url.path, line->url.port, &wanted, &found);
    if (result != 0) {
        return fail(line, HOST_ERR_OPEN, "cannot find the host", gai_strerror(result),
                    "check its name");
    }
    int error = EHOSTUNREACH;
    for (const struct addrinfo *at = found; at != NULL && error != 0; at = at->ai_next) {
        error = connect_to(line, at);
    }
    freeaddrinfo(found);
    if (error != 0) {
        return fail(line, HOST_ERR_OPEN, "cannot connect", strerror(error),
                    "check host and port, and that the meter runs");
    }
    return HOST_OK;
}

static enum host_err open_tls(struct line *line)
{
    char reason[METER_URL_FILE_MAX + 80];
    const enum host_err err = open_tcp(line);
    if (err != HOST_OK) {
        return err;
    }
    line->tls = line_tls_open(line->fd, &line->url, reason, sizeof reason);
    return line->tls != NULL ? HOST_OK
                             : fail(line, HOST_ERR_OPEN, "no TLS with it", reason,
                                    "check the port, the certificates, and ca=FILE");
}

/* ---- the meter calls ---- */

/** @return 0 when somebody has called, else errno; the listener is closed. */
static int take_call(struct line *line, const struct addrinfo *address)
{
    const int on = 1;
    const int listener = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct pollfd wait = {listener, POLLIN, 0};
    int error = 0;
    if (listener < 0) {
        return errno;
    }
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, address->ai_addr, address->ai_addrlen) != 0 || listen(listener, 1) != 0) {
        error = errno;
    } else if (poll(&wait, 1, CALL_TIMEOUT_MS) != 1) {
        error = ETIMEDOUT;
    } else {
        line->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        error = line->fd < 0 ? errno : 0;
    }
    close(listener);
    if (error == 0) {
        setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return error;
}

static enum host_err wait_for_call(struct line *line)
{
    const struct addrinfo wanted = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    const int result = getaddrinfo(line->url.path, line->url.port, &wanted, &found);
    if (result != 0) {
        return fail(line, HOST_ERR_OPEN, "cannot listen there", gai_strerror(result),
                    "name an address of this computer, or 0.0.0.0");
    }
    const int error = take_call(line, found);
    freeaddrinfo(found);
    if (error != 0) {
        return fail(line, HOST_ERR_OPEN,
                    error == ETIMEDOUT ? "no meter has called" : "cannot listen there",
                    strerror(error), "check the address, and where the meter calls");
    }
    return HOST_OK;
}

/* ---- both ---- */

enum host_err line_open(struct line *line, const struct meter_url *url, FILE *trace)
{
    line->fd = -1;
    line->tls = NULL;
    line->url = *url;
    line->trace = trace;
    line->opening = false;
    line->error[0] = '\0';
    enum host_err err = url->listens ? wait_for_call(line)
                        : url->tls   ? open_tls(line)
                        : url->tcp   ? open_tcp(line)
                                     : open_port(line);
    if (err != HOST_OK) {
        line_close(line);
    }
    return err;
}

void line_close(struct line *line)
{
    if (line->fd >= 0) {
        line_tls_close(line->tls);
        line->tls = NULL;
        close(line->fd);
        line->fd = -1;
    }
}

/** The line is gone: also the case of a closed line. */
static enum host_err broken(struct line *line, const char *reason)
{
    return fail(line, HOST_ERR_IO, "line broken", reason,
                line->url.tcp ? "check that the meter still runs" : "check the cable");
}

/** TCP without SIGPIPE, ports as files. */
static ssize_t put(const struct line *line, const uint8_t *bytes, size_t n_bytes)
{
    if (line->tls != NULL) {
        return line_tls_put(line->tls, bytes, n_bytes);
    }
    return line->url.tcp ? send(line->fd, bytes, n_bytes, MSG_NOSIGNAL)
                         : write(line->fd, bytes, n_bytes);
}

static ssize_t get(const struct line *line, uint8_t *bytes, size_t capacity)
{
    return line->tls != NULL ? line_tls_get(line->tls, bytes, capacity)
                             : read(line->fd, bytes, capacity);
}

enum host_err line_write(struct line *line, const void *bytes, size_t n_bytes)
{
    const uint8_t *at = bytes;
    int64_t deadline_ms = line_now_ms() + WRITE_TIMEOUT_MS;
    trace_bytes(line, '>', at, n_bytes);
    while (n_bytes > 0) {
        ssize_t n = put(line, at, n_bytes);
        if (n > 0) {
            at += n;
            n_bytes -= (size_t)n;
            continue;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return broken(line, strerror(errno));
        }
        if (line_now_ms() >= deadline_ms) {
            return broken(line, "it takes no bytes");
        }
        struct pollfd wait = {line->fd, POLLOUT, 0};
        poll(&wait, 1, 100);
    }
    return HOST_OK;
}

int line_read(struct line *line, uint8_t *bytes, size_t capacity, int64_t timeout_ms)
{
    int64_t deadline_ms = line_now_ms() + timeout_ms;
    for (;;) {
        int64_t left_ms = deadline_ms - line_now_ms();
        struct pollfd wait = {line->fd, POLLIN, 0};
        int ready = line->tls != NULL && line_tls_holds(line->tls)
                        ? 1
                        : poll(&wait, 1, left_ms > 0 ? (int)left_ms : 0);
        if (ready == 0) {
            return 0;
        }
        ssize_t n = ready > 0 ? get(line, bytes, capacity) : -1;
        if (n > 0) {
            trace_bytes(line, '<', bytes, (size_t)n);
            return (int)n;
        }
        if (n == 0) { /* a serial port that is unplugged reads as its end, too */
            return broken(line, "the other side has closed it");
        }
        if (errno != EAGAIN && errno != EINTR) {
            return broken(line, strerror(errno));
        }
    }
}

void line_rest(const struct line *line)
{
    const uint32_t characters = 4, bits = 11;
    if (!line->url.tcp) {
        poll(NULL, 0, (int)(characters * bits * 1000 / line->url.baud + 1));
    }
}

unsigned line_round_trip_ms(const struct line *line)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (!line->url.tcp || line->url.udp ||
        getsockopt(line->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
        return 0;
    }
    return info.tcpi_rtt / 1000u + 1u;
}

enum host_err line_discard(struct line *line)
{
    uint8_t bytes[256];
    int n;
    do {
        n = line_read(line, bytes, sizeof bytes, 0);
    } while (n > 0);
    return n < 0 ? HOST_ERR_IO : HOST_OK;
}
