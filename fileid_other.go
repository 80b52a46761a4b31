//go:build !unix

package cachedsql

// fileIdentity has nothing to add to a path on this system.
func fileIdentity(string) string { return "" }
