"""Modules of terminals and serial lines on a running meter, built in and as programs of their own: pulses counted from the line
trace, tariffs by voltage, relays, bridges, plugged and pulled.

usage: test_serial_modules.py BUILD_DIR SOURCE_DIR
"""
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, kmp_frame, kmp_receive, run, status, wait_until  # noqa: E402
from test_modules import code_of, metertool, module, state_of, value_of, wait_for  # noqa: E402


def rows_of(path):
    with open(path, encoding="ascii") as file:
        return [line.rstrip("\n").split(",") for line in file]


class Terminal:
    """The far end of a module's terminals."""

    def __init__(self, port):
        self.link = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.link.makefile("r", encoding="ascii", newline="\n")

    def row(self):
        return self.file.readline().rstrip("\n").split(",")

    def until(self, name, level):
        while True:
            row = self.row()
            check(len(row) == 3, f"hung up before {name} was {level}")
            if row[1:] == [name, str(level)]:
                return row

    def set(self, name, level):
        self.link.sendall(f"{name},{level}\n".encode())


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def prepare(folder, name, variant, *words, loads=None):
    """A memory whose pins are set up."""
    data = os.path.join(folder, name)
    meter = Meter("--variant", variant, "--data", data, "--mains", write(folder, "quiet.scn", "set u=230 i=0\n"), "--speed", "1",
                  "--optical", "tcp:127.0.0.1:0", *(loads or ()))
    metertool(meter, "pulses", "set", *words)
    meter.terminate()
    return data


def test_pulses(folder):
    """REQ(MOD-A01, MOD-A07, LCO-10, MOD-A02): pulses that an independent count finds in the trace are the energy register's; a supply
    that fails in between; both kinds of module and the data/pulse module's output."""
    data = prepare(folder, "s0", "382M", "port=6")
    path = write(folder, "s0.scn", "set u=230 i=52.173913\nat 200s set u=0\nat 260s set u=230\nat 605s set i=0\n")
    before = 0
    for kind, name, on in (("s0", "s0", "1"), ("s0supply", "volt", "0"), ("rs232:tcp:127.0.0.1:0+", "out2", "1")):
        trace = os.path.join(folder, "trace.csv")
        line = kind + ("" if kind[-1] == "+" else ":") + "trace:" + trace
        registers = status("--variant", "382M", "--data", data, "--mains", path, "--until", "11m", "--module", line)
        rows = [row for row in rows_of(trace) if row[1] == name and row[0] != ""]
        pulses = [int(row[0]) for row in rows if row[2] == on]
        energy = int(registers["1.8.0*128"]["value"] * 1000 + 1e-6)
        check(energy - before == len(pulses) > 5000, f"{kind}: {len(pulses)} pulses, {energy - before} Wh")
        check(pulses == sorted(pulses) and all(b - a >= 59000 for a, b in zip(pulses, pulses[1:])), f"{kind}: too close")
        ends = [int(row[0]) for row in rows if row[2] != on]
        lengths = {b - a for a, b in zip(pulses, [end for end in ends if end > pulses[0]])}
        check(all(27000 <= length <= 33000 for length in lengths), f"{kind}: {sorted(lengths)}")
        gap = [a for a in pulses if 201e6 < a < 260e6]
        check(gap == [], f"{kind}: pulses without supply")
        before = energy


NUMBERS = {"382E": "68434BE453010,21{:03}002", "382C": "68438BC450000,11{:03}002", "382M": "68431BM423010,11{:03}002"}


def active(meter):
    return value_of(meter, "129.0.0")


def test_tariff():
    """REQ(MOD-A04, MOD-A05, MOD-A06, MOD-A25, MOD-A26, TAR-05): voltage at the module's inputs is the tariff; a module that is pulled
    has none; the loop beside the inputs is a port of the meter."""
    two, four = {(0,): 1, (1,): 2}, {(1, 0): 2, (0, 1): 3, (1, 1): 4, (0, 0): 1}
    for variant, kind, code, tariffs in (("382E", "tariff2", 8, two), ("382C", "loop2", 14, two), ("382E", "loop4", 18, four),
                                         ("382M", "tariff4", 78, four), ("382M", "loop4", 76, four)):
        loop = kind.startswith("loop")
        line = f"{kind}:" + "tcp:127.0.0.1:0+" * loop + "tcp:127.0.0.1:0"
        meter = Meter("--variant", NUMBERS[variant].format(code), "--mains", "u=230,i=5", "--optical", "tcp:127.0.0.1:0", "--panel",
                      "127.0.0.1:0", "--module", line)
        wait_until(lambda: meter.get("/api/state")["display"]["on"], "supply")
        check(code_of(meter) == code, f"{kind}: {code_of(meter)}")
        said = next(text for text in meter.lines if text.startswith(kind))
        terminal = Terminal(int(said.split(":")[-1]))
        for levels, tariff in list(tariffs.items()) + list(tariffs.items())[:1]:
            for i, level in enumerate(levels):
                terminal.set(f"in{i + 1}", level)
            wait_until(lambda: active(meter) == tariff, f"{kind}: {levels} is tariff {tariff}")
        if loop:
            link = socket.create_connection(("127.0.0.1", int(re.search(r"127.0.0.1:(\d+)", said).group(1))), timeout=20)
            link.sendall(kmp_frame([0x3F, 0x01]))
            check(kmp_receive(link)[:2] == bytes([0x3F, 0x01]), "GetType over the loop")
        terminal.set("in1", 1)
        wait_until(lambda: active(meter) == 2, f"{kind}: again")
        check(meter.post("/api/module", {"slot": 1, "pull": True})[0] == 200, "pulled")
        wait_until(lambda: active(meter) == 1, f"{kind}: pulled")
        meter.terminate()


