/**
 * What the legal part needs from the board: permanent memory and the pulse output.
 *
 * Nothing else crosses the wall in this direction; see docs/legal/separation.md.
 * Source: WELMEC 7.2 S1/S3 (recalled), REG-01..03, LCO-04.
 */
#ifndef OPEN382_LEGAL_PORT_H
#define OPEN382_LEGAL_PORT_H

#include <stdbool.h>
#include <stdint.h>

/** Size of the permanent memory (EEPROM) that the legal part owns, bytes. */
#define LEGAL_MEMORY_BYTES UINT32_C(524288)
/** One write never crosses a multiple of this; a cut may garble the whole page being written. */
#define LEGAL_MEMORY_PAGE_BYTES 256u

/** Size of the log memory (load profile), bytes; pages and promises as above. */
#define LEGAL_LOG_BYTES UINT32_C(1048576)

struct legal_port {
    void *context; /**< handed back as the first argument of every call */

    /**
     * Read n_bytes of permanent memory at address.
     * @return 0, or negative when the memory could not be read; bytes are then undefined.
     */
    int (*memory_read)(void *context, uint32_t address, void *bytes, uint32_t n_bytes);

    /**
     * Write n_bytes at address, within one page.  When this returns 0 the bytes survive a loss of
     * supply; until then the page may hold the old bytes, the new ones, or garbage.
     * @return 0, or negative when the write failed.
     */
    int (*memory_write)(void *context, uint32_t address, const void *bytes, uint32_t n_bytes);

    /**
     * A second permanent memory for the billing load profile, LEGAL_LOG_BYTES, with the promises of
     * memory_read and memory_write.  Both NULL: this meter has none and keeps no load profile.
     */
    int (*log_read)(void *context, uint32_t address, void *bytes, uint32_t n_bytes);
    int (*log_write)(void *context, uint32_t address, const void *bytes, uint32_t n_bytes);

    /**
     * LED and S0 output, driven in parallel (LCO-04).  Called within legal_bus_receive, legal_step
     * and the other commands that take the legal processor.
     * @param on     true: pulse begins (LED lit, S0 closed); false: pulse ends.
     * @param at_us  exact instant of the edge on the caller's time scale; never decreases.
     */
    void (*pulse_output)(void *context, bool on, int64_t at_us);

    /**
     * Is the verification seal broken (calibration switch closed)?  Only then may constants be
     * written. NULL: this board has no way to open the seal.
     */
    bool (*seal_open)(void *context);

    /** The legal program as it lies in memory, for the checksum; NULL where the board can't tell.
     */
    const void *program;
    uint32_t program_bytes;
    uint32_t program_checksum; /**< CRC-32 expected over that span; 0: none known */
};

#endif
