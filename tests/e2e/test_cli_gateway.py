"""Commands over a gateway: what they send and print, and what they say when the other side is down, odd or refuses."""
import hashlib
import json
import os
import stat
import time

import pytest
from program import BINARY
from gateway_client import TOKEN, test_config as config_for
from gateway_stub import CHALLENGE, HELLO, Raw, Stub
from screen import Terminal


@pytest.fixture
def cli(gateway, openclaw):
    """cli('health', …) against the gateway of the test."""
    return lambda *args, **kw: openclaw.run(*args, env={'OPENCLAW_GATEWAY_PORT': str(gateway.port), **kw.pop('env', {})}, **kw)


def at(port):
    return {'OPENCLAW_GATEWAY_PORT': str(port)}


# ---- against the gateway ------------------------------------------------------------------------------------------

def test_health_in_both_forms(cli):
    assert 'OK' in cli('health').ok().out and cli('health', '--json').ok().json['ok'] is True
    lines = cli('gateway', 'health').ok().out.splitlines()
    assert lines[0] == 'Gateway Health' and lines[1].startswith('OK (') and len(lines) == 2


def test_call_prints_the_result_with_and_without_a_heading(cli):
    assert cli('gateway', 'call', 'health', '--json').ok().json['ok'] is True
    text = cli('gateway', 'call', 'health').ok().out
    assert text.startswith('Gateway call: health\n') and json.loads(text.split('\n', 1)[1])['ok'] is True
    described = cli('gateway', 'call', 'sessions.describe', '--params', '{"key": "main"}', '--json').ok()
    assert described.json == {'session': None}


@pytest.mark.parametrize('args, words', [
    (['gateway', 'call', 'no.such.method'], ['unknown method: no.such.method']),
    (['gateway', 'call', 'health', '--params', '{'], ['--params']),
    (['gateway', 'call', 'health', '--params', '[]'], ['JSON object']),
    (['gateway', 'call', 'health', '--expect-url', 'ws://127.0.0.1:1'], ['ws://127.0.0.1:1', 'OPENCLAW_GATEWAY_PORT']),
    (['gateway', 'call'], ['one method']),
    (['health', '--timeout', 'soon'], ['--timeout']),
    (['health', '--no-such-option'], ['unknown option']),
    (['health', '--token', 'wrong'], ['--token']),
    (['health', '--url', 'ftp://x'], ['--url']),
    (['health', '--url', 'wss://box.example'], ['--url', 'TLS', 'ssh']),
    (['gateway', 'run', '--reset'], ['onboard --reset']),
    (['help', 'nothing'], ['unknown command']),
    (['sessions', 'archive', 'absent'], ['absent']),
    (['sessions', 'archive'], ['expected sessions']),
    (['sessions', 'show', 'absent'], ['absent']),
    (['sessions', 'delete', 'absent'], ['absent']),
    (['cron', 'show', 'absent'], []),
    (['cron', 'add', '--name', 'x', '--every', '1h'], ['--message']),
    (['cron', 'add', '--name', 'x', '--every', 'often', '--message', 'y'], ['often']),
    (['cron', 'add', '--every', '1h', '--message', 'y'], ['--name']),
    (['cron', 'add', '--name', 'x', '--every', '1h', '--at', '20m', '--message', 'y'], ['one of']),
    (['logs', '--limit', 'all'], ['--limit']),
])
def test_mistakes_are_named_and_exit_1(cli, args, words):
    cli(*args).failed(*words)


def test_probe_and_status(cli, gateway):
    probe = cli('gateway', 'probe', '--json').ok().json
    assert probe['ok'] and probe['health']['ok'] and probe['config.get']['valid']
    status = cli('gateway', 'status', '--json', '--require-rpc').ok().json
    assert status['rpc']['ok'] and status['gateway']['port'] == gateway.port and status['service']['pid'] == gateway.popen.pid
    assert TOKEN not in json.dumps(probe) + json.dumps(status)
    whole = cli('status', '--json', '--all').ok().json
    assert whole['gateway']['reachable'] and whole['defaultModel'].startswith('lmstudio/') and 'sessions' in whole
    assert 'Gateway' in cli('status').ok().out


