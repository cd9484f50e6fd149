/* meter382: the meter as a Linux process.  What happens, in order; docs/meter382.md is the manual.
 */
#include <stdio.h>
#include <stdlib.h>

#include "consumer_ports.h"
#include "dlms_ports.h"
#include "eeprom_file.h"
#include "module_ports.h"
#include "options.h"
#include "panel_http.h"
#include "radio_ports.h"
#include "registers_json.h"
#include "run.h"
#include "source_port.h"

/* Everything that can be refused is refused before a file or a folder is made. */
static int open_all(struct run *run, struct eeprom *eeprom, struct problem *problem)
{
    const struct options *options = run->options;
    if (site_read_keys(&run->site, options, problem) != 0 ||
        site_open_mains(&run->site, options, problem) != 0 || run_open(run, problem) != 0 ||
        optical_ports_bind(&run->ports, options, problem) != 0 ||
        panel_bind(&run->panel, options, problem) != 0 ||
        dlms_ports_bind(&run->dlms, options, problem) != 0 ||
        consumer_ports_bind(&run->consumer, run, problem) != 0 ||
        module_ports_bind(&run->modules, run, problem) != 0 ||
        radio_ports_bind(&run->radio, run, problem) != 0 ||
        source_port_bind(&run->source, options, problem) != 0) {
        return -1;
    }
    if (eeprom_open(eeprom, options->data, problem) != 0 ||
        site_start(&run->site, options, eeprom, problem) != 0 ||
        optical_ports_open(&run->ports, &run->site.meter, problem) != 0) {
        return -1;
    }
    if (run->dlms != NULL && dlms_ports_open(run->dlms, run, problem) != 0) {
        return -1;
    }
    if (run->consumer != NULL && consumer_ports_open(run->consumer, problem) != 0) {
        return -1;
    }
    if (module_ports_open(run->modules, problem) != 0) {
        return -1;
    }
    if (run->radio != NULL) {
        radio_ports_open(run->radio);
    }
    if (run->source != NULL && source_port_open(run->source, run, problem) != 0) {
        return -1;
    }
    return run->panel == NULL ? 0 : panel_open(run->panel, run, problem);
}

/* One line per open port, at once: whoever waits for them may connect now. */
static void print_ready(const struct run *run)
{
    for (size_t i = 0; i < run->ports.n_ports; i++) {
        printf("%s\n", run->ports.port[i].text);
    }
    for (size_t i = 0; run->dlms != NULL && i < run->options->n_dlms; i++) {
        printf("%s\n", dlms_ports_text(run->dlms, i));
    }
    for (size_t i = 0; run->consumer != NULL && i < run->options->n_consumer; i++) {
        printf("%s\n", consumer_ports_text(run->consumer, i));
    }
    const char *text;
    for (size_t i = 0; (text = module_ports_text(run->modules, i)) != NULL; i++) {
        printf("%s\n", text);
    }
    if (run->radio != NULL) {
        printf("%s\n", radio_ports_text(run->radio));
    }
    if (run->panel != NULL) {
        printf("%s\n", panel_text(run->panel));
    }
    if (run->source != NULL) {
        printf("%s\n", source_port_text(run->source));
    }
    if (!run->options->headless) {
        printf("metering %s\n", mains_description(run->site.mains));
    }
    (void)fflush(stdout);
}

static int print_status(const struct run *run)
{
    size_t length;
    char *text = registers_json(&run->site.meter, false, &length);
    if (text == NULL) {
        return -1;
    }
    printf("%s\n", text);
    free(text);
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? 0 : -1;
}

/* The orderly end: nothing at all is lost. */
static int finish(struct run *run, struct problem *problem)
{
    if (site_store(&run->site) != 0) {
        return problem_set(problem, EXIT_NOT_ABLE, "the memory could not be stored");
    }
    if (mains_clipped(run->site.mains)) {
        (void)fprintf(stderr, "meter382: --mains: was beyond the measuring range (700 V or 250 A "
                              "peak at a phase) and has been cut off there\n");
    }
    if (run->options->status && print_status(run) != 0) {
        return problem_set(problem, EXIT_NOT_ABLE, "the status could not be printed");
    }
    return 0;
}

static void close_all(struct run *run, struct eeprom *eeprom)
{
    panel_close(run->panel);
    source_port_close(run->source);
    radio_ports_close(run->radio);
    module_ports_close(run->modules);
    consumer_ports_close(run->consumer);
    dlms_ports_close(run->dlms);
    optical_ports_close(&run->ports);
    site_close(&run->site);
    eeprom_close(eeprom);
    run_free(run);
}

int main(int argc, char **argv)
{
    struct options options;
    struct problem problem = {0, ""};
    struct eeprom eeprom = {.folder = -1};
    const enum options_result parsed = options_parse(&options, argc, argv, &problem);
    if (parsed == OPTIONS_DONE) {
        return 0;
    }
    struct run *run = parsed == OPTIONS_RUN ? run_new(&options, &problem) : NULL;
    if (run != NULL) {
        if (open_all(run, &eeprom, &problem) == 0) {
            site_power_up(&run->site);
            print_ready(run);
            run_go(run);
            (void)finish(run, &problem);
        }
        close_all(run, &eeprom);
    }
    if (problem.exit_status != 0) {
        (void)fprintf(stderr, "meter382: %s\n", problem.text);
    }
    return problem.exit_status;
}
