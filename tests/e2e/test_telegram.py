"""Telegram from a person's message to the answer, against a simulator of the Bot API (spec 03 §7.2)."""
import json
import re
import signal

import pytest

from botapi import TOKEN, BotApi, units
from gateway_client import test_config, wait_for
from program import free_port
from test_gateway_prefix import KEY, Speakers, assert_extends


@pytest.fixture
def tg():
    with BotApi() as api:
        yield api


def config(sim, tg, **telegram):
    """Everybody may write, unless a test says otherwise."""
    c = test_config(sim.base_url)
    c['channels'] = {'telegram': {'botToken': TOKEN, 'apiRoot': tg.url, 'dmPolicy': 'open', 'allowFrom': ['*'], **telegram}}
    return c


def closed(sim, tg, **telegram):
    """People are let in by a code."""
    return config(sim, tg, dmPolicy='pairing', allowFrom=[], **telegram)


def said(request):
    """The last thing that the model was told."""
    content = request.json['messages'][-1]['content']
    return content if isinstance(content, str) else ''.join(p.get('text', '') for p in content)


def only_chat(sim):
    return sim.wait_for(lambda s: s.chats)[0]


# ---- a conversation

def test_a_message_is_answered(start_gateway, sim, tg):
    start_gateway(config(sim, tg))
    ann = tg.person('Ann')
    sim.reply('Hello **Ann**.')
    ann.say('hi')
    tg.wait_for(lambda: tg.texts(ann.chat) == ['Hello Ann.'])
    assert [c[0] for c in tg.calls][:4] == ['getMe', 'deleteWebhook', 'setMyCommands', 'getUpdates']
    assert tg.messages(ann.chat)[0]['entities'] == [{'type': 'bold', 'offset': 6, 'length': 3}]
    assert tg.called('sendChatAction'), 'somebody types'
    assert 'telegram' in said(only_chat(sim)) and 'from Ann' in said(only_chat(sim))


def test_only_the_final_text_of_a_run_with_tools_is_sent(start_gateway, sim, tg, openclaw):
    c = config(sim, tg, dmPolicy='allowlist', allowFrom=[])
    c['channels']['telegram']['allowFrom'] = [tg.person('Ann').id]
    start_gateway(c)
    ann = tg.person('Ann')
    sim.then(text='Let me look.', reasoning='hmm', tool_calls=[{'name': 'read', 'arguments': {'path': '.'}}])
    sim.reply('There is nothing.', reasoning='secret thought')
    ann.say('what files are there?')
    tg.wait_for(lambda: 'There is nothing.' in tg.texts(ann.chat))
    assert tg.texts(ann.chat) == ['There is nothing.']
    assert not [m for m in tg.sent if 'secret' in m['text'] or 'hmm' in m['text']]


def test_messages_in_pieces_are_one_thought(start_gateway, sim, tg):
    start_gateway(config(sim, tg))
    ann = tg.person('Ann')
    sim.reply('Both.')
    with tg.lock:
        ann.say('first half')
        ann.say('second half')
    tg.wait_for(lambda: tg.texts(ann.chat) == ['Both.'])
    assert len(sim.chats) == 1 and 'first half\nsecond half' in said(sim.chats[0])


def test_a_message_during_a_run_steers_it(start_gateway, sim, tg, openclaw):
    c = config(sim, tg, dmPolicy='allowlist', allowFrom=[5])
    c['tools'] = {'exec': {'mode': 'full'}}
    c['messages'] = {'queue': {'mode': 'steer'}}
    start_gateway(c)
    ann = tg.person('Ann', id=5)
    sim.then(text='Let me see.', tool_calls=[{'name': 'exec', 'arguments': {'command': 'until [ -e go ]; do sleep 0.1; done'}}])
    sim.reply('Both are done.')
    ann.say('do the first thing')
    status = tg.wait_for(lambda: tg.messages(ann.chat))[0]
    assert 'Let me see.' in status['text'] and '⏳' in status['text'], 'what is said before a tool is progress'
    ann.say('and a second thing')
    wait_for(lambda: len(tg.called('sendChatAction')) >= 2, 'the second is handed over')
    (openclaw.workspace / 'go').write_text('')
    tg.wait_for(lambda: tg.texts(ann.chat) == ['Both are done.'])
    assert len(sim.chats) == 2 and status['method'] == 'deleted'
    assert 'and a second thing' in said(sim.chats[1])


