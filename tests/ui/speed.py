"""How fast the page is, in numbers for docs/web-chat.md. Not among the tests: run it by name, on a release build and a
quiet machine: OPENCLAW_BIN=… python3 -m pytest -s -c tests/pytest.ini tests/ui/speed.py"""
import statistics

from gateway_client import test_config
from test_chat import answer, say

FRAMES = """() => { window.gaps = []; let last = performance.now();
  const step = (now) => { window.gaps.push(now - last); last = now; window.counting = requestAnimationFrame(step); };
  window.counting = requestAnimationFrame(step); }"""
GAPS = '() => { cancelAnimationFrame(window.counting); return window.gaps.slice(1); }'
PAINT = """() => Object.fromEntries(performance.getEntriesByType('paint').map((e) => [e.name, e.startTime]))"""


def metrics(cdp):
    return {m['name']: m['value'] for m in cdp.send('Performance.getMetrics')['metrics']}


def spent(cdp, act):
    """What act costs the page: seconds of script, layout, all tasks."""
    before = metrics(cdp)
    act()
    after = metrics(cdp)
    return {name: round(after[name] - before[name], 4) for name in ('ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration', 'TaskDuration')}


def frames(gaps):
    gaps = sorted(gaps)
    return f'{len(gaps)} frames, median {statistics.median(gaps):.1f} ms, 99 % {gaps[int(len(gaps) * 0.99)]:.1f} ms, longest {gaps[-1]:.1f} ms'


def long_answer():
    part = '## Part {n}\n\nSome **bold** words, `code` and a [link](https://example.org/{n}) about the tide.\n\n' \
           '- one\n- two\n\n| a | b |\n|---|---|\n| {n} | 2 |\n\n```c\nint x{n} = {n};\nreturn x{n};\n```\n\n'
    text = ''
    for n in range(2000):
        text += part.format(n=n)
        if len(text) > 100000:
            return text
    return text


def test_first_paint(start_gateway, sim, open_page):
    g = start_gateway(test_config(sim.base_url))
    page = open_page(g)
    page.get_by_text('What shall we do?').wait_for()
    paints = []
    for _ in range(10):
        page.reload()
        page.get_by_text('What shall we do?').wait_for()
        paints.append(page.evaluate(PAINT)['first-contentful-paint'])
    print(f'\nfirst contentful paint, 10 visits: median {statistics.median(paints):.0f} ms, longest {max(paints):.0f} ms')


def test_a_long_answer(start_gateway, sim, open_page):
    page = open_page(start_gateway(test_config(sim.base_url)))
    cdp = page.context.new_cdp_session(page)
    cdp.send('Performance.enable')
    text = long_answer()
    pieces = [text[i:i + 40] for i in range(0, len(text), 40)]
    sim.reply(text, pieces=pieces, pace=0.004)
    page.get_by_text('What shall we do?').wait_for()

    def run():
        say(page, 'go')
        page.locator('.live .block').nth(20).wait_for()
        page.evaluate(FRAMES)
        page.locator('.message.assistant:not(.live)').wait_for(timeout=120000)
        print(f'\n{len(text)} characters in {len(pieces)} pieces:', frames(page.evaluate(GAPS)))
    print(spent(cdp, run))


def test_a_long_history(start_gateway, sim, open_page):
    g = start_gateway(test_config(sim.base_url))
    c = g.connect()
    for n in range(500):
        c.call('chat.inject', {'sessionKey': 'main', 'message': f'**Message {n}** with `code` and\n\n- a list\n- of {n}\n\n```c\nint x = {n};\n```\n'})
    page = open_page(g)
    answer(page, 'Message 499')
    cdp = page.context.new_cdp_session(page)
    cdp.send('Performance.enable')
    box = page.locator('.messages')

    def scroll():
        page.evaluate(FRAMES)
        box.hover()
        for _ in range(400):
            page.mouse.wheel(0, -600)
            page.wait_for_timeout(8)
            if page.locator('.message').count() >= 500 and box.evaluate('(e) => e.scrollTop') == 0:
                break
        print('\nscrolling to the top of', page.locator('.message').count(), 'messages:', frames(page.evaluate(GAPS)))
    print(spent(cdp, scroll))


def test_an_idle_page(start_gateway, sim, open_page):
    page = open_page(start_gateway(test_config(sim.base_url)))
    page.get_by_text('What shall we do?').wait_for()
    cdp = page.context.new_cdp_session(page)
    cdp.send('Performance.enable')
    page.wait_for_timeout(2000)
    print('\nidle for 10 s:', spent(cdp, lambda: page.wait_for_timeout(10000)))
