"""Every method of the protocol (spec 02 §2.7): its shape, its scope, its closed parameters."""
import json

import pytest
from program import ROOT
from gateway_client import CLI, RpcError, test_config

READ, WRITE, ADMIN, APPROVALS, PAIRING = ('operator.' + s for s in ('read', 'write', 'admin', 'approvals', 'pairing'))
# method -> (scope, parameters that do, members of the result)
METHODS = {
    'health': (None, {}, {'ok', 'ts', 'durationMs', 'plugins', 'configReload', 'channels', 'channelOrder', 'channelLabels',
                          'heartbeatSeconds', 'defaultAgentId', 'agents', 'sessions', 'modelRuntime', 'eventLoop'}),
    'status': (READ, {}, {'runtimeVersion', 'heartbeat', 'channelSummary', 'queuedSystemEvents', 'sessions', 'tasks', 'taskAudit',
                          'modelRuntime', 'eventLoop', 'processMemory'}),
    'system-presence': (READ, {}, list),
    'agents.list': (READ, {}, {'defaultId', 'mainKey', 'scope', 'ownership', 'selectionRequired', 'agents'}),
    'agent.identity.get': (READ, {}, {'agentId', 'name', 'nameSource', 'avatar'}),
    'models.list': (READ, {}, {'models'}),
    'agents.files.list': (READ, {}, {'agentId', 'workspace', 'files'}),
    'x.servers.find': (ADMIN, {'url': 'http://127.0.0.1:1/v1'}, {'servers'}),
    'x.approvals.log': (APPROVALS, {}, {'approvals'}),
    'models.authStatus': (READ, {}, {'ts', 'providers', 'providerCapabilities'}),
    'commands.list': (READ, {}, {'commands'}),
    'chat.history': (READ, {'sessionKey': 'main'}, {'sessionKey', 'messages', 'activity', 'pendingInputs', 'hasMore',
                                                    'totalMessages', 'defaults'}),
    'chat.startup': (READ, {'sessionKey': 'main', 'limit': 5, 'maxBytes': 1000}, {'messages', 'metadata', 'agentsList'}),
    'chat.metadata': (READ, {}, {'models', 'commands'}),
    'chat.message.get': (READ, {'sessionKey': 'main', 'messageId': 'm'}, {'ok', 'unavailableReason'}),
    'chat.abort': (WRITE, {'sessionKey': 'main'}, {'ok', 'aborted', 'runIds'}),
    'chat.inject': (ADMIN, {'sessionKey': 'x', 'message': 'note'}, {'ok', 'messageId'}),
    'chat.send': (WRITE, {'sessionKey': 'x', 'message': '/stop', 'idempotencyKey': 'k'}, {'ok', 'aborted', 'runIds'}),
    'agent.wait': (WRITE, {'runId': 'none', 'timeoutMs': 0}, {'runId', 'status'}),
    'sessions.list': (READ, {}, {'ts', 'path', 'count', 'totalCount', 'limitApplied', 'nextOffset', 'hasMore', 'owners', 'defaults',
                                 'sessions'}),
    'sessions.describe': (READ, {'key': 'main'}, {'session'}),
    'sessions.resolve': (READ, {'key': 'none', 'allowMissing': True}, {'ok'}),
    'sessions.preview': (READ, {'keys': ['main']}, {'ts', 'previews'}),
    'sessions.subscribe': (READ, {}, {'subscribed'}),
    'sessions.messages.subscribe': (READ, {'key': 'main'}, {'subscribed', 'key'}),
    'sessions.messages.unsubscribe': (READ, {'key': 'main'}, {'subscribed', 'key'}),
    'sessions.create': (WRITE, {'key': 'made'}, {'ok', 'key', 'sessionId', 'entry', 'runStarted', 'resolved'}),
    'sessions.patch': (WRITE, {'key': 'made', 'label': 'x'}, {'ok', 'path', 'key', 'entry', 'resolved'}),
    'sessions.reset': (ADMIN, {'key': 'made'}, {'ok', 'key', 'entry'}),
    'sessions.compact': (ADMIN, {'key': 'made'}, {'ok', 'key', 'compacted', 'result'}),
    'sessions.abort': (WRITE, {'key': 'made'}, {'ok', 'abortedRunId', 'status'}),
    'sessions.usage': (READ, {}, {'updatedAt', 'startDate', 'endDate', 'sessions', 'totals'}),
    'usage.cost': (READ, {}, {'updatedAt', 'daily', 'totals'}),
    'usage.status': (READ, {}, {'updatedAt', 'providers'}),
    'config.get': (READ, {}, {'path', 'exists', 'raw', 'parsed', 'sourceConfig', 'resolved', 'runtimeConfig', 'config', 'valid', 'hash',
                              'issues', 'warnings', 'legacyIssues', 'configRevisionHash', 'appliedConfigHash'}),
    'config.schema': (READ, {}, {'schema', 'uiHints', 'version', 'generatedAt'}),
    'config.schema.lookup': (READ, {'path': 'gateway.port'}, {'path', 'schema', 'reloadKind', 'hint', 'children'}),
    'logs.tail': (READ, {}, {'file', 'cursor', 'size', 'lines', 'truncated', 'reset'}),
    'cron.list': (READ, {}, {'jobs', 'snapshotRevision', 'total', 'offset', 'limit', 'hasMore', 'nextOffset', 'deliveryPreviews'}),
    'cron.status': (READ, {}, {'enabled', 'triggersEnabled', 'storePath', 'storage', 'jobs', 'nextWakeAtMs'}),
    'cron.runs': (READ, {}, {'entries', 'total', 'offset', 'limit', 'hasMore', 'nextOffset'}),
    'tools.catalog': (READ, {}, {'agentId', 'profiles', 'groups'}),
    'tools.effective': (READ, {'sessionKey': 'main'}, {'agentId', 'profiles', 'groups'}),
    'skills.status': (READ, {}, {'agentId', 'profiles', 'groups'}),
    'tools.invoke': (WRITE, {'name': 'read', 'args': {'path': '.'}}, {'ok', 'toolName'}),
    'wake': (WRITE, {'mode': 'next-heartbeat', 'text': 'the tea is ready'}, {'ok'}),
    'system-event': (WRITE, {'text': 'the tea is ready'}, {'ok'}),
    'exec.approval.list': (APPROVALS, {}, list),
    'last-heartbeat': (READ, {}, None),
    'set-heartbeats': (ADMIN, {'enabled': False}, {'ok', 'enabled'}),
    'gateway.restart.preflight': (READ, {}, {'safe', 'counts', 'blockers', 'summary'}),
    'question.list': (READ, {}, {'questions'}),
    'plugin.approval.list': (READ, {}, list),
    'openclaw.approval.list': (READ, {}, list),
    'taskSuggestions.list': (READ, {}, {'suggestions'}),
    'tasks.list': (READ, {}, {'tasks'}),
    'update.status': (READ, {}, {'sentinel', 'updateAvailable'}),
    'users.prefs.get': (READ, {}, {'status'}),
    'channels.status': (READ, {}, {'ts', 'channels', 'channelOrder', 'channelLabels', 'channelAccounts'}),
    'channels.pairing.list': (PAIRING, {}, {'requests'}),
    'x.channels.outbox.list': (READ, {}, {'pending', 'failed', 'unknown', 'messages'}),
    'x.channels.outbox.resend': (WRITE, {}, {'ok', 'count'}),
    'x.channels.outbox.discard': (WRITE, {}, {'ok', 'count'}),
    'device.pair.list': (READ, {}, {'pending', 'paired'}),
    'node.list': (READ, {}, {'ts', 'nodes'}),
    'sessions.groups.list': (READ, {}, {'groups', 'sectionOrder'}),
    'plugins.list': (READ, {}, {'plugins'}),
}
# parameters that would do, were they not incomplete: what else there is
OTHERS = {
    'agent': WRITE, 'sessions.send': WRITE, 'sessions.delete': WRITE, 'sessions.unsubscribe': READ, 'config.patch': ADMIN,
    'config.apply': ADMIN, 'config.set': ADMIN, 'cron.add': ADMIN, 'cron.update': ADMIN, 'cron.remove': ADMIN, 'cron.run': ADMIN,
    'agents.files.get': READ, 'agents.files.set': ADMIN, 'models.probe': ADMIN, 'sessions.fork': WRITE,
    'cron.get': READ, 'exec.approval.get': APPROVALS, 'exec.approval.resolve': APPROVALS, 'device.pair.approve': PAIRING,
    'device.pair.reject': PAIRING, 'device.pair.remove': PAIRING, 'device.token.rotate': PAIRING, 'device.token.revoke': PAIRING,
    'gateway.restart.request': ADMIN, 'system-event': WRITE, 'channels.pairing.approve': PAIRING, 'channels.pairing.dismiss': PAIRING, 'send': WRITE,
}
OPEN = {'sessions.create', 'usage.cost', 'usage.status', 'last-heartbeat', 'set-heartbeats', 'gateway.restart.preflight', 'question.list',
        'plugin.approval.list', 'openclaw.approval.list', 'taskSuggestions.list', 'tasks.list', 'update.status', 'users.prefs.get',
        'channels.status', 'node.list', 'sessions.groups.list', 'plugins.list', 'gateway.restart.request', 'cron.add', 'cron.update',
        'system-event'}


