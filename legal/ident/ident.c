#include "ident/ident.h"

#include "bus/legal_crc.h"

/* The legal part's own number and revision; a change of anything below legal/ changes them. */
#define SOFTWARE_NUMBER          38200101u
#define SOFTWARE_REVISION_LETTER 'A'
#define SOFTWARE_REVISION_NUMBER 1u

/* Bytes checked at every fourth booking: 64 kB of program take 70 minutes of windows of a second.
 */
#define STEP_BYTES 64u
#define STEP_EVERY 4u

static const uint8_t identification[] = "open382 legal 38200101 A1";

void ident_start(struct ident *ident, const struct legal_port *port)
{
    ident->running = LEGAL_CRC32_START;
    ident->position = 0;
    ident->fault = false;
    if (port->program == 0 || port->program_bytes == 0) {
        ident->checksum = legal_crc32(identification, sizeof identification - 1u);
        return;
    }
    ident->checksum = legal_crc32(port->program, port->program_bytes);
    ident->fault = port->program_checksum != 0 && ident->checksum != port->program_checksum;
}

void ident_step(struct ident *ident, const struct legal_port *port)
{
    if (port->program == 0 || port->program_bytes == 0) {
        return;
    }
    ident->bookings++;
    if (ident->bookings % STEP_EVERY != 0) {
        return;
    }
    uint32_t left = port->program_bytes - ident->position;
    uint32_t n_bytes = left < STEP_BYTES ? left : STEP_BYTES;
    const uint8_t *at = (const uint8_t *)port->program + ident->position;
    ident->running = legal_crc32_continue(ident->running, at, n_bytes);
    ident->position += n_bytes;
    if (ident->position == port->program_bytes) {
        ident->fault = ident->fault || ident->running != ident->checksum;
        ident->running = LEGAL_CRC32_START;
        ident->position = 0;
    }
}

void ident_read(const struct ident *ident, struct legal_identity *out)
{
    out->number = SOFTWARE_NUMBER;
    out->revision_letter = (uint8_t)SOFTWARE_REVISION_LETTER;
    out->revision_number = SOFTWARE_REVISION_NUMBER;
    out->checksum = ident->checksum;
}
