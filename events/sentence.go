package events

import "fmt"

// A Sentence says the same thing in English and in Chinese, for people.
type Sentence struct{ EN, ZH string }

// Say returns a sentence. Each form is a format of package fmt with the same operands;
// a form that needs them in another order numbers them, as in %[2]s. An operand that
// is a Sentence itself is put in in the language of the form. Without operands the
// forms are taken as they are.
func Say(en, zh string, operands ...any) Sentence {
	if len(operands) == 0 {
		return Sentence{en, zh}
	}
	return Sentence{
		fmt.Sprintf(en, inLanguage(operands, func(s Sentence) string { return s.EN })...),
		fmt.Sprintf(zh, inLanguage(operands, func(s Sentence) string { return s.ZH })...),
	}
}

// inLanguage returns the operands, with the form that pick chooses of each that is a
// Sentence.
func inLanguage(operands []any, pick func(Sentence) string) []any {
	all := make([]any, len(operands))
	for i, o := range operands {
		all[i] = o
		if s, ok := o.(Sentence); ok {
			all[i] = pick(s)
		}
	}
	return all
}
