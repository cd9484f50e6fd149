"""Connections and influences of the whole meter, from its mains to its registers.

usage: test_connections.py BUILD_DIR SOURCE_DIR
"""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import check, status  # noqa: E402

SCENARIO = """set u=230 i=8 pf=0.8i
%s
at 10m set i2=3
at 20m set i3=-4
"""


def test_a_magnet_moves_no_register(folder):
    """REQ(MET-17): every register is the same with a magnet at the meter for 25 minutes as without."""
    found = []
    for name, line in (("without", ""), ("with", "at 5m magnet on for 25m")):
        path = os.path.join(folder, name + ".scn")
        with open(path, "w", encoding="ascii") as file:
            file.write(SCENARIO % line)
        found.append(status("--mains", path, "--until", "40m", "--start", "2026-11-21T10:00:00Z", "--data",
                            os.path.join(folder, name)))
    without, with_magnet = found
    energies = [code for code in without if ".8." in code]
    check(len(energies) > 20, str(energies))
    check(with_magnet["1.8.0*128"]["value"] > 1.9, str(with_magnet["1.8.0*128"]))
    for code in energies:
        check(without[code] == with_magnet[code], f"{code}: {without[code]} and with a magnet {with_magnet[code]}")


def test_three_wires():
    """REQ(MET-20): an Aron meter at every power factor, one system backwards below 0.5; 3 x 230 V between wires."""
    for pf, active, reactive in (("1", 1.0, 0.0), ("0.8i", 0.8, 0.6), ("0.5i", 0.5, 0.8660254), ("0.3i", 0.3, 0.9539392),
                                 ("0.3c", 0.3, -0.9539392)):
        for current in (0.25, 10):
            read = status("--variant", "382M-aron", "--mains", f"u=132.790562,i={current},pf={pf}", "--until", "10h")
            full = 3 * 132.790562 * current / 100
            for code, wanted in (("1.8.0*128", active), ("2.8.0*128", -active), ("3.8.0*128", reactive),
                                 ("4.8.0*128", -reactive)):
                value, wanted = read[code]["value"], max(wanted, 0) * full
                check(abs(value - wanted) <= 3e-4 * full, f"pf {pf} {current} A: {code} is {value}, expected {wanted}")
            check(abs(read["32.7.0"]["value"] - 230) <= 1, "U12")
            check("21.8.0" not in read and "52.7.0" not in read, "registers of phases that three wires do not have")


def test_one_phase():
    """REQ(MET-10, MET-20): a 162M, import and export; its phase's energy is the total."""
    read = status("--variant", "162M", "--mains", "u=230,i=-10,pf=1", "--until", "10h")
    check(abs(read["2.8.0*128"]["value"] - 23) < 0.01 and read["1.8.0*128"]["value"] == 0, str(read["2.8.0*128"]))
    check(read["22.8.0"]["value"] == read["2.8.0"]["value"] and "42.8.0" not in read, str(read["22.8.0"]))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as data:
        test_a_magnet_moves_no_register(data)
    test_three_wires()
    test_one_phase()
    print("connections: good")
