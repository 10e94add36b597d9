package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/query/workforce"
	"github.com/muster-works/muster/services/policy"
	"github.com/spf13/cobra"
)

func divisionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "division", Short: "Editions of the table of divisions",
		Long: `Editions of the table of divisions: villages are merged, split and renamed. A file
of an edition is CSV in UTF-8, code,level,name, plain or compressed by gzip. It may
also have the columns valid_from,valid_to,successor, where valid_to is the first
day on which the code no longer holds.`,
	}
	cmd.AddCommand(diffDivisionsCommand(), loadDivisionsCommand(), moveDivisionCommand())
	return cmd
}

func diffDivisionsCommand() *cobra.Command {
	var on string
	cmd := &cobra.Command{
		Use: "diff OLD NEW", Short: "Say what was merged, split, renamed, added and dropped between two files",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, files []string) error {
			day, err := dayOf("--on", on)
			if err != nil {
				return err
			}
			old, err := loadEdition(files[0])
			if err != nil {
				return err
			}
			edition, err := loadEdition(files[1])
			if err != nil {
				return err
			}
			return printChanges(cmd.OutOrStdout(), division.Changes(old, edition, day), edition)
		},
	}
	cmd.Flags().StringVar(&on, "on", "", "day on which the editions are compared, YYYY-MM-DD (default: today)")
	return cmd
}

// dayOf reads the day of a flag. The default is today in China by the clock of this machine.
func dayOf(flag, s string) (civil.Date, error) {
	if s == "" {
		return civil.DateIn(time.Now(), time.FixedZone("Asia/Shanghai", 8*60*60)), nil
	}
	day, err := civil.ParseDate(s)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", flag, err)
	}
	return day, nil
}

