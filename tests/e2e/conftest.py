"""Fixtures of the end-to-end tests: the real binary in a home of its own, the LM Studio simulator, real llama.cpp.

program.py says what the environment may set.
"""
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from program import BINARY, ROOT, STARTER, OpenClaw, free_port, processes_with

sys.path.insert(0, str(ROOT / 'tests' / 'sim'))
sys.path.insert(0, str(ROOT / 'tests' / 'servers'))
import scripted_gguf  # noqa: E402
from gateway_client import Gateway, test_config  # noqa: E402
from lmstudio import Simulator  # noqa: E402
from replay import ASKED  # noqa: E402

@pytest.fixture
def openclaw(tmp_path):
    if not BINARY.exists():
        pytest.fail(f'{BINARY} does not exist: build it or set OPENCLAW_BIN')
    program = OpenClaw(tmp_path)
    yield program
    until = time.monotonic() + 2
    while (left := processes_with(program.mark)) and time.monotonic() < until:
        time.sleep(0.02)
    for pid, _ in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    assert not left, f'processes left behind: {left}'


# ---- servers ------------------------------------------------------------------------------------------------------

@pytest.fixture
def closed_port():
    """A port on which nothing listens."""
    return free_port()


@pytest.fixture
def sim():
    """The LM Studio simulator on a free port."""
    with Simulator() as s:
        yield s


@pytest.fixture
def make_sim():
    """make_sim(**settings): further simulators, ended with the test."""
    made = []

    def make(**settings):
        made.append(Simulator(**settings).start())
        return made[-1]

    make.made = made
    yield make
    for s in made:
        s.stop()


class LlamaServer:
    """llama.cpp's own HTTP server in a process of ours."""

    def __init__(self, gguf, alias, ctx, log, *more):
        python = STARTER / 'venv' / 'bin' / 'python'
        if not python.exists():
            pytest.skip(f'llama.cpp is not installed in {STARTER} (starter/install.sh does it)')
        if not gguf.exists():
            pytest.skip(f'{gguf} is not there (starter/install.sh fetches it)')
        self.port, self.model = free_port(), alias
        self.url = f'http://127.0.0.1:{self.port}'
        self.base_url = self.url + '/v1'
        self.log = log
        # One thread: two spinning threads on shared cores starve each other.
        self.popen = subprocess.Popen(
            [str(python), str(ROOT / 'starter' / 'server.py'), str(gguf), str(self.port), '--ctx', str(ctx),
             '--threads', '1', '--alias', alias, *more], stdout=log.open('wb'), stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL)
        self.wait_ready(60)

    def wait_ready(self, seconds):
        until = time.monotonic() + seconds
        while True:
            try:
                if self.get('/health')['status'] == 'ok':
                    return
            except (OSError, urllib.error.URLError, ValueError):
                pass
            if self.popen.poll() is not None or time.monotonic() > until:
                self.stop()
                pytest.fail(f'llama.cpp did not start:\n{self.log.read_text(errors="replace")[-2000:]}')
            time.sleep(0.05)

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as r:
            return json.load(r)

    def post(self, path, body):
        head = {'Content-Type': 'application/json'}
        with urllib.request.urlopen(urllib.request.Request(self.url + path, json.dumps(body).encode(), head), timeout=60) as r:
            return json.load(r)

    def stop(self):
        self.popen.terminate()
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


@pytest.fixture(scope='session')
def llama(tmp_path_factory):
    """Real llama.cpp with the hand-made model: it calls the tool read, then says "Done."."""
    folder = tmp_path_factory.mktemp('llama')
    gguf = folder / 'scripted.gguf'
    gguf.write_bytes(scripted_gguf.model())
    server = LlamaServer(gguf, 'scripted', 32768, folder / 'log')
    yield server
    server.stop()


@pytest.fixture(scope='session')
def smollm2(tmp_path_factory):
    """Real llama.cpp with the starter model."""
    folder = tmp_path_factory.mktemp('smollm2')
    server = LlamaServer(STARTER / 'SmolLM2-135M-Instruct.Q4_1.gguf', 'smollm2-135m-instruct', 8192, folder / 'log')
    yield server
    server.stop()


@pytest.fixture(scope='session')
def embedding_llama(tmp_path_factory):
    """Real llama.cpp with --embeddings and the starter model."""
    folder = tmp_path_factory.mktemp('embedding')
    server = LlamaServer(STARTER / 'SmolLM2-135M-Instruct.Q4_1.gguf', 'text-embedding-smollm2', 2048, folder / 'log', '--embeddings')
    yield server
    server.stop()


# ---- the gateway --------------------------------------------------------------------------------------------------

@pytest.fixture
def start_gateway(openclaw):
    """start_gateway(config, *args, env=None, port=None, ready=True): gateways that must end in order with the test.

    config: None keeps the file there is; a dict without `logging` gets a log file in the home."""
    made = []

    def start(config=None, *args, env=None, port=None, ready=True):
        if isinstance(config, dict):
            config.setdefault('logging', {'file': str(openclaw.home / 'gateway.log')})
        if config is not None:
            openclaw.write_config(config)
        made.append(Gateway(openclaw, BINARY, port or free_port(), args, env))
        return made[-1].wait_ready() if ready else made[-1]

    yield start
    problems = []
    for g in made:
        try:
            g.close()
        except AssertionError as e:  # every one of them is ended before the first is reported
            problems.append(e)
    if problems:
        raise problems[0]


@pytest.fixture
def gateway(start_gateway, sim):
    """One gateway with token auth and the simulator as its model server."""
    return start_gateway(test_config(sim.base_url))


# ---- what may be on the wire --------------------------------------------------------------------------------------

