"""The pages beside the conversation do what they say."""
import json

from gateway_client import test_config

OTHER = 'openai/gpt-oss-20b'


def open_view(page, name):
    page.get_by_role('link', name=name).click()
    return page.locator(f'section.page[aria-label="{name}"]')


def wait_for(condition, seconds=10):
    import time
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_page_that_is_opened_by_its_address_shows_what_there_is(chat):
    for address, words in [('cron', 'Nothing is scheduled'), ('models', 'gpt-oss 20B'), ('memory', 'SOUL.md'), ('cron', 'Nothing is scheduled')]:
        chat.goto(f'{chat.gateway.url}/{address}')
        chat.locator('section.page').get_by_text(words).first.wait_for()
        chat.reload()
        chat.locator('section.page').get_by_text(words).first.wait_for()


def test_another_model_becomes_the_default(chat, openclaw):
    view = open_view(chat, 'Models')
    view.locator('.card').filter(has_text=OTHER).get_by_role('button', name='Make default').click()
    wait_for(lambda: openclaw.read_config()['agents']['defaults']['model']['primary'] == 'lmstudio/' + OTHER)
    view.locator('.card').filter(has_text=OTHER).get_by_text('default', exact=True).wait_for()


def test_a_server_is_added_by_its_address(chat, openclaw, make_sim):
    other = make_sim()
    view = open_view(chat, 'Models')
    view.get_by_role('button', name='Add a server by its address').click()
    dialog = chat.get_by_role('dialog')
    dialog.get_by_role('textbox', name='Address').fill('http://127.0.0.1:1/v1')
    dialog.get_by_role('button', name='Look').click()
    chat.get_by_text('Nothing that can be used answered').wait_for()
    dialog.get_by_role('button', name='Close').click()
    view.get_by_role('button', name='Add a server by its address').click()
    dialog.get_by_role('textbox', name='Address').fill(other.base_url)
    dialog.get_by_label('Kind of server').select_option('lmstudio')
    dialog.get_by_role('button', name='Look').click()
    dialog.get_by_role('textbox', name='Name', exact=True).fill('shed')
    dialog.locator('#field-model').select_option(OTHER)
    dialog.locator('#field-context').fill('24000')
    dialog.get_by_role('button', name='Add', exact=True).click()
    dialog.get_by_role('button', name='Close').click()
    provider = openclaw.read_config()['models']['providers']['shed']
    assert provider['baseUrl'] == other.base_url and {'id': OTHER, 'contextTokens': 24000}.items() <= next(m for m in provider['models'] if m['id'] == OTHER).items()
    assert openclaw.read_config()['agents']['defaults']['model']['primary'] == f'shed/{OTHER}'
    view.get_by_role('button', name='What can it do?').last.click()
    chat.get_by_role('columnheader', name='Found out by').wait_for()


def test_whether_a_model_is_loaded_is_told(chat):
    chat.locator('.choice').first.click()
    chat.get_by_role('option').filter(has_text='gpt-oss 20B').get_by_text('not loaded').wait_for()


def test_a_file_of_the_workspace_is_edited_and_changes_made_elsewhere_are_not_lost(chat, openclaw):
    view = open_view(chat, 'Memory')
    area = view.get_by_role('textbox', name='MEMORY.md')
    area.fill('Tea at four.')
    view.get_by_role('button', name='Save').click()
    view.get_by_text('Saved').wait_for()
    assert (openclaw.workspace / 'MEMORY.md').read_text() == 'Tea at four.'
    (openclaw.workspace / 'MEMORY.md').write_text('Coffee.')
    area.fill('Tea at five.')
    view.get_by_role('button', name='Save').click()
    chat.get_by_role('dialog').get_by_text('The file was changed in the meantime').wait_for()
    chat.get_by_role('dialog').get_by_role('button', name='Close').click()
    assert (openclaw.workspace / 'MEMORY.md').read_text() == 'Coffee.' and area.input_value() == 'Tea at five.'


