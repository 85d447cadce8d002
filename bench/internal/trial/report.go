package trial

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Report is everything that was measured.
type Report struct {
	Options Options
	Machine Machine
	Ingest  Ingest
	History History
	Memory  [2]Memory // ours, the plain baseline's
	Claims  Claims
}

// Print writes the report as tables.
func (r Report) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	m := r.Machine
	fmt.Fprintf(w, "machine: %d cores, %s, a write of 4 KB on the disk takes %v; load average %s before, %s after\n",
		m.Cores, m.Go, m.Disk.Round(time.Microsecond), m.LoadBefore, m.LoadAfter)
	if !r.Options.Only {
		r.printIngest(w)
	}
	r.printHistory(w)
	if !r.Options.Only {
		r.printMemory(w)
		r.printClaims(w)
	}
	return w.Flush()
}

func (r Report) printIngest(w io.Writer) {
	fmt.Fprintf(w, "\nWHOLE INGEST: %d signed orders over %d connections, median of %d rounds, appendfsync always\n\n",
		r.Options.Requests, r.Options.Conns, r.Options.Rounds)
	fmt.Fprintf(w, "\trequests/s\tritorno does\tCPU µs program\tCPU µs redis\tCPU µs both\tritorno costs\tp50 ms\tp99 ms\t\n")
	for _, name := range r.Ingest.Names {
		rounds := r.Ingest.Rounds[name]
		fig := func(f func(IngestRound) float64) float64 { return medians(rounds, f) }
		speed, cost := "", ""
		if name != nameOurs {
			speed, cost = fmt.Sprintf("%.2f of it", r.Ingest.Ratio(name)), fmt.Sprintf("%.1f times it", r.Ingest.Cost(name))
		}
		fmt.Fprintf(w, "%s\t%.0f\t%s\t%.0f\t%.0f\t%.0f\t%s\t%.1f\t%.1f\t\n", name,
			fig(func(i IngestRound) float64 { return i.PerSecond() }), speed,
			fig(func(i IngestRound) float64 { return i.Program }), fig(func(i IngestRound) float64 { return i.Redis }),
			fig(func(i IngestRound) float64 { return i.both() }), cost,
			fig(func(i IngestRound) float64 { return ms(i.P50) }), fig(func(i IngestRound) float64 { return ms(i.P99) }))
	}
}

// both is the CPU of the program and of its Redis.
func (i IngestRound) both() float64 { return i.Program + i.Redis }

// Ratio is our throughput in parts of another's: the median of the rounds.
func (in Ingest) Ratio(name string) float64 { return in.compare(name, IngestRound.perSecond) }

// Cost is our CPU for a request in parts of another's: the median of the rounds.
func (in Ingest) Cost(name string) float64 { return in.compare(name, IngestRound.both) }

func (i IngestRound) perSecond() float64 { return i.PerSecond() }

func (in Ingest) compare(name string, figure func(IngestRound) float64) float64 {
	var values []float64
	for i, r := range in.Rounds[name] {
		values = append(values, figure(in.Rounds[nameOurs][i])/figure(r))
	}
	return median(values)
}

func (r Report) printHistory(w io.Writer) {
	fmt.Fprintf(w, "\nORDER HISTORY: %d rows, %d orders a customer, median of %d rounds, appendfsync always\n\n", r.Options.Rows, perCustomer, r.Options.Rounds)
	fmt.Fprintf(w, "\trows/s\tthe first does\tCPU µs program\tCPU µs redis\t\n")
	for _, name := range r.History.Names {
		rounds := r.History.Rounds[name]
		ratio := ""
		if name != nameBatches {
			ratio = fmt.Sprintf("%.2f of it", r.History.Ratio(name))
		}
		fmt.Fprintf(w, "%s\t%.0f\t%s\t%.0f\t%.0f\t\n", name, medians(rounds, func(c ClaimRound) float64 { return c.PerSecond }), ratio,
			medians(rounds, func(c ClaimRound) float64 { return c.Program }), medians(rounds, func(c ClaimRound) float64 { return c.Redis }))
	}
}

// Ratio is the speed of an import in parts of another way's: the median of the
// rounds.
func (h History) Ratio(name string) float64 {
	var values []float64
	for i, r := range h.Rounds[name] {
		values = append(values, h.Rounds[nameBatches][i].PerSecond/r.PerSecond)
	}
	return median(values)
}

func (r Report) printMemory(w io.Writer) {
	ours, plain := r.Memory[0], r.Memory[1]
	fmt.Fprintf(w, "\nMEMORY: %d contacts, one order each, from Redis' used_memory less its clients' buffers\n\n", r.Options.Contacts)
	fmt.Fprintf(w, "\tbytes/contact\tkeys/contact\tritorno needs\n")
	fmt.Fprintf(w, "%s\t%.0f\t%.2f\t\n", nameOurs, ours.PerContact, ours.Keys)
	fmt.Fprintf(w, "%s\t%.0f\t%.2f\t%.2f of it\n", namePlain, plain.PerContact, plain.Keys, ours.PerContact/plain.PerContact)
	fmt.Fprintf(w, "\n\tbytes/contact\tkeys/contact\tfrom MEMORY USAGE of every key\n")
	for i, m := range r.Memory {
		for _, f := range m.Families {
			fmt.Fprintf(w, "%s: %s\t%.0f\t%.2f\t\n", [...]string{nameOurs, "plain"}[i], f.Name, f.Bytes, f.Keys)
		}
	}
}

func (r Report) printClaims(w io.Writer) {
	fmt.Fprintf(w, "\nCLAIMS: %d claimed and given back, %d workers, median of %d rounds, appendfsync always\n\n", r.Options.Claims, workers, r.Options.Rounds)
	fmt.Fprintf(w, "\tclaims/s\tritorno does\tCPU µs program\tCPU µs redis\t\n")
	line := func(name, ratio string, rounds []ClaimRound) {
		fmt.Fprintf(w, "%s\t%.0f\t%s\t%.0f\t%.0f\t\n", name, medians(rounds, func(c ClaimRound) float64 { return c.PerSecond }), ratio,
			medians(rounds, func(c ClaimRound) float64 { return c.Program }), medians(rounds, func(c ClaimRound) float64 { return c.Redis }))
	}
	line(nameOurs, "", r.Claims.Ours)
	line("asynq, no-op tasks", fmt.Sprintf("%.2f of it", r.Claims.Ratio()), r.Claims.Asynq)
}

// Ratio is our claims in parts of asynq's: the median of the rounds.
func (c Claims) Ratio() float64 {
	var values []float64
	for i := range c.Ours {
		values = append(values, c.Ours[i].PerSecond/c.Asynq[i].PerSecond)
	}
	return median(values)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
