// The configuration file as it is, guarded against changes that were made elsewhere meanwhile.
import { h, fill } from '../dom.js';
import { strings } from '../strings.js';

export function open(app) {
  const area = h('textarea.raw', { spellcheck: 'false', 'aria-label': strings.configFile, dir: 'ltr' });
  const said = h('div', { role: 'status' }), path = h('code', { dir: 'ltr' });
  let hash = null;

  async function load() {
    const r = await app.attempt('config.get');
    if (!r) return;
    hash = r.hash;
    path.textContent = r.path;
    const text = typeof r.raw === 'string' && r.raw ? r.raw : JSON.stringify(r.config || {}, null, 2);
    area.value = text;
    fill(said, (r.issues || []).map((i) => h('p.bad', null, `${i.path}: ${i.message}`)));
  }

  async function save() {
    try {
      const r = await app.request('config.set', { raw: area.value, baseHash: hash });
      hash = r.hash;
      fill(said, h('p', null, strings.saved));
    } catch (e) {
      const issues = e.details?.issues || [];
      fill(said, h('p.bad', null, `${strings.invalid}: ${e.message}`), issues.map((i) => h('p.bad', null, `${i.path}: ${i.message}`)));
    }
  }

  area.addEventListener('keydown', (e) => { if ((e.ctrlKey || e.metaKey) && e.key === 's') { e.preventDefault(); save(); } });
  load();
  return { node: h('div', null, h('p', null, path), h('p.dim', null, strings.configHint), area, said,
    h('div.row', null, h('button.primary', { type: 'button', onclick: save }, strings.save), h('button', { type: 'button', onclick: load }, strings.reload))) };
}