def test_a_branch_takes_the_question_into_the_box_and_leaves_the_rest(chat):
    for word in ('one', 'two'):
        chat.get_by_role('combobox', name='Message').fill(f'ECHO:{word}')
        chat.keyboard.press('Enter')
        chat.locator('.message.assistant:not(.live)').get_by_text(word, exact=True).wait_for()
    last = chat.locator('.message.user').last
    last.hover()
    last.get_by_role('button', name='Branch from here').click()
    chat.get_by_text('two', exact=True).first.wait_for(state='detached')
    chat.locator('.list .message.assistant').get_by_text('one', exact=True).wait_for()
    assert chat.locator('.list .message').count() == 2
    assert chat.get_by_role('combobox', name='Message').input_value() == 'ECHO:two'
    chat.locator('.sessions').get_by_text('Main').click()
    chat.locator('.list .message').nth(3).wait_for()


def test_common_settings_have_a_form(chat, openclaw):
    view = open_view(chat, 'Settings')
    view.get_by_label('Context limit (tokens)').fill('20000')
    view.get_by_label('Commands').select_option('ask')
    view.get_by_role('button', name='Save', exact=True).click()
    view.get_by_text('Saved', exact=True).wait_for()
    written = openclaw.read_config()
    assert written['agents']['defaults']['contextTokens'] == 20000 and written['tools']['exec']['mode'] == 'ask'


def test_settings_are_saved_and_refused_when_they_are_wrong_or_changed_elsewhere(chat, openclaw):
    view = open_view(chat, 'Settings')
    area = view.get_by_role('textbox', name='Configuration file')
    chat.locator('textarea.raw').evaluate('(e) => new Promise((done) => { const look = () => (e.value ? done() : setTimeout(look, 20)); look(); })')
    config = json.loads(area.input_value())
    config['agents']['defaults']['contextTokens'] = 20000
    area.fill(json.dumps(config))
    view.get_by_role('button', name='Save the file').click()
    view.get_by_text('Saved', exact=True).wait_for()
    written = openclaw.read_config()
    assert written['agents']['defaults']['contextTokens'] == 20000
    assert 'REDACTED' not in json.dumps(written)
    area.fill('{ "gateway": 7 }')
    view.get_by_role('button', name='Save the file').click()
    view.get_by_text('Not saved').first.wait_for()
    written['agents']['defaults']['contextTokens'] = 30000
    openclaw.write_config(written)
    area.fill(json.dumps(config))
    view.get_by_role('button', name='Save the file').click()
    view.get_by_text('Not saved').first.wait_for()
    assert openclaw.read_config()['agents']['defaults']['contextTokens'] == 30000


def test_a_job_is_scheduled_run_and_removed(chat):
    view = open_view(chat, 'Scheduled')
    view.get_by_role('button', name='Add').click()
    chat.get_by_role('textbox', name='Name').fill('tides')
    chat.get_by_role('textbox', name='What to do').fill('ECHO:from the schedule')
    chat.get_by_role('textbox', name='→').fill('0 8 * * 1-5')
    chat.get_by_role('button', name='Add', exact=True).last.click()
    card = view.locator('.card').filter(has_text='tides')
    card.get_by_role('button', name='Run now').click()
    card.get_by_text('ok').wait_for()
    card.get_by_role('button', name='Delete').click()
    chat.get_by_role('dialog').get_by_role('button', name='Delete').click()
    card.wait_for(state='detached')


def test_a_gateway_without_a_model_says_so_and_finds_none(start_gateway, open_page):
    page = open_page(start_gateway(test_config()))
    page.get_by_text('No model yet').wait_for()
    page.get_by_role('button', name='Look for servers').click()
    page.get_by_text('No server answered').wait_for()
    page.get_by_role('button', name='Add a server by its address').click()
    page.locator('section.page[aria-label="Models"]').wait_for()


def test_logs_are_filtered(chat):
    view = open_view(chat, 'Logs')
    view.locator('.lines').get_by_text('ready').first.wait_for()
    view.get_by_role('searchbox', name='Filter').fill('no such line')
    view.get_by_text('No lines').wait_for()
