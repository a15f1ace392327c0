"""What a gateway must be like after whatever was done to it: alive, of the same size, with no descriptor left open."""
import contextlib
import gc
import json
import os
import pathlib
import socket
import subprocess
import time

import pytest

from program import BINARY
from gateway_client import connect_params, test_config

MODEL_SERVER = BINARY.parent / 'bench' / 'model-server'
# Memory that the sanitizer keeps back in order to find late uses would hide what the gateway keeps.
SMALL_QUARANTINE = ':quarantine_size_mb=4:thread_local_quarantine_size_kb=64:allocator_release_to_os_interval_ms=100'


class ModelServer:
    """bench/model-server: a message with STREAM:TOKENS:PACE_MS:TOKEN_BYTES says what it answers."""

    def __init__(self, tokens=50, pace_ms=0, token_bytes=4):
        if not MODEL_SERVER.exists():
            pytest.skip(f'{MODEL_SERVER} is not built (ninja bench/model-server)')
        self.popen = subprocess.Popen([str(MODEL_SERVER), str(tokens), str(pace_ms), str(token_bytes)], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)
        self.port = int(self.popen.stdout.readline())
        self.base_url = f'http://127.0.0.1:{self.port}/v1'

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.stdin.close()
        self.popen.stdout.close()
        self.popen.wait(10)


def config_for(server, slots=256, **gateway):
    """A gateway in front of such a server: instant/instant."""
    config = test_config(**gateway)
    entry = {'id': 'instant', 'name': 'instant', 'reasoning': False, 'input': ['text'], 'contextWindow': 131072, 'maxTokens': 8192,
             'cost': {'input': 0, 'output': 0, 'cacheRead': 0, 'cacheWrite': 0}}
    config['agents'] = {'defaults': {'model': {'primary': 'instant/instant'}}}
    config['models'] = {'mode': 'merge', 'providers': {'instant': {
        'baseUrl': server.base_url, 'api': 'openai-completions', 'apiKey': 'sk-none', 'params': {'slots': slots}, 'models': [entry]}}}
    return config


def rss_mb(gateway):
    status = pathlib.Path(f'/proc/{gateway.popen.pid}/status').read_text()
    return int(next(line for line in status.splitlines() if line.startswith('VmRSS')).split()[1]) / 1024


def descriptors(gateway):
    folder = pathlib.Path(f'/proc/{gateway.popen.pid}/fd')
    found = []
    for p in folder.iterdir():
        with contextlib.suppress(OSError):
            found.append(os.readlink(p).split(':')[0])
    return sorted(found)


class Vitals:
    """Vitals(gateway) at the begin, .check() after each attack."""

    def __init__(self, gateway, grows_mb=150):
        self.gateway, self.grows_mb = gateway, grows_mb
        self.client = gateway.connect()
        self.client.call('health')
        self.client.call('chat.history', {'sessionKey': 'main'})  # what is opened at first use is open now
        gateway.get('/v1/models')
        time.sleep(0.2)
        self.fds, self.rss = descriptors(gateway), rss_mb(gateway)

    def check(self, what=''):
        """The old connection answers, a new one is let in, nothing was left open, memory came back."""
        g = self.gateway
        assert g.popen.poll() is None, f'the gateway ended with {g.popen.returncode} {what}:\n{g.console[-4000:]}'
        if self.client.closed:
            self.client = g.connect()
        assert self.client.call('health')['ok'] is True, what
        assert g.get('/healthz').status == 200, what
        c = g.connect()
        c.close()
        g.clients.remove(c)
        gc.collect()  # connections of ours that nothing holds any more
        until = time.monotonic() + 20
        while len(descriptors(g)) > len(self.fds) or rss_mb(g) > self.rss + self.grows_mb:
            assert time.monotonic() < until, (f'{what}: {len(self.fds)} descriptors and {self.rss:.0f} MB became {len(descriptors(g))} '
                                              f'and {rss_mb(g):.0f}: {descriptors(g)}')
            time.sleep(0.1)


