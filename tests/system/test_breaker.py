"""The breaker from outside: metertool, the button, Smart Disconnect, relays with faults, power cuts.

usage: test_breaker.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, run, status, wait_until  # noqa: E402

LOAD = "set i=10\n"  # 6.9 kW on three phases


def tool(meter, *arguments, expected=0, port="optical tcp"):
    done = subprocess.run([os.path.join(sys.argv[1], "metertool"), "-m", f"kmp+tcp://127.0.0.1:{meter.port(port)}",
                           "-t", "400", *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    check(done.returncode == expected, f"{arguments}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def value(registers, code):
    return registers[code]["value"]


def test_tool(folder):
    """REQ(BRK-02, BRK-12, TOO-10, ENV-12, AMI-07): open, release and close by the tool, each after a warning."""
    scenario = write(folder, "load.scn", LOAD)
    meter = Meter("--variant", "382LxB", "--mains", scenario, "--speed", "20", "--data", os.path.join(folder, "tool"),
                  "--optical", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0")
    wait_until(lambda: meter.get("/api/state")["display"]["on"], "supply")
    show = json.loads(tool(meter, "--json", "breaker")[0])
    check(show["state"] == 4 and show["live_behind"] == ["L1", "L2", "L3"] and show["feedback"] == 63, str(show))
    check("expected --yes" in tool(meter, "breaker", "open", expected=2)[1], "it asks")
    said = tool(meter, "breaker", "close", "--yes", expected=1)[1]
    check("refuses to close in state 4" in said, said)
    out, err = tool(meter, "breaker", "open", "--yes")
    check("no safety device" in err and "opened by command" in out and "none" in out, out + err)
    wait_until(lambda: value(meter.registers(), "1.7.0") == 0, "no load behind an open breaker")
    check(value(meter.registers(), "32.7.0") == 230, "it goes on metering")
    check("must be released first" in tool(meter, "breaker", "close", "--yes", expected=1)[1], "released first")
    tool(meter, "breaker", "release", "--yes")
    tool(meter, "breaker", "close", "--yes")
    wait_until(lambda: value(meter.registers(), "1.7.0") > 6.8, "the load is back")
    events = json.loads(tool(meter, "--json", "events", "disconnect")[0])
    states = [event["detail"]["state"] for event in events["records"]] if isinstance(events, dict) else \
             [event["detail"]["state"] for event in events]
    check(states == [1, 8, 4], str(events))
    check("opened by command (command); optical eye; live behind it: L1 L2 L3" in tool(meter, "events", "disconnect")[0],
          "words")
    meter.terminate()
    plain = Meter("--variant", "382M", "--mains", scenario, "--optical", "tcp:127.0.0.1:0")
    check("no breaker" in tool(plain, "breaker", expected=3)[1], "none fitted")
    check("no breaker" in tool(plain, "breaker", "open", "--yes", expected=3)[1], "none fitted")
    plain.terminate()


def test_button(folder):
    """REQ(X-BRK-5, BRK-03): one short press, then six seconds; the energy of the house stops and goes on."""
    scenario = write(folder, "button.scn", LOAD + "at 20s press left\nat 21s press left for 6500ms\n"
                     "at 60s press left for 6500ms\n")
    for variant in ("382D", "382LxB", "382MB", "162MB", "382LxB-aron"):
        for level in ("phasor", "waveform"):
            registers = status("--variant", variant, "--mains", scenario, "--until", "100s", "--fidelity", level)
            check(value(registers, "128.0.0") == 4, f"{variant}: {registers['128.0.0']}")
            open_s = 60 + 6 + 5 - 27  # closing takes five seconds more
            power = {"162MB": 2300.0, "382LxB-aron": 6900.0}.get(variant, 6900.0)
            expected = power * (100 - open_s) / 3600e3
            check(abs(value(registers, "1.8.0*128") - expected) < power * 0.4 / 3600e3,
                  f"{variant} {level}: {value(registers, '1.8.0*128')} kWh, expected {expected}")


def config(port, *settings, expected=0):
    done = subprocess.run([os.path.join(sys.argv[1], "metertool"), "-m", f"kmp+tcp://127.0.0.1:{port}", "config", "set",
                           "--yes", *settings], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    check(done.returncode == expected, f"{settings}: {done.returncode} {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def test_lost_neutral(folder):
    """REQ(NEU-02, NEU-04): unbalanced loads without a neutral: opened after a minute; behind open relays the star point
    is where it belongs, so it closes again, once, opens again, and then waits for a person."""
    scenario = write(folder, "neutral.scn", "set i=8\nset i1=1\nat 10m lose neutral\n")
    meter = Meter("--variant", "382LxB", "--mains", scenario, "--speed", "1", "--optical",
                  "tcp:127.0.0.1:0,channel=module", "--panel", "127.0.0.1:0")
    wait_until(lambda: meter.get("/api/state")["display"]["on"], "supply")
    port = int([line for line in meter.lines if line.startswith("optical")][0].rsplit(":", 1)[1].split(",")[0].split()[0])
    config(port, "breaker-basis=8", "breaker-coupling=automatic", "breaker-retries=1")
    meter.post("/api/speed", {"speed": 600})
    wait_until(lambda: value(meter.registers(), "128.0.0") == 8, "opened, closed, opened, released", 60)
    meter.post("/api/speed", {"speed": 0})
    events = json.loads(tool(meter, "--json", "events", "disconnect")[0])
    records = events["records"] if isinstance(events, dict) else events
    check([event["detail"]["state"] for event in records] == [12, 4, 12, 8], str(records))
    check(abs(value(meter.registers(), "32.7.0") - 230) < 1 and value(meter.registers(), "1.7.0") == 0, "healthy and dark")
    meter.terminate()


def test_smart_disconnect(folder):
    """REQ(BRK-09, X-BRK-1, X-BRK-2): set over the module port; warning, cut off, closed again by itself, and so on
    three times; the limit lies between the phases' currents."""
    scenario = write(folder, "smart.scn", "set i=5\nset i2=16\n")
    meter = Meter("--variant", "382MB", "--mains", scenario, "--speed", "1", "--data", os.path.join(folder, "smart"),
                  "--optical", "tcp:127.0.0.1:0", "--optical", "tcp:127.0.0.1:0,channel=module", "--panel", "127.0.0.1:0")
    wait_until(lambda: meter.get("/api/state")["display"]["on"], "supply")
    ports = [int(line.rsplit(":", 1)[1].split(",")[0].split()[0]) for line in meter.lines if line.startswith("optical")]

    config(ports[0], "breaker-basis=1", expected=1)
    config(ports[1], "breaker-basis=1", "breaker-limit=15", "breaker-coupling=automatic", "breaker-retries=2")
    meter.post("/api/speed", {"speed": 60})
    wait_until(lambda: value(meter.registers(), "128.0.0") == 8, "cut off, twice closed again, released", 60)
    events = json.loads(tool(meter, "--json", "events", "disconnect")[0])
    records = events["records"] if isinstance(events, dict) else events
    states = [event["detail"]["state"] for event in records]
    check(states == [6, 4, 6, 4, 6, 8], str(states))
    check(records[0]["detail"]["current_a"] == 16.0, str(records[0]))
    meter.terminate()


