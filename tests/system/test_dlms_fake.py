"""metertool over DLMS against a meter made by hand (fake_dlms.py): every command, long answers in
blocks, and answers that are wrong in every way.  Arguments: BUILD_DIR SOURCE_DIR."""
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

from fake_dlms import CLOCK, NAME, FakeDlms, moment, obis, octets, structure, u16, u32
from push_vectors import DENMARK_ENCRYPTED, DENMARK_KEYS, NORWAY_LIST_2, SWEDEN_LIST_1

TOOL = os.path.join(sys.argv[1], "metertool")


def check(condition, text):
    if not condition:
        print(f"FAILED: {text}")
        sys.exit(1)


def tool(meter, *arguments, options="", exit_code=0, environment=None):
    done = subprocess.run([TOOL, "-m", f"dlms://127.0.0.1:{meter.port}{options}", "-t", "5000", *arguments],
                          capture_output=True, text=True, timeout=60,
                          env={**os.environ, **(environment or {})})
    check(done.returncode == exit_code,
          f"{arguments} {options}: exit {done.returncode}, not {exit_code}: {done.stdout}{done.stderr}")
    return done


def reading():
    meter = FakeDlms()
    values = json.loads(tool(meter, "read", "--json", "1.8.0", "1.7.0", "1-0:1.6.0").stdout)
    check(values["1-0:1.8.0.255"]["value"] == 1234.567 and values["1-0:1.8.0.255"]["unit"] == "kWh", f"energy: {values}")
    check(values["1-0:1.7.0.255"]["value"] == 0.976, f"power: {values}")
    check(values["1-0:1.6.0.255"]["extra"] == "2026-01-17 18:30:00", f"time of the peak: {values}")
    check(meter.released == 1, "the association was not released")
    dump = json.loads(tool(meter, "dump", "--json").stdout)
    check(len(dump) == 43, f"dump: {len(dump)} objects")  # the list of objects and security set-up are refused
    check(dump[NAME]["value"] == "FAK0000000000001", f"name: {dump[NAME]}")
    csv = tool(meter, "read", "--csv").stdout.splitlines()
    check(csv[1].startswith("1-0:1.8.0.255,,Active energy A+,1234.567,kWh"), f"CSV: {csv}")
    done = tool(meter, "read", "1.8.0", "99.99.9", exit_code=3)
    check("does not have register 99.99.9" in done.stderr, done.stderr)
    check("FAK0000000000001" in tool(meter, "info").stdout, "info")
    lines = tool(meter, "watch", "-n", "2", "-i", "0", "1.8.0").stdout.splitlines()
    check(len(lines) == 2 and "1234.567 kWh" in lines[1], f"watch: {lines}")
    meter.close()


def blocks_and_lists():
    for meter in (FakeDlms(block=37), FakeDlms(block=400, faults=["dribble"]), FakeDlms(conformance=0x001010),
                  FakeDlms(max_pdu=125), FakeDlms(faults=["notify"])):
        dump = json.loads(tool(meter, "dump", "--json").stdout)
        check(len(dump) == 43 and dump["1-0:1.8.0.255"]["value"] == 1234.567, f"{meter.faults}: {len(dump)}")
        check(max(len(r) for r in meter.requests) <= 125 or meter.max_pdu != 125, "a request longer than the meter takes")
        meter.close()
    meter = FakeDlms()
    tool(meter, "dump", options="?ask=one")
    check(not any(r[:2] == b"\xC0\x03" for r in meter.requests), "ask=one asked with a list")
    meter.close()


