"""Many at once: two hundred streams, a client that never reads, twenty sessions (compared within one run, never by the clock)."""
import contextlib
import http.client
import json
import statistics
import threading
import time

import pytest

from gateway_client import TOKEN, new_id, wait_for
from vitals import SMALL_QUARANTINE, ModelServer, RawSocket, Vitals, config_for, rss_mb

pytestmark = pytest.mark.any_wire
WEBSOCKETS, RELAYED = 100, 100
TOKENS = 20


@pytest.fixture
def server():
    with ModelServer() as s:
        yield s


@pytest.fixture
def busy_gateway(start_gateway, openclaw, server):
    return start_gateway(config_for(server), env={'ASAN_OPTIONS': openclaw.env['ASAN_OPTIONS'] + SMALL_QUARANTINE})


def ended(run):
    return lambda p: p['runId'] == run and p['state'] in ('final', 'error', 'aborted')


def text_of(final):
    return ''.join(p['text'] for p in final['message']['content'] if p['type'] == 'text')


class Crowd:
    """Streams that begin together. Each notes how long it took, or what went wrong."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.clients = [gateway.connect(caps=('tool-events', 'session-scoped-events')) for _ in range(WEBSOCKETS)]
        for n, c in enumerate(self.clients):
            c.call('sessions.messages.subscribe', {'key': f'crowd-{n}'})

    def talk(self, n, c):
        run = new_id()
        c.call('chat.send', {'sessionKey': f'crowd-{n}', 'message': f'STREAM:{TOKENS}:50:8', 'idempotencyKey': run}, timeout=120)
        final = c.wait_event('chat', ended(run), timeout=120)
        assert final['state'] == 'final' and [len(w) for w in text_of(final).split()] == [7] * TOKENS, final

    def relay(self):
        c = http.client.HTTPConnection('127.0.0.1', self.gateway.port, timeout=120)
        body = {'model': 'instant/instant', 'stream': True, 'messages': [{'role': 'user', 'content': f'STREAM:{TOKENS}:50:8'}]}
        c.request('POST', '/v1/chat/completions', json.dumps(body), {'Authorization': f'Bearer {TOKEN}'})
        r = c.getresponse()
        data = r.read()
        c.close()
        assert r.status == 200 and data.endswith(b'data: [DONE]\n\n') and data.count(b'"content":"x') == TOKENS, data

    def run(self):
        """Seconds of each stream."""
        seconds, wrong = [], []
        begin = threading.Barrier(WEBSOCKETS + RELAYED)

        def one(work, *args):
            begin.wait()
            started = time.monotonic()
            try:
                work(*args)
                seconds.append(time.monotonic() - started)
            except Exception as e:
                wrong.append(e)

        threads = [threading.Thread(target=one, args=(self.talk, n, c)) for n, c in enumerate(self.clients)]
        threads += [threading.Thread(target=one, args=(self.relay,)) for _ in range(RELAYED)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(180)
        assert not wrong, wrong[:3]
        assert len(seconds) == WEBSOCKETS + RELAYED
        return seconds


def never_reads(gateway):
    """A client that asks for more than the limit of a connection and reads nothing of it."""
    c = RawSocket(gateway, room=2048)
    c.connection_id = c.hello()['server']['connId']
    c.answer(c.ask('sessions.subscribe'))
    # Text is told whole each time, so 1 MB in 120 pieces is some 100 MB of events.
    c.ask('chat.send', {'sessionKey': 'flood', 'message': 'STREAM:120:80:8000', 'idempotencyKey': new_id()})
    return c


def log_of(openclaw):
    return (openclaw.home / 'gateway.log').read_text()


def test_one_that_never_reads_slows_nobody_and_is_closed_with_its_reason(busy_gateway, openclaw):
    vitals = Vitals(busy_gateway, grows_mb=200)
    crowd = Crowd(busy_gateway)
    alone = statistics.median(crowd.run())
    with never_reads(busy_gateway) as slow:
        beside = statistics.median(crowd.run())
        assert beside < 2 * alone, f'{beside:.2f} s instead of {alone:.2f}'
        wait_for(lambda: f'conn={slow.connection_id} reads too slowly' in log_of(openclaw), 'no word of it in the log', 120)
        assert rss_mb(busy_gateway) < vitals.rss + 500
        assert slow.closed() == (1008, 'slow consumer')
    for c in crowd.clients:
        c.close()
    vitals.check('after the crowd')


def test_answers_that_nobody_reads_have_the_same_limit(busy_gateway, openclaw):
    """Not events alone: a client that goes on asking without reading is closed too."""
    vitals = Vitals(busy_gateway)
    c = vitals.client
    run = new_id()
    c.call('chat.send', {'sessionKey': 'long', 'message': 'STREAM:30:0:8000', 'idempotencyKey': run})
    assert c.wait_event('chat', ended(run))['state'] == 'final'
    with RawSocket(busy_gateway, room=2048) as slow:
        slow.hello()
        with contextlib.suppress(OSError):
            slow.s.settimeout(5)
            for _ in range(2000):
                slow.ask('chat.history', {'sessionKey': 'long', 'maxChars': 500000})
        wait_for(lambda: 'reads too slowly' in log_of(openclaw), 'no limit', 15)
        assert rss_mb(busy_gateway) < vitals.rss + 300
        slow.s.settimeout(30)
        assert slow.closed() == (1008, 'slow consumer')
    vitals.check()


def test_twenty_sessions_at_once(busy_gateway):
    """With a slot for each, twenty take hardly longer than one."""
    vitals = Vitals(busy_gateway)
    clients = [busy_gateway.connect(caps=('session-scoped-events',)) for _ in range(20)]
    for n, c in enumerate(clients):
        c.call('sessions.messages.subscribe', {'key': f'at-once-{n}'})

    def round_of(numbers, tokens='20:50:8'):
        """Seconds from the first message to the last answer."""
        runs = {n: new_id() for n in numbers}
        started = time.monotonic()
        for n, run in runs.items():
            clients[n].send('chat.send', {'sessionKey': f'at-once-{n}', 'message': f'STREAM:{tokens}', 'idempotencyKey': run})
        for n, run in runs.items():
            assert clients[n].wait_event('chat', ended(run))['state'] == 'final'
        return time.monotonic() - started

    round_of(range(20))
    one = statistics.median(round_of([n]) for n in range(3))
    assert statistics.median(round_of(range(20)) for _ in range(3)) < 3 * one, 'they wait for each other'
    for c in clients:
        c.close()
    vitals.check()
