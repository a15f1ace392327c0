"""The chat turn on the wire (spec 02 §2.6): acknowledgements, the order and shape of events, aborts, errors, history."""
import base64
import itertools
import json
import time

import pytest
from gateway_client import TUI, Device, new_id, test_config

MAIN = 'agent:main:main'
CHAT_KEYS = {
    'status': {'runId', 'sessionKey', 'agentId', 'seq', 'state', 'phase'},
    'delta': {'runId', 'sessionKey', 'agentId', 'seq', 'state', 'message', 'deltaText', 'replace', 'usage'},
    'final': {'runId', 'sessionKey', 'agentId', 'seq', 'state', 'message', 'usage', 'stopReason'},
    'aborted': {'runId', 'sessionKey', 'agentId', 'seq', 'state', 'message', 'errorMessage', 'stopReason'},
    'error': {'runId', 'sessionKey', 'agentId', 'seq', 'state', 'message', 'errorMessage', 'errorKind', 'errorDetail', 'usage',
              'stopReason'},
}
TERMINAL = ('final', 'aborted', 'error')


def ended(run):
    return lambda p: p['runId'] == run and p['state'] in TERMINAL


def ask(c, text, key='main', run=None, **more):
    """Sends a message and waits for the end of its run: the terminal chat event."""
    run = run or new_id()
    ack = c.call('chat.send', {'sessionKey': key, 'message': text, 'idempotencyKey': run, **more})
    assert ack['runId'] == run and ack['status'] == 'started', ack
    return c.wait_event('chat', ended(run))


def of_run(c, run):
    """chat and agent events of this run, in order."""
    return [f for f in c.events() if f['event'] in ('chat', 'agent') and f['payload'].get('runId') == run]


def text_of(message):
    content = message['content']
    return content if isinstance(content, str) else ''.join(p['text'] for p in content if p['type'] == 'text')


# ---- a plain turn

def test_a_turn_has_its_events_in_order(gateway, sim):
    sim.reply('Hello there, friend.')
    c = gateway.connect(client=TUI, device=Device())
    c.call('sessions.subscribe', {})
    final = ask(c, 'hi', run='run-1')
    c.wait_event('sessions.changed', lambda p: p['reason'] == 'agent.input.settled')

    def label(f):
        p = f['payload']
        if f['event'] == 'chat':
            return 'chat ' + p['state']
        if f['event'] == 'agent':
            return f'agent {p["stream"]} {p["data"].get("phase", "")}'.strip()
        if f['event'] == 'session.message':
            return 'session.message ' + p['message']['role']
        return f'{f["event"]} {p.get("reason", "")}'.strip()

    names = [label(f) for f in c.events() if f['event'] in ('chat', 'agent', 'session.message', 'sessions.changed')]
    order = [k for k, _ in itertools.groupby(names)]
    assert order[:2] == ['sessions.changed send', 'session.message user']
    rest = [n for n in order if n not in ('agent assistant', 'chat delta')]
    assert rest == ['sessions.changed send', 'session.message user', 'chat status', 'agent lifecycle start', 'chat status',
                    'agent lifecycle model', 'session.message assistant', 'agent usage', 'agent lifecycle finishing',
                    'agent lifecycle end', 'chat final', 'sessions.changed agent.input.settled']
    assert names.index('agent assistant') + 1 == names.index('chat delta')
    assert names.index('chat delta') < names.index('session.message assistant')
    assert text_of(final['message']) == 'Hello there, friend.'
    assert final['stopReason'] == 'stop'


def test_chat_and_agent_events_share_one_counter(gateway, sim):
    sim.reply('one two three four')
    c = gateway.connect()
    ask(c, 'count', run='r')
    events = of_run(c, 'r')
    numbers = [f['payload']['seq'] for f in events]
    assert numbers[0] == 1
    assert sorted(set(numbers)) == list(range(1, max(numbers) + 1)), 'no number is left out'
    assert numbers == sorted(numbers)
    for before, f in zip(events, events[1:]):
        if f['event'] == 'chat' and f['payload']['state'] in ('delta', 'final'):
            assert before['event'] == 'agent' and before['payload']['seq'] == f['payload']['seq']
    for f in events:
        assert f['payload']['sessionKey'] == MAIN and f['payload']['agentId'] == 'main'
        if f['event'] == 'agent':
            assert f['payload']['sessionId'] and f['payload']['ts'] > 0
        else:
            assert set(f['payload']) <= CHAT_KEYS[f['payload']['state']], f


def test_deltas_add_up_to_the_snapshot(gateway, sim):
    text = ' '.join(f'word{i}' for i in range(40))
    sim.reply(text, pieces=[w + ' ' for w in text.split(' ')][:-1] + ['word39'])
    sim.settings['pace'] = 0.01
    c = gateway.connect()
    final = ask(c, 'talk', run='r')
    deltas = [f['payload'] for f in of_run(c, 'r') if f['event'] == 'chat' and f['payload']['state'] == 'delta']
    whole = ''
    for d in deltas:
        whole += d['deltaText']
        assert text_of(d['message']) == whole
    assert whole == text == text_of(final['message'])
    assert 2 <= len(deltas) < 40, 'pieces are merged'


