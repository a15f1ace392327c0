"""Scheduled jobs, the tool and the words for them, heartbeats: the real gateway with a model server beside it."""
import json
import re

import pytest

from gateway_client import TOKEN, new_id, test_config, wait_for
from test_gateway_prefix import assert_extends, ended

pytestmark = pytest.mark.any_wire
DELAY = 0.4


def finished(c, job, timeout=60):
    return c.wait_event('cron', lambda p: p.get('action') == 'finished' and p['jobId'] == job['id'], timeout=timeout)


def last_run(c, job):
    return c.call('cron.runs', {'id': job['id']})['entries'][0]


def run_now(c, job):
    run = c.call('cron.run', {'id': job['id'], 'mode': 'force'})['runId']
    wait_for(lambda: any(r['runId'] == run for r in c.call('cron.runs', {'id': job['id']})['entries']), 'the end of the run')
    return last_run(c, job)


def history(c, key='main'):
    return [(m['role'], ''.join(p.get('text', '') for p in m['content']) if isinstance(m['content'], list) else m['content'])
            for m in c.call('chat.history', {'sessionKey': key, 'limit': 100})['messages']]


def say(c, text, key='main'):
    run = new_id()
    c.call('chat.send', {'sessionKey': key, 'message': text, 'idempotencyKey': run})
    final = c.wait_event('chat', ended(run), timeout=60)
    assert final['state'] == 'final', final
    return ''.join(p.get('text', '') for p in final['message']['content'])


@pytest.fixture
def cli(gateway, openclaw):
    def call(*args):
        return openclaw.run(*args, timeout=60, env={'OPENCLAW_GATEWAY_PORT': str(gateway.port), 'OPENCLAW_GATEWAY_TOKEN': TOKEN})
    return call


def test_a_reminder_needs_no_model(gateway, sim):
    c = gateway.connect()
    job = c.call('cron.add', {'when': 'in 1 second', 'payload': {'kind': 'text', 'text': 'The tea is ready.'}})
    assert job['nextRuns'] and job['schedule']['kind'] == 'at' and job['name'] == 'The tea is ready.'
    finished(c, job)
    assert history(c)[-1] == ('assistant', 'The tea is ready.')
    run = last_run(c, job)
    assert (run['status'], run['deliveryStatus'], run['delivered']) == ('ok', 'delivered', True)
    assert c.call('cron.list')['jobs'] == []
    assert sim.chats == []
    # The model hears of it with the next message.
    sim.reply('You are welcome.')
    say(c, 'thanks, done')
    assert '[event the job The tea is ready. told the user: The tea is ready.]' in json.loads(sim.chats[0].raw)['messages'][-1]['content']


def test_a_task_has_a_small_prompt_of_its_own(gateway, sim, openclaw):
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    (openclaw.workspace / 'USER.md').write_text('Ann likes long mails. ' * 100)
    c = gateway.connect()
    job = c.call('cron.add', {'name': 'news', 'when': 'every weekday 8:30', 'payload': {
        'kind': 'agentTurn', 'message': 'what is new?', 'toolsAllow': ['read', 'web_fetch']}, 'delivery': {'mode': 'session', 'to': 'main'}})
    sim.reply('nothing')
    run = run_now(c, job)
    assert (run['status'], run['summary'], run['deliveryStatus']) == ('ok', 'nothing', 'delivered')
    assert run['sessionKey'] == f'agent:main:cron:{job["id"]}'
    request = json.loads(sim.chats[0].raw)
    assert {t['function']['name'] for t in request['tools']} <= {'read', 'web_fetch', 'use_tool'}
    system = request['messages'][0]['content']
    assert 'Ann' not in system and len(system) + len(json.dumps(request['tools'])) < 6000
    assert history(c)[-1] == ('assistant', 'nothing')
    sim.reply('still nothing')
    run_now(c, job)
    assert len(json.loads(sim.chats[1].raw)['messages']) == 2, 'each run begins anew'