def test_agent_runs_in_the_gateway_and_keeps_its_conversation(cli, sim):
    assert cli('agent', '-m', 'ECHO:one', '--session-key', 'talk').ok().out == 'one\n'
    doc = cli('agent', '-m', 'ECHO:two', '--session-key', 'talk', '--json').ok().json
    assert doc['status'] == 'ok' and doc['result']['payloads'] == [{'text': 'two', 'mediaUrl': None}]
    assert [m['role'] for m in sim.chats[-1].json['messages']] == ['system', 'user', 'assistant', 'user']
    session = doc['result']['meta']['agentMeta']['sessionId']
    cli('agent', '-m', 'ECHO:three', '--session-id', session).ok()
    assert len(sim.chats[-1].json['messages']) == 6


def test_a_failed_run_is_an_error_with_its_reason(start_gateway, openclaw, closed_port):
    env = at(start_gateway(config_for(f'http://127.0.0.1:{closed_port}/v1')).port)
    openclaw.run('agent', '-m', 'hi', env=env).failed(str(closed_port))
    r = openclaw.run('agent', '-m', 'hi', '--json', env=env)
    assert r.rc == 1 and r.json['ok'] is False and r.json['error']['message']


def test_on_a_terminal_the_answer_streams_and_tools_are_told(start_gateway, openclaw, sim):
    config = config_for(sim.base_url)
    config['tools'] = {'exec': {'mode': 'ask'}}
    openclaw.workspace.mkdir(parents=True)
    env = at(start_gateway(config).port)
    t = Terminal(openclaw, BINARY, 'agent', '-m', 'ECHO:once and only once', env=env, questions=True)
    assert t.end() == 0 and t.text.count('once and only once') == 1, t.text
    t.close()
    t = Terminal(openclaw, BINARY, 'agent', '-m', 'TOOLCALL:exec:{"command":"touch made"} ', env=env, questions=True)
    t.expect('wants to run a command', 'touch made', '[y/N]').type('y\r').expect('The tool has answered.')
    assert t.end() == 0 and (openclaw.workspace / 'made').exists()
    t.close()


def test_control_c_stops_the_run_in_the_gateway(gateway, openclaw, sim):
    running = openclaw.start('agent', '-m', 'SLOW', env=at(gateway.port))
    until = time.monotonic() + 20
    while not sim.chats and time.monotonic() < until:
        time.sleep(0.02)
    running.signal()
    assert running.wait().rc == 130
    c = gateway.connect()
    until = time.monotonic() + 20
    while c.call('sessions.describe', {'key': 'main'})['session'].get('hasActiveRun') and time.monotonic() < until:
        time.sleep(0.05)
    assert not c.call('sessions.describe', {'key': 'main'})['session'].get('hasActiveRun')
    c.close()


def test_sessions_are_listed_shown_exported_and_deleted(cli, tmp_path):
    cli('agent', '-m', 'ECHO:first', '--session-key', 'a').ok()
    cli('agent', '-m', 'ECHO:second', '--session-key', 'b').ok()
    page = cli('sessions', '--json').ok().json
    assert {s['key'] for s in page['sessions']} == {'agent:main:a', 'agent:main:b'} and page['count'] == 2
    assert all(s['ageMs'] >= 0 for s in page['sessions'])
    text = cli('sessions', 'list').ok().out
    assert text.splitlines()[0].startswith('Session') and 'agent:main:a' in text
    shown = cli('sessions', 'show', 'a').ok().out
    assert 'ECHO:first' in shown and '\nfirst' in shown
    lines = [json.loads(line) for line in cli('sessions', 'export', 'agent:main:a').ok().out.splitlines()]
    assert [e['type'] for e in lines] == ['session', 'message', 'message'] and lines[0]['version'] == 4
    assert os.path.isabs(lines[0]['cwd'])
    assert [e['message']['role'] for e in lines[1:]] == ['user', 'assistant'] and lines[2]['parentId'] == lines[1]['id']
    out = tmp_path / 'a.md'
    cli('sessions', 'export', 'a', '--format', 'markdown', '--out', out).ok()
    assert '## user' in out.read_text() and stat.S_IMODE(out.stat().st_mode) == 0o600
    cli('sessions', 'delete', 'a').ok()
    assert [s['key'] for s in cli('sessions', '--json').ok().json['sessions']] == ['agent:main:b']


