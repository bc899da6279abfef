/*-------------------------------------------------------------------------
 *
 * keytree.c
 *	  The keys met in records, as a tree that remembers what each leads to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/keytree.h"
#include "data/naming.h"
#include "data/path.h"

#include "common/hashfn.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

/* A node with more children than this finds them through a hash table. */
#define MAX_LINEAR_CHILDREN	16

typedef struct DloadKeyTree
{
	MemoryContext context;
	int			nnodes;
	size_t		nbytes;			/* of keys and paths */
	StringInfoData scratch;		/* for decoding */
} DloadKeyTree;

typedef struct IndexEntry
{
	DloadSpan	key;			/* hash key: the bytes it points to */
	int			child;			/* subscript in children */
} IndexEntry;

static uint32
span_hash(const void *key, Size keysize)
{
	const DloadSpan *span = key;

	return hash_bytes((const unsigned char *) span->data, (int) span->len);
}

static int
span_match(const void *a, const void *b, Size keysize)
{
	const DloadSpan *x = a;
	const DloadSpan *y = b;

	return x->len != y->len || memcmp(x->data, y->data, x->len) != 0;
}

DloadKeyNode *
dload_keytree_create(void)
{
	DloadKeyTree *tree = palloc0(sizeof(DloadKeyTree));
	DloadKeyNode *root = palloc0(sizeof(DloadKeyNode));

	tree->context = CurrentMemoryContext;
	tree->nnodes = 1;
	initStringInfo(&tree->scratch);
	root->tree = tree;
	root->name = pstrdup("");
	root->path = pstrdup("$");
	return root;
}

static inline bool
node_is(const DloadKeyNode *node, DloadSpan key)
{
	return node->keylen == key.len &&
		memcmp(node->key, key.data, key.len) == 0;
}

static void
index_child(DloadKeyNode *parent, int child)
{
	DloadSpan	key;
	IndexEntry *entry;
	bool		found;

	key.data = parent->children[child]->key;
	key.len = parent->children[child]->keylen;
	entry = hash_search(parent->index, &key, HASH_ENTER, &found);
	entry->child = child;
}

/* Give a node that has got many children its hash table. */
static void
create_index(DloadKeyNode *parent)
{
	HASHCTL		ctl;

	memset(&ctl, 0, sizeof(ctl));
	ctl.keysize = sizeof(DloadSpan);
	ctl.entrysize = sizeof(IndexEntry);
	ctl.hash = span_hash;
	ctl.match = span_match;
	ctl.hcxt = parent->tree->context;
	parent->index = hash_create("dload keys", 4 * MAX_LINEAR_CHILDREN, &ctl,
								HASH_ELEM | HASH_FUNCTION | HASH_COMPARE |
								HASH_CONTEXT);
	for (int i = 0; i < parent->nchildren; i++)
		index_child(parent, i);
}

/* Subscript of the child with this key; -1 if there is none. */
static int
find_child(const DloadKeyNode *parent, DloadSpan key)
{
	if (parent->index != NULL)
	{
		IndexEntry *entry = hash_search(parent->index, &key, HASH_FIND, NULL);

		return entry != NULL ? entry->child : -1;
	}
	for (int i = 0; i < parent->nchildren; i++)
	{
		if (node_is(parent->children[i], key))
			return i;
	}
	return -1;
}

/* Returns the new child's subscript, or -1 when the tree is full. */
static int
add_child(DloadKeyNode *parent, DloadSpan key)
{
	DloadKeyTree *tree = parent->tree;
	size_t		nbytes = key.len + strlen(parent->path);
	MemoryContext old;
	DloadKeyNode *node;
	char	   *name;

	if (tree->nnodes >= DLOAD_MAX_KEYS ||
		nbytes > DLOAD_MAX_KEY_BYTES - tree->nbytes)
		return -1;

	old = MemoryContextSwitchTo(tree->context);
	node = palloc0(sizeof(DloadKeyNode));
	node->parent = parent;
	node->tree = tree;
	node->key = pnstrdup(key.data, key.len);
	node->keylen = key.len;
	node->plain = memchr(key.data, '\\', key.len) == NULL &&
		memchr(key.data, '"', key.len) == NULL;
	name = dload_name_key(key);
	node->name = dload_name_join(parent->name, name);
	pfree(name);
	node->path = dload_path_append_key(parent->path, key);

	if (parent->nchildren == parent->maxchildren)
	{
		int			max = Max(8, parent->maxchildren * 2);

		if (parent->children == NULL)
			parent->children = palloc(max * sizeof(DloadKeyNode *));
		else
			parent->children = repalloc(parent->children,
										max * sizeof(DloadKeyNode *));
		parent->maxchildren = max;
	}
	parent->children[parent->nchildren++] = node;
	tree->nnodes++;
	tree->nbytes += nbytes;
	if (parent->index != NULL)
		index_child(parent, parent->nchildren - 1);
	else if (parent->nchildren > MAX_LINEAR_CHILDREN)
		create_index(parent);
	MemoryContextSwitchTo(old);
	return parent->nchildren - 1;
}

DloadKeyNode *
dload_keytree_child(DloadKeyNode *parent, const DloadToken *token)
{
	DloadSpan	key = token->text;
	int			child = parent->predicted;

	/* what cannot be stored need not be decoded either */
	if (key.len > DLOAD_MAX_KEY_BYTES)
		return NULL;
	if (token->escaped)
	{
		StringInfo	scratch = &parent->tree->scratch;

		resetStringInfo(scratch);
		if (dload_token_decode(token, scratch) != DLOAD_DECODE_OK)
			return NULL;
		key.data = scratch->data;
		key.len = scratch->len;
	}

	if (child >= parent->nchildren || !node_is(parent->children[child], key))
	{
		child = find_child(parent, key);
		if (child < 0)
			child = add_child(parent, key);
		if (child < 0)
			return NULL;
	}
	parent->predicted = child + 1;
	return parent->children[child];
}
