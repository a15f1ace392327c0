"""The models that the simulator has on its disk, the instances it has loaded, and the three listings of them
(native /api/v1/models, legacy /api/v0/models, OpenAI-shaped /v1/models)."""
import itertools
import time

DEFAULT_TTL = 3600  # idle seconds of a model that a request loaded

MODELS = [
    {'key': 'qwen/qwen3.5-9b', 'publisher': 'qwen', 'display_name': 'Qwen3.5 9B', 'architecture': 'qwen35',
     'quant': ('Q4_K_M', 4), 'size_bytes': 6546000000, 'params_string': '9B', 'max': 262144, 'format': 'gguf',
     'vision': True, 'tools': True, 'reasoning': {'allowed_options': ['off', 'on'], 'default': 'on'}, 'loaded': 32768},
    {'key': 'openai/gpt-oss-20b', 'publisher': 'openai', 'display_name': 'gpt-oss 20B', 'architecture': 'gpt-oss',
     'quant': ('MXFP4', 4), 'size_bytes': 12110000000, 'params_string': '20B', 'max': 131072, 'format': 'gguf',
     'vision': False, 'tools': True, 'reasoning': {'allowed_options': ['low', 'medium', 'high'], 'default': 'medium'},
     'reasoning_field': 'reasoning'},
    {'key': 'zai-org/glm-4.7-flash', 'publisher': 'zai-org', 'display_name': 'GLM 4.7 Flash', 'architecture': 'glm4moe',
     'quant': ('6bit', 6), 'size_bytes': 24360000000, 'params_string': '30B-A3B', 'max': 202752, 'format': 'mlx',
     'vision': False, 'tools': True},
    {'key': 'qwen/qwen3-coder-next', 'publisher': 'qwen', 'display_name': 'Qwen3 Coder Next',
     'architecture': 'qwen3next', 'quant': ('Q4_K_M', 4), 'size_bytes': 48500000000, 'params_string': '80B-A3B',
     'max': 262144, 'format': 'gguf', 'vision': False, 'tools': True,
     'variants': ['qwen/qwen3-coder-next@q4_k_m', 'qwen/qwen3-coder-next@q8_0'],
     'selected_variant': 'qwen/qwen3-coder-next@q4_k_m'},
    {'key': 'deepseek/deepseek-r1-0528-qwen3-8b', 'publisher': 'deepseek',
     'display_name': 'DeepSeek R1 0528 Qwen3 8B', 'architecture': 'qwen3', 'quant': ('Q4_K_M', 4),
     'size_bytes': 5030000000, 'params_string': '8B', 'max': 131072, 'format': 'gguf', 'vision': False, 'tools': True,
     'reasoning': {'allowed_options': ['on'], 'default': 'on'}},
    {'key': 'allenai/olmocr-2-7b', 'publisher': 'allenai', 'display_name': 'olmOCR 2 7B', 'architecture': 'qwen2vl',
     'quant': ('Q4_K_M', 4), 'size_bytes': 5900000000, 'params_string': '7B', 'max': 128000, 'format': 'gguf',
     'vision': True, 'tools': False},
    {'key': 'text-embedding-nomic-embed-text-v1.5', 'publisher': 'nomic-ai',
     'display_name': 'Nomic Embed Text v1.5', 'quant': ('Q4_K_M', 4), 'size_bytes': 84106624, 'params_string': None,
     'max': 2048, 'format': 'gguf', 'type': 'embedding'},
]


class Instance:
    """A model in memory. `ttl` is None for a model that somebody loaded on purpose."""

    def __init__(self, model, ident, context_length, ttl=None, config=None):
        self.model, self.id, self.context_length, self.ttl = model, ident, context_length, ttl
        self.config = {'context_length': context_length}
        if model.get('type') != 'embedding':
            self.config |= {'eval_batch_size': 512, 'parallel': 4, 'flash_attention': True,
                            'offload_kv_cache_to_gpu': True}
        self.config |= config or {}
        self.used = time.monotonic()

    def expired(self):
        return self.ttl is not None and time.monotonic() - self.used > self.ttl


