"""MCP servers: their tools in the prompt and in calls, and servers that do everything wrong."""
import json
import os
import re
import sys
import time

import pytest

from gateway_client import new_id, test_config
from mcp_server import Http
from program import ROOT

SERVER = str(ROOT / 'tests' / 'sim' / 'mcp_server.py')


@pytest.fixture
def ready(openclaw, sim):
    openclaw.use(sim.base_url, params={'preload': False})
    return openclaw


def configure(openclaw, servers, **sections):
    config = openclaw.read_config()
    config['mcp'] = {'servers': servers}
    config.update(sections)
    openclaw.write_config(config)


def stdio(mode='good', log=None, **more):
    return {'command': sys.executable, 'args': [SERVER, mode] + ([str(log)] if log else []), **more}


def serve(openclaw, mode='good', log=None, tools=None, **more):
    configure(openclaw, {'srv': stdio(mode, log, **more)}, **({'tools': tools} if tools else {}))


def go(openclaw):
    return openclaw.run('agent', '--local', '-m', 'go', timeout=90)


def call(openclaw, sim, tool, args=None):
    """The text that the model is given for its call of a server's tool."""
    sim.call('use_tool', {'name': tool} if args is None else {'name': tool, 'args': args}).reply('Done.')
    go(openclaw).ok()
    return sim.chats[-1].json['messages'][-1]['content']


def system(sim):
    return sim.chats[-1].json['messages'][0]['content']


def log_lines(log):
    return log.read_text().splitlines() if log.exists() else []


# ---- what a model sees ----------------------------------------------------------------------------------------------

def test_tools_stand_in_the_directory_and_not_in_the_request(ready, sim):
    serve(ready)
    sim.reply('Hello.')
    go(ready).ok()
    assert 'srv.echo: [third-party] Repeats a text\n' in system(sim)
    assert 'srv.nothing: [third-party] Takes nothing\n' in system(sim)
    assert [t['function']['name'] for t in sim.chats[-1].json['tools']][-1] == 'use_tool'
    assert 'srv' not in json.dumps(sim.chats[-1].json['tools'])


def test_a_call_gives_marked_text(ready, sim):
    serve(ready)
    text = call(ready, sim, 'srv.echo', {'text': 'hi', 'times': 2})
    assert re.fullmatch(r'<<UNTRUSTED (\w{4}) mcp srv>>\nhi hi\n<</UNTRUSTED \1>>', text)


def test_what_is_trusted_is_not_marked(ready, sim):
    serve(ready, trust=True)
    assert call(ready, sim, 'srv.echo', {'text': 'hi'}) == 'hi'
    assert 'srv.echo: Repeats a text\n' in system(sim)


@pytest.mark.parametrize('name', ['srv.echo', 'srv__echo', 'functions.srv.echo'])
def test_a_call_by_its_name_is_the_same(ready, sim, name):
    serve(ready)
    sim.call(name, {'text': 'direct', 'times': '2'}).reply('Done.')
    go(ready).ok()
    assert '\ndirect direct\n' in sim.chats[-1].json['messages'][-1]['content']


def test_without_arguments_the_parameters_are_told(ready, sim):
    serve(ready)
    text = call(ready, sim, 'srv.echo')
    assert 'Parameters: text (string, required), times (integer)\n' in text
    assert 'what to repeat' in text and 'Example: {"text":' in text and 'maximum' not in text
    assert text.startswith('<<UNTRUSTED')


def test_wrong_arguments_never_reach_the_server(ready, sim, tmp_path):
    serve(ready, log=tmp_path / 'log')
    text = call(ready, sim, 'srv.echo', {'text': 'x', 'times': 99})
    assert 'was not run: times must be at most 9' in text
    assert not any('tools/call' in line for line in log_lines(tmp_path / 'log'))


def test_a_tool_that_takes_nothing_is_called_by_its_name_alone(ready, sim):
    serve(ready)
    assert '\nnothing {}\n' in call(ready, sim, 'srv.nothing')
    assert 'Parameters: x (integer)' in call(ready, sim, 'srv.maybe')
    assert '\nmaybe {}\n' in call(ready, sim, 'srv.maybe', {})


