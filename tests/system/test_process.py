"""meter382 as a process: its options, its ready lines, its ends, its panel's server."""

import http.client
import json
import os
import re
import signal
import socket
import stat
import sys
import tempfile
import time

from meter_process import Meter, check, kmp_frame, kmp_value, kwh, run, status, wait_until

CONSTANT = "u=230,i=5"  # three phases: 3.45 kW


def test_bad_arguments(folder):
    """One clear line, exit 2, nothing written."""
    profile = os.path.join(folder, "bad.csv")
    with open(profile, "w", encoding="ascii") as file:
        file.write("time_s,u1,p1\n0,230,100\n60,abc,100\n")
    data = os.path.join(folder, "never")
    bad = [
        (["--variant", "999"], r"--variant: expected .*'999'"),
        (["--serial", "12x"], r"--serial: expected .*'12x'"),
        (["--serial", "123456789"], r"--serial: "),
        (["--serial", "0"], r"--serial: expected .* not 0, found '0'"),
        (["--optical", "pty:/tmp/twice", "--optical", "pty:/tmp/twice"],
         r"--optical: expected each pty once"),
        (["--start", "2026-11-21T10:00:00+25:00"], r"--start: column \d+: "),
        (["--start", "2026-11-21T10:00:00+01:60"], r"--start: column \d+: "),
        (["--speed", "fast"], r"--speed: expected .*'fast'"),
        (["--speed", "0"], r"--speed: "),
        (["--speed", "nan"], r"--speed: "),
        (["--start", "2026-11-21T10:00:00.5Z"], r"--start: column 21: "),
        (["--start", "yesterday"], r"--start: column 1: .*'yesterday'"),
        (["--start", "2026-02-30T00:00:00Z"], r"--start: column 1: "),
        (["--start", "2026-11-21T10:00:00+25x"], r"--start: column 23: "),
        (["--until", "5"], r"--until: column \d+: .*'5'"),
        (["--until", "-5s"], r"--until: "),
        (["--start", "2026-11-21", "--until", "2026-11-20"], r"--until: expected .*after the start"),
        (["--optical", "serial:/dev/null"], r"--optical: expected tcp:HOST:PORT or pty:PATH"),
        (["--optical", "tcp:localhost"], r"--optical: expected HOST:PORT"),
        (["--optical", "tcp:127.0.0.1:99999"], r"--optical: expected a port"),
        (["--optical", "tcp:127.0.0.1:0,timing=yes"], r"--optical: expected timing=on\|off"),
        (["--optical", f"pty:{profile}"], r"--optical: pty:.*not a symbolic link"),
        (["--panel", "nowhere"], r"--panel: expected HOST:PORT"),
        (["--panel", "0.0.0.0:0"], r"--panel: .*--panel-token"),
        (["--panel", "127.0.0.1:0", "--panel-token", "short"], r"--panel-token: "),
        (["--fidelity", "perfect"], r"--fidelity: expected phasor or waveform"),
        (["--mains", "u=230,i=x"], r"column \d+: .*x"),
        (["--mains", profile], r"bad\.csv:3:4: expected .*abc"),
        (["--mains", os.path.join(folder, "missing.csv")], r"missing\.csv: "),
        (["--frobnicate"], r"--frobnicate: unknown option"),
        (["--mains"], r"--mains: expected a value"),
        (["surplus"], r"'surplus'"),
    ]
    for arguments, pattern in bad:
        done = run("--headless", "--until", "1s", "--data", data, *arguments)
        check(done.returncode == 2, f"{arguments}: exit {done.returncode}, {done.stderr}")
        check(done.stdout == "", f"{arguments}: printed {done.stdout}")
        check(re.fullmatch(r"meter382: [^\n]+\n", done.stderr), f"{arguments}: {done.stderr!r}")
        check(re.search(pattern, done.stderr), f"{arguments}: {done.stderr!r} lacks {pattern}")
        check(not os.path.exists(data), f"{arguments}: made {data}")
    check(os.listdir(folder) == ["bad.csv"], f"wrote {os.listdir(folder)}")


