"""`openclaw onboard`: what it writes, what it refuses, and its questions on a terminal (driven through a pty)."""
import json
import os
import pty
import re
import select
import stat
import subprocess
import time

import pytest
from program import BINARY
from replay import Replay

KEY = 'sk-lm-abcd1234:01234567890123456789'
QWEN = 'qwen/qwen3.5-9b'
EMBEDDING = {'type': 'embedding', 'key': 'nomic-embed', 'publisher': 'nomic-ai', 'max': 2048}
BASE = ['onboard', '--non-interactive', '--accept-risk', '--auth-choice', 'lmstudio', '--skip-health']


def onboard(openclaw, sim, *more, **kw):
    return openclaw.run(*BASE, '--custom-base-url', sim.base_url, *more, **kw)


def lmstudio(openclaw):
    return openclaw.read_config()['models']['providers']['lmstudio']


def refused(openclaw, result, *words):
    """Exit 1 with the remedy, the line about provider setup, and not one byte changed."""
    result.failed(*words, 'exited with code 1')
    return result


# ---- what is written ----------------------------------------------------------------------------------------------

def test_every_model_that_can_chat_is_saved_and_the_default_key_is_chosen(openclaw, sim):
    r = onboard(openclaw, sim).ok()
    assert f'Default LM Studio model: {QWEN}' in r.out and 'Updated config:' in r.out
    config = openclaw.read_config()
    ids = [m['id'] for m in lmstudio(openclaw)['models']]
    assert QWEN in ids and not [i for i in ids if 'embed' in i]
    assert config['agents']['defaults']['model'] == {'primary': f'lmstudio/{QWEN}'}
    assert config['models']['mode'] == 'merge' and lmstudio(openclaw)['baseUrl'] == sim.base_url
    assert 'auth' not in lmstudio(openclaw) and 'auth' not in config
    assert config['gateway']['mode'] == 'local' and len(config['gateway']['auth']['token']) >= 32
    assert stat.S_IMODE(openclaw.config_file.stat().st_mode) == 0o600


def test_models_json_holds_embedding_models_too_and_no_key(openclaw, make_sim):
    sim = make_sim(token=KEY)
    onboard(openclaw, sim, '--lmstudio-api-key', KEY).ok()
    path = openclaw.state / 'agents/main/agent/models.json'
    text = path.read_text()
    listed = {m['key'] for m in sim.catalog.models}
    saved = json.loads(text)['providers']['lmstudio']
    assert {m['id'] for m in saved['models']} == listed
    assert saved['apiKey'] == 'LM_API_TOKEN' and KEY not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize('option', ['--lmstudio-api-key', '--custom-api-key'])
def test_a_key_is_stored_in_the_profile_only(openclaw, make_sim, option):
    sim = make_sim(token=KEY)
    r = onboard(openclaw, sim, option, KEY).ok()
    provider = lmstudio(openclaw)
    assert (provider['apiKey'], provider['auth']) == ('LM_API_TOKEN', 'api-key')
    assert openclaw.read_config()['auth']['profiles']['lmstudio:default'] == {'provider': 'lmstudio', 'mode': 'api_key'}
    holders = [name for name, data in openclaw.files().items() if KEY.encode() in data]
    assert [os.path.basename(h) for h in holders] == ['auth-profiles.json']
    assert KEY not in r.out + r.err
    profile = json.loads((openclaw.home / holders[0]).read_text())['profiles']['lmstudio:default']
    assert profile == {'type': 'api_key', 'provider': 'lmstudio', 'key': KEY}


def test_the_lmstudio_option_wins_over_the_custom_one_and_both_over_the_environment(openclaw, make_sim):
    sim = make_sim(token=KEY)
    onboard(openclaw, sim, '--custom-api-key', 'other', '--lmstudio-api-key', KEY, env={'LM_API_TOKEN': 'third'}).ok()
    assert {r.headers.get('authorization') for r in sim.requests} == {f'Bearer {KEY}'}


