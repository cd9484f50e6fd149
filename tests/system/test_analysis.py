#!/usr/bin/env python3
"""The analysis logger from outside: set up with metertool, filled by a real house, exported whole and in parts."""

import csv
import io
import json
import os
import pty
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request

from meter_process import Meter, check, run

TOOL = os.path.join(sys.argv[1], "metertool")
DAYS = 5


def tool_at(port, *arguments, **more):
    url = f"kmp+tcp://127.0.0.1:{port}"
    return subprocess.run([TOOL, "-m", url, *arguments], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, **more)


def tool(meter, *arguments):
    return tool_at(meter.port("optical tcp"), *arguments)


def good(meter, *arguments):
    done = tool(meter, *arguments)
    check(done.returncode == 0, f"{arguments}: {done.returncode}: {done.stderr}")
    return done.stdout


def one_line(done, code, *words):
    check(done.returncode == code, f"{done.returncode}: {done.stderr}")
    check(done.stderr.count("\n") == 1 and all(word in done.stderr for word in words), done.stderr)


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


# REQ(ANA-04, ANA-05, TOO-09): as delivered off; set up as a whole, refused as a whole and with the reason
def test_setup(meter):
    shown = json.loads(good(meter, "analysis", "--json"))
    check(not shown["on"] and shown["interval_min"] == 15 and len(shown["values"]) == 10, f"{shown}")
    check(shown["values"][0]["code"] == "1.7.0" and shown["depth_days"] == 18.3, f"{shown}")
    one_line(tool(meter, "-t", "200", "-r", "0", "analysis", "setup", "every=7"), 1, "5, 15, 30 or 60")
    one_line(tool(meter, "-t", "200", "-r", "0", "analysis", "setup", "profile=16799"), 1, "two and a half days")
    one_line(tool(meter, "analysis", "setup", "96.1.0"), 2, "can't be logged")
    one_line(tool(meter, "analysis", "setup", "no such thing"), 2, "no register")
    one_line(tool(meter, "-t", "200", "-r", "0", "analysis", "setup", "32.7.0", "32.7.0"), 1, "twice")
    one_line(tool(meter, "analysis", "setup", "mean", "1.8.0"), 2, "at most 16")
    one_line(tool(meter, "analysis", "go"), 2, "expected show")
    check(json.loads(good(meter, "analysis", "--json")) == shown, "what is refused changes nothing")
    out = good(meter, "analysis", "setup", "every=5", "1.8.0*128", "1.7.0", "32.25.0", "32.26.0", "1.6.0", "0x0419")
    check("off, every 5 minutes, 2689 records" in out, out)
    out = good(meter, "analysis", "start")
    check(out.startswith("analysis logger on, every 5 minutes"), out)
    one_line(tool(meter, "analysis", "setup", "every=15"), 2, "deletes", "--yes")


# REQ(ANA-01): every five minutes, whole, rising; the mean of the voltage is not above its highest value
def test_export(meter):
    got = rows(good(meter, "analysis", "export", "--csv"))
    check(len(got) == DAYS * 288, f"{len(got)} records of {DAYS} days")
    check(list(got[0]) == ["id", "time", "clock_valid", "status", "quality", "1.8.0", "1.7.0", "32.25.0", "32.26.0",
                           "1.6.0", "1.6.0 time"], f"{list(got[0])}")
    check([int(row["id"]) for row in got] == list(range(1, len(got) + 1)), "numbers")
    energy = [float(row["1.8.0"]) for row in got]
    check(all(a <= b for a, b in zip(energy, energy[1:])) and energy[-1] > 10, "A+ rises")
    check(all(200 < float(row["32.25.0"]) <= float(row["32.26.0"]) < 250 for row in got), "voltages")
    check(all(row["status"] == "0" for row in got[1:]), "status")
    check(got[-1]["1.6.0 time"].startswith("2026-"), "a peak's stamp")
    part = json.loads(good(meter, "analysis", "export", "--from", "2026-02-02", "--to", "2026-02-02T00:10", "--json"))
    check([r["time"][11:16] for r in part] == ["00:00", "00:05", "00:10"], f"{part}")
    check(part[0]["1.8.0"] == energy[part[0]["id"] - 1], "the same in JSON")
    return got


