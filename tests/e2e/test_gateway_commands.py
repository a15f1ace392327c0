"""Commands typed into a conversation (spec 02 §8, spec 01 §8.5, §8.6): what each answers, wrong input too."""
import re

import pytest
from gateway_client import new_id, test_config
from test_gateway_chat import ended, text_of

REASONING = 'lmstudio/openai/gpt-oss-20b'
DEFAULT = 'lmstudio/qwen/qwen3.5-9b'


def say(c, text, key='main'):
    """The reply to a command; it must be one of the program's own."""
    run = new_id()
    ack = c.call('chat.send', {'sessionKey': key, 'message': text, 'idempotencyKey': run})
    assert ack['status'] == 'started', ack
    final = c.wait_event('chat', ended(run))
    assert final['state'] == 'final' and final['message']['provider'] == 'openclaw', final
    assert final['message']['model'] == 'gateway-injected'
    return text_of(final['message'])


def reach_model(c, text):
    run = new_id()
    c.call('chat.send', {'sessionKey': 'main', 'message': text, 'idempotencyKey': run})
    return c.wait_event('chat', ended(run))


@pytest.fixture
def gateway(gateway):
    """With the models of the simulator, which are found a moment after the start."""
    gateway.wait_console('LM Studio models refreshed')
    return gateway


@pytest.fixture
def chat(gateway):
    c = gateway.connect()
    c.call('sessions.subscribe', {})
    return c


