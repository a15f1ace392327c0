"""A model server that is started on demand: once, by whoever needs it first, stopped when idle, started again after a crash."""
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from program import free_port

SERVICE = r'''
import http.server, json, os, sys, time
port, delay = int(sys.argv[1]), float(sys.argv[2])
with open(os.environ["STARTS"], "a") as f:
    f.write(json.dumps({"pid": os.getpid(), "env": sorted(os.environ)}) + "\n")
began = time.monotonic()

def event(delta, finish=None):
    chunk = {"id": "c", "object": "chat.completion.chunk", "model": "m",
             "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"

class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        loading = time.monotonic() - began < delay
        self.answer(503 if loading else 200, b'{"object":"list","data":[{"id":"m","max_model_len":20000}]}')
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if b"take your time" in body:
            time.sleep(3)
        self.answer(200, event({"role": "assistant", "content": "from " + str(os.getpid())}) + event({}, "stop")
                    + b"data: [DONE]\n\n", "text/event-stream")
    def log_message(self, *args):
        pass

print("the service speaks", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
'''


def alive(pid):
    try:
        os.kill(pid, 0)
        with open(f'/proc/{pid}/stat') as f:
            return f.read().split(') ')[1][0] != 'Z'
    except (OSError, IndexError):
        return False


def eventually(what, seconds=10):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, 'did not happen in time'
        time.sleep(0.05)


def answer(result):
    return result.ok().json['outputs'][0]['text']


class Service:
    def __init__(self, openclaw, folder):
        self.openclaw, self.port = openclaw, free_port()
        self.starts_file = folder / 'starts'
        self.script = folder / 'service.py'
        self.script.write_text(SERVICE)
        self.folder = openclaw.state / 'services'

    def configure(self, delay=0.3, **changes):
        block = {'command': sys.executable, 'args': [str(self.script), str(self.port), str(delay)],
                 'env': {'STARTS': str(self.starts_file)}, 'healthUrl': f'http://127.0.0.1:{self.port}/health',
                 'readyTimeoutMs': 10000, **changes}
        self.openclaw.use(f'http://127.0.0.1:{self.port}/v1', model='m', provider='svc', localService=block)

    def ask(self, prompt='hi', **more):
        return self.openclaw.run('infer', 'model', 'run', '--json', '--prompt', prompt, **more)

    def complaint(self):
        """What a person reads when it does not work."""
        return self.openclaw.run('infer', 'model', 'run', '--prompt', 'hi')

    def starts(self):
        return [json.loads(line) for line in self.starts_file.read_text().splitlines()] if self.starts_file.exists() else []

    @property
    def state(self):
        return json.loads((self.folder / 'svc.json').read_text())

    def stop(self):
        if not (self.folder / 'svc.json').exists():
            return
        supervisor = self.state['pid']
        if alive(supervisor):
            os.kill(supervisor, signal.SIGTERM)
        eventually(lambda: not alive(supervisor))
        for start in self.starts():
            eventually(lambda pid=start['pid']: not alive(pid))


@pytest.fixture
def service(openclaw, tmp_path):
    s = Service(openclaw, tmp_path)
    yield s
    s.stop()


def test_the_first_request_starts_it_and_the_next_one_finds_it(service):
    service.configure()
    first = service.ask().ok()
    assert "starting model server 'svc'" in first.err and 'is ready' in first.err
    (start,) = service.starts()
    assert answer(first) == f"from {start['pid']}"
    second = service.ask().ok()
    assert answer(second) == answer(first) and 'starting' not in second.err
    eventually(lambda: service.state['phase'] == 'running')
    assert len(service.starts()) == 1
    assert 'the service speaks' in (service.folder / 'svc.log').read_text()


def test_once_it_runs_it_is_asked_for_the_window_before_the_turn_is_planned(service):
    service.configure()
    service.openclaw.run('agent', '--local', '-m', 'hi').ok()
    facts = json.loads((service.openclaw.state / 'agents/main/agent/learned.json').read_text())['endpoints']
    (endpoint,) = facts.values()
    assert endpoint['models']['m']['facts']['context'] == {'tokens': 20000, 'source': 'models'}
    assert len(service.starts()) == 1


