// The messages of a conversation. Each item is made into elements once, and again when it changed.
import { h, icon, iconButton, fill, copyText } from '../dom.js';
import { Blocks, codeBlock } from '../blocks.js';
import { strings } from '../strings.js';

const SHOWN_OUTPUT = 20000; // characters of a tool's output in the page

/** Elements of an item. act: {edit(item), retry(item), branch(item), resend(pending), takeOver(blocks)} */
export function itemNode(item, act) {
  return MAKERS[item.kind](item, act);
}

const MAKERS = { user, assistant, tool, error, note };

const clock = (ms) => (ms ? new Date(ms).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }) : null);

function user(item, act) {
  return h('article.message.user', { 'aria-label': strings.you, title: clock(item.time) },
    h('div.bubble', { dir: 'auto' }, pictures(item), h('div.plain', null, item.text)),
    h('div.acts', null, copyButton(() => item.text), iconButton('edit', strings.edit, () => act.edit(item)), branchButton(item, act)));
}

function pictures(item) {
  const shown = (item.images || []).map((p) => {
    const data = p.data || p.source?.data, type = p.mimeType || p.source?.media_type || 'image/png';
    return data && /^image\/(png|jpeg|gif|webp)$/.test(type) ? h('img', { src: `data:${type};base64,${data}`, alt: p.fileName || '' }) : null;
  });
  const names = shown.some(Boolean) ? [] : (item.media || []).map((m) => h('span.chip', null, icon('clip'), m.fileName || m.contentType));
  return shown.length || names.length ? h('div.pictures', null, shown, names) : null;
}

function assistant(item, act) {
  const body = act.takeOver(item.blocks) || h('div.text');
  if (!body.firstChild) new Blocks(body).show(item.blocks);
  return h('article.message.assistant', { 'aria-label': item.model ? strings.answerFrom(item.model) : strings.assistant },
    item.thinking ? thoughts(item.thinking) : null, body,
    item.stop === 'aborted' ? h('p.pill', null, strings.interrupted) : null,
    item.stop === 'length' ? h('p.pill', null, strings.cutOff) : null,
    item.text ? h('div.acts', null, copyButton(() => item.text), iconButton('retry', strings.retry, () => act.retry(item)), branchButton(item, act),
      h('span.dim', null, footer(item))) : null);
}

const branchButton = (item, act) => (item.id ? iconButton('branch', strings.branch, () => act.branch(item)) : null);

function footer(item) {
  const out = item.usage?.output;
  return [item.plain ? null : item.model, out ? strings.tokens(out.toLocaleString()) : null].filter(Boolean).join(' · ');
}

function thoughts(text) {
  const details = h('details.thoughts', null, h('summary', null, strings.thought));
  details.addEventListener('toggle', () => {
    if (details.open && !details.querySelector('.plain')) details.append(h('div.plain', { dir: 'auto' }, text));
  });
  return details;
}

function copyButton(text) {
  const button = iconButton('copy', strings.copy, () => copyText(text(), button, strings.copied));
  return button;
}

// ---- tools

const MAIN = ['command', 'path', 'file_path', 'url', 'query', 'name', 'id'];

function tool(item) {
  const args = item.args || {}, main = MAIN.find((k) => typeof args[k] === 'string');
  const details = h('details.tool', item.open ? { open: true } : null,
    h('summary', null, icon('tool'), h('b', null, item.name), h('code', { dir: 'ltr' }, main ? args[main].split('\n')[0].slice(0, 200) : ''), state(item)));
  const body = () => { if (!details.querySelector('.tool-body')) details.append(toolBody(item, args)); };
  if (item.open) body();
  details.addEventListener('toggle', () => { item.open = details.open; if (details.open) body(); });
  return details;
}

function state(item) {
  if (item.running) return h('span.state', null, h('span.spinner', { 'aria-hidden': 'true' }), strings.toolRunning);
  const code = (item.result || '').match(/\[exit code (\d+)\]\s*$/);
  const said = code ? strings.exitCode(code[1]) : item.failed ? strings.error : item.name === 'exec' && item.result !== undefined ? strings.exitCode(0) : strings.ok;
  return h(item.failed || code ? 'span.state.bad' : 'span.state', null, said, item.ms ? ` · ${seconds(item.ms)}` : '');
}