def test_the_name_of_a_server_lists_what_it_has(ready, sim):
    serve(ready)
    text = call(ready, sim, 'srv')
    assert 'srv.echo: [third-party] Repeats a text\n' in text and 'Use echo.' in text
    assert 'mcp://srv/note://one: First note' in text


def test_resources_are_read(ready, sim):
    serve(ready)
    sim.call('read', {'path': 'mcp://srv/note://one'}).reply('Done.')
    go(ready).ok()
    text = sim.chats[-1].json['messages'][-1]['content']
    assert 'the note says' in text and text.startswith('<<UNTRUSTED') and '<|im_end|>' not in text


@pytest.mark.parametrize('tools, there', [
    ({'deny': ['srv']}, False), ({'deny': ['srv.*']}, False), ({'deny': ['bundle-mcp']}, False),
    ({'profile': 'minimal'}, False), ({'profile': 'coding'}, True), ({'allow': ['read', 'srv.echo']}, True),
    ({'allow': ['read', 'group:plugins']}, True), ({'allow': ['read', 'srv__echo']}, True)])
def test_policies_hold_for_servers(ready, sim, tools, there):
    serve(ready, tools=tools)
    text = call(ready, sim, 'srv.echo', {'text': 'hi'})
    assert ('\nhi\n' in text) == there
    assert ('srv.echo:' in system(sim)) == there


def test_a_server_of_which_nothing_is_allowed_is_not_started(ready, sim, tmp_path):
    serve(ready, log=tmp_path / 'log', tools={'deny': ['srv']})
    sim.reply('Hello.')
    go(ready).ok()
    assert not log_lines(tmp_path / 'log')


def test_filters_choose_tools(ready, sim):
    serve(ready, toolFilter={'include': ['e*', 'nothing'], 'exclude': ['noth*']})
    sim.reply('Hello.')
    go(ready).ok()
    assert 'srv.echo:' in system(sim) and 'srv.nothing' not in system(sim) and 'srv.maybe' not in system(sim)


def test_a_server_that_is_switched_off_is_not_there(ready, sim, tmp_path):
    serve(ready, log=tmp_path / 'log', enabled=False)
    sim.reply('Hello.')
    go(ready).ok()
    assert 'srv' not in system(sim) and not log_lines(tmp_path / 'log')


def test_the_environment_is_a_list(ready, sim, tmp_path):
    serve(ready, log=tmp_path / 'log', env={'TOKEN': 'sesame-open-123', 'NUMBER': 7})
    sim.reply('Hello.')
    ready.run('agent', '--local', '-m', 'go', env={'LM_API_TOKEN': 'k', 'OPENCLAW_GATEWAY_TOKEN': 'g', 'MINE': '1'}).ok()
    names = json.loads(next(line for line in log_lines(tmp_path / 'log') if line.startswith('env '))[4:])
    assert {'TOKEN', 'NUMBER', 'PATH'} <= set(names)
    assert not {'LM_API_TOKEN', 'OPENCLAW_GATEWAY_TOKEN', 'MINE'} & set(names)


# ---- servers that do wrong ------------------------------------------------------------------------------------------

def test_descriptions_cannot_speak_for_us(ready, sim):
    serve(ready, 'lies')
    sim.reply('Hello.')
    go(ready).ok()
    line = next(part for part in system(sim).split('\n') if part.startswith('srv.lie:'))
    assert 'You may run' not in system(sim)
    assert '<|im_end|>' not in line and '<|im_start|>' not in line and len(line) < 140


@pytest.mark.parametrize('mode, why', [
    ('dies', 'MCP server srv: it ended'), ('refuses', 'The server refused: not today'), ('fails', 'it went wrong'),
    ('huge', 'it sent a message of more than'), ('hangs', 'it did not answer tools/call within 1 s')])
def test_a_call_that_goes_wrong_is_told_and_the_run_goes_on(ready, sim, mode, why):
    serve(ready, mode, requestTimeoutMs=1000 if mode == 'hangs' else 20000)
    text = call(ready, sim, 'srv.echo', {'text': 'hi'})
    assert why in text and '<|im_end|>' not in text


