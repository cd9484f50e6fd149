"""The network module: the data line, the menu and DLMS on ports of their own; filter, floods, half-open peers, servers.

usage: test_network_module.py BUILD_DIR SOURCE_DIR
"""
import os
import random
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, kmp_value, run, wait_until  # noqa: E402
from test_mbus import LEGAL, octets_of  # noqa: E402

MODULE = os.path.join(sys.argv[1], "module382")
TOOL = os.path.join(sys.argv[1], "metertool")
SERIAL = ("dlms", "get", "1.1.96.1.0.255")
ANY = "tcp:127.0.0.1:0+tcp:127.0.0.1:0+tcp:127.0.0.1:0"


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def hung_up(link):
    try:
        return link.recv(1) == b""
    except ConnectionResetError:
        return True


class Menu:
    def __init__(self, port):
        self.link = connect(port)
        self.greeting = self.until(b"> ")

    def until(self, mark):
        heard = b""
        while not heard.endswith(mark):
            more = self.link.recv(4096)
            check(more, f"hung up after {heard}")
            heard += more
        return heard.decode()

    def ask(self, text):
        self.link.sendall(text.encode() + b"\r\n")
        said = self.until(b"\n> ")
        return said[: -len("\r\n> ")]


def ports_of(line):
    """ "ip tcp 127.0.0.1:1 tcp 127.0.0.1:2 tcp 127.0.0.1:3" """
    return [int(word.rsplit(":", 1)[1]) for word in line.split() if ":" in word]


def server():
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.bind(("127.0.0.1", 0))
    link.settimeout(20)
    return link


