#include "dlms_line.h"

#include "../meter/meter.h"

bool dlms_line_fitted(const struct meter *meter)
{
    return meter->variant.generation >= GENERATION_L;
}

bool dlms_line_begin(struct dlms_line *line, struct meter *meter,
                     const struct dlms_line_setup *setup, uint16_t client, uint16_t server)
{
    const bool secure = meter->security.open;
    const size_t n = cosem_associations(meter, setup->port, secure, line->associations);
    if (secure) {
        security_sentry(&meter->security, &line->sentry);
        dlms_sentry_hooks(&line->sentry, &line->guard);
    }
    for (size_t i = 0; i < n; i++) {
        if (line->associations[i].max_pdu > setup->request_max) {
            line->associations[i].max_pdu = setup->request_max;
        }
    }
    const struct dlms_server_config config = {.model = &line->model,
                                              .guard = secure ? &line->guard : NULL,
                                              .associations = line->associations,
                                              .n_associations = n,
                                              .kept = setup->kept,
                                              .kept_capacity = setup->n_kept,
                                              .streams = setup->streams,
                                              .answers_all = client != COSEM_CLIENT_MANAGEMENT};
    if (!dlms_server_offers(&config, client, server)) {
        return false;
    }
    cosem_model(meter, &line->model);
    dlms_server_init(&line->server, &config);
    dlms_server_connect(&line->server, client, server);
    return true;
}