CHAT_KEYS = {'model', 'messages', 'stream', 'stream_options', 'max_tokens', 'tools', 'tool_choice', 'reasoning_effort',
             'temperature', 'top_p', 'stop', 'seed', 'response_format', 'return_progress'}
MESSAGE_KEYS = {'role', 'content', 'tool_calls', 'tool_call_id', 'name', 'reasoning_content', 'reasoning'}
FORBIDDEN_HEADERS = {'originator', 'version', 'expect', 'http-referer', 'x-title'}


def nulls_in(value, at=''):
    if value is None:
        return [at]
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [n for k, v in pairs for n in nulls_in(v, f'{at}.{k}')]


def assert_proxy_shaped(request):
    """A chat request carries nothing but what every OpenAI-shaped local server understands (spec 01 §4.5)."""
    body = request.json
    assert isinstance(body, dict), request.raw
    assert set(body) <= CHAT_KEYS, f'not for a local server: {set(body) - CHAT_KEYS}'
    assert body['stream'] is True, 'our own requests are always streamed'
    assert nulls_in(body) == []
    for m in body['messages']:
        assert set(m) <= MESSAGE_KEYS, m
        assert m['role'] in ('system', 'user', 'assistant', 'tool'), m
    for t in body.get('tools', []):
        assert set(t) == {'type', 'function'} and t['type'] == 'function'
        assert set(t['function']) == {'name', 'description', 'parameters'}
    assert ('tools' in body) == ('tool_choice' in body)
    headers = {k.lower(): v for k, v in request.header_list}
    assert not set(headers) & FORBIDDEN_HEADERS
    assert not [h for h in headers if h.startswith('x-stainless')]
    assert 'openclaw' not in headers.get('user-agent', '').lower()
    assert '${' not in request.raw.decode() + str(headers)


RESPONSES_KEYS = {'model', 'input', 'stream', 'max_output_tokens', 'tools', 'tool_choice', 'reasoning', 'include', 'temperature',
                  'top_p', 'text'}
ITEM_KEYS = {'message': {'type', 'role', 'content'}, 'function_call': {'type', 'call_id', 'name', 'arguments'},
             'function_call_output': {'type', 'call_id', 'output'}, 'reasoning': {'type', 'id', 'summary', 'encrypted_content'}}
MESSAGES_KEYS = {'model', 'max_tokens', 'system', 'messages', 'stream', 'tools', 'tool_choice', 'thinking', 'temperature', 'top_p',
                 'top_k', 'stop_sequences'}
BLOCK_KEYS = {'text': {'type', 'text'}, 'tool_use': {'type', 'id', 'name', 'input'}, 'image': {'type', 'source'},
              'tool_result': {'type', 'tool_use_id', 'content'}, 'thinking': {'type', 'thinking', 'signature'}}


def assert_responses_shaped(request):
    body = request.json
    assert set(body) <= RESPONSES_KEYS, set(body) - RESPONSES_KEYS
    assert body['stream'] is True and nulls_in(body) == [] and ('tools' in body) == ('tool_choice' in body)
    for item in body['input']:
        assert set(item) <= ITEM_KEYS[item.get('type', 'message')], item
        assert item.get('role') in (None, 'system', 'user', 'assistant')
    for t in body.get('tools', []):
        assert set(t) == {'type', 'name', 'description', 'parameters'}


def assert_messages_shaped(request):
    body = request.json
    assert set(body) <= MESSAGES_KEYS, set(body) - MESSAGES_KEYS
    assert body['stream'] is True and nulls_in(body) == [] and ('tools' in body) == ('tool_choice' in body)
    assert [set(b) for b in body.get('system', [])] in ([], [{'type', 'text'}])
    for m in body['messages']:
        assert set(m) == {'role', 'content'} and m['role'] in ('user', 'assistant')
        for b in m['content']:
            assert set(b) - {'is_error'} == BLOCK_KEYS[b['type']], b
            assert b.get('is_error', True) is True, 'said of failures alone' 
    assert request.headers.get('anthropic-version') == '2023-06-01' and 'anthropic-beta' not in request.headers


OTHER_APIS = {'/v1/responses': assert_responses_shaped, '/v1/messages': assert_messages_shaped}


OLLAMA_KEYS = {'model', 'messages', 'stream', 'tools', 'think', 'truncate', 'options', 'keep_alive'}
OLLAMA_OPTIONS = {'num_ctx', 'num_predict', 'temperature', 'top_p', 'top_k', 'seed', 'stop'}
KEYS_OF = {'/chat/completions': CHAT_KEYS, '/responses': RESPONSES_KEYS, '/messages': MESSAGES_KEYS, '/api/chat': OLLAMA_KEYS}


def assert_known_keys(path, body):
    """A request that reached a recorded or a real server holds nothing but what is listed for its API."""
    known = next((keys for end, keys in KEYS_OF.items() if path.endswith(end)), None)
    if known is None or not body:
        return
    assert set(body) <= known and body['stream'] is True, f'{path}: {set(body) - known}'
    assert nulls_in(body) == [] and set(body.get('options', ())) <= OLLAMA_OPTIONS


@pytest.fixture(autouse=True)
def wire_is_clean(request):
    """Whatever a test asked of a simulator, its chat requests must be proxy-shaped."""
    ASKED.clear()
    yield
    if request.node.get_closest_marker('any_wire'):
        return
    for path, body in ASKED:
        assert_known_keys(path, body)
    for server in (request.node.funcargs.get('sim'), *getattr(request.node.funcargs.get('make_sim'), 'made', ())):
        for chat in server.chats if server else []:
            assert_proxy_shaped(chat)
        for asked in server.requests if server else []:
            # An empty object only asks whether there is such an API: no model sees it.
            if asked.path in OTHER_APIS and asked.method == 'POST' and asked.json != {}:
                OTHER_APIS[asked.path](asked)
