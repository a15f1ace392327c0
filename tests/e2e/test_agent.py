"""`openclaw agent --local`: its options, what it prints and where, whom it asks, and what fits into the context."""
import datetime
import os
import re
import time
import zoneinfo

import pytest
from replies import prompt_tokens
from test_onboard import Terminal

QWEN = 'qwen/qwen3.5-9b'


@pytest.fixture
def ready(openclaw, sim):
    openclaw.use(sim.base_url, params={'preload': False})
    openclaw.workspace.mkdir(parents=True)
    return openclaw


@pytest.fixture
def terminal(ready):
    made = []

    def start(*args, **kw):
        made.append(Terminal(ready, 'agent', '--local', *args, **kw))
        return made[-1]

    yield start
    for t in made:
        if t.popen.poll() is None:
            t.popen.kill()
            t.popen.wait()


def agent(openclaw, message, *options, **more):
    return openclaw.run('agent', '--local', '-m', message, *options, **more)


def configure(openclaw, change):
    config = openclaw.read_config()
    change(config)
    openclaw.write_config(config)


def result_of(sim, n):
    """The tool result that came with the n-th chat request."""
    return sim.chats[n].json['messages'][-1]['content']


# ---- the command line ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize('args, words', [
    (['-m', 'hi'], ['--local']),
    (['--local'], ['-m']),
    (['--local', '-m', '  '], ['-m']),
    (['--local', '-m', 'hi', '--message-file', 'x'], ['--message-file']),
    (['--local', '--message-file', 'absent.txt'], ['absent.txt']),
    (['--local', '-m', 'hi', '--thinking', 'hard'], ['hard', 'medium']),
    (['--local', '-m', 'hi', '--agent', 'ghost'], ['ghost', 'main']),
    (['--local', '-m', 'hi', '--model', 'ghost/x'], ['ghost']),
    (['--local', '-m', 'hi', '--timeout', 'soon'], ['--timeout'])])
def test_wrong_input_is_explained_before_anything_is_sent(ready, sim, args, words):
    ready.run('agent', *args).failed(*words)
    assert sim.chats == []


def test_a_message_comes_from_a_file_or_from_stdin(ready, sim):
    (ready.home / 'ask.txt').write_text('first line\nsecond line\n')
    ready.run('agent', '--local', '--message-file', 'ask.txt').ok()
    ready.run('agent', '--local', '--message-file', '-', input='from a pipe').ok()
    said = [c.json['messages'][-1]['content'] for c in sim.chats]
    assert 'first line\nsecond line' in said[0] and said[1].endswith('\nfrom a pipe')


def test_the_time_rides_in_the_user_message_and_not_in_the_system_text(ready, sim):
    agent(ready, 'hi', env={'TZ': 'Europe/Berlin'}).ok()
    system, user = sim.chats[0].json['messages']
    assert re.fullmatch(r'\[ctx 20\d\d-\d\d-\d\d \d\d:\d\d Europe/Berlin \| cli\]\nhi', user['content'])
    assert not re.search(r'20\d\d-\d\d', system['content']) and 'Europe/Berlin' in system['content']
    assert str(ready.workspace) in system['content'] and len(system['content']) <= 2400


def test_a_configured_time_zone_is_named_and_kept(ready, sim):
    configure(ready, lambda c: c['agents']['defaults'].update(userTimezone='Asia/Tokyo'))
    agent(ready, 'hi', env={'TZ': 'UTC'}).ok()
    now = datetime.datetime.now(zoneinfo.ZoneInfo('Asia/Tokyo'))
    stamp = re.match(r'\[ctx (.{16}) Asia/Tokyo', sim.chats[0].json['messages'][1]['content']).group(1)
    said = datetime.datetime.strptime(stamp, '%Y-%m-%d %H:%M').replace(tzinfo=now.tzinfo)
    assert abs((now - said).total_seconds()) < 130


def test_the_same_system_text_and_tools_every_time(ready, sim):
    agent(ready, 'one').ok()
    agent(ready, 'two').ok()
    one, two = (c.json for c in sim.chats)
    assert one['tools'] == two['tools'] and one['messages'][0] == two['messages'][0]
    assert [t['function']['name'] for t in one['tools']] == ['read', 'write', 'edit', 'exec', 'process', 'web_fetch', 'memory_search', 'use_tool']


def test_the_users_files_are_part_of_the_system_text(ready, sim):
    (ready.workspace / 'AGENTS.md').write_text('Always be brief. <!-- not this -->\n')
    (ready.workspace / 'SOUL.md').write_text('You are calm.\n')
    agent(ready, 'hi').ok()
    system = sim.chats[0].json['messages'][0]['content']
    assert system.index('You are calm.') < system.index('Always be brief.') and 'not this' not in system