def test_a_blank_key_option_counts_as_absent(openclaw, make_sim):
    sim = make_sim(token=KEY)
    onboard(openclaw, sim, '--lmstudio-api-key', '', env={'LM_API_TOKEN': KEY}).ok()
    assert lmstudio(openclaw)['apiKey'] == 'LM_API_TOKEN'


def test_a_stored_key_is_used_again(openclaw, make_sim):
    sim = make_sim(token=KEY)
    onboard(openclaw, sim, '--lmstudio-api-key', KEY).ok()
    onboard(openclaw, sim).ok()
    assert sim.requests[-1].headers['authorization'] == f'Bearer {KEY}'


def test_a_literal_key_of_the_config_is_left_there(openclaw, make_sim):
    sim = make_sim(token=KEY)
    openclaw.write_config({'models': {'providers': {'lmstudio': {'baseUrl': sim.base_url, 'apiKey': KEY, 'models': []}}}})
    openclaw.run(*BASE).ok()
    assert lmstudio(openclaw)['apiKey'] == KEY
    assert KEY not in (openclaw.state / 'agents/main/agent/models.json').read_text()


def test_twice_is_the_same_as_once(openclaw, sim):
    onboard(openclaw, sim).ok()
    before = openclaw.files()
    stamp = openclaw.config_file.stat().st_mtime_ns
    r = onboard(openclaw, sim).ok()
    assert openclaw.files() == before and openclaw.config_file.stat().st_mtime_ns == stamp
    assert 'Config unchanged' in r.out


def test_unrelated_config_fallbacks_and_authored_text_stay(openclaw, sim):
    openclaw.write_config('''{
  "gateway": {"mode": "local", "port": 19000, "auth": {"mode": "token", "token": "keep-me"}},
  "agents": {"defaults": {"model": {"primary": "old/x", "fallbacks": ["old/y"]}, "timeoutSeconds": 600}},
  "models": {"providers": {
    "old": {"baseUrl": "http://127.0.0.1:9/v1", "models": [{"id": "x"}]},
    "lmstudio": {"baseUrl": "${LMS}/v1", "params": {"preload": false}, "models": [{"id": "qwen/qwen3.5-9b",
      "params": {"a": 1}}]}}}
}
''')
    openclaw.run(*BASE, env={'LMS': sim.url}).ok()
    config = openclaw.read_config()
    assert config['gateway']['port'] == 19000 and config['gateway']['auth']['token'] == 'keep-me'
    assert config['agents']['defaults']['model'] == {'primary': f'lmstudio/{QWEN}', 'fallbacks': ['old/y']}
    assert config['agents']['defaults']['timeoutSeconds'] == 600
    assert config['models']['providers']['old']['models'] == [{'id': 'x'}]
    provider = lmstudio(openclaw)
    assert provider['baseUrl'] == '${LMS}/v1' and provider['params'] == {'preload': False}
    assert next(m for m in provider['models'] if m['id'] == QWEN)['params'] == {'a': 1}


@pytest.mark.parametrize('typed', ['{host}', '{host}/', '{host}/v1/', '{host}/api/v1', 'http://{host}/V1?x=1#y'])
def test_every_form_of_the_address_leads_to_the_same_base(openclaw, sim, typed):
    host = f'127.0.0.1:{sim.port}'
    openclaw.run(*BASE, '--custom-base-url', typed.format(host=host)).ok()
    assert lmstudio(openclaw)['baseUrl'] == f'http://{host}/v1'


@pytest.mark.parametrize('wanted', ['openai/gpt-oss-20b', 'lmstudio/openai/gpt-oss-20b'])
def test_the_model_may_carry_the_provider(openclaw, sim, wanted):
    r = onboard(openclaw, sim, '--custom-model-id', wanted).ok()
    assert 'Default LM Studio model: openai/gpt-oss-20b' in r.out


