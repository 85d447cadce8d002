package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Check fetches target, a harmless GET that needs the account's credentials,
// and says what is wrong with the account, nil if nothing is. The error holds
// neither credentials nor the address.
func Check(ctx context.Context, c *http.Client, target string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return errors.New("the address of the API is not understood; look at base_url")
	}
	resp, err := c.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return fmt.Errorf("no answer from the API; look at base_url and at the network: %w", err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	err = errors.Join(err, resp.Body.Close())
	switch s := resp.StatusCode; {
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return fmt.Errorf("the credentials are refused (status %d); copy them again from the provider's console", s)
	case s != http.StatusOK:
		return fmt.Errorf("the API answered with status %d; look at base_url", s)
	case err != nil:
		return fmt.Errorf("the answer of the API broke off: %w", err)
	}
	return nil
}
