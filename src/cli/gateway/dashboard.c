/* `openclaw dashboard`: the address of the web page, with the token in its fragment for a person at
 * a terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/gateway/gateway_commands.h"
#include "cli/gateway/rpc_command.h"
#include "cli/print.h"
#include "rt/proc.h"

enum { OPEN_MS = 5000 };

const struct oc_option oc_dashboard_options[] = {
	OC_RPC_ADDRESS_OPTIONS,
	{ .name = "--no-open", .help = "Print the address only" },
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

/* The fragment never leaves the browser. */
static char *page_url(const struct oc_rpc_target *t, bool with_secret)
{
	struct oc_buf url;

	oc_buf_init(&url, 8192);
	oc_buf_addf(&url, "%s/", t->http);
	if (with_secret && t->secret) {
		oc_buf_addf(&url, "#%s=", t->password ? "password" : "token");
		for (const unsigned char *c = (const unsigned char *)t->secret; *c; c++) {
			bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
				     (*c >= '0' && *c <= '9') || strchr("-_.~", *c);
			if (plain)
				oc_buf_addc(&url, (char)*c);
			else
				oc_buf_addf(&url, "%%%02X", *c);
		}
	}
	return oc_buf_take(&url);
}

/* A browser of this desktop; over ssh there is none. */
static bool open_wait(const char *url)
{
#ifdef __APPLE__
	char program[] = "open";
#else
	char program[] = "xdg-open";
#endif
	static const char *const wanted[] = { "PATH",
					      "HOME",
					      "DISPLAY",
					      "WAYLAND_DISPLAY",
					      "XDG_RUNTIME_DIR",
					      "DBUS_SESSION_BUS_ADDRESS",
					      "XAUTHORITY",
					      "BROWSER" };
	struct oc_strv env = { 0 };
	struct oc_proc_result r = { 0 };
	char *copy = oc_strdup(url);
	char *const args[] = { program, copy, NULL };
	bool desktop = getenv("DISPLAY") || getenv("WAYLAND_DISPLAY");
#ifdef __APPLE__
	desktop = !getenv("SSH_CONNECTION");
#endif
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		if (getenv(wanted[i])) oc_strv_addf(&env, "%s=%s", wanted[i], getenv(wanted[i]));
	const struct oc_proc_spec spec = { .file = program, .args = args, .env = env.v };
	struct oc_err e = { 0 };
	bool ok = desktop && env.n &&
		  oc_proc_run_wait(&spec, oc_deadline_in(OPEN_MS), &r, &e) == OC_OK &&
		  r.exit_code == 0;
	oc_proc_result_deinit(&r);
	oc_strv_deinit(&env);
	oc_free_secret(copy);
	return ok;
}

static int show_wait(const struct oc_rpc_target *t, const struct oc_args *a)
{
	bool person = isatty(STDOUT_FILENO);
	char *url = page_url(t, false), *full = page_url(t, true);

	if (oc_args_has(a, "--json")) {
		json_t *doc = json_pack("{s:s,s:b}", "url", url, "tokenNeeded", t->secret != NULL);
		oc_print_json(doc);
		json_decref(doc);
	} else {
		printf("Dashboard: %s\n", person ? full : url);
		if (t->secret && !person)
			fputs("The page asks for the gateway's token: openclaw gateway auth-token "
			      "--show, on a terminal.\n",
			      stderr);
		if (person && !oc_args_has(a, "--no-open") && open_wait(full))
			puts("Opened in the browser.");
	}
	free(url);
	oc_free_secret(full);
	return 0;
}

int oc_cmd_dashboard(struct oc_args *a)
{
	struct oc_rpc_command c;
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_rpc_command_init(&c, a, OC_RPC_TIMEOUT_MS, &e);
	int exit_code = rc ? oc_rpc_failed(rc, &e) : show_wait(&c.target, a);

	oc_rpc_command_deinit_wait(&c);
	return exit_code;
}
