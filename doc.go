// Package cachedsql is a database/sql driver that wraps another one and
// answers the reads a rule file selects from a cache, usually Redis. Writes
// that pass through it are parsed, and no result that depended on what they
// touched is served after they have committed.
package cachedsql
