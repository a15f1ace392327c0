/*
 * The user's side of a model server that is started on demand: see that it answers, have it
 * started, wait. The server itself belongs to its supervisor (service_supervisor.h).
 */
#include "model/service/local_service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "model/service/service_state.h"
#include "rt/file.h"
#include "rt/proc.h"
#include "rt/self.h"

extern char **environ;

enum {
	USE_POLL_MS = 20,
	USE_WAIT_MS = 30000, /* for a server that is being stopped to be gone */
	POLL_FIRST_MS = 25,
	POLL_MAX_MS = 500,
	NEWS_EVERY_MS = 10000,
	SUPERVISED_EVERY_MS = 1000,
	MAX_RESPAWNS = 3,
	OLD_LOG_BYTES = 1 << 20,
};

/* ---- who uses what, in this process ---------------------------------- */

/* One shared lock a server, however many requests are under way; the kernel lets go of it when we
 * end, whatever the way. */
struct in_use {
	char *path;
	int fd;
	unsigned users;
	struct in_use *next;
};
static struct in_use *uses;

static struct in_use **find_use(const char *path)
{
	struct in_use **at = &uses;

	while (*at && strcmp((*at)->path, path)) at = &(*at)->next;
	return at;
}

static enum oc_rc begin_use_wait(const struct oc_service *s, struct oc_err *e)
{
	struct oc_deadline d = oc_deadline_in(USE_WAIT_MS);
	struct in_use *u = *find_use(s->used_path);
	int fd;

	if (u) {
		u->users++;
		oc_service_stamp(u->fd);
		return OC_OK;
	}
	while ((fd = oc_service_use(s, false)) < 0) {
		if (fd == OC_SERVICE_NO_FILE)
			return oc_fail(e, OC_E_SYS, "%s: %s", s->used_path, strerror(errno));
		if (oc_deadline_passed(d))
			return oc_fail(
			    e, OC_E_TIMEOUT,
			    "model server '%s' is being stopped and does not end; see %s",
			    s->provider, s->log_path);
		if (oc_sleep_wait(USE_POLL_MS)) return OC_CANCELLED;
	}
	oc_service_stamp(fd);
	u = *find_use(s->used_path); /* another task may have come first while we slept */
	if (u) {
		close(fd);
	} else {
		u = oc_new(struct in_use);
		u->path = oc_strdup(s->used_path);
		u->fd = fd;
		u->next = uses;
		uses = u;
	}
	u->users++;
	return OC_OK;
}

static void end_use(const char *path)
{
	struct in_use **at = find_use(path), *u = *at;

	if (!u) return;
	oc_service_stamp(u->fd);
	if (--u->users) return;
	*at = u->next;
	close(u->fd);
	free(u->path);
	free(u);
}

/* ---- starting -------------------------------------------------------- */

static void put_old_log_aside(const struct oc_service *s)
{
	struct stat st;
	char *old;

	if (stat(s->log_path, &st) || st.st_size < OLD_LOG_BYTES) return;
	old = oc_asprintf("%s.1", s->log_path);
	(void)!rename(s->log_path, old);
	free(old);
}

/* The supervisor is this program: it reads the same configuration, so it gets the same environment.
 */
static enum oc_rc spawn_supervisor(const struct oc_service *s, struct oc_err *e)
{
	char *self = oc_self_path();
	char supervise[] = "__supervise";
	char *provider = oc_strdup(s->provider);
	char *args[] = { self, supervise, provider, NULL };
	struct oc_proc_spec spec = { .file = self, .args = args, .env = environ };
	int pid;
	enum oc_rc rc;

	put_old_log_aside(s);
	rc = self ? oc_proc_spawn_detached(&spec, s->log_path, &pid, e)
		  : oc_fail(e, OC_E_SYS, "cannot find the path of this program");
	free(provider);
	free(self);
	return rc ? oc_wrap(e, "model server '%s'", s->provider) : OC_OK;
}

/* Runs up to this number ended before we asked for one. */
static int64_t finished_runs(const struct oc_service_state *st)
{
	return st->phase == OC_SERVICE_STARTING || st->phase == OC_SERVICE_RUNNING ? st->run - 1
										   : st->run;
}

/* OC_E_UPSTREAM when the start that we wait for has failed. */
static enum oc_rc check_failure(const struct oc_service *s, int64_t finished, struct oc_err *e)
{
	struct oc_service_state st;

	oc_service_state_read(s, &st);
	if (st.phase != OC_SERVICE_FAILED || st.run <= finished) return OC_OK;
	return oc_fail(
	    e, OC_E_UPSTREAM,
	    "model server '%s' did not start: %s; see %s and models.providers.%s.localService",
	    s->provider, st.why.msg, s->log_path, s->provider);
}

static void tell_progress(const struct oc_service *s, uint64_t since_ms, uint64_t *next_ms)
{
	uint64_t waited = oc_now_ms() - since_ms;

	if (waited < *next_ms) return;
	oc_log_tell("service", "still starting model server '%s' (%llu s), log: %s", s->provider,
		    (unsigned long long)(waited / 1000), s->log_path);
	*next_ms += NEWS_EVERY_MS;
}

