"""AES-GCM in plain Python, and a management client on it: apart from the C code under test, slow and short."""

import struct


def _table():
    box, p, q = [0] * 256, 1, 1
    while True:
        p = p ^ (p << 1 & 0xFF) ^ (0x1B if p & 0x80 else 0)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        q ^= 0x09 if q & 0x80 else 0
        x = q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5) ^ (q << 4 | q >> 4)
        box[p] = (x ^ 0x63) & 0xFF
        if p == 1:
            break
    box[0] = 0x63
    return box


BOX = _table()


def _double(x):
    return x << 1 & 0xFF ^ (0x1B if x & 0x80 else 0)


def _round_keys(key):
    words, factor = [list(key[i:i + 4]) for i in range(0, 16, 4)], 1
    for i in range(4, 44):
        word = list(words[i - 1])
        if i % 4 == 0:
            word = [BOX[x] for x in word[1:] + word[:1]]
            word[0] ^= factor
            factor = _double(factor)
        words.append([a ^ b for a, b in zip(words[i - 4], word)])
    return [sum(words[i:i + 4], []) for i in range(0, 44, 4)]


def aes128(key, block):
    keys = _round_keys(key)
    state = [a ^ b for a, b in zip(block, keys[0])]
    for number in range(1, 11):
        state = [BOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if number < 10:
            mixed = []
            for column in range(0, 16, 4):
                a = state[column:column + 4]
                every = a[0] ^ a[1] ^ a[2] ^ a[3]
                mixed += [a[i] ^ every ^ _double(a[i] ^ a[(i + 1) % 4]) for i in range(4)]
            state = mixed
        state = [a ^ b for a, b in zip(state, keys[number])]
    return bytes(state)


def _multiply(x, y):
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return product


def _padded(data):
    return data + bytes(-len(data) % 16)


def gcm(key, iv, data, additional, encrypt=True):
    """Returns (the other text, tag of 12 octets)."""
    stream = b"".join(aes128(key, iv + struct.pack(">I", i + 2)) for i in range(-(-len(data) // 16)))
    other = bytes(a ^ b for a, b in zip(data, stream))
    hash_key, total = int.from_bytes(aes128(key, bytes(16)), "big"), 0
    text = _padded(additional) + _padded(other if encrypt else data) + struct.pack(">QQ", len(additional) * 8, len(data) * 8)
    for i in range(0, len(text), 16):
        total = _multiply(total ^ int.from_bytes(text[i:i + 16], "big"), hash_key)
    tag = total ^ int.from_bytes(aes128(key, iv + b"\0\0\0\1"), "big")
    return other, tag.to_bytes(16, "big")[:12]


def self_test():
    """The example of FIPS 197, and test case 4 of the GCM paper."""
    assert aes128(bytes(range(16)), bytes.fromhex("00112233445566778899aabbccddeeff")).hex() == "69c4e0d86a7b0430d8cdb78070b4c55a"
    text = bytes.fromhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
                         "b16aedf5aa0de657ba637b39")
    cipher, tag = gcm(bytes.fromhex("feffe9928665731c6d6a8f9467308308"), bytes.fromhex("cafebabefacedbaddecaf888"), text,
                      bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    assert cipher.hex().startswith("42831ec2217774244b7221b784d0d49c") and tag.hex() == "5bc94fbc3221a5db94fae95a"


class Manager:
    """Client 1: HLS with GMAC, suite 0, authenticated and encrypted.  ask(message) -> answer carries the messages."""

    TITLE = b"MMM\0\0\0\0\1"

    def __init__(self, ask, unicast, authentication, counter=1):
        self.ask, self.unicast, self.authentication, self.counter = ask, unicast, authentication, counter
        self.meter = None

    def _iv(self):
        counter = struct.pack(">I", self.counter)
        self.counter += 1
        return counter

    def seal(self, tag, plain):
        counter = self._iv()
        cipher, check = gcm(self.unicast, self.TITLE + counter, plain, b"\x30" + self.authentication)
        body = b"\x30" + counter + cipher + check
        return bytes([tag, len(body)]) + body

    def open(self, message):
        at = 2 if message[1] < 0x80 else 2 + (message[1] & 0x7F)
        body = message[at:]
        assert body[:1] == b"\x30", message.hex()
        plain, check = gcm(self.unicast, self.meter + body[1:5], body[5:-12], b"\x30" + self.authentication, encrypt=False)
        assert check == body[-12:], "the meter's tag"
        return plain

    def associate(self):
        """True when both have proved themselves."""
        challenge = bytes(range(0x30, 0x40))
        information = self.seal(0x21, bytes.fromhex("01000000065F1F040060FE1F0400"))
        body = (bytes.fromhex("A109060760857405080103A60A0408") + self.TITLE +
                bytes.fromhex("8A0207808B0760857405080205AC128010") + challenge +
                bytes([0xBE, len(information) + 2, 4, len(information)]) + information)
        answer = self.ask(bytes([0x60, len(body)]) + body)
        assert bytes.fromhex("A305A10302010E") in answer, answer.hex()  # authentication required
        at = answer.index(bytes.fromhex("A40A0408"))
        self.meter = answer[at + 4:at + 12]
        at = answer.index(b"\xAA", at + 12)
        theirs = answer[at + 4:at + 4 + answer[at + 3]]
        counter = self._iv()
        _, check = gcm(self.unicast, self.TITLE + counter, b"", b"\x10" + self.authentication + theirs)
        proof = b"\x10" + counter + check
        reply = self.open(self.ask(self.seal(0xCB, bytes.fromhex("C301C1000F0000280000FF01010911") + proof)))
        if reply[:5] != bytes.fromhex("C701C10001"):
            return False
        proof = reply[-17:]
        _, check = gcm(self.unicast, self.meter + proof[1:5], b"", b"\x10" + self.authentication + challenge)
        return check == proof[5:]

    def get(self, request):
        return self.open(self.ask(self.seal(0xC8, request)))
