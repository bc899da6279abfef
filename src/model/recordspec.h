/*-------------------------------------------------------------------------
 *
 * recordspec.h
 *	  Where the records are in a response, and in which form.
 *
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_RECORDSPEC_H
#define DLOAD_RECORDSPEC_H

#include "data/form.h"
#include "model/condition.h"
#include "model/spec.h"

typedef struct DloadRecordSpec
{
	DloadPath  *path;			/* records_path, or NULL: detect */
	bool		optional;		/* an empty list may be left out */
	DloadForm	form;
	DloadCondition *deleted_when;	/* of a record: its row is gone; or NULL */
	char	   *deleted_column; /* that then marks it; NULL: it is removed */
} DloadRecordSpec;

extern void dload_recordspec_read(DloadRecordSpec *spec,
								  const DloadOptionSet *set);

/* Combinations of a table's options. */
extern bool dload_recordspec_check(List *options, DloadError *err);

#endif							/* DLOAD_RECORDSPEC_H */
