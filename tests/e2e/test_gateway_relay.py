"""Requests for a model itself: /v1 of the gateway in front of model servers (D29, D64)."""
import http.client
import json
import socket
import threading
import time

import pytest

from boxes import Box
from gateway_client import TOKEN, test_config, wait_for

pytestmark = pytest.mark.any_wire  # what a client sends is passed on as it is

MODEL = 'qwen/qwen3.5-9b'
CHAT = '/v1/chat/completions'


def entry(model='m'):
    return {'id': model, 'name': model, 'reasoning': False, 'input': ['text'], 'contextWindow': 32768, 'maxTokens': 8192,
            'cost': {'input': 0, 'output': 0, 'cacheRead': 0, 'cacheWrite': 0}}


def boxes(primary=None, fallbacks=(), **providers):
    """A configuration with these providers: name=base_url, or name={…} with more of the entry."""
    config = test_config()
    more = {name: {'baseUrl': p} if isinstance(p, str) else p for name, p in providers.items()}
    config['models'] = {'mode': 'merge', 'providers': {
        name: {'api': 'openai-completions', 'models': [entry()], 'apiKey': f'sk-key-of-{name}', **p} for name, p in more.items()}}
    config['agents'] = {'defaults': {'model': {'primary': primary or f'{next(iter(more))}/m', 'fallbacks': list(fallbacks)}}}
    return config


def ask(model='box/m', **more):
    return {'model': model, 'messages': [{'role': 'user', 'content': 'hi'}], **more}


class Stream:
    """An answer that is read piece by piece."""

    def __init__(self, gateway, body, path=CHAT):
        self.c = http.client.HTTPConnection('127.0.0.1', gateway.port, timeout=20)
        self.c.request('POST', path, json.dumps(body), {'Authorization': f'Bearer {TOKEN}', 'Content-Type': 'application/json'})

    def begin(self):
        self.r = self.c.getresponse()
        self.status, self.headers = self.r.status, self.r.headers
        return self

    def read(self):
        return self.r.read1(65536)

    def leave(self):
        if self.c.sock:
            self.c.sock.close()
        if hasattr(self, 'r'):
            self.r.close()
        self.c.close()


def metric(gateway, line):
    found = [x for x in gateway.get('/metrics').body.decode().splitlines() if x.startswith(line + ' ')]
    return float(found[0].split()[-1]) if found else 0


# ---- what is sent -------------------------------------------------------------------------------------------------

def test_every_byte_but_the_name_of_the_model_arrives(start_gateway):
    with Box(lambda x: x.reply(200, {'choices': []})) as box:
        g = start_gateway(boxes(box=box.base_url))
        sent = b'{ "n":123456789012345678901234567890.10, "model"\t: "box\\/m" ,"zz":[1.50,{"model":"inner"}],"u":"\\u00e4\\n"}\n'
        assert g.post(CHAT, sent).status == 200
        assert box.requests[0].body == sent.replace(b'"box\\/m"', b'"m"')


def test_the_key_of_the_provider_takes_the_place_of_ours(start_gateway):
    with Box(lambda x: x.reply(200, {'choices': []})) as box:
        g = start_gateway(boxes(box=box.base_url))
        g.post(CHAT, ask(), headers={'Cookie': 'a=b', 'X-Forwarded-For': '1.2.3.4', 'X-Request-Id': 'r1', 'OpenAI-Beta': 'x'})
        seen = box.requests[0].headers
        assert seen['Authorization'] == 'Bearer sk-key-of-box'
        assert seen['X-Request-Id'] == 'r1' and seen['OpenAI-Beta'] == 'x'
        assert TOKEN not in str(seen) and 'Cookie' not in seen and 'X-Forwarded-For' not in seen


@pytest.mark.parametrize('path', ['/v1/chat/completions', '/v1/responses', '/v1/messages', '/v1/messages?beta=true', '/v1/embeddings'])
def test_a_request_goes_to_the_same_path(start_gateway, path):
    with Box(lambda x: x.reply(200, {'served': x.path})) as box:
        g = start_gateway(boxes(box=box.base_url))
        answer = g.post(path, {'model': 'box/m', 'input': 'x'})
        assert (answer.status, answer.json) == (200, {'served': path})
        if path.startswith('/v1/messages'):
            assert box.requests[0].headers['anthropic-version'] == '2023-06-01'


