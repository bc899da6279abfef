/*-------------------------------------------------------------------------
 *
 * memo.c
 *	  Answers kept for the rescans of one scan.
 *
 * Once the memory is used up nothing more is kept.  Throwing out older
 * answers would not help: the outer rows of a join come in no order that
 * tells which of them returns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fdw/memo.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* The rows of one complete read. */
typedef struct MemoEntry
{
	uint32		hash;
	char	   *key;
	size_t		keylen;
	int			nrows;
	int			maxrows;
	HeapTuple  *rows;
	MemoryContext context;		/* owns the entry's key and rows */
	struct MemoEntry *next;		/* in its bucket */
} MemoEntry;

#define MEMO_BUCKETS	1024

struct DloadMemo
{
	MemoryContext context;
	MemoEntry **buckets;
	MemoEntry  *replay;			/* being read from; NULL if none */
	int			position;		/* next row of it */
	MemoEntry  *recording;		/* being filled; NULL if none */
	Size		used;			/* bytes of the complete entries */
	bool		full;
	int64		hits;
};

DloadMemo *
dload_memo_create(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "dload memo",
												  ALLOCSET_DEFAULT_SIZES);
	DloadMemo  *memo = MemoryContextAllocZero(context, sizeof(DloadMemo));

	memo->context = context;
	memo->buckets = MemoryContextAllocZero(context, MEMO_BUCKETS *
										   sizeof(MemoEntry *));
	return memo;
}

void
dload_memo_forget(DloadMemo *memo)
{
	if (memo->recording != NULL)
		MemoryContextDelete(memo->recording->context);
	memo->recording = NULL;
}

static bool
memory_used_up(const DloadMemo *memo)
{
	return memo->used +
		MemoryContextMemAllocated(memo->recording->context, false) >
		(Size) work_mem * 1024;
}

bool
dload_memo_begin(DloadMemo *memo, const char *key, size_t keylen)
{
	uint32		hash = hash_bytes((const unsigned char *) key, (int) keylen);
	MemoEntry  *entry = memo->buckets[hash % MEMO_BUCKETS];
	MemoryContext context;

	dload_memo_forget(memo);
	memo->replay = NULL;
	for (; entry != NULL; entry = entry->next)
	{
		if (entry->hash != hash || entry->keylen != keylen ||
			memcmp(entry->key, key, keylen) != 0)
			continue;
		memo->replay = entry;
		memo->position = 0;
		memo->hits++;
		return true;
	}
	if (memo->full)
		return false;

	context = AllocSetContextCreate(memo->context, "dload memo entry",
									ALLOCSET_SMALL_SIZES);
	entry = MemoryContextAllocZero(context, sizeof(MemoEntry));
	entry->context = context;
	entry->hash = hash;
	entry->keylen = keylen;
	entry->key = MemoryContextAlloc(context, Max(keylen, 1));
	memcpy(entry->key, key, keylen);
	entry->maxrows = 8;
	entry->rows = MemoryContextAlloc(context, sizeof(HeapTuple) * 8);
	memo->recording = entry;
	return false;
}

bool
dload_memo_next(DloadMemo *memo, TupleTableSlot *slot)
{
	if (memo->position >= memo->replay->nrows)
		return false;
	ExecForceStoreHeapTuple(memo->replay->rows[memo->position++], slot, false);
	return true;
}

void
dload_memo_add(DloadMemo *memo, TupleTableSlot *slot)
{
	MemoEntry  *entry = memo->recording;
	MemoryContext old;

	if (entry == NULL)
		return;
	old = MemoryContextSwitchTo(entry->context);
	if (entry->nrows == entry->maxrows)
	{
		entry->maxrows *= 2;
		entry->rows = repalloc_huge(entry->rows,
									sizeof(HeapTuple) * entry->maxrows);
	}
	entry->rows[entry->nrows++] = ExecCopySlotHeapTuple(slot);
	MemoryContextSwitchTo(old);

	if (memory_used_up(memo))
	{
		memo->full = true;
		dload_memo_forget(memo);
	}
}

void
dload_memo_complete(DloadMemo *memo)
{
	MemoEntry  *entry = memo->recording;

	if (entry == NULL)
		return;
	/* empty answers take memory too */
	memo->full = memory_used_up(memo);
	memo->used += MemoryContextMemAllocated(entry->context, false);
	entry->next = memo->buckets[entry->hash % MEMO_BUCKETS];
	memo->buckets[entry->hash % MEMO_BUCKETS] = entry;
	memo->recording = NULL;
}

int64
dload_memo_hits(const DloadMemo *memo)
{
	return memo->hits;
}
