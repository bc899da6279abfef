/*-------------------------------------------------------------------------
 *
 * keytree.h
 *	  The keys met in records, as a tree that remembers what each leads to.
 *
 * A *key node* stands for one key of nested objects, from the record's root.
 * It knows its identifier and its path, and carries what the consumer hung on
 * it: a column of the scan, a column or child table of the load.  Both sinks
 * find their columns through it, which is why what works live works loaded.
 *
 * Records repeat their keys in the same order, so the child that followed
 * last time is tried first: a look-up is then one memcmp.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_KEYTREE_H
#define DLOAD_KEYTREE_H

#include "base/dload.h"
#include "data/record.h"

/* Nodes of one tree: far above PostgreSQL's 1600 columns, far below harm. */
#define DLOAD_MAX_KEYS	20000

/* Bytes of their keys and paths, so that long keys cannot fill the memory. */
#define DLOAD_MAX_KEY_BYTES	(16 * 1024 * 1024)

typedef struct DloadKeyNode
{
	struct DloadKeyNode *parent;	/* NULL for the root */
	char	   *key;			/* decoded; NULL for the root */
	int			keylen;
	char	   *name;			/* identifier, joined from the root: the column
								 * name where nothing collides; "" for the
								 * root */
	char	   *path;			/* canonical JSON path in the record; "$" for
								 * the root */
	void	   *data;			/* the consumer's; NULL at first */
	bool		known;			/* the consumer's; false at first */
	/* private */
	bool		plain;			/* no backslash in the key: where its bytes
								 * stand before a quote, they are the key */
	struct DloadKeyTree *tree;
	struct DloadKeyNode **children;
	int			nchildren;
	int			maxchildren;
	int			predicted;		/* index of the child to try first */
	struct HTAB *index;			/* by key, once there are many children */
} DloadKeyNode;

/* A new tree in the current memory context; returns its root. */
extern DloadKeyNode *dload_keytree_create(void);

/*
 * The child of "parent" for a KEY token, made when it is new.  NULL when the
 * tree is full (DLOAD_MAX_KEYS, DLOAD_MAX_KEY_BYTES), or when the key cannot
 * be decoded (\u0000, lone surrogate).
 */
extern DloadKeyNode *dload_keytree_child(DloadKeyNode *parent,
										 const DloadToken *key);

/* Restart the prediction: call at the start of each object. */
#define dload_keytree_rewind(node) ((node)->predicted = 0)

#endif							/* DLOAD_KEYTREE_H */
