"""metertool over DLMS against meter382: wrapper and HDLC, every client, values and records equal to those over KMP.
Arguments: BUILD_DIR SOURCE_DIR.  REQ(OPT-03) REQ(AMI-02)"""
import csv
import io
import json
import os
import socket
import subprocess
import sys
import tempfile

from meter_process import Meter, check, run

TOOL = os.path.join(sys.argv[1], "metertool")
IMAGE_TOOL = os.path.join(sys.argv[2], "tools", "firmware_image.py")
HOUSE = os.path.join(sys.argv[2], "data", "house-sceaux-2007-02.csv")
KEYS = {"guek": "000102030405060708090A0B0C0D0E0F", "gak": "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF",
        "kek": "101112131415161718191A1B1C1D1E1F", "lls": {"18": "12345", "19": "12345", "20": "12345"}}


def tool(url, *arguments, exit_code=0):
    done = subprocess.run([TOOL, "-m", url, *arguments], capture_output=True, text=True, timeout=60)
    check(done.returncode == exit_code, f"{url} {arguments}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


def the_same_values(meters):
    """Energies stand still: the mains is off during the comparison."""
    seen = {name: json.loads(tool(url, "read", "--json", "1.8.0", "2.8.0", "3.8.0", "1.8.1").stdout)
            for name, url in meters.items()}
    for name, values in seen.items():
        by_code = {v["obis"].split(":")[1].removesuffix(".255"): v for v in values.values()}
        for code in ("1.8.0", "2.8.0", "3.8.0", "1.8.1"):
            check(by_code[code]["unit"] in ("kWh", "kvarh"), f"{name}: {by_code[code]}")
            check(by_code[code]["value"] == seen["kmp"][code]["value"], f"{name} {code}: {by_code[code]}, {seen['kmp'][code]}")
    check(seen["kmp"]["1.8.0"]["value"] > 20, "the house has used nothing")


def the_same_records(wrapper, hdlc, kmp):
    over_kmp = table(tool(kmp, "profile", "--csv").stdout)
    over_dlms = table(tool(wrapper, "profile", "1-1:99.1.0", "--csv").stdout)
    check(len(over_dlms) == len(over_kmp) and len(over_dlms) > 90, f"{len(over_dlms)} entries, {len(over_kmp)} over KMP")
    for one, other in zip(over_dlms, over_kmp):
        check(one["time"] == other["time"], f"{one} {other}")
        check(int(one["1-1:1.8.0 kWh"]) == int(float(other["1.8.0*128"] if "1.8.0*128" in other else other["1.8.0"])), f"{one} {other}")
    check(table(tool(hdlc, "profile", "1-1:99.1.0", "--csv").stdout) == over_dlms, "HDLC gives other entries")
    begin, end = over_dlms[20]["time"].replace(" ", "T"), over_dlms[30]["time"].replace(" ", "T")
    part = table(tool(wrapper, "profile", "1-1:99.1.0", "--csv", "--from", begin, "--to", end).stdout)
    check(part == over_dlms[20:31], f"range: {part}")
    last = table(tool(hdlc, "profile", "1-1:99.1.0", "--csv", "--count", "4").stdout)
    check(last == over_dlms[-4:], f"last: {last}")


def clients(address):
    public = tool(address, "dlms", "objects").stdout.splitlines()
    reader = tool(address + "?client=19", "dlms", "objects").stdout.splitlines()
    check(len(public) < 20 < 100 < len(reader), f"{len(public)} and {len(reader)} objects")
    check("68431BM423010" in tool(address, "info").stdout, "info")
    dump = json.loads(tool(address + "?client=19", "dump", "--json").stdout)
    check(len(dump) > 90, f"dump: {len(dump)}")
    tool(address + "?client=19", "dlms", "set", "1-1:1.8.0", "u32:1", exit_code=3)
    tool(address, "dlms", "get", "3/1-1:1.8.0.255", exit_code=3)
    check("authentication" in tool(address + "?client=19&auth=none", "info", exit_code=1).stderr, "without a password")
    tool(address + "?client=19", "clock", "set", "2026-12-24T12:00:00")
    check("2026-12-24 12:00:0" in tool(address + "?client=19", "clock").stdout, "the clock was set")


def management(address):
    """Client 1: GMAC, every message authenticated and encrypted."""
    for options in ("", "&general=1", "&dedicated=1", "&general=1&dedicated=1", "&pdu=200"):
        values = json.loads(tool(address + "?client=1" + options, "read", "--json", "1-0:1.8.0", "1-1:1.8.0").stdout)
        check(len(values) == 2 and len({v["value"] for v in values.values()}) == 1, f"{options}: {values}")
    seen = tool(address + "?client=1", "-v", "read", "1.8.0")
    check("initiate ciphered" in seen.stderr and KEYS["guek"] not in seen.stderr, seen.stderr)
    check("ciphered" in tool(address + "?client=1", "info").stdout.splitlines()[0], "info")
    check(len(json.loads(tool(address + "?client=1", "dump", "--json").stdout)) > 200, "dump")
    tool(address + "?client=1&protect=auth", "-t", "1000", "info", exit_code=1)  # less than the meter demands
    tool(address + "?client=1&ic=1&title=4F33383200000001", "-t", "1000", "info", exit_code=1)  # a counter that was there
    keys = os.environ["OPEN382_KEYS"]
    os.environ["OPEN382_KEYS"] = json.dumps({**KEYS, "guek": KEYS["kek"]})
    check("check the keys" in tool(address + "?client=1", "-t", "1000", "info", exit_code=1).stderr, "another key")
    os.environ["OPEN382_KEYS"] = keys


def pushes(address):
    """The meter pushes what it is told to, ciphered, to a listener with the keys; without them nothing is shown."""
    for environment, shown in ((os.environ, True), ({**os.environ, "OPEN382_KEYS": '{"lls": {"18": "1"}}'}, False)):
        probe = socket.create_server(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        listener = subprocess.Popen([TOOL, "--json", "-n", "1", "dlms", "listen", str(port)], stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True, env=environment)
        check("waiting for pushes" in listener.stderr.readline(), "listener")
        tool(address, "dlms", "set", "40/0-0:25.9.0.255:3", f"{{enum:0, text:127.0.0.1:{port}, enum:0}}")
        tool(address, "dlms", "action", "40/0-0:25.9.0.255:1", "i8:0")
        if shown:
            push = json.loads(listener.communicate(timeout=20)[0])
            check(push["client"] == 1 and push["data"][0] == "4B414D4D000000BC614E", f"push: {push}")
        else:
            check("expected its keys" in listener.stderr.readline(), "a push that nobody could read")
            listener.kill()
            listener.communicate()


def other_keys(address, folder):
    """The meter takes new keys, and from then on only those."""
    path = os.path.join(folder, "new")
    with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        json.dump({**KEYS, "guek": "FF" * 16, "gak": "EE" * 16}, file)
    check("expected --yes" in tool(address, "dlms", "keys", "change", path, exit_code=2).stderr, "not asked")
    check("2 keys changed" in tool(address, "--yes", "dlms", "keys", "change", path).stdout, "keys")
    tool(address, "-t", "1000", "info", exit_code=1)
    old, os.environ["OPEN382_KEYS"] = os.environ["OPEN382_KEYS"], path
    tool(address, "read", "1.8.0")
    check("nothing is changed" in tool(address, "dlms", "keys", "change", path).stderr, "the same keys")
    with open(os.open(path + "2", os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        json.dump(KEYS, file)
    tool(address, "--yes", "dlms", "keys", "change", path + "2")
    os.environ["OPEN382_KEYS"] = old
    tool(address, "read", "1.8.0")


def firmware(address, folder):
    """An image that the maker has signed is taken, any other is not."""
    program, image = os.path.join(folder, "program"), os.path.join(folder, "image")
    with open(program, "wb") as file:
        file.write(bytes(i * 31 % 256 for i in range(4000)))
    subprocess.run([sys.executable, IMAGE_TOOL, program, image, "--key", os.path.join(folder, "maker.pem"), "--type", "68",
                    "--number", "38200102", "--revision", "A2"], check=True, timeout=30)
    check("found good" in tool(address, "dlms", "image", "upload", image, "name=a2").stdout, "image")
    check(tool(address, "dlms", "get", "18/0-0:44.0.0.255:6").stdout == "3\n", "state")
    with open(image, "r+b") as file:
        file.seek(2000)
        file.write(b"\x00\x01")
    done = tool(address, "dlms", "image", "upload", image, exit_code=1)
    check("finds that it is not good" in done.stderr, done.stderr)


def other_lines(folder, data):
    """A serial line in both openings, and UDP."""
    path = os.path.join(folder, "optical")
    meter = Meter("--data", data, "--optical", f"pty:{path}", "--dlms", "udp:127.0.0.1:0", "--mains", "u=230,i=0")
    try:
        udp = f"dlms+udp://127.0.0.1:{meter.port('dlms udp')}?client=19"
        wanted = json.loads(tool(udp, "read", "--json", "1.8.0").stdout)["1-1:1.8.0.255"]["value"]
        for options in ("", "&address=32", "&address=32&address-size=4", "&mode-e=1"):
            seen = json.loads(tool(f"dlms-hdlc:{path}?client=19{options}", "read", "--json", "1.8.0").stdout)
            check(seen["1-1:1.8.0.255"]["value"] == wanted, f"{options}: {seen}")
        check("refuses the HDLC connection" in tool(f"dlms-hdlc:{path}?client=19&server=9", "info", exit_code=1).stderr, "DM")
        check("no answer to the HDLC connect" in
              tool(f"dlms-hdlc:{path}?client=19&address=33", "-t", "300", "-r", "1", "info", exit_code=1).stderr, "another meter")
    finally:
        meter.terminate()


def example(port):
    done = subprocess.run([os.path.join(sys.argv[1], "examples", "dlms-client"), "127.0.0.1", str(port)],
                          capture_output=True, text=True, timeout=20)
    check(done.returncode == 0 and "0-0:40.0.0.255" in done.stdout and "clock 20" in done.stdout, f"{done.stdout}{done.stderr}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        keys, data = os.path.join(folder, "keys"), os.path.join(folder, "data")
        maker = os.path.join(folder, "maker.pem")
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", maker], check=True)
        public = subprocess.run([sys.executable, IMAGE_TOOL, "--public", maker], check=True, capture_output=True, text=True)
        with open(os.open(keys, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            json.dump({**KEYS, "verify": public.stdout.strip()}, file)
        os.environ["OPEN382_KEYS"], os.environ["XDG_STATE_HOME"] = keys, folder
        done = run("--headless", "--speed", "max", "--until", "1d", "--mains", HOUSE, "--data", data)
        check(done.returncode == 0, f"a day at full speed: {done.stderr}")
        meter = Meter("--data", data, "--optical", "tcp:127.0.0.1:0", "--dlms", "tcp:127.0.0.1:0",
                      "--mains", "u=230,i=0")
        try:
            port, optical = meter.port("dlms tcp"), meter.port("optical tcp")
            wrapper, hdlc = f"dlms://127.0.0.1:{port}", f"hdlc+tcp://127.0.0.1:{optical}"
            kmp = f"kmp+tcp://127.0.0.1:{optical}"
            the_same_values({"kmp": kmp, "wrapper": wrapper + "?client=19", "hdlc": hdlc + "?client=19",
                             "module": wrapper + "?client=18", "blocks": wrapper + "?client=19&pdu=64"})
            the_same_records(wrapper + "?client=19", hdlc + "?client=19", kmp)
            clients(wrapper)
            clients(hdlc)
            example(port)
            management(wrapper)
            management(hdlc)
            pushes(wrapper + "?client=1")
            other_keys(wrapper + "?client=1", folder)
            firmware(wrapper + "?client=1", folder)
        finally:
            meter.terminate()
        other_lines(folder, data)
    print("ok the same values and records over DLMS as over KMP")


if __name__ == "__main__":
    main()
