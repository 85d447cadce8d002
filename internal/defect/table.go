package defect

// Rule is one rule of the protocol that can be switched off, and the test that
// then turns red.
type Rule struct {
	Name    string
	Package string // below the module's root
	Test    string // as for go test -run
	Says    string // what the rule is
}

// Table are all of them, by package and name.
var Table = []Rule{
	{"one_request", "connectors/transport", "TestASendMakesOneRequest", "a send makes one request, whatever a library above it tries"},
	{"wire_deadline", "connectors/transport", "TestNoByteLeavesAfterTheDeadline", "no byte is written after the deadline"},

	{"ambiguous", "internal/engine", "TestStories/provider_faults", "an outcome that the wire does not prove is not taken for 'not sent'"},
	{"brake", "internal/engine", "TestStories/brake", "a shop whose messages fail brakes itself"},
	{"brake_anew", "internal/engine", "TestABrakeCountsAnewAfterAPersonReleasedIt", "after a release the numbers begin anew"},
	{"clock_first", "internal/engine", "TestTheDeadlineCountsFromBeforeTheLookAtTheClock", "the deadline counts from before the look at the clock"},
	{"clock_jump", "internal/engine", "TestAClockThatCannotBeRightHoldsSends", "a clock that jumped ahead holds sends"},
	{"deadline", "internal/engine", "TestABeginThatIsTooOldIsTakenBack", "a begin that is too old is taken back"},
	{"delivery_key", "internal/engine", "TestStories/repeated", "the same delivery changes nothing the second time"},
	{"erase_goes_on", "internal/engine", "TestAnErasureKilledAnywhereIsFinishedByAnother", "an erasure that was begun is finished by any process"},
	{"feed", "internal/engine", "TestStories/feed_silent", "nobody is told that they were missed while orders do not come in"},
	{"feed_import", "internal/engine", "TestOnlyLiveOrdersShowThatAFeedLives", "an import shows no life of a feed"},
	{"feed_moved", "internal/engine", "TestAMovedClockIsNoSilence", "a moved clock is no silence"},
	{"gate", "internal/engine", "TestStories/bought_between_claim_and_send", "begin decides on the record as it is, not as it was claimed"},
	{"lost", "internal/engine", "TestAMessageThatADeadProcessHadBegunIsNeverSentAgain", "what a dead process had begun is uncertain, not due"},
	{"own_intent", "internal/engine", "TestABeginWhoseAnswerWasLostAndSomebodyWroteSince", "a process knows its own intent again"},
	{"proof", "internal/engine", "TestStories/stale_records", "records that reach not far enough prove nothing"},
	{"recall", "internal/engine", "TestAStoreThatForgotIsReminded", "a store that forgot is reminded of what left"},
	{"suppression", "internal/engine", "TestAnErasedPersonComesBackOnlyByThemselves", "an address on the suppression list comes in as opted out"},
	{"tombstone", "internal/engine", "TestNewsInTheMiddleOfAnErasureRevivesNobody", "an erasure puts a tombstone in the record's place"},
	{"unsafe", "internal/engine", "TestAStoreThatMayForgetSendsNothing", "over a store that may forget, nothing is sent"},

	{"barrier", "internal/store", "TestDiskThatIsTooSlow", "a change counts when the disk has it"},
	{"eviction", "internal/store", "TestServersThatMayLoseData", "a server that drops data is refused"},
	{"fence", "internal/store", "TestStaleFenceChangesNothing", "a lease that somebody else took changes nothing"},
	{"guard", "internal/store", "TestTwoPowerCutsInARow", "nothing is acknowledged by a server whose file is not whole yet"},
	{"loading", "internal/store", "TestAServerThatReadsItsFilesIsNotTakenForWhole", "a server that is still reading its files is not believed when it says that it keeps none"},
	{"heartbeat", "internal/store", "TestLeasesOfTheDeadAreTakenOver", "the leases of a process that lives are its own"},
	{"look_index", "internal/store", "TestOpenQuestionsAreIndexed", "open questions stand in an index"},
	{"lost_answer", "internal/store", "TestLostAnswerOfAWrite", "a write whose answer was lost is looked for before it is made again"},
	{"orders", "internal/store", "TestOrdersAreKnownForGood", "an order that was counted is known for good"},
	{"rollback", "internal/store", "TestAStoreThatForgotSaysSo", "a store that went back in time is noticed"},
	{"run_id", "internal/store", "TestABarrierOfAnotherStartConfirmsNothing", "a barrier counts for one start of one server"},
	{"seal", "internal/store", "TestRestartedServerIsSealed", "the file of a server that restarted is made whole"},
	{"wait", "internal/store", "TestAChangeWaitsForTheReplica", "a change counts when the replicas have it"},
}