@pytest.mark.parametrize('mode, why', [
    ('exits', 'it ended by itself (exit code 7)'), ('floods', 'it floods its output'), ('line', 'a message of more than'),
    ('ancient', 'it speaks version 1999-01-01'), ('silent', 'it did not answer initialize within 1 s')])
def test_a_server_that_cannot_start_leaves_its_name(ready, sim, mode, why):
    serve(ready, mode, connectionTimeoutMs=1000 if mode == 'silent' else 20000)
    sim.call('use_tool', {'name': 'srv'}).reply('Done.')
    result = go(ready).ok()
    assert why in result.err
    assert 'srv: [third-party] tools of a server' in system(sim)
    assert 'The MCP server srv' in sim.chats[-1].json['messages'][-1]['content'] or \
        'the MCP server srv' in sim.chats[-1].json['messages'][-1]['content']


def test_megabytes_are_cut(ready, sim):
    serve(ready, 'large')
    text = call(ready, sim, 'srv.echo', {'text': 'hi'})
    assert len(text) < 20000 and 'characters left out' in text


def test_garbage_and_questions_of_a_server_change_nothing(ready, sim, tmp_path):
    for mode in 'garbage', 'asks':
        serve(ready, mode, log=tmp_path / mode)
        assert '\nhi\n' in call(ready, sim, 'srv.echo', {'text': 'hi'})
    answers = [json.loads(line) for line in log_lines(tmp_path / 'asks') if '"q' in line]
    assert answers[0]['error']['code'] == -32601 and answers[1] == {'id': 'q2', 'result': {}, 'jsonrpc': '2.0'}


def test_other_content_is_named(ready, sim):
    serve(ready, 'odd')
    text = call(ready, sim, 'srv.echo', {'text': 'hi'})
    assert '[image image/png, 300 bytes, not shown]\ninside\n[resource note://one First]' in text
    serve(ready, 'structured')
    assert '{"temperature":21}' in call(ready, sim, 'srv.echo', {'text': 'hi'})


def test_progress_keeps_a_call_alive(ready, sim):
    serve(ready, 'progress', requestTimeoutMs=1500)
    assert '\nhi\n' in call(ready, sim, 'srv.echo', {'text': 'hi'})


def test_more_tools_than_there_is_room_for_become_one_line(ready, sim):
    serve(ready, 'many')
    sim.reply('Hello.')
    assert 'are left out' in go(ready).ok().err
    assert 'srv: [third-party] tools of a server' in system(sim) and 'tool_0000' not in system(sim)


def test_pages_without_an_end_are_left(ready, sim):
    serve(ready, 'endless')
    sim.reply('Hello.')
    go(ready).ok()
    assert 'srv.echo:' in system(sim)


def test_a_server_that_will_not_end_is_killed_with_the_program(ready, sim):
    serve(ready, 'stays')  # the fixture sees that nothing is left
    assert '\nhi\n' in call(ready, sim, 'srv.echo', {'text': 'hi'})


# ---- HTTP -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('answers', ['json', 'sse'])
def test_http_servers_answer_as_document_and_as_stream(ready, sim, answers):
    with Http(answers=answers, token='open-sesame') as server:
        configure(ready, {'srv': {'url': server.url, 'headers': {'Authorization': 'Bearer ${HTTP_TOKEN}'}}})
        sim.call('use_tool', {'name': 'srv.echo', 'args': {'text': 'over http'}}).reply('Done.')
        ready.run('agent', '--local', '-m', 'go', env={'HTTP_TOKEN': 'open-sesame'}).ok()
        assert '\nover http\n' in sim.chats[-1].json['messages'][-1]['content']
        first, *rest = server.requests
        assert 'Mcp-Session-Id' not in first[0] and 'MCP-Protocol-Version' not in first[0]
        assert all(h['Mcp-Session-Id'] and h['MCP-Protocol-Version'] == '2025-06-18' for h, _ in rest)
        assert rest[-1][1] == 'DELETE'


def test_a_refused_key_is_told_without_it(ready, sim):
    with Http(token='right') as server:
        configure(ready, {'srv': {'url': server.url, 'headers': {'Authorization': 'Bearer wrong-key-123'}}})
        sim.reply('Hello.')
        result = go(ready).ok()
        assert 'HTTP 401' in result.err and 'wrong-key' not in result.err


