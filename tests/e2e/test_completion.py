"""`openclaw completion`: scripts from the command table, tried in the shells that are there."""
import shutil
import subprocess

import pytest

SHELLS = ['bash', 'zsh', 'fish', 'powershell']


@pytest.mark.parametrize('shell', SHELLS)
def test_every_command_is_in_every_script(openclaw, shell):
    script = openclaw.run('completion', '--shell', shell).ok().out
    for word in ('gateway', 'doctor', 'sessions', '--generate-gateway-token', 'cron add'):
        assert word in script
    assert '__supervise' not in script


def test_an_unknown_shell_is_refused(openclaw):
    openclaw.run('completion', '--shell', 'csh').failed('csh', 'bash')


def complete(openclaw, *words):
    """What bash offers for the last word."""
    script = openclaw.run('completion', '--shell', 'bash').ok().out
    line = f'COMP_WORDS=({" ".join(repr(w) for w in words)}); COMP_CWORD={len(words) - 1}; _openclaw; echo "${{COMPREPLY[@]}}"'
    r = subprocess.run(['bash', '-c', script + line], capture_output=True, text=True, timeout=20, env=openclaw.env)
    assert r.stderr == '', r.stderr
    return r.stdout.split()


@pytest.mark.parametrize('words, offered, not_offered', [
    (['openclaw', 'ga'], {'gateway'}, {'agent'}),
    (['openclaw', 'gateway', 'c'], {'call'}, {'config'}),
    (['openclaw', 'gateway', 'call', '--ex'], {'--expect-final', '--expect-url'}, {'--json'}),
    (['openclaw', '--log-level', 'debug', 'cron', 'r'], {'rm', 'run', 'runs'}, {'add'}),
    (['openclaw', 'agent', '-m', 'text', '--se'], {'--session-key', '--session-id'}, {'--url'}),
])
def test_bash_completes(openclaw, words, offered, not_offered):
    got = set(complete(openclaw, *words))
    assert offered <= got and not got & not_offered


@pytest.mark.parametrize('shell, check', [('zsh', ['zsh', '-n']), ('fish', ['fish', '--no-execute'])])
def test_the_script_is_valid(openclaw, tmp_path, shell, check):
    if not shutil.which(shell):
        pytest.skip(f'{shell} is not installed')
    path = tmp_path / 'script'
    path.write_text(openclaw.run('completion', '--shell', shell).ok().out)
    subprocess.run([*check, str(path)], check=True, timeout=20)


def test_it_installs_where_bash_looks(openclaw):
    openclaw.run('completion', '--shell', 'bash', '--install').ok()
    assert '_openclaw' in (openclaw.home / '.local/share/bash-completion/completions/openclaw').read_text()
