#include "optical_dlms.h"

#include "../meter/meter.h"

/** Whose link it is. */
struct served {
    struct optical *optical;
    struct meter *meter;
};

static struct hdlc_server_settings settings_of(const struct meter *meter)
{
    const struct settings *s = &meter->settings;
    return (struct hdlc_server_settings){
        .own = {(uint16_t)settings_number(s, SETTING_HDLC_TRANSMIT),
                (uint16_t)settings_number(s, SETTING_HDLC_RECEIVE), 1, 1},
        .physical = (uint16_t)settings_number(s, SETTING_HDLC_ADDRESS),
        .inactivity_s = (uint16_t)settings_number(s, SETTING_HDLC_INACTIVITY),
        .inter_octet_ms = (uint16_t)settings_number(s, SETTING_HDLC_INTER_OCTET),
    };
}

void optical_dlms_init(struct optical_dlms *dlms, const struct meter *meter)
{
    const struct hdlc_server_settings settings = settings_of(meter);
    const struct hdlc_server_memory memory = {
        .frame = dlms->frame,
        .n_frame = sizeof dlms->frame,
        .request = dlms->request,
        .n_request = sizeof dlms->request,
        .answer = dlms->answer,
        .n_answer = sizeof dlms->answer,
    };
    hdlc_server_init(&dlms->hdlc, &settings, &memory);
}

bool optical_dlms_wants(const struct optical_dlms *dlms, uint8_t byte, int64_t wall_ms)
{
    const struct hdlc_receiver *receiver = &dlms->hdlc.receiver;
    if (byte == HDLC_FLAG) {
        return true;
    }
    if (wall_ms - dlms->hdlc.last_byte_ms >= dlms->hdlc.settings.inter_octet_ms) {
        return false; /* what had begun does not go on */
    }
    if (hdlc_receiver_busy(receiver)) {
        return true;
    }
    return receiver->length > receiver->done && (byte & 0xF0u) == 0xA0u; /* flag, then a format */
}

static enum cosem_port port_of(const struct served *served)
{
    const uint8_t slot = (uint8_t)(served->optical - served->meter->optical);
    switch (served->meter->rights.line[slot].channel) {
    case CHANNEL_MODULE: return COSEM_PORT_MODULE;
    case CHANNEL_CONSUMER: return COSEM_PORT_CONSUMER;
    default: return COSEM_PORT_OPTICAL;
    }
}

static bool link_connect(void *context, uint16_t client, uint16_t server)
{
    const struct served *served = (const struct served *)context;
    struct optical_dlms *dlms = &served->optical->dlms;
    const struct dlms_line_setup setup = {.port = port_of(served),
                                          .kept = dlms->kept,
                                          .n_kept = sizeof dlms->kept,
                                          .request_max = OPTICAL_DLMS_REQUEST};
    return dlms_line_begin(&dlms->line, served->meter, &setup, client, server);
}

static void link_release(void *context)
{
    dlms_server_disconnect(&((const struct served *)context)->optical->dlms.line.server);
}

static size_t link_request(void *context, uint8_t *apdu, size_t n_apdu, uint8_t *answer,
                           size_t capacity)
{
    struct dlms_server *server = &((const struct served *)context)->optical->dlms.line.server;
    return dlms_server_apdu(server, apdu, n_apdu, answer, capacity);
}

static size_t link_more(void *context, uint8_t *answer, size_t capacity)
{
    struct dlms_server *server = &((const struct served *)context)->optical->dlms.line.server;
    return dlms_server_more(server, answer, capacity);
}

static struct hdlc_upper upper_of(struct served *served)
{
    return (struct hdlc_upper){.context = served,
                               .connect = link_connect,
                               .release = link_release,
                               .request = link_request,
                               .more = link_more};
}

void optical_dlms_byte(struct optical *optical, struct meter *meter, uint8_t byte, int64_t wall_ms,
                       struct writer *out)
{
    struct served served = {optical, meter};
    const struct hdlc_upper upper = upper_of(&served);
    struct reader in = reader_over(&byte, 1);
    if (byte == HDLC_FLAG && optical->dlms.hdlc.mode == HDLC_NDM) { /* what has been set since */
        const struct hdlc_server_settings settings = settings_of(meter);
        hdlc_server_configure(&optical->dlms.hdlc, &settings);
    }
    hdlc_server_receive(&optical->dlms.hdlc, &upper, &in, wall_ms, out);
}

int64_t optical_dlms_step(struct optical *optical, struct meter *meter, int64_t wall_ms,
                          struct writer *out)
{
    struct served served = {optical, meter};
    const struct hdlc_upper upper = upper_of(&served);
    return hdlc_server_step(&optical->dlms.hdlc, &upper, wall_ms, out);
}
