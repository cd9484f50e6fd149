"""Meters with an integrated radio on a simulated medium, heard by metertool; rtl_433 reads the same bits and samples.

usage: test_radio.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, run  # noqa: E402
from test_modules import hello as module_hello  # noqa: E402

TOOL = os.path.join(sys.argv[1], "metertool")
MODULE = os.path.join(sys.argv[1], "module382")
RTL_433 = shutil.which("rtl_433")
KEY = "000102030405060708090A0B0C0D0E0F"
MAINS = ("--mains", "u=230,i=5", "--variant", "382C", "--start", "2026-11-29")


class Listener:
    """metertool listen, ready to hear."""

    def __init__(self, medium, *options):
        self.process = subprocess.Popen([TOOL, *options, "listen", "wmbus", medium], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        check(self.process.stderr.readline() == "listening\n", f"{options}: not listening")

    def lines(self, wanted_status=0):
        """To its end."""
        out, err = self.process.communicate(timeout=60)
        check(wanted_status is None or self.process.returncode == wanted_status, f"listen: exit {self.process.returncode}: {out}{err}")
        return out.splitlines()


def meter(medium, radio, *options, serial="15947107", speed="200"):
    return Meter(*MAINS, "--serial", serial, "--speed", speed, "--radio", medium + radio, "--panel", "127.0.0.1:0", *options)


def values(telegram):
    return [record["value"] for record in telegram["records"]]


def test_kinds(folder, keys):
    """REQ(RAD-01, SEC-01): every kind is heard, from its bits, with the meter's values; without the key nothing is."""
    medium = f"unix:{folder}/air"
    for radio, mode, security in ((",kind=382", "C1 B", "not encrypted"), (",kind=382,mode=t1", "T1 A", "not encrypted"),
                                  (",kind=open,interval=16", "T1 A", "not encrypted"),
                                  (",kind=omnipower", "C1 B", "AES-CTR"), (",kind=omnipower,format=a", "C1 A", "AES-CTR"),
                                  (",kind=mode5,interval=16", "T1 A", "mode 5"), (",kind=mode7,interval=16", "T1 A", "mode 7")):
        listener = Listener(medium, "--keys", keys, "--json", "-n", "9")
        stranger = Listener(medium, "--json", "-n", "9")
        one = meter(medium, radio, *(() if ",kind=382" in radio else ("--keys", keys)))
        heard, unread = ([json.loads(line) for line in who.lines()] for who in (listener, stranger))
        one.kill()
        for i, telegram in enumerate(heard):
            check((telegram["manufacturer"], telegram["id"]) == ("KAM", "15947107"), f"{radio}: {telegram}")
            check(f"{telegram['mode']} {telegram['format']}" == mode and telegram["security"] == security, f"{radio}: {telegram}")
            check(-90 < telegram["rssi_dbm"] < -30, f"{radio}: {telegram}")
            check(telegram["access_number"] == i + 1, f"{radio}: telegram {i}: {telegram}")
            if ",kind=382" not in radio:
                check(values(telegram)[2:] == [3450, 0], f"{radio}: {telegram}")
        if security != "not encrypted":
            check(all(t["error"] == "no key" and t["records"] == [] for t in unread), f"{radio}: {unread}")
        if ",kind=382" not in radio:
            check(values(heard[-1])[0] >= values(heard[0])[0], f"{radio}: {heard}")


def test_memory(folder, keys):
    """REQ(X-RAD-2): killed again and again, no session number comes twice."""
    medium, data = f"unix:{folder}/air", os.path.join(folder, "data")
    seen = []
    for _ in range(5):
        listener = Listener(medium, "--hex", "-n", "6")
        one = meter(medium, ",kind=omnipower", "--keys", keys, "--data", data)
        seen += [line[26:34] for line in listener.lines()]
        one.kill()
    numbers = [int.from_bytes(bytes.fromhex(n), "little") for n in seen]
    check(len(numbers) >= 30 and numbers == sorted(set(numbers)), f"{numbers}")


