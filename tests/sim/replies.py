"""What the simulated model says, and how LM Studio would put it on the wire.

A *step* is a plain dict (the same in Python and in a script file). Keys that shape a reply:

  text            visible text (default: a greeting that names the model)
  reasoning       hidden text; reasoning_field = reasoning_content | reasoning | think (tags inside the content)
  tool_calls      [{name, arguments (object or the raw string), id}]; tool_style = fragments | whole | empty_ids |
                  no_index | text ([TOOL_REQUEST] block) | bracket ([name] block) | malformed_text
  finish          finish_reason; null = none is sent (default: stop or tool_calls)
  done            false = no [DONE]
  usage           an object, false = never, true = always (default: when the client asks for it)
  timings         true or an object: llama.cpp's field on the last chunk
  model           the name the answer claims to come from
  deltas          raw delta objects instead of all of the above
  whole           true = one JSON body even when a stream was asked for
  sealed          what seals the reasoning on /v1/responses (encrypted_content) and /v1/messages (signature)
  pieces          the pieces the text is sent in (default: words)
"""
import json
import random
import re
import string

TOOL_CALL = re.compile(r'TOOLCALL:([\w.]+):(\{.*?\}) ?$', re.MULTILINE | re.DOTALL)
ACCEPTANCE = re.compile(r'read (\S+) and write its first line to (\S+?)[.]?$', re.MULTILINE)


def ident(n, alphabet=string.ascii_lowercase + string.digits):
    return ''.join(random.choice(alphabet) for _ in range(n))


def text_of(content):
    """The text of a message, whatever form its content has."""
    if isinstance(content, str):
        return content
    return ''.join(p.get('text', '') for p in content or [] if isinstance(p, dict))


def count_tokens(value):
    """A guess that is good enough for a simulator: four characters a token."""
    return (len(value if isinstance(value, str) else json.dumps(value)) + 3) // 4


def prompt_tokens(body):
    total = sum(4 + count_tokens(text_of(m.get('content'))) + count_tokens(m.get('tool_calls') or '')
                for m in body.get('messages', []))
    return total + (count_tokens(body['tools']) if body.get('tools') else 0)


def marked_step(text, answered):
    """What a marker in the last user text asks for, None without one. answered: a tool result follows that text."""
    call = TOOL_CALL.search(text)
    if call and not answered:
        return {'tool_calls': [{'name': call[1], 'arguments': call[2]}]}
    if call:
        return {'text': 'The tool has answered.'}
    if 'ECHO:' in text:
        return {'text': text.split('ECHO:', 1)[1].strip()}
    if 'THINK' in text:
        return {'reasoning': 'Let me think about it.', 'text': 'I have thought.'}
    if 'SLOW' in text:
        return {'text': ' '.join(f'word{n}' for n in range(200)), 'pace': 0.05}
    if 'ERR400' in text or 'ERR500' in text:
        return {'error': 400 if 'ERR400' in text else 500}
    return None


def default_step(body, model_key):
    """The plausible assistant: it follows the markers of a test, does the one job it understands with the tools it is
    offered, else it greets."""
    messages = body.get('messages', [])
    last_user = max((i for i, m in enumerate(messages) if m.get('role') == 'user'), default=-1)
    if last_user >= 0:
        answered = any(m.get('role') == 'tool' for m in messages[last_user:])
        marked = marked_step(text_of(messages[last_user].get('content')), answered)
        if marked:
            return marked
    wanted = ACCEPTANCE.search(text_of(messages[last_user].get('content'))) if last_user >= 0 else None
    offered = {t.get('function', {}).get('name') for t in body.get('tools') or []}
    if not wanted or not {'read', 'write'} <= offered:
        return {'text': f'Hello from {model_key}.'}
    source, target = wanted.groups()
    results = [text_of(m.get('content')) for m in messages[last_user:] if m.get('role') == 'tool']
    if not results:
        return {'tool_calls': [{'name': 'read', 'arguments': {'path': source}}]}
    first_line = results[0].split('\n', 1)[0]
    if len(results) == 1:
        return {'tool_calls': [{'name': 'write', 'arguments': {'path': target, 'content': first_line}}]}
    return {'text': f'Done: the first line of {source} is now in {target}.'}


