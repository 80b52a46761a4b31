package cachedpg

import (
	"database/sql/driver"
	"encoding"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// encodeArg encodes an argument that pgx takes raw: slices, arrays, pgtype's
// structs, addresses, the options that pgx accepts in front of arguments.
// Values are written out in full with their types; a type whose content is not
// all in sight has no encoding. There is no hashing of unknown structs:
// two decimals that differ only in a private field would share a key.
func encodeArg(v any) (canonical []byte, ok bool) {
	defer func() {
		if recover() != nil { // a method of the user's; pgx will meet it too
			canonical, ok = nil, false
		}
	}()
	e := encoder{}
	if !e.any(v) {
		return nil, false
	}
	return e.b, true
}

// maxDepth bounds pointers to pointers and lists of lists.
const maxDepth = 16

type encoder struct {
	b     []byte
	depth int
}

func (e *encoder) text(s string) {
	e.b = binary.AppendUvarint(e.b, uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) number(n uint64) { e.b = binary.BigEndian.AppendUint64(e.b, n) }

// typed writes a value's type: (1, 2) is not ("1", "2"), and a slice of one
// element type is not one of another.
func (e *encoder) typed(t reflect.Type) { e.text(t.PkgPath()); e.text(t.String()) }

func (e *encoder) any(v any) bool {
	if e.depth++; e.depth > maxDepth {
		return false
	}
	defer func() { e.depth-- }()
	if v == nil {
		e.text("nil")
		return true
	}
	e.typed(reflect.TypeOf(v))
	switch v := v.(type) {
	case time.Time:
		return e.time(v)
	case netip.Addr:
		e.text(v.String()) // names the zone; tells 1.2.3.4 from ::ffff:1.2.3.4
		return true
	case netip.Prefix:
		e.text(v.String())
		return true
	case net.IPNet:
		e.text(string(v.IP))
		e.text(string(v.Mask))
		return true
	case big.Int:
		e.text(v.String())
		return true
	case pgx.NamedArgs:
		return e.named(v)
	case pgx.StrictNamedArgs:
		return e.named(v)
	case pgx.QueryResultFormatsByOID:
		return e.formats(v)
	case pgx.QueryRewriter:
		return false // may rewrite the statement itself
	}
	return e.content(reflect.ValueOf(v))
}

// content writes what is inside a value whose type has been written.
func (e *encoder) content(v reflect.Value) bool {
	if v.Kind() == reflect.Pointer {
		return e.pointer(v)
	}
	switch v.Kind() {
	case reflect.Struct:
		if holdsAllInFields(v.Type()) {
			return e.fields(v)
		}
		return e.valuer(v.Interface())
	case reflect.Slice, reflect.Array:
		return e.list(v)
	}
	return e.basic(v)
}

// pointer follows v. A Valuer's own idea of a nil receiver is not guessed.
func (e *encoder) pointer(v reflect.Value) bool {
	_, isValuer := v.Interface().(driver.Valuer)
	switch {
	case v.IsNil():
		e.text("nil")
		return !isValuer
	case isValuer && v.Elem().Kind() == reflect.Struct && !holdsAllInFields(v.Elem().Type()):
		return e.valuer(v.Interface())
	}
	e.text("to")
	return e.any(v.Elem().Interface())
}

func (e *encoder) basic(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Bool:
		e.text(fmt.Sprint(v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.number(uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		e.number(v.Uint())
	case reflect.Float32, reflect.Float64:
		e.number(math.Float64bits(v.Float()))
	case reflect.String:
		e.text(v.String())
	default:
		return false
	}
	return true
}

// time keeps the offset, which timestamp without time zone discards after
// reading the clock by it.
func (e *encoder) time(t time.Time) bool {
	_, offset := t.Zone()
	e.number(uint64(t.Unix()))
	e.number(uint64(t.Nanosecond()))
	e.number(uint64(offset))
	return true
}

// list tells a nil slice, which is NULL, from an empty one.
func (e *encoder) list(v reflect.Value) bool {
	if v.Kind() == reflect.Slice && v.IsNil() {
		e.text("nil")
		return true
	}
	e.text("list")
	e.number(uint64(v.Len()))
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return e.bytes(v)
	}
	for i := range v.Len() {
		if !e.any(v.Index(i).Interface()) {
			return false
		}
	}
	return true
}

func (e *encoder) bytes(v reflect.Value) bool {
	for i := range v.Len() {
		e.b = append(e.b, byte(v.Index(i).Uint()))
	}
	return true
}

// holdsAllInFields names the packages whose structs are their exported
// fields and nothing else: sql.NullString, pgtype.Range and so on.
func holdsAllInFields(t reflect.Type) bool {
	return t.PkgPath() == "database/sql" || strings.HasPrefix(t.PkgPath(), "github.com/jackc/pgx/v5/pgtype")
}

func (e *encoder) fields(v reflect.Value) bool {
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() || !e.any(v.Field(i).Interface()) {
			return false
		}
	}
	return true
}

// valuer writes every form in which pgx may send a Valuer: for a json column
// it prefers MarshalJSON, for a text one String.
func (e *encoder) valuer(v any) bool {
	valuer, ok := v.(driver.Valuer)
	if !ok || hasPgtypeForm(v) {
		return false
	}
	value, err := valuer.Value()
	if err != nil || !driver.IsValue(value) || !e.any(value) {
		return false
	}
	if m, ok := v.(json.Marshaler); ok {
		text, err := m.MarshalJSON()
		if err != nil {
			return false
		}
		e.text(string(text))
	}
	if m, ok := v.(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		if err != nil {
			return false
		}
		e.text(string(text))
	}
	if s, ok := v.(fmt.Stringer); ok {
		e.text(s.String())
	}
	return true
}

func (e *encoder) named(args map[string]any) bool {
	e.number(uint64(len(args)))
	for _, name := range slices.Sorted(maps.Keys(args)) {
		e.text(name)
		if !e.any(args[name]) {
			return false
		}
	}
	return true
}

func (e *encoder) formats(formats pgx.QueryResultFormatsByOID) bool {
	e.number(uint64(len(formats)))
	for _, oid := range slices.Sorted(maps.Keys(formats)) {
		e.number(uint64(oid))
		e.number(uint64(formats[oid]))
	}
	return true
}

// hasPgtypeForm reports whether pgx may ask the value for a form of its own
// rather than for its driver.Value: pgtype's interfaces have methods named
// like Int64Value, or the ones below for arrays, ranges and composites.
func hasPgtypeForm(v any) bool {
	t := reflect.TypeOf(v)
	for i := range t.NumMethod() {
		switch name := t.Method(i).Name; name {
		case "IsNull", "Index", "Dimensions", "BoundTypes":
			return true
		default:
			if name != "Value" && strings.HasSuffix(name, "Value") {
				return true
			}
		}
	}
	return false
}
