/*-------------------------------------------------------------------------
 *
 * spool.c
 *	  Records in a temporary file.
 *
 * Each record stands behind its length, written with seven bits in each byte
 * as most records are short.  core's BufFile would do the same with 8 kB at a
 * time and one more copy of every byte, both ways.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/spool.h"

#include "storage/fd.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

/* What is written at once. */
#define WRITE_BYTES (256 * 1024)

/* What is read at once, unless one record is larger. */
#define PIECE_BYTES (4 * 1024 * 1024)

/* The longest length, and the most that one call of the system takes. */
#define LENGTH_BYTES 10
#define CALL_BYTES ((size_t) 1024 * 1024 * 1024)

struct DloadSpool
{
	MemoryContext context;
	File		file;
	off_t		end;			/* of what is in the file */
	bool		written;		/* no more will be added */
	char	   *buf;			/* written: the piece in memory */
	size_t		size;
	size_t		len;
	size_t		cur;			/* next record, in buf */
	off_t		offset;			/* in the file: what comes after buf */
};

static void
close_file(void *arg)
{
	DloadSpool *spool = arg;

	FileClose(spool->file);
}

DloadSpool *
dload_spool_create(MemoryContext context)
{
	DloadSpool *spool = MemoryContextAllocZero(context, sizeof(DloadSpool));
	MemoryContextCallback *callback =
		MemoryContextAllocZero(context, sizeof(*callback));

	spool->context = context;
	spool->size = WRITE_BYTES;
	spool->buf = MemoryContextAlloc(context, spool->size);
	spool->file = OpenTemporaryFile(true);
	callback->func = close_file;
	callback->arg = spool;
	MemoryContextRegisterResetCallback(context, callback);
	return spool;
}

static void
write_bytes(DloadSpool *spool, const char *data, size_t len)
{
	while (len > 0)
	{
		int			some = (int) Min(len, CALL_BYTES);

		/* the interface of older releases takes a pointer to non-const */
		errno = 0;
		if (FileWrite(spool->file, unconstify(char *, data), some, spool->end,
					  WAIT_EVENT_BUFFILE_WRITE) != some)
		{
			/* fewer bytes written, and no reason given */
			if (errno == 0)
				errno = ENOSPC;
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not write to the temporary file of a page: %m")));
		}
		spool->end += some;
		data += some;
		len -= some;
	}
}

static void
write_buffer(DloadSpool *spool)
{
	write_bytes(spool, spool->buf, spool->len);
	spool->len = 0;
}

void
dload_spool_add(DloadSpool *spool, DloadSpan record)
{
	uint64		length = record.len;

	Assert(!spool->written);
	if (record.len + LENGTH_BYTES > spool->size - spool->len)
		write_buffer(spool);
	for (; length >= 0x80; length >>= 7)
		spool->buf[spool->len++] = (char) (length | 0x80);
	spool->buf[spool->len++] = (char) length;
	if (record.len <= spool->size - spool->len)
	{
		memcpy(spool->buf + spool->len, record.data, record.len);
		spool->len += record.len;
		return;
	}
	write_buffer(spool);
	write_bytes(spool, record.data, record.len);
}

void
dload_spool_rewind(DloadSpool *spool)
{
	if (!spool->written)
	{
		write_buffer(spool);
		spool->written = true;
	}
	spool->len = spool->cur = 0;
	spool->offset = 0;
}

/*
 * The length of the record that begins at buf + cur, its first byte's place in
 * *first.  False if not even the length is whole.
 */
static bool
read_length(const DloadSpool *spool, size_t *first, size_t *length)
{
	const unsigned char *p = (const unsigned char *) spool->buf;
	size_t		at = spool->cur;
	uint64		value = 0;

	for (int shift = 0; at < spool->len && shift < 64; shift += 7)
	{
		value |= (uint64) (p[at] & 0x7f) << shift;
		if (p[at++] < 0x80)
		{
			*first = at;
			*length = value;
			return true;
		}
	}
	return false;
}

/* The record that begins at buf + cur, if it is whole there. */
static bool
whole_record(const DloadSpool *spool, size_t *first, size_t *length)
{
	return read_length(spool, first, length) &&
		*length <= spool->len - *first;
}

bool
dload_spool_at_edge(const DloadSpool *spool)
{
	size_t		first;
	size_t		length;

	return !whole_record(spool, &first, &length);
}

/* Make the buffer so large, and keep what has not been read of it. */
static void
resize(DloadSpool *spool, size_t size)
{
	size_t		rest = spool->len - spool->cur;
	char	   *buf;

	if (size == spool->size)
		memmove(spool->buf, spool->buf + spool->cur, rest);
	else
	{
		buf = MemoryContextAllocHuge(spool->context, size);
		memcpy(buf, spool->buf + spool->cur, rest);
		pfree(spool->buf);
		spool->buf = buf;
		spool->size = size;
	}
	spool->len = rest;
	spool->cur = 0;
}

/* Read on behind what is left of the piece in memory. */
static void
read_piece(DloadSpool *spool)
{
	size_t		first;
	size_t		length;
	size_t		size = PIECE_BYTES;

	if (read_length(spool, &first, &length))
		size = Max(size, first - spool->cur + length);
	resize(spool, size);
	while (spool->len < spool->size && spool->offset < spool->end)
	{
		size_t		want = Min(spool->size - spool->len,
							   (size_t) (spool->end - spool->offset));
		int			some = (int) Min(want, CALL_BYTES);
		int			got;

		errno = 0;
		got = FileRead(spool->file, spool->buf + spool->len, some,
					   spool->offset, WAIT_EVENT_BUFFILE_READ);
		if (got <= 0)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read from the temporary file of a page: %m")));
		spool->len += got;
		spool->offset += got;
	}
}

bool
dload_spool_next(DloadSpool *spool, DloadSpan *record)
{
	size_t		first;
	size_t		length;

	/* the second time for a record whose length was not whole either */
	for (int i = 0; !whole_record(spool, &first, &length); i++)
	{
		if (spool->cur == spool->len && spool->offset == spool->end)
			return false;
		if (i == 2)
			elog(ERROR, "temporary file of a page is damaged");
		read_piece(spool);
	}
	*record = dload_span(spool->buf + first, length);
	spool->cur = first + length;
	return true;
}
