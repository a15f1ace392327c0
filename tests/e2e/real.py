"""Real model servers as processes of a test. tests/servers/install.sh puts them into OPENCLAW_SERVERS (.cache/servers)."""
import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVERS = pathlib.Path(os.environ.get('OPENCLAW_SERVERS', ROOT / '.cache' / 'servers')).resolve()
CALL = '{"name": "read", "arguments": {"path": "a"}}'  # what the hand-made models do when they are offered tools


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def installed(name, *parts):
    path = SERVERS.joinpath(*parts)
    if not path.exists():
        pytest.skip(f'{name} is not installed in {SERVERS} (tests/servers/install.sh does it)')
    return path


class Server:
    """A server in a process of ours, with an environment of its own: no secret of the caller reaches it."""

    def __init__(self, folder, argv, port, ready, seconds, env=None):
        self.port, self.url, self.base_url = port, f'http://127.0.0.1:{port}', f'http://127.0.0.1:{port}/v1'
        self.log = folder / 'log'
        home = folder / 'home'
        home.mkdir(exist_ok=True)
        self.popen = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=self.log.open('wb'),
                                      stderr=subprocess.STDOUT, start_new_session=True,
                                      env={'PATH': os.environ['PATH'], 'HOME': str(home), **(env or {})})
        until = time.monotonic() + seconds
        while not self._answers(ready):
            if self.popen.poll() is not None or time.monotonic() > until:
                self.stop()
                pytest.fail(f'{argv[0]} did not start:\n{self.log.read_text(errors="replace")[-2000:]}')
            time.sleep(0.1)

    def _answers(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as r:
                return r.status == 200
        except (OSError, urllib.error.URLError, ValueError):
            return False

    def stop(self):
        if self.popen.poll() is not None:
            return
        os.killpg(self.popen.pid, 15)
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.popen.pid, 9)
            self.popen.wait()


# ---- what every server is asked ----

def configure(openclaw, server, provider, model, key=None, context=32768):
    """A provider as a person would write it, at temperature 0. `server`: whatever has a base_url."""
    keys = {'apiKey': key} if key else {}
    openclaw.use(server.base_url, provider=provider, model=model, more={'contextWindow': context}, **keys)
    config = openclaw.read_config()
    config['agents']['defaults']['models'] = {f'{provider}/{model}': {'params': {'temperature': 0}}}
    openclaw.write_config(config)


def infer(openclaw, prompt='hi', *options):
    return openclaw.run('infer', 'model', 'run', '--prompt', prompt, *options, timeout=60)


def assert_answers(openclaw, provider, model):
    got = infer(openclaw, 'hi', '--json').ok().json
    assert (got['provider'], got['model'], got['outputs'][0]['text']) == (provider, model, 'Done.')
    assert got['usage']['input'] > 0 and got['usage']['output'] > 0


def assert_tool_round(openclaw, recorder):
    """One call is executed, its result goes back, the prompt only grows at its end, the run ends."""
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    (openclaw.workspace / 'a').write_text('the content of file a\n')
    r = openclaw.run('agent', '--local', '-m', 'read a', timeout=90).ok()
    assert r.out.rstrip().endswith('Done.'), r
    first, second = recorder.bodies[0], recorder.bodies[-1]
    call = second['messages'][-2]['tool_calls'][0]
    assert call['function']['name'] == 'read' and json.loads(call['function']['arguments']) == {'path': 'a'}
    assert 'the content of file a' in second['messages'][-1]['content']
    assert second['messages'][:len(first['messages'])] == first['messages']
    assert second['tools'] == first['tools']