def test_delta_only_connections_get_no_cumulative_text(gateway, sim):
    sim.reply('A few words for you.')
    lean, full = gateway.connect(caps=('delta-only',)), gateway.connect()
    ask(lean, 'talk', run='r')
    full.wait_event('chat', ended('r'))
    for c, has in ((lean, False), (full, True)):
        deltas = [f['payload'] for f in of_run(c, 'r') if f['payload'].get('state') == 'delta']
        spoken = [f['payload']['data'] for f in of_run(c, 'r') if f['payload'].get('stream') == 'assistant']
        assert deltas and all(('message' in d) == has for d in deltas)
        assert all(('text' in d) == has for d in spoken)
        assert ''.join(d['deltaText'] for d in deltas) == ''.join(d['delta'] for d in spoken) == 'A few words for you.'


def test_rendered_blocks_add_up_to_the_answer_and_only_changed_ones_are_sent(gateway, sim):
    text = '# Head\n\nOne **bold** word <script>x</script>.\n\n```py\nprint(1)\n```\n\nlast [a](javascript:x) [b](https://b.example)'
    sim.reply(text, pieces=[text[i:i + 7] for i in range(0, len(text), 7)], pace=0.03)
    c, plain = gateway.connect(caps=('delta-only', 'rendered-blocks')), gateway.connect()
    final = ask(c, 'talk', run='r')
    plain.wait_event('chat', ended('r'))
    events = [f['payload'] for f in of_run(c, 'r') if f['event'] == 'chat' and f['payload']['state'] == 'delta'] + [final]
    shown, sent = {}, 0
    for p in events:
        assert all(b['i'] < p['blockCount'] for b in p['blocks']) and p['itemId'] == 'r:1'
        shown.update({b['i']: b['html'] for b in p['blocks']})
        sent += len(p['blocks'])
    stored = next(m for m in c.call('chat.history', {'sessionKey': 'main'})['messages'] if m['role'] == 'assistant')
    told = next(f['payload']['message'] for f in c.events('session.message') if f['payload']['message']['role'] == 'assistant') \
        if c.events('session.message') else stored
    for m in (stored, told):
        assert {b['i']: b['html'] for b in m['__openclaw']['blocks']} == shown and text_of(m) == text
    html = ''.join(shown[i] for i in range(len(shown)))
    assert '<strong>bold</strong>' in html and '<code class="language-py">print(1)</code>' in html
    assert '<script' not in html and '"javascript:' not in html and 'href="https://b.example"' in html
    assert len(shown) == 4 and sent < len(events) + 8, 'finished blocks are not sent again'
    assert not any('blocks' in json.dumps(f) for f in plain.events())
    assert 'blocks' not in json.dumps(plain.call('chat.history', {'sessionKey': 'main'}))


def test_the_same_key_runs_once(gateway, sim):
    sim.reply('first', pieces=['fi', 'rst'])
    c = gateway.connect()
    ask(c, 'hi', run='same')
    again = c.call('chat.send', {'sessionKey': 'main', 'message': 'hi', 'idempotencyKey': 'same'})
    assert again['runId'] == 'same' and again['status'] == 'ok'
    sim.fail('hang', after=1)
    c.call('chat.send', {'sessionKey': 'main', 'message': 'wait', 'idempotencyKey': 'slow'})
    sim.wait_for(lambda s: len(s.chats) == 2)
    twice = c.call('chat.send', {'sessionKey': 'main', 'message': 'wait', 'idempotencyKey': 'slow'})
    assert twice['status'] == 'in_flight'
    c.call('chat.abort', {'sessionKey': 'main'})
    assert len(sim.chats) == 2


def test_a_missing_key_is_made(gateway):
    c = gateway.connect()
    ack = c.call('chat.send', {'sessionKey': 'main', 'message': 'hi'})
    assert ack['status'] == 'started' and len(ack['runId']) == 36
    c.wait_event('chat', ended(ack['runId']))


@pytest.mark.parametrize('params, words', [
    ({'sessionKey': 'main', 'message': '  '}, 'message or attachment required'),
    ({'sessionKey': 'agent:nobody:main', 'message': 'hi'}, 'nobody'),
    ({'sessionKey': '', 'message': 'hi'}, 'at /sessionKey'),
    ({'sessionKey': 'main', 'message': 'hi', 'nonsense': 1}, "at root: unexpected property 'nonsense'"),
    ({'sessionKey': 'main', 'message': 'hi', 'attachments': [{'mimeType': 'image/png', 'content': '!!'}]}, 'base64'),
    ({'sessionKey': 'main', 'message': 'hi', 'queueMode': 'never'}, 'at /queueMode'),
])
def test_what_cannot_be_sent_is_refused(gateway, sim, params, words):
    error = gateway.connect().refused('chat.send', {'idempotencyKey': new_id(), **params})
    assert error['code'] == 'INVALID_REQUEST' and words in error['message'], error
    assert not sim.chats


