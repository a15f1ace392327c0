"""Skills: found in their places, told to the model within their room, read by their address, called by people, and shown by
commands and methods."""
import json

import pytest

from gateway_client import new_id, test_config

INVOICES = '---\nname: invoices\ndescription: How we write invoices\n---\nRun {baseDir}/sum.sh first.\n'
NEEDS = ('---\nname: needs\ndescription: >\n  Needs a thing\n  over lines\nmetadata:\n  {\n    "openclaw":\n      {\n'
         '        "requires": { "bins": ["no-such-program"], "env": ["NO_SUCH_VAR"], },\n        "primaryEnv": "NO_SUCH_VAR",\n      },\n  }\n---\n')
QUIET = '---\nname: quiet\ndescription: Only when asked\ndisable-model-invocation: true\n---\nBe quiet.\n'


@pytest.fixture
def skilled(openclaw):
    put(openclaw.workspace / 'skills' / 'invoices', INVOICES)
    put(openclaw.workspace / 'skills' / 'group' / 'needs', NEEDS)
    put(openclaw.state / 'skills' / 'quiet', QUIET)
    (openclaw.workspace / 'skills' / 'invoices' / 'more.md').write_text('Always in euros.\n')
    return openclaw


def put(folder, text):
    folder.mkdir(parents=True)
    (folder / 'SKILL.md').write_text(text)


def configured(sim, **more):
    return {**test_config(sim.base_url), **more}


def ended(run):
    return lambda p: p['runId'] == run and p['state'] in ('final', 'error', 'aborted')


def say(c, text):
    run = new_id()
    c.call('chat.send', {'sessionKey': 'main', 'message': text, 'idempotencyKey': run})
    return c.wait_event('chat', ended(run))


# ---- the model ----------------------------------------------------------------------------------------------------

def test_the_model_is_told_of_skills_and_reads_them(skilled, start_gateway, sim):
    c = start_gateway(configured(sim)).connect()
    sim.call('read', {'path': 'skill://invoices'}).call('read', {'path': 'skill://invoices/more.md'}).call('read', {'path': 'skill://needs'})
    sim.call('read', {'path': 'skill://nothing'}).reply('Done.')
    assert say(c, 'write an invoice')['state'] == 'final'
    system = sim.chats[0].json['messages'][0]['content']
    assert 'read skill://NAME' in system and '\n- invoices — How we write invoices\n' in system
    assert 'needs' not in system.split('# Skills')[1] and 'quiet' not in system
    results = [m['content'] for m in sim.chats[-1].json['messages'] if m['role'] == 'tool']
    assert results[0] == 'Run skills/invoices/sum.sh first.\n' and results[1] == 'Always in euros.\n'
    assert 'cannot be used here' in results[2] and 'no-such-program' in results[2]
    assert 'there is no skill nothing; there are: invoices' in results[3]


def test_a_new_skill_is_told_with_the_next_prompt_alone(skilled, start_gateway, sim):
    c = start_gateway(configured(sim)).connect()
    say(c, 'hi')
    put(skilled.workspace / 'skills' / 'later', '---\ndescription: Came later\n---\n')
    say(c, 'hi again')
    assert sim.chats[1].json['messages'][0] == sim.chats[0].json['messages'][0]
    say(c, '/new')
    say(c, 'hello')
    assert '- later — Came later' in sim.chats[-1].json['messages'][0]['content']


def test_what_is_switched_off_is_not_there(skilled, start_gateway, sim):
    c = start_gateway(configured(sim, skills={'entries': {'invoices': {'enabled': False}}})).connect()
    sim.call('read', {'path': 'skill://invoices'}).reply('Done.')
    say(c, 'hi')
    assert '# Skills' not in sim.chats[0].json['messages'][0]['content']
    assert 'there is no skill invoices' in sim.chats[-1].json['messages'][-1]['content']


def test_variables_of_a_skill_reach_commands_outside_the_sandbox_alone(skilled, start_gateway, sim):
    config = configured(sim, skills={'entries': {'invoices': {'env': {'INVOICE_URL': 'https://a.example'}}, 'needs': {'env': {'OTHER': 'x'}}}},
                        tools={'exec': {'mode': 'full'}})
    c = start_gateway(config).connect()
    sim.call('exec', {'command': 'echo "[$INVOICE_URL][$OTHER]"'}).reply('Done.')
    say(c, 'go')
    assert sim.chats[-1].json['messages'][-1]['content'].strip() == '[https://a.example][]'


# ---- people -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('typed, name, rest', [
    ('/skill invoices for Ann', 'invoices', 'for Ann'), ('/invoices for Ann', 'invoices', 'for Ann'),
    ('/Invoices', 'invoices', ''), ('/quiet now', 'quiet', 'now')])