# Commands that need no model: what is typed, what the answer says.
ANSWERS = [
    ('/help', ['/new', '/stop', '/commands']),
    ('/HELP', ['/commands']),
    ('/commands', ['**Session**', '**Options**', '**Status**', '**Management**', '**Tools**', '/btw', '/goal', '/skill', '/subagents']),
    ('/status', ['OpenClaw 2026.11', 'up 0d', DEFAULT, '0 in / 0 out', 'Cost: $0.0000', 'Cache: ', 'Context: 0/32.8k (0%)',
                 'agent:main:main', 'Execution: ', 'Runtime: ', 'Think: off', 'Queue: ']),
    ('/whoami', ['agent:main:main', 'Agent: main']),
    ('/id', ['agent:main:main']),
    ('/context', ['system text', 'tools', 'messages']),
    ('/context detail', ['system text']),
    ('/context json', ['"contextTokens": 32768']),
    ('/tools', ['`read`', '`exec`']),
    ('/tasks', ['Nothing']),
    ('/model', ['Current: ' + DEFAULT, 'Think: off', '-s', '-a', '-g', '/models']),
    ('/model status', ['Current: ', 'Default: ', 'Agent: main', 'auth-profiles.json', '[lmstudio] endpoint: http', 'api: openai-completions']),
    ('/model list', ['Providers:', '- lmstudio (6)']),
    ('/model default', ['default']),
    ('/model 3', ['not supported', '/models']),
    ('/model nope/x', ['Unrecognized model "nope/x"', 'nope', '/models']),
    ('/model lmstudio/new', ['Model set to lmstudio/new for this session only; configured default unchanged.', 'not in the catalog']),
    ('/model lmstudio/text-embedding-nomic-embed-text-v1.5', ['cannot chat', '/models']),
    ('/model ' + DEFAULT, ['reset']),
    ('/model: ' + REASONING, [f'Model set to {REASONING} for this session only; configured default unchanged.']),
    ('/model -s ' + REASONING, ['for this session only']),
    ('/models providers', ['Providers:', 'Use: /models <provider>', 'Switch: /model <provider/model>']),
    ('/models list', ['Providers:']),
    ('/models nope', ['Unknown provider: nope', '- lmstudio', 'Use: /models']),
    ('/models lmstudio 9', ['Page out of range: 9 (valid: 1-1)', 'Try: /models list lmstudio', 'All: /models list lmstudio all']),
    ('/models lmstudio 0', ['Page out of range: 0 (valid: 1-1)']),
    ('/models lmstudio nonsense', ['showing 1-6 of 6 (page 1/1)']),
    ('/models lmstudio limit=4 page=2', ['showing 5-6 of 6 (page 2/2)', 'All: /models list lmstudio all']),
    ('/models list lmstudio size=4', ['showing 1-4 of 6 (page 1/2)', 'More: /models list lmstudio 2']),
    ('/models lmstudio --all', ['showing 1-6 of 6']),
    ('/models add x', ['onboard']),
    ('/think', ['Thinking level: off', 'Levels: off']),
    ('/think high', ['"high" is not supported', 'Levels: off']),
    ('/t banana', ['"banana" is not supported']),
    ('/reasoning', ['off', 'on|off|stream']), ('/reason on', ['on.']), ('/reasoning loud', ['"loud"', 'on|off|stream']),
    ('/verbose', ['off', 'on|full|off']), ('/v full', ['full.']), ('/v loud', ['"loud"']),
    ('/trace', ['on|off']), ('/trace on', ['on.']), ('/trace loud', ['"loud"']),
    ('/fast', ['auto|on|off']), ('/fast status', ['auto|on|off']), ('/fast auto', ['auto.']), ('/fast loud', ['"loud"']),
    ('/usage', ['tokens']), ('/usage full', ['full']), ('/usage cost', ['0 in, 0 out', '$0.0000']), ('/usage loud', ['"loud"', 'cost']),
    ('/queue', ['Debounce: 500 ms, cap: 20, drop: summarize']), ('/queue collect debounce:2s cap:5 drop:old', ['changed']),
    ('/queue loud', ['"loud"', 'steer|followup|collect|interrupt']), ('/queue cap:0', ['"cap:0"']), ('/queue debounce:-1', ['"debounce:-1"']),
    ('/name', ['no name']), ('/name My title', ['My title']),
    ('/export', ['openclaw sessions export agent:main:main']),
    ('/session', ['agent:main:main']),
    ('/send', ['inherit']), ('/send off', ['off']), ('/send loud', ['on|off|inherit']),
    ('/elevated', ['on|ask|full|off']), ('/elevated loud', ['"loud"']),
    ('/activation', ['mention|always']), ('/activation always', ['always']),
    ('/exec', ['tools.exec.mode']), ('/exec guarded', ['permission: guarded']), ('/exec default', ['configured']), ('/exec loud', ['guarded|workspace']),
    ('/steer', ['Use: `/steer <text>`']), ('/tell', ['Use: ']),
    ('/approve', ['No question waits']), ('/approve x', ['allow-once|allow-always|deny']), ('/approve x deny', ['no open question']),
    ('/config', ['switched off', 'commands.config']), ('/debug', ['switched off', 'commands.debug']),
    ('/btw', ['Use: `/btw <question>`']), ('/side', ['Use: ']),
    ('/goal', ['No goal']), ('/goal clear', ['removed']),
    ('/skill', ['No skills']), ('/skill x', ['no skill "x"']),
    ('/subagents', ['No agent']), ('/subagents list', ['No agent']),
    ('/compact', ['nothing to shorten']),
    ('/new', ['✅ New session started.']), ('/reset', ['✅ Session reset.']),
    ('/new ' + REASONING, ['✅ New session started.', REASONING]),
]


def test_commands_answer_without_a_model(gateway, sim):
    c = gateway.connect()
    for number, (typed, words) in enumerate(ANSWERS):
        reply = say(c, typed, key=f's{number}')
        for w in words:
            w = w.replace('agent:main:main', f'agent:main:s{number}')
            assert w in reply, f'{typed}: {w!r} is missing in {reply!r}'
    assert not sim.chats


def test_every_command_of_the_list_is_answered(gateway, sim):
    """Nothing that commands.list offers goes to the model as a message."""
    c = gateway.connect()
    listed = c.call('commands.list', {})['commands']
    for row in listed:
        for alias in row['textAliases']:
            if alias in ('/stop', '/abort', '/restart'):
                continue
            assert say(c, alias, key='x' + alias.strip('/')), alias
    assert not sim.chats


