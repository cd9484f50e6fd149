#include "site.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "instant.h"

#define CLOCK_CHECK_EVERY 32u /* due things between two looks at the wall clock */
#define NEVER_US          INT64_MAX
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
    site->changes++;
}

static bool board_rtc_read(void *context, int64_t *utc_s)
{
    const struct site *site = context;
    *utc_s = site_utc_s(site) + site->clock_offset_s;
    return true;
}

static void board_rtc_write(void *context, int64_t utc_s)
{
    struct site *site = context;
    site->clock_offset_s = utc_s - site_utc_s(site);
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
                  .pulse_output = board_pulse,
                  .program = legal_program_begin,
                  .program_bytes = (uint32_t)(legal_program_end - legal_program_begin)},
        .context = site,
        .app_memory_read = board_app_read,
        .app_memory_write = board_app_write,
        .rtc_read = board_rtc_read,
        .rtc_write = board_rtc_write,
        .random = board_random,
    };
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
    site->waveform = options->waveform || mains_is_waveform(site->mains);
    return 0;
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
    for (unsigned s = 0; s < site->systems; s++) {
        struct measuring_setup setup;
        legal_measuring_setup(&site->meter.legal, (uint8_t)(s + 1), &setup);
        measuring_system_start(&site->system[s], &setup, legal_measuring_epoch(&site->meter.legal));
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
    board_fill(site);
    const enum meter_err error = meter_start(&site->meter, &site->board, &options->variant,
                                             options->serial_number, site->now_us);
    if (start_problem(site, options, error, problem) != 0) {
        return -1;
    }
    systems_start(site);
    site->wake_us = meter_step(&site->meter, site->now_us);
    fetch_event(site, 0);
    return 0;
}

int site_store(struct site *site)
{
    const bool stored = meter_store(&site->meter) == METER_OK;
    return eeprom_sync(site->eeprom) == 0 && stored ? 0 : -1;
}

void site_close(struct site *site)
{
    mains_close(site->mains);
    site->mains = NULL;
}

int64_t site_utc_s(const struct site *site)
{
    return site->start_utc_s + site->now_us / 1000000;
}

/* ---- metering ---- */

/* Waveform level: the run ends when each system has closed the window that holds the last instant;
 * silence fills it up, so that the energy is that of the run and no more. */
static bool systems_drained(const struct site *site)
{
    for (unsigned s = 0; s < site->systems; s++) {
        if (site->waveform && site->open_samples[s] > 0) {
            return false;
        }
    }
    return true;
}

bool site_finished(const struct site *site)
{
    return site->sample >= site->until_sample && systems_drained(site);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Where the window that is open now will end.  Windows lie on a grid, so that a change of their
 * length, the end of the run and a kill cut one window and move no other. */
static int64_t window_end(const struct site *site)
{
    const int64_t length = site->waveform ? SITE_CHUNK_SAMPLES : site->window_samples;
    int64_t end = (site->sample / length + 1) * length;
    if (site->sample == 0 && !site->waveform) {
        end = SITE_FIRST_WINDOW;
    }
    if (site->sample < site->until_sample) {
        end = earlier(end, site->until_sample);
    }
    if (site->event.kind == LAB_EVENT_KILL && site->event.at_us != NEVER_US) {
        const int64_t kill = site->event.at_us / SITE_SAMPLE_US;
        end = kill > site->sample ? earlier(end, kill) : end;
    }
    return end;
}

static void meter_window(struct site *site, int64_t end)
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
    meter_bus_receive(&site->meter, frames, length, end * SITE_SAMPLE_US);
}

/* Feed one system up to its next frame.  @return samples used. */
static size_t feed_system(struct site *site, unsigned s, size_t from, size_t n, bool *closed)
{
    const size_t used = measuring_system_samples(&site->system[s], site->v_lsb[s] + from,
                                                 site->i_lsb[s] + from, n - from, closed);
    site->open_samples[s] = *closed ? 0 : site->open_samples[s] + (uint32_t)used;
    return used;
}

