/**
 * Addresses of the emulated board.  Source: Arm AN386 (MPS2, Cortex-M4), memory map.
 */
#ifndef OPEN382_QEMU_MACHINE_H
#define OPEN382_QEMU_MACHINE_H

#include <stdint.h>

#define MACHINE_CLOCK_HZ UINT32_C(25000000)

#define MACHINE_TIMER0 UINT32_C(0x40000000)
#define MACHINE_UART0  UINT32_C(0x40004000)
#define MACHINE_UART1  UINT32_C(0x40005000)
/** User LEDs of the board; LED 0 is the meter's. */
#define MACHINE_LEDS ((volatile uint32_t *)UINT32_C(0x40028000))
/** 16 MB that outlive the machine when QEMU keeps them in a file. */
#define MACHINE_PSRAM       UINT32_C(0x21000000)
#define MACHINE_PSRAM_BYTES UINT32_C(0x01000000)

#define MACHINE_IRQ_UART0_RX 0
#define MACHINE_IRQ_UART1_RX 2
#define MACHINE_NVIC_ENABLE  ((volatile uint32_t *)UINT32_C(0xE000E100))

#define MACHINE_SYSTICK_CONTROL ((volatile uint32_t *)UINT32_C(0xE000E010))
#define MACHINE_SYSTICK_RELOAD  ((volatile uint32_t *)UINT32_C(0xE000E014))
#define MACHINE_SYSTICK_VALUE   ((volatile uint32_t *)UINT32_C(0xE000E018))

#endif
