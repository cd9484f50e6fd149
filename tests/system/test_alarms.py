#!/usr/bin/env python3
"""Tampering, from the hand at the meter to the head-end: pushes within seconds, tries again, metertool alarms over KMP and DLMS,
acts without supply, and what a killed process keeps.  Arguments: BUILD_DIR SOURCE_DIR."""
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

from meter_process import Meter, check, wait_until

TOOL = os.path.join(sys.argv[1], "metertool")
KEYS = {"guek": "000102030405060708090A0B0C0D0E0F", "gak": "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"}
LATENCY_S = 5.0
PUSH = "40/0-0:25.9.0.255:"


def tool(url, *arguments, exit_code=0):
    done = subprocess.run([TOOL, "-m", url, *arguments], capture_output=True, text=True, timeout=60)
    check(done.returncode == exit_code, f"{url} {arguments}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class HeadEnd:
    """metertool alarms watch PORT, as the utility's system runs it."""

    def __init__(self, port):
        self.process = subprocess.Popen([TOOL, "--json", "alarms", "watch", str(port)], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        check("waiting for pushes" in self.process.stderr.readline(), "the head-end waits")

    def next(self):
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.kill()
        self.process.communicate()


def act(meter, name, on):
    check(meter.post("/api/input", {"name": name, "on": on})[0] == 200, name)


# REQ(EVT-02, EVT-03, AMI-14, X-EVT-5): each act is with the head-end within seconds, by name, ciphered
def pushes(meter, kmp, dlms):
    port = free_port()
    head_end = HeadEnd(port)
    tool(dlms, "dlms", "set", PUSH + "3", f"{{enum:0, text:127.0.0.1:{port}, enum:0}}")
    tool(dlms, "alarms", "masks", "a=2,6")
    worst_s = 0.0
    for name, on, text in (("cover", True, "meter cover open"), ("terminal_cover", True, "terminal cover open"),
                           ("magnet", True, "magnet"), ("seal", True, "verification seal open"),
                           ("module", False, "module taken out")):
        before = time.monotonic()
        act(meter, name, on)
        push = head_end.next()
        while text not in push["alarms"].split(", "):
            push = head_end.next()
        took_s = time.monotonic() - before
        check(took_s < LATENCY_S, f"{name}: {took_s:.1f} s until the head-end knew")
        worst_s = max(worst_s, took_s)
        act(meter, name, not on)
    print(f"the head-end knew within {worst_s:.1f} s")
    # order: each message tells all that stands, the last one all five
    words = push["alarms"].split(", ")
    for text in ("meter cover open", "terminal cover open", "utility seal broken", "magnet", "verification seal open"):
        check(text in words, f"{text} in {words}")
    check(push["data"][1] != "" and push["client"] == 1, f"who and when: {push}")
    head_end.end()


# REQ(EVT-02, AMI-08): a head-end that is away gets the alarm when it is back, as often as the set-up says
def tries(meter, kmp, dlms):
    port = free_port()
    tool(kmp, "alarms", "clear")
    tool(dlms, "dlms", "set", PUSH + "3", f"{{enum:0, text:127.0.0.1:{port}, enum:0}}")
    tool(dlms, "dlms", "set", PUSH + "6", "u8:20")
    tool(dlms, "dlms", "set", PUSH + "7", "u16:1")
    act(meter, "cover", True)
    time.sleep(3)  # the first tries find nobody
    act(meter, "magnet", True)
    head_end = HeadEnd(port)
    push = head_end.next()
    check("meter cover open" in push["alarms"] and "magnet" in push["alarms"], f"all that has come meanwhile: {push['alarms']}")
    act(meter, "cover", False)
    act(meter, "magnet", False)
    head_end.end()


def raised(url):
    return {name for word in ("a", "b_come", "tamper")
            for name in (json.loads(tool(url, "--json", "alarms").stdout)[word] or {"raised": []})["raised"]}


# REQ(SEC-05, SEC-06): shown, cleared by name, masked; over both protocols; not by the consumer
def commands(meter, kmp, dlms, consumer):
    tool(kmp, "alarms", "clear")
    tool(kmp, "alarms", "clear", "tamper=utility seal broken")
    check(tool(kmp, "alarms").stdout.startswith("no alarm\n"), "cleared")
    act(meter, "terminal_cover", True)
    for url in (kmp, dlms):
        check(raised(url) == {"terminal cover open", "utility seal broken"}, f"{url}: {raised(url)}")
    check("may only read" in tool(consumer, "alarms", "clear", exit_code=1).stderr, "the consumer clears nothing")
    tool(dlms, "alarms", "clear", "tamper=8")
    check(raised(kmp) == {"utility seal broken"}, "one of two")
    acts = {a["name"]: a for a in json.loads(tool(kmp, "--json", "alarms").stdout)["acts"]}
    check(json.loads(tool(kmp, "--json", "alarms").stdout)["cleared"]["channel"] == "module port", "who cleared: management, as a module")
    check(acts["terminal cover open"]["holds"] and not acts["terminal cover open"]["alarm"], "it lasts")
    check("Utility seal: BROKEN" in tool(kmp, "seal").stdout, "the second seal")
    act(meter, "terminal_cover", False)
    tool(kmp, "alarms", "clear")
    check(json.loads(tool(kmp, "--json", "seal").stdout)["utility_seal_broken"] is False, "renewed")
    wait_until(lambda: not json.loads(tool(kmp, "--json", "alarms").stdout)["acts"][5]["holds"], "the seal is renewed")
    tool(kmp, "alarms", "masks", "tamper=none", "a=none")
    act(meter, "cover", True)
    act(meter, "cover", False)
    check(tool(kmp, "alarms").stdout.startswith("no alarm\n"), "nothing passes the masks")
    tool(dlms, "alarms", "masks", "tamper=all")
    masks = json.loads(tool(kmp, "--json", "alarms", "masks").stdout)
    check(masks["tamper"]["mask"] == 0xFF44 and masks["a"]["mask"] == 0, f"masks: {masks}")
    check("meter cover open" in tool(kmp, "alarms", "masks").stdout, "in words")
    watcher = subprocess.Popen([TOOL, "-m", kmp, "--csv", "-i", "0.2", "-n", "12", "alarms", "watch"], stdout=subprocess.PIPE, text=True)
    time.sleep(0.7)
    act(meter, "cover", True)
    act(meter, "cover", False)
    lines = watcher.communicate(timeout=20)[0].splitlines()
    check(lines[0] == "time,word,bit,text,change" and any(line.endswith("tamper,6,meter cover open,raised") for line in lines), f"{lines}")
    for wrong in (["alarms", "clear", "tamper=lid"], ["alarms", "masks", "tamper"], ["alarms", "sing"], ["alarms", "clear", "c=1"]):
        tool(kmp, *wrong, exit_code=2)


# REQ(EVT-01): what is measured: phases in the wrong order, and current in a phase without voltage
def measured(meter, kmp):
    tool(kmp, "alarms", "clear")
    for controls, text in (({"sequence": 1}, "phases in the order L1-L3-L2"), ({"u2": 0, "i2": 4}, "current without voltage L2")):
        for name, value in controls.items():
            check(meter.post("/api/control", {"name": name, "value": value})[0] == 200, name)
        wait_until(lambda: text in raised(kmp), text, seconds=15)
        check(meter.post("/api/control", {"name": "reset", "value": 1})[0] == 200, "reset")
        wait_until(lambda: not any(a["holds"] for a in meter.get("/api/state")["tamper"]["acts"] if a["text"] == text), f"the end of {text}")


# REQ(EVT-01): opened and shut without supply: in the log with its own time when supply is back
def without_supply(meter, kmp):
    check(meter.post("/api/control", {"name": "supply", "value": 0})[0] == 200, "supply")
    time.sleep(1)
    act(meter, "cover", True)
    act(meter, "cover", False)
    time.sleep(0.3)
    check(meter.post("/api/control", {"name": "supply", "value": 1})[0] == 200, "supply")
    rows = []

    def logged():
        nonlocal rows
        rows = json.loads(subprocess.run([TOOL, "-m", kmp, "--json", "-r", "0", "events", "status"], capture_output=True,
                                         text=True, timeout=60).stdout or "[]")
        return bool(rows) and rows[-1]["text"] == "over: meter cover open"
    wait_until(logged, "the cover in the log")
    check(rows[-2]["text"] == "meter cover open, without supply", f"{rows[-2:]}")
    check("meter cover open" in raised(kmp), "an alarm")


def main():
    with tempfile.TemporaryDirectory() as folder:
        keys, data = os.path.join(folder, "keys"), os.path.join(folder, "data")
        with open(os.open(keys, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            json.dump(KEYS, file)
        os.environ["OPEN382_KEYS"], os.environ["XDG_STATE_HOME"] = keys, folder
        arguments = ["--data", data, "--optical", "tcp:127.0.0.1:0", "--optical", "tcp:127.0.0.1:0,channel=consumer",
                     "--dlms", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0", "--module", "mbus:tcp:127.0.0.1:0",
                     "--mains", "u=230,i=5"]
        meter = Meter(*arguments)
        kmp, consumer = (f"kmp+tcp://127.0.0.1:{line.rsplit(':', 1)[1]}"
                         for line in meter.lines if line.startswith("optical tcp"))
        dlms = f"dlms://127.0.0.1:{meter.port('dlms tcp')}?client=1"
        pushes(meter, kmp, dlms)
        tries(meter, kmp, dlms)
        meter.post("/api/speed", {"speed": 20})  # the rest measures no time
        commands(meter, kmp, dlms, consumer)
        measured(meter, kmp)
        without_supply(meter, kmp)
        act(meter, "terminal_cover", True)
        wait_until(lambda: "terminal cover open" in raised(kmp), "the last alarm")
        meter.kill()
        meter = Meter(*arguments)
        kmp = f"kmp+tcp://127.0.0.1:{meter.port('optical tcp')}"
        check({"terminal cover open", "utility seal broken"} <= raised(kmp), "what a kill leaves")
        said = tool(kmp, "events", "status").stdout
        check("terminal cover open, utility seal broken" in said and "module taken out" in said, said)
        meter.terminate()
    print("ok from the hand at the meter to the head-end")


if __name__ == "__main__":
    main()
