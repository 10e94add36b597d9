package events

import (
	"slices"
	"strconv"
	"strings"
)

// A Language is one that sentences for people exist in.
type Language string

// The languages.
const (
	English Language = "en"
	Chinese Language = "zh"
)

// AcceptLanguage returns the language of an answer to a request whose header
// Accept-Language has the given values, as RFC 9110 section 12.5.4 defines the header.
// Of the languages that the client accepts it is Chinese for zh and every tag that
// begins with zh-, such as zh-CN, and English for en. The language with the greatest
// weight wins, of equal weights the one named first. The result is English if the
// header names neither language, and for * and a header that is malformed.
func AcceptLanguage(values ...string) Language {
	best, most := English, 0.0
	for tag := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, parameter, weighted := strings.Cut(tag, ";")
		language, ok := languageOf(strings.TrimSpace(name))
		weight := 1.0
		if weighted {
			weight = weightOf(parameter)
		}
		if ok && weight > most {
			best, most = language, weight
		}
	}
	return best
}

// languageOf returns the language of a language tag, such as zh-Hans-CN, and false if
// sentences do not exist in it.
func languageOf(tag string) (Language, bool) {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	l := Language(primary)
	return l, slices.Contains([]Language{English, Chinese}, l)
}

// weightOf returns the weight that a parameter such as q=0.8 gives to a language: from
// 0, which means that the client does not want the language, to 1. A malformed weight
// is 0.
func weightOf(parameter string) float64 {
	name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
	q, err := strconv.ParseFloat(value, 64)
	if !strings.EqualFold(name, "q") || err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}

// In returns the reason with its sentence in one language.
func (r Reason) In(l Language) Reason {
	if l == Chinese && r.DetailZH != "" {
		r.Detail = r.DetailZH
	}
	r.DetailZH = ""
	return r
}

// In returns the sentence in one language.
func (s Sentence) In(l Language) string {
	if l == Chinese && s.ZH != "" {
		return s.ZH
	}
	return s.EN
}

// In returns the receipt with its reasons in one language. It leaves r as it is.
func (r Receipt) In(l Language) Receipt {
	r.Reasons = slices.Clone(r.Reasons)
	for i, reason := range r.Reasons {
		r.Reasons[i] = reason.In(l)
	}
	return r
}
