// Starts the page: connection, routes, and what comes from the gateway to where it belongs.
import { Client, takeToken } from './client.js';
import { h, fill, iconButton, say } from './dom.js';
import { get, put, touch, watch, putRow } from './store.js';
import { strings } from './strings.js';
import { approvalsTray } from './views/approvals.js';
import { ChatView } from './views/chat.js';
import { alertDialog } from './views/dialogs.js';
import { sidebar, loadSessions } from './views/sessions.js';
import { welcome } from './views/welcome.js';

const PAGES = { // each is loaded when it is opened first
  models: () => import('./views/models.js'), cron: () => import('./views/cron.js'), config: () => import('./views/config.js'),
  memory: () => import('./views/memory.js'), allowed: () => import('./views/allowed.js'),
  logs: () => import('./views/logs.js'), status: () => import('./views/health.js'),
};
const LAST = 'openclaw.session';

const main = document.getElementById('main'), top = document.getElementById('top');
let page = null; // of PAGES, shown now: {node, end?(), event?(name, payload)}

const client = new Client({
  phase(name, detail) {
    if (name === 'refused') put('refusal', detail);
    put('phase', name);
  },
  hello(payload) {
    put('hello', payload);
    start();
  },
  event,
  gap() { start(); },
});

export const app = {
  client,
  request: (method, params, timeout) => client.request(method, params, timeout),
  /** As request, but a failure is shown to the person. undefined when it failed. */
  async attempt(method, params, timeout) {
    try {
      return await client.request(method, params, timeout) ?? null;
    } catch (e) {
      if (e.code !== 'DISCONNECTED') alertDialog(strings.problem, e.message);
      return undefined;
    }
  },
  openSession, go, loadModels,
};

const chat = new ChatView(app);

// ---- what the gateway tells

function start() {
  if (!wanted() && get('session') !== canonical()) {
    put('session', canonical());
    chat.open(canonical());
  }
  chat.load();
  client.request('sessions.subscribe').catch(() => {});
  loadSessions(app);
  loadModels();
  client.request('commands.list', { includeArgs: true }).then((r) => put('commands', r.commands)).catch(() => {});
  client.request('exec.approval.list').then((list) => put('approvals', list)).catch(() => {});
}

/** how: refresh = the servers are asked for their lists; includeDetails = and what is loaded. */
async function loadModels(how) {
  const r = await client.request('models.list', how || {}).catch(() => null);
  if (r) put('models', r.models), put('modelsKnown', true);
  return r?.models;
}

const EVENTS = {
  chat: (p) => chat.event('chat', p),
  agent: (p) => chat.event('agent', p),
  'session.tool': (p) => chat.event('agent', p),
  'session.message': (p) => { putRow(p.session); chat.message(p); },
  'sessions.changed': (p) => {
    if (p.reason === 'delete') get('rows').delete(p.sessionKey), touch('rows');
    else putRow(p.session);
    chat.changed(p);
  },
  'config.changed': () => loadModels(),
  'exec.approval.requested': (p) => put('approvals', [...get('approvals').filter((a) => a.id !== p.id), p]),
  'exec.approval.resolved': (p) => put('approvals', get('approvals').filter((a) => a.id !== p.id)),
};

function event(name, payload) {
  EVENTS[name]?.(payload);
  page?.event?.(name, payload);
}

// ---- addresses: /chat?session=KEY, /models, /cron, …

function canonical(key) {
  const main_ = get('hello')?.snapshot?.sessionDefaults?.mainSessionKey || 'agent:main:main';
  return !key || key === 'main' ? main_ : key.includes(':') ? key : `agent:main:${key}`;
}

function wanted() {
  const inPath = location.pathname.match(/\/chat\/(.+)$/);
  return new URLSearchParams(location.search).get('session') || (inPath && decodeURIComponent(inPath[1])) || localStorage.getItem(LAST);
}

function base() {
  return location.pathname.replace(/(chat(\/.*)?|sessions|models|memory|allowed|cron|automations|config|logs|status)$/, '');
}

function address(view, key) {
  return base() + view + (view === 'chat' && key ? `?session=${encodeURIComponent(key)}` : '');
}

function openSession(key, how = 'pushState') {
  if (key !== get('session')) put('session', key);
  put('sideOpen', false);
  if (how) {
    localStorage.setItem(LAST, key);
    history[how](null, '', address('chat', key));
  }
  chat.open(key);
  put('route', { view: 'chat' });
}

function go(view) {
  put('sideOpen', false);
  if (view === 'chat') { openSession(get('session') || canonical()); return; }
  history.pushState(null, '', address(view));
  put('route', { view });
}

function readAddress() {
  const name = location.pathname.slice(base().length).split('/')[0];
  put('route', { view: PAGES[name] ? name : name === 'automations' ? 'cron' : 'chat' });
}

addEventListener('popstate', () => {
  readAddress();
  if (get('route').view === 'chat') openSession(canonical(wanted()), null);
});

// ---- what is shown

async function showRoute() {
  const { view } = get('route'), phase = get('phase');
  page?.end?.();
  page = null;
  if (phase === 'refused' || phase === 'noToken') return fill(main, welcome(app));
  if (view === 'chat' || !PAGES[view]) return fill(main, chat.node);
  if (!get('hello')) return fill(main); // what pages ask for as they open needs the connection
  const module = await PAGES[view]();
  if (get('route').view !== view) return undefined;
  page = module.open(app);
  fill(main, h('section.page', { 'aria-label': strings[view] }, page.node));
  main.focus({ preventScroll: true });
  return undefined;
}

function showTop() {
  const { view } = get('route'), key = get('session');
  const rows = get('rows'), r = rows.get(key) || {};
  const title = view === 'chat' ? (r.isMain ? strings.main : r.label || r.derivedTitle || strings.untitled) : strings[view];
  document.title = `${title} – ${strings.product}`;
  fill(top, iconButton('menu', strings.openSide, () => put('sideOpen', !get('sideOpen')), { class: 'icon-button narrow', 'aria-controls': 'side' }),
    h('h1', { dir: 'auto' }, title), view === 'chat' ? chat.topButtons() : null);
}

let lost = 0;

function showNotice() {
  const phase = get('phase'), box = document.getElementById('notice');
  clearTimeout(lost);
  if (phase === 'open' && box.firstChild) say(strings.connected);
  if (phase !== 'waiting') { if (phase !== 'connecting' || !box.firstChild) fill(box); return; }
  lost = setTimeout(() => fill(box, strings.reconnecting, ' ', h('button', { type: 'button', onclick: () => client.now() }, strings.tryNow)), 700);
}

function showSide() {
  const open = get('sideOpen'), scrim = document.getElementById('scrim');
  document.body.classList.toggle('side-open', open);
  scrim.hidden = !open;
}

document.getElementById('scrim').addEventListener('click', () => put('sideOpen', false));
addEventListener('keydown', (e) => { if (e.key === 'Escape' && get('sideOpen')) put('sideOpen', false); });
document.querySelector('.skip').textContent = strings.skip;

takeToken();
put('session', canonical(wanted()));
chat.open(get('session'));
readAddress();
sidebar(app, document.getElementById('side'));
approvalsTray(app, chat.tray);
let shown = '';
watch(['route', 'phase', 'hello'], () => {
  const now = `${get('route').view} ${['refused', 'noToken'].includes(get('phase'))} ${Boolean(get('hello'))}`;
  if (now !== shown) showRoute();
  shown = now;
});
watch(['route', 'session', 'rows'], showTop);
watch(['phase'], showNotice);
watch(['sideOpen'], showSide);
client.connect();
