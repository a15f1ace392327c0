"""`openclaw infer model run` against the simulator (spec 01 §12.1): its two forms, its options, its wire."""
import base64

import pytest

QWEN = 'qwen/qwen3.5-9b'
BINARY_REASONING = {'reasoning': True, 'compat': {
    'supportedReasoningEfforts': ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'],
    'reasoningEffortMap': {'off': 'none', 'none': 'none', 'adaptive': 'xhigh', 'max': 'xhigh'}}}
PNG = base64.b64decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA'
                       'AABJRU5ErkJggg==')


@pytest.fixture
def infer(openclaw, sim):
    """infer(*options): runs the command with a prompt; the simulator is the configured LM Studio."""
    openclaw.use(sim.base_url)
    return lambda *options, prompt='Say hi', **more: openclaw.run('infer', 'model', 'run', '--prompt', prompt, *options,
                                                                  **more)


def test_text_form_names_provider_and_model_then_the_answer(infer):
    r = infer().ok()
    assert r.out == ('model.run via local\nprovider: lmstudio\n'
                     f'model: {QWEN}\noutputs: 1\nHello from {QWEN}.\n')


def test_json_form(infer):
    got = infer('--json').ok().json
    assert got.pop('usage') == {'input': 6, 'output': 7, 'totalTokens': 13}
    assert got == {
        'ok': True, 'capability': 'model.run', 'transport': 'local', 'provider': 'lmstudio', 'model': QWEN,
        'attempts': [], 'outputs': [{'text': f'Hello from {QWEN}.', 'mediaUrl': None}]}


def test_the_request_is_one_user_message_and_nothing_else_is_asked(infer, sim):
    infer(prompt='What is "2+2"?\nGrüße 🙂').ok()
    assert [r.path for r in sim.requests] == ['/v1/chat/completions'], 'no preload, no discovery'
    assert sim.chats[0].json == {
        'model': QWEN, 'messages': [{'role': 'user', 'content': 'What is "2+2"?\nGrüße 🙂'}], 'stream': True,
        'stream_options': {'include_usage': True}, 'max_tokens': 8192}
    headers = sim.chats[0].headers
    assert headers['content-type'].startswith('application/json')
    assert 'text/event-stream' in headers['accept']
    assert 'authorization' not in headers


def test_without_a_config_the_model_is_missing_and_nothing_hangs(openclaw):
    r = openclaw.run('infer', 'model', 'run', '--prompt', 'hi')
    assert r.rc == 1 and r.err


@pytest.mark.parametrize('level, effort', [(None, 'none'), ('off', 'none'), ('minimal', 'minimal'), ('high', 'high'),
                                           ('xhigh', 'xhigh'), ('max', 'xhigh')])
def test_thinking_level_becomes_the_effort_of_a_binary_model(openclaw, sim, level, effort):
    openclaw.use(sim.base_url, more=BINARY_REASONING)
    openclaw.run('infer', 'model', 'run', '--prompt', 'x', *(['--thinking', level] if level else [])).ok()
    assert sim.chats[0].json['reasoning_effort'] == effort


def test_thinking_is_not_sent_to_a_model_that_does_not_reason(infer, sim):
    infer('--thinking', 'high').ok()
    assert 'reasoning_effort' not in sim.chats[0].json


def test_invalid_thinking_level_lists_the_levels(infer, sim):
    infer('--thinking', 'extreme').failed('extreme', 'off', 'minimal', 'low', 'medium', 'high')
    assert sim.chats == []


@pytest.mark.parametrize('field', ['reasoning', 'reasoning_content', 'think'])
def test_reasoning_is_kept_apart_from_the_answer(infer, sim, field):
    sim.reply('Forty-two.', reasoning='The user asks for the answer.', reasoning_field=field)
    assert infer('--json').ok().json['outputs'] == [{'text': 'Forty-two.', 'mediaUrl': None}]


def test_an_answer_in_one_json_body_is_read_like_a_stream(infer, sim):
    sim.reply('All at once.', whole=True)
    assert infer().ok().out.endswith('\nAll at once.\n')


@pytest.mark.parametrize('step, usage', [
    (dict(usage={'prompt_tokens': 21, 'completion_tokens': 8, 'total_tokens': 29}), {'input': 21, 'output': 8}),
    (dict(usage=False, timings={'cache_n': 3, 'prompt_n': 10, 'predicted_n': 4}), {'input': 10, 'cacheRead': 3, 'output': 4}),
    (dict(usage={'prompt_tokens': 0, 'completion_tokens': 0, 'total_tokens': 0},
          timings={'cache_n': 0, 'prompt_n': 9, 'predicted_n': 2}), {'input': 9, 'output': 2})])
def test_tokens_come_from_usage_or_else_from_timings(infer, sim, step, usage):
    sim.reply('Hi', **step)
    got = infer('--json').ok().json['usage']
    assert {k: got[k] for k in usage} == usage


def test_text_survives_every_split(infer, sim):
    text = 'Zwölf Boxkämpfer 🥊 "quoted" \\ back\n\nslash\ttab'
    sim.reply(text, pieces=list(text))
    assert infer('--json').ok().json['outputs'][0]['text'] == text


def test_an_image_goes_as_a_data_url(openclaw, sim):
    openclaw.use(sim.base_url, more={'input': ['text', 'image']})
    picture = openclaw.home / 'dot.png'
    picture.write_bytes(PNG)
    openclaw.run('infer', 'model', 'run', '--prompt', 'What is this?', '--file', picture).ok()
    assert sim.chats[0].json['messages'][0]['content'] == [
        {'type': 'text', 'text': 'What is this?'},
        {'type': 'image_url', 'image_url': {'url': 'data:image/png;base64,' + base64.b64encode(PNG).decode()}}]


