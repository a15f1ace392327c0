"""`openclaw chat` on a pseudo-terminal against a gateway: what a person sees, and what the keys do."""
import re
import time

import pytest
from program import BINARY
from gateway_stub import Line
from screen import Terminal

PROMPT = '\n>'


@pytest.fixture
def chat(openclaw):
    """chat(gateway or None, *args, …): the chat on a terminal, ended with the test."""
    made = []

    def start(gateway, *args, **kw):
        env = {'OPENCLAW_GATEWAY_PORT': str(gateway.port)} if gateway else {}
        made.append(Terminal(openclaw, BINARY, 'chat', *args, env={**env, **kw.pop('env', {})}, **kw))
        return made[-1].expect('/keys')

    yield start
    for t in made:
        t.close()


def leave(t):
    t.type('\x04')
    assert t.end() == 0, t.screen.text
    return t.screen.text


def test_a_message_is_answered_and_markdown_is_legible(gateway, chat):
    t = chat(gateway)
    t.enter('ECHO:# Title').expect('\nTitle')
    t.enter('ECHO:**bold** and `code`').expect('bold and code')
    assert '\x1b[0;1mbold' in t.raw and '\x1b[0;33mcode' in t.raw
    text = leave(t)
    assert text.count('\nbold and code') == 1 and '› ECHO:# Title' in text


def test_without_colours_no_styles_are_sent(gateway, chat):
    t = chat(gateway, env={'NO_COLOR': '1'})
    t.enter('ECHO:**plain**').expect('\nplain')
    leave(t)
    assert not re.search(r'\x1b\[[0-9;]*m', t.raw)


def test_the_history_is_shown_again(gateway, chat):
    first = chat(gateway, '--session', 'notes')
    first.enter('ECHO:remember me').expect('\nremember me')
    leave(first)
    again = chat(gateway, '--session', 'notes')
    again.expect('› ECHO:remember me', '\nremember me')
    text = leave(again)
    assert text.count('\nremember me') == 1
    other = chat(gateway, '--session', 'others')
    assert 'remember' not in leave(other)


def test_a_long_answer_is_wrapped_in_forty_columns_and_nothing_is_lost(gateway, chat):
    words = ' '.join(f'word{n}' for n in range(60))
    t = chat(gateway, columns=40)
    t.type(f'ECHO:{words}').expect('word59').type('\r')
    t.wait(lambda s: s.count('word59') >= 2, 'the answer')
    text = leave(t)
    answer = text[text.rindex('\nword0'):]
    assert ' '.join(answer.split()).startswith(words)
    assert all(len(line) <= 40 for line in text.split('\n'))


def test_tools_are_one_line_with_their_result(start_gateway, openclaw, sim, chat):
    from gateway_client import test_config as config_for
    config = config_for(sim.base_url)
    config['tools'] = {'exec': {'mode': 'full'}}
    openclaw.workspace.mkdir(parents=True)
    t = chat(start_gateway(config))
    t.type('TOOLCALL:exec:{"command":"echo from the tool"} ').expect('from the tool').type('\r')
    t.expect('The tool has answered.')
    text = leave(t)
    rows = [line for line in text.split('\n') if '✓ exec' in line]
    assert len(rows) == 1 and 'echo from the tool → from the tool' in rows[0], text
    assert text.index('✓ exec') < text.index('The tool has answered.')


def test_a_question_of_a_tool_is_answered_here(start_gateway, openclaw, sim, chat):
    from gateway_client import test_config as config_for
    config = config_for(sim.base_url)
    config['tools'] = {'exec': {'mode': 'ask'}}
    openclaw.workspace.mkdir(parents=True)
    gateway = start_gateway(config)
    t = chat(gateway, columns=100)
    t.type('TOOLCALL:exec:{"command":"touch made"} ').expect('touch made').type('\r')
    t.expect('wants to run: touch made', 'y once').type('y')
    t.expect('The tool has answered.')
    assert (openclaw.workspace / 'made').exists()
    t.type('TOOLCALL:exec:{"command":"touch never"} ').expect('touch never').type('\r')
    t.expect('wants to run: touch never').type('n')
    t.wait(lambda s: s.count('The tool has answered.') == 2, 'the second answer')
    assert not (openclaw.workspace / 'never').exists()
    leave(t)


