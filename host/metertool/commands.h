/**
 * The commands of metertool: ONE table, from which dispatch, help, manual page and completion come.
 * A new command is a row in commands.c and a file cmd_NAME.c.
 */
#ifndef OPEN382_COMMANDS_H
#define OPEN382_COMMANDS_H

#include "../../proto/mbus/mbus_frame.h"
#include "tool.h"

struct command {
    const char *name;
    const char *arguments; /**< for the help line: "[REGISTER ...]" */
    const char *summary;
    bool needs_meter; /**< the line is open when run is called */
    bool completes_registers;
    enum tool_exit (*run)(struct tool *tool, int n_arguments, char **arguments);
};

/** Options without a letter. */
enum option_long {
    OPTION_SOURCE = 256,
    OPTION_SHORT,
    OPTION_DRY_RUN,
    OPTION_REPORT,
    OPTION_SHOW,
    OPTION_PASSWORD_FILE,
    OPTION_KEYS,
    OPTION_HEX,
    OPTION_RTL433,
    OPTION_SAMPLES,
    OPTION_FILTER
};

/** One option of the command line, for getopt, help and completion alike. */
struct option_row {
    int letter;           /**< above 255: long form only */
    const char *name;     /**< long form */
    const char *argument; /**< NULL: takes none */
    const char *summary;
};

/** "-m, ", or nothing: as it stands before the long form. */
void option_letter_text(const struct option_row *row, char text[8]);

extern const struct command commands[];
extern const size_t commands_length;
extern const struct option_row option_rows[];
extern const size_t option_rows_length;
/** Paragraphs of help and manual page. */
extern const char help_addresses[], help_registers[], help_exits[];

/** NULL when there is none. */
const struct command *command_by_name(const char *name);
/** Does it know what to do with a meter over DLMS? */
bool command_takes_dlms(const struct command *command);

/** A telegram as the format wants it; heading: before the first of several (CSV).  Complains
 *  itself. */
enum tool_exit decode_print(const struct tool *tool, const struct mbus_frame *frame, bool heading);

enum tool_exit command_listen(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_module(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_mbus(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_pulses(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_loadcontrol(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_info(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_read(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_watch(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_dump(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_testmode(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_prepay(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_alarms(struct tool *tool, int n_arguments, char **arguments);
/** The alarms in a push as delivered, in words.  @return false: it is another one */
bool alarms_of_push(struct reader data, char *text, size_t capacity);
/** events alarms [clear]. */
enum tool_exit events_alarms(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_events(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_profile(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_analysis(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_billing(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_debit(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_quality(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_registers(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_tariff(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_clock(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_config(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_calibrate(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_dlms(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_display(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_breaker(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_seal(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_decode(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_help(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_man(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit command_completion(struct tool *tool, int n_arguments, char **arguments);

/** Fill the selection from arguments.  Complains itself. */
enum tool_exit select_registers(struct tool *tool, int n_arguments, char **arguments);
/** Select what people usually look at: energy, power, voltage, current. */
void select_usual(struct tool *tool);

#endif
