// Elements of the page. Text is always set as text; only answers are markup (blocks.js).

/** h('button.primary', {onclick, 'aria-label': …}, child, …): children are nodes, strings, arrays; null is left out. */
export function h(what, attributes, ...children) {
  const [name, ...classes] = what.split('.');
  const node = document.createElement(name || 'div');
  if (classes.length) node.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes || {})) set(node, key, value);
  append(node, children);
  return node;
}

function set(node, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
  else if (key === 'value' || key === 'checked' || key === 'selected' || key === 'indeterminate') node[key] = value;
  else node.setAttribute(key, value === true ? '' : value);
}

export function append(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

const PATHS = {
  menu: 'M4 6h16M4 12h16M4 18h16', plus: 'M12 5v14M5 12h14', more: 'M5 12h.01M12 12h.01M19 12h.01',
  send: 'M12 19V5M6 11l6-6 6 6', stop: 'M7 7h10v10H7z', copy: 'M9 9h10v10H9zM5 15V5h10', check: 'M5 13l4 4L19 7',
  down: 'M12 5v14M6 13l6 6 6-6', clip: 'M20 11l-8.5 8.5a5 5 0 01-7-7L13 4a3.3 3.3 0 015 5l-8.5 8.5a1.7 1.7 0 01-2.4-2.4L15 7',
  close: 'M6 6l12 12M18 6L6 18', edit: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3', retry: 'M5 12a7 7 0 107-7H7M10 2L7 5l3 3',
  branch: 'M7 4v16M7 15c7 0 10-3 10-9M14 8l3-3 3 3', pin: 'M9 4h6l-1 7 3 3H7l3-3zM12 14v6', tool: 'M4 7l5 5-5 5M12 17h8', search: 'M11 5a6 6 0 100 12 6 6 0 000-12zM20 20l-4.5-4.5',
  chat: 'M5 5h14v11H10l-5 4z', model: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.500', cron: 'M12 4a8 8 0 100 16 8 8 0 000-16zM12 8v4l3 2',
  config: 'M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4', logs: 'M5 6h14M5 10h14M5 14h9M5 18h6', health: 'M3 12h4l2-6 4 12 3-9 1.500 3H21',
  export: 'M12 4v11M7 10l5 5 5-5M5 20h14', down_small: 'M7 10l5 5 5-5',
};

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'icon');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}

/** A button that shows an icon and says a name. */
export function iconButton(name, label, onclick, more) {
  return h('button.icon-button', { type: 'button', title: label, 'aria-label': label, onclick, ...more }, icon(name));
}

/** Says something to a screen reader without showing it. */
export function say(text) {
  const box = document.getElementById('spoken');
  box.textContent = '';
  requestAnimationFrame(() => { box.textContent = text; });
}

export async function copyText(text, button, done) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // not a secure address: the old way
    const area = h('textarea.unseen', { value: text });
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  say(done);
  const before = [...button.childNodes];
  fill(button, icon('check'));
  setTimeout(() => button.replaceChildren(...before), 1500);
}

export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
