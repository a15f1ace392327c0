"""When a model fails: what is learnt from a refusal, who answers instead, and what the person is told
(spec 01 §9, 03 §1.6)."""
import json
import subprocess
import sys
import time

import pytest
from program import ROOT, free_port, port_is_free
from strict import KNOWN, StrictServer

LOCAL, HOSTED = 'lmstudio/qwen/qwen3.5-9b', 'cloud/big'


def model(ident, **more):
    return {'id': ident, 'name': ident, 'reasoning': False, 'input': ['text'], 'contextWindow': 32768,
            'maxTokens': 4096, 'cost': {'input': 0, 'output': 0, 'cacheRead': 0, 'cacheWrite': 0}, **more}


def provider(base_url, ident, **more):
    return {'baseUrl': base_url, 'api': 'openai-completions', 'params': {'preload': False}, 'models': [model(ident)],
            **more}


@pytest.fixture
def two(openclaw, sim, make_sim):
    """A primary and a fallback on two servers; order('cloud', 'local') says which is which."""
    cloud = make_sim(any_name=True)

    def order(primary, *fallbacks, **cloud_keys):
        openclaw.write_config({
            'agents': {'defaults': {'model': {'primary': primary, 'fallbacks': list(fallbacks)}}},
            'models': {'providers': {'lmstudio': provider(sim.base_url, 'qwen/qwen3.5-9b'),
                                     'cloud': provider(cloud.base_url, 'big', apiKey='sk-cloud-0123456789', **cloud_keys)}}})
        return cloud
    return order


def agent(openclaw, message='hi', *options, **more):
    return openclaw.run('agent', '--local', '-m', message, *options, **more)


def learnt(openclaw):
    path = openclaw.state / 'agents' / 'main' / 'agent' / 'learned.json'
    return path.read_text() if path.exists() else ''


def usage(openclaw):
    path = openclaw.state / 'agents' / 'main' / 'agent' / 'auth-profiles.json'
    return json.loads(path.read_text()).get('usageStats', {}) if path.exists() else {}


# ---- learning -----------------------------------------------------------------------------------------------------

STRICT = {
    'names each field': dict(),
    'in pydantic words': dict(wording='body.{0}: Extra inputs are not permitted'),
    'without system role': dict(roles=('user', 'assistant')),
    'knows no max_tokens': dict(known=KNOWN - {'max_tokens'}, wording="Unsupported parameter: '{0}'"),
    'names nothing': dict(wording='extra fields not permitted', no_tools=''),
}


@pytest.mark.parametrize('strict', STRICT.values(), ids=STRICT)
def test_a_strict_server_answers_the_first_message_without_a_flag(openclaw, strict):
    with StrictServer(**strict) as server:
        openclaw.use(server.base_url, model='m', provider='strict')
        r = agent(openclaw).ok()
        assert r.out == 'fine\n'
        refused = len(server.refused)
        assert 1 <= refused <= 8
        assert 'exec' in json.dumps(server.chats[-1]['messages']), 'the tools are described in text'
        agent(openclaw).ok()
        assert len(server.refused) == refused, 'what was learnt is applied from then on'
    assert '"toolProtocol": "text"' in learnt(openclaw)
    assert openclaw.run('models', 'status', '--json').ok().json['learned'][0]['compat']['toolProtocol'] == 'text'
    assert 'Learned' in openclaw.run('models', 'status').ok().out


def test_tools_work_as_text_where_the_server_takes_none(openclaw):
    call = 'Let me look.\n[TOOL_REQUEST]{"name": "read", "arguments": {"path": "here.txt"}}[END_TOOL_REQUEST]'
    with StrictServer(roles=('user', 'assistant'), answers=(call, 'It says found.')) as server:
        openclaw.use(server.base_url, model='m', provider='strict')
        openclaw.workspace.mkdir(parents=True)
        (openclaw.workspace / 'here.txt').write_text('found')
        r = agent(openclaw, 'look').ok()
        assert r.out.endswith('It says found.\n') and 'TOOL_REQUEST' not in r.out
        last = server.chats[-1]['messages']
        assert [m['role'] for m in last] == ['user', 'assistant', 'user']
        assert 'TOOL_REQUEST' in last[1]['content'] and 'found' in last[2]['content']


