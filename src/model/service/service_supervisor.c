/*
 * The supervisor of one model server. It owns <provider>.lock for its whole life, so there is one
 * per provider and state dir; whoever finds the lock taken leaves. The server is a child in a
 * process group of its own: what the supervisor stops is what it started.
 */
#include "model/service/service_supervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/service/service_state.h"
#include "rt/file.h"
#include "rt/proc.h"
#include "json/json.h"

enum {
	START_POLL_MS = 100,
	WATCH_POLL_MS = 1000,
	HEALTHY_AFTER_MS = 60000, /* a server that lived this long is not in a crash loop */
	MAX_LOG_BYTES = 8 << 20,  /* of one run */
};

struct supervisor {
	struct oc_service service;
	struct oc_service_state state;
	struct oc_proc_spec spec;
	struct oc_strv args, env;
	struct oc_proc_result result;
	struct oc_err err; /* why the child could not be run */
	enum oc_rc child_rc;
	bool child_ended;
	size_t logged;
};

/* ---- the child ------------------------------------------------------- */

/* Nothing of our environment but this reaches the server: no key of another provider, no token
 * (D43). */
static const char *const passed_on[] = { "PATH",
					 "HOME",
					 "USER",
					 "LOGNAME",
					 "LANG",
					 "LC_ALL",
					 "TZ",
					 "TMPDIR",
					 "LD_LIBRARY_PATH",
					 "CUDA_VISIBLE_DEVICES",
					 "HIP_VISIBLE_DEVICES" };

static void child_environment(const json_t *config, struct oc_strv *env)
{
	const json_t *own = json_object_get(config, "env");
	const char *key;
	json_t *value;

	for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) {
		const char *v = getenv(passed_on[i]);
		if (v && !json_object_get(own, passed_on[i]))
			oc_strv_addf(env, "%s=%s", passed_on[i], v);
	}
	json_object_foreach ((json_t *)(uintptr_t)own, key, value)
		if (json_is_string(value))
			oc_strv_addf(env, "%s=%s", key, json_string_value(value));
}

static void child_arguments(const struct oc_service *s, struct oc_strv *args)
{
	const json_t *list = json_object_get(s->config, "args");

	oc_strv_add(args, oc_str(s->command));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *v = json_string_value(json_array_get(list, i));
		if (v) oc_strv_add(args, oc_str(v));
	}
}

/* Our own standard output is the log file. */
static void copy_to_log(void *arg, struct oc_str bytes)
{
	struct supervisor *v = arg;

	if (v->logged >= MAX_LOG_BYTES) return;
	v->logged += bytes.n;
	fwrite(bytes.p, 1, bytes.n, stdout);
	if (v->logged >= MAX_LOG_BYTES)
		printf("\n(log ends here: more than %d bytes)\n", MAX_LOG_BYTES);
	fflush(stdout);
}

static void run_child(void *arg)
{
	struct supervisor *v = arg;

	v->child_rc = oc_proc_run_wait(&v->spec, OC_NO_DEADLINE, &v->result, &v->err);
	v->child_ended = true;
}

static struct oc_scope *start_child(struct supervisor *v)
{
	const char *cwd = oc_json_cstr(v->service.config, "cwd");
	struct oc_scope *scope = oc_scope_new();

	child_arguments(&v->service, &v->args);
	child_environment(v->service.config, &v->env);
	v->spec = (struct oc_proc_spec){
		.file = v->service.command,
		.args = v->args.v,
		.env = v->env.v,
		.cwd = cwd ? cwd : v->service.state_dir,
		.on_output = copy_to_log,
		.arg = v,
	};
	oc_scope_spawn(scope, run_child, v);
	return scope;
}

/* ---- phases ---------------------------------------------------------- */

static void write_state(struct supervisor *v, enum oc_service_phase phase)
{
	struct oc_err e = { 0 };

	v->state.phase = phase;
	if (phase == OC_SERVICE_STOPPED || phase == OC_SERVICE_FAILED)
		v->state.ended_ms = oc_wall_ms();
	if (oc_service_state_write(&v->service, &v->state, &e)) printf("%s\n", e.msg);
}

static void begin_run(struct supervisor *v)
{
	v->state.run++;
	v->state.pid = getpid();
	v->state.started_ms = oc_wall_ms();
	v->state.ended_ms = 0;
	v->state.why = (struct oc_err){ 0 };
	write_state(v, OC_SERVICE_STARTING);
}

/* Writes v->state.why down. counts: whether a next start has to wait because of it; a program that
 * is not there costs nothing to try again. */
static void failed(struct supervisor *v, bool counts)
{
	if (oc_wall_ms() - v->state.started_ms >= HEALTHY_AFTER_MS) v->state.failures = 0;
	if (counts) v->state.failures++;
	write_state(v, OC_SERVICE_FAILED);
	printf("%s: %s\n", v->service.provider, v->state.why.msg);
	fflush(stdout);
}

