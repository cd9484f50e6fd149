"""Modules that are programs of their own: plugged and pulled while the meter runs, refused, stuck, flooding, talking rubbish.

usage: test_modules.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, kmp_frame, run, status  # noqa: E402
from test_mbus import FREE, LEGAL, Master, identity, long, octets_of, short  # noqa: E402

MODULE = os.path.join(sys.argv[1], "module382")
TOOL = os.path.join(sys.argv[1], "metertool")
HELLO, WELCOME, DATA, ASK, ANSWER, PINS, SUPPLY, CHANNEL = range(1, 9)


def crc(octets):
    check_sum = 0
    for octet in octets:
        check_sum ^= octet << 8
        for _ in range(8):
            check_sum = (check_sum << 1 ^ 0x1021 if check_sum & 0x8000 else check_sum << 1) & 0xFFFF
    return check_sum.to_bytes(2, "big")


def frame(kind, body=b""):
    head = bytes([0xB5, kind]) + len(body).to_bytes(2, "big") + bytes(body)
    return head + crc(head)


def hello(code=68, slot=0, version=1, article=None, serial=0):
    number = 6850000 + code if article is None else article
    return frame(HELLO, bytes([version, slot]) + code.to_bytes(2, "big") + number.to_bytes(4, "big") + serial.to_bytes(4, "big"))


class Raw:
    """A module that says what the test wants."""

    def __init__(self, port):
        self.link = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.heard = b""

    def next(self):
        """Kind and body; None when the meter has hung up."""
        while True:
            if len(self.heard) >= 4 and len(self.heard) >= int.from_bytes(self.heard[2:4], "big") + 6:
                end = int.from_bytes(self.heard[2:4], "big") + 6
                one, self.heard = self.heard[:end], self.heard[end:]
                check(one[0] == 0xB5 and crc(one[:-2]) == one[-2:], one.hex())
                return one[1], one[4:-2]
            try:
                more = self.link.recv(65536)
            except ConnectionResetError:
                more = b""
            if more == b"":
                return None
            self.heard += more

    def say(self, *arguments):
        self.link.sendall(frame(*arguments))

    def plug(self, **what):
        self.link.sendall(hello(**what))
        kind, body = self.next()
        check(kind == WELCOME and len(body) == 8 and body[0] == 1 and body[3] == (body[1] == 0), f"{kind} {body.hex()}")
        return body[1], body[2]

    def ask(self, request, number=7):
        self.say(ASK, bytes([number]) + request)
        while True:
            kind, body = self.next()
            if kind == ANSWER:
                check(body[0] == number, body.hex())
                return body[1:]


def metertool(meter, *words, code=0):
    done = subprocess.run([TOOL, "-m", f"kmp+tcp://127.0.0.1:{meter.port('optical tcp')}", *words], capture_output=True, text=True,
                          timeout=60)
    check(done.returncode == code, f"{words}: {done.returncode} {done.stdout}{done.stderr}")
    return done.stdout


def module(*arguments, wait=2):
    process = subprocess.Popen([MODULE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = [process.stdout.readline() for _ in range(wait)]
    return process, lines


def value_of(meter, code):
    value = json.loads(metertool(meter, "--json", "read", code))[code]["value"]
    return int(value, 0) if isinstance(value, str) else value


def code_of(meter):
    return value_of(meter, "96.130.0")


def state_of(meter):
    return value_of(meter, "96.130.3")


def wait_for(condition, text):
    for _ in range(100):
        if condition():
            return
        time.sleep(0.05)
    check(False, text)


def test_program(folder):
    """REQ(MOD-02, MOD-15): the M-Bus module as a program: plugged, read, killed, plugged again with the address that was set; the
    meter goes and comes back."""
    bus, memory = f"unix:{folder}/bus", os.path.join(folder, "memory")
    arguments = ("--mains", "u=230,i=5", "--variant", "382E", "--optical", "tcp:127.0.0.1:0", "--module-bus", bus)
    meter = Meter(*arguments)
    check("module-bus unix " + bus[5:] in meter.lines, f"{meter.lines}")
    process, lines = module("mbus", "--bus", bus, "--line", "tcp:127.0.0.1:0", "--memory", memory, "--option", "serial=77")
    check(lines[1] == "plugged into slot 1 of meter 12345678\n", f"{lines}")
    port = int(lines[0].split(":")[-1])
    master = Master(port)
    address, number = identity(master)
    check(address == 78 and number == "12345678", f"{address} {number}")
    check(code_of(meter) == 5 and state_of(meter) == 3, f"{code_of(meter)} {state_of(meter)}")  # other than configured; the radio is off
    master.acknowledged(long(0x53, 0xFE, 0x51, 0x01, 0x7A, 45))
    check(master.ask(short(0x5B, 45))[5] == 45, "address not set")
    process.kill()
    process.wait()
    wait_for(lambda: code_of(meter) == 0 and state_of(meter) == 6, "not pulled")
    process, lines = module("mbus", "--bus", bus, "--line", f"tcp:127.0.0.1:{port}", "--memory", memory, "--option", "serial=77")
    master = Master(port)
    check(master.ask(short(0x5B, 45))[5] == 45, "address forgotten")
    said = metertool(meter, "events", "audit")
    check("module: none -> 005, number 77" in said and "module: 005, number 77 -> none" in said, said)
    second = subprocess.run([MODULE, "mbus", "--bus", bus, "--line", "tcp:127.0.0.1:0"], capture_output=True, text=True, timeout=20)
    check(second.returncode == 1 and second.stderr == "module382: another module is in the slot\n", f"{second}")
    locked = subprocess.run([MODULE, "mbus", "--bus", bus, "--line", "tcp:127.0.0.1:0", "--memory", memory], capture_output=True,
                            text=True, timeout=20)
    check(locked.returncode == 1 and "another module has it" in locked.stderr, f"{locked}")
    meter.kill()
    check(process.stdout.readline() == "pulled\n", "does not say that the meter has gone")
    check(master.ask(short(0x5B, 45), silent_s=0.3) == b"", "answers without a meter")
    meter = Meter(*arguments)
    check(process.stdout.readline().startswith("plugged into slot 1"), "does not come back")
    wait_for(lambda: master.ask(short(0x5B, 45), silent_s=0.5)[5:6] == b"\x2d", "does not answer again")
    process.terminate()
    check(process.wait() == 0, "exit status")
    meter.terminate()
    check(not os.path.exists(bus[5:]), "the socket stays")


def test_slots():
    """REQ(MOD-04, MOD-05, CCC-02, CCC-04): who is taken where, and what he may do there."""
    meter = Meter("--variant", "382M", "--optical", "tcp:127.0.0.1:0", "--module-bus", "tcp:127.0.0.1:0")
    port = meter.port("module-bus tcp")
    for what, result in (({"version": 9}, 1), ({"slot": 2}, 2), ({"slot": 7}, 2), ({"code": 14}, 4), ({"code": 64}, 4), ({"code": 2}, 4),
                         ({"code": 68, "article": 6850005}, 4), ({"code": 0, "article": 0}, 4)):
        one = Raw(port)
        check(one.plug(**what) == (result, 0), f"{what}")
        check(one.next() is None, "still there")
    primary, consumer = Raw(port), Raw(port)
    check(primary.plug() == (0, 1), "primary")
    check(consumer.plug(slot=3, code=0, article=0) == (0, 3), "consumer port")
    check(Raw(port).plug() == (3, 0), "two in one slot")
    check(code_of(meter) == 68 and value_of(meter, "96.130.2") == 1, "registers")
    write = kmp_frame([0x3F, 0x11, 0, 0, 0, 51, 51, 4, 0, 0, 0, 0, 42])  # meter number 1
    check(consumer.ask(write) == b"" and primary.ask(write) == b"\x06", "rights of the slots")
    for who in (primary, consumer):
        check(len(who.ask(kmp_frame([0x3F, 0x10, 1, 0, 51]))) > 10, "reads")
    consumer.say(CHANNEL, b"\x01\x01")
    check(consumer.next() == (CHANNEL, b"\x01\x00"), "a DLMS channel of the consumer")
    said = metertool(meter, "events", "audit")
    check("module in the consumer port: none -> 000" in said, said)
    primary.link.close()
    consumer.link.close()
    meter.terminate()
    meter = Meter("--variant", "382Lx2", "--optical", "tcp:127.0.0.1:0", "--module-bus", "tcp:127.0.0.1:0")
    port = meter.port("module-bus tcp")
    carrier = Raw(port)
    check(Raw(port).plug(code=0, slot=2, article=6840001) == (2, 0), "a second slot without a carrier")
    check(carrier.plug(code=62) == (0, 1), "carrier")
    second = Raw(port)
    check(second.plug(code=0, article=6840001) == (0, 2), "second")
    check(second.ask(write) == b"" and len(second.ask(kmp_frame([0x3F, 0x10, 1, 0, 1]))) > 8, "rights of the second slot")
    carrier.link.close()
    while second.next() is not None:
        pass  # it goes with the one that carries it
    meter.terminate()


def test_through():
    """REQ(MOD-02): octets of any protocol over the data line, and DLMS with the wrapper on a channel of its own."""
    meter = Meter("--variant", "382M", "--mains", "u=230,i=5", "--module-bus", "tcp:127.0.0.1:0")
    one = Raw(meter.port("module-bus tcp"))
    check(one.plug() == (0, 1), "plug")
    one.say(DATA, b"\x00/?!\r\n")
    kind, body = one.next()
    check(kind == DATA and body[:5] == b"\x00/KAM", f"{kind} {body}")
    one.say(DATA, b"\x00" + kmp_frame([0x3F, 0x10, 1, 0, 1]))
    heard = b""
    while b"\x40\x3f\x10" not in heard:
        heard += one.next()[1][1:]
    one.say(CHANNEL, b"\x02\x01")
    request = bytes.fromhex("000100100001001f601da109060760857405080101be10040e01000000065f1f0400001e1dffff")
    one.say(DATA, b"\x02" + request)
    kind, body = one.next()
    check(kind == DATA and body[0] == 2 and body[1:7].hex() == "000100010010" and body[9] == 0x61, f"{kind} {body.hex()}")
    one.say(CHANNEL, b"\x02\x00")
    one.say(CHANNEL, b"\x04\x01")
    one.say(DATA, b"\x04" + b"\xff" * 40)  # no wrapper: the meter closes the channel
    check(one.next() == (CHANNEL, b"\x04\x00"), "not closed")
    one.say(CHANNEL, b"\x00\x01")
    check(one.next() == (CHANNEL, b"\x00\x00"), "the data line is no channel")
    one.say(PINS, b"\x02" + bytes(8))
    check(one.ask(kmp_frame([0x3F, 0x10, 1, 0xFA, 4]))[-4] == 2, "pins")
    one.say(200, b"of a later version")
    check(len(one.ask(kmp_frame([0x3F, 0x10, 1, 0, 1]))) > 8, "an unknown kind is passed over")
    meter.terminate()


def test_relays():
    """REQ(LCO-01, LCO-03): relays of the module that is plugged follow the meter's load control over the pins, and a new one learns them."""
    meter = Meter("--variant", "382M", "--optical", "tcp:127.0.0.1:0,channel=module", "--module-bus", "tcp:127.0.0.1:0")
    port = meter.port("module-bus tcp")
    for code, first, second in ((58, 1, None), (69, 1, 2), (55, 2, None)):
        one = Raw(port)
        check(one.plug(code=code) == (0, 1), f"{code}")
        for relay, level in ((1, first), (2, second)):
            if level is None:
                continue
            metertool(meter, "loadcontrol", "set", str(relay), "mode=command")
            metertool(meter, "loadcontrol", "set", str(relay), "on", "--yes")
            kind, body = one.next()
            check(kind == PINS and body[0] & level, f"{code}: {kind} {body.hex()}")
        one.link.close()
        wait_for(lambda: code_of(meter) == 0, "pulled")
        one = Raw(port)
        check(one.plug(code=code) == (0, 1), f"{code} again")
        kind, body = one.next()
        check(kind == PINS and body[0] == first | (second or 0), f"{code}: {kind} {body.hex()}")
        metertool(meter, "loadcontrol", "set", "1", "off", "--yes")
        kind, body = one.next()
        check(kind == PINS and body[0] & first == 0, f"{code}: {kind} {body.hex()}")
        one.link.close()
        wait_for(lambda: code_of(meter) == 0, "pulled")
    meter.terminate()


