package folding

import (
	"strings"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/runner/internal/decoding"
	"github.com/muster-works/muster/projections/runner/internal/delta"
	"github.com/muster-works/muster/projections/timeline"
)

// post returns the number of a post and gives it one when it has none.
func (f *Fold) post(p decoding.PostName) timeline.Number {
	at, no := f.postIndex.First(p.Hash)
	for no != 0 && f.posts[no].name != p.Name {
		at, no = f.postIndex.Next(at, p.Hash)
	}
	if no == 0 {
		no = uint32(len(f.posts))
		f.addPost(p.Hash, post{name: strings.Clone(p.Name), facts: []byte{}})
		note(&f.changed.posts, &f.posts[no].changed, int(no))
	}
	return timeline.Number(no)
}

// findPosts appends the numbers of posts, 0 for those that may have none yet. All are
// looked up before any is compared, so that the memory is asked for many at a time.
func (f *Fold) findPosts(to []timeline.Number, posts []decoding.PostName) []timeline.Number {
	for i := range posts {
		f.postIndex.Prefetch(posts[i].Hash)
	}
	for i := range posts {
		_, no := f.postIndex.First(posts[i].Hash)
		to = append(to, timeline.Number(no))
	}
	found := to[len(to)-len(posts):]
	for i, no := range found {
		if no != 0 && f.posts[no].name != posts[i].Name {
			found[i] = 0
		}
	}
	return to
}

// postAt returns the number of a post by its place in the list of the commit.
func (f *Fold) postAt(c *decoding.Commit, place int) timeline.Number {
	no := &f.commit.posts[place-1]
	if *no == 0 {
		*no = f.post(c.Posts[place-1])
	}
	return *no
}

// addPost adds a post, whose number is the next one.
func (f *Fold) addPost(hash uint64, p post) {
	no := uint32(len(f.posts))
	f.posts = append(f.posts, p)
	f.postIndex.Add(hash, no, func(no uint32) uint64 { return decoding.HashPost(f.posts[no].name) })
}

// plan returns the number of a plan line and gives it one when it has none.
func (f *Fold) plan(key timeline.PlanKey) int {
	no, ok := f.planIndex[key]
	if !ok {
		key.Division, key.Area = division.Code(strings.Clone(string(key.Division))), strings.Clone(key.Area)
		no = len(f.plans)
		f.planIndex[key] = no
		f.plans = append(f.plans, planLine{key: key})
	}
	return no
}

// touchPost returns a post whose contributions the commit may change.
func (f *Fold) touchPost(no int) *post {
	p := &f.posts[no]
	if p.touched != f.ord {
		p.touched = f.ord
		f.commit.change.Posts = append(f.commit.change.Posts, delta.Touched{No: no, Before: len(p.facts)})
		note(&f.changed.posts, &p.changed, no)
	}
	return p
}

// touchPlan returns a plan line whose contributions the commit may change.
func (f *Fold) touchPlan(no int) *planLine {
	p := &f.plans[no]
	if p.touched != f.ord {
		p.touched = f.ord
		f.commit.change.Plans = append(f.commit.change.Plans, delta.Touched{No: no, Before: len(p.facts), Plan: p.key})
		note(&f.changed.plans, &p.changed, no)
	}
	return p
}

// note adds the number of a post or a plan line that the next whole batch has to have,
// once.
func note(all *[]int, changed *bool, no int) {
	if !*changed {
		*changed = true
		*all = append(*all, no)
	}
}
