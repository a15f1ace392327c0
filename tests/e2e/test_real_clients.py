"""The real product's own clients, unmodified, against this gateway: command line, terminal, libraries, web page.

tests/clients/install.sh puts them into OPENCLAW_CLIENTS (default .cache/clients); without them everything here is skipped.
"""
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time

import pytest

from gateway_client import TOKEN, test_config

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENTS = pathlib.Path(os.environ.get('OPENCLAW_CLIENTS', ROOT / '.cache' / 'clients')).resolve()
NODE, PROGRAM = CLIENTS / 'node', CLIENTS / 'node_modules' / 'openclaw' / 'openclaw.mjs'
MODEL = 'qwen/qwen3.5-9b'
SLOW_START = 120  # seconds: these programs need several for a "hello"
KEY_ESCAPE = '\x1b'

pytestmark = [pytest.mark.skipif(not (CLIENTS / '.stamp').exists(), reason=f'no clients in {CLIENTS} (tests/clients/install.sh)'),
              pytest.mark.timeout(400)]


@pytest.fixture
def real(tmp_path_factory, gateway):
    """real(*args): the original's command with a home of its own and this gateway as its target."""
    home = tmp_path_factory.mktemp('real')
    env = {'HOME': str(home), 'PATH': os.environ['PATH'], 'LANG': 'C.UTF-8', 'NO_COLOR': '1', 'OPENCLAW_NO_UPDATE_CHECK': '1',
           'OPENCLAW_GATEWAY_PORT': str(gateway.port), 'OPENCLAW_GATEWAY_TOKEN': TOKEN, 'TERM': 'xterm-256color'}
    state = home / '.openclaw'
    state.mkdir()
    (state / 'openclaw.json').write_text(json.dumps({'gateway': {'mode': 'local', 'auth': {'mode': 'token', 'token': TOKEN}}}))

    def run(*args, **more_env):
        return subprocess.run([NODE, PROGRAM, *args], env={**env, **more_env}, cwd=home, capture_output=True, text=True,
                              timeout=SLOW_START, stdin=subprocess.DEVNULL)

    run.env, run.home = env, home
    return run


def script(name, home, *args):
    """One of the scripts beside the lock file; they need the packages in a folder above them."""
    copy = CLIENTS / name
    shutil.copyfile(ROOT / 'tests' / 'clients' / name, copy)
    done = subprocess.run([NODE, copy, *args], capture_output=True, text=True, timeout=SLOW_START,
                          env={'HOME': str(home), 'PATH': os.environ['PATH']})
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


# ---- the command line ---------------------------------------------------------------------------------------------

def test_every_command_of_the_original_that_asks_a_gateway_works(real):
    expected = [
        (('gateway', 'call', 'health'), '"ok": true'),
        (('gateway', 'health'), 'OK'),
        (('gateway', 'status'), ''),
        (('gateway', 'probe'), ''),
        (('health',), ''),
        (('status',), ''),
        (('models', 'list'), MODEL),
        (('logs', '--limit', '3'), ''),
        (('cron', 'list'), ''),
        (('cron', 'status'), ''),
    ]
    failed = []
    for args, word in expected:
        done = real(*args)
        if done.returncode != 0 or word not in done.stdout or 'unknown method' in done.stdout + done.stderr:
            failed.append((args, done.returncode, done.stdout[-1500:], done.stderr[-1500:]))
    assert not failed, failed


def test_an_agent_turn_of_the_original(real):
    done = real('agent', '--message', 'ECHO:from the original', '--session-key', 'agent:main:s1')
    assert done.returncode == 0, done
    assert 'from the original' in done.stdout
    done = real('agent', '--message', 'ECHO:as a document', '--session-key', 'agent:main:s1', '--json')
    assert done.returncode == 0, done
    assert json.loads(done.stdout)['result']['payloads'][0]['text'] == 'as a document'


def test_with_the_gateway_down_the_original_says_so(real, gateway):
    gateway.stop()
    assert real('gateway', 'call', 'health').returncode == 1
    assert real('gateway', 'probe').returncode == 1
    assert real('gateway', 'status').returncode == 0


# ---- the terminal -------------------------------------------------------------------------------------------------

