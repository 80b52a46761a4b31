// Package examples holds programs that show the library at work: quickstart,
// which needs no server, and todo, a small service with a load generator.
package examples
