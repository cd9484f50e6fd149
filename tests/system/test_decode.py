"""metertool decode: telegrams of M-Bus, wired and by radio, from real meters."""

import json
import os
import re
import subprocess
import sys
import tempfile

from meter_process import check

TOOL = os.path.join(sys.argv[1], "metertool")
READ_OUT = ("68 46 46 68 08 78 72 20 91 83 14 2D 2C 01 02 04 00 00 00 04 06 00 00 00 00 04 22 09 00 00 00 04 2B 00 00 00 00 "
            "14 2B 00 00 00 00 84 50 06 00 00 00 00 84 60 06 00 00 00 00 0F 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 10 "
            "24 16")
OMNIPOWER = "27442D2C5768663230028D202E21870320D3A4F149B1B8F5783DF7434B8A66A55786499ABE7BAB59"
KEY = "9A25139E3244CC2E391A8EF6B915B697"
RADIO_382 = {"A": "1E442D2C077194150102E8037AB30010802F2F04833B083405002F2F33B02F2F2F2F2F25EE",
             "B": "20442D2C0771941501027AB30010802F2F04833B083405002F2F2F2F2F2F2FA28D",
             "T1": "543d37271c3b13b45934cd95c35958d58ecac58b4e68cb596356b163a93a959cb0b2e35ac2dc5995963a93a92cb8d63a93a93a93a93a"
                   "9399cb20"}


def tool(*arguments, text="", environment=None):
    return subprocess.run([TOOL, *arguments], input=text, capture_output=True, text=True, timeout=20,
                          env={**os.environ, "OPEN382_KEYS": "", **(environment or {})})


def test_wired():
    done = tool("--json", "decode", "mbus", READ_OUT)
    check(done.returncode == 0, done.stderr)
    meter = json.loads(done.stdout)
    check((meter["manufacturer"], meter["id"], meter["medium"]) == ("KAM", "14839120", "electricity"), f"{meter}")
    check([record["value"] for record in meter["records"][:6]] == [0, 9, 0, 0, 0, 0], f"{meter}")
    # octets apart, joined, from standard input, as CSV
    for arguments, text in ((READ_OUT.split(), ""), ([READ_OUT.replace(" ", "")], ""), ([], READ_OUT)):
        done = tool("--csv", "decode", "mbus", *arguments, text=text)
        check(done.returncode == 0 and len(done.stdout.splitlines()) == 8, f"{arguments}: {done.stdout}{done.stderr}")
        check("instant,on time,9,h,0,0,0,,,22" in done.stdout, done.stdout)


def test_radio():
    for name, telegram in RADIO_382.items():
        done = tool("--json", "decode", "wmbus", telegram)
        check(done.returncode == 0, f"{name}: {done.stderr}")
        meter = json.loads(done.stdout)
        check((meter["id"], meter["records"][0]["value"]) == ("15947107", 341000), f"{name}: {meter}")


def test_keys(folder):
    path = os.path.join(folder, "radio.keys")
    with open(path, "w", encoding="ascii") as file:
        json.dump({"wmbus": {"32666857": KEY}}, file)
    os.chmod(path, 0o600)
    done = tool("--keys", path, "--json", "decode", "wmbus", OMNIPOWER)
    check(done.returncode == 0, done.stderr)
    check([record["value"] for record in json.loads(done.stdout)["records"]] == [2060, 0, 3, 0], done.stdout)
    done = tool("decode", "wmbus", OMNIPOWER, environment={"OPEN382_KEYS": json.dumps({"wmbus": {"32666857": KEY}})})
    check(done.returncode == 0 and "AES-CTR, compact" in done.stdout, f"{done.stdout}{done.stderr}")
    done = tool("decode", "wmbus", OMNIPOWER)
    check(done.returncode == 1 and 'expected its key in --keys FILE, "wmbus": {"32666857"' in done.stderr, done.stderr)
    wrong = json.dumps({"wmbus": {"32666857": KEY[::-1]}})
    done = tool("decode", "wmbus", OMNIPOWER, environment={"OPEN382_KEYS": wrong})
    check(done.returncode == 1 and "the key does not fit" in done.stderr, done.stderr)
    check(KEY not in done.stderr and KEY[::-1] not in done.stderr and done.stdout == "", done.stderr)


def captures():
    """Names and octets of what other makes pushed, out of the unit test's vectors."""
    path = os.path.join(sys.argv[2], "tests", "proto", "push_vectors.h")
    with open(path, encoding="utf-8") as file:
        found = re.findall(r'(push_\w+)\[\] =\s+((?:"[0-9A-F ]+"\s*)+);', file.read())
    return {name: "".join(text.replace('"', "").split()) for name, text in found}


