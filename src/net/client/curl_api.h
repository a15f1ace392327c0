#ifndef OC_CURL_API_H
#define OC_CURL_API_H
#include <curl/curl.h>
/*
 * libcurl, loaded on first use. Linked the usual way it brings some thirty libraries (TLS, LDAP,
 * Kerberos, SSH) into every start, which costs more time than all the rest of `openclaw --version`.
 */
#define OC_CURL_FUNCTIONS(X)                                                                       \
	X(global_init)                                                                             \
	X(global_cleanup)                                                                          \
	X(slist_append)                                                                            \
	X(slist_free_all)                                                                          \
	X(easy_init)                                                                               \
	X(easy_setopt)                                                                             \
	X(easy_getinfo)                                                                            \
	X(easy_pause)                                                                              \
	X(easy_cleanup)                                                                            \
	X(easy_strerror)                                                                           \
	X(multi_init)                                                                              \
	X(multi_setopt)                                                                            \
	X(multi_add_handle)                                                                        \
	X(multi_remove_handle)                                                                     \
	X(multi_socket_action)                                                                     \
	X(multi_assign)                                                                            \
	X(multi_info_read)                                                                         \
	X(multi_cleanup)

/* The headers check the types of variadic calls by macros of the same names. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

struct oc_curl {
#define OC_CURL_MEMBER(name) __typeof__(curl_##name) *name;
	OC_CURL_FUNCTIONS(OC_CURL_MEMBER)
#undef OC_CURL_MEMBER
};
/* Ends the process with a message when there is no libcurl: it is a dependency of the package. */
const struct oc_curl *oc_curl(void);
#endif
