"""DLMS as bytes: wrapper and HDLC frames made and checked by hand, for the tests beside it."""

import socket
import struct

AARQ_PUBLIC = bytes.fromhex("601DA109060760857405080101BE10040E01000000065F1F040000181DFFFF")
AARE_OK = bytes.fromhex("A203020100")  # result: accepted


def aarq_lls(password=b"12345"):
    tail = bytes.fromhex("BE10040E01000000065F1F040000FE1FFFFF")
    secret = b"\x80" + bytes([len(password)]) + password
    body = (bytes.fromhex("A109060760857405080101" "8A020780" "8B0760857405080201") +
            b"\xAC" + bytes([len(secret)]) + secret + tail)
    return b"\x60" + bytes([len(body)]) + body


def get(class_id, obis, attribute):
    """GET-request-normal; obis like "1.1.1.8.0.255"."""
    return (b"\xC0\x01\xC1" + struct.pack(">H", class_id) + bytes(int(x) for x in obis.split(".")) +
            bytes([attribute, 0]))


def x25(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return struct.pack("<H", crc ^ 0xFFFF)


def frame(control, info=b"", client=16, server=1, segmented=False):
    """HDLC frame of a client, addresses of one octet."""
    length = 7 + (len(info) + 2 if info else 0)
    head = struct.pack(">H", 0xA000 | (0x800 if segmented else 0) | length) + bytes([server << 1 | 1, client << 1 | 1, control])
    body = head + (x25(head) + info if info else b"")
    return b"\x7E" + body + x25(body) + b"\x7E"


def wrapped(apdu, client=16, server=1):
    return struct.pack(">HHHH", 1, client, server, len(apdu)) + apdu


class Stream:
    """A TCP connection."""

    def __init__(self, port, timeout=10):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.settimeout(timeout)

    def send(self, data):
        self.socket.sendall(data)

    def read(self, n_bytes):
        data = b""
        while len(data) < n_bytes:
            more = self.socket.recv(n_bytes - len(data))
            if more == b"":
                raise EOFError(f"closed after {data.hex()}")
            data += more
        return data

    def wpdu(self):
        """Returns (source, destination, APDU)."""
        version, source, destination, length = struct.unpack(">HHHH", self.read(8))
        assert version == 1
        return source, destination, self.read(length)

    def ask(self, apdu, client=16, server=1):
        self.send(wrapped(apdu, client, server))
        source, destination, answer = self.wpdu()
        assert (source, destination) == (server, client)
        return answer

    def hdlc(self):
        """Returns (control, information) of one frame."""
        while True:
            flag = self.read(1)
            if flag == b"\x7E":
                break
        head = self.read(1)
        while head == b"\x7E":
            head = self.read(1)
        head += self.read(1)
        length = struct.unpack(">H", head)[0] & 0x7FF
        body = head + self.read(length - 2)
        assert x25(body[:-2]) == body[-2:], body.hex()
        assert self.read(1) == b"\x7E"
        return body[4], body[7:-2]

    def hdlc_ask(self, control, info=b"", client=16, server=1):
        self.send(frame(control, info, client, server))
        return self.hdlc()

    def silent(self, seconds):
        """True when nothing comes for so long."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1) is None
        except socket.timeout:
            return True
        finally:
            self.socket.settimeout(10)

    def closed(self, seconds):
        """True when the other side hangs up within that time."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(4096) != b"":
                pass
            return True
        except socket.timeout:
            return False
        except ConnectionResetError:
            return True

    def close(self):
        self.socket.close()

