package runner

// WithoutTimeline is the list that the catalogue of event types is held against.
var WithoutTimeline = withoutTimeline
