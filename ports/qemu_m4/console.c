#include "console.h"

#include <string.h>

#include "bench.h"
#include "golden.h"
#include "legal_api.h"
#include "proto/common/writer.h"
#include "startup.h"
#include "uart.h"

#define PRINT_EVERY_US INT64_C(1000000)
#define LINE_BYTES     160u
#define UWH_DECIMALS   9u /* of a kWh */
#define WATT_DECIMALS  3u

static void send_line(struct writer *line)
{
    writer_text(line, "\r\n");
    if (!line->failed && writer_length(line) <= uart_room(UART_CONSOLE)) {
        uart_send(UART_CONSOLE, line->begin, writer_length(line));
    }
}

void console_print(const char *name, uint64_t number, const char *unit)
{
    uint8_t text[LINE_BYTES];
    struct writer line = writer_over(text, sizeof text);
    writer_text(&line, name);
    writer_text(&line, " ");
    writer_decimal(&line, number, 1);
    writer_text(&line, unit);
    send_line(&line);
}

static void print_registers(const struct meter *meter, int64_t now_us)
{
    static const struct {
        const char *code;
        enum legal_energy energy;
    } shown[] = {{" 1.8.0 ", LEGAL_A_PLUS},
                 {" 2.8.0 ", LEGAL_A_MINUS},
                 {" 3.8.0 ", LEGAL_R_PLUS},
                 {" 4.8.0 ", LEGAL_R_MINUS}};
    uint8_t text[LINE_BYTES];
    struct writer line = writer_over(text, sizeof text);
    struct legal_instant instant;
    legal_instant(&meter->legal, &instant);

    writer_text(&line, "t ");
    writer_decimal(&line, (uint64_t)(now_us / 1000000), 1);
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        writer_text(&line, shown[i].code);
        writer_fixed(&line, (int64_t)legal_energy_uwh(&meter->legal, shown[i].energy), UWH_DECIMALS,
                     1);
    }
    writer_text(&line, " 1.7.0 ");
    writer_fixed(&line, (int64_t)instant.active_plus_mw, WATT_DECIMALS, 1);
    send_line(&line);
}

/** All of one instant: sums that must agree, whatever cuts came before. */
static void print_sums(const struct legal *legal)
{
    uint64_t tariffs_uwh = 0, phases_uwh = 0, begun, pending;
    for (uint8_t tariff = 1; tariff <= LEGAL_TARIFFS; tariff++) {
        tariffs_uwh += legal_tariff_uwh(legal, tariff, LEGAL_A_PLUS);
    }
    for (unsigned phase = 0; phase < LEGAL_SYSTEMS; phase++) {
        phases_uwh += legal_energy_uwh(legal, (enum legal_energy)(LEGAL_A_PLUS_L1 + phase));
    }
    legal_pulses(legal, &begun, &pending);
    console_print("A+ uWh", legal_energy_uwh(legal, LEGAL_A_PLUS), "");
    console_print("A+ of all tariffs uWh", tariffs_uwh, "");
    console_print("A+ of all phases uWh", phases_uwh, "");
    console_print("pulses begun", begun, "");
    console_print("pulses pending", pending, "");
}

static void print_status(const struct meter *meter)
{
    struct legal_health health;
    legal_health(&meter->legal, &health);
    console_print("frames", health.frames_received, "");
    console_print("frames lost", health.frames_lost, "");
    console_print("memory writes", health.memory_writes, "");
    console_print("memory errors", health.memory_errors, "");
    console_print("program fault", health.program_fault ? 1u : 0u, "");
    console_print("meter", sizeof *meter, " bytes");
    console_print("stack used", stack_used_bytes(), " bytes");
}

static void obey(struct console *console, const struct meter *meter, struct timer *timer)
{
    console->line[console->length] = '\0';
    console->length = 0;
    if (strcmp(console->line, "status") == 0) {
        print_registers(meter, timer_us(timer));
        print_status(meter);
        print_sums(&meter->legal);
    } else if (strcmp(console->line, "golden") == 0) {
        golden_run();
    } else if (strcmp(console->line, "bench") == 0) {
        bench_run(timer);
    } else if (console->line[0] != '\0') {
        static const char help[] = "commands: status, golden, bench\r\n";
        uart_send(UART_CONSOLE, help, sizeof help - 1u);
    }
}

void console_start(struct console *console, const struct meter *meter, uint32_t start_number)
{
    struct legal_health health;
    legal_health(&meter->legal, &health);
    console->length = 0;
    console->next_us = 0;
    console_print("open382 on Cortex-M4, start", start_number, "");
    console_print("memory restored", health.memory_restored ? 1u : 0u, "");
}

void console_step(struct console *console, const struct meter *meter, struct timer *timer)
{
    uint8_t byte;
    while (uart_receive(UART_CONSOLE, &byte, 1) == 1) {
        if (byte == '\r' || byte == '\n') {
            obey(console, meter, timer);
        } else if (console->length < CONSOLE_LINE_BYTES - 1u) {
            console->line[console->length++] = (char)byte;
        }
    }
    int64_t now_us = timer_us(timer);
    if (now_us >= console->next_us) {
        print_registers(meter, now_us);
        console->next_us = now_us + PRINT_EVERY_US;
    }
}
