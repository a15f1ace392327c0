"""The servers themselves, asked by a plain client: what the other tests rely on."""
TOOLS = [{'type': 'function', 'function': {'name': 'read', 'description': 'Reads a file', 'parameters': {
    'type': 'object', 'properties': {'path': {'type': 'string'}}, 'required': ['path']}}}]
USER = {'role': 'user', 'content': 'read a'}


def test_llama_calls_the_tool_and_then_says_done(llama):
    ask = {'model': 'scripted', 'temperature': 0, 'tools': TOOLS, 'messages': [USER]}
    message = llama.post('/v1/chat/completions', ask)['choices'][0]['message']
    call = message['tool_calls'][0]
    assert (call['function']['name'], call['function']['arguments'].replace(' ', '')) == ('read', '{"path":"a"}')
    ask['messages'] = [USER, message, {'role': 'tool', 'tool_call_id': call['id'], 'content': 'x'}]
    assert llama.post('/v1/chat/completions', ask)['choices'][0]['message']['content'] == 'Done.'


def test_llama_has_the_window_it_was_given(llama):
    assert llama.get('/props')['default_generation_settings']['n_ctx'] == 32768


def test_smollm2_answers_in_words(smollm2):
    ask = {'messages': [{'role': 'user', 'content': 'Say hello.'}], 'temperature': 0, 'max_tokens': 12}
    assert len(smollm2.post('/v1/chat/completions', ask)['choices'][0]['message']['content']) > 3