export const seconds = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : ms < 60000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60000)} min ${Math.round(ms / 1000) % 60} s`);

function toolBody(item, args) {
  return h('div.tool-body', null, h('h3', null, strings.arguments), argumentNodes(args),
    h('h3', null, strings.output), item.output = outputNode(item));
}

function argumentNodes(args) {
  const rest = { ...args }, shown = [];
  for (const key of ['command', 'content', 'old_string', 'new_string', 'oldText', 'newText', 'patch']) {
    if (typeof rest[key] !== 'string') continue;
    shown.push(h('p.dim', null, key), codeBlock(rest[key].slice(0, SHOWN_OUTPUT), key === 'command' ? 'sh' : ''));
    delete rest[key];
  }
  if (Object.keys(rest).length || !shown.length) shown.unshift(codeBlock(JSON.stringify(rest, null, 2), 'json'));
  return shown;
}

function outputNode(item) {
  const text = item.result ?? item.live ?? '', cut = text.length > SHOWN_OUTPUT;
  if (!text) return h('p.dim', null, item.running ? strings.toolRunning : strings.noOutput);
  return h('div', null, cut ? h('p.dim', null, strings.longOutput) : null, codeBlock(cut ? text.slice(-SHOWN_OUTPUT) : text, ''));
}

// ---- the rest

function error(item, act) {
  const d = item.detail || {};
  const facts = [d.provider && `${d.provider}/${d.model || ''}`, d.httpStatus && `HTTP ${d.httpStatus}`, d.providerRuntimeFailureKind].filter(Boolean);
  return h('article.message.failed', { role: 'group', 'aria-label': strings.failed }, h('b', null, strings.failed),
    h('p', { dir: 'auto' }, item.text || strings.unknownError), facts.length ? h('p.dim', null, facts.join(' · ')) : null,
    h('button', { type: 'button', onclick: () => act.retry(item) }, strings.retry));
}

function note(item) {
  return h('p.note', { dir: 'auto' }, item.text);
}

/** A message that is not stored yet. */
export function pendingNode(p, act) {
  const failed = p.state === 'failed';
  return h('article.message.user.pending', { 'aria-label': strings.you },
    h('div.bubble', { dir: 'auto' }, h('div.plain', null, p.text), (p.attachments || []).map((a) => h('span.chip', null, icon('clip'), a.fileName))),
    failed ? h('div.acts.always', { role: 'alert' }, h('span.bad', null, `${strings.notSent}: ${p.problem}`),
      h('button', { type: 'button', onclick: () => act.resend(p) }, strings.sendAgain)) : p.state === 'waiting' ? h('div.acts.always', null, h('span.dim', null, strings.waitingToSend)) : null);
}

/** The answer that is being written. Its cost follows what is new, not what is there. */
export class LiveMessage {
  constructor() {
    this.thoughts = h('details.thoughts', { hidden: true }, h('summary', null, strings.thinking), this.thought = h('div.plain'));
    this.text = h('div.text');
    this.node = h('article.message.assistant.live', { 'aria-label': strings.assistant, 'aria-busy': 'true' }, this.thoughts, this.text);
    this.reset();
  }

  /** What was shown while it was written stays when the message is stored: its element, or null when it is another. */
  takeOver(blocks) {
    const was = this.blocks.shown;
    if (was.length < 2 || was[0] !== blocks[0] || was[was.length - 2] !== blocks[was.length - 2]) return null;
    const body = this.text;
    this.blocks.show(blocks);
    this.text = h('div.text');
    body.replaceWith(this.text);
    this.reset();
    return body;
  }

  reset() {
    fill(this.text);
    this.blocks = new Blocks(this.text);
    this.shown = null;
    this.thoughtShown = 0;
    fill(this.thought);
  }

  show(run) {
    this.node.hidden = !run || (!run.blocks.length && !run.thinking);
    if (!run) { if (this.shown || this.thoughtShown) this.reset(); return; }
    if (run.blocks !== this.shown || run.thinking.length < this.thoughtShown) this.reset();
    this.shown = run.blocks;
    this.thoughts.hidden = !run.thinking;
    if (run.thinking.length > this.thoughtShown) {
      this.thought.append(run.thinking.slice(this.thoughtShown));
      this.thoughtShown = run.thinking.length;
    }
    this.blocks.show(run.blocks);
  }
}
