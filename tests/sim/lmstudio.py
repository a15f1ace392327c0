#!/usr/bin/env python3
"""A simulator of LM Studio's HTTP server, for tests and for trying commands by hand. Standard library alone.

It answers the native API (/api/v1/models, load, unload), the legacy one (/api/v0), the OpenAI-shaped one
(/v1/models, /v1/chat/completions, /v1/responses) and the Anthropic-shaped one (/v1/messages), with the quirks of real builds: 200 for unknown paths, 401 with a token set, JIT
loading, TTL, no usage unless asked. Replies and failures are scripted as steps (replies.py, faults.py); without a
script it behaves like a plausible model. Every request is logged.

In a test:   with Simulator() as sim: sim.reply('Hi'); sim.fail('reset', after=2); ...; sim.chats[0].json
By hand:     lmstudio.py --port 1234 [--token sk-lm-...] [--script FILE.json] [--log FILE.jsonl]

A script file is a list of steps, or {"settings": {...}, "models": [...], "steps": [...]}.
"""
import argparse
import http.server
import json
import pathlib
import signal
import socket
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import apis  # noqa: E402
import faults  # noqa: E402
import replies  # noqa: E402
from catalog import DEFAULT_TTL, Catalog  # noqa: E402
from wire import Gone, Wire  # noqa: E402

PROFILES = {  # build -> what differs from the newest
    'v04': {},
    'v046': {'discovery_reasoning': False},
    'v035': {'native_v1': False, 'stream_usage': False, 'any_name': True, 'null_content': False},
}
DEFAULTS = {
    'token': None,  # a string switches authentication on
    'jit': True,  # a request for an unloaded model loads it
    'auto_evict': True,  # at most one JIT-loaded model stays
    'default_ctx': 4096,  # window of a JIT load
    'load_delay': 0,  # seconds a load takes
    'load_error': None,  # text: every load fails with it
    'reasoning_field': None,  # overrides the model's own
    'overflow': 'sse',  # prompt longer than the window: sse | 400 | empty
    'efforts': ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'],  # others are refused
    'pace': 0,  # seconds between two chunks
    'timings': False,
    'discovery_reasoning': True, 'native_v1': True, 'stream_usage': True, 'any_name': False, 'null_content': True,
}
EFFORT_ERROR = "Invalid 'reasoning_effort' in payload: '{}' is not one of {}"
OVERFLOW = ('Trying to keep the first {} tokens when context the overflows. However, the model is loaded with context '
            'length of only {} tokens, which is not enough. Try to load the model with a larger context length, or '
            'provide a shorter input')


