#!/usr/bin/env python3
"""The model of scripted_gguf.py as a folder that mlx_lm.server loads: config, tokenizer, safetensors.

usage: scripted_mlx.py FOLDER [CALL]     CALL: the JSON of the one call it makes
"""
import json
import pathlib
import struct
import sys

from scripted_gguf import BYTE, CHARS, EMBEDDING, FEED_FORWARD, HEAD, HEADS, KV_HEADS, NORMAL, TEMPLATE, transitions, vocabulary

CALL = '{"name": "read", "arguments": {"path": "a"}}'
CONTEXT = 32768
# The server guesses the parser of calls from this name in the template.
CHAT_TEMPLATE = (TEMPLATE.replace('set f = ', 'set tool_call = ').replace('f.name', 'tool_call.name')
                 .replace('f.arguments', 'tool_call.arguments'))


def configuration(tokens, end):
    return {'architectures': ['LlamaForCausalLM'], 'model_type': 'llama', 'hidden_size': EMBEDDING, 'num_hidden_layers': 1,
            'intermediate_size': FEED_FORWARD, 'num_attention_heads': HEADS, 'num_key_value_heads': KV_HEADS,
            'rms_norm_eps': 1e-6, 'vocab_size': len(tokens), 'max_position_embeddings': CONTEXT, 'rope_theta': 10000.0,
            'tie_word_embeddings': False, 'torch_dtype': 'float32', 'bos_token_id': 1, 'eos_token_id': end}


def tokenizer(tokens, base):
    special = ('<unk>', '<s>', '</s>', '<|im_start|>', '<|im_end|>')
    added = [{'id': i, 'content': tokens[i], 'single_word': False, 'lstrip': False, 'rstrip': False, 'normalized': False,
              'special': tokens[i] in special} for i in [0, 1, 2, *range(base, len(tokens))]]
    return {'version': '1.0', 'truncation': None, 'padding': None, 'added_tokens': added,
            'normalizer': {'type': 'Replace', 'pattern': {'String': ' '}, 'content': '\u2581'},
            'pre_tokenizer': None, 'post_processor': None,
            'decoder': {'type': 'Sequence', 'decoders': [
                {'type': 'Replace', 'pattern': {'String': '\u2581'}, 'content': ' '}, {'type': 'ByteFallback'}, {'type': 'Fuse'}]},
            'model': {'type': 'BPE', 'dropout': None, 'unk_token': '<unk>', 'continuing_subword_prefix': None,
                      'end_of_word_suffix': None, 'fuse_unk': True, 'byte_fallback': True,
                      'vocab': {t: i for i, t in enumerate(tokens[:base])}, 'merges': []}}


def tensors(tokens, kinds, follows):
    index = {t: i for i, t in enumerate(tokens)}
    n, last = len(tokens), EMBEDDING - 1
    embedding, head = bytearray(4 * EMBEDDING * n), bytearray(4 * EMBEDDING * n)

    def put(table, row, column, v):
        struct.pack_into('<f', table, 4 * (row * EMBEDDING + column), v)
    for i, t in enumerate(tokens):
        put(embedding, i, i, 1.0)
        put(embedding, i, last, 1.0)
        put(head, i, last, 4.0 if t == '<|im_end|>' else 0.0 if kinds[i] == NORMAL else -8.0)
    for (a, b), _ in follows.items():
        put(head, index[b], index[a], 24.0)
    ones = struct.pack('<f', 1.0) * EMBEDDING
    yield 'model.embed_tokens.weight', (n, EMBEDDING), bytes(embedding)
    yield 'lm_head.weight', (n, EMBEDDING), bytes(head)
    yield 'model.norm.weight', (EMBEDDING,), ones
    kv = HEAD * KV_HEADS
    zeros = {'self_attn.q_proj': (EMBEDDING, EMBEDDING), 'self_attn.k_proj': (kv, EMBEDDING), 'self_attn.v_proj': (kv, EMBEDDING),
             'self_attn.o_proj': (EMBEDDING, EMBEDDING), 'mlp.gate_proj': (FEED_FORWARD, EMBEDDING),
             'mlp.up_proj': (FEED_FORWARD, EMBEDDING), 'mlp.down_proj': (EMBEDDING, FEED_FORWARD)}
    for name, shape in zeros.items():
        yield f'model.layers.0.{name}.weight', shape, bytes(4 * shape[0] * shape[1])
    for name in ('input_layernorm', 'post_attention_layernorm'):
        yield f'model.layers.0.{name}.weight', (EMBEDDING,), ones


def safetensors(parts):
    head, data = {'__metadata__': {'format': 'mlx'}}, b''
    for name, shape, raw in parts:
        head[name] = {'dtype': 'F32', 'shape': list(shape), 'data_offsets': [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(head).encode()
    text += b' ' * (-len(text) % 8)
    return struct.pack('<Q', len(text)) + text + data


def write(folder, call=CALL):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    call = f'\n{call}\n'
    rows = vocabulary(call)
    tokens, kinds = [t for t, _, _ in rows], [k for _, _, k in rows]
    base = 3 + sum(k == BYTE for k in kinds) + len(CHARS)
    # Of two tokens that share a start ('\n' and '\n\n') only the text decides; a call follows '\n', an answer '\n\n'.
    follows = {k: v for k, v in transitions(call).items() if k[0] not in ('"', 'a', ':', '1')}
    documents = {'config.json': configuration(tokens, tokens.index('<|im_end|>')), 'tokenizer.json': tokenizer(tokens, base),
                 'tokenizer_config.json': {'tokenizer_class': 'PreTrainedTokenizerFast', 'bos_token': '<s>',
                                           'eos_token': '<|im_end|>', 'unk_token': '<unk>', 'add_bos_token': False,
                                           'clean_up_tokenization_spaces': False, 'model_max_length': CONTEXT,
                                           'chat_template': CHAT_TEMPLATE}}
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document, ensure_ascii=False))
    (folder / 'model.safetensors').write_bytes(safetensors(tensors(tokens, kinds, follows)))


if __name__ == '__main__':
    write(*sys.argv[1:])