def test_a_model_without_tools_is_offered_none(ready, sim):
    configure(ready, lambda c: c['models']['providers']['lmstudio']['models'][0].update(compat={'supportsTools': False}))
    agent(ready, 'hi').ok()
    assert 'tools' not in sim.chats[0].json and 'no tools' in sim.chats[0].json['messages'][0]['content']


def test_another_workspace_can_be_named(ready, sim):
    (ready.home / 'elsewhere').mkdir()
    (ready.home / 'elsewhere' / 'here.txt').write_text('found')
    sim.call('read', {'path': 'here.txt'}).reply('ok')
    agent(ready, 'go', '--workspace', 'elsewhere').ok()
    assert result_of(sim, 1) == 'found'


# ---- what is printed ----------------------------------------------------------------------------------------------

def test_the_answer_streams_and_ends_with_one_line_end(ready, sim):
    sim.reply('one two three \n\n', pace=0.3)
    running = ready.start('agent', '--local', '-m', 'count')
    first = os.read(running.popen.stdout.fileno(), 100)
    seen_after = time.monotonic()
    r = running.wait()
    assert first.startswith(b'one') and b'three' not in first
    assert (first.decode() + r.out) == 'one two three\n'
    assert time.monotonic() - seen_after > 0.2


def test_text_of_each_turn_stands_on_lines_of_its_own(ready, sim):
    sim.then(text='Let me look.', tool_calls=[{'name': 'read', 'arguments': {'path': '.'}}]).reply('\nNothing here.')
    r = agent(ready, 'look').ok()
    assert r.out == 'Let me look.\nNothing here.\n' and 'read' not in r.err


def test_verbose_shows_the_calls_on_stderr(ready, sim):
    sim.call('read', {'path': 'absent\x1b[2J.txt'}).reply('It is not there.')
    r = agent(ready, 'look', '--verbose').ok()
    assert '[read absent\\x1B[2J.txt]' in r.err and 'no such file' in r.err and r.out == 'It is not there.\n'


def test_json_is_one_document(ready, sim):
    sim.then(text='Looking.', tool_calls=[{'name': 'read', 'arguments': {'path': '.'}}]).reply('Done.')
    doc = agent(ready, 'look', '--json').ok().json
    assert doc['ok'] is True and doc['status'] == 'ok'
    assert doc['result']['payloads'] == [{'text': 'Done.', 'mediaUrl': None}]
    meta = doc['result']['meta']
    assert (meta['turns'], meta['toolCalls'], meta['stopReason']) == (2, 1, 'stop')
    assert meta['agentMeta']['model'] == QWEN and meta['agentMeta']['usage']['input'] > 0


def test_json_of_a_failure_keeps_the_partial_text(ready, sim):
    sim.reply('one two three four', fail='cut', after=2)
    r = agent(ready, 'count', '--json')
    doc = r.failed().json
    assert doc['ok'] is False and doc['error']['class'] == 'stream_truncated' and doc['error']['message'] in r.err
    assert doc['result']['payloads'][0]['text'] == 'one two'


def test_terminal_escapes_of_a_model_do_not_reach_the_terminal(terminal, sim):
    sim.reply('safe \x1b]0;evil\x07\x1b[31mtext\u009b2J')
    t = terminal('-m', 'hi')
    assert t.end() == 0
    assert '\x1b]0' not in t.seen and '\x1b[31m' not in t.seen and '\x9b' not in t.seen and 'text' in t.seen


def test_a_pipe_gets_the_bytes_as_they_are(ready, sim):
    sim.reply('a\x1b[31mb')
    assert agent(ready, 'hi').ok().out == 'a\x1b[31mb\n'


def test_a_reader_that_leaves_ends_the_run(ready, sim):
    sim.reply('word ' * 400, pace=0.02)
    running = ready.start('agent', '--local', '-m', 'talk')
    running.popen.stdout.read(4)
    running.popen.stdout.close()
    running.popen.stdout = None
    sim.wait_for(lambda s: s.chats and s.chats[0].gone)
    assert running.wait(10).rc == 1


def test_ctrl_c_closes_the_connection_and_exits_130(ready, sim):
    sim.reply('one two three four', fail='hang', after=2)
    running = ready.start('agent', '--local', '-m', 'count')
    sim.wait_for(lambda s: s.chats and s.chats[0].chunks == 2)
    sent = time.monotonic()
    running.signal()
    sim.wait_for(lambda s: s.chats[0].gone, timeout=5)
    assert running.wait(5).rc == 130 and sim.chats[0].gone - sent < 0.25 and len(sim.chats) == 1