def test_a_message_that_comes_too_late_to_steer_is_answered_next(start_gateway, sim, tg):
    start_gateway(config(sim, tg))
    ann = tg.person('Ann')
    sim.reply('First.', delay=2).reply('Second.')
    ann.say('one')
    sim.wait_for(lambda s: s.chats)
    ann.say('two')
    tg.wait_for(lambda: tg.texts(ann.chat) == ['First.', 'Second.'])


def test_silence_sends_nothing(start_gateway, sim, tg):
    start_gateway(config(sim, tg))
    ann = tg.person('Ann')
    sim.reply('NO_REPLY')
    sim.reply('Now.')
    ann.say('say nothing')
    sim.wait_for(lambda s: len(s.chats) == 1)
    wait_for(lambda: tg.called('sendChatAction'), 'typing')
    ann.say('say something')
    tg.wait_for(lambda: tg.texts(ann.chat) == ['Now.'])


def test_a_model_that_fails_is_told(start_gateway, sim, tg):
    start_gateway(config(sim, tg))
    ann = tg.person('Ann')
    sim.stop()
    ann.say('hi')
    text = tg.wait_for(lambda: tg.texts(ann.chat))[0]
    assert text.startswith('⚠️') and TOKEN not in text


# ---- who is heard

def test_a_stranger_is_paired_by_a_code(start_gateway, sim, tg, openclaw):
    gateway = start_gateway(closed(sim, tg))
    ann = tg.person('Ann', id=77)
    ann.say('let me in')
    text = tg.wait_for(lambda: tg.texts(ann.chat))[0]
    code = re.search(r'openclaw pairing approve telegram ([A-HJ-NP-Z2-9]{8})', text)[1]
    ann.say('hello?')
    wait_for(lambda: len(tg.called('getUpdates')) > 2, 'the second message is read')
    listed = json.loads(openclaw.run('pairing', 'list', 'telegram', '--json', '--port', str(gateway.port)).out)
    assert [(r['code'], r['id'], r['name']) for r in listed['requests']] == [(code, '77', 'Ann')]
    assert len(tg.texts(ann.chat)) == 1 and not sim.chats, 'told once, and nothing is processed'
    out = openclaw.run('pairing', 'approve', 'telegram', code.lower(), '--notify', '--port', str(gateway.port))
    assert out.rc == 0 and 'Let in: Ann (77)' in out.out, out
    assert openclaw.read_config()['commands']['ownerAllowFrom'] == ['telegram:77']
    tg.wait_for(lambda: len(tg.texts(ann.chat)) == 2)
    sim.reply('Welcome.')
    ann.say('hi')
    tg.wait_for(lambda: 'Welcome.' in tg.texts(ann.chat))
    assert openclaw.run('pairing', 'approve', 'telegram', code, '--port', str(gateway.port)).rc == 1


def test_no_more_than_three_strangers_wait(start_gateway, sim, tg):
    start_gateway(closed(sim, tg))
    people = [tg.person(f'P{i}', id=100 + i) for i in range(5)]
    for p in people:
        p.say('hi')
        if p.id < 103:
            tg.wait_for(lambda p=p: tg.texts(p.chat))
    owner = tg.person('Late', id=105)
    owner.say('hi')
    wait_for(lambda: len(tg.called('getUpdates')) > 4, 'all are read')
    assert not tg.texts(people[3].chat) and not tg.texts(owner.chat)


GROUP = {'dmPolicy': 'pairing', 'groupPolicy': 'allowlist', 'groupAllowFrom': [11], 'groups': {'*': {}}}