def test_no_redirect_leads_elsewhere(ready, sim):
    with Http('redirects') as server:
        configure(ready, {'srv': {'url': server.url}})
        sim.reply('Hello.')
        assert 'mcp: srv:' in go(ready).ok().err
        assert len(server.requests) == 1


# ---- the gateway ----------------------------------------------------------------------------------------------------

def start_gateway(openclaw, servers):
    from conftest import Gateway, test_config
    config = openclaw.read_config()
    openclaw.write_config(test_config({**config, 'mcp': {'servers': servers}}))
    return Gateway(openclaw).start()


@pytest.mark.parametrize('answers', ['json', 'sse'])
def test_a_server_that_forgot_the_session_gets_a_new_one(start_gateway, sim, answers):
    with Http(answers=answers) as server:
        g = start_gateway(with_servers(sim, {'srv': {'url': server.url}}))
        c = g.connect()
        assert '\na\n' in ask(c, sim, 'srv.echo', {'text': 'a'})
        server.forget()
        assert '\nb\n' in ask(c, sim, 'srv.echo', {'text': 'b'})
        assert sum(body != 'DELETE' and body.get('method') == 'initialize' for _, body in server.requests) == 2


# ---- the gateway ----------------------------------------------------------------------------------------------------

def with_servers(sim, servers, **sections):
    return {**test_config(sim.base_url), 'mcp': {'servers': servers}, **sections}


def say(c, key='main'):
    run = new_id()
    c.call('chat.send', {'sessionKey': key, 'message': 'go', 'idempotencyKey': run})
    assert c.wait_event('chat', lambda p: p['runId'] == run and p['state'] in ('final', 'error', 'aborted'),
                        timeout=60)['state'] == 'final'


def ask(c, sim, tool, args, key='main'):
    sim.call('use_tool', {'name': tool, 'args': args}).reply('Done.')
    say(c, key)
    return sim.chats[-1].json['messages'][-1]['content']


def starts(log):
    return [line for line in log_lines(log) if line.startswith('start ')]


def wait_for(holds, seconds=30):
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_sessions_share_one_server_that_starts_when_it_is_needed(start_gateway, sim, tmp_path):
    log = tmp_path / 'log'
    c = start_gateway(with_servers(sim, {'srv': stdio('good', log)})).connect()
    assert not starts(log)
    for key in 'main', 'other', 'main':
        assert '\nhi\n' in ask(c, sim, 'srv.echo', {'text': 'hi'}, key)
    assert len(starts(log)) == 1


def test_a_server_that_died_is_started_again_after_a_pause(start_gateway, sim, tmp_path):
    log = tmp_path / 'log'
    c = start_gateway(with_servers(sim, {'srv': stdio('dies', log)})).connect()
    assert 'it ended before it answered' in ask(c, sim, 'srv.echo', {'text': 'a'})
    assert 'it ended by itself (exit code 3). It is tried again in' in ask(c, sim, 'srv.echo', {'text': 'b'})
    wait_for(lambda: 'it ended before it answered' in ask(c, sim, 'srv.echo', {'text': 'c'}, new_id()))
    assert len(starts(log)) == 2


def test_a_changed_list_counts_for_the_next_conversation(start_gateway, sim):
    c = start_gateway(with_servers(sim, {'srv': stdio('changes')})).connect()
    assert '\na\n' in ask(c, sim, 'srv.echo', {'text': 'a'})
    first = system(sim)
    wait_for(lambda: '\nbrand_new {' in ask(c, sim, 'srv.brand_new', {'text': 'b'}, new_id()) and 'srv.brand_new:' in system(sim))
    assert 'srv.echo' not in system(sim)
    assert 'unknown tool: srv.echo' in ask(c, sim, 'srv.echo', {'text': 'c'})
    assert system(sim) == first, 'the opening of a conversation stays as it is'


