package compat

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/mysqldialect"
	"github.com/uptrace/bun/dialect/pgdialect"
)

type owner struct {
	bun.BaseModel `bun:"table:owners"`
	ID            int64 `bun:",pk,autoincrement"`
	Name          string
	Seen          time.Time
	Pets          []*pet `bun:"rel:has-many,join:id=owner_id"`
}

type pet struct {
	bun.BaseModel `bun:"table:pets"`
	ID            int64 `bun:",pk,autoincrement"`
	OwnerID       int64
	Name          string
	Weight        *float64
	Facts         map[string]string `bun:"type:json"`
	Owner         *owner            `bun:"rel:belongs-to,join:owner_id=id"`
}

func TestBunOverTheCachedDriver(t *testing.T) { inBoth(t, 18, bunStory) }

func bunStory(s *story) {
	db := bun.NewDB(s.db, pgdialect.New())
	if s.dialect == "mysql" {
		db = bun.NewDB(s.db, mysqldialect.New())
	}
	for _, model := range []any{(*owner)(nil), (*pet)(nil)} {
		_, err := db.NewCreateTable().Model(model).Exec(s.Context())
		s.must(err)
	}
	weight := 4.25
	owners := []*owner{{ID: 1, Name: "Ann", Seen: day(1)}, {ID: 2, Name: "O'Neil", Seen: day(2)}}
	pets := []*pet{
		{ID: 1, OwnerID: 1, Name: "Rex", Weight: &weight, Facts: map[string]string{"colour": "brown"}},
		{ID: 2, OwnerID: 1, Name: "Tom"},
		{ID: 3, OwnerID: 2, Name: `b"q\n?`},
	}
	for _, models := range []any{&owners, &pets} {
		_, err := db.NewInsert().Model(models).Exec(s.Context())
		s.must(err)
	}
	bunReads(s, db)
	bunWrites(s, db)
	bunReads(s, db)
}

func bunReads(s *story, db *bun.DB) {
	ctx := s.Context()
	var owners []owner
	s.tell("has many", &owners, db.NewSelect().Model(&owners).
		Relation("Pets", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("id") }).Order("id").Scan(ctx))
	var pets []pet
	s.tell("belongs to", &pets, db.NewSelect().Model(&pets).Relation("Owner").Order("pet.id").Scan(ctx))
	for _, name := range []string{"Rex", `b"q\n?`, "nobody"} {
		one := new(pet)
		err := db.NewSelect().Model(one).Where("name = ?", name).Scan(ctx)
		s.tell("one", one, err)
		s.tell("no rows", errors.Is(err, sql.ErrNoRows), nil)
	}
	var ids []int64
	n, err := db.NewSelect().Model((*pet)(nil)).Column("id").Where("id IN ?", bun.Tuple([]int{1, 3})).Order("id").ScanAndCount(ctx, &ids)
	s.tell("ScanAndCount", []any{ids, n}, err)
	heavy := db.NewSelect().Model((*pet)(nil)).Column("owner_id").Where("weight > ?", 1)
	var names []string
	s.tell("CTE", &names, db.NewSelect().With("heavy", heavy).Model((*owner)(nil)).Column("name").
		Where("id IN (SELECT owner_id FROM heavy)").Order("name").Scan(ctx, &names))
	has, err := db.NewSelect().Model((*owner)(nil)).Where("name = ?", "O'Neil").Exists(ctx)
	s.tell("Exists", has, err)
}

func bunWrites(s *story, db *bun.DB) {
	ctx := s.Context()
	upsert := db.NewInsert().Model(&owner{ID: 2, Name: "Bea", Seen: day(3)})
	if s.dialect == "mysql" {
		upsert = upsert.On("DUPLICATE KEY UPDATE").Set("name = VALUES(name)")
	} else {
		upsert = upsert.On("CONFLICT (id) DO UPDATE").Set("name = EXCLUDED.name").Returning("id, name")
	}
	_, err := upsert.Exec(ctx)
	s.must(err)
	_, err = db.NewUpdate().Model((*pet)(nil)).Set("weight = coalesce(weight, 0) + ?", 1).Where("owner_id = ?", 1).Exec(ctx)
	s.must(err)
	stop := errors.New("stop")
	s.tell("rolled back", nil, db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewDelete().Model((*pet)(nil)).Where("TRUE").Exec(ctx)
		s.must(err)
		n, err := tx.NewSelect().Model((*pet)(nil)).Count(ctx)
		s.tell("inside", n, err)
		return stop
	}))
	s.must(db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewDelete().Model((*pet)(nil)).Where("id = ?", 2).Exec(ctx)
		return err
	}))
}
