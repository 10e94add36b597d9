// Package cases holds the cases of real offices, as a clerk would tell them: what stood
// in the books, what was reported on which day, and what every answer must then be.
//
// Each case is a scenario of a file in the language Gherkin, in Chinese, since the
// people who can say whether it is right read Chinese. The description of a file says in
// English what it is about and where it was reported.
//
// Every scenario runs in a deployment of its own, as deployment.Up puts it together, and
// asks it over HTTP. Reports are imported, each with the day on which the scenario says
// that it came, so that a scenario can ask what was known before. In scenarios with the tag
// @实时 the agencies submit now, with their own tokens and rights: the days on which reports
// come are those of the test then, and only the days in the reports count.
//
// The cast is the same in all scenarios: see the tables agencies and persons. The words
// of the tables are columns in columns_test.go, and the sentences are in steps_test.go.
package cases
