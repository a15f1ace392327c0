"""Real Ollama with a hand-made model, once with a window of 32,768 and once with 2,048 tokens."""
import os
import subprocess

import pytest
import real
import scripted_gguf
from recorder import Recorder

VERSION = 'v0.17.4'


def create(program, server, folder, name, context):
    text = (real.ROOT / 'tests' / 'servers' / 'ollama.Modelfile').read_text()
    path = folder / f'Modelfile.{name}'
    path.write_text(text.replace('@GGUF@', str(folder / 'scripted.gguf')).replace('num_ctx 32768', f'num_ctx {context}'))
    subprocess.run([program, 'create', name, '-f', path], check=True, capture_output=True, timeout=120,
                   env={'PATH': os.environ['PATH'], 'HOME': str(folder / 'home'), 'OLLAMA_HOST': f'127.0.0.1:{server.port}'})


@pytest.fixture(scope='session')
def ollama(tmp_path_factory):
    program = real.installed('Ollama', f'ollama-{VERSION}')
    folder = tmp_path_factory.mktemp('ollama')
    (folder / 'scripted.gguf').write_bytes(scripted_gguf.model(32768, f'\n{real.CALL}\n'))
    port = real.free_port()
    server = real.Server(folder, [program, 'serve'], port, '/api/version', 60, {
        'OLLAMA_HOST': f'127.0.0.1:{port}', 'OLLAMA_MODELS': str(folder / 'models'), 'OLLAMA_NUM_PARALLEL': '1',
        'OLLAMA_NOPRUNE': '1', 'OLLAMA_KEEP_ALIVE': '5m'})
    try:
        create(program, server, folder, 'scripted', 32768)
        create(program, server, folder, 'small', 2048)
        yield server
    finally:
        server.stop()


def test_it_answers(openclaw, ollama):
    real.configure(openclaw, ollama, 'ollama', 'scripted')
    real.assert_answers(openclaw, 'ollama', 'scripted')


def test_a_call_is_executed_and_the_run_ends(openclaw, ollama):
    recorder = Recorder(ollama.port)
    real.configure(openclaw, recorder, 'ollama', 'scripted')
    real.assert_tool_round(openclaw, recorder)
    recorder.close()


def test_a_model_that_does_not_exist_is_told(openclaw, ollama):
    real.configure(openclaw, ollama, 'ollama', 'no-such-model')
    r = real.infer(openclaw)
    assert r.rc == 1 and 'no-such-model' in r.err and 'not found' in r.err, r


def test_its_silent_cut_fills_the_window_exactly(openclaw, ollama):
    """The server cuts what is too long without a word; its count of the prompt is then its window."""
    real.configure(openclaw, ollama, 'ollama', 'small', context=32768)
    got = real.infer(openclaw, 'word ' * 6000, '--json')
    if got.rc == 0:
        assert got.json['usage']['input'] == 2048, got
    else:
        assert 'context' in got.out, got


def test_it_answers_the_next_one_after_an_interrupt(openclaw, ollama):
    real.configure(openclaw, ollama, 'ollama', 'scripted')
    running = openclaw.start('infer', 'model', 'run', '--prompt', 'word ' * 3000)
    running.signal()
    running.wait(5)
    real.assert_answers(openclaw, 'ollama', 'scripted')


# ---- its own chat -------------------------------------------------------------------------------------------------

def configure_native(openclaw, server, model='scripted', context=32768):
    real.configure(openclaw, server, 'ollama', model, context=context)
    config = openclaw.read_config()
    config['models']['providers']['ollama']['api'] = 'ollama'
    openclaw.write_config(config)


def test_its_own_chat_answers(openclaw, ollama):
    configure_native(openclaw, ollama)
    real.assert_answers(openclaw, 'ollama', 'scripted')


def test_its_own_chat_gets_the_window_that_is_configured(openclaw, ollama):
    """The model was made with a window of 2,048; the request says 32,768, and nothing is cut."""
    configure_native(openclaw, ollama, 'small')
    got = real.infer(openclaw, 'word ' * 700, '--json').ok().json
    assert got['usage']['input'] > 2100


def test_its_own_chat_refuses_what_does_not_fit(openclaw, ollama):
    configure_native(openclaw, ollama, 'small', context=2048)
    real.infer(openclaw, 'word ' * 6000).failed('does not fit')


def test_its_own_chat_executes_a_call(openclaw, ollama):
    recorder = Recorder(ollama.port)
    configure_native(openclaw, recorder)
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    (openclaw.workspace / 'a').write_text('the content of file a\n')
    r = openclaw.run('agent', '--local', '-m', 'read a', timeout=90).ok()
    assert r.out.rstrip().endswith('Done.'), r
    second = recorder.bodies[-1]
    call, result = second['messages'][-2]['tool_calls'][0], second['messages'][-1]
    assert call['function'] == {'name': 'read', 'arguments': {'path': 'a'}}
    assert result['tool_name'] == 'read' and 'the content of file a' in result['content']
    recorder.close()
