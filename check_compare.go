package cachedsql

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql/internal/rowcodec"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// difference is what distinguishes two answers to one question.
type difference struct {
	rows  bool // one has rows that the other has not
	order bool // they are the same rows in another order

	stored, database answerDigest
}

// answerDigest stands for an answer in logs, which have no values in them.
type answerDigest struct {
	rows int64
	sum  [8]byte
}

func (a answerDigest) String() string {
	return fmt.Sprintf("%d rows, digest %s", a.rows, hex.EncodeToString(a.sum[:]))
}

func (d *difference) String() string {
	if d.order {
		return "the same rows in another order"
	}
	return fmt.Sprintf("stored %s; database %s", d.stored, d.database)
}

// comparedRow is a row in a form in which equal rows are equal bytes, apart
// from its floating-point numbers: sums of those depend on the order in which
// the database happens to add.
type comparedRow struct {
	exact  []byte
	floats []float64
}

// floatTolerance is how far two floating-point numbers may be apart, relative
// to the larger one, and be taken for one that was added up in another order.
const floatTolerance = 1e-9

// compareResults compares two results as multisets of rows, and tells where
// only the order differs.
func compareResults(stored, database *rowcodec.Result) (difference, error) {
	var d difference
	a, err := comparableRows(stored)
	if err != nil {
		return d, err
	}
	b, err := comparableRows(database)
	if err != nil {
		return d, err
	}
	d.stored, d.database = digestOf(a), digestOf(b)
	if slices.EqualFunc(a, b, comparedRow.equal) {
		return d, nil
	}
	slices.SortFunc(a, comparedRow.compare)
	slices.SortFunc(b, comparedRow.compare)
	d.order = slices.EqualFunc(a, b, comparedRow.equal)
	d.rows = !d.order
	return d, nil
}

func (r comparedRow) equal(s comparedRow) bool {
	return bytes.Equal(r.exact, s.exact) && slices.EqualFunc(r.floats, s.floats, closeTo)
}

func (r comparedRow) compare(s comparedRow) int {
	return cmp.Or(bytes.Compare(r.exact, s.exact), slices.Compare(r.floats, s.floats))
}

func closeTo(x, y float64) bool {
	return x == y || math.IsNaN(x) && math.IsNaN(y) ||
		math.Abs(x-y) <= floatTolerance*max(math.Abs(x), math.Abs(y)) && !math.IsInf(x-y, 0)
}

// digestSalt keeps those who read logs from finding the rows by trying.
var digestSalt = func() (salt [16]byte) {
	_, _ = rand.Read(salt[:])
	return salt
}()

func digestOf(rows []comparedRow) answerDigest {
	h := sha256.New()
	_, _ = h.Write(digestSalt[:])
	for _, r := range rows {
		_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(r.exact))))
		_, _ = h.Write(r.exact)
		for _, f := range r.floats {
			_, _ = h.Write(binary.BigEndian.AppendUint64(nil, math.Float64bits(f)))
		}
	}
	a := answerDigest{rows: int64(len(rows))}
	copy(a.sum[:], h.Sum(nil))
	return a
}

var errUncomparable = errors.New("cachedsql: a value that cannot be compared")

// comparableRows returns the rows of all sets, each row with its set's number and
// columns in front: another column is another answer.
func comparableRows(result *rowcodec.Result) ([]comparedRow, error) {
	var all []comparedRow
	for set := range result.Sets() {
		columns := result.Columns(set)
		head := binary.AppendUvarint(nil, uint64(set))
		for i := range columns {
			head = appendString(head, columns[i].Name)
		}
		values := make([]driver.Value, len(columns))
		for cursor := result.Cursor(set); ; {
			err := cursor.Next(values)
			if errors.Is(err, io.EOF) {
				break
			}
			row := comparedRow{exact: slices.Clone(head)}
			if err != nil || !row.append(columns, values) {
				return nil, errUncomparable
			}
			all = append(all, row)
		}
	}
	return all, nil
}

func (r *comparedRow) append(columns []rowcodec.Column, values []driver.Value) bool {
	for i, v := range values {
		switch v := v.(type) {
		case float64:
			r.exact = append(r.exact, 'f')
			r.floats = append(r.floats, v)
			continue
		case float32:
			r.exact = append(r.exact, 'f')
			r.floats = append(r.floats, float64(v))
			continue
		case string:
			r.exact = appendString(append(r.exact, 's'), sameNumber(columns[i].DatabaseType, v))
			continue
		case []byte:
			if v != nil {
				r.exact = appendString(append(r.exact, 'x'), sameNumber(columns[i].DatabaseType, string(v)))
				continue
			}
		case time.Time:
			// The instant and what the clock on the wall shows.
			r.exact = binary.BigEndian.AppendUint64(append(r.exact, 't'), uint64(v.Unix()))
			r.exact = appendString(r.exact, v.Format(time.RFC3339Nano))
			continue
		}
		var ok bool
		if r.exact, ok = (&Adapter{}).appendArg(r.exact, v); !ok {
			return false
		}
	}
	return true
}

// sameNumber takes the zeros off the end of a decimal: 1.0 and 1.00 are equal,
// and a database that groups or merges rows shows either.
func sameNumber(databaseType, text string) string {
	if databaseType != "NUMERIC" && databaseType != "DECIMAL" || !strings.Contains(text, ".") {
		return text
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// What makes the database's own answer to one question over the same rows vary:
// which rows LIMIT leaves, which number a row gets, in which order an aggregate
// sees them, and which of several equal texts stands for all.
var (
	choosing = regexp.MustCompile(`\b(limit|fetch|offset|top|rownum)\b`)
	vague    = regexp.MustCompile(`\b(over|window|any_value|group_concat|distinct on|tablesample|json_array(agg)?|json_group_\w+|\w*agg)\b|\b(mode|first|last) ?\(`)
	merging  = regexp.MustCompile(`\b(group by|distinct|union|intersect|except|min|max)\b`)
	ordering = regexp.MustCompile(`\border by\b`)
)

// repeats reports whether the database must give the same rows whenever it is
// asked over the same data. In doubt it does not: an alarm must not be false.
func (r *route) repeats(st *sqlparse.Statement) bool {
	text := strings.ToLower(st.Normal)
	switch {
	case len(st.Funcs) != 0, vague.MatchString(text), r.readsViews():
		return false
	case r.dialect != Postgres && merging.MatchString(text):
		return false // texts that differ in case are equal by default
	case choosing.MatchString(text):
		return r.readsOneRow(st)
	}
	return true
}

// readsViews reports whether a name in the statement stands for another text,
// in which anything may be.
func (r *route) readsViews() bool {
	if r.known == nil || r.known.catalog == nil {
		return false
	}
	return slices.ContainsFunc(r.named, func(name string) bool { return !r.known.catalog.IsTable(name) })
}

// readsOneRow reports whether at most one row of one table can be in the
// result: then LIMIT has nothing to choose from.
func (r *route) readsOneRow(st *sqlparse.Statement) bool {
	if r.known == nil || r.known.catalog == nil || len(st.ReadRefs) != 1 || len(r.effects.Reads) != 1 {
		return false
	}
	p := r.effects.Reads[0]
	return len(p.Values) == 1 && r.known.catalog.IsKey(p.Table, p.Column)
}
