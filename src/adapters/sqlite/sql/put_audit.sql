INSERT INTO audit (at, who, origin, operation, subject, count, outcome, reason)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
