/*-------------------------------------------------------------------------
 *
 * conditiontree.h
 *	  What a condition is made of, for the files that read it from a text and
 *	  hold it against a response.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_CONDITIONTREE_H
#define DLOAD_CONDITIONTREE_H

#include "data/path.h"
#include "model/condition.h"

typedef enum NodeKind
{
	NODE_OR,
	NODE_AND,
	NODE_NOT,
	NODE_EXISTS,
	NODE_COMPARE
} NodeKind;

typedef enum Place
{
	PLACE_STATUS,
	PLACE_HEADER,
	PLACE_BODY
} Place;

typedef enum Operator
{
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_CONTAINS
} Operator;

typedef struct Literal
{
	DloadTokenType type;		/* STRING, NUMBER, TRUE, FALSE or NULL */
	char	   *text;
	double		number;
} Literal;

struct DloadCondition
{
	NodeKind	kind;
	struct DloadCondition *left;
	struct DloadCondition *right;
	Place		place;			/* EXISTS, COMPARE */
	char	   *name;			/* header */
	DloadPath  *path;
	char	   *source;			/* the place as it was written */
	Operator	op;
	Literal		literal;
};

/* Does all of the text read as a number? */
extern bool dload_literal_number(const char *text, double *number);

#endif							/* DLOAD_CONDITIONTREE_H */
