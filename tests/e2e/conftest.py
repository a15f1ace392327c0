"""Fixtures of the end-to-end tests: the real binary in a home of its own, the LM Studio simulator, real llama.cpp.

Environment:  OPENCLAW_BIN      the binary (default build/openclaw)
              OPENCLAW_STARTER  folder that starter/install.sh filled (default .cache/starter)
              OPENCLAW_TEST_LEAKS  0 where the system does not allow leak checking
"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests' / 'sim'))
sys.path.insert(0, str(ROOT / 'tests' / 'servers'))
import scripted_gguf  # noqa: E402
from gateway_client import Gateway, test_config  # noqa: E402
from lmstudio import Simulator  # noqa: E402
from replay import ASKED  # noqa: E402

BINARY = pathlib.Path(os.environ.get('OPENCLAW_BIN', ROOT / 'build' / 'openclaw')).resolve()
STARTER = pathlib.Path(os.environ.get('OPENCLAW_STARTER', ROOT / '.cache' / 'starter')).resolve()
SANITIZER_EXIT = 99
SANITIZER_WORDS = ('AddressSanitizer', 'LeakSanitizer', 'UndefinedBehaviorSanitizer', 'runtime error:')
LEAKS = os.environ.get('OPENCLAW_TEST_LEAKS', '1')
DEADLINE = 30  # seconds a command may take before it counts as hanging


# ---- processes ----------------------------------------------------------------------------------------------------

def processes_with(mark):
    """(pid, command line) of every living process whose environment carries the mark. Linux; elsewhere nothing."""
    found = []
    for p in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            if mark.encode() in (p / 'environ').read_bytes() and (p / 'stat').read_text().split(') ')[1][0] != 'Z':
                found.append((int(p.name), (p / 'cmdline').read_bytes().replace(b'\0', b' ').decode(errors='replace')))
        except (OSError, IndexError):
            pass
    return found


class Result:
    """What a finished command left: exit code, both outputs, seconds."""

    def __init__(self, args, rc, out, err, seconds):
        self.args, self.rc, self.out, self.err, self.seconds = args, rc, out, err, seconds

    @property
    def json(self):
        return json.loads(self.out)

    def ok(self):
        assert self.rc == 0, self
        return self

    def failed(self, *words):
        """Exit code 1 and every one of the words on stderr."""
        assert self.rc == 1, self
        for w in words:
            assert w in self.err, f'{w!r} is missing in {self}'
        return self

    def __repr__(self):
        return (f'\n$ openclaw {" ".join(map(str, self.args))}   [exit {self.rc}, {self.seconds:.2f} s]\n'
                f'--- stdout\n{self.out}\n--- stderr\n{self.err}\n---')


class Running:
    """A command that has not ended yet."""

    def __init__(self, args, popen):
        self.args, self.popen, self.started = args, popen, time.monotonic()

    def signal(self, number=signal.SIGINT):
        self.popen.send_signal(number)

    def wait(self, timeout=DEADLINE):
        try:
            out, err = self.popen.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.popen.send_signal(signal.SIGABRT)
            out, err = self.popen.communicate()
            pytest.fail(f'hangs: {Result(self.args, None, out, err, time.monotonic() - self.started)}')
        result = Result(self.args, self.popen.returncode, out, err, time.monotonic() - self.started)
        reports = [w for w in SANITIZER_WORDS if w in err]
        assert not reports and result.rc != SANITIZER_EXIT, f'sanitizer report: {result}'
        assert result.rc >= 0 or -result.rc in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL), f'crashed: {result}'
        return result


class OpenClaw:
    """The program under test with a fresh home. Nothing of the caller's environment reaches it but PATH."""

    def __init__(self, folder):
        self.home = folder / 'home'
        self.home.mkdir()
        self.state = self.home / '.openclaw'
        self.workspace = self.state / 'workspace'
        self.config_file = self.state / 'openclaw.json'
        self.mark = 'OPENCLAW_E2E=' + uuid.uuid4().hex
        name, _, value = self.mark.partition('=')
        self.env = {'HOME': str(self.home), 'PATH': os.environ['PATH'], 'LANG': 'C.UTF-8', name: value,
                    'ASAN_OPTIONS': f'detect_leaks={LEAKS}:abort_on_error=0:exitcode={SANITIZER_EXIT}',
                    'UBSAN_OPTIONS': f'halt_on_error=1:print_stacktrace=1:exitcode={SANITIZER_EXIT}'}
        suppressions = ROOT / 'tests' / 'lsan.supp'
        if suppressions.exists():
            self.env['LSAN_OPTIONS'] = f'suppressions={suppressions}:print_suppressions=0:exitcode={SANITIZER_EXIT}'

    def start(self, *args, env=None, cwd=None, stdin=subprocess.DEVNULL, argv=None):
        """Starts `openclaw ARGS`, or another command altogether: argv."""
        popen = subprocess.Popen(argv or [str(BINARY), *map(str, args)], env={**self.env, **(env or {})}, cwd=cwd or self.home,
                                 stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 encoding='utf-8', errors='surrogateescape', start_new_session=True)
        return Running(argv or args, popen)

    def run(self, *args, input=None, env=None, cwd=None, timeout=DEADLINE, argv=None):
        running = self.start(*args, env=env, cwd=cwd, argv=argv,
                             stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL)
        if input is not None:
            running.popen.stdin.write(input)
            running.popen.stdin.close()
            running.popen.stdin = None
        return running.wait(timeout)

    # ---- configuration

    def write_config(self, config):
        """Writes the configuration file: text as it is, anything else as JSON."""
        self.state.mkdir(mode=0o700, exist_ok=True)
        self.config_file.write_text(config if isinstance(config, str) else json.dumps(config, indent=2) + '\n')
        self.config_file.chmod(0o600)

    def read_config(self):
        return json.loads(self.config_file.read_text())

    def use(self, base_url, model='qwen/qwen3.5-9b', provider='lmstudio', more=None, **provider_keys):
        """Configures one provider with one model and makes it the default. `more` is added to the model entry."""
        entry = {'id': model, 'name': model, 'reasoning': False, 'input': ['text'], 'contextWindow': 32768,
                 'maxTokens': 8192, 'cost': {'input': 0, 'output': 0, 'cacheRead': 0, 'cacheWrite': 0}, **(more or {})}
        self.write_config({
            'agents': {'defaults': {'model': {'primary': f'{provider}/{model}'}}},
            'models': {'mode': 'merge', 'providers': {provider: {
                'baseUrl': base_url, 'api': 'openai-completions', 'models': [entry], **provider_keys}}}})

    def files(self):
        """Every file below the home with its bytes, to see that nothing was touched."""
        return {str(p.relative_to(self.home)): p.read_bytes() for p in sorted(self.home.rglob('*')) if p.is_file()}


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

def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def port_is_free(port, host='127.0.0.1'):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind((host, port))
        except OSError:
            return False
        return True


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

    def __init__(self, gguf, alias, ctx, log):
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
             '--threads', '1', '--alias', alias], stdout=log.open('wb'), stderr=subprocess.STDOUT,
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
    """Real llama.cpp with the hand-made model: it calls the first tool it is offered, then says "Done."."""
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