def test_images_reach_the_model(start_gateway, sim):
    config = test_config(sim.base_url)
    config['models']['providers']['lmstudio']['models'][0]['input'] = ['text', 'image']
    c = start_gateway(config).connect()
    picture = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    ask(c, 'what is this?', attachments=[{'type': 'image', 'mimeType': 'image/png', 'fileName': 'dot.png', 'content': picture}])
    assert picture in sim.chats[0].raw if isinstance(sim.chats[0].raw, str) else picture.encode() in sim.chats[0].raw


PICTURE = base64.b64decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==')


@pytest.mark.parametrize('sees', [True, False])
def test_an_image_that_is_read_is_seen_where_the_model_can(start_gateway, sim, openclaw, sees):
    config = test_config(sim.base_url)
    config['models']['providers']['lmstudio']['models'][0]['input'] = ['text', 'image'] if sees else ['text']
    c = start_gateway(config).connect()
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    (openclaw.workspace / 'dot.png').write_bytes(PICTURE)
    (openclaw.workspace / 'big.png').write_bytes(PICTURE[:8] + bytes(7_000_000))
    sim.call('read', {'path': 'dot.png'}).call('read', {'path': 'big.png'}).reply('A dot.')
    ask(c, 'what is in dot.png?')
    sim.reply('Sure.')
    ask(c, 'really?')
    shown = base64.b64encode(PICTURE).decode()
    messages = sim.chats[-1].json['messages']
    assert (f'data:image/png;base64,{shown}'.encode() in sim.chats[-1].raw) == sees
    said = [m['content'] for m in messages if m['role'] == 'tool']
    assert said[0] == (f'dot.png is a PNG image ({len(PICTURE)} bytes), shown here.' if sees else
                       f'dot.png is a PNG image ({len(PICTURE)} bytes), and this model cannot look at images')
    assert 'at most' in said[1] if sees else 'cannot look' in said[1]
    for before, after in zip(sim.chats, sim.chats[1:]):
        assert after.json['messages'][:len(before.json['messages'])] == before.json['messages']


def test_attached_texts_become_part_of_the_message(gateway, sim):
    c = gateway.connect()
    text = base64.b64encode('ein Blättchen ??>>'.encode()).decode()
    ask(c, 'read this', attachments=[{'mimeType': 'text/plain', 'fileName': 'note.txt', 'content': text}])
    sent = text_of(sim.chats[0].json['messages'][-1])
    assert 'read this' in sent and '[attached: note.txt]' in sent and 'ein Blättchen ??>>' in sent
    for bad in ({'mimeType': 'text/plain', 'content': base64.b64encode(b'\xff\xfe').decode()},
                {'mimeType': 'text/plain', 'content': base64.b64encode(b'x' * 300000).decode()},
                {'mimeType': 'application/pdf', 'fileName': 'a.pdf', 'content': text}):
        assert c.refused('chat.send', {'sessionKey': 'main', 'message': 'x', 'attachments': [bad]})['code'] == 'INVALID_REQUEST'


# ---- tools

def test_a_tool_turn(gateway, sim, openclaw):
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    (openclaw.workspace / 'a.txt').write_text('the content\n')
    sim.then(text='Let me look.', tool_calls=[{'name': 'read', 'arguments': {'path': 'a.txt'}, 'id': 'c1'}])
    sim.reply('It says: the content.')
    c, watcher = gateway.connect(client=TUI, device=Device()), gateway.connect(caps=())
    watcher.call('sessions.subscribe', {})
    c.call('sessions.subscribe', {})
    ask(c, 'read it', run='r')
    tools = [f['payload'] for f in of_run(c, 'r') if f['payload'].get('stream') == 'tool']
    assert [t['data']['phase'] for t in tools] == ['start', 'result']
    assert tools[0]['data']['name'] == 'read' and tools[0]['data']['args'] == {'path': 'a.txt'}
    assert tools[1]['data']['isError'] is False
    assert 'the content' in tools[1]['data']['result']['content'][0]['text']
    assert tools[0]['data']['toolCallId'] == tools[1]['data']['toolCallId']
    assert not c.events('session.tool'), 'who gets the stream does not get it twice'
    watcher.wait_event('chat', ended('r'))
    seen = [f['payload'] for f in watcher.events('session.tool')]
    assert [t['data']['phase'] for t in seen] == ['start', 'result'] and seen[0]['runId'] == 'r'
    assert not [f for f in of_run(watcher, 'r') if f['payload'].get('stream') == 'tool']
    items = [f['payload']['data'] for f in of_run(c, 'r') if f['payload'].get('stream') == 'item']
    assert [(i['kind'], i['phase']) for i in items] == [('preamble', 'update'), ('tool', 'start'), ('tool', 'end')]
    assert items[0]['progressText'] == 'Let me look.'