def test_an_unloaded_model_is_accepted_and_a_small_loaded_window_is_not_saved(openclaw, make_sim):
    sim = make_sim(models=[{'key': 'a/one', 'max': 131072}, {'key': 'a/two', 'max': 131072, 'loaded': 8192}])
    onboard(openclaw, sim, '--custom-model-id', 'a/one').ok()
    sizes = {m['id']: (m['contextWindow'], m['contextTokens'], m['maxTokens']) for m in lmstudio(openclaw)['models']}
    assert sizes['a/one'] == (131072, 64000, 8192) and sizes['a/two'][:2] == (131072, 64000)


def test_json_prints_one_document_and_nothing_else(openclaw, sim):
    r = openclaw.run(*[a for a in BASE if a != '--skip-health'], '--custom-base-url', sim.base_url, '--json').ok()
    assert r.json['ok'] is True and r.json['authChoice'] == 'lmstudio' and r.json['mode'] == 'local'
    assert r.json['gateway'] == {'port': 18789, 'bind': 'loopback', 'authMode': 'token', 'tailscaleMode': 'off'}
    assert (r.json['installDaemon'], r.json['skipSkills'], r.json['skipHealth']) == (False, False, False)
    assert r.json['workspace'] == str(openclaw.workspace)


def test_what_the_server_can_do_is_shown_and_kept_and_no_model_is_asked(openclaw, sim):
    r = onboard(openclaw, sim).ok()
    shown = {line.split()[0]: line.split()[1] for line in r.out.splitlines() if line.startswith('  ')}
    assert (shown['responses'], shown['messages'], shown['slots']) == ('yes', 'yes', '4'), r
    assert not sim.chats and not [q for q in sim.requests if q.path.endswith('/load')]
    assert all(q.json == {} for q in sim.requests if q.method == 'POST')
    facts = json.loads((openclaw.state / 'agents/main/agent/learned.json').read_text())['endpoints']
    (endpoint,) = facts.values()
    (model,) = endpoint['models'].values()
    assert model['facts']['probe']['responses']['value'] is True


def test_a_server_that_answers_no_further_question_is_set_up_all_the_same(openclaw):
    def broken(_):
        return 500, b'gone'

    server = Replay({'GET /v1/models': {'data': [{'id': 'm'}]}, 'POST /v1/responses': broken, 'POST /v1/messages': broken,
                     'POST /tokenize': broken, 'GET /props': broken})
    r = openclaw.run('onboard', '--non-interactive', '--accept-risk', '--skip-health', '--auth-choice', 'llamacpp', '--json',
                     '--custom-base-url', server.base_url).ok()
    server.close()
    assert r.json['defaultModel'] == 'llamacpp/m' and 'responses' in r.err, 'what was found out is no part of the document'


def test_setting_up_ollama_loads_no_model(openclaw):
    server = Replay({'GET /api/tags': {'models': [{'name': 'q:latest', 'model': 'q:latest'}]}, 'GET /api/ps': {'models': []},
                     'POST /api/show': {'model_info': {}, 'capabilities': ['completion', 'tools']}})
    openclaw.run('onboard', '--non-interactive', '--accept-risk', '--skip-health', '--auth-choice', 'ollama',
                 '--custom-base-url', server.base_url).ok()
    server.close()
    asked = {line for line, _ in server.seen}
    assert 'POST /v1/responses' in asked and not [a for a in asked if 'generate' in a or 'chat' in a], asked


def test_without_a_gateway_setup_succeeds_and_says_how_to_start_one(openclaw, sim, closed_port):
    r = openclaw.run('onboard', '--non-interactive', '--accept-risk', '--auth-choice', 'lmstudio', '--custom-base-url',
                     sim.base_url, '--gateway-port', str(closed_port)).ok()
    assert 'openclaw gateway' in r.out
    assert openclaw.read_config()['gateway']['port'] == closed_port


def test_the_older_native_list_is_enough(openclaw, make_sim):
    sim = make_sim(profile='v035')
    onboard(openclaw, sim).ok()
    assert [r.path for r in sim.requests][:2] == ['/api/v1/models', '/api/v0/models']
    assert QWEN in [m['id'] for m in lmstudio(openclaw)['models']]


