"""One conversation, whoever speaks: a WebSocket client, the command line, an HTTP client and a scheduled job take turns, and
every request begins with all of the one before, so that the model server reads only what is new."""
import json

import pytest

from gateway_client import TOKEN, new_id, test_config
from recorder import Recorder

KEY = 'shared'


def ended(run):
    return lambda p: p['runId'] == run and p['state'] in ('final', 'error', 'aborted')


class Speakers:
    """Each way to say something in the same session; returns when it is answered."""

    def __init__(self, gateway, openclaw):
        self.gateway, self.openclaw, self.c = gateway, openclaw, gateway.connect()
        self.finished = 0

    def websocket(self, text):
        run = new_id()
        self.c.call('chat.send', {'sessionKey': KEY, 'message': text, 'idempotencyKey': run})
        assert self.c.wait_event('chat', ended(run), timeout=60)['state'] == 'final'

    def command_line(self, text):
        r = self.openclaw.run('agent', '--session-key', KEY, '-m', text, timeout=60,
                              env={'OPENCLAW_GATEWAY_PORT': str(self.gateway.port), 'OPENCLAW_GATEWAY_TOKEN': TOKEN}).ok()
        assert r.out.strip()

    def http(self, text):
        got = self.gateway.post('/v1/chat/completions', {'model': 'openclaw', 'messages': [{'role': 'user', 'content': text}]},
                                headers={'x-openclaw-session-key': KEY}, timeout=60)
        assert got.status == 200, got

    def http_stream(self, text):
        got = self.gateway.post('/v1/responses', {'model': 'openclaw', 'input': text, 'stream': True},
                                headers={'x-openclaw-session-key': KEY}, timeout=60)
        assert got.status == 200 and b'response.completed' in got.body, got

    def cron(self, text):
        job = self.c.call('cron.add', {'name': 'turn', 'schedule': {'kind': 'every', 'everyMs': 3600000}, 'sessionTarget': f'session:{KEY}',
                                       'payload': {'kind': 'agentTurn', 'message': text}, 'wakeMode': 'now', 'delivery': {'mode': 'none'}})
        self.c.call('cron.run', {'id': job['id'], 'mode': 'force'})
        self.c.wait_event('cron', lambda p: p.get('action') == 'finished' and p.get('jobId') == job['id'], timeout=60)
        self.c.call('cron.remove', {'id': job['id']})


ORDER = ['websocket', 'command_line', 'http', 'cron', 'websocket', 'http_stream', 'cron', 'command_line', 'http', 'websocket']


def messages_text(raw):
    """The array of messages as it stands in the body."""
    text = raw.decode()
    begin = text.index('[', text.index('"messages":'))
    _, end = json.JSONDecoder().raw_decode(text, begin)
    return text[begin:end]


def assert_extends(before, after):
    """The bytes of the messages of one body begin those of the next, and what comes first is the same."""
    for name in ('model', 'tools', 'tool_choice'):
        assert json.loads(before).get(name) == json.loads(after).get(name), name
    old, new = messages_text(before)[:-1], messages_text(after)
    assert new.startswith(old + ','), f'{old[-500:]}\n\nis not the begin of\n\n{new[:len(old) + 500][-1000:]}'


def test_every_request_extends_the_one_before(start_gateway, sim, openclaw):
    g = start_gateway(test_config(sim.base_url))
    speakers = Speakers(g, openclaw)
    for n, who in enumerate(ORDER):
        sim.reply(f'answer {n}')
        getattr(speakers, who)(f'question {n} by {who}')
    assert len(sim.chats) == len(ORDER)
    for before, after in zip(sim.chats, sim.chats[1:]):
        assert_extends(before.raw, after.raw)
    last = sim.chats[-1].json['messages']
    said = [m['content'] for m in last if m['role'] == 'user']
    assert [n for n, who in enumerate(ORDER) if f'question {n} by {who}' in said[n]] == list(range(len(ORDER)))
    assert [m['content'] for m in last if m['role'] == 'assistant'] == [f'answer {n}' for n in range(len(ORDER) - 1)]


def test_tool_calls_in_between_are_sent_again_as_they_were(start_gateway, sim, openclaw):
    g = start_gateway(test_config(sim.base_url))
    speakers = Speakers(g, openclaw)
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    (openclaw.workspace / 'a.txt').write_text('file content\n')
    for n, who in enumerate(ORDER[:5]):
        sim.call('read', {'path': 'a.txt'}).reply(f'answer {n}')
        getattr(speakers, who)(f'question {n}')
    assert len(sim.chats) == 10
    for before, after in zip(sim.chats, sim.chats[1:]):
        assert_extends(before.raw, after.raw)


def test_a_restart_changes_no_byte(start_gateway, sim, openclaw):
    g = start_gateway(test_config(sim.base_url))
    Speakers(g, openclaw).websocket('before')
    g.stop()
    g = start_gateway(None)
    Speakers(g, openclaw).http('after')
    assert_extends(sim.chats[0].raw, sim.chats[1].raw)


@pytest.fixture
def recorder(llama):
    r = Recorder(llama.port)
    yield r
    r.close()


def test_the_server_itself_says_that_it_read_only_what_is_new(start_gateway, openclaw, llama, recorder):
    """llama.cpp's own count of tokens that it took from its cache."""
    config = test_config(recorder.base_url, model='scripted')
    provider = config['models']['providers'].pop('lmstudio')
    config['models']['providers']['llama'] = {**provider, 'apiKey': 'custom-local'}
    config['agents']['defaults'] = {'model': {'primary': 'llama/scripted'},
                                    'models': {'llama/scripted': {'params': {'temperature': 0}}}}
    g = start_gateway(config)
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    (openclaw.workspace / 'a').write_text('the content of file a\n')
    speakers = Speakers(g, openclaw)
    for n, who in enumerate(ORDER[:5]):
        getattr(speakers, who)(f'question {n}')
    for before, after in zip(recorder.bodies, recorder.bodies[1:]):
        assert_extends(json.dumps(before).encode(), json.dumps(after).encode())
    history = speakers.c.call('chat.history', {'sessionKey': KEY, 'limit': 1000})['messages']
    used = [m['usage'] for m in history if m['role'] == 'assistant']
    assert len(used) == len(recorder.bodies) >= 10
    whole = [u['input'] + u.get('cacheRead', 0) for u in used]
    for n in range(1, len(used)):
        # All of the request before but for its last few tokens, which a template may write in another way.
        assert used[n]['cacheRead'] >= whole[n - 1] - 16, (n, used)
