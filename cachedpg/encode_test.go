package cachedpg

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"math"
	"math/big"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

type (
	ids    []int64
	status string
	// hidden keeps what it sends out of sight.
	hidden struct{ secret int }
	// money is a Valuer that sends more as JSON than as Value.
	money struct{ cents, mills int64 }
)

func (m money) Value() (driver.Value, error) { return m.cents, nil }
func (m money) MarshalJSON() ([]byte, error) { return json.Marshal([]int64{m.cents, m.mills}) }

func pointerTo[T any](v T) *T { return &v }

// Every two of these are different arguments to the server.
func distinctArgs() []any {
	cet := time.FixedZone("CET", 3600)
	at := time.Date(2024, 2, 3, 4, 5, 6, 7000, time.UTC)
	return []any{
		[]int64(nil),
		[]int64{},
		[]int64{1, 2},
		[]int64{12},
		[]int64{1, 2, 0},
		[]int32{1, 2},
		ids{1, 2},
		[]any{int64(1), int64(2)},
		[]any{"1", "2"},
		[]string{"1", "2"},
		[]string{"1,2"},
		[]string{"1", "2", ""},
		[]string{`a","b`},
		[]string{"a", "b"},
		[]any{nil, int64(5)},
		[]any{int64(5), nil},
		[]*string{nil},
		[]*string{pointerTo("")},
		[][]int64{{1}, {2}},
		[][]int64{{1, 2}},
		[][]int64{{1, 2}, {}},
		[]byte{1},
		[1]byte{1},
		[2]byte{1, 0},
		uuid.UUID{1},
		[16]byte{1},
		json.RawMessage("1"), json.RawMessage(nil),
		json.RawMessage{},
		[]float64{0},
		[]float64{math.Copysign(0, -1)},
		[]float64{math.NaN()},
		[]bool{true},
		[]bool{false},
		status("a"), status("b"),
		[]time.Time{at},
		[]time.Time{at.In(cet)},
		[]time.Time{at.Add(time.Microsecond)},
		netip.MustParseAddr("1.2.3.4"), netip.MustParseAddr("::ffff:1.2.3.4"), netip.MustParseAddr("fe80::1%a"), netip.MustParseAddr("fe80::1%b"),
		netip.MustParsePrefix("1.2.3.0/24"), netip.MustParsePrefix("1.2.3.0/25"), net.ParseIP("1.2.3.4").To4(), net.ParseIP("1.2.3.4"),
		net.IPNet{IP: net.IP{1, 2, 3, 0}, Mask: net.CIDRMask(24, 32)},
		net.IPNet{IP: net.IP{1, 2, 3, 0}, Mask: net.CIDRMask(25, 32)},
		pgtype.Int4{},
		pgtype.Int4{Valid: true},
		pgtype.Int8{Valid: true},
		sql.NullInt32{Valid: true},
		pgtype.Text{String: "a", Valid: true},
		pgtype.Text{String: "a"},
		pgtype.Numeric{Int: big.NewInt(12), Exp: -1, Valid: true},
		pgtype.Numeric{Int: big.NewInt(12), Exp: -2, Valid: true},
		pgtype.Numeric{Int: big.NewInt(120), Exp: -2, Valid: true},
		pgtype.Numeric{NaN: true, Valid: true},
		pgtype.Range[pgtype.Int4]{LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true},
		pgtype.Range[pgtype.Int4]{LowerType: pgtype.Inclusive, UpperType: pgtype.Inclusive, Valid: true},
		pgtype.Timestamptz{Time: at, Valid: true},
		pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true},
		pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
		pgx.QueryResultFormats{0},
		pgx.QueryResultFormats{1},
		[]int16{1},
		pgx.QueryResultFormatsByOID{20: 1},
		pgx.QueryResultFormatsByOID{20: 0},
		pgx.QueryResultFormatsByOID{21: 1, 20: 1},
		pgx.NamedArgs{"a": 1, "b": 2},
		pgx.NamedArgs{"a": 2, "b": 1},
		pgx.NamedArgs{"a": "1", "b": 2},
		pgx.StrictNamedArgs{"a": 1, "b": 2},
		pgx.NamedArgs{},
		money{1, 2},
		money{1, 3},
		money{2, 2},
		big.NewInt(5), big.NewInt(6), (*int64)(nil), pointerTo(int64(1)), pointerTo(pointerTo(int64(1))),
	}
}

func TestDifferentArgumentsNeverShareAnEncoding(t *testing.T) {
	t.Parallel()
	seen := map[string]any{}
	for _, arg := range distinctArgs() {
		b, ok := encodeArg(arg)
		if !ok {
			t.Errorf("%T %v has no encoding", arg, arg)
			continue
		}
		if other, twice := seen[string(b)]; twice {
			t.Errorf("%T %v and %T %v share an encoding", arg, arg, other, other)
		}
		seen[string(b)] = arg
	}
}

func TestEqualArgumentsShareAnEncoding(t *testing.T) {
	t.Parallel()
	first, second := distinctArgs(), distinctArgs()
	for i := range first {
		a, _ := encodeArg(first[i])
		b, _ := encodeArg(second[i])
		if string(a) != string(b) {
			t.Errorf("%T %v has two encodings", first[i], first[i])
		}
	}
	// Maps have no order.
	args := pgx.NamedArgs{}
	for _, name := range []string{"f", "a", "c", "z", "b"} {
		args[name] = name
	}
	want, _ := encodeArg(args)
	for range 20 {
		if got, _ := encodeArg(args); string(got) != string(want) {
			t.Fatal("the encoding of named arguments depends on map order")
		}
	}
}

type panics struct{}

func (panics) Value() (driver.Value, error) { panic("no") }

type rewriter struct{ hidden } //nolint:unused // a type with something embedded

type loop *loop

func TestUnknownArgumentsHaveNoEncoding(t *testing.T) {
	t.Parallel()
	var cycle []any
	cycle = append(cycle, nil)
	cycle[0] = cycle
	var self loop
	self = &self
	for _, arg := range []any{
		hidden{1},
		&hidden{1},
		rewriter{},
		map[string]string{"a": "b"},
		map[string]any{"a": 1},
		[]hidden{{1}},
		panics{},
		[]any{panics{}},
		cycle, self,
		func() {}, make(chan int),
		struct{ A int }{1},
		(*sql.NullString)(nil),
		sql.Out{Dest: new(int)},
		complex(1, 1),
		pgx.NamedArgs{"a": hidden{1}},
	} {
		if b, ok := encodeArg(arg); ok {
			t.Errorf("%T has encoding %q", arg, b)
		}
	}
}
