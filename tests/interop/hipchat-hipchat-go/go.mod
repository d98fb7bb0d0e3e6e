// The HipChat client hipchat-go: JSON with a line's end behind it, and a way of sharing files that nobody else has.
module interop/hipchat-go

go 1.26

require github.com/tbruyelle/hipchat-go v0.0.0-20170717082847-35aebc99209a

require github.com/google/go-querystring v1.0.0 // indirect
