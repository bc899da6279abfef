my $again = "SELECT dload.create_pipeline('again', source => 'hubspot.changes', target => 'hubspot.again', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_path => 'updatedAt', initial_value => '2026-01-01'); SELECT dload.run_atomic('again') > 0; SELECT count(*) FROM hubspot.again";

{   checks => [
		{   name => 'the list by token',
			sql => 'SELECT count(*), count(DISTINCT id), count(stage), bool_or(archived) FROM hubspot.contacts',
			is => '250|250|250|f'
		},
		{   name => 'the list by paging.next.link, just as well',
			sql => "BEGIN; ALTER FOREIGN TABLE hubspot.contacts OPTIONS (SET paginate 'next_url', ADD next_path 'paging.next.link', DROP token_path, DROP token_param); SELECT count(*), count(DISTINCT id), count(stage) FROM hubspot.contacts; ROLLBACK",
			is => '250|250|250'
		},
		{   name => 'archived=true for what was deleted',
			sql => 'SELECT count(*), min(id) FROM hubspot.contacts WHERE archived',
			is => '10|1251'
		},
		{   name => 'an access token for a refresh token',
			sql => 'SELECT count(*) FROM hubspot.app_contacts',
			is => '250'
		},
		{   name => 'more properties than a URL can hold are an error that says so',
			sql => "DO \$\$ BEGIN EXECUTE format('ALTER FOREIGN TABLE hubspot.contacts OPTIONS (SET query_params %L)', jsonb_build_object('properties', (SELECT jsonb_agg('property_number_' || n) FROM generate_series(1, 500) AS n))); PERFORM count(*) FROM hubspot.contacts; END \$\$",
			like => qr/ERROR:.*status 414/s
		},
		{   name => 'they fit into the body of a search',
			sql => "BEGIN; DO \$\$ BEGIN EXECUTE format('ALTER FOREIGN TABLE hubspot.changes OPTIONS (SET body %L)', jsonb_build_object('filterGroups', '[{\"filters\": [{\"propertyName\": \"lastmodifieddate\", \"operator\": \"BETWEEN\"}]}]'::jsonb, 'properties', (SELECT jsonb_agg('property_number_' || n) || '[\"email\"]' FROM generate_series(1, 500) AS n))); END \$\$; SELECT content FROM dload.preview('hubspot.changes', params => '{\"filterGroups[0].filters[0].value\": \"2026-01-01\", \"filterGroups[0].filters[0].highValue\": \"2026-01-02\"}', max_rows => 1) WHERE section = 'record'; ROLLBACK",
			like => qr/c\d+\@example.com/
		},
		{   name => 'the ten seconds of the limit are waited for, as the header says (here: one)',
			before => [
				{   path => '/contacts?', status => 429, body => { status => 'error', policyName => 'TEN_SECONDLY_ROLLING' },
					headers => { 'X-HubSpot-RateLimit-Max' => '100', 'X-HubSpot-RateLimit-Remaining' => '0', 'X-HubSpot-RateLimit-Interval-Milliseconds' => '1000' }
				}
			],
			sql => 'SELECT count(*) FROM hubspot.contacts',
			is => '250'
		},
		{   name => 'searches have a limit of their own',
			sql => "SELECT count(*) FROM dload.preview('hubspot.changes', params => '{\"filterGroups[0].filters[0].value\": \"2026-01-01\"}') WHERE section = 'none'; SELECT scope, requests, period FROM dload.budgets WHERE server = 'hubspot' AND scope IS NOT NULL",
			like => qr{^POST /\*/search\|5\|00:00:01$}m
		},
		{   name => 'for the test only that one is lifted',
			sql => "ALTER SERVER hubspot OPTIONS (DROP rate_limit)",
			is => ''
		},
		{   name => 'all that the search finds, beyond the last id',
			sql => "SELECT count(*), count(DISTINCT id) FROM hubspot.found",
			is => '12500|12500'
		},
		{   name => 'the search gives 10,000 and has 12,500: by slices',
			sql => "CALL dload.run('hubspot_contacts'); SELECT r.outcome, rows_read, (SELECT count(*) FROM hubspot.loaded) FROM dload.runs AS r ORDER BY run_id DESC LIMIT 1",
			is => 'complete|12500|12500'
		},
		{   name => 'then the last five minutes again',
			sql => "CALL dload.run('hubspot_contacts'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|5|5'
		},
		{   name => 'loaded: what is archived',
			sql => "CALL dload.run('hubspot_archived'); SELECT count(*), bool_and(archived) FROM hubspot.archived; DELETE FROM hubspot.loaded AS l USING hubspot.archived AS a WHERE a.id = l.id AND a.archived_at >= l.updated_at; SELECT count(*) FROM hubspot.loaded",
			is => "10|t\n12490"
		},
	],
	controls => [
		{   name => 'beyond the last id, not by the token',
			alter => "ALTER FOREIGN TABLE hubspot.found OPTIONS (SET paginate 'token', DROP keyset_path, DROP keyset_param, ADD token_path 'paging.next.after', ADD token_param 'after')",
			sql => "SELECT count(*) FROM hubspot.found",
			is => '12500'
		},
		{   name => 'the order of the ids',
			alter => "ALTER FOREIGN TABLE hubspot.found OPTIONS (SET body '{\"filterGroups\": [{\"filters\": [{\"propertyName\": \"hs_object_id\", \"operator\": \"GT\", \"value\": \"0\"}]}]}')",
			sql => "SELECT count(*) FROM hubspot.found",
			is => '12500'
		},
		{   name => 'slices that are halved',
			alter => "ALTER FOREIGN TABLE hubspot.changes OPTIONS (DROP window_cap)",
			sql => $again,
			like => qr/^12500$/m
		},
		{   name => 'milliseconds',
			alter => "ALTER FOREIGN TABLE hubspot.changes OPTIONS (SET window_format 'iso')",
			sql => "SELECT dload.run_atomic('hubspot_contacts') > 0",
			is => 't'
		},
		{   name => 'both ends belong to a slice',
			alter => "ALTER FOREIGN TABLE hubspot.changes OPTIONS (DROP window_inclusive)",
			sql => "SELECT count(*) FROM dload.preview('hubspot.changes', params => '{\"filterGroups[0].filters[0].value\": \"2025-12-31\", \"filterGroups[0].filters[0].highValue\": \"2026-01-01\"}') WHERE section = 'record'",
			is => '0'
		},
		{   name => 'the place of the token in the search',
			alter => "ALTER FOREIGN TABLE hubspot.changes OPTIONS (SET token_in 'query')",
			sql => $again,
			like => qr/^12500$/m
		},
		{   name => 'asking for properties',
			alter => "ALTER FOREIGN TABLE hubspot.contacts OPTIONS (DROP query_params)",
			sql => 'SELECT count(stage) FROM hubspot.contacts',
			is => '250'
		},
		{   name => 'how a list of properties is sent',
			alter => "ALTER FOREIGN TABLE hubspot.contacts OPTIONS (DROP array_style)",
			sql => 'SELECT count(email) + count(stage) FROM hubspot.contacts',
			is => '500'
		},
		{   name => 'the list by token',
			alter => 'ALTER FOREIGN TABLE hubspot.contacts OPTIONS (DROP paginate, DROP token_path, DROP token_param)',
			sql => 'SELECT count(*) FROM hubspot.contacts',
			is => '250'
		},
	],
	more => sub {
		my ($api) = @_;
		my $loaded = sub {
			sql($api, "CALL dload.run('hubspot_contacts'); SELECT count(*) FROM hubspot.loaded");
		};

		sql($api, $again =~ s/SELECT dload.run_atomic.*//sr);
		is(sql($api, "CALL dload.run('again', max_pages => 7); SELECT outcome FROM dload.runs ORDER BY run_id DESC LIMIT 1"),
			'partial', 'hubspot: a run that stops within a slice');
		is(sql($api, "CALL dload.run('again'); SELECT outcome, pages, (SELECT count(*) FROM hubspot.again) FROM dload.runs ORDER BY run_id DESC LIMIT 1") =~ /^complete\|\d+\|12500$/,
			1, 'hubspot: and goes on there');

		# What changed before the cursor, but could not be found yet.
		my $late = sub {
			HTTP::Tiny->new->get("$api->{url}/host/api.hubapi.com/late?ago=$_[0]");
		};
		$late->(1);
		is($loaded->(), '12491', 'hubspot: a change');
		$late->(30);
		is($loaded->(), '12492', 'hubspot: a change that is found late');
		sql($api, "SELECT dload.alter_pipeline('hubspot_contacts', lag => '')");
		$late->(20);
		is($loaded->(), '12492', 'hubspot: control: without lag it is lost');

		# not in a transaction: what comes with a renewal is committed apart
		sql($api, "ALTER SERVER hubspot_app OPTIONS (SET oauth2_client_auth 'header'); DELETE FROM dload.token");
		like(sql($api, 'SELECT count(*) FROM hubspot.app_contacts'),
			qr/ERROR:.*missing or invalid client id/s, 'hubspot: control: id and secret in the body');
		sql($api, "ALTER SERVER hubspot_app OPTIONS (SET oauth2_client_auth 'body')");
		is(sql($api, 'SELECT count(*) FROM hubspot.app_contacts'), '250', 'hubspot: and there they are good');

		my $daily = { path => '/contacts', status => 429,
			body => { status => 'error', policyName => 'DAILY', message => 'You have reached your daily limit.' } };
		$api->{mock}->script($daily);
		is(sql($api, 'BEGIN; ALTER SERVER hubspot OPTIONS (DROP response_rules); SELECT count(*) FROM hubspot.contacts; ROLLBACK'),
			'250', 'hubspot: control: without the rule the limit of the day is tried out');
		$api->{mock}->script($daily);
		$api->{mock}->clear_journal;
		is(sql($api, "CALL dload.run('hubspot_contacts'); SELECT outcome FROM dload.runs ORDER BY run_id DESC LIMIT 1"),
			'partial', 'hubspot: the limit of the day ends a run for now');
		like(sql($api, 'SELECT count(*) FROM hubspot.contacts'),
			qr/ERROR:.*rate limit/s, 'hubspot: nor does anybody else ask');
		is($api->{mock}->requests('/contacts'), 1, 'hubspot: it was asked once');
	} };
