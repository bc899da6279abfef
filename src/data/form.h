/*-------------------------------------------------------------------------
 *
 * form.h
 *	  In which form the records stand in a response.
 *
 * A *form* says what a body is (JSON, lines of JSON, CSV) and how what it
 * holds becomes records that are JSON objects: rows whose values have no
 * names, maps whose keys belong into the records, values of the envelope that
 * each record gets, strings that hold something else.  A form of zeros is a
 * JSON document whose records are taken as they are.
 *
 * All texts are UTF-8.  Names are JSON strings with their quotes, ready to be
 * written.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_FORM_H
#define DLOAD_FORM_H

#include "data/decode.h"
#include "data/path.h"

/* A value of the envelope that each record gets. */
typedef struct DloadCopiedValue
{
	char	   *name;
	DloadPath  *path;			/* in the envelope */
} DloadCopiedValue;

/* A string in the records that holds something else. */
typedef struct DloadCodedValue
{
	DloadPath  *path;			/* in the record */
	DloadCoding coding;
} DloadCodedValue;

typedef struct DloadForm
{
	DloadFormat format;

	/* JSON */
	char	   *key;			/* the records are members of an object, and
								 * get its key under this name; or NULL.  Not
								 * together with rows */
	DloadPath  *key_path;		/* place of the name of the member that holds
								 * the records, or NULL */
	int			nnames;			/* rows: names of their values ... */
	char	  **names;
	DloadPath  *names_path;		/* ... or their place in the envelope */
	DloadPath  *value_path;		/* of the values in a row, with one [*]; NULL:
								 * the row is a list of them */
	int			ncopied;
	DloadCopiedValue *copied;
	int			ncoded;
	DloadCodedValue *coded;

	/* CSV */
	char		delimiter;		/* 0: by the format */
	bool		headless;		/* the first line is a record */
	char	   *null;			/* text that means null; NULL: the empty one */
	int			ncolumns;		/* names given, or 0: the header's */
	char	  **columns;
} DloadForm;

/* Are the records rows of values without names? */
#define dload_form_has_rows(form) \
	((form)->nnames > 0 || (form)->names_path != NULL)

/* A name that is there twice, so that a value would hide another; or NULL. */
extern char *dload_form_twice(char **names, int n);

#endif							/* DLOAD_FORM_H */
