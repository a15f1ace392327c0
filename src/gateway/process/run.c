/*
 * The life of the gateway (spec 02 §1): resolve, lock, listen, run, drain, and start again when it
 * was asked to. What is not allowed is refused before anything was touched.
 */
#include "gateway/process/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/cron/cron.h"
#include "agent/cron/heartbeat.h"
#include "agent/memory/keeper.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/visible.h"
#include "gateway/access/auth.h"
#include "gateway/access/devices.h"
#include "gateway/events/approval_events.h"
#include "gateway/events/run_events.h"
#include "gateway/http/metrics.h"
#include "gateway/process/channels.h"
#include "gateway/process/delivery_port.h"
#include "gateway/process/health.h"
#include "gateway/process/lock.h"
#include "gateway/process/logs.h"
#include "gateway/process/reload.h"
#include "gateway/process/settings.h"
#include "gateway/view/config_view.h"
#include "gateway/wire/broker.h"
#include "gateway/wire/connection.h"
#include "gateway/wire/listener.h"
#include "model/provider/refresh_service.h"
#include "net/base64.h"
#include "rt/notify.h"
#include "rt/poll.h"
#include "rt/port_owner.h"
#include "rt/stall.h"
#include "tool/mcp.h"

enum {
	BIND_TRIES = 20, /* spec 02 §1.3 */
	BIND_EVERY_MS = 500,
	DRAIN_MS = 10000,
	FORCE_MS = 3000,   /* for another program to end */
	GOODBYE_MS = 1000, /* for clients to take the close frame */
	TOKEN_BYTES = 24,
};

struct life {
	struct oc_gateway gw;
	struct oc_gateway_settings settings;
	struct oc_lock lock;
	struct oc_wait stop;
	bool stopping;
	const char *why; /* the signal, or "restart" */
	struct oc_timer *restart_timer;
	struct oc_snapshot *held; /* the refresh service's, through its tick */
	int exit_code;
};

static int refused(const char *what)
{
	oc_visible_printf(stderr, "error: %s\n", what);
	return OC_EXIT_REFUSED;
}

/* ---- signals and reasons to stop ---- */

static void stop(struct life *l, const char *why)
{
	if (l->stopping) return;
	l->stopping = true;
	l->why = why;
	oc_wait_end(&l->stop, OC_OK);
}

/* The first one is taken in peace; a second SIGTERM or SIGINT cancels whatever still runs. */
static bool on_signal(void *arg, int signum)
{
	struct life *l = arg;

	if (signum == SIGUSR2) {
		if (!l->stopping) l->gw.restart = true;
		stop(l, "SIGUSR2");
		return true;
	}
	if (l->stopping && !l->gw.restart) return false;
	l->gw.restart = false;
	stop(l, signum == SIGINT ? "SIGINT" : "SIGTERM");
	return true;
}

static struct life *life_of(struct oc_gateway *gw)
{
	return (struct life *)((char *)gw - offsetof(struct life, gw));
}

static void restart_now(void *arg)
{
	struct life *l = arg;

	if (!l->stopping) l->gw.restart = true;
	stop(l, "restart");
}

void oc_gateway_ask_restart(struct oc_gateway *gw, uint64_t in_ms)
{
	struct life *l = life_of(gw);

	if (l->restart_timer) oc_timer_start(l->restart_timer, in_ms);
}

/* ---- configuration, secret, lock ---- */

static int load(struct life *l)
{
	struct oc_err e = { 0 };
	struct oc_config c;

	if (oc_snapshot_load(&l->gw.snapshot, &e) == OC_OK) return 0;
	/* Every problem, not the first alone. */
	if (oc_config_load(&c, NULL) == OC_OK && c.problems.n)
		oc_config_print_problems(&c, &c.problems);
	else
		refused(e.msg);
	oc_config_deinit(&c);
	return OC_EXIT_REFUSED;
}

static char *make_token(void)
{
	uint8_t bytes[TOKEN_BYTES];

	oc_rand_secret(bytes, sizeof bytes);
	return oc_base64url_encode((struct oc_str){ (char *)bytes, sizeof bytes });
}

/* D57: made once, and then the same at every start. */
static enum oc_rc kept_token(struct life *l, struct oc_err *e)
{
	char *path = oc_asprintf("%s/gateway.token", l->gw.snapshot->config.paths.state_dir);
	struct oc_buf text;
	enum oc_rc rc = oc_file_read(path, 4096, &text, NULL);

