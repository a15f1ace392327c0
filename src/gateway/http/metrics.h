#ifndef OC_METRICS_H
#define OC_METRICS_H
#include "gateway/gateway.h"
#include "model/codec/reply.h"
/*
 * Counters of this process for GET /metrics (Prometheus text, D64). Label values come from tables
 * and the configuration, never from clients, and their number has a bound.
 */
/* A request of a client has ended: path of its route (NULL = none fitted), status of the answer
 * (499: it left before). */
void oc_metrics_request(const char *route, int status);
/* A relayed request has ended. */
void oc_metrics_relay(const char *provider, int status);
/* Tokens as a server counted them; source: "relay", "run". */
void oc_metrics_usage(const char *source, const struct oc_usage *u);
/* Counts the ends of runs and their tokens; for the watcher of all runs. */
void oc_metrics_run(const struct oc_run_event *event);
/* The whole text. */
void oc_metrics_text(const struct oc_gateway *gw, struct oc_buf *out);

/* ---- pure ---- */
/* value as it may stand between quotes in a label. */
void oc_metrics_label(const char *value, struct oc_buf *out);
#endif
