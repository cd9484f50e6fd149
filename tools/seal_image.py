#!/usr/bin/env python3
"""Write the CRC-32 of the legal program into a linked image: seal_image.py IMAGE.elf.

The image's section .legal is the program, .legal_checksum four bytes that the legal part compares with what it
finds in memory at its start and ever after (WELMEC 7.2 P5).
"""
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

OBJCOPY = "arm-none-eabi-objcopy"


def main(argv):
    image = argv[1]
    with tempfile.TemporaryDirectory() as folder:
        program, checksum = Path(folder) / "program", Path(folder) / "checksum"
        subprocess.run([OBJCOPY, "-O", "binary", "-j", ".legal", image, program], check=True)
        checksum.write_bytes(zlib.crc32(program.read_bytes()).to_bytes(4, "little"))
        subprocess.run([OBJCOPY, "--update-section", f".legal_checksum={checksum}", image], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
