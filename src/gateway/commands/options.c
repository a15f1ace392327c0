/* Choices of a session: thinking, what is shown, usage lines, the queue. */
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/commands/command.h"
#include "gateway/view/model_rows.h"
#include "model/codec/reasoning.h"
#include "net/url.h"

enum { MAX_DEBOUNCE_MS = 60000, MAX_CAP = 1000 };

static bool one_of(const char *choices, struct oc_str word)
{
	while (*choices) {
		size_t n = strcspn(choices, "|");

		if (oc_str_ieq(word, (struct oc_str){ choices, n })) return true;
		choices += n + (choices[n] == '|');
	}
	return false;
}

static char *lower(struct oc_str s)
{
	char *out = oc_strndup(s.p, s.n);

	for (char *p = out; *p; p++)
		if (*p >= 'A' && *p <= 'Z') *p = (char)(*p + ('a' - 'A'));
	return out;
}

/* ---- rows that choose one word ---- */

static json_t *value_of(const struct oc_chat_row *row, const char *word)
{
	if (strcmp(row->setting, "fastMode") || !strcmp(word, "auto")) return json_string(word);
	return json_boolean(!strcmp(word, "on"));
}

static void show_choice(struct oc_command_ask *a)
{
	json_t *value = json_object_get(a->session.settings, a->row->setting);
	const char *text = json_is_string(value) ? json_string_value(value)
			   : json_is_true(value) ? "on"
						 : "off";

	oc_command_say(a, "%s: %s\nOptions: %s\nUse: `/%s %s`", a->row->help, text, a->row->choices,
		       a->row->name, a->row->choices);
}

enum oc_rc oc_command_choice(struct oc_command_ask *a)
{
	struct oc_str typed = oc_command_word(a);
	char *word = lower(typed);

	if (!typed.n || !strcmp(word, "status")) {
		show_choice(a);
	} else if (!one_of(a->row->choices, typed)) {
		oc_command_say(a, "/%s does not know \"%.*s\". Options: %s", a->row->name,
			       OC_FMT(oc_str_head(typed, 100)), a->row->choices);
	} else {
		json_t *patch = json_object();

		oc_json_put(patch, a->row->setting, value_of(a->row, word));
		if (oc_command_patch_wait(a, patch))
			oc_command_say(a, "%s: %s.", a->row->help, word);
	}
	free(word);
	return OC_OK;
}

/* ---- /think ---- */

static void levels_of(const struct oc_selection *s, struct oc_buf *out)
{
	json_t *rows = oc_thinking_rows(s->model), *row;
	size_t i;

	json_array_foreach (rows, i, row)
		oc_buf_addf(out, "%s%s", i ? ", " : "", oc_json_cstr(row, "id"));
	json_decref(rows);
}

static bool has_level(struct oc_str levels, const char *level)
{
	char *wanted = oc_asprintf(", %s,", level);
	char *all = oc_asprintf(", %.*s,", OC_FMT(levels));
	bool has = strstr(all, wanted) != NULL;

	free(wanted);
	free(all);
	return has;
}

static void set_level_wait(struct oc_command_ask *a, const char *level, struct oc_str levels)
{
	bool known = oc_thinking_level_valid(oc_str(level));

	if (!known || (!has_level(levels, level) && strcmp(level, "adaptive")))
		oc_command_say(
		    a, "Thinking level \"%.100s\" is not supported by this model. Levels: %.*s",
		    level, OC_FMT(levels));
	else if (oc_command_set_wait(a, "thinkingLevel", level))
		oc_command_say(a, "Thinking level set to %s.", level);
}

enum oc_rc oc_command_think(struct oc_command_ask *a)
{
	struct oc_str typed = oc_command_word(a);
	const char *now = oc_command_setting(a, "thinkingLevel");
	struct oc_selection s;
	struct oc_err e = { 0 };
	struct oc_buf levels;

	if (oc_command_model(a, &s, &e) != OC_OK) {
		oc_command_say(a, "No model: %s", e.msg);
		return OC_OK;
	}
	oc_buf_init(&levels, 256);
	levels_of(&s, &levels);
	if (!now) now = oc_thinking_default(&a->snapshot->config, s.model);
	if (!typed.n) {
		oc_command_say(a, "Thinking level: %s (%s)\nLevels: %s", now, s.key,
			       oc_buf_cstr(&levels));
	} else if (oc_str_ieq(typed, OC_LIT("default")) || oc_str_ieq(typed, OC_LIT("inherit"))) {
		if (oc_command_set_wait(a, "thinkingLevel", NULL))
			oc_command_say(a, "Thinking level: the configured one.");
	} else {
		char *level = lower(typed);

		set_level_wait(a, level, oc_buf_view(&levels));
		free(level);
	}
	oc_buf_deinit(&levels);
	oc_selection_deinit(&s);
	return OC_OK;
}

