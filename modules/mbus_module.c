#include "mbus_module.h"

#include <string.h>

#include "../proto/common/crc.h"

/* Registers of the meter. */
#define CUSTOMER_NUMBER 1010u
#define SERIAL_NUMBER   1001u

#define DIGITS_8        100000000
#define TEMPORARY_ERROR 0x10u

/* One record in memory: mark, format, address, access number, sequence, CRC of all before it. */
#define RECORD_BYTES  16u
#define RECORD_CRC_AT 14u
#define FORMAT        1u

static const uint8_t mark[2] = {'M', 'B'};

/* ---- memory ---- */

static void memory_load(struct mbus_module *module)
{
    module->sequence = 0;
    module->set_address = MBUS_MODULE_NOT_SET;
    module->access_ahead = 0;
    for (uint32_t slot = 0; slot < 2; slot++) {
        uint8_t bytes[RECORD_BYTES];
        if (module->memory.read(module->memory.context, slot * RECORD_BYTES, bytes, sizeof bytes) !=
                0 ||
            memcmp(bytes, mark, sizeof mark) != 0 || bytes[2] != FORMAT) {
            continue;
        }
        struct reader r = reader_over(bytes + 3, sizeof bytes - 3);
        const uint8_t address = reader_u8(&r), access = reader_u8(&r);
        const uint32_t sequence = (uint32_t)reader_uint_be(&r, 4);
        struct reader crc = reader_over(bytes + RECORD_CRC_AT, 2);
        if (reader_uint_be(&crc, 2) == crc16_xmodem(bytes, RECORD_CRC_AT) &&
            sequence > module->sequence) {
            module->sequence = sequence;
            module->set_address = address;
            module->access_ahead = access;
        }
    }
}

static bool memory_store(struct mbus_module *module, uint8_t address, uint8_t access)
{
    uint8_t bytes[RECORD_BYTES] = {0};
    struct writer w = writer_over(bytes, sizeof bytes);
    const uint32_t sequence = module->sequence + 1;
    writer_bytes(&w, mark, sizeof mark);
    writer_u8(&w, FORMAT);
    writer_u8(&w, address);
    writer_u8(&w, access);
    writer_uint_be(&w, sequence, 4);
    w = writer_over(bytes + RECORD_CRC_AT, 2);
    writer_uint_be(&w, crc16_xmodem(bytes, RECORD_CRC_AT), 2);
    if (module->memory.write(module->memory.context, sequence % 2 * RECORD_BYTES, bytes,
                             sizeof bytes) != 0) {
        return false;
    }
    module->sequence = sequence;
    module->set_address = address;
    module->access_ahead = access;
    return true;
}

/* ---- who the meter is ---- */

uint8_t mbus_module_default_address(uint32_t number)
{
    const uint32_t three = number % 1000;
    return (uint8_t)(three <= MBUS_ADDRESS_LAST ? three : number % 100);
}

/* Kept for a second: a scan of 250 addresses asks the meter a few times. */
static void ask_identity(struct mbus_module *module)
{
    const uint16_t ids[] = {CUSTOMER_NUMBER, SERIAL_NUMBER};
    struct kmp_value values[KMP_REGISTERS_MAX];
    if (module->known && module->now_ms - module->known_ms < MBUS_VALUES_FRESH_MS) {
        return;
    }
    uint32_t number = 0, serial = 0;
    const int n = module_bus_registers(&module->bus, ids, sizeof ids / sizeof ids[0], values);
    for (int i = 0; i < n; i++) {
        int64_t value;
        int exponent;
        if (kmp_value_number(&values[i], &value, &exponent) == KMP_OK && value > 0) {
            *(values[i].id == SERIAL_NUMBER ? &serial : &number) = (uint32_t)(value % DIGITS_8);
        }
    }
    module->silent = n <= 0;
    if (module->silent) {
        return;
    }
    module->known = true;
    module->known_ms = module->now_ms;
    module->serial = serial;
    module->number = number != 0 ? number : serial;
    if (module->set_address == MBUS_MODULE_NOT_SET) {
        module->slave.address = mbus_module_default_address(module->number);
    }
}

/* ---- what the slave asks ---- */

static void identity(void *context, struct mbus_identity *out)
{
    const struct mbus_module *module = context;
    *out = (struct mbus_identity){.id = module->number,
                                  .id_raw = mbus_bcd8(module->number),
                                  .id_is_bcd = true,
                                  .manufacturer = mbus_manufacturer("KAM"),
                                  .version = 1,
                                  .medium = 2};
}

static uint8_t status(void *context)
{
    const struct mbus_module *module = context;
    return module->silent || (module->values.asked && !module->values.good) ? TEMPORARY_ERROR : 0;
}

static bool records(void *context, uint8_t application, unsigned n, struct writer *out)
{
    const struct mbus_module *module = context;
    return mbus_values_records(&module->values, application, n, out);
}

static uint32_t fabrication(void *context)
{
    const struct mbus_module *module = context;
    return mbus_bcd8(module->serial);
}

static bool set_address(void *context, uint8_t address)
{
    struct mbus_module *module = context;
    return memory_store(module, address, module->access_ahead);
}

/* ---- the module ---- */

void mbus_module_start(struct mbus_module *module, const struct module_bus *bus,
                       const struct mbus_module_memory *memory)
{
    memset(module, 0, sizeof *module);
    module->bus = *bus;
    module->memory = *memory;
    memory_load(module);
    const bool set = module->set_address != MBUS_MODULE_NOT_SET;
    mbus_slave_init(&module->slave, set ? module->set_address : 0, module->access_ahead);
}

/* Numbers told next are written down before they go out, with some to spare for a read-out of
 * several telegrams.  Memory that fails costs the order of numbers, not the answer. */
static void keep_access(struct mbus_module *module)
{
    const uint8_t left = (uint8_t)(module->access_ahead - module->slave.access_number);
    if (left < MBUS_MODULE_AHEAD / 2u) {
        const uint8_t ahead = (uint8_t)(module->slave.access_number + MBUS_MODULE_AHEAD);
        (void)memory_store(module, module->set_address, ahead);
    }
}

/* Is it a request for data, which begins a read-out of this meter? */
static bool begins_reading(const struct mbus_module *module, const struct mbus_frame *frame)
{
    const struct mbus_slave *slave = &module->slave;
    const bool asked = (frame->control & ~(unsigned)(MBUS_FCB | MBUS_FCV)) ==
                       (MBUS_REQ_UD2 & ~(unsigned)(MBUS_FCB | MBUS_FCV));
    const bool ours = frame->address == slave->address || frame->address == MBUS_ADDRESS_TEST ||
                      (frame->address == MBUS_ADDRESS_SELECTED && slave->selected);
    return frame->kind == MBUS_SHORT && asked && ours &&
           (!slave->more || module->now_ms - slave->answered_ms > MBUS_PAUSE_MS);
}

size_t mbus_module_frame(struct mbus_module *module, const struct mbus_frame *frame, int64_t now_ms,
                         uint8_t answer[MBUS_FRAME_MAX])
{
    const struct mbus_device device = {.context = module,
                                       .identity = identity,
                                       .status = status,
                                       .records = records,
                                       .fabrication = fabrication,
                                       .set_address = set_address};
    module->now_ms = now_ms;
    ask_identity(module);
    if (!module->known) {
        return 0; /* it has no address to listen to */
    }
    if (begins_reading(module, frame)) {
        mbus_values_refresh(&module->values, &module->bus, module->slave.application, now_ms);
        keep_access(module);
    }
    return mbus_slave_frame(&module->slave, &device, frame, now_ms, answer);
}
