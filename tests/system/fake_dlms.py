"""A DLMS meter made by hand: wrapper on TCP, encoded here, so that nothing shares code with the
programs under test.  What it does wrong can be chosen."""
import datetime
import socket
import struct
import threading


def octets(data):
    return b"\x09" + length(len(data)) + data


def length(n):
    if n < 128:
        return bytes([n])
    return bytes([0x81, n]) if n < 256 else b"\x82" + struct.pack(">H", n)


def obis(text):
    ab, rest = text.split(":")
    return bytes(int(x) for x in ab.split("-") + rest.split("."))


def u8(n):
    return bytes([0x11, n])


def u16(n):
    return b"\x12" + struct.pack(">H", n)


def u32(n):
    return b"\x06" + struct.pack(">I", n)


def i8(n):
    return b"\x0F" + struct.pack(">b", n)


def array(items):
    return b"\x01" + length(len(items)) + b"".join(items)


def structure(*items):
    return b"\x02" + length(len(items)) + b"".join(items)


def scaler_unit(scaler, unit):
    return structure(i8(scaler), bytes([0x16, unit]))


def moment(year, month, day, hour=0, minute=0, second=0, deviation=0x8000, status=0):
    """Date-time, 12 octets."""
    return struct.pack(">HBBBBBBBHB", year, month, day, 0xFF, hour, minute, second, 0xFF, deviation, status)


def column(class_id, code, attribute):
    return structure(u16(class_id), octets(obis(code)), i8(attribute), u16(0))


CLOCK, ENERGY, POWER, PEAK = "0-0:1.0.0.255", "1-0:1.8.0.255", "1-0:1.7.0.255", "1-0:1.6.0.255"
NAME, PROFILE, ASSOCIATION = "0-0:42.0.0.255", "1-0:99.1.0.255", "0-0:40.0.0.255"
IMAGE, SECURITY = "0-0:44.0.0.255", "0-0:43.0.0.255"
LOG = "0-0:99.98.0.255"

ROWS = [(moment(2026, 2, 1, 0, 15 * i), 1000 + i, 200 + 7 * i) for i in range(4)] + \
       [(moment(2026, 2, 1, 1, 15 * i), 1004 + i, 300 + i) for i in range(4)]


