/*-------------------------------------------------------------------------
 *
 * walk.h
 *	  Tokens of JSON that is known to be valid.
 *
 * A record has been read by the scanner when it gets to whoever makes rows of
 * it.  To read it again as if it came from the network would cost as much
 * once more; a *walk* checks nothing that the scanner has checked.  It looks
 * for the ends of tokens only, and knows of nesting no more than its caller
 * does.
 *
 * Given anything else than valid JSON it returns nonsense, but it stays
 * inside the bytes that it was given.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_WALK_H
#define DLOAD_WALK_H

#include "data/bytes.h"
#include "data/keytree.h"
#include "data/record.h"

typedef struct DloadWalk
{
	const char *cur;
	const char *end;
} DloadWalk;

/* The quote that ends the string whose characters begin at "p". */
static pg_attribute_always_inline const char *
dload_walk_quote(const char *p, const char *end, bool *escaped)
{
	*escaped = false;
	for (;;)
	{
		p = quoted_run(p, end);
		if (p == end || *p == '"')
			return p;
		*escaped = true;
		p = Min(p + 2, end);
	}
}

/* The string or key whose opening quote is next. */
static pg_attribute_always_inline void
dload_walk_string(DloadWalk *w, DloadToken *token)
{
	const char *first = w->cur + 1;
	const char *last = dload_walk_quote(first, w->end, &token->escaped);

	token->text.data = first;
	token->text.len = last - first;
	w->cur = Min(last + 1, w->end);
}

/* To the next byte that is neither white space nor a comma. */
static pg_attribute_always_inline char
dload_walk_next(DloadWalk *w)
{
	const char *p = skip_space(w->cur, w->end);

	if (p < w->end && *p == ',')
		p = skip_space(p + 1, w->end);
	w->cur = p;
	return p < w->end ? *p : '\0';
}

/*
 * In an object: the child of "node" that the next key leads to; the walk then
 * stands before its value.  Sets *done at the object's end.  NULL as for
 * dload_keytree_child; *key then is the key.
 */
static pg_attribute_always_inline DloadKeyNode *
dload_walk_key(DloadWalk *w, DloadKeyNode *node, DloadToken *key, bool *done)
{
	DloadKeyNode *child = NULL;

	*done = dload_walk_next(w) != '"';
	if (*done)
	{
		w->cur = Min(w->cur + 1, w->end);
		return NULL;
	}
	/* mostly it is the key that came here the last time */
	if (node->predicted < node->nchildren)
	{
		child = node->children[node->predicted];
		if (child->plain && w->end - w->cur > child->keylen + 1 &&
			w->cur[child->keylen + 1] == '"' &&
			memcmp(w->cur + 1, child->key, child->keylen) == 0)
		{
			w->cur += child->keylen + 2;
			node->predicted++;
		}
		else
			child = NULL;
	}
	if (child == NULL)
	{
		key->type = DLOAD_TOKEN_KEY;
		dload_walk_string(w, key);
		child = dload_keytree_child(node, key);
	}
	/* the colon */
	w->cur = skip_space(w->cur, w->end);
	w->cur = skip_space(Min(w->cur + 1, w->end), w->end);
	return child;
}

/* The number that is next. */
static pg_attribute_always_inline void
dload_walk_number(DloadWalk *w, DloadToken *token)
{
	const char *p = w->cur;

	token->integral = true;
	for (; p < w->end; p++)
	{
		if (is_digit(*p) || *p == '-')
			continue;
		if (*p != '.' && *p != 'e' && *p != 'E' && *p != '+')
			break;
		token->integral = false;
	}
	token->text.data = w->cur;
	token->text.len = p - w->cur;
	w->cur = p;
}

/*
 * The value that the walk stands before.  Of a container only the bracket is
 * taken: call dload_walk_skip for the rest, or walk through it.
 */
static pg_attribute_always_inline void
dload_walk_value(DloadWalk *w, DloadToken *token)
{
	size_t		len = 1;

	token->escaped = token->integral = false;
	token->type = DLOAD_TOKEN_ERROR;
	switch (w->cur < w->end ? *w->cur : '\0')
	{
		case '"':
			token->type = DLOAD_TOKEN_STRING;
			dload_walk_string(w, token);
			return;
		case '{':
			token->type = DLOAD_TOKEN_OBJECT_START;
			break;
		case '[':
			token->type = DLOAD_TOKEN_ARRAY_START;
			break;
		case 't':
			token->type = DLOAD_TOKEN_TRUE;
			len = 4;
			break;
		case 'f':
			token->type = DLOAD_TOKEN_FALSE;
			len = 5;
			break;
		case 'n':
			token->type = DLOAD_TOKEN_NULL;
			len = 4;
			break;
		default:
			token->type = DLOAD_TOKEN_NUMBER;
			dload_walk_number(w, token);
			return;
	}
	token->text = dload_span(w->cur, Min(len, w->end - w->cur));
	w->cur += token->text.len;
}

/* The next element of a list; false at the list's end. */
static pg_attribute_always_inline bool
dload_walk_element(DloadWalk *w, DloadToken *token)
{
	char		c = dload_walk_next(w);

	if (c == ']' || c == '\0')
	{
		w->cur = Min(w->cur + 1, w->end);
		return false;
	}
	dload_walk_value(w, token);
	return true;
}

/* Past the container that *token opens; the token then spans it. */
extern void dload_walk_skip(DloadWalk *w, DloadToken *token);

#endif							/* DLOAD_WALK_H */
