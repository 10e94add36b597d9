package main

import (
	"fmt"
	"io"
	"os"

	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/eligibility"
	"github.com/spf13/cobra"
)

func policyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Policy packs"}
	cmd.AddCommand(&cobra.Command{
		Use:   "check FILE...",
		Short: "Check policy packs before they are adopted",
		Long: `Check policy packs as a deployment would when they are adopted, conditions of
eligibility included. What is wrong is printed as FILE:LINE:COLUMN, and the
exit code is 1. Columns are characters.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			wrong := false
			for _, file := range files {
				b, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				wrong = !checkPack(cmd.OutOrStdout(), file, b) || wrong
			}
			if wrong {
				return errSilent
			}
			return nil
		},
	})
	return cmd
}

// checkPack says what is wrong with a pack, or which one it is.
func checkPack(w io.Writer, file string, b []byte) bool {
	p, err := policy.Parse(b)
	if err == nil {
		_, err = eligibility.Compile(p)
		_ = policy.Locate(b, err)
	}
	for _, wrong := range policy.Errors(err) {
		field := wrong.Field
		if field != "" {
			field += " "
		}
		fmt.Fprintf(w, "%s:%d:%d: %s%s\n", file, wrong.Line, wrong.Column, field, wrong.Detail)
	}
	if err != nil {
		return false
	}
	where := p.Jurisdiction
	if where == "" {
		where = "everywhere"
	}
	until := ""
	if p.ValidTo != 0 {
		until = " until " + p.ValidTo.String()
	}
	fmt.Fprintf(w, "%s: policy pack %s, for %s, from %s%s: %d groups, %d conditions, %d exit codes\n",
		file, p.Version, where, p.ValidFrom, until, len(p.Groups), len(p.Eligibility), len(p.Exits.Codes))
	return true
}