def test_bad_memory(folder):
    data = os.path.join(folder, "short")
    os.mkdir(data)
    with open(os.path.join(data, "legal.eeprom"), "wb") as file:
        file.write(b"not a memory")
    done = run("--headless", "--until", "1s", "--speed", "max", "--data", data)
    check(done.returncode == 2, f"exit {done.returncode}")
    check("legal.eeprom: expected a memory image of 524288 bytes" in done.stderr, done.stderr)
    check(os.listdir(data) == ["legal.eeprom"], f"wrote {os.listdir(data)}")


def test_help():
    done = run("--help")
    check(done.returncode == 0 and done.stderr == "", "--help")
    for option in ("variant", "serial", "data", "mains", "speed", "start", "until", "optical",
                   "panel", "headless", "status", "help", "version"):
        check(f"--{option}" in done.stdout, f"--help lacks --{option}")
    check("382LxG" in done.stdout, "--help lists the variants")
    done = run("--version")
    check(re.fullmatch(r"meter382 \d+\.\d+\.\d+\n", done.stdout), done.stdout)


def test_until_is_exact():
    """REQ(MET-04): 230 V x 5 A x 3 phases x 1 h = 3.45 kWh; ends exactly at the end of the hour."""
    hour = status("--mains", CONSTANT, "--until", "1h", "--start", "2026-11-21T10:00:00Z")
    check(abs(kwh(hour) - 3.45) < 3.45e-4, f"an hour is {kwh(hour)} kWh")
    check(hour["1.8.0"]["unit"] == "kWh", hour["1.8.0"]["unit"])
    check(hour["1.8.0"]["obis"] == "1-1:1.8.0.255", hour["1.8.0"]["obis"])
    by_time = status("--mains", CONSTANT, "--start", "2026-11-21T11:00:00.000+01:00", "--until",
                     "2026-11-21T12:00:00+01:00")
    check(kwh(by_time) == kwh(hour), f"until a time: {kwh(by_time)} kWh")
    for text, seconds in (("90m", 5400), ("0.25h", 900), ("1d", 86400), ("12345.678s", 12345.678)):
        found = kwh(status("--mains", CONSTANT, "--until", text))
        wanted = kwh(hour) * seconds / 3600
        check(abs(found - wanted) < wanted * 1e-7, f"{text}: {found}, expected {wanted}")


def test_status_is_complete():
    """REQ(MET-07, REG-04): every energy in its direction, texts as strings, numbers as numbers."""
    values = status("--mains", "u=230,i=5,pf=0.8i,i2=-5", "--until", "1h", "--serial", "87654321")
    check(abs(kwh(values) - 2 * 0.92) < 2e-4, f"A+ {kwh(values)}")
    check(abs(kwh(values, "2.8.0") - 0.92) < 1e-4, f"A- {kwh(values, '2.8.0')}")
    check(abs(kwh(values, "3.8.0") - 2 * 0.69) < 2e-4, f"R+ {kwh(values, '3.8.0')}")
    check(abs(kwh(values, "4.8.0") - 0.69) < 1e-4, f"R- {kwh(values, '4.8.0')}")
    check(values["3.8.0"]["unit"] == "kvarh", values["3.8.0"]["unit"])
    check(abs(values["32.7.0"]["value"] - 230) < 0.1, values["32.7.0"])
    check("87654321" in str(values), "the serial number is in the status")
    check(any(isinstance(v["value"], str) for v in values.values()), "no text register")
    for code, value in values.items():
        check(set(value) == {"value", "unit", "obis"}, f"{code}: {value}")


def test_waveform_agrees():
    phasor = kwh(status("--mains", CONSTANT, "--until", "1m"))
    waveform = kwh(status("--mains", CONSTANT, "--until", "1m", "--fidelity", "waveform"))
    check(abs(waveform / phasor - 1) < 1e-4, f"waveform {waveform}, phasor {phasor}")