	if (rc == OC_OK) {
		struct oc_str s = oc_str_trim(oc_buf_view(&text));
		if (s.n) l->settings.secret = oc_strndup(s.p, s.n);
		oc_buf_deinit(&text);
	}
	rc = OC_OK;
	if (!l->settings.secret) {
		l->settings.secret = make_token();
		rc = oc_file_write(path, oc_str(l->settings.secret), 0600, NULL, e);
	}
	if (!rc)
		oc_log(OC_LOG_INFO, "gateway",
		       "the token is kept in %s; `openclaw dashboard` prints the link with it",
		       path);
	free(path);
	return rc;
}

static enum oc_rc resolve_secret(struct life *l, struct oc_err *e)
{
	struct oc_gateway_settings *s = &l->settings;
	enum oc_rc rc = OC_OK;

	if (s->wants_secret && s->keep_secret) {
		rc = kept_token(l, e);
	} else if (s->wants_secret) {
		s->secret = make_token();
		oc_log(OC_LOG_WARN, "gateway",
		       "no token is configured: a random one was made for this process alone, "
		       "and the configuration was left as it is; set gateway.auth.token to "
		       "connect");
	}
	l->gw.auth_mode = s->mode;
	l->gw.secret = s->secret;
	oc_logs_hide(s->secret);
	return rc;
}

/* ---- --force ---- */

static bool is_free(struct life *l)
{
	struct oc_gateway_owner owner;

	return !oc_gateway_owner(l->gw.snapshot->config.paths.state_dir, &owner) &&
	       !oc_port_owner(l->settings.port);
}

/* Ends what stands in the way: politely, then not. A gateway that works is not ended by a script
 * that happens to say --force. */
static int make_way_wait(struct life *l, const struct oc_gateway_options *o)
{
	struct oc_gateway_owner owner = { 0 };
	bool gateway = oc_gateway_owner(l->gw.snapshot->config.paths.state_dir, &owner);
	pid_t pid = gateway ? (pid_t)owner.pid : (pid_t)oc_port_owner(l->settings.port);

	if (pid <= 0 || pid == getpid()) return 0;
	if (gateway && !o->interactive)
		return refused("--force does not end a running gateway where nobody can be asked: "
			       "use `openclaw gateway stop --force`");
	oc_log(OC_LOG_WARN, "gateway", "--force: ending pid %d", (int)pid);
	for (int i = 0; i < 2; i++) {
		struct oc_deadline until = oc_deadline_in(gateway ? DRAIN_MS : FORCE_MS);

		if (kill(pid, i ? SIGKILL : SIGTERM) != 0) break;
		while (!is_free(l) && !oc_deadline_passed(until))
			if (oc_sleep_wait(20)) return 1;
		if (is_free(l)) return 0;
	}
	return 0; /* the lock and the port say what is wrong */
}

static int take_lock(struct life *l)
{
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_gateway_lock_wait(&l->lock, l->gw.snapshot->config.paths.state_dir,
					     l->settings.port, OC_GATEWAY_LOCK_WAIT_MS, &e);

	if (!rc) return 0;
	if (rc == OC_CANCELLED) return 1;
	return rc == OC_E_DENIED ? refused(e.msg) : (refused(e.msg), 1);
}

/* ---- listening ---- */

static enum oc_rc bind_once(struct life *l, bool *in_use, struct oc_err *e)
{
	struct oc_strv only_first = { .v = l->settings.addresses.v, .n = 1 };
	struct oc_http_server_spec spec = { .addresses = &l->settings.addresses,
					    .port = l->settings.port,
					    .handle_wait = oc_listener_handle_wait,
					    .arg = &l->gw };
	enum oc_rc rc = oc_http_server_start(&spec, &l->gw.server, in_use, e);

	if (!rc || *in_use || l->settings.addresses.n == 1) return rc;
	spec.addresses = &only_first; /* a system without IPv6 */
	return oc_http_server_start(&spec, &l->gw.server, in_use, e);
}

