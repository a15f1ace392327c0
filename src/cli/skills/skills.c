/* `openclaw skills`: what there is, what one is about, what is missing. Reads files alone: no
 * gateway is needed. */
#include "cli/skills/skills_cli.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/skill/skills.h"
#include "base/visible.h"
#include "cli/command.h"
#include "cli/print.h"
#include "cli/table.h"

enum { ABOUT_BYTES = 60, SENTENCE_BYTES = 2000 };

struct skills_cli {
	struct oc_config config;
	struct oc_skills skills;
	const char *agent;
};

/* False: it was said why. Close in every case. */
static bool open_wait(const struct oc_args *a, struct skills_cli *c)
{
	struct oc_err e = { 0 };

	*c = (struct skills_cli){ .agent = oc_args_get(a, "--agent") };
	if (!c->agent) c->agent = "main";
	if (oc_config_load(&c->config, &e) == OC_OK) {
		if (oc_config_require(&c->config) != OC_OK) return false;
		if (oc_skills_of_wait(&c->config, c->agent, &c->skills, &e) == OC_OK) return true;
	}
	oc_error("%s", e.msg);
	return false;
}

static void close_cli(struct skills_cli *c)
{
	oc_skills_deinit(&c->skills);
	oc_config_deinit(&c->config);
}

static void print_problems(const struct skills_cli *c)
{
	for (size_t i = 0; i < c->skills.scan.problems.n; i++)
		oc_print_warning(c->skills.scan.problems.v[i]);
}

static const char *state_of(const struct oc_skill *s)
{
	if (s->disabled) return "disabled";
	if (s->filtered) return "not for this agent";
	return s->eligible ? "ready" : "needs setup";
}

static void print_line(const char *label, const char *value)
{
	oc_visible_printf(stdout, "  %s: %s\n", label, value);
}

/* ---- list ---- */

static size_t count(const struct oc_skills *s, bool (*has)(const struct oc_skill *s))
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) n += has(&s->v[i]);
	return n;
}

static bool is_ready(const struct oc_skill *s)
{
	return s->eligible;
}

static json_t *list_json(const struct skills_cli *c, bool only_ready)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < c->skills.n; i++)
		if (!only_ready || c->skills.v[i].eligible)
			json_array_append_new(rows, oc_skill_row(&c->skills.v[i]));
	return json_pack("{s:s,s:s,s:o}", "workspaceDir", c->skills.workspace, "managedSkillsDir",
			 c->skills.managed, "skills", rows);
}

static void add_row(struct oc_table *t, const struct oc_skill *s, bool verbose)
{
	struct oc_buf text;

	oc_buf_init(&text, 4 * SENTENCE_BYTES);
	oc_table_add(t, state_of(s));
	oc_table_add(t, s->found->name);
	oc_skill_about(s, ABOUT_BYTES, &text);
	oc_table_add(t, oc_buf_cstr(&text));
	oc_table_add(t, s->found->source);
	if (verbose) {
		oc_buf_clear(&text);
		oc_skill_missing_text(s, &text);
		oc_table_add(t, oc_buf_cstr(&text));
	}
	oc_buf_deinit(&text);
}

static void print_list(const struct skills_cli *c, bool only_ready, bool verbose)
{
	static const char *const titles[] = { "Status", "Skill", "Description", "Source", NULL };
	static const char *const more[] = { "Status", "Skill",	 "Description",
					    "Source", "Missing", NULL };
	struct oc_table t;

	if (!c->skills.n) {
		puts("No skills. Make one: a folder with a SKILL.md in the workspace's skills/.");
		return;
	}
	printf("Skills (%zu/%zu ready)\n", count(&c->skills, is_ready), c->skills.n);
	oc_table_init(&t, verbose ? more : titles);
	for (size_t i = 0; i < c->skills.n; i++)
		if (!only_ready || c->skills.v[i].eligible) add_row(&t, &c->skills.v[i], verbose);
	oc_table_print(&t);
	oc_table_deinit(&t);
}

