"""Load control from outside: metertool, modes, tables, commands, restarts.

usage: test_load_control.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, wait_until  # noqa: E402


def tool(meter, *arguments, expected=0):
    done = subprocess.run([os.path.join(sys.argv[1], "metertool"), "-m", f"kmp+tcp://127.0.0.1:{meter.port('optical tcp')}",
                           "-t", "400", *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    check(done.returncode == expected, f"{arguments}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def relays(meter):
    return meter.get("/api/state")["module_pins"]["relays"]


def start(folder, *more):
    meter = Meter("--variant", "382M", "--mains", os.path.join(folder, "load.scn"), "--data", os.path.join(folder, "load"),
                  "--optical", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0", *more)
    wait_until(lambda: meter.get("/api/state")["display"]["on"], "supply")
    return meter


def test_tool(folder):
    """REQ(LCO-01, LCO-02, X-LCO-1, AMI-10, ENV-12): modes, maps, tables and commands by the tool; kept over a restart."""
    with open(os.path.join(folder, "load.scn"), "w", encoding="ascii") as file:
        file.write("set i=2\n")
    meter = start(folder, "--load-relays", "2", "--speed", "1")
    out = tool(meter, "loadcontrol")[0]
    check("Relay 1: off (by off; 0 movements)" in out, out)
    refused = tool(meter, "loadcontrol", "set", "1", "on", "--yes", expected=1)[1]
    check("does not go by commands" in refused, refused)
    tool(meter, "loadcontrol", "set", "1", "mode=command")
    check("expected --yes" in tool(meter, "loadcontrol", "set", "1", "on", expected=2)[1], "it asks")
    out, err = tool(meter, "loadcontrol", "set", "1", "on", "--yes")
    check("everything counts as live" in err and "Relay 1: on (by command; 1 movements)" in out, out + err)
    wait_until(lambda: [r["active"] for r in relays(meter)] == [True, False], "the relay has moved")
    said = tool(meter, "events", "load-control")[0]
    check("relay 1 on, by command" in said, said)
    tool(meter, "loadcontrol", "table", "2", "daily", "00:00", "on", "mon,sat-sun", "06:00", "on")
    tool(meter, "loadcontrol", "set", "2", "mode=table", "tariffs=1,3", "delay=10800")
    told = json.loads(tool(meter, "loadcontrol", "--json")[0])
    second = told["relays"][1]
    check(second["table"] == ["daily 00:00 on", "mon,sat,sun 06:00 on"] and second["tariffs"] == [1, 3] and told["delay_s"] == 10800, str(told))
    left = second["delay_left_s"]
    check(0 <= left <= 10800 and (left > 0 or second["active"]), str(told))
    for words, said in ((("table", "2", "mon", "25:00", "on"), "expected a time HH:MM, found '25:00'"),
                        (("table", "3"), "expected the relay's number"), (("set", "on"), "expected the relay's number"),
                        (("set", "1", "mode=x"), "expected off, tariff, command or table"), (("set", "delay=10801"), "0 to 10800"),
                        (("set", "1", "tariffs=9"), "expected tariffs such as"), (("what",), "expected show, set or table")):
        err = tool(meter, "loadcontrol", *words, expected=2)[1]
        check(said in err, f"{words}: {err}")
    check("password" in tool(meter, "-p", "7", "loadcontrol", "set", "1", "off", "--yes", expected=1)[1], "another password")
    meter.kill()
    meter = start(folder, "--load-relays", "2", "--speed", "1")
    wait_until(lambda: relays(meter)[0]["active"], "restored at once")
    again = json.loads(tool(meter, "loadcontrol", "--json")[0])["relays"]
    check(again[0]["active"] and again[1]["active"] == second["active"], str(again))
    check(again[1]["delay_left_s"] <= left + 60, "the delay goes on")
    meter.terminate()
    meter = start(folder, "--speed", "1")  # the configured module has no relay
    check(relays(meter) == [] and "No relay" in tool(meter, "loadcontrol")[0], "none fitted")
    meter.terminate()


def main():
    with tempfile.TemporaryDirectory() as folder:
        test_tool(folder)
    print("load control: good")


if __name__ == "__main__":
    main()