def test_a_change_of_the_configuration_reaches_running_servers(start_gateway, sim, tmp_path):
    log, other = tmp_path / 'log', tmp_path / 'other'
    g = start_gateway(with_servers(sim, {'srv': stdio('good', log)}))
    c = g.connect()
    ask(c, sim, 'srv.echo', {'text': 'a'})
    pid = int(starts(log)[0].split()[1])
    g.program.write_config(with_servers(sim, {'new': stdio('good', other)}))
    g.wait_console('config hot reload applied')
    wait_for(lambda: not os.path.exists(f'/proc/{pid}'))
    assert '\nb\n' in ask(c, sim, 'new.echo', {'text': 'b'})
    assert 'unknown tool: srv.echo' in ask(c, sim, 'srv.echo', {'text': 'c'})
    assert len(starts(log)) == 1 and len(starts(other)) == 1


def test_a_stopped_run_tells_the_server_to_stop(start_gateway, sim, tmp_path):
    log = tmp_path / 'log'
    c = start_gateway(with_servers(sim, {'srv': stdio('hangs', log)})).connect()
    sim.call('use_tool', {'name': 'srv.echo', 'args': {'text': 'a'}})
    run = new_id()
    c.call('chat.send', {'sessionKey': 'main', 'message': 'go', 'idempotencyKey': run})
    wait_for(lambda: any('tools/call' in line for line in log_lines(log)))
    c.call('chat.abort', {'sessionKey': 'main'})
    wait_for(lambda: any('notifications/cancelled' in line for line in log_lines(log)))
    assert len(starts(log)) == 1


def test_what_came_from_one_server_needs_a_yes_to_go_to_another(start_gateway, sim):
    servers = {'a': stdio(), 'b': stdio(), 'own': stdio(trust=True)}
    c = start_gateway(with_servers(sim, servers)).connect()
    for tool in 'a.echo', 'a.echo', 'own.echo', 'b.echo':
        sim.call('use_tool', {'name': tool, 'args': {'text': 'x'}})
    sim.reply('Done.')
    run = new_id()
    c.call('chat.send', {'sessionKey': 'main', 'message': 'go', 'idempotencyKey': run})
    asked = c.wait_event('exec.approval.requested', lambda p: True, timeout=60)
    assert asked['request']['tool'] == 'b.echo' and '{"text":"x"}' in asked['request']['command']
    c.call('exec.approval.resolve', {'id': asked['id'], 'decision': 'deny'})
    c.wait_event('chat', lambda p: p['runId'] == run and p['state'] == 'final', timeout=60)
    results = [m['content'] for m in sim.chats[-1].json['messages'] if m['role'] == 'tool']
    assert len(results) == 4 and 'x' in results[2] and 'not' in results[3]


def test_a_read_only_session_calls_nothing_that_may_change_things(start_gateway, sim):
    c = start_gateway(with_servers(sim, {'srv': stdio(), 'own': stdio(trust=True)})).connect()
    c.call('sessions.patch', {'key': 'main', 'permissionMode': 'read-only'})
    assert 'this session is read-only' in ask(c, sim, 'srv.nothing', {})
    assert 'this session is read-only' in ask(c, sim, 'own.echo', {'text': 'x'})
    assert ask(c, sim, 'own.nothing', {}) == 'nothing {}'


def test_programs_call_the_tools_of_servers_too(start_gateway, sim):
    g = start_gateway(with_servers(sim, {'srv': stdio()}))
    over_http = g.post('/tools/invoke', {'tool': 'srv.echo', 'args': {'text': 'http'}}).json
    assert '\nhttp\n' in over_http['result']['content'][0]['text']
    assert '\nrpc\n' in g.connect().call('tools.invoke', {'name': 'srv__echo', 'args': {'text': 'rpc'}})['output']


def test_an_address_of_another_server_needs_a_yes_as_well(ready, sim):
    configure(ready, {'a': stdio(), 'b': stdio()})
    sim.call('use_tool', {'name': 'a.echo', 'args': {'text': 'x'}}).call('read', {'path': 'mcp://b/note://one?x'}).reply('Done.')
    go(ready).ok()
    assert 'needs the person' in sim.chats[-1].json['messages'][-1]['content']


# ---- the command line -----------------------------------------------------------------------------------------------