def test_an_anthropic_client_shows_its_key_its_own_way(start_gateway):
    with Box(lambda x: x.reply(200, {'type': 'message'})) as box:
        g = start_gateway(boxes(box=box.base_url))
        body = {'model': 'box/m', 'max_tokens': 5, 'messages': []}
        assert g.post('/v1/messages', body, token=None, headers={'x-api-key': TOKEN}).status == 200
        assert g.post('/v1/messages', body, token=None, headers={'x-api-key': 'wrong'}).status == 401
        assert g.post(CHAT, ask(), token=None, headers={'x-api-key': TOKEN}).status == 401


def test_the_simulator_answers_every_api(gateway, sim):
    name = f'lmstudio/{MODEL}'
    assert gateway.post(CHAT, ask(name)).json['choices'][0]['message']['content'].startswith('Hello')
    assert gateway.post('/v1/responses', {'model': name, 'input': 'hi'}).json['object'] == 'response'
    assert gateway.post('/v1/messages', {'model': name, 'max_tokens': 9, 'messages': [{'role': 'user', 'content': 'hi'}]}).json['type'] == 'message'
    assert all(r.json['model'] == MODEL for r in sim.chats)


def test_a_model_of_lm_studio_is_loaded_with_its_context_first(start_gateway, make_sim):
    sim = make_sim()
    unloaded = next(m['key'] for m in sim.catalog.models if m.get('type') != 'embedding' and not m.get('loaded'))
    g = start_gateway(test_config(sim.base_url, model=unloaded))
    assert g.post(CHAT, ask(f'lmstudio/{unloaded}')).status == 200
    loads = sim.asked('/api/v1/models/load')
    assert len(loads) == 1 and loads[0].json['context_length'] == 32768


# ---- what comes back ----------------------------------------------------------------------------------------------

def test_each_piece_is_passed_on_before_the_next_is_sent(start_gateway):
    go = threading.Semaphore(0)

    def answer(x):
        x.head()
        for i in range(5):
            x.words(f'w{i}')
            assert go.acquire(timeout=20)
        x.send('data: [DONE]\n\n')
        x.end()

    with Box(answer) as box:
        g = start_gateway(boxes(box=box.base_url))
        s = Stream(g, ask(stream=True)).begin()
        for i in range(5):
            assert f'w{i}' in s.read().decode()
            go.release()
        assert s.read() == b'data: [DONE]\n\n' and s.read() == b''


def test_a_beginning_that_says_nothing_is_not_kept_back_for_long(start_gateway):
    go = threading.Semaphore(0)

    def answer(x):
        x.head()
        x.send(': one moment\n\n')
        assert go.acquire(timeout=20)
        x.send('event: response.created\ndata: {"type":"response.created"}\n\n')
        assert go.acquire(timeout=20)
        x.end()

    with Box(answer) as box:
        g = start_gateway(boxes(box=box.base_url))
        s = Stream(g, {'model': 'box/m', 'input': 'x', 'stream': True}, '/v1/responses').begin()
        assert s.read() == b': one moment\n\n'
        go.release()
        assert b'response.created' in s.read()
        go.release()


def test_a_client_that_does_not_read_slows_the_server_and_nobody_else(start_gateway):
    sent = []

    def answer(x):
        x.head()
        for _ in range(4000):
            x.words('x' * 16000)
            sent.append(1)
        x.end()

    with Box(answer) as box, Box(lambda x: x.reply(200, {'choices': []})) as other:
        g = start_gateway(boxes(box=box.base_url, other=other.base_url))
        s = Stream(g, ask(stream=True)).begin()
        before = 0
        while before != len(sent) or not before:
            before = len(sent)
            time.sleep(0.5)
        assert before < 2000, 'the answer piles up somewhere'
        assert g.post(CHAT, ask('other/m')).status == 200
        s.leave()


def test_status_and_body_of_an_error_are_those_of_the_provider(start_gateway):
    body = b'{"error": {"message":"bad thing","type":"invalid_request_error","n":1.0}}'
    with Box(lambda x: x.reply(418, body, X_Request_Id='abc', Retry_After='7', Connection='x-private', X_Private='1',
                               Set_Cookie='a=b', Access_Control_Allow_Origin='*')) as box:
        g = start_gateway(boxes(box=box.base_url))
        answer = g.post(CHAT, ask())
        assert (answer.status, answer.body) == (418, body)
        assert answer.headers['X-Request-Id'] == 'abc' and answer.headers['Retry-After'] == '7'
        assert not {'X-Private', 'Set-Cookie', 'Access-Control-Allow-Origin'} & set(answer.headers)