class Simulator:
    def __init__(self, port=0, host='127.0.0.1', profile='v04', models=None, steps=(), log=None, **settings):
        unknown = set(settings) - set(DEFAULTS)
        if unknown or profile not in PROFILES:
            raise ValueError(f'no such setting: {unknown or profile}')
        self.settings = {**DEFAULTS, **PROFILES[profile], **settings}
        self.catalog = Catalog(models)
        self.requests, self.steps = [], []
        self.meaning = None  # text -> vector, for /v1/embeddings
        self.lock, self.changed = threading.RLock(), threading.Condition()
        self.stopping = threading.Event()
        self.connections = set()
        self.log = open(log, 'a', encoding='utf-8') if log else None
        for s in steps:
            self.then(**s)
        self.address = (host, port)
        self.server = None

    # ---- life -----------------------------------------------------------------------------------------------------

    def start(self):
        self.stopping.clear()
        self.server = Server(self.address, self)
        self.address = self.server.server_address[:2]  # a restart keeps the port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self):
        """Closes the listener and every connection. A stopped simulator refuses connections; start() brings it back."""
        if not self.server:
            return
        self.server.shutdown()
        self.server.server_close()  # the listener first: who sees its connection end must not get a new one
        self.stopping.set()
        self.server = None
        with self.lock:
            for c in self.connections:
                try:
                    c.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()

    @property
    def port(self):
        return self.address[1]

    @property
    def url(self):
        return f'http://{self.address[0]}:{self.port}'

    @property
    def base_url(self):
        return self.url + '/v1'

    # ---- script ---------------------------------------------------------------------------------------------------

    def then(self, on='chat', times=1, **step):
        """Queues a step for the next request of its kind: chat, models, load, unload, or a path. times=-1: for ever."""
        if 'fail' in step and not faults.known(step['fail']):
            raise ValueError(f'no such failure: {step["fail"]}')
        with self.lock:
            self.steps.append({'on': on, 'times': times, **step})
        return self

    def reply(self, text, **step):
        return self.then(text=text, **step)

    def call(self, name, arguments, **step):
        return self.then(tool_calls=[{'name': name, 'arguments': arguments}], **step)

    def fail(self, kind, **step):
        return self.then(fail=kind, **step)

    def take(self, kind, path):
        with self.lock:
            for s in self.steps:
                if s['on'] in (kind, path, 'any'):
                    s['times'] -= 1
                    if s['times'] == 0:
                        self.steps.remove(s)
                    return s
        return None

    # ---- log ------------------------------------------------------------------------------------------------------

    @property
    def chats(self):
        return [r for r in self.requests if r.path.endswith('/chat/completions')]

    def asked(self, path):
        """Requests to a path."""
        return [r for r in self.requests if r.path == path]

    def wait_for(self, condition, timeout=10):
        """Waits until condition(self) holds; the log changes wake it. Returns its value or raises TimeoutError."""
        until = time.monotonic() + timeout
        with self.changed:
            while not (value := condition(self)):
                left = until - time.monotonic()
                if left <= 0:
                    asked = [(r.method, r.path) for r in self.requests]
                    raise TimeoutError(f'not seen in {timeout} s; requests: {asked}')
                self.changed.wait(left)
        return value

    def note(self, request=None):
        with self.changed:
            if request:
                self.requests.append(request)
            self.changed.notify_all()

    def logged(self, request):
        request.finished = request.gone is None
        with self.lock:
            if self.log:
                self.log.write(json.dumps(request.record()) + '\n')
                self.log.flush()
        self.note()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address, sim):
        self.sim = sim
        super().__init__(address, Exchange)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (OSError, Gone)):
            super().handle_error(request, client_address)


