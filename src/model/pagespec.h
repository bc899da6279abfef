/*-------------------------------------------------------------------------
 *
 * pagespec.h
 *	  How the next page is asked for, and what ends a list.
 *
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_PAGESPEC_H
#define DLOAD_PAGESPEC_H

#include "model/spec.h"

typedef enum DloadPaginateKind	/* order of the option's values */
{
	DLOAD_PAGINATE_NONE,
	DLOAD_PAGINATE_LINK,
	DLOAD_PAGINATE_NEXT_URL,
	DLOAD_PAGINATE_PAGE,
	DLOAD_PAGINATE_OFFSET,
	DLOAD_PAGINATE_TOKEN,
	DLOAD_PAGINATE_WINDOW,
	DLOAD_PAGINATE_LIST,
	DLOAD_PAGINATE_SCROLL,
	DLOAD_PAGINATE_DRAIN
} DloadPaginateKind;

typedef struct DloadPageSpec
{
	DloadPaginateKind kind;
	DloadPath  *next_path;
	DloadPath  *token_path;
	DloadPath  *total_path;
	char	   *token_param;
	char	   *page_param;
	char	   *offset_param;
	char	   *page_size_param;
	int64		first_page;
	int64		page_size;		/* 0 = not given */
	int64		max_pages;		/* 0 = no cap */
} DloadPageSpec;

extern void dload_pagespec_read(DloadPageSpec *spec,
								const DloadOptionSet *set);

/* Combinations of a table's options. */
extern bool dload_pagespec_check(List *options, DloadError *err);

#endif							/* DLOAD_PAGESPEC_H */