def test_escape_stops_the_answer(gateway, chat):
    t = chat(gateway)
    t.enter('SLOW').expect('word5', 'Esc stops').type('\x1b')
    t.expect('Stopped.').gone('Esc stops')
    text = leave(t)
    assert 'word199' not in text


def test_reasoning_is_hidden_until_it_is_asked_for(openclaw, make_sim, start_gateway, chat):
    from gateway_client import test_config as config_for
    sim = make_sim()
    config = config_for(sim.base_url)
    config['models']['providers']['lmstudio']['models'][0]['reasoning'] = True
    t = chat(start_gateway(config))
    t.enter('THINK').expect('I have thought.')
    thought = 'The user wants a short answer.'
    assert thought not in t.text
    t.type('\x14').expect('Reasoning is shown')
    t.gone('Esc stops').enter('THINK again').expect(thought)
    leave(t)


def test_several_lines_are_one_message(gateway, chat, sim):
    t = chat(gateway)
    t.type('ECHO:first\\\r').type('second\x1b\r').type('third\r').expect('third')
    t.wait(lambda s: s.count('second') >= 2, 'the answer')
    leave(t)
    assert sim.chats[-1].json['messages'][-1]['content'].endswith('ECHO:first\nsecond\nthird')


def test_a_paste_is_not_sent_before_enter(gateway, chat, sim):
    t = chat(gateway)
    t.type('\x1b[200~ECHO:one\rtwo\x1b[201~').expect('two')
    time.sleep(0.1)
    assert not sim.chats
    t.type('\r').wait(lambda s: s.count('two') >= 2, 'the answer')
    leave(t)


def test_slash_commands_are_completed_and_answered_by_the_gateway(gateway, chat, sim):
    t = chat(gateway, columns=100)
    t.type('/stat').expect('/status').type('\t').expect('> /status').type('\r')
    t.wait(lambda s: 'qwen' in s and 'OpenClaw' in s[s.index('› /status'):] if '› /status' in s else False, 'the status')
    leave(t)
    assert not sim.chats


def test_keys_edit_the_line_and_bring_back_what_was_typed(gateway, chat):
    t = chat(gateway)
    t.enter('ECHO:alpha').expect('\nalpha')
    t.type('\x1b[A').expect('> ECHO:alpha').type('\x7f' * 5 + 'beta').expect('> ECHO:beta').type('\r').expect('\nbeta')
    t.type('wrong words').expect('wrong').type('\x17\x15ECHO:gamma\x01\x05').expect('> ECHO:gamma').type('\r').expect('\ngamma')
    leave(t)


def test_control_c_clears_then_asks_then_leaves(gateway, chat):
    t = chat(gateway)
    t.type('half a thought').expect('half a thought').type('\x03').gone('half a thought')
    t.type('\x03').type('\x03')
    assert t.end() == 0


def test_a_picker_changes_the_session(gateway, chat):
    first = chat(gateway, '--session', 'alpha')
    first.enter('ECHO:in alpha').expect('\nin alpha')
    leave(first)
    t = chat(gateway, '--session', 'beta')
    t.enter('ECHO:in beta').expect('\nin beta').gone('Esc stops')
    t.type('\x10').expect('Sessions:', 'agent:main:alpha').type('alpha').expect('Sessions: alpha').type('\r')
    t.expect('── agent:main:alpha ──', '\nin alpha')
    leave(t)


def test_a_restart_of_the_gateway_loses_and_doubles_nothing(openclaw, sim, start_gateway, chat):
    from gateway_client import test_config as config_for
    gateway = start_gateway(config_for(sim.base_url))
    t = chat(gateway)
    t.enter('ECHO:before').expect('\nbefore').gone('Esc stops')
    gateway.stop()
    t.expect('reconnecting')
    t.enter('ECHO:meanwhile').expect('as soon as possible')
    start_gateway(None, port=gateway.port)
    t.expect('\nmeanwhile').gone('reconnecting')
    t.enter('ECHO:after').expect('\nafter')
    text = leave(t)
    for word in ('before', 'meanwhile', 'after'):
        assert text.count(f'\n{word}') == 1 and text.count(f'› ECHO:{word}') == 1, text
    assert len(sim.chats) == 3


