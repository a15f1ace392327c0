"""Events of model calls: with --log-level debug and in a file, whatever the end of the call."""
import json

import pytest

PROMPT = 'a very private question'


def events_in(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith('{"type":"model.call.')]


def ask(openclaw, sim, *args, env=None):
    openclaw.use(sim.base_url)
    return openclaw.run('infer', 'model', 'run', '--prompt', PROMPT, *args, env=env)


def pairs(events):
    """Every started has one terminal event of the same call after it."""
    started = [e['callId'] for e in events if e['type'] == 'model.call.started']
    ended = [e['callId'] for e in events if e['type'] != 'model.call.started']
    assert started and started == ended, events
    return [e for e in events if e['type'] != 'model.call.started']


def test_debugging_shows_the_events_on_stderr(openclaw, sim):
    sim.reply('Hello.')
    r = ask(openclaw, sim, '--log-level', 'debug').ok()
    end, = pairs(events_in(r.err))
    assert end['type'] == 'model.call.completed' and end['usage']['output'] > 0
    assert end['responseStreamBytes'] > 0 and end['timeToFirstByteMs'] <= end['durationMs']
    lines = [line for line in r.err.splitlines() if line.startswith('{"type":"model.call.')]
    assert not any(PROMPT in line or 'http' in line.replace('"transport":"http"', '') for line in lines)
    assert 'model.call' not in r.out


def test_no_event_without_being_asked(openclaw, sim):
    sim.reply('Hello.')
    assert 'model.call' not in ask(openclaw, sim).ok().err


@pytest.mark.parametrize('fault, settings, kind', [
    ('reset', {'after': 2, 'times': 9}, 'connection_reset'),
    ('cut', {'after': 2, 'times': 9}, 'terminated'),
    ('end', {'after': 2, 'times': 9}, 'connection_closed'),
    ('status', {'status': 401, 'times': 9}, None),
])
def test_a_failure_carries_its_kind(openclaw, sim, tmp_path, fault, settings, kind):
    file = tmp_path / 'deep' / 'calls.jsonl'
    sim.fail(fault, **settings)
    r = ask(openclaw, sim, env={'OPENCLAW_DIAGNOSTICS_FILE': str(file)})
    assert r.rc == 1 and 'model.call' not in r.err
    assert file.stat().st_mode & 0o777 == 0o600
    for end in pairs(events_in(file.read_text())):
        assert end['type'] == 'model.call.error' and end.get('failureKind') == kind, end
        assert ('memory' in end) == (kind is not None)


def test_an_interrupted_call_ends_as_aborted(openclaw, sim, tmp_path):
    file = tmp_path / 'calls.jsonl'
    sim.fail('hang', after=1)
    openclaw.use(sim.base_url)
    running = openclaw.start('infer', 'model', 'run', '--prompt', PROMPT, env={'OPENCLAW_DIAGNOSTICS_FILE': str(file)})
    sim.wait_for(lambda s: s.chats)
    running.signal()
    assert running.wait(5).rc != 0
    end, = pairs(events_in(file.read_text()))
    assert end['failureKind'] == 'aborted'
