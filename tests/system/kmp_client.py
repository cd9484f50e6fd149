"""Readers in the manner of the public ones that read real 382 meters, written anew and independently.

FixedOffsets decodes answers by the place where a value has to stand, as smart-home firmware does.
WalkByRequest walks through an answer by its own list of ids and fails when one is missing.
IecLines reads an IEC 62056-21 answer line by line and cuts values out of columns.
Each wants the meter to behave exactly as the real one: order, lengths, exponents.  The real readers give up
after 0.3 to 1 s; these are more patient, because a busy machine is not a fault of the meter.

usage: kmp_client.py HOST:PORT
"""
import socket
import sys

ESCAPED = {0x06, 0x0D, 0x1B, 0x40, 0x80}


def xmodem(data):
    register = 0
    for byte in data:
        for bit in range(7, -1, -1):
            carry = register >> 15
            register = (register << 1 | byte >> bit & 1) & 0xFFFF
            if carry:
                register ^= 0x1021
    return register


def check_sum(data):
    return xmodem(bytes(data) + b"\0\0")


class Line:
    """Bytes one by one."""

    def __init__(self, host, port, patience_s=20):
        self.socket = socket.create_connection((host, port), timeout=5)
        self.socket.settimeout(patience_s)

    def send(self, data):
        self.socket.sendall(data)

    def byte(self):
        data = self.socket.recv(1)
        if not data:
            raise EOFError("the meter hung up")
        return data[0]

    def close(self):
        self.socket.close()


class Kmp:
    def __init__(self, line):
        self.line = line

    def exchange(self, payload):
        """Send 3F + payload; what comes back behind 3F, checked."""
        message = bytearray([0x3F]) + payload
        check = check_sum(message)
        message += bytes([check >> 8, check & 0xFF])
        out = bytearray([0x80])
        for byte in message:
            if byte in ESCAPED:
                out += bytes([0x1B, byte ^ 0xFF])
            else:
                out.append(byte)
        self.line.send(bytes(out) + b"\x0D")
        return self.receive()

    def receive(self):
        raw = bytearray()
        while True:
            byte = self.line.byte()
            if byte == 0x40:
                raw.clear()
            raw.append(byte)
            if byte == 0x0D:
                break
        message, escaped = bytearray(), False
        for byte in raw[1:-1]:
            if escaped:
                byte ^= 0xFF
                assert byte in ESCAPED, "needless escape"
            elif byte == 0x1B:
                escaped = True
                continue
            escaped = False
            message.append(byte)
        assert xmodem(message) == 0, "CRC"
        assert message[0] == 0x3F
        return bytes(message[1:-2])


class FixedOffsets(Kmp):
    """Each value has its place in the answer; a value of another length moves all behind it."""

    def read(self):
        energy = self.exchange(bytes.fromhex("10 02 0001 0002"))
        assert len(energy) == 1 + 2 * 9, energy.hex()
        assert energy[3:6] == bytes([2, 4, 0]), "A14 is kWh, four bytes, exponent 0"
        volts = self.exchange(bytes.fromhex("10 03 041E 041F 0420"))
        assert len(volts) == 1 + 3 * 7, volts.hex()
        amperes = self.exchange(bytes.fromhex("10 03 0434 0435 0436"))
        assert len(amperes) == 1 + 3 * 9, amperes.hex()
        power = self.exchange(bytes.fromhex("10 02 03FF 0400"))
        assert len(power) == 1 + 2 * 9, power.hex()

        def whole(answer, at, length):
            return int.from_bytes(answer[at:at + length], "big")

        return {"energy_in_kwh": whole(energy, 6, 4), "energy_out_kwh": whole(energy, 15, 4),
                "u_v": [whole(volts, 6 + 7 * i, 2) for i in range(3)],
                "i_a": [whole(amperes, 6 + 9 * i, 4) / 100 for i in range(3)],
                "p_in_w": whole(power, 6, 4), "p_out_w": whole(power, 15, 4)}


class WalkByRequest(Kmp):
    """The registers that a home automation component polls on a "382", eight at a time."""

    POLLED = [1, 2, 13, 14, 1023, 1024, 39, 1054, 1055, 1056, 1076, 1077, 1078, 1080, 1081, 1082,
              0x0540, 0x0541, 0x0542]

    def read(self):
        values = {}
        for start in range(0, len(self.POLLED), 8):
            values.update(self.chunk(self.POLLED[start:start + 8]))
        return values

    def chunk(self, ids):
        request = bytes([0x10, len(ids)]) + b"".join(i.to_bytes(2, "big") for i in ids)
        answer, at, values = self.exchange(request), 1, {}
        for wanted in ids:  # IndexError when the meter has left one out
            assert answer[at] << 8 | answer[at + 1] == wanted, "register %d" % wanted
            unit, length, form = answer[at + 2], answer[at + 3], answer[at + 4]
            number = 0
            for i in range(length):
                number = number << 8 | answer[at + 5 + i]
            exponent = form & 0x3F
            if form & 0x40:
                exponent = -exponent
            value = number * 10.0 ** exponent
            values[wanted] = (-value if form & 0x80 else value, unit)
            at += 5 + length
        return values


class IecLines:
    """Sends /?! and reads lines up to the block check; no ACK."""

    def __init__(self, line):
        self.line = line

    def read(self):
        self.line.send(b"/?!\r\n")
        lines = [bytearray()]
        while lines[-1][:1] != b"\x03" or len(lines[-1]) < 2:
            byte = self.line.byte()
            assert byte < 0x80, "not seven bits"
            lines[-1].append(byte)
            if byte == 0x0A:
                lines.append(bytearray())
        return [bytes(line) for line in lines]


if __name__ == "__main__":
    HOST, PORT = sys.argv[1].rsplit(":", 1)
    for reader in (FixedOffsets, WalkByRequest):
        print(reader.__name__, reader(Line(HOST, int(PORT))).read())
