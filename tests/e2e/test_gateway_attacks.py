"""What nobody sends by accident: bytes that attack the running gateway. Each is refused in its own way, and afterwards the
gateway answers, has let go of every descriptor and is no larger than before."""
import base64
import contextlib
import json
import os
import re
import resource
import socket
import struct
import threading
import time

import pytest

from gateway_client import CONTROL_UI, TOKEN, Device, Gateway, connect_params, new_id, test_config as plain_config
from program import BINARY, OpenClaw, free_port
from vitals import SMALL_QUARANTINE, ModelServer, RawSocket, Vitals, config_for, descriptors, raw, read_all, read_answer, rss_mb

pytestmark = pytest.mark.any_wire
MB = 1024 * 1024


@pytest.fixture(scope='module')
def target(tmp_path_factory):
    """One gateway for all of them, with an installed UI whose neighbours hold a secret."""
    folder = tmp_path_factory.mktemp('attacks')
    program = OpenClaw(folder)
    ui = folder / 'ui'
    (ui / 'assets').mkdir(parents=True)
    (ui / 'index.html').write_text('<html><head></head><body>the page</body></html>')
    (ui / 'assets' / 'a.js').write_text('let a')
    (folder / 'secret.txt').write_text('do not show this')
    with ModelServer() as server:
        config = config_for(server, controlUi={'root': str(ui)})
        config['logging'] = {'file': str(program.home / 'gateway.log')}
        program.write_config(config)
        g = Gateway(program, BINARY, free_port(), env={'OPENCLAW_HANDSHAKE_TIMEOUT_MS': '4000',
                                                       'ASAN_OPTIONS': program.env['ASAN_OPTIONS'] + SMALL_QUARANTINE}).wait_ready()
        g.secret = folder / 'secret.txt'
        yield g
        g.close()
        log = (program.home / 'gateway.log').read_text() + g.console
        assert TOKEN not in log and 'do not show this' not in log


@pytest.fixture(scope='module')
def vitals(target):
    return Vitals(target)


@pytest.fixture(autouse=True)
def unharmed(vitals, request):
    yield
    vitals.check(request.node.name)


def request_bytes(target, line='POST /v1/chat/completions HTTP/1.1', *fields, body=b'', token=True):
    head = [line, f'Host: 127.0.0.1:{target.port}', *([f'Authorization: Bearer {TOKEN}'] if token else []), *fields]
    return '\r\n'.join(head).encode('latin-1') + b'\r\n\r\n' + body


# ---- frames before the hello -----------------------------------------------------------------------------------------

def connect_frame(**params):
    return json.dumps({'type': 'req', 'id': '1', 'method': 'connect', 'params': connect_params(**params)})