/* A supervisor holds the lock as long as it lives. */
static bool nobody_supervises(const struct oc_service *s)
{
	struct oc_lock lock;

	if (oc_lock_take(&lock, s->lock_path, 0, NULL)) return false;
	oc_lock_release(&lock);
	return true;
}

/*
 * The supervisor that we started finds the lock taken, and leaves, when its predecessor was just
 * about to end: then nobody would start anything. It may also have been killed.
 */
static enum oc_rc see_to_supervisor(const struct oc_service *s, unsigned *respawns,
				    struct oc_err *e)
{
	if (!nobody_supervises(s)) return OC_OK;
	if ((*respawns)++ < MAX_RESPAWNS) return spawn_supervisor(s, e);
	return oc_fail(e, OC_E_UPSTREAM,
		       "model server '%s': its supervisor ends before it has started it; see %s",
		       s->provider, s->log_path);
}

static enum oc_rc not_in_time(const struct oc_service *s, const struct oc_err *detail,
			      struct oc_err *e)
{
	return oc_fail(
	    e, OC_E_TIMEOUT, "model server '%s' gave no answer at %s within %lld ms (%s); see %s",
	    s->provider, s->health_url, (long long)s->ready_timeout_ms, detail->msg, s->log_path);
}

static enum oc_rc await_start(const struct oc_service *s, int64_t finished, struct oc_deadline d,
			      struct oc_err *e)
{
	uint64_t since = oc_now_ms(), pause = POLL_FIRST_MS, news = NEWS_EVERY_MS;
	uint64_t look = since + SUPERVISED_EVERY_MS;
	struct oc_err detail = { 0 };
	enum oc_service_health health;
	unsigned respawns = 0;
	enum oc_rc rc;

	for (;;) {
		if ((rc = oc_sleep_wait(pause))) return rc;
		if ((rc = oc_service_health_wait(s, &health, &detail)))
			return oc_fail(e, rc, "%s", detail.msg);
		if (health == OC_SERVICE_UP) break;
		if ((rc = check_failure(s, finished, e))) return rc;
		if (oc_deadline_passed(d)) return not_in_time(s, &detail, e);
		if (oc_now_ms() >= look) {
			if ((rc = see_to_supervisor(s, &respawns, e))) return rc;
			look = oc_now_ms() + SUPERVISED_EVERY_MS;
		}
		tell_progress(s, since, &news);
		pause = pause * 2 > POLL_MAX_MS ? POLL_MAX_MS : pause * 2;
	}
	oc_log_tell("service", "model server '%s' is ready (%.1f s)", s->provider,
		    (double)(oc_now_ms() - since) / 1000);
	return OC_OK;
}

static enum oc_rc start_wait(const struct oc_service *s, struct oc_err *e)
{
	struct oc_service_state before;
	int64_t pause;
	enum oc_rc rc;

	oc_service_state_read(s, &before);
	pause = oc_service_backoff_ms(&before, oc_wall_ms());
	if (pause)
		oc_log_tell("service",
			    "model server '%s' ended %lld time%s in a row, next try in %.1f s",
			    s->provider, (long long)before.failures,
			    before.failures == 1 ? "" : "s", (double)pause / 1000);
	oc_log_tell("service", "starting model server '%s' …", s->provider);
	if ((rc = spawn_supervisor(s, e))) return rc;
	/* A little longer than the supervisor, whose reason is the better one. */
	return await_start(s, finished_runs(&before),
			   oc_deadline_in((uint64_t)(s->ready_timeout_ms + pause) + 2000), e);
}

static enum oc_rc ensure_in_use(const struct oc_service *s, struct oc_err *e)
{
	enum oc_service_health health;
	enum oc_rc rc = oc_service_health_wait(s, &health, e);

	if (rc || health == OC_SERVICE_UP) return rc;
	return start_wait(s, e);
}

enum oc_rc oc_local_service_ensure_wait(const struct oc_catalog *c, const struct oc_provider *p,
					struct oc_err *e)
{
	struct oc_service s;
	char *folder;
	enum oc_rc rc = oc_service_init(&s, c, p, e);

	if (rc) return rc == OC_E_NOT_FOUND ? OC_OK : rc;
	folder = oc_asprintf("%s/services", s.state_dir);
	if ((rc = oc_mkdirs(folder, e))) goto out;
	if ((rc = begin_use_wait(&s, e))) goto out;
	if ((rc = ensure_in_use(&s, e))) end_use(s.used_path);
out:
	free(folder);
	oc_service_deinit(&s);
	return rc;
}

void oc_local_service_touch(const struct oc_catalog *c, const struct oc_provider *p)
{
	struct oc_service s;

	if (oc_service_init(&s, c, p, NULL)) return;
	end_use(s.used_path);
	oc_service_deinit(&s);
}
