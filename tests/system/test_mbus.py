"""The wired M-Bus module in a running meter: read-out against the meter's registers, addresses, several telegrams.

usage: test_mbus.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, run  # noqa: E402

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


def test_delivered():
    """REQ(MOD-08, MOD-A03): the six values of the real read-out are those of the meter's registers."""
    meter = Meter(*MAINS, "--speed", "600", "--variant", "382E", "--module", "mbus:tcp:127.0.0.1:0",
                  "--optical", "tcp:127.0.0.1:0")
    master = Master(meter.port("mbus tcp"))
    time.sleep(3)
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


def test_rich():
    """REQ(MOD-08): energies, phases and a debiting period with its date in several telegrams."""
    meter = Meter(*MAINS, "--speed", "7200", "--start", "2026-06-30T20:00:00Z", "--variant", "382M", "--module",
                  "mbus:tcp:127.0.0.1:0")
    master = Master(meter.port("mbus tcp"))
    time.sleep(4)  # eight hours: the month has ended
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


def test_refused():
    for option, text in (("plc:tcp:127.0.0.1:0", "expected mbus:tcp"), ("mbus:udp:127.0.0.1:0", "expected mbus:tcp"),
                         ("mbus:tcp:127.0.0.1", "--module: ")):
        done = run("--headless", "--until", "1s", "--module", option)
        check(done.returncode == 2 and text in done.stderr, f"{option}: {done.returncode} {done.stderr}")


def main():
    test_delivered()
    test_rich()
    with tempfile.TemporaryDirectory() as folder:
        test_memory(folder)
    test_refused()
    print("mbus: good")


if __name__ == "__main__":
    main()
