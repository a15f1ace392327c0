// What the page knows, in one place. Views watch the members they show; nobody else calls them.

const state = {
  phase: 'connecting', // connecting, open, waiting (for the next attempt), refused, noToken
  refusal: null, // why the gateway said no: {code, message, details}
  hello: null, // its greeting
  route: { view: 'chat' },
  session: null, // key of the open conversation
  rows: new Map(), // key -> row of a session, as listed or told last
  models: [], modelsKnown: false, commands: [], approvals: [],
  sideOpen: false,
};
const watchers = new Map();
const changed = new Set();
let planned = false;

export const get = (name) => state[name];

export function put(name, value) {
  state[name] = value;
  touch(name);
}

/** For a member that was changed in place. Watchers are called once, soon, however often it changes. */
export function touch(name) {
  changed.add(name);
  if (planned) return;
  planned = true;
  queueMicrotask(() => {
    planned = false;
    const names = [...changed];
    changed.clear();
    const calls = new Set(names.flatMap((n) => [...(watchers.get(n) || [])]));
    for (const call of calls) call();
  });
}

/** Calls fn now and whenever one of the members changes. Returns what ends that. */
export function watch(names, fn) {
  for (const n of names) {
    if (!watchers.has(n)) watchers.set(n, new Set());
    watchers.get(n).add(fn);
  }
  fn();
  return () => names.forEach((n) => watchers.get(n).delete(fn));
}

/** The row of the open conversation. */
export const row = () => state.rows.get(state.session) || {};

export function putRow(r) {
  if (!r || !r.key) return;
  state.rows.set(r.key, { ...state.rows.get(r.key), ...r });
  touch('rows');
}
