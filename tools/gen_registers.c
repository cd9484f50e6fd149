/* Prints the register table and the variants as Markdown, so that the documents cannot disagree
 * with the meter.  A test runs it and compares. */
#include <stdio.h>
#include <string.h>

#include "app/registers/register_table.h"
#include "app/variant/order.h"
#include "app/variant/variant.h"
#include "gen_cosem.h"
#include "proto/kmp/kmp.h"

#define KMP_NONE 0xFFFFu

static const char *const codings[] = {
    [REGISTER_UINT] = "unsigned", [REGISTER_INT] = "signed",
    [REGISTER_BITS] = "bits",     [REGISTER_CLOCK] = "hhmmss",
    [REGISTER_DATE] = "yymmdd",   [REGISTER_RTC] = "RTC",
    [REGISTER_TEXT] = "text",     [REGISTER_TEXT_REVERSED] = "text, reversed",
};

static const struct {
    unsigned bit;
    const char *text;
} needs[] = {
    {NEED_A_MINUS, "A-"},
    {NEED_REACTIVE, "R+"},
    {NEED_R_MINUS, "R-"},
    {NEED_L2, "L2"},
    {NEED_L3, "L3"},
    {NEED_RTC, "clock"},
    {NEED_TARIFFS, "tariffs"},
    {NEED_M, "M"},
    {NEED_L_OR_M, "L, M"},
    {NEED_BREAKER, "breaker"},
    {NEED_OWN_PHASE, "own phase"},
};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static void print_exponent(const struct register_def *def)
{
    if (def->coding >= REGISTER_RTC) {
        printf("| ");
    } else if (def->kmp_exponent == EXPONENT_FOLLOWS_FORMAT) {
        printf("| format ");
    } else {
        printf("| %d ", def->kmp_exponent);
    }
}

static void print_need(unsigned need)
{
    const char *between = "";
    for (size_t i = 0; i < COUNT_OF(needs); i++) {
        if ((need & needs[i].bit) != 0) {
            printf("%s%s", between, needs[i].text);
            between = " + ";
        }
    }
}

static void print_row(const struct register_def *def)
{
    if (def->kmp_id == KMP_NONE) {
        printf("| ");
    } else {
        printf("| %u | 0x%04X ", (unsigned)def->kmp_id, (unsigned)def->kmp_id);
    }
    if (def->code[0] != '\0') {
        printf("| %u-%u:%s ", (unsigned)def->obis[0], (unsigned)def->obis[1], def->code);
    } else {
        printf("| ");
    }
    const char *unit = kmp_unit_name(def->kmp_unit);
    printf("| %s | %s (%u) | %u ", def->name, unit != NULL ? unit : "", (unsigned)def->kmp_unit,
           (unsigned)def->width);
    print_exponent(def);
    printf("| %s | %s | ", codings[def->coding], def->label);
    print_need(def->need);
    printf(" | %s%s%s |\n", (def->access & ACCESS_LEGAL) != 0 ? "legal " : "",
           (def->access & ACCESS_W) != 0 ? "W " : "", def->loggable ? "log" : "");
}

static void print_registers(void)
{
    size_t n_loggable = 0;
    for (size_t i = 0; i < register_table_length; i++) {
        n_loggable += register_table[i].loggable ? 1u : 0u;
    }
    printf(
        "# Registers\n\n"
        "Printed by `tools/gen_registers.c` from `app/registers/register_table.c`; do not edit.\n"
        "%zu registers, %zu of them can be logged.\n\n"
        "* **OBIS**: A-B:C.D.E, with *F where it is not 255; what display, IEC 62056-21 and\n"
        "  `meter382 --status` call it. Codes from C = 128 up, and 96.1.4, 0.2.2 are ours where\n"
        "  no public document names one.\n"
        "* **unit, bytes, exponent**: as a KMP answer carries them; *format* follows the display\n"
        "  format, 0 for 7.0 and -1 for 6.1. Such registers roll over after 9 999 999 (999 "
        "999.9),\n"
        "  the verification registers after 2^32 steps. Texts of type numbers stand on the KMP\n"
        "  wire from their last character to their first.\n"
        "* **needs**: what must be ordered or fitted; without it the register does not exist, on\n"
        "  any channel. T5 to T8 need eight tariffs, T3 and T4 at least four.\n"
        "* **label**: what the text field of the M display says, as on form 5811-2371; /VER, "
        "/AVG,\n"
        "  /L of P-, Q and S, PFA, TYPE, REV, T and SPC/2 are ours.\n"
        "* **legal**: a legal reading, cannot be taken off the manual list. **W**: writable (the\n"
        "  clock, by SetClock). **log**: selectable for the analysis logger.\n\n"
        "| id | hex | OBIS | name | unit (code) | bytes | exponent | coding | label | needs | |\n"
        "|--:|:--|:--|:--|:--|--:|--:|:--|:--|:--|:--|\n",
        register_table_length, n_loggable);
    for (size_t i = 0; i < register_table_length; i++) {
        print_row(&register_table[i]);
    }
}

static void print_variant(const struct variant *v)
{
    static const char *const energies[] = {"", "A+", "A+ A-", "A+ R+", "A+ A- R+ R-"};
    printf("| %s | %s | %08lu %08lu %08lu %08lu %lu | ", v->name, v->order_number,
           (unsigned long)v->configuration[0], (unsigned long)v->configuration[1],
           (unsigned long)v->configuration[2], (unsigned long)v->configuration[3],
           (unsigned long)v->configuration[4]);
    printf("%u | %u(%u) A %c | %s | %s | %u | %s%s | %s | %s | %02X | `/%s` |\n",
           (unsigned)v->systems, (unsigned)v->current_basic_a, (unsigned)v->current_max_a,
           v->accuracy_class, energies[v->energy_type],
           v->energy_format == FORMAT_7_0 ? "7.0" : "6.1", (unsigned)v->tariffs,
           v->rtc ? "yes" : "none", v->backup_battery ? ", battery" : "", v->breaker ? "yes" : "",
           v->radio ? "yes" : "", (unsigned)v->kmp_type[0], v->iec_ident);
}

