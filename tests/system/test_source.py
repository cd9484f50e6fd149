"""meter382 --source: the reference source takes the mains' place, says truly what it delivers, and gives it back.

usage: test_source.py BUILD_DIR SOURCE_DIR
"""
import os
import socket
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, run, wait_until  # noqa: E402

PORTS = ("--source", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0", "--optical", "tcp:127.0.0.1:0")


class Source:
    """A client of the source, apart from the one in metertool."""

    def __init__(self, meter):
        self.link = socket.create_connection(("127.0.0.1", meter.port("source tcp")), timeout=60)
        self.file = self.link.makefile("r")

    def tell(self, *lines):
        self.link.sendall("".join(line + "\n" for line in lines).encode())

    def ask(self, line):
        self.tell(line)
        return self.file.readline().rstrip("\n")

    def good(self, *lines):
        self.tell(*lines)
        answer = self.ask("SYST:ERR?")
        check(answer == '0,"No error"', f"{lines}: {answer}")

    def time(self):
        return float(self.ask("MEAS:TIME?"))

    def settle(self, seconds=4):
        """Wait in the signal's own time, whatever the speed."""
        end = self.time() + seconds
        wait_until(lambda: self.time() >= end, "settled")

    def measured(self):
        return [float(part) for part in self.ask("MEAS?").split(",")]

    def close(self):
        self.file.close()
        self.link.close()


def start(seed, *arguments, mains="u=230,i=1"):
    meter = Meter(*PORTS, "--mains", mains, "--front-end", seed, "--speed", "100", *arguments)
    wait_until(lambda: meter.get("/api/state")["display"]["on"], "supply")
    return meter


def active_w(meter, code="1.7.0"):
    return meter.registers()[code]["value"] * 1000


def test_takes_over_and_gives_back():
    """REQ(MET-05): what the meter reads is what the reference meter says; OFF and hanging up bring the mains back."""
    meter = start("382,ideal")
    source = Source(meter)
    check(source.ask("*IDN?").startswith("open382,"), "identity")
    source.good("VOLT 231", "CURR1 10", "CURR2 5", "CURR3 0.5", "CURR1:PHAS 60")
    check(abs(active_w(meter) - 690) < 0.5, "settings wait for OUTPut ON")
    source.good("OUTP ON")
    source.settle()
    measured = source.measured()
    check(measured[1] == 50 and measured[3] == 3, f"MEAS? {measured}")
    true_w = measured[6] + measured[10] + measured[14]
    check(abs(true_w - 231 * (5 + 5 + 0.5)) < 1e-3, f"true power {measured}")
    check(abs(active_w(meter) / true_w - 1) < 2e-5, f"{active_w(meter)} W, true {true_w}")
    source.good("FREQ 49.5", "OUTP ON")
    source.settle()
    check(abs(meter.registers()["14.7.0"]["value"] - 49.5) < 1e-3, "frequency")
    source.good("OUTP OFF")
    source.settle()
    check(abs(active_w(meter) - 690) < 0.1, f"after OFF: {active_w(meter)}")
    source.good("FREQ 50", "OUTP ON")
    source.settle()
    check(abs(active_w(meter) / true_w - 1) < 2e-5, "on again")
    source.close()
    wait_until(lambda: abs(active_w(meter) - 690) < 0.1, "the mains after hanging up")
    for _ in range(20):  # hanging up and coming back at once
        source = Source(meter)
        source.good("CURR 10", "OUTP ON")
        source.close()
    source = Source(meter)
    check(source.ask("VOLT?") == "230,230,230" and source.ask("OUTP?") == "0", "a new client finds it untouched")
    source.close()
    check(meter.terminate()[0] == 0, "did not end in order")


def test_chamber():
    """The chamber's temperature reaches the sensors: drift, and what the meter's own sensor reads."""
    meter = start("382,shunt-drift,divider-drift,reference-drift")
    source = Source(meter)
    seen = []
    for celsius in ("23", "60"):
        source.good(f"CHAM:TEMP {celsius}", "CURR 10", "OUTP ON")
        source.settle()
        seen.append(active_w(meter))
    check(abs(seen[0] / 6900 - 1) < 1e-5, f"at 23 degrees {seen}")
    check(1e-4 < abs(seen[1] / seen[0] - 1) < 8e-3, f"drift of {seen}")
    source.close()
    check(meter.terminate()[0] == 0, "did not end in order")


def test_aron():
    meter = start("7,ideal", "--variant", "382M-aron")
    source = Source(meter)
    source.good("CURR 5", "CURR:PHAS 30", "OUTP ON")
    source.settle()
    measured = source.measured()
    check(measured[3] == 2 and len(measured) == 12, f"MEAS? {measured}")
    check(abs(measured[6] + measured[10] - 3 * 230 * 5 * 0.8660254) < 0.01, f"true power {measured}")
    check(abs(active_w(meter) / (measured[6] + measured[10]) - 1) < 2e-5, f"{active_w(meter)}")
    source.close()
    check(meter.terminate()[0] == 0, "did not end in order")


def test_clients():
    """Bad, slow, half-closed and second clients: each is told, nobody is harmed."""
    meter = start("1,ideal")
    first = Source(meter)
    first.good("CURR 2", "OUTP ON")
    second = Source(meter)
    check(second.file.readline().startswith('-203,"'), "a second client")
    check(second.file.readline() == "", "it is hung up on")
    first.tell("VOLT 9999")
    check(first.ask("SYST:ERR?") == '-222,"Data out of range; VOLT 9999: expected 0 to 480 V"', "range")
    first.link.sendall(bytes(range(10, 256)) * 200 + b"\n*CLS\n")
    first.good()
    check(first.ask("OUTP?") == "1", "noise switched it off")
    first.close()
    half = Source(meter)
    half.tell("CURR 3", "OUTP ON", "MEAS?")
    half.link.shutdown(socket.SHUT_WR)
    check(half.file.readline().count(",") == 15, "a half-closed client is answered")
    check(half.file.readline() == "", "and then hung up on")
    half.close()
    slow = Source(meter)
    slow.link.settimeout(0.5)
    try:
        for _ in range(400):
            slow.link.sendall(b"MEAS:TIME?\n" * 1000)
    except OSError:
        pass  # it takes no more while nobody reads
    wait_until(lambda: abs(active_w(meter) - 690) < 0.1, "the meter goes on")
    slow.close()
    last = None
    while last is None:  # the slow one's end is seen when its turn comes
        last = Source(meter)
        if not last.ask("*IDN?").startswith("open382,"):
            last.close()
            last = None
    last.good("OUTP ON")
    check(meter.terminate()[0] == 0, "did not end in order with the output on")


def test_refused(folder):
    """One clear line, exit 2, before anything is opened."""
    for arguments, text in (
            (("--source", "tcp:127.0.0.1:0"), "--source: expected --front-end or --fidelity waveform"),
            (("--source", "127.0.0.1:0", "--front-end", "1"), "--source: expected tcp:HOST:PORT"),
            (("--source", "tcp:127.0.0.1:x", "--front-end", "1"), "--source: expected a port"),
            (("--source", "tcp:127.0.0.1:0", "--fidelity", "waveform", "--mains",
              os.path.join(sys.argv[2], "tests/lab/data/star1999.cfg")), "--source: expected a mains")):
        done = run("--headless", "--data", os.path.join(folder, "never"), *arguments)
        check(done.returncode == 2 and done.stderr.startswith("meter382: " + text), f"{arguments}: {done.stderr}")
        check(done.stderr.count("\n") == 1 and not os.path.exists(os.path.join(folder, "never")), f"{arguments}")


if __name__ == "__main__":
    test_takes_over_and_gives_back()
    test_chamber()
    test_aron()
    test_clients()
    with tempfile.TemporaryDirectory() as data_folder:
        test_refused(data_folder)
    print("source: good")
