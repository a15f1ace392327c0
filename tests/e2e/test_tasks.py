"""Ten things that people ask an agent for, from the question to the changed file, with a model that does its part by script.

Each row is a task as docs/agent.md lists it: what is in the workspace, what is asked, the calls of the model, and what
must be true afterwards. What a real small model does with the same questions is told there."""
import http.server
import threading

import pytest

CODE = 'def add(a, b):\n    return a - b\n'
TEST = 'from calc import add\nassert add(2, 2) == 4, add(2, 2)\nprint("1 passed")\n'
PAGE = ('<html><head><title>Prices</title><script>x()</script></head><body><nav>Home</nav><main><h1>Prices</h1>'
        '<p>Tea costs 4 euros.</p></main></body></html>')


def reads(sim):
    """Results of tools, in the order in which the model got them."""
    return [m['content'] for m in sim.chats[-1].json['messages'] if m['role'] == 'tool']


TASKS = {
    'find and fix a line': (
        {'calc.py': CODE}, 'add() in calc.py is wrong. Fix it.',
        [('read', {'path': 'calc.py'}), ('edit', {'path': 'calc.py', 'old': 'a - b', 'new': 'a + b'})],
        lambda w, r: (w / 'calc.py').read_text() == CODE.replace('-', '+')),
    'rename across files': (
        {'a.py': 'from b import old\nold()\n', 'b.py': 'def old(): pass\n'}, 'Rename old to fresh everywhere.',
        [('exec', {'command': 'grep -rln old --include=*.py . | sort'}),
         ('edit', {'path': 'a.py', 'old': 'old', 'new': 'fresh', 'all': True}),
         ('edit', {'path': 'b.py', 'old': 'old', 'new': 'fresh'})],
        lambda w, r: 'old' not in (w / 'a.py').read_text() + (w / 'b.py').read_text() and './a.py\n./b.py' in r[0]),
    'summarise a folder': (
        {'docs/one.md': 'About tea.\n', 'docs/two.md': 'About milk.\n'}, 'Sum up docs/ in summary.md.',
        [('read', {'path': 'docs'}), ('read', {'path': 'docs/one.md'}), ('read', {'path': 'docs/two.md'}),
         ('write', {'path': 'summary.md', 'content': 'Tea and milk.\n'})],
        lambda w, r: 'one.md' in r[0] and 'About milk.' in r[2] and (w / 'summary.md').read_text() == 'Tea and milk.\n'),
    'run tests and report': (
        {'calc.py': CODE, 'test_calc.py': TEST}, 'Run test_calc.py, mend what fails, and run it again.',
        [('exec', {'command': 'python3 -B test_calc.py'}), ('edit', {'path': 'calc.py', 'old': 'a - b', 'new': 'a + b'}),
         ('exec', {'command': 'python3 -B test_calc.py'})],
        lambda w, r: 'AssertionError' in r[0] and 'exit' in r[0] and '1 passed' in r[2]),
    'make a file with folders': (
        {}, 'Make notes/2026/todo.md with three things.',
        [('write', {'path': 'notes/2026/todo.md', 'content': '- a\n- b\n- c\n'})],
        lambda w, r: (w / 'notes/2026/todo.md').read_text().count('- ') == 3),
    'change several files at once': (
        {'a.txt': 'one\n', 'b.txt': 'two\n'}, 'Write the numbers as digits.',
        [('use_tool', {'name': 'apply_patch', 'args': {'input': '*** Begin Patch\n*** Update File: a.txt\n@@\n-one\n+1\n'
                                                                '*** Update File: b.txt\n@@\n-two\n+2\n*** End Patch'}})],
        lambda w, r: ((w / 'a.txt').read_text(), (w / 'b.txt').read_text()) == ('1\n', '2\n')),
    'count something in a big file': (
        {'log.txt': 'fine\n' * 5000 + 'ERROR disk\n'}, 'How many errors are in log.txt?',
        [('read', {'path': 'log.txt'}), ('exec', {'command': 'grep -c ERROR log.txt'})],
        lambda w, r: len(r[0]) < 20000 and r[1].strip().startswith('1')),
    'convert data': (
        {'in.csv': 'name,age\nAnn,30\n'}, 'Turn in.csv into out.json.',
        [('exec', {'command': 'python3 -c "import csv,json;json.dump(list(csv.DictReader(open(\'in.csv\'))),open(\'out.json\',\'w\'))"'}),
         ('read', {'path': 'out.json'})],
        lambda w, r: r[1].find('"Ann"') >= 0),
    'mend a mistake of its own': (
        {'a.txt': 'colour\n'}, 'Spell it the American way.',
        [('edit', {'path': 'a.txt', 'old': 'color', 'new': 'colour'}), ('read', {'path': 'a.txt'}),
         ('edit', {'file_path': 'a.txt', 'old_string': 'colour', 'new_string': 'color'})],
        lambda w, r: (w / 'a.txt').read_text() == 'color\n' and 'colour' in r[1]),
}


@pytest.fixture
def ready(openclaw, sim):
    openclaw.use(sim.base_url, params={'preload': False})
    config = openclaw.read_config()
    config['tools'] = {'exec': {'mode': 'full'}}
    openclaw.write_config(config)
    openclaw.workspace.mkdir(parents=True)
    return openclaw


@pytest.mark.parametrize('task', TASKS)
def test_a_task_is_done(ready, sim, task):
    files, question, calls, holds = TASKS[task]
    for name, text in files.items():
        path = ready.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name, arguments in calls:
        sim.call(name, arguments)
    sim.reply('It is done.')
    r = ready.run('agent', '--local', '-m', question, timeout=60).ok()
    assert r.out.endswith('It is done.\n')
    results = reads(sim)
    assert len(results) == len(calls)
    assert holds(ready.workspace, results), results


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header('content-type', 'text/html')
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def page():
    """A page of this machine. Its address is url; what was asked for stands in asked."""
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Page)
    server.asked, server.url = [], f'http://127.0.0.1:{server.server_port}/prices'
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_fetch_a_page_and_extract(ready, sim, page):
    """The tenth: the operator allows the host, so that web_fetch may read the page."""
    config = ready.read_config()
    config['tools']['web'] = {'fetch': {'ssrfPolicy': {'allowedHostnames': ['127.0.0.1']}}}
    ready.write_config(config)
    sim.call('web_fetch', {'url': page.url}).call('write', {'path': 'tea.txt', 'content': '4 euros\n'}).reply('It is done.')
    r = ready.run('agent', '--local', '-m', f'What does tea cost by {page.url}? Write it into tea.txt.', timeout=60).ok()
    fetched, _ = reads(sim)
    assert page.asked == ['/prices'] and r.out.endswith('It is done.\n')
    assert fetched.startswith(f'200 text/html "Prices" {page.url}\n\n<<UNTRUSTED') and 'Tea costs 4 euros.' in fetched
    assert 'Home' not in fetched and 'x()' not in fetched
    assert (ready.workspace / 'tea.txt').read_text() == '4 euros\n'


def test_a_page_of_this_machine_is_refused_unless_it_is_allowed(ready, sim, page):
    sim.call('web_fetch', {'url': page.url}).reply('I may not.')
    ready.run('agent', '--local', '-m', 'What does tea cost?', timeout=60).ok()
    assert page.asked == [] and 'Tea costs' not in reads(sim)[0]
