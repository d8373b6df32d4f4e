SELECT plan FROM plans WHERE digest = ?1
