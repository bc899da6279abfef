/*-------------------------------------------------------------------------
 *
 * page.c
 *	  A page's records, in memory or in a temporary file.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/page.h"

#include "rest/spool.h"
#include "utils/memutils.h"

/* Spans of a page in memory to begin with. */
#define FIRST_SPANS 128

typedef struct DloadPageStore
{
	DloadSpan  *spans;			/* in memory */
	int64		nspans;
	int64		maxspans;
	int64		next;			/* record to hand out */
	DloadSpool *spool;			/* or else here */
} DloadPageStore;

DloadPage *
dload_page_create(MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "dload page",
												  ALLOCSET_SMALL_SIZES);
	DloadPage  *page = MemoryContextAllocZero(context, sizeof(DloadPage));

	page->context = context;
	page->store = MemoryContextAllocZero(context, sizeof(DloadPageStore));
	return page;
}

void
dload_page_spool(DloadPage *page)
{
	page->store->spool = dload_spool_create(page->context);
}

/*
 * The hash of a record decides whether it is the one that was stored before,
 * so it must be good; and it must not cost more than a fraction of the scan
 * of the same bytes.  Each step folds the 128-bit product of two words, each
 * mixed with a constant or with what came before, so that every bit of both
 * reaches all of the result.  Two lanes, so that multiplications overlap.
 */
static inline uint64
load64(const char *p)
{
	uint64		v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64
fold(uint64 x, uint64 y)
{
#ifdef HAVE_INT128
	uint128		product = (uint128) x * y;

	return (uint64) product ^ (uint64) (product >> 64);
#else
	uint64		xl = x & 0xffffffff;
	uint64		xh = x >> 32;
	uint64		yl = y & 0xffffffff;
	uint64		yh = y >> 32;
	uint64		middle = xh * yl + (xl * yl >> 32);
	uint64		other = xl * yh + (middle & 0xffffffff);

	return x * y ^ (xh * yh + (middle >> 32) + (other >> 32));
#endif
}

/* fractional digits of pi */
#define HASH_A	UINT64CONST(0x243F6A8885A308D3)
#define HASH_B	UINT64CONST(0x13198A2E03707344)
#define HASH_C	UINT64CONST(0xA4093822299F31D0)
#define HASH_D	UINT64CONST(0x082EFA98EC4E6C89)

uint64
dload_record_hash(DloadSpan record, uint64 seed)
{
	const char *p = record.data;
	size_t		left = record.len;
	uint64		a = seed ^ HASH_C;
	uint64		b = seed ^ HASH_D;
	char		tail[32] = {0};

	for (; left > 32; left -= 32, p += 32)
	{
		a = fold(load64(p) ^ HASH_A, load64(p + 8) ^ a);
		b = fold(load64(p + 16) ^ HASH_B, load64(p + 24) ^ b);
	}
	memcpy(tail, p, left);
	a = fold(load64(tail) ^ HASH_A, load64(tail + 8) ^ a);
	b = fold(load64(tail + 16) ^ HASH_B, load64(tail + 24) ^ b);
	return fold(a ^ HASH_D ^ (uint64) record.len, b ^ HASH_C);
}

static void
remember_span(DloadPage *page, DloadSpan record)
{
	DloadPageStore *store = page->store;

	if (store->nspans == store->maxspans)
	{
		int64		max = Max(store->maxspans * 2, FIRST_SPANS);

		if (store->spans == NULL)
			store->spans = MemoryContextAllocHuge(page->context,
												  max * sizeof(DloadSpan));
		else
			store->spans = repalloc_huge(store->spans,
										 max * sizeof(DloadSpan));
		store->maxspans = max;
	}
	store->spans[store->nspans++] = record;
}

void
dload_page_add(DloadPage *page, DloadSpan record)
{
	if (page->store->spool != NULL)
		dload_spool_add(page->store->spool, record);
	else
		remember_span(page, record);
	page->fingerprint = dload_record_hash(record, page->fingerprint);
	page->nrecords++;
}

void
dload_page_finish(DloadPage *page, DloadSpan envelope)
{
	char	   *copy = MemoryContextAlloc(page->context, envelope.len + 1);

	if (envelope.len > 0)
		memcpy(copy, envelope.data, envelope.len);
	copy[envelope.len] = '\0';
	page->envelope = dload_span(copy, envelope.len);
	dload_page_rewind(page);
}

void
dload_page_rewind(DloadPage *page)
{
	DloadPageStore *store = page->store;

	store->next = 0;
	if (store->spool != NULL)
		dload_spool_rewind(store->spool);
}

bool
dload_page_next_record(DloadPage *page, DloadSpan *record)
{
	DloadPageStore *store = page->store;

	if (store->spool != NULL)
		return dload_spool_next(store->spool, record);
	if (store->next >= page->nrecords)
		return false;
	*record = store->spans[store->next];
	store->next++;
	return true;
}

bool
dload_page_at_edge(const DloadPage *page)
{
	const DloadPageStore *store = page->store;

	return store->spool != NULL ? dload_spool_at_edge(store->spool) :
		store->next >= page->nrecords;
}
