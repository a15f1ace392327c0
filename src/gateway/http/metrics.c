/* The counters, and the page that shows them. */
#include "gateway/http/metrics.h"

#include <stdlib.h>

#include "base/mem.h"
#include "gateway/http/relay.h"
#include "gateway/http/route.h"
#include "gateway/wire/broker.h"
#include "model/call/endpoint.h"
#include "rt/exit.h"
#include "rt/memory.h"
#include "rt/stall.h"

enum { MAX_SERIES = 2000, MAX_LABELS = 400 };
enum family { REQUESTS, RELAYED, TOKENS, RUNS, FAMILIES };

static const struct {
	const char *name, *help;
} families[FAMILIES] = {
	[REQUESTS] = { "openclaw_http_requests_total", "Answered HTTP requests" },
	[RELAYED] = { "openclaw_relay_requests_total",
		      "Requests passed on to a model, by its provider" },
	[TOKENS] = { "openclaw_tokens_total", "Tokens as the model servers counted them" },
	[RUNS] = { "openclaw_runs_total", "Agent runs that have ended" },
};

struct series {
	enum family family;
	char *labels;
	uint64_t n;
};
static struct series *series;
static size_t n_series;

static void forget(void)
{
	for (size_t i = 0; i < n_series; i++) free(series[i].labels);
	free(series);
	series = NULL;
	n_series = 0;
}

static struct series *find(enum family family, const char *labels)
{
	for (size_t i = 0; i < n_series; i++)
		if (series[i].family == family && !strcmp(series[i].labels, labels))
			return &series[i];
	if (n_series == MAX_SERIES) return NULL;
	if (!series) oc_rt_on_exit(forget);
	series = oc_realloc_array(series, n_series + 1, sizeof *series);
	series[n_series] = (struct series){ family, oc_strdup(labels), 0 };
	return &series[n_series++];
}

static void count(enum family family, const char *labels, uint64_t n)
{
	struct series *s = find(family, labels);

	if (s) s->n += n;
}

void oc_metrics_label(const char *value, struct oc_buf *out)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"') oc_buf_addc(out, '\\');
		if (*value == '\n')
			oc_buf_adds(out, "\\n");
		else
			oc_buf_addc(out, *value);
	}
}

/* name="value",status="200" */
static void count_status(enum family family, const char *name, const char *value, int status)
{
	struct oc_buf labels;

	oc_buf_init(&labels, MAX_LABELS);
	oc_buf_addf(&labels, "%s=\"", name);
	oc_metrics_label(value, &labels);
	oc_buf_addf(&labels, "\",status=\"%d\"", status);
	if (!labels.bad) count(family, oc_buf_cstr(&labels), 1);
	oc_buf_deinit(&labels);
}

void oc_metrics_request(const char *route, int status)
{
	oc_stalls_start();
	count_status(REQUESTS, "route", route ? route : "other", status);
}

void oc_metrics_relay(const char *provider, int status)
{
	count_status(RELAYED, "provider", provider, status);
}

static void count_tokens(const char *source, const char *kind, int64_t n)
{
	char *labels = oc_asprintf("source=\"%s\",kind=\"%s\"", source, kind);

	if (n > 0) count(TOKENS, labels, (uint64_t)n);
	free(labels);
}

void oc_metrics_usage(const char *source, const struct oc_usage *u)
{
	if (!u->present) return;
	count_tokens(source, "input", u->input);
	count_tokens(source, "output", u->output);
	count_tokens(source, "cached", u->cached);
}

void oc_metrics_run(const struct oc_run_event *event)
{
	switch (event->kind) {
	case OC_RUN_DONE: count(RUNS, "status=\"ok\"", 1); break;
	case OC_RUN_ABORTED: count(RUNS, "status=\"aborted\"", 1); break;
	case OC_RUN_FAILED: count(RUNS, "status=\"error\"", 1); break;
	default: return;
	}
	if (event->usage) oc_metrics_usage("run", event->usage);
}

/* ---- the page ---- */

