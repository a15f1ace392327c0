#ifndef OC_EXIT_H
#define OC_EXIT_H
/* Runs fn when every task has ended and before the loop closes: the place to free what a module
 * keeps for the process. */
void oc_rt_on_exit(void (*fn)(void));
#endif
