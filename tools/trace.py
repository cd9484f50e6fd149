#!/usr/bin/env python3
"""From requirement to test to result: trace.py [JUNIT.xml] [--list].

Tests name what they prove as REQ(ID) or REQ(ID, ID) in a comment.  A requirement counts as proven when every test
file that names it ran and passed.  Fails on an id that docs/requirements.csv does not have, and on a REQ
outside a test that ctest runs.  Without a JUnit file it checks the ids only.
"""
import csv
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
REQ = re.compile(r"\bREQ\(([^)]*)\)")
KINDS = ["requirement", "memory model", "fact", "contradiction", "question"]
WANTED = KINDS[:2]  # what the meter must do; the rest fills gaps and settles contradictions


def read_catalogue():
    with open(TOP / "docs/requirements.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    ids = [row["id"] for row in rows]
    doubles = sorted({i for i in ids if ids.count(i) > 1})
    faults = [f"docs/requirements.csv: {i} stands there twice" for i in doubles]
    faults += [f"docs/requirements.csv: {row['id']}: kind {row['kind']}" for row in rows if row["kind"] not in KINDS]
    return {row["id"]: row for row in rows}, faults


def read_claims(catalogue):
    """{id: {ctest name}}, faults"""
    claims, faults = defaultdict(set), []
    for path in sorted((TOP / "tests").glob("**/*")):
        if path.suffix not in (".c", ".h", ".py"):
            continue
        where = path.relative_to(TOP).as_posix()
        runs = path.name.startswith("test_") and path.suffix != ".h"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for group in REQ.findall(line):
                for name in (word.strip() for word in group.split(",")):
                    if name not in catalogue:
                        faults.append(f"{where}:{number}: no requirement {name!r}")
                    elif not runs:
                        faults.append(f"{where}:{number}: REQ({name}) outside a test that runs")
                    else:
                        claims[name].add(f"{path.parent.name}/{path.stem}")
    return claims, faults


def read_results(junit):
    results = {}
    for case in ElementTree.parse(junit).getroot().iter("testcase"):
        results[case.get("name")] = case.get("status") == "run" and case.find("failure") is None
    return results


def table(catalogue, claims, results):
    def proven(name):
        return name in claims and all(results.get(test, False) for test in claims[name])
    areas = list(dict.fromkeys(row["area"] for row in catalogue.values()))
    print(f"  {'area':<6}{'proven':>8}{'of':>5}   {'other ids proven':>16}{'of':>5}")
    sums = [0, 0, 0, 0]
    for area in areas:
        mine = [row for row in catalogue.values() if row["area"] == area]
        wanted = [row["id"] for row in mine if row["kind"] in WANTED]
        others = [row["id"] for row in mine if row["kind"] not in WANTED]
        counts = [sum(map(proven, wanted)), len(wanted), sum(map(proven, others)), len(others)]
        sums = [a + b for a, b in zip(sums, counts)]
        print(f"  {area:<6}{counts[0]:>8}{counts[1]:>5}   {counts[2]:>16}{counts[3]:>5}")
    failing = sorted(name for name in claims if not proven(name))
    for name in failing:
        bad = sorted(test for test in claims[name] if not results.get(test, False))
        print(f"  not proven: {name} (not passed: {', '.join(bad)})")
    print(f"requirements: {sums[0]} of {sums[1]} have a passing test; "
          f"{sums[2]} of {sums[3]} outside facts, treated contradictions and answered questions")


def main(argv):
    catalogue, faults = read_catalogue()
    claims, more = read_claims(catalogue)
    faults += more
    arguments = [a for a in argv[1:] if not a.startswith("--")]
    if "--list" in argv:
        for name in catalogue:
            print(f"{name:<12}{', '.join(sorted(claims.get(name, []))) or '-'}")
    elif arguments:
        table(catalogue, claims, read_results(arguments[0]))
    elif not faults:
        print(f"requirements: {len(catalogue)} ids, {len(claims)} of them named by tests, none unknown")
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
