"""The configurations of docs/providers work as printed: only the address (and a placeholder for a key) is another one."""
import pathlib
import re

import pytest

PAGES = sorted((pathlib.Path(__file__).resolve().parents[2] / 'docs' / 'providers').glob('*.md'))
NOT_RUN = {'anthropic'}  # speaks another API than the simulator; its configuration is validated


def configuration(page):
    return re.search(r'```json5\n(\{\n.*?\n\})\n```', page.read_text(), re.S)[1]


def keys_in(text):
    return {name: 'sk-of-the-page' for name in re.findall(r'\$\{(\w+)\}', text)}


@pytest.mark.parametrize('page', PAGES, ids=lambda p: p.stem)
def test_the_configuration_of_the_page_is_valid(openclaw, page):
    text = configuration(page)
    openclaw.write_config(text)
    openclaw.run('config', 'validate', env=keys_in(text)).ok()


@pytest.mark.parametrize('page', [p for p in PAGES if p.stem not in NOT_RUN], ids=lambda p: p.stem)
def test_the_configuration_of_the_page_answers(openclaw, make_sim, page):
    sim = make_sim(any_name=True)
    sim.reply('Hello from the page.')
    text = configuration(page)
    model = (re.search(r'primary: "([^"]+)"', text) or ('', 'lmstudio/qwen/qwen3.5-9b'))[1]
    openclaw.write_config(re.sub(r'baseUrl: "[^"]+"', f'baseUrl: "{sim.base_url}"', text))
    r = openclaw.run('infer', 'model', 'run', '--prompt', 'hi', '--model', model, env=keys_in(text)).ok()
    assert 'Hello from the page.' in r.out
    assert sim.chats[0].json['model'] == model.split('/', 1)[1]
    sent = dict((k.lower(), v) for k, v in sim.chats[0].header_list).get('authorization')
    assert sent == ('Bearer sk-of-the-page' if keys_in(text) else None)


def test_the_page_of_llama_cpp_works_on_the_real_server(openclaw, llama):
    text = configuration(next(p for p in PAGES if p.stem == 'llamacpp'))
    openclaw.write_config(re.sub(r'baseUrl: "[^"]+"', f'baseUrl: "{llama.base_url}"', text))
    assert 'Done.' in openclaw.run('infer', 'model', 'run', '--prompt', 'hi').ok().out


def test_every_page_says_what_it_was_seen_with():
    assert len(PAGES) == 15
    for page in PAGES:
        assert '> **Seen with**' in page.read_text(), page.name
