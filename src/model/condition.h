/*-------------------------------------------------------------------------
 *
 * condition.h
 *	  A condition: the small language in which options say something about a
 *	  response.
 *
 *	  condition := term { or term }			"and" binds tighter than "or"
 *	  term		:= factor { and factor }
 *	  factor	:= not factor | ( condition ) | exists ( place )
 *				   | place operator literal
 *	  place		:= status | header ( "Name" ) | $.json.path
 *	  operator	:= = | != | <> | < | <= | > | >= | contains
 *	  literal	:= "text" | 'text' | number | true | false | null
 *
 * A path with [*] means any of the values that it leads to.  What is not
 * there equals null and nothing else; != is the opposite of =.  A literal
 * number is compared as a number with whatever reads as one, a text with the
 * text of the value.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_CONDITION_H
#define DLOAD_CONDITION_H

#include "base/dload.h"

typedef struct DloadCondition DloadCondition;

/* What a condition is about.  Without "header" there are no headers. */
typedef struct DloadFacts
{
	int			status;
	char	   *(*header) (const void *arg, const char *name);
	const void *header_arg;
	DloadSpan	body;			/* a valid JSON document; len 0: none */
	/* NULL: nothing to redact */
	char	   *(*redact) (const void *arg, const char *text);
	const void *redact_arg;
} DloadFacts;

/*
 * Parse, in the current memory context; NULL and *err
 * (ERRCODE_INVALID_PARAMETER_VALUE).  Texts compare as they stand, so the
 * source must have the encoding of responses, UTF-8.
 */
extern DloadCondition *dload_condition_parse(const char *text,
											 DloadError *err);

/* Does it look at the status? */
extern bool dload_condition_names_status(const DloadCondition *c);

extern bool dload_condition_holds(const DloadCondition *c,
								  const DloadFacts *facts);

/* The same of a JSON text alone, and does it ask for nothing else? */
extern bool dload_condition_holds_in(const DloadCondition *c, DloadSpan json);
extern bool dload_condition_is_of_json(const DloadCondition *c);

typedef enum DloadTruth
{
	DLOAD_FALSE,
	DLOAD_TRUE,
	DLOAD_UNKNOWN
} DloadTruth;

/* The same before the body is there. */
extern DloadTruth dload_condition_foresee(const DloadCondition *c,
										  const DloadFacts *facts);

/*
 * What was found at the places that it names, as in
 * '$.ok is false, $.error is "invalid_auth"'.
 */
extern char *dload_condition_findings(const DloadCondition *c,
									  const DloadFacts *facts);

#endif							/* DLOAD_CONDITION_H */