def test_a_group_is_heard_when_it_addresses_the_bot(start_gateway, sim, tg):
    start_gateway(config(sim, tg, **GROUP))
    group = tg.group('Family')
    ann, bob = tg.person('Ann', id=11).in_group(group), tg.person('Bob', id=12).in_group(group)
    ann.say('the cat is called Tom')
    bob.say('no, it is Tim')
    sim.reply('Tom, says Ann.')
    ann.say('@claw_bot what is its name?')
    tg.wait_for(lambda: tg.texts(group) == ['Tom, says Ann.'])
    text = said(only_chat(sim))
    assert 'Ann: the cat is called Tom' in text and 'Bob: no, it is Tim' in text and 'UNTRUSTED' in text
    assert text.rstrip().endswith('@claw_bot what is its name?')
    sim.reply('Yes.')
    ann.say('sure?', reply_to_message={**tg.messages(group)[0]})
    tg.wait_for(lambda: tg.texts(group)[1:] == ['Yes.'])
    assert 'the cat is called' not in said(sim.chats[1]), 'the background is shown once'
    assert tg.messages(group)[1]['reply_parameters']['message_id']
    bob.say('@claw_bot do as I say')
    sim.reply('Still here.')
    ann.say('/status@claw_bot')
    tg.wait_for(lambda: len(tg.texts(group)) == 3)
    assert len(sim.chats) == 2, 'who is not listed is not answered, and a command needs no model'


def test_a_group_that_is_not_listed_is_not_heard(start_gateway, sim, tg):
    start_gateway(config(sim, tg, **{**GROUP, 'groups': {'-5': {}}}))
    ann = tg.person('Ann', id=11)
    ann.in_group(tg.group('Other')).say('@claw_bot hi')
    ann.in_group(tg.group('Ours', id=-5)).say('@claw_bot hi')
    sim.reply('Hi.')
    tg.wait_for(lambda: tg.texts(-5) == ['Hi.'])
    assert not tg.texts(-1001)


def test_topics_are_conversations_of_their_own(start_gateway, sim, tg):
    gateway = start_gateway(config(sim, tg, **{**GROUP, 'groups': {'*': {'requireMention': False}}}))
    group = tg.group('Forum', forum=True)
    ann = tg.person('Ann', id=11).in_group(group)
    for topic in (4, 9):
        sim.reply(f'in {topic}')
        ann.say(f'hello {topic}', message_thread_id=topic, is_topic_message=True)
        tg.wait_for(lambda t=topic: f'in {t}' in tg.texts(group))
    assert [m['message_thread_id'] for m in tg.messages(group)] == [4, 9]
    assert all(len([m for m in c.json['messages'] if m['role'] == 'user']) == 1 for c in sim.chats)
    keys = {s['key'] for s in gateway.connect().call('sessions.list')['sessions']}
    assert {'agent:main:telegram:group:-1001:topic:4', 'agent:main:telegram:group:-1001:topic:9'} <= keys


def test_a_group_that_becomes_a_supergroup_is_answered_there(start_gateway, sim, tg):
    start_gateway(config(sim, tg, **{**GROUP, 'groups': {'*': {'requireMention': False}}}))
    ann = tg.person('Ann', id=11).in_group({'id': -7, 'type': 'group', 'title': 'Small'})
    tg.moved[-7] = -100777
    sim.reply('Found you.').reply('Still with you.')
    ann.say('hi')
    tg.wait_for(lambda: tg.texts(-100777) == ['Found you.'])
    tg.person('Ann', id=11).in_group(tg.group('Large', id=-100777)).say('are you the same?')
    tg.wait_for(lambda: tg.texts(-100777)[1:] == ['Still with you.'])
    assert 'Found you.' in json.dumps(sim.chats[1].json['messages']), 'the conversation goes on'


# ---- long answers (acceptance test 14 of spec 03 §12)

def long_answer():
    code = '\n'.join(f'    line_{i} = compute({i}, "{"x" * (i % 17)}")  # <b>&amp;' for i in range(70))
    table = '| name | value |\n|---|---:|\n' + '\n'.join(f'| row {i} | {i * i} |' for i in range(12))
    words = ' '.join(f'Sentence number {i} is here.' for i in range(60))
    return f'# Title\n\n{words}\n\n```python\n{code}\n```\n\n{table}\n\n{words} 😀' + '\n\nThe *end*.'


