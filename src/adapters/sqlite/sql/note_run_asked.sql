UPDATE runs SET asked = asked + 1 WHERE number = ?1
