#!/usr/bin/env python3
"""The management client over DLMS, made of nothing of ours but the meter: HLS 5, ciphered, replayed, killed.

The client here is written from the Green Book alone, with AES-GCM from the system's libcrypto.
"""
import ctypes
import ctypes.util
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD = Path(sys.argv[1])
GUEK, GAK = bytes(range(16)), bytes(range(0xD0, 0xE0))
TITLE = b"TSTCLNT1"
CRYPTO = ctypes.CDLL(ctypes.util.find_library("crypto"))
for function in ("EVP_CIPHER_CTX_new", "EVP_aes_128_gcm"):
    getattr(CRYPTO, function).restype = ctypes.c_void_p


def gcm(key, iv, plain, aad):
    """(cipher text, tag of 12)"""
    context, n = ctypes.c_void_p(CRYPTO.EVP_CIPHER_CTX_new()), ctypes.c_int()
    out, tag = ctypes.create_string_buffer(len(plain) + 16), ctypes.create_string_buffer(16)
    cipher = ctypes.c_void_p(CRYPTO.EVP_aes_128_gcm())
    assert CRYPTO.EVP_EncryptInit_ex(context, cipher, None, key, iv) == 1
    if aad:
        assert CRYPTO.EVP_EncryptUpdate(context, None, ctypes.byref(n), aad, len(aad)) == 1
    assert CRYPTO.EVP_EncryptUpdate(context, out, ctypes.byref(n), plain, len(plain)) == 1
    assert CRYPTO.EVP_EncryptFinal_ex(context, ctypes.create_string_buffer(16), ctypes.byref(n)) == 1
    assert CRYPTO.EVP_CIPHER_CTX_ctrl(context, 0x10, 16, tag) == 1
    CRYPTO.EVP_CIPHER_CTX_free(context)
    return out.raw[:len(plain)], tag.raw[:12]


class Meter:
    def __init__(self, folder, *options):
        keys = Path(folder) / "meter.keys"
        keys.write_text('{"guek": "%s", "gak": "%s"}' % (GUEK.hex(), GAK.hex()), encoding="utf-8")
        keys.chmod(0o600)
        self.process = subprocess.Popen(
            [BUILD / "meter382", "--headless", "--mains", "u=230,i=5", "--dlms", "tcp:127.0.0.1:0", "--data",
             Path(folder) / "data", *(options or ("--keys", keys))], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().strip().rsplit(":", 1)[1])

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        result = self.process.wait(30)
        self.process.stdout.close()
        return result


class Client:
    def __init__(self, meter, counter, key=GUEK):
        self.socket = socket.create_connection(("127.0.0.1", meter.port), timeout=10)
        self.counter, self.key, self.meter_title, self.sent = counter, key, None, []

    def receive(self, n):
        data = b""
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            if not more:
                raise ConnectionError("the meter hung up")
            data += more
        return data

    def ask(self, apdu):
        self.sent.append(apdu)
        self.socket.sendall(struct.pack(">4H", 1, 1, 1, len(apdu)) + apdu)
        return self.receive(struct.unpack(">4H", self.receive(8))[3])

    def number(self):
        self.counter += 1
        return struct.pack(">I", self.counter - 1)

    def seal(self, plain, tag):
        number = self.number()
        cipher, mac = gcm(self.key, TITLE + number, plain, b"\x30" + GAK)
        return bytes([tag, 5 + len(cipher) + 12]) + b"\x30" + number + cipher + mac

    def open(self, message):
        body = message[2:] if message[1] < 0x80 else message[3:]
        iv, cipher, mac = self.meter_title + body[1:5], body[5:-12], body[-12:]
        plain = gcm(self.key, iv, cipher, b"")[0]
        assert gcm(self.key, iv, plain, body[:1] + GAK)[1] == mac, "the meter's tag is wrong"
        return plain

    def greet(self):
        """The AARQ.  Returns what came back, and our challenge."""
        challenge = os.urandom(16)
        user = self.seal(bytes.fromhex("01000000065F1F040060FEDF0400"), 0x21)
        body = (bytes.fromhex("A109060760857405080103A60A0408") + TITLE +
                bytes.fromhex("8A0207808B0760857405080205AC128010") + challenge +
                b"\xBE" + bytes([len(user) + 2]) + b"\x04" + bytes([len(user)]) + user)
        return self.ask(b"\x60" + bytes([len(body)]) + body), challenge

    def prove(self, answer, challenge):
        """Third and fourth pass.  Returns the result octet of the meter's answer."""
        at = answer.index(b"\xA4\x0A\x04\x08")
        self.meter_title = answer[at + 4:at + 12]
        at = answer.index(b"\xAA", at + 12)
        theirs = answer[at + 4:at + 4 + answer[at + 3]]
        number = self.number()
        proof = b"\x10" + number + gcm(self.key, TITLE + number, b"", b"\x10" + GAK + theirs)[1]
        reply = self.ask(self.seal(bytes.fromhex("C301C1000F0000280000FF01010911") + proof, 0xCB))
        plain = self.open(reply)
        assert plain[:4] == bytes.fromhex("C701C100"), plain.hex()
        mine = plain[-17:]
        assert mine[5:] == gcm(self.key, self.meter_title + mine[1:5], b"", b"\x10" + GAK + challenge)[1]

    def associate(self):
        """None, or the counter that the meter wants."""
        answer, challenge = self.greet()
        if answer[:3] == b"\xD8\x01\x06":
            return struct.unpack(">I", answer[3:7])[0]
        self.prove(answer, challenge)
        return None

    def get(self, class_id, obis, attribute):
        return self.ask(self.seal(b"\xC0\x01\xC1" + struct.pack(">H", class_id) + bytes(obis) +
                                  bytes([attribute, 0]), 0xC8))


