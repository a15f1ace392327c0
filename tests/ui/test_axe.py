"""axe-core's rules on every page, in both themes; skipped where its script is not installed (tests/clients/install.sh)."""
import os
import pathlib

import pytest

from gateway_client import test_config
from test_chat import answer, say

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENTS = pathlib.Path(os.environ.get('OPENCLAW_CLIENTS', ROOT / '.cache' / 'clients'))
AXE = CLIENTS / 'node_modules' / 'axe-core' / 'axe.min.js'
RUN = """() => axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.filter((v) => ['serious', 'critical'].includes(v.impact))
  .map((v) => [v.id, v.help, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 150) + ' ' + n.failureSummary)]))"""


@pytest.mark.parametrize('look', [{}, {'color_scheme': 'dark'}, {'viewport': {'width': 390, 'height': 780}}], ids=['light', 'dark', 'phone'])
def test_axe_finds_nothing_serious(start_gateway, sim, open_page, look):
    if not AXE.exists():
        pytest.skip(f'no axe-core in {CLIENTS}')
    config = test_config(sim.base_url)
    config['tools'] = {'exec': {'mode': 'ask'}}
    gateway = start_gateway(config)
    page = open_page(gateway, bypass_csp=True, **look)
    script = AXE.read_text()

    def check(where):
        page.evaluate(script)
        assert page.evaluate(RUN) == [], where

    sim.reply('# Head\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```c\nint x;\n```\n\n- [x] done\n\n$x^2$ and [a link](https://example.org)')
    say(page, 'show all')
    answer(page, 'a link')
    sim.call('exec', {'command': 'echo hi'})
    sim.reply('Not now.')
    say(page, 'run it')
    page.locator('.approval').wait_for()
    check('approval')
    page.get_by_role('button', name='Deny').click()
    answer(page, 'Not now.')
    page.locator('details.tool summary').last.click()
    check('chat')
    page.get_by_role('combobox', name='Message').fill('/')
    check('commands')
    page.get_by_role('combobox', name='Message').fill('')
    page.locator('.choice').first.click()
    check('models')
    page.keyboard.press('Escape')
    for name in ('models', 'cron', 'config', 'logs', 'status'):
        page.goto(f'{gateway.url}/{name}')
        page.locator('section.page').wait_for()
        page.wait_for_timeout(500)
        check(name)
    stranger = open_page(gateway, token=None, bypass_csp=True, **look)
    stranger.get_by_text('openclaw dashboard', exact=True).wait_for()
    page = stranger
    check('no token')
