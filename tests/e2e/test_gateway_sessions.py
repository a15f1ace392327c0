"""Sessions over the protocol (spec 02 §2.7, §7): lists, rows, changes and what is refused."""
import pytest
from gateway_client import CLI, new_id
from test_gateway_chat import MAIN, ask, ended, text_of

WRITE = ['operator.read', 'operator.write']


@pytest.fixture
def c(gateway):
    return gateway.connect()


def test_a_list_of_sessions_is_a_page(c):
    for name in ('one', 'two', 'three'):
        c.call('sessions.create', {'key': name, 'label': f'the {name}'})
    page = c.call('sessions.list', {'limit': 2})
    assert page['count'] == 2 and page['totalCount'] == 3 and page['hasMore'] is True and page['nextOffset'] == 2
    assert page['limitApplied'] == 2 and page['owners'] == [] and page['ts'] > 0 and page['path'].endswith('gateway.sqlite')
    assert page['defaults'] == {'modelProvider': 'lmstudio', 'model': 'qwen/qwen3.5-9b', 'contextTokens': 32768}
    rest = c.call('sessions.list', {'limit': 2, 'offset': 2})
    assert rest['count'] == 1 and rest['hasMore'] is False and rest['nextOffset'] is None
    keys = [r['key'] for r in page['sessions'] + rest['sessions']]
    assert sorted(keys) == ['agent:main:one', 'agent:main:three', 'agent:main:two']
    assert [r['key'] for r in c.call('sessions.list', {'label': 'the two'})['sessions']] == ['agent:main:two']
    assert [r['key'] for r in c.call('sessions.list', {'search': 'THREE'})['sessions']] == ['agent:main:three']
    assert c.call('sessions.list', {'agentId': 'nobody'})['sessions'] == []
    assert c.call('sessions.list', {'spawnedBy': MAIN})['sessions'] == []


def test_a_row_tells_about_its_session(c, sim):
    sim.reply('An answer.')
    ask(c, 'A question about rows', run='r')
    row = c.call('sessions.list', {'includeDerivedTitles': True, 'includeLastMessage': True})['sessions'][0]
    assert row['key'] == MAIN and row['kind'] == 'direct' and row['isMain'] is True and row['agentId'] == 'main'
    assert row['updatedAt'] >= row['createdAt'] > 0 and len(row['sessionId']) == 36
    assert row['status'] == 'done' and row['hasActiveRun'] is False and row['activeRunIds'] == [] and row['lastRunId'] == 'r'
    assert row['endedAt'] >= row['startedAt'] and row['runtimeMs'] >= 0 and row['abortedLastRun'] is False
    assert row['lastMessagePreview'] == 'An answer.' and 'A question' in row['derivedTitle']
    assert row['inputTokens'] > 0 and row['outputTokens'] > 0 and row['totalTokens'] > 0 and row['contextTokens'] == 32768
    budget = row['contextBudgetStatus']
    assert budget['contextTokenBudget'] == 32768 and budget['shouldCompact'] is False
    assert row['archived'] is False and row['pinned'] is False and row['effectiveResponseUsage'] == 'off'
    assert c.call('sessions.describe', {'key': 'main'})['session']['sessionId'] == row['sessionId']
    assert c.call('sessions.describe', {'key': 'nothing'}) == {'session': None}


def test_a_session_is_found_by_whatever_names_it(c):
    made = c.call('sessions.create', {'key': 'notes', 'label': 'My notes'})
    want = {'ok': True, 'key': 'agent:main:notes', 'agentId': 'main'}
    for name in ({'key': 'notes'}, {'key': 'agent:main:notes'}, {'sessionId': made['sessionId']}, {'label': 'My notes'},
                 {'shortId': made['sessionId'][:8]}):
        assert c.call('sessions.resolve', name) == want, name
    for name in ({'key': 'gone'}, {'sessionId': new_id()}, {'label': 'gone'}, {'shortId': 'zzzz'}):
        assert c.refused('sessions.resolve', name)['code'] == 'INVALID_REQUEST', name
        assert c.call('sessions.resolve', {**name, 'allowMissing': True}) == {'ok': False}
    assert c.refused('sessions.resolve', {})['code'] == 'INVALID_REQUEST'


def test_previews_show_what_was_said_last(c, sim):
    sim.reply('Two\n\nlines of ' + 'text ' * 100)
    ask(c, 'hello')
    made = c.call('sessions.preview', {'keys': ['main', 'agent:main:gone'], 'maxChars': 40})
    assert made['ts'] > 0 and [p['key'] for p in made['previews']] == ['main', 'agent:main:gone']
    here, gone = made['previews']
    assert here['status'] == 'ok' and [i['role'] for i in here['items']] == ['user', 'assistant']
    assert here['items'][0]['text'] == 'hello' and here['items'][1]['text'].startswith('Two lines of text')
    assert len(here['items'][1]['text']) <= 41
    assert gone == {'key': 'agent:main:gone', 'status': 'missing', 'items': []}
    assert len(c.call('sessions.preview', {'keys': ['main'], 'limit': 1})['previews'][0]['items']) == 1


