/* `openclaw security audit`: what is open to whom. */
#include "cli/doctor/audit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/visible.h"
#include "cli/doctor/file_modes.h"
#include "cli/gateway/gateway_commands.h"
#include "cli/gateway/rpc_client.h"
#include "cli/print.h"

enum { MAX_DETAIL = 800, DEEP_MS = 5000 };

static const char *const levels[] = { "info", "warn", "critical" };

void oc_audit_find(struct oc_audit *a, const char *id, enum oc_audit_level level, const char *title,
		   const char *remedy, const char *fmt, ...)
{
	char detail[MAX_DETAIL];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof detail, fmt, ap);
	va_end(ap);
	json_t *f = json_pack("{s:s,s:s,s:s,s:o}", "checkId", id, "severity", levels[level],
			      "title", title, "detail", oc_json_new_str(oc_str(detail)));
	if (remedy) oc_json_put(f, "remediation", oc_json_new_str(oc_str(remedy)));
	json_array_append_new(a->findings, f);
	a->count[level]++;
}

/* ---- files ---- */

static void audit_file(struct oc_audit *a, struct oc_private_file *f)
{
	char id[64];
	struct oc_err e = { 0 };
	bool writable = f->mode & 022;

	if (!oc_private_file_open(f)) return;
	if (a->fix && oc_private_file_close(f, &e) == OC_OK) {
		oc_visible_printf(stderr, "fixed: %s has mode %03o now\n", f->path, f->mode);
		return;
	}
	snprintf(id, sizeof id, "fs.%s.perms", f->name);
	char *remedy = oc_asprintf("chmod %03o %s", f->want, f->path);
	oc_audit_find(a, id, writable ? OC_AUDIT_CRITICAL : OC_AUDIT_WARN,
		      writable ? "Others can change the agent's files"
			       : "Others can read the agent's files",
		      remedy, "%s has mode %03o", f->path, f->mode);
	free(remedy);
}

static void audit_files(struct oc_audit *a)
{
	struct oc_private_files files;

	oc_private_files_find(a->config, &files);
	for (size_t i = 0; i < files.n; i++) audit_file(a, &files.v[i]);
	oc_private_files_deinit(&files);
}

/* ---- the running gateway ---- */

/* Does it let somebody in who shows nothing? */
static enum oc_rc audit_running_wait(struct oc_audit *a, const struct oc_args *args)
{
	static const struct oc_rpc_hello hello = { 0 };
	struct oc_rpc_target t;
	struct oc_rpc_client *client = NULL;
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_rpc_target_init(&t, args, a->config, &e);

	oc_free_secret(t.secret);
	t.secret = NULL;
	if (!rc) rc = oc_rpc_connect_wait(&t, &hello, oc_deadline_in(DEEP_MS), &client, &e);
	if (!rc)
		oc_audit_find(a, "gateway.running_without_auth", OC_AUDIT_WARN,
			      "The running gateway lets everybody of this machine in",
			      "set gateway.auth.mode to token and restart it",
			      "%s accepted a connection without a secret", t.url);
	else if (rc == OC_E_UPSTREAM)
		oc_audit_find(a, "gateway.not_running", OC_AUDIT_INFO, "No gateway was looked at",
			      NULL, "none answers at %s", t.url);
	oc_rpc_close_wait(client);
	oc_rpc_target_deinit(&t);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

/* ---- the report ---- */

static void print_finding(const json_t *f)
{
	static const char *const colours[] = { "\033[2m", "\033[33m", "\033[1;31m" };
	const char *level = oc_json_cstr(f, "severity"), *remedy = oc_json_cstr(f, "remediation");
	size_t at = 0;
	bool colour = oc_print_colour();

	while (at < 2 && strcmp(levels[at], level) != 0) at++;
	printf("%s%-8s%s ", colour ? colours[at] : "", level, colour ? "\033[0m" : "");
	oc_visible_printf(stdout, "%s\n         %s\n", oc_json_cstr(f, "title"),
			  oc_json_cstr(f, "detail"));
	if (remedy) oc_visible_printf(stdout, "         → %s\n", remedy);
}

static void print_report(const struct oc_audit *a, bool json)
{
	const json_t *f;
	size_t i;

	if (json) {
		json_t *doc = json_pack("{s:I,s:{s:i,s:i,s:i},s:O}", "ts", (json_int_t)oc_wall_ms(),
					"summary", "critical", (int)a->count[OC_AUDIT_CRITICAL],
					"warn", (int)a->count[OC_AUDIT_WARN], "info",
					(int)a->count[OC_AUDIT_INFO], "findings", a->findings);
		oc_print_json(doc);
		json_decref(doc);
		return;
	}
	json_array_foreach (a->findings, i, f) print_finding(f);
	printf("%u critical, %u warnings, %u notes\n", a->count[OC_AUDIT_CRITICAL],
	       a->count[OC_AUDIT_WARN], a->count[OC_AUDIT_INFO]);
}

static const struct oc_option audit_options[] = {
	{ .name = "--deep", .help = "Try the running gateway as well" },
	{ .name = "--fix", .help = "Take the rights of others away from the state files" },
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

static int audit(struct oc_args *args)
{
	struct oc_config config;
	struct oc_err e = { 0 };
	struct oc_audit a = { .config = &config, .fix = oc_args_has(args, "--fix") };
	enum oc_rc rc = oc_config_load(&config, &e);

	if (rc) {
		oc_config_deinit(&config);
		return oc_error("%s", e.msg);
	}
	a.findings = json_array();
	audit_files(&a);
	oc_audit_config(&a);
	if (oc_args_has(args, "--deep")) rc = audit_running_wait(&a, args);
	if (!rc) print_report(&a, oc_args_has(args, "--json"));
	json_decref(a.findings);
	oc_config_deinit(&config);
	return rc ? 130 : 0;
}

const struct oc_command oc_security_commands[] = {
	{ .name = "audit",
	  .help = "List what is open to whom, and the remedies",
	  .run = audit,
	  .options = audit_options },
	{ 0 },
};
