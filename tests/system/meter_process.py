"""Drive meter382 from outside: start, wait until ready, ask, stop.  Used by the test_*.py beside it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request


def program():
    """The meter382 of the build folder that the test got as its first argument."""
    return os.path.join(sys.argv[1], "meter382")


def run(*arguments, timeout=120):
    """Run to its end.  Returns the finished process."""
    return subprocess.run([program(), *arguments], capture_output=True, text=True, timeout=timeout)


def status(*arguments, timeout=120):
    """Run headless to the end, as fast as it goes; returns the registers."""
    done = run("--headless", "--speed", "max", "--status", *arguments, timeout=timeout)
    check(done.returncode == 0, f"{arguments}: exit {done.returncode}: {done.stderr}")
    check(done.stderr == "", f"{arguments}: said on stderr: {done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def check(condition, text):
    if not condition:
        print(f"FAILED: {text}")
        sys.exit(1)


def kwh(registers, code="1.8.0"):
    return registers[code]["value"]


class Meter:
    """A running meter382 with the ports that the arguments name."""

    def __init__(self, *arguments, **environment):
        self.process = subprocess.Popen([program(), "--headless", *arguments], env={**os.environ, **environment},
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines = []
        wanted = sum(1 for a in arguments if a in ("--optical", "--panel", "--source", "--dlms", "--consumer", "--module", "--module-bus",
                                                    "--radio"))
        while len(self.lines) < wanted:
            line = self.process.stdout.readline()
            if line == "":
                self.process.wait()
                check(False, f"{arguments}: ended before it was ready: {self.process.stderr.read()}")
            self.lines.append(line.rstrip("\n"))

    def port(self, pattern):
        for line in self.lines:
            found = re.search(pattern + r".*:(\d+)", line)
            if found:
                return int(found.group(1))
        check(False, f"no {pattern} in {self.lines}")

    def get(self, path, headers=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port('panel http')}{path}",
                                         headers=headers or {})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def registers(self):
        return self.get("/api/registers")

    def post(self, path, body, headers=None):
        """Returns HTTP status and the JSON answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port('panel http')}{path}",
                                         data=data, method="POST", headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def optical(self):
        link = socket.create_connection(("127.0.0.1", self.port("optical tcp")), timeout=10)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return link

    def kill(self):
        self.process.kill()
        self.process.wait()

    def terminate(self, with_signal=signal.SIGTERM):
        """Orderly end; returns exit status and what it printed since it was ready."""
        self.process.send_signal(with_signal)
        out, err = self.process.communicate(timeout=30)
        check(err == "", f"said on stderr: {err}")
        return self.process.returncode, out


def wait_until(condition, text, seconds=30):
    """Poll; a time-out here means the thing never happens, not that it is slow."""
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, f"never happened: {text}")
        time.sleep(0.02)


# ---- KMP, written here from the frame's description, apart from the C code under test ----

def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc


STUFFED = {0x80, 0x40, 0x0D, 0x06, 0x1B}


def kmp_frame(body):
    data = bytes(body)
    data += crc16(data).to_bytes(2, "big")
    out = bytearray([0x80])
    for byte in data:
        out += bytes([0x1B, byte ^ 0xFF]) if byte in STUFFED else bytes([byte])
    return bytes(out) + b"\r"


def kmp_receive(link):
    """One answer's body, between address and CRC."""
    raw = bytearray()
    while not raw.endswith(b"\r"):
        piece = link.recv(4096)
        check(piece != b"", "the optical port hung up")
        raw += piece
    raw = raw[raw.index(0x40) + 1:-1]
    body, at = bytearray(), 0
    while at < len(raw):
        if raw[at] == 0x1B:
            at += 1
            body.append(raw[at] ^ 0xFF)
        else:
            body.append(raw[at])
        at += 1
    check(crc16(body) == 0, f"bad CRC in {bytes(raw).hex()}")
    return bytes(body[:-2])


def kmp_value(link, register):
    """A register as a number in its own unit."""
    link.sendall(kmp_frame([0x3F, 0x10, 1, register >> 8, register & 0xFF]))
    body = kmp_receive(link)
    check(body[:4] == bytes([0x3F, 0x10, register >> 8, register & 0xFF]), f"answer {body.hex()}")
    length, coding = body[5], body[6]
    number = int.from_bytes(body[7:7 + length], "big")
    exponent = coding & 0x3F
    value = number * 10.0 ** (-exponent if coding & 0x40 else exponent)
    return -value if coding & 0x80 else value