def test_a_server_without_tools_by_configuration_is_described_none(openclaw):
    with StrictServer() as server:
        openclaw.use(server.base_url, model='m', provider='strict', more={'compat': {'supportsTools': False}})
        agent(openclaw).ok()
        assert 'TOOL_REQUEST' not in json.dumps(server.chats)


def test_an_ordinary_bad_request_is_not_repeated(openclaw, sim):
    openclaw.use(sim.base_url, params={'preload': False})
    sim.fail('status', status=400, times=-1)
    agent(openclaw).failed("Invalid 'messages'")
    assert len(sim.chats) == 1 and 'compat' not in learnt(openclaw)


# ---- the other model ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize('primary, fallback', [(HOSTED, LOCAL), (LOCAL, HOSTED)], ids=['to local', 'to hosted'])
def test_the_fallback_answers_and_the_person_is_told(openclaw, sim, two, primary, fallback):
    cloud = two(primary, fallback)
    failing, answering = (cloud, sim) if primary == HOSTED else (sim, cloud)
    failing.fail('status', status=401, times=-1)
    answering.reply('Hello from the other one.')
    r = agent(openclaw).ok()
    assert r.out == 'Hello from the other one.\n'
    assert f'↪️ Model Fallback: {fallback} (selected {primary}; auth' in r.err


def test_over_the_gateway_the_person_is_told_too(openclaw, sim, two, start_gateway):
    two(HOSTED, LOCAL).fail('status', status=401, times=-1)
    gateway = start_gateway(None, '--allow-unconfigured', '--bind', 'loopback', '--auth', 'none')

    def say(text):
        return openclaw.run('agent', '-m', text, env={'OPENCLAW_GATEWAY_PORT': str(gateway.port)}).ok()

    assert f'↪️ Model Fallback: {LOCAL} (selected {HOSTED}; auth' in say('hi').err
    assert f'Last answer by: {LOCAL}' in say('/status').out


def test_an_anthropic_primary_falls_back_to_lm_studio(openclaw, sim, make_sim):
    cloud = make_sim()
    claude = {**provider(cloud.base_url, 'claude-opus-4-6', apiKey='sk-ant-0123456789'), 'api': 'anthropic-messages'}
    openclaw.write_config({
        'agents': {'defaults': {'model': {'primary': 'anthropic/claude-opus-4-6', 'fallbacks': [LOCAL]}}},
        'models': {'mode': 'merge', 'providers': {
            'anthropic': claude, 'lmstudio': provider(sim.base_url, 'qwen/qwen3.5-9b')}}})
    cloud.fail('status', on='/v1/messages', status=401, times=-1)
    sim.reply('Local here.')
    r = agent(openclaw).ok()
    assert r.out == 'Local here.\n' and f'{LOCAL} (selected anthropic/claude-opus-4-6; auth' in r.err
    assert [q.path for q in cloud.requests] == ['/v1/messages']


def test_infer_falls_back_as_an_agent_does_and_lists_the_attempts(openclaw, sim, two):
    two(HOSTED, LOCAL).fail('status', status=401, times=-1)
    sim.reply('Local here.')
    r = openclaw.run('infer', 'model', 'run', '--json', '--prompt', 'hi').ok()
    assert (r.json['provider'], r.json['outputs'][0]['text']) == ('lmstudio', 'Local here.')
    (attempt,) = r.json['attempts']
    assert (attempt['provider'], attempt['model']) == ('cloud', 'big') and attempt['reason'].startswith('auth')
    assert f'↪️ Model Fallback: {LOCAL} (selected {HOSTED}; auth' in r.err


def test_infer_with_a_named_model_asks_no_other(openclaw, sim, two):
    two(LOCAL, HOSTED).fail('status', status=401, times=-1)
    openclaw.run('infer', 'model', 'run', '--prompt', 'hi', '--model', HOSTED).failed('API token')
    assert sim.chats == []


def test_infer_moves_on_after_nothing_came_twice_and_after_a_cut(openclaw, sim, two):
    cloud = two(LOCAL, HOSTED)
    for broken in (lambda: sim.reply('', times=2), lambda: sim.fail('reset', after=2, times=-1)):
        broken()
        cloud.reply('From the other.')
        r = openclaw.run('infer', 'model', 'run', '--prompt', 'hi').ok()
        assert 'From the other.' in r.out and 'Model Fallback' in r.err, r


