"""`openclaw models …`: outputs, exit codes and what is written (spec 01 §8.7)."""
import json

import pytest

QWEN = 'lmstudio/qwen/qwen3.5-9b'
KEY = 'sk-lm-abcd1234:01234567890123456789'
MODELS = {
    'mode': 'merge',
    'providers': {
        'lmstudio': {'baseUrl': 'http://127.0.0.1:9/v1', 'api': 'openai-completions', 'models': [
            {'id': 'qwen/qwen3.5-9b', 'name': 'Qwen', 'reasoning': True, 'input': ['text', 'image'],
             'contextWindow': 131072, 'contextTokens': 64000},
            {'id': 'tiny', 'contextWindow': 4096},
            {'id': 'text-embedding-nomic'}]},
        'local': {'baseUrl': 'http://box.local:8000/v1', 'models': [{'id': 'my-local-model', 'contextWindow': 120000}]},
        'far': {'baseUrl': 'https://models.example.com/v1', 'models': [{'id': '日本-model'}, {'id': 'tiny'}]},
    },
}


@pytest.fixture
def models(openclaw):
    """A config with three providers and nothing running."""
    openclaw.write_config({
        'agents': {'defaults': {'model': {'primary': QWEN, 'fallbacks': ['local/my-local-model']},
                                'models': {'local/my-local-model': {'alias': 'mine'}}}},
        'models': MODELS})

    def run(*args, **kw):
        return openclaw.run('models', *args, **kw)

    run.openclaw = openclaw
    return run


# ---- list ---------------------------------------------------------------------------------------------------------

def test_the_table_has_aligned_columns_and_no_colour_in_a_pipe(models):
    lines = models('list').ok().out.splitlines()
    assert lines[0].split() == ['Model', 'Input', 'Ctx', 'Local', 'Auth', 'Tags']
    rows = {line.split()[0]: line.split() for line in lines[1:]}
    assert rows[QWEN] == [QWEN, 'text+image', '64k/131k', 'yes', 'yes', 'default,configured']
    assert rows['local/my-local-model'][2:] == ['120k', 'yes', 'yes', 'fallback#1,alias:mine,configured']
    assert rows['far/tiny'][3:5] == ['no', 'no']
    assert rows['lmstudio/tiny'][2] == '4k' and '\033' not in ''.join(lines)
    at = lines[0].index('Input')
    assert lines[1][at:].startswith('text') and lines[1][at - 2:at] == '  '
    wide = next(line for line in lines if '日本' in line)
    assert wide.index('text') == at - 2, 'two wide characters take four columns'


def test_json_and_plain_have_the_documented_shapes(models):
    r = models('list', '--json').ok().json
    assert r['count'] == len(r['models']) == 5
    assert r['models'][0] == {'key': QWEN, 'name': 'Qwen', 'input': 'text+image', 'contextWindow': 131072,
                              'contextTokens': 64000, 'local': True, 'available': True, 'tags': ['default', 'configured']}
    assert models('list', '--plain').ok().out.split('\n') == [m['key'] for m in r['models']] + ['']


def test_models_that_cannot_chat_are_hidden_but_for_all(models):
    assert 'lmstudio/text-embedding-nomic' not in models('list', '--plain').ok().out
    assert 'lmstudio/text-embedding-nomic' in models('list', '--plain', '--all').ok().out


def test_filters(models):
    assert models('list', '--plain', '--provider', 'LOCAL').ok().out.split() == ['local/my-local-model']
    assert not [k for k in models('list', '--plain', '--local').ok().out.split() if k.startswith('far/')]
    models('list', '--provider', 'nobody').failed('Unknown model provider "nobody"')


def test_a_named_model_that_no_list_has_is_shown_as_missing(models):
    models('set', 'lmstudio/ghost').ok()
    rows = {m['key']: m for m in models('list', '--json').ok().json['models']}
    assert rows['lmstudio/ghost']['tags'] == ['default', 'missing']


