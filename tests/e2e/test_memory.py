"""Memory with the real binary: notes that tools and commands find, and an index that nothing can break."""
import json
import os
import sqlite3

import pytest
from gateway_client import wait_for

NOTES = {
    'MEMORY.md': '# Facts\n\n## Family\nAnna has her birthday on 3 May.\nShe likes tulips.\n\n## Work\nOur office is in Hamburg.\n',
    'USER.md': 'Prefer short answers.\n',
    'memory/2026-11-02.md': '# Monday\nMeeting with Bob about the new warehouse.\nThe Datenschutzvereinbarung is due in March.\n',
    'memory/projects/beijing.md': '# 合同\n我们在北京大学见面，讨论了合同的价格。\n',
    'memory/müller.md': 'Frau Müller mag keine Besprechungen vor neun Uhr.\n',
}


def write(openclaw, notes):
    for name, text in notes.items():
        path = openclaw.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def notes(openclaw):
    write(openclaw, NOTES)
    return openclaw


@pytest.fixture
def ready(notes, sim):
    notes.use(sim.base_url, params={'preload': False})
    return notes


def agent(openclaw, message):
    return openclaw.run('agent', '--local', '-m', message).ok()


def result(sim, call=0):
    return sim.chats[call + 1].json['messages'][-1]['content']


def hits(openclaw, *words):
    return openclaw.run('memory', 'search', '--json', *words).ok().json['results']


def paths(openclaw, *words):
    return [h['path'] for h in hits(openclaw, *words)]


def status_of(openclaw):
    return openclaw.run('memory', 'status', '--json').ok().json[0]['status']


def index_of(openclaw):
    return openclaw.state / 'memory-index' / 'main.sqlite'


# ---- the tools ----------------------------------------------------------------------------------------------------

def test_the_model_finds_a_note(ready, sim):
    agent(ready, 'TOOLCALL:memory_search:{"query":"When is the birthday of Anna?"}')
    lines = result(sim).splitlines()
    assert lines[0].startswith('1. MEMORY.md:1-') and lines[0].endswith('(1.00)')
    assert 'Anna has her birthday on 3 May.' in lines


def test_what_is_written_in_a_run_is_found_in_the_same_run(ready, sim):
    sim.call('write', {'path': 'memory/new.md', 'content': 'The safe has a purple door.'})
    sim.call('memory_search', {'query': 'purple'})
    sim.reply('Done.')
    agent(ready, 'remember it')
    assert 'memory/new.md:1 ' in result(sim, 1)


def test_a_search_without_hits_says_so(ready, sim):
    agent(ready, 'TOOLCALL:memory_search:{"query":"zebra"}')
    assert result(sim) == 'nothing found in 5 notes'


def test_without_notes_the_model_learns_where_they_go(openclaw, sim):
    openclaw.use(sim.base_url, params={'preload': False})
    agent(openclaw, 'TOOLCALL:memory_search:{"query":"zebra"}')
    assert 'MEMORY.md' in result(sim) and 'no notes yet' in result(sim)


def test_a_note_is_read_by_lines(ready, sim):
    for args in ({'path': 'memory/2026-11-02.md', 'from': 2, 'lines': 1}, {'path': 'memory/2026-11-02.md:2-2'}):
        sim.call('memory_get', args).reply('Done.')
        agent(ready, 'read it')
        assert result(sim) == 'Meeting with Bob about the new warehouse.\n[continue with from=3]'
        sim.chats.clear()


@pytest.mark.parametrize('path, words', [
    ('../openclaw.json', 'is no note'),
    ('/etc/passwd', 'is no note'),
    ('notes.txt', 'is no note'),
    ('memory/absent.md', 'no such note'),
    ('memory/leads-out.md', 'is no note'),
    ('', 'empty'),
])
def test_nothing_but_notes_is_read(ready, sim, path, words):
    (ready.workspace / 'notes.txt').write_text('secret')
    (ready.workspace / 'memory' / 'leads-out.md').symlink_to(ready.config_file)
    sim.call('memory_get', {'path': path}).reply('Done.')
    agent(ready, 'read it')
    assert words in result(sim) and 'secret' not in result(sim)


