/*-------------------------------------------------------------------------
 *
 * rulespec.h
 *	  Rules for responses: what a response of some kind means.
 *
 * A *rule* is a condition and what to do when it holds.  The first rule that
 * holds decides; without one the status does.  They come from stop_when, the
 * table's response_rules, the server's, and error_when, in this order.
 *
 * What ends a list speaks of good responses, unless it looks at the status:
 * an error has no members that say that more follows, either.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_RULESPEC_H
#define DLOAD_RULESPEC_H

#include "model/condition.h"
#include "model/spec.h"

typedef enum DloadRuleAction
{
	DLOAD_RULE_RETRY,			/* a passing failure: ask again */
	DLOAD_RULE_WAIT,			/* not ready yet: ask again */
	DLOAD_RULE_LIMITED,			/* the rate limit is used up */
	DLOAD_RULE_SKIP,			/* leave this page out */
	DLOAD_RULE_END,				/* the list ends here, complete */
	DLOAD_RULE_FAIL,			/* an error */
	DLOAD_RULE_REFRESH,			/* the access token is no longer good */
	DLOAD_RULE_RESTART			/* what the request went on from is gone */
} DloadRuleAction;

typedef struct DloadRule
{
	DloadCondition *when;
	char	   *source;			/* the condition as it was written */
	const char *option;			/* where it comes from */
	DloadRuleAction action;
	bool		success_only;	/* for 2xx alone */
	int64		wait;			/* ms; -1 = not given */
	char	   *wait_header;	/* or NULL */
	DloadPath  *wait_path;		/* or NULL */
	char	   *message;		/* FAIL; or NULL */
} DloadRule;

typedef struct DloadRuleSpec
{
	List	   *rules;			/* of DloadRule */
} DloadRuleSpec;

/* server and table: the options of each. */
extern void dload_rulespec_read(DloadRuleSpec *spec,
								const DloadOptionSet *set,
								List *server, List *table);

/* Checks of values, for the validator; false and *err. */
extern bool dload_rulespec_check_condition(const char *option,
										   const char *value,
										   DloadError *err);
extern bool dload_rulespec_check_rules(const char *option, const char *value,
									   DloadError *err);

#endif							/* DLOAD_RULESPEC_H */
