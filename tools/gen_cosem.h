/** Part of gen_registers: docs/cosem-objects.md. */
#ifndef OPEN382_GEN_COSEM_H
#define OPEN382_GEN_COSEM_H

void print_cosem(void);

#endif
