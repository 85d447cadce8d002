package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"ritorno/config"
	"ritorno/internal/link"
	"ritorno/internal/store"
)

func newCoupon(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "coupon", Short: "Coupon codes of shops without an API", RunE: needSub}
	cmd.AddCommand(newCouponImport(g), newCouponStatus(g))
	return cmd
}

func newCouponImport(g *globals) *cobra.Command {
	var shop string
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Add codes of a CSV file (one a line, or columns code and expires) to a shop's pool", Args: exactArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.load()
			if err != nil {
				return err
			}
			name, err := pickShop(c, shop)
			if err != nil {
				return err
			}
			codes, err := readPool(args[0], c.Shop(name))
			if err != nil {
				return err
			}
			return withStore(cmd.Context(), c, func(ctx context.Context, a *app) error { return importCodes(ctx, cmd, g, a, name, codes) })
		},
	}
	cmd.Flags().StringVar(&shop, "shop", "", "`name` of the shop; may be left out where there is one")
	return cmd
}

func readPool(file string, s *config.Shop) ([]store.Coupon, error) {
	zone, err := time.LoadLocation(s.Timezone)
	if err != nil {
		return nil, fmt.Errorf("timezone: %w", err)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	read, err := link.ReadPool(f, zone)
	if err != nil {
		return nil, fmt.Errorf("%s: nothing was imported:\n%w", file, err)
	}
	codes := make([]store.Coupon, len(read))
	for i, c := range read {
		codes[i] = store.Coupon{Code: c.Code, Expires: c.Expires}
	}
	return codes, nil
}

func importCodes(ctx context.Context, cmd *cobra.Command, g *globals, a *app, shop string, codes []store.Coupon) error {
	added, err := a.Store.AddCoupons(ctx, shop, codes)
	if err != nil {
		return fmt.Errorf("%w; repeat the import: what is there already is not added again", err)
	}
	p, err := a.Store.CouponPool(ctx, shop)
	if err != nil {
		return err
	}
	if s := a.Config.Shop(shop); s.Coupon == nil || s.Coupon.From != config.Pool {
		fmt.Fprintf(cmd.ErrOrStderr(), "shop %s does not take its coupons from the pool: set shops.%s.coupon: {from: pool}\n", shop, shop)
	}
	if g.json {
		return printJSON(cmd, map[string]any{"shop": shop, "read": len(codes), "added": added, "left": p.Free})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "shop %s: %d codes read, %d added, %d known before; %d left\n", shop, len(codes), added, int64(len(codes))-added, p.Free)
	return err
}

// couponView is how the coupons of a shop come to be, and what is left.
type couponView struct {
	Shop    string `json:"shop"`
	From    string `json:"from"` // a source, pool, or empty: nobody makes them
	Percent int    `json:"percent,omitempty"`
	Amount  string `json:"amount,omitempty"`
	Expires string `json:"expires,omitempty"`
	Left    int64  `json:"left"`  // of the pool
	Taken   int64  `json:"taken"` // … given to messages
	Known   int64  `json:"known"` // … ever imported
}

func newCouponStatus(g *globals) *cobra.Command {
	return onStore(g, "status", "Where each shop's coupons come from, and how many codes are left", func(ctx context.Context, cmd *cobra.Command, a *app) error {
		rows, out := [][]any{{"SHOP", "FROM", "GIVES", "LEFT", "TAKEN", "IMPORTED"}}, []couponView{}
		for _, s := range a.Config.Shops {
			p, err := a.Store.CouponPool(ctx, s.ID)
			if err != nil {
				return err
			}
			v := couponView{Shop: s.ID, Left: p.Free, Taken: p.Taken, Known: p.Known}
			from, gives := "made by hand", "-"
			if c := s.Coupon; c != nil {
				v.From, v.Percent, v.Amount, v.Expires = c.From, c.Percent, c.Amount, c.Expires.String()
				from = c.From
				switch {
				case c.Percent > 0:
					gives = fmt.Sprintf("%d%%", c.Percent)
				case c.Amount != "":
					gives = c.Amount + " " + s.Currency
				}
			}
			rows, out = append(rows, []any{v.Shop, from, gives, v.Left, v.Taken, v.Known}), append(out, v)
		}
		if g.json {
			return printJSON(cmd, out)
		}
		return table(cmd.OutOrStdout(), rows...)
	})
}