def test_pushes(folder):
    """REQ(CCC-01, CCC-03): pushes of any make as a table, JSON and CSV, from words, files, hex or binary, and standard input."""
    frames = captures()
    check(len(frames) == 8, f"{frames.keys()}")
    done = tool("--json", "decode", "han", frames["push_aidon"])
    check(done.returncode == 0, done.stderr)
    push = json.loads(done.stdout)
    check(push["list"] == "AIDON_V0001" and push["time"] == "2025-12-14 16:00:00", f"{push}")
    check(push["values"]["1-0:1.7.0.255"] == {"name": "Active power P+", "value": 4.027, "unit": "kW"} and
          push["values"]["1-0:1.8.0.255"]["value"] == 109552.25, f"{push}")
    done = tool("decode", "han", frames["push_kaifa_norway"])
    check(done.returncode == 0 and "2022-01-02 14:37:20  KFM_001" in done.stdout and "12.056 A" in done.stdout, done.stdout)
    done = tool("--csv", "decode", "han", text=frames["push_kaifa_austria"])
    check(done.returncode == 0 and "2022-03-15 10:06:40,1-0:2.7.0.255,Active power P-,4.863,kW" in done.stdout.splitlines(), done.stdout)
    # two M-Bus frames of one message: whole, so that only the key is missing; cut
    done = tool("decode", "han", frames["push_vorarlberg_frames"])
    check(done.returncode == 1 and "expected guek and gak" in done.stderr and done.stderr.count("\n") == 1, done.stderr)
    done = tool("decode", "han", frames["push_vorarlberg_frames"][:-4])
    check(done.returncode == 1 and "no push" in done.stderr, done.stderr)
    path = os.path.join(folder, "line.bin")
    with open(path, "wb") as file:  # as a logger took it: begins in a frame, then two whole ones and a telegram
        file.write(bytes.fromhex(frames["push_aidon"])[100:] + bytes.fromhex(frames["push_kaifa_power"] + frames["push_kaifa_sweden"]))
        file.write(b"/ISK5\\2M\r\n\r\n0-0:1.0.0(240407122854S)\r\n1-0:1.7.0(01.453*kW)\r\n!\r\n")
    pushes = [json.loads(line) for line in tool("--json", "decode", "p1", path).stdout.splitlines()]
    check([p["list"] for p in pushes] == ["", "KFM_001", "ISK5\\2M"], f"{pushes}")
    check([p["values"]["1-0:1.7.0.255"]["value"] for p in pushes] == [4.117, 0.003, 1.453], f"{pushes}")
    check(pushes[2]["time"] == "2024-04-07 12:28:54", f"{pushes[2]}")
    damaged = frames["push_kaifa_power"].replace("1015F5", "1015F6")
    for arguments, words in ((["han", damaged], "no push: no HDLC frame"), (["han", "7E"], "no push"), (["p1"], "no octets"),
                             (["han", "0F00"], "malformed"), (["han", "DB0000"], "expected guek and gak"), (["han", "nofile"], "neither"),
                             (["p1", "2F580D0A0D0A2130303030"], "its CRC is wrong"), (["han", "7E7"], "half an octet")):
        done = tool("decode", *arguments)
        check(done.returncode in (1, 2) and words in done.stderr and done.stdout == "", f"{arguments}: {done.stdout}{done.stderr}")
        check(len(done.stderr.splitlines()) == 1, done.stderr)


def test_refused():
    for arguments, words in ((["mbus", "68", "4"], "half an octet"), (["mbus", "68zz"], "'z' behind octet 1"),
                             (["mbus", "680303685378BC8816"], "wrong checksum"), (["mbus", "E5"], "carries no data"),
                             (["wmbus", "1122"], "no radio telegram"), (["radio"], "mbus, wmbus, han or p1"), (["mbus"], "no octets"),
                             (["mbus", "00" * 1025], "more than 1024 octets")):
        done = tool("decode", *arguments)
        check(done.returncode in (1, 2) and words in done.stderr and done.stdout == "", f"{arguments}: {done.stderr}")
        check(len(done.stderr.splitlines()) == 1, done.stderr)


test_wired()
test_radio()
with tempfile.TemporaryDirectory() as made:
    test_keys(made)
    test_pushes(made)
test_refused()
print("decode: ok")
