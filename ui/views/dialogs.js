// Questions in a window of their own. The browser keeps the focus inside and gives it back.
import { h } from '../dom.js';
import { strings } from '../strings.js';

/** Opens a dialog with these parts; the value with which it was closed, '' when it was left. */
export function openDialog(title, parts, more = {}) {
  const dialog = h('dialog', { 'aria-label': title, class: more.class }, parts);
  document.body.append(dialog);
  dialog.addEventListener('click', (e) => { if (e.target === dialog) dialog.close(''); });
  const closed = new Promise((done) => dialog.addEventListener('close', () => {
    dialog.remove();
    done(dialog.returnValue);
  }));
  dialog.showModal();
  return { dialog, closed };
}

function buttons(yes, danger) {
  return h('div.row.end', null, h('button', { value: '', formnovalidate: true }, strings.cancel), h(danger ? 'button.danger' : 'button.primary', { value: 'yes' }, yes));
}

/** Resolves to true or false. */
export async function confirm(text, yes) {
  const { closed } = openDialog(text, h('form', { method: 'dialog' }, h('p', null, text), buttons(yes, true)), { class: 'small' });
  return (await closed) === 'yes';
}

/** fields: [{name, label, value?, type?, required?, options?: [[value, text]], hint?}]. An object of values, or null. */
export async function form(title, fields, yes) {
  const inputs = {};
  const rows = fields.map((f) => {
    const common = { id: `field-${f.name}`, required: f.required, value: f.value ?? '', placeholder: f.hint };
    inputs[f.name] = f.options
      ? h('select', { id: common.id }, f.options.map(([v, text]) => h('option', { value: v, selected: v === f.value }, text)))
      : h(f.type === 'area' ? 'textarea' : 'input', f.type === 'area' ? { ...common, rows: 4 } : { ...common, type: f.type || 'text' });
    return h('label', { for: common.id }, h('span', null, f.label), inputs[f.name]);
  });
  const { closed } = openDialog(title, h('form', { method: 'dialog' }, h('h2', null, title), rows, buttons(yes)), { class: 'small' });
  if ((await closed) !== 'yes') return null;
  return Object.fromEntries(Object.entries(inputs).map(([k, i]) => [k, i.value.trim()]));
}

export function alertDialog(title, text) {
  return openDialog(title, h('form', { method: 'dialog' }, h('h2', null, title), h('p.plain', null, text),
    h('div.row.end', null, h('button.primary', { value: 'yes', autofocus: true }, strings.close))), { class: 'small' }).closed;
}

/** A menu below a button: [[text, act, danger?]]. */
export function menu(button, entries) {
  document.querySelector('.menu')?.remove();
  const node = h('div.menu', { role: 'menu' }, entries.filter(Boolean).map(([text, act, danger]) =>
    h(danger ? 'button.danger' : 'button', { type: 'button', role: 'menuitem', onclick: () => { end(true); act(); } }, text)));
  const outside = (e) => { if (!node.contains(e.target)) end(false); };
  function end(focus) {
    node.remove();
    document.removeEventListener('pointerdown', outside, true);
    button.setAttribute('aria-expanded', 'false');
    if (focus) button.focus();
  }
  node.addEventListener('keydown', (e) => {
    const all = [...node.children], at = all.indexOf(document.activeElement);
    if (e.key === 'Escape') { e.stopPropagation(); end(true); } else if (e.key === 'Tab') end(false);
    else if (e.key === 'ArrowDown') all[(at + 1) % all.length].focus();
    else if (e.key === 'ArrowUp') all[(at + all.length - 1) % all.length].focus();
    else return;
    if (e.key !== 'Tab') e.preventDefault();
  });
  document.body.append(node);
  const box = button.getBoundingClientRect();
  node.style.top = `${Math.max(8, Math.min(box.bottom + 4, innerHeight - node.offsetHeight - 8))}px`;
  node.style.left = `${Math.max(8, Math.min(box.left, innerWidth - node.offsetWidth - 8))}px`;
  button.setAttribute('aria-expanded', 'true');
  document.addEventListener('pointerdown', outside, true);
  node.firstChild.focus();
}
