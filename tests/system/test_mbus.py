"""The wired M-Bus module in a running meter: read-out against the meter's registers, addresses, several telegrams.

usage: test_mbus.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, kmp_frame, run, status  # noqa: E402

TOOL = os.path.join(sys.argv[1], "metertool")
MAINS = ("--mains", "u=230,i=5", "--serial", "14839120")


def short(control, address):
    return bytes([0x10, control, address, (control + address) & 0xFF, 0x16])


def long(*body):
    return bytes([0x68, len(body), len(body), 0x68, *body, sum(body) & 0xFF, 0x16])


class Master:
    def __init__(self, port):
        self.line = socket.create_connection(("127.0.0.1", port), timeout=10)

    def ask(self, frame, silent_s=None):
        self.line.settimeout(silent_s or 10)
        self.line.sendall(frame)
        try:
            answer = self.line.recv(1)
        except socket.timeout:
            return b""
        while answer[:1] == b"\x68" and len(answer) < (answer[1] + 6 if len(answer) > 1 else 2):
            more = self.line.recv(300)
            check(more != b"", f"line closed in a frame: {answer.hex()}")
            answer += more
        return answer

    def acknowledged(self, frame):
        answer = self.ask(frame)
        check(answer == b"\xe5", f"{frame.hex()}: {answer.hex()}")


def decode(frame):
    done = subprocess.run([TOOL, "--json", "decode", "mbus", frame.hex()], capture_output=True, text=True, timeout=30)
    check(done.returncode == 0, f"{frame.hex()}: {done.stderr}")
    return json.loads(done.stdout)


def read_all(master, address):
    records, control = [], 0x7B
    while True:
        telegram = decode(master.ask(short(control, address)))
        control ^= 0x20
        check(telegram["status"] in (0, "00"), f"{telegram}")
        more = bool(telegram["records"][-1].get("more_follows"))
        records += telegram["records"][:-1] if more else telegram["records"]
        if not more:
            return records


def identity(master):
    """Last three digits of the number, from the answer to the test address."""
    frame = master.ask(short(0x5B, 254))
    check(frame[6] == 0x72, frame.hex())
    return frame[5], frame[7:11][::-1].hex()


def test_delivered(_):
    """REQ(MOD-08, MOD-A03): the six values of the real read-out are those of the meter's registers."""
    meter = Meter(*MAINS, "--speed", "3600", "--variant", "382E", "--module", "mbus:tcp:127.0.0.1:0",
                  "--optical", "tcp:127.0.0.1:0")
    master = Master(meter.port("mbus tcp"))
    time.sleep(0.6)
    address, number = identity(master)
    check(address == int(number[-3:]) or address == int(number[-2:]), f"{address} {number}")
    frame = master.ask(short(0x5B, address))
    check(len(frame) == 76 and frame[1:4].hex() == "464668", frame.hex())
    values = [record["value"] for record in decode(frame)["records"]]
    done = subprocess.run([TOOL, "-m", f"kmp+tcp://127.0.0.1:{meter.port('optical tcp')}", "--json", "read", "1.8.0", "1.7.0"],
                          capture_output=True, text=True, timeout=30)
    check(done.returncode == 0, done.stderr)
    check(values[2] in (3450, "3450") and json.loads(done.stdout)["1.7.0"]["value"] == 3.45, f"{values} {done.stdout}")
    check(0 <= json.loads(done.stdout)["1.8.0"]["value"] * 1000 - float(values[0]) < 3000, f"{values} {done.stdout}")
    check(master.ask(short(0x5B, (address + 1) % 250), silent_s=0.3) == b"", "answers for another")
    meter.terminate()


def test_rich(_):
    """REQ(MOD-08): energies, phases and a debiting period with its date in several telegrams."""
    meter = Meter(*MAINS, "--speed", "28800", "--start", "2026-06-30T20:00:00Z", "--variant", "382M", "--module",
                  "mbus:tcp:127.0.0.1:0")
    master = Master(meter.port("mbus tcp"))
    time.sleep(1.2)  # nine hours: the month has ended
    address, _ = identity(master)
    master.acknowledged(short(0x40, address))
    master.acknowledged(long(0x53, address, 0x50, 0x00))
    records = read_all(master, address)
    text = json.dumps(records)
    check(len(records) > 40 and "2026-07-01T" in text, f"{len(records)} records: {text}")
    volts = [r for r in records if r.get("unit") == "V"]
    check([float(r["value"]) for r in volts] == [230.0] * 3, f"{volts}")
    check(any(r.get("storage") == 1 and r.get("unit") == "Wh" for r in records), text)
    meter.terminate()


