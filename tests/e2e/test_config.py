"""`openclaw config`: what is printed, what is refused, and that a refusal leaves the file as it was."""
import json
import stat
import threading

import pytest

PROVIDER = {'baseUrl': 'http://127.0.0.1:8000/v1', 'apiKey': 'sk-very-secret', 'models': [{'id': 'a'}, {'id': 'b'}]}
SAMPLE = {'gateway': {'mode': 'local', 'port': 18789},
          'models': {'providers': {'local': PROVIDER}},
          'agents': {'defaults': {'model': {'primary': 'local/a'}, 'models': {'local/a': {'alias': 'A'}}}}}


# ---- get ----

@pytest.mark.parametrize('path, text', [
    ('gateway.port', '18789\n'),
    ('gateway.mode', 'local\n'),
    ('models.providers.local.models[1].id', 'b\n'),
    ('models.providers.local.models.1.id', 'b\n'),
    ('models.providers["local"].baseUrl', 'http://127.0.0.1:8000/v1\n'),
    ('agents.defaults.models.local/a.alias', 'A\n'),
    ('agents.defaults.model', '{\n  "primary": "local/a"\n}\n'),
])
def test_get_prints_scalars_bare_and_the_rest_as_json(openclaw, path, text):
    openclaw.write_config(SAMPLE)
    assert openclaw.run('config', 'get', path).ok().out == text


def test_get_json_quotes_strings(openclaw):
    openclaw.write_config(SAMPLE)
    assert openclaw.run('config', 'get', 'gateway.mode', '--json').ok().json == 'local'


def test_get_hides_secrets_wherever_they_stand_but_shows_references(openclaw):
    config = {**SAMPLE, 'plugins': {'x': {'token': 'sk-plugin', 'list': [{'password': 'sk-list'}]}},
              'channels': {'telegram': {'botToken': 'sk-bot'}},
              'gateway': {'auth': {'mode': 'token', 'token': '${GATEWAY_TOKEN}'}}}
    openclaw.write_config(config)
    for path in ['models', 'models.providers.local.apiKey', 'plugins', 'channels.telegram.botToken', 'gateway']:
        r = openclaw.run('config', 'get', path).ok()
        assert 'sk-' not in r.out + r.err
    assert openclaw.run('config', 'get', 'models.providers.local.apiKey').out == '__OPENCLAW_REDACTED__\n'
    assert openclaw.run('config', 'get', 'gateway.auth.token').out == '${GATEWAY_TOKEN}\n'


@pytest.mark.parametrize('path, words', [
    ('models.mode', ['valid but unset']),
    ('models.modes', ['Unknown config path']),
    ('', ['path is empty']),
    ('a..b', ['empty segment']),
    ('a[', ["missing ']'"]),
    ('__proto__.x', ['not allowed']),
])
def test_get_tells_unset_unknown_and_broken_paths_apart(openclaw, path, words):
    openclaw.write_config(SAMPLE)
    openclaw.run('config', 'get', path).failed(*words)


# ---- set ----

@pytest.mark.parametrize('path, value, want', [
    ('gateway.port', '1', 1),
    ('commands.text', 'true', True),
    ('agents.defaults.workspace', '~/work', '~/work'),
    ('agents.defaults.workspace', '"true"', 'true'),
    ('agents.defaults.workspace', '{not json', '{not json'),
    ('agents.defaults.modelPolicy', "{allow:['a/b',],}", {'allow': ['a/b']}),
    ('models.providers.local.models[2]', '{id:"c"}', {'id': 'c'}),
    ('agents.defaults.models["x/y.z"]', '{alias:"Z"}', {'alias': 'Z'}),
])
def test_set_takes_json5_or_else_text(openclaw, path, value, want):
    openclaw.write_config(SAMPLE)
    r = openclaw.run('config', 'set', path, value).ok()
    assert r.out.startswith(f'Updated {path}. ')
    got = openclaw.run('config', 'get', path, '--json').ok()
    assert got.json == want


def test_set_says_what_a_running_gateway_makes_of_it(openclaw):
    openclaw.write_config(SAMPLE)

    def said(path, value):
        return openclaw.run('config', 'set', path, value).ok().out

    assert 'takes this over without a restart' in said('channels.telegram.botToken', '1:x')
    assert 'restarts itself' in said('gateway.port', '45001')
    assert 'does not use it' in said('ui.theme', 'dark')
    said('gateway.reload.mode', 'hot')
    assert 'Restart the gateway' in said('gateway.port', '45002')
    assert 'takes this over without a restart' in said('channels.telegram.botToken', '2:x')


