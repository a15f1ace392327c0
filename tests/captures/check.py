#!/usr/bin/env python3
"""Decodes what real servers answered (captures.tar.gz) and checks each reply by rule.

usage: check.py DECODER ARCHIVE     DECODER is build/tests/decode-captures

The rules come from the requests' names and from the raw bytes, never from an earlier output of the decoder.
"""
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile

API = [  # request name -> protocol
    (r'chat_', 'chat'), (r'responses_(?!input_tokens|empty)', 'responses'), (r'responses$', 'responses'),
    (r'messages_(?!count_tokens|empty)', 'messages'), (r'messages$', 'messages'),
]


def captures(archive):
    """(name, server, request, status, content type, extension, bytes) of every answer that was recorded with its head."""
    with tarfile.open(archive) as tar:
        files = {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}
    for name in sorted(n[:-5] for n in files if n.endswith('.head')):
        head = files[name + '.head'].decode(errors='replace')
        first = re.match(r'HTTP/\S+ (\d+)', head)
        body = next((e for e in ('sse', 'ndjson', 'json') if f'{name}.{e}' in files), None)
        if not first or not body:
            continue
        kind = re.search(r'(?im)^content-type:\s*([^\r\n]*)', head)
        server, _, request = name.partition('.')
        yield name, server, request, int(first[1]), kind[1].strip() if kind else '', body, files[f'{name}.{body}']


def protocol_of(server, request):
    if server == 'ollama-native':
        return 'ollama' if request.startswith('chat_') else None
    return next((p for pattern, p in API if re.match(pattern, request)), None)


# ---- rules: each returns a complaint or None ----

def refused(c, r):
    """An HTTP error: an error with that status and words."""
    if r['outcome'] != 'error':
        return f'outcome {r["outcome"]} of a refusal'
    if not r['error'] or r['error'].get('status') not in (c['status'], None) or not r['error'].get('message', True):
        return f'error {r["error"]}'
    if 'overflow' in c['request'] and b'ontext' in c['bytes'] and r['error']['class'] != 'context_overflow':
        return f'class {r["error"]["class"]} of an overflow'
    return None


def finish_in(raw):
    """What the raw bytes say about the end of the turn."""
    names = set(re.findall(r'"(?:finish_reason|stop_reason|done_reason)": *"(\w+)"', raw))
    table = {'stop': 'stop', 'end_turn': 'stop', 'length': 'length', 'max_tokens': 'length', 'tool_calls': 'tool_calls',
             'tool_use': 'tool_calls'}
    return table.get(names.pop()) if len(names) == 1 else None


def answered(c, r):
    raw = c['bytes'].decode(errors='replace')
    finish, calls = finish_in(raw), r['tool_calls'] or []
    if r['outcome'] == 'error':
        return f'error {r["error"]} of a good answer'
    if c['protocol'] == 'ollama' and calls:
        finish = 'tool_calls'  # its own API says "stop" after a call
    if finish and r['finish'] != finish:
        return f'finish {r["finish"]}, the bytes say {finish}'
    if finish == 'tool_calls' and [k['name'] for k in calls] != ['get_weather'] * len(calls):
        return f'calls {calls}'
    if finish == 'tool_calls' and not calls:
        return 'no call'
    if finish == 'stop' and not r['text'] and not r['reasoning'] and re.search(r'"(content|text|delta)": *"[^"]', raw):
        return 'no text'
    if finish == 'stop' and re.search(r'"?D"?.{0,4000}', raw, re.S) and 'scripted' in c['name'] and 'Done.' in raw \
            and 'Done.' not in r['text']:
        return f'text {r["text"]!r}'
    if re.search(r'"(prompt_tokens|input_tokens|prompt_eval_count)": *[1-9]', raw) and not (r['usage'] or {}).get('input'):
        return f'usage {r["usage"]}'
    return None


def other(c):
    """An API that we do not speak: its refusals must be documents or short texts, never empty."""
    if c['status'] < 400:
        return None
    try:
        doc = json.loads(c['bytes'])
    except ValueError:
        return None if 0 < len(c['bytes']) < 4096 else 'an error without words'
    told = doc.get('error', doc.get('detail', doc.get('message')))
    words = told.get('message') if isinstance(told, dict) else told
    return None if words else f'no message in {doc}'


def main(decoder, archive):
    passed, complaints, jobs = 0, [], []
    with tempfile.TemporaryDirectory() as folder:
        for i, (name, server, request, status, kind, ext, data) in enumerate(captures(archive)):
            c = {'name': name, 'request': request, 'status': status, 'bytes': data,
                 'protocol': protocol_of(server, request)}
            if not c['protocol'] or (status < 400 and request.startswith('options')):
                complaint = other(c)
                passed += complaint is None
                if complaint:
                    complaints.append(f'{name}: {complaint}')
                continue
            path = os.path.join(folder, str(i))
            with open(path, 'wb') as f:
                f.write(data)
            kinds = {'litellm': '-', 'mlx': 'mlx', 'ollama': 'ollama', 'xllamacpp': 'llama.cpp'}
            line = [c['protocol'], '01'['stream' in request], kinds[server.split('-')[0]], str(status), kind, path]
            jobs.append((c, '\t'.join(line)))
        done = subprocess.run([decoder], input='\n'.join(line for _, line in jobs) + '\n', text=True, check=True,
                              stdout=subprocess.PIPE)
    for (c, _), line in zip(jobs, done.stdout.splitlines(), strict=True):
        reply = json.loads(line)
        complaint = 'the split of the bytes matters' if reply is None else (refused if c['status'] >= 400 else answered)(c, reply)
        passed += complaint is None
        if complaint:
            complaints.append(f'{c["name"]}: {complaint}')
    print(*complaints, sep='\n')
    print(f'{len(jobs)} decoded\n{passed} passed, {len(complaints)} failed')
    return 1 if complaints or len(jobs) < 200 else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
