/**
 * What a value information field means: quantity, unit and power of ten (EN 13757-3, tables of
 * primary VIFs and of the extensions FB and FD).
 */
#ifndef OPEN382_MBUS_VIF_H
#define OPEN382_MBUS_VIF_H

#include <stdint.h>

/* name of the enum, text for people and JSON keys */
#define MBUS_QUANTITIES(X)                                                                         \
    X(UNKNOWN, "unknown")                                                                          \
    X(ENERGY, "energy")                                                                            \
    X(REACTIVE_ENERGY, "reactive energy")                                                          \
    X(APPARENT_ENERGY, "apparent energy")                                                          \
    X(VOLUME, "volume")                                                                            \
    X(MASS, "mass")                                                                                \
    X(ON_TIME, "on time")                                                                          \
    X(OPERATING_TIME, "operating time")                                                            \
    X(POWER, "power")                                                                              \
    X(REACTIVE_POWER, "reactive power")                                                            \
    X(APPARENT_POWER, "apparent power")                                                            \
    X(VOLUME_FLOW, "volume flow")                                                                  \
    X(MASS_FLOW, "mass flow")                                                                      \
    X(FLOW_TEMPERATURE, "flow temperature")                                                        \
    X(RETURN_TEMPERATURE, "return temperature")                                                    \
    X(TEMPERATURE_DIFFERENCE, "temperature difference")                                            \
    X(EXTERNAL_TEMPERATURE, "external temperature")                                                \
    X(TEMPERATURE_LIMIT, "temperature limit")                                                      \
    X(PRESSURE, "pressure")                                                                        \
    X(DATE, "date")                                                                                \
    X(DATE_TIME, "date and time")                                                                  \
    X(HEAT_COST, "heat cost allocation")                                                           \
    X(AVERAGING_DURATION, "averaging duration")                                                    \
    X(ACTUALITY_DURATION, "actuality duration")                                                    \
    X(FABRICATION_NUMBER, "fabrication number")                                                    \
    X(ENHANCED_ID, "enhanced identification")                                                      \
    X(BUS_ADDRESS, "bus address")                                                                  \
    X(ANY, "any")                                                                                  \
    X(MANUFACTURER_SPECIFIC, "manufacturer specific")                                              \
    X(PLAIN_TEXT, "plain text unit")                                                               \
    X(CREDIT, "credit")                                                                            \
    X(DEBIT, "debit")                                                                              \
    X(ACCESS_NUMBER, "access number")                                                              \
    X(MEDIUM, "medium")                                                                            \
    X(MANUFACTURER, "manufacturer")                                                                \
    X(PARAMETER_SET, "parameter set")                                                              \
    X(MODEL, "model")                                                                              \
    X(HARDWARE_VERSION, "hardware version")                                                        \
    X(METROLOGY_VERSION, "metrology firmware version")                                             \
    X(SOFTWARE_VERSION, "other software version")                                                  \
    X(CUSTOMER_LOCATION, "customer location")                                                      \
    X(CUSTOMER, "customer")                                                                        \
    X(ACCESS_CODE, "access code")                                                                  \
    X(PASSWORD, "password")                                                                        \
    X(ERROR_FLAGS, "error flags")                                                                  \
    X(ERROR_MASK, "error mask")                                                                    \
    X(SECURITY_KEY, "security key")                                                                \
    X(DIGITAL_OUTPUT, "digital output")                                                            \
    X(DIGITAL_INPUT, "digital input")                                                              \
    X(BAUD_RATE, "baud rate")                                                                      \
    X(RESPONSE_DELAY, "response delay")                                                            \
    X(RETRY, "retry")                                                                              \
    X(REMOTE_CONTROL, "remote control")                                                            \
    X(FIRST_STORAGE, "first cyclic storage")                                                       \
    X(LAST_STORAGE, "last cyclic storage")                                                         \
    X(STORAGE_BLOCK, "size of storage block")                                                      \
    X(TARIFF_DESCRIPTOR, "tariff descriptor")                                                      \
    X(STORAGE_INTERVAL, "storage interval")                                                        \
    X(OPERATOR_DATA, "operator data")                                                              \
    X(TIME_POINT, "time point")                                                                    \
    X(SINCE_READOUT, "time since last readout")                                                    \
    X(TARIFF_START, "start of tariff")                                                             \
    X(TARIFF_DURATION, "duration of tariff")                                                       \
    X(TARIFF_PERIOD, "period of tariff")                                                           \
    X(DIMENSIONLESS, "dimensionless")                                                              \
    X(WIRELESS_CONTAINER, "wireless M-Bus container")                                              \
    X(TRANSMISSION_PERIOD, "transmission period")                                                  \
    X(VOLTAGE, "voltage")                                                                          \
    X(CURRENT, "current")                                                                          \
    X(RESET_COUNTER, "reset counter")                                                              \
    X(CUMULATION_COUNTER, "cumulation counter")                                                    \
    X(CONTROL_SIGNAL, "control signal")                                                            \
    X(DAY_OF_WEEK, "day of week")                                                                  \
    X(WEEK_NUMBER, "week number")                                                                  \
    X(DAY_CHANGE, "time of day change")                                                            \
    X(PARAMETER_STATE, "state of parameter activation")                                            \
    X(SUPPLIER_INFORMATION, "supplier information")                                                \
    X(SINCE_CUMULATION, "time since last cumulation")                                              \
    X(BATTERY_TIME, "battery operating time")                                                      \
    X(BATTERY_CHANGE, "battery change")                                                            \
    X(RADIO_LEVEL, "radio level")                                                                  \
    X(DAYLIGHT_SAVING, "daylight saving")                                                          \
    X(LISTENING_WINDOW, "listening window")                                                        \
    X(BATTERY_LEFT, "battery life left")                                                           \
    X(METER_STOPPED, "times meter stopped")                                                        \
    X(HUMIDITY, "relative humidity")                                                               \
    X(PHASE_VOLTAGE_ANGLE, "phase angle of voltages")                                              \
    X(PHASE_CURRENT_ANGLE, "phase angle of current")                                               \
    X(FREQUENCY, "frequency")                                                                      \
    X(CUMULATED_MAXIMUM_POWER, "cumulated maximum power")

