#!/usr/bin/env python3
"""Seeds defects in the legal part, one at a time, and prints which test catches each.

    mutation.py [--list] [--only ID[,ID...]] [--sample N] [--per-folder N] [--seed N] [--jobs N] [--fresh]

The named defects are those of every meter's nightmares; the others are edits of operators, comparisons, constants and
whole statements, chosen by a hash of their line and the seed, so that a change elsewhere in a file leaves them as
they are.  Each is built in a copy of the tree below build/mutation and tested until a test fails.  Results are kept there:
a run that was stopped goes on where it was; --fresh begins anew.  A survivor either gets a test, or a line with its
reason in tests/mutation.txt.  Exit status 1 when one has neither.
"""
import argparse
import concurrent.futures
import functools
import hashlib
import json
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
WORK = TOP / "build" / "mutation"
REASONS = TOP / "tests" / "mutation.txt"
FOLDERS = ["signal", "energy", "store", "bus", "params"]  # of legal/
COPIED = ["CMakeLists.txt", "cmake", "legal", "app", "proto", "lab", "host", "ports", "tools", "tests", "bench", "data", "docs"]
# The quick and sharp ones first: most mutants die there.  Last the one that knows every bit of the signal part and
# nothing of what they mean.
FIRST = ["test_conservation", "test_signal", "test_signal_kernels", "test_bus", "test_energy", "test_edges",
         "test_store_cuts"]
LAST = ["test_signal_golden"]
PARTS = ["legal", "app", "lab", "regression"]
LIMIT_S = 120

# name, file, text, instead of it
NAMED = [
    ("lost sample per window", "signal/signal_window.c", "state->n_taken = 0;", "state->n_taken = 1;"),
    ("truncation without carry, signed", "signal/measuring_system.c",
     "    *rest = (uint16_t)low;\n    const int64_t", "    *rest = 0;\n    const int64_t"),
    ("truncation without carry, unsigned", "signal/measuring_system.c",
     "    *rest = (uint16_t)low;\n    return counter", "    *rest = 0;\n    return counter"),
    ("float register", "energy/registers.c", "registers->cell[cell] = wide_add(registers->cell[cell], energy);",
     "registers->cell[cell].whole = (int64_t)((float)registers->cell[cell].whole + (float)energy.whole);"),
    ("constant instead of U^2 offset", "energy/system.c", "crosstalk_steps(constants->crosstalk_g_q40, sums.voltage,",
     "crosstalk_steps(constants->crosstalk_g_q40, sums.samples * UINT64_C(115916800),"),
    ("swapped phases", "energy/booking.c", "        struct system *system = &p->system[s];\n        uint64_t window_us",
     "        struct system *system = &p->system[p->setup.systems > 1u && s < 2u ? 1u - s : s];\n"
     "        uint64_t window_us"),
    ("cosine Q overflow", "signal/kernel/plain.c", "cos_q20 = cos >> 10;", "cos_q20 = cos;"),
    ("sine Q overflow", "signal/kernel/plain.c", "sin_q20 = sin >> 10;", "sin_q20 = sin;"),
    ("delay wrong by a sample", "signal/kernel/plain.c", "- state->delay", "- (state->delay ^ 1)"),
    ("1 % wrong weight of a tap (harmonics)", "signal/kernel/plain.c", "(int64_t)fir_q28[2] * at[5]",
     "(int64_t)fir_q28[2] * 101 / 100 * at[5]"),
    ("pulse lost at each spread", "energy/pulses.c", "pulses->emitted++;", "pulses->emitted += 2u;"),
    ("tariff switch gives the past to the new tariff", "energy/registers.c",
     "registers->resting_uwh[registers->tariff - 1u][e] =", "registers->resting_uwh[tariff - 1u][e] ="),
]

NUMBER = r"(?<![\w.\"'])(\d+)(u?)(?![\w.])"
# what, pattern, replacement of the match
EDITS = [
    ("comparison", r" < ", " <= "), ("comparison", r" <= ", " < "), ("comparison", r" > ", " >= "),
    ("comparison", r" >= ", " > "), ("comparison", r" == ", " != "), ("comparison", r" != ", " == "),
    ("operator", r" \+ ", " - "), ("operator", r" - ", " + "), ("operator", r" \+= ", " -= "),
    ("operator", r" >> ", " << "), ("operator", r" / ", " * "), ("operator", r" & ", " | "), ("operator", r" \| ", " & "),
    ("logic", r" && ", " || "), ("logic", r" \|\| ", " && "), ("logic", r"\btrue\b", "false"),
    ("logic", r"\bfalse\b", "true"), ("logic", r"\(!", "("),
    ("constant", NUMBER, lambda m: f"{int(m.group(1)) + 1}{m.group(2)}"),
    ("deleted", r"^\s+[\w>.\[\]*-]+ (?:=|\+=|-=|\|=) [^{]*;$", ""), ("deleted", r"^\s+(?:\(void\))?\w+\([^{]*\);$", ""),
    ("deleted", r"^\s+[\w>.-]+(?:\+\+|--);$", ""),
]
SKIPPED = re.compile(r"^\s*(#include|#if|#endif|#ifndef|_Static_assert|\*|/\*|//|case |static const uint32_t)|^\s*return;")


