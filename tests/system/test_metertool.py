"""metertool, and readers in the manner of the public ones, read a running meter382.

usage: test_metertool.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

BUILD, SOURCE = (sys.argv[1:3] + ["build/linux", "."])[:2]
sys.argv = [sys.argv[0], BUILD, SOURCE]
sys.path.insert(0, os.path.join(SOURCE, "tests/system"))
from kmp_client import FixedOffsets, IecLines, Line, WalkByRequest  # noqa: E402
from meter_process import Meter, wait_until  # noqa: E402

MAINS = "u=230,u2=228,u3=231,i=5,pf=1"


def tool(*arguments, expected=0):
    done = subprocess.run([os.path.join(BUILD, "metertool"), *arguments], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == expected, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout


class Running(unittest.TestCase):
    variant = "382M"
    optical = "tcp:127.0.0.1:0"

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        path = self.optical.replace("FOLDER", self.folder.name)
        self.meter = Meter("--variant", self.variant, "--serial", "12345678", "--mains", MAINS,
                           "--speed", "1000", "--data", os.path.join(self.folder.name, "data"),
                           "--optical", path)
        self.path = path.partition(":")[2]
        self.path = self.path.partition(",")[0]
        self.url = ":" + self.path if path.startswith("pty") else \
            "+tcp://127.0.0.1:%d" % self.meter.port("optical tcp")
        wait_until(lambda: self.read("kmp", "U")["32.7.0"]["value"] > 0, "the first second")

    def tearDown(self):
        self.meter.kill()
        self.meter.process.stdout.close()
        self.meter.process.stderr.close()
        self.folder.cleanup()

    def line(self):
        line = Line("127.0.0.1", self.meter.port("optical tcp"))
        self.addCleanup(line.close)
        return line

    def read(self, scheme, *registers):
        return json.loads(tool("-m", scheme + self.url, "--json", "read", *registers))


class MeterM(Running):
    # REQ(X-KMP-1, X-KMP-2)
    def test_kmp_readings_are_those_of_the_mains(self):
        values = self.read("kmp", "U", "I", "P+", "1.8.0", "96.1.0")
        self.assertEqual([values[c]["value"] for c in ("32.7.0", "52.7.0", "72.7.0")],
                         [230, 228, 231])
        self.assertEqual([values[c]["unit"] for c in ("32.7.0", "31.7.0", "1.7.0", "1.8.0")],
                         ["V", "A", "kW", "kWh"])
        self.assertEqual(values["31.7.0"]["value"], 5)
        self.assertAlmostEqual(values["1.7.0"]["value"], 3.445, delta=0.002)
        self.assertEqual(values["96.1.0"]["value"], 12345678)

    # REQ(EVT-05, TOO-02): highest and lowest of the day beside what is measured now
    def test_voltage_quality(self):
        url = "kmp" + self.url
        quality = json.loads(tool("-m", url, "--json", "quality"))
        for phase, volts in (("L1", 230), ("L2", 228), ("L3", 231)):
            for key in ("voltage", "voltage_lowest", "voltage_highest"):
                self.assertEqual(quality[key][phase]["value"], volts)
        self.assertAlmostEqual(quality["unbalance"]["value"], 0.38, delta=0.02)
        self.assertEqual((quality["limit_low"]["value"], quality["limit_high"]["value"]), (207, 253))
        table = tool("-m", url, "quality")
        self.assertRegex(table, r"Lowest over a cycle today +230\.0 +228\.0 +231\.0 V")
        self.assertIn("voltage_highest,L2,228.0,V", tool("-m", url, "--csv", "quality"))
        tool("-m", url, "quality", "more", expected=2)

    # REQ(EVT-08, TOO-02): all that are named or none, in whatever order they stand
    def test_limits_of_the_voltage(self):
        def limits(*changes, expected=0):
            return tool("-m", "kmp" + self.url, "-t", "400", "--json", "quality", "limits", *changes,
                        expected=expected)
        before = json.loads(limits())
        self.assertEqual((before["under"]["value"], before["dip"]["value"]), (207, 90))
        after = json.loads(limits("under=260.5", "over=270", "duration=1.25", "dip=85"))
        self.assertEqual([after[n]["value"] for n in ("under", "over", "duration", "dip")], [260.5, 270, 1.25, 85])
        with self.assertRaisesRegex(AssertionError, "refuses under=300.000: it contradicts the other limits.*"
                                    "nothing is changed"):
            limits("over=280", "under=300")
        self.assertEqual(json.loads(limits()), after)
        for wrong in ("under", "under=", "under=1.2345", "under=-1", "above=1", "dip=85.25", "=1"):
            limits(wrong, expected=2)
        limits("dip=80", "dip=81", expected=2)
        back = json.loads(limits(*(f"{name}={before[name]['value']}" for name in before)))
        self.assertEqual(back, before)

    def test_energy_grows(self):
        first = self.read("kmp", "1.8.0*128")["1.8.0*128"]["value"]
        tool("-m", "kmp" + self.url, "watch", "-n", "3", "-i", "0.3", "1.8.0")
        self.assertGreater(self.read("kmp", "1.8.0*128")["1.8.0*128"]["value"], first)

    def test_info_names_the_meter(self):
        info = json.loads(tool("-m", "kmp" + self.url, "--json", "info"))
        self.assertTrue(info["type"].startswith("382M"), info["type"])
        self.assertEqual(info["96.1.0"]["value"], 12345678)
        self.assertIn("1.0.0", info)

    def test_dump_agrees_in_all_forms(self):
        values = json.loads(tool("-m", "kmp" + self.url, "dump", "--json"))
        table = tool("-m", "kmp" + self.url, "dump").splitlines()
        rows = tool("-m", "kmp" + self.url, "dump", "--csv").splitlines()
        self.assertGreater(len(values), 80)
        self.assertEqual(len(table), len(values) + 1)
        self.assertEqual(len(rows), len(values) + 1)

    def test_unknown_register_is_exit_3(self):
        tool("-m", "kmp" + self.url, "read", "0x0415", expected=3)

    def test_iec_mode_a_after_the_pause_and_mode_c_at_once(self):
        for more in ("", "?speed=9600", "?address=12345678", "?address=0012345678&speed=300"):
            values = json.loads(tool("-m", "iec" + self.url + more, "--json", "read"))
            self.assertEqual(values["1.8.0"]["unit"], "kWh")
            self.assertEqual(values["0.0.1"]["value"], "12345678")
        tool("-m", "iec" + self.url + "?address=87654321", "--timeout", "500", "--retries", "0",
             "read", expected=1)

    def test_readers_by_fixed_offsets_and_by_request_list(self):
        line = self.line()
        values = FixedOffsets(line).read()
        self.assertEqual(values["u_v"], [230, 228, 231])
        self.assertEqual(values["i_a"], [5.0, 5.0, 5.0])
        self.assertAlmostEqual(values["p_in_w"], 3445, delta=2)
        self.assertEqual(values["p_out_w"], 0)
        walked = WalkByRequest(line).read()
        self.assertEqual(len(walked), 19)
        self.assertEqual(walked[1054], (230.0, 33))
        self.assertEqual(walked[13][1], 2)


class MeterC(Running):
    variant = "382C"

    # REQ(X-IEC-1)
    def test_iec_mode_a_as_the_382c_answers(self):
        line = self.line()
        lines = IecLines(line).read()
        self.assertEqual(lines[0][:6], b"/KAM 6")
        self.assertEqual(lines[1][:7], b"\x020.0.0(")
        codes = [text.split(b"(")[0].lstrip(b"\x02") for text in lines[1:10]]
        self.assertEqual(codes, [b"0.0.0", b"1.8.0", b"1.8.1", b"1.8.2", b"1.8.3", b"1.8.4",
                                 b"96.8.0", b"0.128.1", b"1.6.0"])
        self.assertTrue(lines[2][6:13].isdigit() and lines[2][13:] == b"*kWh)\r\n", lines[2])
        self.assertEqual(lines[10], b"!\r\n")
        self.assertEqual(lines[11][:1], b"\x03")
        values = self.read("iec", "1.8.0", "96.8.0")
        self.assertEqual(values["96.8.0"]["unit"], "h")

    def test_kmp_on_the_same_port(self):
        self.assertEqual(self.read("kmp", "U")["52.7.0"]["value"], 228)
        self.assertEqual(FixedOffsets(self.line()).read()["u_v"], [230, 228, 231])


class MeterOnPseudoTerminal(Running):
    variant = "382LxB"
    optical = "pty:FOLDER/optical"

    # REQ(TOO-02)
    def test_kmp_and_iec(self):
        self.assertEqual(self.read("kmp", "U")["72.7.0"]["value"], 231)
        for _ in range(2):  # the port is set up anew each time, also when nothing changes
            self.assertEqual(self.read("iec", "1.8.0")["1.8.0"]["unit"], "kWh")
        self.assertEqual(self.read("kmp", "U")["72.7.0"]["value"], 231)


class MeterBehindAnOpticalHead(Running):
    """A real line's speed, and the head's echo."""
    optical = "pty:FOLDER/optical,timing=on,echo=on"

    def test_kmp_and_mode_c_with_a_change_of_speed(self):
        self.assertEqual(self.read("kmp", "U")["72.7.0"]["value"], 231)
        values = json.loads(tool("-m", "iec" + self.url + "?speed=9600", "-j", "read"))
        self.assertEqual(values["1.8.0"]["unit"], "kWh")
        self.assertEqual(self.read("kmp", "U")["72.7.0"]["value"], 231)


class Variants(unittest.TestCase):
    # REQ(X-KMP-6)
    def test_metertool_knows_each_of_them(self):
        for variant, type_codes in (("382B", "53 00"), ("382C", "53 00"), ("382D", "55 00"),
                                    ("382E", "55 00"), ("382Lx2", "62 00"), ("382LxB", "63 00"),
                                    ("382M", "68 00"), ("382MB", "69 00"), ("162M", "70 00"),
                                    ("162MB", "71 00")):
            meter = Meter("--variant", variant, "--mains", MAINS, "--optical", "tcp:127.0.0.1:0")
            url = "kmp+tcp://127.0.0.1:%d" % meter.port("optical tcp")
            info = json.loads(tool("-m", url, "--json", "info"))
            self.assertIn("(%s)" % type_codes, info["type"], variant)
            self.assertNotIn("unknown", info["type"])
            meter.kill()
            meter.process.stdout.close()
            meter.process.stderr.close()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
