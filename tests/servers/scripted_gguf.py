#!/usr/bin/env python3
"""Writes a tiny model whose behaviour is known: a GGUF file with a hand-made table of next tokens instead of training.

Offered tools and no tool result yet, it opens a tool call (llama.cpp's grammar then forces the JSON: the tool "read"
where it is offered, strings are "a", numbers 1). In every other case it says "Done.". So a real server's template, grammar, parser and
stream are tested around a model that never surprises; ask with temperature 0.

How: embeddings are one-hot, attention and feed-forward outputs are zero, so the state after the last layer is the last
token alone, and the output matrix is the table. The chat template ends the prompt with one newline where a call is
wanted and with two where text is wanted.

usage: scripted_gguf.py OUT.gguf [CONTEXT=32768]
"""
import struct
import sys

CHARS = '\u2581abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;!?\'"{}[]()_-/\\<>=+*&%$#@|~^`\n'
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6  # token types

EMBEDDING, LAYERS, HEADS, KV_HEADS, FEED_FORWARD = 384, 1, 6, 1, 32
HEAD = EMBEDDING // HEADS

# Score of a token whatever came before it; tokens that are not named: 0 for characters, -8 for the others.
BIAS = {'<|im_end|>': 4, '</tool_call>': 3.5, '"': 3, '}': 2.9, ']': 2.8, ':': 2.5, ',': 1.0, '\u2581': -5, '\n': -5,
        '\n\n': -6, '<tool_call>': -4, '<think>': -4, '</think>': -3}
NEXT = {  # (token, next token) -> score
    ('\n', '<tool_call>'): 12, ('<tool_call>', '\n'): 14,  # llama.cpp derives this marker from the template
    ('\n\n', 'D'): 12, ('D', 'o'): 12, ('o', 'n'): 12, ('n', 'e'): 12, ('e', '.'): 12, ('.', '<|im_end|>'): 9,
    ('"', 'a'): 4.5, ('"', 'r'): 2, ('a', '"'): 4, (':', '1'): 3, ('1', '}'): 3,
}
TEMPLATE = (
    "{%- if tools %}{{- '<|im_start|>system\\n# Tools\\n<tools>\\n' }}"
    "{%- for t in tools %}{{- t | tojson }}{{- '\\n' }}{%- endfor %}"
    "{{- '</tools>\\nReply with <tool_call>\\n{\"name\": <function-name>, \"arguments\": <args-json-object>}"
    "\\n</tool_call><|im_end|>\\n' }}{%- endif %}"
    "{%- for m in messages %}"
    "{%- if m.role == 'tool' %}"
    "{{- '<|im_start|>user\\n<tool_response>\\n' + m.content + '\\n</tool_response><|im_end|>\\n' }}"
    "{%- else %}{{- '<|im_start|>' + m.role + '\\n' }}{%- if m.content %}{{- m.content }}{%- endif %}"
    "{%- if m.tool_calls %}{%- for c in m.tool_calls %}{%- set f = c.function if c.function else c %}"
    "{{- '\\n<tool_call>\\n{\"name\": \"' + f.name + '\", \"arguments\": ' }}"
    "{{- f.arguments if f.arguments is string else f.arguments | tojson }}{{- '}\\n</tool_call>' }}"
    "{%- endfor %}{%- endif %}{{- '<|im_end|>\\n' }}{%- endif %}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
    "{%- if not tools or messages[-1].role == 'tool' %}{{- '\\n' }}{%- endif %}{%- endif %}")


def transitions(call=None):
    own = {('<tool_call>', call): 24, (call, '</tool_call>'): 24, ('</tool_call>', '<|im_end|>'): 24} if call else {}
    return {k: v for k, v in NEXT.items() if not call or k != ('<tool_call>', '\n')} | own


def vocabulary(call=None):
    """[(token, score, type)]; call: a token that is a whole call, for servers without a grammar that forces one."""
    tokens = [('<unk>', 0.0, UNKNOWN), ('<s>', 0.0, CONTROL), ('</s>', 0.0, CONTROL)]
    tokens += [('<0x%02X>' % b, 0.0, BYTE) for b in range(256)]
    tokens += [(c, -1.0 - i * 0.001, NORMAL) for i, c in enumerate(CHARS)]
    tokens += [(t, 0.0, CONTROL) for t in ('<|im_start|>', '<|im_end|>')]
    tokens += [(t, 0.0, USER_DEFINED) for t in ('<tool_call>', '</tool_call>', '<think>', '</think>', '\n\n')]
    tokens += [(call, 0.0, USER_DEFINED)] if call else []
    assert len(tokens) < EMBEDDING
    return tokens


# ---- the file format ----------------------------------------------------------------------------------------------

def string(s):
    raw = s.encode()
    return struct.pack('<Q', len(raw)) + raw


