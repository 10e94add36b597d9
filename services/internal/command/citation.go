package command

import (
	"context"
	"strconv"
	"strings"

	"github.com/muster-works/muster/events"
)

// The marks around the number of an event in a sentence. No name and no text of an event
// holds them, since the contract refuses control characters.
const (
	citationBegin = "\x02"
	citationEnd   = "\x03"
)

// Cite returns a part of a sentence that stands for who reported the event with number n
// of the index, and under which id. The state of a [Decider] holds neither. The handler
// reads the event from the log and puts both in place of the part, when a refusal has it:
//
//	events.Say("is the same exit, %s", "与%s的是同一次退出", command.Cite(n))
//	is the same exit, reported by /agency/370211-rsj under id x-1
func Cite(n uint32) events.Sentence {
	s := citationBegin + strconv.FormatUint(uint64(n), 10) + citationEnd
	return events.Sentence{EN: s, ZH: s}
}

// fillCitations replaces the parts that Cite made in the sentences of a refusal. It fails
// as [Fold.event] does.
func (h *Handler) fillCitations(ctx context.Context, refused events.Reasons) error {
	for i := range refused {
		r := &refused[i]
		for {
			n, cited := citation(r.Detail)
			if !cited {
				break
			}
			e, _, err := h.own.event(ctx, n)
			if err != nil {
				return err
			}
			said := events.Say("reported by %s under id %s", "由%s以编号%s报送", e.Source, e.ID)
			r.Detail = strings.ReplaceAll(r.Detail, Cite(n).EN, said.EN)
			r.DetailZH = strings.ReplaceAll(r.DetailZH, Cite(n).ZH, said.ZH)
		}
	}
	return nil
}

// citation returns the number of the first event that a sentence cites.
func citation(sentence string) (n uint32, ok bool) {
	_, rest, found := strings.Cut(sentence, citationBegin)
	number, _, ends := strings.Cut(rest, citationEnd)
	if !found || !ends {
		return 0, false
	}
	v, err := strconv.ParseUint(number, 10, 32)
	return uint32(v), err == nil
}
