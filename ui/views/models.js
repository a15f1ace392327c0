// Models and their servers: what there is, what it can do, which one is the default, adding a server by its address.
import { h, fill } from '../dom.js';
import { get, watch } from '../store.js';
import { strings } from '../strings.js';
import { alertDialog, form, openDialog } from './dialogs.js';
import { facts, search } from './picker.js';

const SHOWN = 200;

export function open(app) {
  const find = h('input', { type: 'search', placeholder: strings.searchModels, 'aria-label': strings.searchModels, oninput: () => show() });
  const list = h('div.cards');
  const refresh = h('button', { type: 'button', onclick: async () => {
    refresh.disabled = true;
    await app.loadModels({ refresh: true, includeDetails: true });
    refresh.disabled = false;
  } }, strings.refresh);
  const node = h('div', null, h('div.row', null, find, refresh, h('button.primary', { type: 'button', onclick: () => add(app) }, strings.addServer)), list);

  function show() {
    const all = get('models'), fit = search(all, find.value), groups = Map.groupBy ? Map.groupBy(fit.slice(0, SHOWN), (m) => m.provider) : group(fit.slice(0, SHOWN));
    fill(list, all.length ? null : [h('h2', null, strings.noModelTitle), h('p', null, strings.noModelText), h('p.dim', null, strings.nothingFound)],
      [...groups].map(([provider, models]) => [h('h2', null, provider, ' ', h('span.dim', null, strings.modelCount(models.length)), h('button.link', { type: 'button', onclick: () => probe(app, provider) }, strings.probe)), models.map((m) => card(app, m))]),
      fit.length > SHOWN ? h('p.dim', null, strings.moreModels(fit.length - SHOWN)) : null);
  }
  app.loadModels({ includeDetails: true });
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
    h('button.link', { type: 'button', onclick: () => setContext(app, m) }, strings.setContext),
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

const KINDS = [['custom', 'OpenAI-compatible'], ['lmstudio', 'LM Studio'], ['ollama', 'Ollama'], ['llamacpp', 'llama.cpp'], ['vllm', 'vLLM']];

/** Asks what answers at an address before anything is written. */
async function add(app) {
  const v = await form(strings.addServer, [{ name: 'url', label: strings.address, hint: 'http://127.0.0.1:1234/v1', required: true, type: 'url' },
    { name: 'kind', label: strings.kind, options: KINDS }, { name: 'key', label: strings.key, type: 'password' }], strings.look);
  if (!v) return;
  const ask = { url: v.url, kind: v.kind, ...(v.key ? { apiKey: v.key } : {}) };
  const [server] = (await app.attempt('x.servers.find', ask))?.servers || [];
  if (!server) return;
  if (!server.reachable) await alertDialog(strings.problem, strings.notReached(v.url, server.error));
  else await useServer(app, server, v.key);
}

/** Adds a server that answered: its name here, which model, how much context. */
export async function useServer(app, server, key) {
  const models = server.models, custom = server.kind === 'custom';
  const v = await form(strings.foundModels(models.length, server.label), [
    { name: 'name', label: strings.name, value: custom ? new URL(server.baseUrl).hostname.replace(/[^a-z0-9]+/gi, '-') : server.kind, required: true },
    models.length ? { name: 'model', label: strings.model, options: models.map((m) => [m.id, [m.id, m.loaded ? strings.loaded : ''].filter(Boolean).join(' · ')]) }
      : { name: 'model', label: strings.modelId, hint: 'qwen/qwen3-8b', required: true },
    { name: 'context', label: strings.windowOf, type: 'number' },
    { name: 'first', label: strings.makeItDefault, options: [['yes', strings.yes], ['', strings.no]] }], strings.addProvider);
  if (!v) return;
  const entries = (models.length ? models : [{ id: v.model }]).slice(0, 100).map((m) => ({ id: m.id, name: m.name || m.id, ...(m.contextWindow ? { contextWindow: m.contextWindow } : {}),
    ...(m.vision ? { input: ['text', 'image'] } : {}), ...(m.id === v.model && v.context ? { contextTokens: Number(v.context) } : {}) }));
  const patch = { models: { providers: { [v.name]: { baseUrl: server.baseUrl, api: server.api, models: entries, ...(key ? { apiKey: key } : {}) } } } };
  if (v.first) patch.agents = { defaults: { model: { primary: `${v.name}/${v.model}` } } };
  if (await change(app, patch)) alertDialog(strings.models, strings.providerAdded);
}

/** What the server can do, and how that was found out. */
async function probe(app, provider) {
  const { dialog, closed } = openDialog(strings.probe, h('p', { role: 'status' }, strings.probing), {});
  const r = await app.request('models.probe', { provider }, 60000).catch((e) => ({ problem: e.message }));
  const cell = (v) => (typeof v === 'boolean' ? (v ? strings.yes : strings.no) : typeof v === 'object' && v !== null ? JSON.stringify(v) : String(v));
  fill(dialog, h('form', { method: 'dialog' }, h('h2', null, `${provider} ${r.model || ''}`), r.problem ? h('p.bad', null, r.problem)
    : h('div.scroll', { tabindex: '0' }, h('table', null, h('thead', null, h('tr', null, [strings.feature, strings.value, strings.how].map((t) => h('th', { scope: 'col' }, t)))),
      h('tbody', null, Object.entries(r.features).map(([k, f]) => h('tr', null, h('td', null, k), h('td', null, cell(f.value)), h('td.dim', null, f.how || '')))))),
  h('div.row.end', null, h('button.primary', { autofocus: true }, strings.close))));
  return closed;
}

/** A ceiling for what is sent to this model. An entry that the configuration lacks is made. */
async function setContext(app, m) {
  const v = await form(m.id, [{ name: 'n', label: strings.windowOf, type: 'number', value: m.contextTokens || '' }], strings.save);
  const now = v && await app.attempt('config.get');
  if (!now) return;
  const models = [...(now.config.models?.providers?.[m.provider]?.models || [])], at = models.findIndex((x) => x.id === m.id);
  const entry = { ...(at < 0 ? { id: m.id, name: m.name } : models[at]) };
  if (v.n) entry.contextTokens = Number(v.n);
  else delete entry.contextTokens;
  models.splice(at < 0 ? models.length : at, at < 0 ? 0 : 1, entry);
  change(app, { models: { providers: { [m.provider]: { models } } } });
}