def test_servers_are_added_changed_and_removed(ready):
    r = ready.run('mcp', 'add', 'srv', '--command', sys.executable, '--arg', SERVER, '--arg', 'good', '--env', 'API_TOKEN=hush-hush').ok()
    assert 'It answers: 3 tools.' in r.out and 'Saved MCP server "srv"' in r.out
    assert ready.read_config()['mcp']['servers']['srv']['env'] == {'API_TOKEN': 'hush-hush'}
    shown = ready.run('mcp', 'show', 'srv', '--json').ok()
    assert 'hush-hush' not in shown.out
    ready.run('mcp', 'set', 'srv', shown.out).ok()  # what is hidden stays
    assert ready.read_config()['mcp']['servers']['srv']['env'] == {'API_TOKEN': 'hush-hush'}
    ready.run('mcp', 'tools', 'srv', '--exclude', 'no*, maybe').ok()
    assert ready.run('mcp', 'probe', '--json').ok().json['servers'][0]['tools'] == ['srv.echo']
    ready.run('mcp', 'tools', 'srv', '--clear').ok()
    assert ready.run('mcp', 'list', '--json').ok().json['srv']['args'] == [SERVER, 'good']
    ready.run('mcp', 'unset', 'srv').ok()
    ready.run('mcp', 'unset', 'srv').failed('no MCP server named "srv"')
    assert 'No MCP servers' in ready.run('mcp', 'list').ok().out


def test_what_does_not_answer_is_not_added(ready):
    ready.run('mcp', 'add', 'srv', '--command', sys.executable, '--arg', SERVER, '--arg', 'exits').failed('it ended by itself (exit code 7)')
    assert 'mcp' not in ready.read_config()
    ready.run('mcp', 'add', 'srv', '--url', 'http://127.0.0.1:9/mcp', '--no-probe').ok()
    assert ready.read_config()['mcp']['servers']['srv'] == {'url': 'http://127.0.0.1:9/mcp'}


@pytest.mark.parametrize('typed, why', [
    (['set', 'x', 'no json'], 'invalid character'), (['set', 'x', '[]'], 'has to be a JSON object'), (['set', 'x', '{"comand":"y"}'], 'comand'),
    (['set', 'x', '{"command":"y","trust":"yes"}'], 'trust'), (['show', 'x'], 'no MCP server named "x"'),
    (['add', 'x'], 'either --command or --url'), (['add', 'x', '--command', 'y', '--env', 'novalue'], 'key=value'),
    (['tools', 'x', '--clear'], 'no MCP server named "x"')])
def test_wrong_commands_say_what_is_wrong(ready, typed, why):
    before = ready.read_config()
    ready.run('mcp', *typed).failed(why)
    assert ready.read_config() == before


def test_doctor_and_probe_tell_what_is_wrong(ready):
    configure(ready, {'good': stdio(), 'gone': {'command': 'no-such-program'}, 'old': {'url': 'http://x/', 'transport': 'sse'},
                      'fails': stdio('exits'), 'open': stdio(env={'MY_TOKEN': 'literal-value'}), 'off': stdio('exits', enabled=False)})
    r = ready.run('mcp', 'doctor', '--json', '--probe')
    issues = {s['name']: [i['message'] for i in s['issues']] for s in r.json['servers']}
    assert r.rc == 1 and r.json['ok'] is False
    assert issues['good'] == [] and 'no-such-program' in issues['gone'][0] and 'sse' in issues['old'][0]
    assert 'exit code 7' in issues['fails'][0] and 'env.MY_TOKEN' in issues['open'][0] and not issues['off']
    probed = ready.run('mcp', 'probe', 'fails')
    assert probed.rc == 1 and 'its last words: I cannot work here' in probed.out
    assert 'no-such-program' in ready.run('doctor', '--json').out
    assert [s['ok'] for s in ready.run('mcp', 'status', '--json').ok().json['servers']] == [True, True, False, True, True, True]


def test_the_log_has_what_a_server_writes_without_its_secrets(start_gateway, sim):
    g = start_gateway(with_servers(sim, {'srv': stdio(env={'TOKEN': 'sesame-open-123'})}, logging={'level': 'info'}))
    ask(g.connect(), sim, 'srv.echo', {'text': 'a'})
    g.wait_console('srv: hello on stderr, the token is ***')
    assert 'sesame' not in g.console
