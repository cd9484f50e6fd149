"""The 382M's own customer port: asked by KMP, and deaf to everything that would change something.

usage: test_consumer_polled.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, kmp_frame, kmp_receive, wait_until  # noqa: E402

TOOL = os.path.join(sys.argv[1], "metertool")


def known_registers():
    with open(os.path.join(sys.argv[2], "docs", "registers.md"), encoding="utf-8") as file:
        registers = [int(n) for n in re.findall(r"^\| (\d+) \| 0x", file.read(), re.M)]
    check(len(registers) > 300, f"{len(registers)} registers")
    return registers


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def answer(link, body):
    """The answer's body; b"" for a bare acknowledgement or a refusal of one octet."""
    link.sendall(kmp_frame(body))
    first = link.recv(1, socket.MSG_PEEK)
    if first in (b"\x06", b"\x15"):
        return link.recv(1)
    return kmp_receive(link)


def registers_of(port, registers):
    link = connect(port)
    values = {r: answer(link, [0x3F, 0x10, 1, r >> 8, r & 0xFF]).hex() for r in registers}
    link.close()
    return values


def tool(port, *words):
    return subprocess.run([TOOL, "-m", f"kmp+tcp://127.0.0.1:{port}", "-t", "300", "-r", "0", *words], capture_output=True, text=True,
                          timeout=60)


def settings_of(port, folder):
    path = os.path.join(folder, "document.json")
    if os.path.exists(path):
        os.remove(path)
    done = tool(port, "config", "save", path)
    check(done.returncode == 0, done.stderr)
    with open(path, encoding="utf-8") as file:
        return file.read()


def drain(link):
    link.setblocking(False)
    try:
        while link.recv(65536):
            pass
    except BlockingIOError:
        pass
    link.settimeout(10)


def attack(port, registers):
    """Every register written, every command given, with chance parameters; and the two other languages."""
    chance = random.Random(382)
    link = connect(port)
    for register in registers:
        for n_bytes in (1, 2, 4):
            value = chance.randrange(1, 256 ** n_bytes).to_bytes(n_bytes, "big")
            link.sendall(kmp_frame([0x3F, 0x11, 0, 0, register >> 8, register & 0xFF, 51, n_bytes, 0, *value]))
        drain(link)
    for command in range(256):
        for n_bytes in (0, 1, 2, 4, 6, 9, 20):
            link.sendall(kmp_frame([0x3F, command, *([0, 0] + [chance.randrange(256) for _ in range(18)])[:n_bytes]]))
        drain(link)
    link.close()
    link = connect(port)
    for text in (b"/?!\r\n", b"\x06001\r\n", b"\x01P1\x02(00000000)\x03", b"\x01W5\x020.9.1(000000)\x03", b"\x01B0\x03q"):
        link.sendall(text)
        drain(link)
    link.close()


def test_polled(folder):
    """REQ(CCC-01, CCC-02, CCC-04, SEC-06): a display reads over the consumer port by KMP with every seal closed, and that it comes
    and goes is noted nowhere; whatever it sends, nothing changes."""
    meter = Meter("--mains", "u=230,i=5", "--start", "2026-06-01T11:00:01Z", "--optical", "tcp:127.0.0.1:0", "--optical",
                  "tcp:127.0.0.1:0,channel=consumer", "--panel", "127.0.0.1:0")
    eye, consumer = [int(line.rsplit(":", 1)[1]) for line in meter.lines if line.startswith("optical")]
    done = subprocess.run([TOOL, "-m", f"kmp+tcp://127.0.0.1:{consumer}", "--json", "read", "1.8.0", "1.7.0", "32.7.0"],
                          capture_output=True, text=True, timeout=30)
    check(done.returncode == 0 and json.loads(done.stdout)["32.7.0"]["value"] == 230, f"{done.stdout}{done.stderr}")
    meter.post("/api/speed", {"speed": 0})
    registers = known_registers()
    inputs = meter.get("/api/state")["inputs"]
    check(not inputs["seal"] and not inputs["cover"] and not inputs["terminal_cover"], f"{inputs}")
    check(registers_of(consumer, registers) == registers_of(eye, registers), "the eye and the consumer port read different things")
    before = registers_of(eye, registers), settings_of(eye, folder), meter.get("/api/state")["records"]
    attack(consumer, registers)
    wait_until(lambda: registers_of(consumer, [1])[1], "the port answers again")
    after = registers_of(eye, registers), settings_of(eye, folder), meter.get("/api/state")["records"]
    changed = {r: (before[0][r], after[0][r]) for r in registers if before[0][r] != after[0][r]}
    check(not changed, f"registers changed: {changed}")
    check(before[1] == after[1], "a setting changed")
    check(before[2] == after[2], f"the logs: {before[2]} {after[2]}")
    meter.terminate()


def test_refusals(_):
    """REQ(CCC-04): what the eye may do is refused here."""
    meter = Meter("--mains", "u=230,i=5", "--optical", "tcp:127.0.0.1:0", "--optical", "tcp:127.0.0.1:0,channel=consumer")
    eye, consumer = [int(line.rsplit(":", 1)[1]) for line in meter.lines if line.startswith("optical")]
    check(tool(eye, "testmode", "on").returncode == 0, "the eye may not")
    check(tool(eye, "testmode", "off").returncode == 0, "the eye may not")
    for words in (("testmode", "on"), ("debit", "-y"), ("display", "set", "delivered"), ("clock", "set", "2026-06-01 12:00:00"), ("events", "clear", "-y"),
                  ("config", "set", "load_profile_period=15")):
        done = tool(consumer, *words)
        check(done.returncode != 0 and done.stderr.count("\n") == 1, f"{words}: {done.returncode} {done.stdout}{done.stderr}")
    meter.terminate()


def main():
    for test in (test_polled, test_refusals):
        with tempfile.TemporaryDirectory() as folder:
            test(folder)
    print("consumer polled: good")


if __name__ == "__main__":
    main()
