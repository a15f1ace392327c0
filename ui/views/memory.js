// What the agent knows from files: those that every prompt begins with, and its notes. Read and edited here.
import { h, fill } from '../dom.js';
import { strings } from '../strings.js';
import { alertDialog, confirm, form } from './dialogs.js';

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'; // of a file that is not there
const time = (ms) => (ms ? new Date(ms).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }) : '');

export function open(app) {
  const list = h('nav.files', { 'aria-label': strings.files }), editor = h('div.editor'), where = h('p.dim');
  let current = null, area = null; // {name, hash, content}

  async function load() {
    const r = await app.attempt('agents.files.list');
    if (!r) return;
    fill(where, strings.workspace, ': ', h('code', { dir: 'ltr' }, r.workspace));
    fill(list, r.files.map((f) => h('button', { type: 'button', class: f.missing ? 'dim' : null, 'aria-current': f.name === current?.name ? 'true' : null, onclick: () => show(f.name) },
      h('span', { dir: 'ltr' }, f.name), h('span.dim', null, f.missing ? strings.fileMissing : time(f.updatedAtMs)))),
    h('button.link', { type: 'button', onclick: add }, strings.newNote));
  }

  const dirty = () => area && area.value !== current.content;
  const leave = async () => !dirty() || confirm(strings.loseChanges(current.name), strings.discard);

  async function show(name, byHand = true) {
    if (!await leave()) return;
    const r = await app.attempt('agents.files.get', { name });
    if (!r) return;
    current = { name, hash: r.file.hash || EMPTY, content: r.file.content || '' };
    area = h('textarea.raw', { 'aria-label': name, spellcheck: 'true', dir: 'auto', value: current.content });
    area.addEventListener('keydown', (e) => { if ((e.ctrlKey || e.metaKey) && e.key === 's') { e.preventDefault(); save(); } });
    const said = h('span.dim', { role: 'status' }, strings.filePurpose[name] || strings.notePurpose);
    fill(editor, h('h2', { dir: 'ltr' }, name), area, h('div.row', null, h('button.primary', { type: 'button', onclick: save }, strings.save),
      h('button', { type: 'button', onclick: () => show(name) }, strings.reload), said));
    if (byHand) area.focus();
    load();
  }

  async function save() {
    try {
      const r = await app.request('agents.files.set', { name: current.name, content: area.value, expectedHash: current.hash });
      Object.assign(current, { hash: r.file.hash, content: area.value });
      editor.querySelector('[role=status]').textContent = strings.saved;
      load();
    } catch (e) {
      alertDialog(strings.invalid, e.details?.code === 'FILE_CHANGED' ? strings.fileChanged : e.message);
    }
  }

  async function add() {
    const v = await form(strings.newNote, [{ name: 'name', label: strings.name, value: new Date().toISOString().slice(0, 10), required: true }], strings.addProvider);
    if (v) show(`memory/${v.name.replace(/(\.md)?$/, '.md')}`);
  }

  const warn = (e) => { if (dirty()) e.preventDefault(); };
  addEventListener('beforeunload', warn);
  load();
  show('MEMORY.md', false);
  return { node: h('div', null, where, h('div.split', null, list, editor)), end: () => removeEventListener('beforeunload', warn) };
}