def test_hostile():
    """REQ(MOD-01): garbage, floods, those who do not read and those who say nothing are pulled and hurt nobody; legal registers stay."""
    meter = Meter("--variant", "382M", "--mains", "u=230,i=0", "--optical", "tcp:127.0.0.1:0", "--module-bus", "tcp:127.0.0.1:0")
    port = meter.port("module-bus tcp")
    before = octets_of(meter, LEGAL)
    chance = random.Random(382)
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(4)]
    for index in range(120):
        one = Raw(port)
        if index % 2 == 0:
            one.plug()
        rubbish = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 400)))
        good = frame(chance.randrange(12), rubbish) if index % 3 else rubbish
        try:
            one.link.sendall(good if index % 5 else bytes(a ^ (index == 5) for a in good) + good)
        except OSError:
            pass
        one.link.close()
    check(len(octets_of(meter, [1])[1]) > 10, "the meter does not answer")
    wait_for(lambda: code_of(meter) == 0, "still plugged")
    deaf = Raw(port)
    check(deaf.plug() == (0, 1), "deaf")
    deaf.link.settimeout(0.2)
    request = frame(ASK, b"\x01" + kmp_frame([0x3F, 0x10, 8, *[0, 1] * 8]))
    slowest = 0.0
    try:
        for _ in range(4000):
            deaf.link.sendall(request * 20)  # asks and never reads
    except OSError:
        pass
    wait_for(lambda: code_of(meter) == 0, "a deaf module stays")
    flood = Raw(port)
    check(flood.plug() == (0, 1), "flood")
    flood.link.setblocking(False)
    end = time.monotonic() + 1.5
    asked = 0
    while time.monotonic() < end:
        try:
            flood.link.send(request * 50)
        except BlockingIOError:
            pass
        try:
            while flood.link.recv(1 << 20):
                pass
        except BlockingIOError:
            pass
        began = time.monotonic()
        check(len(octets_of(meter, [1])[1]) > 10, "no answer beside a flood")
        slowest = max(slowest, time.monotonic() - began)
        asked += 1
    check(asked > 3, f"{asked} answers beside a flood, the slowest after {slowest:.2f} s")
    flood.link.close()
    for link in silent:
        link.settimeout(10)
        check(link.recv(1) == b"", "who says nothing stays")  # within MODULE_GREETING_S
    check(octets_of(meter, LEGAL) == before, "legal registers")
    meter.terminate()