def torn(path, cut):
    with open(path, "rb+") as file:
        file.truncate(os.path.getsize(path) - cut)


# an export that was broken off anywhere goes on behind the last complete record
def test_resume(meter, folder):
    for form in ("--csv", "--json"):
        whole, path = good(meter, "analysis", "export", form), os.path.join(folder, "records" + form)
        first = good(meter, "analysis", "export", form, "--output", path, "--to", "2026-02-02")
        check("records added" in first, first)
        part = os.path.getsize(path)
        good(meter, "analysis", "export", form, "--output", path)
        check(open(path, encoding="utf-8").read() == whole and os.path.getsize(path) > part, f"{form}: two parts make the whole")
        check(": 0 records added" in good(meter, "analysis", "export", form, "--output", path), "nothing new")
        check(open(path, encoding="utf-8").read() == whole, "and nothing changed")
        for cut in (1, 2, 3, 17, 40, 133, 4000, part):
            torn(path, cut)
            good(meter, "analysis", "export", form, "--output", path)
            check(open(path, encoding="utf-8").read() == whole, f"{form}: cut by {cut}")


def test_foreign_files(meter, folder):
    path = os.path.join(folder, "foreign")
    good(meter, "profile", "--output", path)
    one_line(tool(meter, "analysis", "export", "--output", path), 2, "its columns are")
    os.remove(path)
    good(meter, "analysis", "export", "--output", path)
    one_line(tool(meter, "profile", "--output", path), 2, "no record number")
    one_line(tool(meter, "analysis", "export", "--json", "--output", path), 2, "expected records as JSON")
    text = open(path, encoding="utf-8").read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text[:-3] + "9" + text[-2:])
    one_line(tool(meter, "analysis", "export", "--output", path), 2, "is not the meter's")
    with open(path, "w", encoding="utf-8") as file:
        file.write("shopping list\nmilk\n")
    one_line(tool(meter, "analysis", "export", "--output", path), 2, "expected records as CSV")
    check(open(path, encoding="utf-8").read() == "shopping list\nmilk\n", "a file of another kind is left alone")
    one_line(tool(meter, "profile", "--output", os.path.join(folder, "none", "x")), 2, "No such file")


class BreakingLine(threading.Thread):
    """Between a reader and a meter; hangs up after so many bytes of answers, and takes the next call."""

    def __init__(self, meter_port, limit):
        super().__init__(daemon=True)
        self.meter_port, self.limit, self.calls = meter_port, limit, 0
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client = self.server.accept()[0]
            self.calls += 1
            meter = socket.create_connection(("127.0.0.1", self.meter_port))
            threading.Thread(target=self.pump, args=(client, meter, None), daemon=True).start()
            self.pump(meter, client, self.limit)
            client.close()
            meter.close()

    @staticmethod
    def pump(source, sink, limit):
        try:
            while limit is None or limit > 0:
                data = source.recv(4096)
                if not data:
                    break
                sink.sendall(data if limit is None else data[:limit])
                limit = None if limit is None else limit - len(data)
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


# a line that breaks is opened again, and no record is lost or doubled
def test_broken_line(meter):
    whole = good(meter, "analysis", "export", "--csv")
    line = BreakingLine(meter.port("optical tcp"), 40000)
    done = tool_at(line.port, "analysis", "export", "--csv")
    check(done.returncode == 0, done.stderr)
    check(done.stdout == whole and line.calls > 1, f"{line.calls} calls")