func loadEdition(file string) (*division.Table, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := division.Load(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}

func printChanges(w io.Writer, changes []division.Change, edition *division.Table) error {
	count := map[division.ChangeKind]int{}
	for _, c := range changes {
		count[c.Kind]++
		what := c.NewName
		for _, to := range c.To {
			what += fmt.Sprintf(" %s %s", to, edition.Name(to))
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%-8s %s %s → %s", c.Kind, c.Code, c.Name, strings.TrimSpace(what)), " →")); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%d renamed, %d recoded, %d merged, %d split, %d dropped, %d added\n", count[division.Renamed], count[division.Recoded],
		count[division.Merged], count[division.Split], count[division.Dropped], count[division.Added])
	return err
}

func loadDivisionsCommand() *cobra.Command {
	var c client
	var from, agency, at string
	cmd := &cobra.Command{
		Use: "load FILE --from DAY", Short: "Adopt an edition of the table of divisions from a day on",
		Long: `Adopt an edition of the table of divisions from a day on. What the instance does
not know yet goes into the log as events; codes that the edition does not have
any more end on that day and stay in the books for the days before. What the file
says of days itself holds as it stands there. Loading an edition again changes
nothing.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if from == "" {
				return errors.New("--from: the day from which the edition holds, YYYY-MM-DD")
			}
			day, err := dayOf("--from", from)
			if err != nil {
				return err
			}
			edition, err := loadEdition(files[0])
			if err != nil {
				return err
			}
			now, err := c.divisions(cmd.Context(), "")
			if err != nil {
				return err
			}
			list := division.Difference(now, edition, day)
			for _, e := range policy.Editions("/agency/"+agency, filepath.Base(files[0]), division.Code(at), list) {
				r, err := c.submit(cmd.Context(), e)
				if err != nil {
					return err
				}
				if r.Status == events.Rejected {
					return r.Reasons
				}
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d codes say something else from %s on\n", files[0], len(list), day)
			return err
		},
	}
	c.flags(cmd.Flags())
	cmd.Flags().StringVar(&from, "from", "", "first day of the edition, YYYY-MM-DD")
	cmd.Flags().StringVar(&agency, "agency", "local", "name of the agency that the token belongs to")
	cmd.Flags().StringVar(&at, "division", "", "division that the agency answers for, 12 digits (default: everywhere)")
	return cmd
}

// divisions asks for the table of divisions under a prefix.
func (c *client) divisions(ctx context.Context, prefix string) (*division.Table, error) {
	var statements []division.Statement
	err := c.eachPage(ctx, "/v1/divisions", url.Values{"division": {prefix}, "limit": {"50000"}}, func(body io.Reader) (next string, err error) {
		var page workforce.Divisions
		if err := json.UnmarshalRead(body, &page); err != nil {
			return "", err
		}
		for _, r := range page.Rows {
			statements = append(statements, division.Statement{Code: r.Code, Name: r.Name, ValidFrom: r.ValidFrom, ValidTo: r.ValidTo, Successor: r.Successor})
		}
		return page.Next, nil
	})
	return new(division.Table).With(statements...), err
}

// eachPage asks a question and calls read with each page of the answer. read returns the cursor of
// the next page, which is empty on the last page.
func (c *client) eachPage(ctx context.Context, path string, query url.Values, read func(io.Reader) (next string, err error)) error {
	for {
		next := ""
		err := c.get(ctx, path, query, "application/json", func(body io.Reader) (err error) { next, err = read(body); return err })
		if err != nil || next == "" {
			return err
		}
		query.Set("cursor", next)
	}
}

func moveDivisionCommand() *cobra.Command {
	var c client
	var on, agency string
	cmd := &cobra.Command{
		Use: "move OLD NEW --on DAY", Short: "Write the events that move the posts of one division to another",
		Long: `Write the events that move the posts of one division to another from a day on, one
post.changed a post, as lines for muster publish. OLD and NEW are codes of 12
digits. A post that lies in a division under OLD goes to what took the place of
that division by the table, or else to the division of the same digits under NEW.`,
		Example: "  muster division move 370211102231 370211102232 --on 2022-07-01 --agency 370211-rsj > moves.ndjson\n  muster publish moves.ndjson",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, codes []string) error {
			if on == "" || agency == "" {
				return errors.New("--on, --agency: give the first day in the new division, and the agency that moves the posts; it answers for both divisions")
			}
			day, err := dayOf("--on", on)
			if err != nil {
				return err
			}
			m := mover{from: division.Code(codes[0]), to: division.Code(codes[1]), on: day, source: "/agency/" + agency}
			if !m.from.Valid() || !m.to.Valid() || m.from == m.to {
				return errors.New("OLD and NEW: want two codes of 12 digits")
			}
			return m.write(cmd.Context(), &c, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	c.flags(cmd.Flags())
	cmd.Flags().StringVar(&on, "on", "", "first day in the new division, YYYY-MM-DD")
	cmd.Flags().StringVar(&agency, "agency", "", "name of the agency that moves the posts")
	return cmd
}

// A mover moves the posts of one division to another.
type mover struct {
	from, to division.Code
	on       civil.Date
	source   string
	table    *division.Table
}

// write writes an event for each post. Posts for which there is no new division are refused before
// anything is written.
func (m *mover) write(ctx context.Context, c *client, w, said io.Writer) (err error) {
	if m.table, err = c.divisions(ctx, ""); err != nil {
		return err
	}
	if _, holds := m.table.On(m.to, m.on); !holds {
		return fmt.Errorf("%s is no division on %s; load the edition that has it: muster division load", m.to, m.on)
	}
	var lines []byte
	n := 0
	query := url.Values{"division": {m.from.Prefix()}, "as_of": {m.on.String()}, "limit": {"1000"}}
	err = c.eachPage(ctx, "/v1/posts", query, func(body io.Reader) (string, error) {
		var page workforce.Posts
		if err := json.UnmarshalRead(body, &page); err != nil {
			return "", err
		}
		for i := range page.Rows {
			if lines, err = m.appendMove(lines, &page.Rows[i]); err != nil {
				return "", err
			}
			n++
		}
		return page.Next, nil
	})
	if err != nil {
		return err
	}
	if _, err := w.Write(lines); err != nil {
		return err
	}
	_, err = fmt.Fprintf(said, "%s posts move from %s to %s on %s\n", strconv.Itoa(n), m.from, m.to, m.on)
	return err
}

// appendMove appends the event that moves a post, as a line.
func (m *mover) appendMove(lines []byte, p *workforce.PostRow) ([]byte, error) {
	to, ok := m.table.Successor(p.Division, m.on)
	if !ok {
		if to = m.to; p.Division != m.from {
			to = division.Code(m.to.Prefix() + string(p.Division[len(m.to.Prefix()):]))
		}
	}
	if _, holds := m.table.On(to, m.on); !holds || !to.Under(m.to.Prefix()) {
		return nil, fmt.Errorf("post %s lies in %s %s, and it is not known what takes its place in %s; say it as successor in the table of divisions", p.Post, p.Division, m.table.Name(p.Division), m.to)
	}
	e := &events.Event{
		ID: fmt.Sprintf("move-%s-%s-%s", m.on, to, p.Post), Source: m.source, Type: events.PostChangedType, Subject: p.Post, Division: p.Division,
		Data: &events.PostChanged{Post: p.Post, On: m.on, Division: to},
	}
	raw, err := e.Append(nil)
	if err != nil {
		return nil, err
	}
	return append(append(lines, raw...), '\n'), nil
}
