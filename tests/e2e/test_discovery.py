"""What servers tell about their models, by the calls of their kind: recorded documents, and real llama.cpp."""
import json
import socket
import threading

import pytest
from recorder import Recorder
from replay import Replay, chat_stream, recorded

OLLAMA = {'GET /api/tags': recorded('ollama.tags.json'), 'GET /api/ps': recorded('ollama.ps.json'),
          'POST /api/show': recorded('ollama.show.json'), 'GET /v1/models': recorded('ollama.models.json'),
          'GET /api/version': recorded('ollama.version.json')}
VLLM = {'GET /v1/models': {'object': 'list', 'data': [
    {'id': 'big', 'object': 'model', 'owned_by': 'vllm', 'root': 'big', 'parent': None, 'max_model_len': 40960},
    {'id': 'lora', 'object': 'model', 'owned_by': 'vllm', 'root': 'x', 'parent': 'big', 'max_model_len': None}]}}
TABBY = {'GET /v1/model': {'id': 'exl3', 'object': 'model', 'owned_by': 'tabbyAPI', 'parameters': {
    'max_seq_len': 24576, 'cache_size': 24576, 'max_batch_size': 3, 'use_vision': True}}}
OPENROUTER = {'GET /v1/models': {'data': [
    {'id': 'a/b', 'name': 'A: B', 'context_length': 200000, 'top_provider': {'context_length': 131072},
     'supported_parameters': ['max_tokens'], 'architecture': {'input_modalities': ['text', 'image']}}]}}


@pytest.fixture
def replay():
    servers = []

    def start(answers, **more):
        servers.append(Replay(answers, **more))
        return servers[-1]
    yield start
    for s in servers:
        s.close()


def configure(openclaw, provider, base_url, models=(), **more):
    openclaw.write_config({'models': {'mode': 'merge', 'providers': {provider: {
        'baseUrl': base_url, 'api': 'openai-completions', 'models': list(models), **more}}}})


def refreshed(openclaw, provider):
    openclaw.run('models', 'refresh', env={'OPENAI_API_BASE': 'http://127.0.0.1:9/v1'})
    saved = json.loads((openclaw.state / 'agents/main/agent/models.json').read_text())
    return {m['id']: m for m in saved['providers'][provider]['models']}


def learned(openclaw, server):
    return json.loads((openclaw.state / 'agents/main/agent/learned.json').read_text())['endpoints'][server.root]


# ---- lists --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('provider', ['ollama', 'ollama-upstairs'])
def test_ollama_tells_the_window_of_what_is_loaded_and_not_what_was_trained(openclaw, replay, provider):
    show = json.loads(recorded('ollama.show.json'))
    bare = {**show, 'parameters': ''}
    server = replay({**OLLAMA, 'POST /api/show': lambda body: bare})
    configure(openclaw, provider, server.base_url)
    models = refreshed(openclaw, provider)
    assert models['scripted:latest']['contextWindow'] == 32768
    assert 'contextWindow' not in models['scripted-small:latest'], 'not loaded: nobody knows yet'
    assert all(m.get('compat', {}).get('supportsTools') is not False for m in models.values())


def test_ollamas_embedding_models_are_marked_and_hidden(openclaw, replay):
    def show(body):
        kind = ['embedding'] if body['model'].startswith('smol') else ['completion', 'vision']
        return {'capabilities': kind, 'model_info': {}}
    server = replay({**OLLAMA, 'POST /api/show': show,
                     'GET /api/tags': {'models': [{'model': 'smol:latest'}, {'model': 'seeing:latest'}]}})
    configure(openclaw, 'ollama', server.base_url)
    models = refreshed(openclaw, 'ollama')
    assert models['smol:latest']['type'] == 'embedding'
    assert models['seeing:latest']['input'] == ['text', 'image']
    assert models['seeing:latest']['compat'] == {'supportsTools': False}
    shown = openclaw.run('models', 'list', '--json').ok().json['models']
    assert 'ollama/smol:latest' not in [m['key'] for m in shown]


