"""The handshake of the WebSocket protocol and what is refused on the way (spec 02 §2.1 to §2.4)."""
import json
import socket
import threading
import time

import pytest
import websockets.exceptions
from gateway_client import (BACKEND, CLI, CONTROL_UI, PROBE, TOKEN, TUI, Device, Gateway, RpcError, connect_params, new_id,
                            test_config)
from program import BINARY, OpenClaw, free_port


@pytest.fixture(scope='module')
def module_gateway(tmp_path_factory):
    """One gateway for the cases that leave nothing behind."""
    program = OpenClaw(tmp_path_factory.mktemp('handshake'))
    program.write_config(test_config(logs=program.home))
    g = Gateway(program, BINARY, free_port(), env={'OPENCLAW_HANDSHAKE_TIMEOUT_MS': '15000'}).wait_ready()
    yield g
    g.close()
    assert TOKEN not in g.console


def refused(g, params=None, device=None, **how):
    c = g.open(**how.pop('options', {}))
    with pytest.raises(RpcError) as e:
        c.handshake(params, device, **how)
    return e.value, c.wait_closed()


# ---- hello-ok

def test_a_client_with_the_token_gets_what_real_clients_need(module_gateway):
    hello = module_gateway.connect().hello
    assert hello['type'] == 'hello-ok' and hello['protocol'] == 4
    assert set(hello['server']) >= {'version', 'connId'}
    assert 'published-model-catalog' in hello['features']['capabilities']
    assert {'chat', 'agent', 'tick', 'health', 'presence', 'shutdown'} <= set(hello['features']['events'])
    snapshot = hello['snapshot']
    assert snapshot['stateVersion'].keys() == {'presence', 'health'} and isinstance(snapshot['presence'], list)
    assert snapshot['sessionDefaults']['mainSessionKey'] == 'agent:main:main' and snapshot['health']['ok'] is True
    assert hello['policy'] == {'maxPayload': 26214400, 'maxBufferedBytes': 52428800, 'tickIntervalMs': 30000,
                               'attachments': {'maxBytes': 19464192, 'maxImageBytes': 6291456}}
    assert hello['auth']['method'] == 'token' and hello['auth']['role'] == 'operator'


def test_the_challenge_has_a_nonce_and_a_time_and_no_number(module_gateway):
    c = module_gateway.open()
    assert isinstance(c.wait_event('connect.challenge')['ts'], int) and len(c.nonce) >= 32
    assert 'seq' not in c.events('connect.challenge')[0]
    assert c.nonce != module_gateway.open().nonce


def test_requested_scopes_are_granted_as_they_are(module_gateway):
    assert module_gateway.connect(scopes=['operator.read', 'operator.strange']).hello['auth']['scopes'] == [
        'operator.read', 'operator.strange']


@pytest.mark.parametrize('low, high, client, ok', [(4, 4, CLI, True), (3, 4, CLI, True), (1, 9, CLI, True), (3, 3, CLI, False),
                                                   (5, 6, CLI, False), (3, 3, PROBE, True), (2, 2, PROBE, False)])
def test_the_range_of_versions_must_hold_ours(module_gateway, low, high, client, ok):
    params = connect_params(client=client, minProtocol=low, maxProtocol=high)
    if ok:
        module_gateway.connect(params)
        return
    e, closed = refused(module_gateway, params)
    assert closed == (1002, 'protocol mismatch') and e.error['message'] == 'protocol mismatch'
    assert e.details == {'code': 'PROTOCOL_MISMATCH', 'clientMinProtocol': low, 'clientMaxProtocol': high, 'expectedProtocol': 4,
                         'minimumProbeProtocol': 3}


@pytest.mark.parametrize('role', ['node', 'worker', 'boss'])
def test_other_roles_are_refused(module_gateway, role):
    e, closed = refused(module_gateway, connect_params(role=role))
    assert (e.code, e.error['message'], closed) == ('INVALID_REQUEST', 'invalid role', (1008, 'invalid role'))


