#!/usr/bin/env python3
"""Flash, RAM and worst stack of each library on the Cortex-M4: sizes.py M4_BUILD_DIR [--no-run].

Flash: what the linker kept in the image (its map).  RAM: the library's part of the state of one meter, and whatever
it has of its own (none).  Worst stack: the deepest chain of calls that begins in the library, from the frames and
the call graph that the compiler wrote; a call through a pointer counts as the deepest function that can only be
called so.  Fails on a recursion below ports/.  Then runs the image under QEMU for what can only be measured:
the stack really used, and instructions per second of metering.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
# part of the build tree -> the part whose functions its callbacks are; tables of functions stay in one file
PARTS = {"legal": "ports", "proto": "app", "app": "ports", "ports": "ports"}
# where a file (or FILE:FUNCTION) asks through a table of functions, the files (or FILE:FUNCTION) whose functions stand in that table
CRYPTO = "ports/crypto/portable/crypto_portable.c"
SECURITY = "app/security/security.c"
CALLBACKS = {"proto/kmp/kmp_log.c": ("app/optical/optical_logs.c", "app/optical/optical_records.c", "app/optical/optical_analysis.c"),
             "proto/iec62056_21/iec_program.c": ("app/optical/optical_iec.c",),
             "app/optical/optical_iec.c": ("app/optical/optical_records.c",),
             "proto/kmp/kmp_server.c": ("app/optical/optical.c",),
             "proto/iec62056_21/iec_server.c": ("app/optical/optical.c", "app/optical/optical_iec.c"),
             "proto/dlms/hdlc_server.c": ("app/optical/optical_dlms.c",),
             **{f"proto/dlms/dlms_server{part}.c": ("app/cosem/cosem.c", "proto/dlms/dlms_sentry.c")
                for part in ("", "_access", "_action", "_associate", "_gbt", "_get", "_set")},
             "proto/dlms/dlms_server_long.c:dlms_server_list_is_well": (),  # readers of other files, which ask nobody
             "proto/dlms/dlms_server_long.c": tuple(f"proto/dlms/dlms_server_{what}" for what in (
                 "set.c:set_broken", "set.c:set_whole", "action.c:action_refused", "action.c:call_kept")),
             "proto/dlms/dlms_sentry.c": (SECURITY + ":begins", SECURITY + ":refused"),
             "proto/dlms/dlms_cipher.c": (CRYPTO,), "proto/dlms/dlms_cipher_open.c": (CRYPTO, SECURITY + ":keep"),
             "proto/dlms/dlms_keys.c": (CRYPTO, SECURITY + ":reserve", SECURITY + ":keep"),
             "proto/dlms/dlms_agreement.c": (CRYPTO,), "proto/token/token_open382.c": (CRYPTO,), "proto/dlms/dlms_hls.c": (CRYPTO,), "proto/common/crypto_modes.c": (CRYPTO,),
             "proto/dlms/dlms_rows.c": (), "proto/wmbus/wmbus_cipher.c": (CRYPTO,),
             "proto/dlms/dlms_client_services.c": (),
             "app/cosem/cosem.c": tuple(f"app/cosem/cosem_{file}_{act}" for act in ("get", "set", "call") for file in (
                 "value.c:value", "clock.c:clock_part", "association.c:association", "association.c:sap", "association.c:hdlc",
                 "profile.c:profile", "script.c:script", "script.c:schedule", "calendar.c:calendar", "calendar.c:special",
                 "security.c:security", "breaker.c:control", "breaker.c:limiter", "image.c:image", "push.c:push", "monitor.c:monitor")),
             "app/cosem/cosem_image.c": ("ports/qemu_m4/board.c", CRYPTO),
             "app/store/slot_record.c": ("ports/qemu_m4/board.c", ":decode", ":encode", "_decode", "_encode"),
             "app/cosem/cosem_push.c": ("ports/qemu_m4/board.c",),
             "app/cosem/cosem_calendar.c": tuple(f"app/cosem/cosem_calendar.c:special_{what}" for what in ("all", "insert", "delete")),
             "app/cosem/cosem_value.c": tuple(f"app/cosem/cosem_value.c:{what}_put" for what in (
                 "state", "tariff", "events", "alarms", "load", "pin", "register")),
             SECURITY: ("app/meter/meter_security.c",),
             "app/breaker/breaker.c": ("app/meter/meter_breaker.c",), "app/meter/meter_breaker.c": ("ports/qemu_m4/board.c",),
             "app/meter/ram_march.c": ("ports/qemu_m4/startup.c",),
             "app/pulse_output/pulse_output.c": ("app/meter/meter_pins.c:edge",), "app/meter/meter_pins.c": ("ports/qemu_m4/board.c",),
             "app/load_control/load_control.c": ("app/meter/meter_load.c",), "app/meter/meter_load.c": ("ports/qemu_m4/board.c",)}
# Functions of the compiler and newlib have no graph of their own; measured with -fstack-usage builds they stay below.
UNKNOWN_FRAME = 48
NODE = re.compile(r'node: \{ title: "([^"]+)" label: "[^"\\]*\\n([^"]*?):[\d:]+\\n(\d+) bytes \(([^)]*)\)')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')
INDIRECT = "__indirect_call"
STATES = """
#include "app/meter/meter.h"
#include "measuring_system.h"
char legal[sizeof(struct legal) + LEGAL_SYSTEMS * sizeof(struct measuring_system)];
char proto[METER_OPTICAL_PORTS * (sizeof(struct kmp_server) + sizeof(struct iec_server))];
char meter[sizeof(struct meter)];
char heart[sizeof(struct legal)];
"""


class Graph:
    """Frames and calls of the whole image."""

    def __init__(self, build):
        self.frame, self.part, self.file, self.calls, called = {}, {}, {}, {}, set()
        for path in build.glob("**/*.ci"):
            part = path.relative_to(build).parts[0]
            if part in ("bench", "modules"):  # other images, of the same functions; clients of the meter, in no image of it
                continue
            text = path.read_text(encoding="utf-8")
            for name, file, size, kind in NODE.findall(text):
                self.frame[name], self.part[name] = int(size), part if part in PARTS else "ports"
                self.file[name] = file
                if "dynamic" in kind and "bounded" not in kind:
                    raise SystemExit(f"{name}: frame of unbounded size")
            for source, target in EDGE.findall(text):
                self.calls.setdefault(source, set()).add(target)
                called.add(target)
        # A static function that nobody calls by name is only there because its address was taken.
        self.pointed = [n for n in self.frame if ":" in n and n not in called]
        self.depth, self.open, self.loops = {}, [], []

    def callees(self, name):
        for target in sorted(self.calls.get(name, ())):
            if target != INDIRECT:
                yield target
                continue
            asks = self.file[name], self.file[name] + ":" + short(name)
            table = next((files for file, files in CALLBACKS.items() if any(who.endswith(file) for who in asks)), None)
            for pointed in self.pointed:
                if table is None:
                    if self.file[pointed] == self.file[name] or self.part[pointed] == PARTS[self.part[name]]:
                        yield pointed
                elif (self.file[pointed] + ":" + short(pointed)).endswith(table) or self.file[pointed].endswith(table):
                    yield pointed

    def worst(self, name):
        """(bytes, [name, ...]) of the deepest chain of calls that begins here."""
        if name not in self.frame:
            return UNKNOWN_FRAME, [name]
        if name in self.depth:
            return self.depth[name]
        if name in self.open:
            self.loops.append(self.open[self.open.index(name):] + [name])
            return 0, [name]
        self.open.append(name)
        chains = [self.worst(callee) for callee in self.callees(name)]
        self.open.pop()
        deepest, path = max(chains, key=lambda chain: chain[0], default=(0, []))
        self.depth[name] = self.frame[name] + deepest, [name] + path
        return self.depth[name]


def flash_of_map(path):
    """{library: bytes} that the linker kept, from its map; "ports" is the image's own objects."""
    sums, sections = {}, (".legal", ".text", ".vectors", ".data", ".ARM.exidx")
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"\n (\.\S+)\n\s+0x", r"\n \1 0x", text[text.index("Linker script and memory map"):])
    inside = False
    for line in text.splitlines():
        if line and not line[0].isspace():
            inside = line.split()[0] in sections
        match = re.match(r"^ \.?\S+\s+0x[0-9a-f]+\s+(0x[0-9a-f]+)\s+(\S+)", line)
        if inside and match:
            archive = re.search(r"lib(\w+)\.a", match.group(2))
            name = archive.group(1) if archive else "ports"
            sums[name] = sums.get(name, 0) + int(match.group(1), 16)
    return sums