def test_sessions_are_put_aside_and_brought_back(cli):
    for key in 'a', 'b':
        cli('agent', '-m', f'ECHO:{key}', '--session-key', key).ok()
    shown = lambda: {s['key']: s.get('archived', False) for s in cli('sessions', '--json').ok().json['sessions']}
    assert 'would be archived: agent:main:a' in cli('sessions', 'archive', 'a', '--dry-run').ok().out and not shown()['agent:main:a']
    cli('sessions', 'archive', 'a', 'b').ok()
    assert 'agent:main:a' not in shown() or shown()['agent:main:a']
    assert cli('sessions', 'unarchive', 'a', '--json').ok().json['keys'] == ['agent:main:a']
    assert shown()['agent:main:a'] is False


def test_the_last_steps_of_a_session_are_shown_and_followed(cli, gateway, openclaw):
    cli('agent', '-m', 'ECHO:first', '--session-key', 'a').ok()
    lines = cli('sessions', 'tail', 'a').ok().out.splitlines()
    assert [line.split()[1:] for line in lines] == [['user', 'ECHO:first'], ['assistant', 'first']]
    assert [json.loads(line)['role'] for line in cli('sessions', 'tail', '--json', '--tail', '1').ok().out.splitlines()] == ['assistant']
    following = openclaw.start('sessions', 'tail', '--session-key', 'a', '--follow', env=at(gateway.port))
    step = lambda: following.popen.stdout.readline().split()[1:]
    assert [step(), step()] == [['user', 'ECHO:first'], ['assistant', 'first']], 'it listens before it prints'
    cli('agent', '-m', 'ECHO:second', '--session-key', 'a').ok()
    assert [step(), step()] == [['user', 'ECHO:second'], ['assistant', 'second']]
    following.signal()
    assert following.wait().out == ''


def test_help_is_a_command_too(openclaw):
    assert openclaw.run('help').ok().out == openclaw.run('--help').ok().out
    assert openclaw.run('help', 'sessions', 'tail').ok().out == openclaw.run('sessions', 'tail', '--help').ok().out


def test_exports_keep_what_was_before_a_reset(cli):
    cli('agent', '-m', 'ECHO:old', '--session-key', 'a').ok()
    cli('gateway', 'call', 'sessions.reset', '--params', '{"key": "a"}').ok()
    cli('agent', '-m', 'ECHO:new', '--session-key', 'a').ok()
    assert 'ECHO:old' not in cli('sessions', 'show', 'a').ok().out
    assert 'ECHO:old' in cli('sessions', 'export', 'a').ok().out


def test_sessions_can_be_read_without_a_gateway(gateway, openclaw, closed_port):
    openclaw.run('agent', '-m', 'ECHO:kept', '--session-key', 'a', env=at(gateway.port)).ok()
    gateway.stop()
    env = at(closed_port)
    assert [s['key'] for s in openclaw.run('sessions', '--json', env=env).ok().json['sessions']] == ['agent:main:a']
    assert 'kept' in openclaw.run('sessions', 'show', 'a', env=env).ok().out
    assert 'kept' in openclaw.run('sessions', 'export', 'a', env=env).ok().out
    openclaw.run('sessions', 'delete', 'a', env=env).failed('openclaw gateway')


def test_cleanup_lists_first_and_deletes_when_told(cli):
    cli('agent', '-m', 'ECHO:x', '--session-key', 'a').ok()
    cli('agent', '-m', 'ECHO:x', '--session-key', 'main').ok()
    time.sleep(0.01)
    listed = cli('sessions', 'cleanup', '--older-than', '1ms', '--json').ok().json
    assert listed['dryRun'] is True and [s['key'] for s in listed['sessions']] == ['agent:main:a']
    cli('sessions', 'cleanup', '--older-than', '1ms', '--enforce').ok()
    assert [s['key'] for s in cli('sessions', '--json').ok().json['sessions']] == ['agent:main:main']


