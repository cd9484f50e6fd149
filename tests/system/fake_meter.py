"""A meter made of recorded and published frames, good and bad, on TCP or a pseudo terminal.

KMP frames are answered register by register from a table of ready-made pieces, so that nothing here
shares code with the programs under test.  IEC 62056-21 requests get the printed read-out of a 382C.
"""
import os
import pty
import select
import socket
import threading
import time
import tty

# Register pieces as they stand in answers: id, unit, NoB, SiEx, value.
REGISTERS = {
    0x0001: "0001 02 04 00 00001A61",           # 6753 kWh
    0x000D: "000D 02 04 44 040679BA",           # 6753.3242 kWh
    0x041E: "041E 21 02 00 00E5",               # 229 V
    0x041F: "041F 21 02 00 00E4",
    0x0420: "0420 21 02 00 00E6",
    0x0434: "0434 22 04 42 0000021D",           # 5.41 A
    0x0435: "0435 22 04 42 00000010",
    0x0436: "0436 22 04 42 000000C8",
    0x03FF: "03FF 16 04 43 000003D0",           # 0.976 kW
    0x0400: "0400 16 04 43 00000000",
    0x03E9: "03E9 33 04 00 00BC614E",           # 12345678
    0x0417: "0417 35 08 00 0204051E0E140618",   # 2024-06-20 14:30:05
    0x03EA: "03EA 2F 04 00 000238D5",           # 145621
    0x7001: "7001 36 05 00 48656C6C6F",         # "Hello"; not in anybody's table
    0x7002: "7002 33 08 00 7FFFFFFFFFFFFFFF",   # more than a double can hold
}

IDENT = "/KAM 68438BC450000\r\n"
LINES = ["0.0.0(14410000)", "1.8.0(0036886*kWh)", "1.8.1(0036886*kWh)", "1.8.2(0000000*kWh)",
         "1.8.3(0000000*kWh)", "1.8.4(0000000*kWh)", "96.8.0(0119899*h)", "0.128.1(0000000)",
         "1.6.0(1.078*kW)"]
STAMPED = ["1.6.0(1.078*kW)(11240620143000)", "1.0.0(0240620143005)", "2.6.0(0.000*kW)(00000101000000)"]


def crc(data):
    value = 0
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021) & 0xFFFF if value & 0x8000 else value << 1
    return value


def stuff(data):
    out = bytearray()
    for byte in data:
        out += bytes([0x1B, byte ^ 0xFF]) if byte in (0x80, 0x40, 0x0D, 0x06, 0x1B) else bytes([byte])
    return bytes(out)


def unstuff(data):
    out, i = bytearray(), 0
    while i < len(data):
        if data[i] == 0x1B:
            i += 1
            out.append(data[i] ^ 0xFF)
        else:
            out.append(data[i])
        i += 1
    return bytes(out)


def frame(body):
    check = crc(body)
    return b"\x40" + stuff(body + bytes([check >> 8, check & 0xFF])) + b"\x0D"


def iec_block(lines):
    text = "".join(line + "\r\n" for line in lines) + "!\r\n\x03"
    check = 0
    for char in text.encode():
        check ^= char
    return b"\x02" + text.encode() + bytes([check])


