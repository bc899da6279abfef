/*-------------------------------------------------------------------------
 *
 * conditionparse.c
 *	  Conditions on a response: text -> tree.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "model/conditiontree.h"

#include "lib/stringinfo.h"

/* Of parentheses and "not"; nobody writes more, and recursion has an end. */
#define MAX_DEPTH	50

/* Of comparisons: a chain of them is a tree as deep as it is long. */
#define MAX_COMPARISONS 1000

typedef struct Parser
{
	const char *text;
	const char *p;
	int			depth;
	int			ncomparisons;
	DloadError *err;
} Parser;

static DloadCondition *parse_or(Parser *parser);

static void *
malformed(Parser *parser, const char *why)
{
	if (parser->err->sqlstate != 0)
		return NULL;
	dload_error_set(parser->err, ERRCODE_INVALID_PARAMETER_VALUE,
					"invalid condition \"%s\"", parser->text);
	dload_error_detail(parser->err, "%s, at character %d.", why,
					   (int) (parser->p - parser->text) + 1);
	dload_error_hint(parser->err,
					 "A condition looks like: status = 403 and "
					 "(header(\"Retry-After\") > 60 or "
					 "$.error.code = \"quota\").");
	return NULL;
}

static void
skip_blanks(Parser *parser)
{
	while (isspace((unsigned char) *parser->p))
		parser->p++;
}

static bool
is_word_char(char c)
{
	return isalnum((unsigned char) c) || c == '_';
}

/* Take the word if it comes next. */
static bool
take_word(Parser *parser, const char *word)
{
	size_t		len = strlen(word);

	skip_blanks(parser);
	if (pg_strncasecmp(parser->p, word, len) != 0 ||
		is_word_char(parser->p[len]))
		return false;
	parser->p += len;
	return true;
}

static bool
take_char(Parser *parser, char c)
{
	skip_blanks(parser);
	if (*parser->p != c)
		return false;
	parser->p++;
	return true;
}

/* A text in quotes of either kind, where \ escapes one character. */
static char *
parse_text(Parser *parser)
{
	StringInfoData text;
	char		quote;

	skip_blanks(parser);
	quote = *parser->p;
	if (quote != '"' && quote != '\'')
		return malformed(parser, "A text in quotes must come");
	initStringInfo(&text);
	for (parser->p++; *parser->p != quote; parser->p++)
	{
		if (*parser->p == '\\' && parser->p[1] != '\0')
			parser->p++;
		if (*parser->p == '\0')
			return malformed(parser, "A text is not closed");
		appendStringInfoChar(&text, *parser->p);
	}
	parser->p++;
	return text.data;
}

static DloadCondition *
new_node(NodeKind kind, DloadCondition *left, DloadCondition *right)
{
	DloadCondition *node = palloc0(sizeof(DloadCondition));

	node->kind = kind;
	node->left = left;
	node->right = right;
	return node;
}

/* A path ends where something stands that no path has outside quotes. */
static bool
parse_path(Parser *parser, DloadCondition *node)
{
	const char *start = parser->p;
	const char *end = start;
	DloadError	inner = {0};
	char		quote = '\0';

	for (; *end != '\0'; end++)
	{
		if (quote != '\0' && *end == '\\' && end[1] != '\0')
			end++;
		else if (quote != '\0')
			quote = *end == quote ? '\0' : quote;
		else if (*end == '"' ||
				 (*end == '\'' && end > start && end[-1] == '['))
			quote = *end;
		else if (isspace((unsigned char) *end) ||
				 strchr("()=!<>,'", *end) != NULL)
			break;
	}
	node->place = PLACE_BODY;
	node->path = dload_path_parse(pnstrdup(start, end - start), &inner);
	if (node->path == NULL)
		return malformed(parser, psprintf("\"%.*s\" is not a JSON path",
										  (int) (end - start), start)) != NULL;
	parser->p = end;
	return true;
}

/* status, header(...) or a path; with its source kept for messages. */
static bool
parse_place(Parser *parser, DloadCondition *node)
{
	const char *start;

	if (++parser->ncomparisons > MAX_COMPARISONS)
		return malformed(parser, "The condition is too long") != NULL;
	skip_blanks(parser);
	start = parser->p;
	if (*start == '$')
	{
		if (!parse_path(parser, node))
			return false;
	}
	else if (take_word(parser, "status"))
		node->place = PLACE_STATUS;
	else if (take_word(parser, "header"))
	{
		node->place = PLACE_HEADER;
		if (!take_char(parser, '('))
			return malformed(parser, "\"(\" must come") != NULL;
		node->name = parse_text(parser);
		if (node->name == NULL)
			return false;
		if (!take_char(parser, ')'))
			return malformed(parser, "\")\" must come") != NULL;
	}
	else
		return malformed(parser, "\"status\", \"header(...)\", "
						 "\"exists(...)\" or a path that begins with \"$\" "
						 "must come") != NULL;
	node->source = pnstrdup(start, parser->p - start);
	return true;
}

