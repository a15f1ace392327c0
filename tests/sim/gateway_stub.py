"""A gateway that answers by a script, and servers on its port that are none: what clients must cope with.

    with Stub(replies={'health': {'ok': True}}) as stub:   # hello-ok in its smallest form
        … ws://127.0.0.1:{stub.port} …
    stub.connects[0]['client'], stub.requests               # what came

Behaviours: `challenge`, `hello`, `error` (of connect) replace what is sent; `drop` closes at that point; `Raw(b'…')` is another
service on the port altogether.
"""
import json
import socket
import threading
import time

import websockets.exceptions
import websockets.http11
import websockets.sync.server

HELLO = {'type': 'hello-ok', 'protocol': 4, 'server': {'version': '2026.9.6', 'connId': 'c1'},
         'features': {'methods': [], 'events': [], 'capabilities': []},
         'snapshot': {'presence': [], 'health': {}, 'stateVersion': {'presence': 0, 'health': 0}, 'uptimeMs': 1},
         'auth': {'role': 'operator', 'scopes': ['operator.admin']},
         'policy': {'maxPayload': 26214400, 'maxBufferedBytes': 52428800, 'tickIntervalMs': 30000}}
CHALLENGE = {'type': 'event', 'event': 'connect.challenge', 'payload': {'nonce': 'the-nonce', 'ts': 1}}


class Stub:
    def __init__(self, replies=None, challenge=CHALLENGE, hello=HELLO, error=None, drop=None, starting=0, silent=(), slow=0):
        self.replies, self.challenge, self.hello, self.error, self.drop = replies or {}, challenge, hello, error, drop
        self.starting, self.silent, self.slow = starting, silent, slow  # startupz says so many times that it is starting
        self.connects, self.requests, self.probes = [], [], 0

    def process_request(self, connection, request):
        if request.headers.get('Upgrade'):
            return None
        self.probes += 1
        starting = self.probes <= self.starting
        body = {'ok': not starting, 'status': 'starting' if starting else 'started'}
        return websockets.http11.Response(503 if starting else 200, 'x', websockets.datastructures.Headers(
            {'Content-Type': 'application/json'}), json.dumps(body).encode())

    def handle(self, ws):
        try:
            self.talk(ws)
        except websockets.exceptions.ConnectionClosed:
            pass

    def send(self, ws, frame):
        ws.send(frame if isinstance(frame, (str, bytes)) else json.dumps(frame))

    def talk(self, ws):
        if self.drop == 'challenge':
            return ws.close(1008, 'not today')
        self.send(ws, self.challenge)
        connect = json.loads(ws.recv())
        self.connects.append(connect['params'])
        if self.error:
            self.send(ws, {'type': 'res', 'id': connect['id'], 'ok': False, 'error': self.error})
            return ws.close(1008, 'refused')
        self.send(ws, {'type': 'res', 'id': connect['id'], 'ok': True, 'payload': self.hello})
        while True:
            request = json.loads(ws.recv())
            self.requests.append(request)
            if self.drop == request['method']:
                return ws.close(1012, 'service restart')
            time.sleep(self.slow)
            if request['method'] not in self.silent:
                self.answer(ws, request)

    def answer(self, ws, request):
        reply = self.replies.get(request['method'])
        for one in reply if isinstance(reply, list) else [reply]:
            if isinstance(one, (str, bytes)):
                self.send(ws, one)
            elif one is None:
                self.send(ws, {'type': 'res', 'id': request['id'], 'ok': False, 'error': {
                    'code': 'INVALID_REQUEST', 'message': f'unknown method: {request["method"]}'}})
            elif 'code' in one:
                self.send(ws, {'type': 'res', 'id': request['id'], 'ok': False, 'error': one})
            elif 'event' in one:
                self.send(ws, {'type': 'event', **one})
            else:
                self.send(ws, {'type': 'res', 'id': request['id'], 'ok': True, 'payload': one})

    def __enter__(self):
        self.server = websockets.sync.server.serve(self.handle, '127.0.0.1', 0, process_request=self.process_request, compression=None)
        self.port = self.server.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()


class Raw:
    """Sends these bytes to whoever connects and closes, or (None) says nothing."""

    def __init__(self, data):
        self.data, self.held = data, []

    def __enter__(self):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        return self

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            if self.data is None:
                self.held.append(peer)
                continue
            peer.recv(65536)
            peer.sendall(self.data)
            peer.close()

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        for peer in self.held:
            peer.close()


class Line:
    """Passes bytes on to a port until it is cut; new connections then work again."""

    def __init__(self, port):
        self.to, self.pairs = port, []

    def __enter__(self):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.accept)]
        self.threads[0].start()
        return self

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(('127.0.0.1', self.to))
            self.pairs.append((near, far))
            for a, b in ((near, far), (far, near)):
                self.threads.append(threading.Thread(target=self.pump, args=(a, b)))
                self.threads[-1].start()

    def pump(self, a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        for pair in self.pairs:
            for s in pair:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()
        for t in self.threads:
            t.join()
        for pair in self.pairs:
            for s in pair:
                s.close()
