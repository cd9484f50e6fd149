#include "ram_march.h"

#include <stdbool.h>

/* One pass in one direction: read what must be there, write what shall be. */
struct element {
    bool down, reads, writes;
    bool read_inverted, write_inverted; /* of the pattern */
};

static const struct element march[] = {
    {false, false, true, false, false}, /* up: w0 */
    {false, true, true, false, true},   /* up: r0 w1 */
    {false, true, true, true, false},   /* up: r1 w0 */
    {true, true, true, false, true},    /* down: r0 w1 */
    {true, true, true, true, false},    /* down: r1 w0 */
    {false, true, false, false, false}, /* up: r0 */
};

static uint32_t pass(const struct ram_cells *cells, uint32_t n_words, const struct element *element,
                     uint32_t pattern)
{
    const uint32_t expected = element->read_inverted ? ~pattern : pattern;
    const uint32_t written = element->write_inverted ? ~pattern : pattern;
    for (uint32_t i = 0; i < n_words; i++) {
        const uint32_t at = element->down ? n_words - 1u - i : i;
        if (element->reads && cells->load(cells->context, at) != expected) {
            return at;
        }
        if (element->writes) {
            cells->store(cells->context, at, written);
        }
    }
    return n_words;
}

uint32_t ram_march(const struct ram_cells *cells, uint32_t n_words)
{
    static const uint32_t patterns[] = {0, UINT32_C(0x55555555)};
    for (unsigned p = 0; p < sizeof patterns / sizeof patterns[0]; p++) {
        for (unsigned e = 0; e < sizeof march / sizeof march[0]; e++) {
            const uint32_t bad = pass(cells, n_words, &march[e], patterns[p]);
            if (bad < n_words) {
                return bad;
            }
        }
    }
    return n_words;
}
