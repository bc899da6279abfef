my $again = sub {
	my ($source, $rest) = @_;
	return "SELECT dload.create_pipeline('again', source => 'zendesk.$source', target => 'zendesk.again', write_disposition => 'merge', primary_key => ARRAY['id'], $rest); SELECT dload.run_atomic('again') > 0; SELECT count(*) FROM zendesk.again";
};
my $changes = $again->('changes', "cursor_param => 'cursor'");
my $calls = $again->('calls', "cursor_path => 'updated_at', cursor_param => 'start_time', initial_value => '2026-01-01'");
my $last = "SELECT outcome, rows_read, rows_inserted, rows_updated, rows_deleted FROM dload.runs WHERE pipeline = 'zendesk_tickets' ORDER BY run_id DESC LIMIT 1";
my $change = sub {
	my ($api, $what) = @_;

	HTTP::Tiny->new->get("$api->{url}/host/example.zendesk.com/change/$what");
};

{   checks => [
		{   name => 'links.next up to meta.has_more; a parameter with brackets',
			sql => 'SELECT count(*), count(DISTINCT id) FROM zendesk.tickets',
			is => '330|330'
		},
		{   name => 'an access token of OAuth',
			sql => "BEGIN; ALTER SERVER zendesk OPTIONS (SET auth 'bearer'); ALTER USER MAPPING FOR CURRENT_USER SERVER zendesk OPTIONS (DROP username, DROP password, ADD token '52d7ef4ee01e2c2c75bff572f957cd4f12d6225eee07ea3f'); SELECT count(*) FROM zendesk.tickets; ROLLBACK",
			is => '330'
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
		{   name => 'the incremental export, without what was deleted before',
			sql => "CALL dload.run('zendesk_tickets'); SELECT r.outcome, requests, rows_read, (SELECT count(*) FROM zendesk.loaded) FROM dload.runs AS r ORDER BY run_id DESC LIMIT 1",
			is => 'complete|3|2300|2277'
		},
		{   name => 'then from the cursor of the last page on, which repeats nothing',
			sql => "CALL dload.run('zendesk_tickets'); $last",
			is => 'complete|0|0|0|0'
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
			like => qr/^2277$/m
		},
		{   name => 'start_time goes only with the first request',
			alter => "ALTER FOREIGN TABLE zendesk.changes OPTIONS (DROP next_drop_params)",
			sql => $changes,
			like => qr/^2277$/m
		},
		{   name => 'nor with the first request of later runs',
			alter => "ALTER FOREIGN TABLE zendesk.changes OPTIONS (DROP cursor_drop_params)",
			sql => "SELECT FROM dload.run_atomic('zendesk_tickets'); $last",
			like => qr/^complete\|0\|/m
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
			'partial complete|2277', 'zendesk: a run that stops goes on with its cursor');
		my $run = "CALL dload.run('zendesk_tickets')";

		$change->($api, '7/5');
		sql($api, $run);
		is(sql($api, $last), 'complete|1|0|1|0', 'zendesk: a change a moment ago');
		$change->($api, '8/1');
		sql($api, $run);
		is(sql($api, $last), 'complete|1|0|1|0', 'zendesk: and another, with a cursor that is not a minute old');
		my $timed = "BEGIN; ALTER FOREIGN TABLE zendesk.changes OPTIONS (DROP envelope_cursor, DROP query_params);"
		  . "SELECT dload.create_pipeline('timed', 'zendesk.changes', 'zendesk.timed', write_disposition => 'merge', primary_key => ARRAY['id'],"
		  . " cursor_path => 'generated_timestamp', cursor_param => 'start_time', initial_value => '1767225600'";
		my $twice = "SELECT FROM dload.run_atomic('timed'); SELECT FROM dload.run_atomic('timed'); SELECT outcome, rows_read FROM dload.runs ORDER BY run_id DESC LIMIT 1; ROLLBACK";
		like(sql($api, "$timed); $twice"), qr/ERROR:.*older than 1 minute/s, 'zendesk: control: by start_time that is too early');
		like(sql($api, "$timed, lag => '120'); $twice"), qr/^complete\|2$/m, 'zendesk: or needs a lag, which repeats');

		$change->($api, '9/0?to=deleted');
		is(sql($api, "BEGIN; ALTER FOREIGN TABLE zendesk.changes OPTIONS (DROP deleted_when); SELECT FROM dload.run_atomic('zendesk_tickets'); SELECT count(*), count(*) FILTER (WHERE status = 'deleted') FROM zendesk.loaded; ROLLBACK") =~ s/\A\n//r,
			'2277|1', 'zendesk: control: without deleted_when the ticket stays');
		sql($api, $run);
		is(sql($api, $last), 'complete|1|0|0|1', 'zendesk: a ticket is deleted');
		is(sql($api, 'SELECT count(*) FROM zendesk.loaded WHERE id = 10'), '0', 'zendesk: and with it its row');

		# the same by URLs
		sql($api, "CREATE FOREIGN TABLE zendesk.by_url () SERVER zendesk OPTIONS (path '/incremental/tickets/cursor.json?start_time=1767225600', records_path 'tickets',"
		  . " paginate 'next_url', next_path 'after_url', has_more_path 'end_of_stream', has_more_value 'false', envelope_cursor 'after_url', cursor_in 'url', deleted_when '\$.status = \"deleted\"');"
		  . "SELECT dload.create_pipeline('by_url', 'zendesk.by_url', 'zendesk.loaded_by_url', write_disposition => 'merge', primary_key => ARRAY['id'])");
		sql($api, "CALL dload.run('by_url'); CALL dload.run('by_url')");
		is(sql($api, "SELECT string_agg(outcome || ' ' || rows_read, ', ' ORDER BY run_id), (SELECT count(*) FROM zendesk.loaded_by_url) FROM dload.runs WHERE pipeline = 'by_url'"),
			'complete 2300, complete 0|2276', 'zendesk: after_url does the same');
	} };
