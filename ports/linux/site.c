#include "site.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "app/meter/meter_security.h"
#include "instant.h"
#include "ports/crypto/openssl/crypto_openssl.h"
#include "site_breaker.h"
#include "site_firmware.h"
#include "site_pins.h"
#include "site_quality.h"

#define CLOCK_CHECK_EVERY 32u /* due things between two looks at the wall clock */
#define NEVER_US          INT64_MAX
#define CHIP_FEELS_US     INT64_C(10000000)
#define SECONDS_PER_DAY   86400.0
#define NEVER_SAMPLE      (INT64_MAX / SITE_SAMPLE_US / SITE_LONG_WINDOW * SITE_LONG_WINDOW)
#define EVENT_HORIZON_US  INT64_C(3600000000)
#define EVENT_MARGIN_US   INT64_C(10000000) /* longer than any window */

/* ---- the board ---- */

extern const uint8_t legal_program_begin[], legal_program_end[]; /* legal_program.ld */

static int board_legal_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    const struct site *site = context;
    return eeprom_read(site->eeprom, EEPROM_LEGAL, address, bytes, n_bytes);
}

static int board_legal_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    const struct site *site = context;
    return eeprom_write(site->eeprom, EEPROM_LEGAL, address, bytes, n_bytes);
}

static int board_log_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    const struct site *site = context;
    return eeprom_read(site->eeprom, EEPROM_LOG, address, bytes, n_bytes);
}

static int board_log_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    const struct site *site = context;
    return eeprom_write(site->eeprom, EEPROM_LOG, address, bytes, n_bytes);
}

static int board_app_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    const struct site *site = context;
    return eeprom_read(site->eeprom, EEPROM_APP, address, bytes, n_bytes);
}

static int board_app_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    const struct site *site = context;
    return eeprom_write(site->eeprom, EEPROM_APP, address, bytes, n_bytes);
}

static void board_pulse(void *context, bool on, int64_t at_us)
{
    struct site *site = context;
    (void)at_us;
    site->led = on;
    site->flashes += on ? 1u : 0u;
    site->changes++;
}

/* ---- the clock's chip ---- */

static int64_t world_us(const struct site *site, int64_t now_us)
{
    return site->start_utc_s * 1000000 + now_us;
}

/* At the start of a window: the crystal feels its temperature, and supply comes or goes. */
static void chip_advance(struct site *site, bool supplied)
{
    const int64_t at_us = world_us(site, site->sample * SITE_SAMPLE_US);
    const bool feels =
        site->rtc.option.crystal.fitted && at_us - site->rtc.world_us >= CHIP_FEELS_US;
    if (!feels && supplied == site->rtc.supplied) {
        return;
    }
    struct lab_state state;
    memset(&state, 0, sizeof state);
    mains_state(site->mains, site->sample * SITE_SAMPLE_US, &state);
    rtc_advance(&site->rtc, at_us, state.temperature_c);
    site->rtc.supplied = supplied;
}

/* The chip is asked at the instant at which the meter stands. */
static bool board_rtc_time(void *context, int64_t *utc_us)
{
    struct site *site = context;
    rtc_advance(&site->rtc, world_us(site, site->meter.now_us), site->rtc.temperature_c);
    return rtc_us(&site->rtc, utc_us);
}

static bool board_rtc_read(void *context, int64_t *utc_s)
{
    const bool running = board_rtc_time(context, utc_s);
    *utc_s /= 1000000;
    return running;
}

static void board_rtc_write(void *context, int64_t utc_s)
{
    struct site *site = context;
    rtc_advance(&site->rtc, world_us(site, site->meter.now_us), site->rtc.temperature_c);
    rtc_set(&site->rtc, utc_s * 1000000);
}

static void board_rtc_trim(void *context, int32_t faster_ppb)
{
    struct site *site = context;
    rtc_advance(&site->rtc, world_us(site, site->meter.now_us), site->rtc.temperature_c);
    rtc_trim(&site->rtc, faster_ppb);
}