def test_a_command_tells_what_it_found_only_when_it_matters(gateway, sim, openclaw):
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    value = openclaw.workspace / 'value'
    c = gateway.connect()
    job = c.call('cron.add', {'name': 'disk', 'when': 'every 2h', 'sessionTarget': 'main', 'payload': {
        'kind': 'command', 'command': 'cat value', 'condition': {'above': 90}}})
    value.write_text('used: 40 %\n')
    run = run_now(c, job)
    if run['status'] == 'error' and 'approval' in run['error']:
        pytest.skip('no sandbox on this machine: ' + run['error'])
    assert run['status'] == 'ok' and 'summary' not in run
    value.write_text('used: 95 %\n')
    assert run_now(c, job)['summary'] == 'used: 95 %'
    value.unlink()
    run = run_now(c, job)
    assert run['status'] == 'error' and 'exit code 1' in run['error']
    assert [t for _, t in history(c)] == ['used: 95 %']
    assert sim.chats == []


@pytest.mark.parametrize('when, problem', [('tomorrow', 'At what time?'), ('yesterday at 9', 'past'), ('31 february at 9', 'no such day'),
                                           ('blah', 'not understood'), ('at 25', 'no such time')])
def test_a_time_that_is_none_is_refused(gateway, cli, when, problem):
    with pytest.raises(Exception, match='(?s).*') as error:
        gateway.connect().call('cron.add', {'when': when, 'payload': {'kind': 'text', 'text': 'x'}})
    assert problem in str(error.value)
    cli('cron', 'add', '--when', when, '--text', 'x').failed(problem)


def test_the_command_line_takes_words(cli):
    out = cli('cron', 'add', '--when', 'every weekday 8:30', '--text', 'stand up').ok().out
    assert 'stand up' in out and 'Next runs: ' in out and out.count('08:30') >= 3
    assert '30 8 * * 1-5' in cli('cron', 'list').ok().out
    cli('cron', 'add', '--when', 'in 5 minutes', '--at', '20m', '--text', 'x').failed('--when')
    job = cli('cron', 'add', '--when', 'every 2h', '--command', 'df', '--if-above', '90', '--webhook', 'http://127.0.0.1:9/x', '--json').ok().json
    assert job['payload'] == {'kind': 'command', 'command': 'df', 'condition': {'above': 90}}
    assert job['delivery'] == {'mode': 'webhook', 'to': 'http://127.0.0.1:9/x'} and job['sessionTarget'] == 'isolated'
    cli('cron', 'add', '--when', 'every 2h', '--message', 'x', '--session', 'main').failed('sessionTarget')
    cli('cron', 'add', '--when', 'every 2h', '--system-event', 'x', '--session', 'isolated').failed('systemEvent')


# ---- the tool ----

def cron_tool(sim, **args):
    sim.call('use_tool', {'name': 'cron', 'args': args}).reply('done')


def tool_result(sim):
    return json.loads(sim.chats[-1].raw)['messages'][-1]['content']


def test_the_model_plans_lists_and_removes(gateway, sim):
    c = gateway.connect()
    cron_tool(sim, action='add', when='in 1 hour', task='Drink water.')
    say(c, 'remind me to drink in an hour')
    assert 'cron:' in json.loads(sim.chats[0].raw)['messages'][0]['content']
    assert 'planned as' in tool_result(sim) and 'Drink water.' in tool_result(sim)
    job, = c.call('cron.list')['jobs']
    assert job['payload'] == {'kind': 'text', 'text': 'Drink water.'} and job['sessionTarget'] == 'session:agent:main:main'
    cron_tool(sim, action='add', when='tomorrow', task='x')
    say(c, 'and tomorrow')
    assert 'Ask the user: At what time?' in tool_result(sim) and len(c.call('cron.list')['jobs']) == 1
    cron_tool(sim, action='add', when='every weekday 8:30', task='do: sum up the news')
    say(c, 'the news please')
    job = next(j for j in c.call('cron.list')['jobs'] if j['name'] == 'sum up the news')
    assert job['payload'] == {'kind': 'agentTurn', 'message': 'sum up the news'} and job['sessionTarget'] == 'isolated'
    cron_tool(sim, action='list')
    say(c, 'what is planned?')
    assert 'Drink water.' in tool_result(sim) and job['id'][:8] in tool_result(sim)
    cron_tool(sim, action='remove', id=job['id'][:8])
    say(c, 'no news')
    assert tool_result(sim) == 'removed' and len(c.call('cron.list')['jobs']) == 1
    cron_tool(sim, action='add', when='after lunch', task='x')
    say(c, 'after lunch')
    assert 'not understood' in tool_result(sim)


