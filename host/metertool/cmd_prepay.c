/* metertool prepay: what is left, loading it, tokens, switching it on and off. */
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "../../ports/crypto/openssl/crypto_openssl.h"
#include "commands.h"
#include "prepay_dlms.h"
#include "prepay_text.h"
#include "supply_ask.h"

#define ID_BASIS         1118u
#define ID_SERIAL        1001u
#define BASIS_PREPAYMENT 2
#define NO_DAYS          65535u
#define TOKEN_EPOCH_S    INT64_C(1577836800) /* 2020: ids of tokens are minutes since then */
#define SERIAL_MAX       99999999u
#define UTC_TEXT         32u

/* ---- talking ---- */

/* The answer to a command, behind address and command. */
static enum tool_exit ask(struct tool *tool, uint8_t cid, const uint8_t *data, size_t n_data,
                          struct reader *answer)
{
    const int n = kmp_link_command(&tool->kmp, cid, data, n_data);
    if (n < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    *answer = reader_over(tool->kmp.receiver.body, (size_t)n);
    (void)reader_bytes(answer, 2);
    return EXIT_GOOD;
}

static enum tool_exit damaged(void)
{
    tool_complain("prepay: the meter's answer is not as it should be");
    return EXIT_METER;
}

static enum tool_exit look_at(struct tool *tool, struct kmp_prepay *prepay)
{
    struct reader r;
    const int n = kmp_link_command(&tool->kmp, KMP_PREPAY_LOOK, NULL, 0);
    if (n == HOST_ERR_SILENT) {
        tool_complain("no answer: a meter without prepayment is silent, or there is none");
        return EXIT_METER;
    }
    if (n < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    r = reader_over(tool->kmp.receiver.body, (size_t)n);
    (void)reader_bytes(&r, 2);
    return kmp_prepay_read(&r, prepay) == KMP_OK ? EXIT_GOOD : damaged();
}

/* A reply that says what became of it.  Complains itself. */
static enum tool_exit reply_of(struct reader *r, const char *what, struct kmp_prepay_reply *reply)
{
    if (kmp_prepay_reply_read(r, reply) != KMP_OK) {
        return damaged();
    }
    if (reply->result == 0) {
        return EXIT_GOOD;
    }
    const char *text = kmp_prepay_result_text(reply->result);
    if (reply->wait_s > 0) {
        tool_complain("%s: %s; the next one in %u s", what,
                      text != NULL ? text : "refused, and this tool does not know why",
                      (unsigned)reply->wait_s);
    } else {
        tool_complain("%s: %s", what,
                      text != NULL ? text : "refused, and this tool does not know why");
    }
    return EXIT_METER;
}

/* ---- show ---- */

static const char *const ways[] = {NULL, "set", "loaded", "token", "switched off"};
#define N_WAYS (sizeof ways / sizeof ways[0])

static const char *utc_text(int64_t utc_s, char text[UTC_TEXT])
{
    struct tm parts;
    const time_t seconds = (time_t)utc_s;
    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(text, UTC_TEXT, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        text[0] = '\0';
    }
    return text;
}

static json_t *json_kwh(int64_t uwh)
{
    return json_real((double)uwh / 1e9);
}

static json_t *last_json(const struct kmp_prepay *p)
{
    char utc[UTC_TEXT];
    if (p->way == 0 || p->way >= N_WAYS) {
        return json_null();
    }
    return json_pack("{s:s, s:i, s:o, s:o, s:s}", "way", ways[p->way], "number",
                     (int)p->last_number, "kwh", json_kwh(p->amount_uwh), "left_kwh",
                     json_kwh(p->then_left_uwh), "utc", utc_text(p->utc_s, utc));
}

static void print_json(const struct kmp_prepay *p)
{
    json_t *all =
        json_pack("{s:b, s:o, s:I, s:o, s:b, s:b, s:b, s:o, s:o, s:i, s:i, s:b, s:I, s:o}", "on",
                  (p->flags & KMP_PREPAY_ON) != 0, "left_kwh", json_kwh(p->left_uwh), "left_uwh",
                  (json_int_t)p->left_uwh, "max_kwh", json_kwh(p->max_uwh), "cut_off",
                  (p->flags & KMP_PREPAY_CUT) != 0, "low_limit_in_use",
                  (p->flags & KMP_PREPAY_LOW) != 0, "alarm", (p->flags & KMP_PREPAY_WARNS) != 0,
                  "days", p->days == NO_DAYS ? json_null() : json_integer(p->days), "paid_kwh",
                  json_kwh(p->paid_uwh), "low_limit_left_s", (int)p->low_left_s, "token_wait_s",
                  (int)p->token_wait_s, "has_key", (p->flags & KMP_PREPAY_KEY) != 0, "load_number",
                  (json_int_t)p->number, "last", last_json(p));
    json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    putchar('\n');
    json_decref(all);
}

static void print_last(const struct kmp_prepay *p)
{
    char amount[32], left[32], utc[UTC_TEXT];
    if (p->way == 0 || p->way >= N_WAYS) {
        return;
    }
    prepay_text_kwh(p->amount_uwh, amount);
    prepay_text_kwh(p->then_left_uwh, left);
    printf("Last booking: %s", ways[p->way]);
    if (p->way == 2 || p->way == 3) {
        printf(" %u", (unsigned)p->last_number);
    }
    printf(", %s kWh, left then %s kWh, %s\n", amount, left, utc_text(p->utc_s, utc));
}

static void print_text(const struct kmp_prepay *p)
{
    char left[32];
    prepay_text_kwh(p->left_uwh < 0 ? -p->left_uwh : p->left_uwh, left);
    printf("Prepayment: %s\n", (p->flags & KMP_PREPAY_ON) != 0 ? "on" : "off");
    printf("%s: %s kWh\n", p->left_uwh < 0 ? "Owed" : "Left", left);
    if (p->days != NO_DAYS) {
        printf("Lasts for: %u day%s, as the last ones went\n", (unsigned)p->days,
               p->days == 1 ? "" : "s");
    }
    if ((p->flags & KMP_PREPAY_WARNS) != 0) {
        puts("ALARM: the credit is low.");
    }
    if ((p->flags & KMP_PREPAY_CUT) != 0) {
        puts("It was cut off since the credit was used up.");
    }
    if ((p->flags & KMP_PREPAY_LOW) != 0) {
        printf("The low limit is being used, for %u s more.\n", (unsigned)p->low_left_s);
    }
    if ((p->flags & KMP_PREPAY_KEY) == 0) {
        puts("It has no key for tokens.");
    }
    if (p->token_wait_s > 0) {
        printf("Tokens: wrong ones came; the next is looked at in %u s.\n",
               (unsigned)p->token_wait_s);
    }
    print_last(p);
}

static enum tool_exit show(struct tool *tool)
{
    struct kmp_prepay p;
    const enum tool_exit result = look_at(tool, &p);
    if (result != EXIT_GOOD) {
        return result;
    }
    if (tool->options.format == FORMAT_JSON) {
        print_json(&p);
    } else if (tool->options.format == FORMAT_CSV) {
        char left[32];
        prepay_text_kwh(p.left_uwh, left);
        printf("on,left_kwh,cut_off\n%d,%s,%d\n", (p.flags & KMP_PREPAY_ON) != 0, left,
               (p.flags & KMP_PREPAY_CUT) != 0);
    } else {
        print_text(&p);
    }
    return EXIT_GOOD;
}

/* ---- load, set ---- */

static enum tool_exit amount_of(const char *text, int64_t *uwh)
{
    if (text == NULL || !prepay_text_amount(text, uwh)) {
        tool_complain("prepay: '%s': expected kilowatt-hours, as 10 or 0.5", text ? text : "");
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

/* The number makes it safe to ask again: the meter books it once. */
static enum tool_exit send_load(struct tool *tool, uint32_t number, int64_t uwh)
{
    uint8_t data[14];
    struct reader answer;
    struct kmp_prepay_reply reply;
    struct writer w = writer_over(data, sizeof data);
    writer_uint_be(&w, tool->options.password, 2);
    writer_uint_be(&w, number, 4);
    writer_uint_be(&w, (uint64_t)uwh, 8);
    enum tool_exit result = ask(tool, KMP_PREPAY_LOAD, data, sizeof data, &answer);
    if (result != EXIT_GOOD) {
        tool_complain("whether it was loaded is not known: the same again with the number %u "
                      "loads it once, if it was not",
                      (unsigned)number);
        return result;
    }
    return reply_of(&answer, "load", &reply);
}

static enum tool_exit load(struct tool *tool, char **arguments, int n_arguments)
{
    int64_t uwh = 0;
    struct kmp_prepay p;
    uint32_t number = 0;
    enum tool_exit result = amount_of(n_arguments > 0 ? arguments[0] : NULL, &uwh);
    if (result == EXIT_GOOD && n_arguments > 1 &&
        !prepay_text_number(arguments[1], UINT32_MAX, &number)) {
        tool_complain("prepay load: '%s': expected the number of the load", arguments[1]);
        return EXIT_USAGE;
    }
    result = result == EXIT_GOOD ? look_at(tool, &p) : result;
    result = result == EXIT_GOOD ? supply_agreed(tool, true, "Load that credit? [y/N] ") : result;
    if (result == EXIT_GOOD) {
        result = send_load(tool, n_arguments > 1 ? number : p.number + 1u, uwh);
    }
    return result == EXIT_GOOD ? show(tool) : result;
}

static enum tool_exit put(struct tool *tool, const struct kmp_value *value, const char *why)
{
    const int result = kmp_link_put(&tool->kmp, tool->options.password, value);
    if (result == HOST_ERR_SILENT) {
        tool_complain("the meter refuses: %s", why);
    } else if (result != HOST_OK) {
        tool_complain("%s", tool->line.error);
    }
    return result == HOST_OK ? EXIT_GOOD : EXIT_METER;
}

static enum tool_exit set(struct tool *tool, char **arguments, int n_arguments)
{
    int64_t uwh = 0;
    struct kmp_value value;
    enum tool_exit result = amount_of(n_arguments > 0 ? arguments[0] : NULL, &uwh);
    if (result != EXIT_GOOD) {
        return result;
    }
    if (kmp_value_set(&value, 1121, 2, 8, uwh, -9) != KMP_OK) {
        return damaged();
    }
    result = supply_agreed(tool, true, "Set the credit to that? [y/N] ");
    if (result == EXIT_GOOD) {
        result = put(tool, &value,
                     "not over this connection (module port alone), wrong password, or more than "
                     "the register can show");
    }
    return result == EXIT_GOOD ? show(tool) : result;
}

/* ---- on, off ---- */

static enum tool_exit basis_read(struct tool *tool, int64_t *basis)
{
    const uint16_t id = ID_BASIS;
    struct kmp_value value;
    int exponent = 0;
    if (kmp_link_registers(&tool->kmp, &id, 1, &value) != 1 ||
        kmp_value_number(&value, basis, &exponent) != KMP_OK || exponent != 0) {
        tool_complain("the meter does not tell what opens its breaker (register 1118)");
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

static enum tool_exit switch_it(struct tool *tool, bool on)
{
    int64_t basis = 0;
    struct kmp_value value;
    struct kmp_prepay p;
    enum tool_exit result = look_at(tool, &p);
    result = result == EXIT_GOOD ? basis_read(tool, &basis) : result;
    if (result != EXIT_GOOD) {
        return result;
    }
    const int64_t wanted = on ? basis | BASIS_PREPAYMENT : basis & ~(int64_t)BASIS_PREPAYMENT;
    if (wanted == basis) {
        return show(tool);
    }
    if (on && p.left_uwh <= 0) {
        fputs("There is no credit: it may be cut off at once.\n", stderr);
    } else if (!on && p.left_uwh > 0) {
        fputs("What is left is forfeited.\n", stderr);
    }
    if (kmp_value_set(&value, ID_BASIS, 59, 1, wanted, 0) != KMP_OK) {
        return damaged();
    }
    result = supply_agreed(tool, !on,
                           on ? "Switch prepayment on? [y/N] " : "Switch prepayment off? [y/N] ");
    if (result == EXIT_GOOD) {
        result = put(tool, &value,
                     on ? "not over this connection (module port alone), wrong password, or "
                          "tariffs are configured"
                        : "not over this connection (module port alone), or wrong password");
    }
    return result == EXIT_GOOD ? show(tool) : result;
}

/* ---- tokens ---- */

static enum tool_exit token(struct tool *tool, char **arguments, int n_arguments)
{
    char text[64] = "";
    uint8_t bits[TOKEN_BYTES];
    struct kmp_prepay before, after;
    struct kmp_prepay_reply reply;
    struct reader answer;
    for (int i = 0; i < n_arguments && strlen(text) + strlen(arguments[i]) < sizeof text; i++) {
        strcat(text, arguments[i]);
    }
    if (token_bits(text, strlen(text), bits) != TOKEN_OK) {
        tool_complain("prepay token: expected 20 digits");
        return EXIT_USAGE;
    }
    enum tool_exit result = look_at(tool, &before);
    result = result == EXIT_GOOD ? supply_agreed(tool, true, "Hand in that token? [y/N] ") : result;
    if (result == EXIT_GOOD) {
        result = ask(tool, KMP_PREPAY_TOKEN, (const uint8_t *)text, strlen(text), &answer);
    }
    if (result != EXIT_GOOD) {
        return result;
    }
    /* an answer that got lost: the second try is told that it was taken by the first */
    struct reader look = answer;
    const bool again = kmp_prepay_reply_read(&look, &reply) == KMP_OK && reply.result == -10;
    if (again && look_at(tool, &after) == EXIT_GOOD && after.paid_uwh > before.paid_uwh) {
        return show(tool);
    }
    result = again ? EXIT_METER : reply_of(&answer, "token", &reply);
    if (again) {
        tool_complain("token: %s", kmp_prepay_result_text(reply.result));
    }
    return result == EXIT_GOOD ? show(tool) : result;
}

static enum tool_exit key_read(const char *path, uint8_t key[TOKEN_KEY_BYTES])
{
    char error[160] = "";
    if (path == NULL) {
        tool_complain("prepay: expected a FILE whose first line is the key");
        return EXIT_USAGE;
    }
    if (!prepay_text_key(path, key, error)) {
        tool_complain("%s", error);
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

static enum tool_exit derive(uint8_t key[TOKEN_KEY_BYTES], uint32_t serial_number)
{
    struct crypto_port crypto;
    uint8_t vending[TOKEN_KEY_BYTES];
    memcpy(vending, key, sizeof vending);
    const bool done = crypto_openssl(&crypto) == 0 &&
                      token_key_derive(&crypto, vending, serial_number, key) == TOKEN_OK;
    crypto_wipe(vending, sizeof vending);
    if (!done) {
        tool_complain("this computer's OpenSSL has no AES-CMAC");
    }
    return done ? EXIT_GOOD : EXIT_METER;
}

/* The id rises with the time of sale. */
static uint32_t id_of_now(void)
{
    return (uint32_t)((time(NULL) - TOKEN_EPOCH_S) / 60) & TOKEN_ID_MAX;
}

static enum tool_exit seal(const uint8_t key[TOKEN_KEY_BYTES], const struct token *wanted)
{
    struct crypto_port crypto;
    uint8_t bits[TOKEN_BYTES];
    char digits[TOKEN_DIGITS + 1u];
    if (crypto_openssl(&crypto) != 0 ||
        token_open382.seal(&crypto, key, wanted, bits) != TOKEN_OK) {
        tool_complain("prepay make-token: that amount can't be said in a token: up to 1638.3 kWh "
                      "in steps of 0.1, up to 16383 in steps of 1, and so on to 1638300 kWh");
        return EXIT_USAGE;
    }
    token_text(bits, digits);
    printf("%.4s %.4s %.4s %.4s %.4s\n", digits, digits + 4, digits + 8, digits + 12, digits + 16);
    return EXIT_GOOD;
}

static enum tool_exit make_token(struct tool *tool, char **arguments, int n_arguments)
{
    uint8_t key[TOKEN_KEY_BYTES];
    uint32_t serial_number = 0;
    int64_t uwh = 0;
    struct token wanted = {TOKEN_CREDIT, id_of_now(), 0};
    (void)tool;
    if (n_arguments < 3 || n_arguments > 4 ||
        !prepay_text_number(arguments[1], SERIAL_MAX, &serial_number) ||
        !prepay_text_amount(arguments[2], &uwh) || uwh % TOKEN_UNIT_UWH != 0 ||
        (n_arguments == 4 && !prepay_text_number(arguments[3], TOKEN_ID_MAX, &wanted.id))) {
        tool_complain(
            "prepay make-token: expected FILE (vending key), factory number, kWh in steps "
            "of 0.1, and perhaps an id up to 16777215");
        return EXIT_USAGE;
    }
    wanted.amount = (uint32_t)(uwh / TOKEN_UNIT_UWH);
    enum tool_exit result = key_read(arguments[0], key);
    result = result == EXIT_GOOD ? derive(key, serial_number) : result;
    result = result == EXIT_GOOD ? seal(key, &wanted) : result;
    crypto_wipe(key, sizeof key);
    return result;
}

static enum tool_exit send_key(struct tool *tool, const uint8_t key[TOKEN_KEY_BYTES])
{
    uint8_t data[3 + TOKEN_KEY_BYTES];
    struct kmp_prepay_reply reply;
    struct reader answer;
    struct writer w = writer_over(data, sizeof data);
    writer_u8(&w, KMP_PREPAY_WRITE_KEY);
    writer_uint_be(&w, tool->options.password, 2);
    writer_bytes(&w, key, TOKEN_KEY_BYTES);
    const enum tool_exit result = ask(tool, KMP_PREPAY_SETUP, data, sizeof data, &answer);
    crypto_wipe(data, sizeof data);
    return result == EXIT_GOOD ? reply_of(&answer, "key", &reply) : result;
}

static enum tool_exit serial_read(struct tool *tool, uint32_t *serial_number)
{
    const uint16_t id = ID_SERIAL;
    struct kmp_value value;
    int64_t number = 0;
    int exponent = 0;
    if (kmp_link_registers(&tool->kmp, &id, 1, &value) != 1 ||
        kmp_value_number(&value, &number, &exponent) != KMP_OK || exponent != 0) {
        tool_complain("the meter does not tell its factory number");
        return EXIT_METER;
    }
    *serial_number = (uint32_t)number;
    return EXIT_GOOD;
}

static enum tool_exit key(struct tool *tool, char **arguments, int n_arguments)
{
    uint8_t bytes[TOKEN_KEY_BYTES];
    uint32_t serial_number = 0;
    const bool vending = n_arguments == 2 && strcmp(arguments[1], "vending") == 0;
    if (n_arguments == 2 && !vending) {
        tool_complain("prepay key: '%s': expected 'vending' or nothing", arguments[1]);
        return EXIT_USAGE;
    }
    enum tool_exit result = key_read(n_arguments > 0 ? arguments[0] : NULL, bytes);
    if (result == EXIT_GOOD && vending) {
        result = serial_read(tool, &serial_number);
        result = result == EXIT_GOOD ? derive(bytes, serial_number) : result;
    }
    result = result == EXIT_GOOD ? send_key(tool, bytes) : result;
    crypto_wipe(bytes, sizeof bytes);
    return result == EXIT_GOOD ? show(tool) : result;
}

/* ---- days without cut-off ---- */

static enum tool_exit days_show(struct tool *tool)
{
    const uint8_t what = KMP_PREPAY_READ_DAYS;
    struct kmp_prepay_days days;
    struct reader answer;
    const enum tool_exit result = ask(tool, KMP_PREPAY_SETUP, &what, 1, &answer);
    if (result != EXIT_GOOD) {
        return result;
    }
    if (kmp_prepay_days_read(&answer, &days) != KMP_OK) {
        return damaged();
    }
    for (unsigned i = 0; i < days.n; i++) {
        const struct kmp_prepay_day *day = &days.day[i];
        if (day->year == 0) {
            printf("%02u-%02u\n", (unsigned)day->month, (unsigned)day->day);
        } else {
            printf("%04u-%02u-%02u\n", (unsigned)day->year, (unsigned)day->month,
                   (unsigned)day->day);
        }
    }
    return EXIT_GOOD;
}

static enum tool_exit days(struct tool *tool, char **arguments, int n_arguments)
{
    static uint8_t data[KMP_BODY_MAX];
    struct kmp_prepay_days wanted = {.n = 0};
    struct kmp_prepay_reply reply;
    struct reader answer;
    if (n_arguments == 0) {
        return days_show(tool);
    }
    const bool none = n_arguments == 1 && strcmp(arguments[0], "none") == 0;
    for (int i = 0; i < n_arguments && !none; i++) {
        if (wanted.n == KMP_PREPAY_DAYS_MAX ||
            !prepay_text_day(arguments[i], &wanted.day[wanted.n])) {
            tool_complain("prepay days: '%s': expected 2027-12-24, 12-24 (every year), or none; "
                          "%u at most",
                          arguments[i], KMP_PREPAY_DAYS_MAX);
            return EXIT_USAGE;
        }
        wanted.n++;
    }
    struct writer w = writer_over(data, sizeof data);
    writer_u8(&w, KMP_PREPAY_WRITE_DAYS);
    writer_uint_be(&w, tool->options.password, 2);
    kmp_prepay_days_write(&w, &wanted);
    enum tool_exit result = supply_agreed(tool, false, "Replace the days without cut-off? [y/N] ");
    result = result == EXIT_GOOD ? ask(tool, KMP_PREPAY_SETUP, data, writer_length(&w), &answer)
                                 : result;
    result = result == EXIT_GOOD ? reply_of(&answer, "days", &reply) : result;
    return result == EXIT_GOOD ? days_show(tool) : result;
}

/* ---- words ---- */

static enum tool_exit show_word(struct tool *tool, char **arguments, int n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    return show(tool);
}

static enum tool_exit on_word(struct tool *tool, char **arguments, int n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    return switch_it(tool, true);
}

static enum tool_exit off_word(struct tool *tool, char **arguments, int n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    return switch_it(tool, false);
}

static const struct {
    const char *word;
    int most;   /* words behind it */
    bool alone; /* needs no meter */
    enum tool_exit (*run)(struct tool *tool, char **arguments, int n_arguments);
} words[] = {
    {"show", 0, false, show_word},
    {"load", 2, false, load},
    {"set", 1, false, set},
    {"token", 5, false, token},
    {"on", 0, false, on_word},
    {"off", 0, false, off_word},
    {"days", (int)KMP_PREPAY_DAYS_MAX, false, days},
    {"key", 2, false, key},
    {"make-token", 4, true, make_token},
};
#define N_WORDS (sizeof words / sizeof words[0])

enum tool_exit command_prepay(struct tool *tool, int n_arguments, char **arguments)
{
    const char *word = n_arguments > 0 ? arguments[0] : "show";
    const int n = n_arguments > 0 ? n_arguments - 1 : 0;
    size_t i = 0;
    while (i < N_WORDS && strcmp(words[i].word, word) != 0) {
        i++;
    }
    if (i == N_WORDS || n > words[i].most) {
        tool_complain("prepay '%s': expected show, load KWH, set KWH, token DIGITS, on, off, "
                      "days [DATE ...], key FILE [vending] or make-token FILE SERIAL KWH [ID]",
                      i == N_WORDS ? word : arguments[words[i].most + 1]);
        return EXIT_USAGE;
    }
    if (!words[i].alone) {
        const enum tool_exit result = tool->line.fd < 0 ? tool_connect(tool) : EXIT_GOOD;
        if (result != EXIT_GOOD) {
            return result;
        }
        if (tool->line.url.protocol == METER_DLMS) {
            return prepay_dlms(tool, word, n, arguments + (n_arguments > 0 ? 1 : 0));
        }
        if (tool->line.url.protocol != METER_KMP) {
            tool_complain(
                "prepay needs KMP or DLMS (-m kmp:..., -m kmp+tcp://... or -m dlms://...)");
            return EXIT_USAGE;
        }
    }
    return words[i].run(tool, arguments + (n_arguments > 0 ? 1 : 0), n);
}
