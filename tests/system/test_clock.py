"""The clock from outside: a crystal that is wrong, from run to run; a back-up that lasts, or does not.

usage: test_clock.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone

from meter_process import Meter, check, run, status


def clock_of(data, start, *arguments):
    meter = Meter("--mains", "u=230,i=5", "--start", start, "--data", data, "--panel", "127.0.0.1:0", *arguments)
    found = meter.get("/api/state")["clock"]
    meter.terminate()
    return found


def test_crystal(folder):
    """REQ(TAR-10): 50 ppm are 4.32 s a day, in one run, while the meter is off, and in the next run."""
    data = os.path.join(folder, "crystal")
    status("--mains", "u=230,i=5", "--crystal", "50ppm", "--start", "2026-01-01", "--until", "2d", "--data", data)
    found = clock_of(data, "2026-01-05", "--crystal", "50ppm")
    check(found["valid"] and abs(found["ahead_s"] - 4 * 4.32) < 0.01, f"four days: {found}")
    found = clock_of(data, "2026-01-05", "--crystal", "ideal")
    check(abs(found["ahead_s"] - 4 * 4.32) < 0.01, f"another crystal, the same time: {found}")


def test_seed(folder):
    """One seed is one crystal, within the data sheets' 5 ppm at 23 degrees."""
    found = [clock_of(os.path.join(folder, f"seed{n}"), "2026-01-01", "--crystal", f"seed={n}")["crystal_ppm"]
             for n in (1, 2, 1)]
    check(found[0] == found[2] != found[1], f"{found}")
    check(all(0 < abs(ppm) < 5 for ppm in found), f"{found}")


def test_cold(folder):
    """A crystal at -20 degrees would be 69 ppm slow; trimmed it is right."""
    scenario = os.path.join(folder, "cold.scn")
    with open(scenario, "w", encoding="ascii") as file:
        file.write("set u=230 i=5 temperature=-20\n")
    data = os.path.join(folder, "cold")
    status("--mains", scenario, "--crystal", "0", "--start", "2026-01-01", "--until", "10d", "--data", data)
    found = clock_of(data, "2026-01-11", "--crystal", "0")
    check(abs(found["ahead_s"]) < 0.02, f"ten days in the cold: {found}")


def test_hold_time(folder):
    """REQ(TAR-11): a supercap keeps the clock for a week, a battery for years; C-02: four days where it is told."""
    for variant, backup, days, valid in (("382Lx3", (), 6.9, True), ("382Lx3", (), 7.1, False),
                                         ("382Lx3", ("--backup", "4"), 4.1, False), ("382M", (), 365, True)):
        data = os.path.join(folder, f"{variant}{days}")
        known = ("--variant", variant, "--data", data, *backup)
        status("--mains", "u=230,i=5", "--start", "2026-01-01", "--until", "1h", *known)
        hours = int(days * 24) + 1
        found = clock_of(data, time_after(hours), "--variant", variant, *backup)
        check(found["valid"] == valid, f"{variant} {backup} {days} days: {found}")
        check(not valid or abs(found["ahead_s"]) < 0.01, f"right: {found}")


def time_after(hours):
    days, hour = divmod(hours, 24)
    month, first = (1, days) if days < 31 else (13, days - 365)
    year = 2026 if month == 1 else 2027
    return f"{year}-01-{first + 1:02}T{hour:02}:00:00Z"


def test_outage_inside_a_run(folder):
    """REQ(EVT-06): the back-up is taken out, supply goes: the clock is lost and the log says so."""
    scenario = os.path.join(folder, "outage.scn")
    with open(scenario, "w", encoding="ascii") as file:
        file.write("set u=230 i=5\nat 10m backup remove\nat 1h power off for 10m\n")
    data = os.path.join(folder, "outage")
    status("--mains", scenario, "--start", "2026-01-01", "--until", "65m", "--data", data)
    check(clock_of(data, "2026-01-01T01:05:00Z")["valid"] is False, "off: lost")
    status("--mains", scenario, "--start", "2026-01-01", "--until", "3h", "--data", os.path.join(folder, "again"))
    found = clock_of(os.path.join(folder, "again"), "2026-01-01T03:00:00Z")
    check(not found["valid"] and abs(found["ahead_s"] + 600) < 2, f"goes on from when supply went: {found}")


def test_refused():
    for option, text in (("--crystal", "300"), ("--crystal", "seed="), ("--crystal", "5ppb"), ("--backup", "-1"),
                         ("--backup", "x")):
        done = run("--headless", option, text)
        check(done.returncode == 2 and option in done.stderr, f"{option} {text}: {done.stderr}")


