#ifndef OC_CURL_LOOP_H
#define OC_CURL_LOOP_H
#include "net/client/curl_api.h"
/* libcurl's multi handle on our loop. Initialised by the first call, gone when the loop ends.
 * Private to net/. */
typedef void oc_curl_done_fn(void *arg, CURLcode result);
/* Fresh easy handle; give it back with oc_curl_stop. */
CURL *oc_curl_easy_new(void);
/* The transfer runs; fn is called once, from the loop, when it has ended, unless it was stopped
 * before. */
void oc_curl_start(CURL *easy, oc_curl_done_fn *fn, void *arg);
/* Ends the transfer if it still runs (closes its connection) and frees the handle. */
void oc_curl_stop(CURL *easy);
#endif