static int listen_wait(struct life *l)
{
	struct oc_err e = { 0 };
	bool in_use = false;
	enum oc_rc rc = bind_once(l, &in_use, &e);

	for (int i = 1; rc && in_use && i < BIND_TRIES; i++) {
		if (i == 1)
			oc_log(OC_LOG_WARN, "gateway", "%s; trying again for %d s", e.msg,
			       BIND_TRIES * BIND_EVERY_MS / 1000);
		if (oc_sleep_wait(BIND_EVERY_MS) || l->stopping) return 1;
		rc = bind_once(l, &in_use, &e);
	}
	if (!rc) return 0;
	oc_visible_printf(stderr, "error: %s%s\n", e.msg,
			  in_use ? " (another program listens there: stop it, use --force, or "
				   "choose another port with --port)"
				 : "");
	return in_use ? OC_EXIT_REFUSED : 1;
}

/* ---- the parts ---- */

static struct oc_snapshot *give_snapshot(void *arg)
{
	return oc_gateway_snapshot(arg);
}

static void watch_runs(void *arg, const struct oc_run_event *event)
{
	struct oc_gateway *gw = arg;

	oc_metrics_run(event);
	oc_run_events_watch(gw->run_events, event);
}

static void tell_cron(void *arg, const json_t *event)
{
	struct oc_gateway *gw = arg;

	oc_broker_send(gw->broker, &(struct oc_event){
				       .name = "cron", .payload = event, .scope = OC_SCOPE_READ });
}

static void tell_heartbeat(void *arg, const json_t *record)
{
	struct oc_gateway *gw = arg;

	oc_broker_send(gw->broker, &(struct oc_event){ .name = "heartbeat", .payload = record });
}

static const struct oc_config *refresh_config(void *arg)
{
	struct life *l = arg;

	oc_snapshot_unref(l->held);
	l->held = oc_gateway_snapshot(&l->gw);
	return &l->held->config;
}

static size_t refresh_active(void *arg)
{
	struct life *l = arg;

	return oc_gateway_active(&l->gw);
}

static void refresh_changed(void *arg, const json_t *news)
{
	struct life *l = arg;

	oc_reload_take_models(l->gw.reload, news);
}

static enum oc_rc open_store(struct life *l, struct oc_err *e)
{
	char *path = oc_asprintf("%s/gateway.sqlite", l->gw.snapshot->config.paths.state_dir);
	enum oc_rc rc = oc_store_open_wait(path, &l->gw.store, e);

	free(path);
	return rc;
}

static enum oc_rc start_parts(struct life *l, struct oc_err *e)
{
	struct oc_gateway *gw = &l->gw;
	enum oc_rc rc = open_store(l, e);

	if (!rc) rc = oc_devices_load_wait(gw->store, &gw->devices, e);
	if (rc) return rc;
	gw->run_events = oc_run_events_for(gw);
	gw->approvals = oc_approvals_new(oc_approval_tell, gw);
	gw->mcp = oc_mcp_new(&gw->snapshot->config);
	rc = oc_sessions_new_wait(&(struct oc_sessions_spec){ .store = gw->store,
							      .mcp = gw->mcp,
							      .snapshot = give_snapshot,
							      .watch = watch_runs,
							      .approvals = gw->approvals,
							      .arg = gw },
				  &gw->sessions, e);
	if (rc) return rc;
	rc = oc_gateway_channels_start_wait(gw, e);
	if (rc) return rc;
	rc = oc_cron_start_wait(&(struct oc_cron_spec){ .store = gw->store,
							.sessions = gw->sessions,
							.snapshot = give_snapshot,
							.told = tell_cron,
							.delivery = oc_gateway_delivery_port(gw),
							.arg = gw },
				&gw->cron, e);
	if (rc) return rc;
	gw->memory = oc_memory_keeper_start(&(struct oc_memory_keeper_spec){
	    .snapshot = give_snapshot, .sessions = gw->sessions, .arg = gw });
	rc = oc_heartbeat_start_wait(
	    &(struct oc_heartbeat_spec){ .store = gw->store,
					 .sessions = gw->sessions,
					 .snapshot = give_snapshot,
					 .told = tell_heartbeat,
					 .delivery = oc_gateway_delivery_port(gw),
					 .arg = gw },
	    &gw->heartbeat, e);
	if (rc) return rc;
	gw->reload = oc_reload_start(gw);
	gw->health = oc_health_start(gw);
	gw->refresh =
	    oc_refresh_service_start(&(struct oc_refresh_hooks){ .config = refresh_config,
								 .active_tasks = refresh_active,
								 .changed = refresh_changed,
								 .arg = l });
	return OC_OK;
}

