"""metertool calibrate against meter382 with sensors and a reference source: figures, refusals, kills at any instant.

usage: test_calibrate.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BUILD, SOURCE = (sys.argv[1:3] + ["build/linux", "."])[:2]
sys.path.insert(0, os.path.join(SOURCE, "tests/system"))
from fake_meter import TcpMeter  # noqa: E402
from meter_process import Meter, kwh, status, wait_until  # noqa: E402

TOOL = os.path.join(BUILD, "metertool")
# A bench that waits by the wall clock would fail at either.
FAST, LESS_FAST = "1000", "300"
TRUE_KWH = 3 * 230 * 5 * 0.5 * 60 / 3.6e6
GOAL_PCT = 0.1


def start(folder, *arguments, seed="382", seal="open", speed=FAST):
    """A meter on a bench, its memory in a folder."""
    meter = Meter("--data", folder, "--front-end", seed, "--mains", "u=230,i=1", "--speed", speed, "--seal", seal,
                  "--optical", "tcp:127.0.0.1:0", "--source", "tcp:127.0.0.1:0", *arguments)
    meter.url = f"kmp+tcp://127.0.0.1:{meter.port('optical tcp')}"
    meter.source = f"tcp:127.0.0.1:{meter.port('source tcp')}"
    return meter


def minute(folder, seed="382"):
    """Error of a minute's energy at 5 A PF 0.5i, percent, as registers have it: apart from the tool."""
    done = status("--data", folder, "--front-end", seed, "--mains", "u=230,i=5,pf=0.5i", "--until", "1m")
    before = minute.stored.get(folder, 0.0)
    minute.stored[folder] = kwh(done)
    return ((kwh(done) - before) / TRUE_KWH - 1) * 100


minute.stored = {}


def metered(meter, folder):
    """What the registers have come to, so that minute() counts from here."""
    done = status("--data", folder, "--front-end", "382", "--mains", "u=230,i=0", "--until", "1s")
    minute.stored[folder] = kwh(done)
    return meter