def test_the_output_of_a_command_is_told_as_it_comes(start_gateway, sim):
    config = test_config(sim.base_url)
    config['tools'] = {'exec': {'mode': 'full'}}
    c = start_gateway(config).connect()
    sim.call('exec', {'command': 'echo one; sleep 0.3; echo two'})
    sim.reply('Done.')
    ask(c, 'go', run='r')
    output = [f['payload']['data'] for f in of_run(c, 'r') if f['payload'].get('stream') == 'command_output']
    assert ''.join(o['output'] for o in output) == 'one\ntwo\n'
    tools = [f['payload']['data'] for f in of_run(c, 'r') if f['payload'].get('stream') == 'tool']
    assert tools[0]['phase'] == 'start' and tools[-1]['phase'] == 'result'
    assert {t['phase'] for t in tools[1:-1]} == {'update'}
    assert tools[-2]['partialResult']['content'][0]['text'] == 'one\ntwo\n'
    assert tools[-1]['result']['details']['status'] == 'completed'


def test_a_result_tells_how_the_command_ended(start_gateway, sim):
    config = test_config(sim.base_url)
    config['tools'] = {'exec': {'mode': 'full'}}
    c = start_gateway(config).connect()
    sim.call('exec', {'command': 'exit 3'})
    sim.reply('It failed.')
    ask(c, 'run it', run='r')
    result = next(f['payload']['data'] for f in of_run(c, 'r') if f['payload'].get('data', {}).get('phase') == 'result')
    assert result['result']['details']['exitCode'] == 3 and result['result']['details']['status'] == 'completed'
    calls = [p for m in c.call('chat.history', {'sessionKey': 'main'})['messages'] for p in m['content']
             if isinstance(p, dict) and p['type'] == 'toolCall']
    assert [set(p) for p in calls] == [{'type', 'id', 'name', 'arguments'}]


def test_a_model_that_is_loaded_first_is_told(gateway, sim):
    c = gateway.connect()
    c.call('sessions.patch', {'key': 'main', 'model': 'lmstudio/zai-org/glm-4.7-flash'})
    ask(c, 'hi', run='r')
    told = [f['payload']['data'] for f in of_run(c, 'r') if f['payload'].get('stream') == 'progress']
    assert told == [{'phase': 'loading'}]
    ask(c, 'again', run='r2')
    assert not [f for f in of_run(c, 'r2') if f['payload'].get('stream') == 'progress'], 'it is loaded now'


def test_retries_are_noticed(gateway, sim):
    sim.fail('status', status=500)
    sim.reply('Here I am.')
    c = gateway.connect()
    assert text_of(ask(c, 'hi', run='r')['message']) == 'Here I am.'
    notices = [f['payload']['data']['text'] for f in of_run(c, 'r') if f['payload'].get('stream') == 'notice']
    assert len(notices) == 1 and 'trying again' in notices[0]


def test_text_after_a_tool_call_is_a_new_segment(gateway, sim):
    sim.then(text='Before.', tool_calls=[{'name': 'read', 'arguments': {'path': '.'}}])
    sim.reply('After.')
    c = gateway.connect()
    ask(c, 'go', run='r')
    spoken = [f['payload']['data'] for f in of_run(c, 'r') if f['payload'].get('stream') == 'assistant']
    segments = {}
    for d in spoken:
        segments[d['itemId']] = d['text']
    assert list(segments.values()) == ['Before.', 'After.'], spoken
    messages = c.call('chat.history', {'sessionKey': 'main'})['messages']
    assert [m['role'] for m in messages] == ['user', 'assistant', 'assistant', 'toolResult', 'assistant']
    before, call = messages[1], messages[2]
    assert before['__openclaw']['id'] == call['__openclaw']['id'], 'text before a call is an item of its own'
    assert [p['type'] for p in before['content']] == ['text'] and [p['type'] for p in call['content']] == ['toolCall']
    assert messages[3]['toolCallId'] == call['content'][0]['id'] and messages[3]['toolName'] == 'read'


def test_thinking_is_its_own_stream(start_gateway, sim):
    config = test_config(sim.base_url)
    config['models']['providers']['lmstudio']['models'][0]['reasoning'] = True
    c = start_gateway(config).connect()
    sim.then(reasoning='Let me see.', text='Yes.')
    final = ask(c, 'well?', run='r')
    thoughts = [f['payload']['data'] for f in of_run(c, 'r') if f['payload'].get('stream') == 'thinking']
    assert ''.join(t['delta'] for t in thoughts) == 'Let me see.'
    assert text_of(final['message']) == 'Yes.'
    for f in of_run(c, 'r'):
        if f['event'] == 'chat' or f['payload']['stream'] == 'assistant':
            assert 'Let me see' not in str(f['payload'])


# ---- ends

