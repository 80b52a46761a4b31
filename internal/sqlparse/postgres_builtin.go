package sqlparse

// pgClass is what a cache has to know of a built-in function.
type pgClass uint8

const (
	pgUnknown    pgClass = iota // not a built-in, or one of a later version
	pgIsPure                    // a function of its arguments and settings in the key
	pgIsTime                    // tells the time
	pgIsSession                 // tells something of the connection
	pgIsCatalog                 // reads the system catalogs
	pgIsVolatile                // anything else
)

// harmless reports that a call writes no table.
func (c pgClass) harmless() bool { return c != pgUnknown && c != pgIsVolatile }

var pgClasses = classify(map[pgClass][]string{
	pgIsPure:     {pgImmutable, pgStable, "age"},
	pgIsTime:     {pgTime},
	pgIsSession:  {pgSession},
	pgIsCatalog:  {pgCatalog},
	pgIsVolatile: {pgVolatile},
})

func classify(lists map[pgClass][]string) map[string]pgClass {
	classes := make(map[string]pgClass)
	for class, texts := range lists {
		for _, text := range texts {
			for name := range wordSet(text) {
				classes[name] = class
			}
		}
	}
	return classes
}

// pgBuiltin returns the class of a function of pg_catalog.
func pgBuiltin(name string) pgClass { return pgClasses[name] }

// pgOperators are the operators of pg_catalog. The stable ones among them
// depend on the time zone or the text search configuration alone.
var pgOperators = wordSet(`
	!! !~ !~* !~~ !~~* # ## #- #> #>> % & && &< &<| &> * *< *<= *<> *= *> *>= + - -> ->> -|- / < <-> << <<= <<| <= <>
	!= <@ <^ = > >= >> >>= >^ ? ?# ?& ?- ?-| ?| ?|| @ @-@ @> @? @@ @@@ ^ ^@ | |&> |/ |>> || ||/ ~ ~* ~<=~ ~<~ ~= ~>=~
	~>~ ~~ ~~*`)
