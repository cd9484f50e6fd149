/**
 * A board to begin from: copy this folder to ports/<yours>, fill in the functions, build.
 *
 * Every function here compiles and says "I have no hardware"; the meter then starts, shows its
 * memory fault, and never claims to have stored anything.  What each must promise stands in
 * legal_port.h and app/meter/board.h.  A complete bare-metal example is ports/qemu_m4.
 */
#include "board.h"

#include <string.h>

/** Any negative number: the caller only asks for the sign. */
#define NO_HARDWARE (-1)

/* Permanent memory of the legal part, LEGAL_MEMORY_BYTES.  Put your EEPROM or FRAM driver here:
 * wait for a write in progress before you read, and return from a write only when the bytes would
 * survive a cut. */
static int legal_memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    (void)context;
    (void)address;
    memset(bytes, 0xFF, n_bytes);
    return NO_HARDWARE;
}

static int legal_memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    (void)address;
    (void)bytes;
    (void)n_bytes;
    return NO_HARDWARE;
}

/* LED and S0 output.  at_us is the exact instant of the edge: hand it to a timer that sets the pin
 * then. */
static void pulse_output(void *context, bool on, int64_t at_us)
{
    (void)context;
    (void)on;
    (void)at_us;
}

/* The calibration switch under the verification seal: constants can be written only while it is
 * open. */
static bool seal_open(void *context)
{
    (void)context;
    return false;
}

/* Memory of the application, BOARD_APP_MEMORY_BYTES: another region of the same chip will do, as
 * long as the two can't reach each other's addresses. */
static int app_memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    (void)context;
    (void)address;
    memset(bytes, 0xFF, n_bytes);
    return NO_HARDWARE;
}

static int app_memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    (void)address;
    (void)bytes;
    (void)n_bytes;
    return NO_HARDWARE;
}

/* Battery-backed clock: UTC seconds since 1970; false when its battery was empty.  A chip that can
 * be read to a fraction of a second, or be trimmed, gives rtc_time and rtc_trim too. */
static bool rtc_read(void *context, int64_t *utc_s)
{
    (void)context;
    (void)utc_s;
    return false;
}

static void rtc_write(void *context, int64_t utc_s)
{
    (void)context;
    (void)utc_s;
}

/* Your hardware random number generator.  Without one say so: callers refuse rather than guess. */
static int random_bytes(void *context, uint8_t *bytes, size_t n_bytes)
{
    (void)context;
    (void)bytes;
    (void)n_bytes;
    return NO_HARDWARE;
}

void template_board_init(struct board *board, void *hardware)
{
    *board = (struct board){
        .legal =
            {.context = hardware,
             .memory_read = legal_memory_read,
             .memory_write = legal_memory_write,
             /* a second memory, LEGAL_LOG_BYTES, for the load profile; NULL: no load profile */
             .log_read = NULL,
             .log_write = NULL,
             .pulse_output = pulse_output,
             .seal_open = seal_open,
             /* where your linker script puts liblegal.a, and the CRC-32 that the factory found */
             .program = NULL,
             .program_bytes = 0,
             .program_checksum = 0},
        .context = hardware,
        .app_memory_read = app_memory_read,
        .app_memory_write = app_memory_write,
        .rtc_read = rtc_read,
        .rtc_write = rtc_write,
        .random = random_bytes,
        /* for ciphered DLMS: a port that crypto_portable() (ports/crypto/portable) has filled, with
         * your cipher unit's functions in place of its own if you have one; and the keys with
         * meter_security_begin() after meter_start() */
        .crypto = NULL,
        /* relays of a breaker: begin to move them all, and tell of each where it is; NULL: none */
        .breaker_drive = NULL,
        .breaker_read = NULL,
        .real_sensors = true,
    };
}