static void chip_start(struct site *site, const struct options *options)
{
    struct rtc_option chip = {.crystal = options->crystal,
                              .backup = options->variant.backup_battery ? RTC_BACKUP_BATTERY
                                                                        : RTC_BACKUP_SUPERCAP,
                              .hold_s = options->variant.clock_hold_days * SECONDS_PER_DAY};
    const unsigned clock_effect = FRONT_END_CLOCK;
    if (!options->crystal_named && options->front_end.fitted &&
        (options->front_end.effects & clock_effect) != 0) {
        crystal_draw(&chip.crystal, options->front_end.seed);
    }
    if (options->backup_days >= 0.0) {
        chip.hold_s = options->backup_days * SECONDS_PER_DAY;
    }
    rtc_start(&site->rtc, site->eeprom, &chip, world_us(site, 0));
}

static bool board_seal_open(void *context)
{
    return ((const struct site *)context)->input[METER_INPUT_SEAL];
}

static int board_random(void *context, uint8_t *bytes, size_t n_bytes)
{
    (void)context;
    while (n_bytes > 0) {
        const ssize_t got = getrandom(bytes, n_bytes, 0);
        if (got < 0 && errno != EINTR) {
            return -1;
        }
        bytes += got > 0 ? got : 0;
        n_bytes -= got > 0 ? (size_t)got : 0;
    }
    return 0;
}

static void board_fill(struct site *site)
{
    site->board = (struct board){
        .legal = {.context = site,
                  .memory_read = board_legal_read,
                  .memory_write = board_legal_write,
                  .log_read = board_log_read,
                  .log_write = board_log_write,
                  .pulse_output = board_pulse,
                  .seal_open = board_seal_open,
                  .program = legal_program_begin,
                  .program_bytes = (uint32_t)(legal_program_end - legal_program_begin)},
        .context = site,
        .app_memory_read = board_app_read,
        .app_memory_write = board_app_write,
        .rtc_read = board_rtc_read,
        .rtc_write = board_rtc_write,
        .rtc_time = board_rtc_time,
        /* an ideal crystal is never wrong: nothing to trim */
        .rtc_trim = site->rtc.option.crystal.fitted ? board_rtc_trim : NULL,
        .random = board_random,
        .crypto = site->crypto.key_set != NULL ? &site->crypto : NULL,
        .real_sensors = site->sensors.fitted,
    };
    site_breaker_board(site);
    site_pins_board(site);
}

/* ---- start and end ---- */

int site_open_mains(struct site *site, const struct options *options, struct problem *problem)
{
    const struct mains_options how = {.systems = options->variant.systems,
                                      .aron = options->variant.aron,
                                      .start_utc_s = options->start_utc_s};
    struct lab_error error = {""};
    if (mains_open(&site->mains, options->mains, &how, &error) != 0) {
        return problem_set(problem, EXIT_BAD_INPUT, "%s", error.text);
    }
    if (options->front_end.fitted && mains_is_waveform(site->mains)) {
        return problem_set(problem, EXIT_BAD_INPUT,
                           "--front-end: expected a mains that has no samples of its own, found a "
                           "recording");
    }
    if (options->source && mains_is_waveform(site->mains)) {
        return problem_set(problem, EXIT_BAD_INPUT,
                           "--source: expected a mains that has no samples of its own, found a "
                           "recording");
    }
    if (options->front_end.fitted) {
        sensors_start(&site->sensors, &options->front_end, how.systems, how.aron);
    }
    site->waveform = options->waveform || site->sensors.fitted || mains_is_waveform(site->mains);
    return 0;
}

