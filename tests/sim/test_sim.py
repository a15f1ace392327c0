"""The simulator itself: what it answers and how it fails, seen by a plain client."""
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest
from lmstudio import Simulator

QWEN = 'qwen/qwen3.5-9b'


@pytest.fixture
def sim():
    with Simulator() as s:
        yield s


def ask(sim, path, body=None, headers=None):
    """(status, parsed body or text, headers)"""
    data = None if body is None else json.dumps(body).encode()
    req = urllib.request.Request(sim.url + path, data, {'Content-Type': 'application/json', **(headers or {})})
    try:
        with urllib.request.urlopen(req, timeout=10) as r:
            status, raw, got = r.status, r.read().decode(), dict(r.headers)
    except urllib.error.HTTPError as e:
        status, raw, got = e.code, e.read().decode(), dict(e.headers)
    try:
        return status, json.loads(raw), got
    except ValueError:
        return status, raw, got


def chat(sim, text='Hi', model=QWEN, **more):
    return ask(sim, '/v1/chat/completions', {'model': model, 'messages': [{'role': 'user', 'content': text}], **more})


def events(raw):
    return [e.removeprefix('data: ') for e in raw.split('\n\n') if e]


def streamed(sim, text='Hi', **more):
    """The chunks of a streamed answer, without [DONE]."""
    got = events(chat(sim, text, stream=True, **more)[1])
    assert got[-1] == '[DONE]'
    return [json.loads(e) for e in got[:-1]]


def connect(sim, body):
    s = socket.create_connection(sim.address, timeout=10)
    raw = json.dumps(body).encode()
    s.sendall(b'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s' % (len(raw), raw))
    return s


CHAT = {'model': QWEN, 'stream': True, 'messages': [{'role': 'user', 'content': 'Hi'}]}


def test_native_list_shows_windows_and_capabilities(sim):
    models = {m['key']: m for m in ask(sim, '/api/v1/models')[1]['models']}
    assert models[QWEN]['loaded_instances'][0]['config']['context_length'] == 32768
    assert models[QWEN]['capabilities']['reasoning'] == {'allowed_options': ['off', 'on'], 'default': 'on'}
    assert models['openai/gpt-oss-20b']['loaded_instances'] == []
    assert 'capabilities' not in models['text-embedding-nomic-embed-text-v1.5']
    assert 'reasoning' not in models['zai-org/glm-4.7-flash']['capabilities']


def test_openai_list_hides_unloaded_models_without_jit(sim):
    assert len(ask(sim, '/v1/models')[1]['data']) == len(sim.catalog.models)
    sim.settings['jit'] = False
    assert [m['id'] for m in ask(sim, '/v1/models')[1]['data']] == [QWEN]


def test_legacy_list_has_states(sim):
    states = {m['id']: m['state'] for m in ask(sim, '/api/v0/models')[1]['data']}
    assert states[QWEN] == 'loaded' and states['openai/gpt-oss-20b'] == 'not-loaded'
    assert ask(sim, f'/api/v0/models/{QWEN}')[1]['loaded_context_length'] == 32768


def test_load_makes_an_instance_and_unload_removes_it(sim):
    status, got, _ = ask(sim, '/api/v1/models/load', {'model': QWEN, 'context_length': 65536, 'echo_load_config': True})
    assert (status, got['status'], got['instance_id']) == (200, 'loaded', QWEN + ':2')
    assert got['load_config']['context_length'] == 65536 and 'parallel' not in got['load_config']
    assert ask(sim, '/api/v1/models/unload', {'instance_id': QWEN + ':2'})[1] == {'instance_id': QWEN + ':2'}
    assert ask(sim, '/api/v1/models/unload', {'instance_id': QWEN + ':2'})[0] == 404


def test_a_variant_is_loaded_under_its_key(sim):
    got = ask(sim, '/api/v1/models/load', {'model': 'qwen/qwen3-coder-next@q8_0', 'context_length': 8192})[1]
    assert got['instance_id'] == 'qwen/qwen3-coder-next'


def test_unknown_paths_answer_200(sim):
    status, got, headers = ask(sim, '/nope')
    assert (status, got) == (200, {'error': 'Unexpected endpoint or method. (GET /nope)'})
    assert headers['X-Powered-By'] == 'Express'


