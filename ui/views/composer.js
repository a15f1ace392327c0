// Where a message is written: text, pictures, commands, and what answers.
import { h, fill, icon, iconButton, say } from '../dom.js';
import { get, row, watch, putRow } from '../store.js';
import { strings } from '../strings.js';
import { speedOf } from './chat.js';
import { alertDialog, menu } from './dialogs.js';
import { pickModel, modelOf } from './picker.js';

const MAX_TEXT_FILE = 200000, SHOWN_COMMANDS = 40;
const DRAFT = 'openclaw.draft.';

export class Composer {
  constructor(app, chat) {
    this.app = app;
    this.chat = chat;
    this.files = []; // {fileName, mimeType, content (base64) | text}
    this.input = h('textarea', { rows: 1, placeholder: strings.placeholder, 'aria-label': strings.message, 'aria-describedby': 'hint', dir: 'auto', enterkeyhint: 'send',
      role: 'combobox', 'aria-expanded': 'false', 'aria-autocomplete': 'list', 'aria-controls': 'commands' });
    this.commands = h('div.commands', { role: 'listbox', id: 'commands', 'aria-label': strings.commands, hidden: true });
    this.chips = h('div.chips');
    this.picker = h('input', { type: 'file', multiple: true, hidden: true, tabindex: -1 });
    this.send = iconButton('send', strings.send, () => this.submit(), { class: 'icon-button primary' });
    this.stop = iconButton('stop', strings.stop, () => chat.stop(), { class: 'icon-button danger', hidden: true });
    this.model = h('button.choice', { type: 'button', 'aria-haspopup': 'dialog', onclick: () => pickModel(app, this.model) });
    this.thinking = h('button.choice', { type: 'button', 'aria-haspopup': 'menu', onclick: () => this.chooseThinking() });
    this.meter = h('span.meter');
    this.node = h('form.composer', { onsubmit: (e) => { e.preventDefault(); this.submit(); } }, this.commands, this.chips, this.input,
      h('div.tools', null, iconButton('clip', strings.attach, () => this.picker.click()), this.model, this.thinking, this.meter,
        h('span.ends', null, this.stop, this.send)), this.picker, h('span.unseen', { id: 'hint' }, strings.keyboardHint));
    this.listen();
    watch(['rows', 'session', 'models', 'phase'], () => this.showChoices());
    watch(['commands'], () => { if (document.activeElement === this.input) this.showCommands(); }); // typed before they were known
  }

  listen() {
    const { input, node } = this;
    input.addEventListener('input', () => this.typed());
    input.addEventListener('keydown', (e) => this.key(e));
    input.addEventListener('blur', () => setTimeout(() => this.closeCommands(), 150));
    input.addEventListener('paste', (e) => { if (e.clipboardData.files.length) { e.preventDefault(); this.take(e.clipboardData.files); } });
    this.picker.addEventListener('change', () => { this.take(this.picker.files); this.picker.value = ''; });
    let inside = 0;
    const mark = (n) => { inside = Math.max(0, inside + n); node.classList.toggle('drop', inside > 0); };
    addEventListener('dragenter', (e) => { if (e.dataTransfer?.types.includes('Files')) { e.preventDefault(); mark(1); } });
    addEventListener('dragleave', (e) => { if (e.dataTransfer?.types.includes('Files')) mark(-1); });
    addEventListener('dragover', (e) => { if (e.dataTransfer?.types.includes('Files')) e.preventDefault(); });
    addEventListener('drop', (e) => {
      if (!e.dataTransfer?.files.length) return;
      e.preventDefault();
      mark(-inside);
      this.take(e.dataTransfer.files);
    });
  }

  /** Another conversation: its draft comes back. */
  opened(key) {
    this.session = key;
    this.input.value = (key && sessionStorage.getItem(DRAFT + key)) || '';
    this.files = [];
    this.showFiles();
    this.grow();
  }

  edit(item) {
    this.input.value = item.text;
    this.typed();
    this.input.focus();
  }

  // ---- typing

  typed() {
    this.grow();
    if (this.session) sessionStorage.setItem(DRAFT + this.session, this.input.value);
    this.showCommands();
  }

  grow() {
    this.input.style.height = 'auto';
    this.input.style.height = `${Math.min(this.input.scrollHeight + 2, innerHeight * 0.4)}px`;
  }

  key(e) {
    if (e.isComposing) return;
    const open = !this.commands.hidden;
    if (open && this.commandKey(e)) { e.preventDefault(); return; }
    if (e.key === 'Enter' && !e.shiftKey) { e.preventDefault(); this.submit(); }
  }

  submit() {
    const text = this.input.value.trim();
    const pictures = this.files.filter((f) => f.content), texts = this.files.filter((f) => f.text !== undefined);
    const whole = [text, ...texts.map((f) => `${f.fileName}:\n${fenced(f.text)}`)].filter(Boolean).join('\n\n');
    if (!whole && !pictures.length) return;
    this.chat.send(whole, pictures.map(({ fileName, mimeType, content }) => ({ type: 'image', fileName, mimeType, content })));
    this.input.value = '';
    this.files = [];
    this.showFiles();
    this.typed();
    this.closeCommands();
  }

  // ---- files

  async take(files) {
    const limits = get('hello')?.policy?.attachments || {}, max = limits.maxImageBytes || 6291456;
    for (const f of files) {
      const picture = /^image\/(png|jpeg|gif|webp)$/.test(f.type), most = picture ? max : MAX_TEXT_FILE;
      if (f.size > most) { alertDialog(strings.problem, strings.tooLarge(f.name, `${Math.round(most / 1024)} KB`)); continue; }
      if (picture) this.files.push({ fileName: f.name || 'picture.png', mimeType: f.type, content: await base64(f), size: f.size });
      else {
        const text = await f.text();
        if (text.includes('\0') || text.includes('\ufffd')) { alertDialog(strings.problem, strings.notText(f.name)); continue; }
        this.files.push({ fileName: f.name, text });
      }
    }
    this.showFiles();
    this.input.focus();
  }

