/* KMP codec alone: one request frame in, one answer frame out, no line and no meter behind it. */
#include <stdio.h>
#include <time.h>

#include "proto/kmp/kmp_client.h"
#include "proto/kmp/kmp_server.h"

#define ROUNDS 2000000u

static bool constant_register(void *context, uint16_t id, struct kmp_value *out)
{
    (void)context;
    return kmp_value_set(out, id, 2, 4, 123456, 0) == KMP_OK;
}

static double now_s(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void run(unsigned n_ids)
{
    static const uint16_t ids[KMP_REGISTERS_MAX] = {1, 2, 13, 14, 1054, 1055, 1056, 1023};
    const struct kmp_meter meter = {.get_register = constant_register};
    struct kmp_server server;
    uint8_t request[64], answer[KMP_FRAME_MAX];
    int length = kmp_client_get_registers(ids, n_ids, request, sizeof request);
    size_t n_bytes = 0;
    kmp_server_init(&server, KMP_ADDRESS_METER);
    double start_s = now_s();
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < length; i++) {
            n_bytes += kmp_server_byte(&server, &meter, request[i], answer, sizeof answer);
        }
    }
    double each_ns = (now_s() - start_s) * 1e9 / ROUNDS;
    printf("KMP codec, %u register(s) a frame   %7.0f ns a frame  %9.0f registers/s  (%zu B out)\n",
           n_ids, each_ns, n_ids * 1e9 / each_ns, n_bytes / ROUNDS);
}

int main(void)
{
    run(1);
    run(8);
    return 0;
}
