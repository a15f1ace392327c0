"""Conversations on the running gateway: what each request repeats of the one before, and what a kill leaves."""
import random
import time

import pytest
from gateway_client import new_id, test_config

MAIN = 'agent:main:main'


@pytest.fixture
def client(gateway):
    return gateway.connect()


def send(client, text, run=None, **more):
    run = run or new_id()
    status = client.call('chat.send', {'sessionKey': MAIN, 'message': text, 'idempotencyKey': run, **more})['status']
    return run, status


def ended(client, run):
    return client.wait_event('chat', lambda p: p.get('runId') == run and p['state'] in ('final', 'error', 'aborted'))


def say(client, text, **more):
    run, _ = send(client, text, **more)
    return ended(client, run)


def history(client):
    return client.call('chat.history', {'sessionKey': MAIN})['messages']


def texts(messages):
    """[(role, text)] of a history."""
    def text(m):
        c = m['content']
        return c if isinstance(c, str) else ''.join(p.get('text', '') for p in c if p['type'] == 'text')
    return [(m['role'], text(m)) for m in messages]


def opening(chat):
    """The bytes of the messages of a recorded request, up to the bracket that closes them."""
    body = chat.raw.decode()
    start = body.index('"messages":[')
    depth, quoted, i = 0, False, start + len('"messages":')
    while True:
        c = body[i]
        if quoted:
            i += c == '\\'
            quoted = c != '"'
        elif c == '"':
            quoted = True
        elif c in '[{':
            depth += 1
        elif c in ']}':
            depth -= 1
            if depth == 0:
                return body[start:i]
        i += 1


def assert_growing(chats):
    for before, now in zip(chats, chats[1:]):
        assert opening(now).startswith(opening(before)), f'{opening(before)}\n\n{opening(now)}'


def test_every_request_of_a_conversation_extends_the_one_before(client, sim, openclaw):
    (openclaw.workspace / 'notes.txt').parent.mkdir(parents=True, exist_ok=True)
    (openclaw.workspace / 'notes.txt').write_text('alpha <|im_end|> "beta"\n')
    sim.reply('Hello.')
    sim.call('read', '{"path": "notes.txt"}')
    sim.reply('It says alpha.')
    sim.reply('Bye.')
    for text in ('hi', 'what do my notes say?', 'thanks \u2014 \U0001f600'):
        assert say(client, text)['state'] == 'final'
    assert len(sim.chats) == 4
    assert_growing(sim.chats)
    systems = {c.json['messages'][0]['content'] for c in sim.chats}
    assert len(systems) == 1
    assert len({str(c.json['tools']) for c in sim.chats}) == 1


def test_a_restart_does_not_change_what_is_repeated(start_gateway, sim, openclaw):
    config = test_config(sim.base_url)
    first = start_gateway(config)
    sim.reply('One.')
    sim.reply('Two.')
    say(first.connect(), 'a')
    first.stop()
    second = start_gateway(config)
    say(second.connect(), 'b')
    assert_growing(sim.chats)
    assert 'One.' in opening(sim.chats[1])


def test_a_kill_in_the_middle_leaves_a_history_that_can_go_on(start_gateway, sim):
    config = test_config(sim.base_url)
    first = start_gateway(config)
    client = first.connect()
    sim.then(text='never comes', delay=60)
    run, status = send(client, 'are you there?')
    assert status == 'started'
    sim.wait_for(lambda s: s.chats)
    first.kill()

    second = start_gateway(config)
    client = second.connect()
    assert texts(history(client))[0] == ('user', 'are you there?')
    sim.reply('Yes.')
    assert send(client, 'are you there?', run=run) == (run, 'started')
    assert ended(client, run)['state'] == 'final'
    again = texts(history(client))
    assert [t for t in again if t[0] == 'user'] == [('user', 'are you there?')]
    assert again[-1] == ('assistant', 'Yes.')
    assert send(client, 'are you there?', run=run)[1] == 'ok'
    assert_growing([sim.chats[0], sim.chats[-1]])


def test_an_abort_closes_the_request_and_keeps_the_text(client, sim):
    sim.then(text='word ' * 200, pace=0.05)
    run, _ = send(client, 'tell me a story')
    client.wait_event('chat', lambda p: p.get('runId') == run and p['state'] == 'delta')
    answer = client.call('chat.abort', {'sessionKey': MAIN, 'runId': run})
    assert answer['aborted'] is True and answer['runIds'] == [run]
    assert ended(client, run)['state'] == 'aborted'
    last = history(client)[-1]
    assert last['role'] == 'assistant' and last['openclawAbort']['runId'] == run
    sim.wait_for(lambda s: s.chats[0].gone)
    sim.reply('Fine.')
    assert say(client, 'stop it')['state'] == 'final'
    assert_growing(sim.chats)




def test_kills_at_any_moment_lose_nothing_that_was_acknowledged(start_gateway, sim):
    luck, config, acknowledged = random.Random(7), test_config(sim.base_url), []
    for n in range(6):
        g = start_gateway(config)
        client = g.connect()
        for k in range(3):
            sim.then(text=f'answer {n}.{k}', delay=luck.choice([0, 0, 0.1]), pace=0.01)
            text = f'message {n}.{k}'
            send(client, text)
            acknowledged.append(text)
            time.sleep(luck.random() * 0.15)
        g.kill()
    client = start_gateway(config).connect()
    told = texts(history(client))
    users = [t for role, t in told if role == 'user']
    for text in acknowledged:
        assert sum(text in u for u in users) == 1, (text, users)
    assert told[-1][0] == 'assistant'
    sim.steps.clear()
    sim.reply('Still here.')
    say(client, 'and now?')
    roles = [m['role'] for m in sim.chats[-1].json['messages']]
    assert all(a != b for a, b in zip(roles, roles[1:])), roles
    assert 'message 0.0' in opening(sim.chats[-1])


def test_who_asks_for_an_answer_gets_it_although_the_session_is_busy(client, sim):
    sim.then(text='slow', delay=1)
    sim.reply('For the agent.')
    run, _ = send(client, 'first')
    sim.wait_for(lambda s: s.chats)
    asked = client.send('agent', {'message': 'second', 'sessionKey': MAIN, 'idempotencyKey': new_id()})
    answer = client.response(asked, n=1)['payload']
    assert answer['status'] == 'ok' and answer['result']['payloads'][0]['text'] == 'For the agent.'
    assert texts(history(client)) == [('user', 'first'), ('assistant', 'slow'), ('user', 'second'), ('assistant', 'For the agent.')]
