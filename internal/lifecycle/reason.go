package lifecycle

// Reason names a decision. It is stored, counted and shown to support; it is
// never empty for a decision, and never built at run time.
type Reason string

// Why a contact is in its state.
const (
	ReasonNoResponse  Reason = "no_response"
	ReasonOptOut      Reason = "opt_out"
	ReasonSpared      Reason = "spared"      // an order from before the journey began came late
	ReasonUnreachable Reason = "unreachable" // no provider ever accepted a message of the journey
	ReasonCameBack    Reason = "came_back"   // ordered after a long gap, by themselves
	ReasonWonOrder    Reason = "won_by_order"
	ReasonWonResponse Reason = "won_by_response"
	ReasonRenewed     Reason = "renewed"
	ReasonResumed     Reason = "resubscribed"
	ReasonInactive    Reason = "inactive"
	ReasonWelcomed    Reason = "welcome_back_done"
	ReasonSecondOrder Reason = "second_order"
	ReasonCancelled   Reason = "cancelled"

	ReasonPaymentFailed Reason = "payment_failed"   // cancelled, and nobody decided to leave
	ReasonDisputed      Reason = "payment_disputed" // the same; the bank took a payment back
)

// Why a message was dropped, failed or waits.
const (
	ReasonBought       Reason = "bought"
	ReasonResponded    Reason = "responded"
	ReasonOptedOut     Reason = "opted_out"
	ReasonExpired      Reason = "expired"
	ReasonCapped       Reason = "capped"
	ReasonQuiet        Reason = "quiet_hours"
	ReasonBestHour     Reason = "best_hour" // later on the same day, when the contact reacts most
	ReasonPaused       Reason = "paused"
	ReasonNoConsent    Reason = "no_consent"
	ReasonNoAddress    Reason = "no_address"
	ReasonWhenFalse    Reason = "condition_false"
	ReasonWhenError    Reason = "condition_error"
	ReasonInvalid      Reason = "invalid_number"
	ReasonBounced      Reason = "bounced"
	ReasonSpam         Reason = "spam_report"
	ReasonContent      Reason = "content_rejected"
	ReasonAccount      Reason = "provider_account"
	ReasonProvider     Reason = "provider_unavailable"
	ReasonUncertain    Reason = "outcome_unknown"
	ReasonJourneyGone  Reason = "journey_changed"
	ReasonErased       Reason = "erased"
	ReasonCancelledSub Reason = "subscription_cancelled"
	ReasonImported     Reason = "imported"
	ReasonRefunded     Reason = "refunded"
	ReasonDue          Reason = "due"
	ReasonInFlight     Reason = "in_flight"
	ReasonMerged       Reason = "merged"
	ReasonBlocked      Reason = "blocked" // carrier or provider refuses for this recipient
	ReasonNeverSent    Reason = "never_accepted"
	ReasonByHand       Reason = "decided_by_hand"
	ReasonShopPaused   Reason = "shop_paused"
	ReasonFeedSilent   Reason = "feed_silent" // a source's orders stopped: "has not bought" may not be true
	ReasonBraked       Reason = "brake"       // too many of the last messages failed or made people opt out

	ReasonHoldout    Reason = "holdout"         // in the part of a journey that gets nothing
	ReasonAwaits     Reason = "awaits_reaction" // the step waits for a reaction
	ReasonNoReaction Reason = "no_reaction"     // it waited in vain
	ReasonOutranked  Reason = "outranked"       // a journey of higher priority has the contact
	ReasonStopped    Reason = "stop_if"
	ReasonPerDay     Reason = "entries_per_day" // the day's number of entries is full, or spread
	ReasonReentry    Reason = "reentry"         // may not enter the journey again, or not yet
	ReasonEarly      Reason = "early_warning"   // the gap since the last order is too long

	ReasonCouponAway    Reason = "coupon_unavailable" // the shop could not be reached to make the coupon
	ReasonCouponRefused Reason = "coupon_refused"     // the shop refuses to make coupons until a person mends it
	ReasonCouponsOut    Reason = "coupons_exhausted"  // the pool of codes is empty

	ReasonUnsubscribed Reason = "unsubscribed"    // nothing comes next: who is unsubscribed is left alone
	ReasonLeftOut      Reason = "imported_silent" // nothing comes next: silent already when imported, and not let in

	ReasonLastLook Reason = "last_look" // the shop was not, or not yet, asked whether the contact has bought
)

// holds reports whether a message waits for the shop or for the operator: the
// provider was not asked, and is not to blame.
func (r Reason) holds() bool {
	switch r {
	case ReasonShopPaused, ReasonFeedSilent, ReasonBraked, ReasonCouponAway, ReasonCouponRefused, ReasonCouponsOut, ReasonLastLook:
		return true
	}
	return false
}

// ended reports whether a journey with this outcome ran to its end.
func (r Reason) ended() bool {
	switch r {
	case ReasonFinished, ReasonWelcomed, ReasonStopped, ReasonNoResponse, ReasonUnreachable:
		return true
	}
	return false
}

// What Decide did with an event.
const (
	ReasonStored      Reason = "stored"
	ReasonNothingNew  Reason = "nothing new"
	ReasonLateNews    Reason = "counted, but newer news is known"
	ReasonNotDue      Reason = "not due yet"
	ReasonStale       Reason = "stale attempt"
	ReasonWaits       Reason = "waits"
	ReasonEntered     Reason = "journey entered"
	ReasonStepPlanned Reason = "step planned"
	ReasonStepDropped Reason = "step dropped"
	ReasonFinished    Reason = "journey finished"
	ReasonBegun       Reason = "begun"
	ReasonSettled     Reason = "settled before"
)
