//go:build !go1.27

package cachedsql

import "database/sql/driver"

// withColumnScanner has nothing to add before Go 1.27.
func withColumnScanner(r *writeRows) driver.Rows { return r }

// scansItself is always false: database/sql does all scanning.
func (c *conn) scansItself(driver.Rows) bool { return false }