def test_multicast(folder):
    """REQ(MOD-13): two meters in one group, data collected from both; the filter takes one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        medium = f"udp:239.3.8.2:{free.getsockname()[1]}"
    both, one, none = Listener(medium, "--json", "-n", "12"), Listener(medium, "--json", "-n", "4", "--filter", "KAM,1594FFFF"), \
        Listener(medium, "--json", "-t", "1500", "--filter", "gas")
    meters = [meter(medium, "", serial=serial) for serial in ("15947107", "7654321")]
    ids = {json.loads(line)["id"] for line in both.lines()}
    check(ids == {"15947107", "07654321"}, f"{ids}")
    check({json.loads(line)["id"] for line in one.lines()} == {"15947107"}, "filter")
    check(none.lines(wanted_status=1) == [], "filter gas")
    for each in meters:
        each.kill()
    del folder


def test_alarm(folder):
    """REQ(RAD-06): an opened cover is in the next telegram's status, with nobody asking."""
    medium = f"unix:{folder}/air"
    one = meter(medium, ",kind=open,interval=16")

    def status():
        return {json.loads(line)["status"] for line in Listener(medium, "--json", "-n", "2").lines()}
    check(status() == {0}, "an alarm without a cause")
    check(one.post("/api/input", {"name": "cover", "on": True})[0] == 200, "cover")
    time.sleep(0.2)  # 40 s for the meter
    check(status() == {0x20}, "no alarm with an open cover")
    one.kill()


class Module:
    """module382, plugged."""

    def __init__(self, kind, bus, line, *options):
        self.process = subprocess.Popen([MODULE, kind, "--bus", bus, "--line", line, *options], stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()
        check(self.process.stdout.readline().startswith("plugged into slot 1"), f"{kind} is not plugged")

    def kill(self):
        self.process.kill()
        self.process.wait()


def test_module_displaces(folder):
    """REQ(RAD-03): while a communication module is plugged the integrated radio is off; the 055 leaves it on."""
    medium, bus = f"unix:{folder}/air", f"unix:{folder}/bus"
    one = meter(medium, "", "--module-bus", bus)

    def hears(wanted):
        check((Listener(medium, "--hex", "-n", "1", "-t", "700").lines(None) != []) == wanted, f"heard, or not: expected {wanted}")
    hears(True)
    mbus = Module("mbus", bus, "tcp:127.0.0.1:0")
    hears(False)
    mbus.kill()
    hears(True)
    with socket.socket(socket.AF_UNIX) as inputs:
        inputs.connect(f"{folder}/bus")
        inputs.sendall(module_hello(code=55))
        check(inputs.recv(1024)[:2] == b"\xb5\x02", "no welcome for the 055")
        hears(True)
    one.kill()


def test_module_064(folder, keys):
    """REQ(MOD-A20, X-RAD-2): the wireless M-Bus module, built in and as a program of its own that is killed and begins
    again: values of its meter, no session number twice."""
    medium, bus, memory = f"unix:{folder}/air", f"unix:{folder}/bus", os.path.join(folder, "module")
    options = ("kind=omnipower", "interval=2")
    built_in = Meter("--mains", "u=230,i=5", "--variant", "382Lx1", "--serial", "15947107", "--keys", keys,
                     "--module", f"wmbus:{medium},{','.join(options)}")
    other = Meter("--mains", "u=230,i=1", "--variant", "382Lx1", "--serial", "7654321", "--module-bus", bus)
    numbers = []
    for _ in range(2):
        program = Module("wmbus", bus, medium, "--memory", memory, "--option", f"keys={keys}", *(f"--option={o}" for o in options))
        by_json, by_hex = Listener(medium, "--keys", keys, "--json", "-n", "5"), Listener(medium, "--hex", "-n", "3", "--filter", "07654321")
        heard, raw = [json.loads(line) for line in by_json.lines()], by_hex.lines()
        program.kill()
        numbers += [int.from_bytes(bytes.fromhex(line[26:34]), "little") for line in raw]
        powers = {telegram["id"]: values(telegram)[2] for telegram in heard}
        check(powers == {"15947107": 3450, "07654321": 690}, f"{heard}")
    check(numbers == sorted(set(numbers)), f"{numbers}")
    built_in.kill()
    # by a person at the panel, on the usual medium
    shown = Meter("--mains", "u=230,i=1", "--variant", "382Lx1", "--serial", "7654322", "--panel", "127.0.0.1:0")
    check(shown.post("/api/module", {"slot": 1, "plug": "wmbus"}) == (200, {"ok": True}), "plug by panel")
    check(shown.post("/api/module", {"slot": 1, "pull": True})[0] == 200, "pull by panel")
    shown.kill()
    other.kill()


def test_channel(folder):
    """Loss and damaged frames are the receiver's own; a quarter is lost, the rest is whole."""
    medium = f"unix:{folder}/air"
    all_of_it = Listener(medium, "--hex", "-n", "60")
    lossy = Listener(f"{medium},loss=0.5,seed=3", "--hex", "-v", "-t", "2500")
    one = meter(medium, "", speed="500")
    sent = all_of_it.lines()
    heard = lossy.lines()
    one.kill()
    check(0.2 * len(sent) < len(heard), f"{len(heard)} of {len(sent)}")
    check(len(set(heard) & set(sent)) >= 0.25 * len(sent) and not set(sent) <= set(heard), f"{len(heard)} of {len(sent)}")


def tool_lines(*arguments):
    done = subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=60)
    check(done.returncode == 0, f"{arguments}: {done.stderr}")
    return done.stdout.splitlines()


