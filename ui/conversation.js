// One conversation as the page shows it: stored messages, the run under way, what was typed but not stored yet.
// Everything is told once however often it arrives: messages by their id, tools by their call, live text by its number.
import { merge } from './blocks.js';

export class Conversation {
  constructor(key, changed) {
    this.key = key;
    this.changed = changed; // () => void
    this.items = []; // {kind: user | assistant | tool | error | note, …} in order
    this.byId = new Map(); // message id -> its items
    this.calls = new Map(); // tool call id -> item
    this.run = null; // {id, text, thinking, seq, phase, startedAt, tokens, …}
    this.pending = []; // messages of this page without an id yet: {key, text, attachments, state}
    this.first = this.last = 0; // numbers of the oldest and the newest message
    this.hasMore = false;
    this.loading = 0;
    this.held = []; // messages that came while a page was loaded
  }

  // ---- pages of stored messages

  beginLoad() { this.loading++; }

  failLoad() { this.endLoad(); }

  /** The newest page: what was known is replaced, so that nothing is missing and nothing doubled. */
  loaded(page) {
    this.items = [];
    this.byId.clear();
    this.calls.clear();
    this.first = this.last = 0;
    this.hasMore = page.hasMore;
    this.sessionId = page.sessionId;
    for (const m of page.messages) this.add(m);
    this.joinRun(page.inFlightRun);
    this.endLoad();
  }

  endLoad() {
    if (--this.loading > 0) return;
    this.loading = 0;
    const held = this.held;
    this.held = [];
    for (const m of held) this.stored(m);
    this.changed();
  }

  /** An older page, before what is known. */
  older(page) {
    const known = this.items, messages = page.messages.filter((m) => !this.byId.has(m.__openclaw?.id));
    this.items = [];
    const { last } = this;
    for (const m of messages) this.add(m);
    this.items.push(...known);
    this.last = Math.max(last, this.last);
    this.hasMore = page.hasMore && messages.length > 0;
    this.changed();
  }

  /** What is told of the run under way to a page that comes late. */
  joinRun(live) {
    if (!live) { this.run = null; return; }
    const stored = this.items.some((i) => i.kind === 'assistant' && i.run === live.runId && i.text.trim() === live.text.trim());
    const run = this.ensureRun(live.runId);
    Object.assign(run, { text: stored ? '' : live.text, thinking: stored ? '' : live.thinking, joined: live.seq, item: live.itemId });
    run.blocks = stored ? [] : merge([], live);
    for (const c of live.calls || []) Object.assign(this.tool(c.toolCallId, c.name), { running: true, live: c.output });
  }

  // ---- stored messages

  stored(message) {
    if (this.loading) { this.held.push(message); return; }
    const id = message.__openclaw?.id;
    if (id && this.byId.has(id)) return;
    this.add(message);
    const run = this.run;
    if (run && message.role === 'assistant' && message.__openclaw?.runId === run.id) {
      run.text = run.thinking = '';
      run.blocks = [];
      run.segments = (run.segments || 0) + 1;
    }
    this.changed();
  }

  add(message) {
    const meta = message.__openclaw || {};
    if (meta.seq) {
      this.first = this.first ? Math.min(this.first, meta.seq) : meta.seq;
      this.last = Math.max(this.last, meta.seq);
    }
    const made = MAKERS[message.role]?.(this, message, meta) || [];
    if (meta.id) this.byId.set(meta.id, [...(this.byId.get(meta.id) || []), ...made]);
    this.items.push(...made);
  }

  tool(call, name) {
    let item = this.calls.get(call);
    if (!item) {
      item = { kind: 'tool', call, name, args: null, running: false, version: 0 };
      this.calls.set(call, item);
      this.items.push(item);
    }
    item.version++;
    return item;
  }

  // ---- the run under way

  ensureRun(id) {
    if (this.run?.id !== id) this.run = { id, text: '', blocks: [], thinking: '', joined: 0, phase: 'preparing', startedAt: Date.now(), tokens: 0 };
    return this.run;
  }

  event(name, p) {
    if (name === 'chat') this.chat(p);
    else this.agent(p);
  }

  chat(p) {
    const ends = ['final', 'aborted', 'error'].includes(p.state);
    if (p.state === 'delta' && this.fresh(p)) this.growBlocks(p);
    if (!ends) {
      if (p.state === 'status' && this.fresh(p)) this.setPhase(p.phase === 'starting_model' ? 'starting' : 'preparing');
      return;
    }
    if (p.state === 'error') this.fail(p);
    if (this.run?.id === p.runId) this.endRun(p.state);
    this.changed();
  }

  growBlocks(p) {
    const { run } = this;
    if (p.itemId !== run.blocksOf) run.blocks = [];
    run.blocksOf = p.itemId;
    merge(run.blocks, p);
    this.changed();
  }

  fail(p) {
    const known = this.items.find((i) => i.kind === 'error' && i.run === p.runId);
    const item = known || { kind: 'error', run: p.runId, version: 0 };
    Object.assign(item, { text: p.errorMessage, what: p.errorKind, detail: p.errorDetail, version: item.version + 1 });
    if (!known) this.items.push(item);
  }