def test_refresh_asks_the_server_and_remembers(openclaw, sim):
    openclaw.write_config({'models': {'providers': {'lmstudio': {'baseUrl': sim.base_url, 'models': []}}}})
    assert 'No models found' in openclaw.run('models', 'list').ok().out and sim.requests == []
    r = openclaw.run('models', 'list', '--refresh', '--plain').ok()
    assert QWEN in r.out.split()
    asked = len(sim.requests)
    assert openclaw.run('models', 'list', '--plain').ok().out == r.out and len(sim.requests) == asked
    models_json = openclaw.state / 'agents/main/agent/models.json'
    stamp = models_json.stat().st_mtime_ns
    openclaw.run('models', 'refresh').ok()
    assert models_json.stat().st_mtime_ns == stamp, 'equal bytes are not written'


def test_offline_refresh_is_a_notice(openclaw, closed_port):
    openclaw.write_config({'models': {'providers': {'lmstudio': {'baseUrl': f'http://127.0.0.1:{closed_port}/v1',
                                                                  'models': [{'id': 'a'}]}}}})
    r = openclaw.run('models', 'list', '--refresh', '--plain').ok()
    assert r.out == 'lmstudio/a\n' and 'notice:' in r.err


def test_a_corrupt_models_json_is_set_aside(models):
    folder = models.openclaw.state / 'agents/main/agent'
    folder.mkdir(parents=True)
    (folder / 'models.json').write_text('{"providers": ')
    r = models('list', '--plain').ok()
    assert QWEN in r.out and 'corrupt' in r.err
    assert [p.name.startswith('models.json.corrupt-') for p in folder.iterdir()] == [True]


def test_an_unset_variable_makes_a_provider_unusable_and_never_another_host(openclaw):
    openclaw.write_config({'models': {'providers': {'box': {'baseUrl': '${BOX_URL}', 'models': [{'id': 'a'}]}}}})
    r = openclaw.run('models', 'list', '--json').ok()
    assert r.json['models'][0]['available'] is False
    assert 'models.providers.box.baseUrl' in r.err and 'BOX_URL' in r.err


def test_without_config_a_running_lm_studio_is_found(openclaw, make_sim):
    sim = make_sim()
    openclaw.write_config({'models': {'providers': {'lmstudio': {'baseUrl': sim.base_url}}}})
    r = openclaw.run('infer', 'model', 'run', '--prompt', 'hi').ok()
    assert 'Hello from qwen/qwen3.5-9b.' in r.out
    assert [q.path for q in sim.requests] == ['/api/v1/models', '/v1/chat/completions']


def test_an_id_the_list_does_not_know_is_looked_for_once_and_then_sent(openclaw, sim):
    openclaw.use(sim.base_url)
    r = openclaw.run('infer', 'model', 'run', '--prompt', 'hi', '--model', 'lmstudio/allenai/olmocr-2-7b').ok()
    assert 'Hello from allenai/olmocr-2-7b.' in r.out
    assert [q.path for q in sim.requests] == ['/api/v1/models', '/v1/chat/completions']


# ---- set ----------------------------------------------------------------------------------------------------------

def test_set_keeps_fallbacks_and_lists_the_model(models):
    r = models('set', 'local/my-local-model').ok()
    assert 'Default model: local/my-local-model' in r.out and 'Updated config:' in r.out and '.bak' in r.out
    d = models.openclaw.read_config()['agents']['defaults']
    assert d['model'] == {'primary': 'local/my-local-model', 'fallbacks': ['local/my-local-model']}
    models('set', 'lmstudio/tiny').ok()
    assert models.openclaw.read_config()['agents']['defaults']['models']['lmstudio/tiny'] == {}


@pytest.mark.parametrize('typed, key', [('mine', 'local/my-local-model'), ('MINE', 'local/my-local-model'),
                                        ('my-local-model', 'local/my-local-model'), ('LMStudio/TINY', 'lmstudio/tiny'),
                                        ('qwen/qwen3.5-9b', QWEN), ('lmstudio/' + QWEN, QWEN)])
