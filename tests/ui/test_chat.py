"""The web chat as a person uses it."""
import json

from playwright.sync_api import expect

from gateway_client import TOKEN, test_config

MODEL = 'qwen/qwen3.5-9b'
HOSTILE = """# Title <script>pwned()</script>

<img src=x onerror="pwned()"> <svg onload=pwned()> <style>body{display:none}</style>
[bad](javascript:pwned()) [worse](JaVaScRiPt:pwned()) [data](data:text/html,<script>pwned()</script>) ![pic](http://127.0.0.1:1/x.png)
[good](https://example.org/a "title") <https://example.org/b> https://example.org/c. **bold** *thin* ~~gone~~ `code <b>`

| a | b |
|---|--:|
| 1 | <iframe src="javascript:pwned()"></iframe> |

- one
- two
  1. inner

```html
<script>pwned()</script>
```
"""


def say(page, text):
    box = page.get_by_role('combobox', name='Message')
    box.fill(text)
    box.press('Enter')


def answer(page, text, **more):
    page.locator('.message.assistant:not(.live)').get_by_text(text, **more).last.wait_for()


def test_a_conversation_with_a_tool_is_shown_as_it_is_kept(chat, openclaw):
    openclaw.workspace.mkdir(parents=True, exist_ok=True)
    (openclaw.workspace / 'note.txt').write_text('the tide is high\n')
    say(chat, 'ECHO:words **on** a page')
    answer(chat, 'words on a page')
    assert chat.locator('.message.assistant strong').inner_text() == 'on'
    say(chat, 'TOOLCALL:read:{"path":"note.txt"} ')
    answer(chat, 'The tool has answered.')
    card = chat.locator('details.tool')
    assert card.count() == 1 and 'note.txt' in card.inner_text() and 'done' in card.inner_text()
    card.locator('summary').click()
    card.get_by_text('the tide is high').wait_for()
    before = chat.locator('.list').inner_text()
    chat.reload()  # without the fragment
    answer(chat, 'The tool has answered.')
    assert chat.locator('.message').count() == 5  # two questions, two answers, the live one that is hidden
    assert before.count('words on a page') == chat.locator('.list').inner_text().count('words on a page')


def test_stopping_keeps_what_was_said(chat):
    say(chat, 'SLOW please')
    chat.locator('.live').get_by_text('word3').wait_for()
    chat.get_by_role('button', name='Stop (Esc)').wait_for()
    chat.keyboard.press('Escape')
    chat.get_by_text('Stopped', exact=True).first.wait_for()
    assert 'word3' in chat.locator('.message.assistant:not(.live)').inner_text()
    say(chat, 'ECHO:and on')
    answer(chat, 'and on')


def test_a_reload_in_the_middle_of_an_answer_loses_and_doubles_nothing(chat):
    say(chat, 'SLOW please')
    chat.locator('.live').get_by_text('word9').wait_for()
    chat.reload()
    chat.locator('.live').get_by_text('word20').wait_for()
    assert chat.locator('.live .text').inner_text().startswith('word0 word1 word2')
    answer(chat, 'word199')
    assert chat.locator('.message.assistant:not(.live) .text').inner_text() == ' '.join(f'word{n}' for n in range(200))


def test_markup_of_a_model_stays_text(chat, sim):
    sim.reply(HOSTILE)
    say(chat, 'go')
    answer(chat, 'Title <script>pwned()</script>')
    text = chat.locator('.message.assistant:not(.live) .text')
    for tag in ('script', 'img', 'svg:not(.icon)', 'style', 'iframe'):
        assert text.locator(tag).count() == 0, tag
    hrefs = text.locator('a').evaluate_all('all => all.map((a) => a.getAttribute("href"))')
    assert hrefs == ['http://127.0.0.1:1/x.png', 'https://example.org/a', 'https://example.org/b', 'https://example.org/c']
    assert set(text.locator('a').evaluate_all('all => all.map((a) => a.rel)')) == {'noopener noreferrer nofollow'}
    assert text.locator('table td').all_inner_texts() == ['1', '<iframe src="javascript:pwned()"></iframe>']
    assert text.locator('li li').inner_text() == 'inner' and text.locator('del').inner_text() == 'gone'
    assert text.locator('pre').inner_text() == '<script>pwned()</script>'


