-- case: begin
BEGIN

-- case: begin work
BEGIN WORK

-- case: start transaction
START TRANSACTION

-- case: start transaction read only with consistent snapshot
START TRANSACTION READ ONLY, WITH CONSISTENT SNAPSHOT

-- case: commit
COMMIT

-- case: commit work
COMMIT WORK

-- case: commit and chain
COMMIT AND CHAIN

-- case: commit and no chain release
COMMIT AND NO CHAIN RELEASE

-- case: rollback
ROLLBACK

-- case: rollback work and chain
ROLLBACK WORK AND CHAIN

-- case: rollback and no chain
ROLLBACK AND NO CHAIN

-- case: savepoint a
SAVEPOINT a

-- case: rollback to a
ROLLBACK TO a

-- case: rollback work to savepoint a
ROLLBACK WORK TO SAVEPOINT a

-- case: release savepoint a
RELEASE SAVEPOINT a

-- case: set autocommit = 0
SET autocommit = 0

-- case: set autocommit = 1
SET autocommit = 1

-- case: set autocommit = off
SET autocommit = OFF

-- case: set autocommit = on
SET AUTOCOMMIT=on

-- case: set @@autocommit = 0
SET @@autocommit = 0

-- case: set session autocommit = on
SET SESSION autocommit = 'ON'

-- case: set global autocommit = 0
SET GLOBAL autocommit = 0

-- case: set autocommit = default
SET autocommit = DEFAULT

-- case: set autocommit = @x
SET autocommit = @x

-- case: set autocommit = 0 sql_mode = ansi
SET autocommit = 0, sql_mode = 'ANSI'

-- case: set transaction isolation level read uncommitted
SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED

-- case: set transaction read only
SET TRANSACTION READ ONLY

-- case: set session transaction isolation level serializable read write
SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE

-- case: set global transaction isolation level read committed
SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED

-- case: set tx_isolation = read - committed
SET tx_isolation = 'READ-COMMITTED'

-- case: set @@session.transaction_isolation = read - committed
SET @@session.transaction_isolation = 'READ-COMMITTED'

-- case: xa start a
XA START 'a'

-- case: xa begin a b 1
XA BEGIN 'a', 'b', 1

-- case: xa end a
XA END 'a'

-- case: xa prepare a
XA PREPARE 'a'

-- case: xa commit a
XA COMMIT 'a'

-- case: xa commit a one phase
XA COMMIT 'a' ONE PHASE

-- case: xa rollback a
XA ROLLBACK 'a'

-- case: xa recover
XA RECOVER

-- case: begin not atomic delete from t end
BEGIN NOT ATOMIC DELETE FROM t; END