static int list_wait(struct oc_args *a)
{
	struct skills_cli c;
	bool ok = open_wait(a, &c), only_ready = oc_args_has(a, "--eligible");

	if (ok && oc_args_has(a, "--json")) {
		json_t *doc = list_json(&c, only_ready);

		oc_print_json(doc);
		json_decref(doc);
	} else if (ok) {
		print_list(&c, only_ready, oc_args_has(a, "--verbose"));
		print_problems(&c);
	}
	close_cli(&c);
	return !ok;
}

/* ---- info ---- */

static void print_details(const struct oc_skill *s)
{
	const char *homepage = oc_skill_fact(s, "homepage"), *env = oc_skill_fact(s, "primaryEnv");
	struct oc_buf text;

	oc_buf_init(&text, 4 * SENTENCE_BYTES);
	oc_skill_about(s, SENTENCE_BYTES, &text);
	printf("%s (%s)\n\n", s->found->name, state_of(s));
	oc_print_text(oc_buf_view(&text));
	puts("\nDetails:");
	print_line("Source", s->found->source);
	print_line("Path", s->found->file);
	if (homepage) print_line("Homepage", homepage);
	print_line("Visible to model", oc_skill_is_shown(s) ? "yes" : "no");
	print_line("Available as command", oc_skill_is_command(s) ? "yes" : "no");
	if (env) print_line("Primary env", env);
	oc_buf_clear(&text);
	oc_skill_missing_text(s, &text);
	if (text.n) print_line("Missing", oc_buf_cstr(&text));
	if (s->disabled)
		printf("\nSwitch it on with: openclaw config set skills.entries.%s.enabled true\n",
		       s->key);
	oc_buf_deinit(&text);
}

static int info_wait(struct oc_args *a)
{
	const char *name = oc_args_pos(a, 0);
	const struct oc_skill *s;
	struct skills_cli c;
	int exit_code = 1;

	if (!name || oc_args_n(a) != 1) return oc_usage_error(a, "expected the name of one skill");
	if (open_wait(a, &c)) {
		s = oc_skills_get(&c.skills, oc_str(name));
		exit_code = !s;
		if (!s) {
			oc_error(
			    "Skill \"%s\" not found. Run `openclaw skills list` to see available "
			    "skills.",
			    name);
		} else if (oc_args_has(a, "--json")) {
			json_t *doc = oc_skill_details(s);

			oc_print_json(doc);
			json_decref(doc);
		} else {
			print_details(s);
		}
	}
	close_cli(&c);
	return exit_code;
}

/* ---- check ---- */

static bool is_disabled(const struct oc_skill *s)
{
	return s->disabled;
}

static bool is_filtered(const struct oc_skill *s)
{
	return s->eligible && s->filtered;
}

static bool is_hidden(const struct oc_skill *s)
{
	return s->eligible && !s->filtered && !oc_skill_is_shown(s);
}

static bool lacks_something(const struct oc_skill *s)
{
	return !s->eligible && !s->disabled;
}

/* Sorted into heaps; the names of the document, and of its lists where they hold plain names. */
static const struct heap {
	const char *title, *counted, *list;
	bool (*has)(const struct oc_skill *s);
} heaps[] = {
	{ "Eligible", "eligible", "eligible", is_ready },
	{ "Visible to model", "modelVisible", "modelVisible", oc_skill_is_shown },
	{ "Available as command", "commandVisible", "commandVisible", oc_skill_is_command },
	{ "Disabled", "disabled", "disabled", is_disabled },
	{ "Excluded by the agent's list", "agentFiltered", "agentFiltered", is_filtered },
	{ "Ready but hidden from the model", "notInjected", NULL, is_hidden },
	{ "Missing requirements", "missingRequirements", NULL, lacks_something },
};
enum { N_HEAPS = sizeof heaps / sizeof *heaps };

