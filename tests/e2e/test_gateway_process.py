"""The process `openclaw gateway`: what it refuses, locks, logs, reloads and how it ends (spec 02 §1)."""
import concurrent.futures
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request

import pytest
from program import free_port
from gateway_client import TOKEN, Device, connect_params, test_config

NONE = {'gateway': {'mode': 'local', 'bind': 'loopback', 'auth': {'mode': 'none'}}}


def refused(openclaw, config, *args, env=None, words=()):
    """Exit code 78 and a reason, at once."""
    if config is not None:
        openclaw.write_config(config)
    result = openclaw.run('gateway', *args, env={'OPENCLAW_GATEWAY_PORT': str(free_port()), **(env or {})})
    assert result.rc == 78, result
    for w in words:
        assert w in result.err, f'{w!r} is missing in {result}'
    return result


# ---- what is refused

def test_without_a_configuration_it_says_what_to_do(openclaw):
    refused(openclaw, None, words=['openclaw onboard', '--allow-unconfigured'])


@pytest.mark.parametrize('mode', [{}, {'mode': 'remote'}])
def test_another_mode_than_local_is_refused(openclaw, mode):
    refused(openclaw, {'gateway': mode}, words=['gateway.mode', 'config set gateway.mode local'])


def test_an_invalid_configuration_is_refused_with_every_problem(openclaw):
    refused(openclaw, {'gateway': {'mode': 'local', 'port': 'x', 'nonsense': 1}}, words=['gateway.port', 'nonsense'])


@pytest.mark.parametrize('config, args, words', [
    ({}, ['--auth', 'trusted-proxy'], ['trusted-proxy', 'token or password']), ({}, ['--bind', 'tailnet'], ['tailnet', 'customBindHost']),
    ({}, ['--tailscale', 'serve'], ['tailscale serve']), ({'tls': {'enabled': True}}, [], ['gateway.tls', 'reverse proxy']),
    ({'bind': 'tailnet'}, [], ['tailnet']), ({'auth': {'mode': 'trusted-proxy'}}, [], ['trusted-proxy']),
    ({'tailscale': {'mode': 'funnel'}}, [], ['tailscale'])])
def test_what_is_not_supported_is_refused_with_the_alternative(openclaw, config, args, words):
    refused(openclaw, {'gateway': {'mode': 'local', **config}}, *args, words=words)


@pytest.mark.parametrize('config, args', [({'bind': 'lan', 'auth': {'mode': 'none'}}, []), ({'bind': 'lan'}, ['--auth', 'none']),
                                          ({'auth': {'mode': 'none'}}, ['--bind', 'lan'])])
def test_the_network_without_a_secret_is_refused(openclaw, config, args):
    refused(openclaw, {'gateway': {'mode': 'local', **config}}, *args, words=['0.0.0.0', 'loopback'])


@pytest.mark.parametrize('args, words', [(['--port', '0'], ['--port']), (['--port', 'x'], ['--port']), (['--bind', 'moon'], ['--bind']),
                                         (['--auth', 'magic'], ['--auth']), (['--bind', 'custom'], ['customBindHost']),
                                         (['--auth', 'password'], ['password']), (['--password-file', '/no/such'], ['/no/such'])])
def test_flags_that_make_no_sense_are_named(openclaw, args, words):
    refused(openclaw, {'gateway': {'mode': 'local', 'bind': 'loopback'}}, *args, words=words)


def test_a_second_gateway_on_the_same_state_is_refused_with_the_pid_of_the_first(start_gateway, openclaw):
    first = start_gateway(test_config())
    second = openclaw.run('gateway', env={'OPENCLAW_GATEWAY_PORT': str(free_port())})
    assert second.rc == 78 and str(first.popen.pid) in second.err and second.seconds >= 5
    first.connect()


def test_a_lock_of_a_dead_gateway_is_no_obstacle(start_gateway, openclaw):
    first = start_gateway(test_config())
    first.kill()
    assert json.loads((openclaw.state / 'gateway.lock').read_text())['pid'] == first.popen.pid
    start_gateway().connect()


def test_the_lock_says_who_runs(gateway, openclaw):
    lock = json.loads((openclaw.state / 'gateway.lock').read_text())
    assert lock['pid'] == gateway.popen.pid and lock['port'] == gateway.port and lock['startedAt'] > 0


