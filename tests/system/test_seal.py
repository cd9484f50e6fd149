"""The verification seal from outside: option, scenario, panel; calibration over KMP; kill -9 in a commit."""

import os
import random
import signal
import struct
import sys
import tempfile
import time

from kmp_client import ESCAPED, Kmp, Line, check_sum
from meter_process import Meter, check, run, wait_until

TURNS = 30
LOOK, READ, STAGE, ORDER = 0xE8, 0xE9, 0xEA, 0xEB
DONE, SEALED = 0, 1
ENTRY = struct.Struct(">IBBBqIIIIIIII")
CHANGED, OPENED, CLOSED, REFUSED, OTHER_SOFTWARE, FOUND = 1, 2, 3, 4, 5, 6


class Port:
    """The commands E8 to EB, written here from docs/protocols.md."""

    def __init__(self, meter):
        self.line = Line("127.0.0.1", meter.port("optical tcp"))
        self.kmp = Kmp(self.line)

    def ask(self, cid, data):
        answer = self.kmp.exchange(bytes([cid]) + data)
        check(answer[0] == cid, f"asked {cid:02X}, answered {answer.hex()}")
        return bytes(answer[1:])

    def kmp_send(self, cid, data):
        """A request whose answer nobody waits for."""
        message = bytes([0x3F, cid]) + data
        message += struct.pack(">H", check_sum(message))
        self.line.send(b"\x80" + b"".join(bytes([0x1B, byte ^ 0xFF]) if byte in ESCAPED else bytes([byte])
                                          for byte in message) + b"\x0D")

    def snapshot(self):
        data = self.ask(LOOK, struct.pack(">BI", 0, 0))
        head = struct.unpack(">BBBIIIIq", data[:27])
        names = ("format", "systems", "open", "starts", "writes", "entries", "left", "now_us")
        found = dict(zip(names, head))
        check(len(data) == 27 + 81 * found["systems"], f"{len(data)} bytes")
        found["epoch"] = [struct.unpack(">H", data[27 + 81 * s:29 + 81 * s])[0] for s in range(found["systems"])]
        return found

    def entry(self, number):
        names = ("number", "what", "systems", "flags", "utc", "old", "new", "writes", "refused")
        return dict(zip(names, ENTRY.unpack(self.ask(LOOK, struct.pack(">BI", 1, number)))))

    def constants(self, system):
        return self.ask(READ, bytes([system]))

    def stage(self, gain):
        for system in (1, 2, 3):
            wanted = bytearray(self.constants(system))
            wanted[2:6] = struct.pack(">I", gain + system)
            code = self.ask(STAGE, b"\0\0" + bytes(wanted))[0]
            if code != DONE:
                return code
        return DONE

    def commit(self, writes):
        return self.ask(ORDER, struct.pack(">HBI", 0, 0, writes))[0]

    def gains(self):
        return [struct.unpack(">I", self.constants(s)[2:6])[0] - s for s in (1, 2, 3)]

    def trail(self):
        return [self.entry(n) for n in range(1, self.snapshot()["entries"] + 1)]


def test_the_option():
    """A wrong word is refused; closed is what a meter has."""
    for word in ("broken", "", "Open"):
        done = run("--seal", word)
        check(done.returncode == 2 and "--seal: expected open or closed" in done.stderr, done.stderr)
    for arguments, opened in (((), 0), (("--seal", "closed"), 0), (("--seal", "open"), 1)):
        meter = Meter("--mains", "u=230,i=5", "--optical", "tcp:127.0.0.1:0", *arguments)
        port = Port(meter)
        check(port.snapshot()["open"] == opened, f"{arguments}: {port.snapshot()}")
        check(port.stage(1600000000) == (DONE if opened else SEALED), arguments)
        meter.terminate()


def test_a_scenario(folder):
    """REQ(SEC-03): opened and closed by a scenario; the trail has both, with the meter's time."""
    path = os.path.join(folder, "seal.scn")
    with open(path, "w", encoding="ascii") as file:
        file.write("set i=5\nat 60s seal open for 30s\n")
    data = os.path.join(folder, "data")
    run("--headless", "--speed", "max", "--mains", path, "--data", data, "--start", "2026-11-21T10:00:00Z",
        "--until", "120s")
    meter = Meter("--mains", "u=230,i=5", "--data", data, "--optical", "tcp:127.0.0.1:0")
    trail = Port(meter).trail()
    check([entry["what"] for entry in trail] == [OPENED, CLOSED], trail)
    check([entry["utc"] for entry in trail] == [1795255260, 1795255290], trail)
    meter.terminate()


