"""A model server of a few lines for tests that decide themselves when each byte is sent."""
import http.server
import json
import threading


class Box:
    """with Box(answer) as box: answer(x) serves each POST: x.body, x.headers, x.head(), x.send(bytes), x.end()."""

    def __init__(self, answer, models=('m',)):
        box = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *_):
                pass

            def do_GET(self):
                self.reply(200, {'object': 'list', 'data': [{'id': m, 'object': 'model'} for m in models]})

            def do_POST(self):
                self.body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
                if self.path.startswith('/api/'):  # LM Studio's own calls
                    return self.reply(404, {'error': 'not here'})
                box.requests.append(self)
                try:
                    answer(self)
                except OSError:  # the other side left
                    self.close_connection = True

            def reply(self, status, document, **headers):
                data = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                for name, value in {'Content-Type': 'application/json', 'Content-Length': len(data), **headers}.items():
                    self.send_header(name.replace('_', '-'), str(value))
                self.end_headers()
                self.wfile.write(data)

            def head(self, content_type='text/event-stream', **headers):
                self.send_response(200)
                self.send_header('Content-Type', content_type)
                self.send_header('Transfer-Encoding', 'chunked')
                for name, value in headers.items():
                    self.send_header(name.replace('_', '-'), value)
                self.end_headers()

            def send(self, data):
                data = data if isinstance(data, bytes) else data.encode()
                self.wfile.write(f'{len(data):x}\r\n'.encode() + data + b'\r\n')
                self.wfile.flush()

            def event(self, document):
                self.send(f'data: {json.dumps(document)}\n\n')

            def words(self, *words):
                for w in words:
                    self.event({'choices': [{'index': 0, 'delta': {'content': w}}]})

            def end(self):
                self.wfile.write(b'0\r\n\r\n')

            def wait_left(self, seconds=20):
                """True when the other side closed the connection."""
                self.connection.settimeout(seconds)
                try:
                    return self.connection.recv(1) == b''
                except TimeoutError:
                    return False
                except OSError:
                    return True

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 512

        self.server = Server(('127.0.0.1', 0), Handler)
        self.base_url = f'http://127.0.0.1:{self.server.server_address[1]}/v1'
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={'poll_interval': 0.02}, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
