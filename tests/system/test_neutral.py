"""Loss of neutral in a scenario: registers, the event log as it lies in memory, restarts in the middle of a fault."""

import cmath
import json
import math
import os
import struct
import subprocess
import sys
import tempfile

from meter_process import Meter, check, status

FIRST_PAGE, PAGES, PAGE = 1280, 46, 256
START = 1767225600  # 2026-01-01


def events(data):
    """(UTC, event, payload) as docs/spec/app-storage.md and docs/neutral-fault.md lay them out."""
    memory = open(os.path.join(data, "app.eeprom"), "rb").read()
    found = {}
    for page in range(FIRST_PAGE, FIRST_PAGE + PAGES):
        record = memory[page * PAGE:(page + 1) * PAGE]
        if record[:2] == b"EL":
            number, utc, _, flags, length, code = struct.unpack_from("<IqIBBH", record, 4)
            check(flags == 1 and length == 19, f"flags {flags}, {length} bytes")
            found[number] = (utc - START, code, struct.unpack("<B7HI", record[24:24 + length]))
    check(sorted(found) == list(range(1, len(found) + 1)), f"ids {sorted(found)}")
    return [found[number] for number in sorted(found)]


def scenario(folder, text):
    path = os.path.join(folder, "mains.scn")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def go(data, mains, until, *more):
    return status("--mains", mains, "--until", until, "--data", data, "--start", "2026-01-01T00:00:00Z", *more)


def value(registers, code):
    return registers[code]["value"]


# REQ(NEU-01, X-NEU-1): star network, broken neutral, unbalanced load: the event, its time, the voltages in between
def test_unbalanced(folder):
    data = os.path.join(folder, "unbalanced")
    mains = scenario(folder, "set u=230 i1=2 i2=10 i3=5\nat 60s lose neutral for 2m\n")
    registers = go(data, mains, "119s")
    check(value(registers, "132.0.6") == 0 and events(data) == [], "not before its time")
    check(abs(value(registers, "92.7.0") - 94) <= 1, f"displacement {value(registers, '92.7.0')} V")
    registers = go(os.path.join(folder, "whole"), mains, "125s")
    check(value(registers, "132.0.6") == 1, "fault")
    registers = go(os.path.join(folder, "end"), mains, "250s")
    check(value(registers, "132.0.6") == 0 and value(registers, "92.7.0") == 0, "gone")
    log = events(os.path.join(folder, "end"))
    check([event for _, event, _ in log] == [1, 0], f"one fault: {log}")
    check(120 <= log[0][0] <= 126 and 189 <= log[1][0] <= 192, f"times {log}")
    source = [230 * cmath.exp(1j * math.radians(degrees)) for degrees in (0, -120, 120)]
    star = (2 * source[0] + 10 * source[1] + 5 * source[2]) / 17
    for low, high, volts in zip(log[1][2][1:7:2], log[1][2][2:7:2], (abs(u - star) for u in source)):
        check(abs(low / 10 - volts) < 0.1 and abs(high / 10 - volts) < 0.1, f"{low}..{high}, expected {volts}")
    check(abs(log[1][2][7] / 10 - abs(star)) < 0.1, f"displacement {log[1][2][7]}, expected {abs(star)}")


# REQ(NEU-01): a balanced load hides the fault
def test_balanced(folder):
    data = os.path.join(folder, "balanced")
    go(data, scenario(folder, "set u=230 i=5\nat 60s lose neutral for 5m\n"), "7m")
    check(events(data) == [], "nothing to see")


def test_read_over_kmp(folder):
    """metertool reads the log: more records than an answer takes, oldest first, in every form."""
    data = os.path.join(folder, "log")
    faults = 24
    text = "set u=230 i1=2 i2=10 i3=5\n" + "".join(f"at {5 * n}m lose neutral for 2m\n" for n in range(faults))
    go(data, scenario(folder, text), f"{5 * faults}m")
    meter = Meter("--mains", "u=230,i=5", "--data", data, "--optical", "tcp:127.0.0.1:0")
    try:
        tool = os.path.join(sys.argv[1], "metertool")
        url = f"kmp+tcp://127.0.0.1:{meter.port('optical tcp')}"
        done = subprocess.run([tool, "-m", url, "events", "neutral", "--json"], capture_output=True, text=True, timeout=60)
        check(done.returncode == 0, f"metertool: {done.returncode}: {done.stderr}")
        found = json.loads(done.stdout)
        check([one["id"] for one in found] == list(range(2 * faults - 44, 2 * faults + 1)), f"ids {found}")
        check([one["event"] for one in found] == [one["id"] % 2 for one in found], "events")
        check(all(one["clock_valid"] for one in found), "clock")
        stamps = [one["time"] for one in found]
        check(stamps == sorted(stamps), f"stamps {stamps}")
        check(abs(found[0]["seen"]["phases"][0]["highest_v"] - 308) < 10, f"voltages {found[0]}")
        for form in ([], ["--csv"]):
            done = subprocess.run([tool, "-m", url, "events", "neutral", *form], capture_output=True, text=True, timeout=60)
            check(len(done.stdout.splitlines()) == 45 + len(form), f"{form}: {done.stdout}")
        done = subprocess.run([tool, "-m", url, "events", "voltage", "--json"], capture_output=True, text=True, timeout=60)
        check(done.returncode == 0 and len(json.loads(done.stdout)) > faults, f"another log: {done.stdout} {done.stderr}")
        done = subprocess.run([tool, "-m", url, "events", "nothing"], capture_output=True, text=True, timeout=60)
        check(done.returncode == 2 and "expected status, clock, voltage, disconnect, neutral, load-profile, audit, alarms or clear" in done.stderr, f"unknown: {done.stderr}")
    finally:
        meter.kill()


def test_restart(folder):
    """A fault over restarts is logged once; its end is logged when the meter comes back to a whole neutral."""
    data = os.path.join(folder, "restart")
    broken = scenario(folder, "set u=230 i1=2 i2=10 i3=5\nat 0s lose neutral\n")
    for _ in range(3):
        go(data, broken, "100s")
        check([event for _, event, _ in events(data)] == [1], f"once: {events(data)}")
    go(data, "u=230,i=5", "30s")
    check([event for _, event, _ in events(data)] == [1, 0], f"and its end: {events(data)}")


# REQ(NEU-05): one and two phases, 400 V on a phase, no neutral: the meter goes on
def test_meter_lives(folder):
    for name, mains in (("one", "u1=230,u2=0,u3=0,i=5"), ("two", "u1=0,u2=230,u3=230,i=5"),
                        ("high", "u1=400,u2=230,u3=60,i=5")):
        data = os.path.join(folder, name)
        registers = go(data, mains, "1h")
        volts = [float(part.split("=")[1]) for part in mains.split(",")[:3]]
        check(abs(value(registers, "1.8.0") - sum(volts) * 5 / 1000) < 0.01, f"{name}: {value(registers, '1.8.0')}")
        check(value(registers, "97.97.0") == 0, f"{name}: status")


def main():
    with tempfile.TemporaryDirectory() as folder:
        test_unbalanced(folder)
        test_balanced(folder)
        test_read_over_kmp(folder)
        test_restart(folder)
        test_meter_lives(folder)
    print("neutral: ok")


if __name__ == "__main__":
    sys.exit(main())