static json_t *names_of(const struct oc_skills *s, const struct heap *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n; i++) {
		const char *name = s->v[i].found->name;

		if (!h->has(&s->v[i])) continue;
		json_array_append_new(list, h->list ? json_string(name)
					    : h->has == is_hidden
						? json_pack("{s:s,s:s}", "name", name, "reason",
							    "disable-model-invocation")
						: json_pack("{s:s,s:O,s:[]}", "name", name,
							    "missing", s->v[i].missing, "install"));
	}
	return list;
}

static json_t *check_json(const struct skills_cli *c)
{
	json_t *doc = json_object(), *summary = json_object();

	oc_json_put(doc, "agentId", json_string(c->agent));
	oc_json_put(doc, "workspaceDir", json_string(c->skills.workspace));
	oc_json_put(doc, "managedSkillsDir", json_string(c->skills.managed));
	oc_json_put(summary, "total", json_integer((json_int_t)c->skills.n));
	for (size_t i = 0; i < N_HEAPS; i++)
		oc_json_put(summary, heaps[i].counted,
			    json_integer((json_int_t)count(&c->skills, heaps[i].has)));
	oc_json_put(summary, "blocked", json_integer(0));
	oc_json_put(doc, "summary", summary);
	for (size_t i = 0; i < N_HEAPS; i++)
		oc_json_put(doc, heaps[i].counted, names_of(&c->skills, &heaps[i]));
	oc_json_put(doc, "blocked", json_array());
	return doc;
}

static void print_names(const struct skills_cli *c, const char *title,
			bool (*has)(const struct oc_skill *s))
{
	if (!count(&c->skills, has)) return;
	printf("\n%s:\n", title);
	for (size_t i = 0; i < c->skills.n; i++) {
		struct oc_buf missing;

		if (!has(&c->skills.v[i])) continue;
		oc_buf_init(&missing, 1000);
		oc_skill_missing_text(&c->skills.v[i], &missing);
		oc_visible_printf(stdout, missing.n ? "  %s (%s)\n" : "  %s%s\n",
				  c->skills.v[i].found->name, oc_buf_cstr(&missing));
		oc_buf_deinit(&missing);
	}
}

static void print_check(const struct skills_cli *c)
{
	printf("Agent: %s\nTotal: %zu\n", c->agent, c->skills.n);
	for (size_t i = 0; i < N_HEAPS; i++)
		printf("%s: %zu\n", heaps[i].title, count(&c->skills, heaps[i].has));
	print_names(c, "Ready and visible to the model", oc_skill_is_shown);
	print_names(c, "Ready but hidden from the model", is_hidden);
	print_names(c, "Missing requirements", lacks_something);
}

static int check_wait(struct oc_args *a)
{
	struct skills_cli c;
	bool ok = open_wait(a, &c);

	if (ok && oc_args_has(a, "--json")) {
		json_t *doc = check_json(&c);

		oc_print_json(doc);
		json_decref(doc);
	} else if (ok) {
		print_check(&c);
		print_problems(&c);
	}
	close_cli(&c);
	return !ok;
}

/* ---- the table ---- */

#define SHARED                                                                                     \
	{ .name = "--agent", .value = "<id>", .help = "Skills of this agent (main)" },             \
	{                                                                                          \
		.name = "--json", .help = "Print one JSON document"                                \
	}

const struct oc_option oc_skills_list_options[] = {
	SHARED,
	{ .name = "--eligible", .help = "Only those that are ready" },
	{ .name = "--verbose", .short_name = 'v', .help = "Also what is missing" },
	{ 0 },
};
static const struct oc_option shared_options[] = { SHARED, { 0 } };

int oc_cmd_skills_list(struct oc_args *a)
{
	return list_wait(a);
}

const struct oc_command oc_skills_commands[] = {
	{ .name = "list",
	  .help = "All skills and whether they are ready",
	  .run = list_wait,
	  .options = oc_skills_list_options },
	{ .name = "info",
	  .usage = "<name>",
	  .help = "One skill: where it is, what it needs",
	  .run = info_wait,
	  .options = shared_options },
	{ .name = "check",
	  .help = "Which skills are ready, visible, or lack something",
	  .run = check_wait,
	  .options = shared_options },
	{ 0 },
};
