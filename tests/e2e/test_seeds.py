"""The documents that define the product, taken at their word: every configuration example loads, every command does
what the page says, typed as it stands there against a server on port 1234."""
import json
import os
import pathlib
import re

import pytest
from program import BINARY, port_is_free
from lmstudio import Simulator

EXAMPLES = sorted((pathlib.Path(__file__).parent / 'data' / 'seeds').glob('*.json5'))
TYPOGRAPHIC = [p for p in EXAMPLES if p.stem == '004-1']
QWEN = 'qwen/qwen3.5-9b'

ONBOARD = '''openclaw onboard \\
  --non-interactive \\
  --accept-risk \\
  --auth-choice lmstudio
'''
ONBOARD_WITH_OPTIONS = '''openclaw onboard \\
  --non-interactive \\
  --accept-risk \\
  --auth-choice lmstudio \\
  --custom-base-url http://localhost:1234/v1 \\
  --lmstudio-api-key "$LM_API_TOKEN" \\
  --custom-model-id qwen/qwen3.5-9b
'''
SET_MODEL = 'openclaw models set lmstudio/qwen/qwen3.5-9b'
FORCE_TOOLS = ('openclaw config set agents.defaults.models \'{"local/my-local-model":{"params":{"extra_body":'
               '{"tool_choice":"required"}}}}\' --strict-json --merge')


# ---- configuration examples -----------------------------------------------------------------------------------------

@pytest.mark.parametrize('example', [p for p in EXAMPLES if p not in TYPOGRAPHIC], ids=lambda p: p.stem)
def test_every_example_loads(openclaw, example):
    openclaw.write_config(example.read_text())
    r = openclaw.run('config', 'validate').ok()
    assert 'Config valid' in r.out
    assert openclaw.config_file.read_text() == example.read_text(), 'reading changes nothing'


@pytest.mark.parametrize('example', TYPOGRAPHIC, ids=lambda p: p.stem)
def test_typographic_quotes_fail_with_place_and_hint(openclaw, example):
    text = example.read_text()
    openclaw.write_config(text)
    line = next(n for n, s in enumerate(text.split('\n'), 1) if '\u201c' in s)
    column = text.split('\n')[line - 1].index('\u201c') + 1
    r = openclaw.run('config', 'validate')
    assert r.rc == 1
    assert f'{line}:{column}' in r.out + r.err and '\u201c' in r.out + r.err, r
    assert re.search('typographic|quotation|curly', r.out + r.err), r


@pytest.mark.parametrize('example, path, value', [
    ('001-1', 'models.providers.lmstudio.models[0].id', 'qwen/qwen3-coder-next'),
    ('001-2', 'models.providers.lmstudio.params.preload', 'false'),
    ('001-3', 'models.providers.lmstudio.baseUrl', 'http://gpu-box.local:1234/v1'),
    ('002-1', 'agents.defaults.model', 'openai/gpt-oss-20b'),
    ('003-1', 'agents.defaults.models["lmstudio/my-local-model"].alias', 'Local'),
    ('003-2', 'agents.defaults.model.fallbacks[1]', 'anthropic/claude-opus-4-6'),
    ('003-3', 'models.providers.local.timeoutSeconds', '300'),
    ('003-4', 'agents.defaults.models["local/my-local-model"].params.extra_body.tool_choice', 'required')])
def test_values_of_the_examples_can_be_read(openclaw, example, path, value):
    openclaw.write_config(next(p for p in EXAMPLES if p.stem == example).read_text())
    assert openclaw.run('config', 'get', path).ok().out == value + '\n'


@pytest.mark.any_wire
def test_the_command_that_forces_tool_use_works_as_printed(openclaw, shell):
    example = next(p for p in EXAMPLES if p.stem == '003-3')
    openclaw.write_config(example.read_text())
    shell(FORCE_TOOLS).ok()
    path = 'agents.defaults.models["local/my-local-model"].params.extra_body.tool_choice'
    assert openclaw.run('config', 'get', path).ok().out == 'required\n'
    assert openclaw.run('config', 'get', 'models.providers.local.timeoutSeconds').ok().out == '300\n'


# ---- commands, typed ------------------------------------------------------------------------------------------------

@pytest.fixture
def port():
    """1234, as the pages say. Where something else listens there, OPENCLAW_TEST_PORT names another."""
    chosen = int(os.environ.get('OPENCLAW_TEST_PORT', 1234))
    if not port_is_free(chosen):
        pytest.skip(f'port {chosen} is taken; set OPENCLAW_TEST_PORT to a free one')
    return chosen


@pytest.fixture
def lmstudio(port):
    """lmstudio(**settings): the simulator where the pages expect LM Studio."""
    started = []

    def start(**settings):
        started.append(Simulator(port=port, **settings).start())
        return started[-1]

    yield start
    for s in started:
        s.stop()


@pytest.fixture
def shell(openclaw):
    """Types a command into sh; `openclaw` is the binary under test."""
    def run(text, **env):
        other = os.environ.get('OPENCLAW_TEST_PORT')
        if other:
            text = text.replace('localhost:1234', f'localhost:{other}')
            if ' onboard ' in text and '--custom-base-url' not in text:
                text = text.rstrip() + f' --custom-base-url http://localhost:{other}'
        return openclaw.run(env={'PATH': f'{BINARY.parent}:{os.environ["PATH"]}', **env}, argv=['sh', '-c', text])
    return run