def test_a_missing_image_is_named(infer, sim):
    infer('--file', 'nowhere.png').failed('nowhere.png')
    assert sim.chats == []


def test_a_file_that_is_no_image_is_refused(openclaw, infer, sim):
    (openclaw.home / 'notes.txt').write_text('plain words')
    infer('--file', openclaw.home / 'notes.txt').failed('notes.txt')
    assert sim.chats == []


@pytest.mark.parametrize('prompt', ['', '   ', '\n\t'])
def test_a_blank_prompt_is_refused(infer, sim, prompt):
    infer(prompt=prompt).failed('prompt')
    assert sim.chats == []


def test_a_missing_prompt_is_named(openclaw, sim):
    openclaw.use(sim.base_url)
    openclaw.run('infer', 'model', 'run').failed('--prompt')


def test_an_unknown_option_is_an_error_of_exit_code_1(infer):
    infer('--bogus').failed('--bogus')


def test_an_option_without_value_is_named(openclaw, sim):
    openclaw.use(sim.base_url)
    openclaw.run('infer', 'model', 'run', '--prompt').failed('--prompt')


@pytest.mark.parametrize('ref, key', [('lmstudio/openai/gpt-oss-20b', 'openai/gpt-oss-20b'),
                                      (f'lmstudio/{QWEN}', QWEN)])
def test_model_option_chooses_the_model(infer, sim, ref, key):
    r = infer('--model', ref).ok()
    assert sim.chats[-1].json['model'] == key and f'model: {key}\n' in r.out


def test_an_unknown_provider_is_refused_without_a_request(infer, sim):
    infer('--model', 'ghost/model').failed('ghost')
    assert sim.requests == []


def test_an_unknown_model_gets_a_hint_how_to_see_the_known_ones(infer):
    infer('--model', 'lmstudio/no/such-model').failed('no/such-model', 'models list --refresh --provider lmstudio')


def test_a_failure_in_json_form_is_one_document_on_stdout(infer, sim):
    sim.fail('status', status=401)
    r = infer('--json')
    assert r.rc == 1
    assert r.json['ok'] is False and r.json['error']['type'] == 'cli_error' and '401' in r.json['error']['message']


# ---- credentials ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('key, env, sent', [
    ('sk-lm-secret', {}, 'Bearer sk-lm-secret'), ('lmstudio', {}, 'Bearer lmstudio'),
    ('lmstudio-local', {}, None), ('custom-local', {}, None),
    ('${LM_API_TOKEN}', {'LM_API_TOKEN': 'tok'}, 'Bearer tok'), ('${LM_API_TOKEN}', {}, None),
    ('LM_API_TOKEN', {'LM_API_TOKEN': 'tok'}, 'Bearer tok'), ('LM_API_TOKEN', {}, None),
    (None, {'LM_API_TOKEN': 'tok'}, 'Bearer tok'), ('explicit', {'LM_API_TOKEN': 'tok'}, 'Bearer explicit')])
def test_which_key_is_sent(openclaw, sim, key, env, sent):
    openclaw.use(sim.base_url, **({'apiKey': key} if key else {}))
    openclaw.run('infer', 'model', 'run', '--prompt', 'x', env=env).ok()
    assert sim.chats[0].headers.get('authorization') == sent


def test_configured_headers_are_sent_and_a_configured_authorization_wins(openclaw, sim):
    openclaw.use(sim.base_url, apiKey='from-key', headers={'X-Team': 'blue', 'Authorization': 'Basic abc'})
    openclaw.run('infer', 'model', 'run', '--prompt', 'x').ok()
    assert sim.chats[0].headers['x-team'] == 'blue'
    assert sim.chats[0].headers['authorization'] == 'Basic abc'


def test_a_key_never_shows_in_output(openclaw, make_sim):
    server = make_sim(token='sk-lm-right')
    openclaw.use(server.base_url, apiKey='sk-lm-wrong-12345')
    r = openclaw.run('infer', 'model', 'run', '--prompt', 'x').failed('401')
    assert 'sk-lm-wrong-12345' not in r.out + r.err


# ---- builds and settings of the server ------------------------------------------------------------------------------

@pytest.mark.parametrize('profile', ['v04', 'v046', 'v035'])
def test_every_build_answers(openclaw, make_sim, profile):
    openclaw.use(make_sim(profile=profile).base_url)
    assert 'Hello from' in openclaw.run('infer', 'model', 'run', '--prompt', 'x').ok().out


@pytest.mark.any_wire
def test_extra_body_is_merged_into_the_request(openclaw, sim):
    openclaw.use(sim.base_url)
    config = openclaw.read_config()
    params = {'extra_body': {'ttl': 60}, 'temperature': 0}
    config['agents']['defaults']['models'] = {f'lmstudio/{QWEN}': {'params': params}}
    openclaw.write_config(config)
    openclaw.run('infer', 'model', 'run', '--prompt', 'x').ok()
    assert sim.chats[0].json['ttl'] == 60 and sim.chats[0].json['temperature'] == 0


def test_private_networks_can_be_switched_off(openclaw, sim):
    openclaw.use(sim.base_url, request={'allowPrivateNetwork': False})
    openclaw.run('infer', 'model', 'run', '--prompt', 'x').failed('Blocked')
    assert sim.requests == []