@pytest.mark.parametrize('change, words', [
    ({'client': {**CLI, 'mode': 'strange'}}, '/client/mode'), ({'client': {'mode': 'cli'}}, "'id'"), ({'minProtocol': 'x'}, '/minProtocol'),
    ({'client': None}, '/client'), ({'scopes': 'all'}, '/scopes'), ({'device': {'id': 'x'}}, '/device')])
def test_params_of_the_wrong_form_are_named(module_gateway, change, words):
    e, closed = refused(module_gateway, {**connect_params(), **change})
    assert e.code == 'INVALID_REQUEST' and e.error['message'].startswith('invalid connect params: ') and words in e.error['message']
    assert closed[0] == 1008


def test_unknown_members_and_clients_are_let_pass(module_gateway):
    module_gateway.connect(client={**CLI, 'id': 'somebody-new', 'x': 1}, locale='de', userAgent='x', strange={'a': 1})


# ---- frames before the hello

def test_another_first_request_than_connect_is_answered_and_closed(module_gateway):
    c = module_gateway.open()
    error = c.refused('health')
    assert error['message'] == 'invalid handshake: first request must be connect' and c.wait_closed()[0] == 1008


@pytest.mark.parametrize('data', ['{', 'hello', b'\x00\x01', b'{"type":"req"}'])
def test_what_is_not_json_text_is_closed_in_silence(module_gateway, data):
    c = module_gateway.open()
    c.wait_event('connect.challenge')
    c.send_raw(data)
    assert c.wait_closed() == (1000, '') and len(c.frames) == 1


@pytest.mark.parametrize('data', ['[]', '"x"', '{"type":"req"}', '{"type":"evt","id":"1","method":"connect"}',
                                  '{"type":"req","id":"1","method":"connect","extra":1}', '{"type":"req","id":7,"method":"connect"}'])
def test_what_is_no_request_is_closed_without_an_answer(module_gateway, data):
    c = module_gateway.open()
    c.wait_event('connect.challenge')
    c.send_raw(data)
    assert c.wait_closed() == (1008, 'invalid request frame') and len(c.frames) == 1


def test_70_kb_before_the_hello_are_too_much(module_gateway):
    c = module_gateway.open()
    c.wait_event('connect.challenge')
    with pytest.raises((websockets.exceptions.ConnectionClosed, AssertionError)):
        c.send('connect', {**connect_params(), 'pad': 'x' * 70000})
        c.wait_event('never', timeout=10)
    assert c.wait_closed()[0] == 1009


def test_large_frames_are_fine_after_the_hello(module_gateway):
    c = module_gateway.connect()
    assert 'unknown method: x' == c.refused('x', {'pad': 'x' * 3_000_000})['message']


def test_offered_compression_is_not_negotiated(module_gateway):
    c = module_gateway.open(compression='deflate')
    assert c.socket.response.headers.get('Sec-WebSocket-Extensions') is None
    c.handshake()


def test_a_silent_handshake_is_closed(start_gateway):
    g = start_gateway(test_config(), env={'OPENCLAW_HANDSHAKE_TIMEOUT_MS': '200'})
    assert g.open().wait_closed() == (1000, '')


def test_connect_twice_is_an_error_and_the_connection_stays(module_gateway):
    c = module_gateway.connect()
    assert c.refused('connect', connect_params())['code'] == 'INVALID_REQUEST'
    assert c.refused('no.such.method')['message'] == 'unknown method: no.such.method'


def test_frames_that_are_no_requests_are_refused_after_the_hello(module_gateway):
    c = module_gateway.connect()
    c.send_raw('{"type":"req","id":"a","method":"health","extra":1}')
    assert "unexpected property 'extra'" in c.response('a')['error']['message']
    c.send_raw('not json')
    assert c.response('invalid')['error']['code'] == 'INVALID_REQUEST'
    assert c.refused('still.here')['message'] == 'unknown method: still.here'


# ---- who may connect

def details(e):
    return e.code, e.details.get('code'), e.details.get('authReason')


@pytest.mark.parametrize('client', [CLI, BACKEND, PROBE])
@pytest.mark.parametrize('auth, code', [
    (None, 'DEVICE_IDENTITY_REQUIRED'), ({'token': 'wrong'}, 'AUTH_TOKEN_MISMATCH'), ({'password': 'wrong'}, 'AUTH_TOKEN_MISMATCH'),
    ({'token': TOKEN}, None), ({'password': TOKEN}, None)])
