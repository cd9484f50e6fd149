#include "optical_write.h"

#include <stddef.h>

#include "../meter/meter.h"

static bool write_operation_state(struct meter *meter, int64_t number)
{
    return number >= 0 && number <= UINT8_MAX &&
           meter_operation_set(meter, (uint8_t)number) == METER_OK;
}

static const struct {
    uint16_t kmp_id;
    bool (*write)(struct meter *meter, int64_t number);
} writable[] = {
    {1032, write_operation_state},
};

bool optical_write(struct meter *meter, uint16_t password, const struct kmp_value *value)
{
    int64_t number = 0;
    int exponent = 0;
    if (password != OPTICAL_PASSWORD || kmp_value_number(value, &number, &exponent) != KMP_OK ||
        exponent != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof writable / sizeof writable[0]; i++) {
        if (writable[i].kmp_id == value->id) {
            return writable[i].write(meter, number);
        }
    }
    return false;
}
