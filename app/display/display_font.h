/**
 * Seven-segment patterns: bit 0 = a (top), b, c, d (bottom), e, f, bit 6 = g (middle).
 */
#ifndef OPEN382_DISPLAY_FONT_H
#define OPEN382_DISPLAY_FONT_H

#include <stdint.h>

#define FONT_ALL_LIT 0x7Fu

/** Segments of an ASCII character; letters in the one form a digit can show.  Unknown: blank. */
uint8_t font_segments(char character);

/** The character that a pattern shows (digits before letters: 5, not S); '?' when it is none. */
char font_character(uint8_t segments);

#endif
