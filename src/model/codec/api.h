#ifndef OC_API_H
#define OC_API_H
#include "model/codec/decoder.h"
#include "model/codec/request.h"
/* The APIs of model servers that are spoken, one row each (`api` of a provider or a model). Pure.
 */
struct oc_api {
	const char *name;
	enum oc_protocol protocol;
	const char *path;     /* below the base URL */
	bool v1;	      /* the base may lack its /v1 */
	bool root;	      /* the path stands below the server's root, without /v1 */
	bool sets_window;     /* a request says how large the window is to be */
	const char *header;   /* sent with each request, NULL = none */
	const char *filtered; /* what is said of a reply that the provider withheld */
	json_t *(*body)(const struct oc_request *r); /* new reference */
	/* Output limit where nobody set one; NULL = the common one. */
	int64_t (*default_limit)(int64_t model_max_tokens, int64_t context_window);
};
/* NULL: not spoken. */
const struct oc_api *oc_api_find(const char *name);
/* "openai-completions, openai-responses, …", for messages. */
void oc_api_names(struct oc_buf *out);
/* What the API's path stands below: the base URL, with the /v1 that it asks for, or the server's
 * root; free with free(). */
char *oc_api_base(const struct oc_api *a, const char *base_url);
#endif