class Catalog:
    """Models on disk and instances in memory. Not locked: the simulator holds its lock around every call."""

    def __init__(self, models=None):
        self.models = [dict(m) for m in (MODELS if models is None else models)]
        self.instances = []
        for m in self.models:
            if m.get('loaded'):
                self.load(m, m['loaded'])

    def find(self, name):
        """The model behind a key, a variant or (as the server does) a key in other letter case."""
        lowered = name.lower()
        for m in self.models:
            if lowered in [m['key'].lower(), *(v.lower() for v in m.get('variants', []))]:
                return m
        return None

    def live(self):
        self.instances = [i for i in self.instances if not i.expired()]
        return self.instances

    def instance(self, name):
        """The loaded instance that a request for `name` would use: an instance id wins over a key."""
        for i in self.live():
            if i.id == name:
                return i
        model = self.find(name)
        return next((i for i in self.instances if model and i.model is model), None)

    def load(self, model, context_length, ttl=None, config=None):
        taken = {i.id for i in self.instances}
        names = itertools.chain([model['key']], (f'{model["key"]}:{n}' for n in itertools.count(2)))
        made = Instance(model, next(n for n in names if n not in taken), context_length, ttl, config)
        self.instances.append(made)
        return made

    def unload(self, ident):
        before = len(self.instances)
        self.instances = [i for i in self.instances if i.id != ident]
        return len(self.instances) < before

    def evict_jit(self):
        self.instances = [i for i in self.instances if i.ttl is None]

    # ---- listings -------------------------------------------------------------------------------------------------

    def native(self, with_reasoning=True):
        self.live()
        return {'models': [self._native_entry(m, with_reasoning) for m in self.models]}

    def _native_entry(self, m, with_reasoning):
        embedding = m.get('type') == 'embedding'
        name, bits = m.get('quant', (None, None))
        e = {'type': m.get('type', 'llm'), 'publisher': m.get('publisher', ''), 'key': m['key'],
             'display_name': m.get('display_name', m['key']), 'architecture': m.get('architecture'),
             'quantization': {'name': name, 'bits_per_weight': bits} if name else None,
             'size_bytes': m.get('size_bytes', 0), 'params_string': m.get('params_string'),
             'loaded_instances': [{'id': i.id, 'config': i.config} for i in self.instances if i.model is m],
             'max_context_length': m.get('max', 32768), 'format': m.get('format', 'gguf')}
        if embedding:
            del e['architecture']
            return e
        e['capabilities'] = {'vision': m.get('vision', False), 'trained_for_tool_use': m.get('tools', False)}
        if with_reasoning and m.get('reasoning'):
            e['capabilities']['reasoning'] = m['reasoning']
        e['description'] = m.get('description')
        for field in ('variants', 'selected_variant'):
            if field in m:
                e[field] = m[field]
        return e

    def legacy_entry(self, m):
        loaded = next((i for i in self.live() if i.model is m), None)
        kind = 'embeddings' if m.get('type') == 'embedding' else 'vlm' if m.get('vision') else 'llm'
        e = {'id': m['key'], 'object': 'model', 'type': kind, 'publisher': m.get('publisher', ''),
             'arch': m.get('architecture', 'nomic-bert'), 'compatibility_type': m.get('format', 'gguf'),
             'quantization': m.get('quant', ('', 0))[0], 'state': 'loaded' if loaded else 'not-loaded',
             'max_context_length': m.get('max', 32768)}
        if loaded:
            e['loaded_context_length'] = loaded.context_length
        if m.get('tools'):
            e['capabilities'] = ['tool_use']
        return e

    def openai(self, all_models):
        loaded = [i.model for i in self.live()]
        shown = [m for m in self.models if all_models or m in loaded]
        return {'data': [{'id': m['key'], 'object': 'model', 'owned_by': 'organization_owner'} for m in shown],
                'object': 'list'}
