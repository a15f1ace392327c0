"""Killed without warning at any point of a run, started again: nothing acknowledged is lost, the conversation can go on, and a
request that a client repeats is run once. Also: ended in order in the middle of a run, restarted in place, and a full disk."""
import json
import random
import resource
import signal
import sqlite3
import threading
import time

import pytest
import websockets.exceptions

from gateway_client import new_id, test_config, wait_for

TERMINAL = ('final', 'aborted', 'error')
WORDS = 'one two three four five six seven eight nine ten'.split()
LONG = {'pieces': [w + ' ' for w in WORDS], 'text': ' '.join(WORDS) + ' ', 'pace': 0.2}
HANGS = {'text': 'too late', 'delay': 60}


def config(sim, **more):
    c = test_config(sim.base_url)
    c['tools'] = {'exec': {'mode': 'full'}}
    c['agents']['defaults'].update(more)
    return c


def ended(run):
    return lambda p: p['runId'] == run and p['state'] in TERMINAL


def send(c, text, run, key='main'):
    return c.call('chat.send', {'sessionKey': key, 'message': text, 'idempotencyKey': run})


def texts(history, role):
    def text(m):
        content = m['content']
        return content if isinstance(content, str) else ''.join(p.get('text', '') for p in content)
    return [text(m) for m in history['messages'] if m['role'] == role]


def assert_replayable(messages):
    """What the model is sent: calls and results in pairs, nobody speaks twice in a row, nothing is empty."""
    messages = [m for m in messages if m['role'] != 'system']
    assert messages and messages[0]['role'] == 'user'
    open_calls = []
    for before, m in zip([None, *messages], messages):
        if m['role'] == 'tool':
            assert m['tool_call_id'] in open_calls, messages
            open_calls.remove(m['tool_call_id'])
            continue
        assert not open_calls, f'no result for {open_calls}: {messages}'
        assert not before or before['role'] != m['role'] or m['role'] == 'assistant' and before.get('tool_calls'), messages
        open_calls = [t['id'] for t in m.get('tool_calls', [])]
        assert m.get('content') or open_calls, messages
    assert not open_calls


class Scene:
    """A conversation of one finished turn and a second one that is going to be interrupted: self.run."""

    def __init__(self, start_gateway, sim, openclaw, **more):
        self.start, self.sim, self.openclaw = start_gateway, sim, openclaw
        self.gateway = start_gateway(config(sim, **more))
        self.c = self.gateway.connect(caps=('tool-events',))
        first = new_id()
        sim.reply('first answer')
        send(self.c, 'first question', first)
        assert self.c.wait_event('chat', ended(first))['state'] == 'final'
        self.run, self.asked = new_id(), len(sim.chats)
        self.request = {'sessionKey': 'main', 'message': 'second question', 'idempotencyKey': self.run}

    def begin(self):
        self.c.call('chat.send', self.request)

    def wait_asked(self, n):
        self.sim.wait_for(lambda s: len(s.chats) >= self.asked + n, 20)

    def wait_text(self, word):
        self.c.wait_event('chat', lambda p: p['runId'] == self.run and p['state'] == 'delta' and word in str(p['message']))

    def wait_tool(self, phase):
        self.c.wait_event('agent', lambda p: p['runId'] == self.run and p['stream'] == 'tool' and p['data']['phase'] == phase)

    def kill(self):
        self.gateway.kill()
        self.sim.steps.clear()

    def again(self):
        """The next gateway on the same state, with a client."""
        database = self.openclaw.state / 'gateway.sqlite'
        self.gateway = self.start(None)
        with sqlite3.connect(f'file:{database}?mode=ro', uri=True) as db:
            assert db.execute('pragma integrity_check').fetchone() == ('ok',)
        self.c = self.gateway.connect(caps=('tool-events',))
        self.asked = len(self.sim.chats)
        return self.c


def before_the_answer(s):
    s.sim.then(**HANGS)
    s.begin()
    s.wait_asked(1)