def test_a_skill_is_called_by_its_name(skilled, start_gateway, sim, typed, name, rest):
    c = start_gateway(configured(sim)).connect()
    sim.reply('As you say.')
    assert say(c, typed)['state'] == 'final'
    asked = sim.chats[0].json['messages'][-1]['content']
    assert f'read skill://{name} first' in asked and asked.endswith(rest or 'then follow it.') and typed not in asked


def test_what_is_no_skill_is_an_ordinary_message(skilled, start_gateway, sim):
    c = start_gateway(configured(sim)).connect()
    sim.reply('Hm.').reply('Hm.')
    say(c, '/needs something')
    say(c, '/unknown something')
    assert [ch.json['messages'][-1]['content'].split('\n')[-1] for ch in sim.chats] == ['/needs something', '/unknown something']


def test_skills_are_listed_in_the_chat_and_as_commands(skilled, start_gateway, sim):
    c = start_gateway(configured(sim)).connect()
    text = json.dumps(say(c, '/skills')['message'])
    assert '/invoices' in text and '/quiet' in text and '/needs' not in text
    rows = {r['name']: r for r in c.call('commands.list')['commands'] if r['source'] == 'skill'}
    assert set(rows) == {'invoices', 'quiet'} and rows['invoices']['skillModelVisible'] and not rows['quiet']['skillModelVisible']
    status = c.call('skills.status')
    assert status['workspaceDir'] == str(skilled.workspace)
    assert {s['name']: s['eligible'] for s in status['skills']} == {'invoices': True, 'needs': False, 'quiet': True}


# ---- the command line ---------------------------------------------------------------------------------------------

def test_the_command_line_lists_them(skilled):
    r = skilled.run('skills', 'list').ok()
    assert 'Skills (2/3 ready)' in r.out and 'needs setup' in r.out and 'openclaw-managed' in r.out
    assert 'no-such-program' not in r.out and 'no-such-program' in skilled.run('skills', 'list', '--verbose').ok().out
    assert skilled.run('skills').ok().out == r.out
    doc = json.loads(skilled.run('skills', 'list', '--json').ok().out)
    assert doc['managedSkillsDir'] == str(skilled.state / 'skills')
    rows = {s['name']: s for s in doc['skills']}
    assert rows['needs']['missing'] == {'bins': ['no-such-program'], 'anyBins': [], 'env': ['NO_SUCH_VAR'], 'config': [], 'os': []}
    assert rows['needs']['description'] == 'Needs a thing over lines' and rows['quiet']['modelVisible'] is False
    assert [s['name'] for s in json.loads(skilled.run('skills', 'list', '--json', '--eligible').ok().out)['skills']] == ['invoices', 'quiet']


def test_the_command_line_tells_about_one(skilled):
    out = skilled.run('skills', 'info', 'needs').ok().out
    assert 'needs setup' in out and 'Needs a thing over lines' in out and 'bins: no-such-program; env: NO_SUCH_VAR' in out
    doc = json.loads(skilled.run('skills', 'info', 'needs', '--json').ok().out)
    assert doc['filePath'] == str(skilled.workspace / 'skills/group/needs/SKILL.md') and doc['requirements']['env'] == ['NO_SUCH_VAR']
    assert doc['primaryEnv'] == 'NO_SUCH_VAR' and doc['eligible'] is False and doc['source'] == 'openclaw-workspace'
    r = skilled.run('skills', 'info', 'nope')
    assert r.rc == 1 and 'Skill "nope" not found' in r.err


def test_the_command_line_checks_them(skilled):
    doc = json.loads(skilled.run('skills', 'check', '--json').ok().out)
    assert doc['summary'] == {'total': 3, 'eligible': 2, 'modelVisible': 1, 'commandVisible': 2, 'disabled': 0, 'agentFiltered': 0,
                              'notInjected': 1, 'missingRequirements': 1, 'blocked': 0}
    assert doc['modelVisible'] == ['invoices'] and doc['missingRequirements'][0]['name'] == 'needs'
    out = skilled.run('skills', 'check').ok().out
    assert 'Total: 3' in out and '  needs (bins: no-such-program; env: NO_SUCH_VAR)' in out


def test_files_that_cannot_be_read_are_named(skilled):
    big = skilled.workspace / 'skills' / 'big'
    put(big, 'x' * 300000)
    (skilled.workspace / 'skills' / 'out').symlink_to(skilled.state / 'skills' / 'quiet')
    r = skilled.run('skills', 'list').ok()
    assert 'big/SKILL.md' in r.err and 'out/SKILL.md' in r.err and 'Skills (2/3 ready)' in r.out
    r = skilled.run('skills', 'list', '--agent', 'nobody')
    assert r.rc == 1 and 'there is no agent "nobody"' in r.err
