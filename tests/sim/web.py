#!/usr/bin/env python3
"""A piece of the web for tests: pages as they are set, redirects, and the five search services. Standard library alone.

In a test:   with Web() as web: web.page('/a', '<p>text'); web.url + '/a'; web.results = [...]; web.requests[0].path
By hand:     web.py [--port 8000] FOLDER     serves the files of a folder, and searches that find nothing
"""
import argparse
import html
import http.server
import json
import pathlib
import threading
import urllib.parse


class Request:
    def __init__(self, handler, body):
        self.method, self.path, self.headers, self.body = handler.command, handler.path, dict(handler.headers), body
        self.parts = urllib.parse.urlsplit(handler.path)
        self.query = dict(urllib.parse.parse_qsl(self.parts.query))

    @property
    def json(self):
        return json.loads(self.body)


class Web:
    def __init__(self, port=0, host='127.0.0.1'):
        self.pages, self.results, self.requests = {}, [], []
        self.search_status, self.key = 200, None  # a key: services refuse requests without it
        self.server = http.server.ThreadingHTTPServer((host, port), Handler)
        self.server.web, self.server.daemon_threads = self, True

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return 'http://%s:%d' % self.server.server_address[:2]

    def page(self, path, body, type='text/html; charset=utf-8', status=200, **headers):
        """What a GET of the path answers; body is text or bytes. type None: no Content-Type."""
        body = body.encode() if isinstance(body, str) else body
        named = {k.replace('_', '-'): v for k, v in headers.items()}
        self.pages[path] = (status, {**({'Content-Type': type} if type else {}), **named}, body)
        return self.url + path

    def redirect(self, path, target, status=302):
        return self.page(path, '', status=status, Location=target)

    def asked(self, start):
        return [r for r in self.requests if r.path.startswith(start)]

    # ---- search services: body of the answer by path

    def searxng(self, r):
        return [{'title': t, 'url': u, 'content': s} for t, u, s in self.results]

    def answer(self, r):
        """(status, type, text), or None for what is no search."""
        hits = self.searxng(r)
        kinds = {
            '/search': lambda: {'results': hits},
            '/res/v1/web/search': lambda: {'web': {'results': [
                {'title': h['title'], 'url': h['url'], 'description': h['content']} for h in hits]}},
            '/api/experimental/web_search': lambda: {'results': hits},
            '/api/web_search': lambda: {'results': hits},
        }
        if r.parts.path == '/html/':
            return self.search_status, 'text/html', self.duckduckgo()
        if r.parts.path not in kinds:
            return None
        given = r.headers.get('X-Subscription-Token') or r.headers.get('Authorization', '').removeprefix('Bearer ')
        if self.key and given != self.key:
            return 401, 'application/json', json.dumps({'error': f'bad key {given}'})
        return self.search_status, 'application/json', json.dumps(kinds[r.parts.path]())

    def duckduckgo(self):
        rows = ''.join(
            f'<div class="result results_links"><h2 class="result__title"><a rel="nofollow" class="result__a" '
            f'href="//duckduckgo.com/l/?uddg={urllib.parse.quote(u, safe="")}&amp;rut=0">{html.escape(t)}</a></h2>'
            f'<a class="result__snippet" href="#">{html.escape(s)}</a></div>' for t, u, s in self.results)
        return f'<html><body><div id="links">{rows}</div></body></html>'


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def serve(self):
        web = self.server.web
        r = Request(self, self.rfile.read(int(self.headers.get('Content-Length') or 0)))
        web.requests.append(r)
        found = web.pages.get(self.path) or web.pages.get(r.parts.path)
        if not found and (answer := web.answer(r)):
            found = answer[0], {'Content-Type': answer[1]}, answer[2].encode()
        status, headers, body = found or (404, {'Content-Type': 'text/plain'}, b'not found')
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k, v)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_HEAD = serve

    def log_message(self, *args):
        pass


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('folder', type=pathlib.Path)
    p.add_argument('--port', type=int, default=8000)
    options = p.parse_args()
    web = Web(options.port)
    for f in options.folder.rglob('*'):
        if f.is_file():
            web.page('/' + str(f.relative_to(options.folder)), f.read_bytes(), 'text/html' if f.suffix == '.html' else 'text/plain')
    print(web.url, flush=True)
    web.server.serve_forever()


if __name__ == '__main__':
    main()