def at_the_acknowledgement(s):
    s.sim.then(**HANGS)
    s.begin()


def before_the_acknowledgement(s):
    s.sim.then(**HANGS)
    s.c.send('chat.send', s.request)


def at_the_first_word(s):
    s.sim.then(**LONG)
    s.begin()
    s.wait_text('one')


def amid_the_words(s):
    s.sim.then(**LONG)
    s.begin()
    s.wait_text('five')


def at_the_last_word(s):
    s.sim.then(**{**LONG, 'done': False})
    s.begin()
    s.wait_text('ten')


def amid_the_thoughts(s):
    s.sim.then(reasoning='a b c d e f', text='x', pace=0.3)
    s.begin()
    s.wait_asked(1)
    time.sleep(0.5)


def amid_the_arguments(s):
    s.sim.then(tool_calls=[{'name': 'exec', 'arguments': {'command': 'echo ' + 'x' * 400}}], pace=0.3)
    s.begin()
    s.wait_asked(1)
    time.sleep(0.6)


def in_a_tool(s):
    s.sim.call('exec', {'command': 'sleep 30'})
    s.begin()
    s.wait_tool('start')


def in_the_second_tool(s):
    s.sim.then(tool_calls=[{'name': 'exec', 'arguments': {'command': 'echo one'}}, {'name': 'exec', 'arguments': {'command': 'sleep 30'}}])
    s.begin()
    s.wait_tool('result')


def after_the_result(s):
    s.sim.call('exec', {'command': 'echo done'}).then(**HANGS)
    s.begin()
    s.wait_tool('result')


def before_the_answer_to_the_result(s):
    s.sim.call('exec', {'command': 'echo done'}).then(**HANGS)
    s.begin()
    s.wait_asked(2)


def amid_the_words_about_the_result(s):
    s.sim.call('exec', {'command': 'echo done'}).then(**LONG)
    s.begin()
    s.wait_text('four')


def between_two_tries(s):
    s.sim.then(error=500, times=-1)
    s.begin()
    s.wait_asked(1)


def at_the_end(s):
    s.sim.reply('second answer')
    s.begin()
    s.c.wait_event('chat', ended(s.run))


POINTS = [before_the_acknowledgement, at_the_acknowledgement, before_the_answer, at_the_first_word, amid_the_words, at_the_last_word,
          amid_the_thoughts, amid_the_arguments, in_a_tool, in_the_second_tool, after_the_result, before_the_answer_to_the_result,
          amid_the_words_about_the_result, between_two_tries, at_the_end]


@pytest.fixture
def scene(start_gateway, sim, openclaw):
    return Scene(start_gateway, sim, openclaw)


@pytest.mark.parametrize('point', POINTS, ids=lambda p: p.__name__)
def test_after_a_kill_the_conversation_is_whole_and_the_repeated_request_runs_once(scene, point):
    point(scene)
    scene.kill()
    c = scene.again()
    history = c.call('chat.history', {'sessionKey': 'main'})
    asked = texts(history, 'user')
    lost = point is before_the_acknowledgement and len(asked) == 1  # nobody was told that it was taken
    assert asked == ['first question', 'second question'][:1 if lost else 2]
    assert texts(history, 'assistant')[0] == 'first answer'

    # The client did not see the end: it asks again with the same key, twice.
    scene.sim.reply('third answer')
    states = {c.call('chat.send', scene.request)['status'] for _ in range(2)}
    if states != {'ok'}:
        assert c.wait_event('chat', ended(scene.run))['state'] == 'final'
        assert len(scene.sim.chats) == scene.asked + 1, 'run once'
        assert_replayable(scene.sim.chats[-1].json['messages'])
    else:
        assert point is at_the_end and len(scene.sim.chats) == scene.asked
        scene.sim.steps.clear()
    assert c.call('chat.send', scene.request)['status'] == 'ok'
    history = c.call('chat.history', {'sessionKey': 'main'})
    assert texts(history, 'user') == ['first question', 'second question'], 'the message is there once'

    # And the conversation goes on.
    last = new_id()
    scene.sim.reply('last answer')
    send(c, 'last question', last)
    assert c.wait_event('chat', ended(last))['state'] == 'final'
    messages = scene.sim.chats[-1].json['messages']
    assert_replayable(messages)
    assert messages[1:3] == [m for m in scene.sim.chats[0].json['messages'] if m['role'] == 'user'] + [
        {'role': 'assistant', 'content': 'first answer'}], 'what was said before is sent as before'


