"""The job everything else is for: an agent that reads and writes files with a model's help, one shot."""
import stat

import pytest

QWEN = 'qwen/qwen3.5-9b'
SENTENCE = 'read notes.txt and write its first line to first.txt'


@pytest.fixture
def ready(openclaw, sim):
    openclaw.use(sim.base_url)
    openclaw.workspace.mkdir(parents=True)
    (openclaw.workspace / 'notes.txt').write_text('buy oat milk\ncall the plumber\n')
    return openclaw


def agent(openclaw, message, **more):
    return openclaw.run('agent', '--local', '-m', message, **more)


def test_the_first_line_of_the_notes_arrives_in_the_file(ready, sim):
    r = agent(ready, SENTENCE).ok()
    assert (ready.workspace / 'first.txt').read_text().rstrip('\n') == 'buy oat milk'
    assert (ready.workspace / 'notes.txt').read_text() == 'buy oat milk\ncall the plumber\n'
    assert 'Done: the first line of notes.txt is now in first.txt.' in r.out
    assert len(sim.chats) == 3


@pytest.mark.parametrize('style', ['whole', 'empty_ids', 'no_index', 'text', 'bracket'])
def test_every_way_to_say_a_call_is_executed(ready, sim, style):
    sim.call('write', {'path': 'made.txt', 'content': style}, tool_style=style).reply('Written.')
    r = agent(ready, 'make a file').ok()
    assert (ready.workspace / 'made.txt').read_text() == style
    assert r.out.rstrip().endswith('Written.') and 'TOOL_REQUEST' not in r.out


def test_prompts_only_grow_at_the_end(ready, sim):
    agent(ready, SENTENCE).ok()
    first, second, third = (c.json for c in sim.chats)
    assert first['tools'] == second['tools'] == third['tools']
    assert second['messages'][:len(first['messages'])] == first['messages']
    assert third['messages'][:len(second['messages'])] == second['messages']


def test_the_first_request_is_small(ready, sim):
    agent(ready, 'hi').ok()
    assert len(sim.chats[0].raw) <= 8000


def test_the_model_is_preloaded_with_the_window_it_needs(ready, sim):
    sim.catalog.unload(QWEN)
    agent(ready, 'hi').ok()
    paths = [(r.method, r.path) for r in sim.requests]
    assert paths == [('GET', '/api/v1/models'), ('POST', '/api/v1/models/load'), ('POST', '/v1/chat/completions')]
    assert sim.requests[1].json == {'model': QWEN, 'context_length': 32768}
    assert sim.chats[0].json['model'] == QWEN


def test_a_loaded_model_is_not_loaded_again(ready, sim):
    agent(ready, 'hi').ok()
    assert [r.path for r in sim.requests] == ['/api/v1/models', '/v1/chat/completions']


def test_a_failed_preload_is_a_warning_and_the_turn_goes_on(ready, sim):
    sim.catalog.unload(QWEN)
    sim.settings['default_ctx'] = 32768
    sim.fail('status', on='load', status=500)
    r = agent(ready, 'hi').ok()
    assert 'preload' in r.err and f'"{QWEN}"' in r.err and f'Hello from {QWEN}.' in r.out


def test_reasoning_is_not_part_of_the_answer(ready, sim):
    sim.reply('Four.', reasoning='Two and two make four.')
    assert 'Two and two' not in agent(ready, 'add').ok().out


def test_a_call_outside_the_workspace_is_refused(ready, sim):
    secret = ready.home / 'secret.txt'
    secret.write_text('hush-hush')
    sim.call('read', {'path': str(secret)}).reply('ok')
    agent(ready, 'read it').ok()
    assert 'hush-hush' not in sim.chats[1].raw.decode()
    sim.call('write', {'path': '../../escaped.txt', 'content': 'x'}).reply('ok')
    agent(ready, 'write it').ok()
    assert not (ready.home / 'escaped.txt').exists() and not (ready.home.parent / 'escaped.txt').exists()


def test_exec_that_asks_is_refused_without_a_terminal(ready, sim):
    ready.write_config({**ready.read_config(), 'tools': {'exec': {'mode': 'ask'}}})
    sim.call('exec', {'command': 'touch ran.txt'}).reply('I was not allowed to.')
    agent(ready, 'run it').ok()
    assert not (ready.workspace / 'ran.txt').exists()
    assert sim.chats[1].json['messages'][-1]['role'] == 'tool'


def test_an_unknown_tool_and_bad_arguments_are_told_to_the_model(ready, sim):
    sim.call('teleport', {}).call('read', '{"path": ').reply('Sorry.')
    assert 'Sorry.' in agent(ready, 'go').ok().out
    assert 'teleport' in sim.chats[1].json['messages'][-1]['content']
    broken = sim.chats[2].json['messages'][-2]['tool_calls'][-1]
    assert broken['function']['arguments'] == '{}', 'unparsable arguments are replayed as an empty object'


def test_a_file_keeps_its_mode_when_it_is_rewritten(ready, sim):
    script = ready.workspace / 'run.sh'
    script.write_text('#!/bin/sh\n')
    script.chmod(0o755)
    sim.call('write', {'path': 'run.sh', 'content': '#!/bin/sh\necho hi\n'}).reply('ok')
    agent(ready, 'change it').ok()
    assert script.read_text().endswith('echo hi\n') and stat.S_IMODE(script.stat().st_mode) == 0o755


def test_an_empty_answer_is_asked_for_again_and_then_explained(ready, sim):
    sim.fail('silent').reply('Second try.')
    assert 'Second try.' in agent(ready, 'hi').ok().out
    sim.fail('silent', times=2)
    r = agent(ready, 'hi')
    assert r.rc == 1 and 'context' in r.err
