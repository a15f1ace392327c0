#ifndef OC_LIMITS_H
#define OC_LIMITS_H
/* Every ceiling of the program, in one place. Bytes unless the name says otherwise. */
/* clang-format off */
enum {
	OC_MAX_CONFIG_BYTES = 2097152, /* a configuration file or one of its includes (spec 01 §1.3) */
	OC_MAX_INCLUDE_DEPTH = 10,
	OC_MAX_INCLUDED_FILES = 256, /* read for one configuration, repeats counted */
	OC_MAX_INCLUDED_BYTES = 16777216, /* of all of them */
	OC_MAX_PATH_CHARS = 4096,
	OC_MAX_PATH_INDEX = 65535, /* array index in a dotted path */
	OC_MAX_DOTENV_BYTES = 1048576, /* spec 01 §1.5 */
	OC_MAX_ENV_VARS = 4096, /* variables of all .env files and the configuration */
	OC_MAX_JSON_DEPTH = 128, /* spec 04 §3.2 rule 3 */
	OC_MAX_JSON_TREE_BYTES = 50331648, /* values of a parsed document, their text not counted */
	OC_MAX_SSE_EVENT_BYTES = 16777216, /* spec 01 §5.2 */
	OC_MAX_JSON_BODY_BYTES = 16777216, /* lists, non-stream answers */
	OC_MAX_ERROR_BODY_BYTES = 65536, /* body of a status >= 400 */
	OC_MAX_LOAD_ERROR_BYTES = 8192, /* body of a refused load call (spec 01 §3.7) */
	OC_MAX_TOOL_ARGS_BYTES = 256000, /* arguments of one call (spec 01 §5.3) */
	OC_MAX_TOOL_CALLS_PER_TURN = 8, /* calls run of one response (spec 03 §1.3) */
	OC_MAX_TOOL_CALLS_WIRE = 512, /* calls a response may carry at all */
	OC_MAX_REPLY_BYTES = 33554432, /* text, or reasoning, of one response */
	OC_MAX_REQUEST_BYTES = 67108864, /* a request body, images included */
	OC_MAX_HEADER_BYTES = 102400, /* one response head; libcurl has its own bound beside it */
	OC_MAX_URL_CHARS = 8192,
	OC_MAX_REDIRECTS = 3, /* spec 01 §7.4 */
	OC_MAX_RESOLVED_ADDRESSES = 64,
	OC_MAX_MODEL_ID_BYTES = 512, /* spec 01 §13.2 */
	OC_MAX_STATE_FILE_BYTES = 67108864, /* models.json, auth-profiles.json */
	OC_MAX_IMAGE_BYTES = 20971520,
	OC_MAX_EXEC_OUTPUT_BYTES = 2097152, /* output kept of one command */
	OC_MAX_TOOL_FILE_BYTES = 67108864, /* a file that `read` or `edit` opens */
	OC_MAX_TOOL_RESULT_BYTES = 8388608, /* text of one tool result before it is capped for the model */
	OC_MAX_HTTP_BODY_BYTES = 20971520, /* a request of /v1 (spec 02 §4.2) */
	OC_MAX_SMALL_HTTP_BODY_BYTES = 2097152, /* /tools/invoke, hooks (spec 02 §4.5) */
	OC_MAX_HELD_BODIES_BYTES = 268435456, /* request bodies of all HTTP clients together */
	OC_MAX_UI_FILE_BYTES = 16777216, /* a file of the Control UI */
	OC_MAX_RELAY_ERROR_BYTES = 1048576, /* a provider's error that is passed on; the rest is cut */
	OC_MAX_RELAY_HELD_BYTES = 65536, /* begin of an answer that is judged before it is passed on */
	OC_MAX_REPAIR_BYTES = 65536, /* JSON of a model that is mended (spec 03 §4.6) */
	OC_MAX_FRAME_BYTES = 26214400, /* a frame of a client (spec 02 §2.1, policy.maxPayload) */
	OC_MAX_CLIENT_BACKLOG = 52428800, /* unsent bytes of one client (spec 02 §2.4) */
	OC_MAX_TOTAL_BACKLOG = 134217728, /* of all of them (D65) */
	OC_MAX_SUBSCRIPTIONS = 10000, /* sessions whose messages one client hears */
	OC_MAX_CLIENT_REQUESTS = 256, /* requests of one client under way; above it they are refused */
	OC_MAX_CLIENT_REQUEST_BYTES = 67108864, /* of their frames; above it nothing more is read */
	OC_MAX_SERVER_CONNECTIONS = 4096,
	OC_MAX_SERVER_HEAD_BYTES = 16384, /* request line and headers of a client */
	OC_MAX_SERVER_HEADERS = 100,
	OC_MAX_CHUNK_LINE_BYTES = 512, /* size and extensions of one chunk of a client */
	OC_MAX_TRAILER_BYTES = 8192,
	OC_MAX_LINGER_BYTES = 67108864, /* of a refused body that is read and thrown away */
	OC_MAX_STREAM_BACKLOG = 262144, /* of an answer, not yet taken by the kernel */
	OC_MAX_CLOSE_REASON_BYTES = 123, /* of a WebSocket close frame (RFC 6455 section 5.5) */
	OC_MAX_MESSAGE_BYTES = 4194304, /* text of a message to an agent */
	OC_MAX_ATTACHMENT_BYTES = 19464192, /* of one message, as told to clients (spec 02 §2.2) */
	OC_MAX_ATTACHED_IMAGE_BYTES = 6291456,
	OC_MAX_KEPT_PARTIAL_BYTES = 262144, /* of an unfinished answer that survives a crash */
	OC_MAX_HISTORY_BYTES = 8388608, /* messages of one page of a conversation, as JSON */
	OC_MAX_LOG_PAGE_BYTES = 1000000, /* one answer of logs.tail (spec 02 §2.7) */
	OC_MAX_TOOLS = 640, /* registered at once, those of servers included */
	OC_MAX_CHILD_INPUT_BYTES = 1048576, /* written to a child and not yet read by it */
	OC_MAX_ATTACHED_TEXT_BYTES = 262144, /* one text, which becomes part of its message */
	OC_MAX_PAGE_BYTES = 10000000, /* of a web page that is read at all (spec 03 §4.4) */
	OC_MAX_PAGE_TREE_BYTES = 100663296, /* memory of its parsed form */
	OC_MAX_PAGE_TEXT_BYTES = 2000000, /* text taken out of it */
	OC_MAX_PAGE_LINKS = 512, /* links of it that are remembered */
	OC_MAX_CHANNEL_ID_BYTES = 512, /* an id that a messenger gives a message, a chat or a file */
	OC_MAX_CHANNEL_HOOK_BYTES = 3145728, /* one call of a messenger's webhook */
	OC_MAX_BRIDGE_LINE_BYTES = 1048576, /* one line of a bridge */
	OC_MAX_BRIDGE_RETRY_MS = 3600000, /* that a bridge may ask us to wait */
	OC_MAX_BRIDGE_TEXT_UNITS = 100000, /* of one message to a bridge */
	OC_MAX_SEARCH_BYTES = 2097152, /* answer of a search service */
	OC_MAX_MARKDOWN_PIECE_BYTES = 8192, /* of Markdown that is parsed at once: bounds its worst cases */
	OC_MAX_MARKDOWN_DEFINITIONS = 4096, /* "[name]: address" lines of a text that count */
	OC_MAX_MARKDOWN_LINE_DEFINED = 1024, /* one of them */
	OC_MAX_MARKDOWN_DEPTH = 32, /* of its tree */
	OC_MAX_MARKDOWN_COLUMNS = 64, /* of a table; a wider one is shown as text */
	OC_MAX_OWN_JSON_DEPTH = 512, /* foreign values inside what is stored of them */
	OC_MAX_NOTE_BYTES = 2097152, /* a file of memory; a larger one is left out */
	OC_MAX_MCP_MESSAGE_BYTES = 16777216, /* one message of an MCP server */
	OC_MAX_MCP_NOISE_BYTES = 4194304, /* that a server sends unasked before it is given up */
	OC_MAX_MCP_TOOLS = 128, /* of one server */
	OC_MAX_HANDSHAKES = 256, /* connections without hello; above it the oldest is closed */
};
/* clang-format on */
#endif