def test_whole_answer(sim):
    got = chat(sim)[1]
    assert got['choices'][0]['message'] == {'role': 'assistant', 'content': f'Hello from {QWEN}.'}
    assert got['choices'][0]['logprobs'] is None and got['system_fingerprint'] == QWEN
    assert len(got['id']) == len('chatcmpl-') + 21 and got['usage']['total_tokens'] > 0


def test_streamed_answer_and_usage_only_when_asked(sim):
    got = streamed(sim)
    assert ''.join(c['choices'][0]['delta'].get('content', '') for c in got) == f'Hello from {QWEN}.'
    assert got[-1]['choices'][0]['finish_reason'] == 'stop' and not any('usage' in c for c in got)
    last = streamed(sim, stream_options={'include_usage': True})[-1]
    assert last['choices'] == [] and last['usage']['completion_tokens'] > 0


def test_reasoning_comes_in_the_models_field(sim):
    assert any('reasoning_content' in c['choices'][0]['delta'] for c in streamed(sim, reasoning_effort='high'))
    assert any('reasoning' in c['choices'][0]['delta']
               for c in streamed(sim, model='openai/gpt-oss-20b', reasoning_effort='low'))
    sim.then(reasoning='hm', text='yes', reasoning_field='think')
    assert chat(sim)[1]['choices'][0]['message']['content'] == '<think>\nhm\n</think>\n\nyes'


def test_on_and_off_are_refused_as_effort(sim):
    assert chat(sim, reasoning_effort='on')[0] == 400


def test_tool_call_is_streamed_in_fragments(sim):
    sim.call('read', {'path': 'notes.txt'})
    calls = [c['choices'][0]['delta']['tool_calls'][0] for c in streamed(sim)[:-1]]
    assert calls[0]['function'] == {'name': 'read', 'arguments': ''} and len(calls[0]['id']) == 9
    assert json.loads(''.join(c['function']['arguments'] for c in calls)) == {'path': 'notes.txt'}
    assert all(set(c) == {'index', 'function'} for c in calls[1:])


@pytest.mark.parametrize('style, text', [
    ('text', '[TOOL_REQUEST]{"name": "read", "arguments": {"path": "a"}}[END_TOOL_REQUEST]'),
    ('bracket', '[read]\n{"path": "a"}\n[END_TOOL_REQUEST]'),
    ('malformed_text', '[TOOL_REQUEST]{"name": "read", "arguments": {"path": "a"}[END_TOOL_REQUEST]')])
def test_tool_call_as_text(sim, style, text):
    sim.call('read', {'path': 'a'}, tool_style=style)
    assert chat(sim)[1]['choices'][0]['message']['content'] == text


def test_the_plausible_assistant_reads_then_writes_then_answers(sim):
    tools = [{'type': 'function', 'function': {'name': n, 'parameters': {}}} for n in ('read', 'write')]
    messages = [{'role': 'user', 'content': '[ctx]\nread notes.txt and write its first line to first.txt'}]
    seen = []
    for result in ('one\ntwo', 'ok', None):
        got = ask(sim, '/v1/chat/completions', {'model': QWEN, 'messages': messages, 'tools': tools})[1]
        message = got['choices'][0]['message']
        if result is None:
            break
        call = message['tool_calls'][0]
        seen.append((call['function']['name'], json.loads(call['function']['arguments'])))
        messages += [message, {'role': 'tool', 'tool_call_id': call['id'], 'content': result}]
    assert seen == [('read', {'path': 'notes.txt'}), ('write', {'path': 'first.txt', 'content': 'one'})]
    assert message['content'].startswith('Done')


def test_a_token_is_required_on_every_family():
    with Simulator(token='sk-lm-abc') as sim:
        for path in ('/api/v1/models', '/v1/models', '/api/v0/models'):
            assert ask(sim, path)[0] == 401
            assert ask(sim, path, headers={'Authorization': 'Bearer sk-lm-abc'})[0] == 200
        assert chat(sim)[1]['error']['code'] == 'invalid_api_key'


