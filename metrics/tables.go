package metrics

import "github.com/cachedsql/cachedsql"

// tableFamilies returns what is counted for each table. The number of tables
// is bounded, see cachedsql.OtherTables.
func tableFamilies(all []cachedsql.TableStats) []family {
	of := func(name, help string, n func(*cachedsql.TableStats) int64) family {
		f := family{name: name, help: help, unit: "{write}", labels: []string{"table"}}
		for i := range all {
			f.series = append(f.series, series{values: []string{all[i].Table}, number: float64(n(&all[i]))})
		}
		return f
	}
	return []family{
		of("table_invalidations", "Writes announced, by the table they touch.", func(t *cachedsql.TableStats) int64 { return t.Invalidations }),
		of("table_invalidations_by_key", "Writes announced that named rows of the table by a key.", func(t *cachedsql.TableStats) int64 { return t.ByKey }),
	}
}

func nearFamilies(entries, bytes int64) []family {
	return []family{
		{name: "near_entries", help: "Results in the near cache.", unit: "{result}", kind: gauge, series: []series{{number: float64(entries)}}},
		{name: "near_bytes", help: "Memory that the near cache takes.", unit: "By", kind: gauge, series: []series{{number: float64(bytes)}}},
	}
}
