package cachedsql

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/cachedsql/cachedsql/internal/suggest"
)

// Values of the keys that trade work for speed.

const (
	// maxRefreshAhead keeps a slip of the finger from computing every result
	// anew all the time.
	maxRefreshAhead = 100
	// maxFillWait: whoever waits longer for another process waits too long.
	maxFillWait = 10 * time.Second
)

func (p *ruleParser) nearMode(n ast.Node) NearMode {
	mode, _ := parsed(p, n, func(s string) (NearMode, error) {
		if mode := slices.Index(nearModes[:], s); mode >= 0 {
			return NearMode(mode), nil
		}
		return 0, fmt.Errorf("%q is not one of %s%s", s, strings.Join(nearModes[:], ", "), suggest.DidYouMean(s, nearModes[:]))
	})
	return mode
}

func (p *ruleParser) compression(n ast.Node) Compression {
	return Compression(max(slices.Index(compressions[:], p.oneOf(n, compressions[:]...)), 0))
}

func (p *ruleParser) nearLease(n ast.Node) time.Duration {
	v, _ := parsed(p, n, func(s string) (time.Duration, error) {
		d, err := parseTTL(s)
		if err == nil && (d < minNearLease || d > maxNearLease) {
			err = fmt.Errorf("%q is not between %v and %v, which is how long each write to the tables waits", s, minNearLease, maxNearLease)
		}
		return d, err
	})
	return v
}

func (p *ruleParser) onDatabaseDown(n ast.Node) OnDatabaseDown {
	if p.oneOf(n, Fail.String(), Serve.String()) == Serve.String() {
		return Serve
	}
	return Fail
}

func (p *ruleParser) mode(n ast.Node) RuleMode {
	if p.oneOf(n, ModeOn.String(), ModeShadow.String()) == ModeShadow.String() {
		return ModeShadow
	}
	return ModeOn
}

func (p *ruleParser) factor(n ast.Node) float64 {
	v, _ := parsed(p, n, func(s string) (float64, error) {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(f) || f < 0 || f > maxRefreshAhead {
			return 0, fmt.Errorf("%q is not a number between 0 and %d", s, maxRefreshAhead)
		}
		return f, nil
	})
	return v
}

func (p *ruleParser) shortWait(n ast.Node) time.Duration {
	v, _ := parsed(p, n, func(s string) (time.Duration, error) {
		d, err := parseTTL(s)
		if err == nil && d > maxFillWait {
			err = fmt.Errorf("%q is longer than %v", s, maxFillWait)
		}
		return d, err
	})
	return v
}
