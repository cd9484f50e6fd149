/* Any bytes and any frames on an HDLC link, to server and client, and on the wrapper: no crash,
 * only good frames go out, and the upper side is told of a link exactly once. */
#include "proto/hdlc_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hdlc_fuzz_link(data, size);
    hdlc_fuzz_wrapper(data, size);
    return 0;
}
