"""A real house, one month of one-minute values: the register is the integral of the input."""

import bisect
import csv
import os
import random
import sys
import tempfile
import time

from meter_process import Meter, check, kwh, run, status, wait_until

DAY_S = 86400
CLASS = 1e-4  # 0.01 %
STEP_KWH = 0.01


def read_profile(path):
    """Rows of (second, volt, watt, var); what is missing is the value of the row before."""
    rows = []
    last = {"u1": 230.0, "p1_kw": 0.0, "q1_kvar": 0.0}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for name in last:
                if row[name] not in ("", "NA"):
                    last[name] = float(row[name])
            rows.append((float(row["time_s"]), last["u1"], last["p1_kw"], last["q1_kvar"]))
    return rows


def integral_kwh(rows, begin_s, end_s, column=2):
    """Each row holds until the next."""
    total = 0.0
    for k, row in enumerate(rows):
        until = rows[k + 1][0] if k + 1 < len(rows) else end_s
        seconds = max(0.0, min(until, end_s) - max(row[0], begin_s))
        total += row[column] * seconds / 3600
    return total


def write_part(path, rows, begin_s, end_s):
    """The profile as it goes on from begin_s: what a restarted process is fed."""
    with open(path, "w", encoding="ascii") as file:
        file.write("time_s,u1,p1_kw,q1_kvar,u2,u3\n")
        for k, (second, volt, kilowatt, kilovar) in enumerate(rows):
            if second >= end_s or (k + 1 < len(rows) and rows[k + 1][0] <= begin_s):
                continue
            file.write(f"{max(0.0, second - begin_s):.0f},{volt},{kilowatt},{kilovar},{volt},{volt}\n")


def month(source, rows):
    """REQ(MET-01, MET-05): the whole month in one run."""
    wanted = integral_kwh(rows, 0, 28 * DAY_S)
    values = status("--mains", source, "--until", "28d", "--start", "2007-02-01T00:00:00Z")
    check(abs(kwh(values) - wanted) < wanted * CLASS, f"A+ {kwh(values)} kWh, input {wanted}")
    check(kwh(values, "2.8.0") == 0, f"A- {kwh(values, '2.8.0')}")
    reactive = integral_kwh(rows, 0, 28 * DAY_S, 3)
    found = kwh(values, "3.8.0")
    check(abs(found - reactive) < reactive * CLASS, f"R+ {found} kvarh, input {reactive}")
    built_in = kwh(status("--mains", "house", "--until", "28d"))
    check(abs(built_in - wanted) < wanted * CLASS, f"built-in house: {built_in} kWh")
    print(f"28 days: A+ {kwh(values):.6f} kWh, integral of the input {wanted:.6f} kWh")
    return kwh(values)


def with_supply_cuts(folder, rows, seed):
    """REQ(MET-05, X-MET-7): the same month with the supply cut at odd instants, for longer than the
    meter runs on: the register is the integral of what flowed in between."""
    print(f"seed {seed}")
    chance = random.Random(seed)
    cuts, at = [], 0.0
    while True:
        at += chance.expovariate(1 / 5000) + 30
        length = 1.5 + chance.expovariate(1 / 20)
        begin, end = round(at * 8000) / 8000, round((at + length) * 8000) / 8000
        if end > 28 * DAY_S:
            break
        cuts.append((begin, end))
        at = end
    scenario = os.path.join(folder, "house.scn")
    with open(scenario, "w", encoding="ascii") as file:
        for second, volt, kilowatt, _ in rows:
            file.write(f"at {second:.0f}s set u={volt} p1={kilowatt * 1000:.6f}\n")
        for begin, end in cuts:
            file.write(f"at {begin:.6f}s power off\nat {end:.6f}s power on\n")
    wanted = integral_kwh(rows, 0, 28 * DAY_S)
    without = 0.0
    seconds = [row[0] for row in rows]
    for begin, end in cuts:
        first = bisect.bisect_right(seconds, begin) - 1
        last = bisect.bisect_left(seconds, end)
        without += integral_kwh(rows[first:last], begin, end)
    found = kwh(status("--mains", scenario, "--until", "28d"))
    check(len(cuts) > 300, f"{len(cuts)} cuts")
    check(without > 0.05, f"only {without} kWh behind the cuts")
    check(abs(found - (wanted - without)) < wanted * 1e-8,
          f"with {len(cuts)} cuts {found} kWh, expected {wanted} - {without}")


def with_ends_between(folder, rows, whole):
    """REQ(REG-01, REG-02): six orderly ends change nothing; each of two kills costs a step at most."""
    data = os.path.join(folder, "data")
    part = os.path.join(folder, "part.csv")
    cuts = [0, 1000, 3 * DAY_S + 7, 9 * DAY_S, 15 * DAY_S + 12345, 15 * DAY_S + 12346, 28 * DAY_S]
    for begin, end in zip(cuts, cuts[1:]):
        write_part(part, rows, begin, end)
        values = status("--mains", part, "--until", f"{end - begin}s", "--data", data)
    check(abs(kwh(values) - whole) < 1e-6, f"with orderly ends {kwh(values)}, without {whole}")

    data = os.path.join(folder, "killed")
    scenario = os.path.join(folder, "kill.scn")
    counted = 0.0
    for begin, end in zip(cuts, cuts[1:]):
        write_part(part, rows, begin, end)
        status("--mains", part, "--until", f"{end - begin}s", "--data", data)
        if end in (9 * DAY_S, 15 * DAY_S + 12345):
            with open(scenario, "w", encoding="ascii") as file:
                file.write("set u=230 i=5\nat 1234567ms kill\n")
            done = run("--headless", "--speed", "max", "--mains", scenario, "--data", data)
            check(done.returncode == 137, f"killed: exit {done.returncode}")
            counted += 3 * 0.230 * 5 * 1234.567 / 3600
    found = kwh(status("--mains", "u=230,i=0", "--until", "1s", "--data", data))
    behind = whole + counted - found
    check(-1e-3 < behind <= 2 * STEP_KWH + 1e-3, f"after two kills {behind} kWh behind")


def killed_while_it_runs(folder, source):
    """REQ(REG-01): killed from outside in the middle of the month, it keeps what it had shown."""
    data = os.path.join(folder, "outside")
    meter = Meter("--mains", source, "--speed", "100000", "--data", data, "--panel", "127.0.0.1:0")
    wait_until(lambda: kwh(meter.registers()) > 50, "50 kWh")
    shown = kwh(meter.registers())
    meter.kill()
    found = kwh(status("--mains", "u=230,i=0", "--until", "1s", "--data", data))
    check(found >= shown - STEP_KWH - 2e-9, f"showed {shown}, kept {found}")


def main():
    source = os.path.join(sys.argv[2], "data", "house-sceaux-2007-02.csv")
    rows = read_profile(source)
    check(len(rows) == 40320, f"{len(rows)} rows")
    whole = month(source, rows)
    with tempfile.TemporaryDirectory() as folder:
        with_ends_between(folder, rows, whole)
        with_supply_cuts(folder, rows, int(os.environ.get("SEED", time.time_ns() % 1000000)))
        killed_while_it_runs(folder, source)


if __name__ == "__main__":
    sys.exit(main())
