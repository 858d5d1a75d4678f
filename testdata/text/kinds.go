package text

import (
	"fmt"
	"slices"
	"strings"
)

// bill is a list of goods with prices in digits, and its sum.
func bill(d *dice, out *strings.Builder) {
	p := people(d, 2)
	fmt.Fprintf(out, "Bill of %s the %s for %s, page %d\n", p[0].name, p[0].trade, p[1].name, d.between(1, 99))
	sum := 0
	for _, g := range sample(d, goods, d.between(2, 5)) {
		n, price := d.between(1, 9), d.between(1, 9)
		sum += n * price
		fmt.Fprintf(out, "%d %s at %d each: %d\n", n, noun(n, g), price, n*price)
	}
	fmt.Fprintf(out, "Sum: %d\n", sum)
	paid := sum + d.intn(20)
	if paid == sum {
		fmt.Fprintf(out, "%s paid %d. Nothing is left to pay.", p[1].name, paid)
		return
	}
	fmt.Fprintf(out, "%s paid %d and got %d back from %s.", p[1].name, paid, paid-sum, p[0].name)
}

// premises draws conclusions, half of them about words that mean nothing.
func premises(d *dice, out *strings.Builder) {
	for i := range d.between(2, 4) {
		if i > 0 {
			out.WriteString("\n")
		}
		p := people(d, 1)[0]
		kind := pick(d, animals)
		if d.chance(60) {
			stem := strings.ToLower(pick(d, heads)) + pick(d, mids) + pick(d, []string{"n", "ck", "l", "m", "p"})
			kind = thing{stem, stem + "s"}
		}
		q := sample(d, append(slices.Clone(colours), traits...), 3)
		switch d.intn(3) {
		case 0:
			fmt.Fprintf(out, "All %s are %s. %s has %s. So the %s of %s is %s.", kind.many, q[0], p.name, a(kind.one), kind.one, p.name, q[0])
		case 1:
			fmt.Fprintf(out, "No %s is %s. %s saw something %s. So it was not %s.", kind.one, q[0], p.name, q[0], a(kind.one))
		default:
			fmt.Fprintf(out, "All %s are %s, and whatever is %s is %s. %s has %s. So the %s of %s is both %s and %s.",
				kind.many, q[0], q[0], q[1], p.name, a(kind.one), kind.one, p.name, q[0], q[1])
		}
		fmt.Fprintf(out, " Is it %s? ", q[2])
		out.WriteString("Nobody knows.")
	}
}

// order compares persons in a chain and sorts them.
func order(d *dice, out *strings.Builder) {
	n := d.between(3, 5)
	p := people(d, n)
	words := pick(d, [][2]string{{"taller", "tallest"}, {"older", "oldest"}, {"stronger", "strongest"}, {"faster", "fastest"}, {"richer", "richest"}, {"wiser", "wisest"}})
	var names []string
	for _, q := range p {
		names = append(names, q.name)
	}
	shown := sample(d, names, n)
	fmt.Fprintf(out, "Here are %s. ", join(shown))
	for i := range n - 1 {
		fmt.Fprintf(out, "%s is %s than %s. ", names[i], words[0], names[i+1])
	}
	fmt.Fprintf(out, "So the %s is %s. In order, the %s first: %s. ", words[1], names[0], words[1], join(names))
	i := d.intn(n - 1)
	j := d.between(i+1, n-1)
	if d.chance(50) {
		fmt.Fprintf(out, "Is %s %s than %s? Yes.", names[i], words[0], names[j])
	} else {
		fmt.Fprintf(out, "Is %s %s than %s? No, %s is %s than %s.", names[j], words[0], names[i], names[i], words[0], names[j])
	}
}

// letter opens with one name, closes with another, and gets an answer.
func letter(d *dice, out *strings.Builder) {
	p := people(d, 3)
	where := sample(d, places, 2)
	t, g := common(d, tools), common(d, goods)
	day, n := d.intn(6), d.between(2, 12)
	fmt.Fprintf(out, "Dear %s,\n", p[0].name)
	fmt.Fprintf(out, "I am writing to you from the %s. The %s here is not good, and I have lost my %s. ", where[0], common(d, weather), t.one)
	fmt.Fprintf(out, "Please send me %s %s and %s. ", pick(d, []string{"another", "a new", "your"}), t.one, count(n, g))
	fmt.Fprintf(out, "Meet me at the %s on %s. %s the %s says that you are %s.\n", where[1], days[day], p[2].name, p[2].trade, p[0].trait)
	fmt.Fprintf(out, "Your friend,\n%s\n", p[1].name)
	fmt.Fprintf(out, "Dear %s,\n", p[1].name)
	fmt.Fprintf(out, "Thank you for your letter from the %s. ", where[0])
	if d.chance(50) {
		fmt.Fprintf(out, "I am sending you the %s and the %s. ", t.one, count(n, g))
	} else {
		k := d.between(1, n-1)
		fmt.Fprintf(out, "I have only %s, so %s will be missing, but the %s is on its way. ", count(k, g), spell(n-k), t.one)
	}
	if d.chance(60) {
		fmt.Fprintf(out, "I will be at the %s on %s. ", where[1], days[day])
	} else {
		fmt.Fprintf(out, "I cannot be at the %s on %s, but I can come on %s, the day after. ", where[1], days[day], days[day+1])
	}
	fmt.Fprintf(out, "Tell %s that I am not %s at all.\n", p[2].name, p[0].trait)
	fmt.Fprintf(out, "Your friend,\n%s", p[0].name)
}

// song counts an animal down, verse by verse.
func song(d *dice, out *strings.Builder) {
	kind, where, c := pick(d, animals), pick(d, places), common(d, colours)
	verb := pick(d, []string{"ran", "flew", "swam", "crept", "jumped"})
	n := d.between(2, 7)
	for ; n > 0; n-- {
		fmt.Fprintf(out, "%s %s %s sat by the %s,\n", upper(spell(n)), c, noun(n, kind), where)
		fmt.Fprintf(out, "one %s away and left the %s.\n", verb, pick(d, []string{"others", "rest", "song"}))
	}
	fmt.Fprintf(out, "Now no %s %s sits by the %s.", c, kind.one, where)
}

// lesson repeats a list forwards, backwards and by number.
func lesson(d *dice, out *strings.Builder) {
	p := people(d, 2)
	var words []string
	for _, t := range sample(d, append(slices.Clone(tools), goods...), d.between(3, 6)) {
		words = append(words, t.one)
	}
	back := slices.Clone(words)
	slices.Reverse(back)
	ordinals := []string{"first", "second", "third", "fourth", "fifth", "sixth"}
	fmt.Fprintf(out, "\"Say after me,\" said %s the %s. \"%s.\"\n", p[0].name, p[0].trade, upper(strings.Join(words, ", ")))
	fmt.Fprintf(out, "\"%s,\" said %s.\n", upper(strings.Join(words, ", ")), p[1].name)
	fmt.Fprintf(out, "\"And backwards?\" asked %s. \"%s,\" said %s.\n", p[0].name, upper(strings.Join(back, ", ")), p[1].name)
	for range d.between(1, 3) {
		i := d.intn(len(words))
		fmt.Fprintf(out, "\"Which is the %s?\" \"%s.\"\n", ordinals[i], upper(words[i]))
	}
	fmt.Fprintf(out, "\"How many are there?\" \"%s.\"\n", upper(spell(len(words))))
	fmt.Fprintf(out, "\"Well done, %s,\" said %s.", p[1].name, p[0].name)
}
