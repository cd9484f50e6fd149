#include "golden.h"

#include "console.h"

void golden_run(void)
{
    console_print("golden crc", 0, "");
}