def test_token_mode_without_a_device(module_gateway, client, auth, code):
    params = connect_params(token=None, client=client)
    if auth:
        params['auth'] = auth
    if not code:
        scopes = module_gateway.connect(params).hello['auth']['scopes']
        assert bool(scopes) == (client is not PROBE)
        return
    e, closed = refused(module_gateway, params)
    assert e.details['code'] == code and closed[0] == 1008
    if code == 'AUTH_TOKEN_MISMATCH':
        assert e.code == 'INVALID_REQUEST' and e.error['message'].startswith('unauthorized: ')
        assert e.details['authReason'] == 'token_mismatch' and e.details['canRetryWithDeviceToken'] is False
        assert e.details['recommendedNextStep'] == 'update_auth_credentials'
    else:
        assert e.code == 'NOT_PAIRED'


@pytest.mark.parametrize('token', [None, 'wrong', TOKEN])
def test_the_terminal_client_needs_a_device(module_gateway, token):
    e, closed = refused(module_gateway, connect_params(token=token, client=TUI))
    assert e.details == {'code': 'CONTROL_UI_DEVICE_IDENTITY_REQUIRED'} and closed[0] == 1008


@pytest.mark.parametrize('version', ['v2', 'v3'])
def test_a_device_is_paired_silently_and_its_token_works(module_gateway, version):
    device = Device()
    params = connect_params(client={**TUI, 'platform': ' Linux ', 'deviceFamily': 'LINUX '})
    hello = module_gateway.open().handshake(params, device, version=version).hello
    token = hello['auth']['deviceToken']
    assert len(token) == 43 and hello['auth']['issuedAtMs'] > 0 and hello['auth']['scopes'] == params['scopes']
    again = module_gateway.connect(connect_params(token=token, client=TUI), device).hello
    assert again['auth']['method'] == 'device-token'
    explicit = connect_params(token=None, client=TUI, auth={'deviceToken': token})
    assert module_gateway.connect(explicit, device).hello['auth']['method'] == 'device-token'


def test_earlier_tokens_of_a_device_stay_valid(module_gateway):
    device = Device()
    tokens = [module_gateway.connect(connect_params(client=TUI), device).hello['auth']['deviceToken'] for _ in range(3)]
    assert len(set(tokens)) == 3
    for t in tokens:
        module_gateway.connect(connect_params(token=t, client=TUI), device)


def test_a_device_token_is_no_use_to_another_device_or_for_more_scopes(module_gateway):
    device, other = Device(), Device()
    token = module_gateway.connect(connect_params(client=TUI, scopes=['operator.read']), device).hello['auth']['deviceToken']
    e, _ = refused(module_gateway, connect_params(token=token, client=TUI), other)
    assert details(e) == ('INVALID_REQUEST', 'AUTH_TOKEN_MISMATCH', 'token_mismatch')
    e, _ = refused(module_gateway, connect_params(token=None, auth={'deviceToken': token}, client=TUI), other)
    assert details(e) == ('INVALID_REQUEST', 'AUTH_DEVICE_TOKEN_MISMATCH', 'device_token_mismatch')
    e, _ = refused(module_gateway, connect_params(token=token, client=TUI), device)
    assert details(e) == ('INVALID_REQUEST', 'AUTH_SCOPE_MISMATCH', 'scope_mismatch')


def test_a_wrong_token_with_a_device_says_that_the_device_token_may_do(module_gateway):
    e, _ = refused(module_gateway, connect_params(token='wrong', client=TUI), Device())
    assert e.details == {'code': 'AUTH_TOKEN_MISMATCH', 'authReason': 'token_mismatch', 'canRetryWithDeviceToken': True,
                         'recommendedNextStep': 'retry_with_device_token'}
    e, _ = refused(module_gateway, connect_params(token=None, client=TUI), Device())
    assert details(e) == ('INVALID_REQUEST', 'AUTH_TOKEN_MISSING', 'token_missing')