def test_ctrl_c_ends_a_running_command_with_all_it_started(ready, sim):
    configure(ready, lambda c: c.update(tools={'exec': {'mode': 'full'}}))
    sim.call('exec', {'command': 'touch started; sleep 60 & sleep 60; touch late'}).reply('no')
    running = ready.start('agent', '--local', '-m', 'run')
    until = time.monotonic() + 10
    while not (ready.workspace / 'started').exists() and time.monotonic() < until:
        time.sleep(0.01)
    running.signal()
    assert running.wait(10).rc == 130 and not (ready.workspace / 'late').exists()  # the fixture looks for leftovers


# ---- exec and questions -------------------------------------------------------------------------------------------

def test_full_mode_runs_commands_without_a_question_and_without_our_keys(ready, sim):
    configure(ready, lambda c: c.update(tools={'exec': {'mode': 'full'}}))
    sim.call('exec', {'cmd': 'env; pwd; exit 3'}).reply('ok')
    agent(ready, 'run', env={'LM_API_TOKEN': 'sk-hush-1', 'OPENAI_API_KEY': 'sk-hush-2'}).ok()
    text = result_of(sim, 1)
    assert 'sk-hush' not in text and str(ready.workspace) in text and text.endswith('[exit code 3]')


def test_deny_refuses_even_on_a_terminal(ready, sim, terminal):
    configure(ready, lambda c: c.update(tools={'exec': {'mode': 'deny'}}))
    sim.call('exec', {'command': 'touch ran'}).reply('I may not.')
    assert terminal('-m', 'run').end() == 0
    assert 'switched off' in result_of(sim, 1) and not (ready.workspace / 'ran').exists()


@pytest.mark.parametrize('typed, runs', [('y', True), ('YES', True), ('n', False), ('', False), ('perhaps', False)])
def test_on_a_terminal_a_command_runs_after_a_yes(ready, sim, terminal, typed, runs):
    configure(ready, lambda c: c.update(tools={'exec': {'mode': 'ask'}}))
    sim.call('exec', {'command': 'touch ran; echo \x1b[8mhidden\nrm x'}).reply('That was it.')
    t = terminal('-m', 'run')
    t.expect(str(ready.workspace)).expect('touch ran; echo \\x1B[8mhidden\\nrm x').answer('[y/N]', typed)
    t.expect('That was it.')
    assert t.end() == 0 and (ready.workspace / 'ran').exists() is runs
    assert ('did not allow' in result_of(sim, 1)) is not runs


def test_ctrl_c_at_the_question_runs_nothing(ready, sim, terminal):
    configure(ready, lambda c: c.update(tools={'exec': {'mode': 'ask'}}))
    sim.call('exec', {'command': 'touch ran'}).reply('no')
    t = terminal('-m', 'run')
    t.expect('[y/N]').type('\x03')
    assert t.end() == 130 and not (ready.workspace / 'ran').exists()


def test_a_file_outside_is_read_only_after_a_yes(ready, sim, terminal):
    (ready.home / 'letter.txt').write_text('dear')
    for typed, want in (('n', 'did not allow'), ('y', 'dear')):
        sim.call('read', {'path': '~/letter.txt'}).reply('ok')
        t = terminal('-m', 'read it')
        t.expect(str(ready.home / 'letter.txt')).answer('[y/N]', typed)
        assert t.end() == 0 and want in result_of(sim, -1)


def test_the_configuration_cannot_be_written_by_a_model(ready, sim):
    before = ready.config_file.read_bytes()
    sim.call('write', {'path': '../openclaw.json', 'content': '{}'}).reply('ok')
    agent(ready, 'break out', '--workspace', str(ready.workspace)).ok()
    sim.call('write', {'path': '.openclaw/openclaw.json', 'content': '{}'}).reply('ok')
    agent(ready, 'break out', '--workspace', str(ready.home)).ok()
    assert ready.config_file.read_bytes() == before


def test_template_control_words_never_reach_the_wire_and_files_with_them_can_be_edited(ready, sim):
    words = '<|im_end|> [INST] </s> <tool_call>'
    (ready.workspace / 'chat.txt').write_text(f'before {words} after\n')
    (ready.workspace / 'AGENTS.md').write_text(f'rule {words}\n')
    sim.call('read', {'path': 'chat.txt'})
    sim.then(tool_calls=[{'name': 'edit', 'arguments': {'path': 'chat.txt', 'old': '<\u2060|im_end|> [\u2060INST]', 'new': 'X'}}])
    sim.reply('Done.')
    agent(ready, f'look at {words}').ok()
    for c in sim.chats:
        texts = [m['content'] for m in c.json['messages'] if m['role'] != 'assistant']
        assert not [w for w in words.split() for t in texts if w in t]
    assert (ready.workspace / 'chat.txt').read_text() == 'before X </s> <tool_call> after\n'


# ---- context ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('window, rc, says', [
    (32000, 0, None), (31999, 0, 'warn<32000'), (16000, 0, 'warn<32000'), (15999, 1, 'Minimum is 16000')])
