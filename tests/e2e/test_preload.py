"""Preload of LM Studio models before an agent turn (spec 01 §3.7): which calls are made, and what their failure means."""
import pytest

QWEN = 'qwen/qwen3.5-9b'
KEY = 'sk-lm-abcd1234:01234567890123456789'
LIST, LOAD, CHAT = '/api/v1/models', '/api/v1/models/load', '/v1/chat/completions'


def turn(openclaw, **kw):
    return openclaw.run('agent', '--local', '-m', 'hi', **kw)


def paths(sim):
    return [r.path for r in sim.requests]


def model(key=QWEN, **more):
    return {'key': key, 'max': 131072, 'tools': True, **more}


@pytest.fixture
def use(openclaw, make_sim):
    """use(models, **provider keys): a simulator with these models, and the first of them as the default."""
    def start(models, settings=None, more=None, **provider):
        sim = make_sim(models=models, **(settings or {}))
        openclaw.use(sim.base_url, model=models[0]['key'],
                     more={'contextWindow': 131072, 'contextTokens': 65536, **(more or {})}, **provider)
        return sim
    return start


def test_an_unloaded_model_is_loaded_with_the_configured_context(openclaw, use):
    sim = use([model()])
    turn(openclaw).ok()
    assert paths(sim) == [LIST, LOAD, CHAT]
    assert sim.requests[1].json == {'model': QWEN, 'context_length': 65536}
    assert sim.requests[2].json['model'] == QWEN


def test_a_loaded_instance_that_is_large_enough_is_used_as_it_is(openclaw, use):
    sim = use([model(loaded=65536)])
    turn(openclaw).ok()
    assert paths(sim) == [LIST, CHAT]


def test_a_loaded_instance_that_is_too_small_is_joined_by_another(openclaw, use):
    sim = use([model(loaded=8192)])
    turn(openclaw).ok()
    assert paths(sim) == [LIST, LOAD, CHAT]
    assert sim.requests[2].json['model'] == f'{QWEN}:2', 'the new instance is addressed'


def test_never_more_than_the_model_can(openclaw, use):
    sim = use([model(max=32768)])
    turn(openclaw).ok()
    assert sim.requests[1].json['context_length'] == 32768


def test_a_variant_is_loaded_by_its_key(openclaw, use):
    sim = use([model(variants=[f'{QWEN}@q4_k_m', f'{QWEN}@q8_0'], selected_variant=f'{QWEN}@q4_k_m')])
    openclaw.use(sim.base_url, model=f'{QWEN}@Q8_0')
    turn(openclaw)
    loads = [r for r in sim.requests if r.path == LOAD]
    assert [r.json['model'] for r in loads] == [QWEN]


def test_only_exactly_false_switches_it_off(openclaw, use):
    sim = use([model()], params={'preload': False})
    turn(openclaw).ok()
    assert paths(sim) == [CHAT]


@pytest.mark.parametrize('value', [0, 'false', None])
def test_other_values_do_not(openclaw, use, value):
    sim = use([model()], params={'preload': value} if value is not None else {'x': 1}, more={'params': {'preload': False}})
    turn(openclaw).ok()
    assert paths(sim) == [LIST, LOAD, CHAT]


def test_key_and_headers_go_on_both_calls(openclaw, use):
    sim = use([model()], settings={'token': KEY}, apiKey=KEY, headers={'X-Team': 'a'})
    turn(openclaw).ok()
    for r in sim.requests:
        assert (r.headers['authorization'], r.headers['x-team']) == (f'Bearer {KEY}', 'a')


@pytest.mark.parametrize('on, failure, cause', [
    ('load', {'kind': 'status', 'status': 500}, '500'),
    ('load', {'kind': 'not-json'}, 'JSON'),
    ('load', {'kind': 'reset'}, ''),
    ('models', {'kind': 'status', 'status': 401}, '401'),
    ('models', {'kind': 'html'}, ''),
], ids=str)
def test_a_failure_is_one_warning_and_the_turn_goes_on(openclaw, use, on, failure, cause):
    sim = use([model()])
    sim.fail(on=on, **failure)
    r = turn(openclaw).ok()
    warnings = [line for line in r.err.splitlines() if 'preload' in line]
    assert len(warnings) == 1, r
    assert f'"{QWEN}"' in warnings[0] and '1 in a row' in warnings[0] and '5 s' in warnings[0] and cause in warnings[0]
    assert sim.chats[-1].json['model'] == QWEN


def test_a_status_other_than_loaded_is_a_failure(openclaw, use):
    sim = use([model()])
    sim.then(on='load', body={'status': 'loading', 'instance_id': 'nope'})
    r = turn(openclaw).ok()
    assert 'preload' in r.err and 'loading' in r.err and sim.chats[-1].json['model'] == QWEN


def test_a_key_that_the_list_does_not_know_is_loaded_all_the_same(openclaw, use):
    sim = use([model()])
    openclaw.use(sim.base_url, model='ghost/model', more={'contextTokens': 32768})
    turn(openclaw)
    assert paths(sim)[:2] == [LIST, LOAD]
    assert sim.requests[1].json == {'model': 'ghost/model', 'context_length': 32768}


def test_a_tool_loop_looks_once(openclaw, use):
    sim = use([model(loaded=65536)])
    openclaw.workspace.mkdir(parents=True)
    (openclaw.workspace / 'a').write_text('x')
    sim.call('read', {'path': 'a'})
    sim.reply('Done.')
    turn(openclaw).ok()
    assert paths(sim) == [LIST, CHAT, CHAT]


def test_a_model_that_the_config_does_not_list_is_found_at_the_server(openclaw, use):
    sim = use([model(), model('other/model', max=32768)])
    turn(openclaw).ok()
    del sim.requests[:]
    openclaw.run('agent', '--local', '-m', 'hi', '--model', 'lmstudio/other/model').ok()
    assert paths(sim) == [LIST, LIST, LOAD, CHAT], 'one discovery, then preload and turn'
    assert sim.requests[2].json == {'model': 'other/model', 'context_length': 32768}


def test_other_providers_are_not_preloaded(openclaw, make_sim):
    sim = make_sim()
    openclaw.use(sim.base_url, provider='box')
    turn(openclaw).ok()
    assert [p for p in paths(sim) if p.startswith('/api/')] == [], 'no native call: %s' % paths(sim)
    assert paths(sim)[-1] == CHAT


def test_the_guard_refuses_control_calls_too(openclaw, use):
    sim = use([model()], request={'allowPrivateNetwork': False})
    assert turn(openclaw).rc == 1
    assert sim.requests == []
