"""`openclaw doctor` and `openclaw security audit`: what they find, what they mend, and that looking changes nothing."""
import stat

import pytest
from gateway_client import TOKEN, test_config as config_for


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def ids(result):
    return {f['checkId'] for f in result.json['findings']}


def messages(result):
    return ' '.join(f['message'] for f in result.json['findings'])


@pytest.fixture
def sound(openclaw, sim):
    """A state folder with nothing wrong in it, but no gateway that runs."""
    openclaw.write_config(config_for(sim.base_url, token='a-token-that-is-long-enough-for-anybody'))
    return openclaw


def test_a_sound_setup_has_one_warning_that_no_gateway_runs(sound):
    r = sound.run('doctor', '--json', '--non-interactive').ok()
    assert ids(r) == {'gateway.running'} and r.json['ok'] is True and r.json['schemaVersion'] == 1
    assert 'openclaw gateway' in messages(r)
    assert r.json['checksRun'] > 8 and r.json['checksSkipped'] == 1  # --deep has one more


def test_with_a_gateway_nothing_is_found_even_deeply(gateway, openclaw):
    r = openclaw.run('doctor', '--json', '--deep', env={'OPENCLAW_GATEWAY_PORT': str(gateway.port)}).ok()
    assert r.json['findings'] == [] and r.json['checksSkipped'] == 0, r


def test_without_a_configuration_it_says_where_to_begin(openclaw):
    r = openclaw.run('doctor', '--json').ok()
    assert 'onboard' in str(r.json['findings'])


def test_looking_changes_nothing(sound):
    sound.config_file.chmod(0o644)
    before = sound.files()
    for args in (['doctor'], ['doctor', '--lint'], ['security', 'audit']):
        sound.run(*args)
    assert sound.files() == before and mode(sound.config_file) == 0o644


def test_lint_fails_where_there_is_something_to_mend(sound):
    assert sound.run('doctor', '--lint').rc == 1  # no gateway: a warning
    assert sound.run('doctor').rc == 0


def test_open_modes_are_found_and_mended(sound):
    sound.config_file.chmod(0o666)
    sound.state.chmod(0o755)
    r = sound.run('doctor', '--json').ok()
    assert 'state.modes' in ids(r) and str(sound.config_file) in messages(r)
    fixed = sound.run('doctor', '--fix', '--non-interactive', '--json').ok()
    assert len(fixed.json['fixed']) == 2 and 'state.modes' not in ids(fixed)
    assert mode(sound.config_file) == 0o600 and mode(sound.state) == 0o700


def test_an_invalid_entry_is_taken_out_and_the_rest_stays(sound):
    config = sound.read_config()
    config['gateway']['bond'] = 'loopback'
    config['agents']['defaults']['timeoutSeconds'] = 'soon'
    sound.write_config(config)
    r = sound.run('doctor', '--json')
    assert r.rc == 1 and 'bond' in messages(r) and 'timeoutSeconds' in messages(r)
    sound.run('doctor', '--fix', '--non-interactive').ok()
    after = sound.read_config()
    assert 'bond' not in after['gateway'] and 'timeoutSeconds' not in after['agents']['defaults']
    assert after['models'] == config['models'] and (sound.state / 'openclaw.json.bak').exists()


def test_a_broken_file_is_named_with_its_place_and_not_touched(sound):
    sound.write_config('{\n  "gateway": {,\n}')
    r = sound.run('doctor', '--fix', '--non-interactive', '--json')
    assert r.rc == 1 and '2:15' in messages(r) and sound.config_file.read_text().startswith('{\n  "gateway": {,')


def test_a_token_is_made_once_and_never_printed(sound):
    config = sound.read_config()
    del config['gateway']['auth']['token']
    sound.write_config(config)
    assert 'config.gateway_token' in ids(sound.run('doctor', '--json'))
    r = sound.run('doctor', '--generate-gateway-token').ok()
    token = sound.read_config()['gateway']['auth']['token']
    assert len(token) == 48 and token not in r.out + r.err
    sound.run('doctor', '--generate-gateway-token').ok()
    assert sound.read_config()['gateway']['auth']['token'] == token


