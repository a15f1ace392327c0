#!/usr/bin/env python3
"""Counts what a test runner left: prints PASSED FAILED SKIPPED.

usage: tally.py meson testlog.json   cases of cmocka programs; a program of another kind counts as one test
       tally.py line LOG             the last line "N passed, M failed"; lines "skipped NAME" are counted
       tally.py pytest JUNIT.xml
"""
import json
import re
import sys
import xml.etree.ElementTree

SUMMARY = re.compile(r'^(\d+) passed, (\d+) failed$', re.MULTILINE)


def line(text):
    found = SUMMARY.findall(text)
    passed, failed = map(int, found[-1]) if found else (0, 0)
    return passed, failed, len(re.findall(r'^skipped ', text, re.MULTILINE))


def meson_test(test):
    output = test.get('stdout', '') + '\n' + test.get('stderr', '')
    passed = sum(map(int, re.findall(r'\[  PASSED  \] (\d+) test', output)))
    failed = sum(map(int, re.findall(r'\[  FAILED  \] (\d+) test', output)))
    if not passed + failed:
        passed, failed, _ = line(output)
    if test['result'] == 'SKIP':
        return passed, failed, 1
    if test['result'] == 'OK':
        return passed or 1, failed, 0
    return passed, failed or 1, 0


def meson(text):
    tests = [meson_test(json.loads(entry)) for entry in text.splitlines()]
    return tuple(map(sum, zip(*tests))) if tests else (0, 0, 0)


def pytest(text):
    total = dict.fromkeys(('tests', 'failures', 'errors', 'skipped'), 0)
    for suite in xml.etree.ElementTree.fromstring(text).iter('testsuite'):
        for k in total:
            total[k] += int(suite.get(k, 0))
    bad = total['failures'] + total['errors']
    return max(0, total['tests'] - bad - total['skipped']), bad, total['skipped']


if __name__ == '__main__':
    with open(sys.argv[2], encoding='utf-8', errors='replace') as f:
        print(*{'meson': meson, 'line': line, 'pytest': pytest}[sys.argv[1]](f.read()))
