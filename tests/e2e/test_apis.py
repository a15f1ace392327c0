"""The APIs beside chat completions, end to end: /v1/responses and /v1/messages, in the simulator and in real llama.cpp."""
import json
import pathlib

import pytest
from recorder import Recorder

QWEN = 'qwen/qwen3.5-9b'
SEEDS = pathlib.Path(__file__).parent / 'data' / 'seeds'
PATHS = {'openai-responses': '/v1/responses', 'anthropic-messages': '/v1/messages'}
both = pytest.mark.parametrize('api', PATHS)
FORBIDDEN = {'store', 'service_tier', 'prompt_cache_key', 'prompt_cache_retention', 'previous_response_id', 'metadata',
             'safety_identifier', 'user', 'parallel_tool_calls', 'cache_control', 'text'}


def configure(openclaw, sim, api, model=QWEN, more=None, **keys):
    openclaw.use(sim.base_url, model=model, more=more, params={'preload': False}, **{'api': api, **keys})
    openclaw.workspace.mkdir(parents=True, exist_ok=True)


def infer(openclaw, prompt='hi', **more):
    return openclaw.run('infer', 'model', 'run', '--prompt', prompt, '--json', **more)


def agent(openclaw, message, *options, **more):
    return openclaw.run('agent', '--local', '-m', message, *options, **more)


def results(body):
    """The tool results of a request, by the id of their call."""
    if 'input' in body:
        return {i['call_id']: i['output'] for i in body['input'] if i.get('type') == 'function_call_output'}
    return {b['tool_use_id']: b['content'] for m in body['messages'] for b in m['content'] if b['type'] == 'tool_result'}


def calls(body):
    if 'input' in body:
        return {i['call_id']: (i['name'], json.loads(i['arguments'])) for i in body['input'] if i.get('type') == 'function_call'}
    return {b['id']: (b['name'], b['input']) for m in body['messages'] for b in m['content'] if b['type'] == 'tool_use'}


# ---- simulator ----------------------------------------------------------------------------------------------------

@both
def test_a_prompt_is_answered(openclaw, sim, api):
    configure(openclaw, sim, api)
    sim.reply('Hello there.')
    got = infer(openclaw).ok().json
    assert got['outputs'][0]['text'] == 'Hello there.' and got['usage']['input'] > 0 and got['usage']['output'] > 0
    body = sim.asked(PATHS[api])[0].json
    assert not FORBIDDEN & set(body) and sim.chats == []


@both
def test_a_whole_answer_is_understood_where_a_stream_was_asked_for(openclaw, sim, api):
    configure(openclaw, sim, api)
    sim.reply('All at once.', whole=True)
    assert infer(openclaw).ok().json['outputs'][0]['text'] == 'All at once.'


@both
def test_the_agent_reads_and_writes(openclaw, sim, api):
    configure(openclaw, sim, api)
    (openclaw.workspace / 'in.txt').write_text('first line\nsecond\n')
    agent(openclaw, 'read in.txt and write its first line to out.txt').ok()
    assert (openclaw.workspace / 'out.txt').read_text().strip() == 'first line'
    bodies = [r.json for r in sim.asked(PATHS[api])]
    assert len(bodies) == 3 and sim.chats == []
    assert set(calls(bodies[2])) == set(results(bodies[2])) and len(calls(bodies[2])) == 2
    key = 'input' if 'input' in bodies[0] else 'messages'
    for before, after in zip(bodies, bodies[1:]):
        assert after[key][:len(before[key])] == before[key] and after['tools'] == before['tools']


@both
def test_results_of_one_batch_travel_together(openclaw, sim, api):
    configure(openclaw, sim, api)
    sim.then(tool_calls=[{'name': 'read', 'arguments': {'path': 'a'}}, {'name': 'read', 'arguments': {'path': 'b'}}])
    sim.reply('Both read.')
    for name in 'ab':
        (openclaw.workspace / name).write_text(f'content of {name}\n')
    assert 'Both read.' in agent(openclaw, 'go').ok().out
    body = sim.asked(PATHS[api])[1].json
    assert ['content of a' in results(body)[i] or 'content of b' in results(body)[i] for i in calls(body)] == [True, True]
    if api == 'anthropic-messages':
        assert [b['type'] for b in body['messages'][-1]['content']] == ['tool_result', 'tool_result']


