"""The web chat in a real Chromium: the real binary and the simulator of e2e/conftest.py behind it."""
import importlib.util
import pathlib
import shutil

import pytest

from gateway_client import TOKEN, test_config

E2E = pathlib.Path(__file__).resolve().parents[1] / 'e2e' / 'conftest.py'
spec = importlib.util.spec_from_file_location('e2e_fixtures', E2E)
fixtures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fixtures)
for name in ('openclaw', 'sim', 'make_sim', 'start_gateway', 'gateway', 'wire_is_clean', 'closed_port'):
    globals()[name] = getattr(fixtures, name)

# Runs in every page before its own scripts: what must never happen is written down.
WATCH = """
window.__bad = [];
addEventListener('securitypolicyviolation', (e) => __bad.push('CSP: ' + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sourceFile));
window.pwned = () => __bad.push('script of a message ran');
"""


# Not for longer than a file: another one in the same process may start a browser of its own.
@pytest.fixture(scope='module')
def browser():
    playwright = pytest.importorskip('playwright.sync_api')
    program = shutil.which('chromium')
    if not program:
        pytest.skip('no chromium')
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=program, args=['--no-sandbox'])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """open_page(gateway, path='/chat', token=TOKEN, **context): a page of a fresh browser profile."""
    made = []

    def start(gateway, path='/chat', token=TOKEN, **context):
        context.setdefault('viewport', {'width': 1280, 'height': 860})
        made.append(browser.new_context(**context))
        made[-1].add_init_script(WATCH)
        page = made[-1].new_page()
        page.set_default_timeout(30000)
        page.problems = []
        page.on('pageerror', lambda e: page.problems.append(str(e)))
        page.on('console', lambda m: m.type == 'error' and 'ERR_CONNECTION' not in m.text and page.problems.append(m.text))
        page.goto(gateway.url + path + (f'#token={token}' if token else ''))
        return page

    yield start
    problems = [p for c in made for page in c.pages for p in page.problems + page.evaluate('window.__bad || []')]
    for c in made:
        c.close()
    assert not problems, problems


@pytest.fixture
def chat(gateway, open_page):
    """The page of a gateway with the simulator behind it."""
    page = open_page(gateway)
    page.gateway = gateway
    page.get_by_role('combobox', name='Message').wait_for()
    return page
