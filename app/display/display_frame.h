/**
 * The LCD as a segment frame buffer: what is lit, nothing else.
 *
 * The web front panel, the text rendering and tests all read this.  Geometry of the M generation
 * (the fullest); a generation that lacks a field never lights it.
 * Source: DIS-11..20; docs/display.md.
 */
#ifndef OPEN382_DISPLAY_FRAME_H
#define OPEN382_DISPLAY_FRAME_H

#include <stdint.h>

#define DISPLAY_VALUE_DIGITS 9u
#define DISPLAY_IDENT_DIGITS 7u
#define DISPLAY_TEXT_CHARS   4u
/** In the text field: every segment of that character is lit (display test). */
#define DISPLAY_TEXT_ALL 0x7F

/* Seven segments: bit 0 = a (top), b, c, d (bottom), e, f, bit 6 = g (middle).  Points stand behind
 * value digits 5, 6, 7, 8 (bits 4 to 7), colons behind 5 and 7; points behind identification digits
 * 2, 4, 5. */

enum display_icon {
    ICON_QUADRANT_P_PLUS = 1 << 0,  /**< arrow right */
    ICON_QUADRANT_P_MINUS = 1 << 1, /**< arrow left */
    ICON_QUADRANT_Q_PLUS = 1 << 2,  /**< arrow up */
    ICON_QUADRANT_Q_MINUS = 1 << 3, /**< arrow down */
    ICON_ERROR = 1 << 4,
    ICON_TAMPER = 1 << 5,
    ICON_L1 = 1 << 6,
    ICON_L2 = 1 << 7,
    ICON_L3 = 1 << 8,
    ICON_CURRENT_L1 = 1 << 9,
    ICON_CURRENT_L2 = 1 << 10,
    ICON_CURRENT_L3 = 1 << 11,
    ICON_EXPORT_L1 = 1 << 12,
    ICON_EXPORT_L2 = 1 << 13,
    ICON_EXPORT_L3 = 1 << 14, /**< the minus sign at the arrow */
    ICON_SEQUENCE_123 = 1 << 15,
    ICON_SEQUENCE_132 = 1 << 16,
    ICON_PREPAYMENT = 1 << 17,
    ICON_RADIO = 1 << 18,
    ICON_BREAKER_CLOSED = 1 << 19,
    ICON_BREAKER_OPEN = 1 << 20,
    ICON_MODULE_1 = 1 << 21,
    ICON_MODULE_2 = 1 << 22,
    ICON_MODULE_3 = 1 << 23,
    ICON_MODULE_4 = 1 << 24,
    ICON_TARIFF = 1 << 25, /**< the letter T before the tariff digit */
};

enum display_unit {
    DISPLAY_UNIT_NONE,
    DISPLAY_UNIT_KWH,
    DISPLAY_UNIT_KVARH,
    DISPLAY_UNIT_KVAH,
    DISPLAY_UNIT_KW,
    DISPLAY_UNIT_KVAR,
    DISPLAY_UNIT_KVA,
    DISPLAY_UNIT_V,
    DISPLAY_UNIT_A,
    DISPLAY_UNIT_H,
    DISPLAY_UNIT_HZ,
    DISPLAY_UNIT_DEGREE,
    DISPLAY_UNIT_ALL, /**< display test */
};

struct display_frame {
    uint8_t value[DISPLAY_VALUE_DIGITS]; /**< segments of the value field, left to right */
    uint16_t value_points;               /**< bit n: point behind value digit n (0 = leftmost) */
    uint16_t value_colons;               /**< bit n: colon behind value digit n */
    uint8_t ident[DISPLAY_IDENT_DIGITS]; /**< segments of the identification (OBIS) field */
    uint8_t ident_points;
    char text[DISPLAY_TEXT_CHARS]; /**< ASCII; blank = ' '; DISPLAY_TEXT_ALL = all segments */
    uint8_t unit;                  /**< enum display_unit */
    uint8_t tariff;                /**< digit's segments */
    uint32_t icons;                /**< enum display_icon bits */
};

#endif
