#!/usr/bin/env python3
"""tools/firmware_image.py: an image whose head and signature are as docs/spec/firmware-image.md has them.

test_firmware_image.py BUILD_DIR SOURCE_DIR
"""
import struct
import subprocess
import sys
import tempfile
from pathlib import Path


def integer(value):
    value = value.lstrip(b"\0") or b"\0"
    value = b"\0" + value if value[0] & 0x80 else value
    return bytes([2, len(value)]) + value


def main(argv):
    tool = Path(argv[2]) / "tools" / "firmware_image.py"
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        key, program, image = folder / "key.pem", folder / "program", folder / "image"
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key], check=True)
        program.write_bytes(bytes(range(256)) * 5)
        command = [sys.executable, tool, program, image, "--key", key, "--type", "0D", "--number", "38200102"]
        subprocess.run([*command, "--revision", "B2"], check=True)
        made = image.read_bytes()
        assert len(made) == 24 + 1280 + 64, len(made)
        head = struct.unpack("<6sHBBcBIII", made[:24])
        assert head == (b"O382FW", 1, 1, 0x0D, b"B", 2, 38200102, 1280, 0), head
        body = integer(made[-64:-32]) + integer(made[-32:])
        (folder / "signature").write_bytes(bytes([0x30, len(body)]) + body)
        (folder / "signed").write_bytes(made[:-64])
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", folder / "public.pem"], check=True)
        subprocess.run(["openssl", "dgst", "-sha256", "-verify", folder / "public.pem", "-signature",
                        folder / "signature", folder / "signed"], check=True, stdout=subprocess.DEVNULL)
        shown = subprocess.run([sys.executable, tool, "--public", key], check=True, capture_output=True, text=True)
        assert len(bytes.fromhex(shown.stdout.strip())) == 64
        refused = subprocess.run([*command, "--revision", "b2"], capture_output=True, text=True)
        assert refused.returncode != 0 and "--revision: expected" in refused.stderr, refused.stderr
    print("firmware images: head, signature and refusals as they should be")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
