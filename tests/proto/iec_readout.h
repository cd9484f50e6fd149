/** A read-out of a real 382C, printed by its owner (madspeterbach/kamstrup-382C, README). */
#ifndef OPEN382_TEST_IEC_READOUT_H
#define OPEN382_TEST_IEC_READOUT_H

#define IEC_382C_IDENT "KAM 68438BC450000"

static const char *const iec_382c_lines[] = {
    "0.0.0(14410000)",    "1.8.0(0036886*kWh)", "1.8.1(0036886*kWh)",
    "1.8.2(0000000*kWh)", "1.8.3(0000000*kWh)", "1.8.4(0000000*kWh)",
    "96.8.0(0119899*h)",  "0.128.1(0000000)",   "1.6.0(1.078*kW)",
};

#define IEC_382C_LINES (sizeof iec_382c_lines / sizeof iec_382c_lines[0])

#endif