def test_beyond_the_range(folder):
    """What no ADC holds is metered as far as it goes, and said at the end."""
    profile = os.path.join(folder, "much.csv")
    with open(profile, "w", encoding="ascii") as file:
        file.write("time_s,p1_kw\n0,1\n60,100\n120,1\n")
    full_kw = 0.230 * 250 / 2 ** 0.5
    waveform = ["--fidelity", "waveform"]
    for mains, wanted in (("u=230,i=300", 3 * full_kw), ("u=230,i=-300", 0),
                          (profile, 59 / 60 + full_kw / 60)):
        for until, more in (("60m", []), ("130s", waveform)):
            done = run("--headless", "--speed", "max", "--status", "--until", until, "--mains",
                       mains, *more)
            check(done.returncode == 0 and re.fullmatch(
                r"meter382: --mains: was beyond the measuring range[^\n]+\n", done.stderr),
                f"{mains}: {done.stderr}")
            registers = json.loads(done.stdout)
            check(more or abs(kwh(registers) - wanted) < 1e-4 * full_kw, f"{mains}: {kwh(registers)}")
            check(abs(kwh(registers, "32.7.0") - 230) < 0.1, registers["32.7.0"])
    done = run("--headless", "--speed", "max", "--until", "1s", "--mains", "u=230,i=176")
    check(done.returncode == 0 and done.stderr == "", done.stderr)


def test_status_that_nobody_gets():
    """A status that can't be printed is not a success."""
    from subprocess import DEVNULL
    from subprocess import run as start
    from meter_process import program
    with open("/dev/full", "w", encoding="ascii") as full:
        done = start([program(), "--headless", "--speed", "max", "--until", "1s", "--status"],
                     stdout=full, stderr=DEVNULL, timeout=60, check=False)
    check(done.returncode == 1, f"exit {done.returncode}")


def test_waveform_ends_anywhere():
    """REQ(MET-01): a run that ends within the cycles of a window has all its energy, active and
    reactive, and shows the values of whole cycles."""
    mains = ["--mains", "u=230,i=100,f=49.1,pf=0.5c"]
    for until in ("3s", "10s"):
        phasor = status(*mains, "--until", until)
        waveform = status(*mains, "--until", until, "--fidelity", "waveform")
        for code in ("1.8.0", "4.8.0", "32.7.0", "31.7.0", "21.7.0", "14.7.0"):
            wanted, found = kwh(phasor, code), kwh(waveform, code)
            check(abs(found / wanted - 1) < 5e-4 if code.endswith("7.0") else
                  abs(found / wanted - 1) < 1e-4, f"{until}, {code}: {found}, phasor {wanted}")


def test_ports(folder):
    """Ready lines tell the ports; port 0 is a free one; a named busy port is an error."""
    link = os.path.join(folder, "head")
    meter = Meter("--mains", CONSTANT, "--optical", "tcp:127.0.0.1:0", "--optical", f"pty:{link}",
                  "--panel", "127.0.0.1:0")
    check(re.fullmatch(r"optical tcp 127\.0\.0\.1:[1-9]\d*", meter.lines[0]), meter.lines)
    check(meter.lines[1] == f"optical pty {link}", meter.lines)
    check(re.fullmatch(r"panel http://127\.0\.0\.1:[1-9]\d*/", meter.lines[2]), meter.lines)
    check(os.path.islink(link) and stat.S_ISCHR(os.stat(link).st_mode), "no pty behind the link")
    port = meter.port("optical tcp")
    for option in (["--optical", f"tcp:127.0.0.1:{port}"],
                   ["--panel", f"127.0.0.1:{meter.port('panel http')}"]):
        data = os.path.join(folder, "busy")
        done = run("--headless", "--data", data, *option)
        check(done.returncode == 1, f"{option}: exit {done.returncode}")
        check(re.fullmatch(r"meter382: can't listen on 127\.0\.0\.1:\d+: .*in use\n", done.stderr),
              done.stderr)
        check(not os.path.exists(data), "made a folder")
    code, _ = meter.terminate()
    check(code == 0, f"exit {code}")
    check(not os.path.lexists(link), "the link is still there")


