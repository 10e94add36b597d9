package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/muster-works/muster/projections/replay"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/services/deployment"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
)

func replayCommand() *cobra.Command {
	var c deployment.Config
	var o deployment.ReplayOptions
	var what whatIf
	var back bool
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Rebuild the views from the log beside the living ones, and say what differs",
		Long: `Rebuild the views from the log beside the living ones, and say what differs.

The living views stay in use and go on meanwhile. Both are compared row by row
as they were at one commit; then the new ones take over, unless --dry-run. Exit
code 1 if any row differs. --back takes up the views that were in use before.

With --policy nothing is rebuilt: it says what people would have been entitled
to, had the pack in that file been adopted after all others.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.Out, c.Logger = cmd.ErrOrStderr(), logger()
			switch {
			case what.Policy != "":
				what.KnownAt = o.KnownAt
				return what.run(cmd, c)
			case back:
				name, err := deployment.Back(cmd.Context(), c)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s is in use\n", name)
				return nil
			}
			return runReplay(cmd, c, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.Data, "data", "./muster-data", "the deployment's directory")
	f.StringVar(&c.NATS, "nats", "", "the deployment's NATS server, where it is elsewhere")
	f.StringVar(&c.Creds, "creds", "", "file with the internal user's password (default: that of an embedded server in --data)")
	f.StringVar(&c.Log, "log", "", "where the log is: nats://… or esdb://… (default: embedded JetStream, or that of --nats)")
	f.StringVar(&c.Store, "store", "", "the read model: a directory, or a database as postgres://… (default: views in --data)")
	setAsideFlag(f, &c)
	f.StringVar(&o.View, "view", "", "report on this view alone; a generation is always rebuilt whole")
	f.StringVar(&o.KnownAt, "known-at", "", "rebuild the world as it was known at this instant (RFC 3339) or end of day; compares, and switches in --to-dir alone")
	f.StringVar(&o.ToDir, "to-dir", "", "rebuild into this directory, and leave the living views alone")
	f.BoolVar(&o.DryRun, "dry-run", false, "compare, and do not switch")
	f.BoolVar(&back, "back", false, "switch to the views that were in use before; nothing is rebuilt")
	f.StringVar(&what.Policy, "policy", "", "file of a policy pack: say what it would have made of the payrolls; nothing is rebuilt")
	f.StringVar(&what.Month, "month", "", "with --policy, this month alone, YYYY-MM (default: all that the pack is valid in)")
	f.StringVar(&what.lines, "lines", "", "with --policy, write every line that changes into this CSV file")
	for _, rebuilds := range []string{"view", "to-dir", "dry-run"} {
		cmd.MarkFlagsMutuallyExclusive("policy", "back", rebuilds)
	}
	return cmd
}

func runReplay(cmd *cobra.Command, c deployment.Config, o deployment.ReplayOptions) error {
	start := time.Now()
	bar := progressbar.NewOptions64(1, progressbar.OptionSetWriter(cmd.ErrOrStderr()), progressbar.OptionSetDescription("replay"),
		progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionSetPredictTime(true), progressbar.OptionSetElapsedTime(true),
		progressbar.OptionClearOnFinish())
	facts := uint64(0)
	o.Progress = func(p runner.Progress) {
		facts = max(facts, p.Facts)
		// The position in the log gives the time that is left, and the facts give the rate.
		done, _ := p.Position.Parts()
		goal, _ := p.Goal.Parts()
		bar.ChangeMax64(int64(max(goal, 1)))
		bar.Describe(fmt.Sprintf("replay %d facts, %.0f/s", p.Facts, float64(p.Facts)/time.Since(start).Seconds()))
		_ = bar.Set64(int64(done))
	}
	report, err := deployment.Replay(cmd.Context(), c, o)
	_ = bar.Finish()
	if err != nil {
		return err
	}
	printReport(cmd.OutOrStdout(), report, o.View)
	fmt.Fprintf(cmd.OutOrStdout(), "%d facts in %.1f s\n", facts, time.Since(start).Seconds())
	if !report.Same() {
		return errSilent
	}
	return nil
}

func printReport(w io.Writer, r replay.Report, view string) {
	living := r.Living
	if living == "" {
		living = "none"
	}
	fmt.Fprintf(w, "compared %s with %s at %s\n", r.Rebuilt, living, r.At.Position)
	if r.Living != "" {
		fmt.Fprintf(w, "state %s  %s\nstate %s  %s\n", r.At.State, r.Rebuilt, r.LivingState, r.Living)
	}
	for _, s := range r.SetAside {
		fmt.Fprintf(w, "set aside %s: %s\n", s.Position, s.Why)
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "table\trows\tadded\tgone\tchanged")
	differences := 0
	for _, d := range r.Tables {
		if view != "" && d.Table != view {
			continue
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\n", d.Table, d.Rows, d.Added, d.Gone, d.Changed)
		differences += d.Added + d.Gone + d.Changed
	}
	_ = t.Flush()
	for _, d := range r.Tables {
		if view != "" && d.Table != view {
			continue
		}
		for _, e := range d.Examples {
			fmt.Fprintf(w, "%s %s: %q became %q, by the events at %v\n", d.Table, e.Key, e.Before, e.After, e.Events)
		}
	}
	fmt.Fprintf(w, "%d differences\n", differences)
	if r.Switched {
		fmt.Fprintf(w, "%s is in use\n", r.Rebuilt)
	}
}
