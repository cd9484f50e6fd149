/* What clients and servers may send to the network module: lines opened and ended, menus, octets of
 * any port, datagrams, time.  An octet chooses what happens and to which line. */
#include <string.h>

#include "modules/net_module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    struct module module;
    struct net_module state;
    int64_t now_ms;
    bool open[MODULE_LINES], takes;
    uint8_t memory[MODULE_MEMORY_BYTES];
} f;

static size_t exchange(void *context, const uint8_t *request, size_t n_request, uint8_t *answer,
                       size_t capacity)
{
    const uint8_t body[] = {0x3F, request[2], 0x44, 0, (uint8_t)(f.now_ms >> 12), 0x20};
    (void)context;
    (void)n_request;
    const int n = kmp_frame_encode(KMP_FROM_METER, body, sizeof body, answer, capacity);
    return n > 0 ? (size_t)n : 0;
}

static bool to_meter(void *context, unsigned channel, const uint8_t *octets, size_t n_octets)
{
    (void)context;
    (void)octets;
    if (channel >= MODULE_CHANNELS || n_octets == 0) {
        __builtin_trap();
    }
    return f.takes;
}

static bool channel(void *context, unsigned number, bool open)
{
    (void)context;
    (void)open;
    return number > 0 && number < MODULE_CHANNELS;
}

static void pins(void *context, uint8_t levels)
{
    (void)context;
    (void)levels;
}

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    (void)context;
    if (address + n_bytes > sizeof f.memory) {
        __builtin_trap();
    }
    memcpy(bytes, f.memory + address, n_bytes);
    return 0;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    if (address + n_bytes > sizeof f.memory) {
        __builtin_trap();
    }
    memcpy(f.memory + address, bytes, n_bytes);
    return 0;
}

static size_t to_line(void *context, unsigned line, const uint8_t *octets, size_t n_octets)
{
    (void)context;
    (void)octets;
    return line < MODULE_LINES && f.open[line] ? n_octets : 0;
}

static void line_close(void *context, unsigned line)
{
    (void)context;
    f.open[line] = false;
}

static int line_connect(void *context, const char *to)
{
    (void)context;
    (void)to;
    for (unsigned i = 0; i < MODULE_LINES; i++) {
        if (!f.open[i]) {
            f.open[i] = true;
            module_line_open(&f.module, i, MODULE_CALLED, true, to, f.now_ms);
            return (int)i;
        }
    }
    return -1;
}

static const struct module_host host = {.exchange = exchange,
                                        .to_meter = to_meter,
                                        .channel = channel,
                                        .pins = pins,
                                        .memory_read = memory_read,
                                        .memory_write = memory_write,
                                        .to_line = to_line,
                                        .line_close = line_close,
                                        .line_connect = line_connect};

/* Low half of the octet: the line; high half: what happens to it. */
static const uint8_t *happen(uint8_t octet, const uint8_t *at, const uint8_t *end)
{
    const unsigned line = (octet & 15u) % MODULE_LINES, what = octet >> 4;
    size_t n = 0;
    switch (what) {
    case 0:
    case 1:
    case 2:
        if (!f.open[line]) {
            f.open[line] = true;
            module_line_open(&f.module, line, what, true, "10.1.2.3:4", f.now_ms);
        }
        break;
    case 3:
        f.open[line] = false;
        module_line_open(&f.module, line, 0, false, "", f.now_ms);
        break;
    case 4: f.takes = !f.takes; break;
    case 5: module_channel_closed(&f.module, line % MODULE_CHANNELS, f.now_ms); break;
    case 6: module_supply(&f.module, !f.module.supplied, f.now_ms); break;
    case 7: f.now_ms += (int64_t)1 << line; break;
    default:
        n = (size_t)(end - at) < 8u * what ? (size_t)(end - at) : 8u * what;
        if (f.open[line]) {
            module_line(&f.module, line, at, n, f.now_ms);
        }
        module_heard(&f.module, line % MODULE_CHANNELS, at, n, f.now_ms);
    }
    return at + n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = data + size;
    memset(&f, 0, sizeof f);
    f.now_ms = 1000;
    if (module_init(&f.module, &net_module_type, &host, &f.state,
                    "keep-alive=h:1,alarm=h:2,watchdog=60") != NULL) {
        __builtin_trap();
    }
    module_supply(&f.module, true, f.now_ms);
    while (data < end) {
        const uint8_t octet = *data++;
        data = happen(octet, data, end);
        if (module_step(&f.module, f.now_ms) <= f.now_ms) {
            f.now_ms++;
        }
    }
    return 0;
}