def test_it_waits_for_a_port_that_becomes_free(start_gateway):
    port = free_port()
    with socket.socket() as s:
        s.bind(('127.0.0.1', port))
        s.listen()
        g = start_gateway(test_config(), port=port, ready=False)
        g.wait_console('trying again')
    g.wait_ready()


def test_force_ends_another_program_on_the_port(start_gateway):
    port = free_port()
    code = f'import socket, time; s = socket.create_server(("127.0.0.1", {port})); print(flush=True); time.sleep(60)'
    with subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        start_gateway(test_config(), '--force', port=port)
        assert other.wait(10) == -signal.SIGTERM


def test_force_in_a_script_does_not_end_a_gateway(start_gateway, openclaw):
    g = start_gateway(test_config())
    refused(openclaw, None, '--force', words=['gateway stop --force'])
    g.connect()


def test_it_listens_on_both_loopback_addresses_and_nowhere_else(gateway):
    assert urllib.request.urlopen(f'http://127.0.0.1:{gateway.port}/healthz', timeout=10).status == 200
    if socket.has_ipv6 and os.path.exists('/proc/net/if_inet6') and '00000001 01' in open('/proc/net/if_inet6').read():
        assert urllib.request.urlopen(f'http://[::1]:{gateway.port}/healthz', timeout=10).status == 200
    listening = [line.split()[1] for line in open('/proc/net/tcp') if line.split()[3] == '0A']
    assert f'0100007F:{gateway.port:04X}' in listening and f'00000000:{gateway.port:04X}' not in listening


def test_a_signal_while_it_waits_for_the_port_ends_it(start_gateway):
    port = free_port()
    with socket.socket() as s:
        s.bind(('127.0.0.1', port))
        s.listen()
        g = start_gateway(test_config(), port=port, ready=False)
        g.wait_console('trying again')
        g.stop()


def test_a_store_that_cannot_be_opened_ends_it_with_the_reason(openclaw):
    openclaw.write_config(test_config())
    (openclaw.state / 'gateway.sqlite').mkdir()
    result = openclaw.run('gateway', env={'OPENCLAW_GATEWAY_PORT': str(free_port())})
    assert result.rc == 1 and 'gateway.sqlite' in result.err, result


# ---- where it gets its secret

def test_without_a_token_one_is_made_for_this_process(start_gateway, openclaw):
    g = start_gateway({'gateway': {'mode': 'local', 'bind': 'loopback'}})
    assert openclaw.read_config()['gateway'] == {'mode': 'local', 'bind': 'loopback'}
    assert 'token' in g.console
    error = g.open().refused('connect', connect_params())
    assert error['details']['code'] == 'AUTH_TOKEN_MISMATCH'


@pytest.mark.parametrize('args, env', [(['--token', 'from-flag'], {'OPENCLAW_GATEWAY_TOKEN': 'from-env'}),
                                       ([], {'OPENCLAW_GATEWAY_TOKEN': 'from-flag'})])
def test_flag_goes_before_environment_before_configuration(start_gateway, args, env):
    g = start_gateway(test_config(), *args, env=env)
    g.connect(connect_params(token='from-flag'))
    assert g.open().refused('connect', connect_params())['details']['code'] == 'AUTH_TOKEN_MISMATCH'


def test_a_password_file_is_read(start_gateway, openclaw):
    (openclaw.home / 'secret').write_text('from the file\n')
    g = start_gateway(NONE, '--password-file', openclaw.home / 'secret')
    assert g.connect(connect_params(token='from the file')).hello['auth']['method'] == 'password'


def test_a_token_from_a_variable_reference(start_gateway):
    config = test_config(auth={'mode': 'token', 'token': {'source': 'env', 'provider': 'default', 'id': 'MY_TOKEN'}})
    start_gateway(config, env={'MY_TOKEN': 'elsewhere'}).connect(connect_params(token='elsewhere'))


# ---- probes and other paths

@pytest.mark.parametrize('path, key', [('/health', 'status'), ('/healthz', 'status'), ('/startup', 'version'), ('/startupz', 'version'),
                                       ('/ready', 'failing'), ('/readyz', 'failing')])