static void head(struct oc_buf *out, const char *name, const char *type, const char *help)
{
	oc_buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(struct oc_buf *out, const char *name, const char *help, double value)
{
	head(out, name, "gauge", help);
	oc_buf_addf(out, "%s %.17g\n", name, value);
}

static void counters(struct oc_buf *out)
{
	for (int f = 0; f < FAMILIES; f++) {
		head(out, families[f].name, "counter", families[f].help);
		for (size_t i = 0; i < n_series; i++)
			if ((int)series[i].family == f)
				oc_buf_addf(out, "%s{%s} %llu\n", families[f].name,
					    series[i].labels, (unsigned long long)series[i].n);
	}
}

struct slot_column {
	struct oc_buf *out;
	const char *name;
	int which;
};

static void slot_line(void *arg, const struct oc_endpoint_state *e)
{
	const struct slot_column *c = arg;
	unsigned values[] = { e->slots, e->busy, e->waiting };

	oc_buf_addf(c->out, "%s{endpoint=\"", c->name);
	oc_metrics_label(e->origin, c->out);
	oc_buf_addf(c->out, "\"} %u\n", values[c->which]);
}

static void slots(struct oc_buf *out)
{
	static const char *const columns[][2] = {
		{ "openclaw_endpoint_slots", "Requests that a model server takes at once" },
		{ "openclaw_endpoint_busy", "Requests under way at a model server" },
		{ "openclaw_endpoint_waiting", "Requests that wait for a slot" },
	};

	for (int i = 0; i < 3; i++) {
		struct slot_column c = { out, columns[i][0], i };

		head(out, columns[i][0], "gauge", columns[i][1]);
		oc_endpoint_each(slot_line, &c);
	}
}

static void stalls(struct oc_buf *out)
{
	const char *name = "openclaw_loop_busy_seconds";
	struct oc_stalls s = oc_stalls_now();
	uint64_t below = 0;

	head(out, name, "histogram", "Time that one turn of the event loop took");
	for (size_t i = 0; i < OC_STALL_BUCKETS; i++) {
		below += s.n[i];
		oc_buf_addf(out, "%s_bucket{le=\"%g\"} %llu\n", name, oc_stall_bounds_us[i] / 1e6,
			    (unsigned long long)below);
	}
	oc_buf_addf(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %g\n%s_count %llu\n", name,
		    (unsigned long long)s.count, name, (double)s.sum_us / 1e6, name,
		    (unsigned long long)s.count);
	gauge(out, "openclaw_loop_longest_seconds", "Longest turn of the event loop so far",
	      (double)s.longest_us / 1e6);
}

void oc_metrics_text(const struct oc_gateway *gw, struct oc_buf *out)
{
	counters(out);
	slots(out);
	stalls(out);
	gauge(out, "openclaw_runs_active", "Agent runs under way or queued",
	      gw->sessions ? (double)oc_sessions_active(gw->sessions) : 0);
	gauge(out, "openclaw_relay_active", "Relayed requests under way or queued",
	      (double)oc_relay_active());
	gauge(out, "openclaw_websocket_clients", "Clients connected by WebSocket",
	      gw->broker ? (double)oc_broker_clients(gw->broker) : 0);
	gauge(out, "openclaw_http_connections", "Open connections of the HTTP server",
	      gw->server ? (double)oc_http_server_connections(gw->server) : 0);
	gauge(out, "process_resident_memory_bytes", "Resident memory", (double)oc_memory_now().rss);
	gauge(out, "openclaw_uptime_seconds", "Time since the start",
	      (double)(oc_now_ms() - gw->started_ms) / 1000);
}

static void metrics_wait(struct oc_gateway *gw, struct oc_exchange *x)
{
	struct oc_buf text;

	oc_buf_init(&text, 4194304);
	oc_metrics_text(gw, &text);
	oc_exchange_set_header(x, "Cache-Control", "no-store");
	oc_exchange_respond(x, 200, "text/plain; version=0.0.4; charset=utf-8", oc_buf_view(&text));
	oc_buf_deinit(&text);
}

const struct oc_route oc_routes_metrics[] = {
	{ .path = "/metrics",
	  .methods = "GET HEAD",
	  .auth = OC_ROUTE_BEARER,
	  .run_wait = metrics_wait },
	{ 0 },
};