def test_every_method_answers_with_its_members(gateway):
    c = gateway.connect()
    for method, (_, params, members) in METHODS.items():
        got = c.call(method, params)
        if members is None:
            assert got is None, method
        elif members is list:
            assert isinstance(got, list), method
        else:
            assert members <= set(got), f'{method} lacks {members - set(got)}'


def test_the_hello_names_the_methods(gateway):
    named = set(gateway.connect().hello['features']['methods']) - {'connect'}
    assert named == set(METHODS) | set(OTHERS)


def test_the_documentation_names_the_methods():
    page = (ROOT / 'docs' / 'protocol.md').read_text()
    assert not [m for m in [*METHODS, *OTHERS] if f'`{m}`' not in page]


def test_parameters_may_be_left_out(gateway):
    c = gateway.connect()
    for method, (_, params, _) in METHODS.items():
        if not params:
            assert c.request(method)['ok'] is True, method


def test_closed_parameters_refuse_what_they_do_not_know(gateway):
    c = gateway.connect()
    for method in [*METHODS, *OTHERS]:
        if method in OPEN:
            continue
        params = METHODS[method][1] if method in METHODS else {}
        error = c.refused(method, {**params, 'surprise': 1})
        assert error['code'] == 'INVALID_REQUEST', method
        assert error['message'].startswith(f'invalid {method} params: '), error
        assert "at root: unexpected property 'surprise'" in error['message'], error


