/* What a modem and a telephone network may send: lines through at_modem and the GSM module, PDUs,
 * set-up texts and records.  FFh in the input stands for the answer that is waited for, FEh for
 * time, so that the harness comes deep. */
#include <string.h>

#include "modules/gsm_module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define GOOD 0xFFu
#define TIME 0xFEu

static struct gsm_module module;

static size_t exchange(void *context, const uint8_t *request, size_t n_request, uint8_t *answer,
                       size_t capacity)
{
    const uint8_t body[] = {0x3F, request[2], 0x44, 0, 0, 0x20};
    (void)context;
    (void)n_request;
    const int n = kmp_frame_encode(KMP_FROM_METER, body, sizeof body, answer, capacity);
    return n > 0 ? (size_t)n : 0;
}

static bool to_meter(void *context, unsigned channel, const uint8_t *octets, size_t n_octets)
{
    (void)context;
    gsm_module_heard(&module, channel, octets, n_octets, module.now_ms);
    return n_octets != 77;
}

static bool channel(void *context, unsigned number, bool open)
{
    (void)context;
    (void)number;
    (void)open;
    return true;
}

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    (void)context;
    (void)address;
    memset(bytes, 0, n_bytes);
    return 0;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    (void)bytes;
    if (address + n_bytes > GSM_MEMORY) {
        __builtin_trap();
    }
    return 0;
}

/* What would go well now, for most commands. */
static void answer_well(int64_t now_ms)
{
    static const char *const answers[] = {"\r\n+CPIN: READY\r\n\r\nOK\r\n",
                                          "\r\n> ",
                                          "\r\nSHUT OK\r\n",
                                          "\r\n1.2.3.4\r\n",
                                          "\r\n+CREG: 1,1\r\n\r\nOK\r\n",
                                          "\r\nOK\r\n\r\nCONNECT OK\r\n\r\nSEND OK\r\n"};
    uint8_t tx[AT_TX_BYTES + 1u];
    const size_t n = gsm_module_take(&module, tx, AT_TX_BYTES);
    tx[n] = 0;
    const char *asked = (const char *)tx;
    const char *answer = strstr(asked, "CPIN?") != NULL     ? answers[0]
                         : strstr(asked, "CMGS") != NULL    ? answers[1]
                         : strstr(asked, "CIPSEND") != NULL ? answers[1]
                         : strstr(asked, "CIPSHUT") != NULL ? answers[2]
                         : strstr(asked, "CIFSR") != NULL   ? answers[3]
                         : strstr(asked, "REG?") != NULL    ? answers[4]
                                                            : answers[5];
    gsm_module_octets(&module, (const uint8_t *)answer, strlen(answer), now_ms);
}

static void lines(const uint8_t *data, size_t size)
{
    const struct gsm_bus bus = {
        .kmp = {.exchange = exchange}, .to_meter = to_meter, .channel = channel};
    const struct module_memory store = {.read = memory_read, .write = memory_write};
    const char *why, *bad;
    size_t n_bad;
    int64_t now_ms = 1000;
    gsm_module_start(&module, &bus, &store, 382, now_ms);
    (void)gsm_module_set_up(&module,
                            size % 2 == 0 ? "allow=*,server=h:1,alarm=1,pin=1234,dialect=simcom"
                                          : "allow=*,server=h:1,alarm=1,dialect=ublox",
                            ',', &why, &bad, &n_bad);
    for (size_t i = 0; i < size; i++) {
        if (data[i] == GOOD) {
            answer_well(now_ms);
        } else if (data[i] == TIME) {
            now_ms += 700;
        } else {
            gsm_module_octets(&module, &data[i], 1, now_ms);
        }
        if (gsm_module_step(&module, now_ms) <= now_ms) {
            now_ms++;
        }
    }
}

static void texts(const uint8_t *data, size_t size)
{
    static char text[2048];
    const char *why, *bad;
    size_t n_bad;
    struct gsm_setup setup;
    struct reader r = reader_over(data, size);
    gsm_setup_default(&setup);
    if (gsm_setup_read(&setup, &r)) {
        uint8_t record[GSM_SETUP_BYTES];
        struct writer w = writer_over(record, sizeof record);
        gsm_setup_write(&setup, &w);
        if (w.failed) {
            __builtin_trap(); /* GSM_SETUP_BYTES is wrong */
        }
    }
    memcpy(text, data, size < sizeof text - 1 ? size : sizeof text - 1);
    text[size < sizeof text - 1 ? size : sizeof text - 1] = '\0';
    (void)gsm_setup_take(&setup, text, '\n', &why, &bad, &n_bad);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sms sms;
    uint8_t pdu[SMS_PDU_MAX];
    size_t n_tpdu;
    if (sms_submit_decode(data, size, &sms) == SMS_OK) {
        (void)sms_submit_encode(sms.number, sms.text, pdu, sizeof pdu, &n_tpdu);
    }
    if (sms_deliver_decode(data, size, &sms) == SMS_OK && strlen(sms.text) > SMS_SEPTETS_MAX) {
        __builtin_trap();
    }
    texts(data, size);
    lines(data, size);
    return 0;
}
