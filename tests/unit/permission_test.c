/* What is run, asked or denied, over every combination that matters. */
#include "check.h"

#include <stdio.h>

#include "tool/sandbox/permission.h"

/* Facts as letters: s = the sandbox works, l = on the list, r = only looks, o = wants out, n =
 * wants the network, t = tainted. */
static const struct {
	const char *mode;
	enum oc_permission permission;
	const char *facts, *want;
} commands[] = {
	{ "auto", OC_PERMISSION_DEFAULT, "s", "sandbox" },
	{ NULL, OC_PERMISSION_DEFAULT, "s", "sandbox" },
	{ "auto", OC_PERMISSION_DEFAULT, "", "ask host" },
	{ "auto", OC_PERMISSION_DEFAULT, "lr", "ask host" },
	{ "auto", OC_PERMISSION_DEFAULT, "so", "ask host" },
	{ "auto", OC_PERMISSION_DEFAULT, "sn", "ask sandbox net" },
	{ "auto", OC_PERMISSION_DEFAULT, "son", "ask host" },
	{ "auto", OC_PERMISSION_DEFAULT, "st", "sandbox" },
	{ "auto", OC_PERMISSION_FULL, "s", "sandbox" },
	{ "auto", OC_PERMISSION_WORKSPACE, "s", "sandbox" },
	{ "full", OC_PERMISSION_DEFAULT, "", "host" },
	{ "full", OC_PERMISSION_DEFAULT, "son", "host" },
	{ "full", OC_PERMISSION_DEFAULT, "t", "host" },
	{ "full", OC_PERMISSION_FULL, "s", "host" },
	{ "full", OC_PERMISSION_WORKSPACE, "s", "sandbox" },
	{ "full", OC_PERMISSION_WORKSPACE, "", "ask host" },
	{ "full", OC_PERMISSION_GUARDED, "s", "ask sandbox" },
	{ "full", OC_PERMISSION_READ_ONLY, "s", "read-only" },
	{ "full", OC_PERMISSION_READ_ONLY, "", "deny" },
	{ "ask", OC_PERMISSION_DEFAULT, "s", "ask host" },
	{ "ask", OC_PERMISSION_FULL, "sl", "ask host" },
	{ "ask", OC_PERMISSION_READ_ONLY, "s", "ask read-only" },
	{ "sometimes", OC_PERMISSION_DEFAULT, "sl", "ask host" },
	{ "allowlist", OC_PERMISSION_DEFAULT, "s", "ask host" },
	{ "allowlist", OC_PERMISSION_DEFAULT, "sl", "host" },
	{ "allowlist", OC_PERMISSION_DEFAULT, "slt", "ask host" },
	{ "allowlist", OC_PERMISSION_DEFAULT, "slrt", "host" },
	{ "allowlist", OC_PERMISSION_WORKSPACE, "sl", "sandbox" },
	{ "allowlist", OC_PERMISSION_GUARDED, "sl", "ask host" },
	{ "allowlist", OC_PERMISSION_READ_ONLY, "s", "ask read-only" },
	{ "allowlist", OC_PERMISSION_READ_ONLY, "sl", "read-only" },
	{ "auto", OC_PERMISSION_GUARDED, "s", "ask sandbox" },
	{ "auto", OC_PERMISSION_GUARDED, "", "ask host" },
	{ "auto", OC_PERMISSION_READ_ONLY, "s", "read-only" },
	{ "auto", OC_PERMISSION_READ_ONLY, "so", "deny" },
	{ "auto", OC_PERMISSION_READ_ONLY, "sn", "deny" },
	{ "deny", OC_PERMISSION_DEFAULT, "sl", "deny" },
	{ "deny", OC_PERMISSION_FULL, "sl", "deny" },
	{ "deny", OC_PERMISSION_READ_ONLY, "s", "deny" },
};

static void describe(const struct oc_exec_ruling *r, char *out, size_t n)
{
	static const char *const where[] = { "deny", "host", "sandbox", "read-only" };

	snprintf(out, n, "%s%s%s", r->ask ? "ask " : "", where[r->where], r->network ? " net" : "");
}

static void the_stricter_of_mode_and_session_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		const char *facts = commands[i].facts;
		const struct oc_exec_facts f = { .mode = commands[i].mode,
						 .permission = commands[i].permission,
						 .sandbox = strchr(facts, 's') != NULL,
						 .allowlisted = strchr(facts, 'l') != NULL,
						 .read_only = strchr(facts, 'r') != NULL,
						 .wants_out = strchr(facts, 'o') != NULL,
						 .wants_net = strchr(facts, 'n') != NULL,
						 .tainted = strchr(facts, 't') != NULL };
		struct oc_exec_ruling r = oc_exec_rule(&f);
		char got[40];

		describe(&r, got, sizeof got);
		if (strcmp(got, commands[i].want) != 0)
			fail_msg("row %zu: %s %s: %s, not %s", i,
				 commands[i].mode ? commands[i].mode : "-", facts, got,
				 commands[i].want);
		assert_true(r.why || (!r.ask && r.where != OC_EXEC_DENY));
	}
}

