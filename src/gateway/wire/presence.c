/* Who is here, as system-presence shows it (spec 02 §2.7). */
#include <stdlib.h>
#include <sys/utsname.h>

#include "base/mem.h"
#include "gateway/wire/connection.h"

static void put_names(json_t *to, const char *key, const struct oc_strv *names)
{
	json_t *list = json_array();

	for (size_t i = 0; i < names->n; i++)
		json_array_append_new(list, oc_json_new_str(oc_str(names->v[i])));
	json_object_set_new(to, key, list);
}

static void put_text(json_t *to, const char *key, const char *text)
{
	if (text) oc_json_put(to, key, oc_json_new_str(oc_str_head(oc_str(text), 200)));
}

static json_t *self(const struct oc_gateway *gw)
{
	struct utsname host;
	bool known = uname(&host) == 0;
	char *text = oc_asprintf("Gateway: %s · app %s · mode gateway · reason self",
				 known ? host.nodename : "?", gw->version);
	json_t *v = json_object();

	put_text(v, "host", known ? host.nodename : "gateway");
	put_text(v, "ip", "127.0.0.1");
	put_text(v, "version", gw->version);
	put_text(v, "platform", known ? host.sysname : "");
	put_text(v, "mode", "gateway");
	put_text(v, "reason", "self");
	put_text(v, "instanceId", gw->boot_id);
	put_text(v, "text", text);
	json_object_set_new(v, "ts", json_integer(oc_wall_ms()));
	free(text);
	return v;
}

json_t *oc_presence_entry(const struct oc_gateway *gw, const struct oc_connection *c)
{
	if (!c) return self(gw);
	const char *name = oc_json_cstr(c->client, "displayName");
	const char *id = oc_json_cstr(c->client, "id"), *mode = oc_json_cstr(c->client, "mode");
	const char *instance = oc_json_cstr(c->client, "instanceId");
	json_t *v = json_object();

	if (!name) name = id;
	char *text = oc_asprintf("Node: %s · mode %s · reason connect", name, mode);
	put_text(v, "host", name);
	put_text(v, "ip", c->local ? NULL : c->address);
	put_text(v, "version", oc_json_cstr(c->client, "version"));
	put_text(v, "platform", oc_json_cstr(c->client, "platform"));
	put_text(v, "mode", mode);
	put_text(v, "reason", "connect");
	put_text(v, "instanceId", instance ? instance : c->id);
	put_text(v, "text", text);
	put_text(v, "deviceId", c->device);
	json_object_set_new(v, "roles", json_pack("[s]", "operator"));
	put_names(v, "scopes", &c->scopes);
	json_object_set_new(v, "ts", json_integer(c->connected_ms));
	free(text);
	return v;
}

bool oc_presence_shows(const struct oc_connection *c)
{
	const char *mode = oc_json_cstr(c->client, "mode");

	return mode && strcmp(mode, "cli") != 0 && strcmp(mode, "probe") != 0;
}