/* The systems close their windows by themselves; frames go out in the order of their instants. */
static void meter_chunk(struct site *site, int64_t end)
{
    int32_t *v_lsb[LAB_PHASES], *i_lsb[LAB_PHASES];
    size_t fed[LAB_PHASES] = {0};
    bool closed[LAB_PHASES] = {false};
    const size_t n = (size_t)(end - site->sample);
    const bool draining = site->sample >= site->until_sample;
    for (unsigned s = 0; s < LAB_PHASES; s++) {
        v_lsb[s] = site->v_lsb[s];
        i_lsb[s] = site->i_lsb[s];
    }
    if (draining) {
        memset(site->v_lsb, 0, sizeof site->v_lsb);
        memset(site->i_lsb, 0, sizeof site->i_lsb);
    } else {
        mains_samples(site->mains, site->sample, n, v_lsb, i_lsb);
    }
    for (;;) {
        unsigned first = LAB_PHASES;
        for (unsigned s = 0; s < site->systems; s++) {
            const bool wanted = !draining || site->open_samples[s] > 0;
            if (!closed[s] && fed[s] < n && wanted) {
                fed[s] += feed_system(site, s, fed[s], n, &closed[s]);
            }
            if (closed[s] && (first == LAB_PHASES || fed[s] < fed[first])) {
                first = s;
            }
        }
        if (first == LAB_PHASES) {
            return;
        }
        uint8_t frame[MEASURING_FRAME_BYTES_MAX];
        const size_t length = measuring_system_frame(&site->system[first], frame);
        const int64_t at_us = (site->sample + (int64_t)fed[first]) * SITE_SAMPLE_US;
        meter_bus_receive(&site->meter, frame, length, later(at_us, site->now_us));
        closed[first] = false;
    }
}

static void take_event(struct site *site, int64_t at_us)
{
    static const enum meter_input inputs[] = {
        [LAB_EVENT_MAGNET] = METER_INPUT_MAGNET,
        [LAB_EVENT_COVER] = METER_INPUT_COVER,
        [LAB_EVENT_TERMINAL_COVER] = METER_INPUT_TERMINAL_COVER,
        [LAB_EVENT_BUTTON_LEFT] = METER_INPUT_BUTTON_LEFT,
        [LAB_EVENT_BUTTON_RIGHT] = METER_INPUT_BUTTON_RIGHT,
    };
    if (site->event.kind == LAB_EVENT_KILL) {
        _exit(EXIT_KILLED); /* a power cut without warning: nothing is stored, nothing is closed */
    }
    const enum meter_input input = inputs[site->event.kind];
    site->input[input] = site->event.on;
    meter_input(&site->meter, input, site->event.on, at_us);
    site->changes++;
    fetch_event(site, at_us);
}

int64_t site_next_us(const struct site *site)
{
    if (site_finished(site)) {
        return NEVER_US;
    }
    return earlier(earlier(window_end(site) * SITE_SAMPLE_US, site->wake_us), site->event.at_us);
}

/* One due thing.  A window that ends when an event happens is metered first. */
static void advance_once(struct site *site, int64_t end, int64_t at_us)
{
    if (at_us == end * SITE_SAMPLE_US) {
        if (site->waveform) {
            meter_chunk(site, end);
        } else {
            meter_window(site, end);
        }
        site->sample = end;
    } else if (at_us == site->event.at_us) {
        take_event(site, at_us);
    }
    site->now_us = at_us;
    site->wake_us = meter_step(&site->meter, at_us);
    if (site->wake_us <= at_us) {
        site->wake_us = at_us + 1; /* time must move on whatever the meter asks for */
    }
}

bool site_advance(struct site *site, int64_t target_us, int64_t budget_end_us)
{
    for (unsigned n = 1; !site_finished(site); n++) {
        if (site->event.at_us == NEVER_US && site->now_us > site->horizon_us - EVENT_MARGIN_US) {
            fetch_event(site, site->now_us);
        }
        const int64_t end = window_end(site);
        int64_t at_us = earlier(earlier(end * SITE_SAMPLE_US, site->wake_us), site->event.at_us);
        at_us = later(at_us, site->now_us);
        if (at_us > target_us) {
            site->now_us = later(site->now_us, target_us);
            return true;
        }
        advance_once(site, end, at_us);
        if (n % CLOCK_CHECK_EVERY == 0 && instant_wall_us() > budget_end_us) {
            return false;
        }
    }
    return true;
}

void site_power_up(struct site *site)
{
    const int64_t limit_us = site->waveform ? SITE_POWER_UP_US : SITE_FIRST_WINDOW * SITE_SAMPLE_US;
    while (!site->meter.supply_on && !site_finished(site) && site_next_us(site) <= limit_us) {
        (void)site_advance(site, site_next_us(site), INT64_MAX);
    }
}

void site_set_window(struct site *site, uint32_t window_samples)
{
    site->window_samples = window_samples;
}

void site_input(struct site *site, enum meter_input input, bool on)
{
    site->input[input] = on;
    meter_input(&site->meter, input, on, site->now_us);
    site->wake_us = meter_step(&site->meter, site->now_us);
    site->changes++;
}

int site_control(struct site *site, const char *name, double value, struct lab_error *error)
{
    if (mains_control(site->mains, site->now_us, name, value, error) != 0) {
        return -1;
    }
    const bool reset = strcmp(name, "reset") == 0;
    if (reset || strcmp(name, "neutral") == 0) {
        site->neutral_lost = !reset && value != 0.0;
    }
    if (reset || strcmp(name, "supply") == 0) {
        site->supply_cut = !reset && value == 0.0;
    }
    site->changes++;
    return 0;
}