def test_probes_need_no_credentials(gateway, path, key):
    r = gateway.get(path, token=None)
    assert r.status == 200 and key in r.json
    assert r.headers['X-Content-Type-Options'] == 'nosniff' and r.headers['Referrer-Policy'] == 'no-referrer'
    assert r.headers['Cache-Control'] == 'no-store' and r.headers['Permissions-Policy']
    head = gateway.request('HEAD', path, token=None)
    assert head.status == 200 and head.body == b'' and int(head.headers['Content-Length']) > 20
    if 'health' in path:  # the others tell the time since the start
        assert int(head.headers['Content-Length']) == len(gateway.get(path).body)
    assert gateway.post(path, {}, token=None).status == 405


def test_strangers_learn_no_more_than_yes_or_no(gateway):
    forwarded = {'X-Forwarded-For': '203.0.113.7'}
    assert gateway.get('/readyz', token=None, headers=forwarded).json == {'ready': True}
    assert gateway.get('/startupz', token=None, headers=forwarded).json == {'ok': True, 'status': 'started'}
    assert 'uptimeMs' in gateway.get('/readyz', headers=forwarded).json


@pytest.mark.parametrize('path', ['/v1/nothing', '/api/x', '/tools/x', '/hooks/x', '/v1', '/v1/../healthz'])
def test_unknown_paths_of_the_apis_are_404(gateway, path):
    assert gateway.get(path).status == 404


def test_credentials_come_before_the_method(gateway):
    assert gateway.request('DELETE', '/v1/models', token=None).status == 401
    r = gateway.request('DELETE', '/v1/models')
    assert r.status == 405 and 'GET' in r.headers['Allow']


def test_a_device_token_opens_the_http_apis_and_foreign_pages_do_not(gateway):
    token = gateway.connect(connect_params(), Device()).hello['auth']['deviceToken']
    assert gateway.get('/v1/models', token=token).status == 200
    assert gateway.get('/v1/models', token='x' * 43).status == 401
    assert gateway.get('/v1/models', headers={'Origin': 'http://evil.example'}).status == 403
    assert gateway.get('/v1/models', headers={'Origin': gateway.url}).status == 200


# ---- how it ends

@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_a_signal_tells_the_clients_and_ends_with_0(gateway, number):
    c = gateway.connect()
    gateway.popen.send_signal(number)
    assert c.wait_event('shutdown') == {'reason': 'gateway stopping'}
    assert c.wait_closed() == (1012, 'service restart')
    gateway.wait_ended(0)


def test_sigusr2_starts_again_in_the_same_process(gateway):
    c = gateway.connect()
    boot = c.hello['server']['bootId']
    gateway.popen.send_signal(signal.SIGUSR2)
    assert c.wait_event('shutdown')['reason'] == 'gateway restarting' and c.wait_closed() == (1012, 'service restart')
    gateway.wait_console('ready', n=2)
    assert gateway.connect().hello['server']['bootId'] != boot and gateway.popen.poll() is None


def test_devices_survive_a_restart(start_gateway):
    g, device = start_gateway(test_config()), Device()
    token = g.connect(connect_params(), device).hello['auth']['deviceToken']
    g.kill()
    assert start_gateway().connect(connect_params(token=token), device).hello['auth']['method'] == 'device-token'


def test_the_service_manager_is_told(start_gateway, openclaw):
    path = openclaw.home / 'notify'
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(path))
        s.settimeout(20)
        g = start_gateway(test_config(), env={'NOTIFY_SOCKET': str(path)})
        assert s.recv(200) == b'READY=1'
        g.stop()
        assert s.recv(200) == b'STOPPING=1'


# ---- the log

def test_the_start_is_told_in_order(gateway):
    words = ['loading configuration', 'resolving authentication', 'starting…', 'starting HTTP server', 'agent model: lmstudio/',
             'http server listening', 'log file: ', 'ready']
    text = gateway.console
    at = [text.index(w) for w in words]
    assert at == sorted(at)
    line = next(x for x in text.splitlines() if x.endswith('] ready'))
    assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 \[gateway\] ready', line)


def test_the_log_file_has_one_object_a_line_for_its_owner_alone(gateway, openclaw):
    path = openclaw.home / 'gateway.log'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = [json.loads(x) for x in path.read_text().splitlines()]
    ready = next(x for x in lines if x['1'] == 'ready')
    assert json.loads(ready['0']) == {'subsystem': 'gateway'} and ready['message'] == 'ready' and ready['time'].endswith('+00:00')
    assert ready['_meta']['logLevelName'] == 'INFO' and ready['_meta']['logLevelId'] == 3 and ready['hostname']


