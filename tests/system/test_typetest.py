"""The type-test bench as people call it: a quick run, its files, its exit codes.

usage: test_typetest.py BUILD_DIR SOURCE_DIR

With sanitizers only one test of it runs: the others are the same code, three times as slow.
REQ(MET-14, MET-15, MET-18, X-MET-1, X-MET-2): a calibrated population keeps the limits of class B, class 1 and
reactive class 2 at all operating points, the composite error within the MPE of every temperature band.
"""
import csv
import json
import os
import subprocess
import sys
import tempfile
import unittest
from xml.etree import ElementTree

BUILD, SOURCE = (sys.argv[1:3] + ["build/linux", "."])[:2]
sys.argv = sys.argv[:1]
SLOW = "asan" in os.path.basename(os.path.normpath(BUILD))
TESTS = ["load", "reactive", "unbalance", "voltage", "frequency", "sequence", "missing", "waveform", "tone",
         "magnet", "temperature", "start", "start-up", "no-load", "constant", "repeatability", "self-heating", "dips",
         "overcurrent", "composite"]


def typetest(*arguments, expected=0):
    done = subprocess.run([os.path.join(BUILD, "typetest"), "--quick", *arguments], capture_output=True, text=True,
                          timeout=280)
    assert done.returncode == expected, (arguments, done.returncode, done.stdout[-2000:], done.stderr)
    return done


class Bench(unittest.TestCase):
    @unittest.skipIf(SLOW, "the quick run is for the optimised build")
    def test_quick_run_keeps_all_limits(self):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "report")
            found = json.loads(typetest("--json", "--out", out).stdout)
            self.assertEqual(found["failures"], 0)
            self.assertEqual([t for t in TESTS if t in {row["test"] for row in found["rows"]}], TESTS)
            self.assertGreater(len(found["rows"]), 250)
            with open(os.path.join(out, "tests.csv"), encoding="utf-8", newline="") as file:
                self.assertEqual(len(list(csv.DictReader(file))), len(found["rows"]))
            with open(os.path.join(out, "points.csv"), encoding="utf-8", newline="") as file:
                points = list(csv.DictReader(file))
            self.assertEqual({p["connection"] for p in points}, {"4-wire", "Aron", "1-phase"})
            self.assertEqual({p["seed"] for p in points if p["connection"] == "4-wire"},
                             {"382", "383", "384", "385"})
            self.check_page(out, found)
            self.check_charts(out)

    def check_page(self, out, found):
        with open(os.path.join(out, "report.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn("All limits kept", page)
        self.assertIn(found["legal_checksum"], page)
        self.assertEqual(page.count("<svg"), 10)
        self.assertEqual(page.count("<details id="), len(TESTS))
        self.assertNotRegex(page, r"<script|<link|<img|url\(|@import|nan|inf\b")

    def check_charts(self, out):
        for name in ("load", "voltage", "frequency", "temperature", "composite"):
            for ending, limits in (("", True), ("-magnified", False)):
                tree = ElementTree.parse(os.path.join(out, name + ending + ".svg"))
                classes = [element.get("class") for element in tree.iter()]
                self.assertEqual("l" in classes, limits)
                lines = [e.get("points").split() for e in tree.iter("{http://www.w3.org/2000/svg}polyline")
                         if e.get("class") == "m"]
                self.assertEqual(len(lines), 3)
                self.assertTrue(all(len(line) >= 5 for line in lines))

    def test_a_run_is_repeatable_on_any_number_of_threads(self):
        one = json.loads(typetest("--only", "sequence", "--meters", "2", "--jobs", "1", "--json").stdout)
        two = json.loads(typetest("--only", "sequence", "--meters", "2", "--jobs", "3", "--json").stdout)
        other = json.loads(typetest("--only", "sequence", "--meters", "2", "--seed", "1", "--json").stdout)
        self.assertEqual(one, two)
        self.assertNotEqual(one["rows"], other["rows"])

    def test_tables_name_limit_and_population(self):
        out = typetest("--only", "sequence", "--meters", "1", "--class", "A").stdout
        self.assertIn("Type test, class A", out)
        self.assertIn("1 meters from seed 382", out)
        self.assertIn("All limits kept.", out)

    def test_wrong_usage_is_2(self):
        for wrong, said in ((["--class", "D"], "A, B or C"), (["--meters", "0"], "a number 1..10000"),
                            (["--meters", "-1"], "a number 1..10000"), (["--only", "load,"], "--only list"),
                            (["--seed", "x"], "a number"), (["--jobs", "257"], "1..256"),
                            (["more"], "options only"), (["--unknown"], "")):
            self.assertIn(said, typetest(*wrong, expected=2).stderr)
        done = typetest("--only", "sequence", "--meters", "1", "--out", "/dev/null/x", expected=2)
        self.assertIn("/dev/null/x", done.stderr)

    def test_help_and_list(self):
        self.assertIn("--class A|B|C", typetest("--help").stdout)
        listed = [line.split()[0] for line in typetest("--only", "list").stdout.splitlines()]
        self.assertEqual(listed, TESTS)


if __name__ == "__main__":
    unittest.main()