def rtl_433(*arguments):
    done = subprocess.run([RTL_433, "-c", "/dev/null", "-R", "104", "-F", "json", *arguments], capture_output=True, text=True,
                          timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def test_rtl_433(folder, keys):
    """REQ(X-RAD-2): an independent receiver takes our frames, from chips and from radio samples: T1, C1 A and C1 B."""
    if RTL_433 is None:
        print("rtl_433 is not here: left out")
        return
    medium, samples = f"unix:{folder}/air", os.path.join(folder, "x_868.95M_1200k.cu8")
    for radio, mode in ((",kind=382,mode=t1", "T"), (",kind=open,interval=16", "T"), (",kind=382,format=a", "C"), (",kind=382", "C"),
                        (",kind=omnipower", "C"), (",kind=mode5,interval=16", "T"), (",kind=mode7,interval=16", "T")):
        by_chips = Listener(medium, "--rtl433", "-n", "3")
        by_hex = Listener(medium, "--hex", "-n", "3")
        by_samples = Listener(medium, "--samples", samples, "-n", "3")
        one = meter(medium, radio, *(() if ",kind=382" in radio else ("--keys", keys)))
        chips, telegrams, _ = by_chips.lines(), by_hex.lines(), by_samples.lines()
        one.kill()
        read = rtl_433("-r", samples), [each for line in chips for each in rtl_433("-y", line)]
        for found in read:
            check(len(found) == 3, f"{radio}: {len(found)} of 3: {found}")
            for telegram, sent in zip(found, telegrams):
                check((telegram["mode"], telegram["M"], telegram["id"], telegram["mic"]) == (mode, "KAM", 15947107, "CRC"),
                      f"{radio}: {telegram}")
                octets = telegram["data"][2:]  # its L is another
                check(octets.upper().startswith(sent[2:-4]), f"{radio}: {octets} {sent}")
        ours = tool_lines("--keys", keys, "--hex", "listen", "wmbus", f"cu8:{samples}")
        check(ours == telegrams, f"{radio}: from samples {ours}, sent {telegrams}")
        if radio == ",kind=open,interval=16":  # what its table of values can say
            check(all(t["inst_power_w_0"] in ("3450.000 W", "0.000 W") and t["AC"] == i + 1 for i, t in enumerate(read[0])), f"{read}")


def test_refusals(folder, keys):
    for arguments, expected in (
            (("--variant", "382B", "--radio", "udp:239.3.8.2:3820"), "expected a meter with an integrated radio"),
            (("--variant", "382C", "--radio", "udp:127.0.0.1:3820"), "expected udp:GROUP:PORT with a multicast group"),
            (("--variant", "382C", "--radio", "unix:/x,kind=zigbee"), "expected kind=382|open|omnipower"),
            (("--variant", "382C", "--radio", "unix:/x,interval=0"), "found 'interval=0'"),
            (("--variant", "382C", "--radio", "unix:/x,mode=t1,format=b"), "expected format=a with mode=t1"),
            (("--variant", "382C", "--radio", "unix:/x,kind=omnipower"), "expected the meter's key in --keys FILE"),
            (("--variant", "382C", "--serial", "1", "--radio", "unix:/x,kind=mode7", "--keys", keys), '"wmbus": {"00000001"'),
            (("--variant", "382M", "--module", "wmbus:unix:/x"), "expected a module for a 382M"),
            (("--variant", "382Lx1", "--module", "wmbus:tcp:127.0.0.1:0"), "expected wmbus:udp:GROUP:PORT or ...:unix:FOLDER"),
            (("--variant", "382Lx1", "--module", "mbus:unix:/x"), "expected mbus:tcp:HOST:PORT"),
            (("--variant", "382Lx1", "--module", "wmbus:unix:/x,kind=mode5"), "kind=mode5: expected the meter's key in keys=FILE"),
            (("--variant", "382Lx1", "--module", "wmbus:unix:/x,power=99"), "expected power=DBM, -30 to 30"),
            (("--variant", "382Lx1", "--module", f"wmbus:unix:/x,keys={folder}/none"), "No such file")):
        done = run("--headless", "--until", "1s", *arguments)
        check(done.returncode == 2 and expected in done.stderr and done.stderr.count("\n") == 1, f"{arguments}: {done.stderr}")
    for arguments, expected in ((("listen",), "or wmbus and a medium"), (("listen", "wmbus"), "expected wmbus and a medium"), (("listen", "wmbus", "tcp:x"), "expected udp:GROUP:PORT"),
                                (("listen", "wmbus", "unix:/x,loss=7"), "expected loss=0..1"),
                                (("listen", "wmbus", "cu8:/x,rate=5"), "expected cu8:FILE or cu8:-"),
                                (("listen", "wmbus", f"cu8:{folder}/none"), "No such file"),
                                (("--filter", ",", "listen", "wmbus", "unix:/x"), "--filter: expected")):
        done = subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=20)
        check(done.returncode == 2 and expected in done.stderr, f"{arguments}: {done.returncode} {done.stderr}")
    done = subprocess.run([TOOL, "listen", "wmbus", f"unix:{folder}/keys/x"], capture_output=True, text=True, timeout=20)
    check(done.returncode == 1 and "radio medium" in done.stderr, f"{done.returncode} {done.stderr}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        keys = os.path.join(folder, "keys")
        with open(keys, "w", encoding="ascii") as file:
            json.dump({"wmbus": {"15947107": KEY, "07654321": KEY}}, file)
        os.chmod(keys, 0o600)
        os.environ.pop("OPEN382_KEYS", None)
        for test in (test_refusals, test_kinds, test_memory, test_rtl_433, test_module_064):
            began = time.monotonic()
            test(folder, keys)
            print(f"{test.__name__}: {time.monotonic() - began:.1f} s")
        for test in (test_multicast, test_alarm, test_module_displaces, test_channel):
            began = time.monotonic()
            test(folder)
            print(f"{test.__name__}: {time.monotonic() - began:.1f} s")
        check(re.search("listener-", " ".join(os.listdir(os.path.join(folder, "air")))) is None, "a listener left its socket")
    print("radio: heard")


if __name__ == "__main__":
    main()