def profiles():
    meter = FakeDlms(block=50)
    rows = json.loads(tool(meter, "profile", "--json").stdout)
    check(len(rows) == 8 and rows[1] == {"time": "2026-02-01 00:15:00", "1-0:1.8.0": 1.001, "1-0:1.7.0": 0.207}, f"{rows}")
    csv = tool(meter, "profile", "--csv", "--from", "2026-02-01T00:30", "--to", "2026-02-01T01:15").stdout.splitlines()
    check(csv[0] == "time,1-0:1.8.0 kWh,1-0:1.7.0 kW", f"heading: {csv[0]}")
    check(len(csv) == 5 and csv[1].startswith("2026-02-01 00:30:00,1.002,"), f"rows: {csv}")
    check(meter.asked_deviation == b"\x80\x00", "the deviation is not left open")
    tool(meter, "profile", "--from", "2026-02-01", options="?deviation=real")
    check(meter.asked_deviation == b"\xFF\xC4", "the deviation is not the meter's")
    last = tool(meter, "profile", "--csv", "--count", "3").stdout.splitlines()
    check(len(last) == 4 and last[3].startswith("2026-02-01 01:45:00") and meter.asked_entries == (6, 0), f"last: {last}")
    tool(meter, "profile", "--count", "3", options="?rows=newest")
    check(meter.asked_entries == (2, 0), f"from the newest: {meter.asked_entries}")
    tool(meter, "profile", "--count", "300")
    check(meter.asked_entries == (1, 0), f"more than there are: {meter.asked_entries}")
    check("2026-02-03 04:05:06" in tool(meter, "events").stdout, "event log")
    tool(meter, "billing", exit_code=3)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "profile.csv")
        tool(meter, "profile", "--csv", "--output", path)
        check(len(open(path).read().splitlines()) == 9, "file")
        check("expected a name that is free" in tool(meter, "profile", "--output", path, exit_code=2).stderr, "kept")
    meter.faults.add("compress")
    again = json.loads(tool(meter, "profile", "--json").stdout)
    check([r["time"] for r in again] == [r["time"] for r in rows], f"null-data: {again}")
    meter.faults.add("columns")
    check("does not have the columns" in tool(meter, "profile", exit_code=1).stderr, "columns")
    meter.close()


def clocks():
    meter = FakeDlms()
    seen = json.loads(tool(meter, "clock", "--json").stdout)
    check(abs(seen["ahead_s"] + 3 * 86400) < 2 and seen["offset_min"] == 60, f"clock: {seen}")
    tool(meter, "clock", "sync")
    check(abs(json.loads(tool(meter, "clock", "--json").stdout)["ahead_s"]) < 1.5, "after sync")
    check(meter.written[(8, CLOCK, 2)][-3:-1] == b"\xFF\xC4", "the deviation is the meter's own")
    meter.deviation, meter.ahead = 0x8000, meter.ahead * 0
    check(abs(json.loads(tool(meter, "clock", "--json").stdout)["ahead_s"]) < 1.5, "by the zone")
    meter.deviation = 60
    check(abs(json.loads(tool(meter, "clock", "--json", options="?zone=local-utc").stdout)["ahead_s"]) < 1.5, "other sign")
    tool(meter, "clock", "set", "2026-12-01T00:00:00")
    check(meter.now()[:4] == bytes([7, 0xEA, 12, 1]), "set")
    meter.close()


def objects():
    meter = FakeDlms(max_pdu=64)
    listed = json.loads(tool(meter, "dlms", "objects", "--json").stdout)
    check(len(listed) == 45 and listed[0]["class_name"] == "Clock", f"{listed[:2]}")
    done = tool(meter, "dlms", "get", "3/1-0:1.8.0.255", "8/0-0:1.0.0.255:3", "1-0:99.1.0:4")
    check(done.stdout.split() == ["1234567", "-60", "900"], done.stdout)
    check(tool(meter, "dlms", "get", "Active energy A+", "A+:3").stdout.split("\n")[:2] == ["1234567", "{0, 30}"], "by name")
    check(json.loads(tool(meter, "dlms", "get", "99.1.0:3", "--json").stdout)[1] == [3, "1-0:1.8.0.255", 2, 0], "JSON")
    everything = json.loads(tool(meter, "dlms", "dump", "--json").stdout)
    check(everything["3/1-0:1.8.0.255"]["attributes"] == {"2": 1234567, "3": [0, 30]}, f"{everything['3/1-0:1.8.0.255']}")
    check("2" not in everything["7/1-0:99.1.0.255"]["attributes"], "a buffer that nobody asked for")
    check(len(json.loads(tool(meter, "dlms", "dump", "all", "--json").stdout)["7/1-0:99.1.0.255"]["attributes"]["2"]) == 8, "buffer")
    check("3/1-0:1.8.0.255:2   1234567" in tool(meter, "dlms", "dump").stdout, "text")
    tool(meter, "dlms", "set", "42.0.0", "text:" + "x" * 100)
    check(meter.written[(1, NAME, 2)] == b"\x09\x64" + b"x" * 100, "a long value in blocks")
    check("read-write-denied (3)" in tool(meter, "dlms", "set", "1.8.0", "u32:1", exit_code=3).stderr, "refused")
    check("object-undefined" in tool(meter, "dlms", "get", "1/1-0:9.9.9.255", exit_code=3).stderr, "undefined")
    tool(meter, "dlms", "action", "8/0-0:1.0.0.255:6", "i16:-30")
    check(meter.actions[-1] == (8, CLOCK, 6, b"\x10\xFF\xE2"), f"action: {meter.actions}")
    tool(meter, "dlms", "set", "42.0.0", "{u8:300}", exit_code=2)
    tool(meter, "dlms", "get", "nonsense", exit_code=2)
    tool(meter, "dlms", "get", exit_code=2)
    meter.close()