def test_a_gateway_that_dies_in_the_middle_of_an_answer(openclaw, sim, start_gateway, chat):
    from gateway_client import test_config as config_for
    gateway = start_gateway(config_for(sim.base_url))
    t = chat(gateway)
    t.enter('SLOW').expect('word5')
    gateway.kill()
    t.expect('reconnecting')
    start_gateway(None, port=gateway.port)
    t.gone('reconnecting')
    t.enter('ECHO:going on').expect('\ngoing on')
    text = leave(t)
    words = re.findall(r'word\d+', text)
    assert words == [f'word{n}' for n in range(len(words))], text  # no word twice, none missing
    assert text.count('› SLOW') == 1 and text.count('\ngoing on') == 1, text


def test_a_connection_that_breaks_in_the_middle_of_an_answer(gateway, openclaw, chat):
    with Line(gateway.port) as line:
        t = chat(line)
        t.enter('SLOW').expect('word20')
        line.cut()
        t.expect('word60')
        line.cut()
        t.expect('word199').gone('Esc stops')
        text = leave(t)
    assert re.findall(r'word\d+', text) == [f'word{n}' for n in range(200)], text


def test_what_others_write_is_shown(gateway, chat, openclaw):
    t = chat(gateway, '--session', 'shared')
    openclaw.run('agent', '-m', 'ECHO:from elsewhere', '--session-key', 'shared',
                 env={'OPENCLAW_GATEWAY_PORT': str(gateway.port)}).ok()
    t.expect('› ECHO:from elsewhere', '\nfrom elsewhere')
    assert leave(t).count('\nfrom elsewhere') == 1


def test_a_resize_keeps_the_prompt_usable(gateway, chat):
    t = chat(gateway, columns=80)
    t.enter('ECHO:wide').expect('\nwide').gone('Esc stops')
    t.resize(50)
    t.enter('ECHO:' + 'narrow ' * 12)
    t.wait(lambda s: s.count('narrow') >= 24, 'the answer')
    assert all(len(line) <= 50 for line in t.text.split('\n')[-8:])
    leave(t)


def test_without_a_gateway_it_says_how_to_start_one(openclaw, closed_port):
    t = Terminal(openclaw, BINARY, 'chat', env={'OPENCLAW_GATEWAY_PORT': str(closed_port)})
    assert t.end() == 1 and 'openclaw gateway' in t.errors and '--local' in t.errors
    t.close()


def test_it_works_without_a_gateway_in_this_process(openclaw, sim, chat):
    openclaw.use(sim.base_url, params={'preload': False})
    openclaw.workspace.mkdir(parents=True)
    t = chat(None, '--local')
    t.enter('ECHO:one').expect('\none').gone('Esc stops')
    t.enter('ECHO:two').expect('\ntwo').gone('Esc stops')
    t.enter('SLOW').expect('word5').type('\x1b').expect('Stopped.')
    leave(t)
    assert len(sim.chats[1].json['messages']) == 4  # it is one conversation


# ---- for scripts --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('local', [False, True], ids=['gateway', 'local'])
def test_each_line_of_a_pipe_is_a_message(openclaw, sim, start_gateway, local):
    from gateway_client import test_config as config_for
    env = {}
    if local:
        openclaw.use(sim.base_url, params={'preload': False})
        openclaw.workspace.mkdir(parents=True)
    else:
        env['OPENCLAW_GATEWAY_PORT'] = str(start_gateway(config_for(sim.base_url)).port)
    r = openclaw.run('chat', *(['--local'] if local else []), input='ECHO:one\n\nECHO:two **as it is**\n', env=env).ok()
    assert r.out == 'one\ntwo **as it is**\n', r
    assert len(sim.chats) == 2


def test_a_failed_answer_in_a_pipe_is_an_exit_code(openclaw, start_gateway, closed_port):
    from gateway_client import test_config as config_for
    gateway = start_gateway(config_for(f'http://127.0.0.1:{closed_port}/v1'))
    r = openclaw.run('chat', '--message', 'hello', input='', env={'OPENCLAW_GATEWAY_PORT': str(gateway.port)})
    assert r.rc == 1 and 'error:' in r.err and r.out == '', r
