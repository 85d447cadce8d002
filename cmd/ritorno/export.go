package main

import (
	"context"

	"github.com/spf13/cobra"
)

// newExport prints everything that is kept of one person. With a CONTACT it is
// for that person: JSON, with or without --json. Without one it is the shop's
// contacts as CSV.
func newExport(g *globals) *cobra.Command {
	one := forContact(g, "export", "Print everything that is kept of one person, as JSON", func(ctx context.Context, cmd *cobra.Command, a *app, shop, who string) error {
		x, err := a.Engine.Export(ctx, shop, who)
		if err != nil {
			return err
		}
		return printJSON(cmd, x)
	})
	one.Use, one.Short = "export [CONTACT]", "Write the contacts of a shop as CSV, or all that is kept of one person as JSON"
	var raw, bom bool
	one.Flags().BoolVar(&raw, "raw", false, "CSV for programs: cells as they are, without the apostrophe that keeps a spreadsheet from taking one for a formula")
	one.Flags().BoolVar(&bom, "bom", false, "begin the CSV with a byte order mark, by which Excel knows UTF-8")
	person := one.RunE
	one.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return exactArgs("CONTACT")(cmd, args)
	}
	one.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return person(cmd, args)
		}
		name, _ := cmd.Flags().GetString("shop")
		return inShop(cmd, g, name, func(ctx context.Context, a *app, shop string) error {
			return exportContacts(ctx, cmd.OutOrStdout(), a, shop, raw, bom)
		})
	}
	return one
}
