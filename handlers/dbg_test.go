package handlers_test
import "testing"
func TestDbg(t *testing.T){ r:=open(t); t.Log(r.clock(beforeAll).Body); r.anna(""); t.Log(r.log.String()); for _,l:=range r.deadLetters(){t.Log(l)}
 c,err:=r.engine.Find(t.Context(),"bottega","anna+x@example.com"); t.Logf("%+v %v",c,err)}