@pytest.mark.parametrize('provider, answers, want', [
    ('vllm', VLLM, {'big': 40960, 'lora': 40960}),
    ('sglang', VLLM, {'big': 40960, 'lora': 40960}),
    ('tabbyapi', TABBY, {'exl3': 24576}),
    ('tabby', TABBY, {'exl3': 24576}),
    ('litellm', {'GET /model/info': recorded('litellm.model_info.json')}, {'local-scripted': 32768}),
    ('litellm', {'GET /v1/models': recorded('litellm.models.json')}, {'local-scripted': None}),
    ('mlx', {'GET /v1/models': recorded('mlx.models.json')}, {'/srv/models/scripted-mlx': None}),
    ('localai', {'GET /v1/models': {'data': [{'id': 'm'}]}, 'POST /api/show': {
        'model_info': {'general.architecture': 'x', 'x.context_length': 8192}, 'parameters': 'num_ctx 16384'}}, {'m': 16384}),
    ('textgen', {'GET /v1/models': {'data': [{'id': 'm'}]}}, {'m': None}),
    ('jan', {'GET /v1/models': {'data': [{'id': 'm', 'owned_by': 'user'}]}}, {'m': None}),
    ('my-own', VLLM, {'big': 40960, 'lora': 40960}),
])
def test_every_kind_is_asked_in_its_own_way(openclaw, replay, provider, answers, want):
    server = replay(answers)
    configure(openclaw, provider, server.base_url)
    assert {i: m.get('contextWindow') for i, m in refreshed(openclaw, provider).items()} == want


def test_a_server_under_a_name_of_ones_own_is_recognised_and_remembered(openclaw, replay):
    server = replay(VLLM)
    configure(openclaw, 'my-own', server.base_url)
    refreshed(openclaw, 'my-own')
    assert learned(openclaw, server)['facts'] == {'kind': 'vllm'}


@pytest.mark.parametrize('name', ['ollama', 'vllm', 'sglang', 'llamacpp', 'localai', 'jan', 'tabbyapi', 'textgen', 'mlx',
                                  'litellm'])
def test_every_kind_can_be_onboarded(openclaw, replay, name):
    server = replay({**OLLAMA, **TABBY, 'GET /v1/models': {'data': [{'id': 'scripted:latest'}]}})
    model = 'exl3' if name == 'tabbyapi' else 'scripted:latest'
    openclaw.run('onboard', '--non-interactive', '--accept-risk', '--skip-health', '--auth-choice', name,
                 '--custom-base-url', server.base_url, '--custom-model-id', model).ok()
    config = openclaw.read_config()
    assert config['agents']['defaults']['model'] == {'primary': f'{name}/{model}'}
    assert config['models']['providers'][name]['apiKey'].endswith('-local')


def test_an_unknown_choice_is_answered_with_all_names(openclaw):
    openclaw.run('onboard', '--non-interactive', '--accept-risk', '--auth-choice', 'x').failed('tabbyapi', 'mlx', 'skip')


# ---- the window of a turn -----------------------------------------------------------------------------------------

def test_ollama_loads_a_model_before_the_turn_is_planned_for_its_window(openclaw, replay):
    loaded = []

    def ps(_):
        return {'models': [{'model': m, 'name': m, 'context_length': 6144} for m in loaded]}

    def generate(body):
        loaded.append(body['model'] + ':latest')
        return {'done': True, 'done_reason': 'load'}
    server = replay({'GET /api/ps': ps, 'POST /api/generate': generate, 'POST /api/show': {'model_info': {}},
                     'POST /v1/chat/completions': lambda body: chat_stream('Hello.')})
    configure(openclaw, 'ollama', server.base_url, [{'id': 'q', 'name': 'q', 'contextWindow': 131072}])
    openclaw.run('agent', '--local', '-m', 'hi').ok()
    assert len(server.asked('POST /api/generate')) == 1
    assert server.asked('POST /v1/chat/completions')[0]['max_tokens'] <= 1024, 'a sixth of what is loaded'
    assert learned(openclaw, server)['models']['q']['facts']['context'] == {'tokens': 6144, 'source': '/api/ps'}


def lines(*replies):
    return b''.join(json.dumps({'model': 'q', **r}).encode() + b'\n' for r in replies)


SAID = lines({'message': {'role': 'assistant', 'content': 'Hello.'}, 'done': False},
             {'message': {'role': 'assistant', 'content': ''}, 'done': True, 'done_reason': 'stop', 'prompt_eval_count': 900,
              'eval_count': 2})


@pytest.mark.parametrize('provider', ['ollama', 'box'])
def test_ollamas_own_chat_sets_the_window_and_refuses_cuts(openclaw, replay, provider):
    server = replay({'GET /api/ps': {'models': [{'model': 'q:latest', 'name': 'q:latest', 'context_length': 2048}]},
                     'POST /api/show': {'model_info': {}}, 'POST /api/chat': lambda _: SAID})
    configure(openclaw, provider, server.root, [{'id': 'q', 'name': 'q', 'contextWindow': 20000}], api='ollama')
    r = openclaw.run('agent', '--local', '--json', '-m', 'hi').ok()
    assert r.json['result']['payloads'][0]['text'] == 'Hello.', r
    (body,) = server.asked('POST /api/chat')
    assert body['options']['num_ctx'] == 20000 and body['truncate'] is False and body['stream'] is True
    assert body['options']['num_predict'] == 20000 // 6, 'planned for the window that is asked for'
    assert body['tools'] and not server.asked('POST /api/generate') and not server.asked('POST /v1/chat/completions')


