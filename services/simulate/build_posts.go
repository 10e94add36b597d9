package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/muster-works/muster/events/civil"
)

// A post is a kind of work in a village, with seats.
type post struct {
	id             string
	village        int32
	county         int32
	category       uint8
	kind           uint8
	urban          bool
	fullAttendance bool       // nobody on the post misses a day
	size           int16      // number of seats when the post is developed
	addedSeats     int16      // number of seats added later
	from           civil.Date // first day
	growsFrom      civil.Date // first day of the added seats; 0 if there are none
	movesOn        civil.Date // first day in another village; 0 if it stays
	movesTo        int32      // that village
	seats          [2]int32   // seats: first, and one after the last
	people         [2]int32   // placements: first, and one after the last

	delivered instant
	resized   instant
}

// A seat is one place on a post, with the chain of placements on it.
type seat struct {
	post  int32
	from  civil.Date // first day on which the seat exists
	fill  civil.Date // intended first day of the first person; 0 is never
	first int32      // first placement of the chain; -1 is none
}

// buildPosts makes posts with exactly the published number of seats by the first
// census, and some posts and seats after it.
func (w *world) buildPosts() {
	r := rand.New(rand.NewPCG(w.cfg.Seed, forPosts))
	var early, late []post
	draw := [2]func(*rand.Rand) int32{w.weightedVillages(false), w.weightedVillages(true)}
	sizes := [2][]share[int]{ruralSizes, urbanSizes}
	make := func(into *[]post, seats int) {
		parts := [2]int{1: int(math.Floor(float64(seats)*urbanShare + .5))}
		parts[0] = seats - parts[1]
		for area, rest := range parts {
			for rest > 0 {
				v := draw[area](r)
				p := post{village: v, county: w.villages[v].county, urban: area == 1, size: int16(min(rest, pick(sizes[area], r.Float64())))}
				c := pick(categories, r.Float64())
				p.category, p.kind = uint8(c), uint8(r.IntN(len(postKinds[c].kinds)))
				rest -= int(p.size)
				*into = append(*into, p)
			}
		}
	}
	make(&early, w.scaled(developed))
	make(&late, w.scaled(developedLater))
	for i := range late {
		late[i].from = firstCensus + 1 + civil.Date(r.IntN(150))
	}
	for range w.scaled(addedLater) {
		p := &early[r.IntN(len(early))]
		if p.addedSeats++; p.growsFrom == 0 {
			p.growsFrom = firstCensus + 20 + civil.Date(r.IntN(120))
		}
	}
	w.posts = append(early, late...)
	slices.SortStableFunc(w.posts, func(a, b post) int { return int(a.village - b.village) })
	w.layOutSeats(r)
}

// layOutSeats names the posts and makes their seats.
func (w *world) layOutSeats(r *rand.Rand) {
	serial := 0
	for i := range w.posts {
		p := &w.posts[i]
		if serial++; i == 0 || w.posts[i-1].village != p.village {
			serial = 1
		}
		// Names of real posts are village and number; the S keeps them free.
		p.id = fmt.Sprintf("%s-S%03d", w.villages[p.village].code, serial)
		c := &w.counties[p.county]
		if c.posts[1] == 0 {
			c.posts[0] = i
		}
		c.posts[1] = i + 1
		p.seats[0] = int32(len(w.seats))
		for n := range p.size + p.addedSeats {
			s := seat{post: int32(i), from: p.from, first: -1}
			if n >= p.size {
				s.from = p.growsFrom
			}
			w.seats = append(w.seats, s)
		}
		p.seats[1] = int32(len(w.seats))
	}
	w.planPosts()
	w.setFillDates(r)
}

// setFillDates sets when seats are first filled: by a logistic curve through both
// censuses, posts in random order and the seats of one post close together. The curve
// includes the people who left before the censuses.
func (w *world) setFillDates(r *rand.Rand) {
	n := w.scaled(developed)
	turnover := 1 + .94*.015/30.4*backfillMean
	share := func(placed int) float64 { return math.Min(float64(w.scaled(placed))*turnover/float64(n), .995) }
	logit := func(u float64) float64 { return math.Log(u / (1 - u)) }
	y1, y2 := logit(share(placedAtFirst)), logit(share(placedAtSecond))
	slope := (y2 - y1) / float64(secondCensus-firstCensus)

	fills := make([]civil.Date, n)
	for i := range fills {
		days := (logit((float64(i)+.5)/float64(n)) - y1) / slope
		if fills[i] = firstCensus + civil.Date(math.Ceil(days)); fills[i] < w.cfg.From {
			fills[i] = w.cfg.From + civil.Date(r.IntN(20))
		}
	}
	for i := range fills {
		j := i + r.IntN(min(n-i, 1+n/20))
		fills[i], fills[j] = fills[j], fills[i]
	}
	next := 0
	for _, i := range r.Perm(len(w.posts)) {
		p := &w.posts[i]
		first := firstCensus
		for s := p.seats[0]; s < p.seats[1]; s++ {
			seat := &w.seats[s]
			if seat.from != 0 { // added after the census
				seat.fill = seat.from + 3 + civil.Date(15*r.ExpFloat64())
				continue
			}
			seat.fill = fills[next]
			first = min(first, seat.fill)
			next++
		}
		if p.from == 0 {
			p.from = first - 3 - civil.Date(r.IntN(40))
			for s := p.seats[0]; s < p.seats[0]+int32(p.size); s++ {
				w.seats[s].from = p.from
			}
		}
	}
}
