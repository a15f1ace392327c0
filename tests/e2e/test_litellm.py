"""Real LiteLLM in front of real llama.cpp."""
import json
import time

import pytest
import real
from recorder import Recorder

KEY = 'sk-local-test'


@pytest.fixture(scope='session')
def litellm(llama, smollm2, tmp_path_factory):
    program = real.installed('LiteLLM', 'litellm', 'bin', 'litellm')
    folder = tmp_path_factory.mktemp('litellm')
    config = folder / 'config.yaml'
    models = [{'model_name': name, 'model_info': {'max_input_tokens': ctx, 'max_output_tokens': 4096},
               'litellm_params': {'model': f'openai/{name}', 'api_base': base, 'api_key': 'none'}}
              for name, ctx, base in [('scripted', 32768, llama.base_url), ('smollm2', 8192, smollm2.base_url),
                                      ('gone', 4096, f'http://127.0.0.1:{real.free_port()}/v1')]]
    config.write_text(json.dumps({'model_list': models, 'litellm_settings': {'telemetry': False, 'num_retries': 0},
                                  'general_settings': {'master_key': KEY}}))  # JSON is YAML too
    port = real.free_port()
    # The list of prices comes with the package: nothing is fetched at the start.
    server = real.Server(folder, [program, '--config', config, '--host', '127.0.0.1', '--port', port, '--telemetry', 'False'],
                         port, '/health/liveliness', 120, {'LITELLM_LOCAL_MODEL_COST_MAP': 'True', 'LITELLM_TELEMETRY': 'False'})
    yield server
    server.stop()


def configure(openclaw, server, model='scripted', key=KEY, **more):
    real.configure(openclaw, server, 'litellm', model, key, **more)


def test_it_answers(openclaw, litellm):
    configure(openclaw, litellm)
    real.assert_answers(openclaw, 'litellm', 'scripted')


def test_a_call_is_executed_and_the_run_ends(openclaw, litellm):
    recorder = Recorder(litellm.port)
    configure(openclaw, recorder)
    real.assert_tool_round(openclaw, recorder)
    recorder.close()


def test_an_overflow_is_explained_with_the_servers_numbers(openclaw, litellm):
    configure(openclaw, litellm, context=1000000)
    r = real.infer(openclaw, 'x' * 120000)
    assert r.rc == 1 and '32768' in r.err and 'context' in r.err, r


@pytest.mark.parametrize('change, word', [
    ({'model': 'no-such-model'}, 'no-such-model'),
    ({'key': 'sk-wrong-but-long'}, 'No connected db'),  # what LiteLLM says to a wrong key when it has no database
])
def test_refusals_are_told(openclaw, litellm, change, word):
    configure(openclaw, litellm, **change)
    r = real.infer(openclaw)
    assert r.rc == 1 and word in r.err and 'sk-wrong-but-long' not in r.err, r


def test_a_dead_server_behind_it_is_told(openclaw, litellm):
    configure(openclaw, litellm, model='gone')
    r = real.infer(openclaw)
    assert r.rc == 1 and 'onnection error' in r.err, r


def test_an_interrupt_reaches_the_server_behind_it(openclaw, litellm, smollm2):
    configure(openclaw, litellm, model='smollm2', context=8192)
    running = openclaw.start('infer', 'model', 'run', '--prompt', 'Count from one to one thousand in words.')
    until = time.monotonic() + 20
    while not any(s['is_processing'] for s in smollm2.get('/slots')):
        assert running.popen.poll() is None and time.monotonic() < until
    running.signal()
    assert running.wait(5).rc != 0
    until = time.monotonic() + 10
    while any(s['is_processing'] for s in smollm2.get('/slots')):
        assert time.monotonic() < until, 'the slot is still busy'