def test_configured_headers_go_on_discovery(openclaw, sim):
    openclaw.write_config({'models': {'providers': {'lmstudio': {
        'baseUrl': sim.base_url, 'headers': {'X-Team': 'a'}, 'request': {'headers': {'X-Two': 'b'}}, 'models': []}}}})
    openclaw.run(*BASE).ok()
    assert (sim.requests[0].headers['x-team'], sim.requests[0].headers['x-two']) == ('a', 'b')


def test_a_small_window_is_warned_about(openclaw, make_sim):
    r = onboard(openclaw, make_sim(models=[{'key': 'a/tiny', 'max': 4096}])).ok()
    assert 'context window' in r.err and '4096' in r.err and '16000' in r.err


def test_only_the_config_and_options_say_where_lm_studio_is(openclaw, sim, make_sim):
    other = make_sim()
    r = openclaw.run(*BASE, env={'OPENAI_API_BASE': other.base_url, 'LM_API_TOKEN': KEY})
    assert other.requests == [], r


# ---- what is refused ----------------------------------------------------------------------------------------------

@pytest.fixture
def configured(openclaw):
    openclaw.write_config('{ "gateway": {"mode": "local", "port": 19001} }\n')
    before = openclaw.files()
    yield openclaw
    assert {k: v for k, v in openclaw.files().items() if not k.endswith('.lock')} == before


def test_risk_must_be_acknowledged(configured, sim):
    configured.run('onboard', '--non-interactive', '--auth-choice', 'lmstudio', '--custom-base-url', sim.base_url).failed(
        'risk acknowledgement', '--accept-risk')
    assert sim.requests == []


def test_a_server_that_is_down(configured, closed_port):
    r = configured.run(*BASE, '--custom-base-url', f'http://127.0.0.1:{closed_port}/v1')
    refused(configured, r, f'http://127.0.0.1:{closed_port}/v1', 'lms server start')


@pytest.mark.parametrize('key', [None, 'wrong'])
def test_a_refused_key(configured, make_sim, key):
    sim = make_sim(token=KEY)
    r = onboard(configured, sim, *(['--lmstudio-api-key', key] if key else []))
    refused(configured, r, '401', sim.base_url, 'URL', 'key')
    assert 'wrong' not in r.err


def test_an_unknown_model(configured, sim):
    r = onboard(configured, sim, '--custom-model-id', 'nobody/has-this')
    refused(configured, r, 'nobody/has-this', sim.base_url, f'{QWEN}, openai/gpt-oss-20b')


def test_an_embedding_model_is_no_default(configured, make_sim):
    sim = make_sim(models=[{'key': 'a/one', 'max': 4096}, EMBEDDING])
    refused(configured, onboard(configured, sim, '--custom-model-id', 'nomic-embed'), 'nomic-embed', 'a/one')


def test_a_server_without_models(configured, make_sim):
    refused(configured, onboard(configured, make_sim(models=[EMBEDDING])), 'No LLM models found')


@pytest.mark.parametrize('failure, words', [
    ({'kind': 'html'}, ['Check the base URL']),
    ({'kind': 'not-json'}, ['Check the base URL']),
    ({'kind': 'empty'}, ['Check the base URL']),
    ({'kind': 'status', 'status': 500}, ['HTTP 500', 'URL', 'key']),
    ({'kind': 'reset'}, ['lms server start']),
    ({'kind': 'garbage'}, ['lms server start']),
    ({'kind': 'hang'}, ['lms server start']),
], ids=lambda v: v['kind'] if isinstance(v, dict) else None)
def test_answers_that_are_no_list(configured, sim, failure, words):
    sim.fail(on='models', **failure)
    r = refused(configured, onboard(configured, sim), sim.base_url, *words)
    assert r.seconds < 10


