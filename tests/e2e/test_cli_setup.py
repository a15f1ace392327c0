"""Small parts of the command line that set things up: batches, profiles, onboarding anew, questions, probes."""
import json

import pytest
from program import BINARY
from gateway_client import test_config as config_for
from screen import Terminal

ONBOARD = ['onboard', '--non-interactive', '--accept-risk', '--auth-choice', 'lmstudio']


# ---- config set, several at once ----------------------------------------------------------------------------------

def test_a_batch_is_written_at_once(openclaw):
    batch = [{'path': 'gateway.port', 'value': 19000}, {'path': 'agents.defaults.timeoutSeconds', 'value': 60}]
    openclaw.run('config', 'set', '--batch-json', json.dumps(batch)).ok()
    assert openclaw.read_config() == {'gateway': {'port': 19000}, 'agents': {'defaults': {'timeoutSeconds': 60}}}


def test_a_batch_comes_from_a_file_too(openclaw, tmp_path):
    (tmp_path / 'batch').write_text('[{"path": "gateway.port", "value": 19001}]')
    openclaw.run('config', 'set', '--batch-file', tmp_path / 'batch').ok()
    assert openclaw.read_config()['gateway']['port'] == 19001


@pytest.mark.parametrize('batch, word', [
    ('[{"path": "gateway.port", "value": 19000}, {"path": "gateway.port", "value": "x"}]', 'gateway.port'),
    ('[{"path": "gateway.port", "value": 19000}, {"value": 1}]', 'entry 2'),
    ('{"path": "gateway.port", "value": 1}', 'list'),
    ('[', 'JSON'),
])
def test_a_batch_with_a_mistake_changes_nothing(openclaw, batch, word):
    openclaw.write_config({'gateway': {'port': 18000}})
    before = openclaw.files()
    openclaw.run('config', 'set', '--batch-json', batch).failed(word)
    assert openclaw.files() == before


def test_a_dry_run_of_a_batch_counts_it(openclaw):
    batch = '[{"path": "gateway.port", "value": 1}, {"path": "gateway.bind", "value": "lan"}]'
    r = openclaw.run('config', 'set', '--batch-json', batch, '--dry-run', '--json').ok()
    assert r.json['operations'] == 2 and not openclaw.config_file.exists()


# ---- profiles -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('args, env, folder', [
    (['--profile', 'work'], {}, '.openclaw-work'),
    ([], {'OPENCLAW_PROFILE': 'work'}, '.openclaw-work'),
    (['--dev'], {}, '.openclaw-dev'),
    (['--profile', 'default'], {}, '.openclaw'),
])
def test_a_profile_has_a_state_folder_of_its_own(openclaw, args, env, folder):
    r = openclaw.run(*args, 'config', 'file', env=env).ok()
    assert r.out.strip() == str(openclaw.home / folder / 'openclaw.json')


def test_the_development_profile_has_its_own_port(openclaw):
    assert ':19001' in openclaw.run('--dev', 'dashboard').ok().out
    assert ':7777' in openclaw.run('--dev', 'dashboard', env={'OPENCLAW_GATEWAY_PORT': '7777'}).ok().out


@pytest.mark.parametrize('args', [['--profile', '../x'], ['--profile', ''], ['--profile', 'a', '--dev']])
def test_a_profile_that_is_none_is_refused(openclaw, args):
    assert openclaw.run(*args, 'config', 'file').rc == (0 if args == ['--profile', ''] else 1)


# ---- onboarding ---------------------------------------------------------------------------------------------------

def test_onboarding_says_how_to_start_the_gateway(openclaw, sim):
    r = openclaw.run(*ONBOARD, '--custom-base-url', sim.base_url).ok()
    assert 'not running' in r.out and 'openclaw gateway' in r.out


def test_onboarding_checks_a_gateway_that_runs(gateway, openclaw, sim):
    env = {'OPENCLAW_GATEWAY_PORT': str(gateway.port)}
    r = openclaw.run(*ONBOARD, '--custom-base-url', sim.base_url, env=env).ok()
    assert 'healthy' in r.out
    changed = openclaw.run(*ONBOARD, '--custom-base-url', sim.base_url, '--gateway-token', 'another-token', env=env).ok()
    assert 'restart' in changed.out and 'another-token' not in changed.out + changed.err


def test_a_reset_moves_what_was_there_aside(openclaw, sim):
    openclaw.run(*ONBOARD, '--custom-base-url', sim.base_url, '--skip-health').ok()
    token = openclaw.read_config()['gateway']['auth']['token']
    r = openclaw.run(*ONBOARD, '--custom-base-url', sim.base_url, '--skip-health', '--reset').ok()
    assert openclaw.read_config()['gateway']['auth']['token'] != token
    folder = next(openclaw.state.glob('reset-*'))
    assert str(folder) in r.out and token in (folder / 'openclaw.json').read_text()


def test_a_reset_under_a_running_gateway_is_refused(gateway, openclaw, sim):
    before = openclaw.config_file.read_bytes()
    openclaw.run(*ONBOARD, '--custom-base-url', sim.base_url, '--reset').failed('stop it first')
    assert openclaw.config_file.read_bytes() == before


# ---- configure, models status --probe -----------------------------------------------------------------------------

def test_configure_asks_for_one_part(openclaw, sim):
    openclaw.write_config(config_for(sim.base_url))
    t = Terminal(openclaw, BINARY, 'configure', questions=True)
    for question, answer in (('Part', '2'), ('Port', '19555'), ('Reachable', ''), ('Authentication', '')):
        t.expect(question).type(answer + '\r')
    assert t.end() == 0, t.errors
    t.close()
    config = openclaw.read_config()
    assert config['gateway']['port'] == 19555 and config['gateway']['bind'] == 'loopback'
    assert config['models'] == config_for(sim.base_url)['models']


def test_configure_needs_a_terminal(openclaw):
    openclaw.run('configure').failed('terminal')


def test_models_status_probes_servers(openclaw, sim, closed_port):
    config = config_for(sim.base_url)
    config['models']['providers']['down'] = {'baseUrl': f'http://127.0.0.1:{closed_port}/v1', 'models': []}
    openclaw.write_config(config)
    probes = {p['provider']: p['probe'] for p in openclaw.run('models', 'status', '--probe', '--json').ok().json['auth']['providers']}
    assert probes['lmstudio']['ok'] and probes['lmstudio']['models'] > 0
    assert not probes['down']['ok'] and str(closed_port) in probes['down']['error']
    assert 'probe' not in openclaw.run('models', 'status', '--json').ok().json['auth']['providers'][0]


def test_colours_can_be_switched_off(openclaw, sim):
    openclaw.write_config(config_for(sim.base_url))
    for args, env, coloured in ((['models', 'list'], {}, True), (['--no-color', 'models', 'list'], {}, False),
                                (['models', 'list'], {'NO_COLOR': '1'}, False), (['models', 'list'], {'TERM': 'dumb'}, False)):
        t = Terminal(openclaw, BINARY, *args, env=env)
        assert t.end() == 0
        assert ('\x1b[' in t.raw) == coloured, (args, env)
        t.close()