class FakeDlms:
    """One thread per connection.  faults: set of names; passwords: {client: bytes}."""

    def __init__(self, faults=(), passwords=None, max_pdu=0xFFFF, conformance=0x007E1F, block=None):
        self.faults, self.passwords = set(faults), passwords or {}
        self.max_pdu, self.conformance, self.block = max_pdu, conformance, block
        self.requests, self.released, self.written, self.actions = [], 0, {}, []
        self.ahead = datetime.timedelta(days=-3)  # of the computer's UTC; the zone comes on top
        self.deviation = 0xFFC4
        self.image, self.image_blocks, self.image_state = None, {}, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self.socket.close()

    def now(self):
        """Local time, an hour before UTC's, with deviation UTC - local as in the European profiles."""
        t = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + self.ahead + datetime.timedelta(hours=1)
        return moment(t.year, t.month, t.day, t.hour, t.minute, t.second, self.deviation)

    def set_clock(self, stamp):
        year, month, day, _, hour, minute, second = struct.unpack(">HBBBBBB", stamp[:8])
        local = datetime.datetime(year, month, day, hour, minute, second)
        utc = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        self.ahead = local - datetime.timedelta(hours=1) - utc

    # --- objects ---

    def objects(self):
        def rights(class_id):
            readable = {1: [2], 3: [2, 3], 4: [2, 3, 4, 5], 7: [2, 3, 4, 7, 8], 8: [2, 3], 18: [2, 4, 5, 6]}
            return structure(array([structure(i8(a), b"\x16\x01", b"\x00") for a in [1] + readable.get(class_id, [])]),
                             array([]))
        rows = [(8, 0, CLOCK), (15, 1, ASSOCIATION), (1, 0, NAME), (3, 0, ENERGY), (3, 0, POWER), (4, 0, PEAK),
                (7, 1, PROFILE), (7, 1, LOG), (18, 0, IMAGE), (64, 1, SECURITY)]
        rows += [(3, 0, f"1-0:{c}.8.{e}.255") for c in range(2, 9) for e in range(5)]
        return array([structure(u16(c), u8(v), octets(obis(o)), rights(c)) for c, v, o in rows])

    def value(self, class_id, code, attribute, selection):
        """Encoded Data, or a data-access result."""
        table = {
            (8, CLOCK, 2): octets(self.now()),
            (8, CLOCK, 3): b"\x10" + struct.pack(">h", -60),
            (15, ASSOCIATION, 2): self.objects(),
            (1, NAME, 2): octets(b"FAK0000000000001"),
            (3, ENERGY, 2): u32(1234567), (3, ENERGY, 3): scaler_unit(0, 30),
            (3, POWER, 2): u16(976), (3, POWER, 3): scaler_unit(0, 27),
            (4, PEAK, 2): u32(1078), (4, PEAK, 3): scaler_unit(0, 27), (4, PEAK, 4): b"\x00",
            (4, PEAK, 5): octets(moment(2026, 1, 17, 18, 30)),
            (7, PROFILE, 3): array([column(8, CLOCK, 2), column(3, ENERGY, 2), column(3, POWER, 2)]),
            (7, PROFILE, 4): u32(900), (7, PROFILE, 7): u32(len(ROWS)), (7, PROFILE, 8): u32(960),
            (7, LOG, 3): array([column(8, CLOCK, 2), column(1, "0-0:96.11.0.255", 2)]),
            (7, LOG, 4): u32(0), (7, LOG, 7): u32(1),
            (7, LOG, 2): array([structure(octets(moment(2026, 2, 3, 4, 5, 6)), u8(2))]),
            (18, IMAGE, 2): u32(64), (18, IMAGE, 5): b"\x03\x01",
            (18, IMAGE, 4): u32(self.first_missing()), (18, IMAGE, 6): bytes([0x16, self.image_state]),
            (64, SECURITY, 3): b"\x16\x00",
        }
        if (class_id, code, attribute) == (7, PROFILE, 2):
            return self.profile(selection)
        found = table.get((class_id, code, attribute))
        if found is None and class_id == 3 and ".8." in code:
            found = u32(0) if attribute == 2 else scaler_unit(0, 30)
        return found if found is not None else 4

    def profile(self, selection):
        rows = ROWS
        if selection is not None and b"\x09\x0C" not in selection:
            self.asked_entries = struct.unpack(">I", selection[3:7])[0], struct.unpack(">I", selection[8:12])[0]
            first, last = self.asked_entries
            rows = rows[first - 1:] if last == 0 and first > 0 else rows
        elif selection is not None:
            marks = [i for i in range(len(selection)) if selection[i:i + 2] == b"\x09\x0C"]
            low, high = (selection[i + 2:i + 10] for i in marks[:2])
            key = [r for r in rows if self.key(low) <= self.key(r[0]) <= self.key(high)]
            self.asked_deviation = selection[marks[0] + 11:marks[0] + 13]
            rows = key
        out = [structure(b"\x00" if i > 0 and "compress" in self.faults else octets(t), u32(e), u16(p))
               for i, (t, e, p) in enumerate(rows)]
        if "columns" in self.faults:
            out[-1] = structure(u32(1))
        return array(out)

    @staticmethod
    def key(stamp):
        return stamp[:4] + stamp[5:8]

    def first_missing(self):
        n = 0
        while n in self.image_blocks:
            n += 1
        return n

    # --- messages ---

    def talk(self, connection):
        state = {"open": False, "long": None}
        with connection:
            while True:
                head = self.exactly(connection, 8)
                if head is None:
                    return
                _, client, server, n = struct.unpack(">HHHH", head)
                apdu = self.exactly(connection, n)
                if apdu is None:
                    return
                self.requests.append(apdu)
                for answer in self.serve(apdu, client, state):
                    frame = struct.pack(">HHHH", 1, server, client, len(answer)) + answer
                    if "dribble" in self.faults:
                        for i in range(len(frame)):
                            connection.sendall(frame[i:i + 1])
                    else:
                        connection.sendall(frame)

    @staticmethod
    def exactly(connection, n):
        data = b""
        while len(data) < n:
            try:
                more = connection.recv(n - len(data))
            except OSError:
                return None
            if not more:
                return None
            data += more
        return data

    def serve(self, apdu, client, state):
        if apdu[0] == 0x60:
            return [self.associate(apdu, client, state)]
        if apdu[0] == 0x62:
            self.released += 1
            state["open"] = False
            return [bytes.fromhex("6303800100")]
        if not state["open"]:
            return [bytes.fromhex("D80101")]
        answers = {0xC0: self.get, 0xC1: self.set, 0xC3: self.action}
        if apdu[0] not in answers:
            return [bytes.fromhex("D80202")]
        answer = answers[apdu[0]](apdu, state)
        if "notify" in self.faults:
            told = b"\x0F" + bytes(4) + b"\x00" + structure(u16(7), octets(b"hello"))
            return [told, answer]
        return self.spoil(answer)

    def spoil(self, answer):
        if "invoke" in self.faults and answer[0] == 0xC4:
            return [answer[:2] + bytes([answer[2] ^ 1]) + answer[3:]]
        if "cut" in self.faults and answer[0] == 0xC4:
            return [answer[:-1]]
        if "garbage" in self.faults and answer[0] == 0xC4:
            return [b"\xC4\x01" + answer[2:3] + b"\x00\x02\x05\x99"]
        if "silent" in self.faults and answer[0] == 0xC4:
            return []
        return [answer]

    def associate(self, apdu, client, state):
        password = self.passwords.get(client)
        if password is not None and b"\xAC" + bytes([len(password) + 2, 0x80, len(password)]) + password not in apdu:
            return bytes.fromhex("6129A109060760857405080101A203020101A305A10302010DBE10040E0800065F1F0400") + \
                b"\x00\x00\x00\x00\x00\x00\x07"
        state["open"] = True
        initiate = bytes.fromhex("0800065F1F0400") + struct.pack(">I", self.conformance)[1:] + \
            struct.pack(">H", self.max_pdu) + b"\x00\x07"
        return bytes.fromhex("6129A109060760857405080101A203020100A305A103020100BE10040E") + initiate

    @staticmethod
    def descriptor(data):
        """Class, code, member, selection, and what stands behind."""
        o = data[2:8]
        code = f"{o[0]}-{o[1]}:{o[2]}.{o[3]}.{o[4]}.{o[5]}"
        return struct.unpack(">H", data[:2])[0], code, struct.unpack(">b", data[8:9])[0], data[9:]

    def get(self, apdu, state):
        invoke = apdu[2:3]
        if apdu[1] == 2:
            return self.next_block(invoke, struct.unpack(">I", apdu[3:7])[0], state)
        if apdu[1] == 3:
            rest, out = apdu[4:], bytes([apdu[3]])
            for _ in range(apdu[3]):
                class_id, code, attribute, rest = self.descriptor(rest)
                rest = rest[1:]
                value = self.value(class_id, code, attribute, None)
                out += bytes([1, value]) if isinstance(value, int) else b"\x00" + value
            data, head = out, b"\xC4\x03" + invoke
        else:
            class_id, code, attribute, rest = self.descriptor(apdu[3:])
            value = self.value(class_id, code, attribute, rest[2:] if rest[0] else None)
            if isinstance(value, int):
                return b"\xC4\x01" + invoke + bytes([1, value])
            data, head = value, b"\xC4\x01" + invoke + b"\x00"
        if self.block is None or len(data) <= self.block:
            return head + data
        state["long"] = data
        return self.next_block(invoke, 0, state)

    def next_block(self, invoke, confirmed, state):
        data, at = state["long"] or b"", confirmed * (self.block or 1)
        piece = data[at:at + (self.block or 1)]
        number = confirmed + 1 + ("number" in self.faults and confirmed > 0)
        last = at + len(piece) >= len(data)
        return b"\xC4\x02" + invoke + bytes([last]) + struct.pack(">I", number) + b"\x00" + length(len(piece)) + piece

    def set(self, apdu, state):
        invoke = apdu[2:3]
        if apdu[1] == 1:
            class_id, code, attribute, rest = self.descriptor(apdu[3:])
            self.written[(class_id, code, attribute)] = rest[1:]
            if (class_id, code, attribute) == (8, CLOCK, 2):
                self.set_clock(rest[3:])
                return b"\xC5\x01" + invoke + b"\x00"
            return b"\xC5\x01" + invoke + (b"\x00" if code == NAME else b"\x03")
        if apdu[1] == 2:
            class_id, code, attribute, rest = self.descriptor(apdu[3:])
            state["set"], rest = [(class_id, code, attribute), b""], rest[1:]
        else:
            rest = apdu[3:]
        last, number = rest[0], struct.unpack(">I", rest[1:5])[0]
        rest = rest[5:]
        n, rest = (rest[0], rest[1:]) if rest[0] < 128 else (int.from_bytes(rest[1:1 + rest[0] - 128], "big"),
                                                           rest[1 + rest[0] - 128:])
        state["set"][1] += rest[:n]
        if last:
            self.written[state["set"][0]] = state["set"][1]
            return b"\xC5\x03" + invoke + b"\x00" + struct.pack(">I", number)
        return b"\xC5\x02" + invoke + struct.pack(">I", number)

    def action(self, apdu, state):
        invoke = apdu[2:3]
        class_id, code, method, rest = self.descriptor(apdu[3:])
        data = rest[1:] if rest[0] else b""
        self.actions.append((class_id, code, method, data))
        result = 0
        if class_id == 18:
            result = self.image_method(method, data)
        elif class_id != 64 and class_id != 8:
            result = 3
        return b"\xC7\x01" + invoke + bytes([result, 0])

    def image_method(self, method, data):
        if method == 1:
            n = data[3]
            self.image = (data[4:4 + n], struct.unpack(">I", data[5 + n:9 + n])[0])
            self.image_state = 1
        elif method == 2:
            number = struct.unpack(">I", data[3:7])[0]
            at = 8 if data[8] < 128 else 9 if data[8] == 0x81 else 10
            self.image_blocks[number] = data[at + 1:]
            if "lose" in self.faults and number == 2:
                self.faults.discard("lose")
                del self.image_blocks[number]
        elif method == 3:
            if "wait" in self.faults:
                self.faults.discard("wait")
                self.image_state = 3
                return 2
            self.image_state = 3
        elif method == 4:
            self.image_state = 6
        return result_of(self.image, method)


def result_of(image, method):
    return 0 if image is not None or method == 1 else 3