@pytest.mark.parametrize('options, words', [
    (['--custom-base-url', 'ftp://127.0.0.1/v1'], ['ftp://127.0.0.1/v1']),
    (['--custom-base-url', 'not a url'], ['not a url']),
    (['--gateway-port', '70000'], ['--gateway-port', '65535']),
    (['--gateway-bind', 'moon'], ['--gateway-bind', 'loopback']),
    (['--gateway-auth', 'password'], ['--gateway-password']),
    (['--auth-choice', 'nonsense'], ['nonsense', 'lmstudio']),
    (['--lmstudio-api-key', 'two words'], ['white space']),
    (['--mode', 'remote'], ['--mode']),
])
def test_options_that_are_wrong(configured, sim, options, words):
    configured.run(*BASE, '--custom-base-url', sim.base_url, *options).failed(*words)
    assert sim.requests == []


def test_a_private_network_that_the_config_forbids(openclaw, sim):
    openclaw.write_config({'models': {'providers': {'lmstudio': {
        'baseUrl': sim.base_url, 'request': {'allowPrivateNetwork': False}, 'models': []}}}})
    before = openclaw.config_file.read_bytes()
    openclaw.run(*BASE).failed('LM Studio', 'exited with code 1')
    assert openclaw.config_file.read_bytes() == before and sim.requests == []


def test_a_read_only_config_leaves_no_key_behind(openclaw, make_sim):
    sim = make_sim(token=KEY)
    openclaw.write_config('{}')
    refused(openclaw, onboard(openclaw, sim, '--lmstudio-api-key', KEY, env={'OPENCLAW_NIX_MODE': '1'}))
    assert openclaw.config_file.read_text() == '{}'
    assert not [name for name, data in openclaw.files().items() if KEY.encode() in data]


def test_a_broken_config_is_not_touched(openclaw, sim):
    openclaw.write_config('{ models: “x” }')
    before = openclaw.config_file.read_bytes()
    assert onboard(openclaw, sim).rc == 1
    assert openclaw.config_file.read_bytes() == before and sim.requests == []


def test_questions_need_a_terminal(configured):
    configured.run('onboard').failed('--non-interactive')


# ---- other servers ------------------------------------------------------------------------------------------------

def custom(openclaw, sim, *more):
    return openclaw.run('onboard', '--non-interactive', '--accept-risk', '--skip-health', '--auth-choice',
                        'custom-api-key', '--custom-base-url', sim.base_url, *more)


def test_a_custom_server_gets_a_provider_of_its_own(openclaw, sim):
    custom(openclaw, sim, '--custom-provider-id', 'local', '--custom-model-id', 'openai/gpt-oss-20b').ok()
    provider = openclaw.read_config()['models']['providers']['local']
    assert (provider['baseUrl'], provider['api'], provider['apiKey']) == (sim.base_url, 'openai-completions', 'custom-local')
    assert openclaw.read_config()['agents']['defaults']['model']['primary'] == 'local/openai/gpt-oss-20b'
    assert sim.requests[0].path == '/v1/models'
    assert all('authorization' not in r.headers for r in sim.requests)


def test_the_key_of_a_custom_server_is_in_its_profile_only(openclaw, make_sim):
    sim = make_sim(token=KEY)
    r = custom(openclaw, sim, '--custom-provider-id', 'box', '--custom-api-key', KEY).ok()
    assert sim.requests[0].headers['authorization'] == f'Bearer {KEY}'
    holders = [name for name, data in openclaw.files().items() if KEY.encode() in data]
    assert [os.path.basename(h) for h in holders] == ['auth-profiles.json'] and KEY not in r.out + r.err
    assert openclaw.run('models', 'status', '--json').ok().json['auth']['providers'][0]['source'] == 'profile box:default'


@pytest.mark.parametrize('kind, api', [('openai', 'openai-completions'), ('openai-responses', 'openai-responses'),
                                       ('anthropic', 'anthropic-messages')])
def test_compatibility_chooses_the_api(openclaw, sim, kind, api):
    custom(openclaw, sim, '--custom-provider-id', 'x', '--custom-compatibility', kind).ok()
    assert openclaw.read_config()['models']['providers']['x']['api'] == api


