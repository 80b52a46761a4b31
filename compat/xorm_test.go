package compat

import (
	"errors"
	"testing"
	"time"

	"xorm.io/xorm"
	"xorm.io/xorm/core"
	"xorm.io/xorm/names"
)

type Ticket struct {
	ID     int64  `xorm:"pk autoincr 'id'"`
	Title  string `xorm:"varchar(100) index"`
	Open   bool
	Due    time.Time
	Labels []string `xorm:"json"`
	Rank   *int
}

func TestXormOverTheCachedDriver(t *testing.T) { inBoth(t, 27, xormStory) }

func xormStory(s *story) {
	driverName := map[string]string{"postgres": "pgx", "mysql": "mysql"}[s.dialect]
	dsn := map[string]string{"postgres": "postgres://localhost/any", "mysql": "tcp(localhost)/any"}[s.dialect] // only parsed
	engine, err := xorm.NewEngineWithDB(driverName, dsn, core.FromDB(s.db))
	s.must(err)
	engine.SetMapper(names.GonicMapper{})
	engine.TZLocation, engine.DatabaseTZ = time.UTC, time.UTC
	s.must(engine.Table("ticket").Sync(new(Ticket)))
	rank := 7
	tickets := []Ticket{{Title: "one", Open: true, Due: day(1), Labels: []string{"a", "b"}, Rank: &rank}, {Title: "two", Due: day(2)}, {Title: "thrée", Due: day(3)}}
	_, err = engine.Insert(&tickets)
	s.must(err)
	xormReads(s, engine)
	_, err = engine.ID(1).Cols("open", "rank").Update(&Ticket{})
	s.must(err)
	xormReads(s, engine)
	_, err = engine.Transaction(func(session *xorm.Session) (any, error) {
		_, err := session.Insert(&Ticket{Title: "never", Due: day(4)})
		s.must(err)
		n, err := session.Count(new(Ticket))
		s.tell("inside", n, err)
		return nil, errors.New("stop")
	})
	s.tell("rolled back", nil, err)
	_, err = engine.Where("title = ?", "two").Delete(new(Ticket))
	s.must(err)
	xormReads(s, engine)
}

func xormReads(s *story, engine *xorm.Engine) {
	var all []Ticket
	s.tell("Find", &all, engine.Asc("id").Find(&all))
	for _, title := range []string{"one", "thrée", "nothing"} {
		one := Ticket{Title: title}
		has, err := engine.Get(&one)
		s.tell("Get", []any{has, one}, err)
	}
	n, err := engine.Where("due > ?", day(1)).Count(new(Ticket))
	s.tell("Count", n, err)
	sum, err := engine.SumInt(new(Ticket), "id")
	s.tell("SumInt", sum, err)
	has, err := engine.In("id", 2, 3).Exist(new(Ticket))
	s.tell("Exist", has, err)
	raw, err := engine.QueryString("SELECT id, title, due FROM ticket ORDER BY id DESC")
	s.tell("QueryString", raw, err)
	var seen []string
	err = engine.Asc("id").Iterate(new(Ticket), func(_ int, bean any) error {
		seen = append(seen, bean.(*Ticket).Title)
		return nil
	})
	s.tell("Iterate", seen, err)
}
