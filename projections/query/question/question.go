// Package question holds what all questions of the HTTP API have in common: how a
// question is declared, how a request is read, and how an answer is written.
//
// A [Question] declares its path, its parameters, its answer and its description in
// one place. The routes, the check of parameters and the OpenAPI document are made
// from that declaration. To add a question:
//
//  1. Write a file in the package of its subject, beside this one. It has a method
//     that returns the Question, the type of the answer, which embeds [Origin], and
//     the method Table of that type.
//  2. Add the method to the list Questions of that package. A test of package query
//     fails for a question that is declared and not listed.
//
// If it needs a new view, package view says how to add one. TestNewQuestion of package
// query adds a question so.
//
// Every answer is of one commit of the log. A [Server] takes the commit once for each
// request, and the question asks everything at its ordinal, so that an answer is
// consistent while the projector writes on. The Origin of the answer names the commit.
package question

import (
	"github.com/muster-works/muster/projections/table"
)

// A Question is a kind of question, which GET /v1/ and its path asks.
type Question struct {
	ID      string // operation id in the OpenAPI document: lowerCamelCase, unique
	Path    string // behind /v1/; may hold {id}
	Tag     string // of the OpenAPI document; empty is TagQuestions
	Summary string // what the question is about, in a few words
	Answers string // what the answer holds, in a sentence
	Remark  string // more to say; may be empty

	// Takes lists the parameters that the question takes beside AtLeast, which all
	// questions take.
	Takes []Parameter
	// Answer is a pointer to the zero value of the type of the answer.
	Answer Answer
	// Ask answers one request. It may be called by several goroutines at a time. It
	// returns an InvalidParameter if a parameter is wrong, and passes on the errors of
	// log and read model.
	Ask func(*Request) (Answer, error)
}

// The tags of questions in the OpenAPI document.
const (
	TagQuestions = "questions"
	TagOperation = "operation"
)

// Parameters returns the parameters that the question takes, in the order in which the
// document and errors name them.
func (q *Question) Parameters() []Parameter {
	return append(q.Takes[:len(q.Takes):len(q.Takes)], AtLeast)
}

// takes returns the parameter with a name, and false if the question does not take it.
func (q *Question) takes(name string) (Parameter, bool) {
	for _, p := range q.Parameters() {
		if p.Name == name {
			return p, true
		}
	}
	return Parameter{}, false
}

// An Answer is what a question is answered: JSON with the members of an Origin, which
// it embeds, and a table.
type Answer interface {
	hasOrigin
	// Table returns the rows of the answer.
	Table() table.Table
}

// hasOrigin is implemented by types that embed an Origin, and by no others.
type hasOrigin interface{ origin() *Origin }

// A Pager is an Answer that is shown in pages.
type Pager interface {
	// NextPage returns the cursor of the next page, empty on the last one.
	NextPage() string
}
