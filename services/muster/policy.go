package main

import (
	"fmt"
	"io"
	"os"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/eligibility"
	"github.com/spf13/cobra"
)

func policyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Policy packs"}
	cmd.AddCommand(checkPolicyCommand(), adoptPolicyCommand())
	return cmd
}

func checkPolicyCommand() *cobra.Command {
	lang := languageOf(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"))
	cmd := &cobra.Command{
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
				wrong = checkPack(cmd.OutOrStdout(), file, b, lang) == nil || wrong
			}
			if wrong {
				return errSilent
			}
			return nil
		},
	}
	cmd.Flags().Var(&lang, "lang", "language of what is wrong: zh or en")
	return cmd
}

func adoptPolicyCommand() *cobra.Command {
	var c client
	var agency string
	cmd := &cobra.Command{
		Use:   "adopt FILE",
		Short: "Put a policy pack in force",
		Long: `Put a policy pack in force: the whole pack goes into the log as an event, under
its version. From then on it decides what happens in its jurisdiction on the
days that it is valid for; what was decided before stays decided.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			b, err := os.ReadFile(files[0])
			if err != nil {
				return err
			}
			pack := checkPack(cmd.OutOrStdout(), files[0], b, c.lang)
			if pack == nil {
				return errSilent
			}
			e := events.Adoption(pack)
			if agency != "" {
				e.Source = "/agency/" + agency
			}
			r, err := c.submit(cmd.Context(), e)
			switch {
			case err != nil:
				return err
			case r.Status == events.Rejected:
				return r.Reasons
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s at %s\n", r.Status, r.Position)
			return err
		},
	}
	c.flags(cmd.Flags())
	cmd.Flags().StringVar(&agency, "agency", "", "name of the agency that the token belongs to (default: the jurisdiction's)")
	return cmd
}

// checkPack parses a policy pack and prints which one it is. If the pack has faults, it
// prints them in a language and returns nil.
func checkPack(w io.Writer, file string, b []byte, lang language) *policy.Pack {
	p, err := eligibility.Parse(b)
	for _, wrong := range policy.Errors(err) {
		field := wrong.Field
		if field != "" {
			field += " "
		}
		detail := wrong.Detail
		if lang == language(events.Chinese) {
			detail = wrong.DetailZH
		}
		fmt.Fprintf(w, "%s:%d:%d: %s%s\n", file, wrong.Line, wrong.Column, field, detail)
	}
	if err != nil {
		return nil
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
	return p
}
