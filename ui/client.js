// The protocol of the gateway: one connection that comes back by itself (docs/protocol.md).
import { sign } from './identity.js';

const SCOPES = ['operator.admin', 'operator.read', 'operator.write', 'operator.approvals', 'operator.pairing'];
const CAPS = ['tool-events', 'delta-only', 'rendered-blocks'];
const FIRST_DELAY = 400, LONGEST_DELAY = 15000;
const SILENCE = 75000; // the gateway ticks every 30 s; after this long the line is dead
const TOKEN = 'openclaw.token', DEVICE_TOKEN = 'openclaw.deviceToken';

export class RequestError extends Error {
  constructor(error) {
    super(error.message || error.code);
    this.code = error.code;
    this.details = error.details || {};
    this.retryAfterMs = error.retryAfterMs;
  }
}

/** Takes the secret out of the address: it is kept here, and not in the history of the browser. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get('token') || given.get('password');
  if (token) {
    localStorage.setItem(TOKEN, token);
    localStorage.removeItem(DEVICE_TOKEN);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return token;
}

export function setToken(token) {
  localStorage.setItem(TOKEN, token.trim());
  localStorage.removeItem(DEVICE_TOKEN);
}

export class Client {
  /** on: {phase(name, detail), hello(payload), event(name, payload), gap()} */
  constructor(on) {
    this.on = on;
    this.waiting = new Map();
    this.delay = FIRST_DELAY;
    this.count = 0;
    addEventListener('online', () => this.now());
    addEventListener('visibilitychange', () => { if (!document.hidden) this.wake(); });
    addEventListener('pagehide', () => this.socket?.close());
    addEventListener('pageshow', (e) => { if (e.persisted) this.now(); });
  }

  get open() { return this.greeted; }

  connect() {
    clearTimeout(this.timer);
    this.greeted = false;
    this.on.phase('connecting');
    const url = new URL('.', document.baseURI);
    url.protocol = url.protocol.replace('http', 'ws');
    url.pathname = url.pathname.replace(/\/chat\/.*$/, '/');
    const socket = this.socket = new WebSocket(url);
    this.sequence = 0;
    this.heard = Date.now();
    socket.onmessage = (m) => { if (socket === this.socket) this.receive(JSON.parse(m.data)); };
    socket.onclose = (e) => { if (socket === this.socket) this.ended(e); };
    this.watch();
  }

  /** Tries again at once. */
  now() {
    if (this.greeted) return this.wake();
    if (this.stopped) return undefined;
    this.delay = FIRST_DELAY;
    this.drop();
    return this.connect();
  }

  restart() {
    this.stopped = false;
    this.greeted = false;
    this.now();
  }

  /** After a sleep: the line may be dead without anybody having said so. */
  wake() {
    if (!this.greeted) return this.now();
    if (Date.now() - this.heard > SILENCE) {
      this.drop();
      return this.connect();
    }
    const asked = this.count;
    return this.request('health', {}, 5000).catch((e) => {
      if (e.code === 'TIMEOUT' && asked + 1 === this.count) { this.drop(); this.connect(); }
    });
  }

  watch() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      const left = this.heard + SILENCE - Date.now();
      if (left > 0) return this.watch();
      this.drop();
      return this.connect();
    }, Math.max(1000, this.heard + SILENCE - Date.now()));
  }

  drop() {
    const old = this.socket;
    this.socket = null;
    this.greeted = false;
    this.fail();
    old?.close();
  }

  fail() {
    for (const w of this.waiting.values()) w.fail(new RequestError({ code: 'DISCONNECTED', message: 'disconnected' }));
    this.waiting.clear();
  }

  ended(event) {
    const refusal = this.refusal;
    this.greeted = false;
    this.refusal = null;
    clearTimeout(this.silence);
    this.fail();
    if (refusal && !refusal.again) {
      this.stopped = true;
      this.on.phase('refused', refusal.error);
      return;
    }
    const wait = refusal?.wait || this.delay * (0.7 + 0.6 * Math.random());
    this.delay = Math.min(this.delay * 1.8, LONGEST_DELAY);
    this.timer = setTimeout(() => this.connect(), wait);
    this.on.phase('waiting', { code: event.code, reason: event.reason, ms: wait });
  }

  // ---- the handshake

  async greet(nonce) {
    const token = localStorage.getItem(TOKEN), deviceToken = localStorage.getItem(DEVICE_TOKEN);
    const secret = this.useDeviceToken ? deviceToken : token || deviceToken;
    const params = {
      minProtocol: 4, maxProtocol: 4, role: 'operator', scopes: SCOPES, caps: CAPS,
      client: { id: 'openclaw-control-ui', displayName: 'Web chat', version: '1', platform: 'web', deviceFamily: 'browser', mode: 'webchat' },
      ...(secret ? { auth: { token: secret } } : {}),
    };
    try {
      params.device = await sign(params, nonce);
      const hello = await this.request('connect', params, 20000, true);
      if (hello.auth?.deviceToken) localStorage.setItem(DEVICE_TOKEN, hello.auth.deviceToken);
      this.greeted = true;
      this.delay = FIRST_DELAY;
      this.useDeviceToken = false;
      this.on.hello(hello);
      this.on.phase('open');
    } catch (e) {
      this.refused(e, Boolean(token && deviceToken));
    }
  }

  refused(e, hasOther) {
    if (e.code === 'DISCONNECTED') return;
    const code = e.details?.code;
    const otherToken = code === 'AUTH_TOKEN_MISMATCH' && hasOther && !this.useDeviceToken;
    if (otherToken) this.useDeviceToken = true;
    this.refusal = {
      error: { code: code || e.code || 'FAILED', message: e.message, details: e.details || {} },
      again: otherToken || e.code === 'UNAVAILABLE' || e.code === 'TIMEOUT',
      wait: otherToken ? 1 : e.retryAfterMs,
    };
    this.socket?.close();
  }

  // ---- frames

  receive(frame) {
    this.heard = Date.now();
    if (frame.type === 'res') {
      const w = this.waiting.get(frame.id);
      this.waiting.delete(frame.id);
      if (w && frame.ok) w.done(frame.payload);
      else if (w) w.fail(new RequestError(frame.error || {}));
      return;
    }
    if (frame.event === 'connect.challenge') {
      this.greet(frame.payload.nonce);
      return;
    }
    if (frame.seq) {
      if (this.sequence && frame.seq > this.sequence + 1) this.on.gap();
      this.sequence = frame.seq;
    }
    this.on.event(frame.event, frame.payload);
  }

  /** The payload of the answer; RequestError when it is refused, DISCONNECTED when the connection ends first. */
  request(method, params = {}, timeout = 60000, early = false) {
    if (!this.socket || this.socket.readyState !== WebSocket.OPEN || (!this.greeted && !early))
      return Promise.reject(new RequestError({ code: 'DISCONNECTED', message: 'disconnected' }));
    const id = String(++this.count);
    return new Promise((done, fail) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        fail(new RequestError({ code: 'TIMEOUT', message: `no answer to ${method}` }));
      }, timeout);
      const end = (fn) => (value) => { clearTimeout(timer); fn(value); };
      this.waiting.set(id, { done: end(done), fail: end(fail) });
      this.socket.send(JSON.stringify({ type: 'req', id, method, params }));
    });
  }
}