class Exchange(Wire):
    """The API: what the routes answer."""

    def route(self):
        path, sim = self.request_log.path, self.sim
        handler, kind = ROUTES.get((self.command, path), (None, path))
        if path.startswith('/api/v1/') and not sim.settings['native_v1']:
            handler = None
        if handler is None and self.command == 'GET' and path.startswith('/api/v0/models/'):
            handler = Exchange.legacy_model
        step = sim.take(kind, path)
        if step and 'fail' in step and 'after' not in step and step['fail'] in faults.FAILURES:
            self.pause(step.get('delay', 0))
            return faults.FAILURES[step['fail']](self, step)
        if handler and not self.authorised():
            return self.answer(401, json.dumps(faults.STATUS_BODIES[401][0]).encode())
        if handler is None:
            return self.json({'error': f'Unexpected endpoint or method. ({self.command} {path})'})
        return handler(self, step or {})

    def authorised(self):
        token = self.sim.settings['token']
        by_key = self.request_log.path == apis.Messages.path and self.headers.get('x-api-key') == token
        return token is None or by_key or self.headers.get('Authorization') == f'Bearer {token}'

    def payload(self):
        body = self.request_log.json
        return body if isinstance(body, dict) else {}

    def listing(self, make, step):
        self.pause(step.get('delay', 0))
        with self.sim.lock:
            value = step.get('body', make())
        self.answer(step.get('status', 200), (value if isinstance(value, str) else json.dumps(value)).encode())

    def native_models(self, step):
        self.listing(lambda: self.sim.catalog.native(self.sim.settings['discovery_reasoning']), step)

    def openai_models(self, step):
        self.listing(lambda: self.sim.catalog.openai(self.sim.settings['jit']), step)

    def legacy_models(self, step):
        catalog = self.sim.catalog
        self.listing(lambda: {'object': 'list', 'data': [catalog.legacy_entry(m) for m in catalog.models]}, step)

    def legacy_model(self, step):
        model = self.sim.catalog.find(urllib.parse.unquote(self.request_log.path.removeprefix('/api/v0/models/')))
        if not model:
            return self.unknown_model('?')
        return self.listing(lambda: self.sim.catalog.legacy_entry(model), step)

    def embeddings(self, step):
        """A vector of three numbers for each text."""
        body = self.payload()
        model = self.sim.catalog.find(body.get('model', ''))
        if not model or model.get('type') != 'embedding':
            return self.unknown_model(body.get('model', '?'))
        texts = body['input'] if isinstance(body.get('input'), list) else [body.get('input', '')]
        vector = self.sim.meaning or (lambda text: [len(text), 0.5, -0.25])
        data = [{'object': 'embedding', 'index': i, 'embedding': vector(t)} for i, t in enumerate(texts)]
        return self.json({'object': 'list', 'data': data, 'model': body['model'],
                          'usage': {'prompt_tokens': len(texts), 'total_tokens': len(texts)}})

    def greeting(self, step):
        self.json({'lmstudio': True})

    def load_model(self, step):
        body = self.payload()
        started = time.monotonic()
        model = self.sim.catalog.find(body.get('model', ''))
        if not model:
            return self.error(404, f'Model "{body.get("model")}" not found.', type='model_not_found')
        self.pause(step.get('delay', self.sim.settings['load_delay']))
        if self.sim.settings['load_error']:
            return self.error(500, f'Failed to load model "{model["key"]}". Error: {self.sim.settings["load_error"]}',
                              type='internal_error')
        config = {k: body[k] for k in ('eval_batch_size', 'num_experts', 'flash_attention', 'offload_kv_cache_to_gpu')
                  if k in body}
        with self.sim.lock:
            made = self.sim.catalog.load(model, min(body.get('context_length') or self.sim.settings['default_ctx'],
                                                    model.get('max', 32768)), config=config)
        answer = {'type': model.get('type', 'llm'), 'instance_id': made.id,
                  'load_time_seconds': round(time.monotonic() - started, 3),
                  'status': step.get('load_status', 'loaded')}
        if body.get('echo_load_config'):
            answer['load_config'] = {k: v for k, v in made.config.items() if k != 'parallel'}
        return self.json(step.get('body', answer))

    def unload_model(self, step):
        ident = self.payload().get('instance_id')
        with self.sim.lock:
            if not self.sim.catalog.unload(ident):
                return self.error(404, f'No instance "{ident}" is loaded.', type='model_not_found')
        return self.json({'instance_id': ident})

    # ---- chat -----------------------------------------------------------------------------------------------------

    def unknown_model(self, name):
        known = '\n'.join(m['key'] for m in self.sim.catalog.models)
        self.error(404, f'Model "{name}" not found. Please specify a valid model.\n\nYour models:\n\n{known}',
                   type='invalid_request_error', param='model', code='model_not_found')

    def instance_for(self, body):
        """The instance that answers, loading it when JIT is on. None: an error was sent."""
        sim, name = self.sim, body.get('model') or ''
        with sim.lock:
            live = sim.catalog.live()
            if sim.settings['any_name'] and len(live) == 1:
                return live[0]
            found = sim.catalog.instance(name) or (live[0] if not name and live else None)
            model = sim.catalog.find(name)
        if found:
            return found
        if not model:
            return self.unknown_model(name)
        if not sim.settings['jit']:
            return self.error(404, 'No models loaded. Please load a model in the developer page or use the `lms load` '
                                   'command.', type='invalid_request_error', param='model', code='model_not_found')
        self.pause(sim.settings['load_delay'])
        if sim.settings['load_error']:
            return self.error(400, f'Failed to load model "{name}". Error: {sim.settings["load_error"]}')
        with sim.lock:
            if sim.settings['auto_evict']:
                sim.catalog.evict_jit()
            return sim.catalog.load(model, min(sim.settings['default_ctx'], model['max']), body.get('ttl', DEFAULT_TTL))

    def refused(self, body):
        """The message of a 400, or None when the payload is fine."""
        messages = body.get('messages')
        if not isinstance(messages, list) or not all(isinstance(m, dict) and m.get('role') for m in messages):
            return "Invalid 'messages' in payload: expected an array of objects with a role"
        if not self.sim.settings['null_content'] and any('content' in m and m['content'] is None for m in messages):
            return "Invalid 'messages' in payload: 'content' must be a string"
        kind = (body.get('response_format') or {}).get('type', 'text')
        if kind not in ('json_schema', 'text'):
            return "'response_format.type' must be 'json_schema' or 'text'"
        effort = body.get('reasoning_effort')
        if effort is not None and effort not in self.sim.settings['efforts']:
            return EFFORT_ERROR.format(effort, ', '.join(self.sim.settings['efforts']))
        return None

    def chat(self, step):
        body, sim = self.payload(), self.sim
        self.pause(step.get('delay', 0))
        if (why := self.refused(body)):
            return self.json({'error': why}, 400)
        instance = self.instance_for(body)
        if instance is None:
            return None
        instance.used = time.monotonic()
        model = instance.model
        if not set(step) - {'on', 'times', 'delay'}:
            step = {**step, **replies.default_step(body, model['key'])}
            if 'reasoning' in model and body.get('reasoning_effort') not in (None, 'none'):
                step['reasoning'] = 'The user wants a short answer.'
        if 'error' in step:
            return self.error(step['error'], f'the model server says {step["error"]}')
        field = sim.settings['reasoning_field'] or model.get('reasoning_field', 'reasoning_content')
        reply = replies.Reply(step, instance.id, field)
        prompt = replies.prompt_tokens(body)
        overflow = step.get('overflow') or (sim.settings['overflow'] if prompt > instance.context_length else None)
        if overflow == '400':
            return self.error(400, OVERFLOW.format(prompt, instance.context_length))
        if not body.get('stream') or step.get('whole'):
            return self.json(self.whole(reply, body))
        return self.stream(reply, body, overflow and (overflow, OVERFLOW.format(prompt, instance.context_length)))

    def envelope(self, kind, reply):
        return {'id': 'chatcmpl-' + self.completion_id, 'object': kind, 'created': int(time.time()),
                'model': reply.model, 'system_fingerprint': reply.model}

    def whole(self, reply, body):
        self.completion_id = replies.ident(21)
        choice = {'index': 0, 'message': reply.message(), 'logprobs': None, 'finish_reason': reply.finish()}
        return {**self.envelope('chat.completion', reply), 'choices': [choice], 'usage': reply.usage(body), 'stats': {}}

    def chunk(self, reply, delta, finish=None, **more):
        choice = {'index': 0, 'delta': delta, 'logprobs': None, 'finish_reason': finish}
        self.frame(json.dumps({**self.envelope('chat.completion.chunk', reply), 'choices': [choice], **more}))

    def stream(self, reply, body, overflow):
        """Sends a reply as events; a scripted failure strikes between two of them."""
        step = reply.step
        self.completion_id = replies.ident(21)
        if step.get('fail') == 'slow':
            self.rate = step.get('rate', 1)
        self.begin_stream()
        if overflow and overflow[0] == 'sse':
            return faults.event_error(self, {'message': overflow[1]})
        deltas = reply.deltas() if not overflow and step.get('fail') != 'silent' else []
        strike = step['after'] if step.get('fail') in faults.FAILURES else None
        for n, delta in enumerate(deltas):
            if n == strike:
                break
            self.chunk(reply, delta)
            self.pause(step.get('pace', 0))
        if strike is not None:
            return faults.FAILURES[step['fail']](self, step)
        return self.finish_stream(reply, body)

    def finish_stream(self, reply, body):
        step = reply.step
        timings = step.get('timings', self.sim.settings['timings'])
        if reply.finish() is not None:
            self.chunk(reply, {}, reply.finish(), **({'timings': reply.timings(body)} if timings else {}))
        asked = self.sim.settings['stream_usage'] and (body.get('stream_options') or {}).get('include_usage')
        if step.get('usage', asked):
            self.frame(json.dumps({**self.envelope('chat.completion.chunk', reply), 'choices': [],
                                   'usage': reply.usage(body)}))
        if step.get('done', True):
            self.frame('[DONE]')
        self.end_stream()


    # ---- the other APIs -------------------------------------------------------------------------------------------

    def other_api(self, step, api):
        body, sim = self.payload(), self.sim
        self.pause(step.get('delay', 0))
        if (why := api.refused(body)):
            return self.error(400, why, type='invalid_request_error')
        chat = api.as_chat(body)
        instance = self.instance_for(chat)
        if instance is None:
            return None
        instance.used = time.monotonic()
        if not set(step) - {'on', 'times', 'delay'}:
            step = {**step, **replies.default_step(chat, instance.model['key'])}
        if 'error' in step:
            return self.error(step['error'], f'the model server says {step["error"]}')
        reply = replies.Reply(step, instance.id, 'reasoning')
        prompt = replies.prompt_tokens(chat)
        overflow = step.get('overflow') or (sim.settings['overflow'] if prompt > instance.context_length else None)
        text = OVERFLOW.format(prompt, instance.context_length)
        if overflow == '400':
            return self.error(400, text)
        if not body.get('stream') or step.get('whole'):
            return self.json(api.whole(reply, chat))
        self.begin_stream()
        if overflow == 'sse':
            self.frame(json.dumps(api.error(text)), event='error')
            return self.end_stream()
        return self.other_stream(api.events(reply, chat), step)

    def other_stream(self, events, step):
        strike = step['after'] if step.get('fail') in faults.FAILURES else None
        for n, (kind, data) in enumerate(events):
            if n == strike:
                return faults.FAILURES[step['fail']](self, step)
            self.frame(json.dumps(data), event=kind)
            self.pause(step.get('pace', 0))
        return self.end_stream()

    def open_responses(self, step):
        return self.other_api(step, apis.Responses())

    def anthropic_messages(self, step):
        return self.other_api(step, apis.Messages())


