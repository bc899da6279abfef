/*-------------------------------------------------------------------------
 *
 * paginator_window.c
 *	  Slices of time, each read by another paginator.
 *
 * A slice is [from, to).  It begins where the one before ended; the last one
 * ends at a given time, or at the API's now.  An answer that reaches the
 * API's cap, or is all there is of a slice and has fewer records than it says
 * there are, may have been cut off, so it is thrown away and the first half of
 * its slice is asked for instead; the slices after it are as short, and get
 * longer again as long as that goes well.
 *
 * A rule that ends a list ends that of a slice.
 *
 * The state of a request is a JSON object: the slice, where the window ends,
 * the records read of the slice, the request without bounds, and the states of
 * the inner paginator at a slice's beginning and now.  Times are microseconds
 * since 1970.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/slices.h"

#include "data/json.h"
#include "data/type.h"
#include "rest/fetch.h"
#include "rest/paging.h"
#include "rest/total.h"
#include "rest/url.h"
#include "rest/urlparts.h"

#include "datatype/timestamp.h"
#include "utils/timestamp.h"

#define UNIX_OFFSET_US \
	((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

/* Clocks differ: a slice that ends so shortly before now ends now. */
#define CLOCK_SKEW_US	(60 * USECS_PER_SEC)

/* No bound.  Nor is the instant 0 as an end. */
#define NOT_GIVEN	PG_INT64_MIN

typedef struct Slice
{
	char	   *base;			/* the URL without bounds */
	char	   *body;			/* of a slice's first request, or NULL */
	char	   *start;			/* state of the inner paginator before it */
	int64		from;
	int64		to;
	int64		end;			/* of the window; 0: not known yet */
	int64		count;			/* records read of the slice */
	char	   *inner;			/* state of the inner paginator, or NULL */
} Slice;

static int64
unit_of(DloadTimeFormat format)
{
	switch (format)
	{
		case DLOAD_TIME_EPOCH_MS:
			return 1000;
		case DLOAD_TIME_DATE:
			return USECS_PER_DAY;
		default:
			return USECS_PER_SEC;
	}
}

static int64
round_down(int64 t, int64 unit)
{
	return t - (t % unit + unit) % unit;
}

static int64
round_up(int64 t, int64 unit)
{
	return round_down(t + unit - 1, unit);
}

static char *
format_time(DloadTimeFormat format, int64 us)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (format == DLOAD_TIME_EPOCH)
		return psprintf(INT64_FORMAT, us / USECS_PER_SEC);
	if (format == DLOAD_TIME_EPOCH_MS)
		return psprintf(INT64_FORMAT, us / 1000);
	if (timestamp2tm(us - UNIX_OFFSET_US, NULL, &tm, &fsec, NULL, NULL) != 0)
		return pstrdup("");
	if (format == DLOAD_TIME_DATE)
		return psprintf("%04d-%02d-%02d", tm.tm_year, tm.tm_mon, tm.tm_mday);
	return psprintf("%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year, tm.tm_mon,
					tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/*
 * A bound as a cursor or a user writes it.  Numbers are seconds, or where that
 * would be millennia from now milliseconds.
 */
static bool
parse_time(const char *text, int64 *us)
{
	TimestampTz t;
	char	   *end;
	int64		number;

	errno = 0;
	number = strtoi64(text, &end, 10);
	if (end != text && errno == 0 && (*end == '\0' || *end == '.') &&
		strspn(end, ".0123456789") == strlen(end))
	{
		if (number > INT64CONST(100000000000000))
			return false;
		*us = number > INT64CONST(100000000000) ? number * 1000 :
			number * USECS_PER_SEC;
		return number >= 0;
	}
	if (!dload_parse_instant(text, strlen(text), &t))
		return false;
	*us = t + UNIX_OFFSET_US;
	return true;
}

/* The last value of a query parameter, decoded; NULL if it has none. */
static char *
query_value(const char *url, const char *name)
{
	DloadUrlParts parts;
	const char *p;
	const char *end;
	char	   *value = NULL;

	dload_url_split(url, &parts);
	p = parts.query.data;
	if (p == NULL)
		return NULL;
	for (end = p + parts.query.len; p < end; p++)
	{
		const char *stop = memchr(p, '&', end - p);
		const char *equals;
		DloadSpan	found;

		if (stop == NULL)
			stop = end;
		equals = memchr(p, '=', stop - p);
		found = dload_span(p, equals != NULL ? equals - p : 0);
		p = stop;
		if (equals == NULL || strcmp(dload_url_decode_name(found), name) != 0)
			continue;
		found = dload_span(equals + 1, stop - equals - 1);
		value = dload_url_decode_name(found);
	}
	return value;
}

/* The slice's own paginator sees a resource of its own kind. */
static const DloadPaginator *
inner_paginator(const DloadResource *res, DloadResource *inner)
{
	*inner = *res;
	inner->page.kind = res->slice.window_inner;
	return dload_paginator_get(inner->page.kind);
}

static char *
slice_text(const Slice *slice)
{
	DloadJson  *doc = dload_json_new_object();

	dload_json_set_string(doc, "base", slice->base);
	dload_json_set_int(doc, "from", slice->from);
	dload_json_set_int(doc, "to", slice->to);
	dload_json_set_int(doc, "end", slice->end);
	dload_json_set_int(doc, "count", slice->count);
	if (slice->body != NULL)
		dload_json_set_string(doc, "body", slice->body);
	if (slice->start != NULL)
		dload_json_set_string(doc, "start", slice->start);
	if (slice->inner != NULL)
		dload_json_set_string(doc, "inner", slice->inner);
	return dload_json_text(doc);
}

static bool
read_slice(const char *text, Slice *slice, DloadError *err)
{
	DloadJson  *doc = text ? dload_json_parse(text, "saved slice", err) : NULL;

	memset(slice, 0, sizeof(*slice));
	if (doc == NULL ||
		!dload_json_get_int(doc, "from", &slice->from) ||
		!dload_json_get_int(doc, "to", &slice->to) ||
		!dload_json_get_int(doc, "end", &slice->end) ||
		!dload_json_get_int(doc, "count", &slice->count) ||
		(slice->base = dload_json_get_string(doc, "base")) == NULL)
		return dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
							   "saved request has no valid slice");
	slice->body = dload_json_get_string(doc, "body");
	slice->start = dload_json_get_string(doc, "start");
	slice->inner = dload_json_get_string(doc, "inner");
	return true;
}

