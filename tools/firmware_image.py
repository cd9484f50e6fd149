#!/usr/bin/env python3
"""Make a firmware image (docs/spec/firmware-image.md) and sign it.

firmware_image.py PROGRAM IMAGE --key KEY.pem --type HEX --number N --revision A1 [--part application|legal|both]
firmware_image.py --public KEY.pem        print the public key as a key file's "verify" has it

KEY.pem is a private key of P-256: openssl ecparam -name prime256v1 -genkey -noout -out KEY.pem
"""
import argparse
import struct
import subprocess
import sys
from pathlib import Path

PARTS = {"application": 1, "legal": 2, "both": 3}
HEAD = struct.Struct("<6sHBBcBIII")


def openssl(*arguments, data=None):
    result = subprocess.run(["openssl", *arguments], input=data, capture_output=True)
    if result.returncode != 0:
        raise SystemExit(f"openssl {arguments[0]} failed: {result.stderr.decode(errors='replace').strip()}")
    return result.stdout


def scalars(der):
    """r and s of a DER signature, 32 bytes each."""
    at, found = 2 if der[1] < 0x80 else 3, b""
    for _ in range(2):
        if der[at] != 2:
            raise SystemExit("expected an ECDSA signature from openssl")
        length = der[at + 1]
        found += der[at + 2:at + 2 + length].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + length
    return found


def public_key(key):
    """x and y, 64 bytes: the end of the DER form."""
    return openssl("pkey", "-in", key, "-pubout", "-outform", "DER")[-64:]


def image_of(options):
    program = Path(options.program).read_bytes()
    letter, number = options.revision[:1], options.revision[1:]
    if not (letter.isascii() and letter.isupper() and number.isdigit() and int(number) < 256):
        raise SystemExit(f"--revision: expected a letter and a number, A1, found '{options.revision}'")
    if not program:
        raise SystemExit(f"{options.program}: expected a program, found nothing")
    head = HEAD.pack(b"O382FW", 1, PARTS[options.part], int(options.type, 16), letter.encode(), int(number),
                     options.number, len(program), 0)
    signed = head + program
    return signed + scalars(openssl("dgst", "-sha256", "-sign", options.key, data=signed))


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?")
    parser.add_argument("image", nargs="?")
    parser.add_argument("--public", metavar="KEY.pem")
    parser.add_argument("--key", metavar="KEY.pem")
    parser.add_argument("--type", metavar="HEX", help="first byte of KMP GetType, docs/variants.md")
    parser.add_argument("--number", type=int)
    parser.add_argument("--revision")
    parser.add_argument("--part", choices=PARTS, default="application")
    options = parser.parse_args(argv[1:])
    if options.public:
        print(public_key(options.public).hex().upper())
        return 0
    if None in (options.program, options.image, options.key, options.type, options.number, options.revision):
        parser.error("expected PROGRAM IMAGE --key --type --number --revision")
    Path(options.image).write_bytes(image_of(options))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
