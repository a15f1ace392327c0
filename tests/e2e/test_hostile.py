"""What nobody sends by accident: servers, arguments, files and terminals that try to break the program. It must end soon,
with an honest error, in bounded memory, and without passing control characters on to a terminal."""
import concurrent.futures
import contextlib
import json
import os
import re
import socket
import struct
import threading
import time
import zlib

import pytest

from program import BINARY

MEMORY_MB = 120  # what no response may push the process above
HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n'
JSON_HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'


def event(value):
    return b'data: ' + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b'\n\n'


def delta(**fields):
    return event({'choices': [{'index': 0, 'delta': fields, 'finish_reason': None}]})


END = event({'choices': [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}]}) + event(b'[DONE]')


@pytest.fixture
def raw_server():
    """raw_server(answer): a TCP server that reads a request, then calls answer(connection, request bytes)."""
    listeners = []

    def serve(listener, answer):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve_one, args=(connection, answer), daemon=True).start()

    def serve_one(connection, answer):
        with connection, contextlib.suppress(OSError):
            request = b''
            while b'\r\n\r\n' not in request:
                request += connection.recv(65536) or exit_thread()
            head, _, body = request.partition(b'\r\n\r\n')
            length = next((int(line[15:]) for line in head.split(b'\r\n') if line.lower().startswith(b'content-length:')), 0)
            while len(body) < length:
                body += connection.recv(65536) or exit_thread()
            answer(connection, head + b'\r\n\r\n' + body)

    def exit_thread():
        raise OSError('closed')

    def start(answer):
        listener = socket.create_server(('127.0.0.1', 0))
        listeners.append(listener)
        threading.Thread(target=serve, args=(listener, answer), daemon=True).start()
        return f'http://127.0.0.1:{listener.getsockname()[1]}/v1'

    yield start
    for listener in listeners:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def peak_mb(running):
    """Waits for the end and returns the result and the peak of resident memory (Linux; elsewhere 0)."""
    peak = 0
    while running.popen.poll() is None and time.monotonic() - running.started < 20:
        with contextlib.suppress(OSError), open(f'/proc/{running.popen.pid}/status') as status:
            peak = max([peak] + [int(line.split()[1]) // 1024 for line in status if line.startswith('VmHWM')])
        time.sleep(0.005)
    return running.wait(10), peak


# ---- servers ------------------------------------------------------------------------------------------------------

def bomb(prefix, megabytes):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = packer.compress(prefix)
    for _ in range(megabytes):
        packed += packer.compress(b'a' * (1 << 20))
    return packed + packer.flush()


BOMBS = {
    'an event': lambda: HEAD + b'Content-Encoding: gzip\r\n\r\n' + bomb(b'data: {"x":"', 100),
    'a document': lambda: JSON_HEAD + b'Content-Encoding: gzip\r\n\r\n' + bomb(b'{"x":"', 100),
    'an error page': lambda: b'HTTP/1.1 400 Bad\r\nContent-Encoding: gzip\r\n\r\n' + bomb(b'<html>', 100),
    'empty objects': lambda: HEAD + b'\r\n' + event(b'{"choices":[' + b'{},' * 5000000 + b'{}]}'),
    'members': lambda: HEAD + b'\r\n' + event(b'{' + b','.join(b'"k%d":0' % i for i in range(1000000)) + b'}'),
    'tool calls': lambda: HEAD + b'\r\n' + delta(tool_calls=[
        {'index': i, 'id': str(i), 'function': {'name': 'read', 'arguments': '{}'}} for i in range(50000)]),
    'nesting': lambda: HEAD + b'\r\n' + event(b'{"a":' * 1000000),
    'header lines': lambda: HEAD + b'A: b\r\n' * 100000 + b'\r\n',
    'early hints': lambda: b'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n' * 100000,
}


SANITIZED = BINARY.exists() and b'__asan_init' in BINARY.read_bytes()


@pytest.mark.parametrize('kind', BOMBS)
def test_no_response_takes_much_memory(openclaw, raw_server, kind):
    answer = BOMBS[kind]()
    openclaw.use(raw_server(lambda connection, request: connection.sendall(answer)), timeoutSeconds=20)
    r, peak = peak_mb(openclaw.start('infer', 'model', 'run', '--prompt', 'hi'))
    assert r.rc == 1 and 'error: ' in r.err, r
    # Sanitizers pad what is allocated and keep what is freed.
    assert peak < MEMORY_MB * (8 if SANITIZED else 1), f'{peak} MB; {r}'


GOOD = HEAD + b'Transfer-Encoding: chunked\r\n\r\n' + b''.join(
    b'%x\r\n%s\r\n' % (len(part), part) for part in (delta(content='hel'), delta(content='lo') + END, b''))


@pytest.mark.parametrize('reset', [False, True], ids=['closed', 'reset'])
def test_an_answer_cut_anywhere_ends_right_or_with_an_error(openclaw, raw_server, reset):
    def answer(connection, request):
        connection.sendall(GOOD[:int(re.search(rb'cut at (\d+)', request)[1])])
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))

    def run(at):
        return at, openclaw.run('infer', 'model', 'run', '--prompt', f'cut at {at}')

    openclaw.use(raw_server(answer))
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        for at, r in pool.map(run, [*range(0, len(GOOD), 31), len(GOOD) - 2, len(GOOD)]):
            if r.rc == 0:
                assert 'hello' in r.out and at > GOOD.index(b'"lo"'), (at, r)
            else:
                assert r.rc == 1 and 'error: ' in r.err and 'No error' not in r.err, (at, r)


