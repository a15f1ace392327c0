"""Clients that do not read: others are not slowed, memory is bounded, the slow one learns why it was closed (spec 02 §2.4, D65)."""
import json
import socket
import time

from gateway_client import connect_params

MEGABYTE = 'x' * 1_000_000


class Raw:
    """A client on a bare socket with a small window, which reads when it is told to."""

    def __init__(self, g):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(30)
        self.socket.connect(('127.0.0.1', g.port))
        self.socket.sendall(b'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                            b'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
        self.left = b''
        while b'\r\n\r\n' not in self.left:
            self.left += self.socket.recv(4096)
        self.left = self.left.split(b'\r\n\r\n', 1)[1]

    def send(self, id, method, params):
        text = json.dumps({'type': 'req', 'id': id, 'method': method, 'params': params}).encode()
        length = bytes([0x80 | len(text)]) if len(text) < 126 else bytes([0x80 | 126]) + len(text).to_bytes(2, 'big')
        self.socket.sendall(b'\x81' + length + bytes(4) + text)

    def frame(self):
        """(opcode, payload) of the next frame."""
        head = self.take(2)
        n = head[1] & 0x7F
        n = int.from_bytes(self.take(2 if n == 126 else 8), 'big') if n > 125 else n
        return head[0] & 0x0F, self.take(n)

    def take(self, n):
        while len(self.left) < n:
            chunk = self.socket.recv(1 << 20)
            assert chunk, 'the connection ended inside a frame'
            self.left += chunk
        out, self.left = self.left[:n], self.left[n:]
        return out

    def answer(self, id):
        while True:
            opcode, data = self.frame()
            if opcode == 1 and json.loads(data).get('id') == id:
                return json.loads(data)


def subscribed(g):
    raw = Raw(g)
    raw.send('1', 'connect', connect_params())
    assert raw.answer('1')['ok']
    raw.send('2', 'sessions.subscribe', {})
    assert raw.answer('2')['ok']
    return raw


def memory_mb(g):
    return int(next(x.split()[1] for x in open(f'/proc/{g.popen.pid}/status') if x.startswith('VmRSS'))) / 1024


def flood(c, n):
    for i in range(n):
        c.call('chat.inject', {'sessionKey': 'main', 'message': MEGABYTE + str(i)})


def test_a_client_that_never_reads_is_closed_with_the_reason_and_others_go_on(gateway):
    slow, sender, reader = subscribed(gateway), gateway.connect(), gateway.connect()
    reader.call('sessions.subscribe', {})
    flood(sender, 60)
    gateway.wait_console('reads too slowly')
    frames = []
    while not frames or frames[-1][0] != 8:
        frames.append(slow.frame())
    assert frames[-1][1] == (1008).to_bytes(2, 'big') + b'slow consumer'
    numbers = [json.loads(data)['seq'] for opcode, data in frames if opcode == 1 and b'"type":"event"' in data]
    assert numbers == sorted(numbers)
    until = time.monotonic() + 30
    while len(reader.events('session.message')) < 60:
        assert time.monotonic() < until and reader.closed is None, len(reader.events('session.message'))
        time.sleep(0.05)
    numbers = [f['seq'] for f in reader.events() if 'seq' in f]
    assert numbers == list(range(1, len(numbers) + 1))


def test_many_slow_clients_together_are_bounded_too(gateway):
    slow, sender = [subscribed(gateway) for _ in range(6)], gateway.connect()
    before = memory_mb(gateway)
    flood(sender, 35)
    assert 'reads too slowly' in gateway.console  # although none of them reached its own limit
    assert memory_mb(gateway) - before < 400  # instrumented: freed memory is kept for a while
    sender.call('health')
    for s in slow:
        s.socket.close()