static void print_variants(void)
{
    printf(
        "# Variants\n\n"
        "Printed by `tools/gen_registers.c` from `app/variant`; do not edit.\n\n"
        "A variant is its order number and configurations 1 to 5, nothing else; each name below is "
        "one\n"
        "default set. Names are taken in upper or lower case. Any other order number that the "
        "tables\n"
        "know makes a meter too (`variant_from_order`); codes that are in no table and numbers "
        "that\n"
        "contradict each other (CFG-09) are refused.\n\n"
        "* **Order number** 684-X1 X2 X3-X4-X5 X6 X7-country (686 for 162M): phases, current, "
        "class,\n"
        "  generation, energy type, hardware, tariffs. L and M keep the pattern of B to E: the "
        "382M\n"
        "  shows configuration numbers 1 to 5 and 13 characters of the same kind. X2 = 1 is 5(105) "
        "A on\n"
        "  B to L and 5(100) A on M. X6 letters B to G are the breaker builds. X7 = 0 stands in "
        "no\n"
        "  published key; it is the number of a real 382C whose read-out has four tariff "
        "registers, and\n"
        "  is read as \"configurable\", like 3.\n"
        "* **Configuration 1** A-B-CCC-DD-E (decimals, LED, module, inputs, integration period),\n"
        "  **2** FFF-GG-HH-I (FFF 222, 423, 801 or 802: which display lists), **3** JJ-K-LL-M-NN "
        "(LL: offset "
        "from GMT), **4** OOO-PPP-QQ (PPP 001: "
        "EU\n"
        "  summer time; QQ 01: IEC 62056-21 modes A and C), **5** RRR (radio profile).\n"
        "* All: integration period 15 min, GMT+1, EU summer time where a clock is fitted, 1000 "
        "imp/kWh.\n"
        "  B to L: 230 V -10 .. +10 %%, manual list of 40 (B to E) or 30 (L) readings, IEC mode A "
        "(B to E\n"
        "  at 300 baud, L at 9600). M: 230 V -20 .. +15 %%, 30 readings, modes A and C from 300 "
        "baud.\n"
        "* **-aron**: three-wire build, two systems, phases L1 and L3, energies summed as "
        "vectors.\n"
        "* **382MB, 162MB**: 382M and 162M with breaker.\n"
        "* **KMP type**: first byte of the answer to GetType; the second is 00.\n\n"
        "| name | order number | configurations 1 .. 5 | systems | current, class | energies | "
        "format |"
        " tariffs | clock | breaker | radio | KMP type | IEC identification |\n"
        "|:--|:--|:--|--:|:--|:--|:--|--:|:--|:--|:--|:--|:--|\n");
    for (size_t i = 0; i < variant_count(); i++) {
        struct variant variant;
        if (variant_by_name(variant_name(i), &variant) == 0) {
            print_variant(&variant);
        }
    }
}

/* "B to E", "L, M"; nothing for all. */
static const char *fits_text(unsigned fits)
{
    static const struct {
        unsigned fits;
        const char *text;
    } texts[] = {{FITS_ALL, ""}, {FITS_BCDE, "B to E"}, {FITS_L_M, "L, M"},
                 {FITS_L, "L"},  {FITS_M, "M"},         {FITS_BCDE | FITS_L, "B to L"}};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (texts[i].fits == (fits & FITS_ALL)) {
            return texts[i].text;
        }
    }
    return "?";
}

static void print_field(const struct order_field *field)
{
    printf("| %s | %s | %s%s | ", field->symbol, field->key, field->title,
           field->locked && field->part > 0 ? " (locked)" : "");
    for (size_t i = 0; i < field->n_codes; i++) {
        const struct order_code *code = &field->codes[i];
        const char *who = fits_text(code->fits);
        printf("%s`%s%s%s` %s", i > 0 ? "; " : "", code->first[0] != '\0' ? code->first : "(none)",
               code->last != NULL ? "-" : "", code->last != NULL ? code->last : "", code->meaning);
        printf("%s%s%s", who[0] != '\0' ? " (" : "", who, who[0] != '\0' ? ")" : "");
        printf("%s", (code->fits & FITS_READ_ONLY) != 0 ? " (read, not made)" : "");
    }
    printf(" |\n");
}

static void print_fields(void)
{
    printf("\n## Fields and codes\n\n"
           "`metertool config order-number NUMBER [CONFIGURATION ...]` explains a number by this "
           "table, `--make FIELD=CODE ...` makes\n"
           "one. In brackets: the generations that have the code, where not all do. Codes in no "
           "published key are read, since real\n"
           "meters show them, but not made. Which fields contradict each other: "
           "[metertool.md](metertool.md).\n\n"
           "| field | name | what | codes |\n|:--|:--|:--|:--|\n");
    for (size_t i = 0; i < ORDER_FIELDS; i++) {
        print_field(&order_fields[i]);
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "variants") == 0) {
        print_variants();
        print_fields();
    } else if (argc == 2 && strcmp(argv[1], "cosem") == 0) {
        print_cosem();
    } else if (argc == 1 || (argc == 2 && strcmp(argv[1], "registers") == 0)) {
        print_registers();
    } else {
        fprintf(stderr, "usage: gen_registers [registers|variants|cosem]\n");
        return 2;
    }
    return 0;
}
