"""The web chat under load and for everyone: long answers, long histories, the keyboard alone, names for screen readers."""
import json

from gateway_client import test_config
from test_chat import answer, say

# Counts frames that took longer than a tenth of a second while something goes on.
FRAMES = """() => { window.__slow = 0; window.__frames = 0; let last = performance.now();
  const step = (now) => { __frames++; if (now - last > 100) __slow++; last = now; requestAnimationFrame(step); };
  requestAnimationFrame(step); }"""
UNNAMED = """() => [...document.querySelectorAll('button, a, input, select, textarea, [role=img], dialog')].filter((e) => {
  if (e.closest('[hidden]') || e.type === 'file') return false;
  const label = e.getAttribute('aria-label') || e.getAttribute('title') || e.innerText || (e.labels && e.labels[0]?.innerText);
  return !label || !label.trim(); }).map((e) => e.outerHTML.slice(0, 120))"""
CONTRAST = """() => {
  const value = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const back = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$|transparent/.test(c)) return c; } return 'rgb(255,255,255)'; };
  const low = [];
  for (const e of document.querySelectorAll('#app *')) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.offsetParent || e.closest('.skip, button:disabled')) continue;
    const a = value(getComputedStyle(e).color), b = value(back(e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push([e.className, e.textContent.slice(0, 30), ratio]);
  }
  return low; }"""


def test_a_very_long_answer_streams_without_blocking_the_page(chat, sim):
    # Every line differs: a model that repeats itself is stopped.
    paragraphs = ''.join(f'Some **words {n * n}** of a long answer with `code{n}` and a [link {n}](https://example.org/{n}).\n\n' for n in range(400))
    code = '```c\n' + ''.join(f'int x{n} = {n * 7919 % 1000}; /* line {n} of a listing */\n' for n in range(1200)) + '```\n\n'
    text = paragraphs + code + ''.join(f'- item {n * 31 % 997} of a list\n' for n in range(800)) + 'the very end\n'
    assert len(text) > 90000
    pieces = [text[i:i + 97] for i in range(0, len(text), 97)]
    sim.reply(text, pieces=pieces)
    chat.evaluate(FRAMES)
    say(chat, 'go')
    answer(chat, 'the very end')
    body = chat.locator('.message.assistant:not(.live) .text')
    assert body.locator('li').count() == 800 and body.locator('pre').text_content().count('int x') == 1200
    assert chat.evaluate('__frames') > 3
    assert chat.evaluate('__slow / __frames') < 0.5


def test_a_long_history_is_read_page_by_page(chat):
    client = chat.gateway.connect()
    for n in range(130):
        client.call('chat.inject', {'sessionKey': 'main', 'message': f'line number {n}.'})
    chat.reload()
    answer(chat, 'line number 129.')
    assert chat.locator('.message.assistant:not(.live)').count() == 100
    chat.locator('.messages').evaluate('(e) => { e.scrollTop = 0; }')
    chat.locator('.list').get_by_text('line number 0.').wait_for()
    shown = chat.locator('.list .message .text').all_text_contents()
    assert [s.strip() for s in shown] == [f'line number {n}.' for n in range(130)]


def test_an_approval_shows_the_command_and_where_and_its_answer_counts(start_gateway, sim, open_page, openclaw):
    config = test_config(sim.base_url)
    config['tools'] = {'exec': {'mode': 'ask'}}
    page = open_page(start_gateway(config))
    sim.call('exec', {'command': 'echo approved > proof.txt'})
    sim.reply('It is written.')
    say(page, 'write it')
    card = page.locator('.approval')
    card.wait_for()
    assert card.locator('pre').inner_text() == 'echo approved > proof.txt' and str(openclaw.workspace) in card.inner_text()
    assert not (openclaw.workspace / 'proof.txt').exists()
    page.reload()  # the question is still there
    page.get_by_role('button', name='Allow once').click()
    answer(page, 'It is written.')
    assert (openclaw.workspace / 'proof.txt').read_text() == 'approved\n'
    sim.call('exec', {'command': 'echo no > denied.txt'})
    sim.reply('It was not allowed.')
    say(page, 'again')
    page.get_by_role('button', name='Deny').click()
    answer(page, 'It was not allowed.')
    assert not (openclaw.workspace / 'denied.txt').exists()


def test_everything_has_a_name_and_enough_contrast(browser, start_gateway, sim, open_page):
    gateway = start_gateway(test_config(sim.base_url))
    for scheme in ('light', 'dark'):
        page = open_page(gateway, color_scheme=scheme)
        say(page, f'ECHO:{scheme} words with `code` and [a link](https://example.org)')
        answer(page, f'{scheme} words')
        sim.call('read', {'path': 'absent.txt'})
        sim.reply('No such file.')
        say(page, 'read it')
        answer(page, 'No such file.')
        page.locator('details.tool summary').last.click()
        for name in (None, 'Models', 'Memory', 'Scheduled', 'Approvals', 'Settings', 'Logs', 'Health'):
            if name:
                page.get_by_role('link', name=name).click()
                page.locator(f'section.page[aria-label="{name}"]').wait_for()
                page.wait_for_timeout(300)
            assert page.evaluate(UNNAMED) == [], name
            assert page.evaluate(CONTRAST) == [], (scheme, name)
        assert page.locator('main').count() == 1 and page.locator('h1').count() == 1


def test_the_keyboard_alone_is_enough(chat):
    box = chat.get_by_role('combobox', name='Message')
    box.focus()
    chat.keyboard.type('ECHO:typed')
    chat.keyboard.press('Enter')
    answer(chat, 'typed')
    for _ in range(12):
        chat.keyboard.press('Tab')
        if chat.evaluate('document.activeElement.classList.contains("choice")'):
            break
    chat.keyboard.press('Enter')
    chat.get_by_role('dialog').wait_for()
    chat.keyboard.press('Escape')
    chat.get_by_role('dialog').wait_for(state='detached')
    assert chat.evaluate('document.activeElement.classList.contains("choice")')


def test_words_from_right_to_left_and_a_page_at_twice_its_size(chat, sim):
    sim.reply('שלום לכם, זה מבחן')
    say(chat, 'שלום')
    answer(chat, 'שלום לכם')
    assert chat.locator('.message.assistant:not(.live) .text p').evaluate('(e) => getComputedStyle(e).direction') == 'rtl'
    chat.set_viewport_size({'width': 640, 'height': 430})  # 1280 at 200 %
    assert chat.evaluate('document.documentElement.scrollWidth <= innerWidth')
    assert chat.get_by_role('combobox', name='Message').is_visible()


def test_tools_of_other_clients_runs_are_shown_too(chat, sim, openclaw):
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    (openclaw.workspace / 'note.txt').write_text('seen from elsewhere\n')
    other = chat.gateway.connect()
    chat.get_by_text('What shall we do?').wait_for()
    other.call('chat.send', {'sessionKey': 'main', 'message': 'TOOLCALL:read:{"path":"note.txt"} ', 'idempotencyKey': 'k'})
    answer(chat, 'The tool has answered.')
    assert chat.locator('details.tool').count() == 1
    assert json.dumps(chat.locator('.message.user').all_inner_texts()).count('TOOLCALL') == 1
