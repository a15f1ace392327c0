// Markdown as models write it, made into elements. Markup in the text stays text; links lead to http, https and mailto
// alone; pictures become links, so that showing an answer never asks another server for anything. Time is linear in
// the length of the text: a search that failed once is not repeated further on.
import { h, iconButton, copyText } from './dom.js';
import { strings } from './strings.js';

const MAX_DEPTH = 12, MAX_ROWS = 1000, MAX_COLUMNS = 60;
const FENCE = /^( {0,3})(`{3,}|~{3,})([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?=[ \t]|$)/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const ITEM = /^( *)([-*+]|\d{1,9}[.)])(?:([ \t]+)(.*)|)$/;
const TABLE_RULE = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const TASK = /^\[([ xX])\][ \t]+/;

// ---- blocks

/** Elements of the whole text. */
export function render(text) {
  const out = document.createDocumentFragment();
  for (const block of blocks(text.split('\n'), 0)) out.append(block.node);
  return out;
}

/** [{node, from, to}]: from and to are lines. */
function blocks(lines, depth) {
  const found = [];
  let at = 0;
  while (at < lines.length) {
    if (!lines[at].trim()) { at++; continue; }
    const read = depth < MAX_DEPTH ? READERS.find((r) => r.starts(lines, at)) || paragraph : paragraph;
    const [node, to] = read.read(lines, at, depth);
    found.push({ node, from: at, to });
    at = to;
  }
  return found;
}

const code = {
  starts: (lines, at) => FENCE.test(lines[at]),
  read(lines, at) {
    const [, indent, marks, info] = lines[at].match(FENCE);
    let to = at + 1;
    while (to < lines.length && !closes(lines[to], marks)) to++;
    const text = lines.slice(at + 1, to).map((l) => unindent(l, indent.length)).join('\n');
    return [codeBlock(text, info.trim().split(/\s/)[0]), Math.min(to + 1, lines.length)];
  },
};

function closes(line, marks) {
  const t = line.trim();
  return t.length >= marks.length && line.search(/\S/) < 4 && [...t].every((c) => c === marks[0]);
}

function unindent(line, n) {
  let i = 0;
  while (i < n && line[i] === ' ') i++;
  return line.slice(i);
}

export function codeBlock(text, language) {
  const pre = h('pre', { tabindex: '0', dir: 'ltr' }, h('code', null, text));
  const button = iconButton('copy', strings.copyCode, () => copyText(pre.textContent, button, strings.copied));
  return h('div.code', null, h('div.code-head', null, h('span', null, language || strings.codeLabel), button), pre);
}

const mathBlock = {
  starts: (lines, at) => /^\s*(\$\$|\\\[)/.test(lines[at]),
  read(lines, at) {
    const end = lines[at].includes('$$') ? '$$' : '\\]';
    let to = at, first = lines[at].trim().slice(2);
    if (!first.includes(end)) while (++to < lines.length && !lines[to].includes(end) && lines[to].trim()) first += `\n${lines[to]}`;
    if (to > at && to < lines.length && lines[to].includes(end)) first += `\n${lines[to]}`;
    const cut = first.indexOf(end);
    return [h('pre.math', { tabindex: '0', dir: 'ltr' }, (cut < 0 ? first : first.slice(0, cut)).trim()), Math.min(to + 1, lines.length)];
  },
};

const heading = {
  starts: (lines, at) => HEADING.test(lines[at]),
  read(lines, at) {
    const [whole, marks] = lines[at].match(HEADING), line = lines[at].trimEnd();
    let end = line.length;
    while (line[end - 1] === '#') end--;
    const text = line.slice(whole.length, /\s/.test(line[end - 1]) ? end : line.length).trim();
    const level = Math.min(marks.length + 2, 6); // the page has its own first two
    return [h(`h${level}.md-h${marks.length}`, null, inline(text)), at + 1];
  },
};

const rule = { starts: (lines, at) => RULE.test(lines[at]), read: (lines, at) => [h('hr'), at + 1] };

const quote = {
  starts: (lines, at) => /^ {0,3}>/.test(lines[at]),
  read(lines, at, depth) {
    let to = at;
    const inner = [];
    while (to < lines.length && lines[to].trim() && (to === at || /^ {0,3}>/.test(lines[to]) || !interrupts(lines, to)))
      inner.push(lines[to++].replace(/^ {0,3}> ?/, ''));
    return [h('blockquote', null, blocks(inner, depth + 1).map((b) => b.node)), to];
  },
};

const table = {
  starts: (lines, at) => lines[at].includes('|') && at + 1 < lines.length && lines[at + 1].includes('-') &&
    TABLE_RULE.test(lines[at + 1]) && cells(lines[at]).length === cells(lines[at + 1]).length,
  read(lines, at) {
    const aligns = cells(lines[at + 1]).map((c) => (c.endsWith(':') ? (c.startsWith(':') ? 'center' : 'end') : 'start'));
    const makeRow = (line, tag) => {
      const parts = cells(line).slice(0, aligns.length);
      return h('tr', null, aligns.map((a, i) => h(`${tag}.${a}`, tag === 'th' ? { scope: 'col' } : null, inline(parts[i] || ''))));
    };
    const body = h('tbody');
    let to = at + 2;
    for (; to < lines.length && lines[to].trim() && (lines[to].includes('|') || !interrupts(lines, to)); to++)
      if (to - at < MAX_ROWS) body.append(makeRow(lines[to], 'td'));
    const hidden = to - at - MAX_ROWS;
    return [h('div.scroll', { tabindex: '0', role: 'region', 'aria-label': strings.table },
      h('table', null, h('thead', null, makeRow(lines[at], 'th')), body),
      hidden > 0 ? h('p.dim', null, strings.moreRows(hidden)) : null), to];
  },
};

function cells(line) {
  const parts = [];
  let cell = '', code_ = false;
  const text = line.trim().replace(/^\|/, '').replace(/(^|[^\\])\|$/, '$1');
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\' && text[i + 1] === '|') { cell += '|'; i++; continue; }
    if (text[i] === '`') code_ = !code_;
    if (text[i] === '|' && !code_ && parts.length < MAX_COLUMNS) { parts.push(cell.trim()); cell = ''; } else cell += text[i];
  }
  parts.push(cell.trim());
  return parts;
}

