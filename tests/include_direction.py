#!/usr/bin/env python3
"""Checks the layering of src/: a file includes only from its own folder and from the folders before it; and only the
folder that owns a library includes that library's headers. usage: include_direction.py PROJECT_ROOT"""
import pathlib
import re
import sys

LAYERS = ['base', 'markdown', 'json', 'rt', 'net', 'store', 'config', 'model', 'tool', 'agent', 'channel', 'gateway', 'cli']
MODEL_LAYERS = ['codec', 'provider', 'service', 'call']  # the same rule inside src/model
OWNERS = {  # header -> folders that may include it
    r'uv\.h': ['rt'],
    r'curl/': ['net'],
    r'wslay/|nettle/|idn2\.h': ['net'],
    r'sqlite3\.h': ['store'],
    r'gumbo\.h': ['tool'],
    r'utf8proc\.h': ['base'],
    r'md4c\.h': ['markdown'],
    r'histedit\.h|editline/': ['cli'],
}


def below(header, path):
    return MODEL_LAYERS.index(pathlib.PurePath(header).parts[1]) > MODEL_LAYERS.index(path.parts[1])


def problems(root):
    for path in sorted((root / 'src').rglob('*.[ch]')):
        folder = path.relative_to(root / 'src').parts[0]
        if folder not in LAYERS:
            yield f'{path}: unknown folder {folder}'
            continue
        for n, line in enumerate(path.read_text().splitlines(), 1):
            m = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
            if not m:
                continue
            header = m.group(2)
            target = header.split('/')[0]
            if m.group(1) == '"' and '/' in header:
                if target not in LAYERS:
                    yield f'{path}:{n}: "{header}" is no header of the project'
                elif LAYERS.index(target) > LAYERS.index(folder):
                    yield f'{path}:{n}: {folder}/ may not include from {target}/ (below it)'
                elif folder == target == 'model' and below(header, path.relative_to(root / 'src')):
                    yield f'{path}:{n}: "{header}" is below model/{path.parent.name}/'
            for pattern, owners in OWNERS.items():
                if re.match(pattern, header) and folder not in owners:
                    yield f'{path}:{n}: <{header}> belongs to {", ".join(owners)}/'


def main():
    found = list(problems(pathlib.Path(sys.argv[1])))
    print('\n'.join(found) or 'include direction: ok')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