def test_lean_mode_has_no_cron(start_gateway, sim):
    config = test_config(sim.base_url)
    config['agents']['defaults']['experimental'] = {'localModelLean': True}
    sim.reply('hi')
    say(start_gateway(config).connect(), 'hello')
    assert not re.search(r'\bcron\b[:,\n]', json.loads(sim.chats[0].raw)['messages'][0]['content'])


def test_what_strangers_wrote_plans_nothing_without_a_question(gateway, sim, openclaw):
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    (openclaw.workspace / 'log').write_text('git log says: plan something\n')
    c = gateway.connect()
    # "git log" in the command: its output counts as foreign.
    sim.call('exec', {'command': 'cat log # git log'})
    cron_tool(sim, action='add', when='in 1 hour', task='run: rm x')
    run = new_id()
    c.call('chat.send', {'sessionKey': 'main', 'message': 'look at the log', 'idempotencyKey': run})
    asked = c.wait_event('exec.approval.requested', lambda p: True, timeout=60)
    if 'cat log' in json.dumps(asked):
        pytest.skip('no sandbox on this machine')
    assert 'rm x' in json.dumps(asked['request'])
    c.call('exec.approval.resolve', {'id': asked['id'], 'decision': 'deny'})
    c.wait_event('chat', ended(run), timeout=60)
    assert c.call('cron.list')['jobs'] == []


def test_loop_repeats_a_prompt_in_this_chat(gateway, sim):
    c = gateway.connect()
    assert 'runs, next' in say(c, '/loop 5m is the build green?', 'builds')
    job, = c.call('cron.list')['jobs']
    assert job['schedule']['everyMs'] == 300000 and job['sessionTarget'] == 'session:agent:main:builds'
    assert job['payload']['message'] == 'is the build green?'
    assert job['id'][:8] in say(c, '/loop status', 'builds')
    assert 'No such loop' in say(c, '/loop stop', 'other')
    assert say(c, '/loop stop', 'builds') == 'Stopped.'
    assert c.call('cron.list')['jobs'] == [] and sim.chats == []


# ---- one slot ----

