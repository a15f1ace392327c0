"""A gateway of the tests, and a client of its WebSocket protocol that can also misbehave.

    def test_x(gateway):                       # the binary, one LM Studio simulator behind it, token auth
        c = gateway.connect()                  # cli client with the token, after hello-ok
        c.call('health')                       # the payload; RpcError when the answer is ok: false
        run = c.call('chat.send', {...})
        c.wait_event('chat', lambda p: p['state'] == 'final')

    def test_y(start_gateway):                 # own configuration, arguments, environment
        g = start_gateway({'gateway': {'mode': 'local', 'auth': {'mode': 'none'}}}, '--bind', 'loopback')

Whatever a test did, the gateway must end in order afterwards, with exit code 0 and without a sanitizer report.
"""
import base64
import hashlib
import itertools
import json
import os
import pathlib
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
import uuid

import websockets.exceptions
import websockets.sync.client

import ed25519

TOKEN = 'gateway-test-token'
DEADLINE = 30
SECRET_WORDS = (TOKEN,)  # never in a log


def wait_for(condition, what, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.02)


class RpcError(Exception):
    def __init__(self, error):
        super().__init__(error.get('message'))
        self.error, self.code, self.details = error, error.get('code'), error.get('details') or {}


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


class Device:
    """A device identity: a key pair and the signature of a connect."""

    def __init__(self, seed=None):
        self.private = hashlib.sha256(seed.encode()).digest() if seed else os.urandom(32)
        self.public = ed25519.public_key(self.private)
        self.id = hashlib.sha256(self.public).hexdigest()

    def signed_text(self, params, nonce, signed_at, version):
        client, auth = params['client'], params.get('auth') or {}
        fields = [version, self.id, client['id'], client['mode'], params.get('role', 'operator'),
                  ','.join(params.get('scopes', [])), str(signed_at), auth.get('token') or auth.get('deviceToken') or '', nonce]
        if version == 'v3':
            fields += [client.get('platform', '').strip().lower(), client.get('deviceFamily', '').strip().lower()]
        return '|'.join(fields)

    def sign(self, params, nonce, version='v3', age_ms=0, **changes):
        """The `device` member of these connect params."""
        signed_at = int(time.time() * 1000) - age_ms
        signature = ed25519.sign(self.private, self.signed_text(params, nonce, signed_at, version).encode())
        return {'id': self.id, 'publicKey': b64url(self.public), 'signature': b64url(signature), 'signedAt': signed_at,
                'nonce': nonce, **changes}


CLI = {'id': 'cli', 'displayName': 'test', 'version': '1.0', 'platform': 'linux', 'mode': 'cli'}
TUI = {'id': 'openclaw-tui', 'displayName': 'tui', 'version': '1.0', 'platform': 'linux', 'deviceFamily': 'Linux', 'mode': 'ui'}
BACKEND = {'id': 'gateway-client', 'version': '1.0', 'platform': 'linux', 'mode': 'backend'}
CONTROL_UI = {'id': 'openclaw-control-ui', 'version': '1.0', 'platform': 'web', 'mode': 'webchat'}
PROBE = {'id': 'openclaw-probe', 'version': '1.0', 'platform': 'linux', 'mode': 'probe'}
SCOPES = ['operator.admin', 'operator.read', 'operator.write', 'operator.approvals', 'operator.pairing']


def connect_params(token=TOKEN, client=CLI, scopes=SCOPES, caps=('tool-events',), **more):
    params = {'minProtocol': 4, 'maxProtocol': 4, 'client': client, 'caps': list(caps), 'role': 'operator', 'scopes': list(scopes)}
    if token is not None:
        params['auth'] = {'token': token}
    return {**params, **more}


