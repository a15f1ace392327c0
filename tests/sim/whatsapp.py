#!/usr/bin/env python3
"""A simulator of the WhatsApp Cloud API, for tests and for trying a gateway by hand. Standard library alone.

It checks what the platform checks (token, lengths, buttons, the 24-hour window, sizes of files), gives messages ids,
keeps files, and calls the webhook with signed calls: again when they are not acknowledged, twice, or out of order.

In a test:   with Cloud() as wa: wa.hook = url; wa.say('Hi'); wa.wait_sent(1); wa.refuse(130429); wa.later(hours=25)
By hand:     whatsapp.py --port 8090 --hook http://127.0.0.1:18789/channels/whatsapp-cloud/webhook
             each line that is typed is a message of a person; answers are printed
"""
import argparse
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import random
import re
import sys
import threading
import time
import urllib.error
import urllib.request

WINDOW = 24 * 3600
TEXT, CAPTION, TITLE, BUTTONS = 4096, 1024, 20, 3
ERRORS = {  # code -> (status, words)
    4: (400, 'Application request limit reached'),
    100: (400, 'Invalid parameter'),
    190: (401, 'Malformed access token {token}'),
    130429: (429, 'Rate limit hit'),
    131000: (500, 'Something went wrong'),
    131026: (400, 'Message undeliverable'),
    131047: (400, 'Re-engagement message'),
    131053: (400, 'Media upload error'),
    131056: (400, '(Business Account, Consumer Account) pair rate limit hit'),
    132001: (404, 'Template name does not exist in the translation'),
}
IMAGE, MEDIA, DOCUMENT = 5 << 20, 16 << 20, 100 << 20


class Refused(Exception):
    def __init__(self, code, details=''):
        self.code, self.details = code, details