@pytest.mark.parametrize('name, data, code', [
    ('64 KiB and one byte', RawSocket.framed(b'x' * 65537), 1009),
    ('a length that is only announced', RawSocket.framed(b'x', announced=65537), 1009),
    ('8 exabytes announced', RawSocket.framed(b'x', announced=(1 << 63) - 1), 1009),
    ('a length with the sign bit', RawSocket.framed(b'', announced=(1 << 64) - 1), 1002),
    ('a hundred fragments that are too much together', RawSocket.framed(b'x' * 1000, fin=False)
     + RawSocket.framed(b'x' * 1000, opcode=0, fin=False) * 99, 1009),
    ('binary', RawSocket.framed(connect_frame().encode(), opcode=2), 1000),
    ('not JSON', RawSocket.framed(b'{"type":'), 1000),
    ('a number', RawSocket.framed(b'1'), 1008),
    ('an array', RawSocket.framed(b'[]'), 1008),
    ('no id', RawSocket.framed(b'{"type":"req","method":"connect"}'), 1008),
    ('another method first', RawSocket.framed(b'{"type":"req","id":"1","method":"health"}'), 1008),
    ('not UTF-8', RawSocket.framed(b'{"type":"req","id":"\xff","method":"connect"}'), 1007),
    ('half a character at the end', RawSocket.framed(b'{"a":"\xe2\x82'), 1007),
    ('a surrogate in UTF-8', RawSocket.framed(b'{"a":"\xed\xa0\x80"}'), 1007),
    ('an unknown opcode', RawSocket.framed(b'', opcode=3), 1002),
    ('a reserved bit', bytes([0xc1, 0x80, 0, 0, 0, 0]), 1002),
    ('no mask', b'\x81\x02{}', 1002),
    ('a continuation of nothing', RawSocket.framed(b'x', opcode=0), 1002),
    ('a text inside of a text', RawSocket.framed(b'x', fin=False) + RawSocket.framed(b'x'), 1002),
    ('a ping in fragments', RawSocket.framed(b'x', opcode=9, fin=False), 1002),
    ('a ping of 126 bytes', RawSocket.framed(b'x' * 126, opcode=9), 1002),
    ('a close of one byte', RawSocket.framed(b'x', opcode=8), 1002),
    ('a close code that nobody may send', RawSocket.framed(struct.pack('>H', 1005), opcode=8), 1002),
    ('a close reason that is not UTF-8', RawSocket.framed(struct.pack('>H', 1000) + b'\xff', opcode=8), 1007),
])
def test_a_bad_first_frame_is_closed_with_its_code(target, name, data, code):
    with RawSocket(target) as c:
        with contextlib.suppress(ConnectionError):  # it may close while we still write
            c.s.sendall(data)
        assert c.closed()[0] == code


def nested(depth, open='[', close=']'):
    return open * depth + close * depth


BOMBS = {
    'deep arrays': nested(30000),
    'deep objects': nested(10000, '{"a":', '1}')[:-1],
    'unclosed': '[' * 60000,
    'a huge number': '{"type":"req","id":"1","method":"connect","params":{"minProtocol":' + '9' * 60000 + '}}',
    'a huge exponent': '{"type":"req","id":"1","method":"connect","params":{"minProtocol":1e999999999}}',
    'a long name': '{"type":"req","id":"1","method":"' + 'x' * 60000 + '"}',
    'the same name again': '{"type":"req","type":"res","id":"1","method":"connect"}',
    'ten thousand names': '{' + ','.join(f'"k{n}":0' for n in range(6000)) + '}',
    'NUL in a name': '{"type":"req","id":"1","method":"connect\\u0000x"}',
    'a lone surrogate': '{"type":"req","id":"\\ud800","method":"connect"}',
}


@pytest.mark.parametrize('name', BOMBS)
def test_a_bomb_of_json_before_the_hello_is_closed(target, name):
    with RawSocket(target) as c:
        c.send(BOMBS[name][:65536])
        assert c.closed()[0] in (1000, 1002, 1008)


# ---- frames after the hello ------------------------------------------------------------------------------------------

def test_a_frame_above_the_limit_is_closed_as_soon_as_it_is_announced(target):
    with RawSocket(target) as c:
        c.hello()
        c.s.sendall(RawSocket.framed(b'x' * 100, announced=26214401))
        assert c.closed()[0] == 1009


def test_a_frame_of_25_mb_is_taken(target):
    with RawSocket(target) as c:
        c.hello()
        frame = b'{"type":"req","id":"big","method":"health","params":{"x":"%s"}}'
        c.send(frame % (b'x' * (26214400 - len(frame) + 2)))
        assert "unexpected property 'x'" in c.answer('big')['error']['message']


