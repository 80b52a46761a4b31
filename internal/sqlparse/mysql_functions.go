package sqlparse

import "strings"

// mysqlClass is what calling a function means for a result's cacheability.
type mysqlClass uint8

const (
	mysqlStored        mysqlClass = iota // not built in: the catalog knows, or nobody
	mysqlDeterministic                   // of its arguments and of settings that are part of an entry's key
	mysqlTime
	mysqlSession
	mysqlVolatile // random, waiting, locking, or with another side effect
)

// mysqlFunctionClass classifies an unqualified function, lower case. Built-in
// names win over stored functions, as in the server. Aggregates and window
// functions are built-in functions like others; a name neither MySQL 8 nor
// MariaDB 10.11 has is a stored or loadable function.
func mysqlFunctionClass(name string, args int) mysqlClass {
	switch {
	case mysqlDeterministicFunctions[name]:
		if name == "unix_timestamp" && args == 0 {
			return mysqlTime
		}
		return mysqlDeterministic
	case mysqlTimeFunctions[name]:
		return mysqlTime
	case mysqlSessionFunctions[name]:
		return mysqlSession
	case mysqlVolatileFunctions[name]:
		return mysqlVolatile
	}
	return mysqlStored
}

// mysqlBuiltin reports whether name is a built-in function without effect on
// any table. Sequences are tables to those who select from them.
func mysqlBuiltin(name string) bool {
	name = strings.ToLower(name)
	return name != "nextval" && name != "setval" && mysqlFunctionClass(name, 1) != mysqlStored
}

// mysqlParserNames are names the parser gives to forms that are not written as
// calls, or not by this name. Somebody's stored function may have the name too.
var mysqlParserNames = wordSet("'tidb`.(dateliteral 'tidb`.(timeliteral 'tidb`.(timestampliteral " +
	"char_func insert_func default_func json_memberof")

var mysqlTimeFunctions = wordSet(`
	curdate current_date current_time current_timestamp curtime getdate localtime localtimestamp now sysdate
	utc_date utc_time utc_timestamp`)

var mysqlSessionFunctions = wordSet(`
	connection_id current_role current_user database found_rows icu_version last_insert_id lastval
	mysql_query_attribute_string ps_current_thread_id ps_thread_id roles_graphml row_count schema session_user
	system_user user version`)

var mysqlVolatileFunctions = wordSet(`
	asynchronous_connection_failover_add_managed asynchronous_connection_failover_add_source
	asynchronous_connection_failover_delete_managed asynchronous_connection_failover_delete_source
	asynchronous_connection_failover_reset benchmark binlog_gtid_pos can_access_column can_access_database
	can_access_table can_access_user can_access_view des_decrypt des_encrypt encrypt gen_range gen_rnd_email
	gen_rnd_pan gen_rnd_ssn gen_rnd_us_phone get_lock is_free_lock is_used_lock load_file master_gtid_wait
	master_pos_wait nextval old_password password rand random_bytes release_all_locks release_lock
	service_get_read_locks service_get_write_locks service_release_locks setval sleep source_pos_wait sys_guid
	uuid uuid_short uuid_v4 uuid_v7 validate_password_strength wait_for_executed_gtid_set
	wait_until_sql_thread_after_gtids wsrep_last_seen_gtid wsrep_last_written_gtid wsrep_sync_wait_upto_gtid`)

