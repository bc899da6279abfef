/*-------------------------------------------------------------------------
 *
 * rules.h
 *	  The rule that decides what a response means.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_RULES_H
#define DLOAD_RULES_H

#include "rest/fetch.h"

/*
 * The rule by what the head says; NULL if there is none, or if that depends
 * on the body (*unjudged).
 */
extern const DloadRule *dload_rules_foresee(const DloadFetch *f,
											bool *unjudged);

/* The same by the body too; it is looked into if it is JSON. */
extern const DloadRule *dload_rules_find(const DloadFetch *f, DloadSpan body);

/*
 * For an error: the rule that would have ended the list here, if it applied
 * to such a status; NULL if there is none.
 */
extern const DloadRule *dload_rules_beside(const DloadFetch *f,
										   DloadSpan body);

/* Milliseconds that the rule, or else Retry-After, says to wait; -1 = none. */
extern int64 dload_rules_wait(const DloadFetch *f, const DloadRule *rule,
							  DloadSpan body);

/* The error that a rule makes of a response. */
extern bool dload_rules_error(const DloadFetch *f, const DloadRule *rule,
							  DloadSpan body, DloadError *err);

#endif							/* DLOAD_RULES_H */
