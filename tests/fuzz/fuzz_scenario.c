/** Scenarios: any bytes; what is accepted must play. */
#include <string.h>

#include "lab/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lab_source source;
    struct lab_error error;
    struct mains *mains = NULL;
    struct mains_options options = {3, false, 0};
    struct measuring_window window[LAB_PHASES];
    struct lab_event event;
    memset(&source, 0, sizeof source);
    (void)scenario_recognise((const char *)data, size);
    if (lab_scenario_open(&source, "fuzz.scn", (const char *)data, size, &error) == 0 &&
        lab_mains_create(&mains, &source, &options, &error) == 0) {
        for (int64_t k = 0; k < 20; k++) {
            mains_window(mains, k * 200000, 1600, window);
            (void)mains_next_event(mains, k * 200000, &event);
        }
        mains_close(mains);
    }
    return 0;
}
