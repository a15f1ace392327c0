"""Pictures of the page, for the manual and to be looked at. OPENCLAW_UI_PICTURES names the folder that gets them."""
import os
import pathlib

import pytest

from gateway_client import test_config
from test_chat import answer, say

TEXT = """Here is a small plan for the harbour:

1. **Read** the tide table
2. Write the log, see [the manual](https://example.org/manual)

| Time | Height | Note |
|------|-------:|------|
| 06:12 | 4.1 m | high |
| 12:30 | 0.8 m | low, `keel` touches |

```python
def tide(hours):
    return 2.4 + 1.7 * math.cos(hours / 12.42 * math.tau)
```

> Formulas stay legible: $h = a \\cos(2\\pi t / T)$
"""
LOOKS = {'light': {}, 'dark': {'color_scheme': 'dark'},
         'phone': {'viewport': {'width': 390, 'height': 780}, 'device_scale_factor': 2},
         'phone-dark': {'viewport': {'width': 390, 'height': 780}, 'color_scheme': 'dark'}}


def shot(page, tmp_path, name):
    folder = pathlib.Path(os.environ.get('OPENCLAW_UI_PICTURES', tmp_path))
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / f'{name}.png')


@pytest.mark.parametrize('look', LOOKS)
def test_the_page_is_as_wide_as_the_window(start_gateway, sim, open_page, openclaw, tmp_path, look):
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    (openclaw.workspace / 'tides.txt').write_text('06:12 4.1\n12:30 0.8\n')
    config = test_config(sim.base_url)
    config['models']['providers']['lmstudio']['models'][0]['reasoning'] = True
    page = open_page(start_gateway(config), **LOOKS[look])
    page.get_by_text('What shall we do?').wait_for()
    shot(page, tmp_path, f'{look}-first')
    sim.call('read', {'path': 'tides.txt'})
    sim.reply(TEXT, reasoning='The file has two tides.')
    say(page, 'When can we sail tomorrow? Look into tides.txt.')
    answer(page, 'Here is a small plan')
    sim.call('exec', {'command': 'ls -la && false'})
    sim.reply('The folder holds one file.')
    say(page, 'Show me the folder')
    page.locator('.approval, details.tool').last.wait_for()
    page.wait_for_timeout(1200)
    shot(page, tmp_path, f'{look}-chat')
    if page.get_by_role('button', name='Allow once').count():
        page.get_by_role('button', name='Allow once').click()
    answer(page, 'The folder holds one file.')
    page.locator('details.tool summary').last.click()
    page.wait_for_timeout(300)
    shot(page, tmp_path, f'{look}-tool')
    if 'phone' in look:
        page.get_by_role('button', name='Show conversations').click()
        shot(page, tmp_path, f'{look}-side')
        page.keyboard.press('Escape')
    page.locator('.choice').first.click()
    page.wait_for_timeout(300)
    shot(page, tmp_path, f'{look}-model')
    page.keyboard.press('Escape')
    assert page.evaluate('document.documentElement.scrollWidth <= innerWidth')
