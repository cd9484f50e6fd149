#include "store/page.h"

#include <string.h>

#include "bus/legal_crc.h"

#define READ_ATTEMPTS 3u

bool page_read_bytes(struct page_memory *memory, uint32_t address, void *bytes, uint32_t n_bytes)
{
    const struct legal_port *port = memory->port;
    for (unsigned attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
        const int result = memory->log ? port->log_read(port->context, address, bytes, n_bytes)
                                       : port->memory_read(port->context, address, bytes, n_bytes);
        if (result >= 0) {
            return true;
        }
        memory->errors++;
    }
    return false;
}

static bool all_equal(const struct page *page, uint8_t value)
{
    for (unsigned i = 0; i < LEGAL_MEMORY_PAGE_BYTES; i++) {
        if (page->bytes[i] != value) {
            return false;
        }
    }
    return true;
}

bool page_head_blank(const struct page *page)
{
    for (unsigned i = 1; i < PAGE_HEAD_BYTES; i++) {
        if (page->bytes[i] != page->bytes[0]) {
            return false;
        }
    }
    return page->bytes[0] == 0xFFu || page->bytes[0] == 0x00u;
}

/* The newest format of a kind; all older ones are read. */
static uint8_t format_of(enum page_kind kind)
{
    return kind == PAGE_CONSTANTS ? PAGE_CONSTANTS_FORMAT : PAGE_FORMAT;
}

enum page_state page_read(struct page_memory *memory, uint32_t index, enum page_kind kind,
                          struct page *page)
{
    if (!page_read_bytes(memory, index * LEGAL_MEMORY_PAGE_BYTES, page->bytes,
                         LEGAL_MEMORY_PAGE_BYTES)) {
        return PAGE_UNREADABLE;
    }
    if (all_equal(page, 0xFFu) || all_equal(page, 0x00u)) {
        return PAGE_BLANK;
    }
    if (page->bytes[0] != (uint8_t)kind ||
        page_get(page, PAGE_CRC_AT, 4) != legal_crc32(page->bytes, PAGE_CRC_AT)) {
        return PAGE_DAMAGED;
    }
    if (page->bytes[1] > format_of(kind)) {
        return PAGE_NEWER;
    }
    bool known = page->bytes[1] >= 1u && page_get(page, 2, 2) == LEGAL_MEMORY_PAGE_BYTES;
    return known ? PAGE_GOOD : PAGE_DAMAGED;
}

void page_begin(struct page *page, enum page_kind kind, uint32_t number)
{
    memset(page, 0, sizeof *page);
    page_put(page, 0, 1, (uint64_t)kind);
    page_put(page, 1, 1, format_of(kind));
    page_put(page, 2, 2, LEGAL_MEMORY_PAGE_BYTES);
    page_put(page, 4, 4, number);
}

/* A worn page takes the write and holds something else: only reading back tells. */
static bool holds(struct page_memory *memory, uint32_t address, const struct page *page)
{
    struct page back;
    return page_read_bytes(memory, address, back.bytes, sizeof back.bytes) &&
           memcmp(back.bytes, page->bytes, sizeof back.bytes) == 0;
}

static bool write_through(struct page_memory *memory, uint32_t index, const struct page *page)
{
    if (!memory->writable) {
        return false;
    }
    const struct legal_port *port = memory->port;
    uint32_t address = index * LEGAL_MEMORY_PAGE_BYTES;
    memory->writes++;
    const int result =
        memory->log
            ? port->log_write(port->context, address, page->bytes, LEGAL_MEMORY_PAGE_BYTES)
            : port->memory_write(port->context, address, page->bytes, LEGAL_MEMORY_PAGE_BYTES);
    if (result >= 0 && holds(memory, address, page)) {
        return true;
    }
    memory->errors++;
    return false;
}

bool page_write(struct page_memory *memory, uint32_t index, struct page *page)
{
    page_put(page, PAGE_CRC_AT, 4, legal_crc32(page->bytes, PAGE_CRC_AT));
    return write_through(memory, index, page);
}

bool page_wipe(struct page_memory *memory, uint32_t index)
{
    struct page page;
    memset(&page, 0, sizeof page);
    return write_through(memory, index, &page);
}

uint32_t page_number(const struct page *page)
{
    return (uint32_t)page_get(page, 4, 4);
}

uint8_t page_format(const struct page *page)
{
    return page->bytes[1];
}

uint64_t page_get(const struct page *page, uint32_t offset, uint32_t n_bytes)
{
    uint64_t value = 0;
    for (uint32_t i = n_bytes; i-- > 0;) {
        value = value << 8 | page->bytes[offset + i];
    }
    return value;
}