def test_create_makes_a_key_of_its_own(c, sim):
    made = c.call('sessions.create', {})
    assert made['ok'] is True and made['key'].startswith('agent:main:dashboard:') and made['runStarted'] is False
    assert made['entry']['key'] == made['key'] and made['entry']['sessionId'] == made['sessionId']
    assert made['resolved'] == {'modelProvider': 'lmstudio', 'model': 'qwen/qwen3.5-9b'}
    again = c.call('sessions.create', {'key': made['key']})
    assert again['sessionId'] == made['sessionId'], 'an existing one is taken'
    tui = c.call('sessions.create', {'key': 'tui-1', 'parentSessionKey': MAIN, 'succeedsParent': True, 'emitCommandHooks': True})
    assert tui['key'] == 'agent:main:tui-1'
    sim.reply('started')
    begun = c.call('sessions.create', {'message': 'begin'})
    assert begun['runStarted'] is True
    assert text_of(c.wait_event('chat', ended(begun['runId']))['message']) == 'started'
    assert c.refused('sessions.create', {'agentId': 'nobody'})['code'] == 'INVALID_REQUEST'


def test_a_patch_changes_the_session_alone(c, sim):
    done = c.call('sessions.patch', {'key': 'main', 'label': 'Home', 'pinned': True, 'model': 'lmstudio/openai/gpt-oss-20b',
                                     'responseUsage': 'tokens', 'verboseLevel': 'full'})
    assert done['ok'] is True and done['key'] == MAIN and done['path'].endswith('gateway.sqlite')
    entry = done['entry']
    assert entry['label'] == 'Home' and entry['pinned'] is True and entry['responseUsage'] == 'tokens'
    assert entry['effectiveResponseUsage'] == 'tokens' and entry['modelOverrideSource'] == 'user'
    ask(c, 'hi')
    assert sim.chats[0].json['model'] == done['resolved']['model']
    other = c.call('sessions.create', {'key': 'other'})
    assert other['resolved']['model'] == 'qwen/qwen3.5-9b'
    assert 'warnings' not in done
    unlisted = c.call('sessions.patch', {'key': 'main', 'model': 'lmstudio/never-heard-of'})
    assert 'never-heard-of' in unlisted['warnings'][0] and unlisted['resolved']['model'] == 'never-heard-of'
    back = c.call('sessions.patch', {'key': 'main', 'model': None, 'label': None})
    assert back['resolved']['model'] == 'qwen/qwen3.5-9b' and 'label' not in back['entry']


@pytest.mark.parametrize('patch, words', [
    ({'model': 'nowhere/none'}, 'nowhere'),
    ({'thinkingLevel': 'sideways'}, 'thinkingLevel'),
    ({'responseUsage': 'sometimes'}, 'at /responseUsage'),
    ({'colour': 'red'}, "unexpected property 'colour'"),
    ({'label': 'x' * 600}, 'at /label'),
    ({'expectedSessionId': new_id(), 'label': 'x'}, 'changed'),
])
def test_what_cannot_be_patched_is_refused(c, patch, words):
    c.call('sessions.create', {'key': 'main'})
    error = c.refused('sessions.patch', {'key': 'main', **patch})
    assert error['code'] == 'INVALID_REQUEST' and words in error['message'], error


def test_changes_are_told_to_who_subscribed(c):
    assert c.call('sessions.subscribe', {}) == {'subscribed': True}
    c.call('sessions.patch', {'key': 'main', 'label': 'Home'})
    told = c.wait_event('sessions.changed', lambda p: p['reason'] in ('patch', 'create') and p['session'].get('label') == 'Home')
    assert told['sessionKey'] == MAIN and told['ts'] > 0
    c.call('sessions.reset', {'key': 'main', 'reason': 'new'})
    c.wait_event('sessions.changed', lambda p: p['reason'] in ('new', 'reset'))
    c.call('sessions.create', {'key': 'gone'})
    c.call('sessions.delete', {'key': 'gone'})
    c.wait_event('sessions.changed', lambda p: p['reason'] == 'delete' and p['sessionKey'] == 'agent:main:gone')
    assert c.call('sessions.subscribe', {'limit': 5})['list']['sessions'], 'with parameters it lists as well'


def test_the_main_session_cannot_be_deleted(c):
    c.call('sessions.create', {'key': 'main'})
    assert c.refused('sessions.delete', {'key': 'main'})['code'] == 'INVALID_REQUEST'
    c.call('sessions.create', {'key': 'side'})
    assert c.call('sessions.delete', {'key': 'side'}) == \
        {'ok': True, 'key': 'agent:main:side', 'deleted': True, 'archived': []}
    assert c.call('sessions.delete', {'key': 'side'})['deleted'] is False
    assert c.call('sessions.describe', {'key': 'side'}) == {'session': None}


