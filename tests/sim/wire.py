"""HTTP as LM Studio's server speaks it (Express headers, chunked event streams), byte by byte under our control: resets,
stalls, slow bytes, and the moment at which a client leaves."""
import email.utils
import hashlib
import http.server
import json
import os
import select
import socket
import struct
import time
import urllib.parse


class Gone(Exception):
    """The client closed its side, or the simulator stops."""


class Request:
    """One logged request. `gone` is the time.monotonic() at which the client was seen to leave before the end."""

    def __init__(self, method, target, headers, raw):
        url = urllib.parse.urlsplit(target)
        self.method, self.path, self.query = method, url.path, url.query
        self.headers = {k.lower(): v for k, v in headers}
        self.header_list = list(headers)
        self.raw = raw
        try:
            self.json = json.loads(raw) if raw else None
        except ValueError:
            self.json = None
        self.started, self.gone, self.status, self.chunks, self.finished = time.monotonic(), None, None, 0, False

    def record(self):
        return {'method': self.method, 'path': self.path, 'query': self.query, 'headers': self.header_list,
                'body': self.json if self.json is not None else self.raw.decode('utf-8', 'replace'),
                'status': self.status, 'chunks': self.chunks, 'finished': self.finished,
                'left_after': None if self.gone is None else round(self.gone - self.started, 4)}


class Wire(http.server.BaseHTTPRequestHandler):
    """One connection. A subclass answers requests in route()."""
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.sim = self.server.sim
        self.request_log = None
        with self.sim.lock:
            self.sim.connections.add(self.connection)

    def finish(self):
        with self.sim.lock:
            self.sim.connections.discard(self.connection)
        super().finish()

    def log_message(self, *args):
        pass

    def serve(self):
        self.streaming, self.rate = False, None
        self.request_log = Request(self.command, self.path, self.headers.items(), self.read_body())
        self.sim.note(self.request_log)
        try:
            self.route()
        except (Gone, OSError):
            self.request_log.gone = self.request_log.gone or time.monotonic()
            self.close_connection = True
        self.sim.logged(self.request_log)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = serve

    def read_body(self):
        if 'chunked' in self.headers.get('Transfer-Encoding', '').lower():
            parts = []
            while (size := int(self.rfile.readline().split(b';')[0], 16)) > 0:
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b''.join(parts)
        return self.rfile.read(int(self.headers.get('Content-Length') or 0))

    def raw(self, data):
        if self.rate is None:
            self.wfile.write(data)
            return
        for i in range(len(data)):
            self.wfile.write(data[i:i + 1])
            self.pause(1 / self.rate)

    def pause(self, seconds):
        """Sleeps; raises Gone as soon as the client leaves or the simulator stops."""
        until = time.monotonic() + seconds
        while True:
            readable, _, _ = select.select([self.connection], [], [], min(0.05, max(0, until - time.monotonic())))
            if self.sim.stopping.is_set() or (readable and not self.connection.recv(1, socket.MSG_PEEK)):
                raise Gone
            if time.monotonic() >= until:
                return
            if readable:  # the client sent more: nothing to see until it leaves
                time.sleep(0.01)

    def drop(self):
        self.close_connection = True

    def reset(self):
        """Closes with RST instead of FIN, as a killed process with unread data does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        with self.sim.lock:
            self.sim.connections.discard(self.connection)
        os.close(self.connection.detach())

    def head(self, status, headers):
        self.request_log.status = status
        lines = [f'HTTP/1.1 {status} {self.responses.get(status, ("Unknown",))[0]}', 'X-Powered-By: Express']
        lines += [f'{k}: {v}' for k, v in headers.items()]
        lines += ['Date: ' + email.utils.formatdate(usegmt=True), 'Connection: keep-alive', 'Keep-Alive: timeout=5']
        self.raw(('\r\n'.join(lines) + '\r\n\r\n').encode('latin-1'))

    def answer(self, status, body, content_type='application/json; charset=utf-8', headers=None):
        etag = f'W/"{len(body):x}-{hashlib.sha1(body).hexdigest()[:27]}"'
        self.head(status, {'Content-Type': content_type, 'Content-Length': len(body), 'ETag': etag, **(headers or {})})
        if self.command != 'HEAD':
            self.raw(body)

    def json(self, value, status=200):
        self.answer(status, json.dumps(value).encode())

    def error(self, status, message, **more):
        self.json({'error': {'message': message, **more}}, status)

    def begin_stream(self):
        if not self.streaming:
            self.streaming = True
            self.head(200, {'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache',
                            'Transfer-Encoding': 'chunked'})

    def frame(self, data, event=None):
        """One event in one chunk of the body."""
        bytes_ = ((f'event: {event}\n' if event else '') + f'data: {data}\n\n').encode()
        self.raw(b'%x\r\n%s\r\n' % (len(bytes_), bytes_))
        self.request_log.chunks += 1
        self.sim.note()
        self.pause(self.sim.settings['pace'])

    def end_stream(self):
        self.raw(b'0\r\n\r\n')