def test_a_server_that_somebody_else_started_is_used_and_left_alone(service, tmp_path):
    service.configure()
    other = subprocess.Popen([sys.executable, service.script, str(service.port), '0'],
                             env={'STARTS': str(service.starts_file)})
    try:
        eventually(lambda: service.starts())
        time.sleep(0.3)
        r = service.ask().ok()
        assert answer(r) == f'from {other.pid}' and 'starting' not in r.err
        assert not (service.folder / 'svc.json').exists()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_two_commands_at_once_start_it_once(service):
    service.configure(delay=0.5)
    running = [service.openclaw.start('infer', 'model', 'run', '--json', '--prompt', 'hi') for _ in range(3)]
    answers = {answer(r.wait()) for r in running}
    assert len(answers) == 1 and len(service.starts()) == 1


def test_it_is_stopped_when_nobody_used_it_for_the_idle_time(service):
    service.configure(idleStopMs=700)
    service.ask().ok()
    (start,) = service.starts()
    eventually(lambda: not alive(start['pid']), 5)
    eventually(lambda: service.state['phase'] == 'stopped')
    assert answer(service.ask()) != f"from {start['pid']}"
    assert len(service.starts()) == 2


def test_a_request_that_takes_longer_than_the_idle_time_is_not_cut(service):
    service.configure(idleStopMs=700)
    r = service.ask('take your time').ok()
    assert answer(r).startswith('from ') and len(service.starts()) == 1


def test_after_a_crash_the_next_request_starts_it_again(service):
    service.configure()
    service.ask().ok()
    os.kill(service.starts()[0]['pid'], signal.SIGKILL)
    eventually(lambda: service.state['phase'] == 'failed')
    assert 'signal 9' in service.state['why'] and service.state['failures'] == 1
    assert answer(service.ask()) == f"from {service.starts()[1]['pid']}"


def test_sigterm_to_the_supervisor_stops_the_server(service):
    service.configure()
    service.ask().ok()
    os.kill(service.state['pid'], signal.SIGTERM)
    eventually(lambda: not alive(service.starts()[0]['pid']))
    eventually(lambda: service.state['phase'] == 'stopped')


def test_a_killed_supervisor_leaves_nothing_that_stands_in_the_way(service):
    service.configure()
    service.ask().ok()
    for pid in (service.state['pid'], service.starts()[0]['pid']):
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not alive(pid))
    assert service.state['phase'] in ('starting', 'running'), 'nobody wrote down how it ended'
    assert answer(service.ask()) == f"from {service.starts()[1]['pid']}"


def test_a_command_that_does_not_exist_is_named(service):
    service.configure(command='/nowhere/serve')
    service.complaint().failed('/nowhere/serve', 'no such file', 'models.providers.svc.localService')


def test_a_command_that_ends_at_once_is_reported_at_once(service):
    service.configure(args=['-c', 'raise SystemExit(3)'])
    r = service.complaint().failed('exit code 3', 'svc.log')
    assert r.seconds < 8


def test_a_server_that_never_answers_ends_with_the_time_and_the_log(service):
    service.configure(command='sleep', args=['60'], readyTimeoutMs=800)
    r = service.complaint().failed('within 800 ms', 'svc.log')
    assert r.seconds < 8
    eventually(lambda: service.state['phase'] == 'failed')


def test_a_server_that_stays_loading_counts_as_not_answering(service):
    service.configure(delay=60, readyTimeoutMs=1000)
    service.complaint().failed('within 1000 ms', '503')


def test_no_secret_of_ours_reaches_it(service):
    service.configure(env={'STARTS': str(service.starts_file), 'MINE': 'x'})
    service.ask(env={'LM_API_TOKEN': 'secret', 'OPENAI_API_KEY': 'secret', 'OPENCLAW_GATEWAY_TOKEN': 'secret'}).ok()
    names = service.starts()[0]['env']
    assert 'MINE' in names and 'HOME' in names
    assert not [n for n in names if 'KEY' in n or 'TOKEN' in n or n.startswith('OPENCLAW')]


def test_state_is_private(service):
    service.configure()
    service.ask().ok()
    assert service.folder.stat().st_mode & 0o777 == 0o700
    for f in service.folder.iterdir():
        assert f.stat().st_mode & 0o777 == 0o600, f
