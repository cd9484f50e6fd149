"""metertool against a meter made of published frames, on TCP and a pseudo terminal, well and ill.

usage: test_metertool_fake.py BUILD_DIR SOURCE_DIR
"""
import csv
import fcntl
import io
import json
import os
import socket
import subprocess
import sys
import termios
import unittest

BUILD, SOURCE = (sys.argv[1:3] + ["build/linux", "."])[:2]
sys.path.insert(0, os.path.join(SOURCE, "tests/system"))
from fake_meter import PtyMeter, TcpMeter  # noqa: E402


def run(*arguments, env=None, timeout=60):
    """metertool's exit code, output, errors."""
    done = subprocess.run([os.path.join(BUILD, "metertool"), *arguments], capture_output=True,
                          text=True, timeout=timeout, env={**os.environ, **(env or {})})
    return done.returncode, done.stdout, done.stderr


FAST = ("--timeout", "150", "--retries", "1")  # where no good answer is to come
PATIENT = ("--timeout", "1000", "--retries", "0")  # where one is to come that is not good
PATIENT = ("--timeout", "2000", "--retries", "1")  # where one is, even from a busy machine


class Case(unittest.TestCase):
    def good(self, *arguments, **more):
        code, out, err = run(*arguments, **more)
        self.assertEqual(code, 0, err)
        self.assertEqual(err, "")
        return out

    def bad(self, expected_code, *arguments):
        code, out, err = run(*arguments)
        self.assertEqual(code, expected_code, (out, err))
        self.assertTrue(err.startswith("metertool: "), err)
        return err

    def one_line(self, err, *words):
        self.assertEqual(err.count("\n"), 1, err)
        for word in words:
            self.assertIn(word, err)


