/** Frames whose checks were recomputed: captures of meters and of public documents. */
#ifndef OPEN382_TEST_HDLC_VECTORS_H
#define OPEN382_TEST_HDLC_VECTORS_H

#include "hex.h"
#include "proto/dlms/hdlc_frame.h"

/* 382M, client 16 to logical device 1, and client 18 to 16: Kamstrup 5512-1424 ch. 4. */
#define TRACE_AARQ_PUBLIC                                                                          \
    "7E A0 2B 03 21 10 FB AF E6 E6 00 60 1D A1 09 06 07 60 85 74 05 08 01 01 BE 10 "               \
    "04 0E 01 00 00 00 06 5F 1F 04 00 00 18 1D FF FF 5F AF 7E"
#define TRACE_AARE_PUBLIC                                                                          \
    "7E A0 37 21 03 30 6C 7C E6 E7 00 61 29 A1 09 06 07 60 85 74 05 08 01 01 A2 03 "               \
    "02 01 00 A3 05 A1 03 02 01 00 BE 10 04 0E 08 00 06 5F 1F 04 00 00 10 10 00 7D "               \
    "00 07 7D EE 7E"
#define TRACE_AARQ_LLS                                                                             \
    "7E A0 41 21 25 10 52 3B E6 E6 00 60 33 A1 09 06 07 60 85 74 05 08 01 01 8A 02 "               \
    "07 80 8B 07 60 85 74 05 08 02 01 AC 07 80 05 31 32 33 34 35 BE 10 04 0E 01 00 "               \
    "00 00 06 5F 1F 04 00 00 FE 1F FF FF 0C FF 7E"
#define TRACE_SNRM_382M                                                                            \
    "7E A0 20 03 21 93 7D D9 81 80 14 05 02 02 00 06 02 02 00 07 04 00 00 00 01 08 "               \
    "04 00 00 00 01 6F EF 7E"
#define TRACE_UA_382M                                                                              \
    "7E A0 20 21 03 73 73 98 81 80 14 05 02 02 00 06 02 00 80 07 04 00 00 00 01 08 "               \
    "04 00 00 00 01 19 D4 7E"
#define TRACE_GET_METER_NUMBER                                                                     \
    "7E A0 19 03 21 32 6F D8 E6 E6 00 C0 01 81 00 01 01 01 00 00 01 FF 02 00 A8 E3 "               \
    "7E"
#define TRACE_METER_NUMBER "7E A0 15 21 03 52 5D 8A E6 E7 00 C4 01 81 00 06 00 BC 61 4F E4 36 7E"
#define TRACE_DISC         "7E A0 07 03 21 53 03 C7 7E"
#define TRACE_UA_OF_DISC   "7E A0 07 21 03 73 01 40 7E"

struct hdlc_vector {
    enum hdlc_kind kind;
    const char *hex;
};