@both
def test_a_cut_stream_of_a_tool_call_runs_nothing(openclaw, sim, api):
    configure(openclaw, sim, api)
    sim.then(tool_calls=[{'name': 'write', 'arguments': {'path': 'x', 'content': 'y' * 50}}], fail='reset', after=8, times=5)
    assert agent(openclaw, 'go').rc == 1
    assert not (openclaw.workspace / 'x').exists()


@both
def test_an_answer_at_the_output_limit_runs_no_call(openclaw, sim, api):
    configure(openclaw, sim, api)
    sim.call('write', {'path': 'x', 'content': 'y'}, finish='length').reply('Over.')
    agent(openclaw, 'go')
    assert not (openclaw.workspace / 'x').exists()


@both
def test_an_overflow_is_explained(openclaw, sim, api):
    configure(openclaw, sim, api)
    sim.then(overflow='sse')
    openclaw.run('infer', 'model', 'run', '--prompt', 'hi').failed('context', '32768')


@both
def test_sealed_thought_goes_back_inside_the_tool_loop_and_not_after(openclaw, sim, api):
    configure(openclaw, sim, api, more={'reasoning': True, 'compat': {'supportsReasoningEffort': True}})
    (openclaw.workspace / 'a').write_text('x\n')
    sim.call('read', {'path': 'a'}, reasoning='I must look.', sealed='c2VhbA==').reply('Done.')
    agent(openclaw, 'go', '--thinking', 'low').ok()
    first, second = (r.json for r in sim.asked(PATHS[api]))
    if api == 'openai-responses':
        assert first['reasoning'] == {'effort': 'low', 'summary': 'auto'}
        assert first['include'] == ['reasoning.encrypted_content']
        sent = [i for i in second['input'] if i.get('type') == 'reasoning']
        assert [i['encrypted_content'] for i in sent] == ['c2VhbA==']
    else:
        assert first['thinking'] == {'type': 'enabled', 'budget_tokens': 2048} and first['max_tokens'] > 2048
        sent = second['messages'][-2]['content'][0]
        assert sent == {'type': 'thinking', 'thinking': 'I must look.', 'signature': 'c2VhbA=='}
    assert 'I must look' not in json.dumps(first)


@both
def test_unsealed_thought_is_not_sent_back(openclaw, sim, api):
    configure(openclaw, sim, api, more={'reasoning': True})
    (openclaw.workspace / 'a').write_text('x\n')
    sim.call('read', {'path': 'a'}, reasoning='I must look.').reply('Done.')
    r = agent(openclaw, 'go').ok()
    assert 'I must look' not in sim.asked(PATHS[api])[1].raw.decode() and 'I must look' not in r.out


def test_a_model_may_speak_another_api_than_its_provider(openclaw, sim):
    configure(openclaw, sim, 'openai-completions', more={'api': 'anthropic-messages'})
    infer(openclaw).ok()
    assert len(sim.asked('/v1/messages')) == 1 and sim.chats == []


@pytest.mark.parametrize('keys, header, value', [
    ({}, 'x-api-key', 'sk-lm-test'),
    ({'authHeader': True}, 'authorization', 'Bearer sk-lm-test'),
    ({'auth': 'token'}, 'authorization', 'Bearer sk-lm-test')])
def test_the_key_travels_as_the_provider_says(openclaw, make_sim, keys, header, value):
    sim = make_sim(token='sk-lm-test')
    configure(openclaw, sim, 'anthropic-messages', apiKey='sk-lm-test', **keys)
    infer(openclaw).ok()
    sent = sim.asked('/v1/messages')[0].headers
    assert sent[header] == value and len({'x-api-key', 'authorization'} & set(sent)) == 1