@pytest.mark.parametrize('name, marker', [('ollama', 'ollama-local'), ('vllm', 'custom-local'), ('sglang', 'custom-local')])
def test_named_servers_are_rows_of_the_same_table(openclaw, sim, name, marker):
    openclaw.run('onboard', '--non-interactive', '--accept-risk', '--skip-health', '--auth-choice', name,
                 '--custom-base-url', sim.base_url).ok()
    provider = openclaw.read_config()['models']['providers'][name]
    assert (provider['apiKey'], provider['baseUrl']) == (marker, sim.base_url)


@pytest.mark.parametrize('options, words', [
    (['--custom-provider-id', 'lmstudio'], ['lmstudio', 'built-in']),
    (['--custom-provider-id', 'A b'], ['A b', 'lower-case']),
    (['--custom-compatibility', 'soap'], ['soap', 'anthropic']),
    (['--custom-base-url', 'http://me:secret@127.0.0.1:1/v1'], ['user name']),
    (['--custom-base-url', ''], ['--custom-base-url']),
])
def test_wrong_options_of_a_custom_server(configured, sim, options, words):
    r = custom(configured, sim, *options)
    r.failed(*words)
    assert 'secret' not in r.err and sim.requests == []


def test_skip_writes_only_the_gateway_part(openclaw):
    openclaw.run('onboard', '--non-interactive', '--accept-risk', '--auth-choice', 'skip', '--skip-health').ok()
    config = openclaw.read_config()
    assert 'models' not in config and config['gateway']['mode'] == 'local'


# ---- on a terminal ------------------------------------------------------------------------------------------------