def test_jit_loads_evicts_and_expires(sim):
    chat(sim, model='openai/gpt-oss-20b')
    assert sim.catalog.instance('openai/gpt-oss-20b').context_length == 4096
    chat(sim, model='zai-org/glm-4.7-flash', ttl=0.01)
    assert sim.catalog.instance('openai/gpt-oss-20b') is None, 'one JIT model at a time'
    time.sleep(0.05)
    assert sim.catalog.instance('zai-org/glm-4.7-flash') is None
    sim.settings['jit'] = False
    status, got, _ = chat(sim, model='openai/gpt-oss-20b')
    assert status == 404 and got['error']['message'].startswith('No models loaded.')


def test_unknown_model_lists_the_known_ones(sim):
    status, got, _ = chat(sim, model='ghost')
    assert status == 404 and got['error']['code'] == 'model_not_found' and QWEN in got['error']['message']


def test_old_build_has_no_native_api_and_answers_for_any_name():
    with Simulator(profile='v035') as sim:
        assert ask(sim, '/api/v1/models')[1]['error'].startswith('Unexpected endpoint')
        assert ask(sim, '/api/v0/models')[0] == 200
        assert chat(sim, model='ghost')[1]['model'] == QWEN
        assert not any('usage' in c for c in streamed(sim, stream_options={'include_usage': True}))
        assert chat(sim, messages=[{'role': 'assistant', 'content': None}])[0] == 400


def test_build_046_says_nothing_about_reasoning():
    with Simulator(profile='v046') as sim:
        assert not any('reasoning' in m.get('capabilities', {}) for m in ask(sim, '/api/v1/models')[1]['models'])


def test_overflow_forms(sim):
    long = 'word ' * 40000
    assert 'event: error' in chat(sim, long, stream=True)[1]
    sim.settings['overflow'] = '400'
    assert chat(sim, long, stream=True)[0] == 400
    sim.settings['overflow'] = 'empty'
    assert [c['choices'][0]['delta'] for c in streamed(sim, long)] == [{}]


@pytest.mark.parametrize('step, want', [
    ({'fail': 'status', 'status': 401}, 401), ({'fail': 'status', 'status': 404}, 404),
    ({'fail': 'status', 'status': 429}, 429), ({'fail': 'status', 'status': 500}, 500),
    ({'fail': 'status', 'status': 503}, 503), ({'fail': 'html'}, 200), ({'fail': 'html', 'status': 502}, 502),
    ({'fail': 'not-json'}, 200), ({'fail': 'text'}, 200), ({'fail': 'empty'}, 200)])
def test_whole_failures_then_it_works(sim, step, want):
    sim.then(times=2, **step)
    assert [chat(sim)[0] for _ in range(3)] == [want, want, 200]
    assert chat(sim)[1]['choices']


def test_retry_after_is_sent(sim):
    sim.fail('status', status=429, headers={'Retry-After': '7'})
    assert chat(sim)[2]['Retry-After'] == '7'


@pytest.mark.parametrize('kind, last', [('event-error', 'event: error\ndata: {'), ('data-error', '{"error"'),
                                        ('bad-event', '[DONE]'), ('end', '{"id"')])
def test_mid_stream_failures_keep_what_came_before(sim, kind, last):
    sim.fail(kind, after=2, text='one two three')
    got = events(chat(sim, stream=True)[1])
    assert json.loads(got[1])['choices'][0]['delta']['content'] == ' two'
    assert got[-1].startswith(last)


def test_reset_and_cut_mid_stream_are_told_apart(sim):
    sim.fail('reset', after=1).fail('cut', after=1)
    s = connect(sim, CHAT)
    with pytest.raises(ConnectionResetError):
        while s.recv(4096):
            pass
    s = connect(sim, CHAT)
    got = b''
    while (more := s.recv(4096)):
        got += more
    assert b'data: {' in got and not got.endswith(b'0\r\n\r\n')


def test_reset_before_the_head(sim):
    sim.fail('reset')
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        chat(sim)


@pytest.mark.parametrize('after, head', [(None, b''), (0, b'HTTP/1.1 200'), (1, b'HTTP/1.1 200')])
def test_a_hang_ends_when_the_client_leaves(sim, after, head):
    sim.fail('hang', **({} if after is None else {'after': after}))
    s = connect(sim, CHAT)
    s.settimeout(0.3)
    got = b''
    with pytest.raises(TimeoutError):
        while True:
            got += s.recv(4096)
    assert got.startswith(head) and bool(got) == bool(head)
    assert sim.chats[0].gone is None
    left = time.monotonic()
    s.close()
    sim.wait_for(lambda x: x.chats[0].gone)
    assert sim.chats[0].gone - left < 0.05


