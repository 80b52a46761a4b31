//go:build race

package cachedsql_test

// raceDetector: tests that take minutes under it, and have hardly two
// goroutines in which it could find something, do less. CI runs them in full
// without it.
const raceDetector = true
