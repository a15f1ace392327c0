/* The tools of this folder. Each is a file and a row; what a row means stands in tool.h. */
#include "tool/internal.h"
#include "tool/web.h"

static const struct oc_tool rows[] = {
	{ .name = "read",
	  .schema =
	      "{\"name\":\"read\",\"description\":\"Read a text file, or list a directory. Returns at most 400 lines or 16 KB; use offset to continue.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},"
	      "\"offset\":{\"type\":\"integer\",\"description\":\"first line, 1-based\"},"
	      "\"limit\":{\"type\":\"integer\",\"description\":\"max lines\"}},\"required\":[\"path\"]}}",
	  .example = "{\"path\":\"notes.txt\"}",
	  .run_wait = oc_tool_read_wait },
	{ .name = "write",
	  .schema =
	      "{\"name\":\"write\",\"description\":\"Create or overwrite a file.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},"
	      "\"content\":{\"type\":\"string\"}},\"required\":[\"path\",\"content\"]}}",
	  .example = "{\"path\":\"notes.txt\",\"content\":\"first line\\n\"}",
	  .writes = true,
	  .run_wait = oc_tool_write_wait },
	{ .name = "edit",
	  .schema =
	      "{\"name\":\"edit\",\"description\":\"Replace one exact piece of text in a file. old must occur exactly once unless all=true.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},"
	      "\"old\":{\"type\":\"string\"},\"new\":{\"type\":\"string\"},\"all\":{\"type\":\"boolean\"}},"
	      "\"required\":[\"path\",\"old\",\"new\"]}}",
	  .example = "{\"path\":\"notes.txt\",\"old\":\"colour\",\"new\":\"color\"}",
	  .writes = true,
	  .run_wait = oc_tool_edit_wait },
	{ .name = "exec",
	  .schema =
	      "{\"name\":\"exec\",\"description\":\"Run a shell command in the workspace. Long commands continue in the background and return an id for process.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{\"command\":{\"type\":\"string\"},"
	      "\"workdir\":{\"type\":\"string\"},\"timeout\":{\"type\":\"integer\",\"description\":\"seconds\"},"
	      "\"background\":{\"type\":\"boolean\"}},\"required\":[\"command\"]}}",
	  .unlisted = "{\"yieldMs\":{\"type\":\"integer\"},\"network\":{\"type\":\"boolean\"},"
		      "\"elevated\":{\"type\":\"boolean\"}}",
	  .example = "{\"command\":\"ls -l\"}",
	  .writes = true,
	  .run_wait = oc_tool_exec_wait },
	{ .name = "process",
	  .schema =
	      "{\"name\":\"process\",\"description\":\"Manage a background command.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{\"action\":{\"type\":\"string\","
	      "\"enum\":[\"list\",\"poll\",\"log\",\"write\",\"kill\"]},\"id\":{\"type\":\"string\"},"
	      "\"data\":{\"type\":\"string\",\"description\":\"stdin text for write\"},"
	      "\"wait\":{\"type\":\"integer\",\"description\":\"poll: seconds to wait, max 30\"}},"
	      "\"required\":[\"action\"]}}",
	  .unlisted = "{\"offset\":{\"type\":\"integer\"},\"limit\":{\"type\":\"integer\"},"
		      "\"eof\":{\"type\":\"boolean\"}}",
	  .example = "{\"action\":\"poll\",\"id\":\"p1\",\"wait\":10}",
	  .writes = true,
	  .run_wait = oc_tool_process_wait },
	{ .name = "web_search",
	  .schema =
	      "{\"name\":\"web_search\",\"description\":\"Search the web.\",\"parameters\":{\"type\":\"object\","
	      "\"properties\":{\"query\":{\"type\":\"string\"},\"count\":{\"type\":\"integer\"},"
	      "\"freshness\":{\"type\":\"string\",\"enum\":[\"day\",\"week\",\"month\",\"year\"]}},"
	      "\"required\":[\"query\"]}}",
	  .example = "{\"query\":\"weather in Berlin\"}",
	  .needs_setup = true,
	  .run_wait = oc_tool_web_search_wait },
	{ .name = "web_fetch",
	  .schema =
	      "{\"name\":\"web_fetch\",\"description\":\"Fetch a web page as readable text.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{\"url\":{\"type\":\"string\"},"
	      "\"max_chars\":{\"type\":\"integer\"}},\"required\":[\"url\"]}}",
	  .unlisted = "{\"links\":{\"type\":\"boolean\"}}",
	  .example = "{\"url\":\"https://example.com/\"}",
	  .run_wait = oc_tool_web_fetch_wait },
	{ .name = "use_tool",
	  .schema =
	      "{\"name\":\"use_tool\",\"description\":\"Call any other tool from the Tools list in the system prompt. Leave args empty to see what it accepts.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},"
	      "\"args\":{\"type\":\"object\"}},\"required\":[\"name\"]}}",
	  .example = "{\"name\":\"apply_patch\",\"args\":{}}",
	  .writes = true,
	  .run_wait = NULL /* call.c looks through it */ },
	{ .name = "apply_patch",
	  .schema =
	      "{\"name\":\"apply_patch\",\"description\":\"Change several files at once with a patch from *** Begin Patch to *** End Patch.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{\"input\":{\"type\":\"string\"}},"
	      "\"required\":[\"input\"]}}",
	  .deferred = "change several files at once with a *** Begin Patch text",
	  .example =
	      "{\"input\":\"*** Begin Patch\\n*** Update File: a.txt\\n@@\\n-old\\n+new\\n*** End Patch\"}",
	  .writes = true,
	  .run_wait = oc_tool_apply_patch_wait },
};

const struct oc_tool *oc_tool_builtin(size_t i)
{
	return i < sizeof rows / sizeof *rows ? &rows[i] : NULL;
}
