/* Jobs that run a command and need no model: what the sandbox and the policy of exec allow. */
#include <ctype.h>
#include <math.h>
#include <regex.h>
#include <stdlib.h>

#include "agent/cron/cron_run.h"
#include "agent/run/settings.h"
#include "base/mem.h"
#include "rt/file.h"
#include "tool/settings.h"

enum {
	LIMIT_S = 600, /* spec 03 §8.1 */
	RESULT_CHARS = 16000,
	LOOKED_AT =
	    16384, /* bytes of output that a condition sees: no expression takes long then */
	MAX_REGEX = 200,
	MAX_COMMAND = 16384,
	MAX_ARGS = 200
};

/* ---- conditions ---- */

/* Numbers behind a backslash make matching take for ever. */
static bool has_back_reference(struct oc_str s)
{
	for (size_t i = 0; i + 1 < s.n; i++)
		if (s.p[i] == '\\' && s.p[++i] >= '0' && s.p[i] <= '9') return true;
	return false;
}

static enum oc_rc compile(const char *pattern, regex_t *out, struct oc_err *e)
{
	char why[160];
	int rc;

	if (strlen(pattern) > MAX_REGEX || has_back_reference(oc_str(pattern)))
		return oc_fail(e, OC_E_INPUT,
			       "payload.condition.regex: at most %d characters, and no \\1",
			       MAX_REGEX);
	rc = regcomp(out, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
	if (!rc) return OC_OK;
	regerror(rc, out, why, sizeof why);
	return oc_fail(e, OC_E_INPUT, "payload.condition.regex: %s", why);
}

static bool matches(const char *pattern, const char *text)
{
	regex_t re;
	bool yes;

	if (compile(pattern, &re, NULL) != OC_OK) return false;
	yes = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return yes;
}

/* The first number of a text: "load: -1.5". */
static bool first_number(const char *text, double *out)
{
	for (const char *p = text; *p; p++) {
		bool sign = (*p == '-' || *p == '+') && p[1] >= '0' && p[1] <= '9' &&
			    (p == text || !isalnum((unsigned char)p[-1])); /* not of "x-3" */
		char *end;

		if (!sign && !(*p >= '0' && *p <= '9')) continue;
		*out = strtod(p, &end);
		return end > p && isfinite(*out);
	}
	return false;
}

static bool is_on_side(const json_t *condition, const char *text)
{
	const json_t *above = json_object_get(condition, "above"),
		     *below = json_object_get(condition, "below");
	double n;

	if (!json_is_number(above) && !json_is_number(below)) return true;
	if (!first_number(text, &n)) return false;
	if (json_is_number(above) && !(n > json_number_value(above))) return false;
	return !json_is_number(below) || n < json_number_value(below);
}

bool oc_cron_condition_holds(const json_t *condition, struct oc_str output)
{
	const char *regex = oc_json_cstr(condition, "regex");
	char *text;
	bool holds;

	if (!condition) return true;
	text = oc_strndup(output.p ? output.p : "", output.n < LOOKED_AT ? output.n : LOOKED_AT);
	holds = is_on_side(condition, text) && (!regex || matches(regex, text));
	free(text);
	return holds;
}

static enum oc_rc check_condition(const json_t *condition, struct oc_err *e)
{
	static const char *const numbers[] = { "above", "below" };
	const json_t *regex = json_object_get(condition, "regex");
	bool any = regex != NULL;
	regex_t re;
	enum oc_rc rc;

	if (!condition) return OC_OK;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		const json_t *v = json_object_get(condition, numbers[i]);

		any = any || v;
		if (v && !json_is_number(v))
			return oc_fail(e, OC_E_INPUT, "payload.condition.%s has to be a number",
				       numbers[i]);
	}
	if (!any)
		return oc_fail(e, OC_E_INPUT,
			       "payload.condition has to have regex, above or below");
	if (!regex) return OC_OK;
	if (!json_is_string(regex))
		return oc_fail(e, OC_E_INPUT, "payload.condition.regex has to be a text");
	rc = compile(json_string_value(regex), &re, e);
	if (!rc) regfree(&re);
	return rc;
}

/* ---- the command ---- */

static void add_quoted(struct oc_str word, struct oc_buf *out)
{
	oc_buf_adds(out, out->n ? " '" : "'");
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '\'')
			oc_buf_adds(out, "'\\''");
		else
			oc_buf_addc(out, word.p[i]);
	}
	oc_buf_addc(out, '\'');
}

/* payload.command, or payload.argv in quotes; "sh -c TEXT" is TEXT. */
static void command_text(const json_t *payload, struct oc_buf *out)
{
	const json_t *argv = json_object_get(payload, "argv"), *word;
	struct oc_str command = oc_json_str(payload, "command"),
		      shell = oc_json_text(json_array_get(argv, 0)),
		      flag = oc_json_text(json_array_get(argv, 1));
	size_t i;

	if (command.n) {
		oc_buf_add(out, command);
		return;
	}
	if (json_array_size(argv) == 3 && oc_str_ends(shell, OC_LIT("sh")) &&
	    (oc_str_eq(flag, OC_LIT("-c")) || oc_str_eq(flag, OC_LIT("-lc")))) {
		oc_buf_add(out, oc_json_text(json_array_get(argv, 2)));
		return;
	}
	json_array_foreach (argv, i, word) add_quoted(oc_json_text(word), out);
}