@pytest.mark.parametrize('name, text', [
    ('not JSON', '{"type":'), ('deep', nested(100000)), ('deeper than a stack', nested(5000000)), ('a number', '1'), ('null', 'null'),
    ('no method', '{"type":"req","id":"1"}'), ('an id that is an object', '{"type":"req","id":{},"method":"health"}'),
    ('a response', '{"type":"res","id":"1","ok":true}'), ('params that are none', '{"type":"req","id":"1","method":"health","params":[]}'),
    ('a member that is not known', '{"type":"req","id":"1","method":"health","x":1}'),
    ('an id without end', json.dumps({'type': 'req', 'id': 'i' * 10000, 'method': 'health'})),
    ('a method without end', json.dumps({'type': 'req', 'id': '1', 'method': 'm' * 1000000})),
    ('a million members', '{' + ','.join(f'"k{n}":0' for n in range(1000000)) + '}'),
    ('a million values', '[' + '0,' * 4000000 + '0]'),
    ('a number of a megabyte', '{"type":"req","id":"1","method":"health","params":{"a":' + '9' * MB + '}}'),
    ('parameters of a wrong kind', '{"type":"req","id":"1","method":"chat.send","params":{"sessionKey":1,"message":[],"idempotencyKey":{}}}'),
])
def test_a_bad_frame_after_the_hello_is_refused_and_the_connection_stays(target, name, text):
    with RawSocket(target) as c:
        c.hello()
        c.send(text)
        while True:
            opcode, payload = c.frame()
            answer = json.loads(payload) if opcode == 1 else {}
            if answer.get('type') == 'res':
                break
        assert answer['ok'] is False and answer['error']['code'] == 'INVALID_REQUEST' or name == 'a number of a megabyte', answer
        assert c.answer(c.ask('health'))['ok'] is True


def test_a_message_with_the_same_member_twice_has_one_meaning(target):
    """The check of the parameters and the method must see the same value."""
    with RawSocket(target) as c:
        c.hello()
        c.send('{"type":"req","id":"t","method":"chat.history","params":{"sessionKey":"main","limit":1,"limit":"x"}}')
        answer = c.answer('t')
        assert answer['ok'] is True or '/limit' in answer['error']['message']


def test_thousands_of_requests_on_one_connection_are_all_answered(target):
    with RawSocket(target) as c:
        c.hello()
        frames = b''.join(RawSocket.framed(json.dumps({'type': 'req', 'id': f'n{n}', 'method': 'sessions.list', 'params': {}}).encode())
                          for n in range(5000))
        writer = threading.Thread(target=c.s.sendall, args=(frames,))
        writer.start()
        seen = {}
        while len(seen) < 5000:
            opcode, payload = c.frame()
            answer = json.loads(payload) if opcode == 1 else {}
            if answer.get('type') == 'res':
                seen[answer['id']] = answer
        writer.join()
        kinds = {('ok' if a['ok'] else a['error']['code']) for a in seen.values()}
        assert kinds <= {'ok', 'UNAVAILABLE'} and sum(a['ok'] for a in seen.values()) >= 256


def test_large_requests_that_wait_for_each_other_are_bounded(target, vitals):
    """Requests that wait hold their frames: above the limit nothing more is read."""
    with RawSocket(target, timeout=3) as c:
        c.hello()
        frame = RawSocket.framed(json.dumps({'type': 'req', 'id': 'w', 'method': 'agent.wait',
                                             'params': {'runId': 'x' * 4 * MB, 'timeoutMs': 3000}}).encode())
        with contextlib.suppress(OSError):
            for _ in range(40):
                c.s.sendall(frame)
        assert rss_mb(target) < vitals.rss + 300


# ---- who one is ------------------------------------------------------------------------------------------------------

def signed_connect(device, nonce, **params):
    whole = connect_params(**params)
    whole['device'] = device.sign(whole, nonce)
    return whole


def challenge(c):
    while True:
        value = json.loads(c.frame()[1])
        if value.get('event') == 'connect.challenge':
            return value['payload']['nonce']


def refusal(c, params):
    c.send(json.dumps({'type': 'req', 'id': 'c', 'method': 'connect', 'params': params}))
    answer = c.answer('c')
    assert answer['ok'] is False, answer
    return answer['error'].get('details', {}).get('code'), c.closed()[0]