def test_stop_ends_hanging_connections_and_start_brings_the_port_back(sim):
    sim.fail('hang', after=0)
    s = connect(sim, CHAT)
    assert s.recv(4096)
    port = sim.port
    threading.Timer(0.1, sim.stop).start()
    assert s.recv(4096) == b''
    with pytest.raises(OSError):
        socket.create_connection(('127.0.0.1', port), timeout=1)
    sim.start()
    assert sim.port == port and chat(sim)[0] == 200


def test_slow_bytes(sim):
    sim.fail('slow', rate=20)
    s = connect(sim, CHAT)
    s.settimeout(0.5)
    started = time.monotonic()
    got = b''
    while len(got) < 10:
        got += s.recv(1)
    assert 0.3 < time.monotonic() - started < 3
    s.close()


def test_the_log_has_method_path_headers_and_body(sim):
    chat(sim, temperature=0.5)
    r = sim.chats[0]
    assert (r.method, r.path, r.headers['content-type']) == ('POST', '/v1/chat/completions', 'application/json')
    assert r.json['temperature'] == 0.5 and r.status == 200 and json.dumps(r.record())


def test_as_a_command(tmp_path):
    script, log = tmp_path / 's.json', tmp_path / 'log.jsonl'
    script.write_text(json.dumps({'settings': {'token': 't'}, 'steps': [{'text': 'scripted'}]}))
    here = os.path.dirname(os.path.abspath(__file__))
    p = subprocess.Popen([sys.executable, os.path.join(here, 'lmstudio.py'), '--port', '0', '--script', str(script),
                          '--log', str(log)], stdout=subprocess.PIPE, text=True)
    try:
        url = p.stdout.readline().split()[-1]
        req = urllib.request.Request(url + '/v1/chat/completions', json.dumps(CHAT | {'stream': False}).encode(),
                                     {'Authorization': 'Bearer t'})
        with urllib.request.urlopen(req, timeout=10) as r:
            assert json.load(r)['choices'][0]['message']['content'] == 'scripted'
    finally:
        p.terminate()
        assert p.wait(10) == 0
    assert json.loads(log.read_text())['path'] == '/v1/chat/completions'


def test_responses_end_with_what_was_streamed(sim):
    sim.call('read', {'path': 'a'}, text='Looking.')
    raw = ask(sim, '/v1/responses', {'model': QWEN, 'input': 'Hi', 'stream': True})[1]
    got = [json.loads(e.split('data: ')[1]) for e in raw.split('\n\n') if e]
    assert [e['sequence_number'] for e in got] == list(range(len(got)))
    assert ''.join(e['delta'] for e in got if e['type'] == 'response.output_text.delta') == 'Looking.'
    output = got[-1]['response']['output']
    assert [i['type'] for i in output] == ['message', 'function_call'] and json.loads(output[1]['arguments']) == {'path': 'a'}


def test_messages_stream_blocks_and_take_the_key_in_two_ways(sim):
    sim.settings['token'] = 'sk-lm-x'
    body = {'model': QWEN, 'max_tokens': 9, 'messages': [{'role': 'user', 'content': 'Hi'}]}
    assert ask(sim, '/v1/messages', body)[0] == 401
    for headers in ({'x-api-key': 'sk-lm-x'}, {'Authorization': 'Bearer sk-lm-x'}):
        assert ask(sim, '/v1/messages', body, headers)[1]['stop_reason'] == 'end_turn'
    raw = ask(sim, '/v1/messages', {**body, 'stream': True}, headers)[1]
    kinds = [e.split('\n')[0].removeprefix('event: ') for e in raw.split('\n\n') if e]
    assert kinds[0] == 'message_start' and kinds[-2:] == ['message_delta', 'message_stop']


def test_messages_of_one_side_must_not_follow_each_other(sim):
    twice = [{'role': 'user', 'content': 'Hi'}] * 2
    assert ask(sim, '/v1/messages', {'model': QWEN, 'max_tokens': 9, 'messages': twice})[0] == 400