/* ---- /usage ---- */

static enum oc_rc say_cost_wait(struct oc_command_ask *a)
{
	struct oc_buf *out = &a->answer->text;

	oc_buf_adds(out, "Tokens of this session: ");
	oc_command_tokens(out, a->session.input_tokens);
	oc_buf_adds(out, " in, ");
	oc_command_tokens(out, a->session.output_tokens);
	oc_buf_adds(out, " out\n");
	return oc_command_say_cost_wait(a);
}

/* Without a word the footer goes from one form to the next. */
static const char *next_footer(const char *now)
{
	if (!now || !strcmp(now, "off")) return "tokens";
	return !strcmp(now, "tokens") ? "full" : "off";
}

enum oc_rc oc_command_usage(struct oc_command_ask *a)
{
	struct oc_str typed = oc_command_word(a);
	const char *now = oc_command_setting(a, "responseUsage");
	char *word = typed.n ? lower(typed) : oc_strdup(next_footer(now));

	enum oc_rc rc = OC_OK;

	if (!strcmp(word, "cost"))
		rc = say_cost_wait(a);
	else if (!one_of("off|tokens|full|on", oc_str(word)))
		oc_command_say(
		    a, "/usage does not know \"%.100s\". Options: off, tokens, full, cost", word);
	else if (oc_command_set_wait(a, "responseUsage", word))
		oc_command_say(a, "Usage footer: %s.", word);
	free(word);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

/* ---- /queue ---- */

/* "0.5s", "500ms", "500" */
static bool read_duration(struct oc_str s, int64_t *ms)
{
	char text[32], *end;
	double n;

	if (!s.n || s.n >= sizeof text || s.p[0] == '-') return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	n = strtod(text, &end);
	if (end == text || !(n >= 0 && n <= MAX_DEBOUNCE_MS)) return false;
	if (!strcmp(end, "s"))
		n *= 1000;
	else if (*end && strcmp(end, "ms"))
		return false;
	*ms = (int64_t)n;
	return *ms <= MAX_DEBOUNCE_MS;
}

static bool after(struct oc_str word, struct oc_str name, struct oc_str *value)
{
	*value = oc_str_from(word, name.n);
	return oc_str_istarts(word, name);
}

/* One word of /queue into the patch; false when it means nothing. */
static bool read_queue_word(struct oc_str word, json_t *patch)
{
	char *name = lower(word);
	enum oc_queue_mode mode;
	struct oc_str value;
	int64_t n;
	bool ok = true;

	if (oc_queue_mode_parse(name, &mode))
		oc_json_put(patch, "queueMode", json_string(oc_queue_mode_name(mode)));
	else if (!strcmp(name, "default") || !strcmp(name, "reset"))
		oc_json_put(patch, "queueMode", json_null());
	else if (after(word, OC_LIT("debounce:"), &value) && read_duration(value, &n))
		oc_json_put(patch, "queueDebounceMs", json_integer(n));
	else if (after(word, OC_LIT("cap:"), &value) && oc_parse_int(value, 1, MAX_CAP, &n))
		oc_json_put(patch, "queueCap", json_integer(n));
	else if (after(word, OC_LIT("drop:"), &value) && one_of("old|new|summarize", value))
		oc_json_put(patch, "queueDrop", oc_json_new_str(value));
	else
		ok = false;
	free(name);
	return ok;
}

static void show_queue(struct oc_command_ask *a)
{
	const char *mode = oc_command_setting(a, "queueMode");
	json_t *settings = a->session.settings;

	oc_command_say(a, "Queue: %s\n",
		       mode ? mode : "automatic (collect while the prompt is read, then steer)");
	oc_command_say(a, "Debounce: %lld ms, cap: %lld, drop: %s\n",
		       (long long)oc_json_int(settings, "queueDebounceMs", 500),
		       (long long)oc_json_int(settings, "queueCap", 20),
		       oc_json_cstr(settings, "queueDrop") ? oc_json_cstr(settings, "queueDrop")
							   : "summarize");
	oc_command_say(a,
		       "Use: `/queue steer|followup|collect|interrupt|default debounce:0.5s cap:20 "
		       "drop:old|new|summarize`");
}

enum oc_rc oc_command_queue(struct oc_command_ask *a)
{
	json_t *patch = json_object();
	struct oc_str word;

	while ((word = oc_command_word(a)).n) {
		if (read_queue_word(word, patch)) continue;
		oc_command_say(a, "/queue does not know \"%.*s\".\n",
			       OC_FMT(oc_str_head(word, 100)));
		json_decref(patch);
		show_queue(a);
		return OC_OK;
	}
	if (!json_object_size(patch)) {
		json_decref(patch);
		show_queue(a);
	} else if (oc_command_patch_wait(a, patch)) {
		oc_command_say(a, "Queue settings changed.");
	}
	return OC_OK;
}
