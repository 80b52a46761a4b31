//go:build go1.27

package cachedpg_test

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testhit"
)

// scans are values and destinations that database/sql alone cannot bring
// together, and some that nobody can.
func scans() map[string][]func() any {
	ptr := func(v any) func() any { return func() any { return reflect.New(reflect.TypeOf(v)).Interface() } }
	return map[string][]func() any{
		"'{1,2,3}'::bigint[]":                         {ptr([]int64{}), ptr([]int32{}), ptr([]string{}), ptr(pgtype.Array[int64]{}), ptr("")},
		"null::bigint[]":                              {ptr([]int64{}), ptr(pgtype.FlatArray[int64]{})},
		"'{}'::text[]":                                {ptr([]string{}), ptr([]int64{})},
		`'{"a,b",NULL,"c\"d"}'::text[]`:               {ptr([]*string{}), ptr([]string{})},
		"'{{1,2},{3,4}}'::int[]":                      {ptr([][]int32{}), ptr(pgtype.Array[int32]{})},
		"int4range(1, 5)":                             {ptr(pgtype.Range[pgtype.Int4]{}), ptr("")},
		"'{2024-01-01}'::date[]":                      {ptr([]time.Time{}), ptr(pgtype.FlatArray[pgtype.Date]{})},
		"'infinity'::date":                            {ptr(pgtype.Date{}), ptr("")},
		"'2024-02-03 04:05:06.000007'::timestamp":     {ptr(time.Time{}), ptr([]int64{}), ptr(pgtype.Timestamp{})},
		"timestamptz '2024-02-03 04:05:06.000007+02'": {ptr(time.Time{}), ptr(struct{ A int }{})},
		"date '2024-02-03'":                           {ptr(time.Time{}), ptr([]int64{})},
		"5::bigint":                                   {ptr(int64(0)), ptr([]int64{}), ptr(map[string]int{})},
		"5::int":                                      {ptr([]int64{})},
		"5::smallint":                                 {ptr([]int64{})},
		"1.5::float4":                                 {ptr([]float32{}), ptr(float32(0))},
		"1.5::float8":                                 {ptr([]float64{}), ptr(float64(0))},
		"true":                                        {ptr([]bool{}), ptr(false)},
		"5::oid":                                      {ptr([]uint32{}), ptr(uint32(0))},
		`'\xdeadbeef'::bytea`:                         {ptr([]byte{}), ptr([4]byte{}), ptr(pgtype.PreallocBytes{})},
		`'{"a": 1}'::json`:                            {ptr(map[string]int{}), ptr(struct{ A int }{}), ptr([]int{}), ptr([]byte{})},
		`'{"a": 1}'::jsonb`:                           {ptr(map[string]int{}), ptr(struct{ A int }{}), ptr("")},
		"'0011'::varbit":                              {ptr(pgtype.Bits{}), ptr([]int64{})},
		"'{1.5,-0.25}'::numeric[]":                    {ptr([]pgtype.Numeric{}), ptr([]float64{})},
		"'a=>1'::text":                                {ptr([]string{}), ptr([]byte{})},
		"'550e8400-e29b-41d4-a716-446655440000'::uuid": {ptr([16]byte{}), ptr("")},
		"'1.2.3.4/24'::inet":                           {ptr(""), ptr([]int64{})},
		"'(1,2)'::point":                               {ptr(pgtype.Point{}), ptr([2]float64{})},
		"row(1, 'a')":                                  {ptr(""), ptr([]int64{})},
	}
}

func scan(db *sql.DB, query string, dest any) (any, string) {
	if err := db.QueryRow(query).Scan(dest); err != nil {
		return nil, err.Error()
	}
	return reflect.ValueOf(dest).Elem().Interface(), ""
}

// Not parallel: tables that tests beside it create would turn hits into
// bypasses.
func TestCachedColumnsScanLikePgxOwn(t *testing.T) {
	bare, err := sql.Open("pgx", server(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bare.Close() })
	db := open(t, withSettings(t, map[string]string{"cache_rules": rulesFile(t)}))
	name := table(t, db)
	exec(t, db, "insert into "+name+" values (1, 1)")
	testhit.Read(t, db, 1, "select n from "+name)
	cache, _ := cachedsql.FromDB(db)
	hits := cache.Stats().Hits
	for value, dests := range scans() {
		query := fmt.Sprintf("select %s as v from %s", value, name)
		for _, dest := range dests {
			want, wantErr := scan(bare, query, dest())
			for _, when := range []string{"miss", "hit", "hit again"} {
				got, gotErr := scan(db, query, dest())
				if !reflect.DeepEqual(got, want) || gotErr != wantErr {
					t.Errorf("%s into %T, %s:\ngot  %#v %s\nwant %#v %s", value, dest(), when, got, gotErr, want, wantErr)
				}
				if err := cache.Wait(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
		}
		if cache.Stats().Hits == hits {
			t.Errorf("%s was never a hit", value)
		}
		hits = cache.Stats().Hits
	}
}
