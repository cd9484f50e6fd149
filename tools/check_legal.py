#!/usr/bin/env python3
"""The wall around legal/: check_legal.py BUILD_DIR [M4_BUILD_DIR].

1. every file of legal/ compiles with nothing but its own headers in reach;
2. liblegal.a needs nothing from outside but memcpy and its like, and the compiler's runtime;
3. no other object needs a symbol of liblegal.a that legal/include does not declare;
4. every function of legal_api.h has one LEGAL-CMD number of its own, one row in
   docs/legal/commands.md, and is named in a test.
"""
import platform
import re
import subprocess
import sys
from pathlib import Path

from objects import symbols, undefined

TOP = Path(__file__).resolve().parent.parent
MEMORY = {"memcpy", "memmove", "memset", "memcmp"}
RUNTIME = re.compile(r"^(__aeabi_\w+|__gnu_thumb1_case_\w+|__\w+[dt]i[234]|__cpu_model|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail)$")
DECLARATION = re.compile(r"^[a-z][\w \*]*?\b(\w+)\(", re.M)


OF_X86 = {"legal/bus/crc/clmul.c"}


def check_alone():
    for source in sorted((TOP / "legal").glob("**/*.c")):
        if source.relative_to(TOP).as_posix() in OF_X86 and platform.machine() not in ("x86_64", "AMD64"):
            continue
        command = ["gcc", "-std=c11", "-fsyntax-only", "-I", str(TOP / "legal"), "-I", str(TOP / "legal/include"),
                   str(source)]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            yield f"{source.relative_to(TOP)} does not compile alone:\n{result.stderr}"


def check_needs(nm, archive):
    for name in undefined(symbols(nm, archive)):
        if name not in MEMORY and not RUNTIME.match(name):
            yield f"{archive}: needs {name} from outside the wall"


def declared_in(header):
    text = re.sub(r"/\*.*?\*/", "", header.read_text(encoding="utf-8"), flags=re.S)
    return DECLARATION.findall(text)


def check_outsiders(build):
    offered = {name for header in (TOP / "legal/include").glob("*.h") for name in declared_in(header)}
    inside = {name for _, kind, name in symbols("nm", build / "legal/liblegal.a") if kind.isupper() and kind != "U"}
    for item in sorted(build.glob("**/*.o")):
        place = item.relative_to(build).as_posix()
        if place.startswith(("legal/", "tests/")):
            continue
        for name in undefined(symbols("nm", item)):
            if name in inside and name not in offered:
                yield f"{place}: reaches through the wall for {name}"


def check_commands():
    header = TOP / "legal/include/legal_api.h"
    page = TOP / "docs/legal/commands.md"
    if not page.is_file():
        yield "docs/legal/commands.md is missing"
        return
    rows = {}
    for line in page.read_text(encoding="utf-8").splitlines():
        match = re.match(r"\|\s*(LEGAL-CMD-\d+)\s*\|", line)
        if match:
            rows.setdefault(match.group(1), []).append(line)
    tests = "".join(p.read_text(encoding="utf-8") for p in (TOP / "tests").glob("**/*.c"))
    numbers = {}
    for comment, body in re.findall(r"/\*\*(.*?)\*/([^/]*)", header.read_text(encoding="utf-8"), flags=re.S):
        match = DECLARATION.search(body)
        if not match:
            continue
        name, found = match.group(1), re.findall(r"LEGAL-CMD-\d+", comment)
        if len(found) != 1:
            yield f"legal_api.h: {name} has {len(found)} LEGAL-CMD numbers instead of one"
            continue
        if found[0] in numbers:
            yield f"legal_api.h: {found[0]} stands at {numbers[found[0]]} and at {name}"
        numbers[found[0]] = name
        if not re.search(rf"\b{name}\(", tests):
            yield f"legal_api.h: no test calls {name}"
        if len(rows.get(found[0], [])) != 1 or name not in rows[found[0]][0]:
            yield f"docs/legal/commands.md: expected one row {found[0]} that names {name}"
    for name in declared_in(header):
        if name not in numbers.values():
            yield f"legal_api.h: {name} has no LEGAL-CMD number"
    for number in rows:
        if number not in numbers:
            yield f"docs/legal/commands.md: {number} is no command of legal_api.h"


def main(argv):
    build = Path(argv[1])
    faults = list(check_alone())
    faults += check_needs("nm", build / "legal/liblegal.a")
    if len(argv) > 2:
        faults += check_needs("arm-none-eabi-nm", Path(argv[2]) / "legal/liblegal.a")
    faults += check_outsiders(build)
    faults += check_commands()
    print("\n".join(faults) if faults else "legal: the wall is whole, every command is numbered, listed and tested")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
