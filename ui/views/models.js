// Models and their servers: what there is, what it can do, which one is the default, adding a server by its address.
import { h, fill } from '../dom.js';
import { get, watch } from '../store.js';
import { strings } from '../strings.js';
import { alertDialog, form } from './dialogs.js';
import { facts, search } from './picker.js';

const SHOWN = 200;
const KINDS = { lmstudio: ['LM Studio', 'http://127.0.0.1:1234/v1', 'openai-completions'], ollama: ['Ollama', 'http://127.0.0.1:11434', 'ollama'],
  'llama-cpp': ['llama.cpp', 'http://127.0.0.1:8080/v1', 'openai-completions'], vllm: ['vLLM', 'http://127.0.0.1:8000/v1', 'openai-completions'],
  openai: ['OpenAI-compatible', 'http://', 'openai-completions'] };

export function open(app) {
  const find = h('input', { type: 'search', placeholder: strings.searchModels, 'aria-label': strings.searchModels, oninput: () => show() });
  const list = h('div.cards');
  const refresh = h('button', { type: 'button', onclick: async () => {
    refresh.disabled = true;
    await app.loadModels(true);
    refresh.disabled = false;
  } }, strings.refresh);
  const node = h('div', null, h('div.row', null, find, refresh, h('button.primary', { type: 'button', onclick: () => add(app) }, strings.addServer)), list);

  function show() {
    const all = get('models'), fit = search(all, find.value), groups = Map.groupBy ? Map.groupBy(fit.slice(0, SHOWN), (m) => m.provider) : group(fit.slice(0, SHOWN));
    fill(list, all.length ? null : [h('h2', null, strings.noModelTitle), h('p', null, strings.noModelText), h('p.dim', null, strings.nothingFound)],
      [...groups].map(([provider, models]) => [h('h2', null, provider, ' ', h('span.dim', null, strings.modelCount(models.length))), models.map((m) => card(app, m))]),
      fit.length > SHOWN ? h('p.dim', null, strings.moreModels(fit.length - SHOWN)) : null);
  }
  return { node, end: watch(['models'], show) };
}

function group(list) {
  const m = new Map();
  for (const x of list) m.set(x.provider, [...(m.get(x.provider) || []), x]);
  return m;
}

function card(app, m) {
  const isDefault = m.tags?.includes('default');
  return h('div.card', null, h('div', null, h('b', null, m.name || m.id), h('div.dim', null, [m.id !== m.name ? m.id : null, facts(m)].filter(Boolean).join(' · '))),
    isDefault ? h('span.pill', null, strings.isDefault)
      : h('button', { type: 'button', onclick: () => change(app, { agents: { defaults: { model: { primary: `${m.provider}/${m.id}` } } } }) }, strings.makeDefault));
}

/** Merges a change into the configuration. */
async function change(app, patch) {
  const now = await app.attempt('config.get');
  if (!now) return null;
  const done = await app.attempt('config.patch', { raw: JSON.stringify(patch), baseHash: now.hash });
  if (done) setTimeout(() => app.loadModels(), 600);
  return done;
}

async function add(app) {
  const kind = await form(strings.addServer, [{ name: 'kind', label: strings.kind, options: Object.entries(KINDS).map(([k, v]) => [k, v[0]]) }], strings.addProvider);
  if (!kind) return;
  const [, url, api] = KINDS[kind.kind];
  const v = await form(strings.addServer, [{ name: 'name', label: strings.name, value: kind.kind, required: true },
    { name: 'url', label: strings.address, value: url, required: true, type: 'url' }, { name: 'model', label: strings.modelId, hint: 'qwen/qwen3-8b' },
    { name: 'key', label: strings.provider === '' ? '' : 'API key', type: 'password', hint: strings.key }], strings.addProvider);
  if (!v) return;
  const provider = { baseUrl: v.url, api, models: v.model ? [{ id: v.model, name: v.model }] : [] };
  if (v.key) provider.apiKey = v.key;
  const patch = { models: { providers: { [v.name]: provider } } };
  if (v.model && !get('models').some((m) => m.tags?.includes('default'))) patch.agents = { defaults: { model: { primary: `${v.name}/${v.model}` } } };
  if (await change(app, patch)) alertDialog(strings.models, strings.providerAdded);
}
