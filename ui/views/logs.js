// The log as it is written, with filters.
import { h, fill, download } from '../dom.js';
import { strings } from '../strings.js';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'], KEPT = 3000, PACE = 1500;

export function open(app) {
  let cursor, timer = 0, ended = false, all = [];
  const lines = h('div.lines', { role: 'log', tabindex: '0', 'aria-label': strings.logs, 'aria-live': 'off', dir: 'ltr' });
  const filter = h('input', { type: 'search', placeholder: strings.filter, 'aria-label': strings.filter, oninput: () => redraw() });
  const level = h('select', { 'aria-label': strings.level, onchange: () => redraw() }, LEVELS.map((l) => h('option', { value: l, selected: l === 'info' }, l)));
  const follow = h('input', { type: 'checkbox', checked: true });

  const fits = (l) => LEVELS.indexOf(l.level) >= LEVELS.indexOf(level.value) && l.text.toLowerCase().includes(filter.value.toLowerCase());
  const line = (l) => h('p', { class: l.level }, l.text);
  function redraw() {
    fill(lines, all.filter(fits).slice(-1000).map(line));
    if (!lines.firstChild) fill(lines, h('p.dim', null, strings.noLines));
    lines.scrollTop = lines.scrollHeight;
  }

  async function poll() {
    const r = document.hidden ? null : await app.request('logs.tail', cursor === undefined ? { limit: 500 } : { cursor, limit: 1000 }).catch(() => null);
    if (ended) return;
    if (r) {
      if (r.reset) all = [];
      cursor = r.cursor;
      const fresh = r.lines.map(read);
      all = [...all, ...fresh].slice(-KEPT);
      if (fresh.length > 200 || !lines.childElementCount || lines.querySelector('.dim')) redraw();
      else lines.append(...fresh.filter(fits).map(line));
      if (follow.checked && fresh.length) lines.scrollTop = lines.scrollHeight;
    }
    timer = setTimeout(poll, PACE);
  }

  poll();
  return { node: h('div', null, h('div.row', null, filter, level, h('label.row', null, follow, strings.follow),
    h('button', { type: 'button', onclick: () => download('openclaw.log', 'text/plain', all.map((l) => l.text).join('\n')) }, strings.saveLog)), lines),
  end() { ended = true; clearTimeout(timer); } };
}

function read(text) {
  try {
    const o = JSON.parse(text), level = (o.level || o._meta?.logLevelName || 'info').toLowerCase();
    const message = o.message ?? o.msg ?? [o[0], o[1], o[2]].filter(Boolean).join(' ');
    return { level: LEVELS.includes(level) ? level : 'info', text: `${(o.time || o._meta?.date || '').slice(11, 19)} ${level} ${o.subsystem ? `[${o.subsystem}] ` : ''}${message}` };
  } catch {
    return { level: 'info', text };
  }
}