var mysqlDeterministicFunctions = wordSet(`
	abs acos adddate add_months addtime aes_decrypt aes_encrypt any_value ascii asin atan atan2 avg bin
	bin_to_uuid bit_and bit_count bit_length bit_or bit_xor cast ceil ceiling char char_length character_length
	charset chr coalesce coercibility collation column_add column_check column_create column_delete column_exists
	column_get column_json column_list compress concat concat_operator_oracle concat_ws conv convert convert_tz
	cos cot count crc32 crc32c cume_dist date date_add date_format date_sub datediff day dayname dayofmonth
	dayofweek dayofyear decode decode_oracle degrees dense_rank elt encode exp export_set extract extractvalue
	field find_in_set first_value floor format format_bytes format_pico_time from_base64 from_days from_unixtime
	get_format greatest group_concat grouping gtid_subset gtid_subtract hex hour if ifnull inet6_aton inet6_ntoa
	inet_aton inet_ntoa insert instr interval is_ipv4 is_ipv4_compat is_ipv4_mapped is_ipv6 is_uuid isnull kdf
	lag last_day last_value lcase lead least left length lengthb ln locate log log10 log2 lower lpad lpad_oracle
	ltrim ltrim_oracle make_set makedate maketime max md5 median microsecond mid min minute mod month monthname
	name_const natural_sort_key nth_value ntile nullif nvl nvl2 oct octet_length ord percent_rank percentile_cont
	percentile_disc period_add period_diff pi position pow power quarter quote radians rank regexp_instr
	regexp_like regexp_replace regexp_substr repeat replace replace_oracle reverse right round row_number rpad
	rpad_oracle rtrim rtrim_oracle sec_to_time second sformat sha sha1 sha2 sign sin soundex space sqrt
	statement_digest statement_digest_text std stddev stddev_pop stddev_samp str_to_date strcmp subdate substr
	substr_oracle substring substring_index subtime sum tan time time_format time_to_sec timediff timestamp
	timestampadd timestampdiff to_base64 to_char to_days to_seconds trim trim_oracle trunc truncate ucase
	uncompress uncompressed_length unhex unix_timestamp updatexml upper uuid_to_bin values var_pop var_samp
	variance vec_distance vec_distance_cosine vec_distance_euclidean vec_fromtext vec_totext week weekday
	weekofyear weight_string year yearweek

	json_array json_array_append json_array_insert json_array_intersect json_arrayagg json_compact json_contains
	json_contains_path json_depth json_detailed json_equals json_exists json_extract json_insert json_key_value
	json_keys json_length json_loose json_merge json_merge_patch json_merge_preserve json_normalize json_object
	json_object_filter_keys json_object_to_array json_objectagg json_overlaps json_pretty json_query json_quote
	json_remove json_replace json_schema_valid json_schema_validation_report json_search json_set
	json_storage_free json_storage_size json_type json_unquote json_valid json_value

	geometrycollection linestring mbrcontains mbrcoveredby mbrcovers mbrdisjoint mbrequal mbrequals
	mbrintersects mbroverlaps mbrtouches mbrwithin multilinestring multipoint multipolygon point polygon st_area
	st_asbinary st_asgeojson st_astext st_aswkb st_aswkt st_boundary st_buffer st_buffer_strategy st_centroid
	st_collect st_contains st_convexhull st_crosses st_difference st_dimension st_disjoint st_distance
	st_distance_sphere st_endpoint st_envelope st_equals st_exteriorring st_frechetdistance st_geohash
	st_geomcollfromtext st_geomcollfromtxt st_geomcollfromwkb st_geometrycollectionfromtext
	st_geometrycollectionfromwkb st_geometryfromtext st_geometryfromwkb st_geometryn st_geometrytype
	st_geomfromgeojson st_geomfromtext st_geomfromwkb st_hausdorffdistance st_interiorringn st_intersection
	st_intersects st_isclosed st_isempty st_isring st_issimple st_isvalid st_latfromgeohash st_latitude st_length
	st_linefromtext st_linefromwkb st_lineinterpolatepoint st_lineinterpolatepoints st_linestringfromtext
	st_linestringfromwkb st_longfromgeohash st_longitude st_makeenvelope st_mlinefromtext st_mlinefromwkb
	st_mpointfromtext st_mpointfromwkb st_mpolyfromtext st_mpolyfromwkb st_multilinestringfromtext
	st_multilinestringfromwkb st_multipointfromtext st_multipointfromwkb st_multipolygonfromtext
	st_multipolygonfromwkb st_numgeometries st_numinteriorring st_numinteriorrings st_numpoints st_overlaps
	st_pointatdistance st_pointfromgeohash st_pointfromtext st_pointfromwkb st_pointn st_pointonsurface
	st_polyfromtext st_polyfromwkb st_polygonfromtext st_polygonfromwkb st_relate st_simplify st_srid
	st_startpoint st_swapxy st_symdifference st_touches st_transform st_union st_validate st_within st_x st_y`)