class FakeMeter:
    """mode is a set of words: silent, garbage, echo, slow, missing, empty, strays, damaged-once, damaged,
    late, counting, hangs-up, one-at-a-time, no-type, iec, iec-bad-bcc, iec-cut, iec-speed, iec-stamps,
    iec-nonsense, iec-controls, refuses (every PutRegister), forgets (takes it without effect)."""

    def __init__(self, *mode):
        self.mode = set(mode)
        self.requests = []   # register ids of each GetRegister
        self.asked = 0
        self.got = bytearray()
        self.state = 1       # operation state, 0x0408

    def answer_body(self, body):
        if body[1] == 0x01:
            return None if "no-type" in self.mode else body[:2] + bytes([0x68, 0x00, 26, 1])
        if body[1] != 0x10 or len(body) != 3 + 2 * body[2]:
            return None
        ids = [body[i] << 8 | body[i + 1] for i in range(3, len(body), 2)]
        self.requests.append(ids)
        if "one-at-a-time" in self.mode and len(ids) > 1:
            return None
        if "empty" in self.mode:
            ids = []
        if "missing" in self.mode:
            ids = [i for i in ids if i not in (0x0434, 0x7001)]
        pieces = {i: bytes.fromhex(text) for i, text in REGISTERS.items()}
        if ids == [0x0408]:  # only to who asks for it alone: not part of the published meter
            pieces[0x0408] = bytes.fromhex("0408330100") + bytes([self.state])
        if "counting" in self.mode:
            pieces[1] = pieces[1][:5] + (6753 + self.asked).to_bytes(4, "big")
        return body[:2] + b"".join(pieces[i] for i in ids if i in pieces)

    def answer_kmp(self, request):
        body = unstuff(request[1:-1])
        if crc(body) != 0:
            return b""
        self.asked += 1
        if body[1] == 0x11:  # PutRegister: password, id, unit, NoB, SiEx, value
            if "refuses" in self.mode or body[2:9] != bytes.fromhex("00000408330100"):
                return b""
            if "forgets" not in self.mode:
                self.state = body[9]
            return b"\x06"
        body = self.answer_body(body[:-2])
        if body is None:
            return b""
        answer = frame(body)
        if "damaged" in self.mode or ("damaged-once" in self.mode and self.asked == 1):
            answer = answer[:4] + bytes([answer[4] ^ 0x20]) + answer[5:]
        if "strays" in self.mode:
            answer = b"\x00\x00\x0D" + answer + b"\x00"
        if "late" in self.mode:  # an old answer first
            answer = frame(b"\x3F\x10" + bytes.fromhex(REGISTERS[0x7001])) + answer
        return answer

    def answer_iec(self):
        self.asked += 1
        block = iec_block(STAMPED if "iec-stamps" in self.mode else LINES)
        if "iec-nonsense" in self.mode:
            block = iec_block(["(((("])
        if "iec-controls" in self.mode:
            block = iec_block(["1.8.0(00\x1b[2J12*kWh)"])
        if "iec-bad-bcc" in self.mode:
            block = block[:-1] + bytes([block[-1] ^ 1])
        if "iec-cut" in self.mode:
            block = block[:40]
        if "iec-speed" in self.mode:
            return b"/KAM5 6841138BN143002\r\n"
        return IDENT.encode() + block

    def take(self, data):
        """Bytes from the line; what goes back."""
        out = data if "echo" in self.mode else b""
        if "silent" in self.mode:
            return out
        if "garbage" in self.mode:
            return out + bytes(range(0x90, 0xB0))
        self.got += data
        if "iec" in self.mode:
            if b"!\r\n" in self.got:
                self.got.clear()
                out += self.answer_iec()
            if self.got == b"\x06050\r\n":
                self.got.clear()
                out += iec_block(LINES)
            return out
        while b"\x0D" in self.got:
            end = self.got.index(b"\x0D") + 1
            request, self.got = bytes(self.got[:end]), self.got[end:]
            out += self.answer_kmp(request)
        return out

    def serve(self, read, write):
        while True:
            data = read()
            if not data:
                return
            out = self.take(data)
            if "hangs-up" in self.mode:
                return
            if "slow" in self.mode:
                for byte in out:
                    time.sleep(0.01)
                    write(bytes([byte]))
            elif out:
                write(out)


class TcpMeter(FakeMeter):
    def __enter__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()
        return self

    def accept(self):
        while True:
            try:
                peer, _ = self.server.accept()
            except OSError:
                return
            with peer:
                try:
                    self.serve(lambda: peer.recv(4096), peer.sendall)
                except OSError:
                    pass

    def url(self, scheme="kmp"):
        return "%s+tcp://127.0.0.1:%d" % (scheme, self.port)

    def __exit__(self, *_):
        # Ended before the socket is closed: its number may at once belong to the next meter.
        self.server.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.server.close()


class PtyMeter(FakeMeter):
    def __enter__(self):
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self.ended = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        return self

    def read(self):
        while not self.ended:
            if select.select([self.master], [], [], 0.05)[0]:
                return os.read(self.master, 4096)
        return b""

    def run(self):
        try:
            self.serve(self.read, lambda data: os.write(self.master, data))
        except OSError:
            pass

    def url(self, scheme="kmp"):
        return "%s:%s" % (scheme, self.path)

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()
        os.close(self.master)
        os.close(self.slave)
