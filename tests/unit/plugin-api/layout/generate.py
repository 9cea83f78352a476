#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the layout of every struct of the plugin ABI as compile-time assertions in C.

    tests/unit/plugin-api/layout/generate.py > tests/unit/plugin-api/layout/abi_0_1.h

While the major is 0 the file is made anew with every change of the ABI's minor. From 1.0 on there is
one file a minor, it is never edited again, and all of them are compiled for ever.
Needs clang (CLANG=... names it); the assertions need no tool.
"""
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
INCLUDE = os.path.join(HERE, "..", "..", "..", "..", "plugin-api", "include")
FIELD = re.compile(r"^\s*(\d+) \|   (\S.*?)([A-Za-z_]\w*)$")


def records():
    command = [os.environ.get("CLANG", "clang-16"), "-Xclang", "-fdump-record-layouts-complete",
               "-std=c99", "-fsyntax-only", "-I", INCLUDE, os.path.join(HERE, "all.c")]
    dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for block in dump.split("*** Dumping AST Record Layout")[1:]:
        head = re.search(r"0 \| (struct|union) (nx_\w+)$", block, re.M)
        size = re.search(r"sizeof=(\d+)", block)
        if head and size:
            rows = [FIELD.match(line) for line in block.splitlines()]
            fields = [(int(row[1]), row[3]) for row in rows if row]
            yield head[2], head[1], int(size[1]), fields


def main():
    print("/* SPDX-License-Identifier: Apache-2.0")
    print(" * Made by generate.py: size and offsets of every struct of the plugin ABI. */")
    for name, kind, size, fields in sorted(records()):
        print(f"\nNX_SIZE({name}, {size})")
        if kind == "struct":
            for offset, field in fields:
                print(f"NX_OFFSET({name}, {field}, {offset})")


main()
