// The openai SDK against a gateway: each call a person would make. Prints one JSON object of what came.
// usage: node sdk.mjs BASE_URL TOKEN PROVIDER/MODEL
import OpenAI from 'openai';

const [baseURL, apiKey, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 20000 });
const seen = {};
const tools = [{
  type: 'function',
  function: { name: 'lookup', description: 'Looks a word up', parameters: { type: 'object', properties: { word: { type: 'string' } } } },
}];
const message = (content) => [{ role: 'user', content }];

async function status(call) {
  try {
    await call();
    return 200;
  } catch (e) {
    return e.status ?? String(e);
  }
}

seen.models = (await client.models.list()).data.map((m) => m.id);
seen.retrieved = (await client.models.retrieve('openclaw/default')).id;
seen.unknown = await status(() => client.models.retrieve('no/such'));

const chat = await client.chat.completions.create({ model: 'openclaw', messages: message('ECHO:one') });
seen.chat = chat.choices[0].message.content;
seen.chatFinish = chat.choices[0].finish_reason;
seen.chatUsage = chat.usage.total_tokens > 0;

seen.streamed = '';
seen.chunks = 0;
const stream = await client.chat.completions.create({
  model: 'openclaw/main', messages: message('ECHO:two and more words'), stream: true, stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  seen.streamed += chunk.choices[0]?.delta?.content ?? '';
  seen.chunks += 1;
  if (chunk.usage) seen.streamUsage = chunk.usage.total_tokens > 0;
}

for (const [name, tool_choice] of Object.entries({ auto: 'auto', required: 'required', named: { type: 'function', function: { name: 'lookup' } } })) {
  const called = await client.chat.completions.create({
    model: 'openclaw', messages: message('TOOLCALL:lookup:{"word":"sea"} '), tools, tool_choice,
  });
  const choice = called.choices[0];
  seen[`tool_${name}`] = [choice.finish_reason, choice.message.tool_calls?.[0]?.function?.name, choice.message.tool_calls?.[0]?.function?.arguments];
  if (name === 'auto') {
    const after = await client.chat.completions.create({
      model: 'openclaw', tools,
      messages: [...message('look it up'), choice.message,
        { role: 'tool', tool_call_id: choice.message.tool_calls[0].id, content: 'salt water' }],
    });
    seen.afterTool = after.choices[0].finish_reason;
  }
}

const response = await client.responses.create({ model: 'openclaw', input: 'ECHO:three' });
seen.response = response.output_text;
const continued = await client.responses.create({ model: 'openclaw', input: 'ECHO:four', previous_response_id: response.id });
seen.continued = continued.output_text;
seen.events = [];
const events = await client.responses.create({ model: 'openclaw', input: 'ECHO:five', stream: true });
for await (const event of events) if (seen.events.at(-1) !== event.type) seen.events.push(event.type);

const relayed = await client.chat.completions.create({ model, messages: message('ECHO:six') });
seen.relayed = relayed.choices[0].message.content;
seen.relayedStream = '';
for await (const chunk of await client.chat.completions.create({ model, messages: message('ECHO:seven eight'), stream: true })) {
  seen.relayedStream += chunk.choices[0]?.delta?.content ?? '';
}

const stranger = new OpenAI({ baseURL, apiKey: 'wrong', maxRetries: 0 });
seen.wrongKey = await status(() => stranger.models.list());
seen.providerFails = await status(() => client.chat.completions.create({ model: 'openclaw', messages: message('ERR400') }));
seen.unknownModel = await status(() => client.chat.completions.create({ model: 'no-such-model', messages: message('hi') }));
console.log(JSON.stringify(seen));