def test_switched_off_there_is_no_tool(ready, sim):
    config = ready.read_config()
    config['memory'] = {'search': {'enabled': False}}
    ready.write_config(config)
    agent(ready, 'hello')
    assert 'memory_search' not in sim.chats[0].raw.decode() and 'memory_get' not in sim.chats[0].raw.decode()
    assert ready.run('memory', 'search', 'tulips', '--json').ok().json == {'agentId': 'main', 'status': 'disabled'}


def test_the_gateway_searches_as_well(notes, sim, gateway):
    sim.call('memory_search', {'query': 'tulips'}).reply('Tulips.')
    at = {'OPENCLAW_GATEWAY_PORT': str(gateway.port)}
    assert 'Tulips.' in notes.run('agent', '-m', 'what does she like', env=at).ok().out
    assert 'MEMORY.md' in result(sim)
    assert paths(notes, 'tulips')[0] == 'MEMORY.md'  # beside the gateway
    answer = gateway.post('/tools/invoke', {'tool': 'memory_search', 'args': {'query': 'tulips'}})
    assert 'MEMORY.md' in json.dumps(answer.json)


# ---- what is found ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('question, path', [
    ('when is the birthday of anna', 'MEMORY.md'),
    ('Who met about warehouses?', 'memory/2026-11-02.md'),
    ('Wann ist die Besprechung mit Frau Muller', 'memory/müller.md'),
    ('MÜLLER', 'memory/müller.md'),
    ('Vereinbarung', 'memory/2026-11-02.md'),
    ('北京大学', 'memory/projects/beijing.md'),
    ('合同价格是多少', 'memory/projects/beijing.md'),
    ('short answer', 'USER.md'),
    ('"; DROP TABLE note; -- hamburg AND NOT (', 'MEMORY.md'),
])
def test_notes_are_found_in_their_languages(notes, question, path):
    assert paths(notes, question)[:1] == [path]


def test_a_hit_says_where_it_is(notes):
    (hit,) = hits(notes, 'office')
    assert hit == {'path': 'MEMORY.md', 'startLine': 7, 'endLine': 8, 'score': 1.0, 'source': 'memory',
                   'snippet': '## Work\nOur office is in Hamburg.'}


def test_the_index_follows_the_files(notes):
    assert paths(notes, 'warehouse') == ['memory/2026-11-02.md']
    day = notes.workspace / 'memory' / '2026-11-02.md'
    day.write_text(day.read_text().replace('warehouse', 'storehouse'))
    assert paths(notes, 'warehouse') == [] and paths(notes, 'storehouse') == ['memory/2026-11-02.md']
    day.rename(day.with_name('renamed.md'))
    assert paths(notes, 'storehouse') == ['memory/renamed.md']
    day.with_name('renamed.md').unlink()
    assert paths(notes, 'storehouse') == []


def test_a_change_that_keeps_size_and_time_is_noticed_while_it_is_fresh(notes):
    path = notes.workspace / 'memory' / 'swap.md'
    path.write_text('aaaa')
    stamp = path.stat()
    assert paths(notes, 'aaaa') == ['memory/swap.md']
    path.write_text('bbbb')
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert paths(notes, 'bbbb') == ['memory/swap.md']


def test_only_what_changed_is_read_again(notes):
    first = notes.run('memory', 'index', '--json').ok().json[0]
    assert (first['files'], first['changed']) == (5, 5)
    (notes.workspace / 'memory' / 'more.md').write_text('more')
    again = notes.run('memory', 'index', '--json').ok().json[0]
    assert (again['files'], again['changed'], again['removed']) == (6, 1, 0)
    assert notes.run('memory', 'index', '--json', '--force').ok().json[0]['changed'] == 6


