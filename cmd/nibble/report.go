package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nibble/reports"
)

func reportCommand() *cobra.Command {
	var out string
	var force bool
	cmd := &cobra.Command{
		Use:   "report RESULTS.json...",
		Short: "Draw the report of one or several results.json again",
		Long: `Report reads results.json files that study wrote and makes one report of them all. Results whose token streams or
settings differ cannot stand side by side and are refused, with the field that differs.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("report: give at least one results.json")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			undo, err := reportFolder(out, force)
			if err != nil {
				return err
			}
			defer undo()
			var all reports.Study
			for i, path := range args {
				s, err := reports.Read(path)
				if err != nil {
					return err
				}
				if i == 0 {
					all = s
				} else {
					all.Append(s)
				}
			}
			if len(args) > 1 {
				all.Command = commandLine(cmd, args)
				all.Title = reportTitle(all.Records)
			}
			return writeReport(cmd, out, all)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&out, "output", "o", "nibble-report", "`FOLDER` to write: new, empty, or with an earlier report, which is replaced")
	f.BoolVar(&force, "force", false, "write into a folder that holds other files")
	return cmd
}

// reportTitle names the models of the records, each once.
func reportTitle(records []reports.Record) string {
	var names []string
	for _, r := range records {
		if !slices.Contains(names, r.Model) {
			names = append(names, r.Model)
		}
	}
	return "What each bit costs: " + strings.Join(names, ", ")
}

// writeReport renders a study and prints its table, its answer and where the report is.
func writeReport(cmd *cobra.Command, dir string, s reports.Study) error {
	files, err := reports.Render(dir, s, reports.Options{})
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	fmt.Fprintln(out, reports.Table(s))
	fmt.Fprintln(out, reports.Answer(s))
	fmt.Fprintln(out)
	fmt.Fprintln(out, files[0])
	return nil
}