def test_default_ports():
    """Without --headless there are both default ports, or free ones instead, and what is metered."""
    from subprocess import PIPE, Popen
    from meter_process import program
    process = Popen([program(), "--until", "1h"], stdout=PIPE, stderr=PIPE, text=True)
    lines = [process.stdout.readline() for _ in range(3)]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    check(process.returncode == 0, f"SIGINT: exit {process.returncode}")
    check(re.match(r"optical tcp 127\.0\.0\.1:\d+\n", lines[0]), lines)
    check(re.match(r"panel http://127\.0\.0\.1:\d+/\n", lines[1]), lines)
    check(re.match(r"metering .*house", lines[2]), lines)


def test_orderly_end(folder):
    """REQ(REG-01): SIGTERM stores; the next start goes on where this one ended."""
    data = os.path.join(folder, "deep", "er")
    meter = Meter("--mains", "u=230,i=3", "--speed", "1000", "--data", data, "--panel",
                  "127.0.0.1:0", "--status")  # 0.6 Wh a window: most ends lie between two steps
    wait_until(lambda: kwh(meter.registers()) > 0.1, "a tenth of a kilowatt-hour")
    busy = run("--headless", "--data", data)
    check(busy.returncode == 1 and "in use by another meter" in busy.stderr, busy.stderr)
    code, out = meter.terminate()
    check(code == 0, f"exit {code}")
    last = json.loads(out.strip().splitlines()[-1])
    again = status("--mains", "u=230,i=0", "--until", "2s", "--data", data)
    check(kwh(again) == kwh(last), f"stored {kwh(last)}, found {kwh(again)}")


def test_speed():
    """Simulated time runs at its speed, in real windows and in long ones."""
    meter = Meter("--mains", CONSTANT, "--panel", "127.0.0.1:0", "--speed", "0.5", "--start",
                  "2026-11-21T10:00:00Z")
    check(meter.get("/api/state")["now"].startswith("2026-11-21T10:00:0"), "start")
    check(meter.post("/api/speed", {"speed": 3600})[0] == 200, "speed")
    wait_until(lambda: meter.get("/api/state")["now"] >= "2026-11-21T11:00:00Z", "an hour")
    check(meter.post("/api/speed", {"speed": 0})[0] == 200, "pause")
    before = meter.get("/api/state")
    time.sleep(0.3)
    after = meter.get("/api/state")
    check(before["now"] == after["now"] and before["energy"] == after["energy"], "paused")
    check(after["speed"] == 0, after["speed"])
    check(meter.post("/api/speed", {"speed": "max"})[0] == 200, "max")
    wait_until(lambda: meter.get("/api/state")["now"] >= "2026-11-22T10:00:00Z", "a day")
    meter.terminate()


def test_changes_within_a_long_window():
    """A change of speed and a control may come in the middle of a window of a second."""
    meter = Meter("--mains", CONSTANT, "--panel", "127.0.0.1:0", "--speed", "max")
    for turn in range(12):
        fast = {"speed": "max"} if turn % 3 == 0 else {"speed": 1003.7}
        meter.post("/api/speed", fast)
        time.sleep(0.03)
        if turn % 2 == 0:
            meter.post("/api/control", {"name": "i1", "value": turn + 1})
        meter.post("/api/speed", {"speed": 10})
        before = meter.get("/api/state")["health"]["frames_received"]
        wait_until(lambda: meter.get("/api/state")["health"]["frames_received"] > before + 20,
                   "windows go on", 10)
    meter.terminate()


def test_optical_clients():
    """Eight heads may talk at once; one more is hung up on; a free line serves the next."""
    meter = Meter("--mains", CONSTANT, "--optical", "tcp:127.0.0.1:0")
    links = [meter.optical() for _ in range(8)]
    for link in links:
        wait_until(lambda: abs(kmp_value(link, 1054) - 230) < 1, "U1 over KMP")
    surplus = meter.optical()
    check(surplus.recv(1) == b"", "the ninth is served")
    links.pop().close()
    wait_until(lambda: not closed_at_once(meter), "a free line")
    for link in links:
        check(abs(kmp_value(link, 1055) - 230) < 1, "U2 over KMP")
    meter.terminate()


