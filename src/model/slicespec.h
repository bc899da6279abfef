/*-------------------------------------------------------------------------
 *
 * slicespec.h
 *	  Lists that are read in parts, and reads that change what they read.
 *
 * What the paginators window, list, scroll and drain need beside the options
 * of pagespec.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_SLICESPEC_H
#define DLOAD_SLICESPEC_H

#include "model/pagespec.h"

typedef enum DloadTimeFormat	/* order of the option's values */
{
	DLOAD_TIME_ISO,
	DLOAD_TIME_EPOCH,
	DLOAD_TIME_EPOCH_MS,
	DLOAD_TIME_DATE
} DloadTimeFormat;

typedef struct DloadSliceSpec
{
	/* window: slices of time */
	char	   *window_from;	/* parameters of the bounds */
	char	   *window_to;
	DloadPagePlace from;		/* where these go */
	DloadPagePlace to;
	int64		window_step;	/* ms */
	DloadTimeFormat window_format;
	bool		window_inclusive;	/* the upper bound belongs to the slice */
	int64		window_cap;		/* records of an answer that may be cut off; 0
								 * = none */
	DloadPaginateKind window_inner;

	/* list: parts that the first response names */
	DloadPath  *list_path;
	DloadPagePlace part;		/* where the part goes; no name: list_url */
	char	   *list_url;		/* template with {part}, or NULL */
	bool		list_index;		/* parts are numbers */
	bool		list_first;		/* the first response is part 0 */

	/* scroll: what follows the first request, templates with {token} */
	char	   *scroll_path;
	char	   *scroll_method;
	char	   *scroll_body;
	char	   *close_path;		/* NULL: nothing to close */
	char	   *close_method;
	char	   *close_body;

	/* drain */
	int64		drain_for;		/* ms */
} DloadSliceSpec;

extern void dload_slicespec_read(DloadSliceSpec *spec,
								 const DloadOptionSet *set);

/* Combinations of a table's options. */
extern bool dload_slicespec_check(List *options, DloadError *err);

/* What pages a slice or the list itself: the paginator as given, for options
 * that belong to some of them. */
extern const char *dload_slicespec_pages(List *options);

#endif							/* DLOAD_SLICESPEC_H */