def test_a_log_file_that_grew_is_rotated(start_gateway, openclaw):
    config = {**test_config(), 'logging': {'file': str(openclaw.home / 'logs' / 'g.log'), 'maxFileBytes': 2000}}
    g = start_gateway(config, '--verbose')
    for _ in range(20):
        g.connect().close()
    g.stop()
    folder = openclaw.home / 'logs'
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    names = {p.name for p in folder.iterdir()}
    assert {'g.log', 'g.log.1', 'g.log.2'} <= names and 'g.log.6' not in names
    assert all(p.stat().st_size <= 2000 for p in folder.iterdir())
    assert TOKEN not in ''.join(p.read_text() for p in folder.iterdir())


def test_levels_and_style_of_the_console(start_gateway):
    quiet = start_gateway({**test_config(), 'logging': {'consoleLevel': 'silent'}})
    assert 'ready' not in quiet.console
    quiet.stop()
    style = start_gateway({**test_config(), 'logging': {'consoleStyle': 'json'}})
    assert any(json.loads(x)['1'] == 'ready' for x in style.console.splitlines() if x.startswith('{'))


def test_verbose_logs_the_traffic(start_gateway):
    g = start_gateway(test_config(), '--verbose')
    c = g.connect()
    c.refused('no.such')
    c.close()
    for words in ('[ws] ← open', '← connect client=cli mode=cli auth=token', '→ hello-ok methods=', '⇄ res ✗ no.such', '→ close code=1000'):
        g.wait_console(words)


# ---- changes of the configuration

def edit(openclaw, **changes):
    config = openclaw.read_config()
    for path, value in changes.items():
        at, keys = config, path.split('__')
        for k in keys[:-1]:
            at = at.setdefault(k, {})
        at[keys[-1]] = value
    openclaw.write_config(config)


def test_hot_keys_apply_without_a_restart_and_are_told(gateway, openclaw):
    c = gateway.connect()
    edit(openclaw, agents__defaults__model={'primary': 'lmstudio/other'})
    change = c.wait_event('config.changed')
    assert change['path'] == str(openclaw.config_file) and len(change['hash']) == 64 and change['ts'] > 0
    gateway.wait_console('config change detected; evaluating reload (agents.defaults.model.primary)')
    gateway.wait_console('config hot reload applied (agents.defaults.model.primary)')
    assert c.closed is None


def test_an_edit_by_rename_is_seen(gateway, openclaw):
    fresh = openclaw.config_file.with_suffix('.new')
    fresh.write_text(openclaw.config_file.read_text().replace('qwen/qwen3.5-9b', 'qwen/other'))
    fresh.rename(openclaw.config_file)
    gateway.wait_console('config hot reload applied')


def test_an_included_file_is_watched(start_gateway, openclaw):
    openclaw.state.mkdir(mode=0o700)
    (openclaw.state / 'agents.json5').write_text('{defaults: {model: {primary: "lmstudio/a"}}}')
    g = start_gateway({**test_config(), 'agents': {'$include': './agents.json5'}})
    (openclaw.state / 'agents.json5').write_text('{defaults: {model: {primary: "lmstudio/b"}}}')
    g.wait_console('config hot reload applied (agents.defaults.model.primary)')


def test_invalid_content_costs_one_warning_and_the_last_good_stays(gateway, openclaw):
    good = openclaw.config_file.read_text()
    openclaw.config_file.write_text('{ not json')
    gateway.wait_console('config reload skipped')
    gateway.connect()
    openclaw.config_file.write_text(good.replace('qwen/qwen3.5-9b', 'qwen/other'))
    gateway.wait_console('config hot reload applied')
    assert gateway.console.count('config reload skipped') == 1


def test_a_key_of_the_restart_class_restarts_in_place(gateway, openclaw):
    c = gateway.connect()
    edit(openclaw, gateway__auth__token='a-new-gateway-token')
    assert c.wait_event('shutdown')['reason'] == 'gateway restarting'
    gateway.wait_console('ready', n=2)
    gateway.connect(token='a-new-gateway-token')


