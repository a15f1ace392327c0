/* Questions to a person, in memory: who asked them is gone after a restart. */
#include "agent/session/approvals.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"

struct approval {
	struct approval *next;
	char id[OC_ID_CHARS + 1];
	json_t *record;
	struct oc_wait *asker;
	enum oc_decision decision;
	char *by;
	bool decided;
};
struct oc_approvals {
	struct approval *first; /* oldest first */
	void (*told)(void *arg, const json_t *record, const char *decision, const char *by);
	void *arg;
};

struct oc_approvals *oc_approvals_new(void (*told)(void *arg, const json_t *record,
						   const char *decision, const char *by),
				      void *arg)
{
	struct oc_approvals *a = oc_new(struct oc_approvals);

	a->told = told;
	a->arg = arg;
	return a;
}

/* Nobody asks any more: each question lives in the task of its run. */
void oc_approvals_free(struct oc_approvals *a)
{
	free(a);
}

static const char *decision_name(enum oc_decision d)
{
	static const char *const names[] = { "deny", "allow-once", "allow-always" };

	return names[d];
}

static void tell(struct oc_approvals *a, const struct approval *q, const char *decision)
{
	if (a->told) a->told(a->arg, q->record, decision, q->by);
}

static void add(struct oc_approvals *a, struct approval *q, json_t *request)
{
	struct approval **at = &a->first;
	int64_t now = oc_wall_ms();

	oc_uuid(q->id);
	q->record = json_object();
	oc_json_put(q->record, "id", json_string(q->id));
	oc_json_put(q->record, "request", json_deep_copy(request));
	oc_json_put(q->record, "createdAtMs", json_integer(now));
	oc_json_put(q->record, "expiresAtMs", json_integer(now + OC_APPROVAL_EXPIRES_MS));
	while (*at) at = &(*at)->next;
	*at = q;
}

static void drop(struct oc_approvals *a, struct approval *q)
{
	struct approval **at = &a->first;

	while (*at != q) at = &(*at)->next;
	*at = q->next;
	json_decref(q->record);
	free(q->by);
}

enum oc_rc oc_approvals_ask_wait(struct oc_approvals *a, json_t *request, enum oc_decision *out,
				 struct oc_err *e)
{
	struct oc_wait wait = { 0 };
	struct approval q = { .asker = &wait };
	enum oc_rc rc;

	add(a, &q, request);
	tell(a, &q, NULL);
	rc = q.decided ? OC_OK : oc_wait_park(&wait, oc_deadline_in(OC_APPROVAL_EXPIRES_MS));
	q.asker = NULL;
	if (q.decided) {
		*out = q.decision;
		rc = OC_OK;
	} else {
		q.decided = true;
		*out = OC_DENY;
		tell(a, &q, decision_name(OC_DENY));
		rc = rc == OC_E_TIMEOUT
			 ? oc_fail(e, OC_E_DENIED, "not run: nobody answered the question in time")
			 : oc_fail(e, OC_CANCELLED, "stopped");
	}
	drop(a, &q);
	return rc;
}

/* Those that wait for an answer. */
static struct approval *find(const struct oc_approvals *a, const char *id)
{
	struct approval *q = a->first;

	while (q && (q->decided || strcmp(q->id, id) != 0)) q = q->next;
	return q;
}

json_t *oc_approvals_list(const struct oc_approvals *a)
{
	json_t *list = json_array();

	for (const struct approval *q = a->first; q; q = q->next)
		if (!q->decided) json_array_append(list, q->record);
	return list;
}

json_t *oc_approvals_get(const struct oc_approvals *a, const char *id)
{
	const struct approval *q = find(a, id);

	return q ? json_incref(q->record) : NULL;
}

enum oc_rc oc_approvals_resolve(struct oc_approvals *a, const char *id, enum oc_decision decision,
				const char *by, struct oc_err *e)
{
	struct approval *q = find(a, id);

	if (!q)
		return oc_fail(e, OC_E_NOT_FOUND,
			       "there is no open question with the id %.80s: it is unknown, "
			       "answered or expired",
			       id);
	q->decided = true;
	q->decision = decision;
	q->by = by ? oc_strdup(by) : NULL;
	tell(a, q, decision_name(decision));
	if (q->asker) oc_wait_end(q->asker, OC_OK);
	return OC_OK;
}
