#!/usr/bin/env python3
"""A simulator of Telegram's Bot API, for tests and for trying by hand. Standard library alone.

It hands out updates as Telegram does (an offset confirms what is before it, one reader a token, else 409), parses HTML as strictly,
counts in UTF-16, refuses what is too long or too fast, and keeps files. People are objects that write and press buttons.

    with BotApi() as tg:
        ann = tg.person('Ann')
        ann.say('hello')
        tg.wait_for(lambda: tg.texts(ann.chat))

Failures are queued for the next call of a method: tg.fail('sendMessage', 429, retry_after=1), 'lost' (done, but no answer),
'reset' (not done, no answer), 'entities', 500.
"""
import argparse
import html.parser
import http.server
import json
import re
import threading
import time
import urllib.parse

TOKEN = '123456:TEST-token'
BOT = {'id': 123456, 'is_bot': True, 'first_name': 'Claw', 'username': 'claw_bot', 'can_join_groups': True,
       'can_read_all_group_messages': False, 'supports_inline_queries': False}
MAX_TEXT, MAX_CAPTION, MAX_BUTTON = 4096, 1024, 64
TAGS = {'b': 'bold', 'strong': 'bold', 'i': 'italic', 'em': 'italic', 'u': 'underline', 'ins': 'underline', 's': 'strikethrough',
        'strike': 'strikethrough', 'del': 'strikethrough', 'span': 'spoiler', 'tg-spoiler': 'spoiler', 'a': 'text_link',
        'code': 'code', 'pre': 'pre', 'blockquote': 'blockquote'}


def units(text):
    return len(text.encode('utf-16-le')) // 2


class BadEntities(Exception):
    pass