/* The token of the slice before is nothing to this one. */
static void
drop_token_header(const DloadResource *res, DloadRequest *request)
{
	const char *name = res->page.token.name;
	List	   *headers = NIL;
	ListCell   *lc;

	if (name == NULL || res->page.token.in != DLOAD_PLACE_HEADER)
		return;
	foreach(lc, request->headers)
	{
		const char *header = lfirst(lc);

		if (pg_strncasecmp(header, name, strlen(name)) != 0 ||
			header[strlen(name)] != ':')
			headers = lappend(headers, lfirst(lc));
	}
	request->headers = headers;
}

/* A bound to send; in a body epochs are numbers. */
static DloadPagingValue
bound_value(DloadTimeFormat format, int64 us)
{
	char	   *text = format_time(format, us);

	return format == DLOAD_TIME_EPOCH || format == DLOAD_TIME_EPOCH_MS ?
		dload_paging_number(strtoi64(text, NULL, 10)) :
		dload_paging_text(text);
}

/* The request for the first page of a slice. */
static bool
ask_slice(const DloadResource *res, Slice *slice, DloadRequest *request,
		  DloadError *err)
{
	const DloadSliceSpec *spec = &res->slice;
	DloadTimeFormat format = spec->window_format;
	int64		to = slice->to;
	DloadResource inner;

	if (spec->window_inclusive)
		to = Max(to - unit_of(format), slice->from);
	request->url = slice->base;
	request->body = slice->body;
	if (!dload_paging_put(&spec->from, bound_value(format, slice->from),
						  request, err) ||
		!dload_paging_put(&spec->to, bound_value(format, to), request, err))
		return false;
	request->position = 0;
	request->state = slice->start;
	drop_token_header(res, request);
	(void) inner_paginator(res, &inner);
	if (!dload_paginator_begin(&inner, request, err))
		return false;
	slice->count = 0;
	slice->inner = request->state;
	request->state = slice_text(slice);
	return true;
}

static int64
local_now(void)
{
	return GetCurrentTimestamp() + UNIX_OFFSET_US;
}

static bool
read_bound(const DloadResource *res, const DloadRequest *request,
		   const char *name, int64 *us, DloadError *err)
{
	char	   *text = query_value(request->url, name);

	*us = NOT_GIVEN;
	if (text == NULL || parse_time(text, us))
		return true;
	dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
					"value \"%s\" of parameter \"%s\" is not a time", text,
					name);
	return dload_error_hint(err, "Give a date and time in ISO 8601, or seconds "
							"or milliseconds since 1970.");
}

bool
dload_window_begin(const DloadResource *res, DloadRequest *request,
				   DloadError *err)
{
	const DloadSliceSpec *spec = &res->slice;
	int64		unit = unit_of(spec->window_format);
	int64		now = round_up(local_now(), unit);
	Slice		slice = {0};

	if (!read_bound(res, request, spec->window_from, &slice.from, err) ||
		!read_bound(res, request, spec->window_to, &slice.end, err))
		return false;
	if (slice.from == NOT_GIVEN)
	{
		dload_error_set(err, ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED,
						"nothing says where the window of foreign table %s "
						"begins", res->relname);
		return dload_error_hint(err, "Give parameter \"%s\" a value: a "
								"pipeline by cursor_path and initial_value or "
								"by params, a query by a condition on a "
								"column with that param.", spec->window_from);
	}
	slice.base = request->url;
	if (spec->from.in != DLOAD_PLACE_QUERY)
	{
		slice.base = dload_url_drop_query(slice.base, spec->window_from);
		slice.base = dload_url_drop_query(slice.base, spec->window_to);
	}
	slice.body = request->body;
	slice.start = request->state;
	slice.from = round_down(slice.from, unit);
	slice.end = slice.end == NOT_GIVEN ? 0 : round_up(slice.end, unit);
	slice.to = Min(slice.from + spec->window_step * 1000,
				   slice.end > 0 ? slice.end : now);
	slice.to = Max(round_up(slice.to, unit), slice.from + unit);
	return ask_slice(res, &slice, request, err);
}

