package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/muster-works/muster/services/deployment"
	"github.com/muster-works/muster/services/sheets"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
)

func publishCommand() *cobra.Command {
	p := &publisher{}
	var receipts, ids, agency, recorded string
	var columns bool
	cmd := &cobra.Command{
		Use:   "publish FILE...",
		Short: "Submit events from NDJSON, CSV and XLSX files",
		Long: `Submit events from NDJSON files, one CloudEvent a line (- is standard input),
and from spreadsheets: CSV in UTF-8 or GB18030, and XLSX, a row a fact.

Exit code 1 if anything was rejected; the receipts say what and why, of a
spreadsheet by row and column. A file may be published again at any time: what is
in the log already is answered duplicate. Without --import the attribute
recordedtime is left out, and the log takes its own time.

A spreadsheet has a header line with the names of the data fields or their
Chinese labels (--columns lists them all). Its kind comes from the beginning of
its name (hire-2022-05.csv, 考勤5月.xlsx; of a workbook, of each sheet), from
--type, or from a column type. Without a column id an event's id comes from what
the row is about, so that the same row again is the same event. A row that has
changed since replaces what was sent of it before: the file --ids remembers that.
It holds no cell of any sheet, but keep it as safe as they are.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if columns {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.MinimumNArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, files []string) (err error) {
			if columns {
				return printColumns(cmd.OutOrStdout())
			}
			if recorded != "" && !p.imported {
				return errors.New("--recorded: belongs to --import")
			}
			if recorded != "" {
				if p.recorded, err = deployment.Moment("--recorded", recorded); err != nil {
					return err
				}
			}
			if agency == "" && p.client.hasNoToken() {
				agency = "local"
			}
			if agency != "" {
				p.sheet.Source = "/agency/" + agency
			}
			out := io.Discard
			if receipts != "" {
				f, err := os.Create(receipts)
				if err != nil {
					return err
				}
				defer f.Close()
				out = f
			}
			p.receipts = bufio.NewWriter(out)
			if p.sheet.IDs, err = sheets.OpenIDStore(ids); err != nil {
				return fmt.Errorf("--ids: %w", err)
			}
			p.bar = progressbar.NewOptions64(size(files), progressbar.OptionSetWriter(cmd.ErrOrStderr()),
				progressbar.OptionShowBytes(true), progressbar.OptionThrottle(200*time.Millisecond),
				progressbar.OptionSetDescription("publish"), progressbar.OptionClearOnFinish())
			err = p.publish(cmd.Context(), files)
			_ = p.bar.Finish()
			// The receipts and ids of what was answered are kept, whatever failed after that.
			if err := errors.Join(err, p.receipts.Flush(), p.sheet.IDs.Close()); err != nil {
				return err
			}
			return p.summary(cmd.OutOrStdout(), receipts)
		},
	}
	p.client.flags(cmd.Flags())
	f := cmd.Flags()
	f.StringVar(&receipts, "receipts", "", "write each receipt to this file, a line each, in the order of the events")
	f.BoolVar(&p.imported, "import", false, "bring in history: recordedtime of each event becomes its recorded time (operator's right, before the first live event)")
	f.StringVar(&recorded, "recorded", "", "with --import: when the rows of spreadsheets were recorded, an instant (RFC 3339) or the end of a day")
	f.BoolVar(&p.dry, "dry-run", false, "say what would become of it, and write nothing")
	f.StringVar(&p.sheet.Kind, "type", "", "kind of the rows of spreadsheets: one of those that --columns lists")
	f.StringVar(&agency, "agency", "", "name of the agency, for rows without a source (default with no --token: local)")
	f.StringVar((*string)(&p.sheet.Division), "division", "", "division of rows without one, 12 digits")
	f.StringVar(&ids, "ids", "muster-ids", "file that remembers the ids of rows, one a deployment")
	f.BoolVar(&columns, "columns", false, "list the columns of every kind of spreadsheet")
	return cmd
}

// size returns the number of bytes of all files, -1 if one of them is not a regular
// file.
func size(files []string) (sum int64) {
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			return -1
		}
		sum += info.Size()
	}
	return sum
}

func printColumns(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "kind\tcolumn\tlabels\trequired")
	for _, c := range sheets.Columns() {
		required := ""
		if c.Required {
			required = "yes"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", c.Kind, c.Name, strings.Join(c.Labels, " "), required)
	}
	return t.Flush()
}

// publish submits files, one after the other.
func (p *publisher) publish(ctx context.Context, files []string) error {
	if d := p.sheet.Division; d != "" && !d.Valid() {
		return errors.New("--division: want the 12 digits of a division")
	}
	var done int64
	for _, name := range files {
		if err := p.file(ctx, name, done); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if n := size([]string{name}); n > 0 {
			done += n
			_ = p.bar.Set64(done)
		}
	}
	return p.flush(ctx)
}

// file submits one file. done is the number of bytes of the files before it.
func (p *publisher) file(ctx context.Context, name string, done int64) error {
	if name == "-" {
		return p.lines(ctx, "", os.Stdin)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return p.lines(ctx, name, io.MultiReader(strings.NewReader(string(head[:n])), f)) // a pipe cannot be read twice
	}
	format, err := sheets.Sniff(name, head[:n])
	switch {
	case err != nil:
		return err
	case format == sheets.NDJSON:
		return p.lines(ctx, name, f)
	}
	return p.rows(ctx, name, f, format, done)
}

// rows submits the events that the rows of a spreadsheet give.
func (p *publisher) rows(ctx context.Context, name string, f *os.File, format sheets.Format, done int64) error {
	switch {
	case p.imported && p.recorded.IsZero():
		return errors.New("--import: say with --recorded when the rows were recorded; a spreadsheet does not")
	case p.sheet.Source == "":
		return errors.New("--agency: name the agency that the token belongs to")
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	o := p.sheet
	o.Progress = func(part float64) { _ = p.bar.Set64(done + int64(part*float64(info.Size()))) }
	for entry, err := range sheets.Read(f, name, format, o) {
		if err != nil {
			return err
		}
		var raw []byte
		if entry.Event != nil {
			if raw, err = entry.Event.Append(nil); err != nil {
				return err
			}
			if p.imported {
				raw = slices.Concat(fmt.Appendf(nil, `{"recordedtime":%q,`, p.recorded.Format(time.RFC3339Nano)), raw[1:])
			}
		}
		if err := p.add(ctx, raw, pendingEvent{name, &entry}); err != nil {
			return err
		}
	}
	return nil
}

// lines submits the lines of an NDJSON file.
func (p *publisher) lines(ctx context.Context, name string, in io.Reader) error {
	lines := bufio.NewReaderSize(in, 1<<20)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		_ = p.bar.Add(len(line))
		if raw := requestLine(line, p.imported); len(raw) > 0 {
			if err := p.add(ctx, raw, pendingEvent{}); err != nil {
				return fmt.Errorf("lines up to %d: %w", number, err)
			}
		}
		if err != nil {
			return nil
		}
	}
}
