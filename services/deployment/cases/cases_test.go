package cases

import (
	"context"
	"testing"

	"github.com/cucumber/godog"
)

// Goal: the books say what offices know to be right.
// Method: the scenarios of the files of this folder run against a deployment.
func TestCases(t *testing.T) {
	only := ""
	if testing.Short() {
		only = "@实时" // the race detector sees the same code in every scenario
	}
	suite := godog.TestSuite{
		ScenarioInitializer: func(sc *godog.ScenarioContext) {
			o := new(office)
			sc.Before(func(ctx context.Context, s *godog.Scenario) (context.Context, error) {
				started, err := newOffice()
				if err == nil {
					*o = *started
					for _, tag := range s.Tags {
						o.live = o.live || tag.Name == "@实时"
					}
				}
				return ctx, err
			})
			sc.After(func(ctx context.Context, s *godog.Scenario, err error) (context.Context, error) {
				return ctx, o.close()
			})
			for says, do := range o.steps() {
				sc.Step(says, do)
			}
		},
		Options: &godog.Options{Format: "progress", Paths: []string{"."}, Strict: true, Tags: only, NoColors: true, Concurrency: 2, TestingT: t},
	}
	if suite.Run() != 0 {
		t.Error("a case came out wrong")
	}
}
