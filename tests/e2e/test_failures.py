"""A server that dies, lies, stalls or refuses: every failure ends soon, with exit code 1 and a message a person can act
on; what is safe to repeat is repeated, the rest is not (spec 03 §1.6, 00 D7, D8, D69)."""
import re
import signal
import time

import pytest

QWEN = 'qwen/qwen3.5-9b'


@pytest.fixture
def infer(openclaw, sim):
    def run(*options, **provider_keys):
        openclaw.use(sim.base_url, **provider_keys)
        return openclaw.run('infer', 'model', 'run', '--prompt', 'Say hi', *options)
    return run


PHASES = pytest.mark.parametrize('step', [dict(), dict(after=0), dict(after=2)],
                                 ids=['before the head', 'after the head', 'mid-stream'])

# what goes wrong, what the message must say (patterns), how many requests are allowed
LASTING = [
    ('killed before the head', dict(fail='reset'), ['127.0.0.1'], (1, 4)),
    ('killed mid-stream', dict(fail='reset', after=2), ['connection|closed|died|ended'], (2, 2)),
    ('cut stream', dict(fail='cut', after=2), ['ended|closed|cut'], (2, 2)),
    ('stream without finish', dict(fail='end', after=2), ['ended|finish'], (2, 2)),
    ('html', dict(fail='html'), ['html|HTML', 'baseUrl', '/v1'], (1, 1)),
    ('event: error', dict(fail='event-error', message='The model has crashed. (Exit code: 6)'),
     [r'The model has crashed\. \(Exit code: 6\)'], (1, 3)),
    ('event: error after text', dict(fail='event-error', after=2, message='Boom 17'), ['Boom 17'], (1, 3)),
    ('error as plain data', dict(fail='data-error', message='Boom 18'), ['Boom 18'], (1, 3)),
    ('401', dict(fail='status', status=401), ['401', 'key|token'], (1, 1)),
    ('403', dict(fail='status', status=403), ['403'], (1, 1)),
    ('404', dict(fail='status', status=404), ['404', 'ghost'], (1, 1)),
    ('400', dict(fail='status', status=400), ['400', "Invalid 'messages'"], (1, 1)),
    ('500', dict(fail='status', status=500), ['500', 'crashed without additional information'], (3, 3)),
    ('malformed event', dict(fail='bad-event'), ['[Mm]alformed|JSON'], (1, 1)),
    ('malformed event after text', dict(fail='bad-event', after=2), ['[Mm]alformed|JSON'], (1, 1)),
    ('broken JSON body', dict(fail='not-json'), ['JSON'], (1, 1)),
    ('plain text', dict(fail='text'), ['text/plain', 'baseUrl'], (1, 1)),
    ('not HTTP at all', dict(fail='garbage'), ['127.0.0.1|HTTP'], (1, 4)),
    ('empty answer', dict(fail='silent'), ['empty|no text|nothing', 'context'], (2, 2)),
]


@pytest.mark.parametrize('step, says, requests', [c[1:] for c in LASTING], ids=[c[0] for c in LASTING])
def test_a_lasting_failure_ends_with_its_reason(infer, sim, step, says, requests):
    sim.then(times=-1, **step)
    r = infer()
    assert r.rc == 1 and 'Traceback' not in r.err, r
    for pattern in says:
        assert re.search(pattern, r.err), f'{pattern!r} is missing in {r}'
    assert requests[0] <= len(sim.chats) <= requests[1], f'{len(sim.chats)} requests; {r}'


def test_no_raw_bytes_of_a_malformed_event_are_shown(infer, sim):
    sim.fail('bad-event', times=-1, body='{"secret":"sk-hush-1234567890"')
    r = infer()
    assert r.rc == 1 and 'sk-hush' not in r.out + r.err


def test_html_of_a_502_is_a_server_that_cannot_be_reached(infer, sim):
    sim.fail('html', status=502, times=-1)
    r = infer().failed('502')
    assert '<' not in r.err, 'no markup in a message'


# fails like that n times, then works
PASSING = [
    ('killed once mid-stream', dict(fail='reset', after=2), 1, 0),
    ('cut once', dict(fail='cut', after=1), 1, 0),
    ('500 twice', dict(fail='status', status=500), 2, 1),
    ('loading twice', dict(fail='status', status=503), 2, 0),
    ('busy for a second', dict(fail='status', status=429, headers={'Retry-After': '1'}), 1, 0.9),
    ('reset before the head', dict(fail='reset'), 2, 0.5),
    ('empty once', dict(fail='silent'), 1, 0),
]


@pytest.mark.parametrize('step, times, seconds', [c[1:] for c in PASSING], ids=[c[0] for c in PASSING])
def test_a_passing_failure_is_sat_out(infer, sim, step, times, seconds):
    sim.then(times=times, **step)
    r = infer().ok()
    assert r.out.endswith(f'\nHello from {QWEN}.\n'), 'one whole answer, nothing of the broken one'
    assert len(sim.chats) == times + 1
    assert r.seconds >= seconds
    assert all(c.raw == sim.chats[0].raw for c in sim.chats), 'a retry sends the same bytes'


def test_a_server_that_is_down_is_named(openclaw, closed_port):
    openclaw.use(f'http://127.0.0.1:{closed_port}/v1')
    r = openclaw.run('infer', 'model', 'run', '--prompt', 'x').failed(str(closed_port))
    assert r.seconds < 15