def value(v):
    """Type number and bytes of a metadata value. Lists hold one type."""
    if isinstance(v, bool):
        return 7, struct.pack('<?', v)
    if isinstance(v, int):
        return 4, struct.pack('<I', v)
    if isinstance(v, float):
        return 6, struct.pack('<f', v)
    if isinstance(v, str):
        return 8, string(v)
    kind = 8 if isinstance(v[0], str) else 6 if isinstance(v[0], float) else 5
    items = [string(x) if kind == 8 else struct.pack('<f' if kind == 6 else '<i', x) for x in v]
    return 9, struct.pack('<IQ', kind, len(v)) + b''.join(items)


def metadata(context, tokens):
    pairs = {'general.architecture': 'llama', 'general.name': 'scripted-tool-model'}
    sizes = {'context_length': context, 'embedding_length': EMBEDDING, 'block_count': LAYERS,
             'feed_forward_length': FEED_FORWARD, 'attention.head_count': HEADS, 'attention.head_count_kv': KV_HEADS,
             'rope.dimension_count': HEAD, 'vocab_size': len(tokens)}
    pairs |= {'llama.' + k: v for k, v in sizes.items()}
    pairs |= {'llama.attention.layer_norm_rms_epsilon': 1e-6, 'general.file_type': 0,
              'tokenizer.ggml.model': 'llama', 'tokenizer.ggml.pre': 'default',
              'tokenizer.ggml.tokens': [t for t, _, _ in tokens],
              'tokenizer.ggml.scores': [s for _, s, _ in tokens],
              'tokenizer.ggml.token_type': [k for _, _, k in tokens],
              'tokenizer.ggml.bos_token_id': 1,
              'tokenizer.ggml.eos_token_id': [t for t, _, _ in tokens].index('<|im_end|>'),
              'tokenizer.ggml.unknown_token_id': 0, 'tokenizer.ggml.add_bos_token': True,
              'tokenizer.ggml.add_space_prefix': False, 'tokenizer.chat_template': TEMPLATE}
    out = b''
    for k, v in pairs.items():
        kind, raw = value(v)
        out += string(k) + struct.pack('<I', kind) + raw
    return len(pairs), out


def floats(shape, cells=(), fill=0.0):
    """A tensor of `fill` with some cells set: {index: value}."""
    n = shape[0] * (shape[1] if len(shape) > 1 else 1)
    data = bytearray(struct.pack('<f', fill) * n)
    for i, v in dict(cells).items():
        struct.pack_into('<f', data, 4 * i, v)
    return shape, bytes(data)


def tensors(tokens, follows):
    index = {t: i for i, (t, _, _) in enumerate(tokens)}
    last = EMBEDDING - 1  # the cell that is 1 for every token: its column is the bias
    embedding, output = {}, {}
    for i, (t, _, kind) in enumerate(tokens):
        embedding[i * EMBEDDING + i] = embedding[i * EMBEDDING + last] = 1.0
        output[i * EMBEDDING + last] = float(BIAS.get(t, 0.0 if kind == NORMAL else -8.0))
    for (a, b), score in follows.items():
        output[index[b] * EMBEDDING + index[a]] = float(score)
    table = (EMBEDDING, len(tokens))
    layer = {'attn_norm': (EMBEDDING,), 'attn_q': (EMBEDDING, EMBEDDING), 'attn_k': (EMBEDDING, HEAD * KV_HEADS),
             'attn_v': (EMBEDDING, HEAD * KV_HEADS), 'attn_output': (EMBEDDING, EMBEDDING), 'ffn_norm': (EMBEDDING,),
             'ffn_gate': (EMBEDDING, FEED_FORWARD), 'ffn_up': (EMBEDDING, FEED_FORWARD),
             'ffn_down': (FEED_FORWARD, EMBEDDING)}
    yield 'token_embd.weight', floats(table, embedding)
    for n in range(LAYERS):
        for name, shape in layer.items():
            yield f'blk.{n}.{name}.weight', floats(shape, fill=1.0 if len(shape) == 1 else 0.0)
    yield 'output_norm.weight', floats((EMBEDDING,), fill=1.0)
    yield 'output.weight', floats(table, output)


def model(context=32768, call=None):
    tokens = vocabulary(call)
    n_pairs, pairs = metadata(context, tokens)
    infos, data, n = b'', b'', 0
    for name, (shape, raw) in tensors(tokens, transitions(call)):
        dims = b''.join(struct.pack('<Q', d) for d in shape)
        infos += string(name) + struct.pack('<I', len(shape)) + dims + struct.pack('<IQ', 0, len(data))
        data += raw + bytes(-len(raw) % 32)
        n += 1
    head = b'GGUF' + struct.pack('<IQQ', 3, n, n_pairs) + pairs + infos
    return head + bytes(-len(head) % 32) + data


if __name__ == '__main__':
    with open(sys.argv[1], 'wb') as f:
        f.write(model(int(sys.argv[2]) if len(sys.argv) > 2 else 32768))