def test_infer_names_each_attempt_when_all_fail(openclaw, sim, two):
    two(HOSTED, LOCAL).fail('status', status=401, times=-1)
    sim.fail('status', status=404, times=-1)
    r = openclaw.run('infer', 'model', 'run', '--json', '--prompt', 'hi')
    assert r.rc == 1 and f'{HOSTED}: ' in r.json['error']['message'] and '(model_not_found)' in r.json['error']['message'], r


def test_a_fallback_names_its_model_in_the_document(openclaw, sim, two):
    two(HOSTED, LOCAL).fail('status', status=401, times=-1)
    meta = agent(openclaw, 'hi', '--json').ok().json['result']['meta']['agentMeta']
    assert (meta['provider'], meta['model']) == ('lmstudio', 'qwen/qwen3.5-9b')


def test_a_model_that_a_person_chose_is_the_only_one(openclaw, sim, two):
    two(LOCAL, HOSTED).fail('status', status=401, times=-1)
    agent(openclaw, 'hi', '--model', HOSTED).failed('API token')
    assert sim.chats == []


def hanging(openclaw, make_sim, n, but=()):
    """n servers that never answer, each a fallback of the one before; but: {number: what it does instead}."""
    sims = [make_sim(any_name=True) for _ in range(n)]
    for i, s in enumerate(sims):
        dict(but).get(i, lambda s: s.fail('hang', times=-1))(s)
    openclaw.write_config({
        'agents': {'defaults': {'model': {'primary': 'p0/m', 'fallbacks': [f'p{i}/m' for i in range(1, n)]}}},
        'models': {'providers': {f'p{i}': provider(s.base_url, 'm', timeoutSeconds=1) for i, s in enumerate(sims)}}})
    return sims


@pytest.mark.parametrize('command', [('infer', 'model', 'run', '--prompt', 'hi'), ('agent', '--local', '-m', 'hi')],
                         ids=['infer', 'agent'])
def test_five_silences_in_a_row_end_the_run(openclaw, make_sim, command):
    sims = hanging(openclaw, make_sim, 6)
    openclaw.run(*command).failed('5 times in a row')
    assert [len(s.chats) for s in sims] == [1, 1, 1, 1, 1, 0]


def test_silence_after_something_came_is_not_counted(openclaw, make_sim):
    hanging(openclaw, make_sim, 6, {3: lambda s: s.fail('hang', after=1, times=-1), 5: lambda s: s.reply('Here.')})
    assert 'Here.' in openclaw.run('infer', 'model', 'run', '--prompt', 'hi').ok().out


def test_when_all_fail_each_attempt_is_named(openclaw, sim, two):
    two(HOSTED, LOCAL).fail('status', status=401, times=-1)
    sim.fail('status', status=404, times=-1)
    agent(openclaw).failed(f'{HOSTED}: ', '(auth', f'{LOCAL}: ', '(model_not_found)')


def test_a_refused_key_makes_room_for_the_next_profile(openclaw, sim, two):
    cloud = two(HOSTED)
    folder = openclaw.state / 'agents' / 'main' / 'agent'
    folder.mkdir(parents=True)
    (folder / 'auth-profiles.json').write_text(json.dumps({'version': 1, 'profiles': {
        f'cloud:{n}': {'type': 'api_key', 'provider': 'cloud', 'key': f'sk-key-of-{n}'} for n in ('a', 'b')}}))
    cloud.fail('status', status=401).reply('With b.')
    assert agent(openclaw).ok().out == 'With b.\n'
    keys = [dict((k.lower(), v) for k, v in c.header_list)['authorization'] for c in cloud.chats]
    assert keys == ['Bearer sk-key-of-a', 'Bearer sk-key-of-b']
    stats = usage(openclaw)
    assert stats['cloud:a']['disabledReason'] == 'auth_permanent' and 'lastUsed' in stats['cloud:b']


# ---- a server that dies -------------------------------------------------------------------------------------------

def test_a_server_killed_before_anything_was_shown_is_replaced(openclaw, sim, two):
    cloud = two(LOCAL, HOSTED)
    sim.fail('hang', after=0)
    cloud.reply('I take over.')
    running = openclaw.start('agent', '--local', '-m', 'hi')
    sim.wait_for(lambda s: s.chats)
    sim.stop()
    r = running.wait().ok()
    assert r.out == 'I take over.\n' and len(cloud.chats) == 1