static void child_failed(struct supervisor *v)
{
	struct oc_err *why = &v->state.why;
	const char *command = v->service.command;

	if (v->child_rc)
		oc_fail(why, OC_E_SYS, "%s", v->err.msg);
	else if (v->result.signal)
		oc_fail(why, OC_E_UPSTREAM, "\"%s\" was ended by signal %d", command,
			v->result.signal);
	else
		oc_fail(why, OC_E_UPSTREAM, "\"%s\" ended with exit code %d", command,
			v->result.exit_code);
	failed(v, !v->child_rc);
}

/* Sees the child answer its health URL. OC_OK, OC_CANCELLED, or OC_E_UPSTREAM: it failed and that
 * is written down. */
static enum oc_rc await_health(struct supervisor *v)
{
	struct oc_deadline d = oc_deadline_in((uint64_t)v->service.ready_timeout_ms);
	struct oc_err detail = { 0 };

	for (;;) {
		enum oc_service_health health = OC_SERVICE_DOWN;
		enum oc_rc rc = oc_service_health_wait(&v->service, &health, &detail);

		if (rc == OC_CANCELLED) return rc;
		/* First the child: another server that holds the port must not pass for it. */
		if (v->child_ended) {
			child_failed(v);
			return OC_E_UPSTREAM;
		}
		if (health == OC_SERVICE_UP) return OC_OK;
		if (rc || oc_deadline_passed(d)) break;
		if ((rc = oc_sleep_wait(START_POLL_MS))) return rc;
	}
	oc_fail(&v->state.why, OC_E_TIMEOUT, "no answer at %s within %lld ms (%s)",
		v->service.health_url, (long long)v->service.ready_timeout_ms, detail.msg);
	failed(v, true);
	return OC_E_UPSTREAM;
}

/* True when nobody used the server for idle_stop_ms. Then *used holds the exclusive lock: a request
 * that comes now waits until this server has gone, and starts the next one. */
static bool idle_for_long(const struct supervisor *v, int *used)
{
	int fd;

	if (!v->service.idle_stop_ms) return false;
	fd = oc_service_use(&v->service, true);
	if (fd < 0) return false; /* in use */
	if (oc_service_idle_ms(fd, oc_wall_ms()) >= v->service.idle_stop_ms) {
		*used = fd;
		return true;
	}
	close(fd);
	return false;
}

static uint64_t watch_interval(const struct oc_service *s)
{
	int64_t quarter = s->idle_stop_ms / 4;

	if (!s->idle_stop_ms || quarter > WATCH_POLL_MS) return WATCH_POLL_MS;
	return quarter < 50 ? 50 : (uint64_t)quarter;
}

/* Until the child ends (that is written down), it was idle, or we are told to stop. */
static enum oc_rc watch(struct supervisor *v, int *used)
{
	uint64_t interval = watch_interval(&v->service);

	for (;;) {
		if (v->child_ended) {
			child_failed(v);
			return OC_E_UPSTREAM;
		}
		if (idle_for_long(v, used)) return OC_OK;
		if (oc_sleep_wait(interval)) return OC_CANCELLED;
	}
}

/* Waits while something that is not ours answers at the address: it may be loading. True when it is
 * well: no start. */
static bool served_by_another(struct supervisor *v)
{
	struct oc_deadline d = oc_deadline_in((uint64_t)v->service.ready_timeout_ms);

	for (;;) {
		enum oc_service_health health = OC_SERVICE_DOWN;

		if (oc_service_health_wait(&v->service, &health, NULL)) return false;
		if (health != OC_SERVICE_LOADING) return health == OC_SERVICE_UP;
		if (oc_deadline_passed(d) || oc_sleep_wait(START_POLL_MS)) return false;
	}
}

static void live(struct supervisor *v, int *used)
{
	struct oc_scope *scope;
	enum oc_rc rc;

	begin_run(v);
	scope = start_child(v);
	rc = await_health(v);
	if (!rc) {
		write_state(v, OC_SERVICE_RUNNING);
		rc = watch(v, used);
	}
	oc_scope_cancel(scope);
	oc_scope_join_wait(scope);
	oc_scope_free(scope);
	if (rc == OC_E_UPSTREAM) return;
	v->state.failures = 0;
	write_state(v, OC_SERVICE_STOPPED);
}

enum oc_rc oc_service_supervise_wait(const struct oc_catalog *c, const struct oc_provider *p,
				     struct oc_err *e)
{
	struct supervisor v = { 0 };
	struct oc_lock lock;
	int used = -1;
	enum oc_rc rc;

	if ((rc = oc_service_init(&v.service, c, p, e))) return rc;
	if (oc_lock_take(&lock, v.service.lock_path, 0, NULL)) goto out; /* another one serves */

	oc_service_state_read(&v.service, &v.state);
	if (!oc_sleep_wait((uint64_t)oc_service_backoff_ms(&v.state, oc_wall_ms())) &&
	    !served_by_another(&v))
		live(&v, &used);
	oc_lock_release(&lock); /* before used: who waits for that finds the place free */
	if (used >= 0) close(used);
out:
	oc_proc_result_deinit(&v.result);
	oc_strv_deinit(&v.args);
	oc_strv_deinit(&v.env);
	oc_service_deinit(&v.service);
	return OC_OK;
}