@pytest.mark.parametrize('mode', ['off', 'hot'])
def test_the_reload_mode_can_forbid_it(start_gateway, openclaw, mode):
    g = start_gateway(test_config(reload={'mode': mode}))
    c = g.connect()
    edit(openclaw, gateway__auth__token='a-new-gateway-token')
    if mode == 'hot':
        g.wait_console('needs a restart')
    time.sleep(0.6)
    assert c.closed is None and ('config change detected' in g.console) == (mode == 'hot')


# ---- models of a running LM Studio

def test_models_are_found_with_only_the_environment_set(start_gateway, openclaw, sim):
    env = {'OPENAI_API_BASE': sim.base_url, 'OPENAI_API_KEY': 'lm-studio'}
    g = start_gateway(None, '--allow-unconfigured', '--bind', 'loopback', '--auth', 'none', env=env)
    path, until = openclaw.state / 'agents' / 'main' / 'agent' / 'models.json', time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < until, g.console
        time.sleep(0.05)
    assert json.loads(path.read_text())['providers']['lmstudio']['models']
    c = g.connect(token=None)
    assert c.hello['snapshot']['sessionDefaults']['modelConfigured'] is True
    assert c.call('agents.list')['agents'][0]['model']['primary'].startswith('lmstudio/')


# ---- ending with runs under way

def end_of_run(c):
    return c.wait_event('chat', lambda p: p['runId'] == 'r' and p['state'] in ('final', 'aborted', 'error'))


def test_a_run_that_is_nearly_done_ends_before_the_gateway_does(gateway, sim):
    c = gateway.connect()
    sim.fail('slow', rate=700, text='slow but sure')
    c.call('chat.send', {'sessionKey': 'main', 'message': 'go', 'idempotencyKey': 'r'})
    c.wait_event('chat', lambda p: p['state'] == 'delta')
    gateway.popen.send_signal(signal.SIGTERM)
    assert end_of_run(c)['state'] == 'final' and c.wait_closed() == (1012, 'service restart')
    names = [f['event'] for f in c.events()]
    assert names.index('shutdown') > max(i for i, n in enumerate(names) if n == 'chat')
    gateway.wait_ended(0)


def test_a_run_that_hangs_is_aborted_after_the_drain_and_new_clients_are_sent_away(gateway, sim):
    c, late = gateway.connect(), gateway.open()
    sim.fail('hang')
    c.call('chat.send', {'sessionKey': 'main', 'message': 'go', 'idempotencyKey': 'r'})
    c.wait_event('agent', lambda p: p['stream'] == 'lifecycle')
    gateway.popen.send_signal(signal.SIGTERM)
    gateway.wait_console('SIGTERM received')
    error = late.refused('connect', connect_params())
    assert (error['code'], error['retryable'], late.wait_closed()[0]) == ('UNAVAILABLE', True, 1012)
    assert gateway.get('/readyz').json['failing'] == ['draining'] and gateway.get('/healthz').status == 200
    assert gateway.get('/v1/models').status == 503
    assert end_of_run(c)['state'] in ('aborted', 'error')
    gateway.wait_ended(0)


def test_a_relayed_answer_is_finished_before_the_gateway_ends(gateway, sim):
    sim.fail('slow', rate=700, text='slow but sure')
    body = {'model': 'lmstudio/qwen/qwen3.5-9b', 'stream': True, 'messages': [{'role': 'user', 'content': 'go'}]}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answer = pool.submit(gateway.post, '/v1/chat/completions', body)
        sim.wait_for(lambda s: s.chats)
        gateway.popen.send_signal(signal.SIGTERM)
        assert answer.result(30).body.rstrip().endswith(b'data: [DONE]')
    gateway.wait_ended(0)


# ---- in a container

@pytest.mark.skipif(not os.path.exists('/.dockerenv'), reason='not in a container')
def test_in_a_container_a_token_is_made_once_and_kept(start_gateway, openclaw):
    config = {'gateway': {'mode': 'local'}}
    g, path = start_gateway(config), openclaw.state / 'gateway.token'
    token = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and len(token) >= 32
    assert str(path) in g.console and token not in g.console
    g.connect(token=token)
    g.stop()
    start_gateway().connect(token=token)
    assert path.read_text() == token and openclaw.read_config()['gateway'] == {'mode': 'local'}