const list = {
  starts: (lines, at) => ITEM.test(lines[at]) && lines[at].search(/\S/) < 4 && !RULE.test(lines[at]),
  read(lines, at, depth) {
    const first = lines[at].match(ITEM), ordered = /\d/.test(first[2]), node = h(ordered ? 'ol' : 'ul');
    if (ordered && parseInt(first[2], 10) !== 1) node.setAttribute('start', parseInt(first[2], 10));
    let to = at, loose = false;
    while (to < lines.length) {
      const m = lines[to].match(ITEM);
      if (!m || m[1].length > first[1].length + 3 || /\d/.test(m[2]) !== ordered || RULE.test(lines[to])) break;
      const [inner, next, gap] = itemLines(lines, to, m);
      node.append(item(inner, depth, (loose = loose || gap)));
      to = next;
    }
    return [node, to];
  },
};

/** Lines of one item without their indentation, where the next begins, whether a gap follows. */
function itemLines(lines, at, m) {
  const width = m[1].length + m[2].length + Math.min((m[3] || ' ').replace(/\t/g, '    ').length, 4);
  const inner = [m[4] || ''];
  let to = at + 1, gap = false;
  for (; to < lines.length; to++) {
    const line = lines[to], indent = line.search(/\S/);
    if (indent < 0) {
      const next = lines.slice(to + 1, to + 3).find((l) => l.trim());
      if (next === undefined || (next.search(/\S/) < Math.min(width, m[1].length + 2) && !ITEM.test(next))) break;
      if (next.search(/\S/) < Math.min(width, m[1].length + 2)) { to++; break; }
      gap = true;
      inner.push('');
    } else if (indent >= Math.min(width, m[1].length + 2)) inner.push(unindent(line, width));
    else if (ITEM.test(line) || interrupts(lines, to) || !lines[to - 1].trim()) break;
    else inner.push(line.trim());
  }
  while (to < lines.length && !lines[to].trim() && lines[to + 1] !== undefined && ITEM.test(lines[to + 1])) to++;
  return [inner, to, gap];
}

function item(inner, depth) {
  const task = inner[0].match(TASK);
  if (task) inner[0] = inner[0].slice(task[0].length);
  const parts = blocks(inner, depth + 1).map((b) => b.node);
  if (parts[0]?.tagName === 'P') parts.splice(0, 1, ...parts[0].childNodes);
  if (task) parts.unshift(h('input', { type: 'checkbox', disabled: true, checked: task[1] !== ' ', 'aria-label': strings.task }), ' ');
  return h(task ? 'li.task' : 'li', null, parts);
}

const READERS = [code, mathBlock, heading, rule, quote, table, list];
const interrupts = (lines, at) => READERS.some((r) => r !== table && r !== mathBlock && r.starts(lines, at));

