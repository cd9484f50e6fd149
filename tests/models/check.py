#!/usr/bin/env python3
"""Check the models beside this with spin: every assertion, and every LTL property by its name, with weak fairness.

usage: check.py [CC]
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run(*command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


def verify(model, ltl, compiler):
    """ltl None: the assertions and dead ends of the model itself."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / model.name).write_text(model.read_text(encoding="ascii"), encoding="ascii")
        run("spin", "-a", model.name, folder=folder)
        run(compiler, "-O2", "-DNFAIR=3", "-DCOLLAPSE", "-DMEMLIM=1500", *(["-DNOREDUCE"] if ltl else ["-DSAFETY", "-DNOCLAIM"]), "-w", "-o", "pan", "pan.c", folder=folder)
        said = run("./pan", "-m200000", *(["-a", "-f", "-N", ltl] if ltl else ["-E"]), folder=folder)
        errors = re.search(r"errors: (\d+)", said)
        states = re.search(r"(\d+(?:\.\d+)?(?:e\+\d+)?) states, stored", said)
        if errors is None or errors.group(1) != "0" or "max search depth too small" in said:
            sys.exit(f"{model.name}: {ltl or 'assertions'}: {said}")
        print(f"{model.name}: {ltl or 'assertions'} hold in {states.group(1)} states")


def main(argv):
    compiler = argv[1] if len(argv) > 1 else "cc"
    for model in sorted(HERE.glob("*.pml")):
        for ltl in (None, *re.findall(r"^ltl (\w+)", model.read_text(encoding="ascii"), flags=re.M)):
            verify(model, ltl, compiler)


if __name__ == "__main__":
    main(sys.argv)