  showFiles() {
    fill(this.chips, this.files.map((f) => h('span.chip', null,
      f.content ? h('img', { src: `data:${f.mimeType};base64,${f.content}`, alt: '' }) : icon('clip'), f.fileName,
      iconButton('close', strings.removeFile(f.fileName), () => { this.files = this.files.filter((x) => x !== f); this.showFiles(); }))),
    this.files.some((f) => f.content) && modelOf(row())?.input && !modelOf(row()).input.includes('image') ? h('span.bad', null, strings.noPictures) : null);
  }

  // ---- commands

  showCommands() {
    const m = this.input.value.match(/^\/(\S*)$/), word = m?.[1].toLowerCase();
    const found = m ? get('commands').filter((c) => names(c).some((n) => n.startsWith(word))).slice(0, SHOWN_COMMANDS) : [];
    this.found = found;
    this.chosen = 0;
    this.commands.hidden = !found.length;
    this.input.setAttribute('aria-expanded', String(found.length > 0));
    let group = null;
    fill(this.commands, found.map((c, i) => {
      const head = c.category !== group ? h('div.group', { role: 'presentation' }, c.category || '') : null;
      group = c.category;
      return [head, h('div.option', { role: 'option', id: `command-${i}`, onpointerdown: (e) => { e.preventDefault(); this.choose(c); } },
        h('b', null, `/${c.name}`), h('span.dim', null, c.description))];
    }));
    this.mark();
  }

  mark() {
    const options = [...this.commands.querySelectorAll('.option')];
    options.forEach((o, i) => o.setAttribute('aria-selected', String(i === this.chosen)));
    if (options.length) this.input.setAttribute('aria-activedescendant', options[this.chosen].id);
    else this.input.removeAttribute('aria-activedescendant');
    options[this.chosen]?.scrollIntoView({ block: 'nearest' });
  }

  commandKey(e) {
    const n = this.found.length, exact = names(this.found[this.chosen]).includes(this.input.value.slice(1).toLowerCase());
    if (e.key === 'ArrowDown') this.chosen = (this.chosen + 1) % n;
    else if (e.key === 'ArrowUp') this.chosen = (this.chosen + n - 1) % n;
    else if (e.key === 'Escape') this.closeCommands();
    else if (e.key === 'Tab' || (e.key === 'Enter' && !exact)) this.choose(this.found[this.chosen]);
    else return false;
    this.mark();
    return true;
  }

  choose(c) {
    this.input.value = `/${c.name}${c.acceptsArgs ? ' ' : ''}`;
    this.closeCommands();
    this.grow();
    this.input.focus();
  }

  closeCommands() {
    this.commands.hidden = true;
    this.input.setAttribute('aria-expanded', 'false');
    this.input.removeAttribute('aria-activedescendant');
  }

  // ---- what answers

  showChoices() {
    const r = row(), known = modelOf(r);
    fill(this.model, known?.available === false ? h('span.dot.bad', { role: 'img', 'aria-label': strings.unavailable }) : null,
      h('span', null, r.model || known?.id || strings.chooseModel), icon('down_small'));
    this.model.title = r.model ? `${strings.model}: ${r.modelProvider}/${r.model}` : strings.chooseModel;
    const levels = r.thinkingLevels || known?.thinkingLevels || [];
    this.thinking.hidden = levels.length < 2;
    const level = r.thinkingLevel || known?.thinkingDefault || 'off';
    fill(this.thinking, h('span.word', null, `${strings.thinkingLevel}:`), h('span', null, level), icon('down_small'));
    this.thinking.setAttribute('aria-label', strings.thinkingOf(level));
    this.showMeter(r);
  }

  showMeter(r) {
    const used = r.totalTokens || 0, all = r.contextTokens || 0;
    if (!used || !all) { fill(this.meter); return; }
    const percent = Math.min(100, Math.round((used / all) * 100)), text = strings.contextOf(used.toLocaleString(), all.toLocaleString(), percent);
    fill(this.meter, h('meter', { min: 0, max: 100, high: 80, low: 80, optimum: 0, value: percent, title: text, 'aria-label': text }), h('span', null, `${percent} %`));
    this.meter.title = text;
  }

  chooseThinking() {
    const r = row(), levels = r.thinkingLevels || modelOf(r)?.thinkingLevels || [];
    menu(this.thinking, levels.map((l) => [l.label + (l.id === r.thinkingLevel ? ' ✓' : ''), async () => {
      const done = await this.app.attempt('sessions.patch', { key: get('session'), thinkingLevel: l.id });
      if (done) { putRow(done.entry); say(strings.thinkingOf(l.label)); }
    }]));
  }

  update() {
    const { run } = this.chat.talk;
    this.stop.hidden = !run;
    const n = run && speedOf(run);
    this.meter.dataset.speed = n ? strings.speed(n) : '';
  }
}

const names = (c) => [c.name, ...(c.textAliases || []).map((a) => a.replace(/^\//, ''))].map((n) => n.toLowerCase());

function fenced(text) {
  const marks = '`'.repeat(Math.max(3, ...(text.match(/`+/g) || []).map((m) => m.length + 1)));
  return `${marks}\n${text}\n${marks}`;
}

async function base64(file) {
  const url = await new Promise((done, fail) => {
    const r = new FileReader();
    r.onload = () => done(r.result);
    r.onerror = () => fail(r.error);
    r.readAsDataURL(file);
  });
  return url.slice(url.indexOf(',') + 1);
}