const paragraph = {
  read(lines, at) {
    let to = at + 1;
    while (to < lines.length && lines[to].trim() && !interrupts(lines, to) && !table.starts(lines, to)) to++;
    return [h('p', { dir: 'auto' }, inline(lines.slice(at, to).map((l) => l.replace(/^[ \t]+/, '')).join('\n'))), to];
  },
};

// ---- inside a line

const SPECIAL = /[\\`*_~[\]!<hH$\n]/g;
const MARKS = [['***', 'both'], ['**', 'strong'], ['__', 'strong'], ['~~', 'del'], ['*', 'em'], ['_', 'em']];

/** Nodes of a text. `seen` remembers what was looked for last and where it is. */
export function inline(text, depth = 0, seen = new Map()) {
  const out = [];
  let plain = 0, at = 0;
  if (depth > MAX_DEPTH) return [text];
  const push = (node, from, to) => {
    if (from > plain) out.push(text.slice(plain, from));
    out.push(node);
    plain = at = to;
  };
  while (at < text.length) {
    SPECIAL.lastIndex = at;
    const m = SPECIAL.exec(text);
    if (!m) break;
    at = m.index;
    const found = special(text, at, depth, seen);
    if (found) push(found[0], at, found[1]);
    else at++;
  }
  if (plain < text.length) out.push(text.slice(plain));
  return out;
}

function find(text, what, from, found) {
  const last = found.get(what);
  if (last && last.from <= from && (last.at < 0 || last.at >= from)) return last.at;
  const at = text.indexOf(what, from);
  found.set(what, { from, at });
  return at;
}

/** [node, where it ends] or null: nothing special here. */
function special(text, at, depth, seen) {
  const c = text[at];
  if (c === '\n') return / {2}$|\\$/.test(text.slice(Math.max(0, at - 2), at)) ? [h('br'), at + 1] : null;
  if (c === '\\') return escaped(text, at, seen);
  if (c === '`') return codeSpan(text, at, seen);
  if (c === '$') return dollars(text, at, seen);
  if (c === '!' || c === '[') return link(text, at, depth, seen);
  if (c === '<') return autolink(text, at, seen);
  if (c === 'h' || c === 'H') return bareLink(text, at);
  return c === ']' ? null : emphasis(text, at, depth, seen);
}

