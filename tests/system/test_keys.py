#!/usr/bin/env python3
"""meter382 --keys: what it takes and refuses, that no secret is told, and that no command line carries one."""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD, SOURCE = Path(sys.argv[1]), Path(sys.argv[2])
METER = BUILD / "meter382"
KEY = "00112233445566778899aabbccddeeff"
GOOD = '{"guek": "%s", "gak": "%s", "lls": {"18": "hush-hush"}}' % (KEY, KEY)
CLEAN = {name: value for name, value in os.environ.items() if name != "OPEN382_KEYS"}


def run(*options, keys=None):
    environment = dict(CLEAN, OPEN382_KEYS=keys) if keys is not None else CLEAN
    return subprocess.run([METER, "--headless", "--mains", "u=230,i=1", "--speed", "max", "--until", "5s", *options],
                          capture_output=True, text=True, timeout=60, env=environment)


class Keys(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.file = Path(self.folder.name) / "meter.keys"

    def tearDown(self):
        self.folder.cleanup()

    def write(self, text, mode=0o600):
        self.file.write_text(text, encoding="utf-8")
        self.file.chmod(mode)

    def refused(self, says, *options, keys=None):
        data = Path(self.folder.name) / "data"
        done = run(*options, "--data", str(data), keys=keys)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(says, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertNotIn(KEY, done.stderr)
        self.assertNotIn("hush", done.stderr)
        self.assertFalse(data.exists())

    def test_taken(self):
        self.write(GOOD)
        for done in (run("--keys", str(self.file)), run(keys=str(self.file)), run(keys=GOOD), run()):
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stderr, "")

    def test_refused(self):
        self.write(GOOD, 0o640)
        self.refused(f"--keys: {self.file}: expected a file that only its owner can read", "--keys", str(self.file))
        self.refused("--keys: no-such-file: No such file or directory", "--keys", "no-such-file")
        self.write(GOOD.replace(KEY, KEY + "00", 1))
        self.refused('"guek": expected 32 hexadecimal digits', "--keys", str(self.file))
        self.write('{"lls": {"16": "hush"}}')
        self.refused("for clients 18, 19 and 20, found client 16", "--keys", str(self.file))
        self.refused("OPEN382_KEYS: line 1: expected JSON", keys='{"guek": hush')

    def test_kept(self):
        """A meter with keys stops and starts in good order with its memory."""
        self.write(GOOD)
        data = str(Path(self.folder.name) / "data")
        for _ in range(3):
            done = run("--keys", str(self.file), "--data", data)
            self.assertEqual(done.returncode, 0, done.stderr)
        for path in Path(data).rglob("*"):
            if path.is_file():
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)
                content = path.read_bytes()
                self.assertNotIn(bytes.fromhex(KEY), content)
                self.assertNotIn(b"hush-hush", content)


unittest.main(argv=sys.argv[:1])
