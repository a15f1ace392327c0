#!/usr/bin/env python3
"""Counts what a test runner left: prints PASSED FAILED SKIPPED, and on stderr the lines that name what was skipped or
waived.

usage: tally.py meson testlog.json   cases of cmocka programs, sums of programs that end with "N passed, M failed"; a
                                     program of another kind counts as one test
       tally.py pytest JUNIT.xml
"""
import json
import re
import sys
import xml.etree.ElementTree

SUMMARY = re.compile(r'^(\d+) passed, (\d+) failed$', re.MULTILINE)


def note(text):
    print(f'      {text}', file=sys.stderr)


def sums(output):
    """Passed and failed as a program of ours prints them, in cmocka's words or in its last line."""
    passed = sum(map(int, re.findall(r'\[  PASSED  \] (\d+) test', output)))
    failed = sum(map(int, re.findall(r'\[  FAILED  \] (\d+) test', output)))
    if passed + failed:
        return passed, failed
    found = SUMMARY.findall(output)
    return tuple(map(int, found[-1])) if found else (0, 0)


def meson_test(test):
    output = test.get('stdout', '') + '\n' + test.get('stderr', '')
    named = re.findall(r'^(?:skipped|waived) .*', output, re.MULTILINE)
    for line in named:
        note(line)
    skipped = sum(line.startswith('skipped') for line in named)
    if test['result'] == 'EXPECTEDFAIL':  # a runner that must notice a wrong row
        return 1, 0, 0
    passed, failed = sums(output)
    if test['result'] == 'SKIP':
        note('skipped ' + test['name'])
        return passed, failed, skipped + 1
    if test['result'] == 'OK':
        return passed or 1, failed, skipped
    note('failed ' + test['name'])
    return passed, failed or 1, skipped


def meson(text):
    tests = [meson_test(json.loads(entry)) for entry in text.splitlines()]
    return tuple(map(sum, zip(*tests))) if tests else (0, 0, 0)


def pytest(text):
    total = dict.fromkeys(('tests', 'failures', 'errors', 'skipped'), 0)
    root = xml.etree.ElementTree.fromstring(text)
    for case in root.iter('testcase'):
        for reason in case.iter('skipped'):
            note(f'skipped {case.get("classname")}.{case.get("name")}: {reason.get("message")}')
    for suite in root.iter('testsuite'):
        for k in total:
            total[k] += int(suite.get(k, 0))
    bad = total['failures'] + total['errors']
    return max(0, total['tests'] - bad - total['skipped']), bad, total['skipped']


if __name__ == '__main__':
    with open(sys.argv[2], encoding='utf-8', errors='replace') as f:
        print(*{'meson': meson, 'pytest': pytest}[sys.argv[1]](f.read()))
