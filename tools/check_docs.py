#!/usr/bin/env python3
"""Pages: check_docs.py [--generated BUILD_DIR].

Every relative link of a Markdown page leads to a file (and heading) that exists; no page, comment or program holds a
path of a developer's machine; the front panel fetches nothing from the network.
With --generated: the pages that are printed from tables are what the tables print now.
"""
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
MACHINE_PATH = re.compile(r"(?<![\w.])/(work|root|farm|home/\w+)/")
REMOTE = re.compile(r"""(?:src|href)\s*=\s*["'](?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import""")
TEXT = {".md", ".c", ".h", ".S", ".ld", ".py", ".sh", ".js", ".css", ".html", ".txt", ".cmake", ".json", ".csv"}
# page -> argument of gen_registers that prints it
GENERATED = {"docs/registers.md": "registers", "docs/variants.md": "variants", "docs/cosem-objects.md": "cosem"}


def project_files():
    for path in sorted(TOP.glob("**/*")):
        parts = path.relative_to(TOP).parts
        if path.is_file() and parts[0] not in ("build", ".git") and "node_modules" not in parts:
            yield path


def headings(page):
    found = set()
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            text = re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower())
            found.add(text.replace(" ", "-"))
    return found


def check_links(page):
    text = re.sub(r"```.*?```", lambda m: "\n" * m.group(0).count("\n"), page.read_text(encoding="utf-8"), flags=re.S)
    for number, line in enumerate(text.splitlines(), 1):
        for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            goal = (page.parent / name).resolve() if name else page
            where = f"{page.relative_to(TOP)}:{number}"
            if not goal.exists():
                yield f"{where}: {target} leads nowhere"
            elif anchor and goal.suffix == ".md" and anchor not in headings(goal):
                yield f"{where}: no heading #{anchor} in {name or page.name}"


def check_words(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if MACHINE_PATH.search(line) and path.name != Path(__file__).name:
            yield f"{path.relative_to(TOP)}:{number}: path of a machine: {line.strip()[:80]}"
        if "panel" in path.parts and REMOTE.search(line):
            yield f"{path.relative_to(TOP)}:{number}: the panel must work offline: {line.strip()[:80]}"


def check_generated(build):
    for page, what in GENERATED.items():
        program = build / "gen_registers"
        result = subprocess.run([program, what], capture_output=True, text=True)
        if result.returncode != 0:
            yield f"{program} {what} failed: {result.stderr}"
        elif result.stdout != (TOP / page).read_text(encoding="utf-8"):
            yield f"{page} is out of date: {program.relative_to(TOP)} {what} > {page}"


def main(argv):
    faults = []
    if "--generated" in argv:
        faults += check_generated(TOP / argv[argv.index("--generated") + 1])
    else:
        for path in project_files():
            if path.suffix in TEXT or path.parent == TOP:
                faults += check_words(path)
            if path.suffix == ".md":
                faults += check_links(path)
    print("\n".join(faults) if faults else "pages: in order")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
