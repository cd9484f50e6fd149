/** The reference source's language: any bytes; answers stay within their room and end in a newline.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/reference_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reference_source source;
    const struct reference_present present = {INT64_C(987654321), 3, false};
    struct lab_state state;
    reference_source_init(&source);
    for (size_t i = 0; i < size; i++) {
        char *answer = malloc(REFERENCE_ANSWER_MAX); /* one byte beyond it is seen */
        if (answer == NULL) {
            return 0;
        }
        const size_t n = reference_source_byte(&source, data[i], &present, answer);
        if (n > REFERENCE_ANSWER_MAX || (n > 0 && answer[n - 1u] != '\n')) {
            abort();
        }
        free(answer);
    }
    reference_source_state(&source, &state);
    return 0;
}