STEPS = [(when, n) for n in range(3) for when in ('asked', 'running', 'done')] + [('asked', 3)]


def mark(n, hangs=False):
    return {'command': f'echo {n} >> marks' + ('; sleep 60' if hangs else '')}


@pytest.mark.parametrize('when, at', STEPS, ids=[f'{when}-{n}' for when, n in STEPS])
def test_a_kill_at_any_step_of_a_tool_loop_runs_nothing_twice(scene, when, at):
    """Three commands that leave a mark each. Killed while the model is asked, a command runs, or its result is there; the
    client then repeats its request, and the model does what is still to be done."""
    sim, marks = scene.sim, scene.openclaw.workspace / 'marks'
    for n in range(at):
        sim.call('exec', mark(n))
    if when != 'asked':
        sim.call('exec', mark(at, hangs=when == 'running'))
    sim.then(**HANGS)
    scene.begin()
    scene.wait_asked(at + (2 if when == 'done' else 1))
    if when == 'running':
        wait_for(lambda: marks.exists() and len(marks.read_text().split()) == at + 1, 'the mark')
    scene.kill()
    c = scene.again()
    done = marks.read_text().split() if marks.exists() else []
    assert done == [str(n) for n in range(at + (when != 'asked'))]
    for n in range(len(done), 3):
        sim.call('exec', mark(n))
    sim.reply('all done')
    c.call('chat.send', scene.request)
    assert c.wait_event('chat', ended(scene.run))['state'] == 'final'
    assert marks.read_text().split() == ['0', '1', '2']
    messages = sim.chats[-1].json['messages']
    assert_replayable(messages)
    asked = [json.loads(t['function']['arguments'])['command'].split()[1] for m in messages for t in m.get('tool_calls', ())]
    assert asked == ['0', '1', '2'], 'the model sees each call once, with its result'
    history = c.call('chat.history', {'sessionKey': 'main'})
    assert texts(history, 'user') == ['first question', 'second question']
    assert texts(history, 'assistant').count('all done') == 1


def begin_an_answer(scene, after_a_tool):
    if after_a_tool:
        scene.sim.call('exec', {'command': 'echo done'})
    scene.sim.then(text='one two three ' + 'and on ' * 200, pace=0.1)
    scene.begin()
    scene.wait_text('three')
    time.sleep(2)
    scene.kill()


def kept_words(scene):
    """The message that was made of them."""
    history = scene.again().call('chat.history', {'sessionKey': 'main'})
    kept = [m for m in history['messages'] if m['role'] == 'assistant'][-1]
    assert 'one two three' in str(kept['content']), kept
    assert kept['stopReason'] == 'error' and 'stopped while it worked' in kept['errorMessage'], kept
    return kept


@pytest.mark.parametrize('after_a_tool', [False, True])
def test_words_that_were_shown_are_kept_and_marked(scene, after_a_tool):
    begin_an_answer(scene, after_a_tool)
    kept_words(scene)
    run = new_id()
    scene.sim.reply('go on')
    send(scene.c, 'and then?', run)
    scene.c.wait_event('chat', ended(run))
    messages = scene.sim.chats[-1].json['messages']
    assert messages[-2]['content'].startswith('one two three') and messages[-2]['content'].endswith('\n[interrupted]')
    assert_replayable(messages)


