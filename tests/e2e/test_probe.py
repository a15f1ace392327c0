"""`openclaw models probe`: what a server is found to do, and that it is remembered."""
import json

import pytest
from replay import Replay, chat_stream

pytestmark = pytest.mark.any_wire  # a probe asks what ordinary requests do not


def configure(openclaw, base_url, model):
    openclaw.use(base_url, provider='box', model=model, apiKey='custom-local')


def test_llama_with_a_model_that_calls_tools(openclaw, llama):
    configure(openclaw, llama.base_url, 'scripted')
    got = openclaw.run('models', 'probe', '--json', timeout=120).ok().json
    values = {name: row['value'] for name, row in got.items()}
    assert values['server'] == 'llama.cpp' and values['context'] == 32768 and values['tokenizer'] is True
    for name in ('chat', 'streaming', 'usage in streams', 'content arrays', 'system role', 'tools', 'tool_choice required',
                 'tool result', 'json schema', 'max_completion_tokens', 'responses', 'messages'):
        assert values[name] is True, (name, got)
    assert values['vision'] is False, 'no projector'
    assert (values['line ends'], values['[DONE]'], values['call id']) == ('LF', True, '32 characters')
    facts = json.loads((openclaw.state / 'agents/main/agent/learned.json').read_text())['endpoints']
    assert facts[f'http://127.0.0.1:{llama.port}']['models']['scripted']['facts']['probe'] == got


def test_the_free_part_never_asks_the_model(openclaw):
    server = Replay({'GET /v1/models': {'data': [{'id': 'm', 'owned_by': 'vllm', 'max_model_len': 4096}]},
                     'POST /tokenize': {'count': 1}, 'POST /v1/responses': (400, {'error': {'message': 'no input'}})})
    configure(openclaw, server.base_url, 'm')
    got = openclaw.run('models', 'probe', '--free', '--json').ok().json
    server.close()
    assert {n: r['value'] for n, r in got.items()} == {
        'server': 'vLLM', 'context': 4096, 'slots': 32, 'tokenizer': True, 'responses': True, 'messages': False}
    assert not server.asked('POST /v1/chat/completions')
    status = openclaw.run('models', 'status', '--json').ok().json['learned'][0]
    assert status['server'] == {'kind': 'vllm'} and status['probe'] == got
    assert 'server {"kind":"vllm"}' in openclaw.run('models', 'status').ok().out


def test_a_proxy_gets_no_made_up_requests(openclaw):
    server = Replay({'GET /model/info': {'data': [{'model_name': 'm', 'model_info': {'max_input_tokens': 8000}}]}})
    openclaw.use(server.base_url, provider='litellm', model='m', apiKey='custom-local')
    assert openclaw.run('models', 'probe', '--free').ok().out.count('8000') == 1
    server.close()
    assert not [line for line, _ in server.seen if line.startswith('POST')]


def test_shapes_of_ids_and_line_ends_are_told_without_further_requests(openclaw):
    def chat(body):
        if body.get('stream'):
            return b'data: {"choices":[]}\r\n\r\n'
        call = {'id': 'call_' + 'x' * 24, 'type': 'function', 'function': {'name': 'get_weather', 'arguments': '{}'}}
        return {'choices': [{'message': {'content': 'Hi', **({'tool_calls': [call]} if 'tools' in body else {})}}]}

    server = Replay({'GET /v1/models': {'data': [{'id': 'm'}]}, 'POST /v1/chat/completions': chat})
    configure(openclaw, server.base_url, 'm')
    got = openclaw.run('models', 'probe', '--json').ok().json
    server.close()
    assert [got[n]['value'] for n in ('call id', 'line ends', '[DONE]', 'reasoning field')] == [
        'call_ + 24', 'CRLF', False, 'none seen']
    assert len(server.asked('POST /v1/chat/completions')) == 14


def test_what_only_real_turns_show_is_kept_once(openclaw):
    server = Replay({'GET /v1/models': {'data': [{'id': 'm'}]}, 'POST /v1/chat/completions': lambda _: chat_stream(
        'Hi', prompt_tokens_details={'cached_tokens': 800})})
    configure(openclaw, server.base_url, 'm')
    stamps = []
    for _ in range(2):
        openclaw.run('infer', 'model', 'run', '--prompt', 'hi').ok()
        stamps.append((openclaw.state / 'agents/main/agent/learned.json').stat().st_mtime_ns)
    server.close()
    learned = openclaw.run('models', 'status', '--json').ok().json['learned'][0]
    assert learned['probe'] == {'cached tokens': {'value': True, 'how': 'a real turn'}}
    assert stamps[0] == stamps[1], 'what is known is not written again'


def test_a_server_that_is_off_is_named_and_teaches_nothing(openclaw):
    server = Replay({})
    server.close()
    configure(openclaw, server.base_url, 'm')
    openclaw.run('models', 'probe').failed(f'{server.base_url} did not answer', 'models.providers.box.baseUrl')
    assert not openclaw.run('models', 'status', '--json').ok().json.get('learned')
