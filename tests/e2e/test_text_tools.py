"""Tool calls that a model writes as text in its own form: they run where the model opts in, and are warned of where not."""
import json

import pytest

QWEN = 'qwen/qwen3.5-9b'


def block(name, arguments):
    return f'<tool_call>\n{json.dumps({"name": name, "arguments": arguments})}\n</tool_call>'


FORMS = {
    'hermes': lambda name, args: block(name, args),
    'function': lambda name, args: f'<function={name}>\n' + ''.join(
        f'<parameter={k}>\n{v}\n</parameter>\n' for k, v in args.items()) + '</function>',
    'mistral': lambda name, args: f'[TOOL_CALLS]{name}[ARGS]{json.dumps(args)}',
    'bare': lambda name, args: json.dumps({'name': name, 'parameters': args}),
    'harmony': lambda name, args:
        f'<|channel|>commentary to=functions.{name} <|constrain|>json<|message|>{json.dumps(args)}<|call|>',
}


@pytest.fixture
def native(openclaw, sim):
    openclaw.use(sim.base_url, params={'preload': False}, more={'compat': {'textToolCalls': 'native'}})
    openclaw.workspace.mkdir(parents=True)
    return openclaw


@pytest.fixture
def default(openclaw, sim):
    openclaw.use(sim.base_url, params={'preload': False})
    openclaw.workspace.mkdir(parents=True)
    return openclaw


def ask(openclaw, *options):
    return openclaw.run('agent', '--local', '-m', 'write it', *options)


@pytest.mark.parametrize('form', FORMS)
def test_a_call_in_the_models_own_form_runs_and_is_replayed_in_structured_form(native, sim, form):
    written = FORMS[form]('write', {'path': 'made.txt', 'content': form})
    sim.reply(written, pieces=list(written)).reply('Written.')
    r = ask(native).ok()
    assert (native.workspace / 'made.txt').read_text().rstrip('\n') == form
    assert r.out.rstrip() == 'Written.' and 'looks like a tool call' not in r.err
    stored = sim.chats[1].json['messages'][-2]
    assert stored['tool_calls'][0]['function']['name'] == 'write' and not stored.get('content')


def test_without_the_opt_in_the_text_stays_and_the_operator_is_warned(default, sim):
    sim.reply(block('write', {'path': 'made.txt', 'content': 'x'}))
    r = ask(default, '--json').ok()
    run = json.loads(r.out)['runId']
    assert not (default.workspace / 'made.txt').exists()
    line, = [e for e in r.err.splitlines() if 'looks like a tool call' in e]
    for said in (f'runId={run}', 'provider=lmstudio', f'model={QWEN}', 'pattern=xml_tool_call', 'toolName=write',
                 'registeredTool=true'):
        assert said in line, line
    assert '<tool_call>' in r.out


def test_a_tool_that_is_not_offered_stays_text_with_a_warning(native, sim):
    sim.reply(block('teleport', {'to': 'Mars'}))
    r = ask(native).ok()
    assert '<tool_call>' in r.out and 'toolName=teleport registeredTool=false' in r.err


def test_arguments_that_cannot_be_read_go_back_to_the_model_as_an_error(native, sim):
    sim.reply('<tool_call>{"name": "write", "arguments": {"path" "made.txt"}}</tool_call>').reply('Sorry.')
    ask(native).ok()
    result = sim.chats[1].json['messages'][-1]
    assert result['role'] == 'tool' and 'not valid JSON at 1:' in result['content']


def test_an_announced_call_that_does_not_come_is_warned_of(default, sim):
    sim.then(text='', finish='tool_calls').reply('Hello.')
    r = ask(default).ok()
    line, = [e for e in r.err.splitlines() if 'announced a tool call' in e]
    assert 'pattern=' not in line and f'model={QWEN}' in line


def test_infer_warns_as_well(default, sim):
    sim.reply(block('search', {}))
    r = default.run('infer', 'model', 'run', '--prompt', 'hi').ok()
    assert '<tool_call>' in r.out and 'provider=lmstudio' in r.err and 'toolName=search' in r.err
