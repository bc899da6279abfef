/*-------------------------------------------------------------------------
 *
 * rulespec.c
 *	  Rules for responses, as options give them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/rulespec.h"

#include "mb/pg_wchar.h"

/* More than anybody needs; each is tried on every response. */
#define MAX_RULES 50

static const struct
{
	const char *word;
	DloadRuleAction action;
}			actions[] = {
	{"retry", DLOAD_RULE_RETRY},
	{"wait", DLOAD_RULE_WAIT},
	{"limited", DLOAD_RULE_LIMITED},
	{"skip", DLOAD_RULE_SKIP},
	{"end", DLOAD_RULE_END},
	{"fail", DLOAD_RULE_FAIL},
	{"refresh_auth", DLOAD_RULE_REFRESH},
	{"restart", DLOAD_RULE_RESTART},
};

static char *
action_words(void)
{
	StringInfoData words;

	initStringInfo(&words);
	for (int i = 0; i < lengthof(actions); i++)
		appendStringInfo(&words, "%s\"%s\"", i == 0 ? "" : ", ",
						 actions[i].word);
	return words.data;
}

/* Responses are UTF-8, and so must be what is compared with them. */
static char *
to_utf8(const char *text)
{
	return pg_server_to_any(text, strlen(text), PG_UTF8);
}

static DloadCondition *
parse_condition(const char *text, DloadError *err)
{
	return dload_condition_parse(to_utf8(text), err);
}

static bool
waits(DloadRuleAction action)
{
	return action == DLOAD_RULE_RETRY || action == DLOAD_RULE_WAIT ||
		action == DLOAD_RULE_LIMITED;
}

/* A rule while its members are looked at. */
typedef struct Reading
{
	DloadRule  *rule;
	bool		acts;			/* "do" was there */
	bool		timed;			/* some "wait..." was there */
	DloadError *err;			/* filled at the first offence */
} Reading;

static void
read_action(Reading *reading, const char *value)
{
	for (int i = 0; i < lengthof(actions); i++)
	{
		if (strcmp(actions[i].word, value) == 0)
		{
			reading->rule->action = actions[i].action;
			reading->acts = true;
			return;
		}
	}
	dload_error_set(reading->err, BAD_VALUE,
					"unknown action \"%s\" of a rule", value);
	dload_error_hint(reading->err, "Actions are %s.", action_words());
}

static void
read_member(const char *key, const char *value, void *arg)
{
	Reading    *reading = arg;
	DloadRule  *rule = reading->rule;

	if (reading->err->sqlstate != 0)
		return;
	if (value == NULL)
		dload_error_set(reading->err, BAD_VALUE,
						"member \"%s\" of a rule is null", key);
	else if (strcmp(key, "when") == 0)
	{
		rule->source = pstrdup(value);
		rule->when = parse_condition(value, reading->err);
	}
	else if (strcmp(key, "do") == 0)
		read_action(reading, value);
	else if (strcmp(key, "wait") == 0)
		(void) dload_duration_parse(value, &rule->wait, reading->err);
	else if (strcmp(key, "wait_header") == 0)
		rule->wait_header = pstrdup(value);
	else if (strcmp(key, "wait_path") == 0)
		rule->wait_path = dload_path_parse(to_utf8(value), reading->err);
	else if (strcmp(key, "message") == 0)
		rule->message = pstrdup(value);
	else
	{
		dload_error_set(reading->err, BAD_VALUE,
						"unknown member \"%s\" of a rule", key);
		dload_error_hint(reading->err, "A rule has the members \"when\", "
						 "\"do\", \"wait\", \"wait_header\", \"wait_path\" "
						 "and \"message\".");
	}
	if (strncmp(key, "wait", 4) == 0)
		reading->timed = true;
}

/* To which responses it applies. */
static void
set_scope(DloadRule *rule, bool success_only)
{
	rule->success_only = success_only ||
		(rule->action == DLOAD_RULE_END &&
		 !dload_condition_names_status(rule->when));
}

