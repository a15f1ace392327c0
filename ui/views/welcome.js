// What stands between a person and the conversation, and the way past it.
import { setToken } from '../client.js';
import { h } from '../dom.js';
import { get } from '../store.js';
import { strings } from '../strings.js';

const command = (text) => h('pre.command', { tabindex: '0', dir: 'ltr' }, text);

export function welcome(app) {
  const refusal = get('refusal') || { code: '', message: '', details: {} };
  const [title, ...parts] = (CASES[refusal.code] || unknown)(refusal, app);
  return h('div.welcome', null, h('h2', null, title), parts,
    h('button', { type: 'button', onclick: () => app.client.restart() }, strings.tryAgain));
}

function tokenForm(app) {
  const input = h('input', { type: 'password', id: 'token', autocomplete: 'off', required: true });
  const send = (e) => {
    e.preventDefault();
    setToken(input.value);
    app.client.restart();
  };
  return h('form', { onsubmit: send }, h('label', { for: 'token' }, strings.orToken), h('div.row', null, input, h('button.primary', null, strings.connect)));
}

const noToken = (refusal, app) => [strings.noTokenTitle, h('p', null, strings.noTokenText), command(strings.dashboard),
  h('p.dim', null, strings.inDocker), tokenForm(app)];
const wrongToken = (refusal, app) => [strings.wrongTokenTitle, h('p', null, strings.wrongTokenText), command(strings.dashboard), tokenForm(app)];
const secure = () => [strings.secureTitle, h('p', null, strings.needSecure)];
const unknown = (refusal, app) => [strings.refusedTitle, h('p', null, refusal.message), tokenForm(app)];

const CASES = {
  AUTH_TOKEN_MISSING: noToken, AUTH_PASSWORD_MISSING: noToken,
  AUTH_TOKEN_MISMATCH: wrongToken, AUTH_PASSWORD_MISMATCH: wrongToken, AUTH_DEVICE_TOKEN_MISMATCH: wrongToken, AUTH_SCOPE_MISMATCH: wrongToken,
  AUTH_RATE_LIMITED: () => [strings.limitedTitle, h('p', null, strings.limitedText)],
  CONTROL_UI_ORIGIN_NOT_ALLOWED: (refusal) => [strings.originTitle, h('p', null, refusal.message)],
  CONTROL_UI_DEVICE_IDENTITY_REQUIRED: secure, DEVICE_IDENTITY_REQUIRED: secure,
  PAIRING_REQUIRED: (refusal) => [strings.pairTitle, h('p', null, strings.pairText), command(strings.pairList(refusal.details.requestId))],
  FAILED: (refusal, app) => (globalThis.isSecureContext ? unknown(refusal, app) : secure()),
};
