"""web_fetch and web_search with the real binary: pages, refusals, the five services, and that no key gets out."""
import re

import pytest
from web import Web

RESULTS = [('Cats & <dogs>', 'https://a.example/cats?x=1', 'About cats.'), ('Second', 'http://b.example/', '')]
SERVICES = ['searxng', 'brave', 'tavily', 'duckduckgo', 'ollama']
KEY = 'search-key-that-nobody-may-see'


@pytest.fixture
def web():
    with Web() as w:
        yield w


@pytest.fixture
def ready(openclaw, sim):
    openclaw.use(sim.base_url, params={'preload': False})
    return openclaw


def configure(openclaw, **tools):
    config = openclaw.read_config()
    config.setdefault('tools', {}).update(tools)
    openclaw.write_config(config)


def allow_loopback(openclaw):
    configure(openclaw, web={'fetch': {'ssrfPolicy': {'allowedHostnames': ['127.0.0.1']}}})


def call(openclaw, sim, name, arguments):
    """The text that the model is given for its call."""
    sim.call(name, arguments).reply('Done.')
    openclaw.run('agent', '--local', '-m', 'go').ok()
    return sim.chats[-1].json['messages'][-1]['content']


def fetch(openclaw, sim, url, **more):
    return call(openclaw, sim, 'web_fetch', {'url': url, **more})


def test_a_page_arrives_as_marked_text(ready, sim, web):
    allow_loopback(ready)
    url = web.page('/p', '<title>A "page"</title><h1>Top</h1><p>one <a href="/x">two</a><script>no</script>')
    text = fetch(ready, sim, url)
    head, _, rest = text.partition('\n\n')
    assert head == f'200 text/html "A \'page\'" {url}'
    assert re.fullmatch(r'<<UNTRUSTED (\w{4}) web_fetch 127\.0\.0\.1>>\n# Top\n\none two\n<</UNTRUSTED \1>>', rest)
    assert len(rest) - len('# Top\n\none two') <= 120


def test_links_come_when_asked_for(ready, sim, web):
    allow_loopback(ready)
    assert 'two (/x)' in fetch(ready, sim, web.page('/p', '<p>one <a href="/x">two</a>'), links=True)


def test_a_redirect_names_where_it_ended(ready, sim, web):
    allow_loopback(ready)
    end = web.page('/end', 'text', 'text/plain')
    assert fetch(ready, sim, web.redirect('/start', '/end')).startswith(f'200 text/plain {end}\n\n')


@pytest.mark.parametrize('type, body, want', [
    ('application/json', '{"a": [1]}', '{"a": [1]}'),
    ('text/plain; charset=iso-8859-1', b'caf\xe9', 'café'),
    ('text/html', b'<meta charset=windows-1252><p>\x80 5', '€ 5'),
])
def test_text_keeps_its_letters(ready, sim, web, type, body, want):
    allow_loopback(ready)
    assert f'\n{want}\n' in fetch(ready, sim, web.page('/t', body, type))


@pytest.mark.parametrize('type, body, kind', [('application/pdf', b'%PDF-1.4', 'a PDF document'),
                                              ('image/png', b'\x89PNG', 'an image')])
def test_what_is_no_text_is_named(ready, sim, web, type, body, kind):
    allow_loopback(ready)
    assert kind in fetch(ready, sim, web.page('/f', body, type))


def test_a_long_page_is_cut_and_kept_as_foreign_text(ready, sim, web):
    allow_loopback(ready)
    url = web.page('/long', '<p>' + 'word ' * 20000)
    text = fetch(ready, sim, url, max_chars=1000)
    assert len(text) < 1300
    path = re.search(r'read (\S+) for all', text)[1]
    assert (ready.state / path).read_text().startswith('[foreign text: web_fetch 127.0.0.1]')


def test_an_error_page_says_so_in_its_first_line(ready, sim, web):
    allow_loopback(ready)
    assert fetch(ready, sim, web.url + '/absent').startswith('404 text/plain ')


