my $loaded = "SELECT FROM dload.run_atomic('wp_posts'); SELECT modified_gmt FROM wp.loaded WHERE id = 8";

{   checks => [
		{   name => 'the number of pages is in a header',
			sql => 'SELECT count(*), count(DISTINCT id) FROM wp.posts',
			is => '200|200'
		},
		{   name => 'without it a page beyond the last one is the end',
			sql => "BEGIN; ALTER FOREIGN TABLE wp.posts OPTIONS (SET query_params '{\"plain\": \"1\"}'); SELECT count(*) FROM wp.posts; ROLLBACK",
			is => '200'
		},
		{   name => 'by Link, just as well',
			sql => "BEGIN; ALTER FOREIGN TABLE wp.posts OPTIONS (SET paginate 'link', DROP total_header, DROP total_unit, DROP stop_when); SELECT count(*) FROM wp.posts; ROLLBACK",
			is => '200'
		},
		{   name => 'a password that is wrong',
			sql => "BEGIN; ALTER USER MAPPING FOR CURRENT_USER SERVER wordpress OPTIONS (SET password 'x'); SELECT count(*) FROM wp.posts; ROLLBACK",
			like => qr/ERROR:.*401.*invalid application password/s
		},
		{   name => 'loaded',
			sql => "CALL dload.run('wp_posts'); SELECT count(*), (SELECT outcome FROM dload.runs) FROM wp.loaded",
			is => '200|complete'
		},
		{   name => 'then the last second again',
			sql => "CALL dload.run('wp_posts'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1|1'
		},
		{   name => 'a first page without records is complete',
			sql => "SELECT FROM dload.alter_pipeline('wp_posts', lag => ''); CALL dload.run('wp_posts'); SELECT outcome, rows_read FROM dload.runs ORDER BY run_id DESC LIMIT 1; SELECT FROM dload.alter_pipeline('wp_posts', lag => '1 s')",
			like => qr/^complete\|0$/m
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

		my $touch = sub { HTTP::Tiny->new->get("$api->{url}/host/blog.example.com/touch/$_[0]"); };

		# by the site's clock it is 5 hours earlier
		sql($api, "SELECT FROM dload.create_pipeline('gmt', source => 'wp.posts', target => 'wp.gmt', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_path => 'modified_gmt', cursor_param => 'modified_after', lag => '1 s', columns => '{\"modified_gmt\": \"timestamp\"}'); SELECT FROM dload.run_atomic('gmt')");
		$touch->('7/199');
		is(sql($api, "BEGIN; SELECT FROM dload.alter_pipeline('wp_posts', lag => ''); $loaded; ROLLBACK") =~ s/^\n+//r,
			'2026-01-01 12:07:00', 'wordpress: control: without lag a change in the second of the cursor is lost');
		is(sql($api, $loaded) =~ s/^\n+//r, '2026-01-01 15:19:00', 'wordpress: and with it, it is found');
		is(sql($api, "SELECT FROM dload.run_atomic('gmt'); SELECT modified_gmt FROM wp.gmt WHERE id = 8") =~ s/^\n+//r,
			'2026-01-01 12:07:00', 'wordpress: control: by the other time it is lost');
	} };
