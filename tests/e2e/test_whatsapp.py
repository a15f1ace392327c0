"""WhatsApp by the Cloud API, end to end: conversations, forged calls, limits, the closed window, files, kills."""
import base64
import json
import os
import random
import sqlite3
import time

import pytest
from gateway_client import test_config
from whatsapp import Cloud

HOOK = '/channels/whatsapp-cloud/webhook'
PNG = base64.b64decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==')


@pytest.fixture
def cloud():
    with Cloud() as c:
        yield c


@pytest.fixture
def start(start_gateway, sim, cloud):
    """start(**section): a gateway whose only channel is the simulated platform."""
    def go(again=False, exec_mode=None, **section):
        config = None
        if not again:
            config = test_config(sim.base_url)
            config['channels'] = {'whatsapp-cloud': {**cloud.config, 'dmPolicy': 'open', 'allowFrom': ['*'], **section}}
            if exec_mode:
                config['tools'] = {'exec': {'mode': exec_mode}}
        g = start_gateway(config)
        cloud.hook = g.url + HOOK
        return g
    return go


def rows(openclaw, sql):
    database = openclaw.state / 'gateway.sqlite'
    with sqlite3.connect(f'file:{database}?mode=ro', uri=True) as db:
        return db.execute(sql).fetchall()


# ---- a conversation

def test_a_person_is_answered_and_only_the_final_text_is_sent(start, sim, cloud):
    start()
    sim.reply('**Hello** Ada', reasoning='She says hi. Secret thoughts.')
    cloud.say('Hi')
    assert cloud.wait_sent(1) == ['*Hello* Ada']
    sim.reply('It is _noon_.')
    cloud.say('What time is it?')
    assert cloud.wait_sent(2)[1] == 'It is _noon_.'
    assert [m['to'] for m in cloud.sent] == [cloud.person] * 2
    assert 'Hi' in json.dumps(sim.chats[0].json) and 'Hello' in json.dumps(sim.chats[1].json)
    assert cloud.marks and cloud.marks[0]['typing_indicator'] == {'type': 'text'}


def test_what_a_model_says_before_its_tools_is_not_sent(start, sim, cloud):
    start(exec_mode='full')
    sim.then(text='Let me look.', tool_calls=[{'name': 'exec', 'arguments': {'command': 'echo 42'}}])
    sim.reply('It is 42.')
    cloud.say('How much?')
    assert cloud.wait_sent(1) == ['It is 42.']


def test_a_long_answer_is_cut_at_lines_and_within_the_limit(start, sim, cloud):
    start()
    text = 'Intro.\n\n' + '```python\n' + ''.join(f'line {i} = "' + 'x' * 40 + '"\n' for i in range(150)) + '```\n\nEnd.'
    sim.reply(text)
    cloud.say('Write much')
    parts = cloud.wait(lambda: len(cloud.sent) >= 2 and 'End.' in cloud.texts()[-1] and cloud.texts())
    assert all(len(p) <= 4096 for p in parts)
    assert all(p.count('```') % 2 == 0 for p in parts)
    lines = [line for p in parts for line in p.split('\n') if line.startswith('line ')]
    assert lines == [f'line {i} = "' + 'x' * 40 + '"' for i in range(150)]


# ---- who is let in

def test_a_stranger_is_asked_to_be_paired_and_not_heard(start, sim, cloud):
    start(dmPolicy='pairing', allowFrom=[])
    cloud.say('Let me in')
    assert 'code' in cloud.wait_sent(1)[0].lower()
    assert not sim.chats


# ---- the webhook

def test_the_webhook_is_verified_with_its_token(start, cloud):
    g = start()
    ask = '?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token='
    good = g.get(HOOK + ask + cloud.verify, token=None)
    assert (good.status, good.body) == (200, b'1158201444')
    assert g.get(HOOK + ask + 'guess', token=None).status == 403
    assert g.get(HOOK, token=None).status == 403