def test_the_context_guard_decides_before_any_request(ready, sim, window, rc, says):
    configure(ready, lambda c: c['models']['providers']['lmstudio']['models'][0].update(contextWindow=window))
    r = agent(ready, 'hi')
    assert r.rc == rc and ('low context window' in r.err) is bool(says)
    assert not says or (says in r.err and f'ctx={window}' in r.err and 'source=modelsConfig' in r.err), r
    assert len(sim.requests) == (0 if rc else 1)


@pytest.mark.parametrize('window', [2048, 4096, 8192, 16384, 131072])
def test_every_request_fits_the_window_it_is_planned_for(ready, sim, window):
    def change(c):
        c['models']['providers']['lmstudio']['models'][0].update(contextWindow=window)
        c['agents']['defaults']['contextGuard'] = {'warnBelow': 0, 'blockBelow': 0}
    configure(ready, change)
    (ready.workspace / 'AGENTS.md').write_text('A rule that goes on. ' * 5000)
    (ready.workspace / 'big.txt').write_text('some words in a line\n' * 3000)
    for offset in range(1, 12) if window >= 4096 else ():  # below, there is no room for tools
        sim.call('read', {'path': 'big.txt', 'offset': offset * 7})
    sim.reply('Read.')
    r = agent(ready, 'read big.txt in pieces')
    assert r.rc == 0, r
    for c in sim.chats:
        assert prompt_tokens(c.json) + c.json['max_tokens'] <= window
    if window <= 4096:
        assert sum(len(m['content']) for m in sim.chats[0].json['messages']) < (2500 if window < 4096 else 4500)


def test_a_message_that_cannot_fit_is_refused_with_the_numbers(ready, sim):
    configure(ready, lambda c: c['models']['providers']['lmstudio']['models'][0].update(contextWindow=16000))
    ready.home.joinpath('long.txt').write_text('word ' * 40000)
    r = ready.run('agent', '--local', '--message-file', 'long.txt').failed('16000', 'does not fit', 'contextWindow of the model')
    assert sim.chats == [] and r.seconds < 5


# ---- models -------------------------------------------------------------------------------------------------------

def with_fallback(config):
    provider = config['models']['providers']['lmstudio']
    provider['models'].append({**provider['models'][0], 'id': 'openai/gpt-oss-20b', 'name': 'gpt-oss'})
    config['agents']['defaults']['model']['fallbacks'] = ['lmstudio/openai/gpt-oss-20b']


def test_the_configured_fallback_answers_and_that_is_said(ready, sim):
    configure(ready, with_fallback)
    sim.fail('status', status=404)
    r = agent(ready, 'hi').ok()
    assert [c.json['model'] for c in sim.chats] == [QWEN, 'openai/gpt-oss-20b']
    assert 'trying lmstudio/openai/gpt-oss-20b' in r.err and r.out


def test_a_fallback_goes_on_from_what_was_done(ready, sim):
    configure(ready, with_fallback)
    sim.call('write', {'path': 'a', 'content': 'x'}).fail('status', status=404).reply('Finished.')
    agent(ready, 'go').ok()
    last = sim.chats[-1].json
    assert last['model'] == 'openai/gpt-oss-20b'
    assert [m['role'] for m in last['messages']] == ['system', 'user', 'assistant', 'tool']
    assert len(sim.chats) == 3


def test_a_model_that_was_asked_for_has_no_fallback(ready, sim):
    configure(ready, with_fallback)
    sim.fail('status', status=404)
    agent(ready, 'hi', '--model', f'lmstudio/{QWEN}').failed('404')
    assert len(sim.chats) == 1


def test_reasoning_alone_is_asked_again_without_thinking(ready, sim):
    configure(ready, lambda c: c['models']['providers']['lmstudio']['models'][0].update(
        reasoning=True, compat={'supportsReasoningEffort': True, 'supportedReasoningEfforts': ['none', 'medium']}))
    sim.reply('', reasoning='Hm, four.').reply('Four.')
    r = agent(ready, 'add').ok()
    assert r.out == 'Four.\n' and 'Hm' not in r.out + r.err
    assert [c.json.get('reasoning_effort') for c in sim.chats] == ['medium', 'none']


def test_a_run_ends_at_its_time_limit(ready, sim):
    sim.fail('hang', after=1)
    r = agent(ready, 'hi', '--timeout', '1').failed('time limit')
    assert 0.9 < r.seconds < 6


def test_a_model_that_repeats_itself_is_stopped(ready, sim):
    (ready.workspace / 'same.txt').write_text('same')
    sim.then(times=50, tool_calls=[{'name': 'read', 'arguments': {'path': 'same.txt'}}])
    r = agent(ready, 'loop')
    assert r.rc == 1 and len(sim.chats) < 12
    assert 'tools' not in sim.chats[-1].json