@pytest.mark.parametrize('args, words', [
    (['gateway.port', 'x'], ['gateway.port: expected number, received string']),
    (['gateway.prot', '1'], ['gateway: Unrecognized key: "prot"']),
    (['gateway.port.x', '1'], ['gateway.port is a plain value']),
    (['models.providers.local.models.x', '1'], ['is an array']),
    (['models.providers.local.models[7].id', '"x"'], ['shorter than this index']),
    (['gateway.port', '{a:1}', '--strict-json'], ['standard JSON']),
    (['gateway.port', '1', '--merge', '--replace'], ['exclude each other']),
    (['gateway.port', '1', '--merge'], ['cannot merge', '--replace']),
    (['gateway.port'], ['expected a path and a value']),
    (['agents.defaults.models', '{"x/y":{}}'], ['would remove: local/a', '--merge', '--replace']),
    (['models.providers', '{}'], ['would remove: local']),
    (['models.providers.local.models', '[{"id":"b"}]'], ['would remove: a']),
    (['gateway', '{"port":1}'], ['gateway.mode would be lost', '.rejected.']),
    (['gateway.port', '1', '--expect-absent'], ['is set already']),
    (['gateway.port', '1', '--expect-current-json', '2'], ['another value than expected']),
    (['agents.defaults.model', 'nowhere/x'], ['no provider "nowhere"']),
    (['gateway.auth.token', '__OPENCLAW_REDACTED__'], ['stands for a secret']),
])
def test_a_refused_set_names_the_reason_and_leaves_the_file(openclaw, args, words):
    openclaw.write_config(SAMPLE)
    before = openclaw.config_file.read_bytes()
    openclaw.run('config', 'set', *args).failed(*words)
    assert openclaw.config_file.read_bytes() == before


def test_every_problem_of_a_refused_set_is_listed(openclaw):
    openclaw.write_config(SAMPLE)
    openclaw.run('config', 'set', 'models.providers.other', '{bogus:1,timeoutSeconds:"x"}').failed(
        'models.providers.other: Unrecognized key: "bogus"',
        'models.providers.other.timeoutSeconds: expected number, received string',
        'models.providers.other.baseUrl: expected string, received undefined')


def test_merge_keeps_what_is_there_and_merges_models_by_id(openclaw):
    openclaw.write_config(SAMPLE)
    openclaw.run('config', 'set', 'models.providers.local', '--merge',
                 '{"timeoutSeconds":5,"models":[{"id":"b","name":"B"},{"id":"c"}]}').ok()
    local = openclaw.read_config()['models']['providers']['local']
    assert local == {**PROVIDER, 'timeoutSeconds': 5, 'models': [{'id': 'a'}, {'id': 'b', 'name': 'B'}, {'id': 'c'}]}


def test_replace_removes_what_is_not_named(openclaw):
    openclaw.write_config(SAMPLE)
    openclaw.run('config', 'set', 'agents.defaults.models', '{"x/y":{}}', '--replace').ok()
    assert openclaw.read_config()['agents']['defaults']['models'] == {'x/y': {}}


def test_the_placeholder_of_a_secret_keeps_the_secret(openclaw):
    openclaw.write_config(SAMPLE)
    shown = openclaw.run('config', 'get', 'models.providers.local').json
    shown['timeoutSeconds'] = 9
    openclaw.run('config', 'set', 'models.providers.local', json.dumps(shown)).ok()
    assert openclaw.read_config()['models']['providers']['local'] == {**PROVIDER, 'timeoutSeconds': 9}


def test_an_equal_value_is_no_change(openclaw):
    openclaw.write_config(SAMPLE)
    before = openclaw.files()
    assert 'No change' in openclaw.run('config', 'set', 'gateway.port', '18789').ok().out
    assert openclaw.files() == before