class Terminal:
    """The program on a pty. `seen` is all that the terminal showed."""

    def __init__(self, openclaw, *args, env=None):
        self.master, slave = pty.openpty()
        self.seen, self.at = '', 0
        self.popen = subprocess.Popen([str(BINARY), *args], env={**openclaw.env, 'TERM': 'xterm', **(env or {})},
                                      cwd=openclaw.home, stdin=slave, stdout=slave, stderr=slave,
                                      start_new_session=True, preexec_fn=lambda: os.login_tty(slave)
                                      if hasattr(os, 'login_tty') else __import__('fcntl').ioctl(
                                          slave, __import__('termios').TIOCSCTTY, 0))
        os.close(slave)

    def read(self, timeout):
        if not select.select([self.master], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.seen += data.decode(errors='replace')
        return bool(data)

    def expect(self, text, timeout=20):
        """Waits for text after what was already waited for."""
        until = time.monotonic() + timeout
        while (found := self.seen.find(text, self.at)) < 0:
            assert self.read(max(0, until - time.monotonic())), f'{text!r} never came:\n{self.seen}'
        self.at = found + len(text)
        return self

    def type(self, text):
        os.write(self.master, text.encode())
        return self

    def answer(self, prompt, text=''):
        return self.expect(prompt).type(text + '\r')

    def end(self, timeout=20):
        until = time.monotonic() + timeout
        while self.read(0.05) or self.popen.poll() is None:
            assert time.monotonic() < until, f'hangs:\n{self.seen}'
        os.close(self.master)
        assert not re.search('AddressSanitizer: |LeakSanitizer: |runtime error:', self.seen), self.seen
        return self.popen.wait()


@pytest.fixture
def terminal(openclaw):
    made = []

    def start(*args, **kw):
        made.append(Terminal(openclaw, *args, **kw))
        return made[-1]

    yield start
    for t in made:
        if t.popen.poll() is None:
            t.popen.kill()
            t.popen.wait()


def test_the_questions_lead_to_the_same_config(openclaw, sim, terminal):
    t = terminal('onboard', '--skip-health')
    t.answer('Model provider', '1')
    t.answer('LM Studio base URL', sim.url)
    t.answer('API key')
    t.answer('Preferred context length', 'many')
    t.expect('positive')
    t.answer('Preferred context length', '20000')
    t.answer('Default model', 'lmstudio/openai/gpt-oss-20b')
    assert t.end() == 0, t.seen
    config = openclaw.read_config()
    assert config['agents']['defaults']['model']['primary'] == 'lmstudio/openai/gpt-oss-20b'
    assert lmstudio(openclaw)['baseUrl'] == sim.base_url and lmstudio(openclaw)['apiKey'] == 'lmstudio-local'
    for m in lmstudio(openclaw)['models']:
        assert m['contextTokens'] == 20000 and m['maxTokens'] <= m['contextTokens']
        assert f'lmstudio/{m["id"]}' in config['agents']['defaults']['models']


def test_a_typed_key_is_not_echoed(openclaw, make_sim, terminal):
    sim = make_sim(token=KEY)
    t = terminal('onboard', '--auth-choice', 'lmstudio', '--skip-health')
    t.answer('LM Studio base URL', sim.url).answer('API key', KEY)
    t.answer('Preferred context length').answer('Default model')
    assert t.end() == 0, t.seen
    assert KEY not in t.seen and lmstudio(openclaw)['apiKey'] == 'LM_API_TOKEN'
    holders = [name for name, data in openclaw.files().items() if KEY.encode() in data]
    assert [os.path.basename(h) for h in holders] == ['auth-profiles.json']


def test_a_token_in_the_environment_is_offered(openclaw, make_sim, terminal):
    sim = make_sim(token=KEY)
    t = terminal('onboard', '--auth-choice', 'lmstudio', '--skip-health', env={'LM_API_TOKEN': KEY})
    t.answer('LM Studio base URL', sim.url).answer('LM_API_TOKEN', 'y')
    t.answer('Preferred context length').answer('Default model')
    assert t.end() == 0 and KEY not in t.seen


def test_a_blank_key_removes_the_stored_one(openclaw, sim, terminal):
    onboard(openclaw, sim, '--lmstudio-api-key', KEY).ok()
    t = terminal('onboard', '--auth-choice', 'lmstudio', '--skip-health')
    t.answer('LM Studio base URL').answer('Keep using it', 'n').answer('API key')
    t.answer('Preferred context length').answer('Default model')
    assert t.end() == 0, t.seen
    assert lmstudio(openclaw)['apiKey'] == 'lmstudio-local' and 'auth' not in openclaw.read_config()
    assert not [name for name, data in openclaw.files().items() if KEY.encode() in data and not name.endswith('.bak')]


def test_declining_a_retry_writes_nothing(openclaw, closed_port, terminal):
    t = terminal('onboard', '--auth-choice', 'lmstudio')
    t.answer('LM Studio base URL', f'http://127.0.0.1:{closed_port}').answer('API key')
    t.expect('lms server start').answer('Try again', 'n')
    assert t.end() == 1 and 'Nothing was written' in t.seen
    assert not openclaw.config_file.exists()


def test_a_retry_asks_for_the_key_again_after_a_refusal(openclaw, make_sim, terminal):
    sim = make_sim(token=KEY)
    t = terminal('onboard', '--auth-choice', 'lmstudio', '--skip-health')
    t.answer('LM Studio base URL', sim.url).answer('API key', 'wrong')
    t.expect('401').answer('Try again', 'y')
    t.answer('LM Studio base URL').answer('API key', KEY)
    t.answer('Preferred context length').answer('Default model')
    assert t.end() == 0, t.seen


def test_another_server_is_named_and_chosen(openclaw, sim, terminal):
    t = terminal('onboard', '--skip-health')
    t.answer('Model provider', 'custom-api-key').answer('Name of the provider', 'box')
    t.answer('base URL', 'nonsense').expect('nonsense')
    t.answer('base URL', sim.base_url).answer('API key').answer('Default model', '2')
    assert t.end() == 0, t.seen
    assert openclaw.read_config()['models']['providers']['box']['baseUrl'] == sim.base_url
    assert openclaw.read_config()['agents']['defaults']['model']['primary'].startswith('box/')


def test_ctrl_c_leaves_nothing_behind(openclaw, terminal):
    t = terminal('onboard', '--auth-choice', 'lmstudio')
    t.expect('LM Studio base URL').type('\x03')
    assert t.end() != 0
    assert not openclaw.config_file.exists()
