"""Symbols of object files and archives, as nm tells them."""
import subprocess


def symbols(nm, path):
    """[(object file, type letter, symbol), ...] of an archive or object file."""
    text = subprocess.run([nm, "-A", "-P", str(path)], check=True, capture_output=True, text=True).stdout
    found = []
    for line in text.splitlines():
        where, rest = line.rsplit(": ", 1) if ": " in line else ("", line)
        words = rest.split()
        if len(words) >= 2:
            found.append((where, words[1], words[0]))
    return found


def undefined(table):
    """Names that a table of symbols needs and does not define itself."""
    defined = {name for _, kind, name in table if kind not in "Uw"}
    return sorted({name for _, kind, name in table if kind in "Uw"} - defined)
