#!/usr/bin/env python3
"""Writes the files of the web chat as a table in C: each one as it is and compressed, with its ETag.

Usage: embed.py OUTPUT.c FOLDER FILE...
"""
import gzip
import hashlib
import pathlib
import sys

MAX_BYTES = 150 * 1024  # of all files together: the page is meant to be read


def array(name, data):
    rows = [','.join(map(str, data[i:i + 24])) for i in range(0, len(data), 24)]
    return f'static const unsigned char {name}[] = {{\n' + ',\n'.join(rows) + '\n};\n'


def main(output, folder, *names):
    out = ['/* Written by ui/embed.py. */\n#include "gateway/http/ui_embedded.h"\n\n#include <stddef.h>\n\n']
    rows, total = [], 0
    for i, name in enumerate(names):
        data = (pathlib.Path(folder) / name).read_bytes()
        small = gzip.compress(data, 9, mtime=0)
        total += len(data)
        out += [array(f'plain{i}', data), array(f'small{i}', small)]
        etag = hashlib.sha256(data).hexdigest()[:20]
        rows.append(f'\t{{ "{name}", "\\"{etag}\\"", plain{i}, sizeof plain{i}, small{i}, sizeof small{i} }},\n')
    if total > MAX_BYTES:
        sys.exit(f'ui: {total} bytes are more than {MAX_BYTES}')
    out += ['\nconst struct oc_ui_embedded oc_ui_embedded_files[] = {\n', *rows, '\t{ NULL, NULL, NULL, 0, NULL, 0 },\n};\n']
    pathlib.Path(output).write_text(''.join(out))


main(*sys.argv[1:])