int site_read_keys(struct site *site, const struct options *options, struct problem *problem)
{
    char error[KEY_FILE_ERROR_MAX];
    if (key_file_read(&site->keys, options->keys, error) != HOST_OK) {
        return problem_set(problem, EXIT_BAD_INPUT, "--keys: %s", error);
    }
    for (size_t i = 0; i < site->keys.n_lls; i++) {
        const struct key_file_secret *lls = &site->keys.lls[i];
        struct cosem_secrets unused = {.sequence = 0};
        if (!cosem_secret_deliver(&unused, lls->client, lls->bytes, lls->n_bytes)) {
            return problem_set(problem, EXIT_BAD_INPUT,
                               "--keys: \"lls\": expected passwords of at most %u characters for "
                               "clients 18, 19 and 20, found client %u",
                               COSEM_SECRET_MAX, (unsigned)lls->client);
        }
    }
    if (crypto_openssl(&site->crypto) != 0) {
        memset(&site->crypto, 0, sizeof site->crypto);
    }
    return 0;
}

/* From here on only the meter has them. */
static void keys_give(struct site *site)
{
    struct security_delivered delivered;
    delivered.suite = site->keys.suite;
    memcpy(delivered.has, site->keys.has, sizeof delivered.has);
    memcpy(delivered.key, site->keys.key, sizeof delivered.key);
    const bool given = site->keys.n_key > 0;
    /* a memory that does not answer shows in the meter's status */
    (void)meter_security_begin(&site->meter, given ? &delivered : NULL);
    for (size_t i = 0; i < site->keys.n_lls; i++) {
        const struct key_file_secret *lls = &site->keys.lls[i];
        (void)cosem_secret_deliver(&site->meter.cosem, lls->client, lls->bytes, lls->n_bytes);
    }
    crypto_wipe(&delivered, sizeof delivered);
    key_file_wipe(&site->keys);
}

/* Both types on one line: whoever named the wrong folder sees which meter lives there. */
static int memory_of_another(const struct site *site, const struct options *options,
                             const char *where, struct problem *problem)
{
    const struct variant *expected = &options->variant;
    struct app_store store;
    struct app_record found = {0};
    (void)app_store_load(&store, &site->board, &found);
    if (found.order_number[0] == '\0') {
        return problem_set(problem, EXIT_BAD_INPUT,
                           "%s: expected the memory of a %s, found registers of another summation",
                           where, expected->name);
    }
    return problem_set(problem, EXIT_BAD_INPUT,
                       "%s: expected the memory of a %s (%s, configuration 1 %08u), "
                       "found that of a %s (%s, configuration 1 %08u)",
                       where, expected->name, expected->order_number,
                       (unsigned)expected->configuration[0],
                       variant_name_of_order(found.order_number), found.order_number,
                       (unsigned)found.configuration[0]);
}

static int start_problem(const struct site *site, const struct options *options,
                         enum meter_err error, struct problem *problem)
{
    const char *where = options->data != NULL ? options->data : "memory";
    switch (error) {
    case METER_ERR_FORMAT:
        return problem_set(problem, EXIT_BAD_INPUT,
                           "%s: expected a memory image that this version knows, found a newer one",
                           where);
    case METER_ERR_VARIANT: return memory_of_another(site, options, where, problem);
    case METER_ERR_RANGE: return problem_set(problem, EXIT_BAD_INPUT, "--start: out of range");
    case METER_ERR_STORAGE: /* the meter runs and shows it in its status */
    case METER_OK: break;
    }
    return 0;
}

static void systems_start(struct site *site)
{
    site->epoch = legal_measuring_epoch(&site->meter.legal);
    site->calibrations = legal_calibration_count(&site->meter.legal);
    for (unsigned s = 0; s < site->systems; s++) {
        struct measuring_setup setup;
        legal_measuring_setup(&site->meter.legal, (uint8_t)(s + 1), &setup);
        measuring_system_start(&site->system[s], &setup, site->epoch);
        quality_sampler_start(&site->sampler[s], (uint8_t)(s + 1), NULL);
        site->open_samples[s] = 0;
    }
}

/* The next event of the scenario, looked for some way ahead of from_us only: a timeline may be
 * endless. */
