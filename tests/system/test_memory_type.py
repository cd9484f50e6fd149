"""A folder is the memory of one meter: started as another type it is refused and left as it is."""

import os
import re
import sys
import tempfile

from meter_process import check, run


def contents(folder):
    names = sorted(name for name in os.listdir(folder) if name.endswith(".eeprom"))
    return [open(os.path.join(folder, name), "rb").read() for name in names]


# REQ(MET-06): the configuration is in the memory, and the memory is that of this meter
def test_memory_of_another_type(folder):
    data = os.path.join(folder, "meter")
    known = ["--headless", "--until", "2s", "--speed", "max", "--mains", "u=230,i=5",
             "--data", data]
    done = run(*known, "--variant", "382M")
    check(done.returncode == 0, done.stderr)
    before = contents(data)
    check(len(before) == 3, f"three parts: {len(before)}")
    for other in ("382C", "162M", "382MB", "382M-aron"):
        done = run(*known, "--variant", other)
        check(done.returncode == 2, f"{other}: exit {done.returncode}")
        check(done.stdout == "", f"{other}: printed {done.stdout}")
        check(re.fullmatch(r"meter382: [^\n]+\n", done.stderr), f"{other}: {done.stderr!r}")
        check(f"a {other} (" in done.stderr and "a 382M (68431BM423010" in done.stderr,
              f"{other}: names both: {done.stderr!r}")
        check(contents(data) == before, f"{other}: wrote to the memory")
    done = run(*known, "--variant", "382m")
    check(done.returncode == 0, f"its own type again: {done.stderr}")


def test_memory_of_an_earlier_version(folder):
    data = os.path.join(folder, "older")
    known = ["--headless", "--until", "2s", "--speed", "max", "--mains", "u=230,i=5",
             "--data", data, "--variant", "382M"]
    done = run(*known, "--serial", "23456789")
    check(done.returncode == 0, done.stderr)
    path = os.path.join(data, "app.eeprom")
    whole = open(path, "rb").read()
    os.truncate(path, 65536)
    with open(os.path.join(data, "app.eeprom.new"), "wb") as half:
        half.write(b"half done")  # an earlier attempt was cut
    done = run(*known, "--status")
    check(done.returncode == 0, f"grows: {done.stderr}")
    check("23456789" in done.stdout, f"and is the same meter: {done.stdout}")
    grown = open(path, "rb").read()
    check(len(grown) == len(whole) and set(grown[65536:]) == {0xFF}, "blank behind")
    check(not os.path.exists(os.path.join(data, "app.eeprom.new")), "nothing left over")
    for size in (65535, 65537, 131072, len(whole) - 4096):
        with open(path, "wb") as wrong:
            wrong.write(whole[:size])
        done = run(*known)
        check(done.returncode == 2 and f"found {size}" in done.stderr, f"{size}: {done.stderr}")
        check(os.path.getsize(path) == size, f"{size}: left as it is")


def main():
    with tempfile.TemporaryDirectory() as folder:
        test_memory_of_another_type(folder)
        test_memory_of_an_earlier_version(folder)
    print("memory type: ok")


if __name__ == "__main__":
    sys.exit(main())
