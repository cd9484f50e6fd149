"""An MQTT 3.1.1 subscriber written from the standard, apart from the library under test; and a broker to run."""

import atexit
import os
import shutil
import socket
import struct
import subprocess
import time

from meter_process import check


def length_of(n):
    out = bytearray()
    while True:
        out.append(n % 128 | (128 if n > 127 else 0))
        n //= 128
        if n == 0:
            return bytes(out)


def text(value):
    return struct.pack(">H", len(value.encode())) + value.encode()


class Listener:
    """Hears topics; messages in the order of their coming as (topic, text, kept by the broker)."""

    def __init__(self, port, topic="#", user=None, password=None):
        self.line = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.pending = b""
        flags = 2 | (0xC0 if user else 0)
        body = text("MQTT") + bytes([4, flags]) + struct.pack(">H", 0) + text(f"listener-{self.line.getsockname()[1]}")
        body += text(user) + text(password) if user else b""
        self.send(0x10, body)
        kind, body = self.packet()
        check(kind == 0x20 and body[1] == 0, f"the broker refuses the listener: {body.hex()}")
        self.send(0x82, b"\0\1" + text(topic) + b"\0")
        kind, _ = self.packet()
        check(kind == 0x90, f"no SUBACK: {kind:02x}")

    def send(self, kind, body):
        self.line.sendall(bytes([kind]) + length_of(len(body)) + body)

    def take(self, n):
        while len(self.pending) < n:
            piece = self.line.recv(65536)
            if piece == b"":
                raise EOFError
            self.pending += piece
        out, self.pending = self.pending[:n], self.pending[n:]
        return out

    def packet(self):
        kind, n, shift = self.take(1)[0], 0, 0
        while True:
            octet = self.take(1)[0]
            n |= (octet & 127) << shift
            shift += 7
            if octet < 128:
                return kind, self.take(n)

    def message(self, seconds=20):
        self.line.settimeout(seconds)
        kind, body = self.packet()
        check(kind & 0xF0 == 0x30, f"expected PUBLISH, got {kind:02x}")
        n = struct.unpack(">H", body[:2])[0]
        return body[2:2 + n].decode(), body[2 + n:].decode(), bool(kind & 1)

    def until(self, topic, seconds=20):
        """The next message of that topic; those before it are passed over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.message(seconds)
            if found[0] == topic:
                return found[1]
        check(False, f"nothing of {topic}")

    def close(self):
        self.line.close()


class Broker:
    """Debian's mosquitto at a port of its own; stop() and start() keep the port."""

    def __init__(self, folder, *lines):
        self.program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        probe = socket.create_server(("127.0.0.1", 0))
        self.port = probe.getsockname()[1]
        probe.close()
        self.config = os.path.join(folder, f"broker-{self.port}.conf")
        with open(self.config, "w", encoding="ascii") as file:
            file.write("\n".join((f"listener {self.port} 127.0.0.1", *(lines or ("allow_anonymous true",)), "")))
        self.process = None
        atexit.register(self.stop)  # a test that fails leaves no broker behind
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.program, "-c", self.config], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                check(time.monotonic() < end and self.process.poll() is None, "the broker does not start")
                time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait()
