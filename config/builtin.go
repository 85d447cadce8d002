package config

import (
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/when"
)

// builtinNames are the journeys of a shop that names none, in this order.
var builtinNames = []string{"reactivation", "welcome_back", "cancellation"}

// builtin are the journeys that every installation has. A journey of the same
// name in the file takes the place of one of them.
var builtin = []*Journey{
	{
		Name: "reactivation", Trigger: lifecycle.OnInactivity, Threshold: Fixed,
		Steps: []*Step{
			smsOrEmail(30*day, "survey"),
			smsOrEmail(60*day, "contest"),
			smsOrEmail(90*day, "coupon"),
		},
		Finish: Finish{7 * day, lifecycle.UnsubscribedState},
	},
	{
		Name: "welcome_back", Trigger: lifecycle.OnReturn, Threshold: Fixed,
		Steps: []*Step{
			email(0, "welcome_back_memory", ""),
			email(3*day, "welcome_back_news", ""),
			email(7*day, "welcome_back_stay", ""),
			email(28*day, "welcome_back_check", "orders_since_return == 0"),
		},
		Finish: Finish{0, lifecycle.Active},
	},
	{
		Name: "cancellation", Trigger: lifecycle.OnCancellation, Threshold: Fixed,
		Steps: []*Step{
			email(Duration(time.Hour), "cancellation_sorry", ""),
			email(14*day, "cancellation_offer", stillThere),
		},
		Finish: Finish{14 * day, lifecycle.Dormant},
	},
	// Those below are there for whoever names them.
	{
		Name: "cancellation_door", Trigger: lifecycle.OnCancellation, Threshold: Fixed,
		Steps: []*Step{
			email(Duration(time.Hour), "cancellation_sorry", ""),
			email(14*day, "cancellation_offer", stillThere),
			email(45*day, "cancellation_door", stillThere),
		},
		Finish: Finish{14 * day, lifecycle.UnsubscribedState},
	},
	{
		Name: "early_warning", Trigger: lifecycle.OnEarlyWarning, Threshold: Fixed,
		Steps:  []*Step{email(0, "early_warning", "")},
		Finish: Finish{14 * day, lifecycle.Active},
	},
	{
		Name: "payment_failed", Trigger: lifecycle.OnPaymentFailed, Threshold: Fixed,
		Steps: []*Step{
			email(Duration(time.Hour), "payment_failed", ""),
			smsOrEmail(3*day, "payment_failed"),
		},
		Finish: Finish{7 * day, lifecycle.Active},
	},
}

// stillThere holds for whoever might come back: others get a good last
// impression and nothing more.
const stillThere = `cancel_reason_class not in ["moved", "fraud"]`

const day = Duration(24 * time.Hour)

func smsOrEmail(after Duration, template string) *Step {
	return &Step{After: after, Channels: []lifecycle.Channel{lifecycle.SMS, lifecycle.Email}, Template: template}
}

// email panics on a condition that does not compile; a test loads the package.
func email(after Duration, template, condition string) *Step {
	s := &Step{After: after, Channels: []lifecycle.Channel{lifecycle.Email}, Template: template}
	if condition == "" {
		return s
	}
	e, err := when.Compile(condition)
	if err != nil {
		panic(err)
	}
	s.When = e
	return s
}