static bool
parse_operator(Parser *parser, Operator *op)
{
	static const struct
	{
		const char *text;
		Operator	op;
	}			operators[] = {
		{"!=", OP_NE}, {"<>", OP_NE}, {"<=", OP_LE}, {">=", OP_GE},
		{"==", OP_EQ}, {"=", OP_EQ}, {"<", OP_LT}, {">", OP_GT}
	};

	if (take_word(parser, "contains"))
	{
		*op = OP_CONTAINS;
		return true;
	}
	skip_blanks(parser);
	for (int i = 0; i < lengthof(operators); i++)
	{
		size_t		len = strlen(operators[i].text);

		if (strncmp(parser->p, operators[i].text, len) == 0)
		{
			*op = operators[i].op;
			parser->p += len;
			return true;
		}
	}
	return malformed(parser, "An operator must come") != NULL;
}

static bool
parse_literal(Parser *parser, Literal *literal)
{
	size_t		len;

	skip_blanks(parser);
	if (*parser->p == '"' || *parser->p == '\'')
	{
		literal->type = DLOAD_TOKEN_STRING;
		literal->text = parse_text(parser);
		return literal->text != NULL;
	}
	if (take_word(parser, "true"))
	{
		literal->type = DLOAD_TOKEN_TRUE;
		literal->text = "true";
		return true;
	}
	if (take_word(parser, "false"))
	{
		literal->type = DLOAD_TOKEN_FALSE;
		literal->text = "false";
		return true;
	}
	if (take_word(parser, "null"))
	{
		literal->type = DLOAD_TOKEN_NULL;
		return true;
	}
	len = strspn(parser->p, "+-.0123456789eE");
	literal->type = DLOAD_TOKEN_NUMBER;
	literal->text = pnstrdup(parser->p, len);
	if (!dload_literal_number(literal->text, &literal->number) ||
		is_word_char(parser->p[len]))
		return malformed(parser, "A number, true, false, null or a text in "
						 "quotes must come") != NULL;
	parser->p += len;
	return true;
}

static DloadCondition *
parse_comparison(Parser *parser)
{
	DloadCondition *node = new_node(NODE_COMPARE, NULL, NULL);

	if (!parse_place(parser, node) || !parse_operator(parser, &node->op) ||
		!parse_literal(parser, &node->literal))
		return NULL;
	if (node->literal.type == DLOAD_TOKEN_NULL && node->op != OP_EQ &&
		node->op != OP_NE)
		return malformed(parser, "null is only for = and !=");
	if (node->op == OP_CONTAINS && node->place == PLACE_STATUS)
		return malformed(parser, "A status does not contain anything");
	return node;
}

static DloadCondition *
parse_factor(Parser *parser)
{
	DloadCondition *node;

	if (++parser->depth > MAX_DEPTH)
		return malformed(parser, "The condition is nested too deeply");
	if (take_word(parser, "not"))
	{
		node = parse_factor(parser);
		parser->depth--;
		return node ? new_node(NODE_NOT, node, NULL) : NULL;
	}
	if (take_char(parser, '('))
		node = parse_or(parser);
	else if (take_word(parser, "exists"))
	{
		node = new_node(NODE_EXISTS, NULL, NULL);
		if (!take_char(parser, '('))
			return malformed(parser, "\"(\" must come");
		if (!parse_place(parser, node))
			return NULL;
	}
	else
	{
		parser->depth--;
		return parse_comparison(parser);
	}
	parser->depth--;
	if (node != NULL && !take_char(parser, ')'))
		return malformed(parser, "\")\" must come");
	return node;
}

static DloadCondition *
parse_and(Parser *parser)
{
	DloadCondition *node = parse_factor(parser);

	while (node != NULL && take_word(parser, "and"))
	{
		DloadCondition *right = parse_factor(parser);

		node = right ? new_node(NODE_AND, node, right) : NULL;
	}
	return node;
}

static DloadCondition *
parse_or(Parser *parser)
{
	DloadCondition *node = parse_and(parser);

	while (node != NULL && take_word(parser, "or"))
	{
		DloadCondition *right = parse_and(parser);

		node = right ? new_node(NODE_OR, node, right) : NULL;
	}
	return node;
}

DloadCondition *
dload_condition_parse(const char *text, DloadError *err)
{
	Parser		parser = {text, text, 0, 0, err};
	DloadCondition *node = parse_or(&parser);

	if (node == NULL)
		return NULL;
	skip_blanks(&parser);
	if (*parser.p != '\0')
		return malformed(&parser, "\"and\", \"or\" or the end must come");
	return node;
}
