"""Tariffs from outside: a plan loaded with metertool into a running meter, days at full speed, energies by tariff.

usage: test_tariff.py BUILD_DIR SOURCE_DIR
"""
import os
import subprocess
import sys
import tempfile

from meter_process import Meter, check, kwh, run, status

PLAN = """plan "system test"
working mon tue wed thu fri
day A work     00:00 T1  06:00 T2  22:00 T1  23:59 T4
day A rest     00:00 T3
exception 2027-01-06
"""
KILOWATTS = 3 * 230 * 10 / 1000
# 2027-01-04 is a Monday; local time is UTC + 1: Tuesday, then the exception day, from 23:00Z to 23:00Z
MINUTES = {1: 2 * (6 * 60 + 119), 2: 2 * 16 * 60, 3: 24 * 60, 4: 2}


def metertool(port, *arguments, expected=0):
    done = subprocess.run([os.path.join(sys.argv[1], "metertool"), "-m", f"kmp+tcp://127.0.0.1:{port}", "tariff",
                           *arguments], capture_output=True, text=True, timeout=60)
    check(done.returncode == expected, f"{arguments}: exit {done.returncode}: {done.stdout} {done.stderr}")
    return done.stdout + done.stderr


def upload(folder, data, text):
    plan = os.path.join(folder, "test.plan")
    with open(plan, "w", encoding="ascii") as file:
        file.write(text)
    meter = Meter("--mains", "u=230,i=0", "--start", "2027-01-04T20:00:00Z", "--data", data,
                  "--optical", "tcp:127.0.0.1:0")
    port = meter.port("optical tcp")
    said = metertool(port, "upload", plan)
    check("read back" in said, said)
    check(metertool(port, "get").startswith('plan "system test"'), "another plan came back")
    check("mon  work" in metertool(port, "show"), "no week")
    wrong = metertool(port, "upload", plan, "2020-01-01T00:00Z", expected=1)
    check("after the meter's time" in wrong, wrong)
    meter.terminate()


def test_days(folder):
    """REQ(REG-05): constant load over three local days: each tariff has its minutes, their sum is the total."""
    data = os.path.join(folder, "days")
    upload(folder, data, PLAN)
    registers = status("--mains", "u=230,i=10", "--start", "2027-01-04T23:00:00Z", "--until", "72h", "--data", data)
    for tariff in range(1, 9):
        wanted = KILOWATTS * MINUTES.get(tariff, 0) / 60
        found = kwh(registers, f"1.8.{tariff}")
        # the first cycle's window goes before the meter is up; a second here would be 0.0019 kWh
        check(abs(found - wanted) < 0.001, f"T{tariff}: {found} kWh, expected {wanted}")
    total = sum(kwh(registers, f"1.8.{tariff}") for tariff in range(1, 9))
    check(abs(total - kwh(registers)) < 1e-8, f"sum of the tariffs {total}, total {kwh(registers)}")


def test_off_over_a_switch(folder):
    """Power off over a change: the right tariff counts from the first energy on."""
    data = os.path.join(folder, "off")
    upload(folder, data, PLAN)
    before = status("--mains", "u=230,i=10", "--start", "2027-01-05T04:00:00Z", "--until", "30m", "--data", data)
    after = status("--mains", "u=230,i=10", "--start", "2027-01-05T06:00:00Z", "--until", "30m", "--data", data)
    check(kwh(before, "1.8.2") == 0 and abs(kwh(before, "1.8.1") - KILOWATTS / 2) < 0.001, f"before: {before}")
    check(kwh(after, "1.8.1") == kwh(before, "1.8.1"), "energy went to the tariff before the cut")
    check(abs(kwh(after, "1.8.2") - KILOWATTS / 2) < 0.001, f"after: {kwh(after, '1.8.2')}")


def test_inputs(folder):
    """REQ(TAR-05): a module port with two tariff inputs (DD 01), switched by a scenario, an option, the panel."""
    scenario = os.path.join(folder, "inputs.scn")
    with open(scenario, "w", encoding="ascii") as file:
        file.write("set u=230 i=10\nat 10m tariff-input 1 on for 20m\nat 20m tariff-input 2 on for 20m\n")
    ports = ("--variant", "68431BM423010,11000012")
    registers = status("--mains", scenario, "--until", "1h", *ports)
    for tariff, minutes in ((1, 30), (2, 10), (3, 10), (4, 10)):
        found = kwh(registers, f"1.8.{tariff}")
        check(abs(found - KILOWATTS * minutes / 60) < 0.001, f"T{tariff}: {found} kWh")
    registers = status("--mains", "u=230,i=10", "--until", "1h", "--tariff-input", "2", *ports)
    check(abs(kwh(registers, "1.8.3") - KILOWATTS) < 0.001, "by an option")
    meter = Meter("--mains", "u=230,i=10", "--panel", "127.0.0.1:0", *ports)
    check(meter.get("/api/state")["tariff_inputs"] == [False, False], "both count")
    meter.post("/api/input", {"name": "tariff_1", "on": True})
    check(meter.get("/api/tariff")["active"] == 2, "by the panel")
    meter.terminate()
    done = run("--headless", "--tariff-input", "3")
    check(done.returncode == 2 and "--tariff-input: expected 1 or 2" in done.stderr, done.stderr)


def test_refused(folder):
    """A meter without tariffs, and a file that is no plan, are told so."""
    plan = os.path.join(folder, "bad.plan")
    with open(plan, "w", encoding="ascii") as file:
        file.write('plan "x"\nday A work 00:00 T9\n')
    said = metertool(1, "upload", plan, expected=2)
    check(f"{plan}:2:18: expected a tariff from T1 to T8, found 'T9'" in said, said)


def main():
    with tempfile.TemporaryDirectory() as folder:
        test_days(folder)
        test_off_over_a_switch(folder)
        test_inputs(folder)
        test_refused(folder)
    print("tariffs: good")


if __name__ == "__main__":
    main()