def test_a_server_that_is_down_is_named(openclaw, closed_port):
    openclaw.write_config(config_for(f'http://127.0.0.1:{closed_port}/v1'))
    r = openclaw.run('doctor', '--json').ok()
    assert 'model.servers' in ids(r) and 'lmstudio' in messages(r)


def test_a_context_that_blocks_the_agent_is_an_error(openclaw, sim):
    config = config_for(sim.base_url)
    config['models']['providers']['lmstudio']['models'][0]['contextWindow'] = 4096
    openclaw.write_config(config)
    r = openclaw.run('doctor', '--json')
    assert r.rc == 1 and 'model.default' in ids(r) and '4096' in messages(r)


def test_a_store_of_a_newer_version_is_an_error_and_stays(sound):
    store = sound.state / 'gateway.sqlite'
    store.write_bytes(b'this is no database at all, whatever its name says' * 100)
    store.chmod(0o600)
    before = store.read_bytes()
    r = sound.run('doctor', '--fix', '--non-interactive', '--json')
    assert r.rc == 1 and 'state.store' in ids(r) and store.read_bytes() == before


@pytest.mark.parametrize('line, gone', [('/no/such/openclaw gateway run', '/no/such/openclaw'),
                                        ('"/no such/openclaw" gateway run', '/no such/openclaw'), ('/bin/sh gateway run', None)])
def test_a_service_whose_program_is_gone_is_an_error(sound, line, gone):
    unit = sound.home / '.config/systemd/user/openclaw-gateway.service'
    unit.parent.mkdir(parents=True)
    unit.write_text(f'[Service]\nExecStart={line}\n')
    r = sound.run('doctor', '--json')
    assert ('gateway.service' in ids(r)) == (gone is not None) and (gone or '') in messages(r)


# ---- security audit -----------------------------------------------------------------------------------------------

def audit(openclaw, change, *args):
    config = openclaw.read_config()
    change(config)
    openclaw.write_config(config)
    openclaw.state.chmod(0o700)
    r = openclaw.run('security', 'audit', '--json', *args).ok()
    return {f['checkId']: f['severity'] for f in r.json['findings']}


