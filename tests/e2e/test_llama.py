"""Real llama.cpp: its template, grammar and stream, with a model that always behaves the same and with a real one."""
import json
import re
import time

import pytest
from recorder import Recorder


@pytest.fixture
def recorder(llama):
    r = Recorder(llama.port)
    yield r
    r.close()


def configure(openclaw, base_url, model, **more):
    openclaw.use(base_url, provider='llama', model=model, apiKey='custom-local', more=more)
    config = openclaw.read_config()
    config['agents']['defaults']['models'] = {f'llama/{model}': {'params': {'temperature': 0}}}
    openclaw.write_config(config)


def test_infer_answers(openclaw, llama):
    configure(openclaw, llama.base_url, 'scripted')
    got = openclaw.run('infer', 'model', 'run', '--prompt', 'hi', '--json').ok().json
    assert (got['provider'], got['model'], got['outputs'][0]['text']) == ('llama', 'scripted', 'Done.')
    assert got['usage']['input'] > 0 and got['usage']['output'] > 0


def test_the_one_call_of_the_model_is_executed_and_the_run_ends(openclaw, llama, recorder):
    configure(openclaw, recorder.base_url, 'scripted')
    openclaw.workspace.mkdir(parents=True)
    (openclaw.workspace / 'a').write_text('the content of file a\n')
    r = openclaw.run('agent', '--local', '-m', 'read a', timeout=60).ok()
    assert r.out.rstrip().endswith('Done.'), r
    first, second = recorder.bodies
    call = second['messages'][-2]['tool_calls'][0]
    assert call['function']['name'] == 'read' and json.loads(call['function']['arguments']) == {'path': 'a'}
    assert second['messages'][-1]['role'] == 'tool' and second['messages'][-1]['tool_call_id'] == call['id']
    assert 'the content of file a' in second['messages'][-1]['content']
    assert second['messages'][:len(first['messages'])] == first['messages'], 'prompts only grow at the end'
    assert second['tools'] == first['tools']


def test_a_missing_file_is_told_to_the_model_and_the_run_ends(openclaw, llama, recorder):
    configure(openclaw, recorder.base_url, 'scripted')
    r = openclaw.run('agent', '--local', '-m', 'read a', timeout=60).ok()
    assert r.out.rstrip().endswith('Done.')
    assert 'a' in recorder.bodies[1]['messages'][-1]['content']


def test_a_prompt_that_does_not_fit_is_explained_with_the_servers_numbers(openclaw, llama):
    configure(openclaw, llama.base_url, 'scripted', contextWindow=1000000)
    r = openclaw.run('infer', 'model', 'run', '--prompt', 'x' * 120000)
    assert r.rc == 1 and '32768' in r.err and re.search('context', r.err), r


def test_the_server_is_free_again_after_an_interrupt(openclaw, smollm2):
    configure(openclaw, smollm2.base_url, smollm2.model)
    running = openclaw.start('infer', 'model', 'run', '--prompt', 'Count from one to one thousand in words.')
    while not any(s['is_processing'] for s in smollm2.get('/slots')):
        assert running.popen.poll() is None, 'it was faster than the look at the slots'
    running.signal()
    assert running.wait(5).rc != 0
    until = time.monotonic() + 10
    while any(s['is_processing'] for s in smollm2.get('/slots')):
        assert time.monotonic() < until, 'the slot is still busy'


def test_the_starter_model_answers_in_words(openclaw, smollm2):
    configure(openclaw, smollm2.base_url, smollm2.model, contextWindow=8192, maxTokens=40)
    got = openclaw.run('infer', 'model', 'run', '--prompt', 'Say hello.', '--json', timeout=60).ok().json
    assert re.search(r'[a-z]{3}', got['outputs'][0]['text'])