/* No permission of a session makes a command freer than the configuration does. */
static void a_session_never_loosens_the_configuration(void **state)
{
	static const char *const modes[] = { "deny", "ask", "allowlist", "auto", "full" };

	(void)state;
	for (unsigned bits = 0; bits < 64; bits++)
		for (size_t m = 0; m < 5; m++)
			for (int p = OC_PERMISSION_READ_ONLY; p <= OC_PERMISSION_FULL; p++) {
				struct oc_exec_facts f = { .mode = modes[m],
							   .sandbox = bits & 1,
							   .allowlisted = bits & 2,
							   .read_only = bits & 4,
							   .wants_out = bits & 8,
							   .wants_net = bits & 16,
							   .tainted = bits & 32 };
				struct oc_exec_ruling plain = oc_exec_rule(&f), bound;

				f.permission = (enum oc_permission)p;
				bound = oc_exec_rule(&f);
				if (plain.where == OC_EXEC_DENY)
					assert_int_equal(bound.where, OC_EXEC_DENY);
				if (bound.where == OC_EXEC_HOST && !bound.ask)
					assert_true(plain.where == OC_EXEC_HOST && !plain.ask);
				if (p == OC_PERMISSION_READ_ONLY)
					assert_true(bound.where == OC_EXEC_DENY ||
						    bound.where == OC_EXEC_SANDBOX_READ_ONLY);
				if (p == OC_PERMISSION_GUARDED && bound.where != OC_EXEC_DENY)
					assert_true(bound.ask);
			}
}

/* w = write, i = inside, o = a file of the program, k = workspace only, t = tainted. */
static const struct {
	const char *mode;
	enum oc_permission permission;
	const char *facts;
	enum oc_file_ruling want;
} files[] = {
	{ "auto", OC_PERMISSION_DEFAULT, "i", OC_FILE_FREE },
	{ "auto", OC_PERMISSION_DEFAULT, "wi", OC_FILE_FREE },
	{ "auto", OC_PERMISSION_DEFAULT, "", OC_FILE_ASK },
	{ "auto", OC_PERMISSION_DEFAULT, "w", OC_FILE_ASK },
	{ "auto", OC_PERMISSION_DEFAULT, "wio", OC_FILE_ASK },
	{ "auto", OC_PERMISSION_DEFAULT, "k", OC_FILE_DENIED },
	{ "auto", OC_PERMISSION_DEFAULT, "wik", OC_FILE_FREE },
	{ "full", OC_PERMISSION_DEFAULT, "w", OC_FILE_ASK },
	{ "auto", OC_PERMISSION_FULL, "w", OC_FILE_ASK },
	{ "full", OC_PERMISSION_FULL, "w", OC_FILE_FREE },
	{ "full", OC_PERMISSION_FULL, "", OC_FILE_FREE },
	{ "full", OC_PERMISSION_FULL, "wo", OC_FILE_ASK },
	{ "full", OC_PERMISSION_FULL, "wt", OC_FILE_ASK },
	{ "full", OC_PERMISSION_FULL, "wk", OC_FILE_DENIED },
	{ "full", OC_PERMISSION_GUARDED, "i", OC_FILE_FREE },
	{ "full", OC_PERMISSION_GUARDED, "wi", OC_FILE_ASK },
	{ "full", OC_PERMISSION_READ_ONLY, "i", OC_FILE_FREE },
	{ "full", OC_PERMISSION_READ_ONLY, "wi", OC_FILE_DENIED },
	{ "full", OC_PERMISSION_READ_ONLY, "", OC_FILE_ASK },
};

static void files_are_free_inside_and_asked_outside(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		const char *facts = files[i].facts, *why;
		const struct oc_file_facts f = { .mode = files[i].mode,
						 .permission = files[i].permission,
						 .write = strchr(facts, 'w') != NULL,
						 .inside = strchr(facts, 'i') != NULL,
						 .own = strchr(facts, 'o') != NULL,
						 .workspace_only = strchr(facts, 'k') != NULL,
						 .tainted = strchr(facts, 't') != NULL };
		enum oc_file_ruling got = oc_file_rule(&f, &why);

		if (got != files[i].want) fail_msg("row %zu: %d", i, got);
		assert_true(why || got == OC_FILE_FREE);
	}
}

static void names_are_read_and_the_stricter_mode_is_found(void **state)
{
	(void)state;
	for (int p = OC_PERMISSION_READ_ONLY; p <= OC_PERMISSION_FULL; p++)
		assert_int_equal(oc_permission_parse(oc_permission_name((enum oc_permission)p)), p);
	assert_int_equal(oc_permission_parse(NULL), OC_PERMISSION_DEFAULT);
	assert_int_equal(oc_permission_parse("everything"), OC_PERMISSION_DEFAULT);
	assert_null(oc_permission_name(OC_PERMISSION_DEFAULT));
	assert_null(oc_exec_mode_stricter(NULL, NULL));
	assert_string_equal(oc_exec_mode_stricter("full", NULL), "full");
	assert_string_equal(oc_exec_mode_stricter(NULL, "full"), "full");
	assert_string_equal(oc_exec_mode_stricter("full", "allowlist"), "allowlist");
	assert_string_equal(oc_exec_mode_stricter("deny", "full"), "deny");
	assert_string_equal(oc_exec_mode_stricter("full", "perhaps"), "ask");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stricter_of_mode_and_session_holds),
		cmocka_unit_test(a_session_never_loosens_the_configuration),
		cmocka_unit_test(files_are_free_inside_and_asked_outside),
		cmocka_unit_test(names_are_read_and_the_stricter_mode_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
