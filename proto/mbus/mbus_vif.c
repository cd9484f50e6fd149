#include "mbus_vif.h"

#include <stddef.h>

#define ONE(code, quantity, unit, exponent)                                                        \
    [code] = {MBUS_QUANTITY_##quantity, MBUS_UNIT_##unit, exponent}
#define TWO(code, quantity, unit, exponent)                                                        \
    ONE(code, quantity, unit, exponent), ONE((code) + 1, quantity, unit, (exponent) + 1)
#define FOUR(code, quantity, unit, exponent)                                                       \
    TWO(code, quantity, unit, exponent), TWO((code) + 2, quantity, unit, (exponent) + 2)
#define EIGHT(code, quantity, unit, exponent)                                                      \
    FOUR(code, quantity, unit, exponent), FOUR((code) + 4, quantity, unit, (exponent) + 4)
/* Seconds, minutes, hours, days. */
#define TIMES(code, quantity)                                                                      \
    ONE(code, quantity, SECOND, 0), ONE((code) + 1, quantity, MINUTE, 0),                          \
        ONE((code) + 2, quantity, HOUR, 0), ONE((code) + 3, quantity, DAY, 0)
/* Hours, days, months, years. */
#define LONG_TIMES(code, quantity)                                                                 \
    ONE(code, quantity, HOUR, 0), ONE((code) + 1, quantity, DAY, 0),                               \
        ONE((code) + 2, quantity, MONTH, 0), ONE((code) + 3, quantity, YEAR, 0)

const struct mbus_vif mbus_vif_primary[128] = {
    EIGHT(0x00, ENERGY, WH, -3),
    EIGHT(0x08, ENERGY, J, 0),
    EIGHT(0x10, VOLUME, M3, -6),
    EIGHT(0x18, MASS, KG, -3),
    TIMES(0x20, ON_TIME),
    TIMES(0x24, OPERATING_TIME),
    EIGHT(0x28, POWER, W, -3),
    EIGHT(0x30, POWER, J_H, 0),
    EIGHT(0x38, VOLUME_FLOW, M3_H, -6),
    EIGHT(0x40, VOLUME_FLOW, M3_MIN, -7),
    EIGHT(0x48, VOLUME_FLOW, M3_S, -9),
    EIGHT(0x50, MASS_FLOW, KG_H, -3),
    FOUR(0x58, FLOW_TEMPERATURE, CELSIUS, -3),
    FOUR(0x5C, RETURN_TEMPERATURE, CELSIUS, -3),
    FOUR(0x60, TEMPERATURE_DIFFERENCE, K, -3),
    FOUR(0x64, EXTERNAL_TEMPERATURE, CELSIUS, -3),
    FOUR(0x68, PRESSURE, BAR, -3),
    ONE(0x6C, DATE, NONE, 0),
    ONE(0x6D, DATE_TIME, NONE, 0),
    ONE(0x6E, HEAT_COST, HCA, 0),
    TIMES(0x70, AVERAGING_DURATION),
    TIMES(0x74, ACTUALITY_DURATION),
    ONE(0x78, FABRICATION_NUMBER, NONE, 0),
    ONE(0x79, ENHANCED_ID, NONE, 0),
    ONE(0x7A, BUS_ADDRESS, NONE, 0),
    ONE(0x7C, PLAIN_TEXT, NONE, 0),
    ONE(0x7E, ANY, NONE, 0),
    ONE(0x7F, MANUFACTURER_SPECIFIC, NONE, 0),
};

const struct mbus_vif mbus_vif_fb[128] = {
    TWO(0x00, ENERGY, WH, 5),
    TWO(0x02, REACTIVE_ENERGY, VARH, 3),
    TWO(0x04, APPARENT_ENERGY, VAH, 3),
    TWO(0x08, ENERGY, J, 8),
    FOUR(0x0C, ENERGY, CAL, 5),
    TWO(0x10, VOLUME, M3, 2),
    FOUR(0x14, REACTIVE_POWER, VAR, 0),
    TWO(0x18, MASS, KG, 5),
    TWO(0x1A, HUMIDITY, PERCENT, -1),
    ONE(0x20, VOLUME, FOOT3, 0),
    ONE(0x21, VOLUME, FOOT3, -1),
    ONE(0x22, VOLUME, GALLON, -1),
    ONE(0x23, VOLUME, GALLON, 0),
    ONE(0x24, VOLUME_FLOW, GALLON_MIN, -3),
    ONE(0x25, VOLUME_FLOW, GALLON_MIN, 0),
    ONE(0x26, VOLUME_FLOW, GALLON_H, 0),
    TWO(0x28, POWER, W, 5),
    ONE(0x2A, PHASE_VOLTAGE_ANGLE, DEGREE, -1),
    ONE(0x2B, PHASE_CURRENT_ANGLE, DEGREE, -1),
    FOUR(0x2C, FREQUENCY, HZ, -3),
    TWO(0x30, POWER, J_H, 8),
    FOUR(0x34, APPARENT_POWER, VA, 0),
    FOUR(0x58, FLOW_TEMPERATURE, FAHRENHEIT, -3),
    FOUR(0x5C, RETURN_TEMPERATURE, FAHRENHEIT, -3),
    FOUR(0x60, TEMPERATURE_DIFFERENCE, FAHRENHEIT, -3),
    FOUR(0x64, EXTERNAL_TEMPERATURE, FAHRENHEIT, -3),
    FOUR(0x70, TEMPERATURE_LIMIT, FAHRENHEIT, -3),
    FOUR(0x74, TEMPERATURE_LIMIT, CELSIUS, -3),
    EIGHT(0x78, CUMULATED_MAXIMUM_POWER, W, -3),
};

const struct mbus_vif mbus_vif_fd[128] = {
    FOUR(0x00, CREDIT, CURRENCY, -3),
    FOUR(0x04, DEBIT, CURRENCY, -3),
    ONE(0x08, ACCESS_NUMBER, NONE, 0),
    ONE(0x09, MEDIUM, NONE, 0),
    ONE(0x0A, MANUFACTURER, NONE, 0),
    ONE(0x0B, PARAMETER_SET, NONE, 0),
    ONE(0x0C, MODEL, NONE, 0),
    ONE(0x0D, HARDWARE_VERSION, NONE, 0),
    ONE(0x0E, METROLOGY_VERSION, NONE, 0),
    ONE(0x0F, SOFTWARE_VERSION, NONE, 0),
    ONE(0x10, CUSTOMER_LOCATION, NONE, 0),
    ONE(0x11, CUSTOMER, NONE, 0),
    ONE(0x12, ACCESS_CODE, NONE, 0),
    ONE(0x13, ACCESS_CODE, NONE, 0),
    ONE(0x14, ACCESS_CODE, NONE, 0),
    ONE(0x15, ACCESS_CODE, NONE, 0),
    ONE(0x16, PASSWORD, NONE, 0),
    ONE(0x17, ERROR_FLAGS, NONE, 0),
    ONE(0x18, ERROR_MASK, NONE, 0),
    ONE(0x19, SECURITY_KEY, NONE, 0),
    ONE(0x1A, DIGITAL_OUTPUT, NONE, 0),
    ONE(0x1B, DIGITAL_INPUT, NONE, 0),
    ONE(0x1C, BAUD_RATE, BAUD, 0),
    ONE(0x1D, RESPONSE_DELAY, BIT_TIMES, 0),
    ONE(0x1E, RETRY, NONE, 0),
    ONE(0x1F, REMOTE_CONTROL, NONE, 0),
    ONE(0x20, FIRST_STORAGE, NONE, 0),
    ONE(0x21, LAST_STORAGE, NONE, 0),
    ONE(0x22, STORAGE_BLOCK, NONE, 0),
    ONE(0x23, TARIFF_DESCRIPTOR, NONE, 0),
    TIMES(0x24, STORAGE_INTERVAL),
    ONE(0x28, STORAGE_INTERVAL, MONTH, 0),
    ONE(0x29, STORAGE_INTERVAL, YEAR, 0),
    ONE(0x2A, OPERATOR_DATA, NONE, 0),
    ONE(0x2B, TIME_POINT, SECOND, 0),
    TIMES(0x2C, SINCE_READOUT),
    ONE(0x30, TARIFF_START, NONE, 0),
    ONE(0x31, TARIFF_DURATION, MINUTE, 0),
    ONE(0x32, TARIFF_DURATION, HOUR, 0),
    ONE(0x33, TARIFF_DURATION, DAY, 0),
    TIMES(0x34, TARIFF_PERIOD),
    ONE(0x38, TARIFF_PERIOD, MONTH, 0),
    ONE(0x39, TARIFF_PERIOD, YEAR, 0),
    ONE(0x3A, DIMENSIONLESS, NONE, 0),
    ONE(0x3B, WIRELESS_CONTAINER, NONE, 0),
    TIMES(0x3C, TRANSMISSION_PERIOD),
    EIGHT(0x40, VOLTAGE, V, -9),
    EIGHT(0x48, VOLTAGE, V, -1),
    EIGHT(0x50, CURRENT, A, -12),
    EIGHT(0x58, CURRENT, A, -4),
    ONE(0x60, RESET_COUNTER, NONE, 0),
    ONE(0x61, CUMULATION_COUNTER, NONE, 0),
    ONE(0x62, CONTROL_SIGNAL, NONE, 0),
    ONE(0x63, DAY_OF_WEEK, NONE, 0),
    ONE(0x64, WEEK_NUMBER, NONE, 0),
    ONE(0x65, DAY_CHANGE, NONE, 0),
    ONE(0x66, PARAMETER_STATE, NONE, 0),
    ONE(0x67, SUPPLIER_INFORMATION, NONE, 0),
    LONG_TIMES(0x68, SINCE_CUMULATION),
    LONG_TIMES(0x6C, BATTERY_TIME),
    ONE(0x70, BATTERY_CHANGE, NONE, 0),
    ONE(0x71, RADIO_LEVEL, DBM, 0),
    ONE(0x72, DAYLIGHT_SAVING, NONE, 0),
    ONE(0x73, LISTENING_WINDOW, NONE, 0),
    ONE(0x74, BATTERY_LEFT, DAY, 0),
    ONE(0x75, METER_STOPPED, NONE, 0),
    ONE(0x76, MANUFACTURER_SPECIFIC, NONE, 0),
};

const char *mbus_quantity_text(uint8_t quantity)
{
#define TEXT(name, text) text,
    static const char *const texts[] = {MBUS_QUANTITIES(TEXT)};
    return quantity < MBUS_QUANTITY_COUNT ? texts[quantity] : texts[0];
}

const char *mbus_unit_text(uint8_t unit)
{
    static const char *const texts[] = {MBUS_UNITS(TEXT)};
#undef TEXT
    return unit < MBUS_UNIT_COUNT ? texts[unit] : "";
}
