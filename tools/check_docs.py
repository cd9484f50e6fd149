#!/usr/bin/env python3
"""Pages: check_docs.py [--generated BUILD_DIR].

Every relative link of a Markdown page leads to a file (and heading) that exists; no page, comment or program holds a
path of a developer's machine; the front panel fetches nothing from the network, and what it opens it closes.
With --generated: the pages that are printed from tables are what the tables print now.
"""
import re
import subprocess
import sys
from html.parser import HTMLParser
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


class Nesting(HTMLParser):
    """What is opened is closed, in order; an id stands once."""
    ALONE = {"meta", "link", "input", "br", "img", "hr"}

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.faults = [], set(), []

    def fault(self, text):
        self.faults.append(f"{self.getpos()[0]}: {text}")

    def handle_starttag(self, tag, attributes):
        name = dict(attributes).get("id")
        if name in self.ids:
            self.fault(f"id {name} stands twice")
        self.ids |= {name} if name else set()
        if tag not in self.ALONE:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if tag in self.ALONE:
            return
        if not self.open or self.open[-1] != tag:
            self.fault(f"</{tag}> where </{self.open[-1] if self.open else ''}> is due")
        else:
            self.open.pop()


def check_nesting(page):
    parser = Nesting()
    parser.feed(page.read_text(encoding="utf-8"))
    if parser.open:
        parser.fault(f"{', '.join(parser.open)} not closed")
    for fault in parser.faults[:3]:
        yield f"{page.relative_to(TOP)}:{fault}"


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
            if path.suffix == ".html":
                faults += check_nesting(path)
    print("\n".join(faults) if faults else "pages: in order")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