def test_scopes_are_enforced(gateway):
    reader = gateway.connect(client=CLI, scopes=[READ])
    writer = gateway.connect(client=CLI, scopes=[WRITE])
    nobody = gateway.connect(client=CLI, scopes=[])
    for method, (scope, params, _) in METHODS.items():
        assert nobody.request(method, params)['ok'] is (scope is None), method
        if scope == READ:
            assert reader.request(method, params)['ok'] is True, method
            assert writer.request(method, params)['ok'] is True, method
        elif scope:
            error = reader.refused(method, params)
            assert error['code'] == 'FORBIDDEN' and error['message'] == f'missing scope: {scope}', (method, error)
            assert error['details'] == {'code': 'MISSING_SCOPE', 'missingScope': scope, 'requiredScopes': [scope]}
    for method, scope in OTHERS.items():
        if scope != READ:
            assert reader.refused(method, {})['message'] == f'missing scope: {scope}', method


def test_anything_else_is_unknown(gateway):
    c = gateway.connect()
    for method in ('chat.transcribe', 'sessions', '', 'health ', 'Health', 'connect.challenge'):
        error = c.refused(method, {})
        assert error['code'] == 'INVALID_REQUEST', error
        if method:
            assert error['message'] == f'unknown method: {method}'


@pytest.mark.parametrize('params, problem', [
    ({}, "must have required property 'sessionKey'"),
    ({'sessionKey': 5}, 'at /sessionKey: must be string'),
    ({'sessionKey': 'main', 'limit': 0}, 'at /limit: must be >= 1'),
    ({'sessionKey': 'main', 'limit': 1001}, 'at /limit: must be <= 1000'),
    ({'sessionKey': 'main', 'inputRunIds': ['a', 'b' * 300]}, 'at /inputRunIds/1: must NOT have more than 256 characters'),
])
def test_problems_name_the_place(gateway, params, problem):
    assert gateway.connect().refused('chat.history', params)['message'] == f'invalid chat.history params: {problem}'