def test_set_resolves_what_a_person_types(models, typed, key):
    assert f'Default model: {key}\n' in models('set', typed).ok().out


def test_set_with_an_unknown_model_of_a_known_provider_warns(models):
    r = models('set', 'lmstudio/not/here').ok()
    assert 'not/here' in r.err and 'warning' in r.err
    assert models.openclaw.read_config()['agents']['defaults']['model']['primary'] == 'lmstudio/not/here'


@pytest.mark.parametrize('typed, words', [('nobody/x', ['Unknown model provider "nobody"', 'not changed']),
                                          ('tiny', ['lmstudio/tiny, far/tiny']), ('/x', ['provider/model']),
                                          ('x/', ['provider/model']), ('  ', ['empty'])])
def test_set_refuses_and_changes_nothing(models, typed, words):
    before = models.openclaw.config_file.read_bytes()
    models('set', typed).failed(*words)
    assert models.openclaw.config_file.read_bytes() == before


@pytest.mark.parametrize('args', [['set'], ['set-image'], ['aliases', 'add'], ['aliases', 'add', 'x'], ['aliases', 'remove'],
                                  ['fallbacks', 'add'], ['fallbacks', 'remove']])
def test_a_missing_argument_is_named(models, args):
    models(*args).failed('missing argument', '--help')


def test_set_image(models):
    assert f'Image model: {QWEN}' in models('set-image', QWEN).ok().out
    assert models('status', '--json').ok().json['imageModel'] == QWEN


# ---- aliases ------------------------------------------------------------------------------------------------------

def test_aliases(models):
    assert models('aliases', 'list').ok().out == 'Aliases (1):\n- mine -> local/my-local-model\n'
    assert models('aliases', 'add', 'fast', QWEN).ok().out.startswith(f'Alias fast -> {QWEN}\n')
    assert models('aliases', 'list', '--json').ok().json == {'aliases': {'mine': 'local/my-local-model', 'fast': QWEN}}
    assert models('aliases', 'list', '--plain').ok().out == f'mine local/my-local-model\nfast {QWEN}\n'
    models('aliases', 'remove', 'mine').ok()
    models('aliases', 'remove', 'fast').ok()
    assert models('aliases', 'list').ok().out == 'Aliases (0):\n- none\n'
    assert models('aliases', 'list', '--json').ok().json == {'aliases': {}}


@pytest.mark.parametrize('args, words', [(['add', 'a b', QWEN], ['a b', 'letters']), (['add', 'a/b', QWEN], ['letters']),
                                         (['add', 'x', 'nobody/x'], ['nobody']), (['remove', 'ghost'], ['Alias not found: ghost'])])
def test_aliases_that_are_refused(models, args, words):
    models('aliases', *args).failed(*words)


# ---- fallbacks ----------------------------------------------------------------------------------------------------

def test_fallbacks(models):
    assert models('fallbacks', 'list').ok().out == 'Fallbacks (1):\n- local/my-local-model\n'
    assert models('fallbacks', 'add', 'far/tiny').ok().out.startswith('Fallbacks: local/my-local-model, far/tiny\n')
    before = models.openclaw.config_file.read_bytes()
    assert models('fallbacks', 'add', 'mine').ok().out == 'Fallbacks: local/my-local-model, far/tiny\n'
    assert models.openclaw.config_file.read_bytes() == before
    assert models('fallbacks', 'list', '--json').ok().json == {'fallbacks': ['local/my-local-model', 'far/tiny']}
    models('fallbacks', 'remove', 'mine').ok()
    models('fallbacks', 'remove', 'mine').failed('mine')
    assert models('fallbacks', 'list', '--plain').ok().out == 'far/tiny\n'
    assert models('fallbacks', 'clear').ok().out.startswith('Fallback list cleared.')
    assert models('fallbacks', 'list').ok().out == 'Fallbacks (0):\n- none\n'
    assert models.openclaw.read_config()['agents']['defaults']['model']['primary'] == QWEN


