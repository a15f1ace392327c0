"""A model server that answers from recorded documents: (method, path) -> status, headers, body."""
import json
import pathlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ASKED = []  # (path, body) of every request of the test that runs, whichever server got it
DATA = pathlib.Path(__file__).parent / 'data' / 'servers'


def recorded(name):
    return (DATA / name).read_bytes()


class Replay:
    """answers: {'GET /path': bytes | dict | callable(body) -> either, or (status, that)}. Others get a 404.
    A key with a query counts before the one without."""

    def __init__(self, answers, server='replay', protocol='HTTP/1.1'):
        replay, self.answers, self.seen = self, answers, []

        class Handler(BaseHTTPRequestHandler):
            protocol_version, server_version, sys_version = protocol, server, ''

            def log_message(self, *_):
                pass

            def answer(self):
                size = int(self.headers.get('Content-Length') or 0)
                body = json.loads(self.rfile.read(size)) if size else None
                replay.seen.append((f'{self.command} {self.path}', body))
                ASKED.append((self.path, body))
                plain = f'{self.command} {self.path.partition("?")[0]}'
                found = replay.answers.get(f'{self.command} {self.path}', replay.answers.get(plain, (404, {'error': 'not found'})))
                found = found(body) if callable(found) else found
                status, content = found if isinstance(found, tuple) else (200, found)
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header('Content-Type', 'text/event-stream' if data.startswith(b'data:') else 'application/json')
                self.send_header('Content-Length', str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = answer

        self.http = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.http.daemon_threads = True
        self.root = f'http://127.0.0.1:{self.http.server_address[1]}'
        self.base_url = self.root + '/v1'
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def asked(self, line):
        return [body for seen, body in self.seen if seen == line]

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def chat_stream(text, **usage):
    """An OpenAI stream that says text."""
    chunks = [{'choices': [{'index': 0, 'delta': {'role': 'assistant', 'content': text}}]},
              {'choices': [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}]},
              {'choices': [], 'usage': {'prompt_tokens': 900, 'completion_tokens': 2, 'total_tokens': 902, **usage}}]
    return b''.join(b'data: ' + json.dumps({'id': 'c', 'object': 'chat.completion.chunk', **c}).encode() + b'\n\n'
                    for c in chunks) + b'data: [DONE]\n\n'
