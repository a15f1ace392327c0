"""The program under test in a home of its own, and what a finished command left.

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
import time
import uuid

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
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


# ---- ports --------------------------------------------------------------------------------------------------------

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