def test_what_commands_may_do_is_for_an_administrator_to_change(gateway):
    c = gateway.connect(scopes=['operator.read', 'operator.write'])
    assert 'tools.exec.mode' in say(c, '/exec', key='s')
    assert 'may change' in say(c, '/exec full', key='s')
    admin = gateway.connect()
    say(admin, '/exec read-only', key='s')
    assert 'permission is read-only' in say(c, '/exec', key='s')


def test_the_configuration_is_shown_and_changed_where_that_is_switched_on(start_gateway, sim):
    g = start_gateway({**test_config(sim.base_url), 'commands': {'config': True, 'debug': True}})
    c = g.connect()
    assert 'Runs under way: 0' in say(c, '/debug', key='s')
    assert '/config get' in say(c, '/config', key='s')
    assert '__OPENCLAW_REDACTED__' in say(c, '/config get gateway.auth', key='s')
    assert 'is not set' in say(c, '/config show session.typingMode', key='s')
    assert 'Set `agents.defaults.thinkingDefault`' in say(c, '/config set agents.defaults.thinkingDefault "low"', key='s')
    assert 'low' in say(c, '/config get agents.defaults.thinkingDefault', key='s')
    assert 'Not changed' in say(c, '/config set gateway.port nowhere', key='s')
    assert 'Removed' in say(c, '/config unset agents.defaults.thinkingDefault', key='s')
    assert 'is not set' in say(c, '/config get agents.defaults.thinkingDefault', key='s')
    reader = g.connect(scopes=['operator.read', 'operator.write'])
    assert 'gateway.auth' not in say(reader, '/config get gateway.auth', key='s')


def test_stop_while_idle_is_only_acknowledged(chat):
    for word in ('/stop', '/abort'):
        ack = chat.call('chat.send', {'sessionKey': 'main', 'message': word, 'idempotencyKey': new_id()})
        assert (ack['ok'], ack['aborted'], ack['runIds']) == (True, False, [])
    say(chat, '/whoami')
    assert len(chat.events('chat')) == 1


def test_an_aside_leaves_no_trace_in_later_prompts(chat, sim):
    sim.reply('It is blue.')
    reach_model(chat, 'The sky is blue. Remember it.')
    sim.reply('You said blue.')
    assert say(chat, '/btw which colour?') == 'You said blue.'
    aside = sim.chats[-1].json['messages']
    assert 'tools' not in sim.chats[-1].json
    assert any('Remember it.' in str(m['content']) for m in aside) and 'which colour?' in aside[-1]['content']
    sim.reply('Yes.')
    reach_model(chat, 'go on')
    assert 'which colour?' not in sim.chats[-1].raw.decode() and 'You said blue.' not in sim.chats[-1].raw.decode()


def test_an_aside_tells_of_a_failure(chat, sim):
    sim.fail('status', status=400)
    assert say(chat, '/btw which colour?').startswith('No answer: ')


def test_a_goal_is_told_once_and_kept(chat, sim):
    final = reach_model(chat, '/goal Ship the release')
    assert final['state'] == 'final' and 'Ship the release' in sim.chats[-1].json['messages'][-1]['content']
    assert 'Ship the release' in say(chat, '/goal') and 'Ship the release' in say(chat, '/goal status')
    assert 'removed' in say(chat, '/goal clear') and 'No goal' in say(chat, '/goal')


def test_a_level_that_the_new_model_lacks_is_clamped_and_reported(chat):
    assert 'session only' in say(chat, '/model ' + REASONING)
    assert 'medium' in say(chat, '/think') and 'set to high' in say(chat, '/thinking high')
    reply = say(chat, '/model default')
    assert 'Thinking level high is not supported' in reply and 'now off' in reply
    assert 'Think: off' in say(chat, '/model')


