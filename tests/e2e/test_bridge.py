"""Bridges: the example of the manual, and programs that misbehave in every way, which harm nothing but themselves."""
import sqlite3
import sys

import pytest
from gateway_client import test_config
from gateway_client import wait_for as wait_until
from program import ROOT

EXAMPLE = ROOT / 'docs' / 'examples' / 'bridge.py'
SPEAKER = '''
import json, sys, time
def tell(**m):
    print(json.dumps(m), flush=True)
def hear():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)
def say(id, text, **more):
    tell(type='inbound', id=id, chat='c', sender={'id': 'u'}, text=text, **more)
'''


@pytest.fixture
def start(start_gateway, sim, openclaw):
    """start(code): a gateway whose bridge runs this Python."""
    def go(code=None, **more):
        config = test_config(sim.base_url)
        path = openclaw.home / 'bridge.py'
        if code is not None:
            path.write_text(SPEAKER + code)
            more = {'command': sys.executable, 'args': [str(path)], **more}
        config['channels'] = {'bridge': {'accounts': {'b': {'dmPolicy': 'open', 'allowFrom': ['*'], **more}}}}
        return start_gateway(config)
    return go


def wait_for(condition):
    wait_until(condition, 'it did not come to that', 60)


def rows(openclaw, sql):
    with sqlite3.connect(f'file:{openclaw.state / "gateway.sqlite"}?mode=ro', uri=True) as db:
        return db.execute(sql).fetchall()


def account(g):
    return g.connect().call('channels.status', {})['channelAccounts']['bridge'][0]


def test_the_example_of_the_manual_works(start, sim, openclaw):
    folder = openclaw.home / 'chat'
    assert len(EXAMPLE.read_text().splitlines()) <= 50
    start(command=sys.executable, args=[str(EXAMPLE)], settings={'folder': str(folder)})
    sim.reply('**Hello** from the model.')
    wait_for(lambda: (folder / 'in').is_dir())
    (folder / 'in' / 'one.txt').write_text('Hi there')
    wait_for(lambda: (folder / 'out.txt').exists() and (folder / 'out.txt').read_text() == 'Hello from the model.\n')
    assert 'Hi there' in str(sim.chats[0].json)
    wait_for(lambda: not list((folder / 'in').iterdir()))  # acknowledged


def test_what_is_sent_twice_is_answered_once(start, sim, openclaw):
    start('''
say('1', 'first'); say('1', 'first'); say('2', 'second')
log = open('heard', 'a')
while True:
    m = hear()
    if m['type'] == 'send':
        print(m['text'], file=log, flush=True)
        tell(type='result', id=m['id'], ok=True, messageId='x%d' % m['id'])
''', cwd=str(openclaw.home))
    sim.reply('to the first')
    sim.reply('to the second')
    heard = openclaw.home / 'heard'
    wait_for(lambda: heard.exists() and len(heard.read_text().splitlines()) >= 1 and not rows(
        openclaw, "select 1 from inbox where state != 'done'"))
    assert rows(openclaw, 'select count(*) from inbox') == [(2,)]


def test_a_bridge_that_crashes_is_started_again_slower_each_time(start, openclaw):
    g = start('open("born", "a").write("x")\nsys.exit(3)\n', cwd=str(openclaw.home))
    wait_for(lambda: (openclaw.home / 'born').exists() and len((openclaw.home / 'born').read_text()) >= 3)
    wait_for(lambda: 'it ended with exit code 3; it is started again in' in str(account(g)))
    assert g.get('/healthz').status == 200


def test_a_command_that_does_not_exist_is_told(start):
    g = start(command='/no/such/bridge')
    wait_for(lambda: '/no/such/bridge' in str(account(g)))


@pytest.mark.parametrize('code', [
    'while True: sys.stdout.write("x" * 65536)',  # a line without an end
    'while True: print("no json")',
    'while True: tell(type="inbound")',
    'tell(type="result", id=7, ok=True); tell(type="result", id="x"); print("[]"); print("null"); time.sleep(60)',
    'print("\\x00\\xff" * 100, flush=True); time.sleep(60)',
    'while True: sys.stderr.write("noise " * 1000)',
    'time.sleep(600)',  # reads nothing, not even that it shall end
], ids=['endless line', 'no JSON', 'no members', 'unasked results', 'binary', 'noise', 'deaf'])
def test_a_bridge_that_misbehaves_harms_nothing(start, sim, code):
    g = start(code)
    c = g.connect()
    sim.reply('still here')
    run = c.call('chat.send', {'sessionKey': 'main', 'message': 'hi', 'idempotencyKey': 'r'})['runId']
    assert c.wait_event('chat', lambda p: p['runId'] == run and p['state'] == 'final')
    assert g.get('/healthz').status == 200


def test_a_result_that_never_comes_leaves_the_message_unknown(start, sim, openclaw):
    start('''
say('1', 'hi')
while hear()['type'] != 'send': pass
open('sends', 'a').write('x')
''', cwd=str(openclaw.home))
    sim.reply('hello')
    wait_for(lambda: rows(openclaw, "select 1 from outbox where state = 'unknown'"))
    assert (openclaw.home / 'sends').read_text() == 'x'


def test_a_send_that_a_bridge_refuses_says_why(start, sim, openclaw):
    start('''
say('1', 'hi')
while True:
    m = hear()
    if m['type'] == 'send': tell(type='result', id=m['id'], ok=False, error='the room is closed')
''')
    sim.reply('hello')
    wait_for(lambda: rows(openclaw, "select error from outbox where state = 'failed'") == [('the room is closed',)])


def test_secrets_of_the_gateway_do_not_reach_a_bridge(start, openclaw):
    start('import os\nopen("env", "w").write(json.dumps(dict(os.environ)))\ntime.sleep(60)\n', cwd=str(openclaw.home),
          env={'MY_TOKEN': 'mine'})
    env = openclaw.home / 'env'
    wait_for(lambda: env.exists() and env.read_text().endswith('}'))
    text = env.read_text()
    assert '"MY_TOKEN": "mine"' in text and 'OPENCLAW' not in text and 'API_KEY' not in text