def test_progress(meter, folder):
    master, slave = pty.openpty()
    with open(os.path.join(folder, "out"), "w", encoding="utf-8") as out:
        done = subprocess.run([TOOL, "-m", f"kmp+tcp://127.0.0.1:{meter.port('optical tcp')}", "analysis", "export",
                               "--csv"], stdout=out, stderr=slave, timeout=60, check=False)
    os.close(slave)
    text = os.read(master, 65536).decode()
    os.close(master)
    check(done.returncode == 0 and "[##" in text, text)
    check(f"{DAYS * 288} of {DAYS * 288} records" in text, text)


# the other exports: load profile, debiting, events
def test_others(meter, folder):
    for on in (True, False, True):
        meter.post("/api/input", {"name": "magnet", "on": on})
    for arguments in (["profile"], ["billing", "2"], ["events", "status", "export"]):
        path = os.path.join(folder, arguments[0])
        whole = good(meter, *arguments, "--csv")
        good(meter, *arguments, "--output", path)
        torn(path, 5)
        good(meter, *arguments, "--output", path)
        check(open(path, encoding="utf-8").read() == whole and whole.count("\n") > 2, f"{arguments}: {whole}")


def test_panel(meter, records):
    with urllib.request.urlopen(f"http://127.0.0.1:{meter.port('panel http')}/api/analysis.csv", timeout=10) as answer:
        got = rows(answer.read().decode())
    check(len(got) == len(records) and got[7]["32.25.0 V"] == records[7]["32.25.0"], f"{got[7]}")
    whole = meter.get("/api/analysis?points=4000")
    check(whole["per_point"] == 1 and len(whole["end"]) == len(records) and whole["on"], "every record")
    check([v["kind"] for v in whole["values"][:4]] == ["counter", "instant", "mean", "highest"], "kinds")
    few = meter.get("/api/analysis?points=100")
    check(len(few["end"]) <= 100 and few["per_point"] == -(-len(records) // 100), f"{few['per_point']}")
    n = few["per_point"]
    mean, high = (whole["values"][i]["value"] for i in (2, 3))
    check(abs(few["values"][2]["value"][3] - sum(mean[3 * n:4 * n]) / n) < 1e-6, "mean of means")
    check(few["values"][3]["value"][3] == max(high[3 * n:4 * n]), "highest of the highest")
    check(few["values"][0]["value"][3] == whole["values"][0]["value"][4 * n - 1], "a counter as it stood last")
    a, b = whole["end"][10], whole["end"][20]
    check(meter.get(f"/api/analysis?from={a}&to={b}")["end"] == whole["end"][11:21], "a part")


def main():
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "house")
        meter = Meter("--optical", "tcp:127.0.0.1:0", "--mains", "u=230,i=1", "--start", "2026-01-31T23:58:30Z", "--data", data)
        test_setup(meter)
        meter.terminate()
        done = run("--headless", "--mains", "house", "--speed", "max", "--start", "2026-02-01T00:00:00Z", "--until",
                   f"{DAYS}d", "--data", data)
        check(done.returncode == 0, done.stderr)
        meter = Meter("--optical", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0", "--mains", "u=230,i=1", "--start",
                      f"2026-02-0{DAYS + 1}T00:00:01Z", "--data", data)
        records = test_export(meter)
        test_resume(meter, folder)
        test_foreign_files(meter, folder)
        test_broken_line(meter)
        test_progress(meter, folder)
        test_others(meter, folder)
        test_panel(meter, records)
        check("off" in good(meter, "analysis", "stop").splitlines()[0], "stopped")
        check(len(rows(good(meter, "analysis", "export", "--csv"))) == len(records), "the records stay")
        good(meter, "analysis", "setup", "every=60", "--yes")
        check(good(meter, "analysis", "export", "--json").strip() == "[]", "another interval deletes them")
        meter.kill()
        basis = Meter("--variant", "382B", "--optical", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0", "--mains", "u=230,i=1")
        one_line(tool(basis, "analysis"), 3, "no analysis logger")
        check(basis.get("/api/analysis") == {"interval_min": 0}, "a 382B has none")
        basis.kill()
    print("ok")


if __name__ == "__main__":
    main()