@pytest.mark.parametrize('after_a_tool', [False, True])
def test_a_repeated_request_is_answered_anew_beside_the_words_that_were_kept(scene, after_a_tool):
    begin_an_answer(scene, after_a_tool)
    kept = kept_words(scene)
    scene.sim.reply('whole')
    scene.c.call('chat.send', scene.request)
    assert scene.c.wait_event('chat', ended(scene.run))['state'] == 'final'
    messages = scene.sim.chats[-1].json['messages']
    assert messages[-1]['role'] == ('tool' if after_a_tool else 'user') and 'one two three' not in str(messages)
    history = scene.c.call('chat.history', {'sessionKey': 'main'})
    assert kept in history['messages'] and texts(history, 'assistant')[-1] == 'whole'


def test_words_before_a_tool_are_there_once(scene):
    scene.sim.then(text='Let me look. ', tool_calls=[{'name': 'exec', 'arguments': {'command': 'sleep 30'}}])
    scene.begin()
    scene.wait_tool('start')
    time.sleep(1.5)
    scene.kill()
    history = scene.again().call('chat.history', {'sessionKey': 'main'})
    assert json.dumps(history).count('Let me look.') == 1


def test_what_waited_in_the_queue_is_not_lost(scene):
    amid_the_words(scene)
    c = scene.c
    waiting = [new_id(), new_id()]
    for n, run in enumerate(waiting):
        assert send(c, f'waiting {n}', run)['runId'] == run
    scene.kill()
    c = scene.again()
    said = ' '.join(texts(c.call('chat.history', {'sessionKey': 'main'}), 'user'))
    assert said.count('waiting 0') == 1 and said.count('waiting 1') == 1, said
    run = new_id()
    scene.sim.reply('here I am')
    send(c, 'anybody?', run)
    c.wait_event('chat', ended(run))
    assert_replayable(scene.sim.chats[-1].json['messages'])
    text = json.dumps(scene.sim.chats[-1].json['messages'])
    assert text.count('waiting 0') == 1 and text.count('waiting 1') == 1


def test_a_kill_while_the_conversation_is_shortened(scene):
    c, sim = scene.c, scene.sim
    for n in range(6):
        run = new_id()
        sim.reply(f'answer {n} ' + ' '.join(new_id() for _ in range(100)))
        send(c, f'question {n} ' + ' '.join(new_id() for _ in range(100)), run)
        end = c.wait_event('chat', ended(run))
        assert end['state'] == 'final', end
    before = c.call('chat.history', {'sessionKey': 'main'})['messages']
    n = len(sim.chats)
    sim.then(**HANGS)
    c.send('sessions.compact', {'key': 'main'})
    sim.wait_for(lambda s: len(s.chats) > n)
    scene.kill()
    c = scene.again()
    assert c.call('chat.history', {'sessionKey': 'main'})['messages'] == before
    run = new_id()
    sim.reply('still here')
    send(c, 'and now?', run)
    end = c.wait_event('chat', ended(run))
    assert end['state'] == 'final', end
    assert_replayable(sim.chats[-1].json['messages'])


def test_kills_at_any_moment_lose_nothing_that_was_acknowledged(start_gateway, sim):
    """Eight times at a random moment; the seed is in the message of a failure."""
    seed = random.randrange(10 ** 9)
    dice = random.Random(seed)
    sim.then(text='yes. ' * 5, pace=0.01, times=-1)
    acknowledged, g = [], start_gateway(config(sim))
    for _ in range(8):
        c = g.connect()
        stop = threading.Timer(dice.uniform(0.05, 1), g.kill)
        stop.start()
        try:
            while True:
                text = f'number {len(acknowledged)}'
                run = new_id()
                send(c, text, run)
                acknowledged.append(text)
                c.wait_event('chat', ended(run))
        except (AssertionError, OSError, websockets.exceptions.ConnectionClosed) as e:
            stop.join(20)
            assert c.wait_closed()[0] == 1006, (seed, e)
        g = start_gateway(None)
    history = g.connect().call('chat.history', {'sessionKey': 'main', 'limit': 1000})
    said = texts(history, 'user')
    missing = [t for t in acknowledged if t not in said]
    assert not missing, (seed, missing)
    c, run = g.connect(), new_id()
    send(c, 'the end', run)
    c.wait_event('chat', ended(run))
    assert_replayable(sim.chats[-1].json['messages'])


