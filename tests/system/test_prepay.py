"""Prepayment from outside: metertool, the house behind the breaker, tokens, the panel, kills.

usage: test_prepay.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, wait_until  # noqa: E402

MODULE = ["--optical", "tcp:127.0.0.1:0,channel=module", "--optical", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0"]
MONDAY = "2026-11-30T12:00:00Z"
SATURDAY = "2026-12-05T12:00:00Z"


def optical(meter, which=0):
    lines = [line for line in meter.lines if line.startswith("optical")]
    return int(lines[which].rsplit(":", 1)[1].split(",")[0].split()[0])


def tool(meter, *arguments, expected=0, which=0):
    where = [] if meter is None else ["-m", f"kmp+tcp://127.0.0.1:{optical(meter, which)}", "-t", "600"]
    done = subprocess.run([os.path.join(sys.argv[1], "metertool"), *where, *arguments], capture_output=True, text=True,
                          timeout=60, stdin=subprocess.DEVNULL)
    check(done.returncode == expected, f"{arguments}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def look(meter):
    return json.loads(tool(meter, "--json", "prepay")[0])


def value(meter, code):
    return meter.registers()[code]["value"]


def start(folder, name, *arguments, when=MONDAY, variant="382MB"):
    scenario = os.path.join(folder, "house.scn")
    with open(scenario, "w", encoding="ascii") as file:
        file.write("set i=10\n")  # 6.9 kW on three phases
    meter = Meter("--variant", variant, "--serial", "12345678", "--mains", scenario, "--start", when, *MODULE,
                  *(["--data", os.path.join(folder, name)] if name else []), *arguments)
    wait_until(lambda: meter.get("/api/state")["display"]["on"], "supply")
    return meter


def key_file(folder):
    path = os.path.join(folder, "vending.key")
    with open(path, "w", encoding="ascii") as file:
        file.write("000102030405060708090a0b0c0d0e0f\n")
    os.chmod(path, 0o600)
    return path


def test_a_kilowatt_hour(folder):
    """REQ(PRE-01, PRE-02, PRE-03, ENV-12, TOO-10): bought over the module port, used by the house, opened, bought again."""
    meter = start(folder, None, "--speed", "1")
    check("no key" in tool(meter, "prepay")[0], "delivered without a key")
    check("expected --yes" in tool(meter, "prepay", "load", "1", expected=2)[1], "it asks")
    said = tool(meter, "prepay", "load", "1", "--yes", expected=1, which=1)[1]
    check("no safety device" in said and "not over this connection" in said, said)
    check("refuses" in tool(meter, "prepay", "on", "--yes", expected=1, which=1)[1], "not over the eye")
    check("Left: 1.0 kWh" in tool(meter, "prepay", "load", "1", "--yes")[0], "loaded")
    check("Left: 1.0 kWh" in tool(meter, "prepay", "load", "1", "1", "--yes")[0], "the same load once more")
    check("not the number" in tool(meter, "prepay", "load", "1", "7", "--yes", expected=1)[1], "another number")
    before = value(meter, "1.8.0*128")
    tool(meter, "config", "set", "--yes", "breaker-coupling=automatic")
    tool(meter, "prepay", "on", "--yes")
    begin = value(meter, "1.8.0*128")
    meter.post("/api/speed", {"speed": 300})
    wait_until(lambda: value(meter, "128.0.0") == 7, "cut off", 30)
    wait_until(lambda: value(meter, "1.7.0") == 0, "the house is dark")
    used = value(meter, "1.8.0*128")
    check(before <= begin and 1.0 - 0.0001 <= used - before and used - begin <= 1.0 + 6.9 * 3 / 3600 + 0.0001,
          f"{used - begin} kWh for one")
    check(look(meter)["cut_off"] and look(meter)["left_kwh"] <= 0, "owed")
    owed = -look(meter)["left_kwh"]
    tool(meter, "prepay", "load", "2", "--yes")
    wait_until(lambda: value(meter, "128.0.0") == 4 and value(meter, "1.7.0") > 6.8, "closed again by itself", 30)
    meter.post("/api/speed", {"speed": 0})
    now = look(meter)
    check(abs(now["left_kwh"] - (2 - owed - (value(meter, "1.8.0*128") - used))) < 0.0002, f"{now}")
    check("credit used up" in tool(meter, "events", "disconnect")[0], "logged")
    audit = tool(meter, "events", "audit")[0]
    check(audit.count("prepayment: credit loaded") == 2 and "credit loaded 2, 2.0000 kWh" in audit, audit)
    meter.terminate()


def test_days(folder):
    """REQ(X-PRE-1): on a Saturday the house stays on, on Monday it is cut off; the days that are kept."""
    meter = start(folder, None, "--speed", "1", when=SATURDAY)
    tool(meter, "prepay", "load", "0.5", "--yes")
    tool(meter, "prepay", "on", "--yes")
    meter.post("/api/speed", {"speed": 20000})
    wait_until(lambda: look(meter)["left_kwh"] < -100, "used on Sunday", 30)
    check(value(meter, "128.0.0") == 4, "closed on Sunday")
    wait_until(lambda: value(meter, "128.0.0") == 7, "cut off on Monday", 30)
    meter.post("/api/speed", {"speed": 0})
    owed = -look(meter)["left_kwh"]  # 12 h of Saturday, 24 h of Sunday; local midnight is an hour before
    check(abs(owed - (35 * 6.9 - 0.5)) < 0.5, f"{owed} kWh")
    check("12-24\n2027-01-01\n" in tool(meter, "prepay", "days", "12-24", "2027-01-01", "--yes")[0], "days")
    check("expected" in tool(meter, "prepay", "days", "2027-13-01", "--yes", expected=2)[1], "no such month")
    check("not an amount or a date" in tool(meter, "prepay", "days", "02-30", "--yes", expected=1)[1], "no such day")
    check(tool(meter, "prepay", "days")[0] == "12-24\n2027-01-01\n", "as they were")
    meter.terminate()


def test_tokens(folder):
    """Tokens of the tool's own making, keyed in at the panel and handed in by the tool; each once, over a restart too."""
    keys = key_file(folder)
    meter = start(folder, "tokens", "--speed", "1")
    tool(meter, "prepay", "load", "1", "--yes")
    tool(meter, "prepay", "on", "--yes")
    tool(meter, "prepay", "key", keys, "vending")
    first = tool(None, "prepay", "make-token", keys, "12345678", "10", "1")[0].strip()
    check(first == "0000 0001 1011 9250 6557", first)
    second = tool(None, "prepay", "make-token", keys, "12345678", "0.1", "2")[0].strip()
    other = tool(None, "prepay", "make-token", keys, "12345679", "10", "3")[0].strip()
    check(meter.post("/api/token", {"digits": first}) == (200, {"ok": True}), "taken at the panel")
    status, answer = meter.post("/api/token", {"digits": first})
    check(status == 200 and "taken before" in answer["refused"], f"{status} {answer}")
    check("taken before" in tool(meter, "prepay", "token", first, "--yes", expected=1, which=1)[1], "twice")
    check("of another meter" in tool(meter, "prepay", "token", other, "--yes", expected=1)[1], "another meter's")
    left = look(meter)["left_kwh"]
    check(10.9 < left <= 11, f"{left}")
    meter.process.send_signal(signal.SIGKILL)
    meter.process.wait()
    meter = start(folder, "tokens", "--speed", "1")
    check("taken before" in tool(meter, "prepay", "token", first, "--yes", expected=1)[1], "after a kill")
    check(tool(meter, "prepay", "token", second, "--yes", which=1)[0].startswith("Prepayment: on"), "the second")
    state = meter.get("/api/state")["prepay"]
    check(state["on"] and state["last"]["way"] == "token" and abs(state["left_kwh"] - left - 0.1) < 0.1, f"{state}")
    check(meter.post("/api/token", {"digits": 7})[0] == 400 and "refused" in meter.post("/api/token", {"digits": "7"})[1], "form")
    meter.terminate()