static const struct hdlc_vector hdlc_vectors[] = {
    {HDLC_I, TRACE_AARQ_PUBLIC},
    {HDLC_I, TRACE_AARE_PUBLIC},
    {HDLC_I, TRACE_AARQ_LLS},
    {HDLC_SNRM, TRACE_SNRM_382M},
    {HDLC_UA, TRACE_UA_382M},
    {HDLC_I, TRACE_GET_METER_NUMBER},
    {HDLC_I, TRACE_METER_NUMBER},
    {HDLC_DISC, TRACE_DISC},
    {HDLC_UA, TRACE_UA_OF_DISC},
    /* SNRM without parameters */
    {HDLC_SNRM, "7E A0 07 03 21 93 0F 01 7E"},
    /* parameters of one octet */
    {HDLC_UA, "7E A0 1E 21 03 73 C3 7A 81 80 12 05 01 80 06 01 80 07 04 00 00 00 01 08 04 00 "
              "00 00 01 53 3B 7E"},
    /* address of four octets */
    {HDLC_SNRM, "7E A0 0A 00 02 00 23 21 93 18 71 7E"},
    /* and its answer */
    {HDLC_UA, "7E A0 23 21 00 02 00 23 73 F6 C5 81 80 14 05 02 00 80 06 02 00 80 07 04 00 00 "
              "00 01 08 04 00 00 00 01 CE 6A 7E"},
    /* window 7 */
    {HDLC_SNRM, "7E A0 20 03 21 93 7D D9 81 80 14 05 02 02 00 06 02 02 00 07 04 00 00 00 07 08 "
                "04 00 00 00 07 94 D2 7E"},
    /* RR, N(R) = 1 */
    {HDLC_RR, "7E A0 07 03 21 31 17 87 7E"},
    {HDLC_DISC, "7E A0 07 03 21 53 03 C7 7E"},
    {HDLC_DM, "7E A0 07 21 03 1F 6B E9 7E"},
    /* AARQ, public */
    {HDLC_I, "7E A0 2B 03 21 10 FB AF E6 E6 00 60 1D A1 09 06 07 60 85 74 05 08 01 01 BE 10 "
             "04 0E 01 00 00 00 06 5F 1F 04 00 62 FE DF FF FF 56 58 7E"},
    /* AARE */
    {HDLC_I, "7E A0 37 21 03 30 6C 7C E6 E7 00 61 29 A1 09 06 07 60 85 74 05 08 01 01 A2 03 "
             "02 01 00 A3 05 A1 03 02 01 00 BE 10 04 0E 08 00 06 5F 1F 04 00 00 00 18 02 00 "
             "00 07 3C B0 7E"},
    /* GET, client 17 */
    {HDLC_I, "7E A0 19 03 23 32 DF EB E6 E6 00 C0 01 C1 00 03 01 01 15 19 00 FF 02 00 FF 1A "
             "7E"},
    /* its answer */
    {HDLC_I, "7E A0 13 23 03 52 7F 74 E6 E7 00 C4 01 C1 00 12 0D 00 7B 01 7E"},
    /* RR, client 17 */
    {HDLC_RR, "7E A0 07 03 23 31 A7 B4 7E"},
    /* AARE, client 18 */
    {HDLC_I, "7E A0 37 25 21 30 8E 0F E6 E7 00 61 29 A1 09 06 07 60 85 74 05 08 01 01 A2 03 "
             "02 01 00 A3 05 A1 03 02 01 00 BE 10 04 0E 08 00 06 5F 1F 04 00 00 10 1C 00 7D "
             "00 07 4D 99 7E"},
    /* GET next, client 18 */
    {HDLC_I, "7E A0 13 21 25 54 12 D3 E6 E6 00 C0 02 81 00 00 00 01 73 7F 7E"},
    /* client 19 */
    {HDLC_SNRM, "7E A0 20 21 27 93 2E 3B 81 80 14 05 02 02 00 06 02 02 00 07 04 00 00 00 01 08 "
                "04 00 00 00 01 6F EF 7E"},
    /* AARQ, client 19 */
    {HDLC_I, "7E A0 41 21 27 10 E2 08 E6 E6 00 60 33 A1 09 06 07 60 85 74 05 08 01 01 8A 02 "
             "07 80 8B 07 60 85 74 05 08 02 01 AC 07 80 05 31 32 33 34 35 BE 10 04 0E 01 00 "
             "00 00 06 5F 1F 04 00 00 FE 1F FF FF 0C FF 7E"},
    /* AARE, client 19 */
    {HDLC_I, "7E A0 37 27 21 30 36 BA E6 E7 00 61 29 A1 09 06 07 60 85 74 05 08 01 01 A2 03 "
             "02 01 00 A3 05 A1 03 02 01 00 BE 10 04 0E 08 00 06 5F 1F 04 00 00 10 1D 00 7D "
             "00 07 09 92 7E"},
    /* address of two octets */
    {HDLC_SNRM, "7E A0 08 20 41 27 93 BD 36 7E"},
    /* client 19 */
    {HDLC_DM, "7E A0 07 27 21 1F 31 2F 7E"},
    /* SET */
    {HDLC_I, "7E A0 1B 21 27 32 4A 03 E6 E6 00 C1 01 81 00 01 01 01 00 01 05 80 02 00 11 01 "
             "71 9E 7E"},
    /* SET */
    {HDLC_I, "7E A0 1B 21 27 54 7A 05 E6 E6 00 C1 01 81 00 01 01 01 80 00 00 FF 02 00 11 01 "
             "CE A1 7E"},
    /* its answer */
    {HDLC_I, "7E A0 10 27 21 52 50 22 E6 E7 00 C5 01 81 00 36 CF 7E"},
};

#endif
