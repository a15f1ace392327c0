/* The rules of how far tools may go. What is not named here is asked or denied, never allowed. */
#include "tool/sandbox/permission.h"

/* From the loosest to the strictest. */
enum mode { MODE_FULL, MODE_AUTO, MODE_ALLOWLIST, MODE_ASK, MODE_DENY, MODES };
static const char *const mode_names[MODES] = { "full", "auto", "allowlist", "ask", "deny" };

static const char *const permission_names[] = {
	[OC_PERMISSION_READ_ONLY] = "read-only",
	[OC_PERMISSION_GUARDED] = "guarded",
	[OC_PERMISSION_WORKSPACE] = "workspace",
	[OC_PERMISSION_FULL] = "full",
};
enum { N_PERMISSIONS = sizeof permission_names / sizeof *permission_names };

enum oc_permission oc_permission_parse(const char *name)
{
	for (int i = OC_PERMISSION_READ_ONLY; name && i < N_PERMISSIONS; i++)
		if (!strcmp(permission_names[i], name)) return (enum oc_permission)i;
	return OC_PERMISSION_DEFAULT;
}

const char *oc_permission_name(enum oc_permission p)
{
	return permission_names[p];
}

static enum mode parse_mode(const char *name)
{
	if (!name) return MODE_AUTO;
	for (int i = 0; i < MODES; i++)
		if (!strcmp(mode_names[i], name)) return (enum mode)i;
	return MODE_ASK;
}

const char *oc_exec_mode_stricter(const char *a, const char *b)
{
	enum mode x = parse_mode(a ? a : b), y = parse_mode(b ? b : a);

	return a || b ? mode_names[x > y ? x : y] : NULL;
}

/* ---- commands ---- */

static struct oc_exec_ruling deny(const char *why)
{
	return (struct oc_exec_ruling){ .where = OC_EXEC_DENY, .why = why };
}

static struct oc_exec_ruling ask(enum oc_exec_where where, const char *why)
{
	return (struct oc_exec_ruling){ .where = where, .ask = true, .why = why };
}

static struct oc_exec_ruling run(enum oc_exec_where where)
{
	return (struct oc_exec_ruling){ .where = where };
}

static struct oc_exec_ruling rule_read_only(const struct oc_exec_facts *f, enum mode mode)
{
	if (!f->sandbox)
		return deny("this session is read-only, and commands run in it only inside the "
			    "sandbox, which does not work here");
	if (f->wants_out || f->wants_net)
		return deny("this session is read-only: commands stay inside the sandbox");
	if (mode == MODE_ASK || (mode == MODE_ALLOWLIST && !f->allowlisted))
		return ask(OC_EXEC_SANDBOX_READ_ONLY, "tools.exec.mode asks before it");
	return run(OC_EXEC_SANDBOX_READ_ONLY);
}

static struct oc_exec_ruling rule_auto(const struct oc_exec_facts *f)
{
	if (!f->sandbox) return ask(OC_EXEC_HOST, "there is no sandbox to run it in");
	if (f->wants_out) return ask(OC_EXEC_HOST, "it is to run outside the sandbox");
	if (!f->wants_net) return run(OC_EXEC_SANDBOX);

	struct oc_exec_ruling r = ask(OC_EXEC_SANDBOX, "it is to have the network");
	r.network = true;
	return r;
}

static struct oc_exec_ruling rule_mode(const struct oc_exec_facts *f, enum mode mode)
{
	switch (mode) {
	case MODE_FULL: return run(OC_EXEC_HOST);
	case MODE_AUTO: return rule_auto(f);
	case MODE_ALLOWLIST:
		if (!f->allowlisted)
			return ask(OC_EXEC_HOST, "it is not on the list of allowed commands");
		return f->permission == OC_PERMISSION_WORKSPACE ? rule_auto(f) : run(OC_EXEC_HOST);
	default: return ask(OC_EXEC_HOST, "tools.exec.mode asks before every command");
	}
}

struct oc_exec_ruling oc_exec_rule(const struct oc_exec_facts *f)
{
	enum mode mode = parse_mode(f->mode);
	bool stricter =
	    f->permission == OC_PERMISSION_GUARDED || f->permission == OC_PERMISSION_WORKSPACE;

	if (mode == MODE_DENY)
		return deny(
		    "exec is switched off (tools.exec.mode is \"deny\"); do without commands");
	if (f->permission == OC_PERMISSION_READ_ONLY) return rule_read_only(f, mode);
	if (stricter && mode == MODE_FULL) mode = MODE_AUTO;

	struct oc_exec_ruling r = rule_mode(f, mode);
	if (r.ask) return r;
	if (f->permission == OC_PERMISSION_GUARDED) {
		r.ask = true;
		r.why = "this session asks before every command";
	} else if (r.where == OC_EXEC_HOST) {
		const struct oc_taint_facts taint = { f->tainted, f->trust, mode == MODE_FULL,
						      f->read_only };
		r.ask = oc_taint_asks(OC_ACT_EXEC_HOST, &taint, &r.why);
	}
	return r;
}

/* ---- files ---- */

static enum oc_file_ruling rule_outside(const struct oc_file_facts *f, const char **why)
{
	bool full = f->permission == OC_PERMISSION_FULL && parse_mode(f->mode) == MODE_FULL;

	*why = "it is outside the workspace";
	if (f->workspace_only) return OC_FILE_DENIED;
	const struct oc_taint_facts taint = { .tainted = f->write && f->tainted,
					      .trust = f->trust };
	if (full && !f->own && !oc_taint_asks(OC_ACT_WRITE_OUTSIDE, &taint, why))
		return OC_FILE_FREE;
	return OC_FILE_ASK;
}

enum oc_file_ruling oc_file_rule(const struct oc_file_facts *f, const char **why)
{
	*why = NULL;
	if (f->write && f->permission == OC_PERMISSION_READ_ONLY) {
		*why = "this session is read-only";
		return OC_FILE_DENIED;
	}
	if (!f->inside || f->own) return rule_outside(f, why);
	if (!f->write || f->permission != OC_PERMISSION_GUARDED) return OC_FILE_FREE;
	*why = "this session asks before every change";
	return OC_FILE_ASK;
}
