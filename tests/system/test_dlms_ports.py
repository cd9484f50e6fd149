"""DLMS from outside: wrapper on TCP and UDP, HDLC on the optical port, and those who misbehave.

usage: test_dlms_ports.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import socket
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dlms_raw import AARE_OK, AARQ_PUBLIC, Stream, aarq_lls, frame, get, wrapped  # noqa: E402
from dlms_secure import Manager, self_test  # noqa: E402
from meter_process import Meter, check, run, wait_until  # noqa: E402

METER_NUMBER = get(1, "1.1.0.0.1.255", 2)
TWELVE_MILLION = bytes.fromhex("C401C1000600BC614E")  # 12 345 678
ENERGY = get(3, "1.1.1.8.0.255", 2)
PLACES = 16
LLC = bytes.fromhex("E6E600")
SNRM = bytes.fromhex("8180140502020006020200070400000001080400000001")


def test_wrapper(meter):
    """REQ(OPT-03, AMI-02): associations on TCP: public and with a password, two of them on one connection."""
    link = Stream(meter.port("dlms tcp"))
    check(AARE_OK in link.ask(AARQ_PUBLIC), "public AARE")
    check(link.ask(METER_NUMBER) == TWELVE_MILLION, "meter number")
    check(AARE_OK in link.ask(aarq_lls(), 18, 16), "module AARE")
    check(link.ask(ENERGY, 18, 16)[:5] == bytes.fromhex("C401C10006"), "energy of client 18")
    check(link.ask(METER_NUMBER) == TWELVE_MILLION, "the first association is still there")
    check(link.ask(ENERGY)[:4] == bytes.fromhex("C401C101"), "the public client sees no energy")
    check(link.ask(bytes.fromhex("6203800100"))[:1] == b"\x63", "release")
    other = Stream(meter.port("dlms tcp"))
    check(other.ask(ENERGY, 18, 16)[:1] == b"\xD8", "an association belongs to its connection")
    other.close()
    link.close()


def test_any_cut(meter):
    """A stream is cut by length: octet by octet, and several messages in one piece."""
    link = Stream(meter.port("dlms tcp"))
    for byte in wrapped(AARQ_PUBLIC):
        link.send(bytes([byte]))
    check(AARE_OK in link.wpdu()[2], "AARE of an AARQ in octets")
    link.send(wrapped(METER_NUMBER) * 20 + wrapped(METER_NUMBER)[:5])
    for _ in range(20):
        check(link.wpdu()[2] == TWELVE_MILLION, "one of twenty")
    link.send(wrapped(METER_NUMBER)[5:])
    check(link.wpdu()[2] == TWELVE_MILLION, "the twenty-first")
    link.close()


def test_what_is_dropped(meter):
    for what in (b"\x00\x02" + wrapped(AARQ_PUBLIC)[2:], b"\x00\x01\x00\x10\x00\x01\xFF\xFF", b"\x00\x01\x00\x10\x00\x01\x00\x00",
                 b"GET / HTTP/1.1\r\n\r\n", frame(0x93)):
        link = Stream(meter.port("dlms tcp"))
        link.send(what)
        check(link.closed(5), f"dropped after {what.hex()}")
    link = Stream(meter.port("dlms tcp"))
    link.send(wrapped(AARQ_PUBLIC, 77, 1) + wrapped(AARQ_PUBLIC, 16, 0x7F))  # nobody there; all: no answers
    check(AARE_OK in link.ask(AARQ_PUBLIC), "and the connection goes on")
    link.close()


def test_many_connections(meter):
    """Strangers make room for who comes; who has shown a password keeps his place."""
    first = Stream(meter.port("dlms tcp"))
    check(AARE_OK in first.ask(AARQ_PUBLIC), "AARE")
    crowd = [Stream(meter.port("dlms tcp")) for _ in range(40)]
    check(first.ask(METER_NUMBER) == TWELVE_MILLION, "the associated one is served")
    last = Stream(meter.port("dlms tcp"))
    check(AARE_OK in last.ask(AARQ_PUBLIC), "and who comes last, too")
    check(crowd[0].closed(5), "the oldest stranger made room")
    for link in crowd + [first, last]:
        link.close()
    held = [Stream(meter.port("dlms tcp")) for _ in range(PLACES - 1)]  # and the slow one
    for link in held:
        check(AARE_OK in link.ask(aarq_lls(), 18, 16), "an association in each place")
    refused = Stream(meter.port("dlms tcp"))
    check(refused.closed(5), "one more is refused")
    for link in held:
        link.close()
    wait_until(lambda: is_served(meter), "places are free again")


def is_served(meter):
    link = Stream(meter.port("dlms tcp"))
    try:
        return AARE_OK in link.ask(AARQ_PUBLIC)
    except (EOFError, ConnectionError):
        return False
    finally:
        link.close()


def test_datagrams(meter):
    first, second = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    there = ("127.0.0.1", meter.port("dlms udp"))
    for client in (first, second):
        client.settimeout(10)
    first.sendto(wrapped(AARQ_PUBLIC), there)
    check(AARE_OK in first.recv(2000), "AARE")
    for stray in (b"", b"\x00\x01", wrapped(METER_NUMBER)[:-1], wrapped(METER_NUMBER) + b"\x00", b"\x00\x02" + wrapped(METER_NUMBER)[2:]):
        first.sendto(stray, there)
    first.sendto(wrapped(METER_NUMBER), there)
    check(first.recv(2000)[8:] == TWELVE_MILLION, "the first answer after stray ones")
    second.sendto(wrapped(METER_NUMBER), there)
    check(second.recv(2000)[8:9] == b"\xD8", "another address has no association")
    first.close()
    second.close()


def hdlc_session(link):
    control, info = link.hdlc_ask(0x93, SNRM)
    check(control == 0x73 and len(info) == 23, f"UA {control:02X} {info.hex()}")
    control, info = link.hdlc_ask(0x10, LLC + AARQ_PUBLIC)
    check(control == 0x30 and AARE_OK in info, f"AARE {info.hex()}")
    for _ in range(2):  # repeated, as by a client that has not heard the answer
        control, info = link.hdlc_ask(0x32, LLC + METER_NUMBER)
        check(control == 0x52 and info[3:] == TWELVE_MILLION, f"meter number {info.hex()}")
    check(link.hdlc_ask(0x53)[0] == 0x73, "DISC")


def test_hdlc_on_the_optical_port(meter):
    """REQ(OPT-02): HDLC beside KMP and IEC on one port; mode E; who asks without a link gets DM."""
    link = Stream(meter.port("optical tcp"))
    hdlc_session(link)
    check(link.hdlc_ask(0x11)[0] == 0x1F, "DM")
    link.send(b"/?!\r\n")
    check(link.read(21)[:4] == b"/KAM", "ident")
    link.send(b"\x06252\r\n")
    check(link.read(6) == b"\x06252\r\n", "confirmation of mode E")
    time.sleep(0.3)
    hdlc_session(link)
    link.close()


class Link:
    """APDUs of client 1 over HDLC, requests in segments of 128."""

    def __init__(self, stream):
        self.stream, self.sent, self.heard = stream, 0, 0
        control, _ = stream.hdlc_ask(0x93, SNRM, 1, 1)
        check(control == 0x73, f"UA, found {control:02X}")

    def ask(self, apdu):
        info = LLC + apdu
        for at in range(0, len(info), 128):
            last = at + 128 >= len(info)
            self.stream.send(frame(self.heard << 5 | 0x10 | self.sent << 1, info[at:at + 128], 1, 1, not last))
            self.sent = self.sent + 1 & 7
            _, answer = self.stream.hdlc()
        self.heard = self.heard + 1 & 7
        return answer[3:]


def manage(manager):
    """Returns the last message that it has sent."""
    check(manager.associate(), "HLS")
    check(manager.get(ENERGY)[:5] == bytes.fromhex("C401C10006"), "energy")
    check(manager.get(get(8, "0.0.1.0.0.255", 2))[:6] == bytes.fromhex("C401C100090C"), "clock")
    return manager.seal(0xC8, ENERGY)


def test_management():
    """REQ(SEC-01): with keys, client 1 on both ways in; forged and repeated messages are refused; without keys, nobody."""
    self_test()
    keys = {"guek": bytes(range(16)).hex(), "gak": bytes(range(0xD0, 0xE0)).hex()}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "keys.json")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            json.dump(keys, file)
        meter = Meter("--keys", path, "--dlms", "tcp:127.0.0.1:0", "--optical", "tcp:127.0.0.1:0")
    secrets = (bytes.fromhex(keys["guek"]), bytes.fromhex(keys["gak"]))
    link = Stream(meter.port("dlms tcp"))
    first = Manager(lambda apdu: link.ask(apdu, 1, 1), *secrets)
    last = manage(first)
    check(link.ask(last, 1, 1)[:1] == b"\xCC", "energy")
    check(link.ask(last, 1, 1)[:3] == bytes.fromhex("D80106"), "the same message again is refused")
    forged = bytearray(first.seal(0xC8, ENERGY))
    forged[-1] ^= 1
    check(link.ask(bytes(forged), 1, 1)[:1] == b"\xD8", "a forged one is refused")
    link.close()
    eye = Stream(meter.port("optical tcp"))
    manage(Manager(Link(eye).ask, *secrets, counter=first.counter + 10))
    eye.close()
    meter.terminate()


def test_no_keys_no_management(meter):
    link = Stream(meter.port("dlms tcp"))
    link.send(wrapped(AARQ_PUBLIC, 1, 1))
    check(AARE_OK in link.ask(AARQ_PUBLIC), "only the public client is answered")
    link.close()
    eye = Stream(meter.port("optical tcp"))
    check(eye.hdlc_ask(0x93, SNRM, 1, 1)[0] == 0x1F, "DM")
    eye.close()


def test_loss_of_supply():
    """A meter without supply hangs up and answers nobody; with supply it is there again."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "outage.scn")
        with open(path, "w", encoding="ascii") as file:
            file.write("set u=230 i=5\nat 2s set u=0\nat 6s set u=230\n")
        meter = Meter("--mains", path, "--dlms", "tcp:127.0.0.1:0", "--dlms", "udp:127.0.0.1:0")
        link = Stream(meter.port("dlms tcp"))
        check(AARE_OK in link.ask(AARQ_PUBLIC), "AARE")
        check(link.closed(10), "hangs up when the supply goes")
        check(not is_served(meter), "takes nobody")
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.settimeout(0.5)
        client.sendto(wrapped(AARQ_PUBLIC), ("127.0.0.1", meter.port("dlms udp")))
        try:
            check(False, f"answered without supply: {client.recv(2000).hex()}")
        except socket.timeout:
            pass
        client.close()
        wait_until(lambda: is_served(meter), "the supply is back")
        meter.terminate()