def test_abort_tells_before_it_answers(gateway, sim):
    sim.fail('hang', after=2, text='Once upon a time there was')
    c = gateway.connect()
    c.call('chat.send', {'sessionKey': 'main', 'message': 'tell me', 'idempotencyKey': 'r'})
    c.wait_event('chat', lambda p: p['state'] == 'delta')
    id = c.send('chat.abort', {'sessionKey': 'main', 'runId': 'r'})
    answer = c.response(id)['payload']
    assert answer == {'ok': True, 'aborted': True, 'runIds': ['r']}
    names = [f.get('event') or f.get('id') for f in c.frames]
    aborted = c.wait_event('chat', ended('r'))
    assert aborted['state'] == 'aborted' and aborted['stopReason'] == 'rpc' and text_of(aborted['message']).startswith('Once')
    at = next(i for i, f in enumerate(c.frames) if f.get('event') == 'chat' and f['payload']['state'] == 'aborted')
    assert at < names.index(id)
    end = c.wait_event('agent', lambda p: p['data'].get('phase') == 'end')
    assert end['data']['aborted'] is True and end['data']['status'] == 'cancelled'
    last = c.call('chat.history', {'sessionKey': 'main'})['messages'][-1]
    assert last['role'] == 'assistant' and text_of(last).startswith('Once')
    assert last['openclawAbort'] == {'aborted': True, 'origin': 'rpc', 'runId': 'r'}
    assert c.call('chat.abort', {'sessionKey': 'main'}) == {'ok': True, 'aborted': False, 'runIds': []}


def test_stop_is_answered_by_its_acknowledgement(gateway, sim):
    c = gateway.connect()
    stop = {'sessionKey': 'main', 'message': '/stop', 'idempotencyKey': new_id()}
    assert c.call('chat.send', stop) == {'ok': True, 'aborted': False, 'runIds': []}
    assert not c.events('chat')
    sim.fail('hang', after=1)
    c.call('chat.send', {'sessionKey': 'main', 'message': 'go', 'idempotencyKey': 'r'})
    c.wait_event('chat', lambda p: p['state'] == 'delta')
    assert c.call('chat.send', {**stop, 'idempotencyKey': new_id()}) == {'ok': True, 'aborted': True, 'runIds': ['r']}


@pytest.mark.parametrize('step, kind, status', [
    ({'kind': 'status', 'status': 429, 'headers': {'Retry-After': '600'}}, 'rate_limit', 429),
    ({'kind': 'status', 'status': 401}, 'unknown', 401),
    ({'kind': 'status', 'status': 400, 'message': 'context length exceeded: the prompt is too long'}, 'context_length', 400),
])
def test_failures_are_told_apart(gateway, sim, step, kind, status):
    for _ in range(12):
        sim.fail(step['kind'], **{k: v for k, v in step.items() if k != 'kind'})
    c = gateway.connect()
    error = ask(c, 'hi', run='r')
    assert error['state'] == 'error' and error['errorKind'] == kind, error
    assert error['errorDetail']['httpStatus'] == status and error['errorDetail']['provider'] == 'lmstudio'
    assert error['errorMessage']
    events = of_run(c, 'r')
    assert events[-2]['payload']['data']['phase'] == 'error' and events[-2]['payload']['seq'] == error['seq']
    last = c.call('chat.history', {'sessionKey': 'main'})['messages'][-1]
    assert last['role'] == 'assistant' and last['stopReason'] == 'error'


def test_a_cut_stream_keeps_what_had_come(gateway, sim):
    sim.fail('cut', after=3, text='The beginning of a long story')
    c = gateway.connect()
    error = ask(c, 'hi', run='r')
    assert error['state'] == 'error'
    last = c.call('chat.history', {'sessionKey': 'main'})['messages'][-1]
    assert text_of(last).startswith('The') and last['stopReason'] == 'error'


# ---- commands, injected messages

def test_a_command_is_one_final_and_never_reaches_the_model(gateway, sim):
    c = gateway.connect()
    c.call('sessions.messages.subscribe', {'key': 'main'})
    final = ask(c, '/help', run='r')
    assert final['state'] == 'final' and '/' in text_of(final['message'])
    assert final['message']['provider'] == 'openclaw' and final['message']['model'] == 'gateway-injected'
    c.wait_event('session.message', lambda p: p['message']['role'] == 'assistant')
    assert [f['event'] for f in c.events() if f['event'] in ('session.message', 'chat', 'agent')] == \
        ['session.message', 'chat', 'session.message']
    assert c.events('session.message')[0]['payload']['message']['excludeFromContext'] is True
    assert not sim.chats
    ask(c, 'hello')
    assert 'gateway-injected' not in str(sim.chats[0].json) and '/help' not in str(sim.chats[0].json)


def test_a_command_sent_twice_is_answered_once(gateway):
    c = gateway.connect()
    ask(c, '/help', run='r')
    again = c.call('chat.send', {'sessionKey': 'main', 'message': '/help', 'idempotencyKey': 'r'})
    assert again['status'] == 'ok'
    ask(c, '/help', run='r2')
    assert [f['payload']['runId'] for f in c.events('chat')] == ['r', 'r2']