def wrong_answers():
    for fault, words in (("invoke", "answer to another request"), ("cut", "malformed"), ("garbage", "malformed"),
                         ("number", "another block number"), ("silent", "no answer in time")):
        meter = FakeDlms(faults=[fault], block=60)
        done = tool(meter, "-t", "400", "read", exit_code=1)
        check(words in done.stderr and done.stderr.count("\n") == 1, f"{fault}: {done.stderr}")
        meter.close()
    meter = FakeDlms(passwords={16: b"12345"})
    check("authentication failed" in tool(meter, "info", exit_code=1).stderr, "rejected")
    meter.close()
    for url, words in (("dlms://h:0", "port 1 to 65535"), ("dlms://h?client=0", "client=1"), ("dlms://h?colour=1", "client="),
                       ("hdlc+tcp://h:1?address=20000", "address=0"), ("dlms-hdlc:/dev/x?baud=1", "baud=")):
        done = subprocess.run([TOOL, "-m", url, "read"], capture_output=True, text=True, timeout=10)
        check(done.returncode == 2 and words in done.stderr, f"{url}: {done.stderr}")
    done = subprocess.run([TOOL, "-m", "dlms://127.0.0.1:1", "config", "show"], capture_output=True, text=True, timeout=10)
    check(done.returncode == 2 and "does not go over DLMS" in done.stderr, done.stderr)


def traces():
    meter = FakeDlms()
    told = tool(meter, "-v", "read", "1.8.0").stderr
    check("AARQ context 1" in told and "GET 2 3/1-0:1.8.0.255:3" in told and "1234567" in told, told)
    meter.close()


def passwords():
    meter = FakeDlms(passwords={16: b"S3CRET"})
    keys = {"OPEN382_KEYS": '{"lls": {"16": "S3CRET"}}'}
    done = tool(meter, "-v", "read", "1.8.0", environment=keys)
    check("mechanism low" in done.stderr and "S3CRET" not in done.stderr + done.stdout, f"trace: {done.stderr}")
    check(b"S3CRET".hex().upper() not in done.stderr, "the password stands in the trace")
    done = tool(meter, "read", options="?auth=lls&client=17", exit_code=2)
    check('"lls": {"17": ...}' in done.stderr, done.stderr)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "keys")
        with open(path, "w") as file:
            file.write('{"lls": {"16": "S3CRET"}}')
        os.chmod(path, 0o644)
        done = tool(meter, "--keys", path, "read", exit_code=2)
        check("600" in done.stderr, f"a file that others can read: {done.stderr}")
        os.chmod(path, 0o600)
        tool(meter, "--keys", path, "read", "1.8.0")
    check("guek and gak" in tool(meter, "read", options="?auth=gmac", exit_code=2).stderr, "no keys")
    meter.close()


def images():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "firmware.bin")
        image = bytes(i * 7 % 256 for i in range(1000))
        with open(path, "wb") as file:
            file.write(image)
        for faults in ([], ["lose"], ["wait"]):
            meter = FakeDlms(faults=faults, max_pdu=256)
            done = tool(meter, "dlms", "image", "upload", path)
            check("not in force" in done.stdout, done.stdout)
            check(meter.image == (b"firmware.bin", 1000), f"{meter.image}")
            check(b"".join(meter.image_blocks[i] for i in range(16)) == image, f"{faults}: the image is another one")
            check(meter.image_state == 3, f"state {meter.image_state}")
            meter.close()
        meter = FakeDlms()
        meter.image, meter.image_state = (b"v2", 1000), 1
        meter.image_blocks = {i: image[64 * i:64 * i + 64] for i in range(10)}
        done = tool(meter, "dlms", "image", "upload", path, "name=v2", "resume", "activate")
        check("in force" in done.stdout and meter.image_state == 6, done.stdout)
        check(sum(1 for a in meter.actions if a[2] == 2) == 6, "blocks that were there already are sent again")
        check("No such file" in tool(meter, "dlms", "image", "upload", path + "x", exit_code=2).stderr, "no file")
        meter.close()


