#!/usr/bin/env python3
"""Management of a running meter over DLMS: push to a listener, firmware that is signed and firmware that is not.

test_dlms_management.py BUILD_DIR SOURCE_DIR
"""
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def line_of(process, start):
    """First line of a process's output that begins so."""
    for line in process.stdout:
        if line.startswith(start):
            return line.strip()
    raise AssertionError(f"expected a line '{start}...'")


class Meter:
    def __init__(self, build, source, folder):
        self.tool, self.folder = build / "metertool", folder
        self.image_tool = source / "tools" / "firmware_image.py"
        self.key = folder / "key.pem"
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key], check=True)
        public = subprocess.run([sys.executable, self.image_tool, "--public", self.key], check=True,
                                capture_output=True, text=True).stdout.strip()
        self.keys = folder / "keys"
        self.keys.touch(mode=0o600)
        self.keys.write_text('{"guek": "000102030405060708090A0B0C0D0E0F", "gak": "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF",'
                             f' "verify": "{public}"}}')
        self.environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}
        self.process = subprocess.Popen(
            [build / "meter382", "--variant", "382M", "--headless", "--dlms", "tcp:127.0.0.1:0", "--keys", self.keys,
             "--data", folder / "data", "--mains", "u=230,i=5"], stdout=subprocess.PIPE, text=True)
        self.url = f"dlms://{line_of(self.process, 'dlms tcp').split()[-1]}?client=1"

    def run(self, *arguments):
        return subprocess.run([self.tool, "--keys", self.keys, "-m", self.url, *arguments], capture_output=True,
                              text=True, env=self.environment, timeout=60)

    def ask(self, *arguments):
        result = self.run(*arguments)
        assert result.returncode == 0, (arguments, result.stderr)
        return result.stdout.strip()

    def image(self, name, kind, damaged=False):
        program, image = self.folder / "program", self.folder / name
        program.write_bytes(bytes(range(251)) * 40)
        subprocess.run([sys.executable, self.image_tool, program, image, "--key", self.key, "--type", kind, "--number",
                        "38200102", "--revision", "B2"], check=True)
        if damaged:
            content = bytearray(image.read_bytes())
            content[5000] ^= 1
            image.write_bytes(content)
        return image


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    """Until somebody listens there."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"expected a listener at port {port}")


def check_push(meter):
    port = free_port()
    listener = subprocess.Popen([meter.tool, "--keys", meter.keys, "dlms", "listen", str(port), "-n", "1"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=meter.environment)
    try:
        wait_for(port)
        meter.ask("dlms", "set", "40/0-0:25.9.0.255:3", f"{{enum:0, text:127.0.0.1:{port}, enum:0}}")
        meter.ask("dlms", "action", "40/0-0:25.9.0.255:1", "i8:0")
        told, _ = listener.communicate(timeout=20)
        assert "4B414D4D" in told.upper() or "KAMM" in told, told
    finally:
        listener.kill()


def check_firmware(meter):
    refused = meter.run("dlms", "image", "upload", meter.image("bad", "68", damaged=True), "activate")
    assert refused.returncode != 0 and "other-reason" in refused.stderr, refused
    head = (meter.folder / "data" / "firmware.image").read_bytes()[:12]
    assert head == b"\xff" * 12, head
    other = meter.run("dlms", "image", "upload", meter.image("other", "01"), "activate")
    assert other.returncode != 0, other
    good = meter.image("good", "68")
    meter.ask("dlms", "image", "upload", good, "activate")
    kept = (meter.folder / "data" / "firmware.image").read_bytes()
    size = int.from_bytes(kept[4:8], "little")
    assert kept[:4] == b"FWNX" and kept[4096:4096 + size] == good.read_bytes(), kept[:12]
    assert meter.ask("dlms", "get", "18/0-0:44.0.0.255:6") == "6"
    assert len(meter.ask("events", "1-1:99.98.14").splitlines()) == 3
    assert len(meter.ask("events", "1-1:99.98.13").splitlines()) == 2


def main(argv):
    with tempfile.TemporaryDirectory() as folder:
        meter = Meter(Path(argv[1]), Path(argv[2]), Path(folder))
        try:
            check_push(meter)
            check_firmware(meter)
        finally:
            meter.process.send_signal(signal.SIGTERM)
            meter.process.wait(timeout=20)
        assert meter.process.returncode == 0
    print("management: pushes and signed firmware arrive, wrong firmware changes nothing")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
