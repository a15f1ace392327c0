"""MCP servers of npm and PyPI, unmodified: each does a small job for the agent.

OPENCLAW_MCP is the folder that tests/mcp/install.sh filled (default .cache/mcp).
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest

from program import ROOT, free_port
from web import Web

FOLDER = pathlib.Path(os.environ.get('OPENCLAW_MCP', ROOT / '.cache' / 'mcp')).resolve()
NODE = FOLDER / 'node'


def npm(package, *args, **more):
    """The configuration of a server of npm."""
    folder = FOLDER / 'node_modules' / package
    if not folder.exists():
        pytest.skip(f'{package} is not installed in {FOLDER} (tests/mcp/install.sh does it)')
    program = json.loads((folder / 'package.json').read_text())['bin']
    script = program if isinstance(program, str) else next(iter(program.values()))
    # A loaded machine takes its time to start Node.
    return {'command': str(NODE.resolve()), 'args': [str(folder / script), *map(str, args)], 'connectionTimeoutMs': 120000, **more}


@pytest.fixture
def run(openclaw, sim):
    """run(server, [(tool, args)…]): what the model is given for each call, marks taken off."""

    def run(server, calls):
        openclaw.use(sim.base_url, params={'preload': False})
        openclaw.write_config({**openclaw.read_config(), 'mcp': {'servers': {'srv': server}}})
        for tool, args in calls:
            sim.call(*(('use_tool', {'name': f'srv.{tool}', 'args': args}) if tool != 'read' else ('read', args)))
        sim.reply('Done.')
        openclaw.run('agent', '--local', '-m', 'go', timeout=240).ok()
        results = [m['content'] for m in sim.chats[-1].json['messages'] if m['role'] == 'tool']
        assert len(results) == len(calls)
        return [re.fullmatch(r'<<UNTRUSTED (\w{4}) mcp srv>>\n(.*)\n<</UNTRUSTED \1>>', r, re.S)[2] for r in results]

    return run


def test_the_filesystem_server_writes_and_reads(run, tmp_path):
    path = str(tmp_path / 'note.txt')
    wrote, read, denied, where = run(npm('@modelcontextprotocol/server-filesystem', tmp_path), [
        ('write_file', {'path': path, 'content': 'written by a server\n'}), ('read_text_file', {'path': path, 'head': '1'}),
        ('read_text_file', {'path': '/etc/passwd'}), ('list_allowed_directories', {})])
    assert (tmp_path / 'note.txt').read_text() == 'written by a server\n'
    assert 'Successfully wrote' in wrote and read.strip() == 'written by a server'
    assert 'Access denied' in denied and str(tmp_path) in where


def test_the_memory_server_remembers(run, tmp_path):
    server = npm('@modelcontextprotocol/server-memory', env={'MEMORY_FILE_PATH': str(tmp_path / 'memory.json')})
    entity = {'name': 'Ada', 'entityType': 'person', 'observations': ['likes engines']}
    _, graph, wrong = run(server, [('create_entities', {'entities': [entity]}), ('read_graph', {}),
                                   ('create_entities', {'entities': [{'name': 'Bob'}]})])
    assert 'likes engines' in graph
    assert 'was not run: entities[0].entityType is missing' in wrong


def test_a_server_written_in_python_answers(run):
    program = FOLDER / 'python' / 'bin' / 'mcp-server-time'
    if not program.exists():
        pytest.skip(f'{program} is not installed (tests/mcp/install.sh does it)')
    converted, wrong = run({'command': str(program), 'connectionTimeoutMs': 120000}, [
        ('convert_time', {'source_timezone': 'Europe/Berlin', 'time': '12:00', 'target_timezone': 'Asia/Tokyo'}),
        ('convert_time', {'source_timezone': 'Nowhere', 'time': '12:00', 'target_timezone': 'Asia/Tokyo'})])
    assert 'Asia/Tokyo' in converted and '+' in converted
    assert 'Nowhere' in wrong


EVERYTHING = [('echo', {'message': 'hello'}), ('get-sum', {'a': '2', 'b': 40}), ('get-structured-content', {'location': 'Chicago'}),
              ('get-tiny-image', {}), ('trigger-long-running-operation', {'duration': 2, 'steps': 4}),
              ('read', {'path': 'mcp://srv/demo://resource/static/document/features.md'})]


def check_everything(answers):
    echo, total, structured, image, long, resource = answers
    assert 'hello' in echo and '42' in total and 'temperature' in structured
    assert '[image image/png' in image
    assert 'completed' in long.lower()
    assert len(resource) > 100


def test_the_server_that_has_everything_over_stdio(run):
    check_everything(run(npm('@modelcontextprotocol/server-everything', requestTimeoutMs=30000), EVERYTHING))


@pytest.fixture
def everything_http(tmp_path):
    server, port = npm('@modelcontextprotocol/server-everything', 'streamableHttp'), free_port()
    log = tmp_path / 'everything.log'
    with log.open('wb') as out:
        p = subprocess.Popen([server['command'], *server['args']], env={**os.environ, 'PORT': str(port)}, stdout=out,
                             stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while b'istening' not in log.read_bytes():
        assert p.poll() is None and time.monotonic() < until, log.read_text()
        time.sleep(0.05)
    yield f'http://127.0.0.1:{port}/mcp'
    p.terminate()
    p.wait(20)


def test_the_server_that_has_everything_over_http(run, everything_http):
    check_everything(run({'url': everything_http, 'requestTimeoutMs': 30000}, EVERYTHING))


def test_a_browser_is_a_server(run, openclaw, tmp_path):
    chromium = shutil.which('chromium')
    if not chromium:
        pytest.skip('chromium is not installed')
    server = npm('@playwright/mcp', '--headless', '--isolated', '--no-sandbox', '--executable-path', chromium,
                 '--output-dir', tmp_path / 'out', requestTimeoutMs=120000)
    with Web() as web:
        second = web.page('/second', '<title>Second</title><h1>The second page</h1>')
        first = web.page('/first', f'<title>First</title><h1>The first page</h1><a href="{second}">go on</a>')
        opened, seen, _ = run(server, [('browser_navigate', {'url': first}), ('browser_snapshot', {}), ('browser_close', {})])
    assert 'First' in opened
    assert 'The first page' in seen and 'go on' in seen