def test_links_that_lead_out_are_not_followed(notes, tmp_path):
    outside = tmp_path / 'outside'
    outside.mkdir()
    (outside / 'far.md').write_text('zanzibar')
    memory = notes.workspace / 'memory'
    (memory / 'link.md').symlink_to(outside / 'far.md')
    (memory / 'folder').symlink_to(outside)
    (memory / 'within.md').symlink_to(memory / 'müller.md')
    (memory / 'pipe.md').unlink(missing_ok=True)
    os.mkfifo(memory / 'pipe.md')
    assert paths(notes, 'zanzibar') == []
    assert 'memory/within.md' in paths(notes, 'Besprechung')


def test_extra_paths_join_in(notes, tmp_path):
    team = tmp_path / 'team'
    (team / 'runbooks' / 'deep').mkdir(parents=True)
    (team / 'runbooks' / 'deep' / 'fire.md').write_text('In case of fire leave the building.')
    (team / 'runbooks' / 'flood.md').write_text('In case of flood go upstairs.')
    (team / 'diary.md').write_text('My secret fire.')
    notes.write_config({'memory': {'search': {'extraPaths': [{'path': str(team), 'pattern': 'runbooks/**/*.md'}]}}})
    assert paths(notes, 'fire') == [str(team / 'runbooks' / 'deep' / 'fire.md')]
    assert paths(notes, 'flood') == [str(team / 'runbooks' / 'flood.md')]
    notes.write_config({'agents': {'entries': {'main': {'memory': {'search': {'extraPaths': [str(team / 'diary.md')]}}}}}})
    r = notes.run('memory', 'search', 'fire', '--json').ok()
    assert [h['path'] for h in r.json['results']] == [str(team / 'diary.md')]
    assert 'extraPaths' not in r.err


def test_a_file_that_is_no_text_or_too_large_harms_nothing(notes):
    memory = notes.workspace / 'memory'
    (memory / 'binary.md').write_bytes(b'\x00\xff\xfe' * 1000 + b' walnut ' + b'\x80' * 1000)
    (memory / 'large.md').write_bytes(b'hazelnut ' * 300000)
    r = notes.run('memory', 'index').ok()
    assert '1 files are too large' in r.err
    assert paths(notes, 'walnut') == ['memory/binary.md'] and paths(notes, 'hazelnut') == []


# ---- the index ----------------------------------------------------------------------------------------------------

def test_a_broken_index_is_made_anew(notes):
    assert paths(notes, 'tulips') == ['MEMORY.md']
    index = index_of(notes)
    assert index.stat().st_mode & 0o777 == 0o600
    for damage in (b'', b'garbage' * 3000, index.read_bytes()[:4096] + b'\x5a' * 8192):
        for f in index.parent.glob('main.sqlite-*'):
            f.unlink()
        index.write_bytes(damage)
        r = notes.run('memory', 'search', 'tulips', '--json').ok()
        assert [h['path'] for h in r.json['results']] == ['MEMORY.md'] and 'error' not in r.err


def test_an_index_of_another_version_is_made_anew(notes):
    assert paths(notes, 'tulips')
    with sqlite3.connect(index_of(notes)) as db:
        db.execute('PRAGMA user_version = 99')
    assert paths(notes, 'tulips') == ['MEMORY.md']
    with sqlite3.connect(index_of(notes)) as db:
        assert db.execute('PRAGMA user_version').fetchone()[0] != 99


def test_several_processes_work_with_it_at_once(notes):
    write(notes, {f'memory/n{i}.md': f'# Note {i}\ncommon words and tulips{i}\n' for i in range(200)})
    running = [notes.start('memory', 'search', f'tulips{i}', '--json') for i in range(6)]
    for i, r in enumerate(running):
        found = json.loads(r.wait().ok().out)['results']
        assert found[0]['path'] == f'memory/n{i}.md'
    status = status_of(notes)
    assert (status['files'], status['chunks']) == (205, 206)


