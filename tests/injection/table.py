#!/usr/bin/env python3
"""The measured counts as the table of docs/security.md. usage: table.py RESULTS.json"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cases import CASES  # noqa: E402

COLUMNS = ['hidden', 'raw', 'acted']


def table(measured):
    """measured: {id: {"hidden": bool, "raw": bool, "acted": bool}}"""
    lines = ['| kind of attack | cases | hidden text seen | raw control words or marks | acted |',
             '|---|---:|---:|---:|---:|']
    kinds = list(dict.fromkeys(kind for _, kind, *_ in CASES))
    for kind in kinds + ['all']:
        ids = [c[0] for c in CASES if kind in ('all', c[1])]
        counts = [sum(measured[i][column] for i in ids) for column in COLUMNS]
        lines.append(f'| {kind} | {len(ids)} | ' + ' | '.join(map(str, counts)) + ' |')
    return '\n'.join(lines) + '\n'


if __name__ == '__main__':
    print(table(json.loads(pathlib.Path(sys.argv[1]).read_text())), end='')
