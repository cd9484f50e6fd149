#include "meter_type.h"

#include <stddef.h>

/* Type codes that head-ends know; generation and order code letters.  docs/protocols.md. */
static const struct {
    uint8_t hi, lo;
    const char *name;
} types[] = {
    {0x53, 0x00, "382 B/C"},      {0x53, 0x01, "382Jx2-9"},   {0x53, 0x03, "382Kx2,3,5,7"},
    {0x55, 0x00, "382 D/E"},      {0x55, 0x01, "382JxB-G"},   {0x55, 0x02, "382J NTA"},
    {0x55, 0x03, "382KxB,C,E,G"}, {0x56, 0x00, "162 B/C"},    {0x56, 0x01, "162Jx3,6,7"},
    {0x56, 0x03, "162Kx3,7"},     {0x57, 0x00, "162 D/E"},    {0x57, 0x01, "162JxC,F,G"},
    {0x57, 0x02, "162J NTA"},     {0x57, 0x03, "162KxC,G"},   {0x58, 0x00, "282 B/C"},
    {0x58, 0x01, "282J"},         {0x58, 0x03, "282K"},       {0x59, 0x00, "282 D/E"},
    {0x59, 0x01, "282J"},         {0x59, 0x03, "282K"},       {0x5A, 0x00, "OMNIPOWER"},
    {0x60, 0x00, "351B"},         {0x61, 0x00, "351B Aron"},  {0x62, 0x00, "382Lx2-9"},
    {0x63, 0x00, "382LxB-G"},     {0x64, 0x00, "162Lx3,6,7"}, {0x65, 0x00, "162LxC,F,G"},
    {0x66, 0x00, "282L"},         {0x67, 0x00, "282L"},       {0x68, 0x00, "382Mx2-9"},
    {0x69, 0x00, "382MxB-G"},     {0x70, 0x00, "162M"},       {0x71, 0x00, "162M"},
    {0x72, 0x00, "282M"},         {0x73, 0x00, "282M"},       {0x75, 0x00, "351C"},
    {0x76, 0x00, "251C"},
};

const char *meter_type_name(uint8_t hi, uint8_t lo)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].hi == hi && types[i].lo == lo) {
            return types[i].name;
        }
    }
    return NULL;
}