def test_a_signed_connect_cannot_be_used_again(target):
    device = Device()
    with RawSocket(target) as first, RawSocket(target) as second, RawSocket(target) as third:
        used = signed_connect(device, challenge(first))
        first.send(json.dumps({'type': 'req', 'id': 'c', 'method': 'connect', 'params': used}))
        assert first.answer('c')['ok'] is True
        other = challenge(second)
        assert refusal(second, used) == ('DEVICE_AUTH_NONCE_MISMATCH', 1008)
        # The nonce of this connection over the signature of the other.
        challenge(third)
        used['device']['nonce'] = other
        assert refusal(third, used)[1] == 1008


@pytest.mark.parametrize('change', [
    {'nonce': ''}, {'nonce': 'x' * 1000}, {'signature': ''}, {'signature': 'A' * 86}, {'signature': '!' * 86}, {'signature': 'A' * 60000},
    {'publicKey': ''}, {'publicKey': 'A' * 43}, {'publicKey': base64.urlsafe_b64encode(b'\xff' * 32).decode().rstrip('=')},
    {'id': '0' * 64}, {'id': '../../../etc/passwd'}, {'signedAt': 0}, {'signedAt': 2 ** 62}, {'signedAt': int(time.time() * 1000) + 10 ** 6}])
def test_a_proof_that_is_not_right_is_refused(target, change):
    with RawSocket(target) as c:
        params = signed_connect(Device(), challenge(c))
        params['device'].update(change)
        assert refusal(c, params)[1] == 1008


@pytest.mark.parametrize('origin', ['http://evil.example', 'null', 'file://', 'http://127.0.0.1', 'http://127.0.0.1:1', '', 'http://',
                                    'http://127.0.0.1.evil.example', 'http://127.0.0.1:{port}@evil.example',
                                    'http://127.0.0.1:{port}.evil.example', 'http://evil.example/127.0.0.1:{port}', '//127.0.0.1:{port}x',
                                    'http://localhost:{port}\\@evil.example', 'http://[::1', 'http://127.0.0.1:{port}, http://evil.example'])
def test_a_foreign_page_is_refused(target, origin):
    with RawSocket(target, Origin=origin.format(port=target.port)) as c:
        challenge(c)
        code, closed = refusal(c, connect_params(client=CONTROL_UI))
        assert (code, closed) == ('CONTROL_UI_ORIGIN_NOT_ALLOWED', 1008)


# ---- heads -----------------------------------------------------------------------------------------------------------