def test_archived_sessions_are_listed_apart(c):
    c.call('sessions.create', {'key': 'old'})
    c.call('sessions.create', {'key': 'current'})
    c.call('sessions.patch', {'key': 'old', 'archived': True})

    def listed(**params):
        return sorted(r['key'] for r in c.call('sessions.list', params)['sessions'])

    assert listed() == ['agent:main:current']
    assert listed(archived=True) == ['agent:main:old']
    assert listed(archived='all') == ['agent:main:current', 'agent:main:old']


def test_send_needs_a_session_and_no_key(c, sim):
    assert c.refused('sessions.send', {'key': 'none', 'message': 'hi'})['code'] == 'INVALID_REQUEST'
    c.call('sessions.create', {'key': 'some'})
    sim.reply('Hi.')
    ack = c.call('sessions.send', {'key': 'some', 'message': 'hi'})
    assert ack['status'] == 'started'
    assert text_of(c.wait_event('chat', ended(ack['runId']))['message']) == 'Hi.'


def test_abort_by_run_or_by_session(c, sim):
    assert c.refused('sessions.abort', {})['code'] == 'INVALID_REQUEST'
    assert c.call('sessions.abort', {'key': 'main'}) == {'ok': True, 'abortedRunId': None, 'status': 'no-active-run'}
    for run, how in (('r1', {'runId': 'r1'}), ('r2', {'key': 'main'})):
        sim.fail('hang', after=1)
        c.call('chat.send', {'sessionKey': 'main', 'message': 'go', 'idempotencyKey': run})
        c.wait_event('chat', lambda p: p['runId'] == run and p['state'] == 'delta')
        row = c.call('sessions.describe', {'key': 'main'})['session']
        assert row['hasActiveRun'] is True and row['activeRunIds'] == [run] and row['status'] == 'running'
        assert c.call('sessions.abort', how) == {'ok': True, 'abortedRunId': run, 'status': 'aborted'}
    row = c.call('sessions.describe', {'key': 'main'})['session']
    assert row['status'] == 'killed' and row['abortedLastRun'] is True


def test_scopes_are_enforced(gateway):
    gateway.connect().call('sessions.create', {'key': 'side'})
    writer = gateway.connect(client=CLI, scopes=WRITE)
    assert writer.call('sessions.patch', {'key': 'side', 'label': 'Mine', 'pinned': True})['ok'] is True
    for method, params in (('sessions.patch', {'key': 'side', 'verboseLevel': 'full'}),
                           ('sessions.patch', {'key': 'side', 'permissionMode': 'full'}),
                           ('sessions.delete', {'key': 'side'}), ('sessions.reset', {'key': 'side'}),
                           ('sessions.compact', {'key': 'side'})):
        error = writer.refused(method, params)
        assert error['code'] == 'FORBIDDEN' and error['message'] == 'missing scope: operator.admin', (method, error)
        assert error['details'] == {'code': 'MISSING_SCOPE', 'missingScope': 'operator.admin', 'requiredScopes': ['operator.admin']}
    assert writer.call('sessions.delete', {'key': 'side', 'archivedOnly': True})['deleted'] is False
    writer.call('sessions.patch', {'key': 'side', 'archived': True})
    assert writer.call('sessions.delete', {'key': 'side', 'archivedOnly': True})['deleted'] is True
    reader = gateway.connect(client=CLI, scopes=['operator.read'])
    assert reader.refused('sessions.patch', {'key': 'side', 'label': 'x'})['details']['missingScope'] == 'operator.write'


def test_usage_adds_up(c, sim):
    ask(c, 'one')
    ask(c, 'two', key='other')
    used = c.call('sessions.usage', {})
    assert {s['key'] for s in used['sessions']} == {MAIN, 'agent:main:other'}
    assert used['totals']['totalTokens'] == sum(s['usage']['totalTokens'] for s in used['sessions']) > 0
    assert used['startDate'] < used['endDate'] and used['updatedAt'] > 0
    one = c.call('sessions.usage', {'key': 'other'})['sessions']
    assert [s['key'] for s in one] == ['agent:main:other'] and one[0]['modelProvider'] == 'lmstudio'
    cost = c.call('usage.cost', {'days': 7})
    assert cost['days'] == 7 and sum(d['totalTokens'] for d in cost['daily']) == used['totals']['totalTokens']
    assert c.call('usage.status')['providers'] == []
    past = c.call('sessions.usage', {'startDate': '2020-01-01', 'endDate': '2020-01-31'})
    assert past['sessions'] == [] and past['totals']['totalTokens'] == 0
    for bad in ({'startDate': 'soon'}, {'startDate': '2030-01-02', 'endDate': '2030-01-01'}):
        assert c.refused('sessions.usage', bad)['code'] == 'INVALID_REQUEST'


def test_sessions_outlive_the_gateway(start_gateway, sim, openclaw):
    from gateway_client import test_config
    first = start_gateway(test_config(sim.base_url))
    c = first.connect()
    sim.reply('remember me')
    ask(c, 'hello')
    before = c.call('chat.history', {'sessionKey': 'main'})
    first.stop()
    second = start_gateway(None)
    after = second.connect().call('chat.history', {'sessionKey': 'main'})
    assert after['messages'] == before['messages'] and after['sessionId'] == before['sessionId']