static void fetch_event(struct site *site, int64_t from_us)
{
    site->horizon_us = from_us + EVENT_HORIZON_US;
    if (!mains_next_event(site->mains, site->horizon_us, &site->event)) {
        site->event.at_us = NEVER_US;
    }
}

static void plan_window(struct site *site);

int site_start(struct site *site, const struct options *options, struct eeprom *eeprom,
               struct problem *problem)
{
    site->eeprom = eeprom;
    site->systems = options->variant.systems;
    site->start_utc_s = options->start_utc_s;
    site->until_sample = options->until_us == INT64_MAX
                             ? INT64_MAX
                             : (options->until_us + SITE_SAMPLE_US / 2) / SITE_SAMPLE_US;
    site->window_samples = SITE_SHORT_WINDOW;
    site->input[METER_INPUT_SEAL] = options->seal_open;
    chip_start(site, options);
    site_breaker_start(site, options);
    site_pins_start(site, options);
    board_fill(site);
    site_firmware_board(site);
    const enum meter_err error = meter_start(&site->meter, &site->board, &options->variant,
                                             options->serial_number, site->now_us);
    if (start_problem(site, options, error, problem) != 0) {
        return -1;
    }
    keys_give(site);
    systems_start(site);
    meter_input(&site->meter, METER_INPUT_SEAL, options->seal_open, site->now_us);
    for (unsigned i = 0; i < 2; i++) {
        const enum meter_input input = (enum meter_input)(METER_INPUT_TARIFF_1 + i);
        site->input[input] = options->tariff_input[i];
        meter_input(&site->meter, input, options->tariff_input[i], site->now_us);
    }
    site->wake_us = meter_step(&site->meter, site->now_us);
    fetch_event(site, 0);
    plan_window(site);
    return 0;
}

void site_close(struct site *site)
{
    security_end(&site->meter.security);
    mains_close(site->mains);
    site->mains = NULL;
}

int64_t site_utc_s(const struct site *site)
{
    return site->start_utc_s + site->now_us / 1000000;
}

/* ---- metering ---- */

