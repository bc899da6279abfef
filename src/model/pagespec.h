/*-------------------------------------------------------------------------
 *
 * pagespec.h
 *	  How the next page is asked for, and what ends a list.
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
	DLOAD_PAGINATE_KEYSET,
	DLOAD_PAGINATE_AUTO,
	DLOAD_PAGINATE_WINDOW,
	DLOAD_PAGINATE_LIST,
	DLOAD_PAGINATE_SCROLL,
	DLOAD_PAGINATE_DRAIN
} DloadPaginateKind;

/*
 * A *place*: where in a request a value goes that the paginator puts there.
 */
typedef enum DloadPagePlaceIn		/* order of the option's values */
{
	DLOAD_PLACE_QUERY,
	DLOAD_PLACE_BODY,
	DLOAD_PLACE_HEADER,
	DLOAD_PLACE_PATH,
	DLOAD_PLACE_FORM			/* BODY, where that is a form */
} DloadPagePlaceIn;

typedef struct DloadPagePlace
{
	DloadPagePlaceIn in;
	char	   *name;			/* NULL: no such place */
	DloadPath  *path;			/* BODY: the name as a path */
} DloadPagePlace;

typedef enum DloadTokenFrom		/* order of the option's values */
{
	DLOAD_TOKEN_FROM_BODY,
	DLOAD_TOKEN_FROM_HEADER,
	DLOAD_TOKEN_FROM_LAST_RECORD
} DloadTokenFrom;

/* A Boolean option without a default of its own. */
typedef enum DloadChoice
{
	DLOAD_UNSAID,
	DLOAD_NO,
	DLOAD_YES
} DloadChoice;

typedef struct DloadPageSpec
{
	DloadPaginateKind kind;
	bool		given;			/* not by default */

	/* link, next_url */
	char	   *link_rel;
	DloadPath  *next_path;

	/* token */
	DloadTokenFrom token_from;
	DloadPath  *token_path;
	char	   *token_header;
	DloadPagePlace	token;
	char	   *token_end;		/* means the end, beside null and "" */

	/* keyset: paths in the last record; a place for each, or one for all */
	List	   *keyset_paths;	/* of DloadPath * */
	List	   *keyset;			/* of DloadPagePlace * */

	/* page, offset, and how many to ask for */
	DloadPagePlace	page;
	DloadPagePlace	offset;
	DloadPagePlace	size;
	int64		first_page;
	int64		page_size;		/* 0 = not given */

	/* query parameters that only the first request has */
	List	   *drop_params;	/* of char * */
	bool		drop_all;		/* all but the paginator's own */

	/* what ends a list */
	DloadPath  *has_more_path;
	char	   *has_more_value;
	DloadPath  *total_path;
	char	   *total_header;
	bool		total_is_pages; /* it counts pages and not records */
	DloadChoice stop_on_empty;
	bool		stop_on_short;
	bool		stop_on_repeat; /* else that is an error */
	bool		equal_pages;	/* pages in a row may have the same records */
	int64		max_pages;		/* 0 = no cap */
} DloadPageSpec;

/* The place that two options name. */
extern void dload_pagespec_place(DloadPagePlace *place,
								 const DloadOptionSet *set, const char *in,
								 const char *param);

extern void dload_pagespec_read(DloadPageSpec *spec,
								const DloadOptionSet *set);

/* Is the last record of a page needed to ask for the next?  "inner" is what
 * pages a slice. */
extern bool dload_pagespec_wants_last(const DloadPageSpec *spec,
									  DloadPaginateKind inner);

/* The option that the paginator needs and that is not there, or NULL. */
extern const char *dload_pagespec_lacks(const DloadPageSpec *spec);

/* Combinations of a table's options. */
extern bool dload_pagespec_check(List *options, DloadError *err);

#endif							/* DLOAD_PAGESPEC_H */
