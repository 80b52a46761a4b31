//go:build !race

package cachedsql_test

const raceDetector = false
