"""What the panel draws: the load profile as a curve and as CSV, debiting stops, events, against each other."""

import csv
import datetime
import io
import os
import sys
import tempfile
import urllib.error
import urllib.request

from meter_process import Meter, check, kmp_frame, run, wait_until


def text_of(meter, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{meter.port('panel http')}{path}", timeout=10) as answer:
        check(answer.headers["Content-Type"].startswith("text/csv"), f"{path}: {answer.headers['Content-Type']}")
        return answer.read().decode()


def energy(curve, channel=0):
    return sum(value or 0 for value in curve["kwh"][channel])


def local_hour(curve, utc_s):
    offset = [row[1] for row in curve["zone"] if row[0] <= utc_s][-1]
    return (utc_s + offset) % 86400 / 3600


# REQ(LPR-01, LPR-07): every interval of the profile is on the curve, once, with the energy between its registers
def test_whole_curve(meter, rows):
    curve = meter.get("/api/profile?points=4000")
    check(curve["interval_min"] == 15 and curve["step_s"] == 900, f"step {curve['step_s']}")
    check(len(curve["start"]) == len(rows) == curve["records"], f"{len(curve['start'])} of {len(rows)}")
    check(curve["kwh"][0][0] is None and None not in curve["kwh"][0][1:], "only the first has no register before it")
    for i in range(1, len(rows)):
        before, now = float(rows[i - 1]["A+ kWh"]), float(rows[i]["A+ kWh"])
        check(abs(curve["kwh"][0][i] - (now - before)) < 1e-9, f"interval {i}: {curve['kwh'][0][i]}")
        check(abs(curve["peak"][0][i] - 4 * curve["kwh"][0][i]) < 1e-6, f"mean power {i}")
        utc = datetime.datetime.fromisoformat(rows[i]["utc"].replace("Z", "+00:00"))
        local = datetime.datetime.fromisoformat(rows[i]["time"])
        check(utc == local and utc.timestamp() == curve["end"][i], f"row {i}: {rows[i]}")
    return curve


# Longer stretches hold the same energy, begin at the meter's own midnight, and a day of March has 23 hours.
def test_long_stretches(meter, whole):
    for points in (300, 90, 20, 1):
        curve = meter.get(f"/api/profile?points={points}")
        check(len(curve["start"]) <= points + 1, f"{len(curve['start'])} stretches for {points}")
        for channel in range(len(whole["channels"])):
            check(abs(energy(curve, channel) - energy(whole, channel)) < 1e-6, f"energy at {points} points")
        check(max(x or 0 for x in curve["peak"][0]) == max(x or 0 for x in whole["peak"][0]), "the highest is lost")
        check(all(a <= b for a, b in zip(curve["end"], curve["start"][1:])), "stretches lie over each other")
    days = meter.get("/api/profile?points=45")
    check(days["step_s"] == 86400, f"step {days['step_s']}")
    check(all(local_hour(days, start) == 0 for start in days["start"][1:]), "days do not begin at midnight")
    check(sorted(set(days["covered"][1:-1])) == [23 * 3600, 86400], f"days last {set(days['covered'])}")


def test_part(meter, whole):
    start, end = whole["start"][500], whole["end"][700]
    part = meter.get(f"/api/profile?from={start}&to={end}")
    check(part["start"] == whole["start"][500:701], "other intervals than asked for")
    check(part["kwh"][0] == whole["kwh"][0][500:701], "other energies than in the whole")
    rows = list(csv.DictReader(io.StringIO(text_of(meter, f"/api/profile.csv?from={start}&to={end}"))))
    check(len(rows) == 201, f"{len(rows)} rows")
    empty = meter.get("/api/profile?from=1&to=2")
    check(empty["start"] == [] and empty["first"] == whole["first"], "an empty part keeps the limits")


# REQ(LPR-08): an outage is on the curve and in words
def test_marks(meter, whole, rows):
    marked = [i for i, marks in enumerate(whole["marks"]) if marks >> 10 & 1]
    check(11 <= len(marked) <= 13, f"{len(marked)} intervals of a three-hour outage")
    check(whole["words"]["10"] == "outage" and all(rows[i]["words"] == "outage" for i in marked), "words")
    days = meter.get("/api/profile?points=45")
    check([i for i, marks in enumerate(days["marks"]) if marks >> 10 & 1] == [len(days["marks"]) - 1], "the outage's day")
    check(energy({"kwh": [[whole["kwh"][0][i] for i in marked[:-1]]]}) == 0, "energy in an outage")


# REQ(LPR-08): what nobody recorded is no energy of the curve: the record after a long gap says so
def test_gap(data):
    meter = Meter("--panel", "127.0.0.1:0", "--mains", "house", "--start", "2026-05-25T00:00:01Z", "--data", data,
                  "--speed", "36000", "--optical", "tcp:127.0.0.1:0")
    wait_until(lambda: meter.get("/api/profile")["last"] >= 1779670800, "an hour after the gap")
    curve = meter.get("/api/profile?points=4000")
    meter.post("/api/speed", {"speed": 0})
    gaps = [i for i in range(1, len(curve["start"])) if curve["start"][i] > curve["end"][i - 1]]
    check(len(gaps) == 1, f"{len(gaps)} gaps")
    after = gaps[0]
    check(curve["kwh"][0][after] is None and curve["covered"][after] == 0, "energy over a gap")
    check(curve["marks"][after] >> 22 & 1 and curve["words"]["22"] == "gap before it", f"{curve['marks'][after]:x}")
    check(None not in curve["kwh"][0][after + 1:], "the records after it")
    days = meter.get("/api/profile?points=100")
    check(any(a < b for a, b in zip(days["end"], days["start"][1:])), "the gap stays when stretches are joined")
    return meter


# A clock that is set back records the same times again: the curve goes on rising, and holds all the energy.
def test_clock_set_back(meter):
    before = meter.get("/api/profile?points=4000")
    with meter.optical() as link:
        link.sendall(kmp_frame([0x3F, 0x09, *(260524).to_bytes(4, "big"), *(220100).to_bytes(4, "big")]))
        check(link.recv(1) == b"\x06", "the clock is set three hours back")
    meter.post("/api/speed", {"speed": 36000})
    wait_until(lambda: meter.get("/api/profile")["records"] > before["records"] + 24, "six hours")
    meter.post("/api/speed", {"speed": 0})
    curve = meter.get("/api/profile?points=4000")
    check(all(a <= b for a, b in zip(curve["start"], curve["start"][1:])), "the curve goes back")
    check(sum(curve["covered"]) > sum(before["covered"]) + 5 * 3600, "hours are missing")
    rows = list(csv.DictReader(io.StringIO(text_of(meter, "/api/profile.csv"))))
    twice = [i for i in range(1, len(rows)) if rows[i]["utc"] < rows[i - 1]["utc"]]
    check(len(twice) == 1 and "clock set back" in curve["words"].values(), f"{len(twice)} steps back, {curve['words']}")
    hours = meter.get("/api/profile?points=300")
    check(abs(energy(hours) - energy(curve)) < 1e-6, "energy of joined stretches")


def test_bad_queries(meter):
    for query in ("from=x", "to=-1", "points=0", "points=4001", "from=9999999999999", "from=", "from=1x"):
        try:
            meter.get(f"/api/profile?{query}")
            check(False, f"{query} was taken")
        except urllib.error.HTTPError as error:
            check(error.code == 400 and b"expected from and to" in error.read(), f"{query}: {error.code}")


# REQ(BIL-02, BIL-04): stops of the first of the month, with the registers that the load profile had then
def test_billing(meter, rows):
    billing = meter.get("/api/billing")
    codes = [column["code"] for column in billing["columns"]]
    check(len(codes) == 19 and codes[:2] == ["1.8.0", "2.8.0"] and billing["columns"][14]["name"] == "Peak power P+",
          f"{billing['columns']}")
    check([(stop["time"], stop["cause"], stop["id"]) for stop in billing["periods"]] ==
          [("2026-04-01T00:00:00", "date", 1)], f"{billing['periods']}")
    newest = billing["periods"][0]
    record = next(row for row in rows if row["time"] == "2026-04-01T00:00:00+02:00")
    check(int(newest["values"][0] * 1000) == round(float(record["A+ kWh"]) * 1000), f"{newest} against {record}")
    check(newest["values"][codes.index("0.1.0")] == 1, "number of the period")
    check("2026-03-10" < newest["times"][codes.index("1.6.0")] <= newest["time"] and newest["times"][0] is None, "P+max")
    check(billing["second"][0]["values"][codes.index("1.6.0")] is None and len(billing["second"]) > 25, "log 2")


# REQ(EVT-04): events in the words of metertool, of each log the newest first, with what no client has read
def test_events(meter):
    meter.post("/api/input", {"name": "cover", "on": True})
    meter.post("/api/input", {"name": "cover", "on": False})
    wait_until(lambda: meter.get("/api/state")["records"]["status"]["newest"] >= 2, "two records")
    events = meter.get("/api/events")
    status = [event for event in events["events"] if event["log"] == "status"]
    check([event["text"] for event in status[:2]] == ["over: meter cover open", "meter cover open"], f"{status}")
    check(status[0]["id"] == status[1]["id"] + 1 and status[0]["valid"] and status[0]["time"].startswith("2026-04-09T05:"),
          f"{status[0]}")
    log = events["logs"][0]
    check(log == {"name": "status", "depth": 200, "newest": status[0]["id"], "read": 0}, f"{log}")
    check("debiting" not in [log["name"] for log in events["logs"]], "stops are no events")


def main():
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "house")
        done = run("--headless", "--mains", "house", "--speed", "max", "--start", "2026-03-10T00:00:00Z",
                   "--until", "30d", "--data", data)
        check(done.returncode == 0, done.stderr)
        meter = Meter("--panel", "127.0.0.1:0", "--mains", "house", "--start", "2026-04-09T03:00:01Z", "--data", data)
        rows = list(csv.DictReader(io.StringIO(text_of(meter, "/api/profile.csv"))))
        whole = test_whole_curve(meter, rows)
        now = meter.registers()["1.8.0"]["value"]
        check(0 <= now - float(rows[-1]["A+ kWh"]) < 0.01, f"{now} kWh now, {rows[-1]}")
        test_long_stretches(meter, whole)
        test_part(meter, whole)
        test_marks(meter, whole, rows)
        test_billing(meter, rows)
        test_events(meter)
        test_bad_queries(meter)
        meter.terminate()
        meter = test_gap(data)
        test_clock_set_back(meter)
        meter.terminate()
        basis = Meter("--variant", "382B", "--panel", "127.0.0.1:0", "--mains", "u=230,i=1")
        check(basis.get("/api/profile") == {"interval_min": 0}, "a 382B has no load profile")
        check(text_of(basis, "/api/profile.csv") == "id,time,utc,clock_valid,status,quality,words\r\n", "nor rows")
        basis.terminate()
    print("ok")


if __name__ == "__main__":
    main()
