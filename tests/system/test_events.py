"""The event logs in words, what is new in them, and clearing: metertool against a meter."""

import csv
import io
import json
import os
import subprocess
import sys
import tempfile

from meter_process import Meter, check, status

TOOL = os.path.join(sys.argv[1], "metertool")


def tool(meter, *arguments):
    url = f"kmp+tcp://127.0.0.1:{meter.port('optical tcp')}"
    return subprocess.run([TOOL, "-m", url, "events", *arguments], capture_output=True, text=True, timeout=60)


def words(meter):
    done = tool(meter, "--json")
    check(done.returncode == 0, f"{done.returncode}: {done.stderr}")
    found = json.loads(done.stdout)
    return found["a"]["set"], found["b"]["set"] if found["b"] else None


def log(meter, *arguments):
    done = tool(meter, *arguments, "--json")
    check(done.returncode == 0, f"{arguments}: {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def history(folder):
    """A dip, a night with overvoltage on L2, a magnet: into the memory of a meter."""
    mains = os.path.join(folder, "mains.scn")
    with open(mains, "w", encoding="utf-8") as file:
        file.write("set u=230 i=5\nat 20s set u1=100\nat 20.2s set u1=230\nat 60s set u2=260\nat 120s set u2=230\n"
                   "at 200s magnet on\nat 210s magnet off\n")
    status("--mains", mains, "--until", "5m", "--data", os.path.join(folder, "data"), "--start", "2026-01-01T00:00:00Z")


# REQ(X-KMP-3, X-KMP-4, X-EVT-4): in words, in three forms; new records once; flags
def test_words(meter):
    check("new: voltage" in words(meter)[0] and "new: status" in words(meter)[0], f"{words(meter)}")
    voltage = log(meter, "voltage")
    texts = [one["text"] for one in voltage]
    check(any(text.startswith("dip L1; 0.2") and "lowest 100." in text for text in texts), f"dip: {texts}")
    check(any(text.startswith("overvoltage begins L2") for text in texts), f"begin: {texts}")
    over = [one["detail"] for one in voltage if one["text"].startswith("overvoltage is over L2")]
    check(len(over) == 1 and over[0]["phases"] == [2] and abs(over[0]["extreme_v"] - 260) < 0.2, f"end: {over}")
    check(abs(over[0]["duration_s"] - 60) < 1.1, f"duration: {over}")
    state = log(meter, "status")
    texts = [one["text"] for one in state]
    check(texts[:2] == ["magnet", "over: magnet"], f"status: {texts}")
    check(state[0]["time"].endswith("01:03:20") and state[0]["detail"]["come"] == ["magnet"], f"status: {state[0]}")
    rows = list(csv.DictReader(io.StringIO(tool(meter, "status", "--csv").stdout)))
    check([row["text"] for row in rows] == texts, f"csv: {rows}")
    check(len(tool(meter, "status").stdout.splitlines()) == len(texts), "table")


def test_new_and_done(meter):
    everything = log(meter, "status")
    check(log(meter, "status", "new") == everything, "nothing confirmed yet")
    check(log(meter, "status", "new") == everything, "listing confirms nothing")
    done = tool(meter, "status", "done")
    check(done.returncode == 0, f"{done.returncode}: {done.stderr}")
    check(log(meter, "status", "new") == [], "all confirmed")
    check("new: status" not in words(meter)[0] and "new: voltage" in words(meter)[0], f"{words(meter)}")
    check(log(meter, "status") == everything, "all still there")


def test_after_restart(meter):
    check(log(meter, "status", "new") == [], "still confirmed")
    done = tool(meter, "voltage", "done")
    check(done.returncode == 1 and "events voltage new" in done.stderr, f"not read: {done.returncode} {done.stderr}")
    check(tool(meter, "clear").returncode == 0, "clear")
    check(words(meter) == ([], []), f"{words(meter)}")
    check(tool(meter).stdout == "nothing\n", "table")


def test_command_line(meter):
    for arguments, expected in ((["nothing"], "expected status"), (["status", "old"], "expected new"),
                                (["clear", "new"], "expected status"), (["status", "new", "3"], "expected new")):
        done = tool(meter, *arguments)
        check(done.returncode == 2 and expected in done.stderr, f"{arguments}: {done.returncode} {done.stderr}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        history(folder)
        data = os.path.join(folder, "data")
        for tests in ((test_words, test_new_and_done), (test_after_restart, test_command_line)):
            meter = Meter("--mains", "u=230,i=5", "--data", data, "--optical", "tcp:127.0.0.1:0")
            try:
                for test in tests:
                    test(meter)
                meter.terminate()
            finally:
                meter.kill()
    print("events: ok")


if __name__ == "__main__":
    sys.exit(main())
