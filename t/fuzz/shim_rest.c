/*-------------------------------------------------------------------------
 *
 * shim_rest.c
 *	  What src/rest and src/model need of a backend beyond shim.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fuzz.h"

#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/timestamp.h"

const int	day_tab[2][13] = {
	{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0},
	{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0}
};

/* Julian day of a date of the Gregorian calendar. */
int
date2j(int year, int month, int day)
{
	int			y = year + 4800 - (14 - month) / 12;
	int			m = month + 12 * ((14 - month) / 12) - 3;

	return day + (153 * m + 2) / 5 + 365 * y + y / 4 - y / 100 + y / 400 -
		32045;
}

/* The same for each run, so that what was found is found again. */
TimestampTz
GetCurrentTimestamp(void)
{
	return INT64CONST(800000000) * USECS_PER_SEC;
}

static List *
add(List *list, NodeTag tag, void *datum)
{
	if (list == NIL)
	{
		list = palloc0(sizeof(List));
		list->type = tag;
	}
	if (list->length == list->max_length)
	{
		ListCell   *cells;

		list->max_length = Max(4, list->max_length * 2);
		cells = palloc0(list->max_length * sizeof(ListCell));
		if (list->length > 0)
			memcpy(cells, list->elements, list->length * sizeof(ListCell));
		list->elements = cells;
	}
	list->elements[list->length++].ptr_value = datum;
	return list;
}

List *
lappend(List *list, void *datum)
{
	return add(list, T_List, datum);
}

List *
list_make1_impl(NodeTag tag, ListCell datum)
{
	return add(NIL, tag, datum.ptr_value);
}

char *
pg_server_to_any(const char *s, int len, int encoding)
{
	return unconstify(char *, s);
}

char *
pg_any_to_server(const char *s, int len, int encoding)
{
	return unconstify(char *, s);
}

void
escape_json(StringInfo buf, const char *str)
{
	appendStringInfoChar(buf, '"');
	for (const char *p = str; *p; p++)
	{
		if (*p == '"' || *p == '\\')
			appendStringInfo(buf, "\\%c", *p);
		else if ((unsigned char) *p < ' ')
			appendStringInfo(buf, "\\u%04x", (int) *p);
		else
			appendStringInfoChar(buf, *p);
	}
	appendStringInfoChar(buf, '"');
}

bool
dload_fuzz_is_utf8(const char *text)
{
	return pg_encoding_verifymbstr(PG_UTF8, text, strlen(text)) ==
		(int) strlen(text);
}
