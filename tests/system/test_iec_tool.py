"""metertool in the programming mode of IEC 62056-21: against a running meter382, and against a
meter that answers ill.

usage: test_iec_tool.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

BUILD, SOURCE = (sys.argv[1:3] + ["build/linux", "."])[:2]
sys.argv = [sys.argv[0], BUILD, SOURCE]
sys.path.insert(0, os.path.join(SOURCE, "tests/system"))
from meter_process import Meter, wait_until  # noqa: E402

ZONE = {"TZ": "CET-1CEST,M3.5.0,M10.5.0/3"}


def run(*arguments, env=None):
    done = subprocess.run([os.path.join(BUILD, "metertool"), *arguments], capture_output=True,
                          text=True, timeout=120, env={**os.environ, **ZONE, **(env or {})})
    return done.returncode, done.stdout, done.stderr


class Case(unittest.TestCase):
    def good(self, *arguments, **more):
        code, out, err = run(*arguments, **more)
        self.assertEqual((code, err), (0, ""), (arguments, out))
        return out

    def bad(self, expected_code, *arguments, words=(), **more):
        code, out, err = run(*arguments, **more)
        self.assertEqual(code, expected_code, (arguments, out, err))
        self.assertEqual(err.count("\n"), 1, err)
        for word in words:
            self.assertIn(word, err)
        return out


class Running(Case):
    variant = "382M"
    optical = "tcp:127.0.0.1:0"
    speed = "1"
    more = ()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        path = self.optical.replace("FOLDER", self.folder.name)
        self.meter = Meter("--variant", self.variant, "--serial", "12345678", "--mains", "u=230,i=5,pf=1",
                           "--speed", self.speed, "--data", os.path.join(self.folder.name, "data"),
                           "--optical", path, *self.more)
        path = path.partition(":")[2].partition(",")[0]
        tail = ":" + path if self.optical.startswith("pty") else \
            "+tcp://127.0.0.1:%d" % self.meter.port("optical tcp")
        self.iec, self.kmp = "iec" + tail, "kmp" + tail
        wait_until(lambda: json.loads(self.good("-m", self.kmp, "-j", "read", "U-L1"))["32.7.0"]["value"] > 0,
                   "the first second")

    def tearDown(self):
        self.meter.kill()
        self.meter.process.stdout.close()
        self.meter.process.stderr.close()
        self.folder.cleanup()


class MeterM(Running):
    # REQ(TOO-02, OPT-01): registers beyond the read-out are asked for by themselves
    def test_single_registers(self):
        values = json.loads(self.good("-m", self.iec, "-j", "read", "1.8.0", "U", "0.0.1"))
        self.assertEqual([values[c]["value"] for c in ("32.7.0", "52.7.0", "72.7.0")], [230] * 3)
        self.assertEqual(list(values), ["1.8.0", "32.7.0", "52.7.0", "72.7.0", "0.0.1"])
        values = json.loads(self.good("-m", self.iec, "-p", "0000", "-j", "read", "14.7.0", "1.0.0"))
        self.assertEqual(values["14.7.0"]["unit"], "Hz")
        self.assertRegex(values["1.0.0"]["value"], r"^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d")
        self.bad(3, "-m", self.iec, "-p", "0", "read", "9.9.9", words=("9.9.9",))

    # REQ(SEC-06): by option, environment or a file that is one's own
    def test_passwords(self):
        self.good("-m", self.kmp, "config", "set", "password=4711", "--yes")
        self.bad(1, "-m", self.iec, "read", "32.7.0", words=("password",))
        path = os.path.join(self.folder.name, "password")
        with open(path, "w") as file:
            file.write("4711\n")
        os.chmod(path, 0o644)
        self.bad(2, "-m", self.iec, "--password-file", path, "read", "32.7.0", words=("chmod 600", path))
        os.chmod(path, 0o600)
        for how in (["--password-file", path], ["-p", "04711"]):
            self.assertIn("230", self.good("-m", self.iec, *how, "read", "32.7.0"))
        self.assertIn("230", self.good("-m", self.iec, "read", "32.7.0", env={"METERTOOL_PASSWORD": "4711"}))
        self.good("-m", self.kmp, "--password-file", path, "config", "set", "password=0", "--yes")
        self.bad(2, "-m", self.iec, "--password-file", path + "x", "read", words=(path + "x",))
        self.bad(2, "-m", self.iec, "-p", "1)(2", "read", words=("brackets",))
        self.bad(2, "-m", self.kmp, "-p", "word", "read", words=("65535",))
        self.bad(1, "-m", self.iec, "-p", "word", "read", "32.7.0", words=("password",))
        with open(path, "w") as file:
            file.write("\n")
        self.bad(2, "-m", self.iec, "--password-file", path, "read", words=("first line",))

    # REQ(TOO-02): the meter's local time, in winter and in summer
    def test_clock(self):
        for text, summer in (("2026-02-01T12:00:00", False), ("2026-07-01T12:00:00", True)):
            self.assertIn("set, read back", self.good("-m", self.iec, "clock", "set", text, "--yes"))
            over = [json.loads(self.good("-m", url, "-j", "clock")) for url in (self.iec, self.kmp)]
            for one in over:
                self.assertEqual((one["valid"], one["summer"], one["local"][:16]),
                                 (True, summer, text.replace("T", " ")[:16]))
            self.assertLess(abs(over[0]["ahead_s"] - over[1]["ahead_s"]), 1.5)
        self.assertIn("read back", self.good("-m", self.iec, "clock", "sync", "--yes"))
        self.assertLess(abs(json.loads(self.good("-m", self.kmp, "-j", "clock"))["ahead_s"]), 1.0)
        self.bad(2, "-m", self.iec, "clock", "trim", words=("KMP",))

    # REQ(TOO-02, TAR-07): test mode and tariff by command
    def test_test_mode_and_tariff(self):
        self.assertIn("A+", self.good("-m", self.iec, "testmode"))
        self.assertIn("R+", self.good("-m", self.iec, "testmode", "R+"))
        self.assertEqual(json.loads(self.good("-m", self.kmp, "-j", "read", "96.5.1"))["96.5.1"]["value"], 4)
        self.good("-m", self.iec, "testmode", "off")
        self.assertEqual(json.loads(self.good("-m", self.kmp, "-j", "read", "96.5.1"))["96.5.1"]["value"], 1)
        self.good("-m", self.iec, "tariff", "force", "T2")
        self.assertEqual(json.loads(self.good("-m", self.iec, "-j", "read", "129.0.0"))["129.0.0"]["value"], "2")
        self.good("-m", self.iec, "tariff", "release")
        self.assertEqual(json.loads(self.good("-m", self.kmp, "-j", "read", "129.0.0"))["129.0.0"]["value"], 1)
        self.bad(2, "-m", self.iec, "tariff", "force", "T2", "10", words=("minutes",))
        self.bad(1, "-m", self.iec, "tariff", "get", words=("KMP",))

    # REQ(CFG-10, OPT-01)
    def test_settings(self):
        def show(*names):
            return json.loads(self.good("-m", self.iec, "-j", "config", "show", *names))
        before = show()
        self.assertEqual(len(before), 17)
        self.assertEqual((before["iec-ti"], before["iec-modes-optical"]), ("90 s", "A and C"))
        out = self.good("-m", self.iec, "config", "set", "iec-ti=60", "iec-d0-speed-module=9600 baud", "--yes")
        self.assertIn("settings.iec-ti: 90 s -> 60 s\n", out)
        self.assertIn("2 changes are in the meter, read back", out)
        self.assertEqual(show("iec-ti", "iec-d0-speed-module"), {"iec-ti": "60 s", "iec-d0-speed-module": "9600 baud"})
        self.assertIn("Nothing to change", self.good("-m", self.iec, "config", "set", "iec-ti=60"))
        kmp = json.loads(self.good("-m", self.kmp, "-j", "config", "show", "iec-ti"))
        self.assertEqual(str(kmp["settings"]["iec-ti"]).split()[0], "60")
        for wrong, word in (("iec-ti=4", "5 to 240"), ("time-zone=UTC", "KMP"), ("iec-ti", "NAME=VALUE"),
                            ("nothing=1", "nothing=1"), ("iec-readout=1.8.0,nine", "nine"), ("iec-readout=", "1 to 40")):
            self.bad(2, "-m", self.iec, "config", "set", "iec-tr=2000", wrong, "--yes", words=(word,))
        self.assertEqual(show("iec-tr"), {"iec-tr": "1500 ms"})
        self.bad(2, "-m", self.iec, "config", "show", "time-zone", words=("KMP",))
        self.bad(2, "-m", self.iec, "config", "set", "iec-ti=61", words=("--yes",))
        self.bad(1, "-m", self.iec, "config", "save", "-", words=("KMP",))

    # REQ(OPT-01): 131.0.17, and the audit log of the meter
    def test_the_list_read_out(self):
        self.good("-m", self.iec, "config", "set", "iec-readout=1.8.0,32.7.0,1.0.0", "--yes")
        self.assertEqual(list(json.loads(self.good("-m", self.iec, "-j", "read"))), ["1.8.0", "32.7.0", "1.0.0"])
        self.good("-m", self.iec, "config", "set", "iec-readout=delivered", "--yes")
        self.assertEqual(len(json.loads(self.good("-m", self.iec, "-j", "read"))), 27)
        audit = self.good("-m", self.kmp, "events", "audit").splitlines()
        self.assertIn("IEC read-out list: as delivered -> 3 readings; optical eye", audit[0])
        self.assertIn("IEC read-out list: 3 readings -> as delivered; optical eye", audit[1])


class Profile(Running):
    speed = "20000"

    # REQ(LPR-01, TOO-02): the same records as over KMP, in blocks; a file goes on where it ends
    def test_profile(self):
        def kmp():
            return json.loads(self.good("-m", self.kmp, "-j", "profile"))
        wait_until(lambda: len(kmp()) > 20, "twenty quarters of an hour")
        first = kmp()
        iec = json.loads(self.good("-m", self.iec, "-j", "profile"))
        self.assertGreaterEqual(len(iec), len(first))
        for a, b in zip(first, iec):
            self.assertEqual([a[k] for k in ("time", "clock_valid", "status", "quality")],
                             [b[k] for k in ("time", "clock_valid", "status", "quality")])
            self.assertEqual(int(a["1.8.0"]), b["1.8.0"])
        middle = first[7]["time"].replace(" ", "T")
        some = self.good("-m", self.iec, "--csv", "profile", "--from", middle, "--to", first[15]["time"].replace(" ", "T"))
        rows = some.splitlines()
        self.assertEqual(rows[0], "time,clock_valid,status,quality,1.8.0,2.8.0,3.8.0,4.8.0")
        self.assertEqual([r.split(",")[0] for r in rows[1:]], [r["time"] for r in first[7:16]])
        path = os.path.join(self.folder.name, "profile.csv")
        self.good("-m", self.iec, "profile", "--output", path, "--to", middle)
        with open(path, "a") as file:
            file.write("2026-")  # an export that was broken off
        self.good("-m", self.iec, "profile", "--output", path)
        with open(path) as file:
            times = [line.split(",")[0] for line in file.read().splitlines()[1:]]
        self.assertEqual(times[:len(first)], [r["time"] for r in first])
        self.assertEqual(len(times), len(set(times)))
        self.bad(2, "-m", self.kmp, "profile", "--output", path, words=("columns",))
        with open(path, "w") as file:
            file.write("time,clock_valid,status,quality,1.8.0,2.8.0,3.8.0,4.8.0\n%s,1,0,0,9,9,9,9\n" % first[3]["time"])
        self.bad(2, "-m", self.iec, "profile", "--output", path, words=("not the meter's",))
        self.bad(2, "-m", self.iec, "profile", "--from", "yesterday", words=("--from",))


    # REQ(BIL-02, EVT-06, SEC-08): the other logs, the same as over KMP
    def test_other_logs(self):
        def both(*command):
            over = [json.loads(self.good("-m", url, "-j", *command)) for url in (self.iec, self.kmp)]
            for one in over[1]:
                del one["id"]
            return over
        for text in ("2026-02-01T12:00", "2026-07-01T12:00"):  # at this speed it runs on while it is set
            run("-m", self.kmp, "clock", "set", text, "--yes")
            self.good("-m", self.kmp, "debit")
        for log in ("status", "clock", "voltage", "neutral", "load-profile", "audit"):
            iec, kmp = both("events", log)
            self.assertEqual(iec, kmp)
        self.assertEqual(len(both("events", "clock")[0]), 2)
        iec, kmp = both("billing")
        self.assertGreaterEqual(len(iec), 2)  # the 1st of a month may come by itself
        for a, b in zip(iec, kmp):
            self.assertEqual(set(a), set(b) | {"96.8.0"})
            for key in ("time", "0.1.0", "1.6.0", "1.6.0 time", "1.6.1 time", "1.8.1"):
                self.assertEqual(a[key], b[key], key)
        # A day takes four seconds here: the second reading may find one more.
        once, again = (json.loads(self.good("-m", self.iec, "-j", "billing", "2")) for _ in range(2))
        self.assertGreaterEqual(len(once), 1)
        self.assertEqual(again[:len(once)], once)
        self.assertEqual(json.loads(self.good("-m", self.iec, "-j", "analysis", "export")), [])
        self.bad(2, "-m", self.iec, "events", words=("KMP",))
        self.bad(2, "-m", self.iec, "events", "status", "new", words=("KMP",))
        self.bad(2, "-m", self.iec, "analysis", "start", words=("KMP",))


class BehindAnOpticalHead(Running):
    """A real line's speed and the head's echo."""
    optical = "pty:FOLDER/optical,timing=on,echo=on"

    def test_commands_and_a_change_of_speed(self):
        url = self.iec + "?speed=9600"
        values = json.loads(self.good("-m", url, "-p", "0", "-j", "read", "32.7.0", "1.8.0"))
        self.assertEqual(values["32.7.0"]["value"], 230)
        self.good("-m", url, "config", "set", "iec-ti=60", "--yes")
        self.assertEqual(json.loads(self.good("-m", self.kmp, "-j", "read", "131.0.16"))["131.0.16"]["value"], 60)


class MeterC(Running):
    variant = "382C"

    def test_a_generation_without_it_is_told_by_its_identification(self):
        for command in (["clock"], ["profile"], ["config", "show"], ["-p", "0", "read", "1.8.0"]):
            self.bad(1, "-m", self.iec, *command, words=("KAM 684", "no programming mode", "KMP"))
        self.assertIn("kWh", self.good("-m", self.iec, "read", "1.8.0"))
        self.bad(3, "-m", self.iec, "read", "32.7.0", words=("Voltage L1",))


class Consumer(Running):
    optical = "tcp:127.0.0.1:0,channel=consumer"

    # REQ(CCC-04)
    def test_no_way_in(self):
        self.bad(1, "-m", self.iec, "config", "show", words=("password",))
        self.assertIn("kWh", self.good("-m", self.iec, "read", "1.8.0"))


def message(text):
    """What a meter sends: '<' STX, '>' ETX, '|' EOT behind which the check goes."""
    data = text.replace("<", "\x02").replace(">", "\x03").replace("|", "\x04").encode()
    check = 0
    for byte in data[1:]:
        check ^= byte
    return data + bytes([check])


HEADER = "<99.1.0(4)(1.0.0)()(96.56.2)()(96.56.3)()(1.8.0)(kWh)\r\n"
RECORD = "(01260101010000)(0)(0)(0000500)\r\n"


class IllMeter:
    """Takes one connection after the other; `answer(command)` gives the bytes for a command's text."""

    def __init__(self, answer, echo=False, ident="/KAM5 68431BM423010\r\n"):
        self.answer, self.echo, self.ident = answer, echo, ident
        self.heard = []

    def __enter__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def url(self):
        return "iec+tcp://127.0.0.1:%d" % self.server.getsockname()[1]

    def accept(self):
        while True:
            try:
                peer, _ = self.server.accept()
                self.serve(peer)
            except OSError:
                return

    def piece(self, peer):
        """One message: a line, a block with its check, or a lone ACK or NAK."""
        got = b""
        while True:
            byte = peer.recv(1)
            if not byte:
                return None
            if self.echo:
                peer.sendall(byte)
            got += byte
            if got[:1] in (b"/", b"\x06") and (got.endswith(b"\n") or (got == b"\x06" and self.open)):
                return got
            if got == b"\x15" or (got[:1] == b"\x01" and b"\x03" in got[:-1]):
                return got

    def serve(self, peer):
        self.open = False
        with peer:
            while True:
                got = self.piece(peer)
                if got is None:
                    return
                if got[:1] == b"/":
                    peer.sendall(self.ident.encode())
                elif got[:1] == b"\x06" and len(got) == 6:
                    self.open = True
                    peer.sendall(message("\x01P0<()>"))
                elif got[1:3] == b"P1":
                    peer.sendall(b"\x06")
                else:
                    text = {b"\x06": "ACK", b"\x15": "NAK"}.get(got, got[1:-2].decode().replace("\x02", " "))
                    self.heard.append(text)
                    peer.sendall(self.answer(text))

    def __exit__(self, *_):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()


