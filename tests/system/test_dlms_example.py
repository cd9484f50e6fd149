"""examples/dlms-server as a process: associate, read both objects, release, over TCP with the wrapper."""

import os
import re
import socket
import struct
import subprocess
import sys

from meter_process import check

AARQ = "601DA109060760857405080101BE10040E01000000065F1F0400001A1DFFFF"


def ask(line, text):
    """One wrapped request; the octets of the answer, as hex."""
    apdu = bytes.fromhex(text)
    line.sendall(struct.pack(">HHHH", 1, 16, 1, len(apdu)) + apdu)
    version, source, destination, length = struct.unpack(">HHHH", line.recv(8, socket.MSG_WAITALL))
    check((version, source, destination) == (1, 1, 16), f"wrapper {version} {source} {destination}")
    return line.recv(length, socket.MSG_WAITALL).hex().upper()


def read_all(line):
    check(ask(line, "C001C1000100002A0000FF0200") == "D80101", "read before the association")
    check(ask(line, AARQ).startswith("6129A109060760857405080101A203020100"), "association")
    name = b"OPN0000000000001".hex().upper()
    check(ask(line, "C001C1000100002A0000FF0200") == "C401C1000910" + name, "logical device name")
    answer = ask(line, "C001C100030100010800FF0200")
    check(answer.startswith("C401C10006") and len(answer) == 18, f"energy {answer}")
    check(ask(line, "C001C100030100010800FF0300") == "C401C10002020F00161E", "unit")
    check(ask(line, "C101C100030100010800FF020006000000FF") == "D80102", "nothing can be written")
    check(ask(line, "6203800100") == "6303800100", "release")


def main():
    program = os.path.join(sys.argv[1], "examples", "dlms-server")
    with subprocess.Popen([program, "0"], stdout=subprocess.PIPE, text=True) as server:
        try:
            port = int(re.fullmatch(r"dlms tcp 127\.0\.0\.1:(\d+)\n", server.stdout.readline()).group(1))
            for _ in range(2):  # one connection after the other
                with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
                    read_all(line)
        finally:
            server.kill()
    print("ok both objects are read")


if __name__ == "__main__":
    sys.exit(main())
