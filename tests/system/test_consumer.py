"""The customer port that pushes, from outside: TCP with many listeners, pty, ciphered, P1, and who misbehaves.

usage: test_consumer.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, run  # noqa: E402

TOOL = os.path.join(sys.argv[1], "metertool")
MAINS = ("--mains", "u=230,i=5", "--start", "2026-06-01T10:59:44Z")
FAST = ("--speed", "40")


def listen(port, count, **environment):
    return subprocess.Popen([TOOL, "-m", f"hdlc+tcp://127.0.0.1:{port}", "--json", "-n", str(count), "dlms", "listen"],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})


def heard(listener, count):
    out, err = listener.communicate(timeout=40)
    pushes = [json.loads(line) for line in out.splitlines()]
    check(listener.returncode == 0 and len(pushes) == count, f"{out}{err}")
    return pushes


def test_han(_):
    """REQ(CCC-01, CCC-03): two homes hear the same lists; those that talk or only look on disturb nobody."""
    meter = Meter(*MAINS, *FAST, "--variant", "382M", "--consumer", "han:tcp:127.0.0.1:0")
    port = meter.port("consumer tcp")
    loud = socket.create_connection(("127.0.0.1", port))
    loud.sendall(b"\x80\x3F\x10\x01\x00\x01" * 100)
    listeners = [listen(port, 12) for _ in range(2)]
    both = [heard(listener, 12) for listener in listeners]
    loud.close()
    meter.terminate()
    for pushes in both:
        values = pushes[0]["values"]
        check(values["1-1:32.7.0.255"] == 230 and values["1-1:31.7.0.255"] == 500, f"{values}")
        check(abs(values["1-1:1.7.0.255"] - 3450) < 5 and values["1-1:0.0.5.255"] == "5706567123456784", f"{values}")
        for push in pushes:
            hourly = "1-1:1.8.0.255" in push["values"]
            check(push["time"].endswith("5" if hourly else "0"), f"off the grid: {push['time']}")
    a, b = ({p["time"]: p["values"] for p in pushes} for pushes in both)
    check(set(a) & set(b) and all(a[t] == b[t] for t in set(a) & set(b)), "two listeners hear different things")


def test_hour(_):
    """REQ(X-CCC-1): the energies come five seconds after the full hour; a 162M has one phase."""
    meter = Meter(*MAINS[:2], "--start", "2026-06-01T10:59:30Z", "--speed", "10", "--variant", "162M", "--consumer",
                  "han:tcp:127.0.0.1:0,energy=wh")
    pushes = heard(listen(meter.port("consumer tcp"), 4), 4)
    meter.terminate()
    hourly = [p for p in pushes if "1-1:1.8.0.255" in p["values"]]
    check(len(hourly) == 1 and hourly[0]["time"][-6:] == ":00:05", f"{pushes}")
    check(5 <= hourly[0]["values"]["1-1:1.8.0.255"] <= 15, f"Wh after 35 s of 1150 W: {hourly}")
    check("1-1:52.7.0.255" not in hourly[0]["values"], "a 162M has no L2")


def test_ciphered(folder):
    """REQ(SEC-01): only who has the keys can read; a restart goes on above the last counter."""
    keys = {"guek": "000102030405060708090A0B0C0D0E0F", "gak": "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"}
    counters = []
    for _ in range(2):
        path = os.path.join(folder, "keys.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump(keys, file)
        os.chmod(path, 0o600)
        meter = Meter(*MAINS, *FAST, "--keys", path, "--data", os.path.join(folder, "data"), "--consumer",
                      "push1:tcp:127.0.0.1:0,ciphered")
        port = meter.port("consumer tcp")
        raw = socket.create_connection(("127.0.0.1", port), timeout=20)
        push = heard(listen(port, 1, OPEN382_KEYS=json.dumps(keys)), 1)[0]
        check(push["values"]["1-1:32.7.0.255"] == 230 and push["values"]["1-1:0.0.1.255"] == 12345678, f"{push}")
        frame = raw.recv(491, socket.MSG_WAITALL)
        check(frame[:6].hex() == "7ea1e9410313" and b"Kamstrup_V0001" not in frame, frame.hex())
        check(frame[13:21] == b"KAM\x45" + (12345678).to_bytes(4, "big"), frame.hex())
        counters.append(int.from_bytes(frame[25:29], "big"))
        raw.close()
        meter.kill()
    check(counters[1] > counters[0], f"counters after a kill: {counters}")


def arc(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


def test_p1_and_pty(folder):
    """REQ(CCC-03): the text form on a pseudo-terminal; who comes late gets the newest telegram, not old ones."""
    path = os.path.join(folder, "p1")
    meter = Meter(*MAINS, *FAST, "--consumer", f"p1:pty:{path}")
    check(meter.lines == [f"consumer pty {path}"], f"{meter.lines}")
    time.sleep(2)
    line, text = os.open(path, os.O_RDWR | os.O_NOCTTY), b""
    while text.count(b"/KAM5") < 2 or not re.search(rb"!....\r\n$", text):
        text += os.read(line, 4096)
    os.close(line)
    meter.terminate()
    for telegram in re.findall(rb"/KAM5.*?!....\r\n", text, re.S):
        check(int(telegram[-6:-2], 16) == arc(telegram[:-6]), f"CRC of {telegram}")
        check(b"1-0:32.7.0(230.0*V)\r\n" in telegram and b"1-0:31.7.0(005.0*A)\r\n" in telegram, f"{telegram}")
    check(not os.path.lexists(path), "the link is still there")


def test_tool(folder):
    """REQ(CCC-01): metertool hears a meter over TCP, over a pseudo-terminal as text and ciphered, and says what was sent."""
    keys = {"guek": "000102030405060708090A0B0C0D0E0F", "gak": "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"}
    path, line = os.path.join(folder, "keys.json"), os.path.join(folder, "p1")
    with open(path, "w", encoding="ascii") as file:
        json.dump(keys, file)
    os.chmod(path, 0o600)
    meter = Meter(*MAINS, *FAST, "--keys", path, "--consumer", "han:tcp:127.0.0.1:0,energy=wh", "--consumer", f"p1:pty:{line}",
                  "--consumer", "push1:tcp:127.0.0.1:0,ciphered")
    ports = [int(text.rsplit(":", 1)[1]) for text in meter.lines if " tcp " in text]

    def hear(url, *words, form="--json"):
        done = subprocess.run([TOOL, form, "-n", "2", *words, "listen", "consumer", url], capture_output=True, text=True, timeout=40)
        check(done.returncode == 0, done.stderr)
        return done.stdout.splitlines()

    for push in map(json.loads, hear(f"tcp://127.0.0.1:{ports[0]}")):
        values = {code.split(":")[1]: v for code, v in push["values"].items()}
        check(push["list"] == "Kamstrup_V0001" and values["32.7.0.255"] == {"name": "Voltage L1", "value": 230, "unit": "V"} and
              values["51.7.0.255"]["value"] == 5 and abs(values["1.7.0.255"]["value"] - 3.45) < 0.01, f"{push}")
    for push in map(json.loads, hear(f"p1:{line}")):
        check(push["list"] == "KAM5" and push["values"]["1-0:32.7.0.255"]["value"] == 230.0, f"{push}")
    lines = hear(f"tcp://127.0.0.1:{ports[1]}", "--keys", path, form="--csv")
    check(lines[0] == "time,code,name,value,unit" and sum(",1-1:13.7.0.255," in text and ",1.00," in text for text in lines) == 2,
          f"{lines}")
    for words in (("listen",), ("listen", "consumer"), ("listen", "consumer", "nowhere"), ("listen", "television")):
        done = subprocess.run([TOOL, *words], capture_output=True, text=True, timeout=40)
        check(done.returncode == 2 and done.stderr.count("\n") == 1, f"{words}: {done.stderr}")
    meter.terminate()


def test_serial(_):
    """REQ(X-CCC-1): a serial port gets whole lists only, none while the one before is under way; one that is gone is told once."""
    master, slave = os.openpty()
    meter = Meter(*MAINS, *FAST, "--consumer", f"han:serial:{os.ttyname(slave)}")
    check(meter.lines == [f"consumer serial {os.ttyname(slave)}"], f"{meter.lines}")
    heard_bytes = b""
    while len(heard_bytes) < 1200:
        heard_bytes += os.read(master, 4096)
    while heard_bytes:
        size = (heard_bytes[1] & 7) * 256 + heard_bytes[2] + 2
        check(heard_bytes[0] == 0x7E and heard_bytes[size - 1] == 0x7E, heard_bytes.hex())
        heard_bytes = heard_bytes[size:]
    speed = termios.tcgetattr(slave)
    check(speed[5] == termios.B2400 and speed[2] & termios.CSIZE == termios.CS8 and not speed[2] & (termios.PARENB | termios.CSTOPB),
          f"{speed}")
    os.close(slave)
    os.close(master)
    time.sleep(2)
    meter.process.terminate()
    _, err = meter.process.communicate(timeout=20)
    check(meter.process.returncode == 0 and err.count("\n") == 1 and "looking for it again" in err, err)


def test_timing(folder):
    """REQ(X-CCC-1): octets as 2400 baud bring them, on TCP and pty: 240 a second."""
    path = os.path.join(folder, "han")
    meter = Meter(*MAINS, "--speed", "5", "--consumer", "han:tcp:127.0.0.1:0,timing=on", "--consumer", f"han:pty:{path},timing=on")
    link = socket.create_connection(("127.0.0.1", meter.port("consumer tcp")), timeout=20)
    pseudo = os.open(path, os.O_RDWR | os.O_NOCTTY)
    results = []

    def paced(got, pieces, took):
        return (len(got) - 2) / 240 - 0.05 < took < 3 and pieces > 20

    # Who hears late finds more octets at once: of a few lists one was heard as it came, and none is when they come all at once.
    def hear(take):
        for _ in range(6):
            got, pieces = bytearray(take(1)), 0
            began = time.monotonic()
            while len(got) < 3 or len(got) < (got[1] & 7) * 256 + got[2] + 2:
                got += take(400)
                pieces += 1
            heard = (got, pieces, time.monotonic() - began)
            if paced(*heard):
                break
        results.append(heard)

    threads = [threading.Thread(target=hear, args=(take,)) for take in (link.recv, lambda n: os.read(pseudo, n))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    check(len(results) == 2, "no whole list came")
    for got, pieces, took in results:
        check(got[0] == 0x7E and got[-1] == 0x7E, got.hex())
        check(paced(got, pieces, took), f"{len(got)} octets in {took} s, {pieces} pieces")
    os.close(pseudo)
    link.close()
    meter.terminate()


def test_refused(folder):
    done = run("--headless", "--until", "1s", "--variant", "382E", "--consumer", "han:tcp:127.0.0.1:0")
    check(done.returncode == 2 and "expected a meter with a customer port" in done.stderr, done.stderr)
    for option, text in (("nve:tcp:127.0.0.1:0", "expected han|push1|p1"), ("han:udp:127.0.0.1:0", "expected han|push1|p1"),
                         ("han:tcp:127.0.0.1:0,loud", "expected ciphered"), ("p1:tcp:127.0.0.1:0,ciphered", "expected ciphered"),
                         ("p1:tcp:127.0.0.1:0,energy=wh", "expected ciphered"), ("han:tcp:127.0.0.1:0,timing=maybe", "expected ciphered"),
                         ("han:tcp:127.0.0.1:0,ciphered", "expected --keys")):
        data = os.path.join(folder, "untouched")
        done = run("--headless", "--until", "1s", "--data", data, "--consumer", option)
        check(done.returncode == 2 and "--consumer: " + text in done.stderr, f"{option}: {done.returncode} {done.stderr}")
        check(not os.path.exists(data), "a refused run leaves a folder")


def main():
    for test in (test_han, test_hour, test_ciphered, test_p1_and_pty, test_tool, test_serial, test_timing, test_refused):
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            test(folder)
        print(f"{test.__name__}: {time.monotonic() - began:.1f} s")
    print("consumer: good")


if __name__ == "__main__":
    main()
