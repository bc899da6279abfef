my $again = sub {
	my ($source, $rest) = @_;
	return "SELECT dload.create_pipeline('again', source => 'zendesk.$source', target => 'zendesk.again', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_param => 'start_time', $rest); SELECT dload.run_atomic('again') > 0; SELECT count(*) FROM zendesk.again";
};
my $changes = $again->('changes', "cursor_path => 'generated_timestamp', initial_value => '1767225600'");
my $calls = $again->('calls', "cursor_path => 'updated_at', initial_value => '2026-01-01'");

{   checks => [
		{   name => 'links.next up to meta.has_more; a parameter with brackets',
			sql => 'SELECT count(*), count(DISTINCT id) FROM zendesk.tickets',
			is => '330|330'
		},
		{   name => 'the header of the family of endpoints',
			sql => "SELECT requests, remaining <= 60, resets_at - now() BETWEEN '45s' AND '60s' FROM dload.budgets WHERE server = 'zendesk' AND period IS NULL AND scope IS NULL",
			like => qr/^100\|t\|t$/m
		},
		{   name => 'a limit that is hit, for as long as Retry-After says',
			before => [ { path => '/tickets.json', status => 429, headers => { 'Retry-After' => '1' } } ],
			sql => 'SELECT count(*) FROM zendesk.tickets',
			is => '330'
		},
		{   name => 'the incremental export, what was deleted included',
			sql => "CALL dload.run('zendesk_tickets'); SELECT r.outcome, requests, rows_read, (SELECT count(*) FROM zendesk.loaded WHERE status = 'deleted') FROM dload.runs AS r ORDER BY run_id DESC LIMIT 1",
			is => 'complete|3|2300|23'
		},
		{   name => 'then from the last one on, less a minute; start_time is inclusive',
			sql => "CALL dload.run('zendesk_tickets'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|2|2'
		},
		{   name => 'its own limit',
			sql => "SELECT requests, used FROM dload.budgets WHERE server = 'zendesk' AND scope = '/incremental' AND period IS NOT NULL",
			is => '10|4'
		},
		{   name => 'Talk leads back to its last second',
			sql => "CALL dload.run('zendesk_calls'); SELECT r.outcome, (SELECT count(*) FROM zendesk.loaded_calls) FROM dload.runs AS r ORDER BY run_id DESC LIMIT 1",
			is => 'complete|250'
		},
		{   name => 'and again with the next run',
			sql => "CALL dload.run('zendesk_calls'); SELECT outcome, rows_inserted, rows_unchanged > 0 FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|0|t'
		},
		{   name => 'for the test only the limits end here',
			sql => "ALTER SERVER zendesk OPTIONS (DROP rate_limit)",
			is => ''
		},
	],
	controls => [
		{   name => 'has_more',
			alter => "ALTER FOREIGN TABLE zendesk.tickets OPTIONS (DROP has_more_path)",
			sql => 'SELECT count(*) FROM zendesk.tickets',
			is => '330'
		},
		{   name => 'end_of_stream',
			alter => "ALTER FOREIGN TABLE zendesk.changes OPTIONS (DROP has_more_path, DROP has_more_value)",
			sql => $changes,
			like => qr/^2300$/m
		},
		{   name => 'start_time goes only with the first request',
			alter => "ALTER FOREIGN TABLE zendesk.changes OPTIONS (DROP next_drop_params)",
			sql => $changes,
			like => qr/^2300$/m
		},
		{   name => 'a next page that is always there',
			alter => "ALTER FOREIGN TABLE zendesk.calls OPTIONS (DROP on_repeat)",
			sql => $calls,
			like => qr/^250$/m
		},
		{   name => 'a time as seconds',
			alter => "ALTER FOREIGN TABLE zendesk.calls OPTIONS (DROP cursor_format)",
			sql => $calls,
			like => qr/^250$/m
		},
		{   name => 'the limit in a header with parts',
			alter => 'ALTER SERVER zendesk OPTIONS (DROP remaining_header)',
			before => [
				{ path => '/tickets.json', headers => { 'zendesk-ratelimit-tickets-index' => 'total=100; remaining=0; resets=2' } }
			],
			sql => "CREATE TEMP TABLE t AS SELECT clock_timestamp() AS c; SELECT count(*) FROM zendesk.tickets; SELECT clock_timestamp() - c > '1.5s' FROM t",
			is => "330\nt"
		},
	],
	more => sub {
		my ($api) = @_;
		sql($api, $changes =~ s/SELECT dload.run_atomic.*//sr);
		is(sql($api, "CALL dload.run('again', max_pages => 1); CALL dload.run('again'); SELECT string_agg(outcome, ' '), sum(rows_inserted) FROM dload.runs WHERE pipeline = 'again'"),
			'partial complete|2300', 'zendesk: a run that stops goes on with its cursor');
		my $run = "SELECT dload.run_atomic('zendesk_tickets') > 0";

		HTTP::Tiny->new->get("$api->{url}/host/example.zendesk.com/change/7/5");
		is(sql($api, "$run; SELECT generated_timestamp > 1767225600 + 60 * 2300 FROM zendesk.loaded WHERE id = 8"),
			"t\nt", 'zendesk: a change a moment ago');
		is(sql($api, $run), 't', 'zendesk: a cursor that is not a minute old');
		like(sql($api, "BEGIN; SELECT dload.alter_pipeline('zendesk_tickets', lag => ''); $run; ROLLBACK"),
			qr/ERROR:.*older than 1 minute/s, 'zendesk: control: without lag');
	} };