def test_ollamas_own_chat_without_thinking_is_learnt(openclaw, replay):
    def chat(body):
        return (400, {'error': '"q" does not support thinking'}) if 'think' in body else SAID
    server = replay({'POST /api/chat': chat})
    configure(openclaw, 'ollama', server.base_url, [{'id': 'q', 'name': 'q', 'contextWindow': 20000, 'reasoning': True}],
              api='ollama')
    for _ in range(2):
        assert 'Hello.' in openclaw.run('infer', 'model', 'run', '--prompt', 'hi', '--thinking', 'high').ok().out
    assert ['think' in b for b in server.asked('POST /api/chat')] == [True, False, False]


def test_ollamas_own_refusal_of_a_long_prompt_is_told(openclaw, replay):
    server = replay({'POST /api/chat': (400, {'error': 'the input length exceeds the context length'})})
    configure(openclaw, 'ollama', server.base_url, [{'id': 'q', 'name': 'q', 'contextWindow': 20000}], api='ollama')
    openclaw.run('infer', 'model', 'run', '--prompt', 'hi').failed('does not fit')


def router(state, window):
    """llama.cpp without a fixed model: it answers for the model that the query names, and loads when it is told to."""
    def props(_):
        if state['value'] != 'loaded':
            return 400, {'error': {'message': 'model is not loaded'}}
        return {'default_generation_settings': {'n_ctx': window}, 'total_slots': 2, 'build_info': 'b1'}

    def models(_):
        if state['value'] == 'loading':
            state['value'] = state.get('then', 'loaded')
        return {'data': [{'id': 'org/q', 'owned_by': 'llamacpp', 'status': {
            'value': state['value'], 'failed': state.get('failed', False)}},
            {'id': 'other', 'owned_by': 'llamacpp', 'status': {'value': 'unloaded'}}]}

    def load(_):
        state.update(value='loading', failed=state.get('then') == 'unloaded')
        return {'success': True}
    return {'GET /props?model=org%2Fq&autoload=false': props, 'GET /props': {'default_generation_settings': {'n_ctx': 0}},
            'GET /v1/models': models, 'POST /models/load': load, 'POST /v1/chat/completions': lambda _: chat_stream('Hello.')}


@pytest.mark.parametrize('state, loads', [('unloaded', 1), ('loaded', 0)])
def test_a_router_tells_the_window_of_the_model_that_is_asked_for_and_loads_it_first(openclaw, replay, state, loads):
    server = replay(router({'value': state}, 6144))
    configure(openclaw, 'llamacpp', server.base_url, [{'id': 'org/q', 'name': 'q', 'contextWindow': 131072}])
    openclaw.run('agent', '--local', '-m', 'hi').ok()
    assert server.asked('POST /models/load') == [{'model': 'org/q'}] * loads
    assert server.asked('POST /v1/chat/completions')[0]['max_tokens'] <= 1024, 'a sixth of what is loaded'
    told = learned(openclaw, server)['models']['org/q']['facts']['context']
    assert told == {'tokens': 6144, 'source': '/props', 'slots': 2}


def test_a_router_that_fails_to_load_is_asked_once_and_the_request_says_why(openclaw, replay):
    server = replay({**router({'value': 'unloaded', 'then': 'unloaded'}, 1), 'POST /v1/chat/completions': lambda _: (
        400, {'error': {'message': 'model failed to load', 'type': 'invalid_request_error'}})})
    configure(openclaw, 'llamacpp', server.base_url, [{'id': 'org/q', 'name': 'q', 'contextWindow': 131072}])
    openclaw.run('agent', '--local', '-m', 'hi').failed('failed to load')
    assert len(server.asked('POST /models/load')) == 1


def test_probing_a_router_for_free_loads_nothing(openclaw, replay):
    server = replay(router({'value': 'unloaded'}, 6144))
    configure(openclaw, 'llamacpp', server.base_url, [{'id': 'org/q', 'name': 'q', 'contextWindow': 131072}])
    openclaw.run('models', 'probe', '--free').ok()
    assert not server.asked('POST /models/load')


def test_the_real_window_counts_and_not_the_configured_one(openclaw, replay):
    server = replay({'GET /v1/models': {'data': [{'id': 'm', 'owned_by': 'vllm', 'max_model_len': 12000}]},
                     'POST /v1/chat/completions': lambda body: chat_stream('Hello.')})
    configure(openclaw, 'box', server.base_url, [{'id': 'm', 'name': 'm', 'contextWindow': 131072}])
    openclaw.run('agent', '--local', '-m', 'hi').ok()
    assert server.asked('POST /v1/chat/completions')[0]['max_tokens'] == 2000
    facts = learned(openclaw, server)['models']['m']['facts']
    assert facts['context']['tokens'] == 12000 and facts['charsPerToken'] > 2


