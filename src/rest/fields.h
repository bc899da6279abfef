/*-------------------------------------------------------------------------
 *
 * fields.h
 *	  Structured header fields: lists of items with parameters (RFC 9651).
 *
 * "a";r=50;t=30, "b";r=0;t=5 is a list of two items with two parameters each.
 * The value of an item or parameter is its text: a string without its quotes,
 * anything else as it is written.  Inner lists and dates are read over.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_FIELDS_H
#define DLOAD_FIELDS_H

#include "base/dload.h"

/* More than any field has; what follows is not read. */
#define DLOAD_FIELD_PARAMETERS	16

typedef struct DloadFieldItem
{
	char	   *value;
	int			nparameters;
	struct
	{
		char	   *name;
		char	   *value;		/* "?1" for one without */
	}			parameters[DLOAD_FIELD_PARAMETERS];
} DloadFieldItem;

/*
 * Read the next item of a list; *at moves on.  False at its end, or where the
 * text is no list.  palloc'd.
 */
extern bool dload_field_next(const char **at, DloadFieldItem *item);

/* A parameter's value; NULL if the item has none of that name. */
extern const char *dload_field_parameter(const DloadFieldItem *item,
										 const char *name);

#endif							/* DLOAD_FIELDS_H */