def raw(gateway, data=b'', timeout=20):
    """A connection on which these bytes were sent."""
    s = socket.create_connection(('127.0.0.1', gateway.port), timeout=timeout)
    with contextlib.suppress(OSError):
        s.sendall(data)
    return s


def read_all(s):
    """Everything up to the end of the connection."""
    data = b''
    with contextlib.suppress(ConnectionError):
        while piece := s.recv(65536):
            data += piece
    s.close()
    return data


def read_answer(s):
    """One HTTP answer of known length as (status, head, body); status 0: the connection ended without one."""
    data = b''
    with contextlib.suppress(ConnectionError):
        while b'\r\n\r\n' not in data:
            piece = s.recv(65536)
            if not piece:
                return 0, b'', data
            data += piece
        head, _, body = data.partition(b'\r\n\r\n')
        length = next((int(h.split(b':')[1]) for h in head.split(b'\r\n') if h.lower().startswith(b'content-length:')), 0)
        while len(body) < length:
            piece = s.recv(65536)
            if not piece:
                break
            body += piece
        return int(head.split(b' ')[1]), head, body
    return 0, b'', data


class RawSocket:
    """A WebSocket of bytes: it reads only when it is told to, and sends whatever it is told to."""

    def __init__(self, gateway, room=None, timeout=30, **headers):
        self.s = socket.socket()
        self.s.settimeout(timeout)
        if room:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self.s.connect(('127.0.0.1', gateway.port))
        more = ''.join(f'{k}: {v}\r\n' for k, v in headers.items())
        self.s.sendall((f'GET / HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                        f'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{more}\r\n').encode())
        self.data, self.ids = b'', 0
        while b'\r\n\r\n' not in self.data:
            self.more()
        head, self.data = self.data.split(b'\r\n\r\n', 1)
        assert b' 101 ' in head, head

    def more(self):
        piece = self.s.recv(1 << 20)
        if not piece:
            raise ConnectionError('closed')
        self.data += piece

    def take(self, n):
        while len(self.data) < n:
            self.more()
        out, self.data = self.data[:n], self.data[n:]
        return out

    def frame(self):
        """(opcode, payload) of the next frame."""
        first, size = self.take(2)
        if size >= 126:
            size = int.from_bytes(self.take(2 if size == 126 else 8), 'big')
        return first & 15, self.take(size)

    def closed(self):
        """(code, reason) of the close frame, whatever comes before it; (None, '') when there is none."""
        try:
            while True:
                opcode, payload = self.frame()
                if opcode == 8:
                    return int.from_bytes(payload[:2], 'big') or 1005, payload[2:].decode()
        except ConnectionError:
            return None, ''

    @staticmethod
    def framed(payload, opcode=1, fin=True, announced=None):
        size = len(payload) if announced is None else announced
        head = bytes([opcode | (0x80 if fin else 0)])
        head += bytes([0x80 | size]) if size < 126 else bytes([0xfe]) + size.to_bytes(2, 'big') if size < 65536 else \
            bytes([0xff]) + size.to_bytes(8, 'big')
        return head + b'\0\0\0\0' + payload  # a mask of zeros leaves the payload as it is

    def send(self, payload, **how):
        self.s.sendall(self.framed(payload if isinstance(payload, bytes) else payload.encode(), **how))

    def ask(self, method, params=None):
        self.ids += 1
        self.send(json.dumps({'type': 'req', 'id': str(self.ids), 'method': method, 'params': params or {}}))
        return str(self.ids)

    def answer(self, id):
        while True:
            opcode, payload = self.frame()
            value = json.loads(payload) if opcode == 1 else {}
            if value.get('id') == id:
                return value

    def hello(self, **params):
        answer = self.answer(self.ask('connect', connect_params(**params)))
        assert answer['ok'], answer
        return answer['payload']

    def close(self):
        self.s.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
