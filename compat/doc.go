// Package compat has only tests: each runs one program of an ORM over the bare
// driver and over the cached one, where every read that can be cached is asked
// for until it is a hit, and compares all that they say.
// docs/compatibility.md tells how to open each ORM and what else was run.
package compat
