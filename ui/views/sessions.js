// The side of the page: conversations and the other pages.
import { h, fill, icon, iconButton, download } from '../dom.js';
import { get, watch, put, touch, putRow } from '../store.js';
import { strings } from '../strings.js';
import { confirm, form, menu } from './dialogs.js';
import { textOf } from '../conversation.js';

const PAGE = 60, PAGES = ['models', 'memory', 'cron', 'allowed', 'config', 'logs', 'status'];
const view = { search: '', archived: false, limit: PAGE, more: false, found: null };

export const nameOf = (r) => (r.isMain && !r.label ? strings.main : r.label || r.derivedTitle || r.lastMessagePreview || strings.untitled);

export async function loadSessions(app) {
  const asked = { limit: view.limit, includeDerivedTitles: true, includeLastMessage: true, archived: view.archived };
  if (view.search) asked.search = view.search;
  const mark = view.asking = {};
  const list = await app.request('sessions.list', asked).catch(() => null);
  if (!list || view.asking !== mark) return;
  view.more = list.hasMore;
  view.found = view.search || view.archived ? new Set(list.sessions.map((s) => s.key)) : null;
  list.sessions.forEach(putRow);
  touch('rows');
}

export function sidebar(app, node) {
  const list = h('nav.sessions', { 'aria-label': strings.conversations });
  const search = h('input', { type: 'search', placeholder: strings.searchChats, 'aria-label': strings.searchChats });
  let timer = 0;
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => { view.search = search.value.trim(); view.limit = PAGE; loadSessions(app); }, 200);
  });
  fill(node,
    h('div.side-head', null, h('span.brand', null, h('img', { src: 'icon.svg', alt: '', width: 24, height: 24 }), strings.product),
      iconButton('close', strings.closeSide, () => put('sideOpen', false), { class: 'icon-button narrow' })),
    h('button.new', { type: 'button', onclick: () => create(app) }, icon('plus'), strings.newChat),
    search, list, pages(app));
  watch(['rows', 'session', 'route'], () => showList(app, list));
}

function pages(app) {
  const nav = h('nav.pages', { 'aria-label': strings.pages }, PAGES.map((name) => {
    const a = h('a', { href: name, onclick: (e) => { if (e.metaKey || e.ctrlKey) return; e.preventDefault(); app.go(name); } },
      icon({ models: 'model', status: 'health', memory: 'edit', allowed: 'tool' }[name] || name), strings[name]);
    watch(['route'], () => (get('route').view === name ? a.setAttribute('aria-current', 'page') : a.removeAttribute('aria-current')));
    return a;
  }));
  return nav;
}

export async function create(app) {
  const made = await app.attempt('sessions.create', {});
  if (!made) return;
  putRow(made.entry);
  app.openSession(made.key);
  document.querySelector('textarea')?.focus();
}

function rows() {
  const all = [...get('rows').values()].filter((r) => (view.found ? view.found.has(r.key) : !r.archived));
  return all.sort((a, b) => Boolean(b.pinned) - Boolean(a.pinned) || (b.updatedAt || 0) - (a.updatedAt || 0));
}

function showList(app, node) {
  const focus = node.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const shown = rows();
  fill(node, shown.length ? h('ul', null, shown.slice(0, view.limit).map((r) => entry(app, r))) : h('p.dim', null, strings.noChats),
    view.more ? h('button.link', { type: 'button', onclick: () => { view.limit += PAGE; loadSessions(app); } }, strings.moreChats) : null,
    h('button.link', { type: 'button', onclick: () => { view.archived = !view.archived; loadSessions(app); } },
      view.archived ? strings.showCurrent : strings.showArchived));
  if (focus) [...node.querySelectorAll('[data-key]')].find((b) => b.dataset.key === focus)?.focus();
}

