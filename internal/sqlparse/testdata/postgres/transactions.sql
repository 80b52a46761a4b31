-- case: begin
BEGIN
-- case: begin with options
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE
-- case: start transaction
START TRANSACTION
-- case: commit
COMMIT
-- case: commit work
COMMIT WORK
-- case: end
END
-- case: commit and chain
COMMIT AND CHAIN
-- case: rollback
ROLLBACK
-- case: abort
ABORT
-- case: rollback and chain
ROLLBACK AND CHAIN
-- case: rollback and no chain
ROLLBACK AND NO CHAIN
-- case: savepoint
SAVEPOINT a
-- case: release
RELEASE SAVEPOINT a
-- case: release short
RELEASE a
-- case: rollback to
ROLLBACK TO a
-- case: prepare transaction
PREPARE TRANSACTION 'x'
-- case: commit prepared
COMMIT PREPARED 'x'
-- case: rollback prepared
ROLLBACK PREPARED 'x'
-- case: set transaction
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ
-- case: set transaction snapshot
SET TRANSACTION SNAPSHOT '0001'
-- case: set constraints
SET CONSTRAINTS ALL DEFERRED
