"""Prepayment over DLMS: a client of nothing of ours, then metertool, and a kill between them.

usage: test_prepay_dlms.py BUILD_DIR SOURCE_DIR
"""
import os
import signal
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dlms_raw import Stream  # noqa: E402
from dlms_secure import Manager  # noqa: E402

UNICAST, AUTHENTICATION = bytes(range(16)), bytes(range(0xD0, 0xE0))
ACCOUNT, TOKENS, GATEWAY = (111, "0000130000FF"), (112, "0000130A00FF"), (115, "0000132800FF")
EMERGENCY = (112, "0000130A01FF")


def check(good, what):
    assert good, what


class Meter:
    def __init__(self, folder):
        self.folder, self.keys = folder, os.path.join(folder, "keys")
        with open(self.keys, "w", encoding="ascii") as file:
            file.write('{"guek": "%s", "gak": "%s"}' % (UNICAST.hex(), AUTHENTICATION.hex()))
        os.chmod(self.keys, 0o600)
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [os.path.join(sys.argv[1], "meter382"), "--variant", "382MB", "--serial", "12345678", "--headless", "--dlms",
             "tcp:127.0.0.1:0", "--optical", "tcp:127.0.0.1:0,channel=module", "--keys", self.keys, "--data",
             os.path.join(self.folder, "data"), "--mains", "u=230,i=0"], stdout=subprocess.PIPE, text=True)
        self.port, self.eye = 0, 0
        while not (self.port and self.eye):
            line = self.process.stdout.readline()
            check(line, "the meter says where it listens")
            if line.startswith("dlms tcp"):
                self.port = int(line.strip().rsplit(":", 1)[1])
            elif line.startswith("optical"):
                self.eye = int(line.rsplit(":", 1)[1].split(",")[0].split()[0])

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def run(self, *arguments, url=None, expected=0):
        url = url or f"dlms://127.0.0.1:{self.port}?client=1"
        done = subprocess.run([os.path.join(sys.argv[1], "metertool"), "--keys", self.keys, "-m", url, *arguments],
                              capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                              env={**os.environ, "XDG_STATE_HOME": os.path.join(self.folder, "state")})
        check(done.returncode == expected, f"{arguments}: exit {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def kmp(self, *arguments):
        return self.run(*arguments, url=f"kmp+tcp://127.0.0.1:{self.eye}")


class Client:
    """The requests of the Green Book, octet by octet."""

    def __init__(self, meter, counter):
        self.stream = Stream(meter.port)
        self.manager = Manager(lambda apdu: self.stream.ask(apdu, 1, 1), UNICAST, AUTHENTICATION, counter)
        check(self.manager.associate(), "the meter proves itself")

    def get(self, what, attribute):
        answer = self.manager.get(b"\xC0\x01\xC1" + struct.pack(">H", what[0]) + bytes.fromhex(what[1]) + bytes([attribute, 0]))
        check(answer[:4] == b"\xC4\x01\xC1\x00", answer.hex())
        return answer[4:].hex().upper()

    def call(self, what, method, data):
        """The action's result, and what the method returned."""
        request = b"\xC3\x01\xC1" + struct.pack(">H", what[0]) + bytes.fromhex(what[1]) + bytes([method, 1]) + bytes.fromhex(data)
        answer = self.manager.open(self.stream.ask(self.manager.seal(0xCB, request), 1, 1))
        check(answer[:3] == b"\xC7\x01\xC1", answer.hex())
        return answer[3], answer[6:].hex().upper()


def test(folder, meter):
    """REQ(PRE-01, PRE-02, PRE-03, AMI-02): account, credit and gateway, and what KMP says of the same money."""
    client = Client(meter, 1)
    check(client.get(ACCOUNT, 2) == "0202160216" + "01", "a new account")
    check(client.get(ACCOUNT, 15) == "02030C036B57680FFE1601", "kWh, 0.01")
    check(client.call(TOKENS, 1, "05000000FA") == (0, ""), "2.5 kWh")
    check(client.call(ACCOUNT, 1, "0F00") == (0, ""), "active")
    check(client.get(ACCOUNT, 2) == "020216021602", "an active account")
    check(client.get(ACCOUNT, 5) == "05000000FA", "what was loaded")
    check(client.call(TOKENS, 2, "05FFFFFFFF")[0] == 250, "less than nothing")
    check(client.call(TOKENS, 1, "060000000A")[0] == 12, "another type")
    check(client.call(EMERGENCY, 1, "0500000001")[0] == 3, "nobody loads the emergency credit")
    client.stream.close()
    check("Left: 2.5" in meter.kmp("prepay"), "over KMP the same")
    with open(os.path.join(folder, "vending.key"), "w", encoding="ascii") as file:
        file.write("000102030405060708090a0b0c0d0e0f\n")
    os.chmod(file.name, 0o600)
    meter.kmp("prepay", "key", file.name, "vending")
    client = Client(meter, 1000)
    token = "0914" + b"00000001101192506557".hex()
    check(client.call(GATEWAY, 1, token) == (0, "020216030408" + "00"), "a token of 10 kWh")
    check(client.call(GATEWAY, 1, token) == (0, "020216060408" + "0A"), "taken before")
    check(client.get(GATEWAY, 2) == token.upper(), "the token")
    check(client.get(ACCOUNT, 5) == "05000004E2", "12.5 kWh")
    client.stream.close()
    meter.kill()
    meter.start()
    check("Left: 12.5" in meter.run("prepay"), "after a kill")
    objects = meter.run("dlms", "objects")
    check(all(name in objects for name in ("Account", "Credit", "Charge", "Token gateway")), objects)
    check("expected --yes" in meter.run("prepay", "load", "1", expected=2), "it asks")
    check("Left: 13.5" in meter.run("prepay", "load", "1", "2", "--yes"), "loaded")
    check("taken before" in meter.run("prepay", "load", "1", "2", "--yes"), "the same number loads nothing")
    check("not the number" in meter.run("prepay", "load", "1", "7", "--yes", expected=1), "another number")
    check("0.01" in meter.run("prepay", "load", "0.001", "--yes", expected=2), "steps of 10 Wh")
    check("taken before" in meter.run("prepay", "token", "0000 0001 1011 9250 6557", "--yes", expected=1), "the token")
    check("Left: 4" in meter.run("prepay", "set", "4", "--yes"), "set")
    check('"left_kwh": 4.0' in meter.run("--json", "prepay"), "as JSON")
    check("needs KMP" in meter.run("prepay", "days", expected=2), "days")
    check("account closed" in meter.run("prepay", "off", "--yes"), "closed")
    check("Left: 0" in meter.run("prepay"), "nothing left")
    check("credit loaded" in meter.kmp("events", "audit"), "in the audit log")


with tempfile.TemporaryDirectory() as directory:
    a_meter = Meter(directory)
    try:
        test(directory, a_meter)
    finally:
        a_meter.kill()
