/*-------------------------------------------------------------------------
 *
 * condition.c
 *	  Conditions on a response: tree -> true or false.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "model/conditiontree.h"

#include "lib/stringinfo.h"

/* How much of a value a finding shows. */
#define SHOWN_VALUE_BYTES	100

bool
dload_literal_number(const char *text, double *number)
{
	char	   *end;

	if (!isdigit((unsigned char) text[text[0] == '-']))
		return false;
	*number = strtod(text, &end);
	return *end == '\0' && !isinf(*number);
}

static int
compare_numbers(double a, double b)
{
	return a < b ? -1 : a > b ? 1 : 0;
}

static bool
in_order(Operator op, int order)
{
	switch (op)
	{
		case OP_EQ:
			return order == 0;
		case OP_LT:
			return order < 0;
		case OP_LE:
			return order <= 0;
		case OP_GT:
			return order > 0;
		case OP_GE:
			return order >= 0;
		default:
			return false;
	}
}

/* A scalar that is there, as text, against the literal. */
static bool
text_matches(Operator op, const Literal *literal, const char *text)
{
	double		number;

	if (op == OP_CONTAINS)
		return strstr(text, literal->text) != NULL;
	switch (literal->type)
	{
		case DLOAD_TOKEN_NUMBER:
			return dload_literal_number(text, &number) &&
				in_order(op, compare_numbers(number, literal->number));
		case DLOAD_TOKEN_STRING:
			return in_order(op, strcmp(text, literal->text));
		case DLOAD_TOKEN_NULL:
			return false;
		default:
			return op == OP_EQ && pg_strcasecmp(text, literal->text) == 0;
	}
}

/* A list contains what one of its elements equals, an object its keys. */
static bool
container_contains(const Literal *literal, const DloadToken *value)
{
	DloadScanner s;
	DloadToken	token;
	bool		object = value->type == DLOAD_TOKEN_OBJECT_START;

	dload_scanner_init(&s, value->text.data, value->text.len, true);
	dload_scanner_next(&s, &token);
	for (;;)
	{
		DloadTokenType type = object ? dload_scanner_next(&s, &token) :
			dload_scanner_value(&s, &token);

		if (type == DLOAD_TOKEN_OBJECT_END || type == DLOAD_TOKEN_ARRAY_END ||
			type == DLOAD_TOKEN_ERROR || type == DLOAD_TOKEN_END)
			return false;
		if (type != DLOAD_TOKEN_OBJECT_START &&
			type != DLOAD_TOKEN_ARRAY_START &&
			text_matches(OP_EQ, literal, dload_token_cstring(&token)))
			return true;
		if (object && dload_scanner_value(&s, &token) == DLOAD_TOKEN_ERROR)
			return false;
	}
}

typedef struct Match
{
	Operator	op;
	const Literal *literal;
} Match;

static bool
token_matches(const DloadToken *value, void *arg)
{
	const Match *match = arg;

	switch (value->type)
	{
		case DLOAD_TOKEN_OBJECT_START:
		case DLOAD_TOKEN_ARRAY_START:
			return match->op == OP_CONTAINS &&
				container_contains(match->literal, value);
		case DLOAD_TOKEN_NULL:
			return match->op == OP_EQ &&
				match->literal->type == DLOAD_TOKEN_NULL;
		default:
			return text_matches(match->op, match->literal,
								dload_token_cstring(value));
	}
}

static bool
token_is_there(const DloadToken *value, void *arg)
{
	return value->type != DLOAD_TOKEN_NULL;
}

static char *
place_text(const DloadCondition *c, const DloadFacts *facts)
{
	if (c->place == PLACE_STATUS)
		return psprintf("%d", facts->status);
	return facts->header ? facts->header(facts->header_arg, c->name) : NULL;
}

static bool
is_there(const DloadCondition *c, const DloadFacts *facts)
{
	if (c->place == PLACE_BODY)
		return facts->body.len > 0 &&
			dload_path_some(c->path, facts->body, token_is_there, NULL);
	return place_text(c, facts) != NULL;
}

static bool
compare(const DloadCondition *c, const DloadFacts *facts)
{
	Match		match = {c->op == OP_NE ? OP_EQ : c->op, &c->literal};
	bool		result;

	if (c->literal.type == DLOAD_TOKEN_NULL)
		result = !is_there(c, facts);
	else if (c->place == PLACE_BODY)
		result = facts->body.len > 0 &&
			dload_path_some(c->path, facts->body, token_matches, &match);
	else
	{
		char	   *text = place_text(c, facts);

		result = text != NULL && text_matches(match.op, match.literal, text);
	}
	return result != (c->op == OP_NE);
}

