#ifndef OC_SELF_H
#define OC_SELF_H
/* Absolute path of the running program, NULL when the system does not tell. Free with free(). */
char *oc_self_path(void);
#endif