class Mutant:
    """One defect: text at an offset of a file below legal/, and what stands there instead."""

    def __init__(self, file, text, offset, old, new, what, key):
        self.file, self.text, self.offset, self.old, self.new, self.what = file, text, offset, old, new, what
        self.id = hashlib.sha1(key.encode()).hexdigest()[:7]

    def source(self):
        return self.text[:self.offset] + self.new + self.text[self.offset + len(self.old):]

    def title(self):
        begin = self.text.rfind("\n", 0, self.offset) + 1
        shown = self.text[begin:self.text.index("\n", self.offset)].strip()
        edit = f"{self.old.strip()} -> {self.new.strip()}" if self.new and self.what in KINDS else self.what
        return f"{self.file}:{self.text.count(chr(10), 0, self.offset) + 1}: {edit}: {shown}"[:150]


KINDS = {what for what, _, _ in EDITS}


def named_mutants():
    for name, file, old, new in NAMED:
        text = (TOP / "legal" / file).read_text(encoding="utf-8")
        if text.count(old) < 1:
            raise SystemExit(f"legal/{file}: no {old!r} any more: mend NAMED in tools/mutation.py ({name})")
        yield Mutant(file, text, text.index(old), old, new, name, name)


def code_lines(text):
    """(offset, line) of what is code; comments are left out."""
    offset, comment = 0, False
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\n")
        begins = "/*" in bare
        if not comment and not begins and bare.strip() and not SKIPPED.match(bare):
            yield offset, bare
        comment = (comment or begins) and "*/" not in bare[bare.rfind("/*") if begins else 0:]
        offset += len(line)


def edits_of(file, seed):
    text, seen = (TOP / "legal" / file).read_text(encoding="utf-8"), {}
    for offset, line in code_lines(text):
        for what, pattern, new in EDITS:
            for match in re.finditer(pattern, line):
                plain = f"{file}|{line.strip()}|{what}|{pattern}|{match.start() - len(line) + len(line.lstrip())}"
                seen[plain] = seen.get(plain, 0) + 1
                replaced = new(match) if callable(new) else new
                yield Mutant(file, text, offset + match.start(), match.group(0), replaced, what,
                             f"{plain}|{seen[plain]}"), hashlib.sha1(f"{seed}|{plain}|{seen[plain]}".encode()).digest()


def generated_mutants(seed, per_folder):
    for folder in FOLDERS:
        found = []
        for path in sorted((TOP / "legal" / folder).glob("**/*.c")) + [TOP / "legal/energy/wide.h"] * (folder == "energy"):
            if path.name != "legal_crc.c":  # its tables are numbers: a CRC has its check value
                found += edits_of(path.relative_to(TOP / "legal").as_posix(), seed)
        found.sort(key=lambda item: item[1])
        yield from (mutant for mutant, _ in found[:per_folder])