def test_an_echoed_key_does_not_come_back(start_gateway):
    with Box(lambda x: x.reply(400, {'error': {'message': 'headers were: ' + str(x.headers)}})) as box:
        g = start_gateway(boxes(box=box.base_url))
        answer = g.post(CHAT, ask())
        assert answer.status == 400 and b'[redacted]' in answer.body and b'sk-key-of-box' not in answer.body


def test_a_cut_stream_ends_as_a_cut(start_gateway):
    def answer(x):
        x.head()
        x.words('a')
        x.wfile.flush()
        x.connection.shutdown(socket.SHUT_RDWR)

    with Box(answer) as box:
        g = start_gateway(boxes(box=box.base_url))
        s = Stream(g, ask(stream=True)).begin()
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            while s.read():
                pass
            raise AssertionError('the end looks clean')


# ---- failover -----------------------------------------------------------------------------------------------------

def good(x):
    x.reply(200, {'from': 'good'})


def event_error(x):
    x.head()
    x.send('event: error\ndata: {"error":{"message":"The model has crashed"}}\n\n')
    x.end()


def plain_error(x):
    x.head()
    x.event({'error': {'message': 'The model has crashed'}})
    x.end()


def late_error(x):
    x.head()
    x.send('event: message_start\ndata: {"type":"message_start"}\n\nevent: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n')
    x.end()


def web_page(x):
    x.reply(200, b'<!DOCTYPE html><title>router</title>', Content_Type='text/html')


def error_document(x):
    x.reply(200, {'error': 'Unexpected endpoint or method. (POST /v1/chat/completions)'})


def unavailable(x):
    x.reply(503, {'error': {'message': 'Loading model'}})


def refused_key(x):
    x.reply(401, {'error': {'message': 'no such key'}})


def no_answer(x):
    x.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize('bad', [event_error, plain_error, late_error, web_page, error_document, unavailable, refused_key, no_answer],
                         ids=lambda f: f.__name__)
def test_a_failure_before_the_first_byte_goes_to_the_next_box(start_gateway, bad):
    with Box(bad) as first, Box(good) as second:
        g = start_gateway(boxes(fallbacks=['second/m'], first=first.base_url, second=second.base_url))
        answer = g.post(CHAT, ask('first/m', stream=True))
        assert (answer.status, answer.json) == (200, {'from': 'good'})
        assert answer.headers['X-OpenClaw-Model'] == 'second/m'
        assert len(first.requests) == len(second.requests) == 1


@pytest.mark.parametrize('bad', [event_error, plain_error, web_page, error_document, unavailable], ids=lambda f: f.__name__)
def test_a_failure_that_nobody_mends_is_told_in_the_words_of_the_provider(start_gateway, bad):
    with Box(bad) as first:
        g = start_gateway(boxes(first=first.base_url))
        answer = g.post(CHAT, ask('first/m', stream=True))
        c = http.client.HTTPConnection('127.0.0.1', first.server.server_address[1])
        c.request('POST', CHAT, '{}')
        direct = c.getresponse()
        assert (answer.status, answer.body) == (direct.status, direct.read())


def test_a_server_that_is_down_goes_to_the_next_box_and_else_says_so(start_gateway, closed_port):
    with Box(good) as second:
        down = f'http://127.0.0.1:{closed_port}/v1'
        g = start_gateway(boxes(fallbacks=['second/m'], first=down, second=second.base_url))
        assert g.post(CHAT, ask('first/m')).json == {'from': 'good'}
        alone = g.post(CHAT, ask('first/m'), headers={'x-openclaw-fallback': 'off'})
        assert alone.status == 502 and alone.json['error']['code'] == 'upstream_unreachable'
        assert 'first/m' in alone.json['error']['message']


def test_a_key_that_was_refused_is_left_alone(start_gateway):
    with Box(refused_key) as first, Box(good) as second:
        g = start_gateway(boxes(fallbacks=['second/m'], first=first.base_url, second=second.base_url))
        for _ in range(3):
            assert g.post(CHAT, ask('first/m')).json == {'from': 'good'}
        assert len(first.requests) == 1 and len(second.requests) == 3


