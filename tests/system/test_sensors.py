"""meter382 --front-end: the meter of a seed errs as its sensors do, always alike, and says that it is not calibrated.

usage: test_sensors.py BUILD_DIR SOURCE_DIR
"""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, kwh, run, status, wait_until  # noqa: E402

MAINS = "u=230,i=5,pf=0.5i"  # 1.725 kW
TRUE_KWH = 3 * 230 * 5 * 0.5 * 60 / 3.6e6
ICON_ERROR = 1 << 4


def minute(*arguments):
    return status("--mains", MAINS, "--until", "1m", *arguments)


def percent(registers):
    return (kwh(registers) / TRUE_KWH - 1) * 100


def test_seeds_are_meters():
    """REQ(MET-05): an uncalibrated meter is wrong by percents, the ideal one is not; a seed is always the same."""
    first, again, other = minute("--front-end", "382"), minute("--front-end", "382"), minute("--front-end", "384")
    ideal = minute("--front-end", "382,ideal")
    check(kwh(first) == kwh(again), "the same seed is another meter")
    check(0.3 < abs(percent(first)) < 10, f"seed 382 is {percent(first)} % wrong")
    check(abs(percent(first) - percent(other)) > 0.05, "two seeds are the same meter")
    check(abs(percent(ideal)) < 0.002, f"the ideal front end is {percent(ideal)} % wrong")


def test_single_effects():
    clock = minute("--front-end", "382,clock")
    check(0 < abs(clock["14.7.0"]["value"] - 50) <= 0.006, f"sample clock: {clock['14.7.0']}")
    gain = minute("--front-end", "382,gain")
    check(abs(gain["14.7.0"]["value"] - 50) < 0.0006, f"gain moves the frequency: {gain['14.7.0']}")
    check(abs(percent(minute("--front-end", "382,gain,skew"))) > 0.05, "gain and skew do nothing")


def test_changes_and_types():
    """Steps of the mains reach the meter through its sensors; so do Aron and single phase."""
    step = status("--mains", "u=230,i=5", "--until", "30s", "--front-end", "7,ideal")
    check(abs(kwh(step) - 0.02875) < 3e-6, f"30 s: {kwh(step)}")
    with tempfile.NamedTemporaryFile("w", suffix=".scn") as file:
        file.write("at 0s set u=230 i=5\nat 20s set i=10\nat 40s set i=2\n")
        file.flush()
        stepped = status("--mains", file.name, "--until", "1m", "--front-end", "7,ideal")
    wanted = 3 * 230 * 20 * (5 + 10 + 2) / 3.6e6
    check(abs(kwh(stepped) - wanted) < 6e-6, f"stepped: {kwh(stepped)}, expected {wanted}")
    for variant, share in (("162M", 1 / 3), ("382M-aron", 1)):
        one = status("--variant", variant, "--mains", "u=230,i=5", "--until", "1m", "--front-end", "7,ideal")
        check(abs(kwh(one) - 0.0575 * share) < 6e-6, f"{variant}: {kwh(one)}")


def test_it_says_so(folder):
    """REQ(MET-06, DIS-14): the error symbol stands on the glass of a meter that has sensors and no constants."""
    for arguments, lit in ((("--front-end", "382"), True), ((), False)):
        meter = Meter("--mains", MAINS, "--speed", "60", "--panel", "127.0.0.1:0", *arguments)
        wait_until(lambda: meter.get("/api/state")["display"]["on"], "supply")  # pylint: disable=cell-var-from-loop
        state = meter.get("/api/state")
        shown = bool(state["display"]["icons"] & ICON_ERROR)
        check(state["health"]["calibrated"] is False, "calibrated without a bench")
        check(state["health"]["uncalibrated"] is lit, f"{arguments}: {state['health']}")
        check(shown is lit, f"{arguments}: error symbol {state['display']}")
        check(meter.terminate()[0] == 0, "did not end in order")
    data = os.path.join(folder, "memory")
    first = minute("--front-end", "382", "--data", data)
    second = status("--mains", MAINS, "--until", "1m", "--front-end", "382", "--data", data)
    check(abs(kwh(second) - 2 * kwh(first)) < 0.01 * kwh(first), f"{kwh(first)} and then {kwh(second)}")


def test_bad_arguments(folder):
    """One clear line, exit 2, nothing written."""
    for text in ("x", "5,", "5,magic", "5x", "-5", "1234567890123", ""):
        done = run("--headless", "--front-end", text, "--data", os.path.join(folder, "never"))
        check(done.returncode == 2 and done.stderr.startswith("meter382: --front-end: expected a SEED"),
              f"'{text}': {done.returncode} {done.stderr}")
    check(not os.path.exists(os.path.join(folder, "never")), "a refused option made a folder")
    recording = os.path.join(sys.argv[2], "tests/lab/data")
    names = sorted(n for n in os.listdir(recording) if n.endswith((".cfg", ".wav", ".flac")))
    check(names, f"no recording in {recording}")
    done = run("--headless", "--front-end", "5", "--mains", os.path.join(recording, names[0]))
    check(done.returncode == 2 and "--front-end: expected a mains" in done.stderr, f"{names[0]}: {done.stderr}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as data_folder:
        test_seeds_are_meters()
        test_single_effects()
        test_changes_and_types()
        test_it_says_so(data_folder)
        test_bad_arguments(data_folder)
    print("sensors: good")
