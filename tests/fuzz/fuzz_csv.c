/** CSV profiles: any bytes; what is accepted must give windows. */
#include <string.h>

#include "lab/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lab_source source;
    struct lab_error error;
    struct mains *mains = NULL;
    struct mains_options options = {3, false, 0};
    struct measuring_window window[LAB_PHASES];
    struct lab_file_options file = {.linear = size > 0 && (data[0] & 1) != 0,
                                    .repeat = size > 0 && (data[0] & 2) != 0};
    memset(&source, 0, sizeof source);
    if (lab_csv_open(&source, "fuzz.csv", (const char *)data, size, &file, 1000000000, &error) ==
            0 &&
        lab_mains_create(&mains, &source, &options, &error) == 0) {
        for (int64_t k = 0; k < 20; k++) {
            mains_window(mains, k * k * 1000000, 1600, window);
        }
        mains_close(mains);
    }
    return 0;
}