AARQ = "6033a1090607608574050801018a0207808b0760857405080201ac0780053132333435be10040e01000000065f1f040000fe1fffff"


def wrapped(apdu):
    """A DLMS message of the module's client."""
    return bytes.fromhex("000100120010") + len(apdu).to_bytes(2, "big") + apdu


def test_writes(folder):
    """REQ(MOD-01, MOD-06): every register and command of KMP, every attribute and method of DLMS, written and called through a module:
    the legal registers stay as they are to the last bit, and what a utility may set is set."""
    data = ("--data", os.path.join(folder, "data"), "--variant", "382M")
    status(*data, "--mains", "u=230,i=40,pf=0.8", "--until", "20h")
    meter = Meter(*data, "--mains", "u=230,i=0", "--optical", "tcp:127.0.0.1:0", "--module-bus", "tcp:127.0.0.1:0")
    one, chance = Raw(meter.port("module-bus tcp")), random.Random(382)
    check(one.plug() == (0, 1), "plug")
    before, others = octets_of(meter, LEGAL), octets_of(meter, FREE)
    check(len(set(before.values())) > 10, f"{before}")
    docs = os.path.join(sys.argv[2], "docs")
    with open(os.path.join(docs, "registers.md"), encoding="utf-8") as file:
        registers = [int(n) for n in re.findall(r"^\| (\d+) \| 0x", file.read(), re.M)]
    with open(os.path.join(docs, "cosem-objects.md"), encoding="utf-8") as file:
        objects = sorted(set(re.findall(r"^\| (\d+\.\d+\.\d+\.\d+\.\d+\.\d+) \| (\d+)", file.read(), re.M)))
    check(len(registers) > 300 and len(objects) > 250, f"{len(registers)} registers, {len(objects)} objects")
    for register in registers:
        for n_bytes in (1, 2, 4, 8):
            value = chance.randrange(1, 256 ** n_bytes).to_bytes(n_bytes, "big")
            one.ask(kmp_frame([0x3F, 0x11, 0, 0, register >> 8, register & 0xFF, 51, n_bytes, 0, *value]))
    for command in range(256):
        for n_bytes in (0, 2, 4, 9, 20):
            one.ask(kmp_frame([0x3F, command, *([0, 0] + [chance.randrange(256) for _ in range(18)])[:n_bytes]]))
    one.say(CHANNEL, b"\x01\x01")
    one.say(DATA, b"\x01" + wrapped(bytes.fromhex(AARQ)))
    check(one.next()[1][9:].hex().startswith("6129a109060760857405080101a203020100"), "no association")
    answers = set()
    for name, number in objects:
        place = int(number).to_bytes(2, "big") + bytes(int(n) for n in name.split("."))
        for attribute in range(1, 10):
            for value in ("06000000%02x" % chance.randrange(256), "0904%08x" % chance.randrange(1 << 32), "12%04x" % chance.randrange(1 << 16), "1105"):
                one.say(DATA, b"\x01" + wrapped(b"\xc1\x01\xc1" + place + bytes([attribute, 0]) + bytes.fromhex(value)))
                answers.add(one.next()[1][9:].hex())
            one.say(DATA, b"\x01" + wrapped(b"\xc3\x01\xc1" + place + bytes([attribute, 1]) + bytes.fromhex("0f00")))
            answers.add(one.next()[1][9:].hex())
    check("c501c100" in answers and "c501c103" in answers, f"{sorted(answers)[:20]}")
    time.sleep(0.5)
    check(octets_of(meter, LEGAL) == before, "legal registers")
    check(octets_of(meter, FREE) != others, "nothing at all was written")
    meter.terminate()