def in_turn(*answers):
    rest = list(answers)
    return lambda command: rest.pop(0) if rest else b""


FAST = ("--timeout", "300", "--retries", "1")


class Ill(Case):
    def test_damage_is_asked_for_again(self):
        good = message("<32.7.0(230*V)>")
        for first in (good[:-1] + b"\x00", good[:5], b"\x15", b""):
            for echo in (False, True):
                with IllMeter(in_turn(first, good), echo) as meter:
                    out = self.good("-m", meter.url(), *FAST, "-p", "0", "read", "32.7.0")
                self.assertIn("230", out)
                self.assertEqual(meter.heard[1], "NAK" if first and first != b"\x15" else "R1 32.7.0()")

    def test_blocks_in_parts_with_damage_between(self):
        part = message("<" + RECORD + "|")
        with IllMeter(in_turn(message(HEADER + RECORD + "|"), part[:-1] + b"\x01", part, message("<" + RECORD + ">"))) as meter:
            rows = self.good("-m", meter.url(), *FAST, "--csv", "profile").splitlines()
        self.assertEqual(meter.heard[1:4], ["ACK", "NAK", "ACK"])
        self.assertEqual(rows[1:], ["2026-01-01 01:00:00,1,0,0,0000500"] * 3)

    def test_an_acknowledgement_is_not_sent_twice(self):
        with IllMeter(in_turn(message(HEADER + RECORD + "|"))) as meter:
            self.bad(1, "-m", meter.url(), *FAST, "--csv", "profile", words=("no answer",))
        self.assertEqual(meter.heard.count("ACK"), 1)

    def test_a_write_is_not_sent_twice(self):
        with IllMeter(in_turn(message("<131.0.16(90)>"))) as meter:
            out = run("-m", meter.url(), *FAST, "config", "set", "iec-ti=60", "--yes")
        self.assertEqual((out[0], meter.heard.count("W1 131.0.16(60)")), (1, 1))
        self.assertIn("0 of 1 changes are in the meter", out[2])

    def test_what_is_read_back_is_compared(self):
        with IllMeter(in_turn(message("<131.0.16(90)>"), b"\x06", message("<131.0.16(90)>"))) as meter:
            out = run("-m", meter.url(), *FAST, "config", "set", "iec-ti=60", "--yes")
        self.assertEqual(out[0], 1)
        self.assertIn("something else is read back", out[2])

    def test_nonsense(self):
        for answer, words in ((message("<9.9.9(1)>"), ("not understood",)),
                              (message("<((((>"), ("not understood",)),
                              (message("\x01" + "B0>"), ("ends the dialogue",)),
                              (message("\x01" + "X9>"), ("damaged",)),
                              (b"\x02" + b"A" * 5000, ("damaged",)),
                              (b"", ("no answer to R1 32.7.0()",))):
            with IllMeter(lambda command, answer=answer: answer) as meter:
                self.bad(1, "-m", meter.url(), *FAST, "-p", "0", "read", "32.7.0", words=words)
        for answer, words in ((message("<ER command>"), ("does not give", "ER command")),):
            with IllMeter(in_turn(answer)) as meter:
                self.bad(3, "-m", meter.url(), *FAST, "profile", words=words)
        for block in ("<>", "<99.1.0>", "<99.1.0(9)(1.0.0)()>", "<99.1.0(2)(1.8.0)(kWh)(1.0.0)()>",
                      "<99.1.0(99999999999)(1.0.0)()>", HEADER + "(1)(2)>", HEADER + "(01261301010000)(0)(0)(1)>",
                      HEADER + "(01260101010000)(0)>", HEADER + "hello>"):
            with IllMeter(in_turn(message(block))) as meter:
                out = self.bad(1, "-m", meter.url(), *FAST, "profile", words=("expected", "found"))
            self.assertNotIn("\x1b", out)
        with IllMeter(in_turn(message("<1.0.0(hello)>"))) as meter:
            self.bad(1, "-m", meter.url(), *FAST, "clock", words=("expected a time", "hello"))
        with IllMeter(in_turn(message("<131.0.1(7)>"))) as meter:
            self.bad(1, "-m", meter.url(), *FAST, "config", "show", words=("131.0.1", "'7'"))

    def test_a_meter_that_only_reads_out(self):
        with IllMeter(in_turn()) as meter:
            meter.ident = "/KAM5 68431BM423010\r\n"
            url = meter.url() + "?speed=9600"
            meter.serve = lambda peer: [peer.recv(64), peer.sendall(meter.ident.encode()), peer.recv(64),
                                        peer.sendall(message("<1.8.0(1*kWh)\r\n!\r\n>")), peer.recv(64)]
            self.bad(1, "-m", url, *FAST, "clock", words=("131.0.10",))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