# ---- who and what answers

def test_agents_and_models(gateway):
    c = gateway.connect()
    agent = c.call('agents.list')['agents'][0]
    assert agent['id'] == 'main' and agent['kind'] == 'agent' and agent['model']['primary'] == 'lmstudio/qwen/qwen3.5-9b'
    assert agent['identity']['name'] and agent['workspace'] and agent['thinkingLevels'] and agent['thinkingDefault']
    models = {m['id']: m for m in c.call('models.list')['models']}
    default = models['qwen/qwen3.5-9b']
    assert default['provider'] == 'lmstudio' and default['contextWindow'] == 32768 and default['tags'] == ['default']
    assert default['local'] is True and default['available'] is True and default['input'] == ['text']
    assert not [m for m in models if 'embed' in m], 'what cannot chat is hidden'
    assert c.call('models.list', {'provider': 'nobody'}) == {'models': []}
    assert c.refused('agent.identity.get', {'agentId': 'nobody'})['code'] == 'INVALID_REQUEST'


def test_tools_are_listed_and_can_be_run(gateway, openclaw):
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    (openclaw.workspace / 'a.txt').write_text('some text\n')
    c = gateway.connect()
    names = {t['id'] for g in c.call('tools.catalog')['groups'] for t in g['tools']}
    assert {'read', 'write', 'edit', 'exec'} <= names
    got = c.call('tools.invoke', {'name': 'read', 'args': {'path': 'a.txt'}})
    assert got['ok'] is True and got['toolName'] == 'read' and 'some text' in got['output']
    bad = c.call('tools.invoke', {'name': 'read', 'args': {'path': 'none.txt'}})
    assert bad['ok'] is False and bad['error']['message']
    assert c.refused('tools.invoke', {'name': 'teleport'})['code'] == 'INVALID_REQUEST'


def test_wake_now_is_a_run_and_later_is_kept(gateway, sim):
    c = gateway.connect()
    c.call('wake', {'mode': 'next-heartbeat', 'text': 'the tea is ready'})
    assert c.call('status')['queuedSystemEvents'] == ['the tea is ready'] and not sim.chats
    c.call('wake', {'mode': 'now', 'text': 'look at the clock'})
    c.wait_event('chat', lambda p: p['state'] == 'final')
    assert 'look at the clock' in str(sim.chats[0].json)


# ---- the configuration

def raw(value):
    return json.dumps(value)


def test_secrets_are_shown_to_nobody_and_survive(gateway, openclaw):
    openclaw.config_file.write_text(openclaw.config_file.read_text().replace('"api":', '"apiKey": "sk-very-secret", "api":'))
    c = gateway.connect()
    now = c.call('config.get')
    assert 'gateway-test-token' not in json.dumps(now) and 'sk-very-secret' not in json.dumps(now)
    assert now['config']['gateway']['auth']['token'] == '__OPENCLAW_REDACTED__'
    assert now['valid'] is True and now['issues'] == [] and now['exists'] is True
    whole = json.loads(now['raw'])
    whole['agents']['defaults']['timeoutSeconds'] = 77
    done = c.call('config.set', {'raw': raw(whole), 'baseHash': now['hash']})
    assert done['ok'] is True and done['hash'] != now['hash'] and 'sk-very-secret' not in json.dumps(done)
    kept = openclaw.read_config()
    assert kept['gateway']['auth']['token'] == 'gateway-test-token' and kept['agents']['defaults']['timeoutSeconds'] == 77
    assert kept['models']['providers']['lmstudio']['apiKey'] == 'sk-very-secret'


