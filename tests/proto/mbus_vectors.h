/**
 * M-Bus frames of real meters, with where they are published.
 */
#ifndef OPEN382_TEST_MBUS_VECTORS_H
#define OPEN382_TEST_MBUS_VECTORS_H

/* A real 382 with module 6850-005: rscada/libmbus test/test-frames/kamstrup_382_005.hex. */
#define MBUS_382_005                                                                               \
    "68 46 46 68 08 78 72 20 91 83 14 2D 2C 01 02 04 00 00 00 04 06 00 00 00 00 04 22 09 00 00 "   \
    "00 04 2B 00 00 00 00 14 2B 00 00 00 00 84 50 06 00 00 00 00 84 60 06 00 00 00 00 0F 00 00 "   \
    "00 00 00 00 00 00 00 00 00 00 00 00 00 10 24 16"

/* A radio telegram of a 382/162 in a wired frame: libmbus test-frames, 2013. */
#define MBUS_382_FILLER                                                                            \
    "68 1F 1F 68 08 00 72 31 77 67 17 2D 2C 01 02 00 00 00 00 2F 2F 04 83 3B 88 13 00 00 2F 2F "   \
    "2F 2F 2F 2F 2F 00 16"

/* A heat meter of the same maker (libmbus test-frames/kamstrup_multical_601), its 46 octets of own
 * data at the end taken off. */
#define MBUS_601_RECORDS                                                                           \
    "0C 78 17 58 85 06 04 06 E7 91 00 00 04 14 2C DB 00 00 04 22 D9 03 00 00 04 59 B9 27 00 00 "   \
    "04 5D 08 12 00 00 04 61 B1 15 00 00 04 2D 5B 01 00 00 14 2D C0 01 00 00 04 3B 1F 02 00 00 "   \
    "14 3B 74 02 00 00 84 10 06 00 00 00 00 84 20 06 00 00 00 00 84 40 14 00 00 00 00 84 80 40 "   \
    "14 00 00 00 00 84 C0 40 06 00 00 00 00 04 6D 1A 2F 65 11 44 06 51 82 00 00 44 14 B2 C3 00 "   \
    "00 54 2D 26 02 00 00 54 3B 03 04 00 00 C4 10 06 00 00 00 00 C4 20 06 00 00 00 00 C4 40 14 "   \
    "00 00 00 00 C4 80 40 14 00 00 00 00 C4 C0 40 06 00 00 00 00 42 6C 5F 1C"

/* A meter of the successor family, values per phase (wmbusmeters drivers/src/em24.xmq), without
 * the two octets 2F 2F that decryption leaves. */
#define MBUS_EM24_RECORDS                                                                          \
    "04 05 01 00 00 00 04 FB 82 75 00 00 00 00 04 FB 82 F5 3C 00 00 00 00 04 2A 00 00 00 00 04 "   \
    "FB 14 00 00 00 00 04 FB 94 3C 00 00 00 00 04 FD D9 FC 01 00 00 00 00 04 FD D9 FC 02 00 00 "   \
    "00 00 04 FD D9 FC 03 00 00 00 00 04 FD C8 FC 01 17 09 00 00 04 FD C8 FC 02 EC 04 00 00 04 "   \
    "FD C8 FC 03 EC 04 00 00 02 FB 2E F4 01 01 FD 17 00 2F 2F 2F"

#endif
