/* What can be typed, and the commands of the original that this program has no use for. */
#include "gateway/commands/command.h"

static const char *const categories[][2] = {
	{ "session", "Session" },	{ "options", "Options" }, { "status", "Status" },
	{ "management", "Management" }, { "tools", "Tools" },
};

static void add_row(struct oc_buf *out, const struct oc_chat_row *row)
{
	oc_buf_addf(out, "- `/%s%s%s` — %s\n", row->name, row->args ? " " : "",
		    row->args ? row->args : "", row->help);
}

enum oc_rc oc_command_help(struct oc_command_ask *a)
{
	static const char *const first[] = { "new",    "stop",	"status",  "model",
					     "models", "think", "compact", "commands" };

	oc_command_say(a, "Type a message, or one of these commands:\n\n");
	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		for (const struct oc_chat_row *row = oc_chat_rows; row->name; row++)
			if (!strcmp(row->name, first[i])) add_row(&a->answer->text, row);
	oc_command_say(a, "\n`/commands` lists all of them.");
	return OC_OK;
}

enum oc_rc oc_command_list(struct oc_command_ask *a)
{
	struct oc_buf *out = &a->answer->text;

	for (size_t i = 0; i < sizeof categories / sizeof *categories; i++) {
		size_t before = out->n;

		for (const struct oc_chat_row *row = oc_chat_rows; row->name; row++) {
			if (strcmp(row->category, categories[i][0])) continue;
			if (out->n == before)
				oc_buf_addf(out, "%s**%s**\n", i ? "\n" : "", categories[i][1]);
			add_row(out, row);
		}
	}
	return OC_OK;
}
