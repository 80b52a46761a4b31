-- case: set
SET work_mem = '1GB'
-- case: set to default
SET work_mem TO DEFAULT
-- case: set local
SET LOCAL app.tenant = '5'
-- case: set session
SET SESSION app.tenant TO 5
-- case: set search path
SET search_path TO app, public
-- case: set schema
SET SCHEMA 'app'
-- case: set names
SET NAMES 'utf8'
-- case: set time zone
SET TIME ZONE 'Europe/Paris'
-- case: set time zone local
SET TIME ZONE LOCAL
-- case: set timezone
SET timezone TO 'UTC'
-- case: set role
SET ROLE bob
-- case: set local role
SET LOCAL ROLE bob
-- case: set role none
SET ROLE NONE
-- case: set session authorization
SET SESSION AUTHORIZATION bob
-- case: reset session authorization
RESET SESSION AUTHORIZATION
-- case: set upper case
SET DateStyle = 'ISO'
-- case: reset
RESET search_path
-- case: reset role
RESET ROLE
-- case: reset all
RESET ALL
-- case: reset time zone
RESET TIME ZONE
-- case: discard all
DISCARD ALL
-- case: discard plans
DISCARD PLANS
-- case: discard temp
DISCARD TEMP
-- case: show
SHOW search_path
-- case: show all
SHOW ALL
-- case: set session characteristics
SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY
-- case: set default isolation
SET default_transaction_isolation = 'serializable'
