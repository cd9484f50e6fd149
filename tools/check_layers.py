#!/usr/bin/env python3
"""Who may include whom (DESIGN.md, "The way of a watt-hour").  Prints each breach as file:line, exits 1."""
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
TABLE = "app/registers/register_table.h"
SETTINGS = "app/settings/setting_table.h"
RULES = "app/display/display_rules.h"
VARIANT = ["app/variant/"]  # what an order number means: tables
LOADS = "app/load_control/load_plan.h"  # tables of load control, no meter
PULSES = "app/pulse_output/pulse_limit.h"  # pure functions
CALENDAR = ["app/calendar/", "app/clock/"]  # pure functions, no meter

# folder: what its files may include from this project ("x/" a folder, else one file)
ALLOWED = {
    "legal": ["legal/"],
    "proto": ["proto/"],
    "app": ["app/", "proto/", "legal/include/"],
    "modules": ["modules/", "proto/"],
    "lab": ["lab/", "legal/include/"],
    "host": ["host/", "proto/", "ports/crypto/", TABLE, SETTINGS, RULES, LOADS, PULSES, *VARIANT, *CALENDAR],
    "ports": ["ports/", "app/", "modules/", "lab/", "proto/", "host/lib/", "legal/include/"],
}
# Narrower than the folder they stand in: a protocol knows proto/common and itself, hostlib no program.
NARROWER = {
    "proto/common": ["proto/common/"],
    "proto/kmp": ["proto/common/", "proto/kmp/"],
    "proto/iec62056_21": ["proto/common/", "proto/iec62056_21/"],
    "proto/dlms": ["proto/common/", "proto/dlms/"],
    "proto/push": ["proto/common/", "proto/dlms/", "proto/mbus/", "proto/push/"],
    "proto/token": ["proto/common/", "proto/token/"],
    "host/lib": ["host/lib/", "proto/", "ports/crypto/", TABLE, SETTINGS, LOADS, PULSES, *VARIANT, *CALENDAR],
    "ports/linux": ["ports/linux/", "ports/crypto/", "app/", "modules/", "lab/", "proto/", "host/lib/", "legal/include/"],
    # No operating system: nothing of host/, and of lab/ only the heap-free phasor core.
    "ports/crypto": ["ports/crypto/", "proto/common/"],
    "ports/qemu_m4": ["ports/qemu_m4/", "ports/crypto/portable/", "app/", "proto/", "legal/include/", "lab/phasor.h", "lab/mains.h",
                      "tests/legal/signal_golden.h"],
    "ports/template": ["ports/template/", "app/", "proto/", "legal/include/"],
}
# Standard headers that have no place below ports/: there is no operating system, no heap, no clock.
FORBIDDEN_BELOW_PORTS = {"stdio.h", "stdlib.h", "errno.h", "time.h", "math.h", "float.h", "signal.h",
                         "assert.h", "unistd.h", "pthread.h", "malloc.h", "setjmp.h", "locale.h"}
# Where a header named without a path may stand (include paths of the build).
SEARCH = ["", "legal", "legal/include"]
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def resolve(source, name):
    """The project file that an include means, relative to the top; None: not ours."""
    for base in [source.parent] + [TOP / s for s in SEARCH]:
        path = (base / name).resolve()
        if path.is_file() and TOP in path.parents:
            return path.relative_to(TOP).as_posix()
    return None


def rule_for(path):
    for folder, allowed in NARROWER.items():
        if path.startswith(folder + "/"):
            return allowed
    return ALLOWED.get(path.split("/")[0])


def main():
    breaches, files = [], 0
    for source in sorted(TOP.glob("**/*.[chS]")):
        path = source.relative_to(TOP).as_posix()
        allowed = rule_for(path)
        if allowed is None or path.startswith("build"):
            continue
        files += 1
        for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            kind, name = match.groups()
            target = resolve(source, name)
            if target is None:
                if kind == '"':
                    breaches.append(f"{path}:{number}: {name} is not a file of this project")
                elif path.split("/")[0] in ("legal", "app", "proto", "modules") and name in FORBIDDEN_BELOW_PORTS:
                    breaches.append(f"{path}:{number}: <{name}> has no place below ports/")
            elif not any(target == a or (a.endswith("/") and target.startswith(a)) for a in allowed):
                breaches.append(f"{path}:{number}: may not include {target}")
    print("\n".join(breaches) if breaches else f"layers: {files} files include only what they may")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
