package store

// Level says how bad a finding is.
type Level string

// The levels. A fault means that something is broken that must always hold.
const (
	LevelFault   Level = "fault"
	LevelWarning Level = "warning"
	LevelOK      Level = "ok"
)

// Kind names what was found; docs/operations.md has a table of them. The names
// are read by programs: they stay.
type Kind string

// What an audit of the store may find, beside the faults of the records
// themselves (lifecycle.Fault).
const (
	RecordUnreadable Kind = "record_unreadable"
	RecordMisplaced  Kind = "record_misplaced"
	DueMissing       Kind = "due_missing"
	DueTime          Kind = "due_time"
	DueStray         Kind = "due_stray"
	DueOrphan        Kind = "due_orphan"
	DueLeased        Kind = "due_leased"
	HourUnlisted     Kind = "hour_unlisted"
	HourEmpty        Kind = "hour_empty"
	LeaseOrphan      Kind = "lease_orphan"
	LeaseMissing     Kind = "lease_missing"
	LeaseOld         Kind = "lease_old"
	LookIndex        Kind = "look_index"
	LookOrphan       Kind = "look_orphan"
	UncertainIndex   Kind = "uncertain_index"
	UncertainOrphan  Kind = "uncertain_orphan"
	OrderForgotten   Kind = "order_forgotten"
	LookupMissing    Kind = "lookup_missing"
	LookupElsewhere  Kind = "lookup_elsewhere"
	LookupCrowded    Kind = "lookup_crowded"
	LookupUnreadable Kind = "lookup_unreadable"
	LookupOrphan     Kind = "lookup_orphan"
	ForwardCircle    Kind = "forward_circle"
	ForwardNowhere   Kind = "forward_nowhere"
	MergeUnfinished  Kind = "merge_unfinished"
	ErasureWaits     Kind = "erasure_waits"
	ShopUnknown      Kind = "shop_unknown"
	CountContacts    Kind = "count_contacts"
	CountState       Kind = "count_state"
	Doubled          Kind = "message_doubled"
	Orphans          Kind = "orphans"

	ServerEviction Kind = "server_eviction"
	ServerDisk     Kind = "server_disk"
	ServerDurable  Kind = "server_not_durable"
	ServerReplicas Kind = "server_replicas"
	ServerMemory   Kind = "server_memory"
	ServerNoLimit  Kind = "server_no_limit"
	ServerCluster  Kind = "server_cluster"
)

const (
	mendRepair = "ritorno doctor --repair"
	mendReport = "nothing to be done by hand: report it as a defect, with this line"
)

// judgement is what follows from a kind.
type judgement struct {
	level Level
	mend  string
}

// judgements are those of every kind of the store and of the records.
var judgements = map[Kind]judgement{
	RecordUnreadable: {LevelFault, "a newer release wrote it: upgrade; else restore the record from a backup"},
	RecordMisplaced:  {LevelFault, "somebody wrote it by hand, or shards were mixed: restore from a backup"},
	DueMissing:       {LevelFault, mendRepair},
	DueTime:          {LevelFault, mendRepair},
	DueStray:         {LevelFault, mendRepair},
	DueOrphan:        {LevelFault, mendRepair + "; the record is lost: look for 'went back in time' in the log, and at the server's memory policy"},
	DueLeased:        {LevelFault, mendRepair},
	HourUnlisted:     {LevelFault, mendRepair},
	HourEmpty:        {LevelFault, mendRepair},
	LeaseOrphan:      {LevelFault, mendRepair},
	LeaseMissing:     {LevelFault, mendRepair + "; the message then becomes uncertain, and is settled as such"},
	LeaseOld:         {LevelWarning, "look for this contact in the log (panic, or a shop that is not in the configuration), then restart serve: it takes the lease over"},
	LookIndex:        {LevelFault, mendRepair},
	LookOrphan:       {LevelFault, mendRepair},
	UncertainIndex:   {LevelFault, mendRepair},
	UncertainOrphan:  {LevelFault, mendRepair},
	OrderForgotten:   {LevelFault, mendRepair},
	LookupMissing:    {LevelFault, mendRepair},
	LookupElsewhere:  {LevelFault, "two records may be one person: let the source tell of the merge, or erase the wrong one"},
	LookupCrowded:    {LevelWarning, "more than 64 contacts share this number: it is a placeholder; take it out at the source"},
	LookupUnreadable: {LevelFault, mendRepair},
	LookupOrphan:     {LevelWarning, "harmless: the next event of that person uses it"},
	ForwardCircle:    {LevelFault, mendReport},
	ForwardNowhere:   {LevelWarning, "harmless: the person it leads to was erased; where nobody was, the record is lost"},
	MergeUnfinished:  {LevelWarning, "ritorno status CONTACT --shop SHOP ends it"},
	ErasureWaits:     {LevelWarning, "a running serve ends it; ritorno erase CONTACT --shop SHOP does it at once"},
	ShopUnknown:      {LevelWarning, "put the shop back into the configuration, or leave its contacts alone: nothing is sent to them"},
	CountContacts:    {LevelFault, "the number shown is off by this much, nothing else: report it as a defect, with this line"},
	CountState:       {LevelFault, "the figures of reports are off by this much, nothing else: report it as a defect, with this line"},
	Doubled:          {LevelFault, "look at the message in the provider's console, and report it as a defect, with this line"},
	Orphans:          {LevelWarning, "the server once lost a record: look at its memory policy and its log"},

	ServerEviction: {LevelFault, "set maxmemory-policy noeviction, then look for lost records: this command shows them"},
	ServerDisk:     {LevelFault, "look at the server's log and its disk: space, permissions, memory for a fork"},
	ServerDurable:  {LevelWarning, "set appendonly yes and appendfsync always"},
	ServerReplicas: {LevelFault, "start the replica, or set redis.replicas to what there is and restart serve: nothing is acknowledged meanwhile"},
	ServerMemory:   {LevelWarning, "give the server more memory, or set retention; at the limit webhooks are refused"},
	ServerNoLimit:  {LevelWarning, "set maxmemory below the machine's memory, so that writes are refused before the machine ends the server"},
	ServerCluster:  {LevelFault, "look at CLUSTER INFO and CLUSTER NODES: slots are not covered"},

	"record_bounds":      {LevelFault, mendReport},
	"message_twice":      {LevelFault, mendReport},
	"timer_unwanted":     {LevelFault, "pause the shop until it is mended (ritorno pause --shop SHOP), and report it as a defect, with this line"},
	"queued_opted_out":   {LevelFault, "nothing leaves: the gate checks consent again. Report it as a defect, with this line"},
	"queued_idle":        {LevelFault, "nothing leaves: its journey is over. Report it as a defect, with this line"},
	"sending_unmatched":  {LevelFault, mendReport},
	"uncertain_unlisted": {LevelFault, "look into the provider's console, and report it as a defect, with this line"},
	"question_idle":      {LevelFault, mendReport},
}