ROUTES = {  # (method, path) -> handler, the kind of step that applies
    ('GET', '/api/v1/models'): (Exchange.native_models, 'models'),
    ('POST', '/api/v1/models/load'): (Exchange.load_model, 'load'),
    ('POST', '/api/v1/models/unload'): (Exchange.unload_model, 'unload'),
    ('GET', '/api/v0/models'): (Exchange.legacy_models, 'legacy'),
    ('POST', '/api/v0/chat/completions'): (Exchange.chat, 'chat'),
    ('GET', '/v1/models'): (Exchange.openai_models, 'v1models'),
    ('POST', '/v1/chat/completions'): (Exchange.chat, 'chat'),
    ('POST', apis.Responses.path): (Exchange.open_responses, 'chat'),
    ('POST', apis.Messages.path): (Exchange.anthropic_messages, 'chat'),
    ('POST', '/v1/embeddings'): (Exchange.embeddings, 'embeddings'),
    ('GET', '/lmstudio-greeting'): (Exchange.greeting, 'greeting'),
}


def main():
    p = argparse.ArgumentParser(description='Simulates LM Studio.', epilog=replies.__doc__ + '\n' + faults.__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--port', type=int, default=1234)
    p.add_argument('--host', default='127.0.0.1')
    p.add_argument('--token', help='switch authentication on')
    p.add_argument('--profile', choices=PROFILES, default='v04', help='the build to imitate')
    p.add_argument('--script', help='JSON file with steps')
    p.add_argument('--log', help='append every request to this file, one JSON object a line')
    a = p.parse_args()
    script = json.loads(pathlib.Path(a.script).read_text()) if a.script else []
    script = {'steps': script} if isinstance(script, list) else script
    settings = {**script.get('settings', {}), **({'token': a.token} if a.token else {})}
    sim = Simulator(a.port, a.host, a.profile, script.get('models'), script.get('steps', []), a.log, **settings)
    for s in (signal.SIGTERM, signal.SIGINT):
        signal.signal(s, lambda *_: sys.exit(0))
    with sim:
        print(f'LM Studio simulator on {sim.url}', flush=True)
        signal.pause()


if __name__ == '__main__':
    main()
