#!/usr/bin/env python3
"""Prints which tests of a CTest JUnit report were skipped, and the reason that each gave."""

import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import defaultdict

NOT_IN_THIS_RUN = (
    ("sanitizers, clang, format", "they build the tree four more times: make check"),
    ("fuzzing with libFuzzer", "a short form has run: make fuzz"),
    ("200 rounds of kill -9", "a short form has run: make chaos"),
)


def reason(output):
    """What a GTEST_SKIP wrote, the line after its file and line number; or a program's own line."""
    found = re.search(r": Skipped\n(.+)", output or "")
    found = found or re.search(r"^left out: (.+)", output or "", re.MULTILINE)
    return found.group(1).strip() if found else "no reason given"


def main(report):
    tests = defaultdict(list)
    try:
        cases = ElementTree.parse(report).getroot().iter("testcase")
    except (OSError, ElementTree.ParseError) as error:
        print(f"left out: unknown, no report of the run: {error}")
        return
    for case in cases:
        if case.find("skipped") is not None:
            tests[reason(case.findtext("system-out"))].append(case.get("name"))
    skipped = sum(len(names) for names in tests.values())
    print(f"\nLeft out on this machine: {skipped} tests")
    for why, names in sorted(tests.items()):
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        print(f"  {shown}: {why}")
    print("Not part of this run:")
    for what, why in NOT_IN_THIS_RUN:
        print(f"  {what}: {why}")
    print()


if __name__ == "__main__":
    main(sys.argv[1])