def test_agent_answers_commands_too(gateway, sim):
    c = gateway.connect()
    id = c.send('agent', {'message': '/help', 'idempotencyKey': 'r'})
    assert c.response(id)['payload']['status'] == 'accepted'
    done = c.response(id, n=1)['payload']
    assert done['status'] == 'ok' and '/' in done['result']['payloads'][0]['text'] and not sim.chats
    sim.reply('Hello to you.')
    id = c.send('agent', {'message': '/new hello', 'idempotencyKey': 'r2'})
    done = c.response(id, n=1)['payload']
    assert done['result']['payloads'][0]['text'] == 'Hello to you.' and len(sim.chats) == 1
    assert [m['role'] for m in c.call('chat.history', {'sessionKey': 'main'})['messages']][-2:] == ['user', 'assistant']


def test_an_unknown_command_is_a_message(gateway, sim):
    c = gateway.connect()
    ask(c, '/frobnicate now')
    assert '/frobnicate now' in str(sim.chats[0].json['messages'][-1])
    ask(c, '/help', suppressCommandInterpretation=True)
    assert '/help' in str(sim.chats[1].json['messages'][-1])


def test_injected_messages_are_shown_and_not_sent(gateway, sim):
    c = gateway.connect()
    done = c.call('chat.inject', {'sessionKey': 'main', 'message': 'A note.', 'label': 'ops'})
    assert done['ok'] is True
    message = c.call('chat.history', {'sessionKey': 'main'})['messages'][-1]
    assert message['__openclaw']['id'] == done['messageId'] and 'A note.' in text_of(message)
    ask(c, 'hello')
    assert 'A note.' not in str(sim.chats[0].json)


# ---- history

def test_history_of_an_unknown_session_is_empty(gateway):
    page = gateway.connect().call('chat.history', {'sessionKey': 'nowhere'})
    assert page['sessionKey'] == 'agent:main:nowhere' and page['messages'] == [] and page['totalMessages'] == 0
    assert page['hasMore'] is False and page['pendingInputs'] == {'items': [], 'total': 0} and page['activity'] == []
    assert page['defaults']['modelProvider'] == 'lmstudio'


def test_history_is_read_in_pages(gateway, sim):
    c = gateway.connect()
    for i in range(3):
        sim.reply(f'answer {i}')
        ask(c, f'question {i}')
    whole = c.call('chat.history', {'sessionKey': 'main'})
    assert [text_of(m) for m in whole['messages']] == ['question 0', 'answer 0', 'question 1', 'answer 1', 'question 2', 'answer 2']
    assert whole['totalMessages'] == 6 and whole['hasMore'] is False
    assert [m['__openclaw']['seq'] for m in whole['messages']] == [1, 2, 3, 4, 5, 6]
    assert all(m['__openclaw']['runId'] for m in whole['messages'])
    newest = c.call('chat.history', {'sessionKey': 'main', 'limit': 2})
    assert [text_of(m) for m in newest['messages']] == ['question 2', 'answer 2'] and newest['hasMore'] is True
    older = c.call('chat.history', {'sessionKey': 'main', 'limit': 2, 'offset': 2})
    assert [text_of(m) for m in older['messages']] == ['question 1', 'answer 1'] and older['hasMore'] is True
    last = c.call('chat.history', {'sessionKey': 'main', 'limit': 2, 'offset': 4})
    assert [text_of(m) for m in last['messages']] == ['question 0', 'answer 0'] and last['hasMore'] is False
    assert c.call('chat.history', {'sessionKey': 'main', 'offset': 6})['messages'] == []
    assert whole['sessionInfo']['key'] == MAIN and whole['sessionInfo']['hasActiveRun'] is False


def test_long_texts_are_cut_and_can_be_fetched(gateway, sim):
    sim.reply('y' * 5000)
    c = gateway.connect()
    ask(c, 'x' * 3000)
    page = c.call('chat.history', {'sessionKey': 'main', 'maxChars': 100})
    assert len(page['messages'][0]['content']) < 300 and len(text_of(page['messages'][1])) < 300
    got = c.call('chat.message.get', {'sessionKey': 'main', 'messageId': page['messages'][1]['__openclaw']['id']})
    assert got['ok'] is True and text_of(got['message']) == 'y' * 5000
    small = c.call('chat.history', {'sessionKey': 'main', 'maxBytes': 1000})
    assert len(small['messages']) == 1, 'the newest one is always there'
    missing = c.call('chat.message.get', {'sessionKey': 'main', 'messageId': 'm0'})
    assert missing == {'ok': False, 'unavailableReason': 'not_found'}


def test_a_reset_begins_a_new_history(gateway, sim):
    c = gateway.connect()
    ask(c, 'old')
    c.call('sessions.reset', {'key': 'main'})
    assert c.call('chat.history', {'sessionKey': 'main'})['messages'] == []
    sim.reply('fresh')
    ask(c, 'new')
    assert [text_of(m) for m in c.call('chat.history', {'sessionKey': 'main'})['messages']] == ['new', 'fresh']
    assert 'old' not in str(sim.chats[-1].json['messages'])