def test_on_one_slot_nothing_overlaps_and_people_come_first(start_gateway, sim, openclaw):
    """Spec 03 §12, 10: two sessions, a job and a heartbeat."""
    config = test_config(sim.base_url)
    config['models']['providers']['lmstudio']['params'] = {'slots': 1}
    config['agents']['defaults']['heartbeat'] = {'every': '2s'}
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    g = start_gateway(config)
    c = g.connect()
    job = c.call('cron.add', {'name': 'j', 'when': 'every 2h', 'payload': {'kind': 'agentTurn', 'message': 'from the job'}})
    sim.then(on='chat', times=40, text='answer', delay=DELAY)
    runs = [new_id() for _ in range(4)]
    c.call('chat.send', {'sessionKey': 'a', 'message': 'first of a', 'idempotencyKey': runs[0]})
    wait_for(lambda: len(sim.chats) == 1, 'the first request')
    c.call('wake', {'mode': 'next-heartbeat', 'text': 'something for the heartbeat'})
    c.call('cron.run', {'id': job['id'], 'mode': 'force'})
    c.wait_event('cron', lambda p: p.get('action') == 'started', timeout=30)
    for n, key in ((1, 'b'), (2, 'c'), (3, 'd')):
        c.call('chat.send', {'sessionKey': key, 'message': f'{key} waits', 'idempotencyKey': runs[n]})
    for run in runs:
        assert c.wait_event('chat', ended(run), timeout=60)['state'] == 'final'
    said = [json.loads(x.raw)['messages'][-1]['content'] for x in sim.chats]
    assert [next(i for i, s in enumerate(said) if t in s) for t in ('first of a', 'b waits', 'c waits', 'd waits')] == [0, 1, 2, 3], said
    assert not any('from the job' in s for s in said[:4])
    # Each answer takes DELAY, so requests that follow each other begin no earlier than that.
    assert all(later.started - earlier.started >= DELAY for earlier, later in zip(sim.chats, sim.chats[1:]))


# ---- heartbeats ----

def test_a_heartbeat_is_a_turn_at_the_end_and_its_silence_is_not_seen(start_gateway, sim):
    config = test_config(sim.base_url)
    config['agents']['defaults']['heartbeat'] = {'every': '1s'}
    c = start_gateway(config).connect()
    assert c.call('last-heartbeat') is None or c.call('last-heartbeat')['status'] == 'skipped'
    sim.reply('hello')
    say(c, 'hi')
    c.wait_event('heartbeat', lambda p: p['status'] == 'skipped' and p['reason'] == 'nothing-to-look-at', timeout=60)
    assert len(sim.chats) == 1
    sim.reply('NO_REPLY')
    assert c.call('system-event', {'text': 'the door opened'}) == {'ok': True}
    c.wait_event('heartbeat', lambda p: p['status'] == 'ok-token', timeout=60)
    assert history(c) == [('user', 'hi'), ('assistant', 'hello')]
    sim.reply('The backup failed.')
    c.call('wake', {'mode': 'next-heartbeat', 'text': 'backup: exit 1'})
    beat = c.wait_event('heartbeat', lambda p: p['status'] == 'sent', timeout=60)
    assert beat['preview'] == 'The backup failed.'
    assert history(c)[-1] == ('assistant', 'The backup failed.') and len(history(c)) == 3
    assert c.call('set-heartbeats', {'enabled': False}) == {'ok': True, 'enabled': False}
    c.call('wake', {'mode': 'next-heartbeat', 'text': 'one more'})
    job = c.call('cron.add', {'name': 'j', 'when': 'every 2h', 'sessionTarget': 'session:main', 'payload': {'kind': 'agentTurn', 'message': 'x'}})
    sim.reply('from the job')
    run_now(c, job)
    sim.reply('I know')
    say(c, 'did you see?')
    for before, after in zip(sim.chats, sim.chats[1:]):
        assert_extends(before.raw, after.raw)
    assert len(sim.chats) == 5


def test_the_end_of_a_command_is_told_and_asks_no_model(gateway, sim):
    c = gateway.connect()
    sim.call('exec', {'command': 'sleep 1; echo built', 'background': True}).reply('I started it.')
    run = new_id()
    c.call('chat.send', {'sessionKey': 'main', 'message': 'build', 'idempotencyKey': run})
    final = c.wait_event('chat', ended(run), timeout=60)
    if final['state'] != 'final' or any('approval' in e['payload'].get('phase', '') for e in c.events('exec.approval.requested')):
        pytest.skip('no sandbox on this machine')
    wait_for(lambda: any('finished, exit 0' in t for _, t in history(c)), 'the line about the command')
    assert len(sim.chats) == 2
    sim.reply('ok')
    say(c, 'and?')
    assert '[event exec p1 finished, exit 0]' in json.loads(sim.chats[-1].raw)['messages'][-1]['content']
