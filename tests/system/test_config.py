"""The configuration of a meter as one document: checked without a meter, applied as a whole, killed in between.

usage: test_config.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import random
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time

from meter_process import Meter, check, kmp_frame

ORDER = "68431BM423010"
FORMAT = "open382 configuration 1"
PLAN = ['plan "winter"', "working mon tue wed thu fri", "day A work 00:00 T1 06:00 T2", "day A rest 00:00 T1"]


def tool(*arguments, port=None, expected=0, stdin=""):
    where = ["-m", f"kmp+tcp://127.0.0.1:{port}"] if port else []
    done = subprocess.run([os.path.join(sys.argv[1], "metertool"), *where, *arguments], input=stdin,
                          capture_output=True, text=True, timeout=60)
    check(done.returncode == expected, f"{arguments}: exit {done.returncode}: {done.stdout} {done.stderr}")
    return done.stdout + done.stderr


def start(data, variant="382M", channel=None, seal="closed"):
    port = "tcp:127.0.0.1:0" + (f",channel={channel}" if channel else "")
    meter = Meter("--variant", variant, "--seal", seal, "--mains", "u=230,i=1", "--start", "2027-01-04T20:00:00Z", "--data", data,
                  "--optical", port)
    return meter, meter.port("optical tcp")


def write(folder, document, name="document.json"):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(document if isinstance(document, str) else json.dumps(document, indent=2))
    return path


def test_order_numbers():
    """REQ(TOO-12): the tool explains order numbers and configurations, and makes them."""
    said = json.loads(tool("--json", "config", "order-number", "382LxG"))
    meaning = {field["symbol"]: field["meaning"] for field in said["fields"]}
    check(said["order_number"] == "68438BL4G3010" and said["known_as"] == "382LxG", f"{said}")
    check("breaker" in meaning["X6"] and "RF K" in meaning["X6"] and meaning["LL"] == "GMT+1", f"{meaning}")
    said = tool("config", "order-number", "684-38B-B453-010", "11000002", "42301011", "1000", "100", "349", expected=2)
    check("X6 = 5" in said and "X4 = B" in said and "would fit" in said, said)
    said = json.loads(tool("--json", "config", "order-number", "--make", "generation=E", "radio=340"))
    check(said["order_number"][6] == "E" and said["configurations"][4] == "340", f"{said}")
    check(said["order_number"][8] in "46", "RF S needs X6 = 4 or 6")


def test_any_order_number_is_a_meter():
    """REQ(CFG-10): a meter of any order number, configured as ordered."""
    said = subprocess.run([os.path.join(sys.argv[1], "meter382"), "--headless", "--variant",
                           "68431BM233025,21000003,80115011", "--until", "1s", "--status"],
                          capture_output=True, text=True, timeout=60)
    registers = json.loads(said.stdout)
    check("3.8.0" not in registers and "2.8.0" in registers, "energy type A+ A-")
    for wrong in ("68431BM423010,31000002", "68438BB4B3010", "68431BM42301"):
        done = subprocess.run([os.path.join(sys.argv[1], "meter382"), "--headless", "--variant", wrong, "--until", "1s"],
                              capture_output=True, text=True, timeout=60)
        check(done.returncode == 2 and done.stderr.startswith("meter382: --variant: "), f"{wrong}: {done.stderr}")


def test_panel_of_a_variant():
    """REQ(VAR-08): the panel shows no log that the variant lacks, nor its records."""
    lacking = {"382B": {"clock", "disconnect", "neutral", "load-profile", "load-control"}, "382LxG": {"clock", "voltage"},
               "162M": {"disconnect", "neutral"}}
    for variant, missing in lacking.items():
        meter = Meter("--variant", variant, "--mains", "u=230,i=1", "--panel", "127.0.0.1:0")
        names = {log["name"] for log in meter.get("/api/events")["logs"]}
        check(not names & missing and "status" in names, f"{variant}: {names}")
        check(variant == "382B" or "load-profile" in names, f"{variant}: {names}")
        meter.terminate()


def test_check(folder):
    """REQ(CFG-09): each fault has a line that names its place and what was expected; a contradiction both places."""
    def document(**parts):
        return {"format": FORMAT, "order_number": ORDER, **parts}

    faults = [
        ("{\n  \"format\": \"x\",\n  \"order", ":3:"),
        ("[]", "expected an object, found a list"),
        ({"order_number": ORDER}, "format: expected \"open382 configuration 1\""),
        (document(colour=1), "found 'colour'"),
        (document(settings={"integration-period": "20 min"}),
         "settings.integration-period: expected 5 min, 15 min, 30 min or 60 min, found '20 min'"),
        (document(settings={"debiting-day": "29"}), ":5: settings.debiting-day: expected digits from 00 to 28"),
        (document(settings={"neutral-high": 230}), "expected a whole number from 231 to 400 (V), found '230'"),
        (document(settings={"neutral-high": []}), "found a list"),
        (document(settings={"plate-text": "twelve chars"}), "at most 11 printable characters"),
        (document(settings={"time-sone": 1}), "found 'time-sone'"),
        (document(settings={"radio-profile": 349}), ":5: settings.radio-profile: RRR"),
        (document(settings={"radio-profile": 349}), "a radio profile needs a radio; would fit: RRR 000"),
        (document(settings={"radio-profile": 349}), "; the other field is order_number in line 3\n"),
        (document(settings={"summer-time": 1, "time-zone": 1}, order_number="68438BB413010"), ":5: settings.summer-time: PPP = 001"),
        # the same key elsewhere, and in a text, is not the one that is meant
        (document(display={"automatic": ["1.8.0"], "manual": ["1.8.0"]}), ":8: display.manual: a legal reading is missing"),
        (document(settings={"plate-text": "order_number", "led": "no"}), "plate-text"),
        (document(settings={"plate-text": "led\": {", "led": 7}), ":6: settings.led: expected"),
        (document(display={"manual": ["1.8.0"]}), ":5: display.manual: a legal reading is missing: 2.8.0"),
        (document(display={"automatic": ["9.9.9"]}), "display.automatic: reading 1: expected a code"),
        (document(display={"automatic": []}), "display.automatic: more readings than this list holds, or none"),
        (document(display={"backup": ["32.7.0"]}), ":5: display.backup: a reading that may not stand in this list: 32.7.0"),
        (document(display={"left": []}), "expected automatic, manual or backup, found 'left'"),
        (document(quality_limits={"under": "low"}), "quality_limits.under: expected a number of V"),
        (document(tariff_plan=PLAN[:2] + ["day A work 01:00 T1"]), "tariff_plan: line 3, column"),
        (document(tariff_plan={"file": "none.plan"}), "none.plan: No such file"),
        ({**document(tariff_plan=PLAN), "order_number": "68438BL421010"}, ":4: tariff_plan: uses T2, but a meter 68438BL421010 has no"),
        ({**document(quality_limits={"under": 200}), "order_number": "68438BB423010"}, ":4: quality_limits: a meter 68438BB423010 does not have them"),
        ({**document(settings={"neutral-time": 9}), "order_number": "68438BB423010"}, ":5: settings.neutral-time: a meter"),
        ({**document(settings={"breaker-k1": 9}), "order_number": "68438BL4B3010"}, "expected breaker-k2 not above breaker-k1"),
        ({**document(settings={"breaker-t1": 31}), "order_number": "68438BL4B3010"}, "expected breaker-t1 not above breaker-t2"),
        ({**document(), "order_number": "6843"}, ":3: order_number: expected 13 characters"),
        (document(analysis={"on": True}), ":4: analysis: expected on (true or false), interval_min"),
    ]
    for wrong, text in faults:
        said = tool("config", "check", write(folder, wrong), expected=2)
        check(text in said and said.count("\n") == 1, f"expected '{text}', said: {said}")
    good = document(settings={"integration-period": 4, "debiting-day": "15", "time-zone": "UTC+2"}, tariff_plan=PLAN)
    check("a good configuration" in tool("config", "check", write(folder, good)), "a good document")


def test_apply(folder):
    """REQ(TOO-03, TOO-04, TOO-05, TOO-07, BIL-06, CFG-10): saved, changed, applied as a whole, read back, kept over a restart."""
    data = os.path.join(folder, "apply")
    meter, port = start(data)
    before = os.path.join(folder, "before.json")
    tool("config", "save", before, port=port)
    tool("config", "diff", before, port=port)
    with open(before, encoding="ascii") as file:
        document = json.load(file)
    check(document["order_number"] == ORDER and document["settings"]["integration-period"] == "15 min", f"{document}")
    document["settings"].update({"integration-period": "60 min", "debiting-day": "15", "plate-text": "Jones"})
    document["display"].update({"automatic": ["1.8.0", "32.7.0", "test"]})
    document["quality_limits"].update({"under": 270, "over": 300})
    document["tariff_plan"] = PLAN
    wanted = write(folder, document)
    said = tool("config", "diff", wanted, port=port, expected=5)
    check("integration-period: 15 min -> 60 min  (erases the load profile" in said, said)
    check("nobody can be asked" in tool("config", "apply", wanted, port=port, expected=2), "it asks")
    tool("config", "diff", before, port=port)
    check("7 changes are in the meter, read back" in tool("config", "apply", "--yes", wanted, port=port), "apply")
    tool("config", "diff", wanted, port=port)
    check("Nothing to change" in tool("config", "apply", "--yes", wanted, port=port), "again")
    check('plan "winter"' in tool("tariff", "get", port=port), "the plan")
    late = write(folder, "\n".join(PLAN).replace("winter", "late"), "late.plan")
    tool("tariff", "upload", late, "2028-01-01T00:00Z", port=port)  # waits, and goes on waiting
    none = write(folder, {"format": FORMAT, "tariff_plan": None}, "none.json")
    check('plan "winter" -> (none)' in tool("config", "apply", "--yes", none, port=port), "no plan")
    shown = tool("tariff", "show", port=port)
    check("No tariff plan in force" in shown and "Waiting" in shown and "late" in shown, shown)
    tool("config", "apply", "--yes", wanted, port=port)
    meter.kill()
    meter, port = start(data)
    tool("config", "diff", wanted, port=port)
    check("Note" not in tool("config", "show", port=port), "an orderly change needs no note")
    check("automatic             1.8.0 32.7.0 test" in tool("display", "get", port=port), "display list")
    audit = tool("events", "audit", port=port)
    check("automatic list: 6 readings -> 3 readings; optical eye" in audit, audit)
    check("integration-period: " in audit and "debiting-day: 01 -> 15; optical eye" in audit, audit)
    meter.terminate()


def test_refused(folder):
    """REQ(CFG-07, DIS-04, DIS-06, DIS-21, TOO-11): what may not be changed is not, and the tool says why."""
    meter, port = start(os.path.join(folder, "refused"))
    sealed = tool("config", "set", "decimals=6.1", "time-zone=UTC+2", "--yes", port=port, expected=1)
    check("settings.decimals: 7.0 -> 6.1  (sealed" in sealed and "nothing is changed" in sealed, sealed)
    other = write(folder, {"format": FORMAT, "order_number": "68431BM423070"})
    check("order_number: " + ORDER in tool("config", "apply", other, "--yes", port=port, expected=1), "another meter")
    said = tool("config", "set", "time-zone=UTC+2", "--yes", "-p", "1", port=port, expected=1)
    check("wrong password" in said, said)
    check("time-zone             UTC+1" in tool("config", "show", "time-zone", port=port), "nothing was changed")
    said = tool("display", "set", "manual", "1.8.0", "test", "--yes", port=port, expected=2)
    check("a legal reading is missing: 2.8.0" in said, said)
    said = tool("display", "set", "backup", "1.7.0", "--yes", port=port, expected=2)
    check("may not stand in this list: 1.7.0" in said, said)
    said = tool("config", "set", "radio-profile=349", "--yes", port=port, expected=2)
    check("a radio profile needs a radio" in said, said)
    seal = json.loads(tool("--json", "seal", port=port))
    check(seal["open"] is False and {"order-number", "decimals", "led", "serial-number"} == set(seal["locked"]), f"{seal}")
    check("Verification seal: closed" in tool("seal", port=port), "seal")
    only = json.loads(tool("--json", "config", "show", "time-zone", port=port))
    check(only == {"format": FORMAT, "settings": {"time-zone": "UTC+1"}}, f"one setting: {only}")
    meter.terminate()
    meter, port = start(os.path.join(folder, "open"), seal="open")
    check("Verification seal: OPEN" in tool("seal", port=port), "open seal")
    sealed = tool("config", "set", "led=2", "--yes", port=port, expected=1)  # of the meter's type, whatever the seal
    check("sealed: can't be changed" in sealed, sealed)
    meter.terminate()
    for variant, channel, expected in (("382B", "module", 1), ("382B", "optical", 0), ("382M", "module", 0),
                                       ("382M", "consumer", 1)):
        meter, port = start(os.path.join(folder, variant + channel), variant, channel)
        said = tool("display", "set", "automatic", "1.8.0", "--yes", port=port, expected=expected)
        check(expected == 0 or "not over this connection" in said, f"{variant} {channel}: {said}")
        meter.terminate()


def test_remote(folder):
    """REQ(AMI-04, AMI-05, AMI-06, TOO-08, TOO-09): L and M are configured over the module port too."""
    for variant in ("382LxG", "382M"):
        meter, port = start(os.path.join(folder, "remote" + variant), variant, "module")
        document = {"format": FORMAT,
                    "settings": {"meter-number-1": "00004711", "meter-number-2": "815", "kmp-address": 17, "debiting-day": 20},
                    "display": {"automatic": ["1.8.0", "96.1.0"]},
                    "analysis": {"on": False, "interval_min": 60, "values": ["32.7.0", "1.7.0"]}}
        wanted = write(folder, document)
        check("6 changes are in the meter" in tool("config", "apply", "--yes", wanted, port=port), variant)
        check("locked" not in tool("config", "diff", wanted, port=port), variant)
        said = tool("config", "set", "led=2", "--yes", port=port, expected=1)
        check("sealed: can't be changed" in said, said)
        read = json.loads(tool("--json", "read", "0x0033", port=port))
        check("4711" in json.dumps(read), f"{read}")
        meter.terminate()


def test_refused_in_the_middle(folder):
    """REQ(CFG-10): what only the meter can refuse takes back what was done before it."""
    meter, port = start(os.path.join(folder, "middle"))
    before = os.path.join(folder, "before.json")
    tool("config", "save", before, port=port)
    with open(before, encoding="ascii") as file:
        document = json.load(file)
    document["settings"]["time-zone"] = "UTC+3"
    document["quality_limits"].update({"under": 200})
    document["display"]["automatic"] = ["1.8.0"]
    document["analysis"].update({"on": True, "profile_records": 60000})  # more than the memory has
    said = tool("config", "apply", "--yes", write(folder, document), port=port, expected=1)
    check("everything has been undone" in said and "analysis logger" in said, said)
    tool("config", "diff", before, port=port)
    document["analysis"].update({"interval_min": 30, "profile_records": 12480})
    tool("config", "apply", "--yes", write(folder, document), port=port)
    tool("config", "diff", os.path.join(folder, "document.json"), port=port)
    meter.terminate()


class DeafLine(threading.Thread):
    """A line between tool and meter on which the answer to a commit (E7, 1) gets lost."""

    def __init__(self, meter_port):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.meter_port = meter_port

    def run(self):
        tool_side, _ = self.listener.accept()
        with tool_side, socket.create_connection(("127.0.0.1", self.meter_port)) as meter_side:
            lost = False
            while True:
                ready, _, _ = select.select([tool_side, meter_side], [], [])
                if tool_side in ready:
                    data = tool_side.recv(1000)
                    if not data:
                        return
                    lost = data.startswith(b"\x80\x3f\xe7\x01")
                    meter_side.sendall(data)
                elif not lost:
                    tool_side.sendall(meter_side.recv(1000))
                else:
                    meter_side.recv(1000)


def test_lost_answer(folder):
    """The commit's answer is lost: it is not sent again, and reading tells what became of it."""
    meter, port = start(os.path.join(folder, "deaf"))
    line = DeafLine(port)
    line.start()
    said = tool("config", "set", "time-zone=2", "-t", "500", "--yes", port=line.port)
    check("no answer to the commit" in said and "1 change is in the meter, read back" in said, said)
    meter.terminate()


