package catalog

import (
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// Bounds on how far a statement is told apart by value; beyond them it counts
// as one that fixes nothing.
const (
	maxReadValues  = 16 // tags a read has to check for one table reference
	maxWriteValues = 64 // rows of one INSERT
	maxDimensions  = 8  // of a table: each is one more tag for every write
)

// Class is a way values of a column compare.
type Class uint8

const (
	NotDimension Class = iota // not exactly comparable from outside the server
	Int                       // integers, in any spelling the server converts
	UUID
	TextBytes // text or binary that is equal only if its bytes are
)

// Type is the type of a column, as far as it decides which arguments are the
// same value to the server.
type Type struct {
	Class    Class
	Bits     uint8 // Int: width
	Unsigned bool  // Int
	// FromZero: an INSERT of 0 stores another value (MySQL's AUTO_INCREMENT).
	FromZero bool
	// MaxLen of TextBytes: longer values may be cut when stored. 0: no limit.
	MaxLen int
	// Padded: trailing NUL bytes do not count (MySQL's BINARY(n)).
	Padded bool
	// Raw: any byte may occur; else only ASCII, which is the same in every
	// character set a connection may use.
	Raw bool
}

// Value returns the canonical form of an operand's value: two operands the
// server would find in one row have the same one. ok is false where that
// cannot be told; see Pattern for what a read and a write do then. arg returns
// the argument for a parameter, nil where it is not known.
func (t Type) Value(o sqlparse.Operand, arg func(param sqlparse.Operand) any) (canonical string, ok bool) {
	switch o.Kind {
	case sqlparse.OperandParam:
		return t.Canonical(arg(o))
	case sqlparse.OperandInt:
		if t.Class != Int {
			return "", false
		}
		return t.integer(o.Literal)
	case sqlparse.OperandString:
		return t.Canonical(o.Literal)
	}
	return "", false
}

// Canonical is Value for an argument, as the program passed it. NULL has no
// canonical form: as an argument of a read it matches nothing, but a write of
// it may store a default.
func (t Type) Canonical(v any) (canonical string, ok bool) {
	switch t.Class {
	case Int:
		return t.canonicalInt(v)
	case UUID:
		return canonicalUUID(v)
	case TextBytes:
		return t.canonicalText(v)
	}
	return "", false
}

func (t Type) canonicalInt(v any) (string, bool) {
	switch v := v.(type) {
	case int64:
		return t.integer(strconv.FormatInt(v, 10))
	case int:
		return t.integer(strconv.Itoa(v))
	case int32:
		return t.integer(strconv.FormatInt(int64(v), 10))
	case int16:
		return t.integer(strconv.FormatInt(int64(v), 10))
	case int8:
		return t.integer(strconv.FormatInt(int64(v), 10))
	case uint64:
		return t.integer(strconv.FormatUint(v, 10))
	case uint:
		return t.integer(strconv.FormatUint(uint64(v), 10))
	case uint32:
		return t.integer(strconv.FormatUint(uint64(v), 10))
	case uint16:
		return t.integer(strconv.FormatUint(uint64(v), 10))
	case uint8:
		return t.integer(strconv.FormatUint(uint64(v), 10))
	case bool:
		if v {
			return t.integer("1")
		}
		return t.integer("0")
	case float64:
		if v != math.Trunc(v) || math.Abs(v) >= exactFloat {
			return "", false
		}
		return t.integer(strconv.FormatInt(int64(v), 10))
	case string:
		return t.text(v)
	case []byte:
		return t.text(string(v))
	}
	return "", false
}

// exactFloat: servers may compare an integer column with a string or a float
// as doubles, and above 2^53 one double stands for several integers.
const exactFloat = 1 << 53

// text accepts an integer sent as text, in the plainest spelling only.
func (t Type) text(s string) (string, bool) {
	if i, err := strconv.ParseInt(s, 10, 64); err != nil || i >= exactFloat || i <= -exactFloat {
		return "", false
	}
	return t.integer(s)
}

// integer returns the decimal form of an integer that the column can hold. A
// value outside its range may be clipped to it when stored.
func (t Type) integer(s string) (string, bool) {
	if s == "" || s[0] == '+' {
		return "", false
	}
	bits := int(t.Bits)
	if t.Unsigned {
		u, err := strconv.ParseUint(s, 10, bits)
		if err != nil || u == 0 && t.FromZero {
			return "", false
		}
		return strconv.FormatUint(u, 10), true
	}
	i, err := strconv.ParseInt(s, 10, bits)
	if err != nil || i == 0 && t.FromZero {
		return "", false
	}
	return strconv.FormatInt(i, 10), true
}

// canonicalUUID accepts 16 raw bytes, 32 hex digits, and those in the usual
// groups; the server's other spellings have no canonical form here.
func canonicalUUID(v any) (string, bool) {
	switch v := v.(type) {
	case [16]byte:
		return hex.EncodeToString(v[:]), true
	case []byte:
		if len(v) == 16 {
			return hex.EncodeToString(v), true
		}
		return uuidText(string(v))
	case string:
		return uuidText(v)
	}
	return "", false
}

func uuidText(s string) (string, bool) {
	if len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		s = s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	}
	if len(s) != 32 {
		return "", false
	}
	if _, err := hex.DecodeString(s); err != nil {
		return "", false
	}
	return strings.ToLower(s), true
}