def test_cron_from_adding_to_removing(cli):
    job = cli('cron', 'add', '--name', 'tea', '--every', '2h', '--message', 'make tea', '--json').ok().json
    assert job['schedule'] == {'kind': 'every', 'everyMs': 7200000, **{k: v for k, v in job['schedule'].items() if k == 'anchorMs'}}
    assert job['payload']['message'] == 'make tea' and job['sessionTarget'] == 'isolated'
    table = cli('cron', 'list').ok().out
    assert 'tea' in table and 'every 2h' in table and job['id'] in table
    assert cli('cron', 'status', '--json').ok().json['enabled'] is True
    cli('cron', 'disable', job['name']).ok()
    assert cli('cron', 'list', '--json').ok().json['jobs'] == []
    assert cli('cron', 'list', '--all', '--json').ok().json['jobs'][0]['enabled'] is False
    cli('cron', 'edit', job['id'], '--cron', '0 9 * * 1-5', '--tz', 'Europe/Berlin', '--name', 'coffee').ok()
    shown = cli('cron', 'show', job['id']).ok().out
    assert 'coffee' in shown and '0 9 * * 1-5 (Europe/Berlin)' in shown and 'make tea' in shown
    assert cli('cron', 'get', job['id']).ok().json['name'] == 'coffee'
    cli('cron', 'edit', job['id']).failed('what is to change')
    cli('cron', 'rm', 'coffee').ok()
    assert cli('cron', 'list', '--all', '--json').ok().json['jobs'] == []


def test_a_job_runs_when_told_and_its_run_is_listed(cli, sim):
    job = cli('cron', 'add', '--name', 'now', '--at', '20m', '--message', 'ECHO:done', '--keep-after-run', '--json').ok().json
    assert job['schedule']['kind'] == 'at'
    cli('cron', 'run', job['id']).ok()
    until = time.monotonic() + 20
    while not (runs := cli('cron', 'runs', job['id'], '--json').ok().json['entries']) and time.monotonic() < until:
        time.sleep(0.1)
    assert runs[0]['jobId'] == job['id'] and runs[0]['status'] == 'ok'


def test_logs_show_follow_and_fall_back(gateway, openclaw, closed_port):
    env = at(gateway.port)
    lines = openclaw.run('logs', '--limit', '2', '--utc', env=env).ok().out.splitlines()
    assert len(lines) == 2 and all(line[:4].isdigit() and line.split()[0].endswith('Z') for line in lines)
    docs = [json.loads(line) for line in openclaw.run('logs', '--json', env=env).ok().out.splitlines()]
    assert docs[0]['type'] == 'meta' and {d['type'] for d in docs[1:]} == {'log'} and all('message' in d for d in docs[1:])
    following = openclaw.start('logs', '--follow', '--interval', '50', env=env)
    time.sleep(0.3)
    gateway.stop()
    time.sleep(0.3)
    following.signal()
    assert 'shutting down' in following.wait().out
    r = openclaw.run('logs', '--limit', '3', env=env).ok()
    assert len(r.out.splitlines()) == 3 and 'gateway.log' in r.err


def test_dashboard_tells_the_address_and_no_token_in_a_pipe(cli, gateway):
    r = cli('dashboard', '--no-open').ok()
    assert f'http://127.0.0.1:{gateway.port}/' in r.out and TOKEN not in r.out + r.err


def test_the_token_is_shown_on_a_terminal_alone(cli, openclaw):
    cli('gateway', 'auth-token', '--show').failed('terminal')
    t = Terminal(openclaw, BINARY, 'gateway', 'auth-token', '--show').expect(TOKEN)
    assert t.end() == 0
    t.close()


# ---- no gateway ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('args', [['health'], ['gateway', 'call', 'health'], ['gateway', 'health'], ['gateway', 'probe'], ['agent', '-m', 'x'],
                                  ['cron', 'list'], ['chat', '--message', 'x'], ['gateway', 'status', '--require-rpc']])
