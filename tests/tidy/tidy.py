#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The style as a test: what STYLE demands and a program can see.

Includes against the USES lines (rooms.txt, written by etc/cmake/NarthexRooms.cmake), names without a
subject, functions past one screen (a ratchet: long_functions.txt lists those that may stay), SPDX
lines, tabs, trailing blanks, long lines, marks of unfinished work, unreferenced headers.
"""
import argparse
import os
import re
import sys

SOURCE = (".c", ".h", ".cpp", ".hpp")
BANNED_NAMES = re.compile(r"(^|_)(util|utils|helper|helpers|common|misc|stuff)\.(c|h|cpp|hpp)$")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
LINE_MAX = 100
FUNCTION_MAX = 70


def files(root):
    for top in ("agent", "plugin-api", "plugins", "storage", "tests"):
        for folder, folders, names in os.walk(os.path.join(root, top)):
            folders[:] = sorted(f for f in folders if f not in ("corpus", "data", "__pycache__"))
            for name in sorted(names):
                if name.endswith(SOURCE):
                    yield os.path.relpath(os.path.join(folder, name), root)


def rooms(path):
    """{folder: set of room names it may use}, from rooms.txt."""
    table = {}
    with open(path) as lines:
        for line in lines:
            words = line.split()
            if words:
                table[words[0]] = set(words[1:])
    return table


def room_of(path, table):
    folder = os.path.dirname(path)
    while folder:
        if folder in table:
            return folder
        folder = os.path.dirname(folder)
    return None


def check_includes(path, text, table, agent_rooms, report):
    top = path.split("/")[0]
    room = room_of(path, table)
    for number, line in enumerate(text.split("\n"), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        quote, target = found.groups()
        first = target.split("/")[0]
        where = "%s:%d" % (path, number)
        if top == "plugin-api" and quote == '"' and "/" in target and first != "narthex":
            report(where, "plugin-api includes %s: it stands on nothing" % target)
        if top == "agent" and quote == '"' and first in agent_rooms and room is not None:
            own = os.path.basename(room)
            if first != own and first not in table[room]:
                report(where, "room %s includes %s, its USES line does not name %s" % (own, target, first))
        if room is not None and first == "storage" and top == "storage":
            other = target.split("/")[1]
            if other != os.path.basename(room) and other not in table[room]:
                report(where, "%s includes %s, its USES line does not name %s" % (room, target, other))
        if top == "agent" and first in ("plugins", "storage"):
            report(where, "the agent includes a plugin: %s" % target)
        if top in ("plugins", "storage") and first in agent_rooms and quote == '"' and first not in (
                table.get(room) or ()) and not os.path.exists(
                os.path.join(ROOT, os.path.dirname(path), target)) and not os.path.exists(
                os.path.join(ROOT, top, target)):
            report(where, "a plugin includes the agent: %s" % target)


def strip_code(text):
    """Blanks out comments and strings, keeping line breaks."""
    pattern = re.compile(r'R"(\w*)\((?:.|\n)*?\)\1"|//[^\n]*|/\*(?:.|\n)*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'')
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def long_functions(path, text):
    """(name, lines) of function bodies past FUNCTION_MAX, by brace counting at namespace level."""
    depth_kinds = []
    line = 1
    start = 0
    head = ""
    code = strip_code(text)
    for char in code:
        if char == "\n":
            line += 1
        if char == "{":
            last = head.strip()
            is_scope = re.search(r"\b(namespace|class|struct|union|enum|extern)\b[^()]*$", last) or last.endswith("=")
            kind = "scope" if is_scope else "body" if ")" in last else "scope"
            if kind == "body" and "body" not in depth_kinds:
                start = line
                names = re.findall(r"([\w:~]+)\s*\(", last)
                title = names[0] if names else "?"
            depth_kinds.append(kind)
            head = ""
        elif char == "}":
            if depth_kinds:
                kind = depth_kinds.pop()
                if kind == "body" and "body" not in depth_kinds and line - start > FUNCTION_MAX:
                    yield title, line - start
            head = ""
        elif char == ";":
            head = ""
        else:
            head += char


def check_file(path, text, report):
    name = os.path.basename(path)
    if BANNED_NAMES.search(name):
        report(path, "a name without a subject")
    if "SPDX-License-Identifier: Apache-2.0" not in text[:300]:
        report(path, "no SPDX line at its head")
    if name.endswith(".hpp") and "#pragma once" not in text:
        report(path, "no #pragma once")
    for number, line in enumerate(text.split("\n"), 1):
        where = "%s:%d" % (path, number)
        if "\t" in line:
            report(where, "a tab")
        if line != line.rstrip():
            report(where, "blanks at the end")
        if len(line) > LINE_MAX and not re.search(r'https?://|R"', line) and "abi_layout" not in path:
            report(where, "%d columns, at most %d" % (len(line), LINE_MAX))
        if UNFINISHED.search(line):
            report(where, "a mark of unfinished work")


def main():
    global ROOT
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", required=True)
    parser.add_argument("--rooms", required=True)
    parser.add_argument("--compiler")
    options = parser.parse_args()
    ROOT = options.root
    table = rooms(options.rooms)
    agent_rooms = {os.path.basename(f) for f in table if f.startswith("agent/")}
    findings = []
    report = lambda where, text: findings.append("%s: %s" % (where, text))
    allowed = {}
    ratchet = os.path.join(ROOT, "tests/tidy/long_functions.txt")
    if os.path.exists(ratchet):
        with open(ratchet) as lines:
            allowed = {l.rsplit(" ", 1)[0]: int(l.rsplit(" ", 1)[1]) for l in lines if l.strip() and l[0] != "#"}
    texts = {}
    for path in files(ROOT):
        with open(os.path.join(ROOT, path), encoding="utf-8") as source:
            texts[path] = source.read()
    included = set()
    for text in texts.values():
        for line in text.split("\n"):
            found = INCLUDE.match(line)
            if found:
                included.add(os.path.basename(found.group(2)))
    for path, text in texts.items():
        check_file(path, text, report)
        check_includes(path, text, table, agent_rooms, report)
        for name, lines in long_functions(path, text):
            if lines > allowed.get("%s %s" % (path, name), 0):
                report(path, "%s has %d lines, at most %d" % (name, lines, FUNCTION_MAX))
        if path.endswith((".h", ".hpp")) and os.path.basename(path) not in included:
            if not path.startswith(("plugin-api/", "tests/")):
                report(path, "nothing includes it")
    print("\n".join(findings))
    print("%d files, %d findings" % (len(texts), len(findings)))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
