// The open conversation: its messages, its end that grows, and what can be done to it.
import { Conversation } from '../conversation.js';
import { h, fill, icon, iconButton, say } from '../dom.js';
import { get, put, putRow, row, watch } from '../store.js';
import { strings } from '../strings.js';
import { Composer } from './composer.js';
import { itemNode, pendingNode, LiveMessage } from './messages.js';
import { menu, form } from './dialogs.js';

const PAGE = 100, NEAR = 80; // messages of a page; pixels from the end that count as there
const OUTBOX = 'openclaw.outbox';

export class ChatView {
  constructor(app) {
    this.app = app;
    this.made = new WeakMap(); // item -> {node, version}
    this.live = new LiveMessage();
    this.tray = h('div.tray', { role: 'region', 'aria-label': strings.approvals, hidden: true });
    this.list = h('div.list');
    this.older = h('button.link.older', { type: 'button', hidden: true, onclick: () => this.loadOlder() }, strings.older);
    this.status = h('div.status', { 'aria-hidden': 'true' });
    this.box = h('div.messages', { role: 'log', 'aria-label': strings.chat, 'aria-live': 'off', tabindex: '0' },
      h('div.column', null, this.older, this.list, this.live.node, this.status));
    this.latest = iconButton('down', strings.latest, () => this.toEnd(), { class: 'icon-button latest', hidden: true });
    this.composer = new Composer(app, this);
    this.node = h('section.chat', { 'aria-label': strings.chat }, this.box, h('div.foot', null, this.latest, this.tray, this.composer.node));
    this.atEnd = true;
    this.box.addEventListener('scroll', () => this.scrolled(), { passive: true });
    this.act = { edit: (i) => this.composer.edit(i), retry: (i) => this.retry(i), branch: (i) => this.branch(i), resend: (p) => this.transmit(p), takeOver: (blocks) => this.live.takeOver(blocks) };
    addEventListener('keydown', (e) => this.key(e));
    new ResizeObserver(() => this.follow()).observe(this.box.firstChild);
    new ResizeObserver(() => this.follow()).observe(this.box);
    watch(['phase', 'modelsKnown', 'models', 'approvals'], () => { if (this.talk) this.plan(); });
  }

  // ---- which conversation

  open(key) {
    if (this.talk?.key === key) return this.toEnd();
    this.talk = new Conversation(key, () => this.plan());
    this.talk.pending = outbox().filter((p) => p.session === key);
    this.live.reset();
    this.atEnd = true;
    this.composer.opened(key);
    this.plan();
    if (get('phase') === 'open') this.load();
    return undefined;
  }

  /** After every greeting: whatever was missed is fetched, and what was not sent is. */
  async load() {
    const { talk } = this;
    talk.beginLoad();
    this.app.request('sessions.messages.subscribe', { key: talk.key }).catch(() => {});
    try {
      const limit = Math.min(1000, Math.max(PAGE, talk.last - talk.first + 1));
      const page = await this.app.request('chat.history', { sessionKey: talk.key, limit });
      putRow(page.sessionInfo);
      talk.loaded(page);
      for (const p of [...talk.pending]) if (p.state === 'waiting') this.transmit(p);
    } catch (e) {
      talk.failLoad();
      if (e.code !== 'DISCONNECTED') say(e.message);
    }
  }

  async loadOlder() {
    const { talk, box } = this;
    if (this.fetching || !talk.first) return;
    this.fetching = true;
    this.older.textContent = strings.loadingOlder;
    const page = await this.app.request('chat.history', { sessionKey: talk.key, limit: PAGE, offset: talk.last - talk.first + 1 }).catch(() => null);
    this.fetching = false;
    this.older.textContent = strings.older;
    if (!page || talk !== this.talk) return;
    const before = box.scrollHeight - box.scrollTop;
    this.atEnd = false;
    talk.older(page);
    this.draw();
    box.scrollTop = box.scrollHeight - before;
  }

  // ---- what the gateway tells

  event(name, p) {
    if (p.sessionKey !== this.talk.key) return;
    this.talk.event(name, p);
    if (name !== 'chat') return;
    if (p.state === 'final') say(strings.answered);
    if (p.state === 'aborted') say(strings.stopped);
    if (p.state === 'error') say(`${strings.failed}: ${p.errorMessage}`);
  }

  message(p) {
    if (p.sessionKey !== this.talk.key) return;
    this.talk.stored(p.message);
    keepOutbox(this.talk);
  }

  changed(p) {
    if (p.sessionKey === this.talk.key && ['reset', 'new', 'delete'].includes(p.reason)) this.load();
  }

