-- case: select u1_0.id u1_0.name from users u1_0 where u1_0.id = ?
select u1_0.id,u1_0.name from users u1_0 where u1_0.id=?

-- case: select u1_0.id o1_0.user_id o1_0.id from users u1_0 left join orders
select u1_0.id,o1_0.user_id,o1_0.id from users u1_0 left join orders o1_0 on u1_0.id=o1_0.user_id where u1_0.id=?

-- case: select p1_0.id from person p1_0 where p1_0.tenant_id = ? and p1_0.id in
select p1_0.id from person p1_0 where p1_0.tenant_id=? and p1_0.id in (?,?,?)

-- case: select distinct c1_0.id from company c1_0 join employee e1_0 on c1_0.id
select distinct c1_0.id from company c1_0 join employee e1_0 on c1_0.id=e1_0.company_id where e1_0.salary>? order by c1_0.id limit ?

-- case: select count * from orders o1_0 where o1_0.status = ?
select count(*) from orders o1_0 where o1_0.status=?

-- case: select s1_0.id from shape s1_0 left join circle s1_1 on s1_0.id =
select s1_0.id from shape s1_0 left join circle s1_1 on s1_0.id=s1_1.id left join square s1_2 on s1_0.id=s1_2.id where s1_0.id=?

-- case: select a1_0.id from account a1_0 where a1_0.id = ? for update
select a1_0.id from account a1_0 where a1_0.id=? for update

-- case: select a1_0.id from account a1_0 where a1_0.id = ? lock in share mode
select a1_0.id from account a1_0 where a1_0.id=? lock in share mode

-- case: select next_val as id_val from hibernate_sequence for update
select next_val as id_val from hibernate_sequence for update

-- case: update hibernate_sequence set next_val = ? where next_val = ?
update hibernate_sequence set next_val= ? where next_val=?

-- case: select nextval users_seq
select nextval(users_seq)

-- case: select u.id from users u where u.name like ? escape limit ? ?
select u.id from users u where u.name like ? escape '' limit ?,?

-- case: select u1_0.id from users u1_0 where exists select 1 from roles r1_0
select u1_0.id from users u1_0 where exists(select 1 from roles r1_0 where r1_0.user_id=u1_0.id and r1_0.name=?)

-- case: select u1_0.id from users u1_0 where u1_0.created < localtime
select u1_0.id from users u1_0 where u1_0.created<localtime

-- case: select current_timestamp 6
select current_timestamp(6)

-- case: insert into users name version values ? ?
insert into users (name,version) values (?,?)

-- case: insert into users name version id values ? ? default
insert into users (name,version,id) values (?,?,default)

-- case: update users set name = ? version = ? where id = ? and version = ?
update users set name=?,version=? where id=? and version=?

-- case: update orders o1_0 set status = ? where exists select 1 from users u1_0
update orders o1_0 set status=? where exists(select 1 from users u1_0 where u1_0.id=o1_0.user_id and u1_0.banned=1)

-- case: delete from users where id = ? and version = ?
delete from users where id=? and version=?

-- case: delete ur from user_roles ur join roles r on r.id = ur.role_id where
delete ur from user_roles ur join roles r on r.id=ur.role_id where r.name=?

-- case: select cast u1_0.id as char timestampdiff day u1_0.a u1_0.b date_add
select cast(u1_0.id as char),timestampdiff(day,u1_0.a,u1_0.b),date_add(u1_0.a,interval 1 day) from users u1_0

-- case: load one - to - many select t.id from toys t where t.owner_id = ?
/* load one-to-many */ select t.id from toys t where t.owner_id=?