def test_onboarding_without_key(openclaw, shell, lmstudio):
    server = lmstudio()
    r = shell(ONBOARD).ok()
    assert f'Default LM Studio model: {QWEN}' in r.out
    config = openclaw.read_config()
    provider = config['models']['providers']['lmstudio']
    assert provider['baseUrl'].endswith('/v1') and provider['api'] == 'openai-completions'
    assert provider['apiKey'] == 'lmstudio-local', 'a local marker that is no secret'
    assert config['agents']['defaults']['model']['primary'] == f'lmstudio/{QWEN}'
    assert {m['id'] for m in provider['models']} >= {QWEN, 'openai/gpt-oss-20b', 'zai-org/glm-4.7-flash'}
    assert server.requests[0].path == '/api/v1/models' and not server.chats, 'no model is asked'
    assert all('authorization' not in r.headers for r in server.requests)
    assert openclaw.config_file.stat().st_mode & 0o077 == 0


def test_onboarding_with_every_option_and_an_unset_token(openclaw, shell, lmstudio):
    lmstudio()
    shell(ONBOARD_WITH_OPTIONS).ok()
    assert openclaw.read_config()['models']['providers']['lmstudio']['apiKey'] == 'lmstudio-local'


def test_onboarding_with_key_keeps_it_out_of_the_config(openclaw, shell, lmstudio):
    server = lmstudio(token='sk-lm-abcd1234:01234567890123456789')
    r = shell(ONBOARD_WITH_OPTIONS, LM_API_TOKEN=server.settings['token']).ok()
    provider = openclaw.read_config()['models']['providers']['lmstudio']
    assert (provider['apiKey'], provider['auth']) == ('LM_API_TOKEN', 'api-key')
    holders = [name for name, data in openclaw.files().items() if server.settings['token'].encode() in data]
    assert [os.path.basename(h) for h in holders] == ['auth-profiles.json']
    assert server.settings['token'] not in r.out + r.err
    profiles = json.loads((openclaw.home / holders[0]).read_text())
    assert 'lmstudio:default' in profiles['profiles']
    answer = openclaw.run('infer', 'model', 'run', '--prompt', 'hi').ok()
    assert f'Hello from {QWEN}.' in answer.out
    assert server.chats[0].headers['authorization'] == 'Bearer ' + server.settings['token']


def test_onboarding_twice_changes_nothing(openclaw, shell, lmstudio):
    lmstudio()
    shell(ONBOARD).ok()
    before = openclaw.read_config()
    shell(ONBOARD).ok()
    after = openclaw.read_config()
    for c in (before, after):
        c.pop('meta', None)
        c.pop('wizard', None)
    assert after == before


def test_models_set_chooses_the_default(openclaw, shell, lmstudio):
    lmstudio()
    shell(ONBOARD.rstrip() + ' --custom-model-id openai/gpt-oss-20b').ok()
    r = shell(SET_MODEL).ok()
    assert f'Default model: lmstudio/{QWEN}' in r.out
    assert openclaw.read_config()['agents']['defaults']['model']['primary'] == f'lmstudio/{QWEN}'


@pytest.mark.parametrize('settings, more, says', [
    (None, '', [r'/v1', 'lms server start|LM Studio']),
    ({'token': 'sk-lm-x'}, '', ['401', 'key|token']),
    ({}, ' --custom-model-id no/such-model', ['no/such-model', QWEN, 'openai/gpt-oss-20b']),
    ({'models': []}, '', ['No LLM models found']),
    ({}, ' --bogus', ['--bogus'])], ids=['not running', 'key missing', 'unknown model', 'no models', 'unknown option'])
def test_a_wrong_input_leaves_the_config_untouched(openclaw, shell, lmstudio, port, settings, more, says):
    if settings is not None:
        lmstudio(**settings)
    openclaw.write_config('{ /* mine */ "agents": { "defaults": { "model": "lmstudio/other" } } }\n')
    before = openclaw.files()
    r = shell(ONBOARD.rstrip() + more)
    assert r.rc == 1
    for pattern in says:
        assert re.search(pattern, r.err), f'{pattern!r} is missing in {r}'
    assert openclaw.files() == before


def test_risk_must_be_accepted(openclaw, shell, lmstudio):
    lmstudio()
    r = shell(ONBOARD.replace('  --accept-risk \\\n', ''))
    assert r.rc == 1 and re.search('risk', r.err) and not openclaw.config_file.exists()


def test_preload_false_leaves_loading_to_the_server(openclaw, shell, lmstudio):
    server = lmstudio()
    text = next(p for p in EXAMPLES if p.stem == '001-2').read_text()
    openclaw.write_config(text.replace(':1234', f':{server.port}').rstrip()[:-1]
                          + f'  agents: {{ defaults: {{ model: "lmstudio/{QWEN}" }} }},\n}}\n')
    openclaw.run('agent', '--local', '-m', 'hi').ok()
    assert not [r for r in server.requests if r.path.endswith('/load')]
    assert server.chats