SERVER = {'servers': {'x': {'command': 'npx', 'args': ['-y', '@scope/server']}}}
PATHS = [
    ('gateway.loopback_no_auth', 'warn', lambda c: c['gateway'].update(auth={'mode': 'none'})),
    ('gateway.bind_no_auth', 'critical', lambda c: c['gateway'].update(bind='lan', auth={'mode': 'none'})),
    ('gateway.bind_non_loopback', 'warn', lambda c: c['gateway'].update(bind='lan')),
    ('gateway.token_too_short', 'warn', lambda c: c['gateway']['auth'].update(token='short')),
    ('gateway.token_too_short', 'critical', lambda c: c['gateway'].update(bind='lan', auth={'mode': 'token', 'token': 'short'})),
    ('gateway.secret_in_config', 'info', lambda c: None),
    ('gateway.control_ui.allowed_origins_wildcard', 'critical',
     lambda c: c['gateway'].update(controlUi={'allowedOrigins': ['*']})),
    ('tools.exec.full', 'warn', lambda c: c.update(tools={'exec': {'mode': 'full'}, 'deny': ['group:web']})),
    ('tools.exec.full', 'critical', lambda c: c.update(tools={'exec': {'mode': 'full'}})),
    ('tools.taint', 'info', lambda c: None),
    ('tools.web.private_network', 'warn',
     lambda c: c.update(tools={'web': {'fetch': {'ssrfPolicy': {'dangerouslyAllowPrivateNetwork': True}}}})),
    ('tools.web.private_hosts', 'info', lambda c: c.update(tools={'web': {'fetch': {'ssrfPolicy': {'allowedHostnames': ['a.lan']}}}})),
    ('tools.web.private_hosts', None, lambda c: c.update(
        tools={'web': {'fetch': {'enabled': False, 'ssrfPolicy': {'allowedHostnames': ['a.lan']}}}})),
    ('tools.web.search_plain_http', 'critical', lambda c: c.update(tools={'web': {'search': {
        'provider': 'brave', 'brave': {'apiKey': 'k' * 30, 'baseUrl': 'http://search.example.com'}}}})),
    ('tools.exec.full', 'critical', lambda c: c.update(tools={'exec': {'mode': 'full'}}, hooks={'enabled': True, 'token': 'h' * 30})),
    ('tools.exec.full', 'critical', lambda c: c.update(tools={'exec': {'mode': 'full'}, 'deny': ['group:web']}, mcp=SERVER)),
    ('mcp.unpinned', 'warn', lambda c: c.update(mcp=SERVER)),
    ('mcp.unpinned', None, lambda c: c.update(mcp={'servers': {'x': {'command': 'npx', 'args': ['@scope/server@1.2.3']}}})),
    ('mcp.trusted', 'warn', lambda c: c.update(mcp={'servers': {'x': {'command': 'x', 'trust': True}}})),
    ('mcp.network', 'info', lambda c: c.update(mcp={'servers': {'x': {'url': 'https://tools.example.com/mcp'}}})),
    ('mcp.network', None, lambda c: c.update(mcp={'servers': {'x': {'url': 'http://tools.lan/mcp'}}})),
    ('mcp.plain_http', 'critical', lambda c: c.update(mcp={'servers': {'x': {'url': 'http://tools.example.com/mcp'}}})),
    ('hooks.no_token', 'critical', lambda c: c.update(hooks={'enabled': True})),
    ('models.plain_http', 'warn', lambda c: c['models']['providers'].update(
        far={'baseUrl': 'http://models.example.com/v1', 'models': []})),
    ('models.plain_http', 'critical', lambda c: c['models']['providers'].update(
        far={'baseUrl': 'http://models.example.com/v1', 'apiKey': 'some-key', 'models': []})),
]


@pytest.mark.parametrize('check, severity, change', PATHS, ids=[f'{c}-{s}-{i}' for i, (c, s, _) in enumerate(PATHS)])
def test_audit_finds(sound, check, severity, change):
    assert audit(sound, change).get(check) == severity


def test_audit_of_a_sound_setup_has_nothing_critical(sound):
    found = audit(sound, lambda c: None)
    assert set(found.values()) <= {'info'}, found


def test_audit_knows_local_addresses_from_public_ones(sound):
    found = audit(sound, lambda c: c['models']['providers'].update(
        near={'baseUrl': 'http://192.168.1.5:1234/v1', 'models': []}, box={'baseUrl': 'http://box.local:1234/v1', 'models': []}))
    assert 'models.plain_http' not in found


def test_audit_never_prints_a_secret(sound):
    r = sound.run('security', 'audit').ok()
    assert 'a-token-that-is-long' not in r.out + r.err


def test_audit_mends_modes(sound):
    sound.config_file.chmod(0o622)
    assert audit(sound, lambda c: sound.config_file.chmod(0o622)).get('fs.config.perms') is None  # written anew with 0600
    sound.config_file.chmod(0o622)
    r = sound.run('security', 'audit', '--fix', '--json').ok()
    assert mode(sound.config_file) == 0o600 and 'fs.config.perms' not in ids(r)


def test_deep_audit_sees_a_gateway_that_asks_for_nothing(start_gateway, openclaw):
    g = start_gateway({'gateway': {'mode': 'local', 'bind': 'loopback', 'auth': {'mode': 'none'}}})
    r = openclaw.run('security', 'audit', '--deep', '--json', env={'OPENCLAW_GATEWAY_PORT': str(g.port)}).ok()
    assert 'gateway.running_without_auth' in ids(r)


def test_deep_audit_of_a_gateway_with_a_token(gateway, openclaw):
    r = openclaw.run('security', 'audit', '--deep', '--json', env={'OPENCLAW_GATEWAY_PORT': str(gateway.port)}).ok()
    assert 'gateway.running_without_auth' not in ids(r) and TOKEN not in r.out
