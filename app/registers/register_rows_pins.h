/**
 * Rows of THE register table (register_table.c): the I/O pins of the module connector, KMP ids 1102
 * and 1234 as real meters have them, F820 up of ours; OBIS 1-1:96.53.  Private to
 * register_table.c, whose words they use.
 */
#ifndef OPEN382_REGISTER_ROWS_PINS_H
#define OPEN382_REGISTER_ROWS_PINS_H

#define PIN_ROW(id, e, kmp_unit, exponent, width, coding, unit, index, access, name)               \
    {                                                                                              \
        {1, 1, 96, 53, e, 255}, id, kmp_unit, exponent, width, coding, unit, exponent, SOURCE_PIN, \
            index, NOTHING, access, false, "96.53." #e, "", name                                   \
    }
#define PIN_COUNT(id, e, index, access, name)                                                      \
    PIN_ROW(id, e, KMP_NUMBER, 0, 4, REGISTER_UINT, UNIT_COUNT, index, access, name)

/* clang-format off */
#define REGISTER_ROWS_PINS_PORT \
    {{0, 1, 96, 3, 1, 255}, 1102, KMP_NUMBER, 0, 1, REGISTER_UINT, UNIT_NONE, 0, SOURCE_PIN, \
     PIN_REGISTER_PORT, NOTHING, RW, false, "96.3.1", "", \
     "Inputs and outputs of the module port (code without inversion)"}
#define REGISTER_ROWS_PINS_LEVEL \
    PIN_ROW(1234, 1, KMP_NUMBER, 0, 1, REGISTER_UINT, UNIT_NONE, PIN_REGISTER_LEVEL, R, \
            "Level of the pulse input")
#define REGISTER_ROWS_PINS_OURS \
    PIN_ROW(0xF820, 128, KMP_NUMBER, 0, 2, REGISTER_UINT, UNIT_NONE, PIN_REGISTER_VALUE, RW, \
            "Module pulse outputs, pulses a kWh or kvarh"), \
    PIN_ROW(0xF821, 129, KMP_NUMBER, 0, 2, REGISTER_UINT, UNIT_NONE, PIN_REGISTER_DIVISION, RW, \
            "Module pulse outputs, division (each n-th pulse)"), \
    PIN_ROW(0xF822, 130, KMP_NUMBER, -3, 4, REGISTER_UINT, UNIT_NONE, PIN_REGISTER_DIVISOR, RW, \
            "Pulse input, pulses a unit"), \
    PIN_COUNT(0xF823, 131, PIN_REGISTER_PULSES, R, "Pulse input, pulses"), \
    PIN_COUNT(0xF824, 132, PIN_REGISTER_WAITING, R, "Module pulse output 1, pulses waiting"), \
    PIN_COUNT(0xF825, 133, PIN_REGISTER_WAITING + 1, R, "Module pulse output 2, pulses waiting"), \
    PIN_COUNT(0xF826, 134, PIN_REGISTER_EMITTED, R, "Module pulse output 1, pulses sent"), \
    PIN_COUNT(0xF827, 135, PIN_REGISTER_EMITTED + 1, R, "Module pulse output 2, pulses sent"), \
    PIN_ROW(0xF828, 136, KMP_A, -1, 2, REGISTER_UINT, UNIT_A, PIN_REGISTER_LIMIT, R, \
            "Module pulse outputs, highest load"), \
    PIN_ROW(0xF829, 137, KMP_BITS, 0, 1, REGISTER_BITS, UNIT_FLAGS, PIN_REGISTER_LATE, R, \
            "Module pulse outputs that cannot follow the load")
/* clang-format on */

#endif
