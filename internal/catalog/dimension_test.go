package catalog

import (
	"testing"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

func TestEqualValuesHaveOneCanonicalForm(t *testing.T) {
	t.Parallel()
	bigint, tinyint := Type{Class: Int, Bits: 64}, Type{Class: Int, Bits: 8}
	serial := Type{Class: Int, Bits: 32, Unsigned: true, FromZero: true}
	varchar := Type{Class: TextBytes, MaxLen: 3}
	for _, tc := range []struct {
		typ  Type
		v    any
		want string // "-" where there is none
	}{
		{bigint, int64(5), "5"},
		{bigint, 5, "5"},
		{bigint, uint8(5), "5"},
		{bigint, "5", "5"},
		{bigint, []byte("5"), "5"},
		{bigint, "005", "5"},
		{bigint, 5.0, "5"},
		{bigint, "-5", "-5"},
		{bigint, "-0", "0"},
		{bigint, true, "1"},
		{bigint, " 5", "-"},
		{bigint, "+5", "-"},
		{bigint, "5.0", "-"},
		{bigint, "5abc", "-"},
		{bigint, "0x5", "-"},
		{bigint, "1_0", "-"},
		{bigint, 5.5, "-"},
		{bigint, nil, "-"},
		{bigint, "", "-"},
		{bigint, int64(1) << 60, "1152921504606846976"},
		{bigint, "1152921504606846976", "-"},
		{bigint, float64(1 << 53), "-"},
		{tinyint, 127, "127"},
		{tinyint, 128, "-"},
		{tinyint, -129, "-"},
		{serial, 0, "-"},
		{serial, "0", "-"},
		{serial, 1, "1"},
		{serial, -1, "-"},
		{varchar, "abc", "abc"},
		{varchar, []byte("abc"), "abc"},
		{varchar, "abcd", "-"},
		{varchar, "é", "-"},
		{varchar, 5, "-"},
		{varchar, []byte(nil), "-"},
		{varchar, "", ""},
		{Type{Class: TextBytes, Raw: true, Padded: true}, "a\x00\x00", "a"},
		{Type{Class: UUID}, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc999c0b4ef8bb6d6bb9bd380a11"},
		{Type{Class: UUID}, "a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0eebc999c0b4ef8bb6d6bb9bd380a11"},
		{Type{Class: UUID}, [16]byte{0xa0, 0xee}, "a0ee0000000000000000000000000000"},
		{Type{Class: UUID}, "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "-"},
		{Type{}, "x", "-"},
	} {
		got, ok := tc.typ.Canonical(tc.v)
		if !ok {
			got = "-"
		}
		if got != tc.want {
			t.Errorf("%+v: canonical form of %#v is %q, want %q", tc.typ, tc.v, got, tc.want)
		}
	}
}

func TestNumbersInTheTextAreNoTextValues(t *testing.T) {
	t.Parallel()
	five := sqlparse.Operand{Kind: sqlparse.OperandInt, Literal: "5"}
	if v, ok := (Type{Class: TextBytes}).Value(five, nil); ok {
		t.Errorf("a text column compared with the number 5 has the canonical value %q, want none", v)
	}
	if v, ok := (Type{Class: Int, Bits: 32}).Value(five, nil); !ok || v != "5" {
		t.Errorf("an integer column compared with 5 has the canonical value %q, %v, want 5", v, ok)
	}
}

func TestLongListsFallBackToTheWholeTable(t *testing.T) {
	t.Parallel()
	c := newCatalog(sqlparse.SQLite)
	r := c.add("", "t", table)
	r.columns, r.keys = []column{{name: "id", typ: Type{Class: Int, Bits: 64}}}, []string{"id"}
	c.index()
	list := make([]sqlparse.Operand, maxReadValues+1)
	for i := range list {
		list[i] = sqlparse.Operand{Param: i + 1}
	}
	for n, want := range map[int]string{maxReadValues: "id", maxReadValues + 1: ""} {
		st := &sqlparse.Statement{Dialect: sqlparse.SQLite, Kind: sqlparse.Read, ReadRefs: []sqlparse.TableRef{
			{Table: sqlparse.Table{Name: "t"}, Fixed: []sqlparse.Predicate{{Column: "id", Values: list[:n]}}},
		}}
		e := c.Effects(st, Session{Known: true}, nil)
		if len(e.Reads) != 1 || e.Reads[0].Column != want {
			t.Errorf("IN of %d values reads %+v, want column %q", n, e.Reads, want)
		}
	}
}

func TestInvalidationByNameCoversEveryDimension(t *testing.T) {
	t.Parallel()
	c := newCatalog(sqlparse.Postgres)
	parent, child := c.add("public", "p", partitioned), c.add("public", "p1", table)
	parent.children, child.parents = []*relation{child}, []*relation{parent}
	for _, r := range []*relation{parent, child} {
		r.columns = []column{{name: "id", typ: Type{Class: Int, Bits: 64}}, {name: "note"}, {name: "tenant", typ: Type{Class: UUID}}}
	}
	c.index()
	got := describe(Effects{Writes: c.WholeTables([]string{"public.p1", "public.gone"})}, "public.")
	if want := "w: gone p p[id=*] p[tenant=*] p1 p1[id=*] p1[tenant=*]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestDeclarationsThatCannotHoldAreReported(t *testing.T) {
	t.Parallel()
	c := newCatalog(sqlparse.Postgres)
	r := c.add("public", "t", table)
	r.columns = []column{{name: "id", typ: Type{Class: Int, Bits: 64}}, {name: "price"}, {name: "twice", typ: Type{Class: Int, Bits: 64}, generated: true}}
	c.index()
	decl := &Declarations{Tables: map[string]TableDecl{
		"public.t": {Dimensions: []string{"id", "price", "twice", "gone"}}, "public.u": {},
	}}
	got := c.DeclarationWarnings(decl)
	want := []string{
		`column "price" of "public.t" cannot be a dimension: there is no such column, or its type does not compare exactly`,
		`column "twice" of "public.t" cannot be a dimension: it is generated`,
		`column "gone" of "public.t" cannot be a dimension: there is no such column, or its type does not compare exactly`,
		`no table "public.u" in the database`,
	}
	if len(got) != len(want) {
		t.Fatalf("warnings are %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("warning %d is %q, want %q", i, got[i], want[i])
		}
	}
}