def test_memory(folder):
    """An address that was set outlives a kill, and the access numbers go on."""
    arguments = (*MAINS, "--variant", "382E", "--data", os.path.join(folder, "data"), "--module", "mbus:tcp:127.0.0.1:0")
    meter = Meter(*arguments)
    master = Master(meter.port("mbus tcp"))
    address, number = identity(master)
    select = long(0x53, 0xFD, 0x52, *bytes.fromhex(number)[::-1], 0xFF, 0xFF, 0xFF, 0xFF)
    master.acknowledged(select)
    master.acknowledged(long(0x53, 0xFD, 0x51, 0x01, 0x7A, 42))
    first = master.ask(short(0x5B, 42))
    check(first[5] == 42, first.hex())
    meter.kill()
    meter = Meter(*arguments)
    master, second = Master(meter.port("mbus tcp")), None
    garbage = socket.create_connection(("127.0.0.1", meter.port("mbus tcp")))
    garbage.sendall(b"\x68\xff\xff\x68" + bytes(range(100)))
    second = master.ask(short(0x5B, 42))
    check(second[5] == 42 and 0 < (second[15] - first[15]) % 256 <= 32, f"{first.hex()} {second.hex()}")
    wrong = bytearray(long(0x53, 0xFD, 0x52, *bytes.fromhex(number)[::-1], 0xFF, 0xFF, 0xFF, 0xFF))
    wrong[-2] ^= 1
    check(master.ask(bytes(wrong), silent_s=0.3) == b"", "a faulty frame is answered")
    meter.terminate()


LEGAL = [*range(1, 5), *range(13, 17), *range(19, 35), *range(1059, 1075), 1001, 1005, 1058, 0xF100, 0xF101, 0xF102]
FREE = [51, 52, 53, 6162, 6168, 1212, 61472, 61953]  # a utility may write these


def octets_of(meter, registers):
    """What the meter answers to each register."""
    link = socket.create_connection(("127.0.0.1", meter.port("optical tcp")), timeout=10)
    values = {}
    for register in registers:
        link.sendall(kmp_frame([0x3F, 0x10, 1, register >> 8, register & 0xFF]))
        answer = b""
        while not answer.endswith(b"\r"):
            answer += link.recv(400)
        values[register] = answer.hex()
    link.close()
    return values


def test_legal(folder):
    """REQ(MOD-01): every register written and every command given over the module port leaves the legal registers as they are."""
    data = ("--data", os.path.join(folder, "data"), "--variant", "382M")
    status(*data, "--mains", "u=230,i=40,pf=0.8", "--until", "20h")
    meter = Meter(*data, "--mains", "u=230,i=0", "--module", "mbus:tcp:127.0.0.1:0", "--optical", "tcp:127.0.0.1:0,channel=module")
    before, others = octets_of(meter, LEGAL), octets_of(meter, FREE)
    check(int(before[1][-12:-6], 16) != 0, f"no energy to change: {before[1]}")
    with open(os.path.join(sys.argv[2], "docs", "registers.md"), encoding="utf-8") as file:
        registers = [int(n) for n in re.findall(r"^\| (\d+) \| 0x", file.read(), re.M)]
    check(len(registers) > 300, f"{len(registers)} registers")
    chance = random.Random(382)
    link = socket.create_connection(("127.0.0.1", meter.port("optical tcp")), timeout=10)
    for register in registers:
        for n_bytes in (1, 2, 4):
            value = chance.randrange(1, 256 ** n_bytes).to_bytes(n_bytes, "big")
            link.sendall(kmp_frame([0x3F, 0x11, 0, 0, register >> 8, register & 0xFF, 51, n_bytes, 0, *value]))
    for command in range(256):
        for n_bytes in (0, 2, 4, 9, 20):
            link.sendall(kmp_frame([0x3F, command, *([0, 0] + [chance.randrange(256) for _ in range(18)])[:n_bytes]]))
        link.setblocking(False)
        try:
            while link.recv(65536):
                pass
        except BlockingIOError:
            pass
        link.settimeout(10)
    bus = Master(meter.port("mbus tcp"))
    for ci in range(256):
        bus.line.sendall(long(0x53, 0xFE, ci, *[chance.randrange(256) for _ in range(chance.randrange(30))]))
    bus.line.close()
    link.close()
    time.sleep(0.5)
    after = octets_of(meter, LEGAL)
    check(after == before, f"{[(r, before[r], after[r]) for r in LEGAL if before[r] != after[r]]}")
    check(octets_of(meter, FREE) != others, "nothing at all was written")
    meter.terminate()


def test_refused(_):
    for option, text in (("plc:tcp:127.0.0.1:0", "expected mbus:tcp"), ("mbus:udp:127.0.0.1:0", "expected mbus:tcp"),
                         ("mbus:tcp:127.0.0.1", "--module: ")):
        done = run("--headless", "--until", "1s", "--module", option)
        check(done.returncode == 2 and text in done.stderr, f"{option}: {done.returncode} {done.stderr}")


