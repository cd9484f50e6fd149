#include "memory.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES LEGAL_MEMORY_PAGE_BYTES

uint64_t memories_random(struct memories *memories, uint64_t limit)
{
    memories->random = memories->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    const uint64_t mixed = (memories->random ^ memories->random >> 29) * 0x9E3779B97F4A7C15u;
    return (mixed >> 16) % limit;
}

/* The page that was being written when the supply went. */
static void page_damage(struct memories *memories, uint8_t *at, const uint8_t *bytes,
                        uint32_t n_bytes)
{
    const uint64_t kind = memories_random(memories, 4);
    const uint32_t front = (uint32_t)memories_random(memories, n_bytes + UINT64_C(1));
    if (kind == 0) {
        return; /* not begun */
    }
    if (kind == 3) {
        for (uint32_t k = 0; k < n_bytes; k++) {
            at[k] = (uint8_t)memories_random(memories, 256);
        }
        return;
    }
    memcpy(at, bytes, kind == 1 ? n_bytes : front);
}

static int memory_read(void *context, enum memory_name name, uint32_t address, void *bytes,
                       uint32_t n_bytes)
{
    const struct memory *memory = &((struct memories *)context)->memory[name];
    if (n_bytes > memory->n_bytes || address > memory->n_bytes - n_bytes) {
        return -1;
    }
    memcpy(bytes, memory->bytes + address, n_bytes);
    return 0;
}

static int memory_write(void *context, enum memory_name name, uint32_t address, const void *bytes,
                        uint32_t n_bytes)
{
    struct memories *memories = context;
    struct memory *memory = &memories->memory[name];
    if (n_bytes == 0 || n_bytes > memory->n_bytes || address > memory->n_bytes - n_bytes ||
        address / PAGE_BYTES != (address + n_bytes - 1u) / PAGE_BYTES) {
        return -1;
    }
    memory->page_writes[address / PAGE_BYTES]++;
    memory->writes++;
    if (memories->writes_left > 0 && --memories->writes_left == 0) {
        page_damage(memories, memory->bytes + address, bytes, n_bytes);
        longjmp(*memories->power_lost, 1);
    }
    memcpy(memory->bytes + address, bytes, n_bytes);
    return 0;
}

static int legal_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    return memory_read(context, MEMORY_LEGAL, address, bytes, n_bytes);
}

static int legal_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    return memory_write(context, MEMORY_LEGAL, address, bytes, n_bytes);
}

static int log_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    return memory_read(context, MEMORY_LOG, address, bytes, n_bytes);
}

static int log_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    return memory_write(context, MEMORY_LOG, address, bytes, n_bytes);
}

static int app_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    return memory_read(context, MEMORY_APP, address, bytes, n_bytes);
}

static int app_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    return memory_write(context, MEMORY_APP, address, bytes, n_bytes);
}

static void no_pulse(void *context, bool on, int64_t at_us)
{
    (void)context;
    (void)on;
    (void)at_us;
}

static bool clock_read(void *context, int64_t *utc_s)
{
    *utc_s = *((struct memories *)context)->rtc_utc_s;
    return true;
}

static void clock_write(void *context, int64_t utc_s)
{
    (void)context;
    (void)utc_s;
}

static int no_random(void *context, uint8_t *bytes, size_t n_bytes)
{
    (void)context;
    (void)bytes;
    (void)n_bytes;
    return -1;
}

struct board memories_board(struct memories *memories)
{
    return (struct board){.legal = {.context = memories,
                                    .memory_read = legal_read,
                                    .memory_write = legal_write,
                                    .log_read = log_read,
                                    .log_write = log_write,
                                    .pulse_output = no_pulse},
                          .context = memories,
                          .app_memory_read = app_read,
                          .app_memory_write = app_write,
                          .rtc_read = clock_read,
                          .rtc_write = clock_write,
                          .random = no_random};
}

int memories_new(struct memories *memories, uint64_t seed)
{
    static const struct {
        const char *name;
        uint32_t n_bytes;
    } kinds[MEMORIES] = {{"legal", LEGAL_MEMORY_BYTES},
                         {"legal log", LEGAL_LOG_BYTES},
                         {"application", BOARD_APP_MEMORY_BYTES}};
    memset(memories, 0, sizeof *memories);
    memories->random = seed;
    for (unsigned m = 0; m < MEMORIES; m++) {
        struct memory *memory = &memories->memory[m];
        memory->name = kinds[m].name;
        memory->n_bytes = kinds[m].n_bytes;
        memory->bytes = malloc(memory->n_bytes);
        memory->page_writes = calloc(memory->n_bytes / PAGE_BYTES, sizeof *memory->page_writes);
        if (memory->bytes == NULL || memory->page_writes == NULL) {
            memories_free(memories);
            return -1;
        }
        memset(memory->bytes, 0xFF, memory->n_bytes);
    }
    return 0;
}

void memories_free(struct memories *memories)
{
    for (unsigned m = 0; m < MEMORIES; m++) {
        free(memories->memory[m].bytes);
        free(memories->memory[m].page_writes);
    }
    memset(memories, 0, sizeof *memories);
}
