package compat

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	gormmysql "gorm.io/driver/mysql"
	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
)

type Author struct {
	ID      uint
	Name    string `gorm:"size:100;uniqueIndex"`
	Born    *time.Time
	Deleted gorm.DeletedAt `gorm:"index"`
	Books   []Book
}

type Book struct {
	ID       uint
	AuthorID uint
	Title    string `gorm:"size:100"`
	Price    sql.NullFloat64
	Extra    map[string]any `gorm:"serializer:json"`
	Tags     []Tag          `gorm:"many2many:book_tags"`
	Author   *Author
}

type Tag struct {
	ID   uint
	Word string `gorm:"size:100"`
}

func TestGormOverTheCachedDriver(t *testing.T) { inBoth(t, 45, gormStory) }

func gormOpen(s *story) *gorm.DB {
	dialector := gormpostgres.New(gormpostgres.Config{Conn: s.db})
	if s.dialect == "mysql" {
		dialector = gormmysql.New(gormmysql.Config{Conn: s.db})
	}
	db, err := gorm.Open(dialector, &gorm.Config{Logger: logger.Discard, TranslateError: true, NowFunc: func() time.Time { return day(9) }})
	s.must(err)
	return db
}

func gormStory(s *story) {
	db := gormOpen(s)
	s.must(db.AutoMigrate(&Author{}, &Book{}, &Tag{}))
	born := day(1)
	authors := []Author{
		{Name: "Ann", Born: &born, Books: []Book{
			{Title: "One", Price: sql.NullFloat64{Float64: 9.75, Valid: true}, Extra: map[string]any{"pages": 3}, Tags: []Tag{{Word: "new"}, {Word: "red"}}},
			{Title: "Two", Tags: []Tag{{Word: "old"}}},
		}},
		{Name: "Bob", Books: []Book{{Title: "Three"}}},
		{Name: "Cid"},
	}
	s.must(db.Create(&authors).Error)
	s.tell("Create", authors, nil)
	gormReads(s, db)
	gormWrites(s, db)
	gormReads(s, db)
	gormTransactions(s, db)
	gormReads(s, db)
	s.must(db.Migrator().AddColumn(&labelled{}, "Label"))
	var tags []labelled
	s.tell("after a migration", &tags, db.Order("id").Find(&tags).Error)
}

// labelled is Tag with a column more.
type labelled struct {
	ID    uint
	Word  string `gorm:"size:100"`
	Label string `gorm:"size:100;default:none"`
}

func (labelled) TableName() string { return "tags" }

func gormReads(s *story, db *gorm.DB) {
	inOrder := func(db *gorm.DB) *gorm.DB { return db.Order("id") }
	var authors []Author
	s.tell("Preload", &authors, db.Preload("Books", inOrder).Preload("Books.Tags", inOrder).Order("id").Find(&authors).Error)
	var books []Book
	s.tell("Joins", &books, db.Joins("Author").Order("books.id").Find(&books, "price IS NULL OR price > ?", 1.5).Error)
	for _, name := range []string{"Ann", "Nobody"} {
		var a Author
		s.tell("First", &a, db.First(&a, "name = ?", name).Error)
	}
	var titles []string
	s.tell("Pluck", &titles, db.Model(&Book{}).Order("title").Pluck("title", &titles).Error)
	var n int64
	s.tell("Count", &n, db.Model(&Author{}).Where("name IN ?", []string{"Ann", "Bob"}).Count(&n).Error)
	var groups []map[string]any
	s.tell("Group", &groups, db.Model(&Book{}).Select("author_id, count(*) AS n").Group("author_id").Order("author_id").Find(&groups).Error)
	var batches []string
	s.tell("FindInBatches", &batches, db.FindInBatches(&books, 2, func(_ *gorm.DB, _ int) error {
		for _, b := range books {
			batches = append(batches, b.Title)
		}
		return nil
	}).Error)
	s.tell("Association", db.Model(&Author{ID: 1}).Association("Books").Count(), nil)
	sub := db.Model(&Book{}).Select("author_id").Where("title LIKE ?", "T%")
	s.tell("subquery", &authors, db.Unscoped().Where("id IN (?)", sub).Order("id").Find(&authors).Error)
}

func gormWrites(s *story, db *gorm.DB) {
	upsert := clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns([]string{"word"})}
	tag := Tag{ID: 1, Word: "newer"}
	s.must(db.Clauses(upsert).Create(&tag).Error)
	s.must(db.Model(&Book{}).Where("title = ?", "Two").Updates(map[string]any{"price": gorm.Expr("coalesce(price, 0) + ?", 5)}).Error)
	s.must(db.Delete(&Author{}, "name = ?", "Bob").Error) // softly
	s.must(db.Model(&Author{ID: 1}).Association("Books").Append(&Book{Title: "Four"}))
	var found Author
	s.tell("FirstOrCreate", &found, db.Where(Author{Name: "Dora"}).FirstOrCreate(&found).Error)
	s.tell("FirstOrCreate", &found, db.Where(Author{Name: "Dora"}).FirstOrCreate(&found).Error)
	err := db.Create(&Author{Name: "Ann"}).Error
	s.tell("duplicate", errors.Is(err, gorm.ErrDuplicatedKey), nil)
	if s.dialect == "postgres" {
		var gone []Book
		s.tell("RETURNING", &gone, db.Clauses(clause.Returning{}).Where("title = ?", "Three").Delete(&gone).Error)
	}
}

func gormTransactions(s *story, db *gorm.DB) {
	stop := errors.New("stop")
	s.tell("rolled back", nil, db.Transaction(func(tx *gorm.DB) error {
		s.must(tx.Create(&Tag{Word: "never"}).Error)
		var n int64
		s.tell("inside", &n, tx.Model(&Tag{}).Count(&n).Error)
		return stop
	}))
	s.tell("committed but for a part", nil, db.Transaction(func(tx *gorm.DB) error {
		s.must(tx.Create(&Author{Name: "Eve"}).Error)
		s.tell("savepoint", nil, tx.Transaction(func(tx *gorm.DB) error {
			s.must(tx.Create(&Author{Name: "Fay"}).Error)
			return stop
		}))
		return nil
	}))
}
