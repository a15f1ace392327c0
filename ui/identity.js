// The key pair of this browser. It never leaves it: the private key is kept where scripts cannot read it.
import { strings } from './strings.js';

const DATABASE = 'openclaw', STORE = 'identity', KEY = 'device';

function database() {
  return new Promise((done, fail) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
}

function ask(db, mode, act) {
  return new Promise((done, fail) => {
    const asked = act(db.transaction(STORE, mode).objectStore(STORE));
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
}

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
  .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const hex = (bytes) => [...new Uint8Array(bytes)].map((b) => b.toString(16).padStart(2, '0')).join('');

async function make() {
  const pair = await crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify']);
  const raw = await crypto.subtle.exportKey('raw', pair.publicKey);
  return { pair, publicKey: base64url(raw), id: hex(await crypto.subtle.digest('SHA-256', raw)) };
}

let loading = null;

async function load() {
  const db = await database();
  const known = await ask(db, 'readonly', (s) => s.get(KEY));
  if (known) return known;
  const made = await make();
  await ask(db, 'readwrite', (s) => s.put(made, KEY));
  return made;
}

export const canSign = () => Boolean(globalThis.crypto?.subtle && globalThis.indexedDB);

/** The member `device` of these connect params; throws where the browser has no such keys. */
export async function sign(params, nonce) {
  if (!canSign()) throw new Error(strings.needSecure);
  loading ||= load().catch(() => make()); // private windows may refuse to keep anything
  const device = await loading;
  const { client, auth, role, scopes } = params, signedAt = Date.now();
  const text = ['v3', device.id, client.id, client.mode, role, scopes.join(','), signedAt, auth?.token || '', nonce,
    client.platform.toLowerCase(), client.deviceFamily.toLowerCase()].join('|');
  const signature = await crypto.subtle.sign({ name: 'Ed25519' }, device.pair.privateKey, new TextEncoder().encode(text));
  return { id: device.id, publicKey: device.publicKey, signature: base64url(signature), signedAt, nonce };
}