bool site_finished(const struct site *site)
{
    return site->sample >= site->until_sample;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Which raster the next window lies on.  Long windows are for quiet seconds: one that begins with a
 * whole second in which nothing changes, a while after the last change inside a second and after
 * supply came or went.  So that what the meter decides by windows - supply, no load, direction - is
 * decided on the same windows at every speed. */
static int64_t raster_samples(struct site *site, const struct mains_outlook *outlook,
                              int64_t change)
{
    const bool inside = change % SITE_LONG_WINDOW != 0;
    if (outlook->supplied != site->supplied) {
        site->quiet_sample = later(site->quiet_sample, site->sample + SITE_UNREST_SAMPLES);
    }
    if (inside && change - site->sample < (int64_t)SITE_LONG_WINDOW) {
        site->quiet_sample = later(site->quiet_sample, change + SITE_UNREST_SAMPLES);
    }
    const bool quiet = site->sample >= site->quiet_sample && site->sample % SITE_LONG_WINDOW == 0;
    return quiet ? site->window_samples : SITE_SHORT_WINDOW;
}

/* By constants, compilers multiply. */
static int64_t raster_next(int64_t sample, int64_t length)
{
    return length == SITE_LONG_WINDOW ? (sample / SITE_LONG_WINDOW + 1) * SITE_LONG_WINDOW
                                      : (sample / SITE_SHORT_WINDOW + 1) * SITE_SHORT_WINDOW;
}

/* Where a window ends that began at site->sample: on the raster, or where the mains changes. */
static int64_t phasor_end(struct site *site, const struct mains_outlook *outlook, int64_t change)
{
    const int64_t length = raster_samples(site, outlook, change);
    int64_t end = raster_next(site->sample, length);
    if (site->sample == 0) {
        end = SITE_FIRST_WINDOW;
    }
    end = earlier(end, change);
    /* a raster that became finer while this window was open: what is past goes into one window */
    const int64_t now = site->now_us / SITE_SAMPLE_US;
    return now > end ? earlier(now, change) : end;
}

/* The measuring systems live on the mains that they measure: where it comes back after the meter
 * has stopped they begin anew. */
static void systems_power_up(struct site *site)
{
    if (site->waveform && legal_measuring_epoch(&site->meter.legal) != site->epoch) {
        systems_start(site);
    }
}

/* Decide where the window that begins at site->sample ends. */
static void plan_window(struct site *site)
{
    struct mains_outlook outlook;
    mains_outlook(site->mains, site->sample * SITE_SAMPLE_US, &outlook);
    const int64_t change = outlook.until_us == INT64_MAX
                               ? NEVER_SAMPLE
                               : (outlook.until_us + SITE_SAMPLE_US - 1) / SITE_SAMPLE_US;
    if (site->sensors.fitted) {
        struct lab_state state;
        memset(&state, 0, sizeof state); /* the sensors compare states as they lie in memory */
        mains_state(site->mains, site->sample * SITE_SAMPLE_US, &state);
        sensors_connect(&site->sensors, &state);
    }
    if (site->waveform) {
        const int64_t raster = (site->sample / SITE_CHUNK_SAMPLES + 1) * SITE_CHUNK_SAMPLES;
        site->end_sample = earlier(raster, change);
    } else {
        site->end_sample = phasor_end(site, &outlook, change);
    }
    chip_advance(site, outlook.supplied != 0);
    if (outlook.supplied == 0) {
        relays_stop(&site->relays); /* a pulse that is cut short moves nothing */
    }
    if (outlook.supplied != 0 && site->supplied == 0) {
        systems_power_up(site);
    }
    site->supplied = outlook.supplied;
    site->end_sample = earlier(site->end_sample, site->until_sample);
    /* at the last sample before a change of tariff: what is left of it is less than a sample */
    site->tariff_us = site->meter.next_tariff_us;
    const int64_t tariff = site->tariff_us / SITE_SAMPLE_US;
    site->end_sample = tariff > site->sample ? earlier(site->end_sample, tariff) : site->end_sample;
    if (site->event.kind == LAB_EVENT_KILL && site->event.at_us != NEVER_US) {
        const int64_t kill = site->event.at_us / SITE_SAMPLE_US;
        site->end_sample = kill > site->sample ? earlier(site->end_sample, kill) : site->end_sample;
    }
}

static void meter_window(struct site *site, int64_t end, int64_t at_us)
{
    uint8_t frames[LAB_PHASES * MEASURING_FRAME_BYTES_MAX];
    struct measuring_window window[LAB_PHASES];
    size_t length = 0;
    mains_window(site->mains, site->sample * SITE_SAMPLE_US, (uint32_t)(end - site->sample),
                 window);
    for (unsigned s = 0; s < site->systems; s++) {
        measuring_system_window(&site->system[s], &window[s]);
        length += measuring_system_frame(&site->system[s], frames + length);
    }
    meter_bus_receive(&site->meter, frames, length, at_us);
    site_quality_window(site, (uint32_t)(end - site->sample), at_us);
}

/* Feed one system up to its next frame.  @return samples used. */
static size_t feed_system(struct site *site, unsigned s, size_t from, size_t n, bool *closed)
{
    uint32_t phase, step;
    measuring_system_oscillator(&site->system[s], &phase, &step);
    const size_t used = measuring_system_samples(&site->system[s], site->v_lsb[s] + from,
                                                 site->i_lsb[s] + from, n - from, closed);
    quality_sampler_run(&site->sampler[s], phase, step, site->v_lsb[s] + from,
                        site->i_lsb[s] + from, used);
    site->open_samples[s] = *closed ? 0 : site->open_samples[s] + (uint32_t)used;
    return used;
}

/* Samples up to end.  Systems behind sensors have their own clocks: n differs by one or so. */
static void chunk_samples(struct site *site, int64_t end, size_t n[LAB_PHASES])
{
    int32_t *v_lsb[LAB_PHASES], *i_lsb[LAB_PHASES];
    for (unsigned s = 0; s < LAB_PHASES; s++) {
        v_lsb[s] = site->v_lsb[s];
        i_lsb[s] = site->i_lsb[s];
        n[s] = (size_t)(end - site->sample);
    }
    if (!site->sensors.fitted) {
        mains_samples(site->mains, site->sample, n[0], v_lsb, i_lsb);
        return;
    }
    for (unsigned s = 0; s < site->systems; s++) {
        n[s] = sensors_samples(&site->sensors, s, end * SITE_SAMPLE_US, SITE_CHUNK_MAX, v_lsb[s],
                               i_lsb[s]);
        measuring_system_temperature(&site->system[s],
                                     front_end_temperature_cc(&site->sensors.front_end, s));
    }
}

/* When a system had taken so many of the chunk's n samples. */
static int64_t chunk_us(const struct site *site, unsigned s, size_t fed, size_t n)
{
    return site->sensors.fitted ? sensors_instant_us(&site->sensors, s, n - fed)
                                : (site->sample + (int64_t)fed) * SITE_SAMPLE_US;
}

/* The systems close their windows by themselves; frames go out in the order of their instants. */
static void meter_chunk(struct site *site, int64_t end)
{
    size_t n[LAB_PHASES], fed[LAB_PHASES] = {0};
    bool closed[LAB_PHASES] = {false};
    chunk_samples(site, end, n);
    for (;;) {
        unsigned first = LAB_PHASES;
        int64_t first_us = NEVER_US;
        for (unsigned s = 0; s < site->systems; s++) {
            if (!closed[s] && fed[s] < n[s]) {
                fed[s] += feed_system(site, s, fed[s], n[s], &closed[s]);
            }
            const int64_t at_us = chunk_us(site, s, fed[s], n[s]);
            if (closed[s] && at_us < first_us) {
                first = s;
                first_us = at_us;
            }
        }
        if (first == LAB_PHASES) {
            return;
        }
        uint8_t frame[MEASURING_FRAME_BYTES_MAX];
        const size_t length = measuring_system_frame(&site->system[first], frame);
        meter_bus_receive(&site->meter, frame, length, later(first_us, site->now_us));
        site_quality_closed(site, first, later(first_us, site->now_us));
        closed[first] = false;
    }
}

/* Waveform level: what a system was fed since its last window, as a window of its own.  The filters
 * hold back the products of some samples more; the phasors are not late. */
static void rest_window(struct site *site, unsigned s, struct measuring_window *out)
{
    struct measuring_window window[LAB_PHASES];
    struct measuring_setup setup;
    legal_measuring_setup(&site->meter.legal, (uint8_t)(s + 1), &setup);
    const int64_t fed = site->open_samples[s];
    const int64_t n = earlier(fed + setup.current_delay_samples, site->sample);
    mains_last_window(site->mains, site->sample * SITE_SAMPLE_US, (uint32_t)n, window);
    *out = window[s];
    out->reactive_lsb2 = out->reactive_lsb2 / n * fed;
}

static void meter_rest(struct site *site)
{
    uint8_t frames[LAB_PHASES * MEASURING_FRAME_BYTES_MAX];
    size_t length = 0;
    for (unsigned s = 0; s < site->systems; s++) {
        if (site->open_samples[s] > 0) {
            struct measuring_window window;
            rest_window(site, s, &window);
            measuring_system_window(&site->system[s], &window);
            length += measuring_system_frame(&site->system[s], frames + length);
            site->open_samples[s] = 0;
        }
    }
    meter_bus_receive(&site->meter, frames, length, site->now_us);
    (void)meter_step(&site->meter, site->now_us);
}

int site_store(struct site *site)
{
    if (site->waveform && !site->sensors.fitted) {
        meter_rest(site);
    }
    const bool stored = meter_store(&site->meter) == METER_OK;
    return eeprom_sync(site->eeprom) == 0 && stored ? 0 : -1;
}

static void take_event(struct site *site, int64_t at_us)
{
    static const enum meter_input inputs[] = {
        [LAB_EVENT_MAGNET] = METER_INPUT_MAGNET,
        [LAB_EVENT_COVER] = METER_INPUT_COVER,
        [LAB_EVENT_TERMINAL_COVER] = METER_INPUT_TERMINAL_COVER,
        [LAB_EVENT_SEAL] = METER_INPUT_SEAL,
        [LAB_EVENT_MODULE] = METER_INPUT_MODULE,
        [LAB_EVENT_BUTTON_LEFT] = METER_INPUT_BUTTON_LEFT,
        [LAB_EVENT_BUTTON_RIGHT] = METER_INPUT_BUTTON_RIGHT,
        [LAB_EVENT_TARIFF_1] = METER_INPUT_TARIFF_1,
        [LAB_EVENT_TARIFF_2] = METER_INPUT_TARIFF_2,
        [LAB_EVENT_PIN_1] = METER_INPUT_PIN_1,
        [LAB_EVENT_PIN_2] = METER_INPUT_PIN_2,
    };
    if (site->event.kind == LAB_EVENT_KILL) {
        _exit(EXIT_KILLED); /* a power cut without warning: nothing is stored, nothing is closed */
    }
    if (site->event.kind == LAB_EVENT_BACKUP) {
        rtc_backup_remove(&site->rtc);
    } else if (site->event.kind >= LAB_EVENT_RELAY_STUCK) {
        site_breaker_event(site, &site->event);
    } else {
        const enum meter_input input = inputs[site->event.kind];
        site->input[input] = site->event.on;
        meter_input(&site->meter, input, site->event.on, at_us);
    }
    site->changes++;
    fetch_event(site, at_us);
    plan_window(site);
}

int64_t site_next_us(const struct site *site)
{
    if (site_finished(site)) {
        return NEVER_US;
    }
    int64_t next_us =
        earlier(earlier(site->end_sample * SITE_SAMPLE_US, site->wake_us), site->event.at_us);
    next_us = earlier(next_us, relays_next_us(&site->relays));
    for (size_t i = 0; i < site->n_beside; i++) {
        next_us = earlier(next_us, site->beside[i].due_us);
    }
    for (size_t i = 0; i < METER_INPUTS && site->n_releases > 0; i++) {
        next_us = site->release_us[i] != 0 ? earlier(next_us, site->release_us[i]) : next_us;
    }
    return next_us;
}

static void release_buttons(struct site *site, int64_t at_us)
{
    for (size_t i = 0; i < METER_INPUTS && site->n_releases > 0; i++) {
        if (site->release_us[i] != 0 && site->release_us[i] <= at_us) {
            site->release_us[i] = 0;
            site->n_releases--;
            site->input[i] = false;
            meter_input(&site->meter, (enum meter_input)i, false, at_us);
            site->changes++;
        }
    }
}

/* One due thing.  A window that ends when an event happens is metered first. */
static void advance_once(struct site *site, int64_t at_us)
{
    if (at_us >= site->end_sample * SITE_SAMPLE_US) {
        if (site->waveform) {
            meter_chunk(site, site->end_sample);
        } else {
            meter_window(site, site->end_sample, at_us);
        }
        site->sample = site->end_sample;
        site->now_us = at_us;
        plan_window(site);
    } else if (at_us == site->event.at_us) {
        take_event(site, at_us);
    }
    site->now_us = at_us;
    if (site_breaker_run(site, at_us)) {
        plan_window(site);
    }
    release_buttons(site, at_us);
    site->wake_us = meter_step(&site->meter, at_us);
    if (site->wake_us <= at_us) {
        site->wake_us = at_us + 1; /* time must move on whatever the meter asks for */
    }
    for (size_t i = 0; i < site->n_beside; i++) {
        struct site_beside *beside = &site->beside[i];
        beside->due_us = later(beside->step(beside->context), at_us + 1);
    }
}

void site_beside_add(struct site *site, int64_t (*step)(void *context), void *context)
{
    if (site->n_beside < SITE_BESIDE_MAX) {
        site->beside[site->n_beside++] = (struct site_beside){.step = step, .context = context};
    }
}

void site_beside_remove(struct site *site, const void *context)
{
    for (size_t i = 0; i < site->n_beside; i++) {
        if (site->beside[i].context == context) {
            site->beside[i] = site->beside[--site->n_beside];
            return;
        }
    }
}

bool site_advance(struct site *site, int64_t target_us, int64_t budget_end_us)
{
    for (unsigned n = 1; !site_finished(site); n++) {
        if (site->event.at_us == NEVER_US && site->now_us > site->horizon_us - EVENT_MARGIN_US) {
            fetch_event(site, site->now_us);
            plan_window(site);
        }
        if (site->calibrations != legal_calibration_count(&site->meter.legal)) {
            systems_start(site); /* with their part of the new constants */
        }
        if (site->tariff_us != site->meter.next_tariff_us) { /* a client has changed it */
            plan_window(site);
        }
        const int64_t at_us = later(site_next_us(site), site->now_us);
        if (at_us > target_us) {
            site->now_us = later(site->now_us, target_us);
            return true;
        }
        advance_once(site, at_us);
        if (site_rests(site) || (n % CLOCK_CHECK_EVERY == 0 && instant_wall_us() > budget_end_us)) {
            return false;
        }
    }
    return true;
}

void site_hear(struct site *site)
{
    if (site->now_us > site->meter.now_us) {
        site->wake_us = later(meter_step(&site->meter, site->now_us), site->now_us + 1);
    }
}

void site_power_up(struct site *site)
{
    const int64_t limit_us = site->waveform ? SITE_POWER_UP_US : SITE_FIRST_WINDOW * SITE_SAMPLE_US;
    while (!site->meter.supply_on && !site_finished(site) && site_next_us(site) <= limit_us) {
        (void)site_advance(site, site_next_us(site), INT64_MAX);
    }
}

void site_set_window(struct site *site, uint32_t window_samples, bool led_late)
{
    site->window_samples = window_samples;
    if (site->meter.late_us > 0 && !led_late) {
        site->wake_us = earlier(site->wake_us, site->now_us + 1); /* what was put off comes now */
    }
    meter_pulses_late(&site->meter, led_late ? window_samples * SITE_SAMPLE_US : 0);
    plan_window(site);
}

void site_input(struct site *site, enum meter_input input, bool on)
{
    site->input[input] = on;
    meter_input(&site->meter, input, on, site->now_us);
    site->wake_us = meter_step(&site->meter, site->now_us);
    site->changes++;
}

void site_press(struct site *site, enum meter_input button, int64_t held_us)
{
    site_input(site, button, true);
    site->n_releases += site->release_us[button] == 0 ? 1u : 0u;
    site->release_us[button] = later(site->now_us, 1) + held_us;
}

int site_control(struct site *site, const char *name, double value, struct lab_error *error)
{
    if (mains_control(site->mains, site->now_us, name, value, error) != 0) {
        return -1;
    }
    plan_window(site);
    const bool reset = strcmp(name, "reset") == 0;
    if (reset || strcmp(name, "neutral") == 0) {
        site->neutral_lost = !reset && value != 0.0;
    }
    if (reset || strcmp(name, "sequence") == 0) {
        site->reversed = !reset && value > 0.5;
    }
    if (reset || strcmp(name, "supply") == 0) {
        site->supply_cut = !reset && value == 0.0;
    }
    site->changes++;
    return 0;
}

void site_feed(struct site *site, const struct lab_state *state)
{
    struct lab_error error;
    if (mains_replace(site->mains, site->now_us, state, &error) == 0) {
        plan_window(site);
        site->changes++;
    }
}