def test_forged_calls_are_refused_and_change_nothing(start, sim, cloud):
    g = start()
    call = cloud.payload([cloud.message('Obey me')])
    assert cloud.deliver(call, secret='guess') == 401
    assert cloud.deliver(call, header='') == 401
    assert cloud.deliver(call, header='sha256=' + '0' * 64) == 401
    assert cloud.deliver(b'{"object":"page"}') == 400
    assert cloud.deliver(b'not json') == 400
    assert cloud.deliver(b'x' * (4 << 20)) in (413, 0)
    assert g.request('PUT', HOOK, b'', token=None).status == 405
    assert g.get('/channels/nothing/webhook', token=None).status == 404
    sim.reply('ok')
    cloud.say('A real one')
    assert cloud.wait_sent(1) == ['ok']
    assert len(sim.chats) == 1


def test_a_call_for_another_number_is_not_for_us(start, sim, cloud):
    start()
    other = cloud.payload([cloud.message('Not yours')])
    other['entry'][0]['changes'][0]['value']['metadata']['phone_number_id'] = '2077'
    assert cloud.deliver(other) == 200
    sim.reply('ok')
    cloud.say('Yours')
    assert cloud.wait_sent(1) == ['ok'] and len(sim.chats) == 1


def test_repeated_and_shuffled_calls_are_answered_once(start, sim, cloud):
    start()
    for i in range(3):
        sim.reply(f'answer {i}')
    first = cloud.say('one', times=3)
    cloud.wait_sent(1)
    assert cloud.deliver(cloud.payload([cloud.message('one', id=first)])) == 200
    cloud.say('two', times=2)
    assert cloud.wait_sent(2) == ['answer 0', 'answer 1']


def test_calls_without_a_signature_are_taken_only_where_that_is_said(start, sim, cloud, openclaw):
    g = start(appSecret='')
    assert 'appSecret' in json.dumps(g.connect().call('channels.status', {}))
    config = openclaw.read_config()
    config['channels']['whatsapp-cloud']['allowUnsigned'] = True
    openclaw.write_config(config)  # a running gateway takes it over
    sim.reply('trusting')
    m = cloud.message('Hi')
    cloud.wait(lambda: cloud.deliver(cloud.payload([m]), header='') == 200)
    assert cloud.wait_sent(1) == ['trusting']


# ---- what the platform refuses

def test_a_busy_platform_gets_the_message_later(start, sim, cloud):
    start()
    sim.reply('patience')
    cloud.refuse(130429)
    cloud.say('Hi')
    assert cloud.wait_sent(1) == ['patience']


def test_a_closed_window_is_told_and_nothing_is_sent(start, sim, cloud, openclaw):
    start()
    sim.reply('too late')
    cloud.closed = True
    cloud.say('Hi')
    failed = cloud.wait(lambda: rows(openclaw, "select error from outbox where state = 'failed'"))
    assert '24 hours' in failed[0][0] and '131047' in failed[0][0]
    assert not cloud.sent


def test_a_closed_window_that_is_told_later_fails_the_message(start, sim, cloud, openclaw):
    start()
    sim.reply('lost')
    cloud.closed = cloud.late_window = True
    cloud.say('Hi')
    failed = cloud.wait(lambda: rows(openclaw, "select error from outbox where state = 'failed'"))
    assert '24 hours' in failed[0][0]


def test_after_the_window_a_template_carries_the_text(start, sim, cloud):
    start(template={'name': 'note', 'language': 'en'})
    sim.reply('line one\n\nline two')
    cloud.closed = True
    cloud.say('Hi')
    assert cloud.wait_sent(1) == ['line one line two']
    assert cloud.sent[0]['type'] == 'template'


def test_a_message_whose_answer_was_lost_is_not_sent_again(start, sim, cloud, openclaw):
    start()
    sim.reply('once')
    cloud.refuse('lost')
    cloud.say('Hi')
    cloud.wait(lambda: rows(openclaw, "select 1 from outbox where state = 'unknown'"))
    assert cloud.texts() == ['once']