def closed_at_once(meter):
    link = meter.optical()
    link.settimeout(0.3)
    try:
        return link.recv(1) == b""
    except socket.timeout:
        return False
    finally:
        link.close()


def test_echo_and_timing():
    """echo=on gives back what it hears; timing=on needs the time of the real line."""
    meter = Meter("--mains", CONSTANT, "--optical", "tcp:127.0.0.1:0,echo=on,timing=on")
    link = meter.optical()
    request = kmp_frame([0x3F, 0x10, 1, 0, 1])
    begin = time.monotonic()
    link.sendall(request)
    received = b""
    while received.count(b"\r") < 2:
        received += link.recv(100)
    took = time.monotonic() - begin
    check(received.startswith(request), f"no echo: {received.hex()}")
    # 11 bits a byte at 9600 baud, request and answer; less would be faster than the line can be
    check(took > len(received) * 11 / 9600 * 0.95, f"{len(received)} bytes in {took:.4f} s")
    meter.terminate()


def test_panel_api():
    meter = Meter("--mains", CONSTANT, "--panel", "127.0.0.1:0", "--speed", "10")
    state = meter.get("/api/state")
    for key in ("now", "local", "speed", "supply", "variant", "serial", "display", "pulses",
                "phases", "total", "energy", "mains", "inputs", "status", "health", "ports"):
        check(key in state, f"state lacks {key}")
    check(len(state["display"]["value"]) == 9 and len(state["display"]["ident"]) == 7, "display")
    check(meter.post("/api/control", {"name": "u1", "value": 200}) == (200, {"ok": True}), "u1")
    wait_until(lambda: abs(meter.get("/api/state")["phases"][0]["u"] - 200) < 0.5, "200 V")
    check(meter.post("/api/input", {"name": "magnet", "on": True})[0] == 200, "magnet")
    check(meter.get("/api/state")["inputs"]["magnet"] is True, "the magnet is there")
    check(meter.post("/api/button", {"button": "left", "pressed": True})[0] == 200, "button")
    check(meter.post("/api/button", {"button": "left", "pressed": False})[0] == 200, "button")
    for path, body in (("/api/control", {"name": "warp", "value": 9}),
                       ("/api/control", {"value": 9}), ("/api/button", {"button": "middle"}),
                       ("/api/input", {"name": "magnet"}), ("/api/speed", {"speed": -1}),
                       ("/api/speed", {"speed": "fast"}), ("/api/speed", b"{"),
                       ("/api/speed", b"[1]"), ("/api/control", b"\xff\xfe")):
        code, answer = meter.post(path, body)
        check(code == 400 and list(answer) == ["error"], f"{path} {body}: {code} {answer}")
    check(meter.post("/api/speed", b" " * 5000)[0] == 413, "5000 bytes")
    check(meter.post("/api/nothing", {})[0] == 404, "/api/nothing")
    meter.terminate()


def test_power_cut_from_panel():
    """REQ(X-MET-7): without voltage the meter stores and stops, and starts again with it."""
    meter = Meter("--mains", "u=230,i=50", "--panel", "127.0.0.1:0", "--speed", "10")
    wait_until(lambda: meter.get("/api/state")["supply"], "supply")
    meter.post("/api/control", {"name": "supply", "value": 0})
    wait_until(lambda: not meter.get("/api/state")["supply"], "no supply")
    before = meter.registers()
    check(meter.get("/api/state")["display"]["on"] is False, "the display is on")
    time.sleep(0.3)
    check(kwh(meter.registers()) == kwh(before), "it counts without supply")
    meter.post("/api/control", {"name": "supply", "value": 1})
    wait_until(lambda: kwh(meter.registers()) > kwh(before), "it counts again")
    meter.terminate()