INNER = b'GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n'
SMUGGLED = {  # name -> (request line and fields, body)
    'length and chunks': (['Content-Length: 5', 'Transfer-Encoding: chunked'], b'0\r\n\r\n' + INNER),
    'chunks and length': (['Transfer-Encoding: chunked', 'Content-Length: 5'], b'0\r\n\r\n' + INNER),
    'two lengths': (['Content-Length: 5', 'Content-Length: 6'], b'x' * 6),
    'the same length twice': (['Content-Length: 5', 'Content-Length: 5'], b'x' * 5),
    'a list of lengths': (['Content-Length: 5, 5'], b'x' * 5),
    'a length with a sign': (['Content-Length: +5'], b'x' * 5),
    'a length below zero': (['Content-Length: -1'], b'x' * 5),
    'a length in hex': (['Content-Length: 0x5'], b'x' * 5),
    'a length that overflows': (['Content-Length: 18446744073709551617'], b'x'),
    'an empty length': (['Content-Length:'], b''),
    'a folded line': (['X-A: 1', ' Content-Length: 5'], b'x' * 5),
    'a folded coding': (['Transfer-Encoding:', '\tchunked'], b'0\r\n\r\n'),
    'a blank before the colon': (['Content-Length : 5'], b'x' * 5),
    'a blank before the coding\'s colon': (['Transfer-Encoding : chunked'], b'0\r\n\r\n'),
    'NUL in a value': (['X-A: a\0b'], b''),
    'NUL in a name': (['X\0A: b'], b''),
    'a bare CR': (['X-A: a\rContent-Length: 5'], b'x' * 5),
    'a bare LF': (['X-A: a\nContent-Length: 5'], b'x' * 5),
    'a control character': (['X-A: a\x01b'], b''),
    'no colon': (['Content-Length 5'], b'x' * 5),
    'no name': ([': x'], b''),
    'an unknown coding': (['Transfer-Encoding: gzip'], b'x'),
    'chunked twice': (['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], b'0\r\n\r\n'),
    'chunked in a list': (['Transfer-Encoding: identity, chunked'], b'0\r\n\r\n'),
    'chunked with a tail': (['Transfer-Encoding: chunkedx'], b'0\r\n\r\n'),
    'chunked after a form feed': (['Transfer-Encoding: \x0cchunked'], b'0\r\n\r\n'),
    'two hosts': (['Host: other'], b''),
    'an unknown expectation': (['Expect: 200-maybe', 'Content-Length: 1'], b'x'),
}


@pytest.mark.parametrize('name', SMUGGLED)
def test_a_head_with_two_meanings_is_refused_and_ends_the_connection(target, name):
    fields, body = SMUGGLED[name]
    data = read_all(raw(target, request_bytes(target, 'POST /v1/chat/completions HTTP/1.1', *fields, body=body)))
    assert re.match(rb'HTTP/1\.1 (400|417|501) ', data), data[:300]
    assert data.count(b'HTTP/1.1 ') == 1, 'nothing that follows is read as a request'


CHUNKS = {
    'a size that is none': b'x\r\n', 'a size with a sign': b'+1\r\nx\r\n0\r\n\r\n', 'a size with 0x': b'0x1\r\nx\r\n0\r\n\r\n',
    'a size that overflows': b'fffffffffffffffff\r\n', 'an empty size': b'\r\n', 'a bare LF': b'1\nx\n0\n\n', 'no end after the bytes': b'1\r\nxy\r\n',
    'an extension without end': b'1;' + b'x' * 2000 + b'\r\n', 'a blank before the size': b' 1\r\nx\r\n0\r\n\r\n',
    'trailers without end': b'0\r\n' + b'X-A: b\r\n' * 5000,
}


@pytest.mark.parametrize('name', CHUNKS)
def test_broken_chunks_are_refused_and_end_the_connection(target, name):
    data = read_all(raw(target, request_bytes(target, 'POST /v1/chat/completions HTTP/1.1', 'Transfer-Encoding: chunked',
                                              body=CHUNKS[name] + INNER)))
    assert data.count(b'HTTP/1.1 ') <= 1
    assert not data or re.match(rb'HTTP/1\.1 (400|413|431) ', data), data[:300]


@pytest.mark.parametrize('head, status', [
    (b'GET / HTTP/1.1\r\nX: ' + b'x' * 20000, 431), (b'GET /' + b'x' * 20000, 431),
    (b'GET / HTTP/1.1\r\n' + b'X: y\r\n' * 3000, 431), (b'GET / HTTP/1.1\r\nHost: x\r\n' + b''.join(b'X%d: y\r\n' % n for n in range(150)) + b'\r\n', 431),
    (b'GET  / HTTP/1.1\r\n\r\n', 400), (b'GET / HTTP/2.0\r\n\r\n', 505), (b'GET / http/1.1\r\n\r\n', 400), (b'GET /\r\n\r\n', 400),
    (b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + b'\0' * 100, 400), (b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505), (b'\0' * 100, 400),
    (b'GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n', 400), (b'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n', 400), (b'G' * 100 + b' / HTTP/1.1\r\n\r\n', 400),
    (b'GET / HTTP/1.1\r\n\r\n', 400), (b'\r\n' * 100, 400)])
def test_a_head_that_is_none_is_refused(target, head, status):
    data = read_all(raw(target, head))
    assert data.startswith(b'HTTP/1.1 %d ' % status), data[:200]


# ---- paths -----------------------------------------------------------------------------------------------------------

UP = ['..', '%2e%2e', '.%2e', '%2E.', '%252e%252e', '..%2f..', '..%5c..', '..\\..', '%c0%ae%c0%ae', '%u002e%u002e', '..;', '...', '%2e%2e%2f',
      '%00..', '..%00', '.%00.', '%e2%80%a5', '\uff0e\uff0e'.encode().decode('latin-1')]


@pytest.mark.parametrize('up', UP)
@pytest.mark.parametrize('prefix', ['/', '/assets/', '/assets/x/../', '//', '/assets%2f', '/./', '/openclaw/'])
def test_no_path_leads_out_of_the_ui(target, up, prefix):
    for path in (f'{prefix}{up}/secret.txt', f'{prefix}{up}/{up}/secret.txt', f'{prefix}{up}%2fsecret.txt', f'{prefix}{up}\\secret.txt',
                 f'{prefix}{up}/{up}/{up}/{up}/{up}/{up}/{up}/etc/passwd', f'{prefix}{up}{target.secret}', f'{prefix}{target.secret}'):
        status, head, body = read_answer(raw(target, request_bytes(target, f'GET {path} HTTP/1.1')))
        assert status in (200, 400, 404), (status, head)
        assert b'do not show this' not in body and b'root:' not in body, path
        assert status != 200 or b'the page' in body, path  # the page of the UI stands for every unknown path


@pytest.mark.parametrize('path', ['/v1/models/..%2f..%2fetc%2fpasswd', '/v1/models/%00', '/v1/models/' + 'x' * 10000, '/v1/../v1/models', '/v1//models',
                                  '/v1/models/%', '/v1/models/%zz', '/hooks/../v1/models', '/tools/%69nvoke/../..'])
def test_odd_paths_of_the_apis_are_not_found(target, path):
    status, _, body = read_answer(raw(target, request_bytes(target, f'GET {path} HTTP/1.1')))
    assert status in (400, 404, 405), (status, body[:200])


# ---- bodies ----------------------------------------------------------------------------------------------------------

LIMITS = {'/v1/chat/completions': 20 * MB, '/v1/responses': 20 * MB, '/v1/messages': 20 * MB, '/tools/invoke': 2 * MB}


@pytest.mark.parametrize('path', LIMITS)
def test_a_body_of_the_limit_is_read_and_one_byte_more_is_not(target, path):
    shell = b'{"model":"nowhere/m","messages":[],"x":"%s"}'
    fits = shell % (b'x' * (LIMITS[path] - len(shell) + 2))
    assert target.post(path, fits).status in (400, 404)
    assert target.post(path, fits + b' ').status == 413
    status, _, _ = read_answer(raw(target, request_bytes(target, f'POST {path} HTTP/1.1', f'Content-Length: {LIMITS[path] + 1}')))
    assert status == 413, 'said as soon as it is announced'
    status, _, _ = read_answer(raw(target, request_bytes(target, f'POST {path} HTTP/1.1', 'Content-Length: 9223372036854775807')))
    assert status == 413


def test_a_body_in_chunks_is_refused_at_the_limit(target):
    s = raw(target, request_bytes(target, 'POST /v1/chat/completions HTTP/1.1', 'Transfer-Encoding: chunked'))
    with contextlib.suppress(OSError):
        for _ in range(64):
            s.sendall(b'%x\r\n' % MB + b' ' * MB + b'\r\n')
    assert read_answer(s)[0] in (413, 0)  # 0: reset because we went on writing


@pytest.mark.parametrize('body', [nested(5000000).encode(), b'[' * 10000000, b'{"model":"openclaw","messages":' + nested(200000).encode() + b'}',
                                  b'{"model":' + b'9' * 5000000 + b'}', b'\xff' * 1000000, b'{"model":"openclaw\xff"}', b'', b'null', b'"x"', b'\0',
                                  b'[' + b'0,' * 8000000 + b'0]', b'{"a":1,' * 1000 + b'}' * 1000,
                                  b'{"model":"openclaw","messages":[' + b'{"role":"user","content":"x"},' * 300000 + b'1]}'],
                         ids=lambda b: f'{len(b)}-{b[:12]!r}')
def test_a_body_that_is_a_bomb_is_refused(target, body):
    for path in ('/v1/chat/completions', '/v1/responses', '/tools/invoke'):
        assert target.post(path, body, timeout=60).status in (400, 404, 413), path


def test_what_the_body_says_twice_has_one_meaning(target):
    """A model that is checked must be the one that is asked."""
    answer = target.post('/v1/chat/completions', b'{"model":"instant/instant","model":"nowhere/m","messages":[{"role":"user","content":"x"}]}')
    assert answer.status in (200, 400, 404)


# ---- time ------------------------------------------------------------------------------------------------------------

def test_heads_that_come_byte_by_byte_are_ended(target):
    """Slow heads: each byte in time does not buy another period."""
    connections = [raw(target, b'GET /healthz HTTP/1.1\r\n') for _ in range(50)]
    began = time.monotonic()
    left = list(connections)
    while left and time.monotonic() < began + 25:
        for s in list(left):
            try:
                s.sendall(b'X')
                s.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    data = s.recv(1000)
                    assert data == b'' or data.startswith(b'HTTP/1.1 408 '), data
                    left.remove(s)
                s.setblocking(True)
            except OSError:
                left.remove(s)
        time.sleep(0.2)
    assert not left, f'{len(left)} of 50 slow heads are still there'
    for s in connections:
        s.close()


def test_many_slow_bodies_keep_nobody_out(target):
    held = [raw(target, request_bytes(target, 'POST /v1/chat/completions HTTP/1.1', 'Content-Length: 1000000', body=b'{"')) for _ in range(200)]
    for s in held:
        s.sendall(b'a')
    assert target.get('/healthz').status == 200
    for s in held:
        s.close()


def test_a_websocket_that_says_nothing_is_closed(target):
    connections = [RawSocket(target) for _ in range(50)]
    assert target.get('/healthz').status == 200
    assert {c.closed()[0] for c in connections} == {1000}
    for c in connections:
        c.close()


def test_silent_websockets_make_room_for_who_speaks(start_gateway, sim):
    g = start_gateway(plain_config(sim.base_url), env={'OPENCLAW_HANDSHAKE_TIMEOUT_MS': '600000'})
    silent = [RawSocket(g) for _ in range(300)]
    assert silent[0].closed()[0] == 1013 and silent[40].closed()[0] == 1013
    assert g.connect().call('health')['ok']
    for c in silent:
        c.close()


# ---- number ----------------------------------------------------------------------------------------------------------

def test_ten_thousand_connections_come_and_go(target):
    """In batches, in every way of leaving: at once, after half a head, after a request, by a reset."""
    starts = [b'', b'GET / HT', request_bytes(target, 'GET /healthz HTTP/1.1'), b'\x16\x03\x01']
    for batch in range(50):
        held = [raw(target, starts[n % 4]) for n in range(200)]
        for n, s in enumerate(held):
            if n % 3 == 0:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            s.close()
        if batch % 10 == 0:
            assert target.get('/healthz').status == 200


def test_connections_above_the_limit_do_not_end_the_gateway(target):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(5000, hard - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted + 200), hard))
    held = []
    try:
        for _ in range(wanted):
            s = socket.socket()
            s.settimeout(0.05)
            held.append(s)
            with contextlib.suppress(OSError):
                s.connect(('127.0.0.1', target.port))
    finally:
        for s in held:
            s.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    until = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError):
            if target.get('/healthz', timeout=5).status == 200:
                break
        assert time.monotonic() < until, 'nobody is let in any more'


