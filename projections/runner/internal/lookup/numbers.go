package lookup

// A Value can be numbered. Equal values have equal hashes.
type Value interface {
	comparable
	Hash() uint64
}

// Numbers gives numbers to values, from 1 on, in the order in which they come. The zero
// Numbers has given none.
type Numbers[V Value] struct {
	index Index
	all   []V
}

// Number returns the number of a value, and whether it was given now.
func (n *Numbers[V]) Number(v V) (no uint32, isNew bool) {
	h := v.Hash()
	at, no := n.index.First(h)
	for no != 0 && n.all[no-1] != v {
		at, no = n.index.Next(at, h)
	}
	if no != 0 {
		return no, false
	}
	n.all = append(n.all, v)
	no = uint32(len(n.all))
	n.index.Add(h, no, func(no uint32) uint64 { return n.all[no-1].Hash() })
	return no, true
}
