// openclaw-node against a gateway. Prints one JSON object of what came. usage: node node_client.mjs WS_URL TOKEN
import { OpenClawClient } from 'openclaw-node';

const [url, token] = process.argv.slice(2);
const scopes = ['operator.read', 'operator.write', 'operator.admin'];
const client = new OpenClawClient({ url, token, scopes, autoReconnect: false });
const seen = {};
const sessionKey = 'agent:main:library';

const hello = await client.connect();
seen.protocol = hello.protocol;
seen.health = (await client.health()).ok;
seen.agents = (await client.agents.list()).agents.map((a) => a.id);
seen.config = typeof (await client.config.get()).hash;

seen.kinds = [];
seen.text = '';
for await (const chunk of client.chat('TOOLCALL:read:{"path":"note.txt"} ', { sessionKey })) {
  if (seen.kinds.at(-1) !== chunk.type) seen.kinds.push(chunk.type);
  if (chunk.type === 'text') seen.text += chunk.text;
}
seen.blocking = await client.chatSync('ECHO:blocking', { sessionKey });
seen.history = (await client.sessions.history(sessionKey)).messages.map((m) => m.role);
seen.listed = (await client.sessions.list()).sessions.map((s) => s.key);
seen.described = Boolean(await client.sessions.describe(sessionKey));

const slow = client.chat('SLOW please', { sessionKey: 'agent:main:slow' });
seen.aborted = [];
for await (const chunk of slow) {
  seen.aborted.push(chunk.type);
  if (chunk.type === 'text' && !seen.abort) seen.abort = (await client.chatAbort('agent:main:slow')).aborted;
}

const messages = [];
const watched = await client.sessions.subscribeMessages(sessionKey, (event) => messages.push(event.payload?.message?.role));
const sent = await client.sessions.send(sessionKey, 'ECHO:sent');
seen.sent = Boolean(sent);
seen.waited = (await client.agentWait(sent.runId, { timeoutMs: 10000 })).status;
seen.watched = messages;
await watched.unsubscribe();
seen.compacted = (await client.sessions.compact(sessionKey)).ok;
seen.reset = (await client.sessions.reset(sessionKey)).ok;
seen.emptied = (await client.sessions.history(sessionKey)).messages.length;
await client.disconnect();
console.log(JSON.stringify(seen));
