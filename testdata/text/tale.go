package text

import (
	"fmt"
	"strings"
)

// world is what is true in a tale. Whatever the tale says is read off it.
type world struct {
	d       *dice
	out     *strings.Builder
	people  []person
	at      []int // place of each person
	places  []string
	tools   []thing
	looks   []string // colour or size of each tool, said at its first mention and at times again
	holder  []int    // person who holds the tool, or -1
	lies    []int    // place where it lies, when nobody holds it
	goods   thing    // what is counted
	owns    []int    // how many of the goods each person has
	day     int
	last    int // person of the last sentence: may be called he or she
	subject int // the same, for the sentence being built
}

// tale writes a story of some twenty events in a kept world.
func tale(d *dice, out *strings.Builder) {
	w := &world{d: d, out: out, last: -1, day: d.intn(7)}
	w.people = people(d, d.between(2, 3))
	w.places = sample(d, places, d.between(3, 4))
	w.tools = sample(d, tools, d.between(2, 3))
	w.goods = common(d, goods)
	for range w.people {
		w.at = append(w.at, d.intn(len(w.places)))
		w.owns = append(w.owns, 0)
	}
	for range w.tools {
		list := colours
		if d.chance(35) {
			list = sizes
		}
		w.looks = append(w.looks, common(d, list))
		w.holder = append(w.holder, -1)
		w.lies = append(w.lies, d.intn(len(w.places)))
	}
	w.open()
	events := []func() bool{w.move, w.take, w.drop, w.give, w.ask, w.gain, w.share, w.feel, w.recall, w.tomorrow}
	weights := []int{24, 18, 9, 12, 14, 9, 9, 9, 8, 5}
	for n := d.between(10, 26); n > 0; {
		if events[d.weighted(weights)]() {
			n--
			if d.chance(12) {
				w.paragraph()
			}
		}
	}
	w.close()
}

// say writes one sentence and remembers whom it was about.
func (w *world) say(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	w.out.WriteString(upper(s) + " ")
	w.last = w.subject
}

func (w *world) paragraph() {
	w.last = -1
	s := strings.TrimRight(w.out.String(), " ")
	if s == "" || strings.HasSuffix(s, "\n") {
		return // an empty line would end the document
	}
	w.out.Reset()
	w.out.WriteString(s + "\n")
}

// name is the subject of a sentence: a pronoun where the last sentence was
// about the same person, else the name, at times with trade or trait.
func (w *world) name(i int) string {
	w.subject = i
	p := w.people[i]
	switch {
	case w.last == i && w.d.chance(75):
		return p.he
	case w.d.chance(8):
		return p.name + " the " + p.trade
	case w.d.chance(6):
		return "the " + p.trait + " " + p.trade
	}
	return p.name
}

func (w *world) tool(k int) string {
	if w.d.chance(30) {
		return "the " + w.looks[k] + " " + w.tools[k].one
	}
	return "the " + w.tools[k].one
}

func (w *world) anyone() int { return w.d.intn(len(w.people)) }

// open introduces everybody and everything.
func (w *world) open() {
	for i, p := range w.people {
		w.subject = i
		place := w.places[w.at[i]]
		switch {
		case i == 0:
			w.say("%s there was %s %s called %s, who lived near the %s.", pick(w.d, begins), a(p.trait), p.trade, p.name, place)
		case w.d.chance(50):
			w.say("%s, %s %s, was at the %s.", p.name, a(p.trait), p.trade, place)
		default:
			w.say("In the %s lived %s the %s, who was %s.", place, p.name, p.trade, p.trait)
		}
	}
	for k, t := range w.tools {
		w.say("There was %s %s in the %s.", a(w.looks[k]), t.one, w.places[w.lies[k]])
	}
	if w.d.chance(70) {
		i := w.anyone()
		w.subject = i
		w.owns[i] = w.d.between(2, 12)
		w.say("%s had %s.", w.people[i].name, count(w.owns[i], w.goods))
	}
}

func (w *world) move() bool {
	i, to := w.anyone(), w.d.intn(len(w.places))
	if w.at[i] == to {
		return false
	}
	w.at[i] = to
	end := ""
	if w.d.chance(25) {
		end = " " + common(w.d, reasons)
	}
	var held []string
	for k := range w.tools {
		if w.holder[k] == i {
			held = append(held, w.tool(k))
		}
	}
	if len(held) > 0 && w.d.chance(40) {
		end = " with " + join(held) + end
	}
	w.say("%s %s to the %s%s.", w.name(i), common(w.d, moves), w.places[to], end)
	return true
}

