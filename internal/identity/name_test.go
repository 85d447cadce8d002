package identity_test

import (
	"testing"

	"ritorno/internal/identity"
)

func TestClash(t *testing.T) {
	for name, tt := range map[string]struct {
		a, b [2]string
		want bool
	}{
		"the same":                            {[2]string{"Anna", "Rossi"}, [2]string{"Anna", "Rossi"}, false},
		"in other letters":                    {[2]string{"JOSÉ", "Díaz"}, [2]string{"jose", "diaz"}, false},
		"in its composed and decomposed form": {[2]string{"Ren\u00e9", ""}, [2]string{"Rene\u0301", ""}, false},
		"a second name":                       {[2]string{"Anna", "Rossi"}, [2]string{"Anna Maria", "Rossi"}, false},
		"an initial":                          {[2]string{"A.", "Rossi"}, [2]string{"Anna", "Rossi"}, false},
		"a short form":                        {[2]string{"Max", ""}, [2]string{"Maximilian", ""}, false},
		"first and last name exchanged":       {[2]string{"Rossi", "Anna"}, [2]string{"Anna", "Rossi"}, false},
		"all of it in one field":              {[2]string{"Rossi Anna", ""}, [2]string{"Anna", "Rossi"}, false},
		"another last name":                   {[2]string{"Anna", "Rossi"}, [2]string{"Anna", "Bianchi"}, true},
		"a name that is missing":              {[2]string{"", "Rossi"}, [2]string{"Luca", "Rossi"}, false},
		"no letters at all":                   {[2]string{"-", ""}, [2]string{"Luca", ""}, false},
		"two of one family":                   {[2]string{"Anna", "Rossi"}, [2]string{"Luca", "Rossi"}, true},
		"two strangers":                       {[2]string{"Anna", "Rossi"}, [2]string{"Karl", "Meier"}, true},
	} {
		for range 2 {
			if got := identity.Clash(tt.a[0], tt.a[1], tt.b[0], tt.b[1]); got != tt.want {
				t.Errorf("%s: %v and %v clash: %v, want %v", name, tt.a, tt.b, got, tt.want)
			}
			tt.a, tt.b = tt.b, tt.a
		}
	}
}

func FuzzClash(f *testing.F) {
	f.Add("Anna", "Rossi", "José", "Díaz")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		if identity.Clash(a, b, a, b) {
			t.Fatalf("%q %q clashes with itself", a, b)
		}
		if identity.Clash(a, b, c, d) != identity.Clash(c, d, a, b) {
			t.Fatal("depends on who comes first")
		}
	})
}