class Kmp(Case):
    def test_reads_by_code_obis_name_label_and_id(self):
        with TcpMeter() as meter:
            url = meter.url()
            for words in (["1.8.0"], ["1-1:1.8.0.255"], ["1-0:1.8.0*255"], ["Active energy A+"],
                          ["a+"], ["0x1"], ["0x0001"], ["1"]):
                out = self.good("-m", url, "--json", "read", *words)
                values = json.loads(out)
                self.assertEqual(list(values), ["1.8.0"])
                self.assertEqual(values["1.8.0"]["value"], 6753)
                self.assertEqual(values["1.8.0"]["unit"], "kWh")
            values = json.loads(self.good("-m", url, "-j", "read", "U"))
            self.assertEqual([v["value"] for v in values.values()], [229, 228, 230])
            values = json.loads(self.good("-m", url, "-j", "read", "u-l2"))
            self.assertEqual([v["value"] for v in values.values()], [228])
            values = json.loads(self.good("-m", url, "-j", "read", "voltage"))
            self.assertEqual(len(values), 3)

    def test_table_is_aligned_and_has_units(self):
        with TcpMeter() as meter:
            lines = self.good("-m", meter.url(), "read", "1.8.0", "0x0D", "31.7.0").splitlines()
        self.assertEqual(lines[0].split(), ["OBIS", "KMP", "Name", "Value", "Unit"])
        self.assertIn("6753.3242  kWh", lines[2])
        self.assertIn("5.41  A", lines[3])
        self.assertEqual(lines[1].rindex("kWh"), lines[2].rindex("kWh"))

    def test_asks_no_more_than_eight_at_a_time_in_the_order_named(self):
        with TcpMeter() as meter:
            words = ["0x%X" % i for i in (0x41E, 1, 0x420, 13, 0x41F, 0x434, 0x435, 0x436, 0x3FF,
                                          0x3E9)]
            out = self.good("-m", meter.url(), "--csv", "read", *words)
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual([int(row["kmp_id"], 16) for row in rows], [int(w, 16) for w in words])
        self.assertEqual([len(ids) for ids in meter.requests], [8, 2])

    def test_sixty_four_bits_survive_json(self):
        with TcpMeter() as meter:
            value = json.loads(self.good("-m", meter.url(), "-j", "read", "0x7002"))["0x7002"]
        self.assertEqual(value["value"], 2 ** 63 - 1)
        self.assertEqual(value["mantissa"], 2 ** 63 - 1)

    def test_register_that_is_in_no_table(self):
        with TcpMeter() as meter:
            out = self.good("-m", meter.url(), "read", "0x7001")
            self.assertIn("Hello", out)

    def test_register_unknown_to_the_meter_is_exit_3_but_the_rest_is_shown(self):
        with TcpMeter("missing") as meter:
            code, out, err = run("-m", meter.url(), "read", "0x415", "1.8.0", "31.7.0")
        self.assertEqual(code, 3)
        self.assertIn("6753", out)
        self.assertEqual(err.splitlines(),
                         ["metertool: the meter does not have register 0x0415",
                          "metertool: the meter does not have register 0x0434 (Current L1)"])

    def test_meter_that_has_nothing_we_ask_for(self):
        with TcpMeter("empty") as meter:
            for command in ("read", "dump", "watch"):
                self.one_line(self.bad(3, "-m", meter.url(), command), "none of the registers")
            self.assertIn("382M", self.good("-m", meter.url(), "info"))

    def test_usual_registers_need_not_all_be_there(self):
        with TcpMeter("missing") as meter:
            out = self.good("-m", meter.url(), "read")
        self.assertIn("Voltage L3", out)
        self.assertNotIn("Current L1", out)

    def test_info(self):
        with TcpMeter() as meter:
            out = self.good("-m", meter.url(), "info")
            self.assertIn("382Mx2-9 (68 00)", out)
            self.assertIn("Z1", out)
            self.assertIn("12345678", out)
            self.assertIn("2024-06-20 14:30:05", out)
            info = json.loads(self.good("-m", meter.url(), "--json", "info"))
            self.assertEqual(info["type"], "382Mx2-9 (68 00)")
        with TcpMeter("no-type") as meter:
            out = self.good("-m", meter.url(), *PATIENT, "info")
            self.assertIn("12345678", out)
            self.assertNotIn("382M", out)

    def test_dump_has_all_that_answers(self):
        with TcpMeter() as meter:
            values = json.loads(self.good("-m", meter.url(), "dump", "--json"))
            self.assertEqual(values["1.8.0*128"]["value"], 6753.3242)
            self.assertEqual(values["0.9.1"]["value"], "14:56:21")
            self.assertEqual(len(values), 13)
            rows = list(csv.reader(io.StringIO(self.good("-m", meter.url(), "dump", "--csv"))))
            self.assertEqual(len(rows), 14)
            self.assertEqual(len(self.good("-m", meter.url(), "dump").splitlines()), 14)

    def test_watch_without_a_terminal_prints_plain_lines(self):
        with TcpMeter("missing") as meter:
            out = self.good("-m", meter.url(), "watch", "-n", "3", "-i", "0.05")
            lines = out.splitlines()
            self.assertEqual(len(lines), 3)
            self.assertIn("1.8.0 6753 kWh", lines[2])
            self.assertNotIn("\033", out)
            out = self.good("-m", meter.url(), "watch", "-n", "2", "-i", "0", "-c", "1.8.0")
            self.assertEqual(out.splitlines()[0], "time,1.8.0 kWh")
            out = self.good("-m", meter.url(), "watch", "-n", "2", "-i", "0", "-j", "1.8.0")
            self.assertEqual(json.loads(out.splitlines()[1])["1.8.0"]["value"], 6753)
            self.bad(3, "-m", meter.url(), "watch", "31.7.0")

    def test_watch_on_a_terminal_highlights_what_changed(self):
        with TcpMeter("counting") as meter:
            master, slave = os.openpty()
            done = subprocess.run([os.path.join(BUILD, "metertool"), "-m", meter.url(), "watch", "-n",
                                   "2", "-i", "0.05", "1.8.0", "32.7.0"], stdout=slave, timeout=20)
            page = os.read(master, 100000).decode()
            os.close(master)
            os.close(slave)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(page.count("\033[2J"), 1)
        self.assertEqual(page.count("\033[1;7m"), 1, page)
        self.assertIn("6755\033[0m  kWh", page)

    def test_pseudo_terminal_with_the_echo_of_an_optical_head(self):
        for mode in ([], ["echo"], ["echo", "strays"]):
            with PtyMeter(*mode) as meter:
                out = self.good("-m", meter.url(), "--json", "read", "0x0D", "0x434")
                self.assertEqual(json.loads(out)["1.8.0*128"]["value"], 6753.3242)

    def test_the_test_mode_is_written_and_read_back(self):
        for mode in ([], ["echo"], ["echo", "slow"]):
            with PtyMeter(*mode) as meter:
                self.assertEqual(self.good("-m", meter.url(), "testmode"), "normal: the LED shows A+\n")
                for word, state in (("on", 2), ("a-", 3), ("R+", 4), ("R-", 5), ("off", 1)):
                    self.good("-m", meter.url(), "testmode", word)
                    self.assertEqual(meter.state, state)
                self.assertEqual(self.good("-m", meter.url(), "--csv", "testmode", "R-"), "operation_state\n5\n")
        with TcpMeter("refuses") as meter:
            self.one_line(self.bad(1, *FAST, "-m", meter.url(), "testmode", "R+"), "refuses", "R+", "password")
        with TcpMeter("forgets") as meter:
            self.one_line(self.bad(1, "-m", meter.url(), "testmode", "R+"), "operation state is 1")
        with TcpMeter("empty") as meter:
            self.one_line(self.bad(3, "-m", meter.url(), "testmode"), "0x0408")
        with TcpMeter("silent") as meter:
            self.one_line(self.bad(1, *FAST, "-m", meter.url(), "testmode", "on"), "no answer")
        with TcpMeter() as meter:
            self.one_line(self.bad(2, "-m", meter.url(), "testmode", "blue"), "blue", "R-")
            self.one_line(self.bad(2, "-m", meter.url(), "testmode", "on", "off"), "off")

        with TcpMeter("iec") as meter:  # of a generation that takes no commands over IEC
            self.one_line(self.bad(1, "-m", meter.url("iec"), "testmode", "on"), "programming mode", "KMP")

    def test_the_port_is_set_up_as_the_protocol_wants(self):
        for mode, scheme, more, speed, stops in (("", "kmp", "", termios.B9600, 2),
                                                 ("", "kmp", "?baud=1200", termios.B1200, 2),
                                                 ("iec", "iec", "", termios.B300, 1),
                                                 ("iec", "iec", "?baud=9600", termios.B9600, 1)):
            with PtyMeter(mode) as meter:
                self.good("-m", meter.url(scheme) + more, "read", "1.8.0")
                flags, in_speed, out_speed = termios.tcgetattr(meter.slave)[2:3] + \
                    termios.tcgetattr(meter.slave)[4:6]
            self.assertEqual((in_speed, out_speed), (speed, speed))
            self.assertEqual(bool(flags & termios.CSTOPB), stops == 2)

    def test_a_port_in_use_is_refused(self):
        with PtyMeter() as meter, open(meter.path, "rb") as port:
            fcntl.flock(port, fcntl.LOCK_EX)
            self.one_line(self.bad(1, "-m", meter.url(), "info"), "another program")

    def test_slow_meter(self):
        with TcpMeter("slow", "echo") as meter:
            self.assertIn("229", self.good("-m", meter.url(), *PATIENT, "read", "U"))

    def test_one_damaged_answer_is_asked_again(self):
        with TcpMeter("damaged-once") as meter:
            self.assertIn("229", self.good("-m", meter.url(), *PATIENT, "read", "U"))
            self.assertEqual(meter.asked, 2)

    def test_late_answer_to_something_else_is_not_taken(self):
        with TcpMeter("late") as meter:
            values = json.loads(self.good("-m", meter.url(), *PATIENT, "-j", "read", "1.8.0"))
            self.assertEqual(list(values), ["1.8.0"])

    def test_meter_that_wants_one_register_at_a_time(self):
        with TcpMeter("one-at-a-time") as meter:
            out = self.good("-m", meter.url(), *PATIENT, "read", "U")
            self.assertIn("230", out)


