#!/usr/bin/env python3
"""Settings of a running meter over KMP: staged, killed, committed, and what each connection may."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time

from meter_process import Meter, check, kmp_frame, kmp_receive, run

MAINS = "u=230,i=5"
ZONE, MASK, NUMBER_2 = 12, 70, 32


def ask(link, body):
    link.sendall(kmp_frame(bytes([0x3F]) + bytes(body)))
    return kmp_receive(link)[2:]


def number(identity, value):
    return identity.to_bytes(2, "big") + bytes([4]) + value.to_bytes(4, "big")


def read(link, identity):
    answer = ask(link, bytes([0xEC]) + identity.to_bytes(2, "big"))
    check(answer[:3] == identity.to_bytes(2, "big") + bytes([4]), f"setting {identity}: {answer.hex()}")
    return int.from_bytes(answer[3:], "big")


def stage(link, *values, password=0):
    return ask(link, bytes([0xED]) + password.to_bytes(2, "big") + b"".join(values))


def commit(link, count, password=0):
    return ask(link, bytes([0xEE]) + password.to_bytes(2, "big") + bytes([count]))


def start(folder, *ports):
    arguments = ["--mains", MAINS, "--data", folder]
    for port in ports or ["tcp:127.0.0.1:0"]:
        arguments += ["--optical", port]
    return Meter(*arguments)


# REQ(CFG-10, SEC-08): killed before the commit nothing holds and the meter says so; after it all does
def test_kill(folder):
    meter = start(folder)
    link = meter.optical()
    check(stage(link, number(ZONE, 2), number(MASK, 0x46))[:4] == bytes([0, 0, 0, 2]), "staged")
    meter.kill()

    meter = start(folder)
    link = meter.optical()
    check(ask(link, [0xEF, 0])[:2] == bytes([0, 2]), "nothing is staged, and it says: undone")
    check((read(link, ZONE), read(link, MASK)) == (1, 64), "as it was")
    stage(link, number(ZONE, 2), number(MASK, 0x46))
    check(commit(link, 1)[0] == 9, "another number of values is no commit")
    check(commit(link, 2) == bytes([0, 0, 0, 2, 0, 0, 0, 1]), "committed")
    meter.kill()

    meter = start(folder)
    link = meter.optical()
    check((read(link, ZONE), read(link, MASK)) == (2, 0x46), "it holds after a kill")
    check(ask(link, [0xEF, 0]) == bytes([0, 0, 0, 0, 0, 1, 0, 0]), "there was nothing left to do")
    check(stage(link, number(1, 2))[:3] == bytes([5, 0, 1]), "decimals are locked")
    check(stage(link, number(ZONE, 2), password=7)[0] == 7, "wrong password")
    code, _ = meter.terminate()
    check(code == 0, "orderly end")


def connect(meter, index):
    port = int(meter.lines[index].rsplit(":", 1)[1])
    return socket.create_connection(("127.0.0.1", port), timeout=10)


# REQ(CCC-04, SEC-06): the consumer port reads, and changes nothing
def test_channels(folder):
    meter = start(folder, "tcp:127.0.0.1:0,channel=consumer", "tcp:127.0.0.1:0,channel=module")
    consumer, module = connect(meter, 0), connect(meter, 1)
    check(read(consumer, NUMBER_2) == 0, "it reads")
    check(stage(consumer, number(NUMBER_2, 5))[0] == 8, "not over this connection")
    consumer.sendall(kmp_frame([0x3F, 0x88]))  # debiting stop: silence, and the next answer comes
    check(read(consumer, NUMBER_2) == 0, "it reads on")
    stage(module, number(NUMBER_2, 5))
    check(commit(module, 1)[0] == 0, "the module port may")
    check(read(consumer, NUMBER_2) == 5, "and everybody sees it")
    meter.terminate()


def tool(meter, *arguments):
    address = f"kmp+tcp://127.0.0.1:{meter.port('optical tcp')}"
    return subprocess.run([os.path.join(sys.argv[1], "metertool"), "-m", address, *arguments],
                          capture_output=True, text=True, timeout=60)


# REQ(SEC-07, SEC-08, EVT-02): the tool tells changes and alarms in words, and clears alarms
def test_tool(folder):
    meter = Meter("--mains", MAINS, "--data", folder, "--optical", "tcp:127.0.0.1:0", "--panel", "127.0.0.1:0",
                  "--speed", "20")
    link = meter.optical()
    stage(link, number(ZONE, 2), number(61, 4711))
    check(commit(link, 2)[0] == 0, "committed")
    said = tool(meter, "events", "audit")
    check("time-zone: 01 (UTC+1) -> 02 (UTC+2); optical eye" in said.stdout, said.stdout + said.stderr)
    check("password: changed" in said.stdout, said.stdout)
    rows = json.loads(tool(meter, "events", "audit", "--json").stdout)
    check(rows[0]["change"]["name"] == "time-zone" and rows[0]["change"]["channel"] == "optical eye", str(rows))
    check(tool(meter, "events", "audit", "done").returncode == 2, "no flag, nothing to confirm")

    check(tool(meter, "events", "alarms").stdout == "no alarm\n", "no alarm yet")
    meter.post("/api/input", {"name": "cover", "on": True})
    end = time.monotonic() + 30
    while "meter cover open" not in tool(meter, "events", "alarms").stdout:
        check(time.monotonic() < end, "the cover raises no alarm")
    done = tool(meter, "events", "alarms", "clear")
    check(done.returncode == 1 and "password" in done.stderr, done.stderr)
    done = tool(meter, "--password", "4711", "events", "alarms", "clear")
    check(done.returncode == 0, done.stderr)
    check(tool(meter, "events", "alarms").stdout == "no alarm\n", "cleared")
    check(tool(meter, "--password", "70000", "info").returncode == 2, "no such password")
    meter.terminate()


def test_option():
    done = run("--headless", "--optical", "tcp:127.0.0.1:0,channel=radio")
    check(done.returncode != 0 and "channel=optical|module|consumer" in done.stderr, done.stderr)


if __name__ == "__main__":
    for test in (test_kill, test_channels, test_tool):
        with tempfile.TemporaryDirectory() as data:
            test(data)
    test_option()
    print("ok")
