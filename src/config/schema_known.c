/*
 * Names of the reference product's configuration that this program does not use (release 2026.9.6).
 * They are accepted, kept as they are and named in a notice; a name that is neither here nor in
 * schema_rows.c is a mistake.
 */
#include <stddef.h>

#include "config/schema_table.h"

/* Of Telegram, of one account as of all. */
#define TELEGRAM_KEYS                                                                              \
	"capabilities markdown configWrites defaultTo mentionPatterns "                            \
	"contextVisibility dms streaming heartbeatVisibility healthMonitor "                       \
	"responsePrefix replyToMode joinIntro execApprovals commands "                             \
	"customCommands direct richMessages network proxy webhookUrl "                             \
	"webhookSecret webhookPath webhookHost webhookPort webhookCertPath "                       \
	"actions threadBindings reactionNotifications reactionLevel ackReaction "                  \
	"linkPreview silentErrorReplies errorPolicy trustedLocalFileRoots "                        \
	"autoTopicLabel"

const struct oc_schema_known oc_schema_known[] = {
	{ "models.providers.*.request.proxy", "tls" },
	{ "models.providers.*.request.proxy.tls",
	  "ca cert key passphrase serverName insecureSkipVerify" },
	{ "agents.defaults.contextPruning", "hardClear" },
	{ "agents.defaults.contextPruning.hardClear", "enabled placeholder" },
	{ "agents.defaults.compaction",
	  "provider thinkingLevel identifierPolicy recentTurnsPreserve qualityGuard "
	  "midTurnPrecheck postIndexSync postCompactionSections memoryFlush "
	  "maxActiveTranscriptBytes" },
	{ "agents.defaults.compaction.qualityGuard", "enabled maxRetries" },
	{ "agents.defaults.compaction.midTurnPrecheck", "enabled" },
	{ "agents.defaults.compaction.memoryFlush",
	  "enabled model softThresholdTokens forceFlushTranscriptBytes" },
	{ "agents.defaults.subagents",
	  "delegationMode allowAgents archiveAfterMinutes runTimeoutSeconds "
	  "announceTimeoutMs requireAgentId" },
	{ "agents.defaults.heartbeat",
	  "directPolicy accountId timeoutSeconds lightContext isolatedSession "
	  "agentId" },
	{ "agents.defaults",
	  "modelSelectionScope utilityModel decisionModel mediaModels voiceModel "
	  "pdfModel pdfMaxMb pdfMaxPages cwd silentReply repoRoot "
	  "skipOptionalBootstrapFiles contextInjection startupContext embeddedAgent "
	  "fastModeDefault toolProgressDetail elevatedDefault blockStreamingDefault "
	  "blockStreamingBreak mediaMaxMb imageMaxDimensionPx imageQuality "
	  "typingIntervalSeconds systemAgent authInheritance sessionStore contextLimits "
	  "blockStreamingChunk blockStreamingCoalesce humanDelay typingMode sandbox" },
	{ "agents.defaults.mediaModels", "image video music" },
	{ "agents.defaults.mediaModels.image", "primary fallbacks timeoutMs" },
	{ "agents.defaults.mediaModels.video", "primary fallbacks timeoutMs" },
	{ "agents.defaults.mediaModels.music", "primary fallbacks timeoutMs" },
	{ "agents.defaults.voiceModel", "primary fallbacks timeoutMs" },
	{ "agents.defaults.pdfModel", "primary fallbacks timeoutMs" },
	{ "agents.defaults.silentReply", "group internal" },
	{ "agents.defaults.startupContext",
	  "enabled applyOn dailyMemoryDays maxFileBytes maxFileChars maxTotalChars" },
	{ "agents.defaults.embeddedAgent",
	  "projectSettingsPolicy executionContract cyberFailover" },
	{ "agents.defaults.embeddedAgent.cyberFailover", "mode model cooloffMs" },
	{ "agents.defaults.systemAgent", "agentId" },
	{ "agents.defaults.authInheritance", "agentId" },
	{ "agents.defaults.sessionStore", "agentId" },
	{ "agents.defaults.contextLimits", "memoryGetMaxChars postCompactionMaxChars" },
	{ "agents.defaults.blockStreamingChunk", "minChars maxChars breakPreference" },
	{ "agents.defaults.blockStreamingCoalesce", "minChars maxChars idleMs" },
	{ "agents.defaults.humanDelay", "mode minMs maxMs" },
	{ "agents.defaults.sandbox",
	  "mode backend workspaceAccess sessionToolsVisibility scope workspaceRoot "
	  "docker ssh browser prune" },
	{ "agents.defaults.sandbox.docker",
	  "image containerPrefix workdir readOnlyRoot tmpfs network user capDrop env "
	  "setupCommand pidsLimit memory memorySwap cpus gpus ulimits seccompProfile "
	  "apparmorProfile dns extraHosts binds "
	  "dangerouslyAllowReservedContainerTargets dangerouslyAllowExternalBindSources "
	  "dangerouslyAllowContainerNamespaceJoin" },
	{ "agents.defaults.sandbox.docker.env", "*" },
	{ "agents.defaults.sandbox.docker.ulimits", "*" },
	{ "agents.defaults.sandbox.docker.ulimits.*", "soft hard" },
	{ "agents.defaults.sandbox.ssh",
	  "target command workspaceRoot strictHostKeyChecking updateHostKeys "
	  "identityFile certificateFile knownHostsFile identityData certificateData "
	  "knownHostsData" },
	{ "agents.defaults.sandbox.browser",
	  "enabled image containerPrefix network cdpPort cdpSourceRange vncPort "
	  "noVncPort headless noVncEnabled allowHostControl autoStart "
	  "autoStartTimeoutMs binds" },
	{ "agents.defaults.sandbox.prune", "idleHours maxAgeDays" },
	{ "agents.entries.*.tools.exec",
	  "host security ask node pathPrepend safeBins strictInlineEval "
	  "commandHighlighting grantExpiryDays safeBinTrustedDirs safeBinProfiles "
	  "reviewer backgroundMs approvalRunningNoticeMs timeoutSeconds cleanupMs "
	  "notifyOnExit notifyOnExitEmptySuccess applyPatch" },
	{ "agents.entries.*.tools.exec.safeBinProfiles", "*" },
	{ "agents.entries.*.tools.exec.safeBinProfiles.*",
	  "minPositional maxPositional allowedValueFlags deniedFlags" },
	{ "agents.entries.*.tools.exec.reviewer", "model thinking fastMode timeoutMs" },
	{ "agents.entries.*.tools.exec.reviewer.model", "primary fallbacks" },
	{ "agents.entries.*.tools.exec.applyPatch", "enabled workspaceOnly allowModels" },
	{ "agents.entries.*.tools",
	  "byProvider toolsBySender codeMode swarm elevated github fs loopDetection "
	  "message sandbox" },
	{ "agents.entries.*.tools.byProvider", "*" },
	{ "agents.entries.*.tools.byProvider.*", "allow alsoAllow deny profile" },
	{ "agents.entries.*.tools.toolsBySender", "*" },
	{ "agents.entries.*.tools.toolsBySender.*", "allow alsoAllow deny" },
	{ "agents.entries.*.tools.codeMode",
	  "enabled executor mode timeoutMs memoryLimitBytes maxOutputBytes "
	  "maxSnapshotBytes maxPendingToolCalls snapshotTtlSeconds searchDefaultLimit "
	  "maxSearchLimit" },
	{ "agents.entries.*.tools.swarm",
	  "enabled maxConcurrent maxChildrenPerGroup maxTotalPerGroup "
	  "waitTimeoutSecondsMax defaultAgentId" },
	{ "agents.entries.*.tools.elevated", "enabled allowFrom" },
	{ "agents.entries.*.tools.elevated.allowFrom", "*" },
	{ "agents.entries.*.tools.github", "profileId kind gitAuthor" },
	{ "agents.entries.*.tools.github.gitAuthor", "name email" },
	{ "agents.entries.*.tools.fs", "workspaceOnly" },
	{ "agents.entries.*.tools.loopDetection", "enabled" },
	{ "agents.entries.*.tools.message", "crossContext actions broadcast" },
	{ "agents.entries.*.tools.message.crossContext",
	  "allowWithinProvider allowAcrossProviders marker" },
	{ "agents.entries.*.tools.message.crossContext.marker", "enabled prefix suffix" },
	{ "agents.entries.*.tools.message.actions", "allow" },
	{ "agents.entries.*.tools.message.broadcast", "enabled" },
	{ "agents.entries.*.tools.sandbox", "tools" },
	{ "agents.entries.*.tools.sandbox.tools", "allow alsoAllow deny" },
	{ "agents.entries.*",
	  "description cwd utilityModel decisionModel toolProgressDetail "
	  "fastModeDefault contextInjection bootstrapMaxChars bootstrapTotalMaxChars "
	  "subagents embeddedAgent runtime humanDelay typingMode tts "
	  "skillsLimits contextLimits heartbeat groupChat sandbox" },
	{ "agents.entries.*.subagents",
	  "delegationMode allowAgents model thinking requireAgentId" },
	{ "agents.entries.*.subagents.model", "primary fallbacks" },
	{ "agents.entries.*.embeddedAgent", "executionContract" },
	{ "agents.entries.*.runtime", "type acp" },
	{ "agents.entries.*.runtime.acp", "agent backend mode cwd" },
	{ "agents.entries.*.humanDelay", "mode minMs maxMs" },
	{ "agents.entries.*.tts",
	  "auto enabled mode provider persona personas summaryModel modelOverrides "
	  "providers maxTextLength timeoutMs prefsPath" },
	{ "agents.entries.*.tts.personas", "*" },
	{ "agents.entries.*.tts.personas.*",
	  "label description provider fallbackPolicy providers" },
	{ "agents.entries.*.tts.personas.*.providers", "*" },
	{ "agents.entries.*.tts.personas.*.providers.*", "apiKey *" },
	{ "agents.entries.*.tts.personas.*.providers.*.*", "*" },
	{ "agents.entries.*.tts.modelOverrides",
	  "enabled allowText allowProvider allowVoice allowModelId allowVoiceSettings "
	  "allowNormalization allowSeed" },
	{ "agents.entries.*.tts.providers", "*" },
	{ "agents.entries.*.tts.providers.*", "apiKey *" },
	{ "agents.entries.*.tts.providers.*.*", "*" },
	{ "agents.entries.*.skillsLimits", "maxSkillsPromptChars" },
	{ "agents.entries.*.contextLimits", "memoryGetMaxChars postCompactionMaxChars" },
	{ "agents.entries.*.heartbeat",
	  "every activeHours model session target directPolicy to accountId prompt "
	  "timeoutSeconds lightContext isolatedSession" },
	{ "agents.entries.*.heartbeat.activeHours", "start end timezone" },
	{ "agents.entries.*.groupChat", "mentionPatterns historyLimit unmentionedInbound" },
	{ "agents.entries.*.sandbox",
	  "mode backend workspaceAccess sessionToolsVisibility scope workspaceRoot "
	  "docker ssh browser prune" },
	{ "agents.entries.*.sandbox.docker",
	  "image containerPrefix workdir readOnlyRoot tmpfs network user capDrop env "
	  "setupCommand pidsLimit memory memorySwap cpus gpus ulimits seccompProfile "
	  "apparmorProfile dns extraHosts binds "
	  "dangerouslyAllowReservedContainerTargets dangerouslyAllowExternalBindSources "
	  "dangerouslyAllowContainerNamespaceJoin" },
	{ "agents.entries.*.sandbox.docker.env", "*" },
	{ "agents.entries.*.sandbox.docker.ulimits", "*" },
	{ "agents.entries.*.sandbox.docker.ulimits.*", "soft hard" },
	{ "agents.entries.*.sandbox.ssh",
	  "target command workspaceRoot strictHostKeyChecking updateHostKeys "
	  "identityFile certificateFile knownHostsFile identityData certificateData "
	  "knownHostsData" },
	{ "agents.entries.*.sandbox.browser",
	  "enabled image containerPrefix network cdpPort cdpSourceRange vncPort "
	  "noVncPort headless noVncEnabled allowHostControl autoStart "
	  "autoStartTimeoutMs binds" },
	{ "agents.entries.*.sandbox.prune", "idleHours maxAgeDays" },
	{ "agents", "ownership" },
	{ "gateway.controlUi",
	  "dangerouslyDisableDeviceAuth experimental environment communityInvite github "
	  "sessionObserver embedSandbox allowExternalEmbedUrls "
	  "automaticallyFetchFavicons dangerouslyAllowHostHeaderOriginFallback" },
	{ "gateway.controlUi.experimental", "customPlugins" },
	{ "gateway.controlUi.environment", "label color" },
	{ "gateway.controlUi.github", "token" },
	{ "gateway.auth", "identityScopes trustedProxy" },
	{ "gateway.auth.identityScopes", "*" },
	{ "gateway.auth.trustedProxy",
	  "userHeader requiredHeaders allowUsers allowLoopback cloudflareAccessOidc "
	  "deviceAutoApprove" },
	{ "gateway.auth.trustedProxy.cloudflareAccessOidc",
	  "issuer providerId githubAccountIdClaim" },
	{ "gateway.auth.trustedProxy.deviceAutoApprove", "enabled scopes" },
	{ "gateway.tailscale", "preserveFunnel" },
	{ "gateway.remote", "transport remotePort edgeAuth tlsFingerprint sshTarget sshIdentity "
			    "sshHostKeyPolicy" },
	{ "gateway.remote.edgeAuth", "*" },
	{ "gateway.tls", "autoGenerate certPath keyPath caPath" },
	{ "gateway.http.endpoints.chatCompletions", "images" },
	{ "gateway.http.endpoints.chatCompletions.images",
	  "allowUrl urlAllowlist allowedMimes maxBytes maxRedirects timeoutMs" },
	{ "gateway.http.endpoints.responses", "maxUrlParts files images" },
	{ "gateway.http.endpoints.responses.files",
	  "allowUrl urlAllowlist allowedMimes maxBytes maxRedirects timeoutMs maxChars "
	  "pdf" },
	{ "gateway.http.endpoints.responses.files.pdf", "maxPages maxPixels minTextChars" },
	{ "gateway.http.endpoints.responses.images",
	  "allowUrl urlAllowlist allowedMimes maxBytes maxRedirects timeoutMs" },
	{ "gateway",
	  "publicOrigin portals cliAgents terminal roles allowRealIpFallback push nodes" },
	{ "gateway.portals", "ingress" },
	{ "gateway.portals.ingress", "domain port" },
	{ "gateway.cliAgents", "enabled" },
	{ "gateway.terminal", "enabled shell detachedSessionTimeoutSeconds" },
	{ "gateway.roles", "default definitions" },
	{ "gateway.roles.definitions", "*" },
	{ "gateway.roles.definitions.*", "sessions sandbox agents scopes accessPolicyPlugin" },
	{ "gateway.roles.definitions.*.sessions", "others" },
	{ "gateway.push", "apns" },
	{ "gateway.push.apns", "relay" },
	{ "gateway.push.apns.relay", "baseUrl timeoutMs" },
	{ "gateway.nodes", "browser pairing pluginTools allowSkills commands" },
	{ "gateway.nodes.browser", "mode node" },
	{ "gateway.nodes.pairing", "autoApproveLocal autoApproveCidrs sshVerify" },
	{ "gateway.nodes.pairing.sshVerify", "user identity timeoutMs cidrs" },
	{ "gateway.nodes.pluginTools", "enabled" },
	{ "gateway.nodes.commands", "allow deny" },
	{ "tools.web.search", "cacheTtlMinutes openaiCodex *" },
	{ "tools.web.search.openaiCodex", "enabled mode allowedDomains contextSize userLocation" },
	{ "tools.web.search.openaiCodex.userLocation", "country region city timezone" },
	{ "tools.web.fetch",
	  "provider maxCharsCap maxResponseBytes cacheTtlMinutes maxRedirects userAgent "
	  "headers readability useTrustedEnvProxy" },
	{ "tools.web.fetch.headers", "*" },
	{ "tools.web.fetch.ssrfPolicy",
	  "allowRfc2544BenchmarkRange allowIpv6UniqueLocalRange blockedHostnames" },
	{ "tools.exec",
	  "host security ask node strictInlineEval commandHighlighting grantExpiryDays "
	  "safeBinTrustedDirs safeBinProfiles reviewer "
	  "approvalRunningNoticeMs cleanupMs notifyOnExit notifyOnExitEmptySuccess "
	  "applyPatch" },
	{ "tools.exec.safeBinProfiles", "*" },
	{ "tools.exec.safeBinProfiles.*",
	  "minPositional maxPositional allowedValueFlags deniedFlags" },
	{ "tools.exec.reviewer", "model thinking fastMode timeoutMs" },
	{ "tools.exec.reviewer.model", "primary fallbacks" },
	{ "tools.exec.applyPatch", "enabled workspaceOnly allowModels" },
	{ "tools", "toolsBySender github media links sessions toolSearch codeMode swarm message "
		   "agentToAgent elevated subagents sandbox sessions_spawn updatePlan" },
	{ "tools.toolsBySender", "*" },
	{ "tools.toolsBySender.*", "allow alsoAllow deny" },
	{ "tools.github", "profileId kind gitAuthor" },
	{ "tools.github.gitAuthor", "name email" },
	{ "tools.media", "models concurrency image audio video" },
	{ "tools.media.models[]",
	  "provider model capabilities type command args maxChars maxBytes prompt "
	  "timeoutSeconds language providerOptions baseUrl headers request profile "
	  "preferredProfile" },
	{ "tools.media.models[].providerOptions", "*" },
	{ "tools.media.models[].providerOptions.*", "*" },
	{ "tools.media.models[].headers", "*" },
	{ "tools.media.models[].request", "headers auth proxy tls" },
	{ "tools.media.models[].request.headers", "*" },
	{ "tools.media.models[].request.auth", "mode token headerName value prefix" },
	{ "tools.media.models[].request.proxy", "mode tls url" },
	{ "tools.media.models[].request.proxy.tls",
	  "ca cert key passphrase serverName insecureSkipVerify" },
	{ "tools.media.models[].request.tls",
	  "ca cert key passphrase serverName insecureSkipVerify" },
	{ "tools.media.image",
	  "enabled preferredModel scope maxBytes maxChars prompt timeoutSeconds "
	  "language providerOptions baseUrl headers request attachments" },
	{ "tools.media.image.scope", "default rules" },
	{ "tools.media.image.scope.rules[]", "action match" },
	{ "tools.media.image.scope.rules[].match", "channel chatType keyPrefix rawKeyPrefix" },
	{ "tools.media.image.providerOptions", "*" },
	{ "tools.media.image.providerOptions.*", "*" },
	{ "tools.media.image.headers", "*" },
	{ "tools.media.image.request", "headers auth proxy tls" },
	{ "tools.media.image.request.headers", "*" },
	{ "tools.media.image.request.auth", "mode token headerName value prefix" },
	{ "tools.media.image.request.proxy", "mode tls url" },
	{ "tools.media.image.request.proxy.tls",
	  "ca cert key passphrase serverName insecureSkipVerify" },
	{ "tools.media.image.request.tls", "ca cert key passphrase serverName insecureSkipVerify" },
	{ "tools.media.image.attachments", "mode maxAttachments prefer" },
	{ "tools.media.audio",
	  "enabled preferredModel scope maxBytes maxChars prompt timeoutSeconds "
	  "language providerOptions baseUrl headers request attachments echoTranscript "
	  "echoFormat" },
	{ "tools.media.audio.scope", "default rules" },
	{ "tools.media.audio.scope.rules[]", "action match" },
	{ "tools.media.audio.scope.rules[].match", "channel chatType keyPrefix rawKeyPrefix" },
	{ "tools.media.audio.providerOptions", "*" },
	{ "tools.media.audio.providerOptions.*", "*" },
	{ "tools.media.audio.headers", "*" },
	{ "tools.media.audio.request", "headers auth proxy tls" },
	{ "tools.media.audio.request.headers", "*" },
	{ "tools.media.audio.request.auth", "mode token headerName value prefix" },
	{ "tools.media.audio.request.proxy", "mode tls url" },
	{ "tools.media.audio.request.proxy.tls",
	  "ca cert key passphrase serverName insecureSkipVerify" },
	{ "tools.media.audio.request.tls", "ca cert key passphrase serverName insecureSkipVerify" },
	{ "tools.media.audio.attachments", "mode maxAttachments prefer" },
	{ "tools.media.video",
	  "enabled preferredModel scope maxBytes maxChars prompt timeoutSeconds "
	  "language providerOptions baseUrl headers request attachments" },
	{ "tools.media.video.scope", "default rules" },
	{ "tools.media.video.scope.rules[]", "action match" },
	{ "tools.media.video.scope.rules[].match", "channel chatType keyPrefix rawKeyPrefix" },
	{ "tools.media.video.providerOptions", "*" },
	{ "tools.media.video.providerOptions.*", "*" },
	{ "tools.media.video.headers", "*" },
	{ "tools.media.video.request", "headers auth proxy tls" },
	{ "tools.media.video.request.headers", "*" },
	{ "tools.media.video.request.auth", "mode token headerName value prefix" },
	{ "tools.media.video.request.proxy", "mode tls url" },
	{ "tools.media.video.request.proxy.tls",
	  "ca cert key passphrase serverName insecureSkipVerify" },
	{ "tools.media.video.request.tls", "ca cert key passphrase serverName insecureSkipVerify" },
	{ "tools.media.video.attachments", "mode maxAttachments prefer" },
	{ "tools.links", "enabled scope maxLinks timeoutSeconds models" },
	{ "tools.links.scope", "default rules" },
	{ "tools.links.scope.rules[]", "action match" },
	{ "tools.links.scope.rules[].match", "channel chatType keyPrefix rawKeyPrefix" },
	{ "tools.links.models[]", "type command args timeoutSeconds" },
	{ "tools.sessions", "visibility" },
	{ "tools.toolSearch", "enabled mode codeTimeoutMs searchDefaultLimit maxSearchLimit" },
	{ "tools.codeMode",
	  "enabled executor mode timeoutMs memoryLimitBytes maxOutputBytes "
	  "maxSnapshotBytes maxPendingToolCalls snapshotTtlSeconds searchDefaultLimit "
	  "maxSearchLimit" },
	{ "tools.swarm", "enabled maxConcurrent maxChildrenPerGroup maxTotalPerGroup "
			 "waitTimeoutSecondsMax defaultAgentId" },
	{ "tools.message", "crossContext actions broadcast" },
	{ "tools.message.crossContext", "allowWithinProvider allowAcrossProviders marker" },
	{ "tools.message.crossContext.marker", "enabled prefix suffix" },
	{ "tools.message.actions", "allow" },
	{ "tools.message.broadcast", "enabled" },
	{ "tools.agentToAgent", "enabled allow" },
	{ "tools.elevated", "enabled allowFrom" },
	{ "tools.elevated.allowFrom", "*" },
	{ "tools.subagents", "tools" },
	{ "tools.subagents.tools", "allow alsoAllow deny" },
	{ "tools.sandbox", "tools" },
	{ "tools.sandbox.tools", "allow alsoAllow deny" },
	{ "tools.sessions_spawn", "attachments" },
	{ "tools.sessions_spawn.attachments",
	  "enabled maxTotalBytes maxFiles maxFileBytes retainOnSessionKeep" },
	{ "session", "notifyOnCreate store threadBindings sharing maintenance" },
	{ "session.threadBindings",
	  "enabled idleHours maxAgeHours spawnSessions defaultSpawnContext" },
	{ "session.sharing", "readOnly suggest drafts" },
	{ "session.maintenance",
	  "mode coldStorage pruneAfter archiveDashboardAfter maxEntries preserveRecent "
	  "resetArchiveRetention maxDiskBytes highWaterBytes" },
	{ "session.maintenance.coldStorage", "enabled afterDays" },
	{ "channels.defaults",
	  "contextVisibility heartbeatVisibility botLoopProtection implicitMentions" },
	{ "channels.defaults.heartbeatVisibility", "showOk showAlerts useIndicator" },
	{ "channels.defaults.botLoopProtection",
	  "enabled maxEventsPerWindow windowSeconds cooldownSeconds" },
	{ "channels.defaults.implicitMentions", "replyToBot quotedBot threadParticipation" },
	{ "channels.telegram", TELEGRAM_KEYS },
	{ "channels.telegram.accounts.*", TELEGRAM_KEYS },
	{ "channels", "modelByChannel *" },
	{ "channels.modelByChannel", "*" },
	{ "channels.modelByChannel.*", "*" },
	{ "cron", "triggers webhookSsrfPolicy failureAlert" },
	{ "cron.triggers", "enabled" },
	{ "cron.webhookSsrfPolicy", "dangerouslyAllowPrivateNetwork allowRfc2544BenchmarkRange "
				    "allowIpv6UniqueLocalRange allowedHostnames blockedHostnames" },
	{ "cron.failureAlert",
	  "enabled after cooldownMs includeSkipped mode accountId channel to" },
	{ "hooks.mappings[].match", "source" },
	{ "hooks.mappings[]", "forEach allowUnsafeExternalContent transform" },
	{ "hooks.mappings[].transform", "module export" },
	{ "hooks", "transformsDir gmail" },
	{ "hooks.gmail",
	  "account label topic subscription pushToken hookUrl includeBody maxBytes "
	  "renewEveryMinutes allowUnsafeExternalContent serve tailscale model thinking" },
	{ "hooks.gmail.serve", "bind port path" },
	{ "hooks.gmail.tailscale", "mode path target" },
	{ "logging", "audit" },
	{ "logging.audit", "enabled executionIdentity messages" },
	{ "messages.groupChat", "unmentionedInbound visibleReplies" },
	{ "messages", "visibleReplies usageTemplate responseUsage ackReaction ackReactionScope "
		      "statusReactions" },
	{ "messages.usageTemplate", "*" },
	{ "messages.responseUsage", "*" },
	{ "messages.statusReactions", "enabled" },
	{ "commands", "native nativeSkills bashForegroundMs plugins" },
	{ "meta", "migrations" },
	{ "meta.migrations", "modelPolicyAllowlist utilityModelSeparation" },
	{ "wizard", "appRecommendations" },
	{ "memory.search.remote", "batch" },
	{ "memory.search.remote.batch", "enabled" },
	{ "memory.search",
	  "rememberAcrossConversations sources multimodal experimental "
	  "fallback inputType queryInputType documentInputType outputDimensionality "
	  "local store cache sync chunking" },
	{ "memory.search.query", "hybrid" },
	{ "memory.search.multimodal", "enabled modalities maxFileBytes" },
	{ "memory.search.experimental", "sessionMemory" },
	{ "memory.search.local", "modelPath" },
	{ "memory.search.store", "fts vector" },
	{ "memory.search.store.fts", "tokenizer" },
	{ "memory.search.store.vector", "enabled extensionPath" },
	{ "memory.search.cache", "enabled" },
	{ "skills", "install limits workshop" },
	{ "skills.install", "preferBrew nodeManager allowUploadedArchives" },
	{ "skills.limits", "maxCandidatesPerRoot maxSkillsLoadedPerSource maxSkillsInPrompt "
			   "maxSkillsPromptChars maxSkillFileBytes" },
	{ "skills.workshop", "autonomous approvalPolicy maxPending maxSkillBytes" },
	{ "skills.workshop.autonomous", "mode" },
	{ "mcp", "sessionIdleTtlMs apps" },
	{ "mcp.servers.*",
	  "supportsParallelToolCalls auth oauth sslVerify clientCert clientKey codex" },
	{ "mcp.servers.*.oauth", "identity authProfileId scope redirectUrl clientMetadataUrl" },
	{ "mcp.servers.*.codex", "agents defaultToolsApprovalMode" },
	{ "mcp.apps", "enabled sandboxOrigin sandboxPort" },
	{ 0 },
};

const char *const oc_schema_foreign[] = {
	"diagnostics",
	"update",
	"telemetry",
	"browser",
	"ui",
	"secrets",
	"accessGroups",
	"acp",
	"nodeHost",
	"worktreeRoot",
	"worktreeAcceleration",
	"security",
	"bindings",
	"broadcast",
	"attachments",
	"tts",
	"approvals",
	"transcripts",
	"discovery",
	"talk",
	"cloudWorkers",
	"desktop",
	"plugins",
	"surfaces",
	"proxy",
	"canvas",
	"canvasHost",
	"web",
	"audio",
	"media",
	NULL,
};