def test_another_key_of_the_provider_is_tried_first(start_gateway, openclaw):
    def answer(x):
        if x.headers['Authorization'] == 'Bearer sk-good':
            good(x)
        else:
            refused_key(x)

    with Box(answer) as box:
        config = boxes(box=box.base_url)
        del config['models']['providers']['box']['apiKey']
        folder = openclaw.state / 'agents' / 'main' / 'agent'
        folder.mkdir(parents=True)
        (folder / 'auth-profiles.json').write_text(json.dumps({'version': 1, 'order': {'box': ['box:a', 'box:b']}, 'profiles': {
            'box:a': {'type': 'api_key', 'provider': 'box', 'key': 'sk-bad'}, 'box:b': {'type': 'api_key', 'provider': 'box', 'key': 'sk-good'}}}))
        g = start_gateway(config)
        assert g.post(CHAT, ask()).json == {'from': 'good'}
        assert [r.headers['Authorization'] for r in box.requests] == ['Bearer sk-bad', 'Bearer sk-good']
        assert g.post(CHAT, ask()).json == {'from': 'good'} and len(box.requests) == 3


def test_a_relayed_request_is_an_observed_model_call(start_gateway, tmp_path):
    def answer(x):
        x.head(X_Request_Id='secret-id')
        x.words('hello')
        x.event({'choices': [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}], 'usage': {'prompt_tokens': 3, 'completion_tokens': 2}})
        x.send('data: [DONE]\n\n')
        x.end()

    with Box(answer) as box:
        file = tmp_path / 'events.jsonl'
        g = start_gateway(boxes(box=box.base_url), env={'OPENCLAW_DIAGNOSTICS_FILE': str(file)})
        g.post(CHAT, ask(stream=True))
        until = time.monotonic() + 20  # the client has its answer before the call is written down
        while file.read_text().count('\n') < 2 and time.monotonic() < until:
            time.sleep(0.02)
        started, completed = map(json.loads, file.read_text().splitlines())
        assert (started['type'], completed['type']) == ('model.call.started', 'model.call.completed')
        assert (completed['provider'], completed['model'], completed['usage']) == ('box', 'm', {'input': 3, 'output': 2})
        assert completed['responseStreamBytes'] > 0 and 'hello' not in file.read_text()


def test_what_the_client_did_wrong_is_not_asked_twice(start_gateway):
    with Box(lambda x: x.reply(400, {'error': {'message': "Invalid 'messages'"}})) as first, Box(good) as second:
        g = start_gateway(boxes(fallbacks=['second/m'], first=first.base_url, second=second.base_url))
        assert g.post(CHAT, ask('first/m')).status == 400
        assert not second.requests


def test_without_fallbacks_not_even_the_primary_stands_in(start_gateway):
    with Box(unavailable) as first, Box(good) as second:
        g = start_gateway(boxes(primary='second/m', first=first.base_url, second=second.base_url))
        assert g.post(CHAT, ask('first/m')).status == 503
        assert not second.requests


def test_with_fallbacks_the_primary_stands_in_last(start_gateway):
    with Box(unavailable) as first, Box(good) as second:
        g = start_gateway(boxes(primary='second/m', fallbacks=['first/m'], first=first.base_url, second=second.base_url))
        assert g.post(CHAT, ask('first/m')).json == {'from': 'good'}


def test_only_entries_with_the_same_api_stand_in(start_gateway):
    with Box(unavailable) as first, Box(good) as other:
        g = start_gateway(boxes(fallbacks=['other/m'], first=first.base_url,
                                other={'baseUrl': other.base_url, 'api': 'anthropic-messages'}))
        assert g.post(CHAT, ask('first/m')).status == 503
        assert not other.requests


def test_vectors_of_another_model_never_stand_in(start_gateway):
    with Box(unavailable) as first, Box(good) as second:
        g = start_gateway(boxes(fallbacks=['second/other', 'second/m'], first=first.base_url,
                                second={'baseUrl': second.base_url, 'models': [entry('other'), entry()]}))
        assert g.post('/v1/embeddings', {'model': 'first/m', 'input': 'x'}).json == {'from': 'good'}
        assert [json.loads(r.body)['model'] for r in second.requests] == ['m']


# ---- slots --------------------------------------------------------------------------------------------------------