/* What start_parts made, in reverse. */
static void stop_parts(struct life *l)
{
	struct oc_gateway *gw = &l->gw;

	oc_refresh_service_stop_wait(gw->refresh);
	oc_reload_stop_wait(gw->reload);
	oc_scope_cancel(gw->scope);
	oc_scope_join_wait(gw->scope);
	oc_health_free(gw->health);
	oc_memory_keeper_stop_wait(gw->memory);
	gw->memory = NULL;
	oc_heartbeat_stop_wait(gw->heartbeat);
	oc_cron_stop_wait(gw->cron);
	oc_channels_stop_wait(gw->channels);
	gw->channels = NULL;
	oc_run_events_stop_wait(gw->run_events);
	oc_sessions_free(gw->sessions);
	oc_mcp_free_wait(gw->mcp);
	oc_approvals_free(gw->approvals);
	oc_devices_free(gw->devices);
	oc_store_close_wait(gw->store);
	gw->refresh = NULL;
	gw->reload = NULL;
	gw->health = NULL;
	gw->cron = NULL;
	gw->heartbeat = NULL;
	gw->run_events = NULL;
	gw->sessions = NULL;
	gw->mcp = NULL;
	gw->approvals = NULL;
	gw->devices = NULL;
	gw->store = NULL;
}

/* ---- saying hello and goodbye ---- */

static void log_ready(const struct life *l)
{
	const struct oc_config *c = &l->gw.snapshot->config;
	json_t *model = oc_config_get(c, "agents.defaults.model");
	const char *primary =
	    json_is_string(model) ? json_string_value(model) : oc_json_cstr(model, "primary");
	char *thinking = oc_strdup("default");
	const char *set = json_string_value(oc_config_get(c, "agents.defaults.thinkingDefault"));
	char *hosts = oc_strv_join(&l->settings.addresses, ", ");

	oc_log(OC_LOG_INFO, "gateway", "agent model: %s (thinking=%s, fast=off)",
	       primary ? primary : "none configured", set ? set : thinking);
	oc_log(OC_LOG_INFO, "gateway", "http server listening (%s, port %u)", hosts, l->gw.port);
	if (l->gw.log_file) oc_log(OC_LOG_INFO, "gateway", "log file: %s", l->gw.log_file);
	oc_log(OC_LOG_INFO, "gateway", "ready");
	free(hosts);
	free(thinking);
}

static void say_goodbye(struct life *l)
{
	struct oc_gateway *gw = &l->gw;
	json_t *payload =
	    json_pack("{s:s}", "reason", gw->restart ? "gateway restarting" : "gateway stopping");
	struct oc_deadline until = oc_deadline_in(GOODBYE_MS);

	if (gw->restart)
		json_object_set_new(payload, "restartExpectedMs", json_integer(GOODBYE_MS));
	oc_broker_send(gw->broker, &(struct oc_event){ .name = "shutdown", .payload = payload });
	json_decref(payload);
	oc_broker_close_all(gw->broker, 1012, "service restart");
	while (oc_broker_clients(gw->broker) && !oc_deadline_passed(until))
		if (oc_sleep_wait(5)) break;
}

/* Runs first, then the requests that are relayed to a model. Probes are answered meanwhile. */
static void drain(struct life *l)
{
	struct oc_gateway *gw = &l->gw;
	struct oc_deadline until = oc_deadline_in(DRAIN_MS);

	gw->phase = OC_GATEWAY_DRAINING;
	oc_notify(gw->restart ? "RELOADING=1" : "STOPPING=1");
	oc_log(OC_LOG_INFO, "gateway", "%s received; %s", l->why,
	       gw->restart ? "restarting" : "shutting down");
	oc_channels_drain(gw->channels);
	if (gw->sessions) oc_sessions_drain_wait(gw->sessions, DRAIN_MS);
	while (oc_gateway_active(gw) && !oc_deadline_passed(until))
		if (oc_sleep_wait(20)) break;
	oc_http_server_quiesce(gw->server);
	say_goodbye(l);
}

/* ---- one life ---- */

