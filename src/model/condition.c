/*-------------------------------------------------------------------------
 *
 * condition.c
 *	  Conditions on a response: text -> tree -> true or false.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "model/condition.h"

#include "data/path.h"

#include "lib/stringinfo.h"

/* Of parentheses and "not"; nobody writes more, and recursion has an end. */
#define MAX_DEPTH	50

/* How much of a value a finding shows. */
#define SHOWN_VALUE_BYTES	100

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

/*
 * Parsing
 */

typedef struct Parser
{
	const char *text;
	const char *p;
	int			depth;
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
	bool		quoted = false;

	for (; *end != '\0'; end++)
	{
		if (quoted && *end == '\\' && end[1] != '\0')
			end++;
		else if (*end == '"')
			quoted = !quoted;
		else if (!quoted && (isspace((unsigned char) *end) ||
							 strchr("()=!<>,'", *end) != NULL))
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
		return malformed(parser, "\"status\", \"header(...)\", \"exists(...)\""
						 " or a path that begins with \"$\" must come") != NULL;
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

/* Does all of the text read as a number? */
static bool
read_number(const char *text, double *number)
{
	char	   *end;

	if (!isdigit((unsigned char) text[text[0] == '-']))
		return false;
	*number = strtod(text, &end);
	return *end == '\0' && !isinf(*number);
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
	if (!read_number(literal->text, &literal->number) ||
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
	Parser		parser = {text, text, 0, err};
	DloadCondition *node = parse_or(&parser);

	if (node == NULL)
		return NULL;
	skip_blanks(&parser);
	if (*parser.p != '\0')
		return malformed(&parser, "\"and\", \"or\" or the end must come");
	return node;
}

/*
 * Evaluation
 */

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
			return read_number(text, &number) &&
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

bool
dload_condition_holds(const DloadCondition *c, const DloadFacts *facts)
{
	switch (c->kind)
	{
		case NODE_OR:
			return dload_condition_holds(c->left, facts) ||
				dload_condition_holds(c->right, facts);
		case NODE_AND:
			return dload_condition_holds(c->left, facts) &&
				dload_condition_holds(c->right, facts);
		case NODE_NOT:
			return !dload_condition_holds(c->left, facts);
		case NODE_EXISTS:
			return is_there(c, facts);
		case NODE_COMPARE:
			return compare(c, facts);
	}
	return false;
}

bool
dload_condition_reads_body(const DloadCondition *c)
{
	if (c->kind == NODE_EXISTS || c->kind == NODE_COMPARE)
		return c->place == PLACE_BODY;
	return dload_condition_reads_body(c->left) ||
		(c->right != NULL && dload_condition_reads_body(c->right));
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
		size_t		len = strlen(text);
		bool		cut = len > SHOWN_VALUE_BYTES;

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