def test_a_server_killed_mid_stream_leaves_the_partial_text_and_a_reason(openclaw, sim, two):
    cloud = two(LOCAL, HOSTED)
    sim.reply('one two three four', fail='hang', after=2)
    running = openclaw.start('agent', '--local', '-m', 'count')
    sim.wait_for(lambda s: s.chats and s.chats[0].chunks == 2)
    time.sleep(0.3)
    sim.stop()
    r = running.wait().failed('cut')
    assert r.out.startswith('one two') and cloud.chats == []


@pytest.mark.parametrize('shown', [0, 2], ids=['nothing shown', 'two words shown'])
def test_kill_9_of_the_server_mid_stream(openclaw, two, sim, tmp_path, shown):
    cloud = two(LOCAL, HOSTED)
    cloud.reply('I take over.')
    script, port = tmp_path / 'script.json', free_port()
    script.write_text(json.dumps([{'text': 'one two three four', 'fail': 'hang', 'after': shown}]))
    server = subprocess.Popen([sys.executable, str(ROOT / 'tests' / 'sim' / 'lmstudio.py'), '--port', str(port),
                               '--script', str(script)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        config = openclaw.read_config()
        config['models']['providers']['lmstudio']['baseUrl'] = f'http://127.0.0.1:{port}/v1'
        openclaw.write_config(config)
        while port_is_free(port):
            time.sleep(0.05)
        events = openclaw.home / 'events.jsonl'
        running = openclaw.start('agent', '--local', '-m', 'count', env={'OPENCLAW_DIAGNOSTICS_FILE': str(events)})
        time.sleep(2)
        server.kill()
        r = running.wait()
    finally:
        server.kill()
        server.wait()
    kinds = [e.get('failureKind') for e in map(json.loads, events.read_text().splitlines()) if 'failureKind' in e]
    assert kinds and kinds[0] in ('terminated', 'connection_closed', 'connection_reset')
    if shown:
        assert r.failed('cut').out.startswith('one two') and cloud.chats == []
    else:
        assert r.ok().out == 'I take over.\n'


# ---- cooldowns ----------------------------------------------------------------------------------------------------

def test_a_cooled_key_is_left_alone_by_the_next_process(openclaw, sim, two):
    cloud = two(HOSTED, LOCAL)
    cloud.fail('status', status=429, headers={'Retry-After': '120'}, times=-1)
    agent(openclaw).ok()
    asked = len(cloud.chats)
    assert asked == 1, 'a wait of more than a minute is not worth it'
    stats = usage(openclaw)['cloud:config']
    assert stats['cooldownReason'] == 'rate_limit' and stats['cooldownModel'] == 'big'
    assert 110 < stats['cooldownUntil'] / 1000 - time.time() <= 120
    r = agent(openclaw).ok()
    assert len(cloud.chats) == asked and 'rate_limit' in r.err and len(sim.chats) == 2


def test_a_new_key_in_the_config_is_not_cooled(openclaw, sim, two):
    two(HOSTED, LOCAL).fail('status', status=401).reply('Back.')
    agent(openclaw).ok()
    config = openclaw.read_config()
    config['models']['providers']['cloud']['apiKey'] = 'sk-another-key-987'
    openclaw.write_config(config)
    assert agent(openclaw).ok().out == 'Back.\n'


def test_a_short_retry_after_is_waited_for(openclaw, sim, two):
    cloud = two(HOSTED, LOCAL)
    cloud.fail('status', status=429, headers={'Retry-After': '2'}).reply('Now.')
    r = agent(openclaw).ok()
    assert r.out == 'Now.\n' and r.seconds >= 2 and sim.chats == []
    assert 'cooldownUntil' not in usage(openclaw).get('cloud:config', {})


def test_a_dead_local_server_is_never_cooled(openclaw, sim, two):
    cloud = two(LOCAL, HOSTED)
    cloud.then(times=-1, text='x')
    sim.stop()
    agent(openclaw).ok()
    sim.start()
    sim.reply('Here again.')
    assert agent(openclaw).ok().out == 'Here again.\n'
    assert usage(openclaw) == {}
