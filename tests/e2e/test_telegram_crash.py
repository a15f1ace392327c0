"""Killed at any moment between a message and its answer: nothing is answered twice, and everything is answered, or stands in the
outbox as unknown. And a flood, taken without loss and answered in order."""
import os
import random
import re
import time

import pytest

from botapi import TOKEN, BotApi
from gateway_client import test_config, wait_for

KILLS = int(os.environ.get('OPENCLAW_TEST_KILLS', '24'))
FLOOD = int(os.environ.get('OPENCLAW_TEST_FLOOD', '600'))


@pytest.fixture
def tg():
    with BotApi() as api:
        yield api


def config(sim, tg, **telegram):
    c = test_config(sim.base_url)
    c['channels'] = {'telegram': {'botToken': TOKEN, 'apiRoot': tg.url, 'dmPolicy': 'open', 'allowFrom': ['*'], **telegram}}
    c['session'] = {'dmScope': 'per-peer'}
    return c


def unknown(gateway):
    return gateway.connect().call('x.channels.outbox.list', {'state': 'unknown'})['messages']


def pending(gateway):
    box = gateway.connect().call('channels.status')['outbox']
    return box['waiting'] + box['queued']


def test_kills_at_random_moments_lose_nothing_and_repeat_nothing(start_gateway, sim, tg):
    """Each person writes one message, whose answer names it; the gateway is killed at some moment after."""
    chance = random.Random(20261121)
    gateway = start_gateway(config(sim, tg))
    people = []
    for n in range(KILLS):
        person = tg.person(f'P{n}', id=5000 + n)
        people.append(person)
        person.say(f'ECHO:answer-{n}')
        time.sleep(chance.random() * 0.6)
        gateway.kill()
        gateway = start_gateway()
    wait_for(lambda: pending(gateway) == 0, 'everything is settled', 120)
    lost = {m['to'] for m in unknown(gateway)}
    for n, person in enumerate(people):
        got = [t for t in tg.texts(person.chat) if f'answer-{n}' in t]
        assert len(got) <= 1, f'{person.id} was answered twice: {got}'
        assert got or str(person.id) in lost, f'{person.id} was not answered'
    assert len(lost) < KILLS


def numbers(text):
    return [int(n) for n in re.findall(r'message-(\d+)', text)]


def test_a_flood_is_taken_whole_and_answered_in_order(start_gateway, sim, tg):
    """Twenty people write at once, each many messages; what the model is told of each is whole and in order."""
    gateway = start_gateway(config(sim, tg))
    people = [tg.person(f'P{i}', id=7000 + i) for i in range(20)]
    sim.reply('ok', times=-1)
    with tg.lock:
        for n in range(FLOOD):
            people[n % 20].say(f'message-{n}.')
    wait_for(lambda: [c for c in tg.called('getUpdates') if c[1]['offset'] == 1000 + FLOOD + 1], 'all are taken', 120)
    wait_for(lambda: pending(gateway) == 0, 'all are answered', 240)
    told = {}
    for chat in sim.chats:
        users = [m['content'] for m in chat.json['messages'] if m['role'] == 'user']
        who = re.search(r'from (P\d+)', users[0])[1]
        told[who] = [n for u in users for n in numbers(u)]
    for i in range(20):
        assert told[f'P{i}'] == list(range(i, FLOOD, 20))
    assert all(tg.texts(p.chat) for p in people)
