{   checks => [
		{   name => 'endCursor into the variables, until hasNextPage is false',
			sql => "SELECT count(*), count(DISTINCT id), sum(total) FROM shopify.orders WHERE since = '2026-01-01Z'",
			is => '130|130|8502.00'
		},
		{   name => 'a filter in the variables',
			sql => "SELECT count(*) FROM shopify.orders WHERE since = '2026-03-01 00:02:00Z'",
			is => '10'
		},
		{   name => 'other errors inside a 200',
			sql => "BEGIN; ALTER FOREIGN TABLE shopify.orders OPTIONS (SET page_size '251'); SELECT count(*) FROM shopify.orders WHERE since = '2026-01-01Z'; ROLLBACK",
			like => qr/ERROR:.*first cannot exceed 250/s
		},
		{   name => 'behind 25 000 nodes: an error, no cut',
			sql => "BEGIN; ALTER FOREIGN TABLE shopify.orders OPTIONS (SET variables '{\"after\": \"eyJsYXN0IjogMjUwMDB9\"}'); ALTER FOREIGN TABLE shopify.orders DROP COLUMN since; SELECT count(*) FROM shopify.orders; ROLLBACK",
			like => qr/ERROR:.*maximum of 25000 objects/s
		},
		{   name => 'loaded with the items',
			sql => "CALL dload.run('shopify_orders'); SELECT count(*), (SELECT count(*) FROM shopify.loaded__line_items__nodes) FROM shopify.loaded",
			is => '130|129'
		},
		{   name => 'then from the last change on',
			sql => "CALL dload.run('shopify_orders'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1|1'
		},
		{   name => 'a bulk operation is begun',
			sql => 'SELECT status, errors FROM shopify.start_export',
			is => 'CREATED|[]'
		},
		{   name => 'and waited for; items name their orders',
			sql => 'SELECT count(*) FILTER (WHERE o.parent IS NULL), count(p.id) FROM shopify.export AS o LEFT JOIN LATERAL (SELECT o.parent AS id) AS p ON true',
			is => '130|129'
		},
	],
	controls => [
		{   name => 'the flag',
			alter => "ALTER FOREIGN TABLE shopify.orders OPTIONS (DROP has_more_path, ADD max_pages '3')",
			sql => "SELECT count(*) FROM shopify.orders WHERE since = '2026-01-01Z'",
			is => '130'
		},
		{   name => 'the place of the cursor',
			alter => "ALTER FOREIGN TABLE shopify.orders OPTIONS (SET token_param 'after')",
			sql => "SELECT count(*) FROM shopify.orders WHERE since = '2026-01-01Z'",
			is => '130'
		},
		{   name => 'THROTTLED is a limit',
			alter => 'ALTER SERVER shopify_graphql OPTIONS (DROP response_rules)',
			before => [ { path => '/graphql.json', status => 200, body => { errors => [ { message => 'Throttled', extensions => { code => 'THROTTLED' } } ] } } ],
			sql => "SELECT count(*) FROM shopify.orders WHERE since = '2026-01-01Z'",
			is => '130'
		},
		{   name => 'the file is waited for',
			alter => "ALTER FOREIGN TABLE shopify.export OPTIONS (DROP response_rules)",
			before => [ { path => '/graphql.json', status => 200, body => { data => { currentBulkOperation => { status => 'RUNNING', url => undef } } } } ],
			sql => 'SELECT count(*) FROM shopify.export',
			is => '259'
		},
	],
	more => sub {
		my ($api) = @_;
		my $host = "$api->{url}/host/graphql-example.myshopify.com";
		my $asks = sub {
			HTTP::Tiny->new->get("$host/fault/points/110");
			$api->{mock}->clear_journal;
			is(sql($api, "SELECT count(*) FROM shopify.orders WHERE since = '2026-01-01Z'"),
				'130', 'shopify_graphql: with few points');
			return $api->{mock}->requests('/graphql.json');
		};

		sql($api, 'SELECT pg_sleep(1)');
		is($asks->(), 3, 'shopify_graphql: no page is asked for that cannot be paid');
		sql($api, 'ALTER SERVER shopify_graphql OPTIONS (DROP cost_path, DROP available_path, DROP restore_path)');
		cmp_ok($asks->(), '>', 3, 'shopify_graphql: control: without the paths it is refused and waits');
	} };
