#!/usr/bin/env python3
"""A bridge for openclaw in 40 lines: messages come from a folder, answers go to a file.

Put "hello.txt" into the folder "in"; the answer is appended to "out.txt". A bridge to a messenger does the same with
the messenger's library in place of the folder. The protocol is described in docs/channels/bridge.md.
"""
import contextlib
import json
import pathlib
import sys
import threading
import time

lock = threading.Lock()


def tell(**message):
    with lock:  # one object a line, and nothing else, goes to the standard output
        print(json.dumps(message), flush=True)


def watch(inbox):
    told = set()
    while True:
        for file in sorted(inbox.glob('*.txt')):
            with contextlib.suppress(FileNotFoundError):  # acknowledged and taken away meanwhile
                id = f'{file.name}:{file.stat().st_mtime_ns}'  # a later file of this name is another message
                if id not in told:
                    told.add(id)
                    tell(type='inbound', id=id, chat='folder', sender={'id': 'me', 'name': 'Me'}, text=file.read_text())
        time.sleep(0.1)


for line in sys.stdin:  # ends when the gateway ends
    message = json.loads(line)
    if message['type'] == 'start':
        root = pathlib.Path(message['settings'].get('folder', '.'))
        (root / 'in').mkdir(parents=True, exist_ok=True)
        threading.Thread(target=watch, args=(root / 'in',), daemon=True).start()
        tell(type='status', state='running', name='folder')
    elif message['type'] == 'ack' and not message.get('error'):
        (root / 'in' / message['id'].rsplit(':', 1)[0]).unlink()  # it is on the gateway's disk now
    elif message['type'] == 'send':
        with (root / 'out.txt').open('a') as out:
            out.write(message['text'] + '\n')
        tell(type='result', id=message['id'], ok=True, messageId=f'{time.time_ns()}')