#define MBUS_UNITS(X)                                                                              \
    X(NONE, "")                                                                                    \
    X(WH, "Wh")                                                                                    \
    X(VARH, "varh")                                                                                \
    X(VAH, "VAh")                                                                                  \
    X(J, "J")                                                                                      \
    X(CAL, "cal")                                                                                  \
    X(W, "W")                                                                                      \
    X(VAR, "var")                                                                                  \
    X(VA, "VA")                                                                                    \
    X(J_H, "J/h")                                                                                  \
    X(V, "V")                                                                                      \
    X(A, "A")                                                                                      \
    X(HZ, "Hz")                                                                                    \
    X(DEGREE, "°")                                                                                 \
    X(M3, "m³")                                                                                    \
    X(M3_H, "m³/h")                                                                                \
    X(M3_MIN, "m³/min")                                                                            \
    X(M3_S, "m³/s")                                                                                \
    X(KG, "kg")                                                                                    \
    X(KG_H, "kg/h")                                                                                \
    X(CELSIUS, "°C")                                                                               \
    X(FAHRENHEIT, "°F")                                                                            \
    X(K, "K")                                                                                      \
    X(BAR, "bar")                                                                                  \
    X(SECOND, "s")                                                                                 \
    X(MINUTE, "min")                                                                               \
    X(HOUR, "h")                                                                                   \
    X(DAY, "d")                                                                                    \
    X(MONTH, "months")                                                                             \
    X(YEAR, "years")                                                                               \
    X(PERCENT, "%")                                                                                \
    X(DBM, "dBm")                                                                                  \
    X(CURRENCY, "currency units")                                                                  \
    X(BAUD, "baud")                                                                                \
    X(BIT_TIMES, "bit times")                                                                      \
    X(FOOT3, "ft³")                                                                                \
    X(GALLON, "US gal")                                                                            \
    X(GALLON_MIN, "US gal/min")                                                                    \
    X(GALLON_H, "US gal/h")                                                                        \
    X(HCA, "HCA units")

#define MBUS_QUANTITY_NAME(name, text) MBUS_QUANTITY_##name,
enum mbus_quantity { MBUS_QUANTITIES(MBUS_QUANTITY_NAME) MBUS_QUANTITY_COUNT };
#undef MBUS_QUANTITY_NAME

#define MBUS_UNIT_NAME(name, text) MBUS_UNIT_##name,
enum mbus_unit { MBUS_UNITS(MBUS_UNIT_NAME) MBUS_UNIT_COUNT };
#undef MBUS_UNIT_NAME

/** One row: a value of this VIF counts 10^exponent units. */
struct mbus_vif {
    uint8_t quantity, unit;
    int8_t exponent;
};

/** Seven bits of a primary VIF, of the one after FB, of the one after FD. */
extern const struct mbus_vif mbus_vif_primary[128];
extern const struct mbus_vif mbus_vif_fb[128];
extern const struct mbus_vif mbus_vif_fd[128];

const char *mbus_quantity_text(uint8_t quantity);
/** UTF-8; empty for none. */
const char *mbus_unit_text(uint8_t unit);

#endif