def request_raw(port, method, path, headers, body=b""):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_panel_is_guarded():
    """Other sites' pages reach nothing; another address than loopback needs the token."""
    meter = Meter("--mains", CONSTANT, "--panel", "127.0.0.1:0")
    port = meter.port("panel http")
    body = b'{"speed": 2}'
    own = f"http://127.0.0.1:{port}"
    cases = [
        ("GET", "/api/state", {"Host": "evil.example"}, 403),
        ("GET", "/api/state", {"Host": f"localhost:{port}"}, 200),
        ("GET", "/api/state", {"Host": "localhost.evil.example"}, 403),
        ("POST", "/api/speed", {"Origin": "http://evil.example"}, 403),
        ("POST", "/api/speed", {"Origin": "null"}, 403),
        ("POST", "/api/speed", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", "/api/speed", {"Origin": own}, 200),
        ("POST", "/api/speed", {}, 200),
        ("GET", "/api/speed", {}, 405),
        ("DELETE", "/api/speed", {}, 405),
        ("GET", "/../etc/passwd", {}, 404),
        ("GET", "/nothing", {}, 404),
    ]
    for method, path, headers, wanted in cases:
        code = request_raw(port, method, path, headers, body if method == "POST" else b"").status
        check(code == wanted, f"{method} {path} {headers}: {code}, expected {wanted}")
    meter.terminate()

    meter = Meter("--mains", CONSTANT, "--panel", "0.0.0.0:0", "--panel-token", "correct-horse")
    port = meter.port("panel http")
    for path, headers, wanted in (
            ("/api/state", {}, 401),
            ("/events", {}, 401),
            ("/api/state?token=correct-hors", {}, 401),
            ("/api/state?token=wrong-horses-", {}, 401),
            ("/api/state?token=correct-horse", {"Host": "meter.example"}, 200),
            ("/api/state", {"Authorization": "Bearer correct-horse"}, 200),
            ("/api/state", {"Cookie": f"panel_token_{port}=correct-horse"}, 200)):
        code = request_raw(port, "GET", path, headers).status
        check(code == wanted, f"GET {path} {headers}: {code}, expected {wanted}")
    meter.terminate()


def read_event(stream):
    while True:
        line = stream.readline()
        check(line != b"", "the stream ended")
        if line.startswith(b"data: "):
            return json.loads(line[6:])


def test_events():
    """A live stream for many; a change is seen without waiting for the next turn."""
    meter = Meter("--mains", CONSTANT, "--panel", "127.0.0.1:0")
    port = meter.port("panel http")
    connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=20) for _ in range(40)]
    streams = []
    for connection in connections:
        connection.request("GET", "/events")
        streams.append(connection.getresponse())
    check(streams[0].getheader("Content-Type").startswith("text/event-stream"), "type")
    for stream in streams:
        check(read_event(stream)["variant"] == "382M", "first event")
    # 39 clients that do not read must not stop the one that does
    meter.post("/api/input", {"name": "cover", "on": True})
    wait_until(lambda: read_event(streams[0])["inputs"]["cover"], "the cover is seen open")
    for _ in range(10):
        read_event(streams[0])
    for connection in connections:
        connection.close()
    code, _ = meter.terminate()
    check(code == 0, f"exit {code}")


def test_led_blinks():
    """REQ(LCO-12): at 69 kW there are 19 pulses a second on the stream, lit and dark."""
    meter = Meter("--mains", "u=230,i=100", "--panel", "127.0.0.1:0")
    connection = http.client.HTTPConnection("127.0.0.1", meter.port("panel http"), timeout=20)
    connection.request("GET", "/events")
    stream = connection.getresponse()
    seen = set()
    wait_until(lambda: seen.add(read_event(stream)["pulses"]["led"]) or len(seen) == 2, "blinking")
    first = read_event(stream)["pulses"]["emitted"]
    wait_until(lambda: read_event(stream)["pulses"]["emitted"] > first + 5, "more pulses")
    connection.close()
    meter.terminate()


def main():
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    for test in tests:
        with tempfile.TemporaryDirectory() as folder:
            test(*([folder] if test.__code__.co_argcount == 1 else []))
        print(f"ok {test.__name__}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
