/**
 * Frames for tests.  Where they come from: docs/protocols.md, "KMP examples".
 */
#ifndef OPEN382_TEST_KMP_VECTORS_H
#define OPEN382_TEST_KMP_VECTORS_H

struct kmp_vector {
    const char *what;
    const char *request; /**< towards the meter; "" = none */
    const char *answer;  /**< from the meter; "" = none */
};

static const struct kmp_vector kmp_vectors[] = {
    {"GetType, 5512-447", "80 3F 01 05 8A 0D", "40 3F 01 00 04 1B F9 01 26 99 0D"},
    {"GetSerialNo, 5512-447", "80 3F 02 35 E9 0D", "40 3F 02 01 23 45 67 E9 56 0D"},
    {"SetClock 2007-07-30 16:15:57, 5512-447 with the CRC put right",
     "80 3F 09 00 01 14 4A 00 02 77 15 77 4E 0D", ""},
    {"GetRegister 0x0080, 5512-447", "80 3F 10 01 00 1B 7F D4 08 0D",
     "40 3F 10 00 1B 7F 16 04 11 01 2A F0 24 63 03 0D"},
    {"captured from a heat meter, 55.006 MWh", "80 3F 10 01 00 3C B2 5F 0D",
     "40 3F 10 00 3C 03 04 43 00 00 D6 DE 03 22 0D"},
    {"captured from a water meter, 314.131 m3", "80 3F 10 01 00 44 4D C0 0D",
     "40 3F 10 00 44 28 04 43 00 04 CB 13 29 23 0D"},
    {"A14 6753 kWh", "80 3F 10 01 00 01 55 A1 0D", "40 3F 10 00 01 02 04 00 00 00 1A 61 51 4C 0D"},
    {"A14 6753.3242 kWh", "80 3F 10 01 00 1B F2 94 2D 0D",
     "40 3F 10 00 1B F2 02 04 44 04 1B F9 79 BA 84 AB 0D"},
    {"U L1-L3", "80 3F 10 03 04 1E 04 1F 04 20 09 36 0D",
     "40 3F 10 04 1E 21 02 00 00 E5 04 1F 21 02 00 00 E4 04 20 21 02 00 00 E6 F4 71 0D"},
    {"I L1-L3", "80 3F 10 03 04 34 04 35 04 36 74 DC 0D",
     "40 3F 10 04 34 22 04 42 00 00 02 1D 04 35 22 04 42 00 00 00 10 04 36 22 04 42 00 00 00 C8 "
     "2D 0B 0D"},
    {"P14, P23", "80 3F 10 02 03 FF 04 00 15 18 0D",
     "40 3F 10 03 FF 16 04 43 00 00 03 D0 04 00 16 04 43 00 00 00 00 B0 3C 0D"},
    {"A14, A23", "80 3F 10 02 00 01 00 02 9A 11 0D", ""},
    {"serial number 12345678", "80 3F 10 01 03 E9 7C D4 0D",
     "40 3F 10 03 E9 33 04 00 00 BC 61 4E 79 B7 0D"},
    {"RTC Thursday 2024-06-20 14:30:05", "80 3F 10 01 04 17 EB 92 0D",
     "40 3F 10 04 17 35 08 00 02 04 05 1E 0E 14 1B F9 18 8E FA 0D"},
    {"nothing known, as a real 382Lx7 answers", "", "40 3F 10 07 9A 0D"},
    {"GetEventStatus", "80 3F 9B 27 79 0D", ""},
    {"GetCutOffState", "80 3F 98 17 1A 0D", ""},
    {"SetCutOffState 1", "80 3F 97 01 78 C9 0D", ""},
    {"U L1, as a client of a real 382J sends it", "80 3F 10 01 04 1E 7A BB 0D", ""},
    {"register 1033, likewise", "80 3F 10 01 04 09 18 6D 0D", ""},
};

#define KMP_VECTORS (sizeof kmp_vectors / sizeof kmp_vectors[0])

#endif
