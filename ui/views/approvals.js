// What a tool may not do without a person's word: the exact command, where, and the answers.
import { h, fill, say } from '../dom.js';
import { get, watch, put } from '../store.js';
import { strings } from '../strings.js';

const DECISIONS = [['allow-once', 'allowOnce', 'primary'], ['allow-always', 'allowAlways', ''], ['deny', 'deny', 'danger']];

export function approvalsTray(app, node) {
  let told = new Set();
  watch(['approvals', 'session'], () => {
    const list = get('approvals'), fresh = list.filter((a) => !told.has(a.id));
    if (fresh.length) say(`${strings.approvals}: ${fresh[0].request.command}`);
    told = new Set(list.map((a) => a.id));
    node.hidden = !list.length;
    fill(node, list.map((a) => card(app, a)));
  });
}

function card(app, approval) {
  const r = approval.request, elsewhere = r.sessionKey && r.sessionKey !== get('session');
  const answer = async (decision) => {
    const done = await app.attempt('exec.approval.resolve', { id: approval.id, decision });
    if (done !== undefined) put('approvals', get('approvals').filter((a) => a.id !== approval.id));
  };
  return h('section.approval', { 'aria-label': `${strings.assistant} ${strings.wantsToRun}` },
    h('p', null, h('b', null, strings.assistant), ` ${strings.wantsToRun}`,
      elsewhere ? h('button.link', { type: 'button', onclick: () => app.openSession(r.sessionKey) }, strings.otherChat) : null),
    h('pre', { tabindex: '0', dir: 'ltr' }, r.command || JSON.stringify(r, null, 2)),
    r.cwd ? h('p.dim', null, `${strings.inFolder} `, h('code', { dir: 'ltr' }, r.cwd)) : null,
    r.reason || r.warning ? h('p', null, `${strings.whyAsked}: `, r.reason || r.warning) : null,
    approval.expiresAtMs ? h('p.dim', null, strings.expires(new Date(approval.expiresAtMs).toLocaleTimeString(undefined, { timeStyle: 'short' }))) : null,
    h('div.row', null, DECISIONS.map(([id, word, look]) =>
      h(look ? `button.${look}` : 'button', { type: 'button', onclick: () => answer(id) }, strings[word]))));
}