def test_a_long_answer_is_cut_where_a_person_would_cut_it(start_gateway, sim, tg):
    start_gateway(config(sim, tg))
    ann = tg.person('Ann')
    answer = long_answer()
    assert len(answer) > 6000
    sim.reply(answer, pieces=[answer])
    ann.say('tell me everything')
    tg.wait_for(lambda: any(t.endswith('The end.') for t in tg.texts(ann.chat)))
    sent = tg.messages(ann.chat)
    assert len(sent) > 1 and all(units(m['text']) <= 4096 for m in sent)
    lines = [line for m in sent for line in m['text'].split('\n')]
    for i in range(70):
        assert f'    line_{i} = compute({i}, "{"x" * (i % 17)}")  # <b>&amp;' in lines, f'line {i} is whole'
    code = [(m, e) for m in sent for e in m['entities'] if e['type'] == 'pre' and e.get('language') == 'python']
    assert len(code) > 1, 'the code goes on as code'
    assert 'row 11 |   121' in ''.join(m['text'] for m in sent)


def test_markup_that_is_refused_is_sent_plain(start_gateway, sim, tg):
    start_gateway(config(sim, tg))
    ann = tg.person('Ann')
    tg.fail('sendMessage', 'entities')
    sim.reply('**bold** and <odd> & more')
    ann.say('hi')
    tg.wait_for(lambda: tg.texts(ann.chat) == ['bold and <odd> & more'])
    assert 'parse_mode' not in tg.called('sendMessage')[-1][1]


# ---- what goes wrong on the way

def test_too_fast_waits_and_loses_nothing(start_gateway, sim, tg):
    start_gateway(config(sim, tg))
    ann = tg.person('Ann')
    tg.fail('sendMessage', 429, times=2, retry_after=1, description='Too Many Requests: retry after 1')
    sim.reply('At last.')
    ann.say('hi')
    tg.wait_for(lambda: tg.texts(ann.chat) == ['At last.'])
    assert len(tg.called('sendMessage')) == 3


def test_an_update_that_comes_twice_is_answered_once(start_gateway, sim, tg):
    start_gateway(config(sim, tg))
    ann = tg.person('Ann')
    sim.reply('once').reply('second')
    ann.say('hi')
    tg.wait_for(lambda: tg.texts(ann.chat) == ['once'])
    wait_for(lambda: tg.called('getUpdates')[-1][1]['offset'] > 1001, 'the offset')
    tg.repeat()
    ann.say('more')
    tg.wait_for(lambda: tg.texts(ann.chat) == ['once', 'second'])
    assert len(sim.chats) == 2


def test_a_lost_answer_is_not_sent_twice_but_can_be(start_gateway, sim, tg, openclaw):
    c = config(sim, tg)
    c['gateway']['port'] = free_port()
    gateway = start_gateway(c, port=c['gateway']['port'])
    ann = tg.person('Ann')
    tg.fail('sendMessage', 'lost')
    sim.reply('Did it arrive?')
    ann.say('hi')
    port = ('--port', str(gateway.port))
    wait_for(lambda: 'unknown' in openclaw.run('channels', 'outbox', *port).out, 'unknown')
    assert tg.texts(ann.chat) == ['Did it arrive?']
    assert 'perhaps not' in openclaw.run('status', *port).out
    assert 'is not known' in openclaw.run('doctor').out
    [row] = json.loads(openclaw.run('channels', 'outbox', 'list', '--json', *port).out)['messages']
    assert openclaw.run('channels', 'outbox', 'resend', str(row['id']), *port).rc == 0
    tg.wait_for(lambda: tg.texts(ann.chat) == ['Did it arrive?'] * 2)
    wait_for(lambda: 'Nothing waits' in openclaw.run('channels', 'outbox', *port).out, 'sent')


def test_a_token_may_be_named_by_its_variable(start_gateway, sim, tg, openclaw):
    gateway = start_gateway(config(sim, tg, botToken={'source': 'env', 'provider': 'default', 'id': 'MY_BOT'}), env={'MY_BOT': TOKEN})
    ann = tg.person('Ann')
    ann.say('hi')
    tg.wait_for(lambda: tg.texts(ann.chat))
    c = openclaw.read_config()
    c['channels']['telegram']['botToken']['id'] = 'NOBODY'
    openclaw.write_config(c)
    wait_for(lambda: 'no bot token' in openclaw.run('channels', 'status', '--port', str(gateway.port)).out, 'the reason')