class Errors(Case):
    def test_silence(self):
        with TcpMeter("silent") as meter:
            for command in (["read", "1.8.0"], ["read"], ["info"], ["dump"], ["watch"]):
                err = self.bad(1, "-m", meter.url(), *FAST, *command)
                self.one_line(err, "127.0.0.1:%d" % meter.port, "no answer", "check")
        with PtyMeter("echo", "silent") as meter:
            err = self.bad(1, "-m", meter.url(), *FAST, "read", "1.8.0")
            self.one_line(err, meter.path, "9600 8N2", "check")

    def test_garbage(self):
        with TcpMeter("garbage") as meter:
            err = self.bad(1, "-m", meter.url(), *FAST, "read", "1.8.0")
            self.one_line(err, "no KMP answer", "check")
        with TcpMeter("damaged") as meter:
            err = self.bad(1, "-m", meter.url(), *FAST, "read", "1.8.0")
            self.one_line(err, "damaged", "check")

    def test_meter_hangs_up(self):
        with TcpMeter("hangs-up") as meter:
            err = self.bad(1, "-m", meter.url(), *FAST, "read", "1.8.0")
            self.one_line(err, "line broken", "check")

    def test_nobody_there(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        err = self.bad(1, "-m", "kmp+tcp://127.0.0.1:%d" % port, "info")
        self.one_line(err, "cannot connect", "check")
        err = self.bad(1, "-m", "kmp:/dev/no-such-port", "info")
        self.one_line(err, "/dev/no-such-port", "No such file", "check")
        err = self.bad(1, "-m", "kmp:/dev/null", "info")
        self.one_line(err, "not a serial port")

    def test_usage(self):
        for arguments in ([], ["nonsense"], ["read", "1.8.0"], ["-m", "http://x", "info"],
                          ["-m", "kmp+tcp://h:99999", "info"], ["-m", "kmp:", "info"],
                          ["-m", "kmp:/dev/x?baud=12", "info"], ["-m", "kmp:/dev/x?x=1", "info"],
                          ["-m", "iec:/dev/x?speed=19200", "info"],
                          ["--timeout", "x", "help"], ["--retries", "-1", "help"],
                          ["-i", "nan", "help"], ["--json", "--csv", "help"],
                          ["-c", "-j", "help"], ["completion", "fish"], ["help", "nonsense"]):
            err = self.bad(2, *arguments)
            self.assertEqual(err.count("\n"), 1, err)
        with TcpMeter() as meter:
            self.one_line(self.bad(2, "-m", meter.url(), "read", "no such thing"), "0xID")
            self.one_line(self.bad(2, "-m", meter.url(), "read", "9.9.9"), "0xID")
            self.one_line(self.bad(2, "-m", meter.url(), "dump", "x"), "dump")
            self.one_line(self.bad(2, "-m", meter.url(), "info", "x"), "info")
        code, _, err = run("--nonsense")
        self.assertEqual((code, err.count("\n")), (2, 1))


class Iec(Case):
    def test_reads_the_382c(self):
        for kind in (TcpMeter, PtyMeter):
            for mode in (["iec"], ["iec", "echo"], ["iec", "slow"]):
                with kind(*mode) as meter:
                    values = json.loads(self.good("-m", meter.url("iec"), "-j", "read"))
                    self.assertEqual(len(values), 9)
                    self.assertEqual(values["1.8.0"]["value"], 36886)
                    self.assertEqual(values["1.6.0"]["value"], 1.078)
                    self.assertEqual(values["0.0.0"]["value"], "14410000")

    def test_named_registers_and_info(self):
        with TcpMeter("iec") as meter:
            lines = self.good("-m", meter.url("iec"), "read", "96.8.0", "0.0.0").splitlines()
            self.assertIn("0119899  h", lines[1])
            self.assertIn("14410000", lines[2])
            self.bad(3, "-m", meter.url("iec"), "read", "2.8.0")
            self.assertIn("KAM 68438BC450000", self.good("-m", meter.url("iec"), "info"))
            self.assertEqual(len(self.good("-m", meter.url("iec"), "dump").splitlines()), 10)
            self.assertIn("1.8.0 0036886 kWh",
                          self.good("-m", meter.url("iec"), "watch", "-n", "1"))

    def test_a_pseudo_terminal_is_read_again_and_again(self):
        with PtyMeter("iec") as meter:  # setting it up changes nothing the second time
            for _ in range(3):
                self.good("-m", meter.url("iec"), "read", "1.8.0")

    def test_stamps(self):
        with TcpMeter("iec", "iec-stamps") as meter:
            values = json.loads(self.good("-m", meter.url("iec"), "-j", "read"))
        self.assertEqual(values["1.6.0"]["extra"], "2024-06-20 14:30:00 summer time")
        self.assertEqual(values["1.0.0"]["value"], "2024-06-20 14:30:05")
        self.assertEqual(values["2.6.0"]["extra"], "2000-01-01 00:00:00 (not valid)")

    def test_mode_c(self):
        with TcpMeter("iec", "iec-speed") as meter:
            out = self.good("-m", meter.url("iec") + "?speed=9600", "read", "1.8.0")
            self.assertIn("0036886", out)
        with PtyMeter("iec", "iec-speed", "echo") as meter:
            out = self.good("-m", meter.url("iec") + "?speed=9600", "read", "1.8.0")
            self.assertIn("0036886", out)

    def test_errors(self):
        for mode, words, patience in ((["silent"], ["no answer"], FAST), (["garbage"], ["no identification"], PATIENT),
                                      (["iec-bad-bcc"], ["block check"], PATIENT), (["iec-cut"], ["broke off"], PATIENT)):
            with TcpMeter("iec", *mode) as meter:
                err = self.bad(1, "-m", meter.url("iec"), *patience, "read")
                self.one_line(err, *words, "check")

    def test_what_a_meter_sends_stays_on_its_line(self):
        with TcpMeter("iec", "iec-nonsense") as meter:
            err = self.bad(1, "-m", meter.url("iec"), *FAST, "read")
            self.one_line(err, "data block not understood at '((((\\r\\n", meter.url().split("//")[1])
        with TcpMeter("iec", "iec-controls") as meter:
            for form in ([], ["--json"], ["--csv"]):
                code, out, err = run("-m", meter.url("iec"), *FAST, *form, "read")
                self.assertNotIn("\x1b", out + err, form)

    def test_every_reading_has_unit_and_obis(self):
        with TcpMeter("iec") as meter:
            values = json.loads(self.good("-m", meter.url("iec"), "-j", "read"))
        for code, value in values.items():
            self.assertIn("unit", value, code)
            self.assertIn("obis", value, code)
        self.assertEqual(values["0.0.0"]["unit"], "")
        with TcpMeter() as meter:
            values = json.loads(self.good("-m", meter.url(), "-j", "read", "1", "0x7001"))
        self.assertEqual(values["1.8.0"]["obis"], "1-1:1.8.0.255")
        self.assertEqual(values["0x7001"]["obis"], None)


class Texts(Case):
    def test_the_list_of_registers_stands_in_columns(self):
        lines = self.good("registers").splitlines()
        at = lines[0].index("Name")
        self.assertTrue(all(line[at - 1] == " " and line[at] != " " for line in lines))

    def test_help_and_completion_come_from_the_tables(self):
        text = self.good("help")
        words = self.good("completion", "bash")
        for command in ("info", "read", "watch", "dump", "registers", "help", "completion"):
            self.assertIn("\n  " + command, text)
            self.assertIn(command, words)
        for option in ("--meter", "--json", "--csv", "--timeout", "--retries", "--verbose"):
            self.assertIn(option, text)
            self.assertIn(option, words)
        self.assertEqual(text, self.good("--help"))
        self.assertIn("read", self.good("help", "read"))
        self.assertIn("metertool", self.good("--version"))
        page = self.good("man")
        self.assertTrue(page.startswith(".TH METERTOOL 1 "))
        self.assertIn("\n.B dump\n", page)
        self.assertIn("\n.B \\-t, \\-\\-timeout MS\n", page)

    def test_completion_completes(self):
        script = self.good("completion", "bash") + """
try() { COMP_WORDS=(metertool "$@"); COMP_CWORD=$(($# )); _metertool; echo "${COMPREPLY[@]}"; }
try re; try --js; try read 52.7; try help du; try config sa; try config ord
"""
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.stdout.split("\n"),
                         ["read registers", "--json", "52.7.0 52.7.124", "dump", "save", "order-number", ""], done.stderr)

    def test_register_list(self):
        self.assertIn("Active energy A+", self.good("registers"))
        self.assertEqual(len(self.good("registers", "U").splitlines()), 4)

    def test_meter_from_the_environment_and_trace(self):
        with TcpMeter() as meter:
            code, out, err = run("-v", "read", "1.8.0", env={"METERTOOL_METER": meter.url()})
            self.assertEqual(code, 0)
            self.assertIn("> 80 3F 10 01 00 01 55 A1 0D", err)
            self.assertIn("< 40 3F 10 00 01 02 04 00 00 00 1A 61 51 4C 0D", err)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