def test_faults(folder):
    """A welded relay: the load goes on in that phase, it is reported; a slow one; one that is cut in its movement."""
    opens = "at 20s press left\nat 21s press left for 6500ms\n"
    scenario = write(folder, "stuck.scn", LOAD + "breaker stuck L2\n" + opens)
    registers = status("--variant", "382MB", "--mains", scenario, "--until", "60s")
    check(value(registers, "128.0.18") == 0b11111010, str(registers["128.0.18"]))
    check(value(registers, "1.7.0") == 2.3 and value(registers, "51.7.0") == 10 and value(registers, "31.7.0") == 0,
          "one phase goes on")
    registers = status("--variant", "382MB", "--mains", write(folder, "ok.scn", LOAD + opens), "--until", "60s",
                       "--breaker", "stuck=L1+L3")
    check(value(registers, "1.7.0") == 4.6, str(registers["1.7.0"]))
    registers = status("--variant", "382MB", "--mains", write(folder, "ok.scn", LOAD + opens), "--until", "40s",
                       "--breaker", "slow=3")
    check(value(registers, "128.0.131") == 33 * 256 + 11, "a slow relay is noted")
    bad = run("--breaker", "stuck=L4")
    check(bad.returncode == 2 and "--breaker: expected stuck=L1+L2, slow=SECONDS or silent" in bad.stderr, bad.stderr)


def test_power_cuts(folder):
    """REQ(BRK-08): killed while the relays move, and at once after; the next start ends the movement."""
    opens = "at 20s press left\nat 21s press left for 6500ms\n"
    for n, at in enumerate(("27010ms", "27200ms", "28500ms")):
        data = os.path.join(folder, f"cut{n}")
        scenario = write(folder, "cut.scn", LOAD + "breaker slow 1s\n" + opens + f"at {at} kill\n")
        done = run("--headless", "--speed", "max", "--variant", "382MB", "--data", data, "--mains", scenario)
        check(done.returncode not in (0, 1, 2), f"killed: {done.returncode}")
        registers = status("--variant", "382MB", "--data", data, "--mains", write(folder, "load.scn", LOAD), "--until", "20s")
        check(value(registers, "128.0.0") == 11 and value(registers, "128.0.18") & 7 == 0 and
              value(registers, "1.7.0") == 0, f"{at}: {registers['128.0.0']} {registers['128.0.18']}")
    # an open breaker is open after a loss of supply, and the house is dark from the first instant
    scenario = write(folder, "off.scn", LOAD + "at 5s power off for 1m\n")
    before = status("--variant", "382MB", "--data", data, "--mains", scenario, "--until", "100s")
    check(value(before, "128.0.0") == 11 and value(before, "1.8.0*128") == value(registers, "1.8.0*128"), "dark")


def main():
    with tempfile.TemporaryDirectory() as folder:
        for test in (test_tool, test_button, test_smart_disconnect, test_lost_neutral, test_faults, test_power_cuts):
            test(folder)
    print("breaker: good")


if __name__ == "__main__":
    main()
