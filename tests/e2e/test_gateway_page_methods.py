"""Methods that the pages of the web chat need: files of a workspace, servers, branches, answered questions, load states."""
import hashlib

import pytest
from gateway_client import new_id, test_config

EMPTY = hashlib.sha256(b'').hexdigest()


def ask(c, text, key='main'):
    run = new_id()
    c.call('chat.send', {'sessionKey': key, 'message': text, 'idempotencyKey': run})
    return c.wait_event('chat', lambda p: p['runId'] == run and p['state'] in ('final', 'error', 'aborted'))


def test_files_are_listed_read_and_written_under_a_hash(gateway, openclaw):
    c = gateway.connect()
    files = {f['name']: f for f in c.call('agents.files.list')['files']}
    assert files['SOUL.md']['missing'] and files['MEMORY.md']['missing']
    made = c.call('agents.files.set', {'name': 'SOUL.md', 'content': 'Kind.\n', 'expectedHash': EMPTY})
    assert (openclaw.workspace / 'SOUL.md').read_text() == 'Kind.\n'
    got = c.call('agents.files.get', {'name': 'SOUL.md'})['file']
    assert got['content'] == 'Kind.\n' and got['hash'] == made['file']['hash'] and not got['missing']
    (openclaw.workspace / 'SOUL.md').write_text('Changed elsewhere.\n')
    refused = c.refused('agents.files.set', {'name': 'SOUL.md', 'content': 'Lost.', 'expectedHash': got['hash']})
    assert refused['details']['code'] == 'FILE_CHANGED' and (openclaw.workspace / 'SOUL.md').read_text() == 'Changed elsewhere.\n'
    c.call('agents.files.set', {'name': 'memory/2026-11-21.md', 'content': 'A note.'})
    assert 'memory/2026-11-21.md' in [f['name'] for f in c.call('agents.files.list')['files']]
    assert c.call('agents.files.get', {'name': 'USER.md'})['file']['missing']


@pytest.mark.parametrize('name', ['../secret.md', 'memory/../../x.md', '/etc/passwd', 'memory/.hidden.md', 'memory/a/b.md', 'other.md', 'memory/x.txt'])
def test_no_name_leads_elsewhere(gateway, name):
    c = gateway.connect()
    assert c.refused('agents.files.get', {'name': name})['code'] == 'INVALID_REQUEST'
    assert c.refused('agents.files.set', {'name': name, 'content': 'x'})['code'] == 'INVALID_REQUEST'


def test_a_link_in_the_workspace_is_not_followed(gateway, openclaw, tmp_path):
    secret = tmp_path / 'secret.md'
    secret.write_text('secret')
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    (openclaw.workspace / 'USER.md').symlink_to(secret)
    c = gateway.connect()
    assert 'secret' not in str(c.request('agents.files.get', {'name': 'USER.md'}).get('payload', ''))
    c.request('agents.files.set', {'name': 'USER.md', 'content': 'overwritten'})
    assert secret.read_text() == 'secret'


def test_a_branch_begins_as_the_conversation_did_and_leaves_it_alone(gateway, sim):
    c = gateway.connect()
    for word in ('one', 'two', 'three'):
        ask(c, f'ECHO:{word}')
    messages = c.call('chat.history', {'sessionKey': 'main'})['messages']
    second = next(m for m in messages if m['role'] == 'user' and 'two' in str(m['content']))
    branch = c.call('sessions.fork', {'sessionKey': 'main', 'entryId': second['__openclaw']['id']})
    assert branch['editorText'] == 'ECHO:two' and branch['sessionKey'] != 'agent:main:main'
    copied = c.call('chat.history', {'sessionKey': branch['sessionKey']})['messages']
    assert [m['role'] for m in copied] == ['user', 'assistant'] and 'one' in str(copied[0]['content'])
    sim.reply('another way')
    ask(c, 'ECHO:elsewhere', branch['sessionKey'])
    sent = str(sim.chats[-1].json['messages'])
    assert 'ECHO:one' in sent and 'ECHO:elsewhere' in sent and 'two' not in sent
    answered = next(m for m in messages if m['role'] == 'assistant' and 'two' in str(m['content']))
    behind = c.call('sessions.fork', {'sessionKey': 'main', 'entryId': answered['__openclaw']['id']})
    assert 'editorText' not in behind and len(c.call('chat.history', {'sessionKey': behind['sessionKey']})['messages']) == 4
    assert len(c.call('chat.history', {'sessionKey': 'main'})['messages']) == 6
    assert c.refused('sessions.fork', {'sessionKey': 'main', 'entryId': 'nothing'})['code'] == 'INVALID_REQUEST'


def test_answered_questions_are_kept(start_gateway, sim):
    config = test_config(sim.base_url)
    config['tools'] = {'exec': {'mode': 'ask'}}
    g = start_gateway(config)
    c = g.connect()
    sim.call('exec', {'command': 'echo no'})
    sim.reply('Well.')
    run = new_id()
    c.call('chat.send', {'sessionKey': 'main', 'message': 'go', 'idempotencyKey': run})
    asked = c.wait_event('exec.approval.requested')
    c.call('exec.approval.resolve', {'id': asked['id'], 'decision': 'deny'})
    c.wait_event('chat', lambda p: p['runId'] == run and p['state'] == 'final')
    log = c.call('x.approvals.log')['approvals']
    assert [(a['id'], a['decision'], a['request']['command']) for a in log] == [(asked['id'], 'deny', 'echo no')]


def test_a_server_is_found_and_probed_and_its_models_tell_whether_they_are_loaded(gateway, sim):
    c = gateway.connect()
    server = c.call('x.servers.find', {'url': sim.base_url, 'kind': 'lmstudio'})['servers'][0]
    assert server['reachable'] and server['models'] and all(m['id'] for m in server['models'])
    nobody = c.call('x.servers.find', {'url': 'http://127.0.0.1:1/v1'})['servers'][0]
    assert not nobody['reachable'] and nobody['error'] and nobody['models'] == []
    assert c.refused('x.servers.find', {'url': 'no address'})['code'] == 'INVALID_REQUEST'
    states = {m['id']: m.get('state') for m in c.call('models.list', {'includeDetails': True})['models']}
    assert 'loaded' in states.values() and set(states.values()) <= {'loaded', 'not-loaded', None}
    assert all('state' not in m for m in c.call('models.list')['models'])
    report = c.call('models.probe', {'provider': 'lmstudio'})
    assert report['provider'] == 'lmstudio' and isinstance(report['features'], dict)
    assert c.refused('models.probe', {'provider': 'nobody'})['code'] == 'INVALID_REQUEST'
    sim.stop()
    assert {m.get('state') for m in c.call('models.list', {'includeDetails': True})['models']} == {'unreachable'}
