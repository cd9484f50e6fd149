#!/usr/bin/env python3
"""The Cortex-M4 image under QEMU: boots, is read over KMP by metertool, loses power, comes back.

QEMU keeps the machine's EEPROM in a file; `kill -9` of QEMU is the power cut.
REQ(REG-01, REG-02)
"""

import json
import os
import queue
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

from meter_process import check

BUILD, SOURCE = sys.argv[1], sys.argv[2]
STEP_KWH = 0.01  # what a cut without warning may cost at most
LIMIT_S = 60  # never happens when it takes longer


def find_image():
    for folder in (os.path.join(os.path.dirname(os.path.abspath(BUILD)), "cortex-m4"),
                   os.path.join(SOURCE, "build", "cortex-m4")):
        path = os.path.join(folder, "meter382-m4.elf")
        if os.path.exists(path):
            return path
    check(False, "no meter382-m4.elf; build it: cmake --preset cortex-m4 && cmake --build build/cortex-m4")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Machine:
    """The emulated board with its console."""

    def __init__(self, eeprom):
        self.port = free_port()
        self.process = subprocess.Popen(
            ["qemu-system-arm", "-M", "mps2-an386,memory-backend=eeprom",
             "-object", f"memory-backend-file,id=eeprom,size=16M,mem-path={eeprom},share=on",
             "-kernel", find_image(), "-display", "none", "-monitor", "none",
             "-serial", f"tcp:127.0.0.1:{self.port},server,nowait", "-serial", "stdio"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines, self.seen = queue.Queue(), []
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self):
        for line in self.process.stdout:
            self.lines.put(line.strip())

    def wait_for(self, pattern, accept=lambda match: True):
        """The first console line from now on that matches and is accepted."""
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            try:
                line = self.lines.get(timeout=1)
            except queue.Empty:
                check(self.process.poll() is None, f"QEMU ended: {self.seen[-5:]}")
                continue
            self.seen.append(line)
            match = re.search(pattern, line)
            if match and accept(match):
                return match
        check(False, f"console never said {pattern}; last: {self.seen[-5:]}")

    def energy(self, at_least=0.0):
        """1.8.0 in kWh, as the console prints it, once it has reached so much."""
        return float(self.wait_for(r" 1\.8\.0 ([0-9.]+)", lambda m: float(m.group(1)) >= at_least).group(1))

    def command(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def metertool(self, *arguments):
        done = subprocess.run([os.path.join(BUILD, "metertool"), "-m", f"kmp+tcp://127.0.0.1:{self.port}",
                               *arguments], capture_output=True, text=True, timeout=LIMIT_S)
        check(done.returncode == 0, f"metertool {arguments}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    def cut(self):
        self.process.kill()
        self.process.wait()


def read_energy(machine):
    """A+ in kWh with four decimals, over the optical port."""
    values = json.loads(machine.metertool("read", "0x000D", "--json"))
    check(len(values) == 1, f"asked for one register, got {values}")
    value = next(iter(values.values()))
    check(value["unit"] == "kWh", f"A+ in {value['unit']}")
    return value["value"]


def test_boot_and_read(eeprom):
    machine = Machine(eeprom)
    machine.wait_for(r"start 1$")
    machine.wait_for(r"memory restored 0")
    shown = machine.energy(at_least=2.5 * STEP_KWH)
    value = read_energy(machine)
    check(shown - 0.0001 <= value < shown + 1.0, f"console {shown} kWh, KMP {value} kWh")
    info = machine.metertool("info")
    check("382M" in info or "684" in info, f"info says {info}")
    values = json.loads(machine.metertool("read", "0x041E", "0x0434", "0x0438", "--json"))
    voltage, current, power = (values[code]["value"] for code in ("32.7.0", "31.7.0", "21.7.0"))
    check(abs(voltage - 230) <= 1, f"L1 voltage {voltage}")
    check(abs(current - 40) <= 0.1, f"L1 current {current}")
    check(abs(power - 230 * 40 * 0.906308 / 1000) <= 0.01, f"L1 power {power}")
    value = read_energy(machine)
    machine.cut()
    return value


def check_sums(machine):
    """The tariffs add up to the total, pulses begun and pending to the registered energy: all of one instant."""
    machine.command("status")
    total, tariffs, phases, begun, pending = (
        int(machine.wait_for(rf"{name} (\d+)").group(1))
        for name in ("A\\+ uWh", "A\\+ of all tariffs uWh", "A\\+ of all phases uWh", "pulses begun", "pulses pending"))
    check(tariffs == total, f"tariffs {tariffs} uWh, total {total} uWh")
    check(0 <= total - phases <= 2, f"phases {phases} uWh, total {total} uWh")  # three times less than 1 uWh
    check((begun + pending) == total // 1000000, f"{begun} + {pending} pulses, total {total} uWh")


def test_power_cuts(eeprom, before):
    """Several at random instants, so that some of them fall into the middle of a store."""
    seed = int(os.environ.get("OPEN382_SEED", "382"))
    print(f"OPEN382_SEED={seed}")
    luck = random.Random(seed)
    cuts = 4 * min(int(os.environ.get("OPEN382_LONG", "1")), 20)  # each takes a second or two
    for start in range(2, 2 + cuts):
        machine = Machine(eeprom)
        machine.wait_for(rf"start {start}$")
        machine.wait_for(r"memory restored 1")
        first = machine.energy()
        check(before - STEP_KWH <= first, f"start {start}: {before} kWh before the cut, {first} after it")
        check(first <= before + 1.0, f"start {start}: {first} kWh come from nowhere, {before} before the cut")
        machine.energy(at_least=first + STEP_KWH)
        check_sums(machine)
        before = read_energy(machine)
        time.sleep(luck.uniform(0, 0.4))
        machine.cut()


def golden_crc():
    """What the same run gives on Linux: tests/legal/test_signal_golden.c holds it to this number."""
    with open(os.path.join(SOURCE, "tests", "legal", "signal_golden.h"), encoding="utf-8") as header:
        return int(re.search(r"SIGNAL_GOLDEN_CRC +UINT32_C\((0x[0-9A-Fa-f]+)\)", header.read()).group(1), 16)


def test_same_bits(eeprom):
    machine = Machine(eeprom)
    machine.energy()
    machine.command("golden")
    crc = int(machine.wait_for(r"golden crc (\d+)").group(1))
    check(crc == golden_crc(), f"sample kernel: CRC 0x{crc:08X} on the Cortex-M4, 0x{golden_crc():08X} on Linux")
    machine.cut()


def test_health(eeprom):
    machine = Machine(eeprom)
    machine.wait_for(r"memory restored 1")
    machine.energy()
    machine.command("status")
    for name in ("frames lost", "memory errors", "program fault"):
        check(machine.wait_for(rf"{name} (\d+)").group(1) == "0", f"{name} is not 0")
    used = int(machine.wait_for(r"stack used (\d+)").group(1))
    check(0 < used < 16384, f"stack used {used} bytes")
    machine.cut()


def main():
    with tempfile.TemporaryDirectory() as folder:
        eeprom = os.path.join(folder, "eeprom.bin")
        before = test_boot_and_read(eeprom)
        test_power_cuts(eeprom, before)
        test_health(eeprom)
        test_same_bits(eeprom)
    print("ok")


if __name__ == "__main__":
    main()
