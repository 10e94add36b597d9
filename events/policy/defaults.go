package policy

// DefaultAheadDays is the number of days that a planned event may lie ahead if a pack does
// not say so: a quarter of a year, within which offices plan.
const DefaultAheadDays = 92

// Ahead returns how many days after the day of the decision an exit, hire, change,
// suspension or closing may lie.
func (p *Pack) Ahead() int {
	if p.AheadDays == 0 {
		return DefaultAheadDays
	}
	return p.AheadDays
}

// defaultPayKinds are the kinds of pay lines of a pack that does not list them. Delay
// compensation is what is paid because pay came late, and no part of what a month earned.
var defaultPayKinds = []PayKind{
	{Code: "allowance", Title: "allowance of the month", Label: "岗位补贴", Counts: true},
	{Code: "arrears", Title: "allowance of an earlier month", Label: "补发", Counts: true},
	{Code: "insurance", Title: "premiums of insurance", Label: "社会保险补贴"},
	{Code: "delay_compensation", Title: "compensation for pay that came late", Label: "迟发补偿"},
}

// Kinds returns the kinds of pay lines. The caller must not change them.
func (p *Pack) Kinds() []PayKind {
	if len(p.PayKinds) == 0 {
		return defaultPayKinds
	}
	return p.PayKinds
}

// PayKind returns the kind of pay lines with a code, and whether the pack has one.
func (p *Pack) PayKind(code string) (PayKind, bool) {
	for _, k := range p.Kinds() {
		if k.Code == code {
			return k, true
		}
	}
	return PayKind{}, false
}

// Inspection is the capacity of a report that comes of an inspection, and the name of its
// rank.
const Inspection = "inspection"

// defaultRanks are the ranks of attendance reports of a pack that does not list them.
var defaultRanks = []string{Inspection, "province", "prefecture", "county", "township", "village"}
