// Choosing a model among many.
import { h, fill, say } from '../dom.js';
import { get, putRow, row, watch } from '../store.js';
import { strings } from '../strings.js';
import { openDialog } from './dialogs.js';

const SHOWN = 100; // of a long list; the search finds the rest

const STATES = { loaded: strings.loaded, 'not-loaded': strings.notLoaded, unreachable: strings.unreachable };
export const modelOf = (r) => get('models').find((m) => m.id === r.model && m.provider === r.modelProvider);
export const facts = (m) => [m.contextTokens || m.contextWindow ? strings.tokens((m.contextTokens || m.contextWindow).toLocaleString()) : null,
  m.input?.includes('image') ? strings.seesPictures : null, m.reasoning ? strings.thinks : null, m.supportsTools === false ? strings.noTools : null,
  STATES[m.state], m.available === false ? m.unavailableReason || strings.unavailable : null].filter(Boolean).join(' · ');

/** Models that hold every word, those that can answer first. */
export function search(models, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fit = models.filter((m) => { const t = `${m.provider}/${m.id} ${m.name || ''}`.toLowerCase(); return words.every((w) => t.includes(w)); });
  const rank = (m) => (m.available === false || m.state === 'unreachable') * 2 - (m.state === 'loaded');
  return fit.sort((a, b) => rank(a) - rank(b));
}

export function pickModel(app) {
  const input = h('input', { type: 'search', placeholder: strings.searchModels, 'aria-label': strings.searchModels, autofocus: true, role: 'combobox',
    'aria-expanded': 'true', 'aria-controls': 'model-list' });
  const list = h('div.options', { role: 'listbox', id: 'model-list', 'aria-label': strings.chooseModel });
  const { dialog, closed } = openDialog(strings.chooseModel, h('div.picker', null, h('h2', null, strings.chooseModel), input, list), { class: 'small' });
  let found = [], chosen = 0, asked = '';

  async function choose(m) {
    dialog.close('');
    const done = await app.attempt('sessions.patch', { key: get('session'), model: `${m.provider}/${m.id}` });
    if (!done) return;
    putRow({ ...done.entry, ...done.resolved });
    say(`${strings.model}: ${m.id}`);
  }

  function mark() {
    const options = [...list.querySelectorAll('.option')];
    options.forEach((o, i) => o.setAttribute('aria-selected', String(i === chosen)));
    if (options[chosen]) { input.setAttribute('aria-activedescendant', options[chosen].id); options[chosen].scrollIntoView({ block: 'nearest' }); }
  }

  function show() {
    const all = search(get('models'), input.value), r = row();
    const before = found[chosen];
    found = all.slice(0, SHOWN);
    chosen = Math.max(0, input.value === asked ? found.findIndex((m) => m.id === before?.id && m.provider === before?.provider) : 0);
    asked = input.value;
    let provider = null;
    fill(list, found.map((m, i) => {
      const head = m.provider !== provider ? h('div.group', { role: 'presentation' }, m.provider) : null;
      provider = m.provider;
      return [head, h(m.available === false ? 'div.option.off' : 'div.option', { role: 'option', id: `model-${i}`, onclick: () => choose(m) },
        h('b', null, m.name || m.id, m.id === r.model && m.provider === r.modelProvider ? ` (${strings.inUse})` : '', m.tags?.includes('default') ? ` (${strings.isDefault})` : ''), h('span.dim', null, facts(m)))];
    }), all.length > SHOWN ? h('p.dim', null, strings.moreModels(all.length - SHOWN)) : null, all.length ? null : h('p.dim', null, strings.noModels));
    mark();
  }

  input.addEventListener('input', show);
  input.addEventListener('keydown', (e) => {
    if (e.key === 'ArrowDown') chosen = Math.min(found.length - 1, chosen + 1);
    else if (e.key === 'ArrowUp') chosen = Math.max(0, chosen - 1);
    else if (e.key === 'Enter') { if (found[chosen]) choose(found[chosen]); } else return;
    e.preventDefault();
    mark();
  });
  closed.then(watch(['models'], show));
  app.loadModels({ includeDetails: true });
  input.focus();
}