  // ---- sending

  send(text, attachments) {
    const p = { key: id(), session: this.talk.key, text, attachments, state: 'sending' };
    this.talk.pending.push(p);
    this.atEnd = true;
    keepOutbox(this.talk);
    this.transmit(p);
  }

  async transmit(p) {
    const { talk } = this;
    p.state = get('phase') === 'open' ? 'sending' : 'waiting';
    this.plan();
    if (p.state === 'waiting') return;
    try {
      const ask = { sessionKey: p.session, message: p.text, idempotencyKey: p.key };
      if (p.attachments?.length) ask.attachments = p.attachments;
      const r = await this.app.request('chat.send', ask);
      if (r.status === 'ok' || p.text.startsWith('/')) talk.pending = talk.pending.filter((x) => x !== p);
    } catch (e) {
      p.state = e.code === 'DISCONNECTED' || e.code === 'TIMEOUT' ? 'waiting' : 'failed';
      p.problem = e.message;
    }
    keepOutbox(talk);
    this.plan();
  }

  retry(item) {
    const { items } = this.talk, at = items.indexOf(item);
    const asked = items.slice(0, at < 0 ? items.length : at).reverse().find((i) => i.kind === 'user');
    if (asked) this.send(asked.text, asked.images?.map((p, n) => ({ type: 'image', mimeType: p.mimeType, fileName: p.fileName || `${n}`, content: p.data })).filter((a) => a.content));
  }

  /** A new conversation: before a question, which comes into the box, or behind an answer. */
  async branch(item) {
    const made = await this.app.attempt('sessions.fork', { sessionKey: this.talk.key, entryId: item.id });
    if (!made) return;
    putRow(made.entry);
    this.app.openSession(made.sessionKey);
    if (made.editorText) this.composer.edit({ text: made.editorText });
    say(strings.branched);
  }

  stop() {
    if (this.talk.run) this.app.request('chat.abort', { sessionKey: this.talk.key }).catch(() => {});
  }

  key(e) {
    if (e.key !== 'Escape' || e.defaultPrevented || document.querySelector('dialog, .menu') || get('route').view !== 'chat') return;
    this.stop();
  }

  // ---- drawing, at most once a frame and never more than a fifth of the time

  plan() {
    if (this.planned) return;
    this.planned = true;
    const wait = Math.max(0, (this.drawnAt || 0) + 4 * (this.cost || 0) - performance.now());
    const draw = () => requestAnimationFrame(() => { this.planned = false; this.draw(); });
    if (wait > 17) setTimeout(draw, wait);
    else if (document.hidden) setTimeout(() => { this.planned = false; this.draw(); }, 250);
    else draw();
  }

  draw() {
    const begun = performance.now(), { talk } = this;
    this.older.hidden = !talk.hasMore;
    place(this.list, [...talk.items.map((i) => this.nodeOf(i)), ...talk.pending.map((p) => this.pendingOf(p)), ...this.greeting()]);
    this.live.show(talk.run);
    this.showStatus();
    this.composer.update();
    this.follow();
    this.drawnAt = performance.now();
    this.cost = this.drawnAt - begun;
  }

  nodeOf(item) {
    const known = this.made.get(item);
    if (known && known.version === item.version && known.live === item.live && known.running === item.running) return known.node;
    if (known?.node.contains(document.activeElement)) this.refocus = true;
    const node = itemNode(item, this.act);
    if (this.refocus) { this.refocus = false; queueMicrotask(() => node.querySelector('summary, button')?.focus()); }
    this.made.set(item, { node, version: item.version, live: item.live, running: item.running });
    return node;
  }

  pendingOf(p) {
    const known = this.made.get(p);
    if (known?.version === p.state) return known.node;
    const node = pendingNode(p, this.act);
    this.made.set(p, { node, version: p.state });
    return node;
  }

  greeting() {
    const { talk } = this;
    if (talk.items.length || talk.pending.length || talk.run || talk.loading || get('phase') !== 'open') return [];
    if (get('modelsKnown') && !get('models').length) return [this.noModel ||= this.offerModels()];
    return [this.empty ||= h('div.empty', null, h('img', { src: 'icon.svg', alt: '', width: 56, height: 56 }), h('h2', null, strings.hello), h('p.dim', null, strings.helloText))];
  }