@pytest.mark.parametrize('suffix', ['', '/', '/v1', '/v1/'])
def test_messages_are_found_with_and_without_the_v1_of_the_base(openclaw, sim, suffix):
    openclaw.use(sim.url + suffix, provider='own', api='anthropic-messages')
    infer(openclaw).ok()
    assert len(sim.asked('/v1/messages')) == 1


def test_an_api_that_is_not_spoken_is_named_with_those_that_are(openclaw, sim):
    configure(openclaw, sim, 'google-vertex')
    openclaw.run('infer', 'model', 'run', '--prompt', 'hi').failed('google-vertex', 'openai-completions', 'openai-responses',
                                                                   'anthropic-messages')


def test_the_responses_block_of_the_issue_works_as_it_stands(openclaw, make_sim):
    model = {'key': 'my-local-model', 'name': 'Local', 'max': 196608, 'loaded': 65536}
    sim = make_sim(models=[model])
    text = (SEEDS / '003-1.json5').read_text()
    openclaw.write_config(text.replace('http://127.0.0.1:1234/v1', sim.base_url))
    openclaw.workspace.mkdir(parents=True)
    (openclaw.workspace / 'in.txt').write_text('first line\n')
    assert infer(openclaw).ok().json['model'] == 'my-local-model'
    agent(openclaw, 'read in.txt and write its first line to out.txt').ok()
    assert (openclaw.workspace / 'out.txt').read_text().strip() == 'first line'
    assert sim.chats == [] and len(sim.asked('/v1/responses')) == 4


# ---- real llama.cpp -----------------------------------------------------------------------------------------------

def real(openclaw, base_url, model, api, **more):
    openclaw.use(base_url, provider='llama', model=model, api=api, apiKey='custom-local', more=more)
    config = openclaw.read_config()
    config['agents']['defaults']['models'] = {f'llama/{model}': {'params': {'temperature': 0}}}
    openclaw.write_config(config)


@both
def test_llama_answers(openclaw, llama, api):
    real(openclaw, llama.base_url, 'scripted', api)
    got = infer(openclaw).ok().json
    assert got['outputs'][0]['text'] == 'Done.' and got['usage']['input'] > 0 and got['usage']['output'] > 0


@both
def test_the_call_of_llama_is_executed_and_the_run_ends(openclaw, llama, api):
    recorder = Recorder(llama.port)
    real(openclaw, recorder.base_url, 'scripted', api)
    openclaw.workspace.mkdir(parents=True)
    (openclaw.workspace / 'a').write_text('the content of file a\n')
    r = agent(openclaw, 'read a', timeout=60).ok()
    recorder.close()
    assert r.out.rstrip().endswith('Done.'), r
    first, second = recorder.bodies
    (ident, call), = calls(second).items()
    assert call == ('read', {'path': 'a'}) and 'the content of file a' in results(second)[ident]
    assert second['tools'] == first['tools']


@both
def test_an_overflow_of_llama_is_explained_with_its_numbers(openclaw, llama, api):
    real(openclaw, llama.base_url, 'scripted', api, contextWindow=1000000)
    openclaw.run('infer', 'model', 'run', '--prompt', 'x' * 120000).failed('context', '32768')


@both
def test_a_call_that_llama_cut_is_not_executed(openclaw, llama, api):
    recorder = Recorder(llama.port)
    real(openclaw, recorder.base_url, 'scripted', api, maxTokens=20)
    openclaw.workspace.mkdir(parents=True)
    (openclaw.workspace / 'a').write_text('the content of file a\n')
    agent(openclaw, 'read a', timeout=60)
    recorder.close()
    assert recorder.bodies and 'the content of file a' not in json.dumps(recorder.bodies)


def test_a_response_that_only_the_limit_of_llama_ended_says_so(openclaw, smollm2):
    real(openclaw, smollm2.base_url, smollm2.model, 'openai-responses', contextWindow=16384, maxTokens=16)
    openclaw.workspace.mkdir(parents=True)
    r = agent(openclaw, 'Count from one to one hundred in words.', timeout=60).ok()
    assert 'output limit' in r.err, r
