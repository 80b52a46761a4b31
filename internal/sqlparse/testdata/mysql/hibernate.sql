select u1_0.id,u1_0.name from users u1_0 where u1_0.id=?
--> read: cacheable
--> reads: users{id=?1}

select u1_0.id,o1_0.user_id,o1_0.id from users u1_0 left join orders o1_0 on u1_0.id=o1_0.user_id where u1_0.id=?
--> read: cacheable
--> reads: users{id=?1}, orders

select p1_0.id from person p1_0 where p1_0.tenant_id=? and p1_0.id in (?,?,?)
--> read: cacheable
--> reads: person{tenant_id=?1 id=?2|?3|?4}

select distinct c1_0.id from company c1_0 join employee e1_0 on c1_0.id=e1_0.company_id where e1_0.salary>? order by c1_0.id limit ?
--> read: cacheable
--> reads: company, employee

select count(*) from orders o1_0 where o1_0.status=?
--> read: cacheable
--> reads: orders{status=?1}

select s1_0.id from shape s1_0 left join circle s1_1 on s1_0.id=s1_1.id left join square s1_2 on s1_0.id=s1_2.id where s1_0.id=?
--> read: cacheable
--> reads: shape{id=?1}, circle, square

select a1_0.id from account a1_0 where a1_0.id=? for update
--> read: locking_read
--> reads: account{id=?1}

select a1_0.id from account a1_0 where a1_0.id=? lock in share mode
--> read: locking_read
--> reads: account{id=?1}

select next_val as id_val from hibernate_sequence for update
--> read: locking_read
--> reads: hibernate_sequence

update hibernate_sequence set next_val= ? where next_val=?
--> write: write
--> writes: update hibernate_sequence{next_val=?2} sets next_val

select nextval(users_seq)
--> read: volatile_function nextval

select u.id from users u where u.name like ? escape '' limit ?,?
--> read: cacheable
--> reads: users

select u1_0.id from users u1_0 where exists(select 1 from roles r1_0 where r1_0.user_id=u1_0.id and r1_0.name=?)
--> read: cacheable
--> reads: users, roles{name=?1}

select u1_0.id from users u1_0 where u1_0.created<localtime
--> read: time_function localtime
--> reads: users

select current_timestamp(6)
--> read: time_function current_timestamp

insert into users (name,version) values (?,?)
--> write: write
--> writes: insert users{name=?1 version=?2}

insert into users (name,version,id) values (?,?,default)
--> write: write
--> writes: insert users{name=?1 version=?2 id=_}

update users set name=?,version=? where id=? and version=?
--> write: write
--> writes: update users{id=?3 version=?4} sets name version

update orders o1_0 set status=? where exists(select 1 from users u1_0 where u1_0.id=o1_0.user_id and u1_0.banned=1)
--> write: write
--> reads: users{banned=1}
--> writes: update orders sets status

delete from users where id=? and version=?
--> write: write
--> writes: delete users{id=?1 version=?2}

delete ur from user_roles ur join roles r on r.id=ur.role_id where r.name=?
--> write: write
--> reads: roles{name=?1}
--> writes: delete user_roles

select cast(u1_0.id as char),timestampdiff(day,u1_0.a,u1_0.b),date_add(u1_0.a,interval 1 day) from users u1_0
--> read: cacheable
--> reads: users

/* load one-to-many */ select t.id from toys t where t.owner_id=?
--> read: cacheable
--> reads: toys{owner_id=?1}