def test_a_dry_run_checks_and_writes_nothing(openclaw):
    openclaw.write_config(SAMPLE)
    before = openclaw.files()
    openclaw.run('config', 'set', 'gateway.port', '1', '--dry-run').ok()
    openclaw.run('config', 'set', 'gateway.port', 'x', '--dry-run').failed('expected number')
    r = openclaw.run('config', 'set', 'gateway.port', '"x"', '--dry-run', '--json')
    assert r.rc == 1
    assert r.json['ok'] is False and r.json['errors'][0]['message'] == 'gateway.port: expected number, received string'
    assert openclaw.run('config', 'set', 'gateway.port', '1', '--dry-run', '--json').ok().json['ok'] is True
    assert openclaw.files() == before


def test_writing_keeps_references_numbers_and_foreign_sections(openclaw):
    openclaw.write_config("{ plugins: {'a': [1,2,], /* mine */},\n models: {providers: {lmstudio: "
                          "{apiKey: '${LM_API_TOKEN}', maxTokens: 8e3}}} }")
    r = openclaw.run('config', 'set', 'gateway.port', '1', env={'LM_API_TOKEN': 'sk-very-secret'}).ok()
    text = openclaw.config_file.read_text()
    assert "\"plugins\": {'a': [1,2,], /* mine */}," in text
    assert '"apiKey": "${LM_API_TOKEN}"' in text and '"maxTokens": 8e3' in text
    assert 'sk-very-secret' not in text + r.out + r.err
    assert 'comments' not in r.err
    openclaw.write_config('{ // lost\n gateway: {port: 1}, plugins: {/* kept */} }')
    assert 'comments' in openclaw.run('config', 'set', 'gateway.port', '2').ok().err
    assert '/* kept */' in openclaw.config_file.read_text()


def test_files_are_private_and_backed_up(openclaw):
    for port in range(1, 8):
        openclaw.run('config', 'set', 'gateway.port', str(port)).ok()
    names = ['openclaw.json'] + ['openclaw.json.bak' + n for n in ['', '.1', '.2', '.3', '.4']]
    for n, name in enumerate(names):
        f = openclaw.state / name
        assert stat.S_IMODE(f.stat().st_mode) == 0o600
        assert json.loads(f.read_text())['gateway']['port'] == 7 - n
    assert stat.S_IMODE(openclaw.state.stat().st_mode) == 0o700
    assert not (openclaw.state / 'openclaw.json.bak.5').exists()


