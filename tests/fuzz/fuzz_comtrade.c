/** COMTRADE: both files in one input, the data behind the first NUL. */
#include <string.h>

#include "lab/comtrade.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lab_source source;
    struct lab_error error;
    struct mains *mains = NULL;
    struct mains_options options = {3, false, 0};
    struct lab_file_options file = {.secondary = size % 2 == 1};
    struct measuring_window window[LAB_PHASES];
    const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;
    size_t n = nul != NULL ? (size_t)(nul - data) : size;
    struct lab_bytes cfg = {"f.cfg", (const char *)data, n};
    struct lab_bytes dat = {"f.dat", (const char *)data + n, size - n};
    if (nul != NULL) {
        dat.at++;
        dat.n--;
    }
    memset(&source, 0, sizeof source);
    if (lab_comtrade_open(&source, cfg, dat, &file, &error) == 0 &&
        lab_mains_create(&mains, &source, &options, &error) == 0) {
        mains_window(mains, 0, 1600, window);
        mains_window(mains, 1000000, 400, window);
        mains_close(mains);
    }
    return 0;
}
