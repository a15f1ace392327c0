/* What channels ask the gateway for: chat commands, answers to questions. */
#include "gateway/process/channels.h"

#include <stdlib.h>

#include "gateway/commands/chat_command.h"
#include "gateway/methods/command_run.h"
#include "gateway/wire/broker.h"

static struct oc_snapshot *give_snapshot(void *arg)
{
	return oc_gateway_snapshot(arg);
}

static bool is_command(void *arg, struct oc_str text)
{
	(void)arg;
	return oc_command_is(text);
}

static void command_wait(void *arg, const struct oc_channel_command *c, struct oc_buf *reply,
			 char **rest)
{
	const struct oc_command_run run = { .gw = arg,
					    .session_key = c->session_key,
					    .run_id = c->run_id,
					    .text = c->text,
					    .channel = c->channel,
					    .admin = c->admin };

	oc_command_run_wait(&run, reply, rest);
}

static json_t *commands(void *arg)
{
	(void)arg;
	return oc_chat_command_list(false);
}

static enum oc_rc approve(void *arg, const char *id, const char *decision, const char *by,
			  struct oc_err *e)
{
	const struct oc_gateway *gw = arg;
	enum oc_decision d = OC_DENY;

	if (!strcmp(decision, "allow-once")) d = OC_ALLOW_ONCE;
	if (!strcmp(decision, "allow-always")) d = OC_ALLOW_ALWAYS;
	return oc_approvals_resolve(gw->approvals, id, d, by, e);
}

static void told(void *arg, const char *event, const json_t *payload)
{
	const struct oc_gateway *gw = arg;

	oc_broker_send(gw->broker, &(struct oc_event){
				       .name = event, .payload = payload, .scope = OC_SCOPE_READ });
}

enum oc_rc oc_gateway_channels_start_wait(struct oc_gateway *gw, struct oc_err *e)
{
	const struct oc_channels_spec spec = { .store = gw->store,
					       .sessions = gw->sessions,
					       .snapshot = give_snapshot,
					       .is_command = is_command,
					       .command_wait = command_wait,
					       .commands = commands,
					       .approve = approve,
					       .told = told,
					       .arg = gw };

	return oc_channels_start_wait(&spec, &gw->channels, e);
}