def test_a_refusal_without_an_end_is_left(openclaw, raw_server):
    def answer(connection, request):
        connection.sendall(b'HTTP/1.1 401 No\r\nContent-Type: text/plain\r\n\r\n')
        while True:
            connection.sendall(b'no and no again ' * 1000)

    openclaw.use(raw_server(answer))
    r = openclaw.run('infer', 'model', 'run', '--prompt', 'hi')
    assert r.rc == 1 and '401' in r.err and r.seconds < 10, r


# ---- secrets ------------------------------------------------------------------------------------------------------

ECHOES = {
    'a message': lambda key: (b'401 No', b'application/json', json.dumps({'error': {'message': f'bad key: {key}'}}).encode()),
    'a page': lambda key: (b'500 Oops', b'text/html', f'<html><title>{key}</title></html>'.encode()),
    'a content type': lambda key: (b'200 OK', f'x/{key}'.encode(), b'?'),
}


@pytest.mark.parametrize('key', ['sk-canary-123456', 'lan-canary'], ids=['a key', 'a password'])
@pytest.mark.parametrize('echo', ECHOES)
def test_a_key_that_the_server_echoes_is_not_shown(openclaw, raw_server, echo, key):
    status, kind, body = ECHOES[echo](key)
    seen = []

    def answer(connection, request):
        seen.append(request)
        connection.sendall(b'HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s' % (status, kind, len(body), body))

    openclaw.use(raw_server(answer), apiKey=key, timeoutSeconds=5)
    for options in ([], ['--json', '--log-level', 'debug']):
        r = openclaw.run('infer', 'model', 'run', '--prompt', 'hi', *options)
        assert r.rc == 1 and 'canary' not in r.out + r.err, r
    assert key.encode() in seen[0]
    assert [name for name, content in openclaw.files().items() if b'canary' in content] == ['.openclaw/openclaw.json']


# ---- terminals and outputs ----------------------------------------------------------------------------------------

ESCAPE = '\x1b]0;owned\x07\u009b31m'


@pytest.mark.parametrize('args', [
    ('infer', 'model', 'run', '--prompt', 'hi', '--model', 'lmstudio/' + ESCAPE), ('models', 'set', ESCAPE), (ESCAPE,),
    ('--' + ESCAPE,), ('models', ESCAPE), ('models', 'aliases', 'add', ESCAPE, 'lmstudio/m'), ('config', 'get', 'a.' + ESCAPE),
    ('agent', '--local', '--message-file', '/nowhere/' + ESCAPE), ('config', 'set', 'agents.' + ESCAPE, '1')],
    ids=lambda args: ' '.join(args).replace(ESCAPE, '*').strip())
def test_control_characters_of_an_argument_are_not_printed(openclaw, sim, args):
    openclaw.use(sim.base_url)
    r = openclaw.run(*args)
    assert r.rc == 1 and not {'\x1b', '\x07', '\u009b'} & set(r.out + r.err), r


def test_control_characters_of_a_server_are_not_printed(openclaw, raw_server):
    body = json.dumps({'error': {'message': 'no' + ESCAPE}}).encode()
    openclaw.use(raw_server(lambda connection, request: connection.sendall(
        b'HTTP/1.1 400 No\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' % (len(body), body))))
    r = openclaw.run('infer', 'model', 'run', '--prompt', 'hi')
    assert r.rc == 1 and not {'\x1b', '\x07', '\u009b'} & set(r.out + r.err), r


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='needs /dev/full')
@pytest.mark.parametrize('args', [('--help',), ('--version',), ('config', 'schema'), ('models', 'status', '--json'),
                                  ('infer', 'model', 'run', '--prompt', 'hi'), ('agent', '--local', '-m', 'hi')], ids=' '.join)
def test_a_full_disk_is_noticed(openclaw, raw_server, args):
    openclaw.use(raw_server(lambda connection, request: connection.sendall(HEAD + b'\r\n' + delta(content='hi') + END)))
    r = openclaw.run(argv=['/bin/sh', '-c', 'exec "$0" "$@" >/dev/full', str(BINARY), *args])
    r.failed('cannot write to standard output')


def test_a_message_file_without_an_end_is_refused(openclaw, sim):
    openclaw.use(sim.base_url)
    openclaw.run('agent', '--local', '--message-file', '/dev/zero').failed('larger than')


@pytest.mark.parametrize('closed', ['<&-', '>&-', '2>&-', '<&- >&- 2>&-'])
def test_a_closed_standard_descriptor_does_no_harm(openclaw, closed):
    openclaw.write_config({'gateway': {'port': 18790}})
    before = openclaw.files()
    openclaw.run(argv=['/bin/sh', '-c', f'"$0" config set gateway.port 18790 {closed}', str(BINARY)]).ok()
    assert {name: text for name, text in openclaw.files().items() if not name.endswith('.lock')} == before
