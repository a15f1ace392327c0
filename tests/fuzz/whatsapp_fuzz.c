/* Any call of the webhook and any error of the Cloud API is read to its end. */
#include <stdlib.h>

#include "channel/whatsapp/payload.h"
#include "channel/whatsapp/refusal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void payload(struct oc_str body)
{
	struct oc_wa_payload p;

	if (oc_wa_payload_parse(body, &p, NULL)) return;
	for (size_t i = 0; i < p.n_messages; i++) {
		const struct oc_wa_message *m = &p.messages[i];
		/* Ids become parts of keys and addresses. */
		if (!m->text || !m->id[0] || strpbrk(m->id, " \r\n\t")) abort();
	}
	for (size_t i = 0; i < p.n_statuses; i++)
		if (!p.statuses[i].id[0]) abort();
	oc_wa_payload_deinit(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Most inputs would not get behind the first member. */
	static const char head[] =
	    "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"field\":"
	    "\"messages\",\"value\":{\"metadata\":{\"phone_number_id\":\"1\"},\"messages\":[{";
	static const char tail[] = "}]}}]}]}";
	struct oc_buf b;

	payload((struct oc_str){ (const char *)data, size });
	oc_buf_init(&b, size + 512);
	oc_buf_adds(&b, head);
	oc_buf_add(&b, (struct oc_str){ (const char *)data, size });
	oc_buf_adds(&b, tail);
	payload(oc_buf_view(&b));
	oc_buf_clear(&b);
	(void)oc_wa_refusal_read(400, (struct oc_str){ (const char *)data, size }, &b);
	oc_buf_deinit(&b);
	return 0;
}
