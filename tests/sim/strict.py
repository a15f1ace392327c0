"""A model server that takes as little as a server can: string content, the roles user and assistant (system if asked),
no tools, no member that it does not know. It refuses one thing after the other, each in the words of a real server."""
import http.server
import json
import threading

KNOWN = {'model', 'messages', 'stream', 'max_tokens', 'temperature'}


class StrictServer:
    """roles: those it takes. wording: how it names a member that it does not take. known: members it takes."""

    def __init__(self, roles=('system', 'user', 'assistant'), wording='Unknown field: {0}', known=KNOWN,
                 no_tools='this model does not support tools', answers=('fine',)):
        self.roles, self.wording, self.known, self.no_tools = roles, wording, set(known), no_tools
        self.answers, self.chats, self.refused = list(answers), [], []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *args):
                pass

            def send(self, status, kind, body):
                self.send_response(status)
                self.send_header('Content-Type', kind)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.send(200, 'application/json', json.dumps({'object': 'list', 'data': [{'id': 'm'}]}).encode())

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
                server.chats.append(body)
                why = server.objection(body)
                if why:
                    server.refused.append(why)
                    status, message = why
                    return self.send(status, 'application/json', json.dumps(
                        {'error': {'message': message, 'type': 'invalid_request_error'}}).encode())
                text = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
                frames = [{'choices': [{'index': 0, 'delta': {'role': 'assistant', 'content': text}}]},
                          {'choices': [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}]}]
                stream = ''.join(f'data: {json.dumps(f)}\n\n' for f in frames) + 'data: [DONE]\n\n'
                self.send(200, 'text/event-stream', stream.encode())

        self.http = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.base_url = f'http://127.0.0.1:{self.http.server_address[1]}/v1'

    def objection(self, body):
        if 'tools' in body and self.no_tools:
            return 400, self.no_tools
        for key in body:
            if key not in self.known:
                return 422, self.wording.format(key)
        for m in body['messages']:
            if m['role'] not in self.roles:
                return 500, {'system': 'System role not supported', 'tool': "Unexpected role 'tool'"}.get(
                    m['role'], 'Only user and assistant roles are supported!')
            if set(m) - {'role', 'content'}:
                return 422, 'messages: extra fields not permitted'
            if not isinstance(m['content'], str):
                return 400, "'content' must be a string"
        return None

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.http.shutdown()
        self.http.server_close()