# ---- status -------------------------------------------------------------------------------------------------------

def test_status_as_json(models):
    r = models('status', '--json').ok().json
    assert r['configPath'] == str(models.openclaw.config_file)
    assert (r['defaultModel'], r['resolvedDefault']) == (QWEN, QWEN)
    assert r['fallbacks'] == ['local/my-local-model'] and r['aliases'] == {'mine': 'local/my-local-model'}
    assert r['allowed'] == [] and r['imageModel'] is None and r['imageFallbacks'] == []
    auth = {p['provider']: p for p in r['auth']['providers']}
    assert auth['local']['source'] == 'models.providers.local (synthetic local key)'
    assert auth['far']['status'] == 'missing' and r['auth']['missingProvidersInUse'] == ['far']
    assert 'models.providers.far.apiKey' in auth['far']['remedy']


def test_bare_models_is_status_and_plain_is_the_default(models):
    assert models().ok().out == models('status').ok().out
    assert models('status', '--plain').ok().out == QWEN + '\n'


def test_check_speaks_by_its_exit_code(openclaw):
    openclaw.write_config({'models': {'providers': {'lmstudio': {'baseUrl': 'http://127.0.0.1:9/v1', 'models': [{'id': 'a'}]}}}})
    openclaw.run('models', 'status', '--check').ok()
    openclaw.write_config({'models': {'providers': {'far': {'baseUrl': 'https://example.com/v1', 'models': [{'id': 'a'}]}}}})
    assert openclaw.run('models', 'status', '--check').rc == 1


def test_status_without_anything_names_the_way_out(openclaw):
    r = openclaw.run('models', 'status').ok()
    assert 'openclaw onboard' in r.out
    assert openclaw.run('models', 'status', '--json').ok().json['resolvedDefault'] is None


def test_no_key_is_ever_shown(openclaw):
    openclaw.write_config({'models': {'providers': {'far': {
        'baseUrl': 'https://example.com/v1', 'apiKey': KEY, 'headers': {'X-Key': 'header-secret'}, 'models': [{'id': 'a'}]}}}})
    for args in (['status'], ['status', '--json'], ['list'], ['list', '--json']):
        r = openclaw.run('models', *args).ok()
        assert KEY not in r.out + r.err and 'header-secret' not in r.out + r.err


# ---- auth ---------------------------------------------------------------------------------------------------------

def test_order_of_profiles(openclaw):
    folder = openclaw.state / 'agents/main/agent'
    folder.mkdir(parents=True)
    store = {'version': 1, 'profiles': {f'lmstudio:{n}': {'type': 'api_key', 'provider': 'lmstudio', 'key': f'secret-{n}'}
                                        for n in 'ab'} | {'odd:x': {'type': 'future', 'provider': 'lmstudio', 'blob': 1}},
             'unknown': {'kept': True}}
    (folder / 'auth-profiles.json').write_text(json.dumps(store))
    assert openclaw.run('models', 'auth', 'list').ok().out == 'Profiles (2):\n- lmstudio:a (api_key)\n- lmstudio:b (api_key)\n'
    openclaw.run('models', 'auth', 'order', 'set', '--provider', 'lmstudio', 'lmstudio:b', 'lmstudio:a').ok()
    r = openclaw.run('models', 'auth', 'order', 'get', '--json').ok()
    assert [p['id'] for p in r.json['profiles']] == ['lmstudio:b', 'lmstudio:a'] and 'secret' not in r.out
    openclaw.run('models', 'auth', 'order', 'set', '--provider', 'lmstudio', 'lmstudio:zz').failed('lmstudio:zz')
    openclaw.run('models', 'auth', 'order', 'clear', '--provider', 'lmstudio').ok()
    left = json.loads((folder / 'auth-profiles.json').read_text())
    assert left['profiles'] == store['profiles'] and left['unknown'] == {'kept': True}
