// Answers as the gateway renders them: HTML in numbered blocks. This is the one place of the page where markup becomes
// elements. It comes from the gateway alone, which escapes all text and writes no element that loads or runs
// (src/markdown/html.c); the page's policy forbids scripts and handlers in it anyway, and markup from anywhere else.
import { h, iconButton, copyText } from './dom.js';
import { strings } from './strings.js';

const policy = window.trustedTypes ? window.trustedTypes.createPolicy('blocks', { createHTML: (html) => html }) : { createHTML: (html) => html };

/** Elements of one block, with what only a page can add: buttons, names. */
function element(html) {
  const box = document.createElement('template');
  box.innerHTML = policy.createHTML(html);
  const node = h('div.block');
  node.append(box.content);
  for (const head of node.querySelectorAll('.code-head')) finishCode(head);
  for (const scroll of node.querySelectorAll('.scroll')) {
    scroll.tabIndex = 0;
    scroll.setAttribute('role', 'region');
    scroll.setAttribute('aria-label', strings.table);
  }
  for (const task of node.querySelectorAll('li.task > input')) task.setAttribute('aria-label', strings.task);
  for (const link of node.querySelectorAll('.no-link')) link.title = strings.badLink;
  for (const link of node.querySelectorAll('a.image')) link.prepend(strings.image(''));
  return node;
}

function finishCode(head) {
  if (!head.firstChild.textContent) head.firstChild.textContent = strings.codeLabel;
  const button = iconButton('copy', strings.copyCode, () => copyText(head.parentNode.querySelector('pre').textContent, button, strings.copied));
  head.append(button);
}

/** Code that is not part of an answer. */
export function codeBlock(text, language) {
  const head = h('div.code-head', null, h('span', null, language));
  const node = h('div.code', null, head, h('pre', { tabindex: '0', dir: 'ltr' }, h('code', null, text)));
  finishCode(head);
  return node;
}

/** Shows blocks in `node`; those that did not change stay as they are. */
export class Blocks {
  constructor(node) {
    this.node = node;
    this.shown = [];
    this.codes = []; // of each block: the code that it ends with, which the next block may go on with
  }

  /** htmls: of each block. Blocks before `from` are known to be the same. */
  show(htmls, from = 0) {
    for (let i = from; i < htmls.length; i++) {
      if (this.shown[i] === htmls[i]) continue;
      const made = element(htmls[i] || ''), old = this.node.children[i];
      old?.piece?.remove();
      this.join(made, i);
      if (old) old.replaceWith(made);
      else this.node.append(made);
      this.shown[i] = htmls[i];
    }
    while (this.node.children.length > htmls.length) {
      this.node.lastChild.piece?.remove();
      this.node.lastChild.remove();
    }
    this.shown.length = htmls.length;
  }

  /** Code that is too long for one block becomes one box again. */
  join(made, i) {
    const more = made.firstElementChild, into = this.codes[i - 1];
    if (into && more?.matches('.code.more')) {
      made.piece = document.createTextNode(`\n${more.querySelector('code').textContent}`);
      into.append(made.piece);
      more.remove();
    }
    const last = made.lastElementChild;
    this.codes[i] = last ? last.matches('.code') && last.querySelector('code') : made.piece && into;
  }
}

/** Blocks as an event or a message carries them, put into what is known. */
export function merge(htmls, told) {
  for (const b of told.blocks || []) htmls[b.i] = b.html;
  if (told.blockCount !== undefined) htmls.length = told.blockCount;
  return htmls;
}
