/*-------------------------------------------------------------------------
 *
 * shim.c
 *	  What src/data needs of a backend, for a program without one.
 *
 * Every palloc is a malloc of its own, so that the address sanitizer sees
 * each chunk; dload_fuzz_reset frees what one input left.  Whatever would
 * raise an error aborts: data/ returns its errors.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fuzz.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

MemoryContext CurrentMemoryContext = NULL;

static void **chunks;
static size_t nchunks;
static size_t max_chunks;

static void **
remember(void *chunk)
{
	if (chunk == NULL)
		abort();
	if (nchunks == max_chunks)
	{
		max_chunks = Max(64, max_chunks * 2);
		chunks = realloc(chunks, max_chunks * sizeof(void *));
	}
	chunks[nchunks] = chunk;
	return &chunks[nchunks++];
}

/* The newest chunks are those that are freed or grown. */
static void **
find(void *chunk)
{
	for (size_t i = nchunks; i > 0; i--)
	{
		if (chunks[i - 1] == chunk)
			return &chunks[i - 1];
	}
	abort();
}

void
dload_fuzz_reset(void)
{
	while (nchunks > 0)
		free(chunks[--nchunks]);
}

void *
palloc(Size size)
{
	return *remember(malloc(Max(size, 1)));
}

void *
palloc0(Size size)
{
	return *remember(calloc(1, Max(size, 1)));
}

void *
repalloc(void *pointer, Size size)
{
	void	  **chunk = find(pointer);

	*chunk = realloc(pointer, size);
	return *chunk;
}

void
pfree(void *pointer)
{
	void	  **chunk = find(pointer);

	free(pointer);
	*chunk = chunks[--nchunks];
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	return palloc(size);
}

void *
MemoryContextAllocHuge(MemoryContext context, Size size)
{
	return palloc(size);
}

void *
repalloc_huge(void *pointer, Size size)
{
	return repalloc(pointer, size);
}

/* There is one context, whatever it is called. */
MemoryContext
AllocSetContextCreateInternal(MemoryContext parent, const char *name,
							  Size minContextSize, Size initBlockSize,
							  Size maxBlockSize)
{
	return CurrentMemoryContext;
}

void
MemoryContextReset(MemoryContext context)
{
}

void
MemoryContextDelete(MemoryContext context)
{
}

char *
pnstrdup(const char *in, Size len)
{
	size_t		n = strnlen(in, len);
	char	   *out = palloc(n + 1);

	memcpy(out, in, n);
	out[n] = '\0';
	return out;
}

char *
pstrdup(const char *in)
{
	return pnstrdup(in, strlen(in));
}

int
GetDatabaseEncoding(void)
{
	return PG_UTF8;
}

bool
IsTransactionState(void)
{
	return false;
}

Oid
FindDefaultConversionProc(int32 for_encoding, int32 to_encoding)
{
	abort();
}

int
pg_do_encoding_conversion_buf(Oid proc, int src_encoding, int dest_encoding,
							  unsigned char *src, int srclen,
							  unsigned char *dst, int dstlen, bool noError)
{
	abort();
}

bool
errstart(int elevel, const char *domain)
{
	abort();
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	abort();
}

int
errcode(int sqlerrcode)
{
	abort();
}

int
errmsg_internal(const char *fmt,...)
{
	abort();
}

int
errdetail_internal(const char *fmt,...)
{
	abort();
}

int
errhint(const char *fmt,...)
{
	abort();
}
