module github.com/muster-works/muster/projections

go 1.26.0

require github.com/muster-works/muster/events v0.0.0

replace github.com/muster-works/muster/events => ../events
