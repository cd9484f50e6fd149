"""Power cuts: kill -9 under load, kills at known instants, orderly ends."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time

from meter_process import Meter, check, kwh, program, run, status, wait_until

STEP_KWH = 0.01
BILLING = ("1.8.0", "2.8.0", "3.8.0", "4.8.0")
EXACT = 2e-9  # the status prints to the microwatt-hour


def energies(registers):
    return {code: kwh(registers, code) for code in BILLING}


def after(data):
    """What the memory holds: a start without load."""
    return energies(status("--mains", "u=230,i=0", "--until", "1s", "--data", data))


def test_kill_under_load(folder, seed):
    """REQ(REG-01, REG-02): whatever a client saw is kept, but for one step at most; nothing goes back."""
    print(f"seed {seed}")
    chance = random.Random(seed)
    data = os.path.join(folder, "killed")
    stored = {code: 0.0 for code in BILLING}
    for turn in range(12):
        speed = chance.choice(["1", "10", "600", "20000", "max"])
        mains = chance.choice(["u=230,i=80,pf=0.8i", "u=230,i=-60,pf=0.7i", "u=230,i=3,i2=-40",
                               "u=180,i=90,pf=0.5c"])
        meter = Meter("--mains", mains, "--speed", speed, "--data", data, "--panel", "127.0.0.1:0")
        seen = energies(meter.registers())
        end = time.monotonic() + chance.uniform(0.0, 0.5)
        while time.monotonic() < end:
            seen = energies(meter.registers())
        meter.kill()
        found = after(data)
        for code in BILLING:
            check(found[code] >= seen[code] - STEP_KWH - EXACT,
                  f"turn {turn}, {mains} at {speed}: {code} was {seen[code]}, is {found[code]}")
            check(found[code] >= stored[code], f"turn {turn}: {code} went back to {found[code]}")
        stored = found
    check(sum(stored.values()) > 1, f"hardly any load: {stored}")


def test_kill_at_an_instant(folder):
    """REQ(REG-02): the true energy at the cut is known; the memory is at most one step behind it."""
    data = os.path.join(folder, "timed")
    kilowatts = {"1.8.0": 3 * 230 * 40 * 0.8 / 1000, "3.8.0": 3 * 230 * 40 * 0.6 / 1000}
    found = {code: 0.0 for code in BILLING}
    for milliseconds in (0, 1, 437, 1000, 5100, 61234, 3600000, 3611111, 40000017):
        scenario = os.path.join(folder, "cut.scn")
        with open(scenario, "w", encoding="ascii") as file:
            file.write(f"set u=230 i=40 pf=0.8i\nat {milliseconds}ms kill\n")
        done = run("--headless", "--speed", "max", "--until", "1d", "--mains", scenario, "--data",
                   data)
        check(done.returncode == 137, f"kill at {milliseconds} ms: exit {done.returncode}")
        before, found = found, after(data)
        for code, kilowatt in kilowatts.items():
            counted = kilowatt * milliseconds / 3.6e6
            behind = before[code] + counted - found[code]
            check(-1e-4 * counted - EXACT <= behind <= STEP_KWH + 1e-4 * counted + EXACT,
                  f"{milliseconds} ms: {code} is {behind:.9f} kWh behind")


def test_orderly_end_loses_nothing(folder):
    """REQ(MET-05, REG-01): two half hours are an hour, to the microwatt-hour, in every register."""
    hour = os.path.join(folder, "hour")
    halves = os.path.join(folder, "halves")
    mains = "u=231.7,i=4.321,pf=0.83i,i2=-1.234,u3=229.9"
    whole = status("--mains", mains, "--until", "60m", "--data", hour)
    status("--mains", mains, "--until", "30m", "--data", halves)
    both = status("--mains", mains, "--until", "30m", "--data", halves)
    for code, value in whole.items():
        if value["unit"] in ("kWh", "kvarh"):
            difference = abs(value["value"] - both[code]["value"])
            check(difference < EXACT, f"{code}: {value['value']} and {both[code]['value']}")
    check(kwh(whole) > 1.5 and kwh(whole, "2.8.0") > 0.2, "hardly any energy")


def test_supply_cuts_lose_nothing(folder):
    """REQ(X-MET-7): cuts of the mains cost the energy that does not flow, and no more."""
    def energy(lines):
        scenario = os.path.join(folder, "cuts.scn")
        with open(scenario, "w", encoding="ascii") as file:
            file.write("set u=230 i=10\n" + "".join(line + "\n" for line in lines))
        return kwh(status("--mains", scenario, "--until", "1h"))
    whole = energy([])
    cut = energy([f"at {minute}m power off for 30s" for minute in range(5, 55, 5)])
    wanted = whole * (3600 - 10 * 30) / 3600
    # the meter measures on while its supervisor waits a second; the start takes no energy away
    check(abs(cut - wanted) < wanted * 1e-4, f"{cut} kWh, expected {wanted}")


def write_unrest(path, chance):
    """A hundred power cuts at odd instants, dips and load steps.  Returns kWh and seconds.  The power
    of a balanced load is the same at every instant of a cycle, so its samples are exact, too."""
    lines, at, joules = ["set u=230 i=20"], 0.0, 0.0
    load, share = 20, 1.0
    def until(instant):
        nonlocal at, joules
        joules += 3 * 230 * load * share * (instant - at)
        at = instant
    def later(low, high):
        return round((at + chance.uniform(low, high)) * 8000) / 8000
    for turn in range(100):
        until(later(0.2, 0.7))
        load = chance.choice([10, 25, 80])
        lines.append(f"at {at:.6f}s set i={load}")
        if turn % 5 == 0:
            kind = turn // 5 % 2
            rest, seconds = ((40, 0.6), (0, 1.55))[kind]
            until(later(0.2, 0.7))
            lines.append(f"at {at:.6f}s dip all to {rest}% for {seconds}s")
            share = rest / 100
            until(at + seconds)
            share = 1.0
        until(later(0.25, 0.6))
        lines.append(f"at {at:.6f}s power off")
        share = 0.0
        until(later(0.3, 1.0) if turn % 10 == 0 else later(1.3, 1.8))
        lines.append(f"at {at:.6f}s power on")
        share = 1.0
    until(later(0.5, 2.0))
    write_lines(path, lines)
    return joules / 3.6e6, at


def write_stops(path, chance):
    """Dips so long that the meter stops; what the rest of the voltage drives until then is metered."""
    at = chance.uniform(3, 9)
    lines = ["set u=230 i=10"]
    for rest in (40, 0, 65, 30, 69):
        lines.append(f"at {at:.3f}s dip all to {rest}% for {chance.uniform(1.2, 2.9):.4f}s")
        at += chance.uniform(3, 12)
    lines.append(f"at {int(at)}s lose L1+L2 for 1.5s")
    lines.append(f"at {int(at)}s dip L3 to 50% for 9s")
    write_lines(path, lines)
    return at + 12


def write_lines(path, lines):
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")


def start_run(scenario, seconds, speed, *more):
    return subprocess.Popen([program(), "--headless", "--status", "--mains", scenario, "--until",
                             f"{seconds:.6f}s", "--start", "2026-11-21T10:00:00Z", "--speed", speed,
                             *more], stdout=subprocess.PIPE, text=True)


def finish_run(process):
    return json.loads(process.communicate(timeout=300)[0])


class AtAnySpeed:
    """The same unrest at speeds that have short windows and at speeds that have long ones."""

    def __init__(self, folder, seed):
        scenario = os.path.join(folder, "unrest.scn")
        self.wanted, self.seconds = write_unrest(scenario, random.Random(seed))
        self.running = {speed: start_run(scenario, self.seconds, speed)
                        for speed in ("10", "100", "max")}
        self.waveform = start_run(scenario, self.seconds, "max", "--fidelity", "waveform")
        scenario = os.path.join(folder, "stops.scn")
        seconds = write_stops(scenario, random.Random(seed))
        self.stopping = {speed: start_run(scenario, seconds, speed)
                         for speed in ("10", "100", "max")}

    def check(self):
        """REQ(X-MET-7): every register is the same at every speed, and the energy is all that
        flowed: power cuts and dips at any instant take nothing away."""
        for running in (self.running, self.stopping):
            found = {name: finish_run(process) for name, process in running.items()}
            for name, registers in found.items():
                for code, register in registers.items():
                    check(register == found["10"][code],
                          f"{code}: {register['value']} at speed {name}, "
                          f"{found['10'][code]['value']} at speed 10")
            if running is self.running:
                check(abs(kwh(found["max"]) - self.wanted) < 1e-7 * self.wanted,
                      f"{kwh(found['max'])} kWh, flowed {self.wanted}")
        waveform = kwh(finish_run(self.waveform))
        check(abs(waveform - self.wanted) < 1e-4 * self.wanted,
              f"waveform: {waveform} kWh, flowed {self.wanted}")


def test_kill_leaves_a_working_meter(folder):
    """REQ(REG-01): killed while it speaks and writes, it starts again and counts on."""
    data = os.path.join(folder, "again")
    for _ in range(3):
        meter = Meter("--mains", "u=230,i=100", "--speed", "5000", "--data", data, "--panel",
                      "127.0.0.1:0", "--optical", "tcp:127.0.0.1:0")
        begin = kwh(meter.registers())
        wait_until(lambda: kwh(meter.registers()) > begin + 1, "a kilowatt-hour more")
        check(meter.get("/api/state")["health"]["memory_fault"] is False, "memory fault")
        meter.kill()
    check(after(data)["1.8.0"] > 2.9, "three kilowatt-hours")


def main():
    seed = int(os.environ.get("SEED", time.time_ns() % 1000000))
    with tempfile.TemporaryDirectory() as folder:
        unrest = AtAnySpeed(folder, seed)
        test_kill_under_load(folder, seed)
        test_kill_at_an_instant(folder)
        test_orderly_end_loses_nothing(folder)
        test_supply_cuts_lose_nothing(folder)
        test_kill_leaves_a_working_meter(folder)
        unrest.check()


if __name__ == "__main__":
    sys.exit(main())