def test_a_state_folder_that_cannot_be_written_is_told_to_a_person(notes):
    (notes.state / 'memory-index').write_text('a file')
    notes.run('memory', 'search', 'tulips').failed('memory-index')


@pytest.mark.parametrize('args, word', [
    (['search'], 'what to look for'), (['search', ' '], 'what to look for'), (['search', 'x', '--max-results', '0'], '--max-results'),
    (['search', 'x', '--min-score', '2'], '--min-score'), (['status', 'x'], 'unexpected'), (['search', 'x', '--agent', 'nobody'], 'nobody'),
])
def test_wrong_use_is_explained(notes, args, word):
    notes.run('memory', *args).failed(word)


# ---- vectors ------------------------------------------------------------------------------------------------------

NOMIC = 'text-embedding-nomic-embed-text-v1.5'
GROUPS = [{'car', 'automobile', 'vehicle'}, {'dog', 'hound', 'puppy'}, {'sun', 'summer', 'heat'}]


def meaning(text):
    """A vector in which words of one group are the same."""
    words = set(text.lower().replace('.', ' ').split())
    return [0.05] + [float(len(words & g)) for g in GROUPS]


@pytest.fixture
def by_meaning(openclaw, sim):
    """Notes about a car, a dog and the sun, a server with an embedding model, and its requests."""
    sim.meaning = meaning
    write(openclaw, {'memory/car.md': 'Our automobile is blue.', 'memory/dog.md': 'The hound barks.', 'MEMORY.md': 'We like heat.'})
    openclaw.use(sim.base_url, params={})
    config = openclaw.read_config()
    config['models']['providers']['lmstudio']['models'].append({'id': NOMIC})
    openclaw.write_config(config)
    return openclaw


def embeddings(sim):
    return [r.json for r in sim.requests if r.path == '/v1/embeddings']


def loads(sim):
    return [r.json for r in sim.requests if r.path == '/api/v1/models/load']


def test_meaning_is_found_when_a_model_for_it_is_at_hand(by_meaning, sim):
    by_meaning.run('memory', 'index').ok()
    status = status_of(by_meaning)
    assert (status['vectors'], status['chunks'], status['searchMode']) == (3, 3, 'hybrid')
    assert status['model'] == f'lmstudio/{NOMIC}'
    assert paths(by_meaning, 'puppy')[0] == 'memory/dog.md'
    assert paths(by_meaning, 'vehicle')[0] == 'memory/car.md'
    sent = embeddings(sim)
    assert all(t.startswith('search_document: ') for t in sent[0]['input'])
    assert sent[-1]['input'] == ['search_query: vehicle']


def test_the_model_is_loaded_small_and_the_chat_model_stays(by_meaning, sim):
    with sim.lock:
        sim.catalog.load(sim.catalog.find('qwen/qwen3.5-9b'), 32768)
    by_meaning.run('memory', 'index').ok()
    assert [(b['model'], b['context_length']) for b in loads(sim)] == [(NOMIC, 2048)]
    assert {i.model['key'] for i in sim.catalog.live()} == {'qwen/qwen3.5-9b', NOMIC}


def test_where_nothing_may_be_loaded_only_a_loaded_model_is_asked(by_meaning, sim):
    config = by_meaning.read_config()
    config['models']['providers']['lmstudio']['params'] = {'preload': False}
    by_meaning.write_config(config)
    r = by_meaning.run('memory', 'search', 'hound', '--json').ok()
    assert [h['path'] for h in r.json['results']] == ['memory/dog.md']
    assert not embeddings(sim) and not loads(sim) and 'error' not in r.err
    with sim.lock:
        sim.catalog.load(sim.catalog.find(NOMIC), 2048)
    assert paths(by_meaning, 'puppy')[0] == 'memory/dog.md'
    assert embeddings(sim) and not loads(sim)


