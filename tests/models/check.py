#!/usr/bin/env python3
"""Check the models beside this with spin: every assertion, and every LTL property by its name.

Without fairness: a model is one process that comes to rest, and with it spin does not see what a run that has ended
leaves undone.

The table of the breaker that they step by is made of app/breaker/breaker_table.c, so that the two cannot drift.
OPEN382_LONG in the environment: more events and cuts.

usage: check.py [CC]
       check.py --table    print the table as the models have it
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BREAKER = HERE.parent.parent / "app" / "breaker"
LONG = ["-DEVENTS=7", "-DCUTS=2"]


def numbers_of(header):
    """{name: number} of the states and events."""
    return {name: int(number) for name, number in re.findall(r"^    (BREAKER_\w+) = (\d+),", header, flags=re.M)}


def table(source, header):
    """A macro for each event: the state it leads to from `state`, 0: refused.  The first row that fits counts."""
    body = re.search(r"^static const struct row rows\[\] = \{\n(.*?)^\};", source, flags=re.M | re.S).group(1)
    rows = re.findall(r"\{BREAKER_(\w+), BREAKER_EVENT_(\w+), (\w+), BREAKER_(\w+)\}", body)
    if len(rows) != body.count("{") or not rows:
        sys.exit(f"breaker_table.c: {body.count('{')} rows, of which {len(rows)} can be read")
    number = numbers_of(header)
    macros = []
    for event in dict.fromkeys(row[1] for row in rows):
        said = "0"
        for state, _, guard, after in reversed([row for row in rows if row[1] == event]):
            when = f"state == {number['BREAKER_' + state]}" + ("" if guard == "ALWAYS" else f" && {guard}")
            said = f"(({when}) -> {number['BREAKER_' + after]} : {said})"
        macros.append(f"#define NEXT_{event} {said}\n")
    return "".join(macros)


def run(*command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


class Model:
    """A model made into two programs: one for its assertions and dead ends, one for its LTL properties."""

    def __init__(self, path, folder, compiler, more):
        self.name, self.folder, self.more = path.name, folder, more
        (Path(folder) / path.name).write_text(path.read_text(encoding="ascii"), encoding="ascii")
        (Path(folder) / "breaker_table.pml").write_text(made_table(), encoding="ascii")
        run("spin", *more, "-a", path.name, folder=folder)
        for program, options in (("safety", ["-DSAFETY", "-DNOCLAIM"]), ("ltl", ["-DNOREDUCE"])):
            run(compiler, "-O1", "-DCOLLAPSE", "-DMEMLIM=1500", *options, "-w", "-o", program, "pan.c", folder=folder)

    def verify(self, ltl):
        """ltl None: the assertions and dead ends of the model itself."""
        said = run(*(["./ltl", "-m200000", "-a", "-N", ltl] if ltl else ["./safety", "-m200000", "-E"]), folder=self.folder)
        errors = re.search(r"errors: (\d+)", said)
        states = re.search(r"(\d+(?:\.\d+)?(?:e\+\d+)?) states, stored", said)
        if errors is None or errors.group(1) != "0" or "max search depth too small" in said:
            trail = run("spin", *self.more, "-t", "-p", "-g", self.name, folder=self.folder)
            sys.exit(f"{self.name}: {ltl or 'assertions'}: {said}{trail[-6000:]}")
        print(f"{self.name}: {ltl or 'assertions'} hold in {states.group(1)} states", flush=True)


def made_table():
    return table((BREAKER / "breaker_table.c").read_text(encoding="ascii"), (BREAKER / "breaker.h").read_text(encoding="ascii"))


def main(argv):
    if argv[1:] == ["--table"]:
        print(made_table(), end="")
        return
    compiler = argv[1] if len(argv) > 1 else "cc"
    more = LONG if os.environ.get("OPEN382_LONG") else []
    for model in sorted(HERE.glob("*.pml")):
        with tempfile.TemporaryDirectory() as folder:
            made = Model(model, folder, compiler, more)
            for ltl in (None, *re.findall(r"^ltl (\w+)", model.read_text(encoding="ascii"), flags=re.M)):
                made.verify(ltl)


if __name__ == "__main__":
    main(sys.argv)