def test_relays(folder):
    """REQ(MOD-A15, MOD-A17, MOD-A22, LCO-01, LCO-08): relays of a module follow the meter's load control, built in and as a program
    that is killed and plugged again; pulses at the input of 055 are counted; it leaves the integrated radio on."""
    bus = f"unix:{folder}/relays"
    arguments = ("--variant", "382M", "--mains", "u=230,i=5", "--optical", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0")
    meter = Meter(*arguments, "--module", "relays:tcp:127.0.0.1:0")
    terminal = Terminal(meter.port("relays tcp"))
    for i in (1, 2):
        metertool(meter, "loadcontrol", "set", str(i), "mode=command")
        metertool(meter, "loadcontrol", "set", str(i), "on", "--yes")
        terminal.until(f"relay{i}", 1)
    metertool(meter, "loadcontrol", "set", "1", "off", "--yes")
    terminal.until("relay1", 0)
    meter.terminate()
    data = prepare(folder, "both", "382LxG", "port=17")
    meter = Meter("--variant", "382LxG", "--data", data, *arguments[2:], "--module-bus", bus)
    process, lines = module("pulserelay", "--bus", bus, "--line", "tcp:127.0.0.1:0")
    port = int(lines[0].split(":")[-1])
    terminal = Terminal(port)
    wait_for(lambda: code_of(meter) == 55 and state_of(meter) & 6 == 6, "055 leaves the radio on")
    metertool(meter, "loadcontrol", "set", "1", "mode=command")
    metertool(meter, "loadcontrol", "set", "1", "on", "--yes")
    terminal.until("relay1", 1)
    for n in range(1, 4):
        terminal.set("in1", 1)
        wait_until(lambda: meter.get("/api/state")["module_pins"]["pins"][0]["counted"] == n, f"pulse {n}")
        terminal.set("in1", 0)
        wait_until(lambda: not meter.get("/api/state")["module_pins"]["pins"][0]["on"], "the input is low")
        time.sleep(0.1)
    process.kill()
    process.wait()
    wait_for(lambda: code_of(meter) == 0, "not pulled")
    process, lines = module("pulserelay", "--bus", bus, "--line", f"tcp:127.0.0.1:{port}")
    Terminal(port).until("relay1", 1)
    process.terminate()
    process.wait()
    meter.terminate()


def test_bridges(folder):
    """REQ(MOD-07, MOD-A02, MOD-A23, MOD-A24): KMP and IEC 62056-21 through the serial modules, one of them as a program on a pseudo
    terminal; at 1200 baud an answer takes its time."""
    for variant, kind, code in (("382E", "rs232", 3), ("382M", "rs232", 75), ("382M", "rs485", 72)):
        meter = Meter("--variant", variant, "--mains", "u=230,i=5", "--optical", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0", "--module",
                      f"{kind}:tcp:127.0.0.1:0,timing=1,baud=1200")
        wait_until(lambda: meter.get("/api/state")["display"]["on"], "supply")
        check(code_of(meter) == code, f"{kind}: {code_of(meter)}")
        link = socket.create_connection(("127.0.0.1", meter.port(kind + " tcp")), timeout=20)
        begin = time.monotonic()
        link.sendall(kmp_frame([0x3F, 0x01]))
        check(kmp_receive(link)[:2] == bytes([0x3F, 0x01]), f"{kind}: GetType")
        check(time.monotonic() - begin > 15 * 11 / 1200, f"{kind}: faster than the line")
        link.sendall(b"/?12345678!\r\n")
        said = b""
        while b"\n" not in said:
            said += link.recv(100)
        check(said.startswith(b"/KAM"), f"{kind}: {said}")
        meter.terminate()
    bus, path = f"unix:{folder}/bridge", os.path.join(folder, "pty")
    meter = Meter("--variant", "382M", "--mains", "u=230,i=5", "--optical", "tcp:127.0.0.1:0", "--module-bus", bus)
    process, lines = module("rs485", "--bus", bus, "--line", f"pty:{path}")
    check(lines[1].startswith("plugged into slot 1"), f"{lines}")
    done = subprocess.run([os.path.join(sys.argv[1], "metertool"), "-m", f"kmp:{path}", "read", "1.8.0"], capture_output=True, text=True,
                          timeout=60)
    check(done.returncode == 0 and "kWh" in done.stdout, f"{done}")
    process.terminate()
    process.wait()
    meter.terminate()


def test_panel():
    """REQ(MOD-06, TAR-05, LCO-01): terminals of a module that the panel has plugged: voltage by its switch, levels as they are."""
    meter = Meter("--variant", NUMBERS["382M"].format(78), "--mains", "u=230,i=5", "--optical", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0")
    wait_until(lambda: meter.get("/api/state")["display"]["on"], "supply")

    def terminals():
        module = meter.get("/api/state")["bay"]["slots"][0]["module"]
        return module and [(one["name"], one["input"], one["level"]) for one in module["terminals"]]

    for body in ({"slot": 1, "set": "in1", "on": True}, {"slot": 1, "set": "in1"}, {"slot": 1, "set": "in1", "on": True, "pull": True}):
        check(meter.post("/api/module", body)[0] == 400, f"{body}: nothing is plugged")
    check(meter.post("/api/module", {"slot": 1, "plug": "tariff4"}) == (200, {"ok": True}), "plugged")
    wait_until(lambda: terminals() == [("in1", True, 0), ("in2", True, 0)], "inputs without voltage")
    check(meter.post("/api/module", {"slot": 1, "set": "in2", "on": True})[0] == 200, "voltage")
    wait_until(lambda: active(meter) == 3 and terminals()[1] == ("in2", True, 1), "tariff 3")
    check(meter.post("/api/module", {"slot": 1, "set": "in3", "on": True})[0] == 400, "there is no third")
    check(meter.post("/api/module", {"slot": 1, "set": "in2", "on": False})[0] == 200, "no voltage")
    wait_until(lambda: active(meter) == 1, "tariff 1")
    check(meter.post("/api/module", {"slot": 1, "pull": True})[0] == 200 and meter.post("/api/module", {"slot": 1, "plug": "relay"})[0] == 200, "a relay")
    metertool(meter, "loadcontrol", "set", "1", "mode=command")
    metertool(meter, "loadcontrol", "set", "1", "on", "--yes")
    wait_until(lambda: terminals() == [("relay1", False, 1)], "the relay is on")
    meter.terminate()


def test_connection():
    """REQ(MOD-A19, MOD-05): the connection module gives the second slot, and takes it away."""
    meter = Meter("--variant", "382LxG", "--mains", "u=230,i=5", "--optical", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0", "--module",
                  "connection", "--module", "mbus:tcp:127.0.0.1:0,slot=2")
    wait_until(lambda: meter.get("/api/state")["display"]["on"], "supply")
    check(value_of(meter, "96.130.0") == 62 and value_of(meter, "96.130.1") == 5, "both are plugged")
    check(meter.post("/api/module", {"slot": 1, "pull": True})[0] == 200, "pulled")
    wait_for(lambda: value_of(meter, "96.130.0") == 0 and value_of(meter, "96.130.1") == 0, "both have gone")
    meter.terminate()


def test_refused(folder):
    for option, text in (("s0", "expected s0:tcp:HOST:PORT, ...:pty:PATH or ...:trace:FILE"), ("connection:tcp:127.0.0.1:0", "it has no line"),
                         ("mbus:trace:x", "expected mbus:tcp"), ("rs232:trace:x", "expected rs232:tcp"), ("rs485:tcp:127.0.0.1:0+trace:x", "rs485"),
                         ("rs232:tcp:127.0.0.1:0,baud=9600", "baud=1200|300"), ("relay:tcp:127.0.0.1:0,baud=300", "no options")):
        done = run("--headless", "--variant", "382M", "--until", "1s", "--module", option)
        check(done.returncode == 2 and text in done.stderr and done.stderr.count("\n") == 1, f"{option}: {done.returncode} {done.stderr}")
    done = run("--headless", "--variant", "382M", "--until", "1s", "--module", f"s0:trace:{folder}/no/where")
    check(done.returncode == 1 and "No such file" in done.stderr, f"{done.returncode} {done.stderr}")


with tempfile.TemporaryDirectory() as scratch:
    test_pulses(scratch)
    test_tariff()
    test_relays(scratch)
    test_bridges(scratch)
    test_panel()
    test_connection()
    test_refused(scratch)
print("ok")