def test_without_its_server_words_are_found_and_nobody_complains(by_meaning, sim):
    by_meaning.run('memory', 'index').ok()
    sim.stop()
    r = by_meaning.run('memory', 'search', 'hound', '--json').ok()
    assert [h['path'] for h in r.json['results']] == ['memory/dog.md']
    assert 'error' not in r.err and 'warning' not in r.err


def test_the_gateway_makes_vectors_when_it_is_idle(by_meaning, sim, start_gateway):
    config = by_meaning.read_config()
    config['gateway'] = {'mode': 'local', 'bind': 'loopback', 'auth': {'mode': 'none'}}
    gw = start_gateway(config)
    wait_for(lambda: status_of(by_meaning)['vectors'] == 3, 'vectors')
    sim.call('memory_search', {'query': 'puppy'}).reply('The hound.')
    at = {'OPENCLAW_GATEWAY_PORT': str(gw.port)}
    by_meaning.run('agent', '-m', 'who barks', env=at).ok()
    assert result(sim).startswith('1. memory/dog.md:1 ')


def test_a_renamed_note_keeps_its_vector(by_meaning, sim):
    by_meaning.run('memory', 'index').ok()
    asked = len(embeddings(sim))
    (by_meaning.workspace / 'memory' / 'dog.md').rename(by_meaning.workspace / 'memory' / 'pet.md')
    by_meaning.run('memory', 'index').ok()
    assert len(embeddings(sim)) == asked
    assert paths(by_meaning, 'puppy')[0] == 'memory/pet.md'


def test_older_configurations_are_understood(by_meaning, sim):
    config = by_meaning.read_config()
    config['agents']['defaults']['memorySearch'] = {'provider': 'none', 'query': {'maxResults': 1, 'hybrid': {'enabled': True}},
                                                    'sync': {'watch': True}}
    by_meaning.write_config(config)
    assert len(paths(by_meaning, 'our automobile and our hound, 0', '--min-score', '0')) == 1
    assert not embeddings(sim)
    config['agents']['defaults']['memorySearch']['enabled'] = False
    by_meaning.write_config(config)
    agent(by_meaning, 'hello')
    assert 'memory_search' not in sim.chats[0].raw.decode()


def test_provider_none_means_words_alone(by_meaning, sim):
    config = by_meaning.read_config()
    config['memory'] = {'search': {'provider': 'none'}}
    by_meaning.write_config(config)
    by_meaning.run('memory', 'index').ok()
    assert not embeddings(sim) and paths(by_meaning, 'puppy') == []


def test_a_server_that_is_named_for_embeddings_is_asked(notes, sim):
    sim.meaning = meaning
    write(notes, {'memory/dog.md': 'The hound barks.'})
    notes.write_config({'memory': {'search': {'model': NOMIC, 'remote': {'baseUrl': sim.base_url, 'apiKey': 'sk-mine'}}}})
    assert paths(notes, 'puppy')[0] == 'memory/dog.md'
    assert dict((k.lower(), v) for k, v in sim.requests[-1].header_list)['authorization'] == 'Bearer sk-mine'


def test_real_llama_cpp_serves_the_vectors(notes, embedding_llama):
    notes.write_config({'models': {'providers': {'vectors': {
        'baseUrl': embedding_llama.base_url, 'api': 'openai-completions', 'models': [{'id': 'text-embedding-smollm2'}]}}}})
    write(notes, {'memory/long.md': 'word ' * 3000})
    notes.run('memory', 'index', timeout=120).ok()
    status = status_of(notes)
    assert status['vectors'] == status['chunks'] > 5 and status['searchMode'] == 'hybrid'
    assert paths(notes, 'Meeting with Bob about the new warehouse.')[0] == 'memory/2026-11-02.md'
    assert len(paths(notes, 'qqqq')) > 0  # by meaning alone, whatever that is worth with this model