def tool(port, *arguments, code=0):
    """A busy computer answers later than a bus: unless a time-out is named, a longer one than that of the bus."""
    patience = () if "--timeout" in arguments else ("--timeout", "700")
    done = subprocess.run([TOOL, "-m", f"mbus+tcp://127.0.0.1:{port}", *patience, *arguments], capture_output=True, text=True, timeout=100)
    check(done.returncode == code, f"{arguments}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done


def test_tool(_):
    """metertool reads a running meter by address and by number, as delivered and all of it."""
    meter = Meter(*MAINS, "--variant", "382M", "--module", "mbus:tcp:127.0.0.1:0")
    port = meter.port("mbus tcp")
    address, number = identity(Master(port))
    found = json.loads(tool(port, "--json", "mbus", "scan", "secondary").stdout)
    check(found == {"address": address, "manufacturer": "KAM", "id": number, "version": 1, "medium": "electricity"}, f"{found}")
    for whom in ((), (str(address),), (number,), (number[:3] + "FFFFF",)):
        one = json.loads(tool(port, "--json", "mbus", "read", *whom).stdout)
        check(one["id"] == number and one["records"][2]["value"] == 3450, f"{one}")
    telegrams = [json.loads(line) for line in tool(port, "--json", "mbus", "read", number, "all").stdout.splitlines()]
    check(len(telegrams) > 1 and sum(len(t["records"]) for t in telegrams) > 40, f"{telegrams}")
    csv = tool(port, "--csv", "mbus", "read", str(address), "instant").stdout.splitlines()
    check(sum(line.startswith("quantity") for line in csv) <= 1 and len(csv) > 20, f"{csv}")
    for words, code, text in ((("mbus", "read", "99999999"), 1, "no answer"), (("mbus", "read", "251"), 2, "expected an address"),
                              (("mbus", "read", number, "rubbish"), 2, "expected all, user"), (("mbus",), 2, "expected scan or read"),
                              (("read", "1.8.0"), 2, "does not go over M-Bus")):
        done = tool(port, "--timeout", "150", *words, code=code)
        check(text in done.stderr and done.stderr.count("\n") == 1, done.stderr)
    meter.terminate()


class Bus:
    """Several meters on one pair: who speaks at the same time pulls the line down together (0 wins)."""

    def __init__(self, meters):
        self.meters = {address: (number, [False]) for address, number in meters}
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def answers(self, frame):
        for address, (number, selected) in self.meters.items():
            octets = bytes.fromhex(number)[::-1]
            if frame[0] == 0x68 and frame[6] == 0x52:
                digits = frame[7:11][::-1].hex()
                selected[0] = all(d in ("f", n) for d, n in zip(digits, number))
                if selected[0]:
                    yield b"\xe5"
            elif frame[0] == 0x10 and frame[1] == 0x40 and frame[2] == address:
                yield b"\xe5"
            elif frame[0] == 0x10 and frame[1] & 0x4F == 0x4B and (frame[2] == address or (frame[2] == 253 and selected[0])):
                yield long(0x08, address, 0x72, *octets, 0x2D, 0x2C, 1, 2, 0, 0, 0, 0, 0x04, 0x06, *octets)

    def serve(self):
        while True:
            line, _ = self.listener.accept()
            while frame := line.recv(300):
                said = list(self.answers(frame))
                merged = bytearray(max(map(len, said), default=0))
                for i in range(len(merged)):
                    merged[i] = 0xFF
                    for one in said:
                        merged[i] &= one[i] if i < len(one) else 0xFF
                line.sendall(bytes(merged))


def test_several(_):
    """Meters on one pair are told apart by their digits; two with the same primary address are reported."""
    numbers = ["14839120", "14839121", "14830000", "99999999", "00000001", "14839191"]
    bus = Bus(list(zip((1, 2, 3, 4, 5, 6), numbers)))

    def scan(*words):
        """Short time-outs, and on a busy computer, where answers come later, long ones."""
        for timeout_ms in ("12", "100", "400"):
            done = subprocess.run([TOOL, "-m", f"mbus+tcp://127.0.0.1:{bus.port}", "--timeout", timeout_ms, "mbus", "scan", *words, "--csv"],
                                  capture_output=True, text=True, timeout=100)
            found = [line.split(",") for line in done.stdout.splitlines()[1:]]
            if sorted(one[2] for one in found) == sorted(numbers):
                return found
        check(False, f"{found} {done.stderr}")

    scan("secondary")
    check([one[0] for one in scan()] == ["1", "2", "3", "4", "5", "6"], "primary addresses")
    done = tool(bus.port, "--timeout", "200", "-r", "0", "mbus", "read", "1483FFFF", code=1)
    check("several meters at once" in done.stderr, done.stderr)


def main():
    for test in (test_tool, test_several, test_delivered, test_rich, test_memory, test_legal, test_refused):
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            test(folder)
        print(f"{test.__name__}: {time.monotonic() - began:.1f} s")
    print("mbus: good")


if __name__ == "__main__":
    main()