def test_a_wrong_token_is_said_and_never_shown(start_gateway, sim, tg, openclaw):
    gateway = start_gateway(config(sim, tg, botToken='99:WRONG-secret'))
    port = ('--port', str(gateway.port))
    wait_for(lambda: 'does not know this bot token' in openclaw.run('channels', 'status', *port).out, 'the reason')
    shown = openclaw.run('channels', 'status', '--probe', '--json', *port).out + openclaw.run('config', 'get', 'channels').out
    assert 'WRONG-secret' not in shown + gateway.console + (openclaw.home / 'gateway.log').read_text()
    c = openclaw.read_config()
    c['channels']['telegram']['botToken'] = TOKEN
    openclaw.write_config(c)
    wait_for(lambda: 'running' in openclaw.run('channels', 'status', *port).out, 'a change of the file is enough')
    assert [c[0] for c in tg.calls]


def test_two_readers_of_one_token_are_told_apart(start_gateway, sim, tg, openclaw):
    gateway = start_gateway(config(sim, tg))
    tg.wait_for(lambda: tg.called('getUpdates'))
    tg.fail('getUpdates', 409, description='Conflict: terminated by other getUpdates request')
    tg.person('Ann').say('wake up')
    wait_for(lambda: 'another program reads' in (openclaw.home / 'gateway.log').read_text(), 'the reason')
    tg.wait_for(lambda: tg.texts())
    assert gateway.get('/healthz').status == 200


def test_a_webhook_that_is_set_meanwhile_is_removed(start_gateway, sim, tg):
    start_gateway(config(sim, tg))
    ann = tg.person('Ann')
    for text in ['before', 'after']:
        sim.reply(text)
        ann.say('hi')
        tg.wait_for(lambda: text in tg.texts(ann.chat))
        tg.webhook = 'https://other.example/hook'


def test_each_account_answers_with_its_own_bot(start_gateway, sim, tg):
    with BotApi(token='9:OTHER') as other:
        c = config(sim, tg)
        section = c['channels']['telegram']
        section['accounts'] = {'home': {'botToken': section.pop('botToken')}, 'work': {'botToken': '9:OTHER', 'apiRoot': other.url}}
        gateway = start_gateway(c)
        sim.reply('at home').reply('at work')
        ann = tg.person('Ann')
        ann.say('hi')
        tg.wait_for(lambda: tg.texts(ann.chat) == ['at home'])
        bob = other.person('Bob')
        bob.say('hi')
        other.wait_for(lambda: other.texts(bob.chat) == ['at work'])
        accounts = gateway.connect().call('channels.status')['channelAccounts']['telegram']
        assert {a['accountId']: a['state'] for a in accounts} == {'home': 'running', 'work': 'running'}


# ---- commands, questions, files

def test_commands_are_answered_without_the_model(start_gateway, sim, tg):
    start_gateway(config(sim, tg, dmPolicy='allowlist', allowFrom=[5]))
    ann = tg.person('Ann', id=5)
    ann.say('/help')
    assert '/status' in tg.wait_for(lambda: tg.texts(ann.chat))[0]
    ann.say('/start')
    tg.wait_for(lambda: any('Write to me' in t for t in tg.texts(ann.chat)))
    assert not sim.chats
    assert {'help', 'status', 'new'} <= {c['command'] for c in tg.called('setMyCommands')[0][1]['commands']}


def test_stop_ends_a_run_at_once(start_gateway, sim, tg):
    start_gateway(config(sim, tg, dmPolicy='allowlist', allowFrom=[5]))
    ann = tg.person('Ann', id=5)
    sim.reply('too late', delay=60)
    sim.reply('New.')
    ann.say('think for a long time')
    sim.wait_for(lambda s: s.chats)
    ann.say('stop')
    tg.wait_for(lambda: tg.texts(ann.chat))
    ann.say('and now?')
    tg.wait_for(lambda: 'New.' in tg.texts(ann.chat))
    assert 'too late' not in ''.join(tg.texts(ann.chat))


def test_a_question_is_answered_by_a_button(start_gateway, sim, tg):
    c = config(sim, tg, dmPolicy='allowlist', allowFrom=[5, 6])
    c['tools'] = {'exec': {'mode': 'ask'}}
    c['commands'] = {'ownerAllowFrom': ['telegram:5']}
    start_gateway(c)
    ann = tg.person('Ann', id=5)
    sim.call('exec', {'command': 'echo made > made.txt'}).reply('Done it.')
    ann.say('make it')
    question = tg.wait_for(lambda: [m for m in tg.messages(ann.chat) if m.get('reply_markup')])[0]
    assert 'echo made > made.txt' in question['text'] and '/approve' in question['text']
    tg.person('Bob', id=6).press(question, 'Allow once')
    tg.wait_for(lambda: tg.called('answerCallbackQuery'))
    assert 'Only an owner' in tg.called('answerCallbackQuery')[0][1]['text']
    ann.press(question, 'Allow once')
    tg.wait_for(lambda: 'Done it.' in tg.texts(ann.chat))
    tg.wait_for(lambda: 'allow-once' in question['text'] and len(tg.called('answerCallbackQuery')) == 2)


