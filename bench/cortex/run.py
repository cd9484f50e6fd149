#!/usr/bin/env python3
"""The sample kernels on Cortex-M processors, under QEMU.

    run.py LINUX_BUILD M4_BUILD                        instructions per sample set (three phases)
    run.py LINUX_BUILD M4_BUILD random SEED SAMPLES    same frames as on this machine, bit for bit?

Counting: with -icount shift=0 QEMU's machine takes one nanosecond for each instruction, and SysTick counts the
machine's clock; two runs of different length leave only what a sample pair costs, end of windows included.
"""
import re
import subprocess
import sys
from pathlib import Path

# image, QEMU machine, nanoseconds of a SysTick tick, what it is, goal
IMAGES = [
    ("kernel-m4", "mps2-an386", 40.0, "Cortex-M4, kernel smlal", "270 or less"),
    ("kernel-m4-plain", "mps2-an386", 40.0, "Cortex-M4, kernel plain", "-"),
    ("kernel-m0plus", "microbit", 62.5, "Cortex-M0+, kernel muls32", "430 or less"),
    ("kernel-m0plus-plain", "microbit", 62.5, "Cortex-M0+, kernel plain", "-"),
]
LIMIT_S = 3600


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]}: exit {done.returncode}: {done.stderr.strip()}")
    text = done.stdout + done.stderr  # where QEMU's semihosting writes depends on its version
    return {name: int(number) for name, number in re.findall(r"(\w+) (\d+)", text)}


def emulate(build, image, machine, *arguments):
    path = Path(build) / "bench" / "cortex" / f"{image}.elf"
    if not path.exists():
        raise SystemExit(f"no {path}; build it: cmake --preset cortex-m4 && cmake --build build/cortex-m4")
    words = ",".join(f"arg={word}" for word in ("x", *map(str, arguments)))
    return run(["qemu-system-arm", "-M", machine, "-kernel", str(path), "-display", "none", "-monitor", "none",
                "-serial", "null", "-icount", "shift=0,sleep=off", "-semihosting-config",
                f"enable=on,target=native,{words}"])


def count(build):
    for image, machine, tick_ns, title, goal in IMAGES:
        ticks = [emulate(build, image, machine, "count", n)["ticks"] for n in (16000, 80000)]
        pair = (ticks[1] - ticks[0]) * tick_ns / 64000
        print(f"{title + ', instructions a set':<46} {3 * pair:>9.0f}   {goal}")


def compare(linux, build, seed, samples):
    wanted = run([str(Path(linux) / "bench" / "signal_random"), str(seed), str(samples)])
    faults = 0
    for image, machine, _, title, _ in IMAGES[0], IMAGES[2]:
        found = emulate(build, image, machine, "random", seed, samples)
        same = found == wanted
        faults += not same
        print(f"{title}: seed {seed}, {samples} samples, {found.get('frames')} frames, CRC {found.get('crc', 0):08X}: "
              + ("as on this machine" if same else f"DIFFERS from {wanted['crc']:08X}"), flush=True)
    return 1 if faults else 0


def main(argv):
    if len(argv) == 3:
        count(argv[2])
        return 0
    if len(argv) == 6 and argv[3] == "random":
        return compare(argv[1], argv[2], int(argv[4]), int(argv[5]))
    raise SystemExit(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