static int run_wait(struct life *l)
{
	struct oc_gateway *gw = &l->gw;
	struct oc_err e = { 0 };
	int refused_with = listen_wait(l);

	if (refused_with) return l->stopping ? 0 : refused_with;
	gw->port = oc_http_server_port(gw->server);
	enum oc_rc rc = start_parts(l, &e);
	if (rc && rc != OC_CANCELLED) {
		oc_log(OC_LOG_ERROR, "gateway", "start failed: %s", e.msg);
		return 1;
	}
	if (!rc) {
		gw->phase = OC_GATEWAY_READY;
		log_ready(l);
		oc_notify("READY=1");
		(void)!oc_wait_park(&l->stop, OC_NO_DEADLINE);
	}
	if (!l->why) l->why = "cancellation";
	drain(l);
	return 0;
}

static void set_up(struct life *l, const struct oc_gateway_options *o)
{
	struct oc_gateway *gw = &l->gw;
	char hash[OC_CONFIG_HASH_CHARS + 1];

	oc_config_hash(&gw->snapshot->config, hash);
	gw->config_hash = oc_strdup(hash);
	gw->port = l->settings.port;
	gw->loopback = l->settings.loopback;
	gw->verbose = o->verbose || (o->ws_log && strcmp(o->ws_log, "auto") != 0);
	gw->log_file = oc_logs_file() ? oc_strdup(oc_logs_file()) : NULL;
	gw->limits = oc_auth_limit_new();
	gw->scope = oc_scope_new();
	gw->broker = oc_broker_new(gw);
	l->restart_timer = oc_timer_new(restart_now, l);
	oc_stalls_start();
}

static void tear_down(struct life *l)
{
	struct oc_gateway *gw = &l->gw;

	oc_http_server_stop_wait(gw->server);
	gw->server = NULL;
	stop_parts(l);
	oc_timer_free(l->restart_timer);
	l->restart_timer = NULL;
	oc_broker_free(gw->broker);
	oc_scope_free(gw->scope);
	oc_auth_limit_free(gw->limits);
	free(gw->config_hash);
	free(gw->log_file);
	oc_snapshot_unref(l->held);
}

static int live_wait(struct life *l, const struct oc_gateway_options *o)
{
	struct oc_err e = { 0 };
	const struct oc_config *c = &l->gw.snapshot->config;
	int code;

	oc_config_print_notices(c);
	if (oc_logs_start(c, o->log_level, &e))
		oc_log(OC_LOG_WARN, "gateway", "no log file: %s", e.msg);
	oc_log(OC_LOG_INFO, "gateway", "loading configuration… %s",
	       c->exists ? c->paths.config_path : "(there is none)");
	oc_log(OC_LOG_INFO, "gateway", "resolving authentication…");
	if (oc_gateway_settings_init(&l->settings, o, c, oc_in_container(), &e))
		return refused(e.msg);
	code = o->force ? make_way_wait(l, o) : 0;
	if (!code) code = take_lock(l);
	if (code || l->stopping) return l->stopping ? 0 : code;
	if (resolve_secret(l, &e)) return refused(e.msg), 1;
	oc_log(OC_LOG_INFO, "gateway", "starting…");
	set_up(l, o);
	oc_log(OC_LOG_INFO, "gateway", "starting HTTP server…");
	code = run_wait(l);
	tear_down(l);
	return code;
}

static int one_life_wait(const struct oc_gateway_options *o, uint64_t started_ms, bool *again)
{
	struct life *l = oc_new(struct life);
	int code;

	l->lock.fd = -1;
	l->gw.options = o;
	l->gw.version = o->version;
	l->gw.started_ms = started_ms;
	oc_uuid(l->gw.boot_id);
	oc_rt_on_signal(on_signal, l);
	code = load(l);
	if (!code) code = live_wait(l, o);
	*again = l->gw.restart && !code;
	oc_rt_on_signal(NULL, NULL);
	oc_gateway_unlock(&l->lock);
	oc_snapshot_unref(l->gw.snapshot);
	oc_gateway_settings_deinit(&l->settings);
	oc_logs_stop();
	free(l);
	return code;
}

int oc_gateway_run_wait(const struct oc_gateway_options *o)
{
	bool again;
	int code;

	do code = one_life_wait(o, oc_now_ms(), &again);
	while (again && !oc_scope_cancelled(oc_scope_current()));
	return code;
}