def listening():
    probe = socket.create_server(("127.0.0.1", 0))
    port = probe.getsockname()[1]
    probe.close()
    listener = subprocess.Popen([TOOL, "--json", "-n", "4", "dlms", "listen", str(port)], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
    check("waiting for pushes" in listener.stderr.readline(), "listener")
    data = b"\x0F\x00\x00\x00\x01\x00" + structure(u16(7), octets(b"hello"))
    event = b"\xC2\x01\x0C" + moment(2026, 1, 2, 3, 4, 5) + struct.pack(">H", 1) + obis("0-0:97.98.0.255") + \
        b"\x02" + u32(9)
    wrapped = [struct.pack(">HHHH", 1, 1, 102, len(a)) + a for a in (data, event, b"\xC4\x01\xC1\x00\x00", data)]
    stranger = socket.create_connection(("127.0.0.1", port))
    stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
    with socket.create_connection(("127.0.0.1", port)) as meter:
        for part in (wrapped[0][:5], wrapped[0][5:] + wrapped[1], wrapped[2], wrapped[3][:9], wrapped[3][9:]):
            meter.sendall(part)
            time.sleep(0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(wrapped[0], ("127.0.0.1", port))
    out, err = listener.communicate(timeout=20)
    stranger.close()
    pushes = [json.loads(line) for line in out.splitlines()]
    check(listener.returncode == 0 and len(pushes) == 4, f"{out}{err}")
    check(pushes[0]["data"] == [7, "hello"] and pushes[0]["server"] == 1 and pushes[0]["client"] == 102, f"{pushes[0]}")
    check(pushes[1]["obis"] == "0-0:97.98.0.255" and pushes[1]["data"] == 9, f"{pushes[1]}")
    check("malformed" in err and "no DLMS wrapper" in err, err)


def customer_ports():
    """Real telegrams, torn apart anywhere, with noise between them; one is encrypted."""
    server = socket.create_server(("127.0.0.1", 0))
    listener = subprocess.Popen([TOOL, "-m", f"hdlc+tcp://127.0.0.1:{server.getsockname()[1]}", "--json", "-n", "4",
                                 "dlms", "listen"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={**os.environ, "OPEN382_KEYS": json.dumps(DENMARK_KEYS)})
    line, _ = server.accept()
    frames = [bytes.fromhex(f) for f in (SWEDEN_LIST_1, NORWAY_LIST_2, DENMARK_ENCRYPTED)]
    damaged = bytearray(frames[0])
    damaged[100] ^= 1
    stream = b"\x00\xFFnoise\x7E" + frames[0] + frames[1] + bytes(damaged) + b"\x7E\x7E" + frames[2] + frames[0]
    for i in range(0, len(stream), 97):
        line.sendall(stream[i:i + 97])
        time.sleep(0.01)
    out, err = listener.communicate(timeout=20)
    line.close()
    server.close()
    pushes = [json.loads(text) for text in out.splitlines()]
    check(listener.returncode == 0 and len(pushes) == 4, f"{out}{err}")
    check(pushes[0]["time"] == "2022-02-17 22:33:50" and pushes[0]["server"] == 16, f"{pushes[0]}")
    check(pushes[0]["values"]["1-1:1.7.0.255"] == 3503 and pushes[0]["values"]["1-1:32.7.0.255"] == 243, f"{pushes[0]}")
    check(pushes[1]["values"]["1-1:1.8.0.255"] == 8582328, f"{pushes[1]}")
    check(pushes[2]["time"] == "2020-01-07 14:47:20" and pushes[2]["values"]["1-1:1.8.0.255"] == 866636, f"{pushes[2]}")
    check(pushes[3]["values"] == pushes[0]["values"], "the one behind the damaged one")


def example():
    meter = FakeDlms(block=100)
    done = subprocess.run([os.path.join(sys.argv[1], "examples", "dlms-client"), "127.0.0.1", str(meter.port)],
                          capture_output=True, text=True, timeout=20)
    lines = done.stdout.splitlines()
    check(done.returncode == 0 and len(lines) == 46, f"example: {done.stdout}{done.stderr}")
    check(lines[0].startswith("clock 20") and lines[1].split() == ["1", "class", "8", "0-0:1.0.0.255"], f"{lines[:2]}")
    meter.close()


for part in (reading, blocks_and_lists, profiles, clocks, objects, wrong_answers, traces, passwords, images, listening,
             customer_ports, example):
    part()
print("ok")