def test_files_are_kept_and_pictures_are_shown(start_gateway, sim, tg, openclaw):
    start_gateway(config(sim, tg))
    ann = tg.person('Ann')
    sim.reply('A text.')
    ann.send_document(b'a,b\n1,2\n', 'my table.csv', 'text/csv', caption='what is this?')
    tg.wait_for(lambda: tg.texts(ann.chat) == ['A text.'])
    path = re.search(r'inbox/\S+my_table\.csv', said(sim.chats[0]))[0]
    assert 'what is this?' in said(sim.chats[0])
    [found] = list(openclaw.home.rglob('*my_table.csv'))
    assert found.read_bytes() == b'a,b\n1,2\n' and path in str(found)


def test_a_file_that_is_too_large_is_named(start_gateway, sim, tg):
    start_gateway(config(sim, tg, mediaMaxMb=1))
    ann = tg.person('Ann')
    sim.reply('Too large.')
    ann.send_photo(b'x', caption='look', size=3 << 20)
    tg.wait_for(lambda: tg.texts(ann.chat) == ['Too large.'])
    assert 'could not be fetched' in said(sim.chats[0]) and 'look' in said(sim.chats[0])


# ---- killed

def test_what_was_not_answered_is_answered_after_a_kill(start_gateway, sim, tg, openclaw):
    gateway = start_gateway(config(sim, tg))
    ann = tg.person('Ann')
    sim.reply('too late', delay=60)
    ann.say('are you there?')
    sim.wait_for(lambda s: s.chats)
    gateway.kill()
    sim.steps.clear()
    sim.reply('I am back.')
    start_gateway()
    tg.wait_for(lambda: tg.texts(ann.chat) == ['I am back.'])
    users = [m for m in sim.chats[-1].json['messages'] if m['role'] == 'user']
    assert len(users) >= 1 and 'are you there?' in json.dumps(users[-1])


def test_what_was_being_sent_at_a_kill_is_unknown(start_gateway, sim, tg, openclaw):
    gateway = start_gateway(config(sim, tg))
    ann = tg.person('Ann')
    sim.reply('Hello.')
    tg.on_sendMessage = lambda p: gateway.popen.send_signal(signal.SIGKILL) or BotApi.on_sendMessage(tg, p)
    ann.say('hi')
    tg.wait_for(lambda: tg.texts(ann.chat))
    gateway.kill()
    del tg.on_sendMessage
    gateway = start_gateway()
    wait_for(lambda: 'unknown' in openclaw.run('channels', 'outbox', '--port', str(gateway.port)).out, 'unknown')
    assert len(tg.texts(ann.chat)) == 1


# ---- one conversation from everywhere

def test_every_request_extends_the_one_before_whoever_speaks(start_gateway, sim, tg, openclaw):
    c = config(sim, tg, dmPolicy='allowlist', allowFrom=[5])
    c['session'] = {'mainKey': KEY}
    gateway = start_gateway(c)
    speakers, ann = Speakers(gateway, openclaw), tg.person('Ann', id=5)

    def telegram(text):
        before = len(tg.texts(ann.chat))
        ann.say(text)
        tg.wait_for(lambda: len(tg.texts(ann.chat)) > before)

    speakers.telegram = telegram
    order = ['telegram', 'websocket', 'telegram', 'command_line', 'cron', 'telegram', 'http', 'telegram']
    for n, who in enumerate(order):
        sim.reply(f'answer {n}')
        getattr(speakers, who)(f'question {n}')
    assert len(sim.chats) == len(order)
    for before, after in zip(sim.chats, sim.chats[1:]):
        assert_extends(before.raw, after.raw)
    assert len(tg.texts(ann.chat)) == order.count('telegram'), 'only what was asked here is answered here'