def test_the_panel():
    """REQ(SEC-02, SEC-03): the panel's switch opens it; constants are used at once by restarted systems."""
    meter = Meter("--mains", "u=230,i=5", "--optical", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0")
    port = Port(meter)
    check(meter.get("/api/state")["inputs"]["seal"] is False, "closed at first")
    check(port.commit(0) == SEALED, "behind the seal")
    check(meter.post("/api/input", {"name": "seal", "on": True})[0] == 200, "the switch")
    before = port.snapshot()
    check(before["open"] == 1, before)
    check(port.stage(1600000000) == DONE and port.commit(0) == DONE, "not taken")
    wait_until(lambda: all(a != b for a, b in zip(port.snapshot()["epoch"], before["epoch"])), "new epochs")
    state = meter.get("/api/state")
    check(state["inputs"]["seal"] is True and state["health"]["calibrated"] is True, state["health"])
    check(state["health"]["calibrations"] == 1 and state["health"]["audit_entries"] == 3, state["health"])
    check(state["health"]["frames_lost"] == 0, state["health"])
    meter.post("/api/input", {"name": "seal", "on": False})
    wait_until(lambda: port.snapshot()["entries"] == 4, "the closing in the trail")
    check([entry["what"] for entry in port.trail()] == [REFUSED, OPENED, CHANGED, CLOSED], port.trail())
    meter.terminate()


def test_samples_go_on():
    """At sample level too the systems start anew, with their filters, and energy goes on."""
    meter = Meter("--mains", "u=230,i=50", "--front-end", "382", "--seal", "open", "--speed", "4",
                  "--optical", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0")
    port = Port(meter)
    before = port.snapshot()
    check(port.stage(1600000000) == DONE and port.commit(0) == DONE, "not taken")
    wait_until(lambda: port.snapshot()["epoch"] != before["epoch"], "new epochs")
    emitted = meter.get("/api/state")["pulses"]["emitted"]
    wait_until(lambda: meter.get("/api/state")["pulses"]["emitted"] > emitted + 5, "energy")
    check(meter.get("/api/state")["health"]["systems_silent"] == 0, "silent")
    meter.terminate()


def test_kill_in_a_commit(folder, seed):
    """REQ(MET-06, SEC-08): kill -9 around a commit: old or new in all systems, and the trail agrees."""
    print(f"seed {seed}")
    chance = random.Random(seed)
    data = os.path.join(folder, "killed")
    cut = 0
    for turn in range(TURNS):
        meter = Meter("--mains", "u=230,i=5", "--seal", "open", "--data", data, "--optical", "tcp:127.0.0.1:0")
        port = Port(meter)
        known = port.gains()
        if turn > 0:
            check(known in (before, [wanted] * 3), f"turn {turn}: {known}, expected {before} or {wanted}")
            cut += known == before
        before = known
        changes = [e for e in port.trail() if e["what"] in (CHANGED, FOUND)]
        for change, later in zip(changes, changes[1:] + [None]):
            in_force = later is None or later["what"] == CHANGED or later["new"] != change["old"]
            check(bool(change["flags"] & 1) == (in_force or change["what"] == FOUND), f"{change}, then {later}")
        for earlier, later in zip(changes, changes[1:]):
            check(later["old"] == earlier["new"], f"{earlier}, then {later}")
        written = [e for e in changes if e["what"] == CHANGED and e["flags"] & 1]
        check(len(written) == port.snapshot()["writes"], f"{port.snapshot()} with {changes}")
        wanted = 1590000000 + 1000 * turn
        check(port.stage(wanted) == DONE, "stage")
        writes = port.snapshot()["writes"]
        meter.process.send_signal(signal.SIGSTOP)  # the request is there when it wakes up
        port.kmp_send(ORDER, struct.pack(">HBI", 0, 0, writes))
        meter.process.send_signal(signal.SIGCONT)
        end = time.perf_counter() + chance.uniform(0.0, 0.00012)
        while time.perf_counter() < end:
            pass
        meter.kill()
    print(f"{cut} of {TURNS - 1} commits never came into force")


def main():
    seed = int(os.environ.get("OPEN382_SEED", "382"))
    test_the_option()
    for test in (test_a_scenario, lambda folder: test_kill_in_a_commit(folder, seed)):
        with tempfile.TemporaryDirectory() as folder:
            test(folder)
    test_the_panel()
    test_samples_go_on()
    print("ok")


if __name__ == "__main__":
    sys.exit(main())