@pytest.mark.parametrize('host', ['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '[::1]', '[::ffff:127.0.0.1]'])
def test_the_own_network_is_out_of_reach(ready, sim, web, host):
    port = web.url.rsplit(':', 1)[1]
    assert 'Blocked' in fetch(ready, sim, f'http://{host}:{port}/p')
    assert not web.requests


def test_a_redirect_does_not_lead_into_the_own_network(ready, sim, web):
    allow_loopback(ready)
    web.redirect('/r', 'http://localhost:' + web.url.rsplit(':', 1)[1] + '/secret')
    assert 'Blocked' in fetch(ready, sim, web.url + '/r')
    assert [r.path for r in web.requests] == ['/r']


def test_only_web_addresses_are_fetched(ready, sim):
    assert 'must be http or https' in fetch(ready, sim, 'file:///etc/passwd')


def test_a_made_up_query_is_not_sent_after_foreign_text_was_read(ready, sim, web):
    allow_loopback(ready)
    web.page('/p', f'<a href="{web.url}/known?x=1">next</a>')
    web.page('/known', 'fine', 'text/plain')
    sim.call('web_fetch', {'url': web.url + '/p'}).call('web_fetch', {'url': web.url + '/leak?data=secret'})
    sim.call('web_fetch', {'url': web.url + '/known?x=1'}).reply('Done.')
    ready.run('agent', '--local', '-m', 'go').ok()
    assert 'may carry data out' in sim.chats[2].json['messages'][-1]['content']
    assert [r.path for r in web.requests] == ['/p', '/known?x=1']


# ---- search -------------------------------------------------------------------------------------------------------

def tool_names(sim):
    return [t['function']['name'] for t in sim.chats[0].json['tools']]


def use_service(openclaw, service, web):
    config = openclaw.read_config()
    config['tools'] = {'web': {'search': {'provider': service}}}
    config['plugins'] = {'entries': {service: {'config': {'webSearch': {'baseUrl': web.url, 'apiKey': KEY}}}}}
    openclaw.write_config(config)


def test_search_is_offered_only_when_configured(ready, sim):
    sim.reply('Hi.')
    ready.run('agent', '--local', '-m', 'hi').ok()
    assert 'web_fetch' in tool_names(sim) and 'web_search' not in tool_names(sim)


def test_both_can_be_switched_off(ready, sim, web):
    use_service(ready, 'searxng', web)
    configure(ready, web={'search': {'enabled': False}, 'fetch': {'enabled': False}})
    sim.reply('Hi.')
    ready.run('agent', '--local', '-m', 'hi').ok()
    assert not {'web_fetch', 'web_search'} & set(tool_names(sim))


@pytest.mark.parametrize('service', SERVICES)
def test_a_service_answers_as_a_numbered_list(ready, sim, web, service):
    use_service(ready, service, web)
    web.results = RESULTS
    text = call(ready, sim, 'web_search', {'query': 'cats & dogs', 'count': 2})
    assert 'web_search' in tool_names(sim)
    lines = text.splitlines()
    assert re.fullmatch(rf'<<UNTRUSTED \w{{4}} web_search {service}>>', lines[0])
    assert lines[1].startswith('1. Cats & ') and lines[1].endswith(' — https://a.example/cats?x=1')
    assert lines[2:-1] == ['   About cats.', '2. Second — http://b.example/']
    asked = web.requests[0]
    assert 'cats & dogs' in (asked.query.get('q') or asked.json['query'])


@pytest.mark.parametrize('service', ['brave', 'tavily'])
def test_a_key_is_in_no_log_and_no_error(ready, sim, web, service):
    use_service(ready, service, web)
    web.key = 'another'
    text = call(ready, sim, 'web_search', {'query': 'x'})
    assert 'HTTP 401' in text and 'UNTRUSTED' not in text
    for name, data in ready.files().items():
        assert name.endswith('openclaw.json') or KEY.encode() not in data, name
    assert all(KEY not in str(c.json) for c in sim.chats)


def test_a_variable_configures_a_service(ready, sim, web):
    web.results = RESULTS
    sim.call('web_search', {'query': 'x'}).reply('Done.')
    ready.run('agent', '--local', '-m', 'go', env={'SEARXNG_BASE_URL': web.url}).ok()
    assert 'a.example' in sim.chats[1].json['messages'][-1]['content']
