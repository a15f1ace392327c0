"""LM Studio's other two APIs: /v1/responses and /v1/messages. A request is read as the chat it stands for; a reply is put
into the events of the API."""
import json
import re

import replies


def words(text):
    return re.findall(r'\s*\S+\s*?(?=\s|$)|\s+', text)


def cut(text, n=5):
    return [text[i:i + n] for i in range(0, len(text), n)]


class Responses:
    path = '/v1/responses'

    def __init__(self):
        self.ident = 'resp_' + replies.ident(48, '0123456789abcdef')

    @staticmethod
    def refused(body):
        if not isinstance(body.get('input'), (str, list)):
            return "Invalid 'input' in payload: expected a string or an array"
        calls, results = set(), set()
        for item in body['input'] if isinstance(body['input'], list) else []:
            if item.get('type') == 'function_call':
                json.loads(item['arguments'])
                calls.add(item['call_id'])
            if item.get('type') == 'function_call_output':
                results.add(item['call_id'])
        return None if calls == results else f"No tool output found for function call {(calls ^ results).pop()}"

    @staticmethod
    def as_chat(body):
        """The same request as messages, for the parts of the simulator that think in those."""
        items = body['input'] if isinstance(body['input'], list) else [{'role': 'user', 'content': body['input']}]
        messages = [{'role': 'system', 'content': body['instructions']}] if body.get('instructions') else []
        for item in items:
            kind = item.get('type', 'message')
            if kind == 'function_call':
                messages.append({'role': 'assistant', 'content': '', 'tool_calls': [item]})
            elif kind == 'function_call_output':
                messages.append({'role': 'tool', 'content': item['output']})
            elif kind == 'message':
                messages.append({'role': item['role'], 'content': item['content']})
        return {**body, 'messages': messages, 'reasoning_effort': (body.get('reasoning') or {}).get('effort'),
                'tools': [{'type': 'function', 'function': t} for t in body.get('tools') or []]}

    def items(self, reply):
        out = []
        if reply.reasoning:
            out.append({'id': 'rs_' + replies.ident(24), 'type': 'reasoning', 'summary': [],
                        'content': [{'type': 'reasoning_text', 'text': reply.reasoning}],
                        **({'encrypted_content': reply.step['sealed']} if 'sealed' in reply.step else {})})
        if reply.text:
            out.append({'id': 'msg_' + replies.ident(24), 'type': 'message', 'role': 'assistant', 'status': 'completed',
                        'content': [{'type': 'output_text', 'text': reply.text, 'annotations': [], 'logprobs': []}]})
        return out + [{'id': 'fc_' + replies.ident(24), 'type': 'function_call', 'status': 'completed', 'call_id': c['id'],
                       'name': c['name'], 'arguments': c['arguments']} for c in reply.calls]

    def whole(self, reply, chat, status='completed', output=None):
        u = reply.usage(chat)
        cut_off = reply.finish() == 'length'
        done = status in ('completed', 'incomplete')
        return {'id': self.ident, 'object': 'response', 'created_at': 1780000000, 'model': reply.model,
                'status': 'incomplete' if cut_off and done else status, 'output': self.items(reply) if output is None else output,
                'error': None, 'incomplete_details': {'reason': 'max_output_tokens'} if cut_off and done else None,
                'usage': {'input_tokens': u['prompt_tokens'], 'output_tokens': u['completion_tokens'],
                          'total_tokens': u['total_tokens'], 'input_tokens_details': {'cached_tokens': 0},
                          'output_tokens_details': {'reasoning_tokens': replies.count_tokens(reply.reasoning)}}
                if done else None}

    def events(self, reply, chat):
        made = list(self._events(reply, chat))
        return [(kind, {'type': kind, **data, 'sequence_number': n}) for n, (kind, data) in enumerate(made)]

    def _events(self, reply, chat):
        for kind in ('created', 'in_progress'):
            yield f'response.{kind}', {'response': self.whole(reply, chat, 'in_progress', [])}
        items = self.items(reply)
        for n, item in enumerate(items):
            at = {'item_id': item['id'], 'output_index': n}
            begun = {**item, 'status': 'in_progress', **({'arguments': ''} if 'arguments' in item else {'content': []})}
            yield 'response.output_item.added', {'output_index': n, 'item': begun}
            if item['type'] == 'function_call':
                for piece in cut(item['arguments']):
                    yield 'response.function_call_arguments.delta', {**at, 'delta': piece}
                yield 'response.function_call_arguments.done', {**at, 'arguments': item['arguments']}
            elif item['type'] == 'reasoning':  # some builds send no deltas of it
                yield 'response.reasoning_text.done', {**at, 'content_index': 0, 'text': reply.reasoning}
            else:
                part = {**at, 'content_index': 0}
                yield 'response.content_part.added', {**part, 'part': {'type': 'output_text', 'text': '', 'annotations': []}}
                for piece in words(reply.text):
                    yield 'response.output_text.delta', {**part, 'delta': piece}
                yield 'response.output_text.done', {**part, 'text': reply.text}
                yield 'response.content_part.done', {**part, 'part': item['content'][0]}
            yield 'response.output_item.done', {'output_index': n, 'item': item}
        end = self.whole(reply, chat, output=items)
        yield f'response.{end["status"]}', {'response': end}

    @staticmethod
    def error(message):
        return {'type': 'error', 'code': None, 'message': message, 'param': None}