def test_a_server_with_one_slot_never_gets_two(start_gateway):
    at_work, most = [], []

    def answer(x):
        at_work.append(x)
        most.append(len(at_work))
        x.head()
        x.words('a')
        time.sleep(0.03)
        at_work.remove(x)
        x.end()

    with Box(answer) as box:
        g = start_gateway(boxes(box={'baseUrl': box.base_url, 'params': {'slots': 1}}))
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(g.post(CHAT, ask(stream=True)))) for _ in range(12)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(60)
        assert [a.status for a in answers] == [200] * 12
        assert most == [1] * 12
        assert any(a.headers['X-OpenClaw-Queue-Position'] for a in answers)


def test_a_full_queue_and_a_long_wait_are_refused(start_gateway):
    release = threading.Event()

    def answer(x):
        release.wait(20)
        x.reply(200, {})

    with Box(answer) as box:
        params = {'slots': 1, 'queueLength': 1, 'queueSeconds': 1}
        g = start_gateway(boxes(box={'baseUrl': box.base_url, 'params': params}))
        first = threading.Thread(target=lambda: g.post(CHAT, ask()))
        first.start()
        wait_for(lambda: box.requests, 'the first request')
        late = []
        second = threading.Thread(target=lambda: late.append(g.post(CHAT, ask())))
        second.start()
        wait_for(lambda: metric(g, f'openclaw_endpoint_waiting{{endpoint="{box.base_url[:-3]}"}}') == 1, 'one in the queue')
        full = g.post(CHAT, ask())
        assert full.status == 429 and full.headers['Retry-After'] == '5'
        assert full.json['error']['type'] == 'rate_limit_error'
        second.join(20)
        assert late[0].status == 503 and late[0].headers['Retry-After'] == '5'
        release.set()
        first.join(20)
        assert len(box.requests) == 1


# ---- clients that leave -------------------------------------------------------------------------------------------

def test_a_client_that_leaves_ends_the_request_and_is_recorded(start_gateway):
    left = []

    def answer(x):
        x.head()
        x.words('a')
        left.append(x.wait_left())

    with Box(answer) as box:
        g = start_gateway(boxes(box={'baseUrl': box.base_url, 'params': {'slots': 1}}))
        s = Stream(g, ask(stream=True)).begin()
        assert b'"a"' in s.read()
        s.leave()
        wait_for(lambda: left, 'the end of the request')
        assert left == [True]
        wait_for(lambda: metric(g, 'openclaw_relay_requests_total{provider="box",status="499"}') == 1, '499')


def test_a_client_that_has_everything_may_leave(start_gateway):
    left = []

    def answer(x):
        x.head()
        x.words('a')
        x.send('data: [DONE]\n\n')
        left.append(x.wait_left())  # the end of the body never comes

    with Box(answer) as box:
        g = start_gateway(boxes(box=box.base_url))
        s = Stream(g, ask(stream=True)).begin()
        got = b''
        while b'[DONE]' not in got:
            got += s.read()
        s.leave()
        wait_for(lambda: left == [True], 'the end of the request')
        wait_for(lambda: metric(g, 'openclaw_relay_requests_total{provider="box",status="200"}') == 1, '200')


def test_a_client_that_closed_its_sending_side_gets_everything(start_gateway):
    def answer(x):
        x.head()
        x.words('a')
        time.sleep(0.6)  # long enough to be asked whether it is there
        x.words('b')
        x.end()

    with Box(answer) as box:
        g = start_gateway(boxes(box=box.base_url))
        s = Stream(g, ask(stream=True))
        s.c.sock.shutdown(socket.SHUT_WR)
        got = s.begin().r.read()
        assert b'"a"' in got and got.endswith(b'"b"}}]}\n\n')


def test_a_client_that_leaves_the_queue_is_never_asked_for(start_gateway):
    release = threading.Event()

    def answer(x):
        release.wait(20)
        x.reply(200, {})

    with Box(answer) as box:
        g = start_gateway(boxes(box={'baseUrl': box.base_url, 'params': {'slots': 1}}))
        first = threading.Thread(target=lambda: g.post(CHAT, ask()))
        first.start()
        wait_for(lambda: box.requests, 'the first request')
        waiting = f'openclaw_endpoint_waiting{{endpoint="{box.base_url[:-3]}"}}'
        s = Stream(g, ask())
        wait_for(lambda: metric(g, waiting) == 1, 'one in the queue')
        s.leave()
        wait_for(lambda: metric(g, waiting) == 0, 'an empty queue')
        release.set()
        first.join(20)
        assert len(box.requests) == 1
        assert metric(g, 'openclaw_relay_requests_total{provider="box",status="499"}') == 1