def test_hot_plug():
    """REQ(MOD-01, MOD-03): plugged and pulled all the time while energy is counted: not a microwatt-hour is missing."""
    arguments = ("--variant", "382M", "--mains", "u=230,i=40,pf=0.8", "--start", "2026-01-01T00:00:00Z", "--until", "24h")
    undisturbed = status(*arguments)
    meter = Meter(*arguments, "--speed", "14400", "--status", "--module-bus", "tcp:127.0.0.1:0")
    times = 0
    while meter.process.poll() is None:
        try:
            one = Raw(meter.port("module-bus tcp"))
            one.link.sendall(hello(code=(68, 58, 40)[times % 3]))
            one.ask(kmp_frame([0x3F, 0x10, 1, 0, 1]))
            one.link.close()
        except (OSError, TypeError):
            break
        times += 1
    last = meter.process.stdout.read().strip().splitlines()[-1]
    disturbed = json.loads(last)
    check(times > 30, f"plugged {times} times")
    for code, register in undisturbed.items():
        if code[:4] in ("1.8.", "2.8.", "3.8.", "4.8.") or code in ("1.6.0", "96.8.0"):
            check(disturbed[code] == register, f"{code}: {disturbed[code]} {register}")


def test_refused():
    for words, code, text in (((), 2, "expected a type"), (("mbus",), 2, "expected --bus"), (("mbus", "--bus", "x:1"), 2, "--bus: expected tcp"),
                              (("plc", "--bus", "tcp:127.0.0.1:1"), 2, "expected mbus:tcp"),
                              (("mbus", "--bus", "tcp:127.0.0.1:1"), 2, "expected mbus:tcp"),
                              (("mbus", "--bus", "tcp:127.0.0.1:1", "--line", "tcp:127.0.0.1:0", "--option", "a=1"), 2, "expected no options"),
                              (("mbus", "--bus", "tcp:127.0.0.1:1", "--line", "tcp:127.0.0.1:0", "--option", "code=58"), 2, "code of an article"),
                              (("mbus", "--bus", "tcp:127.0.0.1:1", "--line", "tcp:127.0.0.1:0", "--slot", "4"), 2, "slot=1"),
                              (("mbus", "--bus", "tcp:127.0.0.1:1", "--line", "tcp:127.0.0.1:0", "--memory", sys.argv[0]), 2, "1024 octets"),
                              (("mbus", "mbus"), 2, "second type"), (("mbus", "--bus"), 2, "a value behind it")):
        done = subprocess.run([MODULE, *words], capture_output=True, text=True, timeout=20)
        check(done.returncode == code and text in done.stderr and done.stderr.count("\n") == 1, f"{words}: {done}")
    for option, text in (("mbus:tcp:127.0.0.1:0,slot=2", "no such slot"), ("mbus:tcp:127.0.0.1:0,slot=ccc", "no such slot"),
                         ("mbus:tcp:127.0.0.1:0,code=68", "a module for a 382E"), ("mbus:tcp:127.0.0.1:0+tcp:127.0.0.1:0", "expected mbus:tcp")):
        done = run("--headless", "--variant", "382E", "--until", "1s", "--module", option)
        check(done.returncode == 2 and text in done.stderr, f"{option}: {done.returncode} {done.stderr}")
    done = run("--headless", "--until", "1s", "--module-bus", "pty:x")
    check(done.returncode == 2 and "--module-bus: expected tcp:HOST:PORT or unix:PATH" in done.stderr, done.stderr)


if __name__ == "__main__":
    test_refused()
    test_slots()
    test_through()
    test_relays()
    test_hostile()
    test_hot_plug()
    with tempfile.TemporaryDirectory() as temporary:
        test_writes(temporary)
    with tempfile.TemporaryDirectory() as temporary:
        test_program(temporary)