def test_reasoning_is_in_a_closed_block(chat):
    say(chat, 'THINK')
    answer(chat, 'I have thought.')
    thoughts = chat.locator('.message.assistant:not(.live) details.thoughts')
    if thoughts.count():  # the model must be known to reason
        assert thoughts.get_attribute('open') is None


def test_sessions_are_made_named_searched_and_deleted(chat):
    say(chat, 'ECHO:in the first')
    answer(chat, 'in the first')
    chat.get_by_role('button', name='New chat').first.click()
    chat.get_by_text('What shall we do?').wait_for()
    say(chat, 'ECHO:in the second')
    answer(chat, 'in the second')
    row = chat.locator('.sessions li').filter(has_text='second')
    row.hover()
    row.get_by_role('button').click()
    chat.get_by_role('menuitem', name='Rename').click()
    chat.get_by_role('textbox', name='Name').fill('Harbour plans')
    chat.get_by_role('button', name='Save').click()
    chat.locator('#top h1').get_by_text('Harbour plans').wait_for()
    chat.get_by_role('searchbox', name='Search conversations').fill('harbour')
    chat.locator('.sessions li').filter(has_text='Main').wait_for(state='detached')
    row = chat.locator('.sessions li')
    assert row.count() == 1
    row.hover()
    row.get_by_role('button').click()
    chat.get_by_role('menuitem', name='Delete').click()
    chat.get_by_role('button', name='Delete').click()
    answer(chat, 'in the first')


def test_a_model_is_found_among_a_thousand(start_gateway, sim, open_page):
    config = test_config(sim.base_url)
    provider = config['models']['providers']['lmstudio']
    first = provider['models'][0]
    provider['models'] = [first] + [{**first, 'id': f'many/model-{n}', 'name': f'many/model-{n}'} for n in range(1000)]
    page = open_page(start_gateway(config))
    page.get_by_role('combobox', name='Message').wait_for()
    page.locator('.choice').first.click()
    page.get_by_role('combobox', name='Search models').fill('model-777')
    page.get_by_role('option', name='many/model-777').wait_for()
    page.keyboard.press('Enter')
    page.locator('.choice').first.get_by_text('many/model-777').wait_for()


def test_commands_are_offered_and_answered(chat):
    box = chat.get_by_role('combobox', name='Message')
    box.fill('/sta')
    chat.get_by_role('option').first.wait_for()
    assert '/status' in chat.get_by_role('listbox', name='Commands').inner_text()
    box.press('Enter')
    assert box.input_value().strip() == '/status'
    box.press('Enter')
    answer(chat, MODEL)


def test_a_failure_says_what_failed_and_offers_to_try_again(chat, sim):
    say(chat, 'ERR400')
    chat.locator('.failed').wait_for()
    assert chat.locator('.failed').count() == 1
    sim.reply('Better now.')
    chat.locator('.failed').get_by_role('button', name='Try again').click()
    answer(chat, 'Better now.')


def test_a_gateway_that_was_killed_comes_back_and_nothing_is_lost(start_gateway, sim, open_page):
    g = start_gateway(test_config(sim.base_url))
    page = open_page(g)
    say(page, 'ECHO:before')
    answer(page, 'before')
    say(page, 'SLOW please')
    page.locator('.live').get_by_text('word5').wait_for()
    g.kill()
    page.get_by_text('The connection to the gateway is lost').wait_for()
    box = page.get_by_role('combobox', name='Message')
    box.fill('ECHO:typed meanwhile')
    box.press('Enter')
    page.get_by_text('Waiting for the connection').wait_for()
    start_gateway(None, port=g.port)
    answer(page, 'typed meanwhile')
    users = page.locator('.message.user').all_inner_texts()
    assert [u.strip() for u in users] == ['ECHO:before', 'SLOW please', 'ECHO:typed meanwhile']