def test_levels_are_the_same_everywhere(chat):
    say(chat, '/model ' + REASONING)
    levels = [level.strip() for level in say(chat, '/think').split('Levels:')[1].split(',')]
    row = chat.call('sessions.describe', {'key': 'main'})['session']
    model = next(m for m in chat.call('models.list')['models'] if m['id'] == 'openai/gpt-oss-20b')
    assert levels == [x['id'] for x in row['thinkingLevels']] == [x['id'] for x in model['thinkingLevels']]
    assert row['thinkingLevel'] == model['thinkingDefault'] == 'medium'


def test_the_agents_own_model_is_the_current_one(start_gateway, sim):
    config = test_config(sim.base_url)
    config['agents']['entries'] = {'main': {}, 'helper': {'model': REASONING}}
    c = start_gateway(config).connect()
    key = 'agent:helper:main'
    assert 'Current: ' + REASONING in say(c, '/model', key) and REASONING in say(c, '/status', key)
    assert 'reset' in say(c, '/model ' + REASONING, key)
    assert 'session only' in say(c, '/model ' + DEFAULT, key)
    c.call('sessions.patch', {'key': key, 'model': None})
    assert c.call('sessions.describe', {'key': key})['session']['model'] == 'openai/gpt-oss-20b'


def test_a_denied_model_is_named(start_gateway, sim):
    config = test_config(sim.base_url)
    config['agents']['defaults']['modelPolicy'] = {'allow': [DEFAULT]}
    c = start_gateway(config).connect()
    reply = say(c, '/model ' + REASONING)
    assert f'"{REASONING}"' in reply and 'not allowed' in reply and '/models' in reply


def test_a_default_is_written_by_administrators_alone(gateway, openclaw):
    plain = gateway.connect(scopes=['operator.read', 'operator.write'])
    assert 'operator.admin' in say(plain, f'/model {REASONING} -g')
    assert openclaw.read_config()['agents']['defaults']['model']['primary'] == DEFAULT
    assert REASONING in say(gateway.connect(), f'/model {REASONING} -g')
    assert openclaw.read_config()['agents']['defaults']['model']['primary'] == REASONING


def test_a_page_of_models_is_the_text_that_people_know(gateway):
    c = gateway.connect()
    page = say(c, '/models lmstudio limit=2').splitlines()
    assert page == ['Models (lmstudio) — showing 1-2 of 6 (page 1/3)', '- lmstudio/allenai/olmocr-2-7b',
                    '- lmstudio/deepseek/deepseek-r1-0528-qwen3-8b', '', 'Switch: /model <provider/model>',
                    'More: /models list lmstudio 2', 'All: /models list lmstudio all']
    assert say(c, '/models').splitlines() == ['Providers:', '- lmstudio (6)', '', 'Use: /models <provider>', 'Switch: /model <provider/model>']
    assert say(c, '/models anthropic').startswith('Models (anthropic) — none')


def test_words_after_new_and_reset_go_on_to_the_model(chat, sim):
    for typed in ('/new hello there', '/reset hello there', '/new nope/x'):
        assert reach_model(chat, typed)['state'] == 'final'
        content = sim.chats[-1].json['messages'][-1]['content']
        assert content.endswith(re.sub(r'^/\w+ ', '', typed)) and '/' + typed.split()[0][1:] not in content


@pytest.mark.parametrize('typed', ['/nothing of mine', '/etc/passwd is a file', '/', '//help', 'say /help'])
def test_other_words_are_messages(chat, sim, typed):
    final = reach_model(chat, typed)
    assert 'provider' not in final['message'] and sim.chats[-1].json['messages'][-1]['content'].endswith(typed)


def test_commands_are_messages_where_the_client_says_so(chat, sim):
    run = new_id()
    chat.call('chat.send', {'sessionKey': 'main', 'message': '/help', 'idempotencyKey': run, 'suppressCommandInterpretation': True})
    chat.wait_event('chat', ended(run))
    assert sim.chats[-1].json['messages'][-1]['content'].endswith('/help')
