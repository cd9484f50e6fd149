#!/usr/bin/env python3
"""The kernels of the Cortex-M4 and the Cortex-M0+ make the same frames as this machine's, bit for bit.

OPEN382_SEED chooses the life, OPEN382_LONG=N makes it N times as long.
REQ(MET-04, MET-05)
"""
import os
import subprocess
import sys

from meter_process import check

BUILD, SOURCE = sys.argv[1], sys.argv[2]
SAMPLES = 100_000  # a minute of frames takes about a second


def main():
    seed = os.environ.get("OPEN382_SEED", "382")
    samples = SAMPLES * int(os.environ.get("OPEN382_LONG", "1"))
    builds = [os.path.join(os.path.dirname(os.path.abspath(BUILD)), "cortex-m4"), os.path.join(SOURCE, "build", "cortex-m4")]
    images = next((b for b in builds if os.path.exists(os.path.join(b, "bench", "cortex", "kernel-m4.elf"))), None)
    check(images is not None, "no kernel-m4.elf; build it: cmake --preset cortex-m4 && cmake --build build/cortex-m4")
    done = subprocess.run([sys.executable, os.path.join(SOURCE, "bench", "cortex", "run.py"), BUILD, images,
                           "random", seed, str(samples)], capture_output=True, text=True)
    print(done.stdout + done.stderr, end="")
    check(done.returncode == 0, "a kernel differs")
    print("ok")


if __name__ == "__main__":
    main()
