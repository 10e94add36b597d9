package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/muster-works/muster/events/log/transfer"
	"github.com/muster-works/muster/services/deployment"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
)

func copyCommand() *cobra.Command {
	var from, to deployment.Config
	cmd := &cobra.Command{
		Use:   "copy",
		Short: "Move a log to another place, or between NATS and EventStoreDB",
		Long: `Move a log to another place, or between NATS and EventStoreDB.

Every commit is written again, in order, with its id, its events to the byte,
and its recorded time as an imported one. At the end the copy is read from its
beginning and the Merkle roots of both ends are printed; exit code 1 if they
differ.

Stop the deployment first, or run it again when it has stopped: a copy that was
interrupted, or that has fallen behind, goes on where it was. What the target
holds must be the beginning of the source; else nothing is written.

A NATS server must have been provisioned. Vault and vault.key in the data
directory are no part of the log: take them along as they are. Views are built
anew by themselves.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			source, err := openSource(cmd.Context(), from)
			if err != nil {
				return fmt.Errorf("the source: %w", err)
			}
			defer source.Close()
			target, err := openTarget(cmd.Context(), to)
			if err != nil {
				return fmt.Errorf("the target: %w", err)
			}
			defer target.Close()
			bars := transferBars{out: cmd.ErrOrStderr()}
			report, err := transfer.Run(cmd.Context(), source, target, bars.show)
			bars.finish()
			if err != nil {
				return err
			}
			return printTransfer(cmd.OutOrStdout(), report)
		},
	}
	f := cmd.Flags()
	f.StringVar(&from.Log, "from", "", "the source: nats://… or esdb://…")
	f.StringVar(&from.Data, "data", "", "without --from: the directory of a deployment with an embedded log; it may be running")
	f.StringVar(&from.Creds, "from-creds", "", "file of the internal user's password on the source, or of NATS user credentials")
	f.StringVar(&to.Log, "to", "", "the target: nats://… or esdb://…")
	f.StringVar(&to.Data, "to-data", "", "without --to: the directory of a deployment that does not run; its embedded log is made if there is none")
	f.StringVar(&to.Creds, "to-creds", "", "the same as --from-creds, on the target")
	return cmd
}

func openSource(ctx context.Context, c deployment.Config) (*deployment.OpenedLog, error) {
	if c.Log == "" && c.Data == "" {
		return nil, errors.New("name it with --from or --data")
	}
	return deployment.OpenLog(ctx, c)
}

func openTarget(ctx context.Context, c deployment.Config) (*deployment.OpenedLog, error) {
	switch {
	case c.Log != "":
		return deployment.OpenLog(ctx, c)
	case c.Data != "":
		return deployment.OpenOrCreateLog(ctx, c)
	}
	return nil, errors.New("name it with --to or --to-data")
}

// transferBars shows a progress bar for each stage of a transfer.
type transferBars struct {
	out   io.Writer
	stage transfer.Stage
	bar   *progressbar.ProgressBar
}

func (s *transferBars) show(p transfer.Progress) {
	if p.Stage != s.stage {
		s.finish()
		s.stage = p.Stage
		s.bar = progressbar.NewOptions64(int64(p.Total), progressbar.OptionSetWriter(s.out), progressbar.OptionSetDescription(string(p.Stage)),
			progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionShowIts(), progressbar.OptionSetItsString("events"),
			progressbar.OptionClearOnFinish())
	}
	s.bar.ChangeMax64(int64(max(p.Total, p.Events)))
	_ = s.bar.Set64(int64(p.Events))
}

func (s *transferBars) finish() {
	if s.bar != nil {
		_ = s.bar.Finish()
	}
}

func printTransfer(w io.Writer, r transfer.Report) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "\tcommits\tevents\thead\tMerkle root")
	for _, end := range []struct {
		name string
		transfer.Summary
	}{{"source", r.Source}, {"target", r.Target}} {
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\n", end.name, end.Commits, end.Events, end.Head, end.Root)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if !r.Same() {
		fmt.Fprintln(w, "the ends DIFFER: the target must not be used")
		return errSilent
	}
	fmt.Fprintf(w, "the same events in the same order; %d commits were there, %d were copied\n", r.Found, r.Source.Commits-r.Found)
	return nil
}
