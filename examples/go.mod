// The examples are a module of their own, so that what they import never reaches the go.mod of a
// program that uses the library.
module github.com/cachedsql/cachedsql/examples

go 1.26.0

require github.com/cachedsql/cachedsql v0.0.0

// The examples always belong to the library beside them. go.work says so for builds; this line says so for
// `go mod tidy`, which does not read go.work, and nobody imports the examples, so it never reaches anyone else.
replace github.com/cachedsql/cachedsql => ../