def ask(meter, body):
    """One KMP telegram by hand; returns its answer's bytes as they come."""
    with meter.optical() as link:
        link.sendall(kmp_frame([0x3F, *body]))
        answer = b""
        while not answer.endswith(b"\r"):
            answer += link.recv(300)
    return answer


def test_killed_before_the_commit(folder):
    """REQ(CFG-10): killed between staging and commit: nothing of it holds, and the meter says so."""
    data = os.path.join(folder, "staged")
    meter, port = start(data)
    before = os.path.join(folder, "before.json")
    tool("config", "save", before, port=port)
    # E6: password 0, entry 0, to do, PutRegister 0xF021 = 300.000 V
    ask(meter, [0xE6, 0, 0, 0, 0, 0x11, 0xF0, 0x21, 33, 4, 0x43, *(300000).to_bytes(4, "big")])
    # E6: entry 1: ED, time zone (setting 12) = 2
    ask(meter, [0xE6, 0, 0, 1, 0, 0xED, 0, 12, 4, 0, 0, 0, 2])
    meter.kill()
    meter, port = start(data)
    check("undone it, nothing of it holds" in tool("config", "show", port=port), "the meter says so")
    tool("config", "diff", before, port=port)
    meter.terminate()


def test_killed_at_any_moment(folder):
    """REQ(CFG-10): killed while it applies: all or nothing, whenever it was."""
    data = os.path.join(folder, "killed")
    meter, port = start(data)
    first = os.path.join(folder, "first.json")
    tool("config", "save", first, port=port)
    with open(first, encoding="ascii") as file:
        document = json.load(file)
    document["settings"].update({"integration-period": "30 min", "time-zone": "UTC+3", "kmp-address": 17})
    document["display"].update({"automatic": ["1.8.0"], "manual": "delivered"})
    document["quality_limits"].update({"under": 200, "over": 260})
    second = write(folder, document, "second.json")
    seed = int(os.environ.get("OPEN382_SEED", "382"))
    dice = random.Random(seed)
    wanted, other, outcomes = second, first, set()
    for _ in range(int(os.environ.get("OPEN382_KILLS", "6"))):
        applying = subprocess.Popen([os.path.join(sys.argv[1], "metertool"), "-m", f"kmp+tcp://127.0.0.1:{port}", "-t",
                                     "300", "-r", "0", "config", "apply", "--yes", wanted], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0, 0.006))
        meter.kill()
        applying.wait(timeout=30)
        meter, port = start(data)
        holds = [subprocess.run([os.path.join(sys.argv[1], "metertool"), "-m", f"kmp+tcp://127.0.0.1:{port}", "config",
                                 "diff", path], capture_output=True, timeout=60).returncode for path in (wanted, other)]
        check(sorted(holds) == [0, 5], f"seed {seed}: half applied: {holds}")
        outcomes.add(holds[0])
        if holds[0] == 0:
            wanted, other = other, wanted
    meter.terminate()


def main():
    test_order_numbers()
    test_any_order_number_is_a_meter()
    test_panel_of_a_variant()
    with tempfile.TemporaryDirectory() as folder:
        test_check(folder)
        test_apply(folder)
        test_refused(folder)
        test_remote(folder)
        test_refused_in_the_middle(folder)
        test_lost_answer(folder)
        test_killed_before_the_commit(folder)
        test_killed_at_any_moment(folder)
    print("configuration: good")


if __name__ == "__main__":
    main()
