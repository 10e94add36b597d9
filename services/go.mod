module github.com/muster-works/muster/services

go 1.26.0