/* Where the window ends, as soon as somebody says what time it is. */
static int64
find_end(const DloadResource *res, const DloadPageInfo *page,
		 const Slice *slice)
{
	int64		now = 0;

	if (page->exchange != NULL)
		now = dload_response_date(page->exchange);
	now = now != 0 ? now + UNIX_OFFSET_US : local_now();
	now = round_up(now, unit_of(res->slice.window_format));
	return now - slice->to < CLOCK_SKEW_US ? slice->to : now;
}

/* The answer may have been cut off: ask for half of the slice. */
static DloadNext
halve(const DloadResource *res, Slice *slice, int64 records, bool first,
	  DloadRequest *next, DloadError *err)
{
	DloadTimeFormat format = res->slice.window_format;
	int64		unit = unit_of(format);
	int64		half = round_down((slice->to - slice->from) / 2, unit);

	if (first && half >= unit)
	{
		slice->to = slice->from + half;
		return ask_slice(res, slice, next, err) ? DLOAD_NEXT_INSTEAD :
			DLOAD_NEXT_ERROR;
	}
	dload_error_set(err, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
					"slice of foreign table %s %s", res->relname,
					res->slice.window_cap > 0 ? "reaches window_cap" :
					"has more records than the answer");
	dload_error_detail(err, "From %s to %s the API has " INT64_FORMAT
					   " records, where it may cut off what follows.",
					   format_time(format, slice->from),
					   format_time(format, slice->to), records);
	if (half < unit)
		dload_error_hint(err, "The slice cannot be halved any more; narrow "
						 "the request by another parameter.");
	else
		dload_error_hint(err, "Pages of the slice have been read before, so "
						 "that it cannot be halved any more; reduce "
						 "\"window_step\", or give \"total_path\".");
	return DLOAD_NEXT_ERROR;
}

static DloadNext
next_slice(const DloadResource *res, Slice *slice, DloadRequest *next,
		   DloadError *err)
{
	int64		unit = unit_of(res->slice.window_format);
	int64		width = Min(2 * (slice->to - slice->from),
							res->slice.window_step * 1000);

	if (slice->to >= slice->end)
		return DLOAD_NEXT_END;
	slice->from = slice->to;
	slice->to = Min(slice->from + round_up(width, unit), slice->end);
	return ask_slice(res, slice, next, err) ? DLOAD_NEXT_SLICE :
		DLOAD_NEXT_ERROR;
}

/* Is one answer all of a slice, and says how many records that is? */
static bool
tells_whole(const DloadResource *res)
{
	return res->page.kind == DLOAD_PAGINATE_WINDOW &&
		res->slice.window_inner == DLOAD_PAGINATE_NONE &&
		!res->page.total_is_pages &&
		(res->page.total_path != NULL || res->page.total_header != NULL);
}

bool
dload_window_may_halve(const DloadResource *res)
{
	return res->slice.window_cap > 0 || tells_whole(res);
}

DloadNext
dload_window_next(const DloadResource *res, const DloadPageInfo *page,
				  DloadRequest *next, DloadError *err)
{
	int64		cap = res->slice.window_cap;
	DloadPageInfo info = *page;
	DloadRequest request = *page->request;
	DloadResource inner;
	DloadNext	answer;
	Slice		slice;
	int64		total;
	bool		first;

	if (!read_slice(page->request->state, &slice, err))
		return DLOAD_NEXT_ERROR;
	if (slice.end == 0)
		slice.end = find_end(res, page, &slice);
	first = slice.count == 0;
	slice.count += page->nrecords;
	total = res->page.total_is_pages ? -1 :
		dload_total_read(res, page->exchange, page->envelope);
	if ((cap > 0 && (total >= cap || slice.count >= cap)) ||
		(tells_whole(res) && !page->ended && total > slice.count))
		return halve(res, &slice, Max(total, slice.count), first, next, err);

	if (page->ended)
		return next_slice(res, &slice, next, err);
	request.state = slice.inner;
	info.request = &request;
	info.total_records = slice.count;
	next->state = slice.inner;
	answer = inner_paginator(res, &inner)->next(&inner, &info, next, err);
	if (answer == DLOAD_NEXT_END)
		return next_slice(res, &slice, next, err);
	if (answer == DLOAD_NEXT_PAGE)
	{
		slice.inner = next->state;
		next->state = slice_text(&slice);
	}
	return answer;
}
