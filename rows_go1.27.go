//go:build go1.27

package cachedsql

import (
	"database/sql"
	"database/sql/driver"
)

var (
	_ driver.RowsColumnScanner = (*rows)(nil)
	_ driver.RowsColumnScanner = (*scannerRows)(nil)
)

// NextRow advances to the next row, which ScanColumn then reads.
func (r *rows) NextRow() error {
	if r.current == nil {
		r.current = make([]driver.Value, len(r.names))
	}
	return r.Next(r.current[:len(r.names)])
}

// ScanColumn scans a column of the current row. Destinations that only the
// wrapped driver knows, such as pgx's slices and ranges, are its business.
func (r *rows) ScanColumn(ctx driver.ScanContext, i int, dest any) error {
	a := &r.conn.connector.adapter
	if a.ScanColumn != nil && a.OwnDestination != nil && a.OwnDestination(dest) {
		return a.ScanColumn(r.conn.inner, r.column(i).DatabaseType, r.current[i], dest)
	}
	return sql.ConvertAssign(ctx, dest, r.current[i])
}

// scannerRows are writeRows of a driver that scans columns itself.
type scannerRows struct {
	*writeRows
	scanner driver.RowsColumnScanner
}

func withColumnScanner(r *writeRows) driver.Rows {
	if s, ok := r.Rows.(driver.RowsColumnScanner); ok {
		return &scannerRows{writeRows: r, scanner: s}
	}
	return r
}

func (r *scannerRows) NextRow() error { return r.saw(r.scanner.NextRow()) }

func (r *scannerRows) ScanColumn(ctx driver.ScanContext, i int, dest any) error {
	return r.scanner.ScanColumn(ctx, i, dest)
}
