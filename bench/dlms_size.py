#!/usr/bin/env python3
"""Flash and RAM of the DLMS server on the Cortex-M4 at -Os: dlms_size.py M4_BUILD_DIR.

Links what a meter's server can reach: everything that the functions below need from proto/, and all of the meter's objects (app/cosem).
The linker leaves out what only a client needs.  The crypto port, the transport's drivers and the C library do not count.
RAM: what an association on the optical port takes, with HDLC, ciphers and all buffers.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
STRUCTURES = """
#include "app/optical/optical_dlms.h"
char server[sizeof(struct dlms_server)];
char ciphers[sizeof(struct dlms_sentry)];
char association[sizeof(struct optical_dlms)];
"""
SERVER = ["dlms_server_init", "dlms_server_connect", "dlms_server_disconnect", "dlms_server_apdu", "dlms_server_more",
          "dlms_server_offers", "dlms_server_notify"]
PUSH = ["dlms_data_notification_write", "dlms_event_notification_write", "hdlc_push"]
LINKS = ["hdlc_server_init", "hdlc_server_configure", "hdlc_server_receive", "hdlc_server_step", "hdlc_server_close", "hdlc_server_busy",
         "dlms_wrapper_server_init", "dlms_wrapper_serve", "dlms_wrapper_datagram"]
CIPHERS = ("dlms_cipher", "dlms_hls", "dlms_keys", "dlms_sentry")  # files, all of which a server may need
CLASSES = ["dlms_class_association_get", "dlms_class_sap_get", "dlms_class_register_get", "dlms_class_name_get"]


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def linked_text(objects, roots, folder):
    """Octets of code and constants of what the roots need."""
    image = Path(folder) / "part.o"
    keep = [option for root in roots for option in ("-u", root)]
    output("arm-none-eabi-ld", "-r", "--gc-sections", *keep, "-o", str(image), *map(str, objects))
    fields = output("arm-none-eabi-size", str(image)).splitlines()[1].split()
    return int(fields[0]) + int(fields[1])


def globals_of(objects):
    names = output("arm-none-eabi-nm", "-g", "--defined-only", *map(str, objects)).splitlines() if objects else []
    return [line.split()[2] for line in names if len(line.split()) == 3]


def sizes_of_structures(folder):
    source, compiled = Path(folder) / "sizes.c", Path(folder) / "sizes.o"
    source.write_text(STRUCTURES, encoding="ascii")
    output("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-std=c11", f"-I{TOP}", f"-I{TOP}/legal/include", "-c", str(source),
           "-o", str(compiled))
    rows = [line.split() for line in output("arm-none-eabi-nm", "-S", str(compiled)).splitlines()]
    return {row[3]: int(row[1], 16) for row in rows if len(row) == 4}


def main(arguments):
    build = Path(arguments[1])
    proto = sorted((build / "proto/CMakeFiles/proto.dir/dlms").glob("*.obj"))
    proto += [build / f"proto/CMakeFiles/proto.dir/common/{name}.c.obj" for name in ("reader", "writer", "crc")]
    cosem = sorted((build / "app/CMakeFiles/app.dir/cosem").glob("*.obj"))
    tables = [path for path in cosem if "table" in path.name]  # rows and no code
    known = set(globals_of(proto))
    library, roots, before = proto, [], 0
    ciphers = globals_of([path for path in proto if path.name.startswith(CIPHERS)])
    steps = [("codec and server", SERVER), ("class helpers", CLASSES), ("HDLC, wrapper", LINKS), ("push", PUSH),
             ("ciphers, HLS", ciphers), ("the meter's objects", None), ("their tables", None)]
    with tempfile.TemporaryDirectory() as folder:
        for title, more in steps:
            if more is None:
                library = proto + (cosem if library != proto else [path for path in cosem if path not in tables])
                more = globals_of(library[len(proto):])
            elif not known.issuperset(more):
                raise SystemExit(f"dlms_size: no function {', '.join(set(more) - known)} in {build}")
            roots = roots + more
            total = linked_text(library, roots, folder)
            print(f"DLMS server on the Cortex-M4, {title:<34}{total - before:>8} B")
            before = total
        ram = sizes_of_structures(folder)
    print(f"DLMS server on the Cortex-M4, {'in all (40000 or less wanted)':<34}{before:>8} B")
    print(f"DLMS server on the Cortex-M4, RAM of an association {ram['association']} B (2560 or less wanted): server {ram['server']}, "
          f"ciphers {ram['ciphers']}, else HDLC and buffers; 0 an object")


if __name__ == "__main__":
    sys.exit(main(sys.argv))
