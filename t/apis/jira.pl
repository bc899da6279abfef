my $loaded = "SELECT dload.run_atomic('jira_issues') > 0; SELECT key FROM jira.loaded ORDER BY fields__updated DESC LIMIT 1";

{   checks => [
		{   name => 'by startAt; the server lowers the page size: steps are by what came',
			sql => 'SELECT count(*), count(DISTINCT id) FROM jira.projects',
			is => '120|120'
		},
		{   name => 'by token, up to isLast',
			sql => "SELECT count(*), count(DISTINCT id), count(updated) FROM jira.issues WHERE project = 'ABC'",
			is => '230|230|230'
		},
		{   name => 'quotes in a value do not end it',
			sql => "SELECT count(*), max(summary) FROM jira.issues WHERE project = 'A \"B\"'",
			is => '1|Issue "0"'
		},
		{   name => "an error's message",
			sql => "SELECT count(*) FROM jira.issues WHERE project = 'ABC\" OR project = \"x'",
			like => qr/ERROR:.*400.*does not exist for the field/s
		},
		{   name => 'a reset told to the minute, two sets of headers: the nearer one counts',
			sql => "SELECT requests, remaining BETWEEN 300 AND 337, resets_at - now() BETWEEN '28 min' AND '31 min' FROM dload.budgets WHERE server = 'jira'",
			like => qr/^350\|t\|t$/m
		},
		{   name => 'a structured header that makes no sense says nothing',
			before => [ { path => '/project/search', times => 3, headers => { 'Beta-RateLimit' => '"tenant-app-quota";r=0;t=, "x";r=-1' } } ],
			sql => 'SELECT count(*) FROM jira.projects',
			is => '120'
		},
		{   name => 'loaded',
			sql => "CALL dload.run('jira_issues'); SELECT count(*), count(fields__summary), max(fields__updated) AT TIME ZONE 'UTC', pg_typeof(max(fields__updated)) FROM jira.loaded",
			is => '230|230|2026-01-05 14:27:00|timestamp with time zone'
		},
		{   name => 'then the last hour again, to the minute',
			sql => "CALL dload.run('jira_issues'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|21|21'
		},
	],
	controls => [
		{   name => 'isLast is no flag for more',
			alter => 'ALTER FOREIGN TABLE jira.projects OPTIONS (DROP has_more_value)',
			sql => 'SELECT count(*) FROM jira.projects',
			is => '120'
		},
		{   name => 'isLast ends without an empty page',
			alter => 'ALTER FOREIGN TABLE jira.projects OPTIONS (DROP has_more_path, DROP has_more_value, ADD max_pages \'3\')',
			sql => 'SELECT count(*) FROM jira.projects',
			is => '120'
		},
		{   name => 'the name of the token',
			alter => "ALTER FOREIGN TABLE jira.issues OPTIONS (SET token_param 'pageToken')",
			sql => "SELECT count(*) FROM jira.issues WHERE project = 'ABC'",
			is => '230'
		},
		{   name => 'fields come only if asked for',
			alter => "ALTER FOREIGN TABLE jira.issues OPTIONS (SET query_params '{\"jql\": \"project = \\\"{project|escape}\\\"\"}')",
			sql => "SELECT count(summary) FROM jira.issues WHERE project = 'ABC'",
			is => '230'
		},
		{   name => 'quotes',
			alter => "ALTER FOREIGN TABLE jira.issues OPTIONS (SET query_params '{\"jql\": \"project = \\\"{project}\\\"\"}')",
			sql => "SELECT count(*) FROM jira.issues WHERE project = 'A \"B\"'",
			is => '1'
		},
		{   name => 'how the cursor is written',
			alter => 'ALTER FOREIGN TABLE jira.changes OPTIONS (DROP cursor_format, DROP cursor_zone)',
			sql => $loaded,
			like => qr/^t$/m
		},
	],
	more => sub {
		my ($api) = @_;
		my $get = sub { HTTP::Tiny->new->get("$api->{url}/host/example.atlassian.net$_[0]"); };

		sql($api, "SELECT dload.create_pipeline('again', source => 'jira.changes', target => 'jira.again', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_path => 'fields.updated', cursor_order => 'asc', initial_value => '2026-01-01', lag => '1 hour')");
		is(sql($api, "CALL dload.run('again', max_pages => 1); CALL dload.run('again'); SELECT string_agg(outcome, ' '), sum(rows_inserted) FROM dload.runs WHERE pipeline = 'again'"),
			'partial complete|230', 'jira: a run that stops goes on');

		# 14:27 UTC is 09:27 in the account's zone
		$get->('/touch/5/10');
		is(sql($api, "BEGIN; ALTER FOREIGN TABLE jira.changes OPTIONS (DROP cursor_zone); $loaded; ROLLBACK"),
			"t\nABC-229", 'jira: control: a cursor in UTC loses changes');
		is(sql($api, $loaded), "t\nABC-5", 'jira: what changed since, in the account\'s zone');

		is(sql($api, 'SELECT count(*) FROM jira.app_projects'), '120', 'jira: OAuth');
		$api->{mock}->script({ path => 'api.atlassian.com', status => 401, body => { code => 401, message => 'Unauthorized' } });
		is(sql($api, 'SELECT count(*) FROM jira.app_projects'),
			'120', 'jira: an access token that has ended, renewed by the second refresh token');
		sql($api, 'DELETE FROM dload.token');
		like(sql($api, 'SELECT count(*) FROM jira.app_projects'),
			qr/ERROR:.*refresh token.*no longer valid/s, 'jira: control: without what is kept, the first refresh token is used up');

		$get->('/limited');
		is(sql($api, "BEGIN; ALTER SERVER jira OPTIONS (ADD max_retries '0'); SELECT count(*) FROM jira.projects; ROLLBACK") =~ /ERROR:.*429/s,
			1, 'jira: control: a limit that is hit, without retries');
		$get->('/limited');
		is(sql($api, 'SELECT count(*) FROM jira.projects'), '120', 'jira: a limit that is hit is waited for');
	} };