class Proxy:
    """A source of another make: passes lines on to the meter's, `change` may answer a line itself."""

    def __init__(self, meter, change):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp:127.0.0.1:{self.listener.getsockname()[1]}"
        self.port, self.change = meter.port("source tcp"), change
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        client, _ = self.listener.accept()
        errors = []
        with client, socket.create_connection(("127.0.0.1", self.port)) as source:
            heard, said = client.makefile("r"), source.makefile("r")
            for line in heard:
                own = self.change(line.strip())
                if own is None:
                    break  # the cable is pulled
                if own != "":
                    errors.append(own)
                elif line.startswith("SYST:ERR?") and errors:
                    client.sendall((errors.pop(0) + "\n").encode())
                else:
                    source.sendall(line.encode())
                    if "?" in line:
                        client.sendall(said.readline().encode())
        self.listener.close()


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.data = os.path.join(self.folder.name, "memory")
        self.meters, self.tools = [], []

    def tearDown(self):
        for tool in self.tools:
            if tool.poll() is None:
                tool.kill()
            tool.communicate()
        for meter in self.meters:
            if meter.process.poll() is None:
                meter.kill()
            meter.process.stdout.close()
            meter.process.stderr.close()
        self.folder.cleanup()

    def start(self, *arguments, **more):
        meter = start(self.data, *arguments, **more)
        self.meters.append(meter)
        return meter

    def begin(self, meter, *arguments):
        """The tool, running."""
        tool = subprocess.Popen([TOOL, "-m", meter.url, "calibrate", "--source", meter.source, *arguments],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.tools.append(tool)
        return tool

    def ask(self, meter, *arguments, code=0):
        done = subprocess.run([TOOL, "-m", meter.url, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=120)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done

    def calibrate(self, meter, *arguments, code=0):
        return self.ask(meter, "calibrate", "--source", meter.source, *arguments, code=code)

    def shown(self, meter):
        return json.loads(self.ask(meter, "--json", "calibrate", "--show").stdout)

    def refused(self, done, *words):
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("metertool: "), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def until_point(self, tool, text):
        """Wait for the tool to begin a point."""
        for line in tool.stderr:
            if text in line:
                return
        self.fail(f"never came to {text}")


def worst(rows, key):
    return max(abs(error) for row in rows for error in row[key])


class Figures(Case):
    def test_short(self):
        """REQ(MET-06, MET-05): errors of percents before, below 0.1 % after, in the registers, too; a restart keeps it."""
        meter = self.start()
        before = self.shown(meter)
        self.assertFalse(before["calibrated"])
        self.assertTrue(before["seal_open"])
        report = os.path.join(self.folder.name, "report.txt")
        done = json.loads(self.calibrate(meter, "--json", "--yes", "--short", "--report", report).stdout)
        self.assertTrue(done["done"])
        self.assertEqual(done["written"], "yes")
        self.assertGreater(worst(done["verification"], "before_pct"), 0.3)
        self.assertLess(worst(done["verification"], "after_pct"), GOAL_PCT)
        with open(report, encoding="utf-8") as file:
            text = file.read()
        self.assertIn("Worst error: ", text)
        self.assertIn("Constants written", text)
        after = self.shown(meter)
        self.assertTrue(after["calibrated"])
        self.assertEqual(after["writes"], before["writes"] + 1)
        for shown, written in zip(after["systems"], done["constants_after"]):
            self.assertEqual({k: shown[k] for k in written}, written)
        changes = [e for e in after["trail"] if e["event"] == "constants replaced"]
        self.assertEqual(len(changes), 1)
        self.assertEqual(changes[0]["systems"], [1, 2, 3])
        self.assertTrue(changes[0]["applied"])
        self.assertNotEqual(changes[0]["old_crc"], changes[0]["new_crc"])
        self.assertIn("calibrated, seal open", self.ask(meter, "info").stdout)
        self.assertEqual(meter.terminate()[0], 0)
        metered(meter, self.data)
        self.assertLess(abs(minute(self.data)), GOAL_PCT)
        again = self.start(seal="closed")
        self.assertEqual(self.shown(again)["systems"], after["systems"])
        self.assertIn("calibrated, seal closed", self.ask(again, "info").stdout)

    def test_error_of_an_uncalibrated_meter_in_its_registers(self):
        """What test_short mends is there: the same meter, a minute, no constants."""
        self.assertGreater(abs(minute(self.data)), 0.3)

    def test_full_with_a_chamber_on_three_wires(self):
        """All points, two systems: drift and self-heating are found as well."""
        meter = self.start("--variant", "382M-aron", seed="385")
        done = json.loads(self.calibrate(meter, "--json", "--yes").stdout)
        self.assertTrue(done["chamber"])
        self.assertLess(worst(done["verification"], "after_pct"), GOAL_PCT)
        for found, constants in zip(done["found"], done["constants_after"]):
            self.assertGreater(found["heating_s"], 80)
            self.assertNotEqual(constants["power_drift"]["linear_q40"], 0)
            self.assertNotEqual(constants["clock_ppb"], 0)
            self.assertLess(found["residual_ppm"], 200)


class Refusals(Case):
    def test_sealed(self):
        """REQ(SEC-02): with the seal closed nothing is written, and that is said before anything is switched on."""
        meter = self.start(seal="closed")
        before = self.shown(meter)
        self.refused(self.calibrate(meter, "--yes", "--short", code=1), "the seal of this meter is closed")
        dry = self.calibrate(meter, "--dry-run", "--short")
        self.assertIn("Nothing was written", dry.stdout)
        self.assertIn("error of power", dry.stdout)
        self.assertEqual(self.shown(meter)["systems"], before["systems"])
        self.assertEqual(self.shown(meter)["writes"], before["writes"])

    def test_dry_run_with_the_seal_open(self):
        meter = self.start()
        before = self.shown(meter)
        done = json.loads(self.calibrate(meter, "--json", "--dry-run", "--short").stdout)
        self.assertEqual(done["written"], "no")
        self.assertNotIn("after_pct", done["verification"][0])
        self.assertEqual(self.shown(meter), before)

    def test_command_line(self):
        meter = self.start()
        self.refused(self.ask(meter, "calibrate", code=2), "no reference source")
        self.refused(self.ask(meter, "calibrate", "--source", "x", code=2), "expected tcp:HOST:PORT")
        self.refused(self.ask(meter, "calibrate", "now", code=2), "'now'")
        self.refused(self.calibrate(meter, "--csv", code=2), "--csv")
        self.refused(self.calibrate(meter, "--password", "70000", code=2), "--password")
        self.refused(self.calibrate(meter, "--report", "/no/such/folder/x", "--yes", code=2), "--report")
        asked = self.calibrate(meter, "--short", code=2)
        self.assertIn("expected --yes", asked.stderr)

    def test_wrong_password(self):
        """Known before anything is switched on; the meter keeps its constants."""
        meter = self.start()
        before = self.shown(meter)
        self.refused(self.calibrate(meter, "--yes", "--password", "1", code=1), "password")
        self.assertEqual(self.shown(meter)["systems"], before["systems"])

    def test_source_missing_busy_or_of_another_meter(self):
        meter = self.start()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.refused(self.ask(meter, "calibrate", "--yes", "--source", f"tcp:127.0.0.1:{port}", code=1),
                     "source 127.0.0.1", "refused")
        with socket.create_connection(("127.0.0.1", meter.port("source tcp"))) as other:
            other.sendall(b"*IDN?\n")
            other.recv(100)
            self.refused(self.calibrate(meter, "--yes", code=1), "-203")
        with TcpMeter() as fake:
            done = subprocess.run([TOOL, "-m", fake.url(), "-t", "150", "-r", "0", "calibrate", "--yes", "--source",
                                   meter.source], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1)
            self.refused(done, "expected an open382 meter")
        aron = start(os.path.join(self.folder.name, "aron"), "--variant", "382M-aron")
        self.meters.append(aron)
        done = self.ask(aron, "calibrate", "--yes", "--short", "--source", meter.source, code=1)
        self.assertIn("not the same meter", done.stderr)


class Terminal(Case):
    def answered(self, meter, answer, until):
        """The tool on a terminal: say `answer` when asked, Ctrl-C when `until` is shown; exit code and all output."""
        child, line = pty.fork()
        if child == 0:
            os.execv(TOOL, [TOOL, "-m", meter.url, "calibrate", "--source", meter.source])
        shown = b""
        while True:
            try:
                piece = os.read(line, 4096)
            except OSError:  # the other end is gone
                break
            shown += piece
            if answer and b"[y/N]" in shown:
                os.write(line, answer)
                answer = b""
            if until and until in shown:
                os.write(line, b"\x03")
                until = b""
        os.close(line)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()

    def test_asks_and_shows_how_far_it_is(self):
        meter = self.start(speed=LESS_FAST)
        before = self.shown(meter)
        code, shown = self.answered(meter, b"n\n", b"")
        self.assertEqual(code, 0)
        self.assertIn("100 A until warm", shown)
        self.assertIn("Nothing was done.", shown)
        code, shown = self.answered(meter, b"y\n", b"[#")
        self.assertEqual(code, 130, shown)
        self.assertIn("The meter has its old constants.", shown)
        self.assertEqual(self.shown(meter)["systems"], before["systems"])


class Sources(Case):
    def through(self, meter, change, *arguments, code=0):
        proxy = Proxy(meter, change)
        return self.ask(meter, "--json", "calibrate", "--yes", "--short", "--source", proxy.url, *arguments, code=code)

    def test_without_chamber(self):
        """A source that has none says -241: the points at other temperatures are left out."""
        meter = self.start(speed=LESS_FAST)
        done = self.through(meter, lambda line: '-241,"Hardware missing"' if line.startswith("CHAM") else "")
        told = json.loads(done.stdout)
        self.assertFalse(told["chamber"])
        self.assertLess(worst(told["verification"], "after_pct"), GOAL_PCT)

    def test_refuses_lies_or_hangs_up(self):
        """One line that says what the source did; the meter keeps its constants."""
        meter = self.start(speed=LESS_FAST)
        before = self.shown(meter)
        refuses = self.through(meter, lambda line: '-222,"Data out of range; CURR1"' if line == "CURR1 10" else "",
                               code=1)
        self.assertIn("it refuses: -222", refuses.stderr)
        count = []

        def gone(line):
            count.append(line)
            return None if len(count) > 150 else ""
        left = self.through(meter, gone, code=1)
        self.assertIn("line broken", left.stderr)
        self.assertIn("check that it runs there", left.stderr)
        self.assertEqual(self.shown(meter)["systems"], before["systems"])


class Kills(Case):
    def untouched(self, meter, before):
        now = self.shown(meter)
        self.assertEqual(now["systems"], before["systems"])
        self.assertEqual(now["writes"], before["writes"])

    def mains_is_back(self, meter):
        """The source has let go: 1 A a phase again, not 10."""
        def back():
            read = json.loads(self.ask(meter, "--json", "read", "31.7.0").stdout)
            return abs(read["31.7.0"]["value"] - 1) < 0.2
        wait_until(back, "the mains")

    def test_tool_stopped(self):
        """Ctrl-C and kill -9 of the tool: the old constants, and the mains."""
        meter = self.start()
        before = self.shown(meter)
        for number, code in ((signal.SIGINT, 130), (signal.SIGKILL, -9)):
            tool = self.begin(meter, "--yes")
            self.until_point(tool, "100 A until")
            tool.send_signal(number)
            out, err = tool.communicate(timeout=60)
            self.assertEqual(tool.returncode, code, err)
            if number != signal.SIGKILL:
                self.assertIn("stopped", err)
                self.assertIn("The meter has its old constants.", out)
            self.untouched(meter, before)
            self.mains_is_back(meter)

    def test_meter_killed(self):
        """kill -9 of the meter while points are measured: one line, and the old constants."""
        meter = self.start()
        before = self.shown(meter)
        tool = self.begin(meter, "--yes")
        self.until_point(tool, "100 A until")
        meter.kill()
        _, err = tool.communicate(timeout=60)
        self.assertEqual(tool.returncode, 1, err)
        self.assertIn('ended at "100 A until warm"', err)
        self.untouched(self.start(), before)

    def test_meter_killed_about_the_commit(self):
        """REQ(MET-06): killed at any instant about the write the meter has all old constants or all new ones."""
        ends = set()
        for delay_ms in (0, 2, 20):
            self.data = os.path.join(self.folder.name, f"memory{delay_ms}")
            meter = self.start(speed=LESS_FAST)
            before = self.shown(meter)
            tool = self.begin(meter, "--yes", "--short", "--json")
            self.until_point(tool, "writing the constants")
            time.sleep(delay_ms / 1000)
            meter.kill()
            out, err = tool.communicate(timeout=60)
            told = json.loads(out)
            self.assertFalse(told["done"], err)
            now = self.shown(self.start())
            changes = [e for e in now["trail"] if e["event"] == "constants replaced" and e["applied"]]
            new = [{k: s[k] for k in told["constants_after"][0]} for s in now["systems"]] if told["constants_after"] \
                else None
            is_old = now["systems"] == before["systems"]
            self.assertEqual(len(changes), 0 if is_old else 1, now["trail"])
            if not is_old:
                self.assertTrue(all(s["calibrated"] for s in now["systems"]))
                self.assertTrue(new is None or new == told["constants_after"])
            if told["written"] != "unknown":
                self.assertEqual(told["written"], "no" if is_old else "yes")
            ends.add(is_old)
        self.assertTrue(ends)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
