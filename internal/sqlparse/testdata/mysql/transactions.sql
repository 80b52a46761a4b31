BEGIN
--> tx: transaction_control
--> session: begin, implicit commit

BEGIN WORK
--> tx: transaction_control
--> session: begin, implicit commit

START TRANSACTION
--> tx: transaction_control
--> session: begin, implicit commit

START TRANSACTION READ ONLY, WITH CONSISTENT SNAPSHOT
--> tx: transaction_control
--> session: begin, implicit commit

COMMIT
--> tx: transaction_control
--> session: commit

COMMIT WORK
--> tx: transaction_control
--> session: commit

COMMIT AND CHAIN
--> tx: transaction_control
--> session: commit, and chain

COMMIT AND NO CHAIN RELEASE
--> tx: transaction_control
--> session: commit

ROLLBACK
--> tx: transaction_control
--> session: rollback

ROLLBACK WORK AND CHAIN
--> tx: transaction_control
--> session: rollback, and chain

ROLLBACK AND NO CHAIN
--> tx: transaction_control
--> session: rollback

SAVEPOINT a
--> tx: transaction_control
--> session: savepoint

ROLLBACK TO a
--> tx: transaction_control
--> session: savepoint

ROLLBACK WORK TO SAVEPOINT a
--> tx: transaction_control
--> session: savepoint

RELEASE SAVEPOINT a
--> tx: transaction_control
--> session: savepoint

SET autocommit = 0
--> tx: transaction_control set
--> session: autocommit off

SET autocommit = 1
--> tx: transaction_control set
--> session: autocommit on

SET autocommit = OFF
--> tx: transaction_control set
--> session: autocommit off

SET AUTOCOMMIT=on
--> tx: transaction_control set
--> session: autocommit on

SET @@autocommit = 0
--> tx: transaction_control set
--> session: autocommit off

SET SESSION autocommit = 'ON'
--> tx: transaction_control set
--> session: autocommit on

SET GLOBAL autocommit = 0
--> session: session_statement set
--> writes: *

SET autocommit = DEFAULT
--> tx: transaction_control set
--> session: unknown, autocommit

SET autocommit = @x
--> tx: transaction_control set
--> session: unknown, autocommit

SET autocommit = 0, sql_mode = 'ANSI'
--> tx: transaction_control set
--> session: autocommit off, sql_mode

SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED
--> tx: transaction_control set
--> session: set transaction, transaction_isolation

SET TRANSACTION READ ONLY
--> tx: transaction_control set
--> session: set transaction, transaction_read_only

SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE
--> session: session_statement set
--> session: set transaction, transaction_isolation, transaction_read_only

SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED
--> session: session_statement set
--> writes: *
--> session: set transaction

SET tx_isolation = 'READ-COMMITTED'
--> session: session_statement set
--> session: transaction_isolation

SET @@session.transaction_isolation = 'READ-COMMITTED'
--> session: session_statement set
--> session: transaction_isolation

XA START 'a'
--> tx: transaction_control
--> session: begin

XA BEGIN 'a', 'b', 1
--> tx: transaction_control
--> session: begin

XA END 'a'
--> tx: transaction_control
--> session: savepoint

XA PREPARE 'a'
--> tx: transaction_control
--> session: prepare

XA COMMIT 'a'
--> tx: transaction_control
--> session: commit prepared

XA COMMIT 'a' ONE PHASE
--> tx: transaction_control
--> session: commit

XA ROLLBACK 'a'
--> tx: transaction_control
--> session: rollback prepared

XA RECOVER
--> other: utility xa

BEGIN NOT ATOMIC DELETE FROM t; END
--> unknown: multi_statement