def test_a_window_learnt_from_a_refusal_holds_for_the_next_run(openclaw, replay):
    def chat(body):
        if body['max_tokens'] > 3000:
            return 400, {'error': {'message': "This model's maximum context length is 10000 tokens. However, you requested "
                                              '30000 tokens', 'type': 'BadRequestError', 'code': 400}}
        return chat_stream('Hello.')
    server = replay({'GET /v1/models': {'data': [{'id': 'm'}]}, 'POST /v1/chat/completions': chat})
    configure(openclaw, 'box', server.base_url, [{'id': 'm', 'name': 'm', 'contextWindow': 131072}])
    openclaw.run('agent', '--local', '-m', 'hi').ok()
    assert learned(openclaw, server)['models']['m']['facts']['context']['tokens'] == 10000
    before = len(server.asked('POST /v1/chat/completions'))
    openclaw.run('agent', '--local', '-m', 'hi').ok()
    assert len(server.asked('POST /v1/chat/completions')) == before + 1, 'the second run knew'


def test_llama_is_recognised_counted_and_planned_for(openclaw, llama):
    recorder = Recorder(llama.port)
    configure(openclaw, 'box', recorder.base_url, [{'id': 'scripted', 'name': 'scripted', 'contextWindow': 131072}])
    openclaw.run('agent', '--local', '-m', 'hi', timeout=60).ok()
    recorder.close()
    facts = json.loads((openclaw.state / 'agents/main/agent/learned.json').read_text())['endpoints']
    endpoint = facts[f'http://127.0.0.1:{recorder.port}']
    assert endpoint['facts'] == {'kind': 'llamacpp'}
    assert endpoint['models']['scripted']['facts']['context']['tokens'] == 32768
    assert '/tokenize' in recorder.paths
    assert recorder.bodies[0]['return_progress'] is True


def test_a_server_of_llama_cpp_tells_its_slots(openclaw, llama):
    configure(openclaw, 'llamacpp', llama.base_url, [{'id': 'scripted', 'name': 'scripted'}])
    openclaw.run('agent', '--local', '-m', 'hi', timeout=60).ok()
    facts = json.loads((openclaw.state / 'agents/main/agent/learned.json').read_text())['endpoints']
    context = facts[f'http://127.0.0.1:{llama.port}']['models']['scripted']['facts']['context']
    assert context['tokens'] == 32768 and context['slots'] >= 1 and context['source'] == '/props'


# ---- lists that are large, endless or slow ------------------------------------------------------------------------

def listed(openclaw, *options):
    return openclaw.run('models', 'list', '--json', *options).ok().json['models']


def test_ten_thousand_models_are_read_and_listed(openclaw, replay):
    server = replay({'GET /v1/models': {'data': [{'id': f'org/m{i}'} for i in range(10000)]}})
    configure(openclaw, 'box', server.base_url)
    assert len(listed(openclaw, '--refresh', '--provider', 'box')) == 10000


def test_a_list_of_more_than_16_mib_is_refused(openclaw, replay):
    server = replay({'GET /v1/models': b'{"data":[{"id":"' + b'x' * (17 << 20) + b'"}]}'})
    configure(openclaw, 'box', server.base_url)
    r = openclaw.run('models', 'list', '--json', '--refresh', '--provider', 'box').ok()
    assert r.json['models'] == [] and 'larger than' in r.err


def test_a_server_that_sends_a_byte_a_second_keeps_no_other_from_being_read(openclaw, replay):
    def drip(connection):
        with connection:
            connection.recv(65536)
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n')
            try:
                while not done.wait(1):
                    connection.sendall(b' ')
            except OSError:
                pass

    done = threading.Event()
    listener = socket.create_server(('127.0.0.1', 0))
    threading.Thread(target=lambda: [drip(listener.accept()[0]) for _ in range(1)], daemon=True).start()
    quick = replay({'GET /v1/models': {'data': [{'id': 'm'}]}})
    openclaw.write_config({'models': {'providers': {
        'a-slow': {'baseUrl': f'http://127.0.0.1:{listener.getsockname()[1]}/v1', 'models': []},
        'quick': {'baseUrl': quick.base_url, 'models': []}}}})
    r = openclaw.run('models', 'refresh', env={'OPENAI_API_BASE': 'http://127.0.0.1:9/v1'})
    done.set()
    listener.close()
    assert 'timed out' in r.err and 'quick/m' in [m['key'] for m in listed(openclaw)], r