class Html(html.parser.HTMLParser):
    """Telegram's subset: known tags, closed in order, no other entities than four and numbers."""

    def __init__(self):
        super().__init__(convert_charrefs=False)
        self.text, self.entities, self.open = '', [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in TAGS or (tag == 'span' and attrs.get('class') != 'tg-spoiler'):
            raise BadEntities(f'Unsupported start tag "{tag}" at byte offset 0')
        if tag == 'a' and not attrs.get('href'):
            raise BadEntities('Empty link')
        if tag == 'blockquote' and any(t == 'blockquote' for t, _ in self.open):
            raise BadEntities('Nested blockquote')
        if any(t in ('code', 'pre') for t, _ in self.open) and not (tag == 'code' and self.open[-1][0] == 'pre'):
            raise BadEntities(f'Tag "{tag}" inside code')
        entity = {'type': TAGS[tag], 'offset': units(self.text)}
        if tag == 'a':
            entity['url'] = attrs['href']
        if tag == 'code' and self.open and self.open[-1][0] == 'pre':
            language = attrs.get('class', '')
            if language.startswith('language-'):
                self.open[-1][1]['language'] = language[len('language-'):]
            entity = None
        self.open.append((tag, entity))

    def handle_endtag(self, tag):
        if not self.open or self.open[-1][0] != tag:
            raise BadEntities(f'Unexpected end tag at byte offset {len(self.text)}')
        _, entity = self.open.pop()
        if entity:
            entity['length'] = units(self.text) - entity['offset']
            if entity['length']:
                self.entities.append(entity)

    def handle_data(self, data):
        if '<' in data:
            raise BadEntities('Unescaped "<"')
        self.text += data

    def handle_entityref(self, name):
        named = {'lt': '<', 'gt': '>', 'amp': '&', 'quot': '"'}
        self.text += named.get(name, f'&{name};')

    def handle_charref(self, name):
        self.text += chr(int(name[1:], 16) if name[0] in 'xX' else int(name))

    def handle_comment(self, data):
        raise BadEntities('Comment')


def parse_html(text):
    p = Html()
    p.feed(text)
    p.close()
    if p.open:
        raise BadEntities(f'Can\'t find end tag corresponding to start tag "{p.open[-1][0]}"')
    return p.text, sorted(p.entities, key=lambda e: (e['offset'], -e['length']))


class Refused(Exception):
    def __init__(self, code, description, **parameters):
        super().__init__(description)
        self.code, self.parameters = code, parameters


class Person:
    def __init__(self, api, id, name, chat=None, username=None):
        self.api, self.id, self.name, self.username = api, id, name, username
        self.chat = chat or {'id': id, 'type': 'private', 'first_name': name}

    def user(self):
        u = {'id': self.id, 'is_bot': False, 'first_name': self.name}
        return {**u, 'username': self.username} if self.username else u

    def in_group(self, group):
        return Person(self.api, self.id, self.name, group, self.username)

    def message(self, **content):
        return {'message_id': self.api.next_message(), 'from': self.user(), 'chat': self.chat, 'date': int(time.time()), **content}

    def say(self, text, **more):
        """Entities of mentions and commands are found as Telegram does."""
        entities = []
        for found in re.finditer(r'(?<!\S)(/\w+(?:@\w+)?)|(@\w+)', text):
            kind = 'bot_command' if found[1] else 'mention'
            entities.append({'type': kind, 'offset': units(text[:found.start()]), 'length': units(found[0])})
        content = {'text': text, **({'entities': entities} if entities else {}), **more}
        return self.api.update(message=self.message(**content))

    def send_photo(self, data, caption=None, size=None):
        return self.api.update(message=self.message(
            photo=[{'file_id': 'small', 'width': 1, 'height': 1}, self.api.file(data, 'photos/p.jpg', size)],
            **({'caption': caption} if caption else {})))

    def send_document(self, data, name, mime, caption=None):
        f = {**self.api.file(data, f'documents/file_{len(self.api.files)}.bin'), 'file_name': name, 'mime_type': mime}
        return self.api.update(message=self.message(document=f, **({'caption': caption} if caption else {})))

    def press(self, message, label):
        for row in message['reply_markup']['inline_keyboard']:
            for button in row:
                if button['text'] == label:
                    return self.api.update(callback_query={'id': str(self.api.next_message()), 'from': self.user(),
                                                           'message': message, 'data': button['callback_data']})
        raise KeyError(label)


class BotApi:
    def __init__(self, port=0, token=TOKEN, paced=False, log=None):
        self.token, self.paced = token, paced  # paced: refuses what is too fast, with 429
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.updates, self.confirmed, self.next_id = [], 0, 1000
        self.calls, self.sent, self.files, self.failures = [], [], {}, []
        self.last_message = 0
        self.readers, self.stopping = 0, False
        self.moved, self.topics_closed, self.webhook = {}, set(), 'https://old.example/hook'
        self.spoken = {}  # chat -> times of what was sent
        self.server = Server(('127.0.0.1', port), self)
        self.port = self.server.server_address[1]
        self.url = f'http://127.0.0.1:{self.port}'
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        with self.changed:
            self.stopping = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()

    # ---- people

    def person(self, name, id=None, username=None):
        return Person(self, id or 1000 + sum(map(ord, name)), name, username=username)

    def group(self, title, id=-1001, forum=False):
        return {'id': id, 'type': 'supergroup', 'title': title, **({'is_forum': True} if forum else {})}

    def next_message(self):
        with self.lock:
            self.last_message += 1
            return self.last_message

    def file(self, data, path, size=None):
        ref = f'file-{len(self.files)}'
        self.files[ref] = (path, data)
        return {'file_id': ref, 'file_unique_id': ref, 'file_size': size or len(data), 'width': 8, 'height': 8}

    def update(self, **content):
        with self.changed:
            self.next_id += 1
            self.updates.append({'update_id': self.next_id, **content})
            self.changed.notify_all()
            return content.get('message') or content.get('callback_query')

    def repeat(self, n=1):
        """The last updates come once more, although they were confirmed."""
        with self.changed:
            self.updates += self.history[-n:] if self.history else []
            self.changed.notify_all()

    history = ()

    # ---- what was sent

    def texts(self, chat=None, method=('sendMessage',)):
        id = chat['id'] if isinstance(chat, dict) else chat
        with self.lock:
            return [m['text'] for m in self.sent if m['method'] in method and (id is None or m['chat']['id'] == id)]

    def messages(self, chat=None):
        id = chat['id'] if isinstance(chat, dict) else chat
        with self.lock:
            return [m for m in self.sent if m['method'].startswith('send') and (id is None or m['chat']['id'] == id)]

    def called(self, method):
        with self.lock:
            return [c for c in self.calls if c[0] == method]

    def wait_for(self, condition, seconds=60, what='it'):
        until = time.monotonic() + seconds
        with self.changed:
            while not (value := condition()):
                left = until - time.monotonic()
                if left <= 0:
                    raise AssertionError(f'{what} did not happen; sent: {[(m["method"], m.get("text")) for m in self.sent][-10:]}')
                self.changed.wait(min(left, 0.2))
            return value

    def fail(self, method, kind, times=1, **parameters):
        with self.lock:
            self.failures.append({'method': method, 'kind': kind, 'times': times, 'parameters': parameters})

    def take_failure(self, method):
        with self.lock:
            for f in self.failures:
                if f['method'] in (method, 'any'):
                    f['times'] -= 1
                    if f['times'] == 0:
                        self.failures.remove(f)
                    return f
        return None

    # ---- methods

    def call(self, method, params):
        run = getattr(self, 'on_' + method, None)
        if not run:
            raise Refused(404, 'Not Found')
        return run(params)

    def on_getMe(self, p):
        return BOT

    def on_deleteWebhook(self, p):
        self.webhook = None
        return True

    def on_setMyCommands(self, p):
        if len(p['commands']) > 100 or not all(re.fullmatch('[a-z0-9_]{1,32}', c['command']) for c in p['commands']):
            raise Refused(400, 'Bad Request: BOT_COMMAND_INVALID')
        return True

    def on_getUpdates(self, p):
        if self.webhook:
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the "
                               'webhook first')
        until = time.monotonic() + min(p.get('timeout', 0), 50)
        with self.changed:
            if self.readers:
                raise Refused(409, 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is '
                                   'running')
            self.readers += 1
            try:
                offset = p.get('offset', 0)
                self.history = (*self.history, *(u for u in self.updates if u['update_id'] < offset))[-200:]
                self.updates = [u for u in self.updates if u['update_id'] >= offset]
                while not self.updates and not self.stopping and time.monotonic() < until and not p['_gone']():
                    self.changed.wait(0.05)
                return self.updates[:p.get('limit', 100)]
            finally:
                self.readers -= 1

    def chat_of(self, p):
        id = p['chat_id']
        if id in self.moved:
            raise Refused(400, 'Bad Request: group chat was upgraded to a supergroup chat', migrate_to_chat_id=self.moved[id])
        return {'id': id, 'type': 'private' if isinstance(id, int) and id > 0 else 'supergroup'}

    def content(self, p, member, most):
        text = p.get(member, '')
        if p.get('parse_mode') == 'HTML':
            try:
                text, entities = parse_html(text)
            except BadEntities as e:
                raise Refused(400, f"Bad Request: can't parse entities: {e}") from e
        else:
            entities = []
        if units(text.strip()) > most:
            raise Refused(400, 'Bad Request: message is too long' if member == 'text' else 'Bad Request: message caption is too long')
        if member == 'text' and not text.strip():
            raise Refused(400, 'Bad Request: message text is empty')
        return {'text': text, 'entities': entities, 'raw': p.get(member, '')}

    def pace(self, chat):
        if not self.paced:
            return
        now, group = time.monotonic(), chat['type'] != 'private'
        mine = [t for t in self.spoken.setdefault(chat['id'], []) if now - t < 60]
        everyone = [t for times in self.spoken.values() for t in times if now - t < 1]
        if (mine and now - mine[-1] < 0.9) or (group and len(mine) >= 20) or len(everyone) >= 30:
            raise Refused(429, 'Too Many Requests: retry after 1', retry_after=1)
        self.spoken[chat['id']] = mine + [now]

    def keep(self, method, p, **content):
        chat = self.chat_of(p)
        thread = p.get('message_thread_id')
        if thread in self.topics_closed:
            raise Refused(400, 'Bad Request: message thread not found')
        self.pace(chat)
        for row in (p.get('reply_markup') or {}).get('inline_keyboard', []):
            for b in row:
                if not 1 <= len(b['callback_data'].encode()) <= MAX_BUTTON:
                    raise Refused(400, 'Bad Request: BUTTON_DATA_INVALID')
        m = {'message_id': self.next_message(), 'from': BOT, 'chat': chat, 'date': int(time.time()), 'method': method, **content}
        for key in ('reply_markup', 'message_thread_id', 'reply_parameters'):
            if p.get(key):
                m[key] = p[key]
        with self.changed:
            self.sent.append(m)
            self.changed.notify_all()
        return m

    def on_sendMessage(self, p):
        return self.keep('sendMessage', p, **self.content(p, 'text', MAX_TEXT))

    def media(self, method, field, p):
        return self.keep(method, p, file=p[field], **self.content(p, 'caption', MAX_CAPTION))

    def on_sendPhoto(self, p):
        return self.media('sendPhoto', 'photo', p)

    def on_sendDocument(self, p):
        return self.media('sendDocument', 'document', p)

    def on_sendAudio(self, p):
        return self.media('sendAudio', 'audio', p)

    def on_sendVoice(self, p):
        return self.media('sendVoice', 'voice', p)

    def on_sendVideo(self, p):
        return self.media('sendVideo', 'video', p)

    def find(self, p):
        with self.lock:
            for m in self.sent:
                if m['message_id'] == p['message_id'] and m['chat']['id'] == p['chat_id']:
                    return m
        raise Refused(400, 'Bad Request: message to edit not found')

    def on_editMessageText(self, p):
        m, content = self.find(p), self.content(p, 'text', MAX_TEXT)
        if m['text'] == content['text']:
            raise Refused(400, 'Bad Request: message is not modified')
        with self.changed:
            m.setdefault('before', []).append(m['text'])
            m.update(content)
            m.pop('reply_markup', None)
            self.changed.notify_all()
        return m

    def on_deleteMessage(self, p):
        m = self.find(p)
        with self.changed:
            m['method'] = 'deleted'
            self.changed.notify_all()
        return True

    def on_sendChatAction(self, p):
        return True

    def on_setMessageReaction(self, p):
        return True

    def on_answerCallbackQuery(self, p):
        return True

    def on_getFile(self, p):
        if p['file_id'] not in self.files:
            raise Refused(400, 'Bad Request: invalid file_id')
        path, data = self.files[p['file_id']]
        if len(data) > 20 << 20:
            raise Refused(400, 'Bad Request: file is too big')
        return {'file_id': p['file_id'], 'file_path': path, 'file_size': len(data)}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, api):
        self.api = api
        super().__init__(address, Handler)

    def handle_error(self, request, client_address):
        pass