class Messages:
    path = '/v1/messages'
    stops = {'tool_calls': 'tool_use', 'length': 'max_tokens'}

    def __init__(self):
        self.ident = 'msg_' + replies.ident(24)

    @staticmethod
    def refused(body):
        if not isinstance(body.get('max_tokens'), int):
            return "Invalid 'max_tokens' in payload: a number is required"
        roles = [m.get('role') for m in body.get('messages') or []]
        if not roles or set(roles) - {'user', 'assistant'} or any(a == b for a, b in zip(roles, roles[1:])):
            return "Invalid 'messages' in payload: user and assistant must take turns"
        return None

    @staticmethod
    def as_chat(body):
        messages = [{'role': 'system', 'content': b['text']} for b in body.get('system') or []]
        for m in body['messages']:
            blocks = m['content'] if isinstance(m['content'], list) else [{'type': 'text', 'text': m['content']}]
            results = [b for b in blocks if b['type'] == 'tool_result']
            calls = [b for b in blocks if b['type'] == 'tool_use']
            messages += [{'role': 'tool', 'content': b['content']} for b in results]
            if len(results) < len(blocks):
                messages.append({'role': m['role'], 'content': [b for b in blocks if b['type'] == 'text'],
                                 **({'tool_calls': calls} if calls else {})})
        return {**body, 'messages': messages, 'reasoning_effort': None,
                'tools': [{'type': 'function', 'function': t} for t in body.get('tools') or []]}

    def blocks(self, reply):
        out = []
        if reply.reasoning:
            out.append({'type': 'thinking', 'thinking': reply.reasoning, 'signature': reply.step.get('sealed', '')})
        if reply.text:
            out.append({'type': 'text', 'text': reply.text})
        return out + [{'type': 'tool_use', 'id': c['id'], 'name': c['name'], 'input': json.loads(c['arguments'] or '{}')}
                      for c in reply.calls]

    def whole(self, reply, chat):
        u = reply.usage(chat)
        return {'id': self.ident, 'type': 'message', 'role': 'assistant', 'model': reply.model, 'content': self.blocks(reply),
                'stop_reason': self.stops.get(reply.finish(), 'end_turn'), 'stop_sequence': None,
                'usage': {'input_tokens': u['prompt_tokens'], 'output_tokens': u['completion_tokens']}}

    def events(self, reply, chat):
        return [(kind, {'type': kind, **data}) for kind, data in self._events(reply, chat)]

    def _events(self, reply, chat):
        end = self.whole(reply, chat)
        yield 'message_start', {'message': {**end, 'content': [], 'stop_reason': None,
                                            'usage': {**end['usage'], 'output_tokens': 1}}}
        for n, block in enumerate(end['content']):
            kind = block['type']
            empty = {'text': {'text': ''}, 'thinking': {'thinking': '', 'signature': ''}, 'tool_use': {'input': {}}}[kind]
            yield 'content_block_start', {'index': n, 'content_block': {**block, **empty}}
            for delta in self.deltas(block):
                yield 'content_block_delta', {'index': n, 'delta': delta}
            yield 'content_block_stop', {'index': n}
        yield 'message_delta', {'delta': {'stop_reason': end['stop_reason'], 'stop_sequence': None},
                                'usage': {'output_tokens': end['usage']['output_tokens']}}
        yield 'message_stop', {}

    @staticmethod
    def deltas(block):
        if block['type'] == 'tool_use':
            return [{'type': 'input_json_delta', 'partial_json': p} for p in cut(json.dumps(block['input']))]
        if block['type'] == 'text':
            return [{'type': 'text_delta', 'text': p} for p in words(block['text'])]
        signed = [{'type': 'signature_delta', 'signature': block['signature']}] if block['signature'] else []
        return [{'type': 'thinking_delta', 'thinking': p} for p in words(block['thinking'])] + signed

    @staticmethod
    def error(message):
        return {'type': 'error', 'error': {'type': 'invalid_request_error', 'message': message}}