def test_without_descriptors_it_neither_ends_nor_spins(target):
    """Those it has go on, new ones wait, and no processor is burnt by asking again and again."""
    pid = target.popen.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    c = RawSocket(target)
    c.hello()
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(descriptors(target)) + 20, hard))
    try:
        held = [raw(target, b'GET / HT') for _ in range(100)]
        before = processor_seconds(pid)
        began = time.monotonic()
        while time.monotonic() < began + 2:
            time.sleep(0.1)
        burnt = (processor_seconds(pid) - before) / (time.monotonic() - began)
        assert burnt < 0.5, f'{burnt:.0%} of a processor while nothing happens'
        assert c.answer(c.ask('health'))['ok'] is True
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    for s in held:
        s.close()
    c.close()


def processor_seconds(pid):
    with open(f'/proc/{pid}/stat') as f:
        fields = f.read().rsplit(') ', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


# ---- leaving ---------------------------------------------------------------------------------------------------------

def leave(s, reset):
    if reset:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    s.close()


@pytest.mark.parametrize('reset', [False, True])
def test_a_client_may_leave_a_websocket_at_every_step(target, reset):
    turn = json.dumps({'type': 'req', 'id': 't', 'method': 'chat.send', 'params': {
        'sessionKey': 'leaves', 'message': 'STREAM:20:10:100', 'idempotencyKey': new_id()}})

    def steps():
        upgrade = request_bytes(target, 'GET / HTTP/1.1', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13',
                                'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', token=False)
        for n in (1, len(upgrade) // 2, len(upgrade)):
            yield lambda n=n: raw(target, upgrade[:n])
        whole = RawSocket.framed(connect_frame().encode())
        for n in (0, 1, 3, len(whole) // 2, len(whole)):
            yield lambda n=n: after(RawSocket(target), whole[:n])
        frame = RawSocket.framed(turn.encode())
        for n in (1, len(frame) // 2, len(frame)):
            yield lambda n=n: after(greeted(), frame[:n])
        yield lambda: after(greeted(), frame, pause=0.1)
        yield lambda: after(greeted(), RawSocket.framed(b'', opcode=8))
        yield lambda: after(greeted(), b''.join(RawSocket.framed(json.dumps({'type': 'req', 'id': str(n), 'method': m, 'params': {}}).encode())
                                                for n, m in enumerate(['sessions.list', 'models.list', 'status', 'health', 'logs.tail'] * 20)))

    def greeted():
        c = RawSocket(target)
        c.hello()
        return c

    def after(c, data, pause=0):
        c.s.sendall(data)
        time.sleep(pause)
        return c.s

    for step in steps():
        leave(step(), reset)


@pytest.mark.parametrize('reset', [False, True])
@pytest.mark.parametrize('path, model', [('/v1/chat/completions', 'openclaw'), ('/v1/chat/completions', 'instant/instant'),
                                         ('/v1/responses', 'openclaw')])
def test_a_client_may_leave_a_request_at_every_step(target, path, model, reset):
    body = json.dumps({'model': model, 'stream': True, 'input': 'STREAM:20:10:100',
                       'messages': [{'role': 'user', 'content': 'STREAM:20:10:100'}]}).encode()
    whole = request_bytes(target, f'POST {path} HTTP/1.1', f'Content-Length: {len(body)}', body=body)
    for n in [*range(0, len(whole), 40), len(whole)]:
        leave(raw(target, whole[:n]), reset)
    for read in (1, 50, 300, 1000):
        s = raw(target, whole)
        s.recv(read)
        leave(s, reset)
    held = [raw(target, whole) for _ in range(50)]
    time.sleep(0.1)
    for s in held:
        leave(s, reset)