def tool(*words, code=0):
    done = subprocess.run([TOOL, *words], capture_output=True, text=True, timeout=60)
    check(done.returncode == code, f"{words}: {done.returncode} {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def built_in(*options):
    meter = Meter("--variant", "382M", "--mains", "u=230,i=5", "--optical", "tcp:127.0.0.1:0", "--module", f"ip:{ANY}{''.join(options)}")
    return meter, ports_of([line for line in meter.lines if line.startswith("ip tcp")][0])


def test_read():
    """REQ(MOD-11, MOD-14, MOD-A09, X-MOD-2): metertool reads the meter through the module by KMP, IEC, HDLC and the wrapper."""
    meter, (data, menu, dlms) = built_in(",name=cellar")
    check("230" in tool("-m", f"kmp+tcp://127.0.0.1:{data}", "read", "32.7.0"), "KMP")
    check("12345678" in tool("-m", f"dlms://127.0.0.1:{dlms}", *SERIAL), "wrapper")
    check("12345678" in tool("-m", f"hdlc+tcp://127.0.0.1:{data}", *SERIAL), "HDLC")
    first = Menu(menu)
    check(first.greeting.startswith("open382 IP module, meter 12345678\r\n"), first.greeting)
    check("name=cellar" in first.ask("!GC"), "options")
    check(first.ask("!AC 10.0.0.0/8").startswith("error: !AC: expected a filter that lets you in"), "shuts itself out")
    said = tool("module", "show", f"tcp://127.0.0.1:{menu}")
    check("name=cellar" in said and "watchdog=3600" in said, said)
    tool("module", "set", f"tcp://127.0.0.1:{menu}", "name=attic", "interval=20")
    check("name=attic" in first.ask("!GC"), "set")
    said = tool("module", "set", f"tcp://127.0.0.1:{menu}", "interval=0", code=1)
    check("interval: expected interval= 1 to 3600 s, found '0'" in said, said)
    meter.terminate()


def test_hostile():
    """REQ(MOD-01): a thousand clients, garbage, halves of frames and peers that say nothing: others get their answers, legal registers
    stay."""
    meter, (data, menu, dlms) = built_in()
    before = octets_of(meter, [1001])
    chance = random.Random(382)
    held = []
    for index in range(1000):
        try:
            one = connect((data, menu, dlms)[index % 3])
            if index % 2:
                one.sendall(bytes(chance.randrange(256) for _ in range(chance.randrange(1, 200))))
            if index % 10 == 0:
                held.append(one)  # half-open: never says anything more
            else:
                one.close()
        except OSError:
            pass
    check(octets_of(meter, [1001]) == before, "another client of the meter")
    for one in held:
        one.close()
    wait_until(lambda: "ok" in quiet(lambda: Menu(menu).ask("!ST 15")), "the menu is still taken")
    wait_until(lambda: "12345678" in quiet(lambda: tool("-m", f"dlms://127.0.0.1:{dlms}", *SERIAL)), "DLMS is still taken")
    wait_until(lambda: quiet(lambda: f"{kmp_value(connect(data), 1001)}") != "", "the data line is still taken")
    meter.terminate()


def quiet(action):
    """What the action says, "" when it fails."""
    try:
        return action() or ""
    except (AssertionError, OSError, SystemExit, Exception):
        return ""


def test_one_at_a_time():
    """The data line is one client's; the next is hung up."""
    meter, (data, _, _) = built_in()
    first = connect(data)
    check(kmp_value(first, 1001) is not None, "first")
    check(hung_up(connect(data)), "a second client of the data line")
    check(kmp_value(first, 1001) is not None, "the first goes on")
    first.close()
    wait_until(lambda: quiet(lambda: f"{kmp_value(connect(data), 1001)}") != "", "not free again")
    meter.terminate()


def test_servers(folder):
    """REQ(X-MOD-2, EVT-02): a program of its own: keep-alive, alarm with its acknowledgement, filter; all kept over a restart."""
    kap, alarms = server(), server()
    bus, memory = f"unix:{folder}/bus", os.path.join(folder, "memory")
    meter = Meter("--variant", "382M", "--mains", "u=230,i=5", "--panel", "127.0.0.1:0", "--module-bus", bus)
    lines = [word for place in range(3) for word in ("--line", "tcp:127.0.0.1:0")]
    arguments = [MODULE, "ip", "--bus", bus, *lines, "--memory", memory]
    module = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    _, menu_port, _ = ports_of(module.stdout.readline())
    check(module.stdout.readline().startswith("plugged into slot 1"), "not plugged")
    menu = Menu(menu_port)
    check(menu.ask(f"!SA 127.0.0.1:{kap.getsockname()[1]}") == "ok", "keep-alive")
    check(menu.ask(f"!AS 127.0.0.1:{alarms.getsockname()[1]}") == "ok", "alarm")
    check(menu.ask("!SD here") == "ok", "name")
    said, peer = kap.recvfrom(200)
    check(said == b"KAP 12345678 -\r\n", said)
    kap.sendto(b"OK", peer)
    check(meter.post("/api/input", {"name": "cover", "on": True})[0] == 200, "cover")
    said, peer = alarms.recvfrom(200)
    check(said == b"ALARM 12345678 1 00000040:00000000 meter cover\r\n", said)
    alarms.sendto(b"ACK 1\r\n", peer)
    check("interval=10" in menu.ask("!GC"), "menu")
    module.terminate()
    module.wait()
    module = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    _, menu_port, _ = ports_of(module.stdout.readline())
    while kap.recvfrom(200)[0] != b"KAP 12345678 here\r\n":
        pass  # those of before stand in the queue
    check("name=here" in Menu(menu_port).ask("!GC"), "forgotten")
    module.terminate()
    module.wait()
    meter.terminate()


def test_refused():
    """Bad places and options get one line."""
    for words, text in ((f"ip:{ANY},what=1", "expected name, pin, allow"), (f"ip:{ANY}+tcp:127.0.0.1:0", "expected ip:tcp:HOST:PORT"),
                        ("ip:tcp:127.0.0.1:0,pin=12345", "pin= with at most four digits")):
        done = run("--headless", "--module", words)
        check(done.returncode == 2 and text in done.stderr and done.stderr.count("\n") == 1, f"{done}")


def main():
    began = time.monotonic()
    test_read()
    test_one_at_a_time()
    test_hostile()
    with tempfile.TemporaryDirectory() as folder:
        test_servers(folder)
    test_refused()
    print(f"network module: {time.monotonic() - began:.1f} s")


main()
