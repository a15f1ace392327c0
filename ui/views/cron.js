// Scheduled jobs.
import { h, fill } from '../dom.js';
import { strings } from '../strings.js';
import { confirm, form } from './dialogs.js';

const time = (ms) => (ms ? new Date(ms).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }) : strings.never);

export function open(app) {
  const list = h('div.cards');
  const node = h('div', null, h('div.row', null, h('button.primary', { type: 'button', onclick: () => add() }, strings.addJob)), list);

  async function load() {
    const r = await app.request('cron.list', { includeDisabled: true, limit: 200, offset: 0 }).catch((e) => ({ problem: e.message }));
    fill(list, r.problem ? h('p.bad', null, r.problem) : null, r.jobs?.length === 0 ? h('p.dim', null, strings.noJobs) : null, (r.jobs || []).map(card));
  }

  const act = (method, params) => async () => { if (await app.attempt(method, params) !== undefined) load(); };

  function card(j) {
    const s = j.state || {}, on = h('input', { type: 'checkbox', checked: j.enabled !== false, onchange: () => act('cron.update', { id: j.id, patch: { enabled: on.checked } })() });
    return h('div.card', null, h('div', null, h('b', null, j.name || j.id), h('div.dim', null, describe(j.schedule), ' · ', j.payload?.message || j.payload?.text || ''),
      h('div.dim', null, `${strings.nextRun}: ${time(s.nextRunAtMs)} · ${strings.lastRun}: ${time(s.lastRunAtMs)} ${s.lastStatus || ''}`),
      s.lastError ? h('div.bad', null, s.lastError) : null),
    h('label.row', null, on, strings.enabled),
    h('button', { type: 'button', onclick: act('cron.run', { id: j.id, mode: 'force' }) }, strings.runNow),
    h('button.danger', { type: 'button', onclick: async () => { if (await confirm(strings.sureRemove(j.name || j.id), strings.remove)) act('cron.remove', { id: j.id })(); } }, strings.remove));
  }

  async function add() {
    const v = await form(strings.addJob, [{ name: 'name', label: strings.name, required: true }, { name: 'message', label: strings.job, type: 'area', required: true },
      { name: 'kind', label: strings.schedule, options: [['cron', strings.cronLine], ['every', strings.everyMinutes], ['at', strings.at]] },
      { name: 'when', label: '→', required: true, hint: '0 8 * * 1-5 · 30 · 2027-01-31T08:00' }], strings.addProvider);
    if (!v) return;
    const schedule = v.kind === 'cron' ? { kind: 'cron', expr: v.when } : v.kind === 'every' ? { kind: 'every', everyMs: Number(v.when) * 60000 } : { kind: 'at', at: new Date(v.when).toISOString() };
    act('cron.add', { name: v.name, schedule, sessionTarget: 'isolated', wakeMode: 'now', payload: { kind: 'agentTurn', message: v.message } })();
  }

  load();
  return { node, event: (name) => { if (name === 'cron') load(); } };
}

function describe(s = {}) {
  if (s.kind === 'cron') return `${s.expr || ''} ${s.tz || ''}`.trim();
  if (s.kind === 'every') return `${Math.round((s.everyMs || 0) / 60000)} min`;
  return s.at || time(s.atMs);
}