static bool
rule_is_whole(const Reading *reading, DloadError *err)
{
	const DloadRule *rule = reading->rule;

	if (rule->when == NULL || !reading->acts)
		return dload_error_set(err, BAD_VALUE,
							   "a rule has no \"%s\"",
							   rule->when == NULL ? "when" : "do");
	if (reading->timed && !waits(rule->action))
		return dload_error_set(err, BAD_VALUE,
							   "a rule has a time to wait, but does not wait");
	if (rule->message != NULL && rule->action != DLOAD_RULE_FAIL)
		return dload_error_set(err, BAD_VALUE,
							   "a rule has a \"message\", but does not fail");
	return true;
}

/* Parse a list of rules and append them; false and *err. */
static bool
parse_rules(const char *text, List **rules, DloadError *err)
{
	DloadJson  *doc = dload_json_parse(text, "response_rules", err);
	List	   *elements;
	ListCell   *lc;
	int			n = 0;

	if (doc == NULL)
		return false;
	if (!dload_json_elements(doc, &elements) || elements == NIL)
		return dload_error_set(err, BAD_VALUE,
							   "not a JSON list of rules");
	if (list_length(elements) > MAX_RULES)
		return dload_error_set(err, BAD_VALUE, "more than %d rules",
							   MAX_RULES);
	foreach(lc, elements)
	{
		DloadRule  *rule = palloc0(sizeof(DloadRule));
		Reading		reading = {rule, false, false, err};

		rule->wait = -1;
		rule->option = "response_rules";
		n++;
		if (!dload_json_is_object(lfirst(lc)))
			return dload_error_set(err, BAD_VALUE,
								   "rule %d is not an object", n);
		if (!dload_json_each(lfirst(lc), read_member, &reading, err) ||
			err->sqlstate != 0 || !rule_is_whole(&reading, err))
		{
			err->message = psprintf("rule %d: %s", n, err->message);
			return false;
		}
		set_scope(rule, false);
		*rules = lappend(*rules, rule);
	}
	return true;
}

/* The rules of one object. */
static List *
read_rules(List *options)
{
	DloadOptionSet set = {1, {options}};
	const char *text = dload_option_text(&set, "response_rules");
	DloadError	err = {0};
	List	   *rules = NIL;

	if (text != NULL && !parse_rules(text, &rules, &err))
		dload_error_raise(&err);
	return rules;
}

/* An option that is one condition, as a rule. */
static List *
read_single(const DloadOptionSet *set, const char *option,
			DloadRuleAction action)
{
	const char *text = dload_option_text(set, option);
	DloadError	err = {0};
	DloadRule  *rule;

	if (text == NULL)
		return NIL;
	rule = palloc0(sizeof(DloadRule));
	rule->wait = -1;
	rule->option = option;
	rule->source = pstrdup(text);
	rule->action = action;
	rule->when = parse_condition(text, &err);
	if (rule->when == NULL)
		dload_error_raise(&err);
	set_scope(rule, action == DLOAD_RULE_FAIL);
	return list_make1(rule);
}

void
dload_rulespec_read(DloadRuleSpec *spec, const DloadOptionSet *set,
					List *server, List *table)
{
	spec->rules = read_single(set, "stop_when", DLOAD_RULE_END);
	spec->rules = list_concat(spec->rules, read_rules(table));
	spec->rules = list_concat(spec->rules, read_rules(server));
	spec->rules = list_concat(spec->rules,
							  read_single(set, "error_when",
										  DLOAD_RULE_FAIL));
}

/* Put the option's name before what is wrong with its value. */
static bool
bad_value(const char *option, const DloadError *inner, DloadError *err)
{
	dload_error_set(err, BAD_VALUE, "invalid value for option \"%s\": %s",
					option, inner->message);
	if (inner->detail != NULL)
		dload_error_detail(err, "%s", inner->detail);
	return inner->hint ? dload_error_hint(err, "%s", inner->hint) : false;
}

bool
dload_rulespec_check_condition(const char *option, const char *value,
							   DloadError *err)
{
	DloadError	inner = {0};

	return parse_condition(value, &inner) != NULL ||
		bad_value(option, &inner, err);
}

bool
dload_rulespec_check_rules(const char *option, const char *value,
						   DloadError *err)
{
	DloadError	inner = {0};
	List	   *rules = NIL;

	return parse_rules(value, &rules, &inner) ||
		bad_value(option, &inner, err);
}
