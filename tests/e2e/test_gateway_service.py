"""`openclaw gateway install|start|stop|restart|uninstall`, with a systemctl that only notes what it is told."""
import stat

import pytest
from program import BINARY
from gateway_client import test_config

SYSTEMCTL = """#!/bin/sh
echo "$*" >> "$HOME/systemctl.calls"
case "$2" in
is-active) test -e "$HOME/active" ;;
enable | start) touch "$HOME/active" ;;
stop | disable) rm -f "$HOME/active" ;;
esac
"""


@pytest.fixture
def service(openclaw):
    """A home with the fake systemctl first in the path."""
    tool = openclaw.home / 'bin' / 'systemctl'
    tool.parent.mkdir()
    tool.write_text(SYSTEMCTL)
    tool.chmod(0o755)
    openclaw.env['PATH'] = f'{tool.parent}:{openclaw.env["PATH"]}'
    openclaw.unit = openclaw.home / '.config' / 'systemd' / 'user' / 'openclaw-gateway.service'
    openclaw.calls = lambda: [x for x in (openclaw.home / 'systemctl.calls').read_text().splitlines() if ' show ' not in f' {x} ']
    return openclaw


def test_install_writes_the_unit_and_starts_it(service):
    service.env['OPENCLAW_STATE_DIR'] = str(service.home / 'a "b" 100%')
    service.run('gateway', 'install', '--port', '19999').ok()
    text = service.unit.read_text()
    assert '"' + str(BINARY) + '" gateway run --port 19999\n' in text and 'Type=notify' in text
    assert 'RestartPreventExitStatus=78' in text and 'WantedBy=default.target' in text
    assert f'Environment="OPENCLAW_STATE_DIR={service.home}/a \\"b\\" 100%%"' in text
    assert stat.S_IMODE(service.unit.stat().st_mode) == 0o600
    assert service.calls() == ['--user daemon-reload', '--user enable --now openclaw-gateway.service']


def test_no_secret_gets_into_the_unit(service):
    service.run('gateway', 'install', env={'OPENCLAW_GATEWAY_TOKEN': 'very-secret', 'OPENAI_API_KEY': 'also-secret'}).ok()
    assert 'secret' not in service.unit.read_text()


def test_an_installed_unit_is_kept_unless_forced(service):
    service.run('gateway', 'install').ok()
    service.unit.write_text('mine')
    assert 'already installed' in service.run('gateway', 'install').ok().out and service.unit.read_text() == 'mine'
    service.run('gateway', 'install', '--force').ok()
    assert service.unit.read_text() != 'mine'


def test_start_stop_restart_and_uninstall_go_to_the_manager(service):
    service.run('gateway', 'start').failed('gateway install')
    service.run('gateway', 'install').ok()
    for verb in ('stop', 'start', 'restart'):
        assert service.run('gateway', verb, '--json').ok().json['action'] == verb
        assert service.calls()[-1] == f'--user {verb} openclaw-gateway.service'
    service.run('gateway', 'uninstall').ok()
    assert not service.unit.exists() and '--user disable --now openclaw-gateway.service' in service.calls()
    assert 'no service' in service.run('gateway', 'uninstall').ok().out


@pytest.mark.parametrize('verb', ['install', 'start'])
def test_without_a_manager_it_says_what_to_do(service, verb):
    service.unit.parent.mkdir(parents=True)
    if verb == 'start':
        service.unit.write_text('')
    (service.home / 'bin' / 'systemctl').write_text('#!/bin/sh\necho "Failed to connect to bus" >&2\nexit 1\n')
    service.run('gateway', verb).failed('openclaw gateway run')


def test_a_gateway_in_the_foreground_is_stopped_by_force_alone(service, start_gateway):
    g = start_gateway(test_config())
    service.run('gateway', 'stop').failed(str(g.popen.pid), '--force')
    service.run('gateway', 'stop', '--force').ok()
    g.wait_ended(0)
    assert 'no gateway' in service.run('gateway', 'stop').ok().out


def test_a_gateway_in_the_foreground_is_restarted_in_place(service, start_gateway):
    g = start_gateway(test_config())
    assert str(g.popen.pid) in service.run('gateway', 'restart').ok().out
    g.wait_console('ready', n=2)
    g.connect()
