"""linehub: ten meters with RS-485 modules on one pair, M-Bus meters that answer at once, ends that come and go.

usage: test_linehub.py BUILD_DIR SOURCE_DIR
"""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, kmp_frame, kmp_receive, wait_until  # noqa: E402
from test_mbus import decode, short, long  # noqa: E402
from test_modules import metertool  # noqa: E402

HUB = os.path.join(sys.argv[1], "linehub")
MAINS = ("--mains", "u=230,i=5", "--optical", "tcp:127.0.0.1:0")


class Hub:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([HUB, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines = [self.process.stdout.readline() for _ in range(sum(a in ("--listen", "--join") for a in arguments))]

    def port(self):
        return int(re.search(r"listen tcp .*:(\d+)", "".join(self.lines)).group(1))

    def link(self):
        return socket.create_connection(("127.0.0.1", self.port()), timeout=20)

    def end(self):
        """Octets and collisions that it has seen."""
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=20)
        check(self.process.returncode == 0 and err == "", f"{self.process.returncode} {err}")
        return [int(n) for n in re.findall(r"\d+", out)]


def silent(link, seconds=0.6):
    link.settimeout(seconds)
    try:
        return link.recv(100) == b""
    except socket.timeout:
        return True
    finally:
        link.settimeout(20)


def asked(link, body, tries=20):
    """An answer; meters that are only now plugged in get another chance."""
    for _ in range(tries):
        link.sendall(kmp_frame(body))
        link.settimeout(1)
        try:
            return kmp_receive(link)
        except socket.timeout:
            continue
        finally:
            link.settimeout(20)
    check(False, f"no answer to {bytes(body).hex()}")


def test_pair(count, hub_options, module_options):
    """REQ(MOD-A23, MOD-07): each of the meters on the pair answers its own KMP, IEC 62056-21 and HDLC address, nobody
    another one; a call to all is a collision, and the pair works as before behind it."""
    meters = []
    for n in range(count):
        meters.append(Meter("--variant", "382M", "--serial", str(70000 + n), *MAINS, "--module", f"rs485:tcp:127.0.0.1:0{module_options}"))
        metertool(meters[-1], "config", "set", f"kmp-address={n + 1}", f"hdlc-address={n + 1}", "--yes")
    joins = [word for meter in meters for word in ("--join", f"tcp:127.0.0.1:{meter.port('rs485 tcp')}")]
    hub = Hub("--listen", "tcp:127.0.0.1:0", "--baud", "9600", *joins, *hub_options)
    link = hub.link()
    receive = (lambda: kmp_receive(link)) if "--echo" not in hub_options else None
    if receive is None:  # an adapter that hears itself is for those who know of it
        link.sendall(kmp_frame([1, 0x01]))
        heard = b""
        while heard.count(b"\r") < 2:
            heard += link.recv(100)
        check(heard.startswith(kmp_frame([1, 0x01])), heard.hex())
    else:
        for _ in range(2):
            for n in range(count):
                body = asked(link, [n + 1, 0x10, 1, 0x03, 0xE9])
                check(body[0] == n + 1 and int.from_bytes(body[7:11], "big") == 70000 + n, f"{n}: {body.hex()}")
        link.sendall(kmp_frame([200, 0x01]))
        check(silent(link), "nobody has that address")
        for n in (0, count - 1):
            link.sendall(f"/?{70000 + n}!\r\n".encode())
            said = b""
            while b"\n" not in said:
                said += link.recv(100)
            check(said.startswith(b"/KAM"), f"{said}")
            time.sleep(0.3)
            link.sendall(b"\x06000\r\n")
            while b"\x03" not in said[:-1]:  # the check octet comes behind it
                said += link.recv(1000)
            check(str(70000 + n).encode() in said, f"{said}")
            time.sleep(0.5)
        done = subprocess.run([os.path.join(sys.argv[1], "metertool"), "-m", f"hdlc+tcp://127.0.0.1:{hub.port()}?address={count}", "dlms", "get", "1.1.96.1.0.255"],
                              capture_output=True, text=True, timeout=60)
        check(done.returncode == 0 and str(70000 + count - 1) in done.stdout, f"HDLC: {done}")
        time.sleep(0.5)
        link.settimeout(0.1)
        try:
            while link.recv(1000):  # what the other master was told
                pass
        except socket.timeout:
            pass
        link.settimeout(10)
        link.sendall(kmp_frame([0x3F, 0x10, 1, 0x03, 0xE9]))
        heard = b""
        try:
            while True:
                heard += link.recv(100)
                link.settimeout(0.5)
        except socket.timeout:
            link.settimeout(20)
        check(heard != b"", "all have answered")
        body = asked(link, [count, 0x10, 1, 0x03, 0xE9])
        check(int.from_bytes(body[7:11], "big") == 70000 + count - 1, body.hex())
    octets, collisions = hub.end()
    check(octets > 10 and ("--echo" in hub_options or collisions > 10), f"{octets} octets, {collisions} collisions")
    for meter in meters:
        meter.terminate()


def test_mbus(folder):
    """REQ(MOD-08, MOD-A03): meters on one M-Bus that share an address damage each other's answers; by number each is read alone, and
    new addresses part them.  The master is on a pseudo terminal."""
    meters = [Meter("--variant", "382M", "--serial", str(number), *MAINS, "--module", "mbus:tcp:127.0.0.1:0") for number in (11111042, 22222042)]
    path = os.path.join(folder, "bus")
    hub = Hub("--listen", f"pty:{path}", "--listen", "tcp:127.0.0.1:0", "--baud", "9600",
              *[word for meter in meters for word in ("--join", f"tcp:127.0.0.1:{meter.port('mbus tcp')}")])
    link = hub.link()

    def ask(frame, first_s=3):
        link.settimeout(first_s)
        link.sendall(frame)
        heard = b""
        try:
            while True:
                heard += link.recv(300)
                link.settimeout(0.3)
        except socket.timeout:
            return heard

    def damaged():
        heard = ask(short(0x5B, 42))
        return len(heard) > 40 and not (heard[:1] == b"\x68" and (sum(heard[4:-2]) & 0xFF) == heard[-2])

    def answered(frame, good, text):
        """As a master does: what is not answered well is sent again (a busy machine may still be sending what was asked before)."""
        for _ in range(6):
            heard = ask(frame)
            if good(heard):
                return heard
        check(False, f"{text}: {heard.hex()}")

    def confirmed(frame, text):
        answered(frame, lambda heard: heard == b"\xe5", text)

    wait_until(damaged, "two at once are no telegram")
    for number, address in (("11111042", 1), ("22222042", 2)):
        confirmed(long(0x53, 0xFD, 0x52, *bytes.fromhex(number)[::-1], 0xFF, 0xFF, 0xFF, 0xFF), f"{number} is selected")
        answered(short(0x5B, 0xFD), lambda heard, number=number: heard[7:11][::-1].hex() == number, f"{number} answers alone")
        confirmed(long(0x53, 0xFD, 0x51, 0x01, 0x7A, address), "set address")
    for number, address in (("11111042", 1), ("22222042", 2)):
        heard = answered(short(0x5B, address), lambda heard, number=number: heard[7:11][::-1].hex() == number, "by the new address")
        check(decode(heard)["records"] != [], heard.hex())
    done = subprocess.run([os.path.join(sys.argv[1], "metertool"), "mbus", "scan", "-m", f"mbus+tcp://127.0.0.1:{hub.port()}?baud=9600"],
                          capture_output=True, text=True, timeout=100) if os.environ.get("LINEHUB_SCAN") else None
    check(done is None or (done.returncode == 0 and "11111042" in done.stdout and "22222042" in done.stdout), f"{done}")
    meters[1].terminate()
    answered(short(0x7B, 1), lambda heard: heard[7:11][::-1].hex() == "11111042", "the other has gone")
    check(hub.end()[1] > 10, "collisions are counted")
    check(not os.path.lexists(path), "the link has gone")
    meters[0].terminate()


def test_wire():
    """The wire alone: time of an octet, the delay, wired AND of two who talk at once, an end that is called until it is there."""
    hub = Hub("--listen", "tcp:127.0.0.1:0", "--baud", "1100", "--delay", "100")
    one, two, three = hub.link(), hub.link(), hub.link()
    time.sleep(0.2)
    begin = time.monotonic()
    one.sendall(b"0123456789")
    heard = b""
    while len(heard) < 10:
        heard += two.recv(100)
    took = time.monotonic() - begin
    check(heard == b"0123456789" and took >= 0.199, f"{heard} in {took} s")
    while len(three.recv(100)) == 0:
        pass
    one.sendall(b"\xF1\xF0")
    two.sendall(b"\x8F")
    heard = b""
    three.settimeout(1)
    try:
        while True:
            heard += three.recv(100)
    except socket.timeout:
        pass
    check(heard.endswith(b"\x81\xf0"), heard.hex())
    check(hub.end() == [12, 1], "counted")
    with socket.socket() as later:
        later.bind(("127.0.0.1", 0))
        port = later.getsockname()[1]
        hub = Hub("--listen", "tcp:127.0.0.1:0", "--join", f"tcp:127.0.0.1:{port}")
        one = hub.link()
        time.sleep(0.3)
        later.listen()
        far = later.accept()[0]
        far.settimeout(20)
        far.sendall(b"x")
        check(one.recv(1) == b"x", "called later")
        far.close()
        far = later.accept()[0]
        one.sendall(b"y")
        check(far.recv(1) == b"y", "called again")
        hub.end()


def test_refused():
    for words, code, text in (((), 2, "expected --listen or --join"), (("--listen", "x"), 2, "--listen: expected tcp:HOST:PORT or pty:PATH"),
                              (("--join", "pty:/x"), 2, "--join: expected tcp:HOST:PORT"), (("--join", "tcp:1"), 2, "--join: "),
                              (("--baud", "0"), 2, "--baud: expected 1 to 1000000, found '0'"), (("--delay", "x"), 2, "--delay: expected 0 to 10000"),
                              (("--what",), 2, "--what: unknown option"), (("--listen",), 2, "expected a value")):
        done = subprocess.run([HUB, *words], capture_output=True, text=True, timeout=20)
        check(done.returncode == code and text in done.stderr and done.stderr.count("\n") == 1, f"{words}: {done}")


if __name__ == "__main__":
    test_refused()
    test_wire()
    with tempfile.TemporaryDirectory() as scratch:
        test_mbus(scratch)
    test_pair(2, (), "")
    test_pair(10, (), "")
    test_pair(2, ("--echo",), ",echo=1")
    print("ok")
