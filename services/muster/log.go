package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/deployment"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func logCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Look at the event log, or move it",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(catCommand(), tailCommand(), copyCommand())
	return cmd
}

// logFlags adds the flags that say which log to open.
func logFlags(f *pflag.FlagSet, c *deployment.Config) {
	f.StringVar(&c.Data, "data", "./muster-data", "the deployment's directory; it may be running")
	f.StringVar(&c.NATS, "nats", "", "the deployment's NATS server, where it is elsewhere")
	f.StringVar(&c.Creds, "creds", "", "file of the internal user's password, or of NATS user credentials (default: that of an embedded server in --data)")
	f.StringVar(&c.Log, "log", "", "where the log is: nats://… or esdb://… (default: embedded JetStream, or that of --nats)")
}

// An eventPrinter prints events of a log, one on each line.
type eventPrinter struct {
	out      *bufio.Writer
	from     log.Position // position of the first event to print; zero is the first event of the log
	boundary string       // prints only the events of this consistency boundary, if set
	limit    int          // largest number of events to print; 0 is no limit
	clock    log.Clock
	started  bool // the event at from was reached
	printed  int  // number of events printed
}

func (p *eventPrinter) flags(f *pflag.FlagSet) {
	f.TextVar(&p.from, "from", log.Position{}, "position of the first event, as receipts show it")
	f.StringVar(&p.boundary, "boundary", "", "only the events of one boundary, such as placement")
	f.IntVar(&p.limit, "limit", 0, "stop after so many events (0: no limit)")
}

const lineHelp = `
A line is an event as the log keeps it, to the byte, and the extension
attributes recordedtime and position at its end.`

func catCommand() *cobra.Command {
	var c deployment.Config
	var p eventPrinter
	cmd := &cobra.Command{
		Use:   "cat",
		Short: "Print the events of the log, one CloudEvent a line",
		Long: `Print the events of the log, one CloudEvent a line, to its present end.
` + lineHelp + ` The log is read from its beginning, also
with --from and --boundary: when an event was recorded depends on all before it,
since recorded time never steps back.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := deployment.OpenLog(cmd.Context(), c)
			if err != nil {
				return err
			}
			defer l.Close()
			return p.print(cmd.OutOrStdout(), l.Read(cmd.Context(), log.Position{}, log.Filter{}), false)
		},
	}
	logFlags(cmd.Flags(), &c)
	p.flags(cmd.Flags())
	return cmd
}

func tailCommand() *cobra.Command {
	var c deployment.Config
	var p eventPrinter
	cmd := &cobra.Command{
		Use:   "tail",
		Short: "Print the events that come, one CloudEvent a line",
		Long: `Print the events that come, one CloudEvent a line, until it is interrupted.
` + lineHelp + ` With --from it begins there, and has read
the log from its beginning by then. Without, it begins at the log's end and knows
nothing before: should the log's clock have stepped back just then, the first
times may be shown earlier than log cat shows them.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			l, err := deployment.OpenLog(ctx, c)
			if err != nil {
				return err
			}
			defer l.Close()
			if l.Private() {
				return fmt.Errorf("the deployment in %s does not run: nothing will come; muster log cat prints what is there", c.Data)
			}
			var after log.Position
			if !cmd.Flags().Changed("from") {
				if after, _, err = l.Head(ctx, log.Filter{}); err != nil {
					return err
				}
			}
			err = p.print(cmd.OutOrStdout(), l.Follow(ctx, after, log.Filter{}), true)
			if ctx.Err() != nil && errors.Is(err, context.Canceled) {
				return nil // an interrupt is the normal end
			}
			return err
		},
	}
	logFlags(cmd.Flags(), &c)
	p.flags(cmd.Flags())
	return cmd
}

// print prints the events of commits that the flags select. If live is set, each commit
// is flushed at once.
func (p *eventPrinter) print(w io.Writer, commits iter.Seq2[log.Commit, error], live bool) error {
	p.out = bufio.NewWriterSize(w, 1<<20)
	if p.limit < 0 {
		return fmt.Errorf("--limit %d: want 0 or more", p.limit)
	}
	if known := events.Boundaries(); p.boundary != "" && !slices.Contains(known, p.boundary) {
		return fmt.Errorf("--boundary %q: no service commits under it; want one of %s", p.boundary, strings.Join(known, ", "))
	}
	for c, err := range commits {
		if err != nil {
			return errors.Join(p.out.Flush(), err)
		}
		more, err := p.commit(c)
		if err == nil && (live || !more) {
			err = p.out.Flush()
		}
		if err != nil || !more {
			return err
		}
	}
	if !p.started && !p.from.IsZero() {
		return fmt.Errorf("--from %s: %w", p.from, log.ErrForeign)
	}
	return p.out.Flush()
}

// commit prints the selected events of c, and reports whether there may be more.
func (p *eventPrinter) commit(c log.Commit) (more bool, err error) {
	recorded := p.clock.Recorded(c).UTC()
	if !p.started {
		switch c.Position.Compare(p.from.Commit()) {
		case -1:
			return true, nil
		case 0:
			p.started = p.from.Index() < len(c.Events)
		case 1:
			p.started = p.from.IsZero()
		}
		if !p.started {
			return false, fmt.Errorf("--from %s: %w", p.from, log.ErrForeign)
		}
	}
	if p.boundary != "" && c.Boundary != p.boundary {
		return true, nil
	}
	for i, e := range c.Events {
		at := c.Position.Event(i)
		if at.Compare(p.from) < 0 {
			continue
		}
		if _, err := p.out.Write(printedLine(e, recorded, at)); err != nil {
			return false, err
		}
		if p.printed++; p.printed == p.limit {
			return false, nil
		}
	}
	return true, nil
}

// printedLine returns the line of an event: the bytes of the event with the attributes
// that the log gave it as the last members.
func printedLine(event []byte, recorded time.Time, at log.Position) []byte {
	b := make([]byte, 0, len(event)+96)
	b = append(b, event[:len(event)-1]...)
	if len(event) > 2 {
		b = append(b, ',')
	}
	return fmt.Appendf(b, "\"recordedtime\":%q,\"position\":%q}\n", recorded.Format(time.RFC3339Nano), at)
}