  offerModels() {
    const said = h('p.dim', { role: 'status' }), offers = h('div.row');
    const look = async () => {
      said.textContent = strings.looking;
      const [r, { useServer }] = await Promise.all([this.app.request('x.servers.find').catch(() => null), import('./models.js'), this.app.loadModels({ refresh: true })]);
      const found = (r?.servers || []).filter((s) => s.models.length);
      said.textContent = found.length ? '' : strings.nothingFound;
      fill(offers, found.map((s) => h('button.primary', { type: 'button', onclick: () => useServer(this.app, s) }, strings.useServer(s))));
    };
    look();
    return h('div.empty', null, h('h2', null, strings.noModelTitle), h('p', null, strings.noModelText), offers,
      h('div.row', null, h('button', { type: 'button', onclick: look }, strings.lookForServers), h('button', { type: 'button', onclick: () => this.app.go('models') }, strings.addServer)), said);
  }

  showStatus() {
    const { run } = this.talk;
    clearInterval(this.clock);
    this.clock = 0;
    if (!run) { fill(this.status); return; }
    const tick = () => {
      const asked = get('approvals').some((a) => a.request.sessionKey === this.talk.key);
      const text = asked ? strings.waitingForYou : STATUS[run.phase]?.(run) || '', ms = Date.now() - run.startedAt;
      fill(this.status, h('span.spinner'), text, ms > 2000 ? ` · ${Math.floor(ms / 1000)} s` : '');
    };
    tick();
    this.clock = setInterval(() => { if (!document.hidden) tick(); }, 1000);
    const said = STATUS[run.phase]?.({}) || '';
    if (this.said !== said && ['queued', 'loading', 'tool'].includes(run.phase)) say(STATUS[run.phase](run));
    this.said = said;
  }

  // ---- scrolling

  scrolled() {
    const { box } = this;
    this.atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    this.latest.hidden = this.atEnd;
    if (box.scrollTop < 200 && this.talk.hasMore && this.talk.items.length) this.loadOlder();
  }

  follow() { if (this.atEnd) this.box.scrollTop = this.box.scrollHeight; }

  toEnd() {
    this.atEnd = true;
    this.latest.hidden = true;
    this.follow();
  }

  // ---- the line above

  topButtons() {
    const r = row(), button = iconButton('more', strings.options(strings.chat), async () => {
      const { exportChat } = await import('./sessions.js');
      menu(button, [
        [strings.rename, async () => {
          const v = await form(strings.rename, [{ name: 'label', label: strings.newName, value: r.label || '', required: true }], strings.save);
          if (v) this.app.attempt('sessions.patch', { key: r.key, label: v.label }).then((d) => d && putRow(d.entry));
        }],
        [`${strings.exportChat}: ${strings.asMarkdown}`, () => exportChat(this.app, r, true)],
        [`${strings.exportChat}: ${strings.asJson}`, () => exportChat(this.app, r, false)],
        [strings.compact, () => this.app.attempt('sessions.compact', { key: r.key }, 600000)],
      ]);
    }, { 'aria-haspopup': 'menu' });
    return [button, h('button.icon-button.narrow', { type: 'button', title: strings.newChat, 'aria-label': strings.newChat,
      onclick: async () => (await import('./sessions.js')).create(this.app) }, icon('plus'))];
  }
}

const STATUS = {
  preparing: () => strings.preparing, starting: () => strings.starting, queued: (r) => strings.queued(r.position), loading: () => strings.loading,
  reading: (r) => strings.reading(r.percent), thinking: () => strings.thinkingNow, tool: (r) => strings.usingTool(r.tool || ''),
  writing: () => strings.writing,
};

/** Tokens a second of the answer under way: of what the server counted, else four characters a token. */
export function speedOf(run) {
  const ms = (run.lastAt || 0) - (run.firstAt || 0);
  return ms > 1000 ? Math.round((run.chars / 4 / ms) * 1000) : 0;
}

const id = () => crypto.randomUUID?.() || [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');

/** Makes these the children of a node with as few moves as possible. */
function place(node, wanted) {
  const keep = new Set(wanted);
  for (const child of [...node.children]) if (!keep.has(child)) child.remove();
  let at = node.firstChild;
  for (const n of wanted) {
    if (n === at) at = at.nextSibling;
    else node.insertBefore(n, at);
  }
}

// What was typed and is not known to be stored survives a reload; pictures are too large for that.

function outbox() {
  try {
    return JSON.parse(sessionStorage.getItem(OUTBOX) || '[]').map((p) => ({ ...p, state: 'waiting' }));
  } catch {
    return [];
  }
}

function keepOutbox(talk) {
  const others = outbox().filter((p) => p.session !== talk.key);
  const mine = talk.pending.filter((p) => !p.attachments?.length).map(({ key, session, text }) => ({ key, session, text }));
  sessionStorage.setItem(OUTBOX, JSON.stringify([...others, ...mine]));
}


