#!/usr/bin/env python3
"""No file-scope state, no heap, no clock, no floating point below ports/: check_state.py M4_BUILD_DIR.

Looks at the libraries as compiled for the Cortex-M4 without FPU: there a constant is in .rodata whatever it
points to, and every floating-point operation is a call that can be seen.
"""
import re
import sys
from pathlib import Path

from objects import symbols, undefined

LIBRARIES = ["legal/liblegal.a", "app/libapp.a", "app/libregisters.a", "proto/libproto.a",
             "ports/crypto/libcrypto_portable.a"]
MUTABLE = set("DdBbCGgSs")
FORBIDDEN = {
    "heap": re.compile(r"^(malloc|calloc|realloc|free|strdup|_?sbrk|_malloc_r|_free_r)$"),
    "standard input and output": re.compile(r"^_?(v?f?s?n?i?printf|v?f?s?scanf|puts|putchar|fopen|fwrite|fputs)(_r)?$"),
    "clock": re.compile(r"^(time|clock|gettimeofday|clock_gettime|localtime|gmtime|mktime)(_r)?$"),
    "errno": re.compile(r"^__(errno|errno_location)$"),
    "global randomness": re.compile(r"^s?rand(om)?$"),
    "abort": re.compile(r"^(abort|exit|_exit|__assert_func|raise|longjmp|setjmp)$"),
    "floating point": re.compile(r"^(__aeabi_(c?[df]\w*|(u?[il])2[df])|__\w+[sd]f[0-9si]\w*)$"),
}


def main(argv):
    build = Path(argv[1])
    faults, objects = [], set()
    for library in LIBRARIES:
        table = symbols("arm-none-eabi-nm", build / library)
        objects |= {where for where, _, _ in table}
        faults += [f"{where}: {name} is file-scope state" for where, kind, name in table if kind in MUTABLE]
        needed = undefined(table)
        for what, pattern in FORBIDDEN.items():
            for name in filter(pattern.match, needed):
                users = sorted({where.split("[")[-1].rstrip("]") for where, kind, n in table
                                if n == name and kind == "U"})
                faults.append(f"{library}: {what}: {name} is called by {', '.join(users)}")
    print("\n".join(faults) if faults else
          f"state: {len(objects)} objects without file-scope state, heap, clock, stdio or floating point")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