def test_who_has_no_token_is_told_how_to_get_in(gateway, open_page):
    page = open_page(gateway, token=None)
    page.get_by_text('openclaw dashboard', exact=True).wait_for()
    page.get_by_label('Or paste the token').fill('wrong')
    page.get_by_role('button', name='Connect').click()
    page.get_by_text('The token is wrong').wait_for()
    page.get_by_label('Or paste the token').fill(TOKEN)
    page.get_by_role('button', name='Connect').click()
    page.get_by_role('combobox', name='Message').wait_for()


def test_the_files_are_served_compressed_with_an_etag(gateway):
    page = gateway.get('/chat', token=None)
    assert page.status == 200 and page.headers['Content-Security-Policy'].startswith("default-src 'none'; script-src 'self'")
    assert 'unsafe' not in page.headers['Content-Security-Policy'] and page.headers['X-Content-Type-Options'] == 'nosniff'
    script = gateway.get('/views/chat.js', token=None, headers={'Accept-Encoding': 'gzip'})
    assert script.headers['Content-Encoding'] == 'gzip' and script.headers['Content-Type'] == 'text/javascript; charset=utf-8'
    assert gateway.get('/views/chat.js', token=None, headers={'If-None-Match': script.headers['ETag']}).status == 304
    assert gateway.get('/nothing.js', token=None).status == 404


def test_every_other_page_opens(chat):
    for name in ('Models', 'Memory', 'Scheduled', 'Approvals', 'Settings', 'Logs', 'Health'):
        chat.get_by_role('link', name=name).click()
        chat.locator(f'section.page[aria-label="{name}"]').wait_for()
    expect(chat.locator('.facts').first).not_to_be_empty()


def test_an_attached_picture_reaches_the_model(start_gateway, sim, open_page):
    config = test_config(sim.base_url)
    config['models']['providers']['lmstudio']['models'][0]['input'] = ['text', 'image']
    page = open_page(start_gateway(config))
    pixel = ('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6364f8cf50'
             '0f0003860180 5a34577d0000000049454e44ae426082').replace(' ', '')
    page.locator('input[type=file]').set_input_files({'name': 'dot.png', 'mimeType': 'image/png', 'buffer': bytes.fromhex(pixel)})
    page.locator('.chip img').wait_for()
    say(page, 'ECHO:seen')
    answer(page, 'seen')
    assert 'image_url' in json.dumps(sim.chats[-1].json['messages'][-1])


def test_a_session_that_begins_anew_is_empty_at_once(chat):
    say(chat, 'ECHO:old words')
    answer(chat, 'old words')
    say(chat, '/new')
    answer(chat, 'New session started')
    assert chat.get_by_text('old words').count() == 0
    chat.gateway.connect().call('sessions.reset', {'key': 'main'})
    chat.get_by_text('What shall we do?').wait_for()


def test_a_conversation_is_exported_as_markdown(chat):
    say(chat, 'ECHO:for the archive')
    answer(chat, 'for the archive')
    chat.locator('#top').get_by_role('button', name='Options for Chat').click()
    with chat.expect_download() as download:
        chat.get_by_role('menuitem', name='Export: As Markdown').click()
    text = download.value.path().read_text()
    assert download.value.suggested_filename.endswith('.md') and 'for the archive' in text and '## Assistant' in text


def test_editing_puts_the_question_back_into_the_box(chat):
    say(chat, 'ECHO:first wording')
    answer(chat, 'first wording')
    chat.locator('.message.user').hover()
    chat.get_by_role('button', name='Edit and send again').click()
    box = chat.get_by_role('combobox', name='Message')
    assert box.input_value() == 'ECHO:first wording'
    box.fill('ECHO:second wording')
    box.press('Enter')
    answer(chat, 'second wording')
