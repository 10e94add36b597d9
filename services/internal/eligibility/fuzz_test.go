package eligibility

import "testing"

// FuzzCompile checks that any expression is refused by Compile, or can be evaluated for every
// hire, even for one without any facts.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{"true", "age >= 45", "sex == 'F' && area == 'rural'", "group in ['older', 'disabled']", "age(", "1/0 == 1", "[1,2].map(x, x*x) == [1,4]", "division.startsWith('37')", "'a'.matches('(a+)+$')", "size('') == 0 ? true : false"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, when string) {
		r, err := Compile(pack(when))
		if err != nil {
			return
		}
		r.Refuse(facts())
		r.Refuse(Facts{})
	})
}