def test_startup_brings_everything_at_once(gateway):
    c = gateway.connect()
    start = c.call('chat.startup', {'sessionKey': 'main', 'limit': 50, 'maxBytes': 100000})
    assert start['messages'] == [] and start['metadata']['models'] and start['metadata']['commands']
    assert start['agentsList']['defaultId'] == 'main'


# ---- the method agent

def test_agent_answers_twice(gateway, sim):
    sim.reply('Done it.')
    c = gateway.connect()
    id = c.send('agent', {'message': 'do it', 'idempotencyKey': 'r', 'sessionKey': 'agent:main:s1'})
    first, second = c.response(id), c.response(id, n=1)
    assert first['ok'] and second['ok']
    assert {k: first['payload'][k] for k in ('runId', 'sessionKey', 'agentId', 'status')} == \
        {'runId': 'r', 'sessionKey': 'agent:main:s1', 'agentId': 'main', 'status': 'accepted'}
    assert first['payload']['acceptedAt'] > 0
    done = second['payload']
    assert done['runId'] == 'r' and done['status'] == 'ok' and done['summary'] == 'completed'
    assert done['result']['payloads'] == [{'text': 'Done it.', 'mediaUrl': None}]
    meta = done['result']['meta']
    assert meta['durationMs'] >= 0 and meta['stopReason'] == 'stop'
    assert meta['agentMeta']['provider'] == 'lmstudio' and meta['agentMeta']['usage']['output'] > 0


def test_a_failed_agent_run_is_an_error(gateway, sim):
    for _ in range(5):
        sim.fail('status', status=401)
    c = gateway.connect()
    id = c.send('agent', {'message': 'do it', 'idempotencyKey': 'r'})
    assert c.response(id)['payload']['status'] == 'accepted'
    second = c.response(id, n=1)
    assert second['ok'] is False and second['error']['code'] == 'UNAVAILABLE' and second['error']['message']


def test_agent_wait(gateway, sim):
    c = gateway.connect()
    assert c.call('agent.wait', {'runId': 'nobody', 'timeoutMs': 0}) == {'runId': 'nobody', 'status': 'timeout'}
    sim.fail('hang', after=1)
    c.call('chat.send', {'sessionKey': 'main', 'message': 'go', 'idempotencyKey': 'r'})
    c.wait_event('chat', lambda p: p['state'] == 'delta')
    assert c.call('agent.wait', {'runId': 'r', 'timeoutMs': 1})['status'] == 'timeout'
    c.call('chat.abort', {'sessionKey': 'main'})
    sim.reply('ok')
    ask(c, 'again', run='r2')
    waited = c.call('agent.wait', {'runId': 'r2'})
    assert waited['status'] == 'ok' and waited['endedAt'] >= waited['startedAt'] and waited['stopReason'] == 'stop'


# ---- who gets what

def test_every_client_sees_chat_and_only_subscribers_see_messages(gateway, sim):
    c, other, subscribed = gateway.connect(), gateway.connect(), gateway.connect()
    assert subscribed.call('sessions.messages.subscribe', {'key': 'main'}) == {'subscribed': True, 'key': MAIN}
    subscribed.call('sessions.subscribe', {})
    ask(c, 'hi', run='r')
    for watcher in (other, subscribed):
        watcher.wait_event('chat', ended('r'))
    subscribed.wait_event('sessions.changed', lambda p: p.get('phase') == 'end')
    seqs = [f['payload']['messageSeq'] for f in subscribed.events('session.message')]
    assert seqs == [1, 2], 'once, even with two subscriptions'
    for f in subscribed.events('session.message'):
        assert f['payload']['message']['__openclaw']['runId'] == 'r' and f['payload']['session']['key'] == MAIN
    assert not other.events('session.message') and not other.events('sessions.changed')
    scoped = gateway.connect(caps=('session-scoped-events',))
    ask(c, 'hi', run='r2')
    scoped.call('health')
    time.sleep(0.05)
    assert not scoped.events('chat')


def test_the_row_beside_events_is_compact_and_current(gateway, sim):
    c = gateway.connect()
    c.call('sessions.subscribe', {})
    ask(c, 'hi', run='r')
    row = c.wait_event('sessions.changed', lambda p: p.get('phase') == 'end')['session']
    assert row['key'] == MAIN and row['status'] == 'done' and row['hasActiveRun'] is False and row['lastRunId'] == 'r'
    assert row['inputTokens'] > 0 and row['model'] == 'qwen/qwen3.5-9b' and row['modelProvider'] == 'lmstudio'
    assert 'thinkingLevels' not in row and 'contextBudgetStatus' not in row


# ---- while a run is active (spec 02 §7)

