package simulate

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// A random is a random generator whose state is a function of the seed, a purpose and
// an index. What is drawn about one thing does not depend on what is drawn about
// another, so that it can be drawn again when it is needed instead of being kept.
type random struct{ pcg rand.PCG }

// The purposes of generators.
const (
	forLand uint64 = iota + 1
	forPosts
	forPeople
	forCases
	forHire
	forExit
	forSheet
	forMarks
	forRun
	forRepeat
	forName
	forRegistry
	forInvalid
	forParts
	forChanges
	forMergers
)

// random returns the generator for a purpose and an index.
func (w *world) random(purpose uint64, index int) (d random) {
	// The factor spreads nearby indices over the state, so that their first draws differ.
	d.pcg.Seed(w.cfg.Seed^purpose<<56, (uint64(index)+1)*0x9e3779b97f4a7c15)
	return d
}

// float returns a number from 0 to 1, without 1.
func (d *random) float() float64 { return float64(d.pcg.Uint64()>>11) / (1 << 53) }

// chance returns true with probability p.
func (d *random) chance(p float64) bool { return d.float() < p }

// intn returns a number from 0 to n-1.
func (d *random) intn(n int) int {
	hi, _ := bits.Mul64(d.pcg.Uint64(), uint64(n))
	return int(hi)
}

// between returns a number from low to high, both included.
func (d *random) between(low, high int) int { return low + d.intn(high-low+1) }

// exponential returns an exponentially distributed number with mean 1.
func (d *random) exponential() float64 { return -math.Log(1 - d.float()) }

// lognormal returns a lognormally distributed number. sigma is the standard deviation
// of its logarithm.
func (d *random) lognormal(median, sigma float64) float64 {
	normal := math.Sqrt(2*d.exponential()) * math.Cos(2*math.Pi*d.float())
	return median * math.Exp(sigma*normal)
}

// triangular maps a number u from 0 to 1 to the triangular distribution from low to
// high whose most frequent value is mode.
func triangular(u, low, mode, high float64) float64 {
	if cut := (mode - low) / (high - low); u < cut {
		return low + math.Sqrt(u*(high-low)*(mode-low))
	}
	return high - math.Sqrt((1-u)*(high-low)*(high-mode))
}
