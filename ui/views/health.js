// How the gateway is.
import { h, fill } from '../dom.js';
import { get } from '../store.js';
import { strings } from '../strings.js';

const PACE = 5000;
const megabytes = (n) => (n ? `${(n / 1048576).toFixed(1)} MB` : '–');

export function open(app) {
  const facts = h('dl.facts'), who = h('div.cards'), slots = h('dl.facts'), requests = h('div.scroll', { tabindex: '0', role: 'region', 'aria-label': strings.lastRequests }), raw = h('details', null, h('summary', null, strings.allOfIt));
  let timer = 0, ended = false;

  async function load() {
    const [status, presence] = document.hidden ? [] : await Promise.all([app.request('status').catch(() => null), app.request('system-presence').catch(() => [])]);
    if (ended) return;
    if (status) show(status, presence);
    timer = setTimeout(load, PACE);
  }

  function show(s, presence) {
    const hello = get('hello'), loop = s.eventLoop || {};
    const rows = [[strings.version, hello.server?.version], [strings.memory, megabytes(s.processMemory?.rssBytes)],
      [strings.loopDelay, loop.delayP99Ms === undefined ? null : `${loop.delayP99Ms} ms, ${loop.delayMaxMs} ms`],
      [strings.loopBusy, loop.utilization === undefined ? null : `${Math.round(loop.utilization * 100)} %`], [strings.degraded, loop.degraded ? strings.yes : strings.no],
      [strings.sessions, s.sessions?.count], [strings.model, s.sessions?.defaults?.model],
      [strings.configFile, hello.snapshot?.configPath]];
    fill(facts, rows.filter(([, v]) => v !== undefined && v !== null).map(([k, v]) => [h('dt', null, k), h('dd', null, String(v))]));
    fill(slots, (s.modelRuntime?.endpoints || []).map((e) => [h('dt', { dir: 'ltr' }, e.origin), h('dd', null, strings.slotsOf(e))]));
    showRequests(s.promptPrefixes || []);
    fill(who, (presence || []).map((p) => h('div.card', null, h('div', null, p.text || p.host || p.instanceId || p.mode || '', h('div.dim', null, [p.mode, p.platform, p.ip].filter(Boolean).join(' · '))))));
    const open_ = raw.open;
    fill(raw, h('summary', null, strings.allOfIt), h('pre', { tabindex: '0' }, JSON.stringify(s, null, 2)));
    raw.open = open_;
  }

  function showRequests(list) {
    const row = (r) => h('tr', null, h('td', null, new Date(r.at).toLocaleTimeString()), h('td', null, r.sessionKey), h('td', null, `${r.percent} %`),
      h('td', null, `${(r.sharedBytes / 1024).toFixed(1)} / ${(r.previousBytes / 1024).toFixed(1)} KB`), h('td.dim', null, r.percent === 100 ? strings.whole : r.reason || ''));
    fill(requests, list.length ? h('table', null, h('thead', null, h('tr', null, [strings.time, strings.chat, strings.knownPart, '', strings.reason].map((t) => h('th', { scope: 'col' }, t)))),
      h('tbody', null, list.map(row))) : h('p.dim', null, strings.noRequests));
  }

  load();
  return { node: h('div', null, facts, h('h2', null, strings.endpoint), slots, h('h2', null, strings.lastRequests), requests, h('h2', null, strings.clients), who, raw), end() { ended = true; clearTimeout(timer); } };
}