ENERGY = (3, (1, 0, 1, 8, 0, 255), 2)


class Security(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.meter = Meter(self.folder.name)

    def tearDown(self):
        if self.meter.process.poll() is None:
            self.meter.end()
        self.folder.cleanup()

    def client(self, counter, **options):
        client = Client(self.meter, counter, **options)
        self.addCleanup(client.socket.close)
        return client

    def test_reads(self):
        client = self.client(1)
        self.assertIsNone(client.associate())
        self.assertEqual(client.open(client.get(*ENERGY))[:4], bytes.fromhex("C401C100"))
        self.assertEqual(self.meter.end(), 0)

    def test_recorded(self):
        """What was on the line opens nothing; it is answered, and nobody is locked out."""
        client = self.client(1)
        self.assertIsNone(client.associate())
        client.get(*ENERGY)
        stranger = self.client(1)
        for message in client.sent + client.sent[::-1]:
            answer = stranger.ask(message)
            self.assertIn(answer[0], (0xD8, 0x61), answer.hex())
            self.assertFalse(answer[0] == 0x61 and b"\xA2\x03\x02\x01\x00" in answer)
        self.assertEqual(client.open(client.get(*ENERGY))[:4], bytes.fromhex("C401C100"))
        again = self.client(client.counter)
        self.assertIsNone(again.associate())

    def test_wrong_key(self):
        stranger = self.client(1, key=bytes(16))
        answer, _ = stranger.greet()
        self.assertEqual(answer[0], 0x61)
        self.assertNotIn(b"\xA2\x03\x02\x01\x00", answer)
        # its counter counts for nothing
        self.assertIsNone(self.client(1).associate())

    def test_ends(self):
        """A kill costs at most 32 numbers, an orderly end none; no number of the meter's comes twice."""
        numbers, counter = [], 1
        for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM):
            client = self.client(counter)
            self.assertIsNone(client.associate())
            for _ in range(3):
                numbers.append(client.get(*ENERGY)[3:7])
            last, counter = client.counter - 1, client.counter
            self.meter.end(how)
            self.meter = Meter(self.folder.name)
            wanted = self.client(last).associate()
            self.assertTrue(last < wanted <= last + 32)
            if how == signal.SIGTERM:
                self.assertEqual(wanted, counter)
            counter = wanted
        self.assertEqual(len(set(numbers)), len(numbers))
        self.assertEqual(numbers, sorted(numbers))

    def test_without_keys(self):
        self.meter.end()
        self.meter = Meter(self.folder.name, "--speed", "1")
        client = self.client(1000)
        client.socket.settimeout(2)
        with self.assertRaises((ConnectionError, TimeoutError)):
            client.greet()


unittest.main(argv=sys.argv[:1])