@pytest.mark.parametrize('how, code', [
    ({'nonce': 'another'}, 'DEVICE_AUTH_NONCE_MISMATCH'), ({'age_ms': 130_000}, 'DEVICE_AUTH_SIGNATURE_EXPIRED'),
    ({'age_ms': -130_000}, 'DEVICE_AUTH_SIGNATURE_EXPIRED'), ({'signature': 'A' * 86}, 'DEVICE_AUTH_SIGNATURE_INVALID'),
    ({'signature': 'not base64!'}, 'DEVICE_AUTH_SIGNATURE_INVALID'), ({'id': '0' * 64}, 'DEVICE_AUTH_DEVICE_ID_MISMATCH'),
    ({'publicKey': 'AAAA'}, 'DEVICE_AUTH_DEVICE_ID_MISMATCH'), ({'nonce': ' '}, 'DEVICE_AUTH_NONCE_REQUIRED')])
def test_a_bad_proof_is_refused_even_with_the_right_token(module_gateway, how, code):
    device, c, params = Device('x'), module_gateway.open(), connect_params(client=TUI)
    proof = device.sign(params, c.nonce, age_ms=how.pop('age_ms', 0))
    with pytest.raises(RpcError) as e:
        c.handshake({**params, 'device': {**proof, **how}})
    assert (e.value.code, e.value.details['code']) == ('INVALID_REQUEST', code) and c.wait_closed()[0] == 1008


def test_a_signature_of_an_earlier_connection_is_refused(module_gateway):
    device, params, first = Device(), connect_params(client=TUI), module_gateway.open()
    proof = device.sign(params, first.nonce)
    first.handshake({**params, 'device': proof})
    e, _ = refused(module_gateway, {**params, 'device': proof})
    assert e.details['code'] == 'DEVICE_AUTH_NONCE_MISMATCH'


def test_a_signature_covers_the_scopes(module_gateway):
    device, c, params = Device(), module_gateway.open(), connect_params(client=TUI, scopes=['operator.read'])
    proof = device.sign(params, c.nonce)
    with pytest.raises(RpcError) as e:
        c.handshake({**params, 'scopes': ['operator.admin'], 'device': proof})
    assert e.value.details['code'] == 'DEVICE_AUTH_SIGNATURE_INVALID'


def test_password_mode_takes_the_password_in_either_field(start_gateway):
    g = start_gateway({'gateway': {'mode': 'local', 'bind': 'loopback', 'auth': {'mode': 'password', 'password': 'open sesame'}}})
    for auth in ({'password': 'open sesame'}, {'token': 'open sesame'}):
        assert g.connect(connect_params(token=None, auth=auth)).hello['auth']['method'] == 'password'
    e, _ = refused(g, connect_params(token=None, auth={'password': 'x'}))
    assert details(e) == ('INVALID_REQUEST', 'AUTH_PASSWORD_MISMATCH', 'password_mismatch')
    e, _ = refused(g, connect_params(token=None, client=TUI), Device())
    assert details(e) == ('INVALID_REQUEST', 'AUTH_PASSWORD_MISSING', 'password_missing')
    assert 'open sesame' not in g.console


def test_mode_none_takes_this_machines_tools_and_no_strangers(start_gateway):
    g = start_gateway({'gateway': {'mode': 'local', 'bind': 'loopback', 'auth': {'mode': 'none'}}})
    for client in (CLI, TUI, BACKEND):
        hello = g.connect(connect_params(token=None, client=client)).hello
        assert hello['auth']['method'] == 'none' and hello['auth']['scopes']
    e, closed = refused(g, connect_params(token=None, client={**CLI, 'id': 'test', 'mode': 'test'}))
    assert (e.code, e.details['code'], closed[0]) == ('NOT_PAIRED', 'DEVICE_IDENTITY_REQUIRED', 1008)
    g.connect(connect_params(token=None, client={**CLI, 'id': 'test', 'mode': 'test'}), Device())
    e, _ = refused(g, connect_params(token=None), options={'origin': 'http://evil.example'})
    assert e.details['code'] == 'CONTROL_UI_ORIGIN_NOT_ALLOWED'


