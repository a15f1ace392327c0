"""A relay in front of a real server that keeps the JSON bodies of the chat requests passing through it, and all paths."""
import json
import socket
import threading

from replay import ASKED


class Recorder:
    def __init__(self, port):
        self.upstream, self.bodies, self.paths, self.closing = port, [], [], False
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.base_url = f'http://127.0.0.1:{self.port}/v1'
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.closing:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(('127.0.0.1', self.upstream))
            for args in ((client, server, bytearray()), (server, client, None)):
                threading.Thread(target=self._pump, args=args, daemon=True).start()

    def _pump(self, source, target, kept):
        try:
            while (data := source.recv(65536)):
                target.sendall(data)
                if kept is not None:
                    kept += data
                    self._look(kept)
        except OSError:
            pass
        for s in (source, target):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _look(self, kept):
        """Takes the complete body off the front of what one connection has sent so far."""
        head, found, body = bytes(kept).partition(b'\r\n\r\n')
        if not found:
            return
        size = next((int(line.split(b':')[1]) for line in head.lower().split(b'\r\n')
                     if line.startswith(b'content-length:')), 0)
        if len(body) < size:
            return
        path = head.split(b' ', 2)[1].decode()
        self.paths.append(path)
        if path.endswith(('/chat/completions', '/responses', '/messages', '/api/chat')):
            self.bodies.append(json.loads(body[:size]))
            ASKED.append((path, self.bodies[-1]))
        del kept[:len(head) + 4 + size]

    def close(self):
        self.closing = True
        self.listener.close()