def test_kills(folder):
    """Killed in the middle of loads and use, again and again: what was loaded is what was used and what is left."""
    meter = start(folder, "kills", "--speed", "1")
    tool(meter, "prepay", "on", "--yes")
    begin = value(meter, "1.8.0*128") - (0.0 - look(meter)["left_kwh"])
    loaded = 0.0
    for number in range(1, 6):
        meter.post("/api/speed", {"speed": 200})
        loading = subprocess.Popen([os.path.join(sys.argv[1], "metertool"), "-m",
                                    f"kmp+tcp://127.0.0.1:{optical(meter)}", "-t", "300", "prepay", "load", "3",
                                    str(number), "--yes"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        if number % 2 == 0:
            loading.wait()
        meter.process.send_signal(signal.SIGKILL)
        meter.process.wait()
        loading.wait()
        meter = start(folder, "kills", "--speed", "1")
        tool(meter, "prepay", "load", "3", str(number), "--yes")
        loaded += 3.0
        meter.post("/api/speed", {"speed": 0})
        now, total = look(meter), value(meter, "1.8.0*128")
        check(now["load_number"] == number and abs(loaded - (total - begin) - now["left_kwh"]) < 0.0002,
              f"load {number}: {loaded} kWh, used {total - begin}, left {now['left_kwh']}")
        meter.post("/api/speed", {"speed": 1})
    meter.terminate()


def main():
    with tempfile.TemporaryDirectory() as folder:
        for test in (test_a_kilowatt_hour, test_days, test_tokens, test_kills):
            test(folder)
            print(f"ok {test.__name__}", flush=True)


main()
