#!/usr/bin/env python3
"""The console's sources: the types hold, nothing makes markup or code of text, nothing comes from
elsewhere, and what a browser loads is as small as was said."""

import argparse
import glob
import gzip
import os
import re
import subprocess
import sys
import unittest

OPTIONS = argparse.Namespace()
JAVASCRIPT_BYTES_MAX = 100_000  # by gzip, in all
MARKUP = re.compile(r"[iI]nnerHTML|outerHTML|insertAdjacentHTML|document\.write|"
                    r"createContextualFragment|DOMParser|\beval\(|new Function\(|srcdoc")


def sources():
    for file in glob.glob(os.path.join(OPTIONS.console, "src", "**", "*.*"), recursive=True):
        with open(file, encoding="utf-8") as opened:
            yield os.path.relpath(file, OPTIONS.console), opened.read()


def built(ending):
    for file in glob.glob(os.path.join(OPTIONS.built, "**", "*" + ending), recursive=True):
        with open(file, "rb") as opened:
            yield os.path.relpath(file, OPTIONS.built), opened.read()


class SourcesTest(unittest.TestCase):
    def test_the_types_hold(self):
        compiler = os.path.join(OPTIONS.console, "node_modules", "typescript", "bin", "tsc")
        checked = subprocess.run(["node", compiler, "--noEmit", "-p", OPTIONS.console],
                                 capture_output=True, text=True, check=False)
        self.assertEqual((checked.returncode, checked.stdout), (0, ""))

    def test_no_text_becomes_markup_or_code(self):
        found = [f"{name}: {hit.group()}" for name, text in sources()
                 for hit in MARKUP.finditer(text)]
        self.assertEqual(found, [])
        for planted in ("e.innerHTML = x", "dangerouslySetInnerHTML={{}}", "eval(x)"):
            self.assertTrue(MARKUP.search(planted), planted)

    def test_nothing_comes_from_elsewhere(self):
        address = re.compile(r"https?://(?!www\.w3\.org/)[\w.-]+\.\w+")
        found = [f"{name}: {hit.group()}" for name, text in sources()
                 for hit in address.finditer(text)]
        self.assertEqual(found, [])

    def test_every_page_is_small(self):
        scripts = list(built(".js"))
        self.assertTrue(scripts)
        size = sum(len(gzip.compress(script, 9)) for _, script in scripts)
        print(f"JavaScript by gzip: {size} bytes")
        self.assertLess(size, JAVASCRIPT_BYTES_MAX)

    def test_the_index_has_no_script_or_style_of_its_own(self):
        (_, index), = built(".html")
        self.assertNotRegex(index.decode(), r"<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--console", required=True, help="the folder console/")
    parser.add_argument("--built", required=True, help="what Vite has made of it")
    parser.parse_args(namespace=OPTIONS)
    unittest.main(argv=sys.argv[:1])


if __name__ == "__main__":
    main()