# ---- in order --------------------------------------------------------------------------------------------------------

def test_a_signal_lets_the_answer_end(scene):
    amid_the_words(scene)
    scene.gateway.popen.send_signal(signal.SIGTERM)
    assert scene.c.wait_event('chat', ended(scene.run))['state'] == 'final'
    assert scene.c.wait_closed() == (1012, 'service restart')
    scene.gateway.wait_ended(0)
    history = scene.again().call('chat.history', {'sessionKey': 'main'})
    assert texts(history, 'assistant')[-1].split() == WORDS


def test_a_restart_in_place_keeps_the_sessions_and_the_answer(scene):
    amid_the_words(scene)
    pid = scene.gateway.popen.pid
    scene.gateway.popen.send_signal(signal.SIGUSR2)
    assert scene.c.wait_event('chat', ended(scene.run))['state'] == 'final'
    assert scene.c.wait_closed() == (1012, 'service restart')
    scene.gateway.wait_ready()
    assert scene.gateway.popen.poll() is None and scene.gateway.popen.pid == pid
    c = scene.gateway.connect()
    history = c.call('chat.history', {'sessionKey': 'main'})
    assert texts(history, 'user') == ['first question', 'second question'] and texts(history, 'assistant')[-1].split() == WORDS
    assert c.call('chat.send', scene.request)['status'] == 'ok', 'the key is still known'


def test_a_hanging_answer_does_not_keep_the_gateway_for_ever(scene):
    before_the_answer(scene)
    for _ in range(2):  # the second one says that nobody wants to wait
        scene.gateway.popen.send_signal(signal.SIGTERM)
        time.sleep(0.3)
    scene.gateway.wait_ended(128 + signal.SIGTERM)
    c = scene.again()
    run = new_id()
    scene.sim.steps.clear()
    scene.sim.reply('back')
    send(c, 'hello again', run)
    assert c.wait_event('chat', ended(run))['state'] == 'final'
    assert_replayable(scene.sim.chats[-1].json['messages'])


# ---- no room ---------------------------------------------------------------------------------------------------------

def test_a_full_disk_is_an_error_and_not_the_end(start_gateway, sim, openclaw):
    """No file may grow: what cannot be kept is not acknowledged, what is there can be read, and with room it goes on."""
    g = start_gateway(config(sim))
    c, run = g.connect(), new_id()
    sim.reply('kept')
    send(c, 'before', run)
    assert c.wait_event('chat', ended(run))['state'] == 'final'
    soft, hard = resource.prlimit(g.popen.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(g.popen.pid, resource.RLIMIT_FSIZE, (4096, hard))
    refused = []
    for n in range(5):
        answer = c.request('chat.send', {'sessionKey': 'main', 'message': 'x' * 300000, 'idempotencyKey': f'full-{n}'})
        if answer['ok']:
            end = c.wait_event('chat', ended(f'full-{n}'))
            if end['state'] == 'error':
                refused.append(end['errorMessage'])
        else:
            refused.append(answer['error']['message'])
    assert refused, 'nothing was said about the full disk'
    assert any(word in ' '.join(refused).lower() for word in ('full', 'disk', 'space', 'too large', 'i/o')), refused
    assert 'before' in texts(c.call('chat.history', {'sessionKey': 'main'}), 'user')
    assert g.get('/healthz').status == 200
    resource.prlimit(g.popen.pid, resource.RLIMIT_FSIZE, (soft, hard))
    run = new_id()
    sim.steps.clear()
    sim.reply('with room again')
    send(c, 'after', run)
    assert c.wait_event('chat', ended(run))['state'] == 'final'
    assert_replayable(sim.chats[-1].json['messages'])
    with sqlite3.connect(f'file:{openclaw.state / "gateway.sqlite"}?mode=ro', uri=True) as db:
        assert db.execute('pragma integrity_check').fetchone() == ('ok',)
