/* The lock file of a running gateway. */
#include "gateway/process/lock.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "json/json.h"

enum { TRY_EVERY_MS = 100, MAX_LOCK_FILE = 4096 };

static char *lock_path(const char *state_dir)
{
	return oc_asprintf("%s/gateway.lock", state_dir);
}

static bool read_owner(const char *path, struct oc_gateway_owner *out)
{
	struct oc_buf text;

	if (oc_file_read(path, MAX_LOCK_FILE, &text, NULL)) return false;
	json_t *v = oc_json_parse(oc_buf_view(&text), NULL, NULL);
	oc_buf_deinit(&text);
	*out = (struct oc_gateway_owner){ .pid = oc_json_positive(v, "pid"),
					  .port = oc_json_positive(v, "port"),
					  .started_ms = oc_json_positive(v, "startedAt") };
	json_decref(v);
	return out->pid > 0;
}

/* Written in place: the lock belongs to this file, a renamed one would have none. */
static void write_owner(const struct oc_lock *l, unsigned port)
{
	json_t *v = json_pack("{s:I, s:i, s:I}", "pid", (json_int_t)getpid(), "port", (int)port,
			      "startedAt", (json_int_t)oc_wall_ms());
	char *text = oc_json_compact(v);

	if (ftruncate(l->fd, 0) == 0) (void)!pwrite(l->fd, text, strlen(text), 0);
	free(text);
	json_decref(v);
}

static enum oc_rc held(const char *path, struct oc_err *e)
{
	struct oc_gateway_owner owner;

	if (!read_owner(path, &owner))
		return oc_fail(e, OC_E_DENIED, "another gateway is starting on this state (%s)",
			       path);
	return oc_fail(e, OC_E_DENIED,
		       "a gateway is already running on this state: pid %lld, port %lld; stop it "
		       "with `openclaw gateway stop`, or give this one its own OPENCLAW_STATE_DIR",
		       (long long)owner.pid, (long long)owner.port);
}

enum oc_rc oc_gateway_lock_wait(struct oc_lock *l, const char *state_dir, unsigned port,
				uint64_t wait_ms, struct oc_err *e)
{
	struct oc_deadline until = oc_deadline_in(wait_ms);
	char *path = lock_path(state_dir);
	enum oc_rc rc;

	/* A small wait each time, given back to the loop in between. */
	while ((rc = oc_lock_take(l, path, 0, e)) == OC_E_TIMEOUT) {
		if (oc_deadline_passed(until)) {
			rc = held(path, e);
			break;
		}
		rc = oc_sleep_wait(TRY_EVERY_MS);
		if (rc) break;
	}
	if (!rc) write_owner(l, port);
	free(path);
	return rc;
}

void oc_gateway_unlock(struct oc_lock *l)
{
	if (l->fd >= 0) (void)!ftruncate(l->fd, 0);
	oc_lock_release(l);
}

bool oc_gateway_owner(const char *state_dir, struct oc_gateway_owner *out)
{
	char *path = lock_path(state_dir);
	struct oc_lock probe = { -1 };
	bool running = oc_file_exists(path);

	if (running && oc_lock_take(&probe, path, 0, NULL) == OC_OK) {
		oc_lock_release(&probe);
		running = false;
	}
	running = running && read_owner(path, out);
	free(path);
	return running;
}
