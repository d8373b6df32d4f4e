SELECT number, state FROM runs WHERE id = ?1
