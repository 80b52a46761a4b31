// A module inside of the shop's, as ORMs keep their tests in.
module shop/stock

go 1.26.0

require shop v0.0.0

replace shop => ../
