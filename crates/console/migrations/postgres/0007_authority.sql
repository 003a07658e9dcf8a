-- SHA-256 of the authority's certificate, in hexadecimal, so that a console with another authority does not join in.

ALTER TABLE farm ADD COLUMN authority TEXT NOT NULL DEFAULT '';