def state_sizes():
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "state.c", Path(folder) / "state.o"
        source.write_text(STATES, encoding="utf-8")
        subprocess.run(["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-std=c11", f"-I{TOP}",
                        f"-I{TOP}/legal/include", "-c", source, "-o", target], check=True)
        text = subprocess.run(["arm-none-eabi-nm", "-S", target], check=True, capture_output=True, text=True).stdout
    size = {line.split()[3]: int(line.split()[1], 16) for line in text.splitlines()}
    return {"legal": size["legal"], "proto": size["proto"], "app": size["meter"] - size["heart"] - size["proto"]}


def short(name):
    return name.rsplit(":", 1)[-1]


def run_image(image):
    """What the image says of itself, one instruction a nanosecond."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["qemu-system-arm", "-M", "mps2-an386,memory-backend=eeprom", "-object",
                   f"memory-backend-file,id=eeprom,size=16M,mem-path={folder}/eeprom,share=on",
                   "-kernel", str(image), "-display", "none", "-monitor", "none", "-icount", "shift=0,sleep=off",
                   "-serial", "null", "-serial", "stdio"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        found = []
        try:
            process.stdin.write("bench\nstatus\n")
            process.stdin.flush()
            for line in process.stdout:
                if line.startswith(("bench", "stack", "meter ")):
                    found.append(line.strip())
                if line.startswith("stack"):
                    return found
        finally:
            process.kill()
            process.wait()
    raise SystemExit("the image ended before it had told its figures")


def main(argv):
    build = Path(argv[1])
    graph, flash, state = Graph(build), flash_of_map(build / "meter382-m4.map"), state_sizes()
    flash["app"] = flash.get("app", 0) + flash.pop("registers", 0)
    print(f"  {'library':<10}{'flash':>8}{'RAM':>8}{'stack':>8}   bytes; deepest chain of calls")
    for part in PARTS:
        deepest, path = max((graph.worst(n) for n in graph.frame if graph.part[n] == part), key=lambda c: c[0])
        names = " > ".join(short(name) for name in path[:4]) + (" > ..." if len(path) > 4 else "")
        print(f"  {part:<10}{flash.pop(part, 0):>8}{state.get(part, 0):>8}{deepest:>8}   {names}")
    print(f"  {'newlib':<10}{sum(flash.values()):>8}{0:>8}{'-':>8}   (mem*, soft floating point of the mains)")
    faults = sorted({" > ".join(map(short, loop)) for loop in graph.loops
                     if any(graph.part[name] != "ports" for name in loop)})
    for loop in faults:
        print(f"recursion: {loop}")
    if "--no-run" not in argv:
        for line in run_image(build / "meter382-m4.elf"):
            print("  under QEMU:", line)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