# ---- pages of browsers

def test_a_page_of_ours_is_let_in_and_comes_back_with_its_device_token(module_gateway):
    g, device = module_gateway, Device()
    origin = {'options': {'origin': g.url}}
    token = g.open(origin=g.url).handshake(connect_params(client=CONTROL_UI), device).hello['auth']['deviceToken']
    again = g.open(origin=g.url).handshake(connect_params(token=token, client=CONTROL_UI), device)
    assert again.hello['auth']['method'] == 'device-token'
    e, _ = refused(g, connect_params(client=CONTROL_UI), **origin)
    assert e.details['code'] == 'CONTROL_UI_DEVICE_IDENTITY_REQUIRED'


@pytest.mark.parametrize('origin', ['http://evil.example', 'http://127.0.0.1:1', 'null', 'http://127.0.0.1', 'chrome-extension://abc'])
def test_foreign_pages_are_refused(module_gateway, origin):
    e, closed = refused(module_gateway, connect_params(client=CONTROL_UI), Device(), options={'origin': origin})
    assert e.details['code'] == 'CONTROL_UI_ORIGIN_NOT_ALLOWED' and closed[0] == 1008


def test_a_foreign_name_that_resolves_to_us_is_refused(module_gateway):
    g = module_gateway
    raw = raw_upgrade(g.port, f'rebound.example:{g.port}', f'http://rebound.example:{g.port}')
    assert b'CONTROL_UI_ORIGIN_NOT_ALLOWED' in raw


def test_a_browser_client_without_an_origin_is_refused(module_gateway):
    e, _ = refused(module_gateway, connect_params(client=CONTROL_UI), Device())
    assert e.details['code'] == 'CONTROL_UI_ORIGIN_NOT_ALLOWED'


def test_listed_origins_are_accepted(start_gateway):
    g = start_gateway(test_config(controlUi={'allowedOrigins': ['https://chat.example']}))
    g.open(origin='https://chat.example').handshake(connect_params(client=CONTROL_UI), Device())


def raw_upgrade(port, host, origin):
    """Connects with these headers and the right token; everything the gateway sends until it closes."""
    frame = json.dumps({'type': 'req', 'id': '1', 'method': 'connect', 'params': connect_params()}).encode()
    head = (f'GET / HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
            'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n').encode()
    with socket.create_connection(('127.0.0.1', port), 10) as s:
        s.sendall(head + b'\x81' + bytes([0x80 | 126]) + len(frame).to_bytes(2, 'big') + bytes(4) + frame)
        out = b''
        while chunk := s.recv(65536):
            out += chunk
        return out


def test_guessing_from_a_page_is_slowed_down(start_gateway):
    g = start_gateway(test_config(auth={'mode': 'token', 'token': TOKEN, 'rateLimit': {'maxAttempts': 3}}))
    for _ in range(3):
        e, _ = refused(g, connect_params(token=new_id()), options={'origin': g.url})
        assert e.details['code'] == 'AUTH_TOKEN_MISMATCH'
    e, _ = refused(g, connect_params(), options={'origin': g.url})
    assert e.details['code'] == 'AUTH_RATE_LIMITED' and e.error['retryable'] is True and 0 < e.error['retryAfterMs'] <= 300_000
    assert e.details['recommendedNextStep'] == 'wait_then_retry'
    g.connect()  # not a page: loopback is exempt
    assert g.get('/v1/nothing', headers={'Origin': g.url}).status == 404


# ---- after the hello

def test_a_scope_that_is_missing_is_named(module_gateway):
    c = module_gateway.connect(scopes=[])
    error = c.refused('sessions.list', {})
    assert error['code'] == 'FORBIDDEN' and error['message'] == 'missing scope: operator.read'
    assert error['details'] == {'code': 'MISSING_SCOPE', 'missingScope': 'operator.read', 'requiredScopes': ['operator.read']}