func (w *world) take() bool {
	k, i := w.d.intn(len(w.tools)), w.anyone()
	if w.holder[k] >= 0 || w.lies[k] != w.at[i] {
		return false
	}
	w.holder[k] = i
	w.say("%s %s %s.", w.name(i), common(w.d, takes), w.tool(k))
	return true
}

func (w *world) drop() bool {
	k := w.d.intn(len(w.tools))
	i := w.holder[k]
	if i < 0 {
		return false
	}
	w.holder[k], w.lies[k] = -1, w.at[i]
	w.say("%s %s %s in the %s.", w.name(i), common(w.d, drops), w.tool(k), w.places[w.at[i]])
	return true
}

func (w *world) give() bool {
	k, j := w.d.intn(len(w.tools)), w.anyone()
	i := w.holder[k]
	if i < 0 || i == j || w.at[i] != w.at[j] {
		return false
	}
	w.holder[k] = j
	s := w.name(i)
	w.say("%s gave %s to %s, and %s thanked %s.", s, w.tool(k), w.people[j].name, w.people[j].name, w.people[i].him)
	return true
}

// ask is a question about the world with its true answer.
func (w *world) ask() bool {
	i, j := w.anyone(), w.anyone()
	if i == j || w.at[i] != w.at[j] {
		return false
	}
	k := w.d.intn(len(w.tools))
	answer := "It is in the " + w.places[w.lies[k]]
	switch h := w.holder[k]; {
	case h == j:
		answer = "I have it here"
	case h == i:
		answer = "You have it yourself"
	case h >= 0:
		answer = w.people[h].name + " has it"
	}
	w.subject = j
	w.say("\"Where is the %s?\" asked %s. \"%s,\" said %s.", w.tools[k].one, w.people[i].name, answer, w.people[j].name)
	return true
}

func (w *world) gain() bool {
	i := w.anyone()
	n := w.d.between(1, 6)
	if w.owns[i]+n > 20 {
		return false
	}
	verb := pick(w.d, []string{"found", "bought", "was given"})
	s := w.name(i)
	if w.owns[i] == 0 {
		w.owns[i] = n
		w.say("%s %s %s.", s, verb, count(n, w.goods))
		return true
	}
	w.owns[i] += n
	w.say("%s %s %s more, so now %s had %s.", s, verb, spell(n), w.people[i].he, count(w.owns[i], w.goods))
	return true
}

func (w *world) share() bool {
	i, j := w.anyone(), w.anyone()
	if i == j || w.owns[i] == 0 || w.at[i] != w.at[j] {
		return false
	}
	n := w.d.between(1, w.owns[i])
	if w.owns[j]+n > 20 {
		return false
	}
	w.owns[i] -= n
	w.owns[j] += n
	s := w.name(i)
	w.say("%s gave %s to %s. Then %s had %s and %s had %s.", s, count(n, w.goods), w.people[j].name,
		w.people[i].name, count(w.owns[i], w.goods), w.people[j].name, spell(w.owns[j]))
	return true
}

func (w *world) feel() bool {
	w.say("%s %s.", w.name(w.anyone()), common(w.d, feels))
	return true
}

// recall says again what was said before.
func (w *world) recall() bool {
	i := w.anyone()
	p := w.people[i]
	w.subject = i
	switch w.d.intn(4) {
	case 0:
		w.say("%s was as %s as ever.", p.name, p.trait)
	case 1:
		w.say("Nobody was as %s as %s the %s.", p.trait, p.name, p.trade)
	case 2:
		k := w.d.intn(len(w.tools))
		w.subject = -1
		w.say("The %s was still %s.", w.tools[k].one, w.looks[k])
	default:
		var here []string
		for j := range w.people {
			if j != i && w.at[j] == w.at[i] {
				here = append(here, w.people[j].name)
			}
		}
		if len(here) == 0 {
			w.say("%s was alone in the %s.", p.name, w.places[w.at[i]])
		} else {
			w.say("%s was in the %s with %s.", p.name, w.places[w.at[i]], join(here))
		}
	}
	return true
}

func (w *world) tomorrow() bool {
	w.paragraph()
	w.day = (w.day + 1) % 7
	w.subject = -1
	w.say("The next day was a %s, and there was %s.", days[w.day], common(w.d, weather))
	return true
}

// close says where everything ended.
func (w *world) close() {
	w.paragraph()
	w.subject = -1
	for k, t := range w.tools {
		if h := w.holder[k]; h >= 0 {
			w.say("In the end %s had the %s %s.", w.people[h].name, w.looks[k], t.one)
		} else {
			w.say("In the end the %s %s was in the %s.", w.looks[k], t.one, w.places[w.lies[k]])
		}
	}
	for i, n := range w.owns {
		if n > 0 {
			w.say("%s had %s.", w.people[i].name, count(n, w.goods))
		}
	}
}
