// Package money answers questions about money: payroll and funds.
//
// Neither has rows in the read model. A payroll is worked out from the timelines when
// it is asked for, see package payroll. The books of the funds are a fold of the
// boundary payment of the log in memory, see package fund.
package money

import (
	"sync"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/rulebook"
)

// A Source is what the questions of the package are answered from.
type Source struct {
	Log      log.Log
	Policies *rulebook.History

	rolls     rollCache
	registers registerCache
	books     fundFold
	ordinals  sync.Map // of commits about policy, by ordinalKey
}

// Questions lists the questions of the package.
func (s *Source) Questions() []question.Question {
	return []question.Question{s.payroll(), s.funds()}
}
