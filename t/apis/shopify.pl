{   checks => [
		{   name => 'the filters of page 1 are not repeated',
			sql => 'SELECT count(*), count(DISTINCT id) FROM shopify.orders',
			is => '120|120'
		},
		{   name => 'used/limit',
			sql => "SELECT requests, remaining FROM dload.budgets WHERE server = 'shopify' AND period IS NULL",
			is => '40|39'
		},
		{   name => 'a Retry-After with a fraction',
			before => [
				{   path => '/orders.json',
					status => 429,
					headers => { 'Retry-After' => '0.5' }
				}
			],
			sql => 'SELECT count(*) FROM shopify.orders',
			is => '120'
		},
		{   name => 'loaded with its items',
			sql => "CALL dload.run('shopify_orders'); SELECT count(*), (SELECT count(*) FROM shopify.loaded__line_items) FROM shopify.loaded",
			is => '120|120'
		},
		{   name => 'then what was updated since',
			sql => "CALL dload.run('shopify_orders'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1|1'
		},
		{   name => 'by keys',
			sql => 'SELECT count(*), count(DISTINCT id) FROM shopify.orders_by_id',
			is => '120|120'
		},
	],
	controls => [
		{   name => 'the paginator',
			alter => 'ALTER FOREIGN TABLE shopify.orders OPTIONS (DROP paginate)',
			sql => 'SELECT count(*) FROM shopify.orders',
			is => '120'
		},
		{   name => 'the limit is obeyed',
			alter => "ALTER SERVER shopify OPTIONS (ADD max_wait '100ms')",
			before => [
				{   path => '/orders.json',
					status => 429,
					headers => { 'Retry-After' => '0.5' }
				}
			],
			sql => 'SELECT count(*) FROM shopify.orders',
			is => '120'
		},
		{   name => 'the key',
			alter => "ALTER FOREIGN TABLE shopify.orders_by_id OPTIONS (SET keyset_param 'after')",
			sql => 'SELECT count(*) FROM shopify.orders_by_id',
			is => '120'
		},
		{   name => 'what the link holds is not added to',
			alter => "ALTER FOREIGN TABLE shopify.orders OPTIONS (SET paginate 'page', DROP page_size, DROP page_size_param, ADD page_param 'page_info')",
			sql => 'SELECT count(*) FROM shopify.orders',
			is => '120'
		},
	] };
