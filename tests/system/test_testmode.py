"""The test mode from outside: metertool and the buttons of the panel, the LED's flashes, and what a cut leaves.

usage: test_testmode.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, wait_until  # noqa: E402

# 230 V, 20 A, power factor 0.5 inductive on three phases: 6.9 kW and 11.95 kvar import
MAINS = "u=230,i=20,pf=0.5i"


def tool(meter, *arguments, expected=0):
    done = subprocess.run([os.path.join(sys.argv[1], "metertool"), "-m",
                           f"kmp+tcp://127.0.0.1:{meter.port('optical tcp')}", "-t", "400", *arguments],
                          capture_output=True, text=True, timeout=60)
    check(done.returncode == expected, f"{arguments}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def start(folder, *more, speed="600", variant="382M"):
    meter = Meter("--variant", variant, "--mains", MAINS, "--speed", speed, "--data",
                  os.path.join(folder, variant), "--optical", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0", *more)
    wait_until(lambda: meter.get("/api/state")["display"]["on"], "supply")
    return meter


def readings(meter):
    """Flashes of the LED and the fine registers, of one instant."""
    meter.post("/api/speed", {"speed": 0})
    fine = json.loads(tool(meter, "--json", "read", "1.8.0*128", "3.8.0*128"))
    flashes = meter.get("/api/state")["pulses"]["flashes"]
    return flashes, fine["1.8.0*128"]["value"], fine["3.8.0*128"]["value"]


def flashes_follow(meter, energy):
    """REQ(X-MET-3, MET-18, MET-19, C-13): a flash is a thousandth of a kWh or kvarh of the energy chosen."""
    first = readings(meter)
    meter.post("/api/speed", {"speed": 3600})
    wait_until(lambda: meter.get("/api/state")["pulses"]["flashes"] >= first[0] + 3000, "three thousand flashes")
    last = readings(meter)
    flashes, units = last[0] - first[0], last[energy] - first[energy]
    # pulses of the last second are still to come, at either end
    check(abs(flashes - 1000 * units) <= 4, f"{flashes} flashes for {units}")
    other = last[3 - energy] - first[3 - energy]
    check(abs(other - units * (0.57735 if energy == 2 else 1.73205)) < 2e-3 * units, "the other energy stands still")


def test_led_follows(folder):
    meter = start(folder)
    check(tool(meter, "testmode") == "normal: the LED shows A+\n", "not normal at the start")
    flashes_follow(meter, 1)
    check(tool(meter, "testmode", "R+") == "test mode: the LED shows R+\n", "R+")
    state = json.loads(tool(meter, "--json", "testmode"))
    check(state == {"operation_state": 4, "test_mode": True, "led": "R+"}, str(state))
    flashes_follow(meter, 2)
    pulses = meter.get("/api/state")["pulses"]
    check(pulses["test_mode"] and pulses["energy"] == "R+" and abs(pulses["rate_hz"] - 3.3198) < 1e-3, str(pulses))
    check("3.8.0" in glass(meter), glass(meter))
    meter.post("/api/speed", {"speed": 1})
    for pressed in (True, False):
        meter.post("/api/button", {"button": "left", "pressed": pressed})
    check(tool(meter, "testmode") == "test mode: the LED shows R-\n", "the left button steps")
    check(tool(meter, "testmode", "off") == "normal: the LED shows A+\n", "off")
    flashes_follow(meter, 1)
    meter.kill()


def glass(meter):
    """What stands on the display while its identification is lit."""
    meter.post("/api/speed", {"speed": 1})
    lines = []

    def lit():
        lines.append(meter.get("/api/state")["display"]["line"])
        return lines[-1][:1].isdigit() and ".8.0" in lines[-1]
    wait_until(lit, "a lit identification", seconds=10)
    return lines[-1]


def test_sixteen_hours_and_cuts(folder):
    """REQ(X-MET-3, X-MET-7): it ends after 16 h, with the supply, and is not there after a kill."""
    meter = start(folder, speed="1")
    tool(meter, "testmode", "on")
    meter.post("/api/speed", {"speed": 36000})
    wait_until(lambda: not meter.get("/api/state")["pulses"]["test_mode"], "its end after 16 h")
    meter.post("/api/speed", {"speed": 60})
    tool(meter, "testmode", "A-")
    meter.post("/api/control", {"name": "supply", "value": 0})
    wait_until(lambda: not meter.get("/api/state")["pulses"]["test_mode"], "its end with the supply")
    meter.post("/api/control", {"name": "supply", "value": 1})
    wait_until(lambda: meter.get("/api/state")["display"]["on"], "supply")
    check(tool(meter, "testmode") == "normal: the LED shows A+\n", "it came back with the supply")
    tool(meter, "testmode", "R+")
    meter.kill()
    meter = start(folder, speed="60")
    check(tool(meter, "testmode") == "normal: the LED shows A+\n", "it outlived a kill")
    meter.kill()


def test_another_generation(folder):
    meter = start(folder, variant="382C")
    said = tool(meter, "testmode", "blue", expected=2)
    check(said == "metertool: testmode 'blue': expected on, off, A+, A-, R+ or R-\n", said)
    check(tool(meter, "testmode", "r-") == "test mode: the LED shows R-\n", "a 382C has the test mode too")
    meter.kill()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as data:
        test_led_follows(data)
        test_sixteen_hours_and_cuts(data)
        test_another_generation(data)
    print("test mode: good")