def tool(meter, *arguments, expected=0):
    done = subprocess.run([os.path.join(sys.argv[1], "metertool"), "-m",
                           f"kmp+tcp://127.0.0.1:{meter.port('optical tcp')}", *arguments],
                          capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    check(done.returncode == expected, f"{arguments}: exit {done.returncode}: {done.stdout} {done.stderr}")
    return done.stdout if expected == 0 else done.stderr


def utc(seconds):
    """The computer's time, so far from now."""
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_tool(folder):
    """REQ(TOO-02, TAR-10, TAR-14): metertool sets and synchronises the clock, and says what it finds."""
    meter = Meter("--mains", "u=230,i=5", "--optical", "tcp:127.0.0.1:0", "--data", os.path.join(folder, "tool"))

    def found():
        return json.loads(tool(meter, "--json", "clock"))
    check(found()["valid"] and found()["zone_h"] == 1 and found()["summer_time"] == "eu", f"{found()}")
    said = tool(meter, "clock", "set", utc(9000), expected=2)
    check("expected --yes" in said, said)
    tool(meter, "--yes", "clock", "set", utc(9000))
    check(abs(found()["ahead_s"] - 9000) < 2, f"{found()}")
    said = tool(meter, "--max-difference", "60", "clock", "sync", expected=1)
    check("more than --max-difference 60" in said and abs(found()["ahead_s"] - 9000) < 2, said)
    tool(meter, "--yes", "clock", "sync")
    check(abs(found()["ahead_s"]) < 0.3, f"right after the line's delay: {found()}")
    tool(meter, "clock", "set", utc(4))
    state = found()
    check(abs(state["ahead_s"]) < 0.3 and 2.5 < state["left_s"] < 5, f"worked off: {state}")
    check("1 " in tool(meter, "--csv", "clock").splitlines()[1].replace(",", " "), "valid in CSV")
    for text in ("2026-02-30T00:00Z", "tomorrow", "2026-11-29T12:00X", ""):
        tool(meter, "clock", "set", text, expected=2)
    meter.terminate()


def test_tool_summer_time(folder):
    """REQ(X-TAR-2): rules and tables of summer time, as a whole or not at all."""
    meter = Meter("--mains", "u=230,i=5", "--optical", "tcp:127.0.0.1:0", "--crystal", "1")
    tool(meter, "clock", "summer", "rule", "first-sun-oct-02:00", "first-sun-apr-02:00")
    check("rule first-sun-oct-02:00 first-sun-apr-02:00" in tool(meter, "clock", "summer"), "rule")
    tool(meter, "clock", "summer", "rule", "sixth-sun-oct-02:00", "first-sun-apr-02:00", expected=2)
    tool(meter, "clock", "summer", "rule", "last-sun-mar-02:00", "first-sun-apr-02:00", expected=2)
    table = os.path.join(folder, "summers")
    with open(table, "w", encoding="ascii") as file:
        file.write("# two years\n2027-03-28T01:00Z 2027-10-31T01:00Z\n2028-03-26T01:00Z 2028-10-29T01:00Z\n")
    tool(meter, "clock", "summer", "table", table)
    check("2028-03-26T01:00Z 2028-10-29T01:00Z" in tool(meter, "clock", "summer"), "table")
    with open(table, "a", encoding="ascii") as file:
        file.write("2029 nothing\n")
    said = tool(meter, "clock", "summer", "table", table, expected=2)
    check(f"{table}:4:1: expected begin and end" in said, said)
    tool(meter, "clock", "summer", "eu")
    check(tool(meter, "clock", "summer") == "EU rule\n", "EU")
    tool(meter, "clock", "trim", "--", "-2.5")
    check(tool(meter, "clock", "trim") == "-2.500 ppm\n", "trim")
    meter.terminate()
    meter = Meter("--variant", "382Lx1", "--mains", "u=230,i=5", "--optical", "tcp:127.0.0.1:0")
    check("no clock" in tool(meter, "clock", expected=3), "TAR-09")
    meter.terminate()


def main():
    with tempfile.TemporaryDirectory() as folder:
        test_crystal(folder)
        test_seed(folder)
        test_cold(folder)
        test_hold_time(folder)
        test_outage_inside_a_run(folder)
        test_tool(folder)
        test_tool_summer_time(folder)
        test_refused()
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
