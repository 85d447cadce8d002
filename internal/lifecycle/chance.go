package lifecycle

import (
	"encoding/binary"
	"strconv"

	"ritorno/internal/identity"
)

// draw is a number from 0 to below 1 that hangs on the installation's secret and
// the words alone: chance that comes out the same again and again.
func (r *Rules) draw(purpose string, words ...string) float64 {
	k := r.Keys
	if k == nil {
		k = &identity.Keys{}
	}
	sum := k.Draw(purpose, words...)
	return float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53)
}

// heldOut reports whether the contact is in the part of a journey's that gets
// nothing.
func (d *decision) heldOut(j *Journey) bool {
	return j.Holdout > 0 && d.r.draw("holdout", d.c.ID, j.Name) < j.Holdout
}

// message is what a step of a journey sends to the contact: the template, and
// which variant that is.
func (d *decision) pick(j *Journey, i int) (template, variant string) {
	s := &j.Steps[i]
	template = s.Template
	if len(s.Variants) > 0 {
		v := s.Variants[d.drawn(j, i)]
		template, variant = v.Template, v.Name
	}
	return d.allowed(template), variant
}

// drawn is the index of the variant that the contact gets.
func (d *decision) drawn(j *Journey, i int) int {
	vs := j.Steps[i].Variants
	sum := 0
	for _, v := range vs {
		sum += v.Weight
	}
	at := d.r.draw("variant", d.c.ID, j.Name, strconv.Itoa(i)) * float64(sum)
	for n, v := range vs {
		if at -= float64(v.Weight); at < 0 {
			return n
		}
	}
	return len(vs) - 1
}
