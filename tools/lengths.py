#!/usr/bin/env python3
"""Lengths of functions and files: prints a table; fails beyond the limits unless ALLOWED says why."""
import statistics
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
PARTS = ["legal", "app", "proto", "modules", "lab", "host", "ports", "tests", "bench", "examples", "tools"]
FUNCTION_MAX, FILE_MAX, COLUMN_MAX, NESTING_MAX = 100, 800, 100, 3
SUFFIXES = {".c", ".h", ".S", ".py", ".sh", ".js", ".css", ".html"}

# "path" or "path:function" that may be longer, and the reason.
ALLOWED = {}


def functions(lines):
    """(name, first line, number of lines, deepest nesting) of each function of a clang-formatted C file."""
    start = None
    for number, line in enumerate(lines):
        if line == "{" and number > 0:
            start = number - 1
            while start > 0 and lines[start - 1].strip() and lines[start - 1].rstrip()[-1] not in ";}/{:" \
                    and not lines[start - 1].startswith(("#", " *", "/*", "//")):
                start -= 1
            depth = deepest = 0
        elif line == "}" and start is not None:
            name = lines[start].split("(")[0].split()[-1].lstrip("*")
            yield name, start + 1, number - start + 1, deepest
            start = None
        elif start is not None:
            depth += line.count("{") - line.count("}")
            deepest = max(deepest, depth)


def row(part, spans, sizes):
    if not spans:
        return f"  {part:<8}{0:>10}"
    lengths = sorted(n for _, n in spans)
    ninety = lengths[min(len(lengths) - 1, int(len(lengths) * 0.9))]
    return (f"  {part:<8}{len(lengths):>10}{statistics.median(lengths):>8.0f}{ninety:>6}{lengths[-1]:>9}"
            f"{len(sizes):>8}{max(sizes):>9}{sum(sizes):>8}")


def measure(part, faults):
    spans, sizes = [], []
    for path in sorted((TOP / part).glob("**/*")):
        if path.suffix not in SUFFIXES or "node_modules" in path.parts or "vendor" in path.parts:
            continue
        where, lines = path.relative_to(TOP).as_posix(), path.read_text(encoding="utf-8").splitlines()
        sizes.append(len(lines))
        if len(lines) > FILE_MAX and where not in ALLOWED:
            faults.append(f"{where}: {len(lines)} lines, at most {FILE_MAX}")
        if path.suffix != ".c":
            continue
        for name, first, length, nesting in functions(lines):
            spans.append((f"{where}:{first} {name}", length))
            if length > FUNCTION_MAX and f"{where}:{name}" not in ALLOWED:
                faults.append(f"{where}:{first}: {name} has {length} lines, at most {FUNCTION_MAX}")
            if nesting > NESTING_MAX and f"{where}:{name}" not in ALLOWED:
                faults.append(f"{where}:{first}: {name} nests {nesting} deep, at most {NESTING_MAX}")
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMN_MAX:
                faults.append(f"{where}:{number}: {len(line)} columns, at most {COLUMN_MAX}")
    return spans, sizes


def main():
    faults, everything = [], {}
    print(f"  {'part':<8}{'functions':>10}{'median':>8}{'p90':>6}{'longest':>9}{'files':>8}{'longest':>9}{'lines':>8}")
    for part in PARTS:
        everything[part] = measure(part, faults)
        if everything[part][1]:
            print(row(part, *everything[part]))
    product = [span for part in PARTS[:7] for span in everything[part][0]]
    for where, length in sorted(product, key=lambda span: -span[1])[:3]:
        print(f"  long: {where} ({length} lines)")
    for what, reason in ALLOWED.items():
        print(f"  allowed: {what}: {reason}")
    print("\n".join(faults) if faults else "lengths: all within their limits")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