class Bench:
    """A copy of the tree with a build of its own: one mutant at a time."""

    def __init__(self, number):
        self.top, self.build = WORK / f"tree{number}", WORK / f"tree{number}" / "build"

    def prepare(self):
        for name in COPIED:
            source, target = TOP / name, self.top / name
            self.refresh(source, target)
        warnings = self.top / "cmake" / "warnings.cmake"
        warnings.write_text(warnings.read_text(encoding="utf-8").replace("-Werror", "-w"), encoding="utf-8")
        self.run(["cmake", "-S", self.top, "-B", self.build, "-G", "Ninja", "-DCMAKE_C_FLAGS=-O1 -fwrapv"], 300)
        self.run(["ninja", "-C", self.build, "-j", "2", *test_names()], 900)
        found = self.first_failure()
        if found != "SURVIVED":
            raise SystemExit(f"{found} fails without any defect, in {self.top}")

    @staticmethod
    def refresh(source, target):
        """Copy what differs: ninja rebuilds no more than it must."""
        files = [source] if source.is_file() else [p for p in source.glob("**/*") if p.is_file() and "__pycache__" not in p.parts]
        for path in files:
            to = target if source.is_file() else target / path.relative_to(source)
            if not to.exists() or to.read_bytes() != path.read_bytes():
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, to)
        if target.is_dir():
            for path in [p for p in target.glob("**/*") if p.is_file()]:
                if not (source / path.relative_to(target)).exists():
                    path.unlink()

    def run(self, command, limit_s):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=limit_s)
        if done.returncode != 0:
            raise SystemExit(f"{command[0]} failed in {self.top}:\n{(done.stdout + done.stderr)[-2000:]}")

    def verdict(self, mutant):
        path = self.top / "legal" / mutant.file
        kept = path.read_text(encoding="utf-8")
        try:
            path.write_text(mutant.source(), encoding="utf-8")
            return self.first_failure()
        finally:
            path.write_text(kept, encoding="utf-8")

    def first_failure(self):
        for test in test_names():
            built = subprocess.run(["ninja", "-C", str(self.build), "-j", "1", test], capture_output=True, text=True)
            if built.returncode != 0:
                return "compiler"
            try:
                done = subprocess.run([str(self.build / "tests" / test)], cwd=self.build, capture_output=True,
                                      timeout=LIMIT_S)
            except subprocess.TimeoutExpired:
                return f"{test} (never ends)"
            if done.returncode != 0:
                return test
        return "SURVIVED"


@functools.lru_cache
def test_names():
    names = [path.stem for part in PARTS for path in sorted((TOP / "tests" / part).glob("test_*.c"))]
    return FIRST + [name for name in names if name not in FIRST + LAST] + LAST


def read_reasons():
    reasons = {}
    for line in REASONS.read_text(encoding="utf-8").splitlines() if REASONS.exists() else []:
        match = re.match(r"([0-9a-f]{7}) (\S+): (.+)", line)
        if match:
            reasons[match.group(1)] = match.group(3)
        elif line.strip() and not line.startswith("#"):
            raise SystemExit(f"{REASONS}: cannot read: {line}")
    return reasons


def run_all(mutants, jobs, results, report):
    benches, lock = queue.Queue(), threading.Lock()
    for number in range(jobs):
        bench = Bench(number)
        bench.prepare()
        benches.put(bench)

    def one(mutant):
        bench = benches.get()
        try:
            began = time.monotonic()
            verdict = bench.verdict(mutant)
        finally:
            benches.put(bench)
        with lock:
            results[mutant.id] = verdict
            (WORK / "results.json").write_text(json.dumps(results, indent=0), encoding="utf-8")
            report(mutant, time.monotonic() - began)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, mutants))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print the mutants, test none")
    parser.add_argument("--only", default="", help="these ids, whatever is known of them")
    parser.add_argument("--sample", type=int, default=0, help="no more than so many, spread over all")
    parser.add_argument("--per-folder", type=int, default=12, help="generated mutants in each folder of legal/")
    parser.add_argument("--seed", type=int, default=382, help="chooses the generated ones")
    parser.add_argument("--jobs", type=int, default=1, help="so many at a time, each in a copy of its own")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    wanted = parser.parse_args()
    mutants = list(named_mutants()) + list(generated_mutants(wanted.seed, wanted.per_folder))
    if wanted.only:
        mutants = [m for m in mutants if m.id in wanted.only.split(",")]
    if wanted.sample:
        mutants = mutants[::max(1, len(mutants) // wanted.sample)][:wanted.sample]
    if wanted.list:
        for mutant in mutants:
            print(mutant.id, mutant.title())
        return 0
    WORK.mkdir(parents=True, exist_ok=True)
    kept = WORK / "results.json"
    results = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() and not wanted.fresh else {}
    reasons = read_reasons()

    def report(mutant, took_s=0.0):
        verdict = results[mutant.id]
        if verdict == "SURVIVED" and mutant.id in reasons:
            verdict = f"same meter: {reasons[mutant.id]}"
        print(f"{mutant.id} {mutant.title()}\n        {verdict}" + (f" ({took_s:.0f} s)" if took_s else ""), flush=True)

    fresh = [m for m in mutants if wanted.only or m.id not in results]
    for mutant in (m for m in mutants if m not in fresh):
        report(mutant)
    if fresh:
        run_all(fresh, wanted.jobs, results, report)
    survived = [m for m in mutants if results[m.id] == "SURVIVED"]
    unknown = [m.id for m in survived if m.id not in reasons]
    print(f"{len(mutants)} mutants: {len(mutants) - len(survived)} caught, {len(survived) - len(unknown)} explained, "
          f"{len(unknown)} SURVIVED" + (f": {' '.join(unknown)}" if unknown else ""))
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
