"""Real llama.cpp by its two other APIs: Responses and Messages."""
import json
import time

import pytest
import real
from recorder import Recorder

APIS = {'openai-responses': '/v1', 'anthropic-messages': ''}


def use(openclaw, api, port, model='scripted'):
    class There:
        base_url = f'http://127.0.0.1:{port}{APIS[api]}'
    real.configure(openclaw, There, 'llama', model, 'custom-local')
    config = openclaw.read_config()
    config['models']['providers']['llama']['api'] = api
    openclaw.write_config(config)


@pytest.fixture(params=APIS)
def api(request, openclaw, llama):
    use(openclaw, request.param, llama.port)
    return request.param


def test_it_answers(openclaw, api):
    real.assert_answers(openclaw, 'llama', 'scripted')


def test_a_call_is_executed_and_the_run_ends(openclaw, api, llama):
    recorder = Recorder(llama.port)
    use(openclaw, api, recorder.port)
    openclaw.workspace.mkdir(parents=True)
    (openclaw.workspace / 'a').write_text('the content of file a\n')
    r = openclaw.run('agent', '--local', '-m', 'read a', timeout=60).ok()
    recorder.close()
    assert r.out.rstrip().endswith('Done.'), r
    first, second = recorder.bodies
    assert 'the content of file a' in json.dumps(second) and 'the content of file a' not in json.dumps(first)
    assert first['tools'] == second['tools']


def test_the_server_is_free_again_after_an_interrupt(openclaw, api, smollm2):
    use(openclaw, api, smollm2.port, smollm2.model)
    running = openclaw.start('infer', 'model', 'run', '--prompt', 'Count from one to one thousand in words.')
    while not any(s['is_processing'] for s in smollm2.get('/slots')):
        assert running.popen.poll() is None, 'it was faster than the look at the slots'
    running.signal()
    assert running.wait(5).rc != 0
    until = time.monotonic() + 10
    while any(s['is_processing'] for s in smollm2.get('/slots')):
        assert time.monotonic() < until, 'the slot is still busy'


def test_an_overflow_is_explained_with_the_servers_numbers(openclaw, api):
    config = openclaw.read_config()
    config['models']['providers']['llama']['models'][0]['contextWindow'] = 1000000
    openclaw.write_config(config)
    r = real.infer(openclaw, 'x' * 120000)
    assert r.rc == 1 and '32768' in r.err and 'context' in r.err, r