def test_timing():
    """At the speed of a real line, too."""
    meter = Meter("--optical", "tcp:127.0.0.1:0,timing=on")
    link = Stream(meter.port("optical tcp"))
    hdlc_session(link)
    link.close()
    meter.terminate()


def test_bad_arguments():
    for value, expected in (("tcp:127.0.0.1", "HOST:PORT"), ("127.0.0.1:4059", "tcp:HOST:PORT or udp:HOST:PORT"),
                            ("udp:127.0.0.1:70000", "0 to 65535")):
        done = run("--headless", "--dlms", value)
        check(done.returncode == 2 and expected in done.stderr, f"{value}: {done.stderr}")
    done = run("--headless", "--variant", "382C", "--dlms", "tcp:127.0.0.1:0")
    check(done.returncode == 2 and "382C" in done.stderr, done.stderr)


def main():
    test_bad_arguments()
    meter = Meter("--dlms", "tcp:127.0.0.1:0", "--dlms", "udp:127.0.0.1:0", "--optical", "tcp:127.0.0.1:0")
    slow = Stream(meter.port("dlms tcp"), timeout=30)  # a message that never ends; looked at when the rest is done
    check(AARE_OK in slow.ask(aarq_lls(), 18, 16), "AARE")
    slow.send(wrapped(METER_NUMBER, 18, 16)[:9])
    began = time.monotonic()
    test_wrapper(meter)
    test_any_cut(meter)
    test_what_is_dropped(meter)
    test_datagrams(meter)
    test_hdlc_on_the_optical_port(meter)
    test_many_connections(meter)
    test_timing()
    test_no_keys_no_management(meter)
    test_management()
    test_loss_of_supply()
    check(slow.closed(60), "who does not end his message is dropped")
    check(time.monotonic() - began > 5, "but not at once")
    slow.close()
    status, _ = meter.terminate()
    check(status == 0, f"exit {status}")
    print("dlms ports: in order")


main()