class Client:
    """One connection. Frames are read by a thread of their own: `frames` holds them all in order."""

    def __init__(self, url, **options):
        options.setdefault('compression', None)
        options.setdefault('ping_interval', None)
        options.setdefault('max_size', None)
        options.setdefault('max_queue', None)
        options.setdefault('proxy', None)
        self.socket = websockets.sync.client.connect(url, legacy=True, **options)
        self.frames, self.closed, self.hello, self.ids = [], None, None, itertools.count(1)
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        try:
            for text in self.socket:
                with self.changed:
                    self.frames.append(json.loads(text))
                    self.changed.notify_all()
        except websockets.exceptions.ConnectionClosed:
            pass
        with self.changed:
            self.closed = (self.socket.close_code, self.socket.close_reason)
            self.changed.notify_all()

    def wait(self, found, what, timeout=DEADLINE):
        """Waits until found() gives something that is not None."""
        until = time.monotonic() + timeout
        with self.changed:
            while (out := found()) is None:
                left = until - time.monotonic()
                if self.closed or left <= 0 or not self.changed.wait(left):
                    assert not self.closed, f'closed with {self.closed} while waiting for {what}; last: {self.frames[-3:]}'
                    raise AssertionError(f'no {what} within {timeout} s; last: {self.frames[-3:]}')
            return out

    # ---- sending

    def send_raw(self, data):
        self.socket.send(data)

    def send(self, method, params=None, id=None, **more):
        id = id or str(next(self.ids))
        frame = {'type': 'req', 'id': id, 'method': method, **more}
        if params is not None:
            frame['params'] = params
        self.send_raw(json.dumps(frame))
        return id

    # ---- receiving

    def response(self, id, timeout=DEADLINE, n=0):
        """The n-th answer to this request, whole."""
        def found():
            mine = [f for f in self.frames if f.get('type') == 'res' and f.get('id') == id]
            return mine[n] if len(mine) > n else None
        return self.wait(found, f'answer to {id}', timeout)

    def request(self, method, params=None, timeout=DEADLINE):
        return self.response(self.send(method, params), timeout)

    def call(self, method, params=None, timeout=DEADLINE):
        answer = self.request(method, params, timeout)
        if not answer['ok']:
            raise RpcError(answer['error'])
        return answer.get('payload')

    def refused(self, method, params=None):
        """The error object of a call that must fail."""
        answer = self.request(method, params)
        assert answer['ok'] is False, answer
        return answer['error']

    def events(self, name=None):
        with self.changed:
            return [f for f in self.frames if f.get('type') == 'event' and name in (None, f['event'])]

    def wait_event(self, name, match=lambda payload: True, timeout=DEADLINE):
        """The payload of the first such event, whenever it came."""
        return self.wait(lambda: next((f['payload'] for f in self.frames if f.get('type') == 'event' and f['event'] == name
                                       and match(f['payload'])), None), f'event {name}', timeout)

    # ---- handshake and end

    @property
    def nonce(self):
        return self.wait_event('connect.challenge')['nonce']

    def handshake(self, params=None, device=None, **how):
        """Sends connect; hello-ok in self.hello. RpcError when it is refused."""
        params = dict(params or connect_params())
        if device:
            params['device'] = device.sign(params, self.nonce, **how)
        answer = self.request('connect', params)
        if not answer['ok']:
            raise RpcError(answer['error'])
        self.hello = answer['payload']
        return self

    def wait_closed(self, timeout=DEADLINE):
        """(code, reason) of the gateway's close."""
        until = time.monotonic() + timeout
        with self.changed:
            while not self.closed:
                assert self.changed.wait(max(0, until - time.monotonic())), f'still open after {timeout} s: {self.frames[-3:]}'
            return self.closed

    def close(self):
        self.socket.close()
        self.reader.join(DEADLINE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f'<{self.status} {dict(self.headers)} {self.body[:500]!r}>'


class Gateway:
    """`openclaw gateway` in a home of its own."""

    def __init__(self, program, binary, port, args=(), env=None):
        self.program, self.port, self.args = program, port, args
        self.url, self.ws_url = f'http://127.0.0.1:{port}', f'ws://127.0.0.1:{port}/'
        self.clients = []
        self.output = program.home / f'gateway-{port}.out'
        with self.output.open('ab') as out:
            self.popen = subprocess.Popen([str(binary), 'gateway', *map(str, args)], cwd=program.home, stdin=subprocess.DEVNULL,
                                          env={**program.env, 'OPENCLAW_GATEWAY_PORT': str(port), **(env or {})},
                                          stdout=out, stderr=subprocess.STDOUT, start_new_session=True)

    @property
    def console(self):
        return self.output.read_text(errors='replace')

    def wait_ready(self, seconds=DEADLINE):
        until = time.monotonic() + seconds
        while True:
            try:
                if self.get('/readyz').status == 200:
                    return self
            except OSError:
                pass
            assert self.popen.poll() is None, f'the gateway ended with {self.popen.returncode}:\n{self.console}'
            assert time.monotonic() < until, f'not ready after {seconds} s:\n{self.console}'
            time.sleep(0.01)

    def wait_console(self, text, seconds=DEADLINE, n=1):
        until = time.monotonic() + seconds
        while self.console.count(text) < n:
            assert time.monotonic() < until, f'no {text!r} on the console:\n{self.console}'
            time.sleep(0.02)

    # ---- HTTP

    def request(self, method, path, body=None, headers=None, token=TOKEN, timeout=DEADLINE):
        """Any status is a Response. body: bytes, or anything else as JSON."""
        head = {'Authorization': f'Bearer {token}'} if token else {}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            head['Content-Type'] = 'application/json'
        asked = urllib.request.Request(self.url + path, body, {**head, **(headers or {})}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(asked, timeout=timeout) as r:
                return Response(r.status, r.headers, r.read())
        except urllib.error.HTTPError as e:
            return Response(e.code, e.headers, e.read())

    def get(self, path, **more):
        return self.request('GET', path, **more)

    def post(self, path, body, **more):
        return self.request('POST', path, body, **more)

    # ---- WebSocket

    def open(self, **options):
        """A connection that has said nothing yet."""
        self.clients.append(Client(self.ws_url, **options))
        return self.clients[-1]

    def connect(self, params=None, device=None, **more):
        """A connection after hello-ok; keywords are those of connect_params."""
        return self.open().handshake(params or connect_params(**more), device)

    # ---- the end

    def stop(self, number=signal.SIGTERM, exit_code=0):
        """Signals the gateway and checks how it ended. Does nothing when it has ended already."""
        if self.popen.poll() is None:
            self.popen.send_signal(number)
        return self.wait_ended(exit_code)

    def wait_ended(self, exit_code=0, seconds=DEADLINE):
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.send_signal(signal.SIGABRT)
            self.popen.wait()
            raise AssertionError(f'the gateway does not end:\n{self.console}') from None
        text = self.console
        for word in ('AddressSanitizer', 'LeakSanitizer', 'UndefinedBehaviorSanitizer', 'runtime error:'):
            assert word not in text, f'sanitizer report:\n{text}'
        assert self.popen.returncode == exit_code, f'exit {self.popen.returncode} instead of {exit_code}:\n{text}'
        return text

    def kill(self):
        """Without any warning, as a power cut would."""
        self.popen.kill()
        self.popen.wait()

    def close(self):
        for c in self.clients:
            c.close()
        if self.popen.returncode is None:
            self.stop()


def test_config(base_url=None, model='qwen/qwen3.5-9b', logs=None, token=TOKEN, **gateway):
    """A configuration for tests: token auth, the provider at base_url (none without), log file in `logs`."""
    config = {'gateway': {'mode': 'local', 'bind': 'loopback', 'auth': {'mode': 'token', 'token': token}, **gateway}}
    if logs:
        config['logging'] = {'file': str(pathlib.Path(logs) / 'gateway.log')}
    if base_url:
        entry = {'id': model, 'name': model, 'reasoning': False, 'input': ['text'], 'contextWindow': 32768, 'maxTokens': 8192,
                 'cost': {'input': 0, 'output': 0, 'cacheRead': 0, 'cacheWrite': 0}}
        config['agents'] = {'defaults': {'model': {'primary': f'lmstudio/{model}'}}}
        config['models'] = {'mode': 'merge', 'providers': {'lmstudio': {
            'baseUrl': base_url, 'api': 'openai-completions', 'models': [entry]}}}
    return config


test_config.__test__ = False


def new_id():
    return str(uuid.uuid4())