func (t Type) canonicalText(v any) (string, bool) {
	var s string
	switch v := v.(type) {
	case string:
		s = v
	case []byte:
		if v == nil {
			return "", false
		}
		s = string(v)
	default:
		// A number may become text in more than one way, or compare as a number.
		return "", false
	}
	if t.MaxLen > 0 && len(s) > t.MaxLen || !t.Raw && !plainASCII(s) {
		return "", false
	}
	if t.Padded {
		s = strings.TrimRight(s, "\x00")
	}
	return s, true
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// dimensions lists the dimensions of a table that a write names: the primary
// key, unique keys, then the columns that anybody has declared, in an order that
// all processes arrive at, since only so many count.
func (c *Catalog) dimensions(r *relation, decl *Declarations) []column {
	if r.kind != table && r.kind != partitioned {
		return nil
	}
	var dims []column
	for _, colname := range append(slices.Clone(r.keys), decl.columns(r)...) {
		col, ok := c.column(r, colname)
		if !ok || col.generated || col.typ.Class == NotDimension || len(dims) == maxDimensions {
			continue
		}
		if !slices.ContainsFunc(dims, func(d column) bool { return d.name == col.name }) {
			dims = append(dims, col)
		}
	}
	return dims
}

// readDimensions lists those of them that a read may rely on, most selective
// first: the keys, then its own declared columns as they are declared.
func (c *Catalog) readDimensions(r *relation, decl *Declarations) []column {
	var dims []column
	named := c.dimensions(r, decl)
	own, _ := decl.table(r)
	for _, colname := range append(slices.Clone(r.keys), own.Dimensions...) {
		i := slices.IndexFunc(named, func(d column) bool { return c.fold(d.name) == c.fold(colname) })
		if i >= 0 {
			dims = append(dims, named[i])
		}
	}
	return dims
}

func (c *Catalog) column(r *relation, colname string) (column, bool) {
	for _, col := range r.columns {
		if c.fold(col.name) == c.fold(colname) {
			return col, true
		}
	}
	return column{}, false
}

// fixed returns the values that preds fix col to, if they all could be used.
func (c *Catalog) fixed(preds []sqlparse.Predicate, col column, limit int) []sqlparse.Operand {
	var best []sqlparse.Operand
	for _, p := range preds {
		if c.fold(p.Column) != c.fold(col.name) || !usable(p.Values, col.typ, limit) {
			continue
		}
		if best == nil || len(p.Values) < len(best) {
			best = p.Values
		}
	}
	return best
}

// usable reports whether every operand has, or may have once the arguments
// are known, a canonical form.
func usable(values []sqlparse.Operand, t Type, limit int) bool {
	if len(values) == 0 || len(values) > limit {
		return false
	}
	for _, o := range values {
		if o.Kind == sqlparse.OperandParam {
			continue
		}
		if _, ok := t.Value(o, nil); !ok {
			return false
		}
	}
	return true
}

// DeclarationWarnings names what decl says about relations that do not exist
// and columns that cannot be dimensions.
func (c *Catalog) DeclarationWarnings(decl *Declarations) []string {
	if decl == nil {
		return nil
	}
	var warnings []string
	for _, t := range sortedKeys(decl.Tables) {
		rels := c.tagged(t)
		if len(rels) == 0 {
			warnings = append(warnings, "no table "+strconv.Quote(t)+" in the database")
			continue
		}
		for _, col := range decl.Tables[t].Dimensions {
			for _, r := range rels {
				if why := c.notDimension(r, col); why != "" {
					warnings = append(warnings, "column "+strconv.Quote(col)+" of "+strconv.Quote(r.tag)+" cannot be a dimension: "+why)
				}
			}
		}
	}
	return warnings
}

func (c *Catalog) notDimension(r *relation, colname string) string {
	col, ok := c.column(r, colname)
	switch {
	case r.kind != table && r.kind != partitioned:
		return "it belongs to a " + r.kind.String()
	case !ok || col.typ.Class == NotDimension:
		return "there is no such column, or its type does not compare exactly"
	case col.generated:
		return "it is generated"
	}
	return ""
}