class Terminal:
    """A program in a pseudo-terminal; what it shows, without control sequences."""

    def __init__(self, argv, env, cwd):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 120, 0, 0))
        self.process = subprocess.Popen(argv, env=env, cwd=cwd, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        self.raw = b''

    @property
    def text(self):
        plain = re.sub(rb'\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b[@-Z\\^_]|\x1b[()][0-9A-B]', b'', self.raw)
        return plain.decode(errors='replace')

    def read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            try:
                self.raw += os.read(self.master, 65536)
            except OSError:
                return False
        return True

    def until(self, word, seconds=SLOW_START):
        """Waits for the word after everything that was awaited before."""
        end = time.monotonic() + seconds
        while word not in self.text[getattr(self, 'seen', 0):]:
            assert time.monotonic() < end and self.read(0.2), f'no {word!r} in:\n{self.text[-4000:]}'
        self.seen = self.text.index(word, getattr(self, 'seen', 0)) + len(word)

    def type(self, text):
        for c in text:
            os.write(self.master, c.encode())
            time.sleep(0.005)

    def say(self, text):
        self.type(text)
        time.sleep(0.2)
        self.type('\r')

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.master)


@pytest.fixture
def tui(real, gateway):
    terminal = Terminal([NODE, PROGRAM, 'tui', '--url', f'ws://127.0.0.1:{gateway.port}', '--token', TOKEN, '--session', 'x'],
                        real.env, real.home)
    yield terminal
    terminal.close()


def test_the_terminal_of_the_original_talks_calls_tools_and_stops(tui, gateway, sim, program_workspace):
    # This program stays busy for ever when it reads a whole run at once with the acknowledgement of its message: it takes the
    # run for active before it takes the message for accepted. A model's pace avoids it even on a machine that stalls.
    sim.settings['pace'] = 0.4
    (program_workspace / 'note.txt').write_text('the tide is high\n')
    tui.until('connected | idle')
    tui.say('ECHO:streamed words that take a while')
    tui.until('connected | idle')
    assert tui.text.count('that take a while') >= 2
    tui.say('TOOLCALL:read:{"path":"note.txt"} ')
    tui.until('The tool has answered.')
    tui.until('connected | idle')
    tui.say('SLOW please')
    tui.until('word3')
    tui.type(KEY_ESCAPE)
    tui.until('abort')
    tui.say('/model lmstudio/' + MODEL)
    tui.say('/new')
    tui.say('ECHO:in a new session')
    tui.until('in a new session')
    assert 'unknown method' not in tui.text
    assert 'unknown method' not in gateway.console


@pytest.fixture
def program_workspace(openclaw):
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    return openclaw.workspace


# ---- libraries ----------------------------------------------------------------------------------------------------

@pytest.mark.any_wire
def test_the_openai_sdk_chats_streams_calls_tools_and_is_relayed(gateway, tmp_path):
    seen = script('sdk.mjs', tmp_path, gateway.url + '/v1', TOKEN, 'lmstudio/' + MODEL)
    assert {'openclaw', 'openclaw/default', 'openclaw/main', 'lmstudio/' + MODEL} <= set(seen['models'])
    assert seen['retrieved'] == 'openclaw/default' and seen['unknown'] == 404
    assert (seen['chat'], seen['chatFinish'], seen['chatUsage']) == ('one', 'stop', True)
    assert seen['streamed'] == 'two and more words' and seen['chunks'] >= 4 and seen['streamUsage']
    for choice in ('auto', 'required', 'named'):
        finish, name, arguments = seen['tool_' + choice]
        assert (finish, name, json.loads(arguments)) == ('tool_calls', 'lookup', {'word': 'sea'})
    assert seen['afterTool'] == 'stop'
    assert seen['response'] == 'three' and seen['continued'] == 'four'
    assert seen['events'] == ['response.created', 'response.in_progress', 'response.output_item.added',
                              'response.content_part.added', 'response.output_text.delta', 'response.output_text.done',
                              'response.content_part.done', 'response.output_item.done', 'response.completed']
    assert seen['relayed'] == 'six' and seen['relayedStream'] == 'seven eight'
    assert seen['wrongKey'] == 401 and seen['providerFails'] == 502 and seen['unknownModel'] in (400, 404)


@pytest.mark.any_wire
def test_what_is_relayed_holds_nothing_of_ours(gateway, sim, tmp_path):
    script('sdk.mjs', tmp_path, gateway.url + '/v1', TOKEN, 'lmstudio/' + MODEL)
    relayed = [c.json for c in sim.chats if c.json['messages'][-1]['content'] == 'ECHO:six']
    assert len(relayed) == 1
    assert relayed[0] == {'model': MODEL, 'messages': [{'role': 'user', 'content': 'ECHO:six'}]}