def parts_of(body, boundary):
    """The parts of a form: texts, and files as {name, type, data}."""
    out = {}
    for part in body.split(b'--' + boundary.encode())[1:-1]:
        head, _, data = part.partition(b'\r\n\r\n')
        head = head.decode()
        name = re.search(r'name="([^"]*)"', head)[1]
        file = re.search(r'filename="([^"]*)"', head)
        data = data[:-2]
        if file:
            out[name] = {'name': file[1], 'type': re.search(r'Content-Type: (\S+)', head)[1], 'data': data}
        else:
            text = data.decode()
            out[name] = json.loads(text) if re.fullmatch(r'-?\d+|\{.*\}|\[.*\]|true|false', text, re.S) else text
    return out


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind='application/json'):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        api, path = self.server.api, urllib.parse.unquote(self.path)
        for known, data in api.files.values():
            if path == f'/file/bot{api.token}/{known}':
                return self.answer(200, data, 'application/octet-stream')
        return self.answer(404, {'ok': False, 'error_code': 404, 'description': 'Not Found'})

    def params(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        kind = self.headers.get('Content-Type', '')
        if kind.startswith('multipart/'):
            return parts_of(body, kind.split('boundary=')[1])
        return json.loads(body or b'{}')

    def gone(self):
        """Whether the client has closed the connection."""
        try:
            self.connection.setblocking(False)
            return self.connection.recv(1, 2) == b''  # MSG_PEEK
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.connection.setblocking(True)

    def do_POST(self):
        api = self.server.api
        found = re.fullmatch(r'/bot([^/]+)/(\w+)', self.path)
        params = self.params()
        if not found or found[1] != api.token:
            return self.answer(401, {'ok': False, 'error_code': 401, 'description': 'Unauthorized'})
        method = found[2]
        with api.changed:
            api.calls.append((method, dict(params), time.monotonic()))
            api.changed.notify_all()
        failure = api.take_failure(method)
        try:
            if failure and failure['kind'] == 'reset':
                self.close_connection = True
                return self.connection.close()
            if failure and failure['kind'] == 'entities':
                raise Refused(400, "Bad Request: can't parse entities: Unsupported start tag")
            if failure and isinstance(failure['kind'], int):
                raise Refused(failure['kind'], failure['parameters'].pop('description', 'Failed'), **failure['parameters'])
            result = api.call(method, {**params, '_gone': self.gone})
            if failure and failure['kind'] == 'lost':
                self.close_connection = True
                return self.connection.close()
            return self.answer(200, {'ok': True, 'result': result})
        except Refused as e:
            body = {'ok': False, 'error_code': e.code, 'description': str(e)}
            if e.parameters:
                body['parameters'] = e.parameters
            return self.answer(e.code, body)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('--port', type=int, default=8081)
    p.add_argument('--token', default=TOKEN)
    a = p.parse_args()
    with BotApi(a.port, a.token) as api:
        ann = api.person('Ann')
        print(f'apiRoot {api.url}, botToken {api.token}; what you type, Ann writes')
        shown = 0
        while True:
            ann.say(input('> '))
            api.wait_for(lambda: len(api.texts()) > shown, what='an answer')
            for text in api.texts()[shown:]:
                print(text)
            shown = len(api.texts())


if __name__ == '__main__':
    main()
