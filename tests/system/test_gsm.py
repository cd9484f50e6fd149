"""The GSM/GPRS module in a running meter, with modem382: messages, PIN, an alarm, the head-end's connection.

usage: test_gsm.py BUILD_DIR SOURCE_DIR
"""
import atexit
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, run, wait_until  # noqa: E402

TOOL = os.path.join(sys.argv[1], "metertool")
FRIEND, STRANGER = "+4512345678", "+4587654321"
MAINS = ("--mains", "u=230,i=5", "--serial", "14839120", "--variant", "382M")


class Modem:
    def __init__(self, *arguments, line="tcp:127.0.0.1:0"):
        self.process = subprocess.Popen([os.path.join(sys.argv[1], "modem382"), "--line", line, "--control", "tcp:127.0.0.1:0", *arguments],
                                        stdout=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        self.line = self.process.stdout.readline().split()[-1]
        self.link = socket.create_connection(("127.0.0.1", int(self.process.stdout.readline().split(":")[-1])), timeout=10)
        self.file = self.link.makefile("r")

    def ask(self, command):
        self.link.sendall(command.encode() + b"\n")
        return self.file.readline().strip()

    def do(self, command):
        answer = self.ask(command)
        check(answer == "ok", f"{command}: {answer}")

    def outbox(self):
        return json.loads(self.ask("outbox"))

    def status(self):
        return json.loads(self.ask("status"))

    def wait_sent(self, n, seconds=40):
        wait_until(lambda: len(self.outbox()) >= n, f"{n} messages: {self.outbox()} {self.status()}", seconds)
        return self.outbox()

    def stop(self):
        self.do("stop")
        check(self.process.wait(timeout=10) == 0, "modem382 did not end well")


class HeadEnd:
    """Meters call it; what calls its other port is put through to the meter that called last."""

    def __init__(self):
        self.meters = socket.create_server(("127.0.0.1", 0))
        self.clients = socket.create_server(("127.0.0.1", 0))
        self.port = self.meters.getsockname()[1]
        self.meter, self.client, self.first, self.calls = None, None, b"", 0
        threading.Thread(target=self.take_meters, daemon=True).start()
        threading.Thread(target=self.take_clients, daemon=True).start()

    def take_meters(self):
        while True:
            meter, _ = self.meters.accept()
            first = b""
            while not first.endswith(b"\n") and (octet := meter.recv(1)):
                first += octet
            self.first, self.meter = first, meter
            threading.Thread(target=self.pump, args=(meter, lambda: self.client), daemon=True).start()
            self.calls += 1

    def take_clients(self):
        while True:
            self.client, _ = self.clients.accept()
            threading.Thread(target=self.pump, args=(self.client, lambda: self.meter), daemon=True).start()

    @staticmethod
    def pump(source, to):
        """To whoever is there at that moment."""
        try:
            while octets := source.recv(4096):
                to().sendall(octets)
        except OSError:
            pass

    def url(self, scheme):
        return f"{scheme}://127.0.0.1:{self.clients.getsockname()[1]}"


def tool(url, *arguments):
    done = subprocess.run([TOOL, "-m", url, "--timeout", "5000", "--json", *arguments], capture_output=True, text=True, timeout=100)
    check(done.returncode == 0, f"{url} {arguments}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def test_messages(folder):
    """REQ(MOD-12, MOD-A13, AMI-16, X-MOD-3): the answer is what the registers say; others get none; an alarm comes by itself."""
    modem = Modem("--pin", "4711")
    options = os.path.join(folder, "gsm.conf")
    with open(options, "w", encoding="utf-8") as file:
        file.write(f"# the SIM of this meter\npin=4711\nallow={FRIEND}\n\nalarm={FRIEND}\n")
    data = ("--data", os.path.join(folder, "data"))
    meter = Meter(*MAINS, *data, "--panel", "127.0.0.1:0", "--module", f"gsm,modem=tcp:{modem.line},options={options}")
    wait_until(lambda: modem.status()["pin_good"], "PIN given")
    modem.do(f"sms {STRANGER} =READ_METER#")
    modem.do(f"sms {FRIEND} =Read_Meter#")
    modem.do(f"sms {FRIEND} =READ_METER#")
    sent = modem.wait_sent(1)
    check(sent[0]["number"] == FRIEND, f"{sent}")
    found = re.fullmatch(r"(\d+) kWh,\n(\d+) W,\n(\d+) Hours,\nMeter No\.: (\d+)", sent[0]["text"])
    registers = meter.registers()
    check(found and int(found[1]) == int(registers["1.8.0"]["value"]) and int(found[2]) == 3450 and found[4] == "14839120", f"{sent}")
    modem.do(f"sms {FRIEND} =signal#")
    check(modem.wait_sent(2)[1]["text"] == "Signal: 16(0-31)", f"{modem.outbox()}")
    modem.do(f"sms {FRIEND} =IOSTATUS#")
    check(re.fullmatch(r"Relay1: [01] Relay2: [01]\nInput1: [01] Input2: [01]", modem.wait_sent(3)[2]["text"]), f"{modem.outbox()}")
    meter.post("/api/input", {"name": "cover", "on": True})
    alarm = modem.wait_sent(4)[3]
    check(alarm == {"number": FRIEND, "text": "Meter No.: 14839120,\nALARM: meter cover"}, f"{alarm}")
    meter.kill()
    # the set-up is in the module's memory, and so is what was told
    meter = Meter(*MAINS, *data, "--module", f"gsm,modem=tcp:{modem.line}")
    modem.do(f"sms {FRIEND} =SIGNAL#")
    check(modem.wait_sent(5)[4]["text"] == "Signal: 16(0-31)", f"{modem.outbox()}")
    time.sleep(11)
    check(len(modem.outbox()) == 5 and modem.status()["stored"] == 0, f"{modem.outbox()} {modem.status()}")
    meter.terminate()
    modem.stop()


def test_wrong_pin(folder):
    """A wrong PIN costs one try of the SIM, however often the meter starts."""
    modem = Modem("--pin", "4711", "--dialect", "ublox")
    data = ("--data", os.path.join(folder, "data"))
    for start in range(3):
        meter = Meter(*MAINS, *data, "--module", f"gsm,modem=tcp:{modem.line},pin=1111,dialect=ublox,allow=*")
        wait_until(lambda: modem.status()["pins_tried"] == 1, "a try")
        time.sleep(2.5)
        status = modem.status()
        check(status["pins_tried"] == 1 and status["pin_left"] == 2, f"start {start}: {status}")
        meter.kill()
    meter = Meter(*MAINS, *data, "--module", f"gsm,modem=tcp:{modem.line},pin=4711")
    modem.do(f"sms {FRIEND} =SIGNAL#")
    modem.wait_sent(1)
    meter.terminate()
    modem.stop()


def test_connection(dialect):
    """REQ(AMI-03): a head-end reads over KMP and DLMS through the module, and again after a drop."""
    modem, head_end = Modem("--dialect", dialect), HeadEnd()
    meter = Meter(*MAINS, "--module",
                  f"gsm,modem=tcp:{modem.line},dialect={dialect},apn=internet,server=127.0.0.1:{head_end.port},hello=on")
    wait_until(lambda: head_end.calls == 1, f"{dialect}: a call {modem.status()}")
    check(head_end.first == b"open382 14839120\r\n", f"{head_end.first}")
    for _ in range(2):
        read = tool(head_end.url("kmp+tcp"), "read", "1.7.0", "1.8.0")
        check(read["1.7.0"]["value"] == 3.45, f"{read}")
    modem.do("chop 3")
    modem.do("storm 30")
    read = tool(head_end.url("kmp+tcp"), "read", "1.7.0", "1.8.0")
    check(read["1.7.0"]["value"] == 3.45, f"{read}")
    modem.do("chop 0")
    objects = tool(head_end.url("hdlc+tcp"), "dlms", "objects")
    check(len(objects) > 3 and any(o["obis"] == "0-0:41.0.0.255" for o in objects), f"{objects}")
    check(head_end.calls == 1, f"{head_end.calls} calls")
    modem.do("drop")
    wait_until(lambda: head_end.calls == 2, f"{dialect}: a call after the drop {modem.status()}")
    check(tool(head_end.url("dlms"), "dlms", "objects") == objects, f"{objects}")
    modem.do(f"sms {STRANGER} =READ_METER#")
    time.sleep(1)
    check(modem.outbox() == [], f"{modem.outbox()}")
    meter.terminate()
    modem.stop()


def test_tool_listens():
    """metertool is the server: the meter calls it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    modem = Modem()
    listener = subprocess.Popen([TOOL, "-m", f"kmp+listen://127.0.0.1:{port}", "--timeout", "5000", "--json", "read", "1.7.0"],
                                stdout=subprocess.PIPE, text=True)
    meter = Meter(*MAINS, "--module", f"gsm,modem=tcp:{modem.line},server=127.0.0.1:{port},hello=on")
    out, _ = listener.communicate(timeout=60)
    check(listener.returncode == 0 and json.loads(out)["1.7.0"]["value"] == 3.45, f"{listener.returncode} {out}")
    meter.terminate()
    modem.stop()
    for url, text in ((f"kmp+listen://192.0.2.1:{port}", "cannot listen there"), ("mbus+listen://h:1", "expected")):
        done = subprocess.run([TOOL, "-m", url, "read"], capture_output=True, text=True, timeout=30)
        check(done.returncode in (1, 2) and text in done.stderr and done.stderr.count("\n") == 1, f"{url}: {done.returncode} {done.stderr}")


def test_process(folder):
    """module382 gsm on a pseudo-terminal, plugged into a running meter."""
    line = os.path.join(folder, "modem")
    modem = Modem(line=f"pty:{line}")
    meter = Meter(*MAINS, "--module-bus", "tcp:127.0.0.1:0")
    module = subprocess.Popen([os.path.join(sys.argv[1], "module382"), "gsm", "--bus", f"tcp:127.0.0.1:{meter.port('module-bus tcp')}", "--line",
                               f"serial:{line}", "--option", "allow=*", "--memory", os.path.join(folder, "memory")], stdout=subprocess.PIPE, text=True)
    check(module.stdout.readline() == f"gsm serial {line}\n" and "plugged" in module.stdout.readline(), "module382")
    modem.do(f"sms {STRANGER} =READ_METER#")
    text = modem.wait_sent(1)[0]["text"]
    check(text.endswith("Meter No.: 14839120"), text)
    module.terminate()
    check(module.wait(timeout=10) == 0, "module382 did not end well")
    meter.terminate()
    modem.stop()
    check(not os.path.lexists(line), "modem382 left its link behind")


def test_refused():
    for option, text in (("gsm,modem=udp:1", "modem=tcp:HOST:PORT"), ("gsm,pin=12", "4 to 8 digits"), ("gsm,colour=red", "expected pin, apn"),
                         ("gsm,options=/nowhere/at/all", "No such file"), ("gsm,options=", "options=FILE"), ("gsm,allow=x", "telephone numbers")):
        done = run("--headless", "--until", "1s", *MAINS, "--module", option)
        check(done.returncode in (1, 2) and text in done.stderr and done.stderr.count("\n") == 1, f"{option}: {done.returncode} {done.stderr}")


def main():
    test_refused()
    test_tool_listens()
    test_connection("simcom")
    test_connection("ublox")
    for test in (test_messages, test_wrong_pin, test_process):
        with tempfile.TemporaryDirectory() as folder:
            test(folder)
    print("gsm: good")


if __name__ == "__main__":
    main()
