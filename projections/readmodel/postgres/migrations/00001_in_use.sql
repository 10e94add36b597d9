-- +goose Up
-- Which generation is in use; no row while there is none.
CREATE TABLE muster.in_use (
  one integer PRIMARY KEY CHECK (one = 1),
  generation text NOT NULL
);

-- +goose Down
DROP TABLE muster.in_use;