def test_presence_names_who_comes_and_goes(module_gateway):
    watcher, name = module_gateway.connect(), new_id()
    guest = module_gateway.connect(client={**BACKEND, 'displayName': name})
    watcher.wait_event('presence', lambda p: name in [e['host'] for e in p['presence']])
    guest.close()
    watcher.wait_event('presence', lambda p: watcher.events('presence')[-1]['payload'] == p and
                       name not in [e['host'] for e in p['presence']])
    numbers = [f['seq'] for f in watcher.events() if 'seq' in f]
    assert numbers == list(range(1, len(numbers) + 1))


def test_answers_come_in_any_order_and_to_the_right_request(module_gateway):
    c = module_gateway.connect()
    ids = [c.send('no.such', {'n': n}) for n in range(200)]
    assert all(c.response(i)['error']['message'] == 'unknown method: no.such' for i in ids)


def test_many_connections_at_once_all_get_their_hello(module_gateway):
    helloes = []
    threads = [threading.Thread(target=lambda: helloes.append(module_gateway.connect().hello['server']['connId'])) for _ in range(40)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert len(set(helloes)) == 40


def test_a_client_that_vanishes_is_forgotten(module_gateway):
    watcher, name = module_gateway.connect(), new_id()
    guest = module_gateway.connect(client={**BACKEND, 'displayName': name})
    watcher.wait_event('presence', lambda p: name in [e['host'] for e in p['presence']])
    guest.socket.socket.shutdown(socket.SHUT_RDWR)
    until = time.monotonic() + 10
    while name in [e['host'] for e in watcher.events('presence')[-1]['payload']['presence']]:
        assert time.monotonic() < until
        time.sleep(0.05)


# ---- devices from elsewhere

ELSEWHERE = {'additional_headers': {'X-Forwarded-For': '203.0.113.9'}}


def test_a_device_from_elsewhere_waits_for_approval(gateway):
    device, here = Device(), gateway.connect()
    params = connect_params(client=TUI, scopes=['operator.read'])
    e, closed = refused(gateway, params, device, options=ELSEWHERE)
    assert (e.code, e.details['code'], e.details['reason'], closed[0]) == ('NOT_PAIRED', 'PAIRING_REQUIRED', 'not-paired', 1008)
    asked = here.wait_event('device.pair.requested')
    assert asked['requestId'] == e.details['requestId'] and asked['deviceId'] == device.id and asked['scopes'] == ['operator.read']
    assert [p['requestId'] for p in here.call('device.pair.list')['pending']] == [asked['requestId']]
    again, _ = refused(gateway, params, device, options=ELSEWHERE)
    assert again.details['requestId'] == asked['requestId']
    here.call('device.pair.approve', {'requestId': asked['requestId']})
    token = gateway.open(**ELSEWHERE).handshake(params, device).hello['auth']['deviceToken']
    gateway.open(**ELSEWHERE).handshake({**params, 'auth': {'token': token}}, device)
    more = {**params, 'scopes': ['operator.admin']}
    e, _ = refused(gateway, more, device, options=ELSEWHERE)
    assert (e.details['code'], e.details['reason']) == ('PAIRING_REQUIRED', 'scope-upgrade')
    assert TOKEN not in json.dumps(here.call('device.pair.list'))


def test_tools_from_elsewhere_get_in_with_the_token_and_may_do_nothing(gateway):
    assert gateway.open(**ELSEWHERE).handshake(connect_params()).hello['auth']['scopes'] == []


def test_guessing_from_elsewhere_is_slowed_down_and_this_machine_is_not(start_gateway):
    g = start_gateway(test_config(trustedProxies=['127.0.0.1'], auth={'mode': 'token', 'token': TOKEN, 'rateLimit': {'maxAttempts': 2}}))
    for _ in range(2):
        refused(g, connect_params(token='wrong'), options=ELSEWHERE)
    e, _ = refused(g, connect_params(), options=ELSEWHERE)
    assert e.details['code'] == 'AUTH_RATE_LIMITED'
    r = g.get('/v1/models', headers=ELSEWHERE['additional_headers'])
    assert r.status == 429 and int(r.headers['Retry-After']) > 0
    g.connect()
    g.open(additional_headers={'X-Forwarded-For': '203.0.113.10'}).handshake(connect_params())