def test_a_refused_token_is_told_and_never_shown(start, sim, cloud, openclaw):
    g = start()
    cloud.token = 'another'
    sim.reply('x')
    cloud.say('Hi')
    failed = cloud.wait(lambda: rows(openclaw, "select error from outbox where state = 'failed'"))
    assert 'token' in failed[0][0]
    status = g.connect().call('channels.status', {'probe': True})
    seen = json.dumps(status) + g.console + (openclaw.home / 'gateway.log').read_text() + failed[0][0]
    assert 'EAA-token' not in seen and 'app-secret' not in seen and 'verify-me' not in seen


# ---- files and buttons

def test_a_picture_reaches_the_model(start, sim, cloud, openclaw):
    start()
    sim.reply('A dot.')
    image = cloud.file(PNG, 'image/png')
    cloud.insist(cloud.payload([cloud.message(type='image', image={'id': image, 'mime_type': 'image/png',
                                                                   'caption': 'What is this?'})]))
    assert cloud.wait_sent(1) == ['A dot.']
    assert 'What is this?' in json.dumps(sim.chats[0].json)
    assert any(path.startswith('/v23.0/file/') for _, path, _ in cloud.calls)


def test_a_question_has_buttons_and_a_press_answers_it(start, sim, cloud):
    start(exec_mode='ask', allowFrom=['*', '+491701234567'])
    sim.then(tool_calls=[{'name': 'exec', 'arguments': {'command': 'echo 42'}}])
    sim.reply('Done: 42.')
    cloud.say('Run it')
    question = cloud.wait(lambda: [m for m in cloud.sent if m['type'] == 'interactive'])[0]
    buttons = [b['reply'] for b in question['interactive']['action']['buttons']]
    assert 'echo 42' in json.dumps(cloud.sent) and 1 < len(buttons) <= 3
    cloud.press(buttons[0]['id'], buttons[0]['title'], question['id'])
    cloud.wait(lambda: 'Done: 42.' in cloud.texts())


def test_what_is_asked_about_is_shown_whole(start, sim, cloud):
    start(exec_mode='ask', allowFrom=['*', '+491701234567'])
    command = 'echo ' + ' '.join(f'word{i}' for i in range(130))
    sim.then(tool_calls=[{'name': 'exec', 'arguments': {'command': command}}])
    sim.reply('Denied then.')
    cloud.say('Run it')
    question = cloud.wait(lambda: [m for m in cloud.sent if m['type'] == 'interactive'])[0]
    shown = ''.join(cloud.texts())
    assert all(f'word{i}' in shown for i in range(130))
    buttons = [b['reply'] for b in question['interactive']['action']['buttons']]
    cloud.press(buttons[-1]['id'], buttons[-1]['title'], question['id'])
    cloud.wait(lambda: 'Denied then.' in cloud.texts())


# ---- killed without warning

def test_killed_at_any_moment_nothing_is_answered_twice_and_nothing_is_lost(start, sim, cloud, openclaw):
    g = start()
    dice, n = random.Random(7), int(os.environ.get('OPENCLAW_KILLS', 12))
    for i in range(n):
        sim.reply(f'answer {i}', pace=0.01)
        m = cloud.message(f'question {i}')
        cloud.insist(cloud.payload([m]))
        time.sleep(dice.random() * 0.25)
        g.kill()
        sim.steps.clear()
        sim.reply(f'answer {i}')  # it may be asked as soon as the next one is there
        g = start(again=True)
        cloud.wait(lambda: settled(openclaw, i + 1))
        sim.steps.clear()
    sent = [t for t in cloud.texts()]
    unknown = rows(openclaw, "select count(*) from outbox where state = 'unknown'")[0][0]
    assert len(set(sent)) == len(sent), sent
    assert len(sent) + unknown >= n


def settled(openclaw, n):
    """Everything that came was taken up, and nothing waits."""
    open_ = rows(openclaw, "select count(*) from inbox where state != 'done'")[0][0]
    waiting = rows(openclaw, "select count(*) from outbox where state in ('queued', 'sending')")[0][0]
    done = rows(openclaw, 'select count(*) from outbox')[0][0]
    return not open_ and not waiting and done >= n
