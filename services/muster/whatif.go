package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"text/tabwriter"

	"github.com/muster-works/muster/projections/payroll"
	"github.com/muster-works/muster/projections/table"
	"github.com/muster-works/muster/services/deployment"
	"github.com/spf13/cobra"
)

// whatIf holds the flags that try a policy pack.
type whatIf struct {
	deployment.WhatIfOptions
	lines string // file for the lines that change; empty is none
}

func (o *whatIf) run(cmd *cobra.Command, c deployment.Config) error {
	w, err := deployment.TryPolicy(cmd.Context(), c, o.WhatIfOptions)
	if err != nil {
		return err
	}
	printWhatIf(cmd.OutOrStdout(), w)
	if o.lines == "" {
		return nil
	}
	f, err := os.Create(o.lines)
	if err != nil {
		return fmt.Errorf("--lines: %w", err)
	}
	return errors.Join(writeLines(f, w.Changed), f.Close())
}

// shownLines is how many changed lines are printed.
const shownLines = 5

// printWhatIf prints entitlements by county and the first few lines that change. Money
// is in fen.
func printWhatIf(out io.Writer, w deployment.WhatIf) {
	fmt.Fprintf(out, "pack %s in place of those in force, months %s to %s, as known at %s\n", w.Pack.Version, w.First, w.Last, w.At.Position)
	t := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "division\tname\tlines\tchanged\tentitled\twould_be\tdifference")
	for _, d := range w.Divisions {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%+d\n", d.Division, w.Names.Name(d.Division), d.Lines, d.Changed, d.Before, d.After, d.After-d.Before)
	}
	d := w.Total
	fmt.Fprintf(t, "total\t\t%d\t%d\t%d\t%d\t%+d\n", d.Lines, d.Changed, d.Before, d.After, d.After-d.Before)
	_ = t.Flush()
	for _, l := range w.Changed[:min(len(w.Changed), shownLines)] {
		fmt.Fprintf(out, "%s on %s in %s: %d under %s, would be %d\n", l.Person, l.Post, l.Month, l.Before, l.PolicyBefore, l.After)
	}
	if more := len(w.Changed) - shownLines; more > 0 {
		fmt.Fprintf(out, "and %d more lines; --lines FILE writes all\n", more)
	}
}

func writeLines(out io.Writer, lines []payroll.LineChange) error {
	t := table.Table{Columns: table.Text("division", "post", "person", "month", "entitled", "would_be", "difference", "policyversion", "would_be_policyversion")}
	for _, l := range lines {
		fen := func(n int64) string { return strconv.FormatInt(n, 10) }
		t.Rows = append(t.Rows, []string{string(l.Division), l.Post, l.Person.String(), l.Month.String(),
			fen(int64(l.Before)), fen(int64(l.After)), fen(int64(l.After - l.Before)), l.PolicyBefore, l.PolicyAfter})
	}
	return table.CSV(out, t)
}