  endRun(state) {
    this.endedRun = this.run.id;
    this.run = null;
    this.ended = state;
    for (const t of this.calls.values()) if (t.running) { t.running = false; t.version++; }
  }

  /** Whether this event is new to the run; makes the run. */
  fresh(p) {
    if (p.runId === this.endedRun) return false;
    return p.seq > this.ensureRun(p.runId).joined;
  }

  agent(p) {
    const act = STREAMS[p.stream];
    if (!act || (p.stream === 'lifecycle' && ['end', 'error', 'finishing'].includes(p.data.phase)) || !this.fresh(p)) return;
    act(this, this.run, p.data);
    this.changed();
  }

  setPhase(phase, more) {
    Object.assign(this.run, { phase, percent: undefined, position: undefined, ...more });
    this.changed();
  }

  grow(what, data) {
    const run = this.run;
    if (data.itemId && run.item !== data.itemId) { run.item = data.itemId; run.text = ''; }
    run.firstAt ||= Date.now();
    run.lastAt = Date.now();
    run.chars = (run.chars || 0) + data.delta.length;
    run[what] = data.replace ? data.delta : run[what] + data.delta;
  }
}

const STREAMS = {
  lifecycle(c, run, data) {
    if (data.phase === 'start') run.startedAt = data.startedAt || Date.now();
    if (data.phase === 'model') Object.assign(run, { provider: data.provider, model: data.model });
  },
  progress(c, run, data) {
    c.setPhase({ queued: 'queued', loading: 'loading', reading: 'reading' }[data.phase] || 'starting', { percent: data.percent, position: data.position });
  },
  thinking(c, run, data) { c.setPhase('thinking'); c.grow('thinking', data); },
  assistant(c, run, data) { c.setPhase('writing'); c.grow('text', data); },
  usage(c, run, data) { run.tokens = data.outputTokens || run.tokens; },
  notice(c, run, data) { c.items.push({ kind: 'note', text: data.text, run: run.id, version: 0 }); },
  command_output(c, run, data) {
    const t = c.tool(data.toolCallId, data.name);
    if (!t.result) t.live = ((t.live || '') + data.output).slice(-65536);
  },
  item() {},
  tool(c, run, data) {
    const t = c.tool(data.toolCallId, data.name);
    if (data.phase === 'start') {
      Object.assign(t, { args: data.args, running: true, startedAt: Date.now() });
      c.setPhase('tool', { tool: data.name });
    } else if (data.phase === 'result') {
      Object.assign(t, { running: false, failed: data.isError, result: textOf(data.result?.content), ms: data.result?.details?.durationMs });
      c.setPhase('starting');
    }
  },
};

export function textOf(content) {
  if (typeof content === 'string') return content;
  return (content || []).filter((p) => p.type === 'text').map((p) => p.text).join('\n');
}

const parts = (m) => (typeof m.content === 'string' ? [{ type: 'text', text: m.content }] : m.content || []);

const MAKERS = {
  user(c, m, meta) {
    const key = (m.idempotencyKey || '').replace(/:user$/, '');
    c.pending = c.pending.filter((p) => p.key !== key);
    const images = parts(m).filter((p) => p.type === 'image' || p.type === 'image_url');
    return [{ kind: 'user', id: meta.id, seq: meta.seq, text: textOf(m.content), images, media: meta.media || [], time: m.timestamp, version: 0 }];
  },
  assistant(c, m, meta) {
    const made = [], all = parts(m), text = textOf(m.content);
    const thinking = all.filter((p) => p.type === 'thinking').map((p) => p.thinking).join('\n\n');
    if (text || thinking)
      made.push({ kind: 'assistant', id: meta.id, run: meta.runId, text, thinking, blocks: merge([], meta), model: m.model, provider: m.provider, usage: m.usage,
        stop: m.openclawAbort ? 'aborted' : m.stopReason, time: m.timestamp, version: 0, plain: m.model === 'gateway-injected' });
    if (m.stopReason === 'error' && !c.items.some((i) => i.kind === 'error' && i.run === meta.runId))
      made.push({ kind: 'error', run: meta.runId, text: m.errorMessage, what: 'unknown', version: 0 });
    for (const call of all.filter((p) => p.type === 'toolCall')) {
      const known = c.calls.get(call.id);
      if (known) { Object.assign(known, { args: call.arguments, version: known.version + 1 }); continue; }
      const item = { kind: 'tool', call: call.id, name: call.name, args: call.arguments, run: meta.runId, running: Boolean(c.run), version: 0 };
      c.calls.set(call.id, item);
      made.push(item);
    }
    return made;
  },
  toolResult(c, m) {
    const item = c.calls.get(m.toolCallId);
    const what = { result: textOf(m.content), failed: m.isError, running: false };
    if (item) { Object.assign(item, what, { version: item.version + 1 }); return []; }
    const made = { kind: 'tool', call: m.toolCallId, name: m.toolName, args: null, version: 0, ...what };
    c.calls.set(m.toolCallId, made);
    return [made];
  },
};
