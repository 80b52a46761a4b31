package cachedsql

// carry is what has been done for a statement that the driver then wanted
// prepared (driver.ErrSkip): the call through the prepared statement, which
// database/sql makes next, goes on from there.
type carry struct {
	text   string
	looked bool // lookup is what look returned, nil for a bypass
	lookup *lookup
	begun  bool // write is what enter returned, nil for none
	write  *write
}

// takeLookup returns the lookup carried to x, if there is one.
func (c *conn) takeLookup(x *call) (*lookup, bool) {
	if c.carry.looked && x.stmt != nil && x.stmt.fallback && c.carry.text == x.text {
		l := c.carry.lookup
		c.carry = carry{}
		return l, true
	}
	return nil, false
}

// takeWrite returns the write carried to x, if there is one.
func (c *conn) takeWrite(x *call) (*write, bool) {
	if c.carry.begun && x.stmt != nil && x.stmt.fallback && c.carry.text == x.text {
		w := c.carry.write
		c.carry = carry{}
		return w, true
	}
	c.dropCarry()
	return nil, false
}

// dropCarry ends a carried write that has not happened, and a read.
func (c *conn) dropCarry() {
	if c.carry.write != nil {
		c.cache.finish(c.carry.write, true)
	}
	if c.carry.lookup != nil {
		c.carry.lookup.flight.fail(false)
	}
	c.carry = carry{}
}
