#!/usr/bin/env python3
"""Records of the data loggers, from a real house through the meter to metertool's CSV and JSON."""

import csv
import io
import json
import os
import subprocess
import sys
import tempfile

from meter_process import Meter, check, run

TOOL = os.path.join(sys.argv[1], "metertool")


def tool(meter, *arguments):
    return subprocess.run([TOOL, "-m", f"kmp+tcp://127.0.0.1:{meter.port('optical tcp')}", *arguments], capture_output=True, text=True)


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


# REQ(LPR-02, LPR-07, LPR-09): every quarter of an hour, whole, rising, to the watt-hour
def test_profile(meter):
    done = tool(meter, "profile", "export", "--csv")
    check(done.returncode == 0, done.stderr)
    got = rows(done.stdout)
    check(len(got) == 40 * 96, f"{len(got)} records of 40 days")
    check([int(row["id"]) for row in got] == list(range(1, len(got) + 1)), "record numbers")
    check(got[0]["time"] == "2026-01-30 01:15:00", got[0]["time"])
    check(got[-1]["time"] == "2026-03-11 01:00:00", got[-1]["time"])
    energy = [float(row["1.8.0"]) for row in got]
    check(all(a <= b for a, b in zip(energy, energy[1:])), "A+ never falls")
    check(all(row["status"] == "0" and row["quality"] == "0" for row in got), "status words")
    part = tool(meter, "profile", "--from", "2026-02-01", "--to", "2026-02-01T01:00", "--json")
    records = json.loads(part.stdout)
    check([r["time"][11:16] for r in records] == ["00:00", "00:15", "00:30", "00:45", "01:00"], part.stdout)
    check(records[0]["1.8.0"] == energy[records[0]["id"] - 1], "the same value in JSON")
    return energy


# REQ(BIL-01, BIL-05, BIL-09): the stops of the month, and one by command
def test_billing(meter, energy):
    done = tool(meter, "billing", "--csv")
    check(done.returncode == 0, done.stderr)
    got = rows(done.stdout)
    check([row["time"] for row in got] == ["2026-02-01 00:00:00", "2026-03-01 00:00:00"], done.stdout)
    check(int(float(got[0]["1.8.0"])) == int(energy[187]), "A+ at the stop is that of the profile")
    check(float(got[1]["1.2.0"]) == round(float(got[0]["1.6.0"]) + float(got[1]["1.6.0"]), 3), "accumulated peaks")
    stop = tool(meter, "debit")
    check(stop.returncode == 0, stop.stderr)
    got = json.loads(tool(meter, "billing", "--json").stdout)
    check(len(got) == 3 and got[2]["0.1.0"] == 3, f"one stop, made once: {len(got)}")
    now = json.loads(tool(meter, "read", "1.6.0", "1.2.0", "--json").stdout)
    check(now["1.6.0"]["value"] == 0, f"peaks begin anew: {now}")
    check(now["1.2.0"]["value"] == got[2]["1.2.0"], "accumulated peak of the record and of now")
    second = rows(tool(meter, "billing", "2", "--csv").stdout)
    check(len(second) == 40, f"{len(second)} days in log 2")
    check(second[0]["time"] == "2026-01-31 00:00:00", second[0]["time"])


def test_bad_input(meter):
    for arguments, word in ((["profile", "--from", "2026-13-01"], "--from"), (["profile", "all"], "nothing more"),
                            (["billing", "3"], "1 or 2"), (["profile", "--to", "2026-02-01T25:00"], "--to")):
        done = tool(meter, *arguments)
        check(done.returncode == 2 and word in done.stderr and done.stderr.count("\n") == 1, f"{arguments}: {done.stderr}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "house")
        done = run("--headless", "--mains", "house", "--speed", "max", "--start", "2026-01-30", "--until", "40d",
                   "--data", data)
        check(done.returncode == 0, done.stderr)
        meter = Meter("--optical", "tcp:127.0.0.1:0", "--mains", "u=230,i=1", "--start", "2026-03-11T00:00:01",
                      "--data", data)
        energy = test_profile(meter)
        test_billing(meter, energy)
        test_bad_input(meter)
        meter.kill()
        basis = Meter("--variant", "382B", "--optical", "tcp:127.0.0.1:0", "--mains", "u=230,i=1")
        done = tool(basis, "profile")
        check(done.returncode == 3 and "does not have the log" in done.stderr, done.stderr)
        basis.kill()
    print("ok")


if __name__ == "__main__":
    main()
