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

typedef struct Chunk
{
	void	   *data;
	MemoryContext context;
} Chunk;

static Chunk *chunks;
static size_t nchunks;
static size_t max_chunks;

static void *
remember(void *data, MemoryContext context)
{
	if (data == NULL)
		abort();
	if (nchunks == max_chunks)
	{
		max_chunks = Max(64, max_chunks * 2);
		chunks = realloc(chunks, max_chunks * sizeof(Chunk));
	}
	chunks[nchunks].data = data;
	chunks[nchunks++].context = context;
	return data;
}

/* The newest chunks are those that are freed or grown. */
static Chunk *
find(void *data)
{
	for (size_t i = nchunks; i > 0; i--)
	{
		if (chunks[i - 1].data == data)
			return &chunks[i - 1];
	}
	abort();
}

void
dload_fuzz_reset(void)
{
	while (nchunks > 0)
		free(chunks[--nchunks].data);
	CurrentMemoryContext = NULL;
}

void *
palloc(Size size)
{
	return remember(malloc(Max(size, 1)), CurrentMemoryContext);
}

void *
palloc0(Size size)
{
	return remember(calloc(1, Max(size, 1)), CurrentMemoryContext);
}

void *
repalloc(void *pointer, Size size)
{
	Chunk	   *chunk = find(pointer);

	chunk->data = realloc(pointer, size);
	return chunk->data;
}

void
pfree(void *pointer)
{
	Chunk	   *chunk = find(pointer);

	free(pointer);
	*chunk = chunks[--nchunks];
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	return remember(malloc(Max(size, 1)), context);
}

char *
MemoryContextStrdup(MemoryContext context, const char *string)
{
	size_t		size = strlen(string) + 1;

	return memcpy(MemoryContextAlloc(context, size), string, size);
}

void *
MemoryContextAllocHuge(MemoryContext context, Size size)
{
	return MemoryContextAlloc(context, size);
}

void *
repalloc_huge(void *pointer, Size size)
{
	return repalloc(pointer, size);
}

/* A context is no more than its address. */
MemoryContext
AllocSetContextCreateInternal(MemoryContext parent, const char *name,
							  Size minContextSize, Size initBlockSize,
							  Size maxBlockSize)
{
	return MemoryContextAlloc(parent, 1);
}

void
MemoryContextReset(MemoryContext context)
{
	size_t		kept = 0;

	for (size_t i = 0; i < nchunks; i++)
	{
		if (chunks[i].context == context)
			free(chunks[i].data);
		else
			chunks[kept++] = chunks[i];
	}
	nchunks = kept;
}

void
MemoryContextDelete(MemoryContext context)
{
	MemoryContextReset(context);
	pfree(context);
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
