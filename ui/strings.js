// Every word that the page says. A translation replaces this file.

const plural = (n, one, many) => `${n.toLocaleString()} ${n === 1 ? one : many}`;

export const strings = {
  product: 'OpenClaw', skip: 'Skip to the conversation',
  // pages
  pages: 'Pages', chat: 'Chat', models: 'Models', cron: 'Scheduled', config: 'Settings', memory: 'Memory', allowed: 'Approvals', logs: 'Logs', status: 'Health',
  openSide: 'Show conversations', closeSide: 'Hide conversations',
  // connection
  connecting: 'Connecting…', reconnecting: 'The connection to the gateway is lost. Trying again…', tryNow: 'Try now',
  restarting: 'The gateway restarts. This page comes back by itself.', connected: 'Connected',
  noTokenTitle: 'This browser is not known to the gateway yet',
  noTokenText: 'On the computer where the gateway runs, this command prints a link that lets you in, once for each browser:',
  dashboard: 'openclaw dashboard', orToken: 'Or paste the token of the gateway (gateway.auth.token):',
  token: 'Token', connect: 'Connect', inDocker: 'In a container: docker compose exec openclaw-gateway openclaw dashboard --no-open',
  wrongTokenTitle: 'The token is wrong', wrongTokenText: 'The gateway was given another one. Get a new link with:',
  pairTitle: 'This browser has to be approved', pairText: 'Because it is not on the computer of the gateway. There, run:',
  pairList: (id) => `openclaw gateway call device.pair.approve --params '{"requestId":"${id}"}'`, tryAgain: 'Try again',
  originTitle: 'The gateway does not trust this address', refusedTitle: 'The gateway refuses the connection',
  limitedTitle: 'Too many wrong tokens', limitedText: 'The gateway waits a few minutes before it listens to this address again.',
  secureTitle: 'This address is not secure enough',
  needSecure: 'Browsers keep keys on https:// addresses and on localhost alone. Use the gateway through https, or through a tunnel: ssh -L 18789:127.0.0.1:18789 HOST, then open http://localhost:18789/chat',
  noModelTitle: 'No model yet', noModelText: 'OpenClaw talks to a model server: LM Studio, Ollama, llama.cpp, vLLM, or any that speaks their language.',
  lookForServers: 'Look for servers', addServer: 'Add a server by its address', looking: 'Looking…',
  nothingFound: 'No server answered. Start one (LM Studio: Developer → Start Server; Ollama: ollama serve), then look again.',
  // sessions
  conversations: 'Conversations', newChat: 'New chat', searchChats: 'Search conversations', main: 'Main', untitled: 'New conversation',
  moreChats: 'Show more', noChats: 'None found', pinned: 'Pinned', archivedOnes: 'Archived', showArchived: 'Archived conversations',
  showCurrent: 'Current conversations',
  options: (name) => `Options for ${name}`, rename: 'Rename', pin: 'Pin', unpin: 'Unpin', archive: 'Archive', unarchive: 'Take out of the archive',
  reset: 'Empty', remove: 'Delete', exportChat: 'Export', compact: 'Summarise older messages', newName: 'Name',
  sureReset: 'Empty this conversation? It begins anew; the older messages stay in exports.', sureRemove: (name) => `Delete “${name}”? This cannot be undone.`,
  running: 'running', unread: 'new messages', justNow: 'now', asMarkdown: 'As Markdown', asJson: 'As JSON',
  // messages
  you: 'You', assistant: 'Assistant', thinking: 'Thinking…', thought: 'Thoughts', copy: 'Copy', copied: 'Copied', copyCode: 'Copy code',
  codeLabel: 'text', table: 'Table', task: 'Done', image: (name) => `Image: ${name || 'untitled'}`, badLink: 'This link was taken out: only http, https and mailto are allowed',
  moreRows: (n) => `… and ${plural(n, 'row', 'rows')} more (copy the message to see all)`,
  edit: 'Edit and send again', branch: 'Branch from here', branched: 'A new conversation that begins like this one', retry: 'Try again', older: 'Show older messages', loadingOlder: 'Loading…', latest: 'Jump to the latest',
  interrupted: 'Stopped', failed: 'The answer failed', waitingToSend: 'Waiting for the connection', notSent: 'Not sent', sendAgain: 'Send again',
  hello: 'What shall we do?', helloText: 'Type a message, drop a picture, or begin with / for commands.',
  answerFrom: (model) => `Answer from ${model}`, cutOff: 'The answer reached its length limit',
  // tools
  arguments: 'Arguments', output: 'Output', noOutput: 'No output', toolRunning: 'running', exitCode: (n) => `exit ${n}`, ok: 'done', error: 'failed',
  file: 'File', before: 'Before', after: 'After', longOutput: 'Only the end is shown',
  // what the server does
  preparing: 'Preparing', starting: 'Waiting for the model', queued: (n) => (n ? `Place ${n} in the queue` : 'Waiting in the queue'),
  loading: 'Loading the model', reading: (p) => (p === undefined ? 'Reading the prompt' : `Reading the prompt, ${p} %`), writing: 'Writing', thinkingNow: 'Thinking',
  usingTool: (name) => `Running ${name}`, stop: 'Stop (Esc)', stopped: 'Stopped', waitingForYou: 'Waiting for your answer below', answered: 'Answer complete',
  // approvals
  approvals: 'Questions that wait for you', wantsToRun: 'wants to run', inFolder: 'in', allowOnce: 'Allow once', allowAlways: 'Always allow', deny: 'Deny',
  whyAsked: 'Why', expires: (t) => `Without an answer it is denied at ${t}`, otherChat: 'in another conversation',
  // composer
  message: 'Message', placeholder: 'Message OpenClaw', send: 'Send (Enter)', attach: 'Attach pictures or text files', removeFile: (n) => `Remove ${n}`,
  dropHere: 'Drop pictures or text files', tooLarge: (n, max) => `${n} is too large: at most ${max}`, notText: (n) => `${n} is neither a picture nor text`,
  noPictures: 'This model does not look at pictures', model: 'Model', chooseModel: 'Choose a model', thinkingLevel: 'Thinking', thinkingOf: (l) => `Thinking: ${l}`,
  context: 'Context', contextOf: (used, all, p) => `Context: ${used} of ${all} tokens (${p} %)`, speed: (n) => `${n} tokens/s`, commands: 'Commands',
  keyboardHint: 'Enter sends, Shift+Enter makes a new line',
  // models
  searchModels: 'Search models', noModels: 'No model fits', moreModels: (n) => `… and ${plural(n, 'model', 'models')} more: type to narrow the list`,
  isDefault: 'default', makeDefault: 'Make default', seesPictures: 'pictures', thinks: 'thinks', noTools: 'no tools', tokens: (n) => `${n} tokens`,
  unavailable: 'not available', refresh: 'Ask the servers again', provider: 'Provider', address: 'Address', key: 'Key (when it needs one)',
  name: 'Name', addProvider: 'Add', modelId: 'Model (as the server names it)', kind: 'Kind of server', modelCount: (n) => plural(n, 'model', 'models'),
  look: 'Look', loaded: 'loaded', notLoaded: 'not loaded', unreachable: 'server does not answer', useServer: (s) => `Use ${s.label} (${plural(s.models.length, 'model', 'models')})`,
  notReached: (u, why) => `Nothing that can be used answered at ${u}: ${why}. Is the server started, and the address complete?`, foundModels: (n, l) => `${l}: ${plural(n, 'model', 'models')}`,
  makeItDefault: 'Use it for new conversations', probe: 'What can it do?', probing: 'Asking the server…', windowOf: 'Context (tokens, empty = what the server says)', setContext: 'Context…',
  feature: 'Feature', value: 'Value', how: 'Found out by',
  providerAdded: 'Added. Its models appear as soon as the server answers.', inUse: 'in use',
  // scheduled
  noJobs: 'Nothing is scheduled.', runNow: 'Run now', enabled: 'On', nextRun: 'Next', lastRun: 'Last', addJob: 'Add', everyMinutes: 'Every … minutes',
  cronLine: 'Cron line, such as 0 8 * * 1-5', at: 'Once at', job: 'What to do', schedule: 'When', never: 'never', runs: 'Runs', jobStarted: 'Started',
  // memory
  files: 'Files', fileMissing: 'not there', newNote: 'New note', discard: 'Discard', loseChanges: (n) => `Discard the changes to ${n}?`,
  fileChanged: 'The file was changed in the meantime, by you elsewhere or by the agent. Copy your text, load the file again, and put it in.',
  filePurpose: { 'SOUL.md': 'How the agent is and speaks', 'IDENTITY.md': 'Its name', 'USER.md': 'Who you are', 'AGENTS.md': 'Rules for its work', 'TOOLS.md': 'Hints about your tools',
    'MEMORY.md': 'What it remembers in every conversation', 'HEARTBEAT.md': 'What it looks after by itself' }, notePurpose: 'A note. The agent finds it when it searches its memory',
  // answered questions
  decided: { 'allow-once': 'allowed once', 'allow-always': 'always allowed', deny: 'denied' },
  noApprovals: 'No tool has asked for anything yet.', approvalsHint: 'What tools wanted to do and could not do without your word, the newest first.',
  // settings
  save: 'Save', saved: 'Saved', reload: 'Load again', configFile: 'Configuration file', configHint: 'JSON5. Secrets show as __OPENCLAW_REDACTED__ and are kept when you leave them so.',
  changedMeanwhile: 'The file was changed elsewhere in the meantime. Load it again; your text stays in the clipboard.', invalid: 'Not saved',
  common: 'Common settings', raw: 'The whole file', saveFile: 'Save the file', unset: '(not set)', timeZone: 'Time zone', logLevel: 'Log level', queueMode: 'Messages while it answers',
  execHint: 'auto: in the sandbox without asking', allOfIt: 'All of it', defaultModel: 'Default model', execMode: 'Commands', workspace: 'Workspace', contextTokens: 'Context limit (tokens)',
  // logs
  filter: 'Filter', level: 'Level', follow: 'Follow', saveLog: 'Save', noLines: 'No lines', all: 'all',
  // health
  version: 'Version', uptime: 'Running since', memory: 'Memory', stalls: 'Longest stall of the loop', sessions: 'Conversations', clients: 'Connected', slots: 'Slots',
  endpoint: 'Model server', slotsOf: (s) => `${s.busy} of ${s.slots} busy${s.waiting ? `, ${s.waiting} waiting` : ''}`, lastRequests: 'Last requests', knownPart: 'Known to the server',
  time: 'Time', reason: 'Why not all', whole: 'all of it', noRequests: 'No request yet. Each one should repeat all of the one before it, so that the server reads only what is new.',
  loopDelay: 'Delay of the loop (99 %, longest)', loopBusy: 'Loop busy', degraded: 'Degraded', no: 'No',
  problem: 'Problem', cancel: 'Cancel', close: 'Close', yes: 'Yes', done: 'Done', unknownError: 'Something went wrong',
};
