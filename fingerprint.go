package cachedsql

import (
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"math"
	"reflect"
	"slices"
	"time"
)

// fingerprint returns the key of the entry for a statement with arguments in a
// session. ok is false for an argument that has no exact encoding.
//
// Every part is tagged with its type and prefixed with its length, so that no
// two different lists of parts give the same bytes: (NULL, 5) and (5, NULL),
// (1, 2) and ("1", "2"), ("a, b", "c") and ("a", "b, c"). room is memory to
// work in.
func (a *Adapter) fingerprint(room []byte, session, text *[sha256.Size]byte, path protocolPath, args []driver.NamedValue) (key Key, ok bool) {
	b := append(room[:0], session[:]...)
	b = append(b, text[:]...)
	b = append(b, byte(path))
	b = binary.AppendUvarint(b, uint64(len(args)))
	for i := range args {
		b = appendString(b, args[i].Name)
		if b, ok = a.appendArg(b, args[i].Value); !ok {
			return key, false
		}
	}
	sum := sha256.Sum256(b)
	copy(key[:], sum[:])
	return key, true
}

// sameArguments reports whether the arguments of a call still give the key of
// its lookup now that the driver has sent them. A driver may call a Valuer
// itself, or follow a pointer, later than the fingerprint did: one that gives
// the time or a number of its own says something else then.
func (c *conn) sameArguments(l *lookup, x *call) bool {
	if !slices.ContainsFunc(x.args, mayChange) {
		return true
	}
	key, ok := c.connector.adapter.fingerprint(c.room[:], &c.session.key, &l.plan.text, x.path(), x.args)
	return ok && key == l.key
}

func mayChange(nv driver.NamedValue) bool {
	switch nv.Value.(type) {
	case nil, int64, float64, bool, string, time.Time:
		return false
	}
	return true
}

// protocolPath is the way a statement reaches the driver. go-sql-driver
// returns other Go types through a prepared statement than through a text.
type protocolPath byte

const (
	direct protocolPath = iota
	prepared
)

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func tagged(b []byte, tag byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64(append(b, tag), n)
}

// appendArg appends one argument. Types beside driver.Value's own arrive from
// drivers that check arguments themselves.
func (a *Adapter) appendArg(b []byte, v any) ([]byte, bool) {
	switch v := v.(type) {
	case nil:
		return append(b, 'n'), true
	case int64:
		return tagged(b, 'i', uint64(v)), true
	case float64:
		return tagged(b, 'f', math.Float64bits(v)), true
	case bool:
		if v {
			return append(b, 'T'), true
		}
		return append(b, 'F'), true
	case string:
		return appendString(append(b, 's'), v), true
	case []byte:
		if v == nil {
			return append(b, 'N'), true
		}
		return appendString(append(b, 'x'), string(v)), true
	case time.Time:
		return appendTime(append(b, 't'), v), true
	case int:
		return tagged(b, 'I', uint64(v)), true
	case int32:
		return tagged(b, '4', uint64(v)), true
	case int16:
		return tagged(b, '2', uint64(v)), true
	case int8:
		return tagged(b, '1', uint64(v)), true
	case uint64:
		return tagged(b, 'u', v), true
	case uint32:
		return tagged(b, 'v', uint64(v)), true
	case uint16:
		return tagged(b, 'w', uint64(v)), true
	case uint8:
		return tagged(b, 'y', uint64(v)), true
	case uint:
		return tagged(b, 'U', uint64(v)), true
	case float32:
		return tagged(b, 'e', uint64(math.Float32bits(v))), true
	case sql.Out:
		return b, false
	}
	if a.EncodeArg != nil {
		if canonical, ok := a.EncodeArg(v); ok {
			b = appendString(append(b, 'a'), reflect.TypeOf(v).String())
			return appendString(b, string(canonical)), true
		}
	}
	return a.appendOther(b, v)
}

// appendTime keeps the zone: a driver may send it.
func appendTime(b []byte, t time.Time) []byte {
	zone, offset := t.Zone()
	b = binary.AppendVarint(b, t.Unix())
	b = binary.AppendUvarint(b, uint64(t.Nanosecond()))
	b = binary.AppendVarint(b, int64(offset))
	b = appendString(b, zone)
	return appendString(b, t.Location().String())
}

// appendOther encodes pointers and named basic types by what they hold, and a
// Valuer by what it returns as well. Anything else has no encoding: a type
// nobody knows may hide what it sends.
func (a *Adapter) appendOther(b []byte, v any) (_ []byte, ok bool) {
	rv := reflect.ValueOf(v)
	b = appendString(append(b, 'o'), rv.Type().PkgPath()+" "+rv.Type().String())
	valuer, isValuer := v.(driver.Valuer)
	if rv.Kind() == reflect.Pointer {
		if rv.IsNil() {
			return append(b, '0'), !isValuer
		}
		if !isValuer {
			return a.appendArg(append(b, '*'), rv.Elem().Interface())
		}
	}
	basic := true
	switch rv.Kind() {
	case reflect.Bool:
		b, _ = a.appendArg(b, rv.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		b = tagged(b, 'i', uint64(rv.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		b = tagged(b, 'u', rv.Uint())
	case reflect.Float32, reflect.Float64:
		b = tagged(b, 'f', math.Float64bits(rv.Float()))
	case reflect.String:
		b = appendString(append(b, 's'), rv.String())
	case reflect.Slice, reflect.Array:
		if rv.Type().Elem().Kind() != reflect.Uint8 {
			basic = false
			break
		}
		n := rv.Len()
		b = binary.AppendUvarint(append(b, 'x'), uint64(n))
		for i := range n {
			b = append(b, byte(rv.Index(i).Uint()))
		}
	default:
		basic = false
	}
	if !isValuer {
		return b, basic
	}
	value, ok := valueOf(valuer)
	if !ok || !driver.IsValue(value) {
		return b, false
	}
	return a.appendArg(append(b, 'V'), value)
}

// valueOf calls a Valuer, which may fail or panic: the driver will see that
// for itself.
func valueOf(v driver.Valuer) (value driver.Value, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	value, err := v.Value()
	return value, err == nil
}
