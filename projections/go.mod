module github.com/muster-works/muster/projections

go 1.26.0