def test_interrupt_ends_the_active_run(gateway, sim):
    c = gateway.connect()
    sim.fail('hang', after=1, text='Slowly')
    c.call('chat.send', {'sessionKey': 'main', 'message': 'first', 'idempotencyKey': 'r1'})
    c.wait_event('chat', lambda p: p['runId'] == 'r1' and p['state'] == 'delta')
    sim.reply('Second it is.')
    ack = c.call('chat.send', {'sessionKey': 'main', 'message': 'second', 'idempotencyKey': 'r2', 'queueMode': 'interrupt'})
    assert ack['status'] == 'started' and ack['interruptedActiveRun'] is True
    assert c.wait_event('chat', ended('r1'))['state'] == 'aborted'
    assert text_of(c.wait_event('chat', ended('r2'))['message']) == 'Second it is.'


@pytest.mark.parametrize('mode', ['followup', 'collect'])
def test_queued_messages_end_empty_and_run_later(gateway, sim, mode):
    c = gateway.connect()
    sim.then(tool_calls=[{'name': 'read', 'arguments': {'path': '.'}}])
    sim.settings['pace'] = 0.1
    sim.reply('one two three four five six seven eight')
    c.call('chat.send', {'sessionKey': 'main', 'message': 'first', 'idempotencyKey': 'r1'})
    c.wait_event('chat', lambda p: p['runId'] == 'r1' and p['state'] == 'delta')
    sim.reply('And the answer to what came later.')
    for run in ('q1', 'q2'):
        ack = c.call('chat.send', {'sessionKey': 'main', 'message': f'later {run}', 'idempotencyKey': run, 'queueMode': mode})
        assert ack['status'] == 'started'
    for run in ('q1', 'q2'):
        final = c.wait_event('chat', ended(run))
        assert final['state'] == 'final' and 'message' not in final, final
    first = c.wait_event('chat', ended('r1'))
    assert first['state'] == 'final'
    later = c.wait_event('chat', lambda p: p['state'] == 'final' and p['runId'] not in ('r1', 'q1', 'q2') and 'message' in p)
    assert later['runId']
    sent = str(sim.chats[2].json['messages'])
    assert 'later q1' in sent and (('later q2' in sent) == (mode == 'collect'))


def test_messages_that_wait_are_in_the_history(gateway, sim):
    c = gateway.connect()
    history = lambda: c.call('chat.history', {'sessionKey': 'main'})['pendingInputs']
    sim.fail('hang', after=1, text='Slowly')
    c.call('chat.send', {'sessionKey': 'main', 'message': 'first', 'idempotencyKey': 'r1'})
    c.wait_event('chat', lambda p: p['runId'] == 'r1' and p['state'] == 'delta')
    assert history() == {'items': [], 'total': 0}
    for run in ('q1', 'q2'):
        c.call('chat.send', {'sessionKey': 'main', 'message': f'later {run}', 'idempotencyKey': run, 'queueMode': 'followup'})
    pending = history()
    assert pending['total'] == 2 and [i['runId'] for i in pending['items']] == ['q1', 'q2']
    first = pending['items'][0]
    assert (first['state'], first['message']['role'], text_of(first['message'])) == ('queued', 'user', 'later q1') and first['acceptedAt'] > 0
    c.call('chat.send', {'sessionKey': 'main', 'message': '/stop'})
    assert history()['total'] == 0


def test_the_answer_to_a_steered_message_is_a_segment_of_its_own(gateway, sim):
    c = gateway.connect()
    sim.settings['pace'] = 0.1
    sim.reply('one two three four five six seven eight')
    c.call('chat.send', {'sessionKey': 'main', 'message': 'first', 'idempotencyKey': 'r1'})
    c.wait_event('chat', lambda p: p['runId'] == 'r1' and p['state'] == 'delta')
    sim.reply('Steered.')
    c.call('chat.send', {'sessionKey': 'main', 'message': 'second', 'idempotencyKey': 's1', 'queueMode': 'steer'})
    empty = c.wait_event('chat', ended('s1'))
    assert empty['state'] == 'final' and 'message' not in empty
    assert text_of(c.wait_event('chat', ended('r1'))['message']) == 'Steered.'
    spoken = [f['payload']['data'] for f in of_run(c, 'r1') if f['payload'].get('stream') == 'assistant']
    assert len({s['itemId'] for s in spoken}) == 2
    assert spoken[-1]['text'] == 'Steered.' and [s['text'] for s in spoken if s['itemId'] == spoken[0]['itemId']][-1].endswith('eight')


def test_nothing_begins_while_the_gateway_shuts_down(gateway, sim):
    c = gateway.connect()
    sim.fail('hang', after=1, seconds=2, text='Slowly')
    c.call('chat.send', {'sessionKey': 'main', 'message': 'first', 'idempotencyKey': 'r1'})
    c.wait_event('chat', lambda p: p['runId'] == 'r1' and p['state'] == 'delta')
    gateway.popen.terminate()
    gateway.wait_console('shutting down')
    for method, params in (('chat.send', {'sessionKey': 'other', 'message': 'hi'}), ('agent', {'message': 'hi'})):
        error = c.refused(method, params)
        assert error['code'] == 'UNAVAILABLE' and error['retryable'] is True and error['retryAfterMs'] > 0, error
    assert c.wait_event('chat', ended('r1'))['state'] in TERMINAL
    gateway.wait_ended()
