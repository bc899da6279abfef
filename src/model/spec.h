/*-------------------------------------------------------------------------
 *
 * spec.h
 *	  What the specs share: options read and options checked.
 *
 * A *spec* is the part of a resource that one room of rest/ works by: what
 * authspec.c, pagespec.c, requestspec.c, recordspec.c and limitspec.c read
 * from the options.  Each of these knows its options twice: to read them, when
 * they are known to be valid, and to judge which of them go together, when
 * somebody gives them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_SPEC_H
#define DLOAD_SPEC_H

#include "data/json.h"
#include "data/path.h"
#include "model/option.h"
#include "model/validate.h"

/*
 * Reading: copies in the current context, NULL for an option that has neither
 * a value nor a default.  A stored value that no longer parses raises.
 */
extern char *dload_spec_text(const DloadOptionSet *set, const char *name);
extern DloadPath *dload_spec_path(const DloadOptionSet *set,
								  const char *name);
extern DloadJson *dload_spec_json(const DloadOptionSet *set,
								  const char *name);

/*
 * Checking: options is the list of one object, values as given.
 */
extern const char *dload_given_text(List *options, const char *name);

/* Is the first given without the second?  Then *err is set, and false. */
extern bool dload_given_with(List *options, const char *name,
							 const char *other, DloadError *err);

/*
 * An option that belongs to some values of another one only: a row of a
 * table.  "values" are words separated by "|".
 */
typedef struct DloadOwnedOption
{
	const char *name;
	const char *values;
	bool		required;		/* and these values need it */
} DloadOwnedOption;

/*
 * Check such a table, which ends with a NULL name, against the option "owner"
 * with its value or default "value".
 */
extern bool dload_given_owned(List *options, const DloadOwnedOption *owned,
							  const char *owner, const char *value,
							  DloadError *err);

#endif							/* DLOAD_SPEC_H */
