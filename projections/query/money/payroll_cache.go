package money

import (
	"slices"
	"sync"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/payroll"
)

// A rollKey names a roll: all that it depends on.
type rollKey struct {
	generation string
	payroll.Selection
}

// A rollCache keeps the roll that was made last, for its next pages.
type rollCache struct {
	mu   sync.Mutex
	key  rollKey
	last *payroll.Roll
}

// get returns the roll with a key, nil if it is not the last one.
func (c *rollCache) get(key rollKey) *payroll.Roll {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.key != key {
		return nil
	}
	return c.last
}

func (c *rollCache) put(key rollKey, made *payroll.Roll) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.key, c.last = key, made
}

// maxRegisters is how many registers are kept: each takes 200 bytes a person and
// post of its month.
const maxRegisters = 2

// A registerCache keeps the registers that were asked for last.
type registerCache struct {
	mu   sync.Mutex
	last []cachedRegister // the one asked for last comes last
}

type cachedRegister struct {
	generation string
	month      civil.Month
	*payroll.Register
}

// of returns the register of a month, which has read nothing if it is new.
func (c *registerCache) of(generation string, month civil.Month) *payroll.Register {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.last, func(r cachedRegister) bool { return r.generation == generation && r.month == month })
	r := cachedRegister{generation, month, nil}
	if i >= 0 {
		r = c.last[i]
		c.last = slices.Delete(c.last, i, i+1)
	} else {
		r.Register = payroll.NewRegister(month)
	}
	c.last = append(c.last, r)
	if len(c.last) > maxRegisters {
		c.last = slices.Delete(c.last, 0, 1)
	}
	return r.Register
}