function entry(app, r) {
  const name = nameOf(r), current = r.key === get('session') && get('route').view === 'chat';
  const open = h('a', { href: `chat?session=${encodeURIComponent(r.key)}`, dir: 'auto', 'data-key': r.key, 'aria-current': current ? 'page' : null, title: name,
    onclick: (e) => { if (e.metaKey || e.ctrlKey) return; e.preventDefault(); app.openSession(r.key); } },
  r.pinned ? icon('pin') : null, h('span', null, name),
  r.hasActiveRun ? h('span.dot.busy', { role: 'img', 'aria-label': strings.running }) : r.unread ? h('span.dot', { role: 'img', 'aria-label': strings.unread }) : null);
  const more = iconButton('more', strings.options(name), () => menu(more, entries(app, r)), { 'aria-haspopup': 'menu' });
  return h('li', { class: current ? 'current' : null }, open, more);
}

function entries(app, r) {
  const patch = (change) => async () => {
    const done = await app.attempt('sessions.patch', { key: r.key, ...change });
    if (done) { putRow({ ...done.entry, archived: change.archived ?? done.entry?.archived }); loadSessions(app); }
  };
  return [
    [strings.rename, async () => {
      const v = await form(strings.rename, [{ name: 'label', label: strings.newName, value: r.label || nameOf(r), required: true }], strings.save);
      if (v) patch({ label: v.label })();
    }],
    [r.pinned ? strings.unpin : strings.pin, patch({ pinned: !r.pinned })],
    r.isMain ? null : [r.archived ? strings.unarchive : strings.archive, patch({ archived: !r.archived })],
    [`${strings.exportChat}: ${strings.asMarkdown}`, () => exportChat(app, r, true)],
    [`${strings.exportChat}: ${strings.asJson}`, () => exportChat(app, r, false)],
    [strings.compact, () => app.attempt('sessions.compact', { key: r.key }, 600000)],
    [strings.reset, async () => {
      if (await confirm(strings.sureReset, strings.reset) && await app.attempt('sessions.reset', { key: r.key })) app.openSession(r.key);
    }, true],
    r.isMain ? null : [strings.remove, () => remove(app, r), true],
  ];
}

async function remove(app, r) {
  if (!await confirm(strings.sureRemove(nameOf(r)), strings.remove)) return;
  if (await app.attempt('sessions.delete', { key: r.key }) === undefined) return;
  get('rows').delete(r.key);
  touch('rows');
  if (get('session') === r.key) app.openSession(get('hello').snapshot.sessionDefaults.mainSessionKey);
}

async function wholeHistory(app, key) {
  const all = [];
  for (let offset = 0, more = true; more;) {
    const page = await app.request('chat.history', { sessionKey: key, limit: 500, offset });
    const fresh = page.messages;
    all.unshift(...fresh);
    const seqs = all.map((m) => m.__openclaw?.seq || 0);
    offset = Math.max(...seqs) - Math.min(...seqs) + 1;
    more = page.hasMore && fresh.length > 0;
  }
  return all;
}

export async function exportChat(app, r, markdown) {
  const messages = await wholeHistory(app, r.key), name = nameOf(r).replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 60) || 'chat';
  if (!markdown) { download(`${name}.json`, 'application/json', JSON.stringify(messages, null, 2)); return; }
  const fence = (text) => { const marks = '`'.repeat(Math.max(3, ...(text.match(/`+/g) || []).map((m) => m.length + 1))); return `${marks}\n${text}\n${marks}`; };
  const text = messages.map((m) => {
    const calls = Array.isArray(m.content) ? m.content.filter((p) => p.type === 'toolCall') : [];
    const said = m.role === 'toolResult' ? fence(textOf(m.content)) : textOf(m.content);
    const head = { user: strings.you, assistant: strings.assistant, toolResult: `${strings.output}: ${m.toolName}` }[m.role] || m.role;
    return [`## ${head}`, said, ...calls.map((c) => `**${c.name}**\n${fence(JSON.stringify(c.arguments, null, 2))}`)].filter(Boolean).join('\n\n');
  }).join('\n\n');
  download(`${name}.md`, 'text/markdown', `# ${nameOf(r)}\n\n${text}\n`);
}