def test_a_patch_merges_and_tells(gateway, openclaw):
    c, other = gateway.connect(), gateway.connect(scopes=[READ])
    now = c.call('config.get')
    done = c.call('config.patch', {'raw': '{agents: {defaults: {timeoutSeconds: 55}}}', 'baseHash': now['hash']})
    assert done['ok'] is True and done['path'] == str(openclaw.config_file)
    told = other.wait_event('config.changed')
    assert told['hash'] == done['hash'] and told['path'] == done['path'] and told['ts'] > 0
    assert openclaw.read_config()['agents']['defaults']['timeoutSeconds'] == 55
    fresh = c.call('config.get')
    assert fresh['hash'] == done['hash'] == fresh['appliedConfigHash']
    gone = c.call('config.patch', {'raw': raw({'agents': {'defaults': {'timeoutSeconds': None}}}), 'baseHash': fresh['hash']})
    assert 'timeoutSeconds' not in openclaw.read_config()['agents']['defaults']
    same = c.call('config.patch', {'raw': '{}', 'baseHash': gone['hash']})
    assert same['noop'] is True and same['hash'] == gone['hash']


def test_changes_that_cannot_be_made_change_nothing(gateway, openclaw):
    c = gateway.connect()
    before, base = openclaw.config_file.read_bytes(), c.call('config.get')['hash']
    for params, words in (
            ({'raw': '{}'}, 'hash'),
            ({'raw': '{}', 'baseHash': '0' * 64}, 'changed'),
            ({'raw': '{agents:', 'baseHash': base}, 'raw'),
            ({'raw': '[1]', 'baseHash': base}, 'object'),
            ({'raw': raw({'gateway': {'port': 'many'}}), 'baseHash': base}, 'gateway.port'),
            ({'raw': raw({'tools': {'exec': {'token': '__OPENCLAW_REDACTED__'}}}), 'baseHash': base}, 'secret')):
        error = c.refused('config.patch', params)
        assert error['code'] == 'INVALID_REQUEST' and words in error['message'], (params, error)
        assert openclaw.config_file.read_bytes() == before
    issues = c.refused('config.patch', {'raw': raw({'gateway': {'port': 'many'}}), 'baseHash': base})['details']['issues']
    assert issues and issues[0]['path'] == 'gateway.port' and issues[0]['message']
    assert c.refused('config.set', {'raw': '{}', 'baseHash': base})['code'] == 'INVALID_REQUEST', 'it would lose too much'
    assert openclaw.config_file.read_bytes() == before


def test_a_broken_file_is_shown_with_its_problem(gateway, openclaw):
    c = gateway.connect()
    openclaw.config_file.write_text('{gateway: {port: "many"}}')
    now = c.call('config.get')
    assert now['valid'] is False and now['issues'][0]['path'] == 'gateway.port'
    openclaw.config_file.write_text('{gateway: ')
    now = c.call('config.get')
    assert now['valid'] is False and now['issues'][0]['message']
    assert c.call('health')['ok'] is True


def test_the_schema_can_be_looked_up(gateway):
    c = gateway.connect()
    assert c.call('config.schema')['schema']['properties']['gateway']
    port = c.call('config.schema.lookup', {'path': 'gateway.port'})
    assert port['reloadKind'] == 'restart' and port['children'] == [] and 'integer' in json.dumps(port['schema'])
    root = c.call('config.schema.lookup', {'path': ''})
    assert {'gateway', 'agents', 'models'} <= {child['key'] for child in root['children']}
    assert c.call('config.schema.lookup', {'path': 'models.providers.lmstudio.baseUrl'})['reloadKind'] == 'hot'
    assert c.refused('config.schema.lookup', {'path': 'no.such.thing'})['code'] == 'INVALID_REQUEST'


# ---- the log