function escaped(text, at, seen) {
  const next = text[at + 1];
  if (next === '(' || next === '[') {
    const end = find(text, next === '(' ? '\\)' : '\\]', at + 2, seen);
    if (end > 0) return [h('span.math', { dir: 'ltr' }, text.slice(at + 2, end).trim()), end + 2];
  }
  return next && /[!-/:-@[-`{-~]/.test(next) ? [next, at + 2] : null;
}

function codeSpan(text, at, seen) {
  const marks = text.slice(at).match(/^`+/)[0];
  let end = at + marks.length;
  do {
    end = find(text, marks, end, seen);
    if (end < 0) return [marks, at + marks.length];
    if (text[end + marks.length] !== '`' && text[end - 1] !== '`') break;
    while (text[end] === '`') end++;
  } while (true); // eslint-disable-line no-constant-condition
  const inner = text.slice(at + marks.length, end).replace(/\n/g, ' ');
  return [h('code', { dir: 'ltr' }, /^ .*[^ ].* $/.test(inner) ? inner.slice(1, -1) : inner), end + marks.length];
}

/** $x^2$ stays as it is written; prices do not become formulas. */
function dollars(text, at, seen) {
  const marks = text[at + 1] === '$' ? '$$' : '$', from = at + marks.length;
  if (marks === '$' && /[\s\d]/.test(text[from] || ' ')) return null;
  const end = find(text, marks, from, seen);
  if (end < 0 || (marks === '$' && (/\s/.test(text[end - 1]) || /\d/.test(text[end + 1] || '') || text.slice(from, end).includes('\n')))) return null;
  return [h('span.math', { dir: 'ltr' }, text.slice(from, end)), end + marks.length];
}

export function safeUrl(text) {
  try {
    const url = new URL(text.trim());
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

const anchor = (href, children) => h('a', { href, rel: 'noopener noreferrer nofollow', target: '_blank', title: href }, children);

function link(text, at, depth, seen) {
  const image = text[at] === '!', from = at + (image ? 2 : 1);
  if (image && text[at + 1] !== '[') return null;
  const middle = find(text, '](', from, seen);
  if (middle < 0 || middle - from > 2000) return null;
  const close = closing(text, middle + 2);
  if (close < 0) return null;
  const label = text.slice(from, middle), target = text.slice(middle + 2, close);
  if (!image && /(^|[^!\\])\[/.test(label) && !/\]/.test(label)) return null; // the inner one is the link
  const href = safeUrl(target.trim().replace(/\s+["'(].*$/, '').replace(/^<|>$/g, ''));
  const shown = image ? [strings.image(label)] : inline(label, depth + 1);
  return [href ? anchor(href, shown) : h('span.no-link', { title: strings.badLink }, shown), close + 1];
}

function closing(text, from) {
  let open = 1;
  for (let i = from; i < text.length && i - from < 4000; i++) {
    if (text[i] === '\n') return -1;
    if (text[i] === '(') open++;
    if (text[i] === ')' && --open === 0) return i;
  }
  return -1;
}

function autolink(text, at, seen) {
  const end = find(text, '>', at + 1, seen);
  if (end < 0 || end - at > 2000) return null;
  const inner = text.slice(at + 1, end);
  if (/^br ?\/?$/i.test(inner)) return [h('br'), end + 1];
  const href = /\s/.test(inner) ? null : safeUrl(/^[^:/@]+@[^:/@]+$/.test(inner) ? `mailto:${inner}` : inner);
  return href ? [anchor(href, inner), end + 1] : null;
}

function bareLink(text, at) {
  if (at && /[\w/]/.test(text[at - 1])) return null;
  const m = text.slice(at, at + 2000).match(/^https?:\/\/[^\s<>"'`|]+/i);
  if (!m) return null;
  let shown = m[0].replace(/[.,;:!?*_~]+$/, '');
  if (shown.endsWith(')') && !shown.includes('(')) shown = shown.slice(0, -1);
  const href = safeUrl(shown);
  return href ? [anchor(href, shown), at + shown.length] : null;
}

const isWord = (c) => c !== undefined && /[\p{L}\p{N}]/u.test(c);

function emphasis(text, at, depth, seen) {
  const mark = MARKS.find(([m]) => text.startsWith(m, at));
  if (!mark || /\s/.test(text[at + mark[0].length] || ' ')) return null;
  const [marks, name] = mark, from = at + marks.length;
  if (marks[0] === '_' && isWord(text[at - 1])) return null;
  for (let end = find(text, marks, from + 1, seen); end > 0; end = find(text, marks, end + marks.length, seen)) {
    const before = text[end - 1], after = text[end + marks.length];
    const longer = marks.length === 1 && (before === marks || after === marks) && before !== '\\';
    if (!longer && !/[\s\\]/.test(before) && !(marks[0] === '_' && isWord(after))) {
      const inner = inline(text.slice(from, end), depth + 1);
      return [name === 'both' ? h('strong', null, h('em', null, inner)) : h(name, null, inner), end + marks.length];
    }
    if (longer && after === marks) end++;
    if (end - from > 4000) break;
  }
  return [marks, at + marks.length];
}

// ---- text that grows

/** Shows a text that grows in `node`: what is finished is made once, only its end is made anew. */
export class Growing {
  constructor(node) {
    this.node = node;
    this.done = 0; // characters of finished blocks
    this.tail = []; // nodes of what may still change
    this.fence = null; // an open code block: {marks, text: Text, at: characters read}
  }

  show(text) {
    if (this.fence && !this.growFence(text)) return;
    for (const n of this.tail) n.remove();
    const lines = text.slice(this.done).split('\n'), found = blocks(lines, 0);
    const last = found.pop();
    found.forEach((b) => this.node.append(b.node));
    this.done += lines.slice(0, last ? last.from : 0).reduce((n, l) => n + l.length + 1, 0);
    this.tail = last ? [last.node] : [];
    if (!last) return;
    this.node.append(last.node);
    const m = lines[last.from].match(FENCE);
    if (m && last.to === lines.length && !m[1] && !(lines.length - 1 > last.from && closes(lines[lines.length - 1], m[2])))
      this.openFence(text, lines[last.from], m[2], last.node);
  }

  openFence(text, first, marks, node) {
    const from = this.done + first.length + 1, code_ = node.querySelector('pre code');
    if (from > text.length) return;
    code_.replaceChildren(document.createTextNode(''));
    this.fence = { marks, text: code_.firstChild, at: from };
    this.growFence(text);
  }

  /** True: the block was closed, so that all is to be looked at again. */
  growFence(text) {
    const f = this.fence;
    let end;
    while ((end = text.indexOf('\n', f.at)) >= 0) {
      const line = text.slice(f.at, end);
      if (closes(line, f.marks)) {
        if (f.text.data.endsWith('\n')) f.text.deleteData(f.text.length - 1, 1);
        this.done = end + 1;
        this.tail = [];
        this.fence = null;
        return true;
      }
      f.text.appendData(`${line}\n`);
      f.at = end + 1;
    }
    return false;
  }
}
