"""Pins of the module port from outside: pulses in and out, the alarm input, metertool, the panel.

usage: test_pulses.py BUILD_DIR SOURCE_DIR
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, status, wait_until  # noqa: E402
from test_modules import PINS, Raw  # noqa: E402


def tool(meter, *arguments, expected=0):
    done = subprocess.run([os.path.join(sys.argv[1], "metertool"), "-m", f"kmp+tcp://127.0.0.1:{meter.port('optical tcp')}",
                           "-t", "400", *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    check(done.returncode == expected, f"{arguments}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def scenario(folder, text):
    path = os.path.join(folder, "pins.scn")
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def pins(meter):
    return meter.get("/api/state")["module_pins"]["pins"]


def test_pulses(folder):
    """REQ(LCO-06, LCO-08, LCO-09, X-LCO-2, X-LCO-3, TOO-06): set up by the tool, pulsed by a scenario and the panel, kept over restarts."""
    data = os.path.join(folder, "pulses")
    quiet = scenario(folder, "set u=230 i=0\n")
    ports = ("--variant", "382M", "--data", data)
    meter = Meter(*ports, "--mains", quiet, "--speed", "1", "--optical", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0")
    wait_until(lambda: meter.get("/api/state")["display"]["on"], "supply")
    out, err = tool(meter, "pulses")
    check("Pulse input: 0; 0 pulses, divisor 1.000" in out and err == "", out + err)
    out, err = tool(meter, "pulses", "set", "port=6", "divisor=2.5", "register=100")
    check("pulse input, output A+" in out and "divisor 2.500" in out and "highest load 86.0 A" in out, out)
    check("carries more than 86.0 A" in err, err)
    tool(meter, "config", "set", "pulse-input-unit=2", "--yes")
    for words, said in (("value=20", "1, 10, 100, 1000 or 10000"), ("division=0", "1 to 1000"), ("divisor=0.0999", "0.100 to 1000.000"),
                        ("register=-1", "0 to 4294967295"), ("port=99", "code of register 1102"), ("what=1", "expected value=")):
        err = tool(meter, "pulses", "set", words, expected=2)[1]
        check(said in err, f"{words}: {err}")
    check("does not take" in tool(meter, "pulses", "set", "port=14", expected=1)[1], "a reserved code")
    check([pin["use"] for pin in pins(meter)] == ["Pulse input", "Pulses A+"], str(pins(meter)))
    meter.post("/api/input", {"name": "pin_1", "on": True})
    wait_until(lambda: pins(meter)[0]["on"] and pins(meter)[0]["counted"] == 1, "it counts")
    meter.post("/api/input", {"name": "pin_1", "on": False})
    wait_until(lambda: not pins(meter)[0]["on"], "the pin")
    meter.terminate()
    # ten minutes of 25 pulses a second, and 36 kW: ten pulses a second go out
    path = scenario(folder, "set u=230 i=52.173913\nevery 40ms from 10s until 609960ms pin 1 on for 20ms\n")
    registers = status(*ports, "--mains", path, "--until", "11m")
    counted = registers["96.53.131"]["value"]
    check(counted == 15001, f"{counted} pulses counted")
    check(registers["0.128.1"]["value"] == 100 + int(15001 / 2.5), str(registers["0.128.1"]))
    sent, waiting = registers["96.53.135"]["value"], registers["96.53.133"]["value"]
    energy = registers["1.8.0*128"]["value"]
    check(sent + waiting == int(energy * 1000 + 1e-6), f"{sent} sent, {waiting} waiting, {energy} kWh")
    # 125 kW: more than it can send; what waits comes after the load, over a restart
    path = scenario(folder, "set u=230 i=95\nat 60s set i=0\n")
    registers = status(*ports, "--mains", path, "--until", "61s")
    sent, waiting = registers["96.53.135"]["value"], registers["96.53.133"]["value"]
    check(waiting > 50 and registers["96.53.137"]["value"] == 0x82, f"{waiting} waiting, {registers['96.53.137']}")
    registers = status(*ports, "--mains", scenario(folder, "set u=230 i=0\n"), "--until", "60s")
    check(registers["96.53.133"]["value"] == 0, "nothing waits")
    check(registers["96.53.135"]["value"] == sent + waiting == int(registers["1.8.0*128"]["value"] * 1000 + 1e-6), "none is lost")


def test_alarm(folder):
    """REQ(X-LCO-2, X-REG-3): the alarm input in the status; a pin of the scenario; load control 1 and 2 on pins."""
    data = os.path.join(folder, "alarm")
    meter = Meter("--variant", "382LxG", "--data", data, "--mains", scenario(folder, "set i=1\n"), "--speed", "1",
                  "--optical", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0")
    wait_until(lambda: meter.get("/api/state")["display"]["on"], "supply")
    tool(meter, "config", "set", "module-ports=3", "--yes")
    meter.post("/api/input", {"name": "pin_2", "on": True})
    wait_until(lambda: meter.get("/api/state")["status"] & 32, "status bit 5")
    meter.post("/api/input", {"name": "pin_2", "on": False})
    wait_until(lambda: not meter.get("/api/state")["status"] & 32, "it goes")
    tool(meter, "config", "set", "module-ports=26", "--yes")
    tool(meter, "loadcontrol", "set", "2", "mode=command")
    tool(meter, "loadcontrol", "set", "2", "on", "--yes")
    wait_until(lambda: [pin["on"] for pin in pins(meter)] == [False, True], "the pin follows the relay")
    meter.terminate()
    told = status("--variant", "382LxG", "--data", data, "--mains",
                                        scenario(folder, "set i=1\nat 1s pin 1 on\n"), "--until", "3s")
    check(told["96.52.3"]["value"] == 1, "relay 2 is where it was")


def test_plugged(folder):
    """REQ(MOD-01, LCO-01, LCO-08): a module of its own program drives pin 1, hears pin 2, and brings the relay of its type."""
    data = os.path.join(folder, "plugged")
    meter = Meter("--variant", "382M", "--data", data, "--mains", "u=230,i=50", "--speed", "1", "--module-bus", "tcp:127.0.0.1:0",
                  "--optical", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0")
    wait_until(lambda: meter.get("/api/state")["display"]["on"], "supply")
    tool(meter, "config", "set", "module-ports=5", "--yes")
    module = Raw(meter.port("module-bus tcp"))
    check(module.plug(code=69) == (0, 1), "plugged")
    wait_until(lambda: len(meter.get("/api/state")["module_pins"]["relays"]) == 2, "its relays")
    module.say(PINS, b"\x01" + bytes(8))
    wait_until(lambda: pins(meter)[0]["counted"] == 1, "its pulse")
    edges = []
    while len(edges) < 7:  # 34.5 kW: ten pulses a second
        kind, body = module.next()
        if kind == PINS:
            edges.append((body[0], int.from_bytes(body[1:], "big")))
    levels = [level for level, _ in edges[1:]]
    check(all(a != b and {a, b} == {0, 2} for a, b in zip(levels, levels[1:])), str(edges))
    lengths = [b[1] - a[1] for a, b in zip(edges[1:], edges[2:]) if a[0] == 2]
    check(all(length == 30000 for length in lengths), str(edges))
    module.link.close()
    wait_until(lambda: meter.get("/api/state")["module_pins"]["relays"] == [] and not pins(meter)[0]["on"], "pulled")
    meter.terminate()


def main():
    with tempfile.TemporaryDirectory() as folder:
        for test in (test_pulses, test_alarm, test_plugged):
            test(folder)
    print("pulses: good")


if __name__ == "__main__":
    main()
