package reports

import "testing"

func TestAppend(t *testing.T) {
	all := study("m", smol[:2]...)
	all.Append(study("m", smol[0], smol[2]))
	if len(all.Records) != 3 || all.Records[2].Variant != "int4-g32" {
		t.Errorf("%d records: the base is the same one and belongs there once", len(all.Records))
	}
	if err := all.check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Record){
		"another container": func(r *Record) { r.ContainerSHA256 = "00" },
		"another result":    func(r *Record) { r.NLL += 1e-9 },
		"another text":      func(r *Record) { r.TokenStreamSHA256 = "c3" },
		"no hash":           func(r *Record) { r.ContainerSHA256 = "" },
	} {
		all, more := study("m", smol[0]), study("m", smol[0], smol[2])
		change(&more.Records[0])
		if name == "no hash" {
			all.Records[0].ContainerSHA256 = ""
		}
		if all.Append(more); len(all.Records) != 3 {
			t.Errorf("%s: %d records, want 3: what is not known to be the same must not vanish", name, len(all.Records))
		}
	}
}
