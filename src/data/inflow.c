/*-------------------------------------------------------------------------
 *
 * inflow.c
 *	  The bytes of a page that came and have not been taken.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/source.h"

#include "utils/memutils.h"

void
dload_inflow_init(DloadInflow *in)
{
	memset(in, 0, sizeof(*in));
	in->context = CurrentMemoryContext;
	dload_inflow_reset(in);
}

void
dload_inflow_reset(DloadInflow *in)
{
	in->cur = in->end = in->buf != NULL ? in->buf : "";
	in->final = false;
	in->started = false;
}

void
dload_inflow_open(DloadInflow *in, const char *body, size_t len)
{
	dload_inflow_reset(in);
	in->cur = body;
	in->end = body + len;
	in->final = true;
}

void
dload_inflow_feed(DloadInflow *in, const char *data, size_t len)
{
	size_t		live = in->end - in->cur;
	size_t		before = in->buf != NULL ? in->cur - in->buf : 0;

	Assert(!in->final);
	if (len == 0)
		return;
	if (in->buf == NULL || in->size - before - live < len)
	{
		/* each byte moves once on the average */
		if (before >= live && in->size - live >= len)
			memmove(in->buf, in->cur, live);
		else
		{
			size_t		size = Max(2 * (live + len), DLOAD_FIRST_BYTES);
			char	   *buf = MemoryContextAllocHuge(in->context, size);

			memcpy(buf, in->cur, live);
			if (in->buf != NULL)
				pfree(in->buf);
			in->buf = buf;
			in->size = size;
		}
		in->cur = in->buf;
		in->end = in->buf + live;
	}
	memcpy(in->buf + (in->end - in->buf), data, len);
	in->end += len;
}

bool
dload_inflow_start(DloadInflow *in)
{
	static const char mark[3] = {'\xef', '\xbb', '\xbf'};
	size_t		len = Min(in->end - in->cur, sizeof(mark));

	if (in->started)
		return true;
	if (memcmp(in->cur, mark, len) == 0)
	{
		if (len < sizeof(mark) && !in->final)
			return false;
		if (len == sizeof(mark))
			in->cur += len;
	}
	in->started = true;
	return true;
}

DloadReadResult
dload_record_too_large(size_t max_record, DloadError *err)
{
	dload_error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
					"record is larger than %zu kB", max_record / 1024);
	dload_error_hint(err, "The limit is the setting "
					 "\"dload.max_record_bytes\".");
	return DLOAD_READ_ERROR;
}
