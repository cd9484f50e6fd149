#include "display_font.h"

#include <stddef.h>

struct glyph {
    char character;
    uint8_t segments;
};

/* The first glyph of a pattern is the one that text rendering reads back. */
static const struct glyph glyphs[] = {
    {' ', 0x00}, {'0', 0x3F}, {'1', 0x06}, {'2', 0x5B}, {'3', 0x4F}, {'4', 0x66}, {'5', 0x6D},
    {'6', 0x7D}, {'7', 0x07}, {'8', 0x7F}, {'9', 0x6F}, {'-', 0x40}, {'_', 0x08}, {'A', 0x77},
    {'B', 0x7C}, {'C', 0x39}, {'D', 0x5E}, {'E', 0x79}, {'F', 0x71}, {'G', 0x3D}, {'H', 0x76},
    {'I', 0x30}, {'J', 0x1E}, {'L', 0x38}, {'M', 0x15}, {'N', 0x54}, {'O', 0x3F}, {'P', 0x73},
    {'Q', 0x67}, {'R', 0x50}, {'S', 0x6D}, {'T', 0x78}, {'U', 0x3E}, {'V', 0x1C}, {'X', 0x76},
    {'Y', 0x6E}, {'Z', 0x5B}, {'K', 0x75}, {'W', 0x2A},
};

#define GLYPHS (sizeof glyphs / sizeof glyphs[0])

uint8_t font_segments(char character)
{
    if (character >= 'a' && character <= 'z') {
        character = (char)(character - 'a' + 'A');
    }
    for (size_t i = 0; i < GLYPHS; i++) {
        if (glyphs[i].character == character) {
            return glyphs[i].segments;
        }
    }
    return 0;
}

char font_character(uint8_t segments)
{
    for (size_t i = 0; i < GLYPHS; i++) {
        if (glyphs[i].segments == segments) {
            return glyphs[i].character;
        }
    }
    return '?';
}