/* What does not depend on what is not known is known. */
static DloadTruth
judge(const DloadCondition *c, const DloadFacts *facts, bool with_body)
{
	DloadTruth	left;
	DloadTruth	right;
	DloadTruth	decisive;

	switch (c->kind)
	{
		case NODE_OR:
		case NODE_AND:
			decisive = c->kind == NODE_OR ? DLOAD_TRUE : DLOAD_FALSE;
			left = judge(c->left, facts, with_body);
			if (left == decisive)
				return left;
			right = judge(c->right, facts, with_body);
			return right == decisive || left != DLOAD_UNKNOWN ? right : left;
		case NODE_NOT:
			left = judge(c->left, facts, with_body);
			return left == DLOAD_UNKNOWN ? left :
				left == DLOAD_TRUE ? DLOAD_FALSE : DLOAD_TRUE;
		case NODE_EXISTS:
		case NODE_COMPARE:
			break;
	}
	if (c->place == PLACE_BODY && !with_body)
		return DLOAD_UNKNOWN;
	return (c->kind == NODE_EXISTS ? is_there(c, facts) :
			compare(c, facts)) ? DLOAD_TRUE : DLOAD_FALSE;
}

bool
dload_condition_names_status(const DloadCondition *c)
{
	if (c->kind == NODE_EXISTS || c->kind == NODE_COMPARE)
		return c->place == PLACE_STATUS;
	return dload_condition_names_status(c->left) ||
		(c->right != NULL && dload_condition_names_status(c->right));
}

bool
dload_condition_holds(const DloadCondition *c, const DloadFacts *facts)
{
	return judge(c, facts, true) == DLOAD_TRUE;
}

bool
dload_condition_holds_in(const DloadCondition *c, DloadSpan json)
{
	DloadFacts	facts = {.body = json};

	return dload_condition_holds(c, &facts);
}

bool
dload_condition_is_of_json(const DloadCondition *c)
{
	if (c->kind == NODE_EXISTS || c->kind == NODE_COMPARE)
		return c->place == PLACE_BODY;
	return dload_condition_is_of_json(c->left) &&
		(c->right == NULL || dload_condition_is_of_json(c->right));
}

DloadTruth
dload_condition_foresee(const DloadCondition *c, const DloadFacts *facts)
{
	return judge(c, facts, false);
}

/*
 * Findings
 */

static bool
keep_token(const DloadToken *value, void *arg)
{
	*(DloadToken *) arg = *value;
	return true;
}

static void
append_finding(StringInfo out, const DloadCondition *c,
			   const DloadFacts *facts)
{
	DloadToken	token;
	char	   *text = NULL;
	bool		string = c->place == PLACE_HEADER;

	if (c->place != PLACE_BODY)
		text = place_text(c, facts);
	else if (facts->body.len > 0 &&
			 dload_path_some(c->path, facts->body, keep_token, &token))
	{
		string = token.type == DLOAD_TOKEN_STRING;
		text = string ? dload_token_cstring(&token) :
			pnstrdup(token.text.data, token.text.len);
	}
	if (out->len > 0)
		appendStringInfoString(out, ", ");
	if (text == NULL)
		appendStringInfo(out, "%s is missing", c->source);
	else
	{
		size_t		len;
		bool		cut;

		/* before it is cut, so that no half of a secret is left */
		if (facts->redact != NULL)
			text = facts->redact(facts->redact_arg, text);
		len = strlen(text);
		cut = len > SHOWN_VALUE_BYTES;

		/* not within a character of several bytes */
		if (cut)
			for (len = SHOWN_VALUE_BYTES;
				 len > 0 && (text[len] & 0xC0) == 0x80; len--)
				 /* go back */ ;
		appendStringInfo(out, string ? "%s is \"%.*s%s\"" : "%s is %.*s%s",
						 c->source, (int) len, text, cut ? "..." : "");
	}
}

static void
collect_findings(StringInfo out, const DloadCondition *c,
				 const DloadFacts *facts)
{
	if (c->kind == NODE_EXISTS || c->kind == NODE_COMPARE)
		append_finding(out, c, facts);
	else
	{
		collect_findings(out, c->left, facts);
		if (c->right != NULL)
			collect_findings(out, c->right, facts);
	}
}

char *
dload_condition_findings(const DloadCondition *c, const DloadFacts *facts)
{
	StringInfoData out;

	initStringInfo(&out);
	collect_findings(&out, c, facts);
	return out.data;
}