def text_block(call, style):
    args = call['arguments'] if isinstance(call['arguments'], str) else json.dumps(call['arguments'])
    if style == 'bracket':
        return f'[{call["name"]}]\n{args}\n[END_TOOL_REQUEST]'
    body = f'{{"name": "{call["name"]}", "arguments": {args}}}'
    if style == 'malformed_text':
        body = body[:-1]
    return f'[TOOL_REQUEST]{body}[END_TOOL_REQUEST]'


class Reply:
    """A step made concrete: the same content is available as one message or as a list of deltas."""

    def __init__(self, step, model_key, default_field='reasoning_content'):
        self.step = step
        self.model = step.get('model', model_key)
        self.style = step.get('tool_style', 'fragments')
        self.field = step.get('reasoning_field', default_field)
        self.reasoning = step.get('reasoning', '')
        says_nothing = step.get('tool_calls') or 'reasoning' in step
        self.text = step.get('text', '' if says_nothing else f'Hello from {model_key}.')
        self.calls = [dict(c) for c in step.get('tool_calls') or []]
        if self.style in ('text', 'bracket', 'malformed_text'):
            self.text += ''.join(text_block(c, self.style) for c in self.calls)
            self.calls = []
        if self.reasoning and self.field == 'think':
            self.text = f'<think>\n{self.reasoning}\n</think>\n\n{self.text}'
            self.reasoning = ''
        for c in self.calls:
            c.setdefault('id', ident(9, string.digits))
            if not isinstance(c.get('arguments', ''), str):
                c['arguments'] = json.dumps(c['arguments'])

    def finish(self):
        return self.step.get('finish', 'tool_calls' if self.calls else 'stop')

    def usage(self, body):
        if isinstance(self.step.get('usage'), dict):
            return self.step['usage']
        said = count_tokens(self.text) + count_tokens(self.reasoning) + sum(count_tokens(c) for c in self.calls)
        asked = prompt_tokens(body)
        return {'prompt_tokens': asked, 'completion_tokens': said, 'total_tokens': asked + said}

    def timings(self, body):
        if isinstance(self.step.get('timings'), dict):
            return self.step['timings']
        u = self.usage(body)
        return {'cache_n': 0, 'prompt_n': u['prompt_tokens'], 'predicted_n': u['completion_tokens'],
                'prompt_ms': 12.5, 'predicted_ms': 25.0, 'predicted_per_second': 40.0}

    def message(self):
        m = {'role': 'assistant'}
        if not self.calls:
            m['content'] = self.text
        if self.reasoning:
            m[self.field] = self.reasoning
        if self.calls:
            m['tool_calls'] = [{'type': 'function', 'id': c['id'],
                                'function': {'name': c['name'], 'arguments': c['arguments']}} for c in self.calls]
        return m

    def deltas(self):
        if 'deltas' in self.step:
            return list(self.step['deltas'])
        pieces = self.step.get('pieces') or re.findall(r'\s*\S+\s*?(?=\s|$)|\s+', self.text)
        out = [{self.field: p} for p in re.findall(r'\s*\S+|\s+', self.reasoning)]
        out += [{'content': p} for p in pieces]
        for i, c in enumerate(self.calls):
            out += self._call_deltas(i, c)
        if out:
            out[0] = {'role': 'assistant', **out[0]}
        return out

    def _call_deltas(self, i, c):
        args = c['arguments']
        first = {'index': i, 'id': c['id'], 'type': 'function', 'function': {'name': c['name'], 'arguments': ''}}
        if self.style == 'whole':
            first['function']['arguments'] = args
            return [{'tool_calls': [first]}]
        cut = [args[n:n + 5] for n in range(0, len(args), 5)]
        rest = [{'index': i, 'function': {'arguments': a}} for a in cut]
        if self.style == 'empty_ids':
            rest = [{**r, 'id': '', 'function': {'name': '', **r['function']}} for r in rest]
        fragments = [first, *rest]
        if self.style == 'no_index':
            fragments = [{k: v for k, v in f.items() if k != 'index'} for f in fragments]
        return [{'tool_calls': [f]} for f in fragments]
