// The configuration: a form for what is changed often, and the file as it is. Both are guarded against changes that
// were made elsewhere meanwhile.
import { h, fill } from '../dom.js';
import { get } from '../store.js';
import { strings } from '../strings.js';

const LEVELS = ['off', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];
const COMMON = [ // path, label, choices (a function, a list) or the type of the field
  ['agents.defaults.model.primary', 'defaultModel', () => get('models').map((m) => `${m.provider}/${m.id}`)],
  ['agents.defaults.contextTokens', 'contextTokens', 'number'],
  ['agents.defaults.thinkingDefault', 'thinkingLevel', LEVELS],
  ['tools.exec.mode', 'execMode', ['auto', 'ask', 'allowlist', 'deny', 'full']],
  ['messages.queue.mode', 'queueMode', ['steer', 'followup', 'collect', 'interrupt']],
  ['agents.defaults.workspace', 'workspace', 'text'],
  ['agents.defaults.userTimezone', 'timeZone', 'text'],
  ['logging.level', 'logLevel', ['error', 'warn', 'info', 'debug', 'trace']],
];
const at = (o, path) => path.split('.').reduce((v, k) => v?.[k], o);
const nest = (path, value) => path.split('.').reduceRight((v, k) => ({ [k]: v }), value);

function mergeInto(a, b) {
  for (const [k, v] of Object.entries(b)) a[k] = v && typeof v === 'object' ? mergeInto(a[k] || {}, v) : v;
  return a;
}

export function open(app) {
  const area = h('textarea.raw', { spellcheck: 'false', 'aria-label': strings.configFile, dir: 'ltr' });
  const said = h('div', { role: 'status' }), path = h('code', { dir: 'ltr' }), fields = h('div.fields');
  let hash = null, inputs = new Map();

  async function load() {
    const r = await app.attempt('config.get');
    if (!r) return;
    hash = r.hash;
    path.textContent = r.path;
    area.value = typeof r.raw === 'string' && r.raw ? r.raw : JSON.stringify(r.config || {}, null, 2);
    showForm(r.sourceConfig || r.parsed || r.config || {});
    fill(said, (r.issues || []).map((i) => h('p.bad', null, `${i.path}: ${i.message}`)));
  }

  function field([name, label, kind], config) {
    const given = at(config, name), value = name === 'agents.defaults.model.primary' && given === undefined ? at(config, 'agents.defaults.model') : given;
    const now = typeof value === 'object' || value === undefined ? '' : String(value), id = `set-${name}`;
    const choices = Array.isArray(kind) ? kind : typeof kind === 'function' ? kind() : null;
    const input = choices
      ? h('select', { id }, ['', ...new Set([now, ...choices].filter(Boolean))].map((c) => h('option', { value: c, selected: c === now }, c || strings.unset)))
      : h('input', { id, type: kind, min: 0, value: now, placeholder: strings.unset });
    inputs.set(name, { input, now, number: kind === 'number' });
    return h('label', { for: id, title: name }, h('span', null, strings[label]), input);
  }

  function showForm(config) {
    inputs = new Map();
    fill(fields, COMMON.map((c) => field(c, config)));
  }

  /** Only what was changed is written; an emptied field is taken out. */
  async function saveForm(e) {
    e.preventDefault();
    const patch = {};
    for (const [name, { input, now, number }] of inputs)
      if (input.value !== now) mergeInto(patch, nest(name, input.value === '' ? null : number ? Number(input.value) : input.value));
    if (Object.keys(patch).length) await write('config.patch', JSON.stringify(patch));
    else fill(said, h('p', null, strings.saved));
  }

  async function write(method, raw) {
    try {
      await app.request(method, { raw, baseHash: hash });
      await load();
      fill(said, h('p', null, strings.saved));
    } catch (e) {
      const issues = e.details?.issues || [];
      fill(said, h('p.bad', null, `${strings.invalid}: ${e.message}`), issues.map((i) => h('p.bad', null, `${i.path}: ${i.message}`)));
    }
  }

  const save = () => write('config.set', area.value);
  area.addEventListener('keydown', (e) => { if ((e.ctrlKey || e.metaKey) && e.key === 's') { e.preventDefault(); save(); } });
  load();
  return { node: h('div', null, said, h('h2', null, strings.common), h('form', { onsubmit: saveForm }, fields, h('div.row', null, h('button', null, strings.save), h('span.dim', null, strings.execHint))),
    h('h2', null, strings.raw), h('p', null, path), h('p.dim', null, strings.configHint), area,
    h('div.row', null, h('button.primary', { type: 'button', onclick: save }, strings.saveFile), h('button', { type: 'button', onclick: load }, strings.reload))) };
}
