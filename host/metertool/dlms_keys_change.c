/* metertool dlms keys: other keys into a meter (class 64, key transfer). */
#include <string.h>
#include <unistd.h>

#include "../lib/dlms_key_transfer.h"
#include "cmd_dlms.h"

#define CLASS_SECURITY 64u
#define KEY_TRANSFER   2

/* What the keys are called in a key file; the numbers are those of key_transfer. */
static const char *const names[DLMS_KEY_IDS] = {"guek", "gbek", "gak", "kek"};

/** Everything that can be wrong before anything is sent. */
static enum tool_exit check(const struct tool *tool, const struct key_file *wanted)
{
    const struct key_file *now = &tool->dlms.keys;
    if (!tool->dlms.client.settings.ciphered) {
        tool_complain("keys are changed in a ciphered association only: expected auth=gmac");
        return EXIT_USAGE;
    }
    if (!now->has[DLMS_KEY_MASTER]) {
        tool_complain("kek is needed to wrap the new keys: expected it in --keys FILE");
        return EXIT_USAGE;
    }
    if (wanted->n_key != now->n_key) {
        tool_complain("the new keys have another length than the meter's: expected %zu hex digits",
                      2 * now->n_key);
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

static bool confirmed(const struct tool *tool)
{
    char answer[8] = "";
    if (tool->options.yes) {
        return true;
    }
    if (isatty(STDIN_FILENO) == 0) {
        tool_complain("changing keys: expected --yes");
        return false;
    }
    fputs("The meter will know only the new keys.  Go on? [y/N] ", stderr);
    return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static enum tool_exit transfer(struct tool *tool, const struct key_file *wanted)
{
    static const uint8_t code[6] = {0, 0, 43, 0, 0, 255};
    uint8_t data[256];
    struct writer w = writer_over(data, sizeof data);
    struct dlms_descriptor d = {.class_id = CLASS_SECURITY, .member = KEY_TRANSFER};
    memcpy(d.obis, code, sizeof d.obis);
    const struct key_file *now = &tool->dlms.keys;
    const int n = dlms_key_transfer_write(&tool->dlms.protector.crypto, now, wanted, &w);
    for (int id = 0; id < DLMS_KEY_IDS && n > 0; id++) {
        if (dlms_key_changes(now, wanted, id)) {
            fprintf(stderr, "metertool: %s is another one\n", names[id]);
        }
    }
    if (n <= 0) {
        tool_complain(n < 0 ? "the keys cannot be wrapped: expected keys of 16 or 32 octets"
                            : "the keys are those that the meter has: nothing is changed");
        return n < 0 ? EXIT_METER : EXIT_GOOD;
    }
    if (!confirmed(tool)) {
        return EXIT_USAGE;
    }
    const int err = dlms_client_action(&tool->dlms.client, &d,
                                       (struct dlms_octets){data, writer_length(&w)}, NULL);
    crypto_wipe(data, sizeof data);
    if (err != DLMS_CLIENT_OK) {
        return (enum tool_exit)dlms_meter_fail(tool, err, "changing keys");
    }
    printf("%d keys changed; from the next association on the new file is the meter's\n", n);
    return EXIT_GOOD;
}

enum tool_exit dlms_command_keys(struct tool *tool, int n_arguments, char **arguments)
{
    struct key_file wanted;
    char error[KEY_FILE_ERROR_MAX];
    if (n_arguments != 2 || strcmp(arguments[0], "change") != 0) {
        tool_complain("expected metertool dlms keys change FILE, a key file with the new keys");
        return EXIT_USAGE;
    }
    if (key_file_read(&wanted, arguments[1], error) != HOST_OK) {
        tool_complain("%s", error);
        return EXIT_USAGE;
    }
    enum tool_exit result = check(tool, &wanted);
    result = result == EXIT_GOOD ? transfer(tool, &wanted) : result;
    key_file_wipe(&wanted);
    return result;
}