# ---- what is refused ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize('body, status, says', [
    (b'{"model":"box/m"', 400, 'no JSON'),
    (b'[]', 400, 'no JSON'),
    (b'{"messages":[]}', 400, 'model'),
    (b'{"model":"box/m","model":"box/n"}', 400, 'twice'),
    (b'{"model":7}', 400, 'model'),
    (b'{"model":"nowhere/m"}', 400, 'box/m'),
    (b'{"model":"box/nothing"}', 400, 'box/m'),
    (b'{"model":"health-check","messages":[]}', 400, 'box/m'),
])
def test_a_request_that_makes_no_sense_says_why(start_gateway, body, status, says):
    with Box(good) as box:
        g = start_gateway(boxes(box=box.base_url))
        answer = g.post(CHAT, body)
        assert answer.status == status and says in answer.json['error']['message'], answer
        assert not box.requests


def test_a_body_may_have_twenty_megabytes_and_no_more(start_gateway):
    with Box(lambda x: x.reply(200, {'n': len(x.body)})) as box:
        g = start_gateway(boxes(box=box.base_url))
        shell = b'{"model":"box/m","x":"%s"}'
        fits = shell % (b'x' * (20 * 1024 * 1024 - len(shell) + 2))
        assert g.post(CHAT, fits).json == {'n': len(fits) - len('box/')}
        large = g.post(CHAT, fits + b' ')
        assert large.status == 413 and large.json['error']['code'] == 'request_too_large'
        assert len(box.requests) == 1


def test_bodies_of_unknown_length_are_taken(start_gateway):
    with Box(lambda x: x.reply(200, {'n': len(x.body)})) as box:
        g = start_gateway(boxes(box=box.base_url))
        c = http.client.HTTPConnection('127.0.0.1', g.port, timeout=20)
        sent = [b'{"model":"box/m",', b'"x":"', b'y' * 100000, b'"}']
        c.request('POST', CHAT, iter(sent), {'Authorization': f'Bearer {TOKEN}'}, encode_chunked=True)
        assert json.loads(c.getresponse().read()) == {'n': len(b''.join(sent)) - len('box/')}
        c.close()


def test_what_large_requests_hold_together_has_a_bound(start_gateway):
    release = threading.Event()

    def answer(x):
        release.wait(60)
        x.reply(200, {})

    with Box(answer) as box:
        g = start_gateway(boxes(box={'baseUrl': box.base_url, 'params': {'slots': 100}}))
        body = b'{"model":"box/m","x":"%s"}' % (b'x' * (19 * 1024 * 1024))
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(g.post(CHAT, body, timeout=90).status)) for _ in range(14)]
        for t in threads:
            t.start()
        wait_for(lambda: answers, 'a refusal', 60)
        assert answers[0] == 503
        assert g.post(CHAT, ask('nowhere/m')).status == 400, 'small requests are taken all the same'
        release.set()
        for t in threads:
            t.join(90)
        assert answers.count(200) == 13


def test_a_private_address_that_is_not_allowed_is_never_reached(start_gateway):
    with Box(good) as box:
        g = start_gateway(boxes(box={'baseUrl': box.base_url, 'request': {'allowPrivateNetwork': False}}))
        answer = g.post(CHAT, ask())
        assert answer.status == 502 and answer.json['error']['code'] == 'blocked'
        assert not box.requests


def test_the_allowlist_of_models_holds_here_too(start_gateway):
    with Box(good) as box:
        config = boxes(primary='box/m', box={'baseUrl': box.base_url, 'models': [entry(), entry('n')]})
        config['agents']['defaults']['modelPolicy'] = {'allow': ['box/m']}
        g = start_gateway(config)
        assert g.post(CHAT, ask('box/m')).status == 200
        assert g.post(CHAT, ask('box/n')).status == 403


# ---- many ---------------------------------------------------------------------------------------------------------

def test_two_hundred_streams_at_once(start_gateway):
    gate = threading.Barrier(200, timeout=60)

    def answer(x):
        gate.wait()
        x.head()
        x.words('a', 'b')
        x.send('data: [DONE]\n\n')
        x.end()

    with Box(answer) as box:
        g = start_gateway(boxes(box={'baseUrl': box.base_url, 'params': {'slots': 256}}))
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(g.post(CHAT, ask(stream=True), timeout=90))) for _ in range(200)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(90)
        assert [a.status for a in answers] == [200] * 200
        assert all(a.body.endswith(b'data: [DONE]\n\n') for a in answers)