enum oc_rc oc_cron_command_check(const json_t *payload, struct oc_err *e)
{
	const json_t *argv = json_object_get(payload, "argv"), *word;
	struct oc_str command = oc_json_str(payload, "command");
	size_t i;

	if (argv && (!json_is_array(argv) || json_array_size(argv) > MAX_ARGS))
		return oc_fail(e, OC_E_INPUT, "payload.argv has to be a list of at most %d texts",
			       MAX_ARGS);
	json_array_foreach (argv, i, word)
		if (!json_is_string(word))
			return oc_fail(e, OC_E_INPUT, "payload.argv[%zu] has to be a text", i);
	if (!oc_str_trim(command).n && !json_array_size(argv))
		return oc_fail(e, OC_E_INPUT, "payload.command is missing");
	if (command.n > MAX_COMMAND)
		return oc_fail(e, OC_E_INPUT, "payload.command is longer than %d bytes",
			       MAX_COMMAND);
	return check_condition(json_object_get(payload, "condition"), e);
}

static json_t *exec_args(const json_t *payload)
{
	int64_t limit = oc_json_positive(payload, "timeoutSeconds");
	const char *cwd = oc_json_cstr(payload, "cwd");
	struct oc_buf command;
	json_t *args = json_object();

	oc_buf_init(&command, 4 * MAX_COMMAND * MAX_ARGS);
	command_text(payload, &command);
	oc_json_put(args, "command", oc_json_new_str(oc_buf_view(&command)));
	oc_json_put(args, "timeout", json_integer(limit && limit < LIMIT_S ? limit : LIMIT_S));
	if (cwd) oc_json_put(args, "workdir", json_string(cwd));
	oc_buf_deinit(&command);
	return args;
}

/* ---- what it printed ---- */

/* People read it, so the marks for models go: the first and the last line. */
static struct oc_str without_marks(struct oc_str text, bool marked)
{
	size_t end, lf;

	if (!marked || !oc_str_starts(text, OC_LIT("<<UNTRUSTED "))) return text;
	lf = oc_str_find(text, OC_LIT("\n"), 0);
	text = lf == SIZE_MAX ? text : oc_str_from(text, lf + 1);
	for (end = text.n; end > 0 && text.p[end - 1] != '\n';) end--;
	return oc_str_starts(oc_str_from(text, end), OC_LIT("<</UNTRUSTED"))
		   ? oc_str_trim(oc_str_head(text, end))
		   : text;
}

static enum oc_rc take_result(const json_t *payload, const struct oc_tool_result *r, char **text,
			      struct oc_err *e)
{
	struct oc_str said = without_marks(oc_buf_view(&r->text), r->untrusted != NULL);
	struct oc_str own = oc_str_trim(oc_json_str(payload, "text"));

	if (r->is_error || !r->has_exit_code)
		return oc_fail(e, OC_E_UPSTREAM, "%.*s", OC_FMT(said));
	if (r->exit_code)
		return oc_fail(e, OC_E_UPSTREAM, "exit code %d: %.*s", r->exit_code, OC_FMT(said));
	if (oc_str_eq(said, OC_LIT("(no output)"))) said = OC_LIT("");
	if (!oc_cron_condition_holds(json_object_get(payload, "condition"), said)) return OC_OK;
	if (own.n) said = own;
	if (oc_str_trim(said).n) *text = oc_strndup(said.p, said.n);
	return OC_OK;
}

/* Nobody is here to be asked: what needs a question is refused. */
static enum oc_rc run_wait(const struct oc_cron_work *w, const struct oc_snapshot *snapshot,
			   const struct oc_agent_settings *settings, struct oc_tool_result *out)
{
	struct oc_tool_context ctx = { .workspace = settings->workspace,
				       .state_dir = snapshot->config.paths.state_dir,
				       .run_id = w->run_id,
				       .max_result_chars = RESULT_CHARS,
				       .exec_mode = settings->exec_mode };
	json_t *args = exec_args(json_object_get(w->job, "payload"));
	char *text = oc_json_compact(args);
	struct oc_tool_settings tools;
	struct oc_tool_call call = { .id = (char *)(uintptr_t)w->run_id,
				     .name = (char *)(uintptr_t) "exec",
				     .arguments = text,
				     .args = args,
				     .valid = true };
	enum oc_rc rc;

	oc_tool_settings_init(&tools, &snapshot->config, settings->entry, NULL, NULL);
	oc_tool_settings_apply(&tools, &ctx);
	rc = oc_tool_run_wait(&ctx, &call, out);
	oc_tool_settings_deinit(&tools);
	json_decref(args);
	free(text);
	return rc;
}

enum oc_rc oc_cron_command_wait(const struct oc_cron_work *w, char **text, bool *foreign,
				struct oc_err *e)
{
	struct oc_snapshot *snapshot = w->spec->snapshot(w->spec->arg);
	struct oc_agent_settings settings;
	struct oc_tool_result result;
	enum oc_rc rc = oc_agent_settings_init(&settings, &snapshot->config,
					       oc_json_cstr(w->job, "agentId"), e);

	if (!rc) {
		rc = oc_mkdirs(settings.workspace, e);
		if (!rc) {
			rc = run_wait(w, snapshot, &settings, &result);
			*foreign = result.untrusted != NULL;
			if (!rc)
				rc = take_result(json_object_get(w->job, "payload"), &result, text,
						 e);
			oc_tool_result_deinit(&result);
		}
		oc_agent_settings_deinit(&settings);
	}
	oc_snapshot_unref(snapshot);
	return rc;
}