@PHASES
def test_a_hang_ends_after_timeoutSeconds_and_says_so(infer, sim, step):
    sim.fail('hang', times=-1, **step)
    r = infer(timeoutSeconds=1).failed('timeoutSeconds')
    assert 0.9 < r.seconds < 6 and len(sim.chats) == 1, 'a timeout is not retried'


def test_slow_bytes_are_not_a_hang(infer, sim):
    sim.fail('slow', rate=700, text='slow but sure')
    r = infer(timeoutSeconds=1).ok()
    assert r.out.endswith('slow but sure\n') and r.seconds > 1.5


def test_a_server_that_stops_mid_stream_does_not_hang_the_client(openclaw, sim):
    openclaw.use(sim.base_url)
    sim.fail('hang', after=2)
    running = openclaw.start('infer', 'model', 'run', '--prompt', 'x')
    sim.wait_for(lambda s: s.chats and s.chats[0].chunks == 2)
    sim.stop()
    assert running.wait(20).rc == 1


@pytest.mark.parametrize('overflow', ['sse', '400'])
def test_an_overlong_prompt_is_explained(infer, sim, overflow):
    sim.then(overflow=overflow, times=-1)
    r = infer()
    assert r.rc == 1 and re.search('context', r.err) and '32768' in r.err, r
    assert len(sim.chats) == 1


@pytest.mark.parametrize('status, body, said', [
    (400, '{"error":{"message":"first form"}}', 'first form'), (400, '{"error":"second form"}', 'second form'),
    (422, '{"message":"third form"}', 'third form'), (422, '{"detail":"fourth form"}', 'fourth form'),
    (418, 'just words', 'just words'),
    (200, '{"error":"Unexpected endpoint or method. (POST /x)"}', '[Uu]nexpected endpoint')])
def test_the_servers_own_words_are_shown(infer, sim, status, body, said):
    sim.fail('status', status=status, body=body, times=-1)
    assert re.search(said, infer().failed().err)


def test_a_long_error_body_is_not_dumped(infer, sim):
    sim.fail('status', status=400, body='x' * 1000000, times=-1)
    r = infer()
    assert r.rc == 1 and len(r.err) < 5000


# ---- interrupting ---------------------------------------------------------------------------------------------------

@PHASES
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM], ids=['Ctrl-C', 'SIGTERM'])
def test_an_interrupt_closes_the_connection_at_once(openclaw, sim, step, number):
    openclaw.use(sim.base_url)
    sim.fail('hang', **step)
    running = openclaw.start('infer', 'model', 'run', '--prompt', 'x')
    sim.wait_for(lambda s: s.chats and s.chats[0].chunks == step.get('after', 0))
    time.sleep(0.1)
    before, sent = set(openclaw.files()), time.monotonic()
    running.signal(number)
    sim.wait_for(lambda s: s.chats[0].gone, timeout=5)
    r = running.wait(5)
    assert sim.chats[0].gone - sent < 0.25
    assert r.rc != 0 and len(sim.chats) == 1
    assert set(openclaw.files()) == before, 'no half-written file'


def test_an_interrupt_ends_the_wait_between_two_tries(openclaw, sim):
    openclaw.use(sim.base_url)
    sim.fail('status', status=429, headers={'Retry-After': '50'}, times=-1)
    running = openclaw.start('infer', 'model', 'run', '--prompt', 'x')
    sim.wait_for(lambda s: s.chats)
    time.sleep(0.3)
    running.signal()
    assert running.wait(5).rc != 0


# ---- the agent ------------------------------------------------------------------------------------------------------

@pytest.fixture
def agent(openclaw, sim):
    openclaw.use(sim.base_url, params={'preload': False})
    openclaw.workspace.mkdir(parents=True)
    return lambda message='Say hi', **more: openclaw.run('agent', '--local', '-m', message, **more)


@pytest.mark.parametrize('step', [dict(fail='reset', after=3), dict(fail='cut', after=3),
                                  dict(fail='bad-event', after=3),
                                  dict(fail='event-error', after=3, message='Boom 19')], ids=lambda s: s['fail'])
def test_partial_text_of_an_agent_turn_is_kept(agent, sim, step):
    sim.then(times=-1, text='one two three four five', **step)
    r = agent()
    assert r.rc == 1 and 'one two three' in r.out and r.err, r
    assert len(sim.chats) == 1, 'nothing is repeated once text was shown'


def test_no_tool_of_a_cut_turn_is_run(agent, openclaw, sim):
    call = {'index': 0, 'id': '123456789', 'type': 'function',
            'function': {'name': 'write', 'arguments': '{"path":"made.txt","content":"x"}'}}
    sim.then(times=-1, deltas=[{'role': 'assistant', 'tool_calls': [call]}, {}], fail='end', after=1)
    assert agent().rc == 1
    assert not (openclaw.workspace / 'made.txt').exists()


def test_an_interrupted_agent_leaves_no_half_written_file(openclaw, agent, sim):
    sim.call('write', {'path': 'big.txt', 'content': 'x' * 2000}, fail='hang', after=20)
    running = openclaw.start('agent', '--local', '-m', 'write it')
    sim.wait_for(lambda s: s.chats and s.chats[0].chunks == 20)
    sent = time.monotonic()
    running.signal()
    sim.wait_for(lambda s: s.chats[0].gone, timeout=5)
    assert running.wait(5).rc != 0
    assert sim.chats[0].gone - sent < 0.25
    assert list(openclaw.workspace.iterdir()) == []