def test_the_log_is_read_by_offset(start_gateway, sim, openclaw):
    g = start_gateway(test_config(sim.base_url))
    g.wait_console('models refreshed')  # nothing else is logged from here on
    c = g.connect()
    page = c.call('logs.tail', {'limit': 2})
    assert len(page['lines']) == 2 and page['truncated'] is True and page['reset'] is False
    assert page['file'] == str(openclaw.home / 'gateway.log') and page['size'] >= page['cursor'] > 0
    log = openclaw.home / 'gateway.log'
    with log.open('a') as f:
        f.write('first new line\nsecond ünïcode\nhalf a li')
    more = c.call('logs.tail', {'cursor': page['cursor'], 'limit': 5000})
    assert more['lines'][-2:] == ['first new line', 'second ünïcode']
    with log.open('a') as f:
        f.write('ne\n')
    assert c.call('logs.tail', {'cursor': more['cursor']})['lines'][0] == 'half a line'
    beyond = c.call('logs.tail', {'cursor': 10**9})
    assert beyond['reset'] is True and beyond['lines']
    small = c.call('logs.tail', {'cursor': 0, 'maxBytes': 30})
    assert small['truncated'] is True and small['skippedBytes'] > 0 and len(''.join(small['lines'])) <= 30
    assert c.refused('logs.tail', {'limit': 5001})['code'] == 'INVALID_REQUEST'


# ---- approvals

def test_commands_wait_for_consent(start_gateway, sim):
    config = test_config(sim.base_url)
    config['tools'] = {'exec': {'mode': 'ask'}}
    g = start_gateway(config)
    c, judge = g.connect(), g.connect(scopes=[APPROVALS])
    seen = set()
    for decision, ok in (('allow-once', True), ('deny', False)):
        id = c.send('tools.invoke', {'name': 'exec', 'args': {'command': 'echo hello'}})
        asked = judge.wait_event('exec.approval.requested', lambda p: p['id'] not in seen)
        seen.add(asked['id'])
        assert [a['id'] for a in judge.call('exec.approval.list')] == [asked['id']]
        assert asked['request']['command'] == 'echo hello' and asked['expiresAtMs'] - asked['createdAtMs'] == 1800000
        assert judge.call('exec.approval.get', {'id': asked['id']})['id'] == asked['id']
        judge.call('exec.approval.resolve', {'id': asked['id'], 'decision': decision})
        told = judge.wait_event('exec.approval.resolved', lambda p: p['id'] == asked['id'])
        assert told['decision'] == decision
        answer = c.response(id)['payload']
        assert answer['ok'] is ok, answer
        assert judge.refused('exec.approval.resolve', {'id': asked['id'], 'decision': 'deny'})['code'] == 'INVALID_REQUEST'
    assert judge.call('exec.approval.list') == []
    assert 'decision' in judge.refused('exec.approval.resolve', {'id': 'x', 'decision': 'maybe'})['message']


# ---- devices

def test_devices_are_shown_and_removed(gateway):
    from gateway_client import TUI, Device
    device = Device()
    c = gateway.connect(client=TUI, device=device)
    paired = c.call('device.pair.list')['paired']
    assert [d['deviceId'] for d in paired] == [device.id]
    assert c.hello['auth']['deviceToken'] not in json.dumps(paired)
    fresh = c.call('device.token.rotate', {'deviceId': device.id, 'role': 'operator', 'scopes': [READ]})
    assert fresh['scopes'] == [READ] and fresh['tokenDelivery'] == 'in-band' and fresh['rotatedAtMs'] > 0
    other = gateway.connect()
    hidden = other.call('device.token.rotate', {'deviceId': device.id, 'role': 'operator'})
    assert hidden['tokenDelivery'] == 'withheld-cross-device' and 'token' not in hidden
    assert other.call('device.token.revoke', {'deviceId': device.id, 'role': 'operator'})['revokedAtMs'] > 0
    assert other.call('device.pair.remove', {'deviceId': device.id}) == {'deviceId': device.id, 'removed': True}
    assert other.call('device.pair.list')['paired'] == []
    for method, params in (('device.pair.approve', {'requestId': 'x'}), ('device.pair.reject', {'requestId': 'x'}),
                           ('device.pair.remove', {'deviceId': 'x'})):
        with pytest.raises(RpcError, match='unknown'):
            other.call(method, params)