def test_a_gateway_that_is_down_is_exit_1_and_says_how_to_start_it(openclaw, closed_port, args):
    r = openclaw.run(*args, env=at(closed_port))
    assert r.rc == 1 and 'openclaw gateway' in r.err + r.out and str(closed_port) in r.err + r.out, r


@pytest.mark.parametrize('args', [['status'], ['status', '--json'], ['gateway', 'status'], ['sessions'], ['dashboard']])
def test_what_needs_no_gateway_exits_0(openclaw, closed_port, args):
    openclaw.run(*args, env=at(closed_port)).ok()


# ---- another side that is odd -------------------------------------------------------------------------------------

def refused(code, detail, message='unauthorized'):
    return {'code': code, 'message': message, 'details': {'code': detail}}


ODD = {
    'html': (Raw(b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>'), []),
    'ssh': (Raw(b'SSH-2.0-OpenSSH_9.2\r\n'), []),
    'nothing': (Raw(b''), []),
    'not json': (Stub(challenge='hello there'), ['no OpenClaw gateway']),
    'a list': (Stub(challenge='[]'), ['no OpenClaw gateway']),
    'binary': (Stub(challenge=b'\x00\x01'), ['no OpenClaw gateway']),
    'no nonce': (Stub(challenge={**CHALLENGE, 'payload': {}}), ['no OpenClaw gateway']),
    'another event': (Stub(challenge={'type': 'event', 'event': 'tick', 'payload': {}}), ['no OpenClaw gateway']),
    'closes first': (Stub(drop='challenge'), ['not today']),
    'no hello': (Stub(hello={'type': 'welcome'}), ['no OpenClaw gateway']),
    'protocol 5': (Stub(hello={**HELLO, 'protocol': 5}), ['protocol 5']),
    'mismatch': (Stub(error=refused('INVALID_REQUEST', 'PROTOCOL_MISMATCH', 'protocol mismatch')), ['protocol mismatch', 'another version']),
    'token missing': (Stub(error=refused('INVALID_REQUEST', 'AUTH_TOKEN_MISSING')), ['OPENCLAW_GATEWAY_TOKEN']),
    'token wrong': (Stub(error=refused('INVALID_REQUEST', 'AUTH_TOKEN_MISMATCH')), ['--token']),
    'locked out': (Stub(error=refused('UNAVAILABLE', 'AUTH_RATE_LIMITED')), ['wait']),
    'lost in the call': (Stub(drop='health'), ['service restart']),
    'garbage in the call': (Stub(replies={'health': ['not json', '{}', {'event': 'odd', 'payload': None}, {'ok': True}]}), None),
}


@pytest.mark.parametrize('name', ODD)
def test_odd_servers(openclaw, name):
    stub, words = ODD[name]
    with stub:
        r = openclaw.run('gateway', 'call', 'health', '--token', 'a-secret-token', '--timeout', '5000', env=at(stub.port))
    assert 'a-secret-token' not in r.out + r.err
    if words is None:
        r.ok()
    else:
        r.failed(str(stub.port) if not words else words[0], *words)


def test_a_server_that_says_nothing_is_given_up(openclaw):
    with Raw(None) as silent:
        r = openclaw.run('gateway', 'call', 'health', '--timeout', '300', env=at(silent.port))
    r.failed(str(silent.port))


def test_a_method_that_is_never_answered_is_given_up(openclaw):
    with Stub(silent=('health',)) as stub:
        openclaw.run('gateway', 'call', 'health', '--timeout', '300', env=at(stub.port)).failed('in time')


def test_health_waits_while_a_gateway_starts(openclaw):
    with Stub(replies={'health': {'ok': True}}, starting=2) as stub:
        openclaw.run('health', env=at(stub.port)).ok()
        assert stub.probes == 3


def test_expect_final_passes_over_the_first_answer(openclaw):
    answers = [{'status': 'accepted', 'runId': 'r'}, {'status': 'ok', 'runId': 'r'}]
    with Stub(replies={'agent': answers}) as stub:
        first = openclaw.run('gateway', 'call', 'agent', '--params', '{}', '--json', env=at(stub.port)).ok()
        last = openclaw.run('gateway', 'call', 'agent', '--params', '{}', '--json', '--expect-final', env=at(stub.port)).ok()
    assert (first.json['status'], last.json['status']) == ('accepted', 'ok')


# ---- what is sent -------------------------------------------------------------------------------------------------

def test_where_the_address_and_the_secret_come_from(openclaw):
    with Stub(replies={'health': {}}) as one, Stub(replies={'health': {}}) as two:
        openclaw.write_config({'gateway': {'mode': 'local', 'port': one.port, 'auth': {'mode': 'token', 'token': 'of-the-config'}}})

        def secret_at(stub, *args, **env):
            n = len(stub.connects)
            openclaw.run('gateway', 'call', 'health', *args, env=env).ok()
            assert len(stub.connects) == n + 1
            return stub.connects[-1].get('auth')

        assert secret_at(one) == {'token': 'of-the-config'}
        assert secret_at(two, OPENCLAW_GATEWAY_PORT=str(two.port)) == {'token': 'of-the-config'}
        assert secret_at(two, '--port', two.port) == {'token': 'of-the-config'}
        assert secret_at(one, OPENCLAW_GATEWAY_TOKEN='of-the-env') == {'token': 'of-the-env'}
        assert secret_at(one, '--token', 'typed', OPENCLAW_GATEWAY_TOKEN='of-the-env') == {'token': 'typed'}
        assert secret_at(one, '--password', 'typed') == {'password': 'typed'}
        # Another place than the configured one gets nothing of the configuration.
        assert secret_at(two, '--url', f'ws://127.0.0.1:{two.port}') is None
        assert secret_at(one, '--url', f'http://localhost:{one.port}/') == {'token': 'of-the-config'}


def test_a_remote_gateway_of_the_configuration(openclaw):
    with Stub(replies={'health': {}}) as stub:
        openclaw.write_config({'gateway': {'mode': 'remote', 'remote': {'url': f'ws://127.0.0.1:{stub.port}', 'token': 'remote-token'},
                                           'auth': {'token': 'local-token'}}})
        openclaw.run('gateway', 'call', 'health').ok()
    assert stub.connects[0]['auth'] == {'token': 'remote-token'}


def test_the_client_is_cli_without_a_device(openclaw):
    with Stub(replies={'health': {}}) as stub:
        openclaw.run('gateway', 'call', 'health', env=at(stub.port)).ok()
    sent = stub.connects[0]
    assert (sent['client']['id'], sent['client']['mode'], sent['role']) == ('cli', 'cli', 'operator')
    assert (sent['minProtocol'], sent['maxProtocol'], sent['scopes']) == (4, 4, ['operator.admin']) and 'device' not in sent


def test_the_chat_signs_as_a_device_whose_key_is_made_once(openclaw):
    import ed25519
    replies = {'sessions.subscribe': {}, 'sessions.messages.subscribe': {'key': 'agent:main:main'}, 'chat.history': {'messages': []}}
    with Stub(replies=replies) as stub:
        for _ in range(2):
            openclaw.run('chat', '--token', 'the-token', input='', env=at(stub.port)).ok()
    one, two = (c['device'] for c in stub.connects)
    assert one['id'] == two['id'] and one['nonce'] == 'the-nonce'

    def raw(text):
        import base64
        return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))

    assert hashlib.sha256(raw(one['publicKey'])).hexdigest() == one['id']
    scopes = ','.join(stub.connects[0]['scopes'])
    client = stub.connects[0]['client']
    signed = f'v3|{one["id"]}|openclaw-tui|ui|operator|{scopes}|{one["signedAt"]}|the-token|the-nonce|{client["platform"]}|'
    key = openclaw.state / 'identity/openclaw-cli.json'
    assert stat.S_IMODE(key.stat().st_mode) == 0o600 and 'the-token' not in key.read_text()
    private = bytes.fromhex(json.loads(key.read_text())['privateKey'])
    assert ed25519.sign(private, signed.encode()) == raw(one['signature'])
