// What tools asked for, and what was answered.
import { h, fill } from '../dom.js';
import { strings } from '../strings.js';

export function open(app) {
  const list = h('div.cards');

  async function load() {
    const r = await app.attempt('x.approvals.log', { limit: 200 });
    if (r) fill(list, r.approvals.length ? null : h('p.dim', null, strings.noApprovals), r.approvals.map(card));
  }

  function card(a) {
    const q = a.request, denied = a.decision === 'deny';
    return h('div.card', null, h('div', null, h('pre', { tabindex: '0', dir: 'ltr' }, q.command || JSON.stringify(q)),
      h('div.dim', null, [new Date(a.ts).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' }), q.cwd, a.resolvedBy].filter(Boolean).join(' · '))),
    q.sessionKey ? h('button.link', { type: 'button', onclick: () => app.openSession(q.sessionKey) }, strings.chat) : null,
    h(denied ? 'span.pill.bad' : 'span.pill', null, strings.decided[a.decision] || a.decision));
  }

  load();
  return { node: h('div', null, h('p.dim', null, strings.approvalsHint), list), event: (name) => { if (name === 'exec.approval.resolved') load(); } };
}
