package twilio

import (
	"context"
	"fmt"

	"ritorno/connectors/transport"
)

// Check asks Twilio about the account without sending anything. The error says
// what is wrong and where to mend it.
func (s *Sender) Check(ctx context.Context) error {
	c := transport.Reader(s.transport())
	if err := transport.Check(ctx, c, "https://api.twilio.com/2010-04-01/Accounts/"+s.o.AccountSID+".json"); err != nil {
		return fmt.Errorf("twilio.account_sid, twilio.auth_token: %w", err)
	}
	return nil
}