def test_parallel_sets_lose_nothing(openclaw):
    results = []

    def add(i):
        results.append(openclaw.run('config', 'set', f'env.vars.V{i}', f'"{i}"'))

    threads = [threading.Thread(target=add, args=(i,)) for i in range(12)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [r.rc for r in results] == [0] * 12, results
    assert openclaw.read_config()['env']['vars'] == {f'V{i}': str(i) for i in range(12)}


@pytest.mark.parametrize('name', ['OPENCLAW_CONFIG_READONLY', 'OPENCLAW_NIX_MODE'])
def test_read_only_environments_refuse_writes(openclaw, name):
    openclaw.run('config', 'set', 'gateway.port', '1', env={name: '1'}).failed('read-only', name)
    assert not openclaw.config_file.exists()


# ---- variables ----

def test_the_login_shell_is_asked_only_when_wanted_and_comes_last(openclaw):
    (openclaw.home / '.profile').write_text('echo noise\nexport T_PORT=shell T_NAME=shell\n')
    config = {'env': {'vars': {'T_PORT': 'config'}, 'shellEnv': {'enabled': True}},
              'agents': {'defaults': {'workspace': '${T_NAME}'}}, 'logging': {'file': '${T_PORT}'}}
    openclaw.write_config(config)
    env = {'SHELL': '/bin/sh'}
    assert openclaw.run('config', 'validate', '--json', env=env).ok().json['warnings'] == []
    config['env']['shellEnv']['enabled'] = False
    openclaw.write_config(config)
    assert len(openclaw.run('config', 'validate', '--json', env=env).ok().json['warnings']) == 1


def test_a_login_shell_that_hangs_is_left_behind(openclaw):
    (openclaw.home / '.profile').write_text('sleep 60\n')
    openclaw.write_config({'env': {'shellEnv': {'enabled': True, 'timeoutMs': 200}}})
    r = openclaw.run('config', 'validate', '--json', env={'SHELL': '/bin/sh'}).ok()
    assert 'took too long' in r.json['warnings'][0] and r.seconds < 10


# ---- unset and patch ----

def test_unset_removes_and_says_when_there_is_nothing(openclaw):
    openclaw.write_config(SAMPLE)
    assert openclaw.run('config', 'unset', 'gateway.mode').ok().out.startswith('Removed gateway.mode. ')
    assert openclaw.read_config()['gateway'] == {'port': 18789}
    before = openclaw.files()
    openclaw.run('config', 'unset', 'gateway.mode').failed('Config path not found: gateway.mode')
    openclaw.run('config', 'unset', 'models.providers.local.baseUrl').failed('expected string, received undefined')
    assert openclaw.files() == before


def test_a_patch_merges_and_removes_in_one_write(openclaw, tmp_path):
    openclaw.write_config(SAMPLE)
    openclaw.run('config', 'patch', '--stdin', input="{gateway:{port:2,mode:null}, // c\n}").ok()
    assert openclaw.read_config()['gateway'] == {'port': 2}
    patch = tmp_path / 'p.json5'
    patch.write_text('{gateway:{port:"x"}}')
    openclaw.run('config', 'patch', '--file', patch).failed('expected number, received string')
    openclaw.run('config', 'patch', '--file', tmp_path / 'none').failed('none')
    openclaw.run('config', 'patch').failed('--stdin or --file')
    openclaw.run('config', 'patch', '--stdin', input='[1]').failed('must be an object')
    openclaw.run('config', 'patch', '--stdin', input='{').failed('JSON5')
    assert openclaw.run('config', 'patch', '--stdin', '--dry-run', '--json', input='{gateway:{port:3}}').ok().json['ok']
    assert openclaw.read_config()['gateway'] == {'port': 2}


# ---- file, schema, validate ----

def test_file_names_the_place(openclaw):
    assert openclaw.run('config', 'file').ok().out == f'{openclaw.config_file}\n'
    assert openclaw.run('config', 'file', '--json').ok().json == {'path': str(openclaw.config_file)}
    other = openclaw.run('config', 'file', env={'OPENCLAW_CONFIG_PATH': '~/c.json'}).ok()
    assert other.out == f'{openclaw.home}/c.json\n'


def test_validate_lists_every_problem(openclaw):
    openclaw.write_config({'gateway': {'port': 'x', 'bogus': 1}, 'nonsense': 1})
    openclaw.run('config', 'validate').failed('~/.openclaw/openclaw.json', 'gateway.port: expected number, received string',
                                              'gateway: Unrecognized key: "bogus"',
                                              '<root>: Unrecognized key: "nonsense"')
    r = openclaw.run('config', 'validate', '--json')
    assert r.rc == 1 and r.json['valid'] is False
    assert {'path': 'gateway.port', 'message': 'expected number, received string'} in r.json['issues']


def test_validate_accepts_no_file_and_reports_warnings(openclaw):
    assert 'Config valid: ~/.openclaw/openclaw.json' in openclaw.run('config', 'validate').ok().out
    openclaw.write_config({'models': {'providers': {'lmstudio': {'apiKey': '${LM_API_TOKEN}'}}}, 'plugins': {}})
    r = openclaw.run('config', 'validate').ok()
    assert 'models.providers.lmstudio.apiKey' in r.err and 'LM_API_TOKEN' in r.err and 'plugins' in r.err
    r = openclaw.run('config', 'validate', '--json').ok()
    assert r.json['valid'] is True and len(r.json['warnings']) == 1 and r.json['path'] == str(openclaw.config_file)


@pytest.mark.parametrize('text, words', [
    ('', ['JSON5', '1:1']),
    ('{"a": }', ['JSON5', "'}'", '1:7']),
    ('[]', ['expected object, received array']),
    ('{"$include": "../x.json"}', ['$include']),
])
def test_a_broken_file_is_named_and_never_written(openclaw, text, words):
    openclaw.write_config(text)
    openclaw.run('config', 'validate').failed('openclaw.json', *words)
    openclaw.run('config', 'set', 'gateway.port', '1').failed(*words)
    assert openclaw.config_file.read_text() == text


def test_schema_is_the_one_that_is_checked(openclaw):
    s = openclaw.run('config', 'schema').ok().json
    providers = s['properties']['models']['properties']['providers']['additionalProperties']
    assert providers['additionalProperties'] is False
    assert providers['properties']['timeoutSeconds'] == {'type': 'integer', 'exclusiveMinimum': 0}
