{   checks => [
		{   name => 'the number of pages is in a header',
			sql => 'SELECT count(*), count(DISTINCT id) FROM wp.posts',
			is => '200|200'
		},
		{   name => 'without it a page beyond the last one is the end',
			sql => "BEGIN; ALTER FOREIGN TABLE wp.posts OPTIONS (ADD query_params '{\"plain\": \"1\"}'); SELECT count(*) FROM wp.posts; ROLLBACK",
			is => '200'
		},
		{   name => 'loaded',
			sql => "CALL dload.run('wp_posts'); SELECT count(*), (SELECT outcome FROM dload.runs) FROM wp.loaded",
			is => '200|complete'
		},
		{   name => 'then nothing is newer: a first page without records is complete',
			sql => "CALL dload.run('wp_posts'); SELECT outcome, rows_read FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|0'
		},
	],
	more => sub {
		my ($api) = @_;

		# both ways to see the end, taken away one by one
		my $without = "ALTER FOREIGN TABLE wp.posts OPTIONS (DROP total_header, DROP total_unit%s); SELECT count(*) FROM wp.posts;";

		is(sql($api, "BEGIN; " . sprintf($without, '') . " ROLLBACK"),
			'200', 'wordpress: without the header the code is enough');
		like(
			sql($api, "BEGIN; " . sprintf($without, ', DROP stop_when') . " ROLLBACK"),
			qr/ERROR:.*400/s,
			'wordpress: control: without both it fails');
		is( sql($api, "BEGIN; ALTER FOREIGN TABLE wp.posts OPTIONS (DROP stop_when); SELECT count(*) FROM wp.posts; ROLLBACK"),
			'200',
			'wordpress: without the code the header is enough');
	} };
