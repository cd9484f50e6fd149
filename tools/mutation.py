#!/usr/bin/env python3
"""Seeds defects in the legal part, one at a time, and prints which test catches each.

    mutation.py [--list] [--only ID[,ID...]] [--sample N] [--per-folder N] [--seed N] [--jobs N] [--fresh] [--bench]

The named defects are those of every meter's nightmares; the others are edits of operators, comparisons, constants and
whole statements, chosen by a hash of their line and the seed, so that a change elsewhere in a file leaves them as
they are.  Each is built in a copy of the tree below build/mutation and tested until a test fails.  Results are kept there:
a run that was stopped goes on where it was; --fresh begins anew.  A survivor either gets a test, or a line with its
reason in tests/mutation.txt.  Exit status 1 when one has neither.

The last to be asked is the quick type test (docs/typetest.md).  --bench asks it alone, of the named defects: it shows
which of them a calibrated meter at its LED and its registers gives away.
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
FOLDERS = ["signal", "energy", "store", "bus", "params", "profile", "audit"]  # of legal/
COPIED = ["CMakeLists.txt", "cmake", "legal", "app", "proto", "lab", "host", "ports", "tools", "tests", "bench", "data", "docs"]
# The quick and sharp ones first: most mutants die there.  Last the one that knows every bit of the signal part and
# nothing of what they mean.
FIRST = ["test_conservation", "test_signal", "test_signal_kernels", "test_bus", "test_energy", "test_edges",
         "test_store_cuts"]
LAST = ["test_signal_golden"]
# Of some files the test that looks at nothing else.
OWN = {"profile/": "test_profile", "audit/": "test_audit", "energy/trail.c": "test_audit", "params/": "test_compensation",
       "energy/drift.c": "test_compensation", "energy/commands.c": "test_audit",
       "energy/neighbours.c": "test_compensation", "signal/angle.c": "test_signal_angle", "energy/timing.c": "test_timing"}
PARTS = ["legal", "app", "lab", "regression"]
LIMIT_S = 120
BENCH = "typetest"
BENCH_OPTIONS = ["--quick", "--quiet", "--meters", "1", "--jobs", "1"]
BENCH_LIMIT_S = 600

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
    ("drift put on instead of taken off", "energy/drift.c", "return held(slope_q40 * away_cc, ERROR_MAX_Q40);",
     "return held(-slope_q40 * away_cc, ERROR_MAX_Q40);"),
    ("drift without its cubic", "energy/drift.c", "drift->quadratic_q54 + drift->cubic_q68 * away_cc / scale",
     "drift->quadratic_q54"),
    ("drift of the voltage taken for the power's", "energy/system.c",
     "drift_error_q40(&c->power_drift, system->temperature_cc", "drift_error_q40(&c->voltage_drift, system->temperature_cc"),
    ("heat twice as fast", "energy/drift.c", "(uint64_t)time_s * MEASURING_SAMPLE_RATE_HZ",
     "(uint64_t)time_s * MEASURING_SAMPLE_RATE_HZ / 2u"),
    ("heat of a gap kept", "energy/system.c", "if (!follows && passed_us > 0) {", "if (follows && passed_us < 0) {"),
    ("unknown rate of a sample clock left alone", "energy/timing.c", "timing->rate_q32 + rounded(", "0 * rounded("),
    ("clock's constant put on instead of taken off", "energy/timing.c", "nominal_q8 - (uint64_t)fast_q8",
     "nominal_q8 + (uint64_t)fast_q8"),
    ("late frame believed", "energy/timing.c", "#define STRANGE_MAX 5u", "#define STRANGE_MAX 1u"),
    ("heat put on instead of taken off", "energy/drift.c", "(int64_t)(heat->square_q8 >> 8) * heating_q64",
     "-(int64_t)(heat->square_q8 >> 8) * heating_q64"),
    ("neighbour conjugate", "energy/neighbours.c", "im = c->neighbour_im_q40[n];", "im = -c->neighbour_im_q40[n];"),
    ("neighbours exchanged", "energy/neighbours.c", "const unsigned k = (s + 1u + n) % n_systems;",
     "const unsigned k = (s + 2u - n) % n_systems;"),
    ("neighbour turned the wrong way", "energy/neighbours.c", "(int64_t)(to->timing.end_q8 - from->timing.end_q8)",
     "(int64_t)(from->timing.end_q8 - to->timing.end_q8)"),
    ("neighbour without voltage counted", "energy/neighbours.c", "(voltage_known >> k & 1u) == 0", "false"),
    ("remainder of the neighbours dropped", "energy/system.c",
     "*rest_q23 = part & ((UINT64_C(1) << 23) - 1u);", "*rest_q23 = 0;"),
    ("remainder of crosstalk dropped", "energy/system.c", "*rest_q40 = part & Q40_MASK;", "*rest_q40 = 0;"),
    ("compensations of system 1 for all", "params/constants_record.c",
     "        uint32_t at = CONSTANT_BLOCKS + COMPENSATION_BLOCK_BYTES * s;\n        get_drift",
     "        uint32_t at = CONSTANT_BLOCKS + COMPENSATION_BLOCK_BYTES * 0u * s;\n        get_drift"),
    ("profile: wrong page", "profile/profile.c", "profile->base_page + before / records_a_page(channels)",
     "profile->base_page + (before + 1u) / records_a_page(channels)"),
    ("profile: page written over its neighbour", "profile/profile.c",
     "PROFILE_PAGE + profile->page_number % PROFILE_PAGES;", "PROFILE_PAGE + (profile->page_number | 1u) % PROFILE_PAGES;"),
    ("profile: lost deletion mark", "profile/profile.c", "    profile->oldest_id = oldest_id;\n",
     "    profile->oldest_id = 1;\n"),
    ("profile: deletion not told", "profile/profile.c",
     "*deleted = profile->layout.channels > 0 && next_id(profile) > profile->oldest_id;", "*deleted = false;"),
    ("profile: record lost in a cut", "profile/profile.c", "    profile->count++;\n    if (!scratch_write(profile)) {",
     "    profile->count++;\n    if (profile->count % 2u == 0 && !scratch_write(profile)) {"),
    ("audit: a change without its entry", "energy/commands.c", "const enum legal_err err = trail_change(p, constants, systems);",
     "const enum legal_err err = systems != 0 ? LEGAL_OK : LEGAL_ERR_RANGE;"),
    ("audit: no room kept for a cut", "energy/trail.c", "audit_room(&p->audit, true) < AUDIT_CHANGE_PLACES",
     "audit_room(&p->audit, true) < 1u"),
    ("audit: a torn place taken again", "audit/audit.c", "        if (state == PAGE_BLANK) {", "        if (state != PAGE_GOOD) {"),
    ("audit: lost constants taken for a cut", "audit/audit.c", "|| later.lost ||", "||"),
    ("profile: windows of the interval left to the next", "profile/profile_commands.c",
     "    processor_book(p); /* windows that have ended belong to the interval that ends */\n", ""),
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
            # its tables are numbers: a CRC has its check value; of its two forms one is built
            if path.name != "legal_crc.c" and path.parent.name != "crc":
                found += edits_of(path.relative_to(TOP / "legal").as_posix(), seed)
        found.sort(key=lambda item: item[1])
        yield from (mutant for mutant, _ in found[:per_folder])


class Bench:
    """A copy of the tree with a build of its own: one mutant at a time."""

    def __init__(self, number):
        self.top, self.build = WORK / f"tree{number}", WORK / f"tree{number}" / "build"

    def prepare(self, catchers):
        for name in COPIED:
            source, target = TOP / name, self.top / name
            self.refresh(source, target)
        warnings = self.top / "cmake" / "warnings.cmake"
        warnings.write_text(warnings.read_text(encoding="utf-8").replace("-Werror", "-w"), encoding="utf-8")
        self.run(["cmake", "-S", self.top, "-B", self.build, "-G", "Ninja", "-DCMAKE_C_FLAGS=-O1 -fwrapv"], 300)
        self.run(["ninja", "-C", self.build, "-j", "2", *catchers], 1800)

    def check(self, catchers):
        found = self.first_failure(catchers)
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

    def verdict(self, mutant, catchers):
        own = [test for path, test in OWN.items() if mutant.file.startswith(path) and test in catchers]
        path = self.top / "legal" / mutant.file
        kept = path.read_text(encoding="utf-8")
        try:
            path.write_text(mutant.source(), encoding="utf-8")
            return self.first_failure(own + [name for name in catchers if name not in own])
        finally:
            path.write_text(kept, encoding="utf-8")

    def first_failure(self, catchers):
        for name in catchers:
            built = subprocess.run(["ninja", "-C", str(self.build), "-j", "1", name], capture_output=True, text=True)
            if built.returncode != 0:
                return "compiler"
            command, limit_s = [str(self.build / "tests" / name)], LIMIT_S
            if name == BENCH:
                command, limit_s = [str(self.build / BENCH), *BENCH_OPTIONS], BENCH_LIMIT_S
            try:
                done = subprocess.run(command, cwd=self.build, capture_output=True, timeout=limit_s)
            except subprocess.TimeoutExpired:
                return f"{name} (never ends)"
            if done.returncode != 0:
                return name
        return "SURVIVED"


@functools.lru_cache
def test_names():
    names = [path.stem for part in PARTS for path in sorted((TOP / "tests" / part).glob("test_*.c"))]
    return FIRST + [name for name in names if name not in FIRST + LAST] + LAST + [BENCH]


def read_reasons():
    reasons = {}
    for line in REASONS.read_text(encoding="utf-8").splitlines() if REASONS.exists() else []:
        match = re.match(r"([0-9a-f]{7}) (\S+): (.+)", line)
        if match:
            reasons[match.group(1)] = match.group(3)
        elif line.strip() and not line.startswith("#"):
            raise SystemExit(f"{REASONS}: cannot read: {line}")
    return reasons


def run_all(mutants, jobs, catchers, keep, report):
    benches, lock = queue.Queue(), threading.Lock()
    for number in range(jobs):
        bench = Bench(number)
        bench.prepare(catchers)
        if number == 0:
            bench.check(catchers)  # the others are the same
        benches.put(bench)

    def one(mutant):
        bench = benches.get()
        try:
            began = time.monotonic()
            verdict = bench.verdict(mutant, catchers)
        finally:
            benches.put(bench)
        with lock:
            keep(mutant, verdict)
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
    parser.add_argument("--bench", action="store_true", help="ask the type test alone, of the named defects")
    wanted = parser.parse_args()
    mutants = list(named_mutants())
    if not wanted.bench:
        mutants += generated_mutants(wanted.seed, wanted.per_folder)
    if wanted.only:
        mutants = [m for m in mutants if m.id in wanted.only.split(",")]
    if wanted.sample:
        mutants = mutants[::max(1, len(mutants) // wanted.sample)][:wanted.sample]
    if wanted.list:
        for mutant in mutants:
            print(mutant.id, mutant.title())
        return 0
    WORK.mkdir(parents=True, exist_ok=True)
    kept = WORK / ("bench.json" if wanted.bench else "results.json")
    results = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() and not wanted.fresh else {}
    reasons = read_reasons()

    def keep(mutant, verdict):
        results[mutant.id] = verdict
        kept.write_text(json.dumps(results, indent=0), encoding="utf-8")

    def report(mutant, took_s=0.0):
        verdict = results[mutant.id]
        if verdict == "SURVIVED" and mutant.id in reasons:
            verdict = f"same meter: {reasons[mutant.id]}"
        print(f"{mutant.id} {mutant.title()}\n        {verdict}" + (f" ({took_s:.0f} s)" if took_s else ""), flush=True)

    fresh = [m for m in mutants if wanted.only or m.id not in results]
    fresh.sort(key=lambda mutant: mutant.id in reasons)  # those go through all tests
    for mutant in (m for m in mutants if m not in fresh):
        report(mutant)
    if fresh:
        run_all(fresh, wanted.jobs, [BENCH] if wanted.bench else test_names(), keep, report)
    survived = [m for m in mutants if results[m.id] == "SURVIVED"]
    if wanted.bench:
        print(f"{len(mutants)} named defects: the type test catches {len(mutants) - len(survived)}")
        return 0
    unknown = [m.id for m in survived if m.id not in reasons]
    print(f"{len(mutants)} mutants: {len(mutants) - len(survived)} caught, {len(survived) - len(unknown)} explained, "
          f"{len(unknown)} SURVIVED" + (f": {' '.join(unknown)}" if unknown else ""))
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
