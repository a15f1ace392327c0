#ifndef OC_LIMITS_H
#define OC_LIMITS_H
/* Every ceiling of the program, in one place. Bytes unless the name says otherwise. */
/* clang-format off */
enum {
	OC_MAX_CONFIG_BYTES = 2097152, /* a configuration file or one of its includes (spec 01 §1.3) */
	OC_MAX_INCLUDE_DEPTH = 10,
	OC_MAX_INCLUDED_FILES = 256,	    /* read for one configuration, repeats counted */
	OC_MAX_INCLUDED_BYTES = 16777216,   /* of all of them */
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
	OC_MAX_REPAIR_BYTES = 65536, /* JSON of a model that is mended (spec 03 §4.6) */
	OC_MAX_HISTORY_BYTES = 8388608, /* messages of one page of a conversation, as JSON */
	OC_MAX_LOG_PAGE_BYTES = 1000000, /* one answer of logs.tail (spec 02 §2.7) */
};
/* clang-format on */
#endif
