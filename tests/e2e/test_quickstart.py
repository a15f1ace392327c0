"""quickstart.sh: from a clone to the answer of a real model, and again without harm."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pytest
from program import ROOT, STARTER

KNOWN_PORTS = (1234, 11434, 8080, 8000)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(('127.0.0.1', port)) == 0


def quickstart(openclaw, *args, timeout=600):
    return openclaw.run(argv=[str(ROOT / 'quickstart.sh'), *args], timeout=timeout)


def stop_service(state):
    record = state / 'services' / 'starter.json'
    if not record.exists():
        return
    pid = json.loads(record.read_text())['pid']
    try:
        os.kill(pid, signal.SIGTERM)
        while pathlib.Path(f'/proc/{pid}/stat').read_text().split(') ')[1][0] != 'Z':
            time.sleep(0.05)
    except (OSError, IndexError):
        pass


@pytest.mark.parametrize('args, words', [
    (['--bogus'], "unknown option '--bogus'"),
    (['extra'], "unknown option 'extra'"),
    (['--prompt'], 'option --prompt needs a value'),
    (['--prompt', ''], '--prompt is empty'),
    (['--state-dir'], 'option --state-dir needs a value'),
])
def test_wrong_options_do_nothing_and_exit_1(openclaw, args, words):
    r = quickstart(openclaw, *args)
    assert r.rc == 1 and words in r.err, r
    assert openclaw.files() == {}


def test_help_names_every_option(openclaw):
    r = quickstart(openclaw, '--help').ok()
    for option in ('--prompt', '--model', '--no-starter', '--state-dir'):
        assert option in r.out


def test_it_ends_with_the_answer_of_a_real_model_and_a_second_run_keeps_everything(openclaw):
    if not (STARTER / 'server.py').exists():
        pytest.skip(f'the starter model is not installed in {STARTER} (starter/install.sh does it)')
    if any(map(listens, KNOWN_PORTS)):
        pytest.skip('a model server runs on this machine')
    openclaw.state.mkdir(mode=0o700)
    (openclaw.state / 'starter').symlink_to(STARTER)
    try:
        first = quickstart(openclaw, '--prompt', 'Write one short sentence about the sea.').ok()
        assert 'model:  starter/smollm2-135m-instruct' in first.out and 'tokens per second' in first.out
        assert 'cannot' in first.out and 'onboard' in first.out, 'says what it is and how to get to a real model'
        config = openclaw.read_config()
        assert config['agents']['defaults']['model']['primary'] == 'starter/smollm2-135m-instruct'
        assert config['gateway']['auth']['token']

        second = quickstart(openclaw).ok()
        assert 'keeping the configured default model starter/smollm2-135m-instruct' in second.out
        assert openclaw.read_config() == config
        assert 'starting model server' not in second.err
    finally:
        stop_service(openclaw.state)


def test_an_existing_default_model_is_kept_and_asked(openclaw, sim):
    openclaw.use(sim.base_url)
    before = openclaw.config_file.read_bytes()
    r = quickstart(openclaw, '--prompt', 'hi', '--no-starter').ok()
    assert 'keeping the configured default model lmstudio/qwen/qwen3.5-9b' in r.out
    assert openclaw.config_file.read_bytes() == before
    assert not (openclaw.state / 'starter').exists()


def test_without_server_and_starter_it_says_what_to_do(openclaw):
    if any(map(listens, KNOWN_PORTS)):
        pytest.skip('a model server runs on this machine')
    r = quickstart(openclaw, '--no-starter')
    assert r.rc == 1 and 'no usable model server' in r.err and 'lms server start' in r.err, r
    assert not openclaw.config_file.exists()


# ---- starter/helper.py ----------------------------------------------------------------------------------------------

def helper(*args, stdin=''):
    return subprocess.run([sys.executable, str(ROOT / 'starter' / 'helper.py'), *map(str, args)], input=stdin,
                          capture_output=True, text=True, timeout=30)


def test_a_port_that_somebody_holds_is_not_proposed():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        s.listen()
        held = s.getsockname()[1]
        assert int(helper('free-port', held).stdout) > held
        assert helper('listens', held).returncode == 0
    assert helper('listens', held).returncode == 1


@pytest.mark.parametrize('document, out', [
    ({'provider': 'p', 'model': 'm', 'outputs': [{'text': 'Hi.'}], 'tokensPerSecond': 12.34}, '12.3 tokens per second'),
    ({'provider': 'p', 'model': 'm', 'outputs': [{'text': 'Hi.'}], 'usage': {'output': 5}}, 'tokens per second, reading'),
    ({'provider': 'p', 'model': 'a/b', 'outputs': [{'text': 'one\ntwo'}]}, '    one\n    two\n\nmodel:  p/a/b'),
])
def test_the_answer_is_shown_with_model_and_speed(document, out):
    r = helper('answer', time.time() - 1, stdin=json.dumps(document))
    assert r.returncode == 0 and out in r.stdout


def test_an_empty_answer_is_an_error():
    assert helper('answer', 0, stdin='{"outputs":[{"text":" "}]}').returncode != 0


def test_the_starter_leaves_a_core_to_others():
    entry = json.loads(helper('starter', '/x', 18790).stdout)
    args = entry['localService']['args']
    assert int(args[args.index('--threads') + 1]) == max(1, (os.cpu_count() or 2) - 1)
    assert entry['params']['contextGuard']['blockBelow'] == 4096
