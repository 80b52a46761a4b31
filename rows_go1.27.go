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
	q := r.rarely()
	if len(q.current) != len(r.names) { // the first row of a result set
		q.current = make([]driver.Value, len(r.names))
	}
	return r.Next(q.current)
}

// ScanColumn scans a column of the current row. Destinations that only the
// wrapped driver knows, such as pgx's slices and ranges, are its business.
func (r *rows) ScanColumn(ctx driver.ScanContext, i int, dest any) error {
	a := &r.conn.connector.adapter
	if a.ScanColumn != nil && a.OwnDestination != nil && a.OwnDestination(dest) {
		return a.ScanColumn(r.conn.inner, r.column(i).DatabaseType, r.asked.current[i], dest)
	}
	return sql.ConvertAssign(ctx, dest, r.asked.current[i])
}

// scansItself reports whether r has destinations of its own that a replay could
// not serve.
func (c *conn) scansItself(r driver.Rows) bool {
	_, scans := r.(driver.RowsColumnScanner)
	return scans && c.connector.adapter.ScanColumn == nil
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