def test_openclaw_node_connects_chats_aborts_and_reads_sessions(gateway, program_workspace, tmp_path):
    (program_workspace / 'note.txt').write_text('the tide is high\n')
    seen = script('node_client.mjs', tmp_path, gateway.ws_url, TOKEN)
    assert seen['protocol'] == 4 and seen['health'] is True and seen['config'] == 'string'
    assert seen['agents'] == ['main']
    assert seen['text'] == 'The tool has answered.' and seen['kinds'][-1] == 'done'
    assert seen['blocking'] == 'blocking'
    assert seen['history'][:4] == ['user', 'assistant', 'toolResult', 'assistant']
    assert 'agent:main:library' in seen['listed']
    assert seen['abort'] is True
    assert seen['waited'] == 'ok' and 'assistant' in seen['watched']
    assert seen['compacted'] and seen['reset'] and seen['emptied'] == 0


def test_openclaw_mcp_passes_a_message_on(gateway):
    server = subprocess.Popen([NODE, CLIENTS / 'node_modules' / 'openclaw-mcp' / 'dist' / 'index.js'], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env={'PATH': os.environ['PATH'], 'HOME': '/nonexistent', 'OPENCLAW_URL': gateway.url,
                                   'OPENCLAW_GATEWAY_TOKEN': TOKEN})

    def call(id, method, params):
        server.stdin.write(json.dumps({'jsonrpc': '2.0', 'id': id, 'method': method, 'params': params}) + '\n')
        server.stdin.flush()
        while True:
            answer = json.loads(server.stdout.readline())
            if answer.get('id') == id:
                return answer

    try:
        call(1, 'initialize', {'protocolVersion': '2025-03-26', 'capabilities': {}, 'clientInfo': {'name': 'test', 'version': '1'}})
        server.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
        names = [t['name'] for t in call(2, 'tools/list', {})['result']['tools']]
        assert 'openclaw_chat' in names
        answer = call(3, 'tools/call', {'name': 'openclaw_chat', 'arguments': {'message': 'ECHO:through mcp'}})
        assert 'through mcp' in json.dumps(answer)
        answer = call(4, 'tools/call', {'name': 'openclaw_status', 'arguments': {}})
        assert not answer['result'].get('isError'), answer
    finally:
        server.kill()
        server.wait()


# ---- the web page -------------------------------------------------------------------------------------------------

@pytest.fixture
def page(start_gateway, sim):
    playwright = pytest.importorskip('playwright.sync_api')
    browser_path = shutil.which('chromium')
    if not browser_path:
        pytest.skip('no chromium')
    config = test_config(sim.base_url)
    config['gateway']['controlUi'] = {'root': str(CLIENTS / 'node_modules' / 'openclaw' / 'dist' / 'control-ui')}
    gateway = start_gateway(config)
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=browser_path, args=['--no-sandbox'])
        page = browser.new_page(viewport={'width': 1280, 'height': 860})
        page.gateway = gateway
        page.problems = []
        page.on('pageerror', lambda e: page.problems.append(str(e)))
        page.goto(f'{gateway.url}/chat#token={TOKEN}')
        yield page
        browser.close()


def composer(page):
    box = page.locator('textarea:visible').first
    box.wait_for(timeout=60000)
    return box


def say(page, text):
    box = composer(page)
    box.fill(text)
    box.press('Enter')


def test_the_control_ui_of_the_original_chats_shows_tools_stops_and_reloads(page, openclaw):
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    (openclaw.workspace / 'note.txt').write_text('the tide is high\n')
    say(page, 'ECHO:words on a page')
    page.get_by_text('words on a page', exact=True).last.wait_for(timeout=60000)
    say(page, 'TOOLCALL:read:{"path":"note.txt"} ')
    page.get_by_text('The tool has answered.').last.wait_for(timeout=60000)
    say(page, 'SLOW please')
    page.get_by_text('word3 ').last.wait_for(timeout=60000)
    page.keyboard.press('Escape')
    page.reload()  # without the fragment: the device's own token has to do
    page.get_by_text('The tool has answered.').last.wait_for(timeout=60000)
    say(page, 'ECHO:after the reload')
    page.get_by_text('after the reload', exact=True).last.wait_for(timeout=60000)
    assert not page.problems, page.problems