class Cloud:
    def __init__(self, port=0, host='127.0.0.1', token='EAA-token', secret='app-secret', verify='verify-me',
                 number_id='1055'):
        self.token, self.secret, self.verify, self.number_id = token, secret, verify, number_id
        self.hook = None  # address of the webhook
        self.person = '491701234567'
        self.names = {}  # number -> name
        self.blocked = set()  # numbers that cannot be reached
        self.templates = {('note', 'en')}
        self.statuses = False  # sent, delivered and read are told
        self.closed = False  # nobody wrote within 24 hours, whatever was heard
        self.late_window = False  # the closed window is told by a status, not by the answer
        self.sent, self.marks, self.calls = [], [], []  # messages; read marks; (method, path, status)
        self.files = {}  # id -> (mime, bytes)
        self.faults = []  # for the next sends: a code, 'reset', 'lost', or a function
        self.ahead = 0  # seconds that the platform's clock goes ahead
        self.said = set()  # ids of what people wrote
        self.heard = {}  # number -> when the person wrote last
        self.count, self.lock, self.news = 0, threading.RLock(), threading.Condition()
        self.server = http.server.ThreadingHTTPServer((host, port), Handler)
        self.server.cloud, self.server.daemon_threads = self, True

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return 'http://%s:%d/v23.0' % self.server.server_address[:2]

    @property
    def config(self):
        """The section of the configuration that belongs to this simulator."""
        return {'phoneNumberId': self.number_id, 'accessToken': self.token, 'appSecret': self.secret,
                'verifyToken': self.verify, 'apiRoot': self.url}

    # ---- what tests do

    def now(self):
        return time.time() + self.ahead

    def later(self, hours):
        self.ahead += hours * 3600

    def refuse(self, *faults):
        self.faults += faults

    def texts(self, to=None):
        return [body_text(m) for m in self.sent if to in (None, m['to'])]

    def wait(self, what, seconds=60):
        """Until what() is true; its value."""
        end = time.monotonic() + seconds
        with self.news:
            while not (value := what()):
                left = end - time.monotonic()
                assert left > 0, f'waited {seconds} s; sent so far: {self.texts()}'
                self.news.wait(min(left, 0.2))
        return value

    def wait_sent(self, n, to=None, seconds=60):
        return self.wait(lambda: len(self.texts(to)) >= n and self.texts(to), seconds)

    def new_id(self):
        with self.lock:
            self.count += 1
            return 'wamid.%08d' % self.count

    # ---- the webhook

    def message(self, text=None, sender=None, id=None, **more):
        """A message as the platform describes it; more: its other members."""
        sender = sender or self.person
        self.heard[sender] = self.now()
        kind = more.pop('type', 'text')
        m = {'from': sender, 'id': id or self.new_id(), 'timestamp': str(int(self.now())), 'type': kind, **more}
        self.said.add(m['id'])
        if kind == 'text':
            m['text'] = {'body': text}
        return m

    def payload(self, messages=(), statuses=()):
        people = sorted({m['from'] for m in messages})
        value = {'messaging_product': 'whatsapp',
                 'metadata': {'display_phone_number': '4930', 'phone_number_id': self.number_id}}
        if messages:
            value['contacts'] = [{'profile': {'name': self.names.get(p, 'Ada')}, 'wa_id': p} for p in people]
            value['messages'] = list(messages)
        if statuses:
            value['statuses'] = list(statuses)
        return {'object': 'whatsapp_business_account',
                'entry': [{'id': '1', 'changes': [{'field': 'messages', 'value': value}]}]}

    def deliver(self, payload, secret=None, header=None):
        """One call of the webhook; its status, 0 = it was not there."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        sign = 'sha256=' + hmac.new((secret or self.secret).encode(), body, hashlib.sha256).hexdigest()
        headers = {'Content-Type': 'application/json', 'X-Hub-Signature-256': sign if header is None else header}
        if header == '':
            del headers['X-Hub-Signature-256']
        try:
            with urllib.request.urlopen(urllib.request.Request(self.hook, body, headers), timeout=60) as r:
                return r.status
        except urllib.error.HTTPError as e:
            return e.code
        except OSError:
            return 0

    def insist(self, payload, seconds=60):
        """Calls again until it is acknowledged, as the platform does for days."""
        end = time.monotonic() + seconds
        while self.deliver(payload) != 200:
            assert time.monotonic() < end, 'the webhook does not acknowledge'
            time.sleep(0.05)

    def say(self, text, times=1, **more):
        m = self.message(text, **more)
        for _ in range(times):
            self.insist(self.payload([m]))
        return m['id']

    def say_many(self, texts, batch=20, shuffle=False, **more):
        messages = [self.message(t, **more) for t in texts]
        calls = [self.payload(messages[i:i + batch]) for i in range(0, len(messages), batch)]
        if shuffle:
            random.Random(1).shuffle(calls)
        for c in calls:
            self.insist(c)

    def press(self, button, title, quotes, **more):
        reply = {'type': 'button_reply', 'button_reply': {'id': button, 'title': title}}
        self.insist(self.payload([self.message(type='interactive', interactive=reply, context={
            'from': '4930', 'id': quotes}, **more)]))

    def file(self, data, mime):
        with self.lock:
            id = str(9000 + len(self.files))
            self.files[id] = (mime, data)
        return id

    def status(self, id, to, status, code=None):
        s = {'id': id, 'status': status, 'timestamp': str(int(self.now())), 'recipient_id': to}
        if code:
            s['errors'] = [{'code': code, 'title': ERRORS[code][1]}]
        return self.deliver(self.payload(statuses=[s]))

    # ---- what the platform does with a message

    def take(self, body):
        if body.get('status') == 'read':
            if body.get('message_id') not in self.said:
                raise Refused(100, 'message_id')
            self.marks.append(body)
            return {'success': True}
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, int):
            raise Refused(fault)
        if fault == 'reset':
            raise ConnectionError
        check(body, self)
        late = None
        closed = self.closed or self.now() - self.heard.get(body['to'], 0) > WINDOW
        if closed and body['type'] != 'template':
            if not self.late_window:
                raise Refused(131047, 'More than 24 hours have passed since the customer last replied')
            late = 131047
        if body['to'] in self.blocked:
            raise Refused(131026)
        id = self.new_id()
        if not late:
            self.sent.append({**body, 'id': id})
        threading.Thread(target=self.tell, args=(id, body['to'], late), daemon=True).start()
        if callable(fault):
            fault(body)
        if fault == 'lost':
            raise ConnectionError
        return {'messaging_product': 'whatsapp', 'contacts': [{'input': body['to'], 'wa_id': body['to']}],
                'messages': [{'id': id}]}

    def tell(self, id, to, late):
        if late:
            self.status(id, to, 'failed', late)
        elif self.statuses:
            for s in ('sent', 'delivered', 'read'):
                self.status(id, to, s)

    def upload(self, headers, data):
        text = b'Content-Type: ' + headers['Content-Type'].encode() + b'\r\n\r\n' + data
        parts = {p.get_param('name', header='content-disposition'): p
                 for p in email.message_from_bytes(text, policy=email.policy.HTTP).iter_parts()}
        if parts.get('messaging_product') is None or 'file' not in parts:
            raise Refused(100, 'messaging_product and file are needed')
        f = parts['file']
        mime, content = f.get_content_type(), f.get_payload(decode=True)
        kind = mime.split('/')[0]
        if len(content) > {'image': IMAGE, 'audio': MEDIA, 'video': MEDIA}.get(kind, DOCUMENT):
            raise Refused(131053, 'too large')
        return {'id': self.file(content, mime)}


def check(body, cloud):
    """What the platform refuses to take."""
    if body.get('messaging_product') != 'whatsapp':
        raise Refused(100, 'messaging_product')
    if not re.fullmatch(r'\d{7,15}', str(body.get('to', ''))):
        raise Refused(100, 'to')
    kind = body.get('type')
    content = body.get(kind)
    if not isinstance(content, dict):
        raise Refused(100, f'{kind} is missing')
    if kind == 'text' and not 1 <= len(content.get('body', '')) <= TEXT:
        raise Refused(100, f'text.body must be 1 to {TEXT} characters')
    if kind in ('image', 'audio', 'video', 'document'):
        if content.get('id') not in cloud.files:
            raise Refused(100, 'no such media')
        if len(content.get('caption', '')) > CAPTION or (kind == 'audio' and 'caption' in content):
            raise Refused(100, 'caption')
    if kind == 'interactive':
        check_buttons(content)
    if kind == 'template' and (content.get('name'), content.get('language', {}).get('code')) not in cloud.templates:
        raise Refused(132001)


def check_buttons(content):
    buttons = [b['reply'] for b in content['action']['buttons']]
    if not 1 <= len(content['body']['text']) <= 1024 or not 1 <= len(buttons) <= BUTTONS:
        raise Refused(100, 'interactive')
    if any(not 1 <= len(b['title']) <= TITLE or not 1 <= len(b['id']) <= 256 for b in buttons):
        raise Refused(100, 'button')
    if len({b['id'] for b in buttons}) < len(buttons) or len({b['title'] for b in buttons}) < len(buttons):
        raise Refused(100, 'buttons must differ')


def body_text(m):
    kind = m['type']
    if kind == 'text':
        return m['text']['body']
    if kind == 'interactive':
        return m['interactive']['body']['text']
    if kind == 'template':
        return ' '.join(p['text'] for c in m['template'].get('components', []) for p in c['parameters'])
    return m[kind].get('caption', '')


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def answer(self, status, body, type='application/json'):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        cloud = self.server.cloud
        cloud.calls.append((self.command, self.path, status))
        self.send_response(status)
        self.send_header('Content-Type', type)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        with cloud.news:
            cloud.news.notify_all()

    def refuse(self, code, details=''):
        status, words = ERRORS[code]
        token = self.headers.get('Authorization', '').removeprefix('Bearer ')
        error = {'message': f'(#{code}) ' + words.format(token=token), 'type': 'OAuthException', 'code': code,
                 'fbtrace_id': 'x'}
        if details:
            error['error_data'] = {'messaging_product': 'whatsapp', 'details': details}
        self.answer(status, {'error': error})

    def handle_one(self, body):
        cloud = self.server.cloud
        parts = self.path.split('?')[0].strip('/').split('/')
        if parts and re.fullmatch(r'v\d+\.\d+', parts[0]):
            parts = parts[1:]
        if self.headers.get('Authorization') != 'Bearer ' + cloud.token:
            raise Refused(190)
        if self.command == 'POST' and parts == [cloud.number_id, 'messages']:
            return cloud.take(json.loads(body))
        if self.command == 'POST' and parts == [cloud.number_id, 'media']:
            return cloud.upload(self.headers, body)
        if self.command == 'GET' and parts == [cloud.number_id]:
            return {'id': cloud.number_id, 'display_phone_number': '+49 30 1', 'verified_name': 'Desk'}
        if self.command == 'GET' and len(parts) == 1 and parts[0] in cloud.files:
            mime, data = cloud.files[parts[0]]
            return {'url': f'{cloud.url}/file/{parts[0]}', 'mime_type': mime, 'file_size': len(data),
                    'sha256': hashlib.sha256(data).hexdigest(), 'id': parts[0], 'messaging_product': 'whatsapp'}
        if self.command == 'GET' and parts[:1] == ['file'] and parts[1:] and parts[1] in cloud.files:
            return cloud.files[parts[1]]
        raise Refused(100, 'Unsupported request')

    def one(self):
        cloud = self.server.cloud
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        try:
            with cloud.lock:
                got = self.handle_one(body)
        except Refused as e:
            return self.refuse(e.code, e.details)
        except ConnectionError:
            cloud.calls.append((self.command, self.path, 0))
            self.close_connection = True
            return self.connection.close()
        if isinstance(got, tuple):
            return self.answer(200, got[1], got[0])
        self.answer(200, got)

    do_GET = do_POST = one


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--port', type=int, default=8090)
    p.add_argument('--hook', required=True)
    p.add_argument('--secret', default='app-secret')
    args = p.parse_args()
    with Cloud(args.port, secret=args.secret) as cloud:
        cloud.hook = args.hook
        print(json.dumps({'channels': {'whatsapp-cloud': cloud.config}}, indent=2), flush=True)
        threading.Thread(target=printer, args=(cloud,), daemon=True).start()
        for line in sys.stdin:
            cloud.say(line.rstrip('\n'))


def printer(cloud):
    for n in range(10 ** 9):
        cloud.wait(lambda n=n: len(cloud.sent) > n, 10 ** 9)
        print('<', body_text(cloud.sent[n]), flush=True)


if __name__ == '__main__':
    main()
